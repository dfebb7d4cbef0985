"""Domain Calculator: columns of text or integers become columns of categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import chosen, different
from nodes.values.table import Table
from nodes.wording import counted, done_of

KINDS = ("category", "integer", "boolean")


class DomainCalculator(Node):
    """Find the possible values of a column, and make it a category column, which knows them.

    Nodes after it then know the classes before anything runs: One to Many and Pivot their columns, a learner its outputs.
    Where the categories are typed in, this node too knows them; a value that is not among them stops it or becomes missing.
    Columns of class numbers with known names become columns of these names.

    Example: after a filter has removed all rows of class `fox`, it takes `fox` out of the column's known classes too.
    """

    id = "tables.domain_calculator"
    title = "Domain Calculator"
    shelf = "Tables / Columns"
    icon = "mdi6.tag-multiple-outline"
    keywords = ("Edit Nominal Domain", "categories", "Enum", "factor", "String to Category", "nominal", "possible values")
    input_ports = (Port("table", "table", "Table", "The table with the columns."),)
    output_ports = (Port("table", "table", "Table", "The table with the category columns."),)

    columns: list[str] = setting(
        [], "Columns", "The columns to make categories of; each replaces its column.", columns=Columns("table", KINDS)
    )
    categories: list[str] = setting([], "Categories", "The possible values, in their order; empty: those that occur.")
    order: Literal["sorted", "first appearance"] = setting(
        "sorted",
        "Order of categories",
        "Where none are typed in: in which order they are.",
        choices={"sorted": "Text by its letters, numbers by their value.", "first appearance": "As the rows bring them."},
    )
    if_unknown: Literal["fail", "missing"] = setting(
        "fail",
        "If a value is no category",
        "What to do with a cell that is not among the typed categories.",
        choices={"fail": "Stop with an error.", "missing": "Make the cell missing, with a warning."},
    )
    max_categories: int = setting(
        1000, "Maximum number of categories", "A column with more is an error: it is probably no category.", ge=1, advanced=True
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The category columns, where the categories are known before running."""
        table = specs.table()
        if len(set(self.categories)) < len(self.categories):
            raise NodeError("A category is there twice.", "Take one of them out.", setting="categories")
        made: dict[str, pl.DataType] = {}
        for column in chosen(table, self.columns, *KINDS):
            names = self.categories or table.class_names(column)
            if names is None:
                return {"table": None}
            made[column] = pl.Enum(list(names))
        return {"table": table.with_columns(made)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Finds the categories, then writes the columns piece by piece."""
        table = values.table()
        dtypes = {c: pl.Enum(self._categories(table, c)) for c in dict.fromkeys(self.columns)}
        return {"table": table.with_columns(job.stream(self._pieces(table, dtypes, job)))}

    def _categories(self, table: Table, column: str) -> list[str]:
        known = self.categories or table.spec.class_names(column)
        if known is None:
            found = different(table, column)
            known = (found.sort() if self.order == "sorted" else found).cast(str).to_list()
        if len(known) > self.max_categories:
            message = f"Column '{column}' has {len(known)} different values."
            raise NodeError(message, "Allow more, or choose another column.", setting="max_categories")
        return list(known)

    def _pieces(self, table: Table, dtypes: Mapping[str, pl.Enum], job: Job) -> Iterator[pl.DataFrame]:
        start = 0
        lost = dict.fromkeys(dtypes, 0)
        for batch in table.batches(list(dtypes)):
            job.check_cancelled()
            text = batch.select(_names(c, table.classes.get(c), self.categories) for c in dtypes)
            made = text.select(pl.col(c).cast(dtype, strict=False) for c, dtype in dtypes.items())
            for column in dtypes:
                unknown = batch[column].is_not_null() & made[column].is_null()
                lost[column] += int(unknown.sum())
                if unknown.any() and self.if_unknown == "fail":
                    row = unknown.arg_max() or 0
                    raise NodeError(
                        f"'{batch[column][row]}' in row {start + row + 1} of column '{column}' is no category.",
                        "Add it to the categories, or make what is unknown missing.",
                        setting="if_unknown",
                    )
            yield made
            start += batch.height
            job.progress(start / max(table.height, 1), done_of(start, table.height))
        for column, count in lost.items():
            if count:
                job.warn(f"{counted(count, 'cell is', 'cells are')} no category of column '{column}': missing in the output.")


def _names(column: str, classes: tuple[str, ...] | None, typed: list[str]) -> pl.Expr:
    """The cells as text; class numbers as the names they stand for, unless the numbers themselves are typed in."""
    cell = pl.col(column)
    if classes is None or (typed and not set(typed) & set(classes)):
        return cell.cast(pl.String)
    numbers = dict(enumerate(classes))
    return cell.replace_strict(numbers, default=None, return_dtype=pl.String)
