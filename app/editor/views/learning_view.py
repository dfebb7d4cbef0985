"""LearningView: watch networks learn. Loss and metrics, live or of finished runs, over each other; stop and keep.

The curves are drawn in the background, no more often than that leaves the machine to the training; what follows the mouse
is painted over the last drawing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from app.editor.look import interface_font, look
from app.editor.plain_label import PlainLabel
from app.editor.views.elided import ElidedLabel
from app.editor.views.exporting import ExportButton, Exports
from app.editor.views.figure_view import FigureImage, FigurePane, FigureRenderer, FigureRequest, figure_exports
from app.editor.views.training_runs import VALIDATION, CurveOptions, TrainingHistory, TrainingRun, curves
from app.editor.visible_text import plain_tip
from app.engine.messages.tells import MetricPoint
from nodes.values.figure import Line, LinesFigure
from nodes.wording import duration

if TYPE_CHECKING:
    from app.drawing import Panel

PAUSE_MILLISECONDS = 125
"""At least so long between two drawings."""
WIDE_ENOUGH_FOR_TWO = 600
"""In device-independent pixels."""
SHARE = 4
"""A drawing that took a second is followed by no other for so many seconds: training needs the processor, too."""


class LearningView(QWidget):
    """The learning curves of one run, or of several laid over each other.

    Args:
        trainings: Where the runs are; without them, the view has its own.
        titled: Whether it says which run it shows; not where that is said around it.
        parent: The widget it is in.
    """

    stop_requested = Signal(str, str)
    """End the training of this node (workflow, as the engine calls it; node) here, and keep what was reached."""
    drawing_chosen = Signal(float, bool)
    """The person chose how curves are drawn: the smoothing, and whether the scale is logarithmic."""

    def __init__(self, trainings: TrainingHistory | None = None, *, titled: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titled = titled
        self.trainings = trainings or TrainingHistory(parent=self)
        self.options = CurveOptions()
        self._shown: list[str] = []
        self._own: TrainingRun | None = None
        self._chosen_quantities = False
        self._stopping = self._place = ""
        self._last_cost = self._began_drawing = 0.0

        self._title = ElidedLabel("Learning curves")
        self._title.setProperty("role", "heading")
        self._epoch = PlainLabel("")
        self._epoch.setObjectName("epochPill")
        self._epoch.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._stop = QPushButton("Stop here and keep")
        self._stop.setProperty("role", "danger")
        self._stop.setToolTip("End the training now and keep the best weights (those with the lowest validation loss)")
        self._stop.setCursor(Qt.CursorShape.PointingHandCursor)
        self._stop.clicked.connect(self._on_stop)
        self._tune = _tool("How the curves are drawn: smoothing, scale, quantities", "Curve options")
        self._tune.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._tune_menu = _CurveMenu(self)
        self._tune_menu.changed.connect(self._on_options)
        self._tune.setMenu(self._tune_menu)
        self._compare = _tool("Lay several runs over each other", "Compare runs")
        self._compare.setCheckable(True)
        self._compare.toggled.connect(self._on_compare)
        self.exports = ExportButton(self._exported, self)

        self.chart = CurveChart()
        self.chart.resized.connect(self._plan)
        self._list = QListWidget()
        self._list.setAccessibleName("Runs to lay over each other")
        self._list.setMaximumWidth(230)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setWordWrap(True)
        self._list.setObjectName("runList")
        self._list.itemChanged.connect(self._on_checked)
        self._list.hide()
        self._counters = _Counters()
        self._lay_out()

        self._renderer = FigureRenderer(self)
        self._renderer.drawn.connect(self._on_drawn)
        self._renderer.failed.connect(self._on_failed)
        self._due = QTimer(self, singleShot=True)
        self._due.timeout.connect(self._draw)
        self.trainings.changed.connect(self._on_changed)
        self.trainings.listed.connect(self._on_listed)
        look().changed.connect(self._dress)
        self._dress()
        self._refresh()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(14, 8, 8, 2)
        head.setSpacing(6)
        head.addWidget(self._title)
        head.addWidget(self._epoch)
        head.addStretch(1)
        head.addWidget(self._stop)
        tools = QHBoxLayout()
        tools.setSpacing(0)
        for button in (self._tune, self._compare, self.exports):
            tools.addWidget(button)
        head.addLayout(tools)
        middle = QHBoxLayout()
        middle.setContentsMargins(6, 0, 8, 0)
        middle.addWidget(self.chart, 1)
        middle.addWidget(self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addLayout(middle, 1)
        layout.addWidget(self._counters)

    # -- what is shown

    @property
    def shown(self) -> list[TrainingRun]:
        """The runs whose curves are to be seen; the first is the one the counters tell of."""
        found = [self._own if self._own and self._own.id == run_id else self.trainings.get(run_id) for run_id in self._shown]
        return [run for run in found if run is not None]

    def show_run(self, run: TrainingRun | None) -> None:
        """Show one run of the trainings; None: nothing."""
        self._show([run.id] if run else [])

    def set_place(self, workflow: str) -> None:
        """Say in the title which workflow the curves belong to."""
        if workflow != self._place:
            self._place = workflow
            self._refresh()

    def start(self, node: str, title: str, epochs: int | None = None, document: str = "") -> None:
        """Show a learner that begins to train."""
        self.show_run(self.trainings.begin(document, node, title, epochs))

    def add(self, points: Iterable[MetricPoint]) -> None:
        """New points of the run that is shown, as the engine tells them."""
        run = self._first()
        if run is not None:
            self.trainings.add(run.document, run.node, points, run.title)

    def finish(self, status: str) -> None:
        """Show how the training that is shown ended: `done`, `failed` or `cancelled`."""
        run = self._first()
        if run is not None:
            self.trainings.end(run.document, run.node, status)

    def show_history(self, title: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Show a finished Learner's history: `columns` has a list of values per epoch for each quantity."""
        self._own = TrainingRun.from_history(title, columns)
        self._show([self._own.id])

    def _first(self) -> TrainingRun | None:
        shown = self.shown
        return shown[0] if shown else None

    def _show(self, ids: list[str]) -> None:
        self._shown = ids
        self._stopping = ""
        self.chart.clear()
        self._on_listed()

    # -- changes

    def _on_changed(self, run_id: str) -> None:
        if run_id in self._shown:
            self._refresh()

    def _on_listed(self) -> None:
        self._fill_list()
        self._refresh()

    def _refresh(self) -> None:
        """Everything but the curves at once; the curves when it is their time."""
        runs = self.shown
        first = runs[0] if runs else None
        said = first.title if first and len(runs) == 1 else f"{len(runs)} runs" if runs else "Learning curves"
        self._title.setText(f"{self._place} · {said}" if self._place and len(runs) == 1 else said)
        self._title.setVisible(self._titled or len(runs) > 1)
        self._epoch.setVisible(first is not None)
        if first is not None:
            now = min(first.epoch + (1 if first.live else 0), first.epochs or first.epoch + 1)
            self._epoch.setText(f"epoch {now} / {first.epochs}" if first.epochs else f"epoch {now}")
        live = first is not None and first.live
        self._stop.setVisible(live)
        self._stop.setEnabled(live and self._stopping != (first.id if first else ""))
        self._stop.setText("Stopping …" if live and not self._stop.isEnabled() else "Stop here and keep")
        self._counters.show_run(first)
        known = list(dict.fromkeys(name for run in runs for name in run.quantities))
        self._tune_menu.offer(known, self._quantities(known))
        self.exports.setEnabled(bool(known))
        self._plan()

    def _quantities(self, known: Sequence[str]) -> tuple[str, ...]:
        """Return what is drawn: what was chosen, else the loss and the first metric, or only that where it is narrow."""
        chosen = tuple(name for name in self.options.quantities if name in known)
        if self._chosen_quantities and chosen:
            return chosen
        return tuple(known[:2]) if self.chart.width() >= WIDE_ENOUGH_FOR_TWO else tuple(known[:2][-1:])

    def _on_options(self) -> None:
        menu = self._tune_menu
        self._chosen_quantities = self._chosen_quantities or menu.touched
        self.options = CurveOptions(menu.chosen, menu.smoothing.value() / 100, menu.log.isChecked(), menu.per_batch.isChecked())
        self._plan()
        self.drawing_chosen.emit(self.options.smoothing, self.options.log)

    def draw_with(self, smoothing: float, log: bool) -> None:
        """Draw curves as they were drawn last time."""
        self._tune_menu.smoothing.setValue(round(100 * smoothing))
        self._tune_menu.log.setChecked(log)

    def _on_stop(self) -> None:
        run = self._first()
        if run is not None and run.live:
            self._stopping = run.id
            self._refresh()
            self.stop_requested.emit(run.document, run.node)

    # -- comparing

    def _on_compare(self, on: bool) -> None:
        self._list.setVisible(on)
        if not on and len(self._shown) > 1:
            self._show(self._shown[:1])

    def _fill_list(self) -> None:
        runs = ([self._own] if self._own else []) + self.trainings.runs
        self._list.blockSignals(True)
        self._list.clear()
        for run in runs:
            when = "running" if run.live else time.strftime("%d %b, %H:%M", time.localtime(run.began))
            item = QListWidgetItem(f"{run.title}\n{'this result' if run is self._own else when}{_outcome(run)}")
            item.setData(Qt.ItemDataRole.UserRole, run.id)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if run.id in self._shown else Qt.CheckState.Unchecked)
            item.setToolTip(plain_tip(item.text()))
            self._list.addItem(item)
        self._list.blockSignals(False)

    def _on_checked(self, item: QListWidgetItem) -> None:
        run_id = item.data(Qt.ItemDataRole.UserRole)
        kept = [shown for shown in self._shown if shown != run_id]
        self._shown = [*kept, run_id] if item.checkState() is Qt.CheckState.Checked else kept
        self._refresh()

    # -- drawing

    def _plan(self) -> None:
        """Draw soon, but not too often."""
        if self._due.isActive() or not self.isVisible():
            return
        pause = max(PAUSE_MILLISECONDS / 1000, self._last_cost * SHARE)
        self._due.start(max(0, math.ceil((self._began_drawing + pause - time.monotonic()) * 1000)))

    def _request(self) -> FigureRequest | None:
        runs = self.shown
        known = list(dict.fromkeys(name for run in runs for name in run.quantities))
        if not known or self.chart.width() < 60 or self.chart.height() < 40:
            return None
        options = CurveOptions(self._quantities(known), self.options.smoothing, self.options.log, self.options.per_batch)
        return FigureRequest(
            curves(runs, options),
            self.chart.width(),
            self.chart.height(),
            self.devicePixelRatioF(),
            look().colors.dark,
            titled=False,
        )

    def _draw(self) -> None:
        request = self._request()
        if request is None:
            self.chart.clear(
                "The first points will appear here in a moment." if self.shown else "Run a Learner to watch it learn here."
            )
            return
        if not self._renderer.busy:
            self._began_drawing = time.monotonic()
        self._renderer.draw(request)

    def _on_drawn(self, drawn: object) -> None:
        assert isinstance(drawn, FigureImage)
        self._last_cost = time.monotonic() - self._began_drawing
        if self.shown:
            self.chart.show_drawing(drawn)

    def _on_failed(self, why: str) -> None:
        self.chart.clear(f"The curves cannot be drawn: {why}")

    def _dress(self) -> None:
        self._tune.setIcon(look().icon("mdi6.tune-variant", look().colors.muted))
        self._compare.setIcon(look().icon("mdi6.chart-multiple", look().colors.muted))
        self._plan()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was not drawn while nobody saw it."""
        self._plan()

    def _exported(self) -> Exports | None:
        request = self._request()
        return None if request is None else figure_exports(request, self.chart.image)


def _outcome(run: TrainingRun) -> str:
    """Return what the list says of a run beside its time: its last validation loss, or loss."""
    for name, label in (("val_accuracy", "val. accuracy"), ("val_loss", "val. loss"), ("loss", "loss")):
        value = run.of_last_epoch(name)
        if value is not None:
            return f" · {label} {value:.3g}"
    return ""


def _tool(tip: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(tip)
    button.setAccessibleName(name)
    button.setIconSize(QSize(17, 17))
    return button


# --------------------------------------------------------------------------------------------------------------- options


class _CurveMenu(QMenu):
    """Smoothing, scale and quantities."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.touched = False
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 98)
        self.smoothing.setAccessibleName("Smoothing")
        self._amount = PlainLabel("none")
        self._amount.setProperty("role", "muted")
        self.log = QCheckBox("Logarithmic scale")
        self.per_batch = QCheckBox("Thin lines within the epochs")
        self.per_batch.setChecked(True)
        self._boxes: dict[str, QCheckBox] = {}
        panel = QWidget()
        self._grid = QGridLayout(panel)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setSpacing(8)
        self._grid.addWidget(PlainLabel("Smoothing"), 0, 0)
        self._grid.addWidget(self._amount, 0, 1, Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(self.smoothing, 1, 0, 1, 2)
        self._grid.addWidget(self.log, 2, 0, 1, 2)
        self._grid.addWidget(self.per_batch, 3, 0, 1, 2)
        action = QWidgetAction(self)
        action.setDefaultWidget(panel)
        self.addAction(action)
        self.smoothing.valueChanged.connect(self._on_smoothing)
        self.log.toggled.connect(self._on_toggled)
        self.per_batch.toggled.connect(self._on_toggled)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The quantities that are checked."""
        return tuple(name for name, box in self._boxes.items() if box.isChecked())

    def offer(self, names: Sequence[str], chosen: Sequence[str]) -> None:
        """Offer these quantities."""
        if list(self._boxes) != list(names):
            for box in self._boxes.values():
                self._grid.removeWidget(box)
                box.deleteLater()
            self._boxes = {name: QCheckBox(name.replace("_", " ")) for name in names}
            for row, (name, box) in enumerate(self._boxes.items(), 4):
                box.setChecked(name in chosen)
                box.setAccessibleName(f"Draw {name}")
                box.toggled.connect(self._on_quantity)
                self._grid.addWidget(box, row, 0, 1, 2)

    def _on_smoothing(self, value: int) -> None:
        self._amount.setText(f"{value / 100:.2f}" if value else "none")
        self.changed.emit()

    def _on_toggled(self, _: bool) -> None:
        self.changed.emit()

    def _on_quantity(self, _: bool) -> None:
        self.touched = True
        self.changed.emit()


# -------------------------------------------------------------------------------------------------------------- counters


class _Counters(QWidget):
    """The newest figures, large: loss, validation loss, time an epoch, learning rate, epoch."""

    def __init__(self) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 0, 14, 0)
        self._row.setSpacing(20)
        self._cells: list[tuple[QLabel, QLabel]] = []
        for _ in range(6):
            value, name = PlainLabel(), PlainLabel()
            value.setObjectName("counterValue")
            name.setProperty("role", "muted")
            cell = QVBoxLayout()
            cell.setSpacing(0)
            cell.addWidget(value)
            cell.addWidget(name)
            self._row.addLayout(cell)
            self._cells.append((value, name))
        self._row.addStretch(1)

    def show_run(self, run: TrainingRun | None) -> None:
        """Show a run's newest figures."""
        texts = counters(run) if run else []
        for i, (value, name) in enumerate(self._cells):
            shown = i < len(texts)
            value.setVisible(shown)
            name.setVisible(shown)
            if shown:
                value.setText(texts[i][1])
                name.setText(texts[i][0])
                value.setAccessibleName(f"{texts[i][0]}: {texts[i][1]}")


def counters(run: TrainingRun) -> list[tuple[str, str]]:
    """Return name and text of the figures below the curves, the most telling first."""
    metric = next((name for name in run.quantities if name != "loss"), None)
    named: list[tuple[str, float | None]] = [("loss", run.latest("loss")), ("val. loss", run.of_last_epoch(VALIDATION + "loss"))]
    if metric:
        label = metric.replace("_", " ")
        named.append((f"val. {label}", run.of_last_epoch(VALIDATION + metric)))
        if named[-1][1] is None:
            named[-1] = (label, run.latest(metric))
    found = [(name, _number(value)) for name, value in named if value is not None]
    times = [row["seconds"] for row in run.rows if row.get("seconds") is not None]
    if times:
        found.append(("an epoch", duration(sum(t for t in times[-3:] if t is not None) / len(times[-3:]))))
    rate = run.of_last_epoch("learning_rate")
    if rate is not None:
        found.append(("learning rate", f"{rate:.3g}"))
    return found


def _number(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"
    return f"{value:.2e}"


# ----------------------------------------------------------------------------------------------------------------- chart


class CurveChart(FigurePane):
    """The drawn curves, and over them the values at the position of the mouse, or of the arrow keys."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._drawn: FigureImage | None = None
        self._at: tuple[int, float] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Learning curves")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 90)

    def clear(self, message: str = "") -> None:
        """Show a message instead of curves."""
        self._drawn = None
        self._at = None
        self.show_image(None, message)

    def show_drawing(self, drawn: FigureImage) -> None:
        """Show a drawing; what is read off stays where it is."""
        self._drawn = drawn
        self.show_image(drawn.image)

    # -- reading values off

    def values_at(self, panel: int, x: float) -> list[tuple[Line, float, float]]:
        """Return the lines of a panel with their values at the position nearest to `x`."""
        if self._drawn is None or panel >= len(self._drawn.panels):
            return []
        figure = self._drawn.request.figure
        assert isinstance(figure, LinesFigure)
        group = self._drawn.panels[panel].group
        found = []
        for line in figure.lines:
            if line.group == group and line.style != "faint" and len(line.x):
                i = min(range(len(line.x)), key=lambda n, line=line: abs(line.x[n] - x))  # type: ignore[misc]
                found.append((line, float(line.x[i]), float(line.y[i])))
        return found

    def _rect(self, panel: Panel) -> QRectF:
        left, top, right, bottom = panel.box
        return QRectF(left * self.width(), top * self.height(), (right - left) * self.width(), (bottom - top) * self.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read off at the mouse."""
        self._at = None
        for number, panel in enumerate(self._drawn.panels if self._drawn else ()):
            rect = self._rect(panel)
            if rect.adjusted(-4, -14, 4, 14).contains(event.position()):
                share = (event.position().x() - rect.left()) / max(1.0, rect.width())
                self._at = (number, panel.x[0] + share * (panel.x[1] - panel.x[0]))
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Read nothing off any more."""
        self._at = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from value to value, up and down from panel to panel, Esc ends it."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        panels = len(self._drawn.panels) if self._drawn else 0
        if event.key() == Qt.Key.Key_Escape and self._at is not None:
            self._at = None
        elif panels and event.key() in steps:
            self._at = self._next(steps[Qt.Key(event.key())])
        elif panels and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            number, x = self._at or (0, math.inf)
            self._at = ((number + (1 if event.key() == Qt.Key.Key_Down else -1)) % panels, x)
        else:
            super().keyPressEvent(event)
            return
        self.setAccessibleDescription(self.reading())
        self.update()

    def _next(self, step: int) -> tuple[int, float] | None:
        number, x = self._at or (0, math.inf if step < 0 else -math.inf)
        values = {line_x for line, _, _ in self.values_at(number, 0) for line_x in map(float, line.x)}
        beyond = [v for v in values if (v - x) * step > 0]
        if not beyond:
            return self._at
        return (number, min(beyond, key=lambda v: abs(v - x)) if math.isfinite(x) else (max if step < 0 else min)(beyond))

    def reading(self) -> str:
        """Return what is read off, in words."""
        if self._at is None:
            return ""
        values = self.values_at(*self._at)
        return (
            ", ".join([f"epoch {_position(values[0][1])}", *(f"{line.name} {y:.4g}" for line, _, y in values)]) if values else ""
        )

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the drawing, and what is read off."""
        super().paintEvent(event)
        values = self.values_at(*self._at) if self._at else []
        if self._drawn is None or self._at is None or not values:
            return
        panel = self._drawn.panels[self._at[0]]
        rect = self._rect(panel)
        nearest = min((x for _, x, _ in values), key=lambda x: abs(x - self._at[1]))  # type: ignore[index]
        across = rect.left() + (nearest - panel.x[0]) / ((panel.x[1] - panel.x[0]) or 1) * rect.width()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = look().colors
        painter.setPen(QPen(QColor(colors.muted), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(across, rect.top()), QPointF(across, rect.bottom()))
        at_nearest = [(line, y) for line, x, y in values if abs(x - nearest) < 1e-9]
        for line, y in at_nearest:
            painter.setPen(QPen(QColor(colors.panel), 1.5))
            painter.setBrush(QColor(_line_color(line, colors.dark)))
            painter.drawEllipse(QPointF(across, rect.bottom() - _height(panel, y) * rect.height()), 4, 4)
        self._paint_card(painter, across, rect, nearest, at_nearest)
        painter.end()

    def _paint_card(self, painter: QPainter, across: float, rect: QRectF, x: float, values: list[tuple[Line, float]]) -> None:
        colors = look().colors
        font, bold = interface_font(11), interface_font(11, bold=True)
        metrics = QFontMetricsF(bold)
        head = f"epoch {_position(x)}"
        rows = [(_line_color(line, colors.dark), f"{y:.4g}", line.name) for line, y in values]
        first = max([metrics.horizontalAdvance(text) for _, text, _ in rows] + [20.0])
        width = max([metrics.horizontalAdvance(head), *(first + 26 + metrics.horizontalAdvance(name) for *_, name in rows)]) + 18
        step = metrics.height() + 2
        card = QRectF(0, 0, width, step * (len(rows) + 1) + 10)
        card.moveTopLeft(QPointF(across + 10 if across + 10 + width < self.width() else across - 10 - width, rect.top() + 2))
        card.moveTop(max(2.0, min(card.top(), self.height() - card.height() - 2)))
        painter.setPen(QPen(QColor(colors.line), 1))
        painter.setBrush(QColor(colors.raised))
        painter.drawRoundedRect(card, 7, 7)
        painter.setFont(font)
        painter.setPen(QColor(colors.muted))
        line = QRectF(card.left() + 9, card.top() + 5, width - 18, step)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, head)
        for color, text, name in rows:
            line.translate(0, step)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(color))
            painter.drawEllipse(QPointF(line.left() + 4, line.center().y()), 3.5, 3.5)
            painter.setPen(QColor(colors.text))
            painter.setFont(bold)
            painter.drawText(line.adjusted(13, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
            painter.setFont(font)
            painter.setPen(QColor(colors.muted))
            painter.drawText(line.adjusted(first + 20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Have a new drawing made for a new size."""
        super().resizeEvent(event)
        self.resized.emit()


def _height(panel: Panel, y: float) -> float:
    """Return how high in a panel a value is, from 0 to 1."""
    low, high = panel.y
    if panel.log:
        if min(y, low, high) <= 0:
            return 0.0
        y, low, high = math.log(y), math.log(low), math.log(high)
    return max(0.0, min(1.0, (y - low) / ((high - low) or 1)))


def _position(x: float) -> str:
    return f"{x:.0f}" if float(x).is_integer() else f"{x:.2f}"


def _line_color(line: Line, dark: bool) -> str:
    from app.drawing import THEMES

    theme = THEMES["dark" if dark else "light"]
    palette = theme.dashed if line.dashed else theme.solid
    return palette[(line.hue or 0) % len(palette)]
