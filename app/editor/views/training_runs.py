"""What trainings have told: the points of their live curves, kept so that runs can be laid over each other, today and later.

`TrainingRun` and the figure made of some of them know nothing of widgets; `TrainingHistory` is where all views find them.
"""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.editor.views.background import in_background
from app.engine.messages.tells import MetricPoint
from nodes.values.figure import Line, LinesFigure

ABOUT = ("epoch", "learning_rate", "seconds", "epochs")
"""Values of a point that are not curves."""
VALIDATION = "val_"
MOST_POINTS = 6000
"""Points per quantity that are kept of a run's batches; of more, every other one is dropped."""
DRAWN_POINTS = 900
"""Points per line that are drawn; more could not be told apart."""
KEPT_RUNS = 60
"""Finished runs that are remembered over sessions."""


@dataclass
class TrainingRun:
    """A training.

    Attributes:
        title: What the person calls the learner.
        document: The workflow it belongs to, as the engine calls it; empty for one of an earlier session.
        node: The learner's id.
        began: Seconds since 1970.
        epochs: How many it is to do; None if not known.
        status: `running`, or how it ended.
        rows: A mapping per finished epoch, in their order: `epoch`, quantities, learning rate, seconds.
        batches: Quantity -> positions (in epochs) and values within the epochs.
        id: Unique.
    """

    title: str
    document: str = ""
    node: str = ""
    began: float = field(default_factory=time.time)
    epochs: int | None = None
    status: str = "running"
    rows: list[dict[str, float | None]] = field(default_factory=list)
    batches: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def live(self) -> bool:
        """Whether it is still going on."""
        return self.status == "running"

    @property
    def quantities(self) -> list[str]:
        """What there are curves of: the loss first."""
        names = itertools.chain(self.batches, *self.rows)
        return list(dict.fromkeys(n for n in names if n not in ABOUT and not n.startswith(VALIDATION)))

    @property
    def epoch(self) -> int:
        """The number of the last finished epoch."""
        return int(self.rows[-1]["epoch"] or 0) if self.rows else 0

    @property
    def position(self) -> float:
        """How far it is, in epochs."""
        ends = (xs[-1] for xs, _ in self.batches.values() if xs)
        return max([float(self.epoch), *ends])

    def add(self, point: MetricPoint) -> None:
        """Take a point as the engine tells it."""
        values = point.values
        if values.get("epochs"):
            self.epochs = int(values["epochs"])
        if point.epoch:
            row: dict[str, float | None] = {"epoch": point.step, **{k: v for k, v in values.items() if k != "epochs"}}
            self.rows = [r for r in self.rows if (r["epoch"] or 0) < point.step] + [row]
            return
        for name, value in values.items():
            if name not in ABOUT:
                xs, ys = self.batches.setdefault(name, ([], []))
                xs.append(point.step)
                ys.append(float(value))
                if len(xs) > MOST_POINTS:
                    del xs[1:-1:2], ys[1:-1:2]

    def latest(self, name: str) -> float | None:
        """Return the newest value of a quantity: within the epoch if there is one, else that of the last epoch."""
        xs, ys = self.batches.get(name, ([], []))
        if self.live and xs and xs[-1] > self.epoch:
            return ys[-1]
        return self.of_last_epoch(name) if self.rows else (ys[-1] if ys else None)

    def of_last_epoch(self, name: str) -> float | None:
        """Return a value of the last finished epoch."""
        return self.rows[-1].get(name) if self.rows else None

    def as_dict(self) -> dict[str, Any]:
        """Return it for the file of finished runs: without the batches."""
        names = ("title", "node", "began", "epochs", "status", "rows", "id")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrainingRun:
        """Read what `as_dict` gave; raises KeyError, TypeError or ValueError if it is something else."""
        rows = [{str(k): None if v is None else float(v) for k, v in row.items()} for row in data["rows"]]
        if any("epoch" not in row for row in rows):
            raise ValueError("a row without its epoch")
        epochs = data.get("epochs")
        return cls(
            title=str(data["title"]),
            node=str(data.get("node", "")),
            began=float(data["began"]),
            epochs=None if epochs is None else int(epochs),
            status=str(data["status"]),
            rows=rows,
            id=str(data["id"]),
        )

    @classmethod
    def from_history(cls, title: str, columns: Mapping[str, Sequence[Any]]) -> TrainingRun:
        """Return a finished training from its history table: a list of values per epoch for each quantity."""
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        return cls(title, epochs=len(rows) or None, status="done", rows=rows)


# --------------------------------------------------------------------------------------------------------------- drawing


@dataclass(frozen=True)
class CurveOptions:
    """How curves are drawn.

    Attributes:
        quantities: Which; empty: all.
        smoothing: From 0 (not at all) to 1: how much of the value before is kept at each step.
        log: A logarithmic scale.
        per_batch: Thin lines within the epochs, too.
    """

    quantities: tuple[str, ...] = ()
    smoothing: float = 0.0
    log: bool = False
    per_batch: bool = True


def curves(runs: Sequence[TrainingRun], options: CurveOptions) -> LinesFigure:
    """Return learning curves of some runs over each other: a panel per quantity, a colour per run, validation dashed."""
    lines: list[Line] = []
    known = list(dict.fromkeys(name for run in runs for name in run.quantities))
    for quantity in [name for name in known if not options.quantities or name in options.quantities]:
        for hue, run in enumerate(runs):
            training, validation = _names(run, runs)
            lines += _of_batches(run, quantity, training, hue, options)
            for name, label, dashed in ((quantity, training, False), (VALIDATION + quantity, validation, True)):
                found = [(float(row["epoch"] or 0), row.get(name)) for row in run.rows]
                points = [(x, float(y)) for x, y in found if y is not None]
                if points:
                    xs, ys = [x for x, _ in points], [y for _, y in points]
                    if options.smoothing and len(ys) > 2:
                        lines.append(Line(label, xs, ys, quantity, dashed, "faint", hue))
                        ys = smoothed(ys, options.smoothing)
                    lines.append(Line(label, xs, ys, quantity, dashed, "points", hue))
    ends = [float(run.epochs or 0) for run in runs] + [run.position for run in runs]
    title = runs[0].title if len(runs) == 1 else "Learning curves"
    return LinesFigure(title, lines, "epoch", (0.0, max([*ends, 1.0])), options.log)


def _names(run: TrainingRun, runs: Sequence[TrainingRun]) -> tuple[str, str]:
    """Return what the lines of a run's training and validation are called among those of others."""
    if len(runs) == 1:
        return "training", "validation"
    twins = sum(other.title == run.title for other in runs) > 1
    name = time.strftime("%H:%M:%S", time.localtime(run.began)) if twins else run.title
    return name, f"val. {name}"


def _of_batches(run: TrainingRun, quantity: str, name: str, hue: int, options: CurveOptions) -> list[Line]:
    xs, ys = run.batches.get(quantity, ([], []))
    is_first_epoch = not run.rows
    if len(xs) < 2 or not (options.per_batch or is_first_epoch):
        return []
    drawn_x, drawn_y = thinned(xs, smoothed(ys, options.smoothing))
    return [Line(name, drawn_x, drawn_y, quantity, False, "line" if is_first_epoch else "faint", hue)]


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Return the exponential moving average, without the pull towards zero of its first values (as TensorBoard's)."""
    if not weight:
        return list(values)
    made, average, part = [], 0.0, 1.0
    for value in values:
        average = average * weight + value * (1 - weight)
        part *= weight
        made.append(average / (1 - part))
    return made


def thinned(xs: Sequence[float], ys: Sequence[float], most: int = DRAWN_POINTS) -> tuple[list[float], list[float]]:
    """Return at most about so many points, of each stretch its lowest and highest, so that no peak is lost."""
    if len(xs) <= most:
        return list(xs), list(ys)
    step = -(-2 * len(xs) // most)
    kept: list[int] = []
    for start in range(0, len(xs), step):
        stretch = range(start, min(start + step, len(xs)))
        kept += sorted({min(stretch, key=ys.__getitem__), max(stretch, key=ys.__getitem__)})
    if kept[-1] != len(xs) - 1:
        kept.append(len(xs) - 1)
    return [xs[i] for i in kept], [ys[i] for i in kept]


# --------------------------------------------------------------------------------------------------------------- history


class TrainingHistory(QObject):
    """All trainings that are known: those going on, those of this session, and those of earlier ones.

    Args:
        file: Where finished runs are remembered; None: nowhere.
        parent: Its owner.
    """

    changed = Signal(str)
    """A run has new points, or has ended: its id."""
    listed = Signal()
    """A run began, ended, was forgotten, or those of earlier sessions are there now."""

    def __init__(self, file: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._runs: dict[str, TrainingRun] = {}
        self._latest: dict[tuple[str, str], str] = {}
        if file is not None:
            in_background(lambda: _read(file), self._on_read)

    @property
    def runs(self) -> list[TrainingRun]:
        """All, the newest first."""
        return sorted(self._runs.values(), key=lambda run: -run.began)

    def get(self, run_id: str) -> TrainingRun | None:
        """Return the run with this id."""
        return self._runs.get(run_id)

    def latest(self, document: str, node: str) -> TrainingRun | None:
        """Return the newest training of a learner in this session."""
        return self._runs.get(self._latest.get((document, node), ""))

    def begin(self, document: str, node: str, title: str, epochs: int | None = None) -> TrainingRun:
        """Begin a run: a learner begins to train."""
        before = self.latest(document, node)
        if before is not None and before.live:
            self.end(document, node, "cancelled")
        run = TrainingRun(title, document, node, epochs=epochs)
        self._runs[run.id] = run
        self._latest[document, node] = run.id
        self.listed.emit()
        return run

    def add(self, document: str, node: str, points: Iterable[MetricPoint], title: str = "") -> TrainingRun:
        """Add points of a learner's curves, as the engine tells them; a run that was not begun begins with them."""
        run = self.latest(document, node)
        if run is None or not run.live:
            run = self.begin(document, node, title or node)
        for point in points:
            run.add(point)
        self.changed.emit(run.id)
        return run

    def end(self, document: str, node: str, status: str) -> None:
        """End a learner's training: `done`, `failed`, `cancelled`. Nothing happens if none was going on."""
        run = self.latest(document, node)
        if run is None or not run.live:
            return
        run.status = status
        if not run.rows and not run.batches:
            del self._runs[run.id]
            del self._latest[document, node]
        else:
            self._write()
        self.changed.emit(run.id)
        self.listed.emit()

    def take(self, run: TrainingRun) -> None:
        """Know this finished run, too; it is not remembered, for its result is."""
        self._runs[run.id] = run
        self.listed.emit()

    def forget(self, run_id: str) -> None:
        """Remember this run no longer."""
        if self._runs.pop(run_id, None) is not None:
            self._write()
            self.listed.emit()

    def _write(self) -> None:
        if self._file is None:
            return
        kept = [run for run in self.runs if not run.live and run.rows][:KEPT_RUNS]
        text = json.dumps({"runs": [run.as_dict() for run in kept]}, ensure_ascii=False)
        file = self._file
        in_background(lambda: _store(file, text), self._on_written)

    def _on_written(self, _: None) -> None:
        """Do nothing: nothing waits for it."""

    def _on_read(self, runs: list[TrainingRun]) -> None:
        self._runs = {run.id: run for run in runs} | self._runs
        self.listed.emit()


def _store(file: Path, text: str) -> None:
    from app.document.atomic_writing import write_atomically

    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, text.encode())


def _read(file: Path) -> list[TrainingRun]:
    """Return the runs of a file; none if it cannot be read: they are a convenience, and the next one that ends writes it anew."""
    try:
        return [TrainingRun.from_dict(data) for data in json.loads(file.read_text("utf-8"))["runs"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
