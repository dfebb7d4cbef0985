"""Row Filter: only the rows go on that meet some criteria."""

from __future__ import annotations

import datetime
import math
import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.kit.tables.cells import moment
from nodes.kit.tables.patterns import full_match
from nodes.values.table import COLUMN_KINDS, Table, TableSpec, describe_dtype
from nodes.wording import done_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Operator = Literal[
    "equals", "not equals", "not equals nor missing", "<", "<=", ">", ">=", "first n", "last n", "regex", "wildcard",
    "is true", "is false", "is missing", "is not missing", "in list",
]  # fmt: skip
Operand = int | FiniteFloat | str

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "equals": operator.eq,
    "not equals": operator.ne,
    "not equals nor missing": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ORDERINGS = ("<", "<=", ">", ">=")
TAKES_VALUE = [*COMPARISONS, "first n", "last n", "regex", "wildcard"]


class Criterion(Settings):
    """One condition that a row meets or not: a column, or the row's number, compared with a value."""

    column: str | None = setting(
        None, "Column", "The column to look at; empty means the number of the row, counted from 1.", columns=Columns()
    )
    operator: Operator = setting(
        "equals",
        "Operator",
        "How to compare.",
        choices={
            "equals": "The cell is the value.",
            "not equals": "The cell is not the value; a missing cell is not.",
            "not equals nor missing": "The cell is there and is not the value.",
            "<": "The cell is less than the value.",
            "<=": "The cell is at most the value.",
            ">": "The cell is more than the value.",
            ">=": "The cell is at least the value.",
            "first n": "The row is one of the first n (row number only).",
            "last n": "The row is one of the last n (row number only).",
            "regex": "The text fits a regular expression from end to end.",
            "wildcard": "The text fits a pattern with * (any text) and ? (one character).",
            "is true": "The cell is true.",
            "is false": "The cell is false.",
            "is missing": "The cell has no value; NaN counts as none.",
            "is not missing": "The cell has a value.",
            "in list": "The cell is one of several values.",
        },
    )
    value: Operand | None = setting(
        None, "Value", "What to compare with: a number, text, a date, a pattern, or n.", shown_if={"operator": TAKES_VALUE}
    )
    values: list[Operand] = setting([], "Values", "The values of the list.", shown_if={"operator": "in list"})
    case_sensitive: bool = setting(
        True, "Case sensitive", "Whether capital and small letters differ.", shown_if={"operator": ["regex", "wildcard"]}
    )

    def expression(self, table: TableSpec, number: pl.Expr, height: int, path: str) -> pl.Expr:
        """What is true for the rows that meet the criterion, and never missing.

        Args:
            table: The table's columns.
            number: The row's number, from 1.
            height: The table's number of rows.
            path: The criterion's place among the settings, for errors.

        Raises:
            NodeError: If column, operator and value do not fit.
        """
        if self.column is None:
            return self._test(number, pl.Int64(), height, path).fill_null(False)
        dtype = table.require(self.column, setting=f"{path}.column")
        cell = pl.col(self.column)
        if dtype.is_float():
            # Polars holds NaN for the greatest number. For a person it is none.
            cell = cell.fill_nan(None)
        return self._test(cell, dtype, height, path).fill_null(self.operator == "not equals")

    def _test(self, cell: pl.Expr, dtype: pl.DataType, height: int, path: str) -> pl.Expr:
        """The test itself, missing where the cell is."""
        match self.operator:
            case "is missing" | "is not missing":
                test = cell.is_null() if self.operator == "is missing" else cell.is_not_null()
            case "is true" | "is false":
                self._need(isinstance(dtype, pl.Boolean), "a column of true and false", dtype, path)
                test = cell if self.operator == "is true" else ~cell
            case "regex" | "wildcard":
                self._need(COLUMN_KINDS["category"](dtype), "text or a category", dtype, path)
                pattern = "" if self.value is None else str(self.value)
                place = f"{path}.value"
                fitting = full_match(pattern, self.operator, case_sensitive=self.case_sensitive, setting=place)
                test = cell.cast(pl.String).str.contains(fitting)
            case "first n" | "last n":
                self._need(self.column is None, "the row number: leave the column empty", dtype, path)
                n = _operand(self.value, dtype, f"{path}.value")
                test = cell <= n if self.operator == "first n" else cell > pl.lit(height, dtype=pl.Int128) - n
            case _:
                test = self._comparison(cell, dtype, path)
        return test

    def _comparison(self, cell: pl.Expr, dtype: pl.DataType, path: str) -> pl.Expr:
        """The comparison with the value, or with each value of the list; categories are compared by their names."""
        is_category = COLUMN_KINDS["category"](dtype)
        if is_category:
            cell = cell.cast(pl.String)
        if self.operator == "in list":
            if not self.values:
                raise NodeError("The list of values is empty.", "Enter some values.", setting=f"{path}.values")
            return pl.any_horizontal([self._compared(cell, dtype, "equals", v, f"{path}.values") for v in self.values])
        if self.operator in ORDERINGS:
            self._need(not is_category or isinstance(dtype, pl.String), "what has an order", dtype, path)
        return self._compared(cell, dtype, self.operator, self.value, f"{path}.value")

    def _compared(self, cell: pl.Expr, dtype: pl.DataType, sign: str, value: Operand | None, place: str) -> pl.Expr:
        operand = _operand(value, dtype, place)
        if isinstance(dtype, pl.Decimal):
            return _by_digits(cell, dtype, sign, str(value))
        result: pl.Expr = COMPARISONS[sign](cell, operand)
        return result

    def _need(self, fits: bool, what: str, dtype: pl.DataType, path: str) -> None:
        if not fits:
            subject = (
                "The row number is a number" if self.column is None else f"Column '{self.column}' is {describe_dtype(dtype)}"
            )
            raise NodeError(
                f"{subject}, but '{self.operator}' is for {what}.",
                "Choose another operator or another column.",
                setting=f"{path}.operator",
            )


class RowFilter(Node):
    """Keep the rows that meet some criteria, or those that do not.

    A criterion looks at a column or at the number of the row (from 1). Values are understood by the column's type and
    checked before anything runs. A missing cell meets no criterion but "is missing" and "not equals"; NaN counts as
    missing. The rows keep their order, and nothing is copied.

    Example: `label` equals `Shirt` and `probability` is less than 0.5: the shirts that the network was not sure of.
    """

    id = "tables.row_filter"
    title = "Row Filter"
    shelf = "Tables / Rows"
    icon = "mdi6.filter-outline"
    keywords = (
        "Nominal Value Row Filter", "Rule-based Row Filter", "where", "select rows", "head", "tail", "drop missing", "query",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The rows to choose from."),)
    output_ports = (Port("table", "table", "Filtered table", "The rows that were kept."),)

    criteria: list[Criterion] = setting([], "Criteria", "The conditions on a row.")
    match: Literal["all", "any"] = setting(
        "all",
        "Match",
        "How many criteria a row must meet.",
        choices={"all": "Every criterion.", "any": "At least one criterion."},
    )
    output: Literal["matching", "non-matching"] = setting(
        "matching",
        "Output",
        "Which rows to keep.",
        choices={"matching": "The rows that match.", "non-matching": "All other rows."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns; how many rows stay is not known."""
        table = specs.table()
        if not self.criteria:
            raise NodeError("There is no criterion.", "Add one, or remove the node.", setting="criteria")
        for i, criterion in enumerate(self.criteria):
            try:
                criterion.expression(table, pl.lit(1), table.rows or 0, f"criteria.{i}")
            except NodeError as error:
                specs.report(error)
        return {"table": table.with_rows(None)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Chooses the rows; only the criteria's columns are read."""
        table = values.table()
        return {"table": table.take(self._rows(table, job))}

    def _rows(self, table: Table, job: Job) -> NDArray[np.int64]:
        """The numbers, from 0, of the rows to keep."""
        import numpy as np

        columns = list(dict.fromkeys(c.column for c in self.criteria if c.column is not None))
        combined = pl.all_horizontal if self.match == "all" else pl.any_horizontal
        kept: list[NDArray[np.int64]] = []
        start = 0
        for batch in table.batches(columns):
            job.check_cancelled()
            number = pl.int_range(start + 1, start + 1 + batch.height, dtype=pl.Int64)
            tests = [c.expression(table.spec, number, table.height, f"criteria.{i}") for i, c in enumerate(self.criteria)]
            matches = batch.select(combined(tests).alias("match")).get_column("match").to_numpy()
            kept.append(start + np.flatnonzero(matches if self.output == "matching" else ~matches))
            start += batch.height
            job.progress(start / max(table.height, 1), done_of(start, table.height))
        return np.concatenate(kept)


def _operand(value: Operand | None, dtype: pl.DataType, setting: str) -> pl.Expr:
    """A value as a column of `dtype` is compared with it.

    Raises:
        NodeError: If the value is missing, or is nothing that such a column can hold.
    """
    if value is None or value == "":
        raise NodeError("No value is given to compare with.", "Enter one.", setting=setting)
    try:
        if dtype.is_integer():
            number = _integer(value)
            # Given a dtype, `lit` builds a whole Series; a cast costs nothing, but its literal holds 64 bits only.
            return pl.lit(number).cast(pl.Int128) if abs(number) < 2**63 else pl.lit(number, dtype=pl.Int128)
        if dtype.is_numeric():
            # A cell of Float32 that looks like 0.1 is the nearest to it that Float32 has, and no 0.1 of Float64.
            return pl.lit(_finite(value)).cast(pl.Float32 if dtype == pl.Float32 else pl.Float64)
        if isinstance(dtype, pl.Date):
            return pl.lit(datetime.date.fromisoformat(str(value)))
        if isinstance(dtype, pl.Datetime):
            return moment(str(value), dtype)
        if isinstance(dtype, pl.Time):
            return pl.lit(datetime.time.fromisoformat(str(value)).replace(tzinfo=None))
    except ValueError as error:
        raise NodeError(
            f"'{value}' cannot be compared with a column {describe_dtype(dtype)}.",
            "Enter a value of that type (dates as 2025-12-31, times as 23:59, both as 2025-12-31T23:59).",
            setting=setting,
        ) from error
    if isinstance(dtype, pl.Enum) and str(value) not in dtype.categories:
        names = ", ".join(f"'{c}'" for c in dtype.categories[:8].to_list())
        raise NodeError(f"'{value}' is no category of the column.", f"Its categories are: {names}.", setting=setting)
    if COLUMN_KINDS["category"](dtype):
        return pl.lit(str(value))
    raise NodeError(
        f"A column {describe_dtype(dtype)} cannot be compared with a value.",
        "Choose another column or another operator.",
        setting=setting,
    )


def _by_digits(cell: pl.Expr, dtype: pl.Decimal, sign: str, value: str) -> pl.Expr:
    """A comparison of Decimals with a number that a person wrote, by all digits."""
    exact = Context(prec=500)
    shifted = Decimal(value).scaleb(dtype.scale, exact)
    # Between two cells that differ in their last digit only there is no other: what lies between them is moved to one.
    up = sign in ("<", ">=")
    whole = int(shifted.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR, exact))
    if sign not in ORDERINGS and whole != shifted:
        return pl.when(cell.is_not_null()).then(pl.lit(sign != "equals"))
    number = pl.lit(max(-(10**38), min(10**38, whole)), dtype=pl.Int128)
    result: pl.Expr = COMPARISONS[sign](cell.to_physical().cast(pl.Int128), number)
    return result


def _integer(value: Operand) -> int:
    """A whole number of at most 64 bits; ValueError for anything else."""
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError(value)
    if not -(2**63) <= number < 2**64:
        raise ValueError(value)
    return number


def _finite(value: Operand) -> float:
    """A number that is not NaN or infinite; ValueError for anything else."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number
