"""Require: a table keeps to rules; else the run ends, or the rows that do not are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.values.table import COLUMN_KINDS, TableSpec, describe_dtype
from nodes.wording import counted

# Not by pandera: its import takes a second and brings pandas along, its checks become the very expressions that stand here, and
# of the rows that fail it gives a list of texts, not a mark on each.

_NAMED = 3
"""So many rows are named in a message."""


class RequiredColumn(Settings):
    """What is required of a column."""

    column: str | None = setting(None, "Column", "The column; that it is there is required, too.", columns=Columns("table"))
    kind: Literal["any", "number", "integer", "text", "category", "boolean", "time", "image"] = setting(
        "any", "Kind", "Of what kind the column has to be; `any`: of all."
    )
    no_missing: bool = setting(True, "No missing cells", "Whether no cell may be missing; NaN counts as missing.")
    unique: bool = setting(False, "Unique", "Whether no two cells may be the same; missing ones do not count.")
    minimum: FiniteFloat | None = setting(None, "Minimum", "The smallest number that is allowed; empty: any.")
    maximum: FiniteFloat | None = setting(None, "Maximum", "The largest number that is allowed; empty: any.")
    allowed: list[str] = setting([], "Allowed values", "The only values that are allowed, as text; none means any.")


class Require(Node):
    """Let a table pass only if it keeps to rules: columns that are there, their kinds, ranges, unique and missing cells.

    Columns and kinds are looked at before the run, cells in it. What does not keep to the rules ends the run with a message that
    names rule and rows, and a Try behind it can go on with something else; or the rows are marked in a new column that says which
    rules they break, missing where they break none, so that a Row Filter can part them.

    Example: `id` unique and without missing cells, `age` a number from 0 to 120: a table of patients in which somebody is 250
    years old is refused before a network learns from it.
    """

    id = "flow.require"
    title = "Require"
    shelf = "Flow"
    icon = "mdi6.clipboard-check-outline"
    keywords = (
        "Table Validator",
        "validate",
        "schema",
        "pandera",
        "data quality",
        "assert",
        "check table",
        "constraint",
        "expect",
    )
    input_ports = (Port("table", "table", "Table", "The table to look at."),)
    output_ports = (Port("table", "table", "Table", "The table; with a column of marks, if that is wanted."),)

    rules: list[RequiredColumn] = setting([], "Rules", "What is required of which column.")
    least_rows: int = setting(0, "Least rows", "How many rows there have to be.", ge=0)
    broken: Literal["fail", "mark"] = setting(
        "fail",
        "If a cell breaks a rule",
        "What becomes of a table that does not keep to the rules.",
        choices={"fail": "The run ends here, with a message.", "mark": "Its rows are marked, and the table is passed on."},
    )
    mark: str = setting("problems", "Column of marks", "What the column is called.", min_length=1, shown_if={"broken": "mark"})

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Look at columns and kinds."""
        table = specs.table()
        self._tests(table)
        if self.broken == "fail":
            return {"table": table}
        if self.mark in table.schema:
            raise NodeError(f"There is a column '{self.mark}' already.", "Choose another name.", setting="mark")
        return {"table": table.with_columns({self.mark: pl.String()})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Look at the cells; only the columns of the rules are read."""
        table = values.table()
        if table.height < self.least_rows:
            message = f"The table has {counted(table.height, 'row')}, and {self.least_rows} are required."
            raise NodeError(message, "Look at what comes in.", setting="least_rows")
        tests = self._tests(table.spec)
        frame = table.frame(list(dict.fromkeys(str(rule.column) for rule in self.rules)))
        broken = frame.select(test.fill_null(False).alias(str(n)) for n, (_, _, test) in enumerate(tests)) if tests else None
        job.check_cancelled()
        if self.broken == "mark":
            return {"table": table.with_columns(self._marks(table.height, tests, broken).to_frame())}
        for n, (words, setting_name, _) in enumerate(tests):
            rows = broken[str(n)].arg_true() if broken is not None else pl.Series([], dtype=pl.UInt32)
            if len(rows):
                named = ", ".join(str(row + 1) for row in rows.head(_NAMED))
                more = ", ..." if len(rows) > _NAMED else ""
                message = f"{words} in {counted(len(rows), 'row')} ({named}{more})."
                raise NodeError(message, "Mend the data before this node, or let rows be marked.", setting=setting_name)
        return {"table": table}

    def _marks(self, height: int, tests: Sequence[tuple[str, str, pl.Expr]], broken: pl.DataFrame | None) -> pl.Series:
        if broken is None:
            return pl.Series(self.mark, [None] * height, dtype=pl.String)
        words = [pl.when(pl.col(str(n))).then(pl.lit(text)) for n, (text, _, _) in enumerate(tests)]
        said = broken.select(pl.concat_str(words, separator="; ", ignore_nulls=True).alias(self.mark)).to_series()
        return said.replace("", None)

    def _tests(self, table: TableSpec) -> list[tuple[str, str, pl.Expr]]:
        """What a broken rule is in words, its setting, and the expression that is true where it is broken."""
        found = []
        for place, rule in enumerate(self.rules):
            at = f"rules.{place}"
            dtype = table.require(rule.column, setting=f"{at}.column")
            if rule.kind != "any" and not COLUMN_KINDS[rule.kind](dtype):
                message = f"Column '{rule.column}' is {describe_dtype(dtype)}, and {rule.kind} is required."
                raise NodeError(message, "Change its type before this node.", setting=f"{at}.kind")
            found += _tests_of(rule, dtype, at)
        return found


def _tests_of(rule: RequiredColumn, dtype: pl.DataType, at: str) -> list[tuple[str, str, pl.Expr]]:
    name, cell = rule.column, pl.col(str(rule.column))
    tests = []
    if rule.no_missing:
        missing = cell.is_null() | cell.is_nan() if dtype.is_float() else cell.is_null()
        tests.append((f"'{name}' is missing", f"{at}.no_missing", missing))
    plain = dtype.is_numeric() or dtype.is_temporal() or isinstance(dtype, pl.String | pl.Enum | pl.Categorical | pl.Boolean)
    if (rule.unique or rule.allowed) and not plain:
        message = f"Column '{name}' is {describe_dtype(dtype)}, whose cells are not compared."
        raise NodeError(message, "Choose another column.", setting=f"{at}.column")
    if rule.unique:
        tests.append((f"'{name}' is not unique", f"{at}.unique", cell.is_duplicated() & cell.is_not_null()))
    for bound, side, is_beyond in (
        (rule.minimum, "minimum", cell < rule.minimum if rule.minimum is not None else None),
        (rule.maximum, "maximum", cell > rule.maximum if rule.maximum is not None else None),
    ):
        if bound is None or is_beyond is None:
            continue
        if not dtype.is_numeric():
            message = f"Column '{name}' is {describe_dtype(dtype)}, and has no {side}."
            raise NodeError(message, "Leave it empty, or choose a column of numbers.", setting=f"{at}.{side}")
        words = f"'{name}' is {'below' if side == 'minimum' else 'above'} {bound:g}"
        tests.append((words, f"{at}.{side}", is_beyond & cell.is_not_nan() if dtype.is_float() else is_beyond))
    if rule.allowed:
        tests.append((f"'{name}' is not allowed", f"{at}.allowed", ~cell.cast(pl.String).is_in(rule.allowed)))
    return tests
