"""How the cells of a group become one cell: the methods of GroupBy and Pivot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, NodeError, Settings, setting
from nodes.kit.tables.cells import as_text
from nodes.values.table import TableSpec

Method = Literal[
    "count", "len", "sum", "mean", "median", "min", "max", "range", "std", "var", "skew", "kurtosis", "quantile", "product",
    "first", "last", "mode", "n_unique", "null_count", "percent", "concatenate", "concatenate unique", "list", "sorted list",
    "set", "any", "all", "mean absolute deviation", "geometric mean", "sum of squares",
]  # fmt: skip
METHODS: Mapping[str, str] = {
    "count": "How many cells are not missing.",
    "len": "How many rows there are.",
    "sum": "The sum; one of whole numbers that does not fit into 64 bits is an error; of missing cells only, missing.",
    "mean": "The mean.",
    "median": "The middle value.",
    "min": "The smallest value.",
    "max": "The largest value.",
    "range": "The largest value less the smallest.",
    "std": "The standard deviation (n - 1).",
    "var": "The variance (n - 1).",
    "skew": "The skewness of a sample, as in KNIME and Excel; of equal cells 0, of fewer than 3 missing.",
    "kurtosis": "The excess kurtosis of a sample (0 for a normal distribution), as in KNIME and Excel; of fewer than 4 missing.",
    "quantile": "The value that a given share of the cells does not exceed.",
    "product": "The product; one of whole numbers that does not fit into 64 bits is an error; of missing cells only, missing.",
    "first": "The first value.",
    "last": "The last value.",
    "mode": "The most frequent value; of several the one that comes first.",
    "n_unique": "How many different values there are.",
    "null_count": "How many cells are missing.",
    "percent": "The group's rows, in percent of all rows.",
    "concatenate": "The values as text, one after the other.",
    "concatenate unique": "The different values as text, one after the other.",
    "list": "A list of the values.",
    "sorted list": "A list of the values, from small to large.",
    "set": "A list of the different values.",
    "any": "Whether one is true.",
    "all": "Whether all are true.",
    "mean absolute deviation": "The mean distance from the mean.",
    "geometric mean": "The n-th root of the product: for factors, such as growth; NaN where a number is negative.",
    "sum of squares": "The sum of the squares.",
}
"""A sentence of help for each method."""
NUMERIC = (
    "sum",
    "mean",
    "median",
    "range",
    "std",
    "var",
    "skew",
    "kurtosis",
    "quantile",
    "product",
    "mean absolute deviation",
    "geometric mean",
    "sum of squares",
)
ORDERED = ("min", "max", "sorted list")
COMPARABLE = ("mode", "n_unique", "concatenate", "concatenate unique", "set")
LOGICAL = ("any", "all")
PLAIN_KINDS = ("number", "category", "boolean", "time")
KEEPS_CLASSES = ("first", "last", "min", "max", "mode")
"""Methods whose result is one of the cells."""


class Aggregation(Settings):
    """What becomes of the cells of a column in each group."""

    column: str | None = setting(None, "Column", "The column whose cells are summed up.", columns=Columns())
    method: Method = setting("count", "Method", "How they are summed up.", choices=METHODS)
    new_name: str | None = setting(None, "New name", "The result's column; empty names it after column and method.", min_length=1)
    quantile: float = setting(
        0.25, "Quantile", "The share of cells below, from 0 to 1.", ge=0, le=1, shown_if={"method": "quantile"}
    )
    separator: str = setting(
        ", ", "Separator", "What stands between two values.", shown_if={"method": ["concatenate", "concatenate unique"]}
    )
    missing: bool = setting(
        False,
        "Missing cells are values",
        "Whether a missing cell can be the first, last or most frequent value, counts as a different one, and stands in lists.",
        advanced=True,
    )

    def check(self, table: TableSpec, path: str) -> None:
        """Refuse a method that does not suit the column.

        Raises:
            NodeError: If it does not.
        """
        dtype = table.require(self.column, setting=f"{path}.column")
        kinds: tuple[str, ...] = ()
        if self.method in NUMERIC:
            kinds = ("number", "boolean") if self.method in ("sum", "mean") else ("number",)
        elif self.method in (*ORDERED, *COMPARABLE):
            kinds = PLAIN_KINDS
        elif self.method in LOGICAL:
            kinds = ("boolean",)
        try:
            table.require(self.column, *kinds, setting=f"{path}.column")
        except NodeError as error:
            raise NodeError(
                f"{error.message.rstrip('.')}: '{self.method}' does not suit it.",
                "Choose another method or another column.",
                setting=f"{path}.method",
            ) from error
        if self.method in ORDERED and isinstance(dtype, pl.Categorical):
            raise NodeError(
                f"The categories of '{self.column}' have no order.", "Choose another method.", setting=f"{path}.method"
            )

    def expression(self, table: TableSpec, height: pl.Expr, *, wide: bool = False) -> pl.Expr:
        """Return the result, for polars's `agg`.

        Args:
            table: The table's columns.
            height: The number of rows of the whole table.
            wide: Whether a sum may not fit into 64 bits: it is Int128, for `narrowed` to look at.
        """
        assert self.column is not None
        cell = pl.col(self.column)
        dtype = table.schema[self.column]
        if self.method in NUMERIC:
            return self._figure(_there(cell, dtype), dtype, wide=wide)
        if dtype.is_float():
            cell = cell.fill_nan(None) if self.method != "list" else cell
        counted = {"count": cell.count(), "len": pl.len(), "null_count": cell.null_count()}
        if self.method in counted:
            return counted[self.method].cast(pl.Int64)
        if self.method == "percent":
            return pl.len() * 100.0 / height
        if self.method in PLAIN:
            return PLAIN[self.method](cell)
        kept = cell if self.missing else cell.drop_nulls()
        if self.method in ("concatenate", "concatenate unique"):
            text = as_text(kept, dtype)
            text = text.unique(maintain_order=True) if self.method == "concatenate unique" else text
            return text.fill_null("").str.join(self.separator)
        return OF_VALUES[self.method](kept)

    def _figure(self, cell: pl.Expr, dtype: pl.DataType, *, wide: bool) -> pl.Expr:
        """A figure of numbers. What is missing or NaN does not count; sums and products of nothing are missing."""
        whole = dtype.is_integer() or isinstance(dtype, pl.Boolean)
        match self.method:
            case "quantile":
                return cell.quantile(self.quantile, "linear")
            case "sum":
                large = cell.cast(pl.Int128 if wide else pl.Int64) if whole else cell
                return pl.when(cell.count() > 0).then(large.sum())
            case "product":
                return pl.when(cell.count() > 0).then(_product(cell) if whole else cell.product())
            case "range":
                large = cell.cast(pl.Int128 if wide else pl.Int64) if whole else cell
                return large.max() - large.min()
        return FIGURES[self.method](cell)

    def may_be_wide(self, dtype: pl.DataType) -> bool:
        """Return whether the result may not fit into 64 bits, and is worth a look beforehand."""
        return self.method in ("sum", "range") and dtype.is_integer() and not isinstance(dtype, SMALL)


SMALL = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
"""Whole numbers whose sums fit into 64 bits, whatever the table."""
MOST_OF_INT128 = 2.0**126


def _there(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Numbers as they are computed with: Float32 and Decimal as Float64, NaN as missing."""
    if dtype.is_integer() or isinstance(dtype, pl.Boolean):
        return cell
    number = cell if dtype == pl.Float64 else cell.cast(pl.Float64)
    return number.fill_nan(None) if dtype.is_float() else number


def _product(cell: pl.Expr) -> pl.Expr:
    """The product of whole numbers as Int128; one that this does not hold is 2**126."""
    about = cell.cast(pl.Float64).product().abs()
    large = pl.when(about < MOST_OF_INT128).then(cell.cast(pl.Int128).product()).otherwise(pl.lit(2**126, dtype=pl.Int128))
    return pl.when((cell == 0).any()).then(pl.lit(0, dtype=pl.Int128)).otherwise(large)


def skewness(cell: pl.Expr) -> pl.Expr:
    """Return the skewness of a sample (adjusted Fisher-Pearson); 0 where all cells are equal, missing for fewer than 3."""
    return pl.when((cell.count() > 2) & (cell.min() == cell.max())).then(0.0).otherwise(cell.skew(bias=False))


def kurtosis(cell: pl.Expr) -> pl.Expr:
    """Return the excess kurtosis of a sample (adjusted); 0 where all cells are equal, missing for fewer than 4."""
    return pl.when((cell.count() > 3) & (cell.min() == cell.max())).then(0.0).otherwise(cell.kurtosis(bias=False))


def narrowed(made: pl.DataFrame, aggregations: Mapping[str, Aggregation], keys: Sequence[str]) -> pl.DataFrame:
    """Return results with whole numbers as Int64.

    Args:
        made: A row per group.
        aggregations: The results' names, and what they are.
        keys: The columns that tell groups apart.

    Raises:
        NodeError: If a result does not fit, naming the column and the group.
    """
    for name, aggregation in aggregations.items():
        cells = made[name]
        if cells.dtype != pl.Int128:
            continue
        fitting = cells.cast(pl.Int64, strict=False)
        if fitting.null_count() > cells.null_count():
            row = int((cells.is_not_null() & fitting.is_null()).arg_max() or 0)
            group = ", ".join(f"{key} = {made[key][row]}" for key in keys)
            where = f" of the group {group}" if group else ""
            raise NodeError(
                f"The {aggregation.method} of '{aggregation.column}'{where} does not fit into 64 bits.",
                "Make numbers with decimals of the column first (Column Type Converter).",
                setting="aggregations",
            )
        made = made.with_columns(fitting)
    return made


def narrow_schema(schema: pl.Schema, aggregations: Mapping[str, Aggregation]) -> pl.Schema:
    """Return the types that `narrowed` gives."""
    return pl.Schema({c: pl.Int64() if c in aggregations and d == pl.Int128 else d for c, d in schema.items()})


FIGURES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "mean": lambda c: c.mean(),
    "median": lambda c: c.median(),
    "std": lambda c: c.std(),
    "var": lambda c: c.var(),
    "skew": lambda c: skewness(c.cast(_float64())),
    "kurtosis": lambda c: kurtosis(c.cast(_float64())),
    "mean absolute deviation": lambda c: (c.cast(_float64()) - c.mean()).abs().mean(),
    "geometric mean": lambda c: c.cast(_float64()).log().mean().exp(),
    "sum of squares": lambda c: pl.when(c.count() > 0).then((c.cast(_float64()) ** 2).sum()),
}
PLAIN: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "min": lambda c: c.min(),
    "max": lambda c: c.max(),
    "any": lambda c: c.any(),
    "all": lambda c: c.all(),
}
OF_VALUES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "first": lambda c: c.first(),
    "last": lambda c: c.last(),
    "mode": lambda c: c.mode(maintain_order=True).first(),
    "n_unique": lambda c: c.n_unique().cast(_int64()),
    "list": lambda c: c.implode(),
    "sorted list": lambda c: c.sort(nulls_last=True).implode(),
    "set": lambda c: c.unique(maintain_order=True).implode(),
}


def _int64() -> pl.DataType:
    return pl.Int64()


def _float64() -> pl.DataType:
    return pl.Float64()
