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
        edges = given or self._edges(table, columns, job)
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

    def _edges(self, table: Table, columns: Sequence[str], job: Job) -> dict[str, list[float]]:
        """Return the numbers between two bins, by column."""
        if self.method == "manual":
            return {column: list(self.edges) for column in columns}
        shares = [i / self.bins for i in range(1, self.bins)]
        if self.method == "equal frequency":
            found = {}
            for column in columns:
                job.check_cancelled()
                finite = table.frame([column]).select(_finite(column))
                row = finite.select(pl.col(column).quantile(share, "linear").alias(str(share)) for share in shares).row(0)
                found[column] = [float(edge) for edge in row] if row[0] is not None else list(shares)
            return found
        pieces = [
            (piece.select(_finite(c).min() for c in columns), piece.select(_finite(c).max() for c in columns))
            for piece in self._batches(table, list(columns), job)
        ]
        lows = pl.concat(low for low, _ in pieces).select(pl.all().min()).row(0)
        highs = pl.concat(high for _, high in pieces).select(pl.all().max()).row(0)
        return {
            column: list(shares) if low is None else [float(low * (1 - share) + high * share) for share in shares]
            for column, low, high in zip(columns, lows, highs, strict=True)
        }

    def _batches(self, table: Table, columns: list[str], job: Job) -> Iterator[pl.DataFrame]:
        for batch in table.batches(columns):
            job.check_cancelled()
            yield batch

    def _binned(self, batch: pl.DataFrame, edges: Mapping[str, Sequence[float]]) -> pl.DataFrame:
        import numpy as np

        names = {count: self._names(count) for count in {len(found) + 1 for found in edges.values()}}
        bins = {count: pl.Series(of_count, dtype=pl.Enum(of_count)) for count, of_count in names.items()}
        numbers = batch.select(pl.col(c).cast(pl.Float64) for c in edges)
        made = {}
        for series, (column, found) in zip(numbers, edges.items(), strict=True):
            codes = np.searchsorted(found, series.to_numpy(), side="right" if self.left_closed else "left")
            valid = (series.is_not_null() & series.is_not_nan().fill_null(False)).to_numpy()
            places = pl.Series(codes).set(pl.Series(~valid), None)  # no place: a missing cell
            made[column + (self.suffix or "")] = bins[len(found) + 1].gather(places)
        return pl.DataFrame(made)


def _finite(column: str) -> pl.Expr:
    """Return the numbers of a column that are neither missing nor NaN nor infinite."""
    number = pl.col(column).cast(pl.Float64)
    return number.filter(number.is_finite())


def _edge_schema() -> pl.Schema:
    return pl.Schema({"column": pl.String(), "edge": pl.Float64()})
