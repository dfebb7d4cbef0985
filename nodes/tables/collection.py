"""Create Collection Column: several columns become one, whose cells hold the values of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.dtypes import cast_exactly, common_dtype
from nodes.kit.tables.naming import frame_of
from nodes.values.table import COLUMN_KINDS, Table, TableSpec, describe_dtype
from nodes.wording import done_of

KINDS = ("number", "category", "boolean", "time")


class CreateCollectionColumn(Node):
    """Collect the values of several columns in one column.

    Number columns become an array of fixed length, which is what a network takes as a target or as an input; its numbers
    are of the narrowest type that holds all of them. All other columns (text and categories, which become text, truths, dates
    and times) become a list, and so does what differs in length because missing values are skipped or because each value
    stands in it once only (KNIME's set). A single column of class numbers keeps its class names.

    Example: collect the one-hot columns `cat`, `dog` and `fox` into one column of lists of three numbers: a target for a
    softmax of three units.
    """

    id = "tables.create_collection"
    title = "Create Collection Column"
    shelf = "Tables / Columns"
    icon = "mdi6.code-array"
    keywords = ("Columns to Collection", "array", "vector", "list", "features", "stack", "concat")
    input_ports = (Port("table", "table", "Table", "The table with the columns to collect."),)
    output_ports = (Port("table", "table", "Table with collection", "The table with the collection column at its end."),)

    columns: list[str] = setting(
        [],
        "Collected columns",
        "Columns to collect, in this order: all of one kind.",
        columns=Columns("table", KINDS),
    )
    output_name: str = setting("Collected Values", "Output name", "The name of the new column.", min_length=1)
    remove_collected: bool = setting(False, "Remove collected columns", "Leave the collected columns out of the output.")
    skip_missing: bool = setting(
        False,
        "Skip missing values",
        "Leave missing values out; the collections then differ in length and are lists.",
        advanced=True,
    )
    collection_type: Literal["list", "set"] = setting(
        "list",
        "Collection type",
        "Whether a value can be there several times.",
        choices={
            "list": "Every value, as often as it is there.",
            "set": "Every value once: a list.",
        },
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The table with an array or a list column at its end."""
        table = specs.table()
        if not self.columns:
            table.require(None, *KINDS, setting="columns")
        for column in self._columns:
            table.require(column, *KINDS, setting="columns")
        removed = set(self._columns) if self.remove_collected else set()
        if self.output_name in table.schema and self.output_name not in removed:
            raise NodeError(f"There is already a column '{self.output_name}'.", "Choose another name.", setting="output_name")
        kept = table.with_schema({c: d for c, d in table.schema.items() if c not in removed})
        return {"table": kept.with_columns({self.output_name: self._dtype(table)}, self._classes(table))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Collects the columns piece by piece."""
        table = values.table()
        collected = job.stream(self._collected(table, job))
        kept = table.drop(self._columns) if self.remove_collected else table
        return {"table": kept.with_columns(collected, self._classes(table.spec))}

    @property
    def _columns(self) -> list[str]:
        """The chosen columns, each once."""
        return list(dict.fromkeys(self.columns))

    def _dtype(self, table: TableSpec) -> pl.DataType:
        """The dtype of the collection.

        Raises:
            NodeError: If the columns have no type in common.
        """
        first, *others = self._columns

        def widened(dtype: pl.DataType, column: str) -> pl.DataType:
            common = common_dtype(dtype, table.schema[column])
            if common is None:
                raise NodeError(
                    f"Column '{first}' is {describe_dtype(table.schema[first])}, but '{column}' is "
                    f"{describe_dtype(table.schema[column])}: one collection cannot hold both.",
                    "Collect columns of one kind, or turn categories into numbers first (Category to Number).",
                    setting="columns",
                )
            return common

        common = reduce(widened, others, table.schema[first])
        if COLUMN_KINDS["category"](common):
            return pl.List(pl.String())
        fixed = common.is_numeric() and not self.skip_missing and self.collection_type == "list"
        return pl.Array(common, len(self._columns)) if fixed else pl.List(common)

    def _classes(self, table: TableSpec) -> dict[str, tuple[str, ...]]:
        """The class names of a single collected column of class numbers."""
        names = table.classes.get(self._columns[0]) if len(self._columns) == 1 else None
        return {self.output_name: names} if names else {}

    def _collected(self, table: Table, job: Job) -> Iterator[pl.DataFrame]:
        dtype = self._dtype(table.spec)
        is_array = isinstance(dtype, pl.Array)
        inner = dtype.inner if isinstance(dtype, pl.Array | pl.List) else dtype
        cells = [pl.col(c) for c in self._columns]
        collection = pl.concat_arr(cells) if is_array else pl.concat_list(cells)
        if self.skip_missing:
            # A list of one column is missing where its only cell is: an empty list is meant.
            collection = pl.concat_list(cells).list.drop_nulls()
        if self.collection_type == "set":
            collection = collection.list.unique(maintain_order=True)
        done = 0
        for batch in table.batches(self._columns):
            job.check_cancelled()
            batch = frame_of(cast_exactly(batch[c], inner) for c in self._columns)  # type: ignore[arg-type]  # noqa: PLW2901
            yield batch.select(collection.cast(dtype).alias(self.output_name))
            done += batch.height
            job.progress(done / max(table.height, 1), done_of(done, table.height))
