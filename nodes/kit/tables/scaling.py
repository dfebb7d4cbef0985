"""Scaling numbers by a model of one row per column: what Normalizer, its Apply, and Denormalizer share.

Every method is `number * scale + offset`, so one small table undoes and repeats any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import Elementwise
from nodes.values.table import Table, TableSpec

Model = Mapping[str, tuple[float, float]]
"""Column -> scale and offset."""


class Scaling(Elementwise):
    """Columns scaled by a model that is known; Float32 stays, everything else becomes Float64."""

    model: dict[str, tuple[float, float]]
    inverse: bool = False

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """Return the scaled columns."""
        made: dict[str, pl.Expr] = {}
        for column, (scale, offset) in self.model.items():
            number = pl.col(column).cast(pl.Float64)
            scaled = (number - offset) / scale if self.inverse else number * scale + offset
            made[column] = scaled.cast(scaled_dtype(table.schema[column]))
        return made


class ModelApplied(Node):
    """A node that scales the columns of a table by a model that another node made."""

    shelf = "Tables / Columns"
    inverse: ClassVar[bool]
    input_ports = (
        Port("table", "table", "Table", "The table to scale."),
        Port("model", "table", "Model", "The model, as a Normalizer put it out."),
    )
    output_ports = (Port("table", "table", "Table", "The scaled table."),)

    if_absent: Literal["fail", "ignore"] = setting(
        "fail",
        "If a column is not there",
        "What to do with columns of the model that the table does not have.",
        choices={"fail": "Stop with an error.", "ignore": "Scale those that are there."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a table that is not known before running: which columns are scaled stands in the model."""
        model = specs.table("model")
        for column, kind in (("column", "text"), ("scale", "number"), ("offset", "number")):
            if column not in model.schema or column not in model.columns_of(kind):
                message = "The second input is no model of a Normalizer."
                raise NodeError(message, f"It needs a column '{column}' ({kind}).")
        return {"table": None}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Scale piece by piece."""
        table = values.table()
        model = read_model(values.table("model"))
        absent = [c for c in model if c not in table.schema]
        if absent and self.if_absent == "fail":
            message = f"The table has no column '{absent[0]}', which the model scales."
            raise NodeError(message, "Connect the right table, or ignore what is not there.", setting="if_absent")
        fitting = {c: m for c, m in model.items() if c in table.schema}
        for column in fitting:
            table.spec.require(column, "number")
        return Scaling(model=fitting, inverse=self.inverse).execute(values, job)


def scaled_dtype(dtype: pl.DataType) -> pl.DataType:
    """Return what a column of numbers becomes."""
    return pl.Float32() if isinstance(dtype, pl.Float32) else pl.Float64()


def model_schema() -> pl.Schema:
    """Return the columns of a model."""
    return pl.Schema({"column": pl.String(), "scale": pl.Float64(), "offset": pl.Float64()})


def model_table(model: Model) -> Table:
    """Return a model as a table."""
    rows = [(column, scale, offset) for column, (scale, offset) in model.items()]
    return Table.of(pl.DataFrame(rows, schema=model_schema(), orient="row"))


def read_model(table: Table) -> dict[str, tuple[float, float]]:
    """Return a model from its table.

    Raises:
        NodeError: If a number is missing, or a scale is 0.
    """
    model: dict[str, tuple[float, float]] = {}
    for column, scale, offset in table.frame(["column", "scale", "offset"]).iter_rows():
        if column is None or not scale or offset is None:
            raise NodeError(f"The model has no good scale and offset for column '{column}'.", "Compute it anew (Normalizer).")
        model[column] = (float(scale), float(offset))
    return model
