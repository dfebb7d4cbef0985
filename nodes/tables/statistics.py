"""Statistics: what is in each column, in figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from nodes.base import Columns, Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.aggregation import kurtosis, skewness
from nodes.kit.tables.blocks import column_blocks
from nodes.kit.tables.cells import as_text
from nodes.values.table import Table, TableSpec, describe_dtype

PLAIN_KINDS = ("number", "category", "boolean", "time")
QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
COUNTS = ("rows", "missing", "NaN", "infinite", "unique")
MOMENTS = ("min", "max", "mean", "mean absolute deviation", "std", "var", "skewness", "kurtosis", "sum")


class Statistics(Node):
    """Describe each column: how many values, missing and different ones, mean, spread, quantiles, most common values.

    The first output has one row per column; what a column has not (text has no mean) is missing. NaN and infinite cells are
    counted, and left out of all other figures, which are numbers with decimals (Float64), whatever the column. Standard
    deviation and variance (n - 1), skewness and kurtosis (0 for a normal distribution) are those of a sample, as in KNIME and
    Excel. The second output counts how often each value of a text, category or boolean column
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
        """Describes columns of one type together, many narrow ones or a long one at a time."""
        table = values.table()
        columns = list(dict.fromkeys(self.columns)) or table.columns
        plain = set(table.spec.columns_of(*PLAIN_KINDS))
        listed = set(table.spec.columns_of("category", "boolean"))
        described: dict[str, dict[str, Any]] = {}
        occurrences: dict[str, pl.DataFrame] = {}
        for block in _blocks(table, columns):
            job.check_cancelled()
            job.progress(len(described) / len(columns), block[0])
            frame = table.frame(block)
            described |= _figures(frame)
            if block[0] not in plain:
                continue
            counted = _counted(frame, max(self.top, self.max_values))
            for column, (unique, common) in counted.items():
                told = ", ".join(f"{value} ({count})" for value, count in common.head(self.top).iter_rows())
                described[column] |= {"unique": unique, "most common": told or None}
                if column in listed:
                    occurrences[column] = _occurrences(column, common.head(self.max_values), table.height)
        types = {column: describe_dtype(table.schema[column]).removeprefix("of type ") for column in columns}
        made = pl.DataFrame([{"column": c, "type": types[c]} | described[c] for c in columns], schema=_schema())
        none = pl.DataFrame(schema=_occurrence_schema())
        found = pl.concat([none, *(occurrences[column] for column in columns if column in occurrences)])
        return {"statistics": Table.of(made), "occurrences": Table.of(found)}


def _blocks(table: Table, columns: Sequence[str]) -> Iterator[list[str]]:
    """Blocks of columns of one type."""
    by_type: dict[pl.DataType, list[str]] = {}
    for column in columns:
        by_type.setdefault(table.schema[column], []).append(column)
    for alike in by_type.values():
        yield from column_blocks(alike, table.height)


def _long(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of one type below each other: `column` (its number) and `value`; a single one is only renamed."""
    if frame.width == 1:
        return frame.rename({frame.columns[0]: "value"})
    cells = pl.concat([series.rename("value") for series in frame.get_columns()])
    numbers = pl.Series("column", range(frame.width), dtype=pl.UInt32)
    return pl.DataFrame([numbers.repeat_by(frame.height).explode(), cells])


def _figures(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """For columns of one type, counts, and for numbers and truths moments and quantiles: column -> its figures."""
    dtype = frame.dtypes[0]
    counts = {"rows": frame.height}
    if not (dtype.is_numeric() or isinstance(dtype, pl.Boolean)):
        return {series.name: counts | {"missing": series.null_count()} for series in frame.get_columns()}
    cell = pl.col("value")
    figures: dict[str, pl.Expr] = {"missing": cell.null_count()}
    if dtype.is_float():
        figures |= {"NaN": cell.is_nan().sum(), "infinite": cell.is_infinite().sum()}
        cell = cell.filter(cell.is_finite())
    number = cell.cast(pl.Float64)
    # Added exactly, and rounded once.
    whole_sum = cell.cast(pl.Int128).sum().cast(pl.Float64) if dtype.is_integer() else number.sum()
    figures |= {
        "min": number.min(),
        "max": number.max(),
        "mean": number.mean(),
        "mean absolute deviation": (number - number.mean()).abs().mean(),
        "std": number.std(),
        "var": number.var(),
        "skewness": skewness(number),
        "kurtosis": kurtosis(number),
        "sum": pl.when(number.count() > 0).then(whole_sum),
    }
    figures |= {f"{q} % quantile": number.quantile(q / 100, "linear") for q in QUANTILES}
    long = _long(frame)
    made = (
        long.select(**figures) if frame.width == 1 else long.group_by("column", maintain_order=True).agg(**figures).drop("column")
    )
    return {column: counts | row for column, row in zip(frame.columns, made.iter_rows(named=True), strict=True)}


def _counted(frame: pl.DataFrame, most: int) -> dict[str, tuple[int, pl.DataFrame]]:
    """For columns of one type, how many different values each has, and the most frequent: column -> (number, (value, len)).

    Values are texts; the most common comes first, of equally common ones the first to come.
    """
    present = _long(frame).filter(pl.col("value").is_not_null())
    keys = [name for name in ("column", "value") if name in present.columns]
    counted = present.group_by(keys, maintain_order=True).agg(pl.len().cast(pl.Int64))
    ordered = counted.sort("len", descending=True, maintain_order=True)
    if frame.width == 1:
        parts = {0: ordered}
    else:
        parts = {int(number): part.drop("column") for (number,), part in ordered.partition_by("column", as_dict=True).items()}
    text = as_text(pl.col("value"), frame.dtypes[0])
    none = ordered.clear().select("value", "len")
    found = {column: parts.get(number, none) for number, column in enumerate(frame.columns)}
    return {column: (part.height, part.head(most).with_columns(text)) for column, part in found.items()}


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
