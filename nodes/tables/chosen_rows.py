"""Nodes that choose rows, or their order: the best, those another table names, a part, any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.settings import seed_setting
from nodes.tables.joiner import Joiner, JoinKey
from nodes.tables.row_filter import Criterion, RowFilter

ORDERED = ("number", "category", "boolean", "time")
TABLE_IN = (Port("table", "table", "Table", "The rows to choose from."),)


class RowSplitter(Node):
    """Send the rows that meet some criteria to one output, and all others to a second one.

    The criteria are those of the Row Filter. The rows keep their order, and nothing is copied.

    Example: the criterion `split` equals `train` divides a table that has such a column into training and test data.
    """

    id = "tables.row_splitter"
    title = "Row Splitter"
    shelf = "Tables / Rows"
    icon = "mdi6.set-split"
    keywords = (
        "Row Filter",
        "Nominal Value Row Splitter",
        "split rows",
        "two outputs",
        "where",
        "condition",
    )
    input_ports = TABLE_IN
    output_ports = (
        Port("matching", "table", "Matching rows", "The rows that match."),
        Port("others", "table", "Other rows", "All other rows."),
    )

    criteria: list[Criterion] = setting([], "Criteria", "The conditions on a row.")
    match: Literal["all", "any"] = setting(
        "all",
        "Match",
        "How many criteria a row must meet.",
        choices={"all": "Every criterion.", "any": "At least one criterion."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns, twice."""
        made = self._filter.configure(specs)["table"]
        return {"matching": made, "others": made}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Chooses the rows; only the criteria's columns are read."""
        import numpy as np

        table = values.table()
        rows = self._filter._rows(table, job)
        others = np.ones(table.height, dtype=bool)
        others[rows] = False
        return {"matching": table.take(rows), "others": table.take(np.flatnonzero(others))}

    @property
    def _filter(self) -> RowFilter:
        return RowFilter.model_construct(criteria=self.criteria, match=self.match, output="matching")


class ReferenceRowFilter(Node):
    """Keep the rows whose value is in a column of another table, or those whose value is not.

    A missing cell is in no other table; numbers of different types agree by their exact values, and NaN agrees with NaN. The
    rows keep their order, and nothing is copied. (The Joiner does the same for several columns: its semi and anti joins.)

    Example: data column `file`, reference column `file` of a list of broken images, and exclude, keep the sound ones.
    """

    id = "tables.reference_row_filter"
    title = "Reference Row Filter"
    shelf = "Tables / Rows"
    icon = "mdi6.set-left"
    keywords = ("semi join", "anti join", "is in", "blacklist", "whitelist", "Reference Row Splitter")
    input_ports = (
        Port("table", "table", "Table", "The rows to choose from."),
        Port("reference", "table", "Reference", "The table whose values count."),
    )
    output_ports = (
        Port("table", "table", "Filtered table", "The rows that were kept."),
        Port("others", "table", "Other rows", "All other rows."),
    )

    column: str | None = setting(None, "Data column", "Whose values are looked for.", columns=Columns("table", ORDERED))
    reference: str | None = setting(None, "Reference column", "Where they are looked for.", columns=Columns("reference", ORDERED))
    mode: Literal["include", "exclude"] = setting(
        "include",
        "Rows found",
        "What becomes of rows whose value is there.",
        choices={"include": "They are kept.", "exclude": "They are left out."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns; how many rows are found is not known."""
        specs.table().require(self.column, *ORDERED, setting="column")
        specs.table("reference").require(self.reference, *ORDERED, setting="reference")
        inner = Specs({"left": specs["table"], "right": specs["reference"]})
        try:
            self._joiner.configure(inner)
            for warning in inner.warnings:
                specs.warn(warning)
        except NodeError as error:
            message = f"'{self.column}' and '{self.reference}' cannot be compared."
            raise NodeError(message, "Choose columns of one kind.", setting="reference") from error
        return dict.fromkeys(("table", "others"), specs.table().with_rows(None))

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Looks the values up."""
        table = values.table()
        found = self._joiner.execute(Values({"left": table, "right": values["reference"]}), job)
        kept, others = ("table", "left_unmatched") if self.mode == "include" else ("left_unmatched", "table")
        return {"table": found[kept], "others": found[others]}

    @property
    def _joiner(self) -> Joiner:
        return Joiner(how="semi", on=[JoinKey(left=self.column, right=self.reference)])


class TopKRowFilter(Node):
    """Keep the rows with the largest, or the smallest, values of a column.

    Missing cells and NaN are never among them. Of rows that are equal the first comes first. The rows come out sorted, or in
    their order.

    Example: column `loss`, largest and 25 rows, before an image view, show what the network finds hardest.
    """

    id = "tables.top_k_row_filter"
    title = "Top k Row Filter"
    shelf = "Tables / Rows"
    icon = "mdi6.trophy-outline"
    keywords = (
        "Top k Selector",
        "Element Selector",
        "largest",
        "smallest",
        "best",
        "head",
        "nlargest",
        "top_k",
    )
    input_ports = TABLE_IN
    output_ports = (Port("table", "table", "Top rows", "The chosen rows."),)

    column: str | None = setting(None, "Column", "What rows are compared by.", columns=Columns("table", ORDERED))
    k: int = setting(5, "Number", "How many rows are kept.", ge=1)
    order: Literal["largest", "smallest"] = setting(
        "largest",
        "Keep",
        "Which rows are kept.",
        choices={"largest": "Those with the largest values.", "smallest": "With the smallest."},
    )
    ties: Literal["rows", "values"] = setting(
        "rows",
        "Count",
        "What the number counts.",
        choices={"rows": "Rows: exactly so many.", "values": "Different values: all rows that have one of them."},
    )
    keep_order: bool = setting(False, "Keep the order", "Whether rows come out in their order, and not sorted.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns."""
        table = specs.table()
        table.require(self.column, *ORDERED, setting="column")
        return {"table": table.with_rows(None)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Chooses the rows; only the column is read."""
        table = values.table()
        cell = pl.col(str(self.column))
        frame = table.frame([str(self.column)])
        if frame.schema[str(self.column)].is_float():
            frame = frame.with_columns(cell.fill_nan(None))
        down = self.order == "largest"
        rows = frame.with_row_index("\0row").filter(cell.is_not_null()).sort(cell, descending=down, maintain_order=True)
        if self.ties == "rows":
            rows = rows.head(self.k)
        else:
            best = rows[str(self.column)].unique(maintain_order=True).head(self.k)
            rows = rows.filter(cell.is_in(best.implode()))
        chosen = rows["\0row"].sort() if self.keep_order else rows["\0row"]
        return {"table": table.take(chosen.to_numpy())}


class Shuffle(Node):
    """Bring rows into an order by chance.

    Nothing is copied but the order. Learners of networks shuffle by themselves, in every epoch.

    Example: with seed 0, before a Partitioning that takes the first rows.
    """

    id = "tables.shuffle"
    title = "Shuffle"
    shelf = "Tables / Rows"
    icon = "mdi6.shuffle-variant"
    keywords = ("random order", "permutation", "mix", "randomize")
    input_ports = (Port("table", "table", "Table", "The rows to shuffle."),)
    output_ports = (Port("table", "table", "Shuffled table", "The rows in another order."),)

    seed: int | None = seed_setting("The same seed gives the same order; empty gives another in every run.")

    @property
    def reproducible(self) -> bool:
        """Without a seed, every run gives another order."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same table."""
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Draws an order."""
        import numpy as np

        table = values.table()
        return {"table": table.take(np.random.default_rng(self.seed).permutation(table.height))}


class TableCropper(Node):
    """Keep a block of a table: rows and columns from here to there.

    Rows are counted from 1. What lies beyond the table does not matter. Nothing is copied.

    Example: rows 1 to 1000 and the columns from `image` to `label`, to try a workflow out.
    """

    id = "tables.table_cropper"
    title = "Table Cropper"
    shelf = "Tables / Rows"
    icon = "mdi6.crop"
    keywords = ("range", "slice", "head", "limit", "row range", "column range")
    input_ports = TABLE_IN
    output_ports = (Port("table", "table", "Cropped table", "The block."),)

    first_row: int = setting(1, "First row", "Counted from 1.", ge=1)
    last_row: int | None = setting(None, "Last row", "Empty: to the end.", ge=1)
    first_column: str | None = setting(None, "First column", "Empty: from the first one on.", columns=Columns("table"))
    last_column: str | None = setting(None, "Last column", "Empty: to the last one.", columns=Columns("table"))

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns of the block, and its rows where the table's are known."""
        table = specs.table()
        if self.last_row is not None and self.last_row < self.first_row:
            raise NodeError("The last row comes before the first.", "Exchange them.", setting="last_row")
        for name in ("first_column", "last_column"):
            if getattr(self, name):
                table.require(getattr(self, name), setting=name)
        columns = self._columns(list(table.schema))
        if not columns and table.schema:
            raise NodeError("The last column comes before the first.", "Exchange them.", setting="last_column")
        rows = None if table.rows is None else self._rows(table.rows)[1]
        return {"table": table.with_schema({c: table.schema[c] for c in columns}).with_rows(rows)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """The block, as it lies."""
        table = values.table()
        return {"table": table.select(self._columns(table.columns)).slice(*self._rows(table.height))}

    def _columns(self, columns: list[str]) -> list[str]:
        start = columns.index(self.first_column) if self.first_column else 0
        stop = columns.index(self.last_column) + 1 if self.last_column else len(columns)
        return columns[start:stop]

    def _rows(self, height: int) -> tuple[int, int]:
        start = min(self.first_row - 1, height)
        stop = height if self.last_row is None else min(self.last_row, height)
        return start, max(0, stop - start)


class TableSplitter(Node):
    """Cut a table in two at the first, or last, row that matches.

    The row itself goes to the upper or to the lower table. If no row matches, all rows are in the upper one. Nothing is
    copied.

    Example: the criterion `day` at least 2025-01-01 and the first match cut a series into past and future.
    """

    id = "tables.table_splitter"
    title = "Table Splitter"
    shelf = "Tables / Rows"
    icon = "mdi6.scissors-cutting"
    keywords = ("cut", "split at row", "time series split", "before and after")
    input_ports = (Port("table", "table", "Table", "The table to cut."),)
    output_ports = (
        Port("upper", "table", "Upper table", "The rows above the cut."),
        Port("lower", "table", "Lower table", "The rows below."),
    )

    criteria: list[Criterion] = setting([], "Criteria", "What the row must meet: all of them.")
    find: Literal["first", "last"] = setting(
        "first", "Match", "Which row counts.", choices={"first": "The first that matches.", "last": "The last that matches."}
    )
    include: Literal["upper", "lower"] = setting(
        "lower",
        "The row goes to",
        "Whether the row that is found is the last of the upper table or the first of the lower one.",
        choices={"upper": "The upper table.", "lower": "The lower table."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns, twice."""
        made = self._filter.configure(specs)["table"]
        return {"upper": made, "lower": made}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Finds the row, and cuts."""
        table = values.table()
        rows = self._filter._rows(table, job)
        cut = table.height
        if len(rows):
            cut = int(rows[0 if self.find == "first" else -1]) + (self.include == "upper")
        return {"upper": table.slice(0, cut), "lower": table.slice(cut, table.height - cut)}

    @property
    def _filter(self) -> RowFilter:
        return RowFilter.model_construct(criteria=self.criteria, match="all", output="matching")
