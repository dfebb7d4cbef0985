"""Numeric Binner: numbers become categories, by the edges between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import chosen, refuse_existing
from nodes.values.table import Table, TableSpec


class NumericBinner(Node):
    """Put numbers into bins: each becomes the category of the range that it lies in.

    The edges are typed in, or found from the data: ranges of equal width, or with equally many numbers in each. Below the
    first edge and above the last there is a bin too. The bins' names, from low to high, are the categories of the new
    column, in this order. NaN and missing cells have none.

    The second output tells the edges. Wire it to the second input of another Numeric Binner to put test data into the bins
    of the training data.

    Example: with the edges 18 and 65 and three labels, ages become `child`, `adult` and `senior`.
    """

    id = "tables.numeric_binner"
    title = "Numeric Binner"
    shelf = "Tables / Columns"
    icon = "mdi6.chart-histogram"
    keywords = ("Auto-Binner", "Auto-Binner (Apply)", "discretize", "cut", "qcut", "buckets", "intervals", "Binner")
    input_ports = (
        Port("table", "table", "Table", "The table with the numbers."),
        Port("edges", "table", "Edges", "The edges to use, as another Numeric Binner put them out.", optional=True),
    )
    output_ports = (
        Port("table", "table", "Binned table", "The table with the bins."),
        Port("edges", "table", "Edges", "One row per column and edge."),
    )

    columns: list[str] = setting([], "Columns", "The columns to bin.", columns=Columns("table", ("number",)))
    method: Literal["manual", "equal width", "equal frequency"] = setting(
        "equal width",
        "Method",
        "Where the edges are.",
        choices={
            "manual": "Where you say.",
            "equal width": "At even distances between the smallest and the largest number.",
            "equal frequency": "So that equally many numbers lie in each bin, as far as equal numbers allow.",
        },
    )
    bins: int = setting(
        5, "Number of bins", "How many bins there are.", ge=2, le=1000, shown_if={"method": ["equal width", "equal frequency"]}
    )
    edges: list[FiniteFloat] = setting(
        [0.0], "Edges", "The numbers between two bins, rising.", shown_if={"method": "manual"}, min_length=1
    )
    labels: list[str] = setting([], "Names", "The bins' names from low to high; empty: Bin 1, Bin 2, ...")
    left_closed: bool = setting(
        False, "An edge belongs to the bin above", "Otherwise, as in polars, to the bin below it.", advanced=True
    )
    suffix: str | None = setting(
        " (binned)", "Append suffix", "The bins stand in a new column with this suffix; empty replaces.", min_length=1
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The bins as category columns; how many come of data is promised by their number."""
        table = specs.table()
        for column in chosen(table, self.columns, "number"):
            if self.suffix:
                refuse_existing(table, column + self.suffix, "suffix")
        if self.method == "manual" and any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise NodeError("The edges do not rise.", "Enter them from low to high, each once.", setting="edges")
        edges = TableSpec(_edge_schema())
        if "edges" in specs:
            given = specs.table("edges")
            given.require("column", "text")
            given.require("edge", "number")
            return {"table": None, "edges": edges}
        names = self._names(self._count)
        return {"table": table.with_columns({c + (self.suffix or ""): pl.Enum(names) for c in self.columns}), "edges": edges}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Finds the edges, then bins piece by piece."""
        table = values.table()
        columns = list(dict.fromkeys(self.columns))
        given = None
        if "edges" in values:
            told = values.table("edges").frame(["column", "edge"]).drop_nulls()
            given = {c: told.filter(pl.col("column") == c).get_column("edge").sort().to_list() for c in columns}
            unknown = next((c for c, edges in given.items() if not edges), None)
            if unknown is not None:
                raise NodeError(
                    f"The second input tells no edges of column '{unknown}'.", "Bin only the columns that it tells of."
                )
        edges = given or {c: self._edges(table, c) for c in columns}
        made = job.stream(self._binned(batch, edges) for batch in self._batches(table, columns, job))
        rows = [(c, edge) for c, found in edges.items() for edge in found]
        return {
            "table": table.with_columns(made),
            "edges": Table.of(pl.DataFrame(rows, schema=_edge_schema(), orient="row")),
        }

    @property
    def _count(self) -> int:
        """The number of bins."""
        return len(self.edges) + 1 if self.method == "manual" else self.bins

    def _names(self, count: int) -> list[str]:
        if not self.labels:
            return [f"Bin {number}" for number in range(1, count + 1)]
        if len(self.labels) != count or len(set(self.labels)) != count:
            raise NodeError(f"There are {count} bins.", f"Enter {count} different names, or none.", setting="labels")
        return list(self.labels)

    def _edges(self, table: Table, column: str) -> list[float]:
        """The numbers between two bins."""
        if self.method == "manual":
            return list(self.edges)
        number = pl.col(column).cast(pl.Float64)
        number = number.filter(number.is_finite())
        shares = [i / self.bins for i in range(1, self.bins)]
        if self.method == "equal frequency":
            found = table.frame([column]).select(number.quantile(share, "linear").alias(str(share)) for share in shares).row(0)
            return [float(edge) for edge in found] if found[0] is not None else list(shares)
        ends = pl.concat(piece.select(low=number.min(), high=number.max()) for piece in table.batches([column]))
        low, high = ends.select(pl.col("low").min(), pl.col("high").max()).row(0)
        if low is None:
            return list(shares)
        return [float(low * (1 - share) + high * share) for share in shares]

    def _batches(self, table: Table, columns: list[str], job: Job) -> Iterator[pl.DataFrame]:
        for batch in table.batches(columns):
            job.check_cancelled()
            yield batch

    def _binned(self, batch: pl.DataFrame, edges: Mapping[str, Sequence[float]]) -> pl.DataFrame:
        import numpy as np

        made = {}
        for column, found in edges.items():
            numbers = batch[column].cast(pl.Float64)
            names = self._names(len(found) + 1)
            codes = np.searchsorted(found, numbers.to_numpy(), side="right" if self.left_closed else "left")
            kept = pl.Series(names, dtype=pl.Enum(names)).gather(codes)
            valid = numbers.is_not_null() & numbers.is_not_nan().fill_null(False)
            made[column + (self.suffix or "")] = pl.select(pl.when(valid).then(kept)).to_series()
        return pl.DataFrame(made)


def _edge_schema() -> pl.Schema:
    return pl.Schema({"column": pl.String(), "edge": pl.Float64()})
