"""Missing Value: what stands in place of missing cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Columns, Job, Node, NodeError, Port, Settings, Spec, Specs, Value, Values, setting
from nodes.values.table import Table, TableSpec
from nodes.wording import left_out

Method = Literal[
    "nothing", "fixed", "mean", "rounded mean", "median", "min", "max", "mode", "previous", "next", "linear", "average",
    "moving average", "remove row",
]  # fmt: skip
METHODS: Mapping[str, str] = {
    "nothing": "Missing cells stay missing.",
    "fixed": "A value that you give.",
    "mean": "The column's mean; whole numbers become Float64.",
    "rounded mean": "The column's mean as a whole number, for columns of whole numbers.",
    "median": "The column's median; whole numbers become Float64.",
    "min": "The column's smallest value.",
    "max": "The column's largest value.",
    "mode": "The column's most frequent value; of several the one that comes first.",
    "previous": "The last cell before that is not missing.",
    "next": "The next cell that is not missing.",
    "linear": "On the straight line between the cells before and after; whole numbers become Float64.",
    "average": "The mean of the cells before and after; whole numbers become Float64.",
    "moving average": "The mean of the cells around, so many before and after; whole numbers become Float64.",
    "remove row": "The row is left out.",
}
NUMERIC = ("mean", "rounded mean", "median", "linear", "average", "moving average")
BECOME_FLOAT = ("mean", "median", "linear", "average", "moving average")
BY_POSITION = ("previous", "next", "linear", "average", "moving average")
PLAIN_KINDS = ("number", "category", "boolean", "time")


class Treatment(Settings):
    """What to do with the missing cells of some columns."""

    columns: list[str] = setting([], "Columns", "The columns; empty: all columns of a type.", columns=Columns())
    type: Literal["any", "number", "integer", "text", "category", "boolean", "time"] = setting(
        "any", "Of type", "Which columns, where none are named."
    )
    method: Method = setting("nothing", "Replace by", "What stands in their place.", choices=METHODS)
    value: int | FiniteFloat | bool | str | None = setting(
        None, "Value", "The fixed value; dates as 2025-12-31.", shown_if={"method": "fixed"}
    )
    before: int = setting(
        1, "Cells before", "How many cells before count.", ge=0, le=10000, shown_if={"method": "moving average"}
    )
    after: int = setting(1, "Cells after", "How many cells after count.", ge=0, le=10000, shown_if={"method": "moving average"})


class MissingValue(Node):
    """Replace missing cells, or leave out the rows that have any.

    Each treatment is for columns that it names, or for all columns of a type. For a column, the first treatment that names
    it decides; if none does, the first whose type fits. NaN counts as missing unless you say otherwise. Where a column has
    no value at all, its cells stay missing. The table is walked through piece by piece; only for a median or a most frequent
    value a column is held in memory as a whole.

    The second output holds the values that columns were filled with (mean, median, mode, smallest, largest, fixed). Wire it
    to the second input of another Missing Value to fill test data with the values of the training data: there, nothing is
    computed anew. Rows are left out after the cells were replaced.

    Example: fill missing numbers with the median and missing text with `unknown`, before a network, which takes no
    missing values.
    """

    id = "tables.missing_value"
    title = "Missing Value"
    shelf = "Tables / Columns"
    icon = "mdi6.bandage"
    keywords = ("Missing Value (Apply)", "impute", "fill_null", "fillna", "interpolate", "dropna", "NaN", "replace missing")
    input_ports = (
        Port("table", "table", "Table", "The table with missing cells."),
        Port("values", "table", "Values", "What to fill in, as another Missing Value put it out.", optional=True),
    )
    output_ports = (
        Port("table", "table", "Table", "The table with the cells replaced."),
        Port("values", "table", "Values", "One row per filled column: column and value."),
    )

    treatments: list[Treatment] = setting([], "Treatments", "What to do with which columns.")
    nan_is_missing: bool = setting(True, "NaN is missing", "Whether NaN, a number that is none, is replaced too.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same columns; whole numbers with a mean become Float64."""
        table = specs.table()
        for i, treatment in enumerate(self.treatments):
            for column in treatment.columns:
                dtype = table.require(column, setting=f"treatments.{i}.columns")
                _check(treatment, column, dtype, f"treatments.{i}")
            if not treatment.columns and treatment.method == "fixed":
                for column in self._treated(table):
                    if self._treated(table)[column] is treatment:
                        _fixed(treatment, table.schema[column], f"treatments.{i}.value")
        if "values" in specs:
            for name in ("column", "value"):
                specs.table("values").require(name, "text")
        treated = self._treated(table)
        changed = {c: pl.Float64() for c, t in treated.items() if _target(t, table.schema[c]) != table.schema[c]}
        removes = any(t.method == "remove row" for t in treated.values())
        schema = {c: changed.get(c, d) for c, d in table.schema.items()}
        # A column that stays what it is keeps its class names.
        out = TableSpec(
            table.schema, None if removes else table.rows, {c: n for c, n in table.classes.items() if c not in changed}
        )
        return {"table": out.with_schema(schema), "values": TableSpec(_values_schema())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Finds the values, then fills them in, piece by piece."""
        import numpy as np

        table = values.table()
        treated = {c: t for c, t in self._treated(table.spec).items() if t.method != "nothing"}
        given = dict(values.table("values").frame(["column", "value"]).rows()) if "values" in values else None
        fillers: dict[str, pl.Series] = {}
        out = table
        keep = np.ones(table.height, dtype=bool)
        for number, (column, treatment) in enumerate(treated.items()):
            job.check_cancelled()
            job.progress(number / len(treated), column)
            if treatment.method == "remove row":
                keep &= np.concatenate([cells.is_not_null().to_numpy() for cells in self._cells(table, column, job)])
            elif treatment.method in BY_POSITION:
                by_window = treatment.method == "moving average"
                filled = (self._by_window if by_window else self._around)(table, column, treatment, job)
                stays = _target(treatment, table.schema[column]) == table.schema[column]
                kept = {column: table.classes[column]} if stays and column in table.classes else {}
                out = out.with_columns(job.stream(filled), kept)
            else:
                fillers[column] = self._filler(table, column, treatment, given, job)
        if fillers:
            made = job.stream(self._pieces(table, fillers, job))
            kept = {c: n for c, n in table.classes.items() if c in fillers and fillers[c].dtype == table.schema[c]}
            out = out.with_columns(made, kept)
        if not keep.all():
            job.log(left_out(table.height - int(keep.sum()), "with a missing cell"))
            out = out.take(np.flatnonzero(keep))
        told = [(c, None if s.null_count() else _text(s)) for c, s in fillers.items()]
        return {"table": out, "values": Table.of(pl.DataFrame(told, schema=_values_schema(), orient="row"))}

    def _treated(self, table: TableSpec) -> dict[str, Treatment]:
        """For each column the treatment that decides."""
        result: dict[str, Treatment] = {}
        for column in table.schema:
            named = [t for t in self.treatments if column in t.columns]
            typed = [t for t in self.treatments if not t.columns and _suits(t, column, table)]
            if named or typed:
                result[column] = (named or typed)[0]
        return result

    def _cell(self, column: str, table: TableSpec) -> pl.Expr:
        return pl.col(column).fill_nan(None) if self.nan_is_missing and table.schema[column].is_float() else pl.col(column)

    def _cells(self, table: Table, column: str, job: Job) -> Iterator[pl.Series]:
        """The column piece by piece, with NaN as missing where it counts so."""
        for piece in table.batches([column]):
            job.check_cancelled()
            yield piece.select(self._cell(column, table.spec)).to_series()

    def _around(self, table: Table, column: str, treatment: Treatment, job: Job) -> Iterator[pl.DataFrame]:
        """The column filled from the nearest cells before and after, which may be in other pieces."""
        target = _target(treatment, table.schema[column])
        # The first cell of each piece that is there, and its row: of the pieces to come only these are looked at.
        first: list[tuple[pl.Series, int] | None] = []
        start = 0
        if treatment.method != "previous":
            for cells in self._cells(table, column, job):
                first.append(_nearest(cells, start, last=False))
                start += len(cells)
        before: tuple[pl.Series, int] | None = None
        start = 0
        for number, cells in enumerate(self._cells(table, column, job)):
            after = next((found for found in first[number + 1 :] if found), None)
            known = [(before[0] if before else cells.clear()), cells, (after[0] if after else cells.clear())]
            row = pl.int_range(start, start + len(cells), eager=True)
            rows = [pl.Series([found[1]]) if found else row.clear() for found in (before, after)]
            frame = pl.DataFrame({"cell": pl.concat(known), "row": pl.concat([rows[0], row, rows[1]])})
            filled = frame.select(_filled(treatment.method).cast(target).alias(column)).slice(len(known[0]), len(cells))
            yield filled
            before = _nearest(cells, start, last=True) or before
            start += len(cells)

    def _by_window(self, table: Table, column: str, treatment: Treatment, job: Job) -> Iterator[pl.DataFrame]:
        """The column filled by the means of the cells around, some of which may be in the pieces before and after."""
        target = _target(treatment, table.schema[column])
        step = table.rows_per_batch([column])
        for start in range(0, max(table.height, 1), step):
            job.check_cancelled()
            low = max(0, start - treatment.before)
            piece = table.slice(low, start - low + step + treatment.after).frame([column])
            number = self._cell(column, table.spec).cast(pl.Float64)
            # A rolling mean ends at its row: moved up, it is in the middle of its window.
            padded = number.append(pl.repeat(None, treatment.after, dtype=pl.Float64))
            mean = padded.rolling_mean(treatment.before + 1 + treatment.after, min_samples=1).slice(treatment.after)
            yield piece.select(number.fill_null(mean.fill_nan(None)).cast(target).alias(column)).slice(start - low, step)

    def _filler(
        self, table: Table, column: str, treatment: Treatment, given: Mapping[str, str | None] | None, job: Job
    ) -> pl.Series:
        """The one value that fills a column, as a series of the new type; missing where the column has none."""
        dtype = table.schema[column]
        target = _target(treatment, dtype)
        if given is not None:
            return _given(given.get(column), column, target)
        if treatment.method == "fixed":
            return _fixed(treatment, dtype, "treatments")
        if treatment.method in ("median", "mode"):
            cell = self._cell(column, table.spec).drop_nulls()
            found = cell.median() if treatment.method == "median" else cell.mode(maintain_order=True).first()
            return table.frame([column]).select(found.cast(target)).to_series()
        if treatment.method in ("min", "max"):
            ends = pl.concat(cells.to_frame().select(_end(treatment.method)) for cells in self._cells(table, column, job))
            return ends.select(_end(treatment.method).cast(target)).to_series()
        total, count = 0.0, 0
        for cells in self._cells(table, column, job):
            total += float(cells.cast(pl.Float64).sum())
            count += len(cells) - cells.null_count()
        mean = pl.Series([total / count if count else None], dtype=pl.Float64).fill_nan(None)
        return (mean.round() if treatment.method == "rounded mean" else mean).cast(target)

    def _pieces(self, table: Table, fillers: Mapping[str, pl.Series], job: Job) -> Iterator[pl.DataFrame]:
        filled = [self._cell(c, table.spec).cast(s.dtype).fill_null(pl.lit(s).first()).alias(c) for c, s in fillers.items()]
        done = 0
        for batch in table.batches(list(fillers)):
            job.check_cancelled()
            yield batch.select(filled)
            done += batch.height
            job.progress(done / max(table.height, 1))


def _end(method: str) -> pl.Expr:
    """The smallest or the largest cell."""
    return pl.all().min() if method == "min" else pl.all().max()


def _nearest(cells: pl.Series, start: int, *, last: bool) -> tuple[pl.Series, int] | None:
    """The first, or last, cell that is there, and the number of its row; None where all are missing."""
    there = cells.is_not_null()
    if not there.any():
        return None
    place = len(cells) - 1 - int(there.reverse().arg_max() or 0) if last else int(there.arg_max() or 0)
    # Gathered, not sliced: a slice would keep its whole piece in memory.
    return cells.gather([place]), start + place


def _filled(method: str) -> pl.Expr:
    """Column `cell` of rows `row`, filled from the cells before and after."""
    cell = pl.col("cell")
    if method == "previous":
        return cell.forward_fill()
    if method == "next":
        return cell.backward_fill()
    number = cell.cast(pl.Float64)
    before, after = number.forward_fill(), number.backward_fill()
    if method == "average":
        return number.fill_null(_known((before + after) / 2))
    row = pl.when(cell.is_not_null()).then(pl.col("row"))
    share = (pl.col("row") - row.forward_fill()) / (row.backward_fill() - row.forward_fill())
    # Halves of a line that is longer than the largest number; from -inf to inf there is none, and the cell stays missing.
    rise = after - before
    line = pl.when(rise.is_finite()).then(before + rise * share).otherwise(before * (1 - share) + after * share)
    return number.fill_null(_known(line))


def _known(number: pl.Expr) -> pl.Expr:
    """Computed numbers with missing cells for NaN, which is none."""
    return number.fill_nan(None)


def _text(value: pl.Series) -> str:
    """One value as text that `_given` reads."""
    if isinstance(value.dtype, pl.Duration):
        value = value.cast(pl.Int64)  # in the column's unit: there is no other way that polars reads too
    elif isinstance(value.dtype, pl.Datetime) and value.dtype.time_zone is not None:
        return f"{value.dt.convert_time_zone('UTC').dt.replace_time_zone(None).cast(pl.String)[0]}+00:00"
    return str(value.cast(pl.String)[0])


def _given(text: str | None, column: str, dtype: pl.DataType) -> pl.Series:
    """A value as another Missing Value put it out; missing where it told none.

    Raises:
        NodeError: If it is none of the column's type.
    """
    if text is None:
        return pl.Series([None], dtype=dtype)
    try:
        if isinstance(dtype, pl.Duration):
            return pl.Series([text]).cast(pl.Int64).cast(dtype)
        if dtype.is_temporal():
            return _fixed(Treatment(method="fixed", value=text), dtype, "treatments")
        if isinstance(dtype, pl.Boolean):
            return pl.Series([{"true": True, "false": False}[text]])
        return pl.Series([text]).cast(dtype)
    except (pl.exceptions.PolarsError, KeyError, NodeError) as error:
        message = f"The second input gives '{text}' for column '{column}', which is no value of its type."
        raise NodeError(message, "Connect the values that a Missing Value found in such a column.") from error


def _target(treatment: Treatment, dtype: pl.DataType) -> pl.DataType:
    """What a treated column becomes."""
    return pl.Float64() if dtype.is_integer() and treatment.method in BECOME_FLOAT else dtype


def _suits(treatment: Treatment, column: str, table: TableSpec) -> bool:
    """Whether a treatment of all columns of a type can treat this one."""
    kinds = () if treatment.type == "any" else (treatment.type,)
    needed = _needs(treatment)
    return column in table.columns_of(*kinds) and (not needed or column in table.columns_of(*needed))


def _needs(treatment: Treatment) -> tuple[str, ...]:
    """Kinds of columns that the method is for; empty: all."""
    if treatment.method == "rounded mean":
        return ("integer",)
    if treatment.method in NUMERIC:
        return ("number",)
    return PLAIN_KINDS if treatment.method in ("fixed", "min", "max", "mode") else ()


def _check(treatment: Treatment, column: str, dtype: pl.DataType, path: str) -> None:
    """A named column must suit the method, and the fixed value the column."""
    spec = TableSpec(pl.Schema({column: dtype}))
    needed = _needs(treatment)
    if needed and column not in spec.columns_of(*needed):
        raise NodeError(
            f"'{treatment.method}' is for {' or '.join(needed)}, which column '{column}' is not.",
            "Choose another method.",
            setting=f"{path}.method",
        )
    if treatment.method == "fixed":
        _fixed(treatment, dtype, f"{path}.value")


def _fixed(treatment: Treatment, dtype: pl.DataType, setting: str) -> pl.Series:
    """The fixed value as a series of the column's type.

    Raises:
        NodeError: If it is none of this type.
    """
    from nodes.kit.tables.cells import moment, typed_cell

    if treatment.value is None:
        raise NodeError("No value is given.", "Enter one.", setting=setting)
    if isinstance(dtype, pl.Enum):
        if str(treatment.value) not in dtype.categories:
            raise NodeError(f"'{treatment.value}' is no category of the column.", "Enter one of its categories.", setting=setting)
        return pl.Series([str(treatment.value)], dtype=dtype)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        try:
            return pl.select(moment(str(treatment.value), dtype)).to_series()
        except ValueError as error:
            message = f"'{treatment.value}' is no time in {dtype.time_zone}."
            raise NodeError(message, "Enter another one, such as 2025-12-31T23:59.", setting=setting) from error
    name = "String" if isinstance(dtype, pl.Categorical) else type(dtype).__name__
    if isinstance(dtype, pl.Duration | pl.Decimal) or name.endswith("128") or name == "Float16":
        raise NodeError(f"A column of type {name} has no fixed value.", "Choose another method.", setting=setting)
    return typed_cell(treatment.value, name, setting).cast(dtype)  # type: ignore[arg-type]


def _values_schema() -> pl.Schema:
    return pl.Schema({"column": pl.String(), "value": pl.String()})
