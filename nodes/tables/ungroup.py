"""Collections taken apart: into rows (Ungroup), into columns (Split Collection Column)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import Elementwise, chosen, refuse_existing
from nodes.values.table import Table, TableSpec, is_array
from nodes.wording import counted


class Ungroup(Node):
    """Make a row of each element of a collection.

    All other cells of the row are repeated. Several collections are taken apart side by side; where one is shorter, its cells
    are missing at the end. An array of several dimensions is taken apart along the first one.

    Example: the column `tags` with lists such as [red, round] gives two rows, one with red and one with round.
    """

    id = "tables.ungroup"
    title = "Ungroup"
    shelf = "Tables / Rows"
    icon = "mdi6.arrow-expand-vertical"
    keywords = ("explode", "unnest", "list to rows", "flatten", "collection")
    input_ports = (Port("table", "table", "Table", "The table with collections."),)
    output_ports = (Port("table", "table", "Table", "A row for each element."),)

    columns: list[str] = setting([], "Collection columns", "Lists and arrays.", columns=Columns("table", ("collection",)))
    remove: bool = setting(True, "Remove the collections", "Whether the collections do not go on beside their elements.")
    suffix: str = setting(
        " (element)", "Suffix", "Appended to the names of the elements' columns.", min_length=1, shown_if={"remove": False}
    )
    skip_missing: bool = setting(
        False, "Skip missing elements", "Whether missing elements, and missing collections, give no row."
    )
    skip_empty: bool = setting(
        False, "Skip empty collections", "Whether an empty collection gives no row; else one with a missing cell."
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The elements' columns; how many rows there are is not known."""
        table = specs.table()
        columns = chosen(table, self.columns, "collection")
        elements = {c: _element(table.schema[c]) for c in columns}
        if self.remove:
            made = table.with_schema({c: elements.get(c, d) for c, d in table.schema.items()})
            return {"table": made.with_rows(None)}
        for column in columns:
            refuse_existing(table, column + self.suffix, "suffix")
        classes = {c + self.suffix: table.classes[c] for c in columns if c in table.classes}
        return {"table": table.with_columns({c + self.suffix: d for c, d in elements.items()}, classes).with_rows(None)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Takes collections apart, piece by piece; other columns are shared, by their row numbers."""
        import numpy as np

        table = values.table()
        columns = chosen(table.spec, self.columns, "collection")
        numbers: list[pl.Series] = []

        def pieces() -> Iterator[pl.DataFrame]:
            start = 0
            for piece in table.batches(columns):
                job.check_cancelled()
                made = self._exploded(piece, columns)
                numbers.append(made["\0row"] + start)
                yield made.drop("\0row")
                start += piece.height
                job.progress(start / max(table.height, 1))

        elements = job.stream(pieces())
        rows = pl.concat(numbers).cast(pl.Int64).to_numpy() if numbers else np.arange(0)
        without = table.height - len(np.unique(rows))
        if without:
            job.log(f"{counted(without, 'row', 'rows')} without an element {'are' if without != 1 else 'is'} left out.")
        names = {c: c if self.remove else c + self.suffix for c in columns}
        classes = {names[c]: table.classes[c] for c in columns if c in table.classes}
        kept = (table.drop(columns) if self.remove else table).take(rows)
        renamed = elements.rename(names)
        if not kept.columns:
            return {"table": Table(renamed.parts, renamed.columns, classes)}
        made = kept.with_columns(renamed, classes)
        return {"table": made.select(table.columns) if self.remove else made}

    def _exploded(self, piece: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
        lists = piece.with_columns(pl.col(c).arr.to_list() for c in columns if is_array(piece.schema[c])).with_row_index("\0row")
        lengths = [pl.col(c).list.len().fill_null(0) for c in columns]
        if len(columns) > 1:
            # All lists of a row get one length: missing elements at their ends.
            lists = lists.with_columns(pl.max_horizontal(lengths).alias("\0most"))
            padded = [
                pl.concat_list(
                    pl.col(c).fill_null([]), pl.lit(None, _element(lists.schema[c])).repeat_by(pl.col("\0most") - n)
                ).alias(c)
                for c, n in zip(columns, lengths, strict=True)
            ]
            lists = lists.with_columns(padded).drop("\0most")
        made = lists.explode(columns, empty_as_null=not self.skip_empty)
        if self.skip_missing:
            made = made.filter(~pl.all_horizontal(pl.col(c).is_null() for c in columns))
        return made.select("\0row", *columns).with_columns(pl.col(c).cast(_element(piece.schema[c])) for c in columns)


class SplitCollectionColumn(Elementwise):
    """Make a column of each element of an array.

    Lists differ in length: say how many columns there are to be; further elements are left out, missing ones are missing.

    Example: after a network's Executor, the column of 10 probabilities becomes `label 0` to `label 9`, for the Many to One.
    """

    id = "tables.split_collection"
    title = "Split Collection Column"
    icon = "mdi6.code-brackets"
    keywords = ("array to columns", "list to columns", "unnest", "vector", "expand", "unpack")

    column: str | None = setting(
        None, "Column", "The column of lists or arrays to split.", columns=Columns("table", ("collection",))
    )
    count: int | None = setting(
        None, "Number of columns", "Needed for lists; for arrays, empty means all elements.", ge=1, le=10_000
    )
    names: list[str] = setting([], "Names", "Of the new columns; where there are too few: the collection's name and a number.")
    by_class: bool = setting(True, "Name by class", "Whether columns take the class names, where the collection has them.")
    remove: bool = setting(False, "Remove the collection", "Whether the collection does not go on.")

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Make the columns, and tell of elements for which there is none."""
        table = values.table()
        column = str(self.column)
        if isinstance(table.schema[column], pl.List) and self.count is not None:
            longer = pl.col(column).list.len() > self.count
            more = sum(piece.select(longer.sum()).item() or 0 for piece in table.batches([column]))
            if more:
                whose = counted(more, "row has", "rows have")
                job.warn(f"{whose} more elements than there are columns ({self.count}): those are left out.")
        return super().execute(values, job)

    def removed(self, table: TableSpec) -> Sequence[str]:
        """The collection, if it is not wanted."""
        return [str(self.column)] if self.remove else ()

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """A column for each element."""
        dtype = table.require(self.column, "collection", setting="column")
        column = str(self.column)
        length = dtype.shape[0] if isinstance(dtype, pl.Array) else None
        count = self.count or length
        if count is None:
            raise NodeError("Lists differ in length.", "Say how many columns there are to be.", setting="count")
        classes = table.class_names(column) if self.by_class else None
        given = list(classes) if classes is not None and len(classes) == length else self.names
        made: dict[str, pl.Expr] = {}
        for i in range(count):
            name = given[i] if i < len(given) and given[i] else f"{column} {i}"
            refuse_existing(table, name, "names", self.removed(table))
            if name in made:
                raise NodeError(f"Two columns would be named '{name}'.", "Choose other names.", setting="names")
            cell = pl.col(column)
            made[name] = cell.arr.get(i, null_on_oob=True) if length is not None else cell.list.get(i, null_on_oob=True)
        return made


def _element(dtype: pl.DataType) -> pl.DataType:
    """What a collection's elements are."""
    if isinstance(dtype, pl.Array):
        return pl.Array(_leaf(dtype), dtype.shape[1:]) if len(dtype.shape) > 1 else _leaf(dtype)
    assert isinstance(dtype, pl.List)
    inner = dtype.inner
    return inner() if isinstance(inner, type) else inner


def _leaf(dtype: pl.DataType) -> pl.DataType:
    from nodes.values.table import leaf_dtype

    return leaf_dtype(dtype)
