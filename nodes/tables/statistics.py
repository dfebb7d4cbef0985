"""Statistics: what is in each column, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from nodes.base import Columns, Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.cells import as_text
from nodes.values.table import Table, TableSpec, describe_dtype

PLAIN_KINDS = ("number", "category", "boolean", "time")
QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
COUNTS = ("rows", "missing", "NaN", "infinite", "unique")
MOMENTS = ("min", "max", "mean", "mean absolute deviation", "std", "var", "skewness", "kurtosis", "sum")


class Statistics(Node):
    """Describe each column: how many values, missing and different ones, mean, spread, quantiles, most common values.

    The first output has one row per column; what a column has not (text has no mean) is missing. NaN and infinite cells are
    counted, and left out of all other figures. Standard deviation and variance are those of a sample (n - 1), the kurtosis
    is 0 for a normal distribution. The second output counts how often each value of a text, category or boolean column
    occurs, the most common first.

    Example: wire a table to it that you have just read: a column with 40 % missing values, or with a single value, shows
    at once.
    """

    id = "tables.statistics"
    title = "Statistics"
    shelf = "Tables / Statistics"
    icon = "mdi6.chart-bell-curve"
    keywords = (
        "Statistics View", "Data Explorer", "describe", "summary", "quantiles", "Value Counter", "mean", "histogram",
        "mean and standard deviation",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The table to describe."),)
    output_ports = (
        Port("statistics", "table", "Statistics", "One row per column."),
        Port("occurrences", "table", "Occurrences", "One row per value of text, category and boolean columns."),
    )

    columns: list[str] = setting([], "Columns", "The columns to describe; empty: all.", columns=Columns())
    top: int = setting(10, "Most common values", "How many of the most common values are listed for a column.", ge=0, le=1000)
    max_values: int = setting(
        1000,
        "Maximum number of occurrences",
        "Of a column with more values, only the most common are counted.",
        ge=1,
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same columns whatever the table."""
        table = specs.table()
        for column in self.columns:
            table.require(column, setting="columns")
        rows = len(set(self.columns) or table.schema)
        return {"statistics": TableSpec(_schema(), rows), "occurrences": TableSpec(_occurrence_schema())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Describes a column at a time."""
        table = values.table()
        columns = list(dict.fromkeys(self.columns)) or table.columns
        described: list[dict[str, Any]] = []
        occurrences = [pl.DataFrame(schema=_occurrence_schema())]
        for number, column in enumerate(columns):
            job.check_cancelled()
            job.progress(number / len(columns), column)
            row: dict[str, Any] = {"column": column, "type": describe_dtype(table.schema[column]).removeprefix("of type ")}
            frame = table.frame([column])
            row |= _figures(frame, column)
            if column in table.spec.columns_of(*PLAIN_KINDS):
                counted = _counted(frame, column)
                row["unique"] = counted.height
                common = counted.head(self.top)
                row["most common"] = ", ".join(f"{v} ({n})" for v, n in common.iter_rows()) or None
                if column in table.spec.columns_of("category", "boolean"):
                    occurrences.append(_occurrences(column, counted.head(self.max_values), frame.height))
            described.append(row)
        made = pl.DataFrame(described, schema=_schema())
        return {"statistics": Table.of(made), "occurrences": Table.of(pl.concat(occurrences))}


def _figures(frame: pl.DataFrame, column: str) -> dict[str, Any]:
    """Counts, and for numbers and truths moments and quantiles."""
    cell = pl.col(column)
    dtype = frame.schema[column]
    figures: dict[str, pl.Expr] = {"rows": pl.len(), "missing": cell.null_count()}
    if dtype.is_float():
        figures |= {"NaN": cell.is_nan().sum(), "infinite": cell.is_infinite().sum()}
        cell = cell.filter(cell.is_finite())
    if dtype.is_numeric() or isinstance(dtype, pl.Boolean):
        number = cell.cast(pl.Float64)
        figures |= {
            "min": number.min(),
            "max": number.max(),
            "mean": number.mean(),
            "mean absolute deviation": (number - number.mean()).abs().mean(),
            "std": number.std(),
            "var": number.var(),
            "skewness": number.skew(),
            "kurtosis": number.kurtosis(),
            "sum": pl.when(number.count() > 0).then(number.sum()),
        }
        figures |= {f"{q} % quantile": number.quantile(q / 100, "linear") for q in QUANTILES}
    return frame.select(**figures).row(0, named=True)


def _counted(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Each value, as text, and how often it occurs: the most common first, of equal ones the first to come."""
    cell = pl.col(column)
    grouped = frame.filter(cell.is_not_null()).group_by(cell.alias("value"), maintain_order=True).agg(pl.len().cast(pl.Int64))
    ordered = grouped.sort("len", descending=True, maintain_order=True)
    return ordered.with_columns(as_text(pl.col("value"), frame.schema[column]))


def _occurrences(column: str, counted: pl.DataFrame, height: int) -> pl.DataFrame:
    return counted.select(
        pl.lit(column).alias("column"),
        pl.col("value"),
        pl.col("len").alias("count"),
        (pl.col("len") * 100.0 / height).alias("percent"),
    )


def _schema() -> pl.Schema:
    texts = {"column": pl.String(), "type": pl.String()}
    counts = dict.fromkeys(COUNTS, pl.Int64())
    numbers = dict.fromkeys([*MOMENTS, *(f"{q} % quantile" for q in QUANTILES)], pl.Float64())
    return pl.Schema(texts | counts | numbers | {"most common": pl.String()})


def _occurrence_schema() -> pl.Schema:
    return pl.Schema({"column": pl.String(), "value": pl.String(), "count": pl.Int64(), "percent": pl.Float64()})
