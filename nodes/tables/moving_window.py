"""Moving Window: pieces of a series, as an LSTM takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.sampling import GROUP_KINDS, groups_of
from nodes.values.table import BATCH_BYTES, Table, TableSpec
from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("number", "boolean")


class MovingWindow(Node):
    """Cut a series into overlapping windows, each with what comes after it: what a recurrent network learns from.

    A row comes out for each window: an array of `steps x columns`, the cells of the columns to predict that lie ahead, and
    those that are kept of the window's last row (such as its time). Windows never reach over the ends of the table or, with
    a group column, of a group. The order of the rows counts: put a Sorter before. KNIME has no such node: it takes lag columns
    and Columns to Collection.

    Example: 24 steps of `temperature` and `pressure`, target `temperature` 1 step ahead: arrays of 24 x 2 for an Input Layer of
    shape 24,2, an LSTM and a Dense Layer of 1 unit.
    """

    id = "tables.moving_window"
    title = "Moving Window"
    shelf = "Tables / Time Series"
    icon = "mdi6.window-shutter"
    keywords = (
        "sliding window", "rolling window", "sequences", "LSTM", "timeseries_dataset_from_array", "Window Loop Start", "forecast",
        "lookback", "horizon",
        "time series",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The series, a row for each step."),)
    output_ports = (Port("windows", "table", "Windows", "A row for each window."),)

    columns: list[str] = setting([], "Columns", "What a window holds.", columns=Columns("table", KINDS))
    steps: int = setting(10, "Steps", "How many rows a window has.", ge=1, le=1_000_000)
    targets: list[str] = setting(
        [], "Columns to predict", "Whose cells ahead of the window are wanted; may be empty.", columns=Columns("table", KINDS),
        group="Targets",
    )  # fmt: skip
    horizon: int = setting(1, "Steps ahead", "From the window's last row to the first that is wanted.", ge=1, group="Targets")
    target_steps: int = setting(
        1, "Number of steps", "How many rows from there on are wanted.", ge=1, le=100_000, group="Targets"
    )
    stride: int = setting(1, "Stride", "Rows from the beginning of a window to that of the next.", ge=1)
    sampling_rate: int = setting(1, "Every n-th row", "Rows between two steps of a window.", ge=1, advanced=True)
    group_column: str | None = setting(
        None, "Group column", "Rows of different groups are series of their own.", columns=Columns("table", GROUP_KINDS)
    )
    keep: list[str] = setting([], "Keep", "Columns to keep beside the window, with the cell of its last row.", columns=Columns())
    missing: Literal["skip", "fail"] = setting(
        "skip",
        "Missing cells",
        "What becomes of windows that hold, or look ahead to, a missing or infinite cell.",
        choices={"skip": "They are left out, with a warning.", "fail": "The node stops with an error."},
    )
    dtype: Literal["Float32", "Float64"] = setting(
        "Float32",
        "Number type",
        "The type of the numbers in a window.",
        advanced=True,
        choices={"Float32": "As Keras has it.", "Float64": "Exact."},
    )
    name: str = setting("window", "Window column", "What to call the column with windows.", min_length=1)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Windows, targets and what is kept."""
        table = specs.table()
        if not self.columns:
            table.require(None, *KINDS, setting="columns")
        for setting_, columns, kinds in (
            ("columns", self.columns, KINDS),
            ("targets", self.targets, KINDS),
            ("keep", self.keep, ()),
        ):
            for column in columns:
                table.require(column, *kinds, setting=setting_)
        if self.group_column is not None:
            table.require(self.group_column, *GROUP_KINDS, setting="group_column")
        if self.name in self._kept:
            raise NodeError(f"There is already a column '{self.name}'.", "Choose another name.", setting="name")
        for column in self._target_names:
            if column in self._kept or column == self.name:
                raise NodeError(f"Two columns would be named '{column}'.", "Rename one first.", setting="keep")
        schema = {**{c: table.schema[c] for c in self._kept}, **self._schema()}
        classes = {c: n for c, n in table.classes.items() if c in self._kept}
        rows = None
        if table.rows is not None and table.rows < self._reach:
            rows = 0
        return {"windows": TableSpec(pl.Schema(schema), rows, classes)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Cuts windows, so many at a time as fit into memory."""
        import numpy as np

        table = values.table()
        cells = self._cells(table, self._inputs)
        answers = self._cells(table, self._targets) if self.targets else cells[:, :0]
        orders = groups_of(table, self.group_column) if self.group_column else [np.arange(table.height)]
        # Where each window starts: a place in `order`, which never goes from one group to the next.
        order = np.concatenate([o.astype(np.int64) for o in orders]) if orders else np.arange(0)
        starts: list[NDArray[Any]] = [np.arange(0)]
        first = 0
        for group in orders:
            starts.append(first + np.arange(0, max(0, len(group) - self._reach + 1), self.stride))
            first += len(group)
        at = np.concatenate(starts)
        inside = np.arange(self.steps) * self.sampling_rate
        ahead = inside[-1] + self.horizon + np.arange(self.target_steps)
        cells, answers = cells[order], answers[order]
        kept_rows: list[NDArray[Any]] = []
        skipped = [0]

        def pieces() -> Iterator[pl.DataFrame]:
            width = max(1, (self.steps * len(self._inputs) + self.target_steps * len(self._targets)) * 8)
            step = max(1, BATCH_BYTES // width)
            for begin in range(0, max(len(at), 1), step):
                job.check_cancelled()
                mine = at[begin : begin + step]
                windows = cells[mine[:, None] + inside]
                wanted = answers[mine[:, None] + ahead] if self.targets else answers[:0].reshape(0, 0, 0)
                whole = np.isfinite(windows).all(axis=(1, 2))
                if self.targets:
                    whole &= np.isfinite(wanted).all(axis=(1, 2))
                if not whole.all() and self.missing == "fail":
                    row = int(order[mine[int(np.argmin(whole))]]) + 1
                    message = f"The window that begins in row {row} holds, or looks ahead to, a missing cell."
                    raise NodeError(message, "Fill it (Missing Value), or skip such windows.", setting="missing")
                skipped[0] += int((~whole).sum())
                kept_rows.append(order[mine[whole] + inside[-1]])
                yield self._frame(windows[whole], wanted[whole] if self.targets else wanted)
                job.progress(min(1.0, (begin + step) / max(len(at), 1)))

        made = job.stream(pieces())
        if skipped[0]:
            ahead_of = "a missing or infinite cell"
            told = counted(
                skipped[0], f"window holds, or looks ahead to, {ahead_of}", f"windows hold, or look ahead to, {ahead_of}"
            )
            job.warn(f"{told}: left out.")
        if not self._kept:
            return {"windows": made}
        rows = np.concatenate(kept_rows)
        return {"windows": table.select(self._kept).take(rows).with_columns(made)}

    def _cells(self, table: Table, columns: list[str]) -> NDArray[Any]:
        """The columns as numbers, (rows, columns); missing is NaN."""
        number = pl.Float32() if self.dtype == "Float32" else pl.Float64()
        made = table.frame(columns).select(pl.all().cast(number)).to_numpy()
        return made.astype(made.dtype, copy=True)

    def _frame(self, windows: NDArray[Any], wanted: NDArray[Any]) -> pl.DataFrame:
        schema = self._schema()

        def series(name: str, cells: NDArray[Any]) -> pl.Series:
            return pl.Series(name, cells) if len(cells) else pl.Series(name, [], dtype=schema[name])

        made = [series(self.name, windows)]
        for i, name in enumerate(self._target_names):
            cells = wanted[:, :, i] if len(windows) else wanted
            made.append(series(name, cells[:, 0] if self.target_steps == 1 and len(windows) else cells))
        return pl.DataFrame(made)

    def _schema(self) -> dict[str, pl.DataType]:
        """The columns that are made."""
        number = pl.Float32() if self.dtype == "Float32" else pl.Float64()
        target = number if self.target_steps == 1 else pl.Array(number, self.target_steps)
        return {self.name: pl.Array(number, (self.steps, len(self._inputs))), **dict.fromkeys(self._target_names, target)}

    @property
    def _inputs(self) -> list[str]:
        return list(dict.fromkeys(self.columns))

    @property
    def _targets(self) -> list[str]:
        return list(dict.fromkeys(self.targets))

    @property
    def _kept(self) -> list[str]:
        return list(dict.fromkeys([*([self.group_column] if self.group_column else []), *self.keep]))

    @property
    def _target_names(self) -> list[str]:
        last = self.horizon + self.target_steps - 1
        ahead = f"+{self.horizon}" if self.target_steps == 1 else f"+{self.horizon}..{last}"
        return [f"{column}({ahead})" for column in self._targets]

    @property
    def _reach(self) -> int:
        """Rows from the first of a window to the last that it needs."""
        inside = (self.steps - 1) * self.sampling_rate + 1
        return inside + (self.horizon + self.target_steps - 1 if self.targets else 0)
