"""Math Formula: a column of numbers, computed from others."""

from __future__ import annotations

import polars as pl

from nodes.base import NodeError, setting
from nodes.kit.tables.computed import Computation, Computed
from nodes.kit.tables.expressions import EXAMPLES, HELP, by_row, parsed
from nodes.kit.tables.formula_steps import StepResult
from nodes.values.table import TableSpec, describe_dtype


class MathFormula(Computed):
    """Compute a column of numbers by a formula.

    The formula is written as in SQL: `(x - 32) / 1.8`, `SQRT(x * x + y * y)`, `CASE WHEN x < 0 THEN 0 ELSE x END`. Figures of a
    whole column stand beside its cells: `x - AVG(x)`, `x / MAX(x)`, also MIN, SUM, MEDIAN, STDDEV, COUNT, and per group `x /
    SUM(x) OVER (PARTITION BY label)`. A cell that is missing makes the result missing. x / 0 is infinite. The result is Int64
    or Float64, of whatever types the columns are: 23 * 60 is 1380 for an hour too, and what 64 bits do not hold is an error.

    Example: `weight / (height * height)` into the new column `bmi`; a name with a space stands in double quotes: `"body
    weight" * 2`.
    """

    id = "tables.math_formula"
    title = "Math Formula"
    icon = "mdi6.function-variant"
    keywords = (
        "add column",
        "computed column",
        "Expression",
        "calculate",
        "compute",
        "arithmetic",
        "sql_expr",
        "Math Formula (Multi Column)",
        "with_columns",
        "new column",
    )

    expression: str = setting("0", "Expression", f"The formula, such as {EXAMPLES['number']}. {HELP}", lines=True)
    column: str = setting("new column", "Column", "The result's column; one of this name is replaced.", min_length=1)
    convert_to_int: bool = setting(
        False, "Convert to Int", "Whether the result is rounded to whole numbers (Int64); what does not fit becomes missing."
    )

    def columns_of(self, table: TableSpec) -> tuple[dict[str, Computation], bool]:
        """The one column."""
        made = parsed(self.expression, table, "expression")
        dtype = made.dtype(table.schema)
        if not dtype.is_numeric() and not isinstance(dtype, pl.Boolean):
            raise NodeError(
                f"The result is {describe_dtype(dtype)}, not a number.",
                "Change the formula, or use String Manipulation.",
                setting="expression",
            )
        if self.convert_to_int:
            made = made.then(_rounded)
        return {self.column: made}, by_row(self.expression)


def _rounded(made: StepResult) -> StepResult:
    """The nearest whole numbers; what does not fit is missing."""
    cells = made.cells
    if cells.dtype.is_float():
        cells = cells.round()
    return StepResult(cells.cast(pl.Int64, strict=False), made.faults)
