"""One to Many: a 0/1 column for each value of a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import Elementwise, chosen, different, refuse_existing
from nodes.values.table import Table, TableSpec

KINDS = ("category", "boolean", "integer")


class OneToMany(Node):
    """Make a column for each value of a column: 1 in the rows that have the value, 0 in the others.

    Also known as one-hot or dummy encoding. For columns of a category type the values are their categories, in their order,
    whether they occur or not, so that later nodes know the columns before anything runs, and training and test data get the
    same ones. For other columns they are the values that occur, sorted. Where the cell is missing, all are 0.

    Example: choose `color`: the columns `red`, `green` and `blue` hold 1 where the row has that color, else 0.
    """

    id = "tables.one_to_many"
    title = "One to Many"
    shelf = "Tables / Columns"
    icon = "mdi6.call-split"
    keywords = ("one-hot", "dummy variables", "to_dummies", "get_dummies", "indicator", "encode", "CategoryEncoding")
    input_ports = (Port("table", "table", "Table", "The table with the categories."),)
    output_ports = (Port("table", "table", "Table", "The table with the 0/1 columns."),)

    columns: list[str] = setting([], "Columns", "The columns to encode.", columns=Columns("table", KINDS))
    naming: Literal["column_value", "value", "value_column"] = setting(
        "column_value",
        "Column naming",
        "How the new columns are named.",
        choices={
            "column_value": "color_red, as polars does.",
            "value": "red, as KNIME does.",
            "value_column": "red_color, as KNIME does for several columns.",
        },
    )
    remove_included: bool = setting(False, "Remove included columns", "Whether the encoded columns do not go on.")
    drop_first: bool = setting(
        False, "Leave out the first value", "One column less: all 0 means the first value. For linear models.", advanced=True
    )
    dtype: Literal["UInt8", "Int32", "Float32"] = setting("UInt8", "Type", "The type of the new columns.", advanced=True)
    max_categories: int = setting(
        1000, "Maximum number of values", "A column with more is an error: it is probably no category.", ge=1, advanced=True
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The new columns, where the values are known before running."""
        table = specs.table()
        values: dict[str, list[str]] = {}
        for column in chosen(table, self.columns, *KINDS):
            dtype = table.schema[column]
            if isinstance(dtype, pl.Enum):
                values[column] = list(dtype.categories)
            elif isinstance(dtype, pl.Boolean):
                values[column] = ["false", "true"]
            else:
                return {"table": None}
        return self._encoder(values, table).configure(specs)

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Finds the values, then encodes piece by piece."""
        table = values.table()
        known = {column: self._values(table, column) for column in dict.fromkeys(self.columns)}
        return self._encoder(known, table.spec).execute(values, job)

    def _values(self, table: Table, column: str) -> list[str]:
        dtype = table.schema[column]
        if isinstance(dtype, pl.Enum):
            return list(dtype.categories)
        if isinstance(dtype, pl.Boolean):
            return ["false", "true"]
        return different(table, column).sort().cast(pl.String).to_list()

    def _encoder(self, values: Mapping[str, Sequence[str]], table: TableSpec) -> _Encoder:
        for column, names in values.items():
            if len(names) > self.max_categories:
                raise NodeError(
                    f"Column '{column}' has {len(names)} different values.",
                    "Allow more, or choose another.",
                    setting="max_categories",
                )
        cells = {(c, v): self._name(c, v) for c, names in values.items() for v in names[1 if self.drop_first else 0 :]}
        names_made = list(cells.values())
        gone = self.columns if self.remove_included else []
        for name in names_made:
            refuse_existing(table, name, "naming", gone=gone)
            if names_made.count(name) > 1:
                message = f"Two columns would be named '{name}'."
                raise NodeError(message, "Name them after column and value.", setting="naming")
        return _Encoder(cells=[(c, v, name) for (c, v), name in cells.items()], gone=gone, dtype=self.dtype)

    def _name(self, column: str, value: str) -> str:
        return {"value": value, "column_value": f"{column}_{value}", "value_column": f"{value}_{column}"}[self.naming]


class _Encoder(Elementwise):
    """One to Many with the values known."""

    cells: list[tuple[str, str, str]]
    gone: list[str]
    dtype: str

    def removed(self, table: TableSpec) -> Sequence[str]:
        """The encoded columns, if they are not wanted."""
        return self.gone

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """A column per value."""
        dtype = getattr(pl, self.dtype)
        return {name: (pl.col(c).cast(pl.String) == v).fill_null(False).cast(dtype) for c, v, name in self.cells}
