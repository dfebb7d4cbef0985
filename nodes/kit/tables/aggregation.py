"""How the cells of a group become one cell: the methods of GroupBy and Pivot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    "sum": "The sum; of whole numbers missing where it does not fit into 64 bits.",
    "mean": "The mean.",
    "median": "The middle value.",
    "min": "The smallest value.",
    "max": "The largest value.",
    "range": "The largest value less the smallest.",
    "std": "The standard deviation (n - 1).",
    "var": "The variance (n - 1).",
    "skew": "The skewness.",
    "kurtosis": "The excess kurtosis: 0 for a normal distribution.",
    "quantile": "The value that a given share of the cells does not exceed.",
    "product": "The product; of whole numbers missing where it does not fit into 64 bits.",
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
            wide: Whether a sum may not fit into 64 bits, and must be looked at.
        """
        assert self.column is not None
        cell = pl.col(self.column)
        if table.schema[self.column].is_float():
            cell = cell.fill_nan(None) if self.method != "list" else cell
        dtype = table.schema[self.column]
        if self.method in ("sum", "product", "range"):
            return self._reckoned(cell, dtype, wide=wide)
        counted = {"count": cell.count(), "len": pl.len(), "null_count": cell.null_count()}
        if self.method in counted:
            return counted[self.method].cast(pl.Int64)
        figures = {"quantile": cell.quantile(self.quantile, "linear"), "percent": pl.len() * 100.0 / height}
        if self.method in figures or self.method in PLAIN:
            return figures[self.method] if self.method in figures else PLAIN[self.method](cell)
        kept = cell if self.missing else cell.drop_nulls()
        if self.method in ("concatenate", "concatenate unique"):
            text = as_text(kept, dtype)
            text = text.unique(maintain_order=True) if self.method == "concatenate unique" else text
            return text.fill_null("").str.join(self.separator)
        return OF_VALUES[self.method](kept)

    def _reckoned(self, cell: pl.Expr, dtype: pl.DataType, *, wide: bool) -> pl.Expr:
        """A sum, product or range, in a type that holds it."""
        if dtype in _small_integers() or isinstance(dtype, pl.Boolean):
            # Polars adds Int32 in Int32, and takes Int8 from Int8: the result may not fit.
            cell = cell.cast(pl.Int64)
        elif isinstance(dtype, pl.Decimal) and self.method == "product":
            # Its decimals would be as many as all the factors have together.
            cell = cell.cast(pl.Float64)
        if self.method == "sum" and wide:
            return cell.cast(pl.Int128).sum().cast(pl.UInt64 if dtype == pl.UInt64 else pl.Int64, strict=False)
        if self.method == "product" and dtype.is_integer():
            # Polars multiplies on in 64 bits, and what comes of it means nothing.
            return pl.when(cell.cast(pl.Float64).product().abs() < 2.0**63).then(cell.product())
        return PLAIN[self.method](cell)


PLAIN: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "sum": lambda c: c.sum(),
    "mean": lambda c: c.mean(),
    "median": lambda c: c.median(),
    "min": lambda c: c.min(),
    "max": lambda c: c.max(),
    "range": lambda c: c.max() - c.min(),
    "std": lambda c: c.std(),
    "var": lambda c: c.var(),
    "skew": lambda c: c.skew(),
    "kurtosis": lambda c: c.kurtosis(),
    "product": lambda c: c.product(),
    "any": lambda c: c.any(),
    "all": lambda c: c.all(),
    "mean absolute deviation": lambda c: (c - c.mean()).abs().mean(),
    "geometric mean": lambda c: c.cast(_float64()).log().mean().exp(),
    "sum of squares": lambda c: (c.cast(_float64()) ** 2).sum(),
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


def _small_integers() -> tuple[type[pl.DataType], ...]:
    return pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32
