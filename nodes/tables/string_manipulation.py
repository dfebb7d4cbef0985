"""String Manipulation: a column of text, computed from others."""

from __future__ import annotations

import polars as pl

from nodes.base import NodeError, setting
from nodes.kit.tables.cells import as_text
from nodes.kit.tables.computed import Computation, Computed
from nodes.kit.tables.expressions import EXAMPLES, HELP, by_row, parsed
from nodes.kit.tables.formula_steps import StepResult
from nodes.values.table import TableSpec, describe_dtype


class StringManipulation(Computed):
    """Compute a column of text by an expression.

    It is written as in SQL: `UPPER(name)`, `first || ' ' || last`, `REPLACE(name, '_', ' ')`, `SUBSTR(name, 1, 3)` (the first
    letter is 1), `REGEXP_REPLACE(name, '([a-z])[0-9]+', '$1')` (all matches; $1 is the first group), `STRPOS(name, '-')` (0
    where it is not), `SPLIT_PART(path, '/', -2)` for the folder of a file, `TRIM(name)`, `LENGTH(name)`. A result that is a
    number or a date becomes text. A cell that is missing makes the result missing, but CONCAT leaves it out; `COALESCE(name,
    '?')` puts something in its place. Functions for text want text: `CAST(label AS VARCHAR)` for categories.

    Example: `lower(name)` into the same column makes `ADA` and `Ada` one name, before GroupBy counts them.
    """

    id = "tables.string_manipulation"
    title = "String Manipulation"
    icon = "mdi6.alphabetical-variant"
    keywords = ("Expression", "text", "regex", "replace", "String Replacer", "Case Converter", "substring", "label from path")

    expression: str = setting("''", "Expression", f"What to compute, such as {EXAMPLES['text']}. {HELP}", lines=True)
    column: str = setting("new column", "Column", "The result's column; one of this name is replaced.", min_length=1)

    def columns_of(self, table: TableSpec) -> tuple[dict[str, Computation], bool]:
        """The one column."""
        made = parsed(self.expression, table, "expression")
        dtype = made.dtype(table.schema)
        if dtype.is_nested() or type(dtype).__name__ in ("Binary", "Object"):
            message = f"The result is {describe_dtype(dtype)}, which is no text."
            raise NodeError(message, "Change the expression.", setting="expression")
        return {self.column: made.then(_as_text)}, by_row(self.expression)


def _as_text(made: StepResult) -> StepResult:
    """The results as text; a number that stands in the table as it looks there."""
    cells = made.text.alias("cell").to_frame()
    return StepResult(cells.select(as_text(pl.col("cell"), made.text.dtype)).to_series(), made.faults)
