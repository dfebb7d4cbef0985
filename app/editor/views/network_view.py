"""NetworkView: a network as a table of its layers, and as a drawing of boxes with shapes on the edges.

Made of the engine's answer; Keras is not needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.colors import mixed
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.views.architecture import ArchitectureView, layer_color
from app.editor.views.architecture_map import ArchitectureMap
from app.editor.views.elided import ElidedLabel
from app.editor.views.exporting import Export, ExportButton, Exports
from app.editor.views.figure_data import csv_text
from app.editor.views.figure_view import tab_separated
from app.editor.views.pages import PendingRequests
from app.editor.visible_text import plain_tip
from app.engine.messages.figures import LayerSummary, NetworkAnswer, NetworkQuestion
from nodes.wording import counted, grouped

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
SHARE = Qt.ItemDataRole.UserRole
"""Role of a parameter cell: its share of the largest layer's."""
COLOR = Qt.ItemDataRole.UserRole + 1
"""Role of a class cell: the colour of its kind."""


class NetworkView(QWidget):
    """A network: its layers, its architecture, its totals.

    Args:
        asks: Who is asked for it.
        document: The workflow, as the engine calls it.
        parent: The widget it is in.
    """

    shown = Signal()
    """A network is to be seen now."""
    layer_wanted = Signal(str)
    """The node that made this layer is to be shown."""

    def __init__(self, asks: Asks, document: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks, self._document = asks, document
        self._pending = PendingRequests(self)
        self.network: NetworkAnswer | None = None
        self._totals = ElidedLabel()
        self._totals.setProperty("role", "heading")
        self.table = _layers_table()
        self.architecture = ArchitectureView()
        self.overview = ArchitectureMap(self.architecture)
        self.architecture.layer_clicked.connect(self._on_layer)
        self.architecture.moved.connect(self._tell_tools)
        self.table.doubleClicked.connect(self._on_row)
        self._message = PlainLabel("Loading …")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setProperty("role", "muted")
        self._stack = QStackedWidget()
        for widget in (self.architecture, self.table, self._message):
            self._stack.addWidget(widget)
        self._pills = QButtonGroup(self)
        head = QHBoxLayout()
        head.setContentsMargins(14, 6, 10, 4)
        head.addWidget(self._totals)
        head.addStretch(1)
        for number, text in enumerate(("Drawing", "Layers")):
            pill = QPushButton(text)
            pill.setCheckable(True)
            pill.setProperty("role", "pill")
            pill.setChecked(number == 0)
            self._pills.addButton(pill, number)
            head.addWidget(pill)
        self._pills.idToggled.connect(self._on_pill)
        self.unfold, self.turn, self.fit = QToolButton(), QToolButton(), QToolButton()
        for button, call in ((self.unfold, self._on_unfold), (self.turn, self._on_turn), (self.fit, self._on_fit)):
            button.setIconSize(QSize(16, 16))
            button.setProperty("role", "small")
            button.clicked.connect(call)
            head.addWidget(button)
        self.fit.setToolTip("Show all of it (0)")
        self.fit.setAccessibleName("Fit")
        self.exports = ExportButton(self._exported, self)
        head.addWidget(self.exports)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        look().changed.connect(self.table.viewport().update)
        look().changed.connect(self._tell_tools)
        self._tell_tools()
        self._say("Loading …")

    def show_output(self, node: str, port: str, key: str = "") -> None:
        """Show the network at an output port."""
        self._pending.drop_all()
        question = NetworkQuestion(document=self._document, node=node, port=port)
        self._pending.put("look", self._asks.ask(question, self._on_answer))

    def _on_answer(self, answer: NetworkAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self._say(f"{answer.message}\n{answer.remedy}")
        else:
            self.show_network(answer)

    def show_network(self, network: NetworkAnswer) -> None:
        """Show a network."""
        self.network = network
        model = LayersModel(network.layers)
        model.setParent(self.table)
        before = self.table.model()
        self.table.setModel(model)
        if before is not None:
            before.deleteLater()
        header = self.table.horizontalHeader()
        header.setResizeContentsPrecision(60)
        for column in range(model.columnCount()):
            stretched = column == LayersModel.PARAMETERS
            header.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch if stretched else QHeaderView.ResizeMode.ResizeToContents
            )
        self.architecture.show_network(network)
        self._totals.setText(totals(network))
        self._on_pill(self._pills.checkedId(), True)
        self.shown.emit()

    def _say(self, text: str) -> None:
        self._message.setText(text)
        self._stack.setCurrentWidget(self._message)

    def _on_pill(self, number: int, on: bool) -> None:
        if on and self.network is not None:
            self._stack.setCurrentIndex(number)
        self._tell_tools()

    def _on_layer(self, name: str) -> None:
        if self.network is not None:
            numbers = [layer.name for layer in self.network.layers]
            self.table.selectRow(numbers.index(name))
        self.layer_wanted.emit(name)

    def _on_row(self, index: QModelIndex) -> None:
        if self.network is not None:
            name = self.network.layers[index.row()].name
            self.architecture.mark(name)
            self.layer_wanted.emit(name)

    def _on_unfold(self) -> None:
        self.architecture.unfold_all(not self.architecture.is_unfolded)

    def _on_turn(self) -> None:
        self.architecture.turn("right" if self.architecture.upright else "down")

    def _on_fit(self) -> None:
        self.architecture.show_all()

    def _tell_tools(self) -> None:
        """Have the buttons say what they would do now."""
        drawn = self.network is not None and self._stack.currentWidget() is self.architecture
        folds = drawn and bool(self.architecture.folds)
        for button, wanted in ((self.unfold, folds), (self.turn, drawn), (self.fit, drawn)):
            button.setVisible(wanted)
        is_open, upright = self.architecture.is_unfolded, self.architecture.upright
        fold = ("mdi6.unfold-less-horizontal", "Fold") if is_open else ("mdi6.unfold-more-horizontal", "Open")
        turn = ("mdi6.arrow-right", "From left to right") if upright else ("mdi6.arrow-down", "From top to bottom")
        for button, (icon, text) in ((self.unfold, fold), (self.turn, turn)):
            button.setIcon(look().icon(icon))
            said = f"{text} all repeated blocks" if button is self.unfold else text
            button.setToolTip(said)
            button.setAccessibleName(said)
        self.fit.setIcon(look().icon("mdi6.fit-to-page-outline"))

    def _exported(self) -> Exports | None:
        if self.network is None:
            return None
        layers = self.network.layers
        files = [
            Export("PNG", self.architecture.png()),
            Export("SVG", self.architecture.svg()),
            Export("CSV", lambda: layers_csv(layers).encode()),
        ]
        return Exports("network", files, self.architecture.picture, lambda: tab_separated(layers_csv(layers)))


def _layers_table() -> QTableView:
    """Return an empty table of layers."""
    table = QTableView()
    table.setAccessibleName("Layers of the network")
    table.setShowGrid(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(26)
    table.setItemDelegate(_LayerDelegate(table))
    return table


def totals(network: NetworkAnswer) -> str:
    """`11 layers · 165 238 parameters, all trainable · trained`."""
    count, parameters, trainable = len(network.layers), network.parameters, network.trainable_parameters
    part = "all trainable" if trainable == parameters else f"{grouped(trainable)} trainable"
    parts = [
        counted(count, "layer"),
        counted(parameters, "parameter") + (f", {part}" if parameters else ""),
    ]
    if network.trained is not None and parameters:
        parts.append("with weights" if network.trained else "not trained yet")
    return " · ".join(parts)


def layers_csv(layers: Sequence[LayerSummary]) -> str:
    """Return the table of layers as CSV."""
    head = ["layer", "class", "output shape", "parameters", "trainable parameters", "inputs"]
    rows = (
        [
            layer.name,
            layer.kind,
            ", ".join(layer.shapes),
            str(layer.parameters),
            str(layer.trainable_parameters),
            ", ".join(layer.inputs),
        ]
        for layer in layers
    )
    return csv_text(head, rows)


class LayersModel(QAbstractTableModel):
    """The layers as Keras's summary lists them."""

    HEAD = ("Layer", "Class", "Output shape", "Parameters", "Trainable", "Inputs")
    PARAMETERS = 3

    def __init__(self, layers: Sequence[LayerSummary]) -> None:
        super().__init__()
        self._layers = layers
        self._most = max((layer.parameters for layer in layers), default=0)

    def rowCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return one per layer."""
        return 0 if parent.isValid() else len(self._layers)

    def columnCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        """Return as many as there are heads."""
        return 0 if parent.isValid() else len(self.HEAD)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell."""
        layer, column = self._layers[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(layer)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            settings = "\n".join(f"{k}: {v}" for k, v in layer.config.items() if not isinstance(v, dict | list))
            return plain_tip(f"{layer.kind} {layer.name}\n{settings}")
        if role == SHARE and column == self.PARAMETERS:
            return layer.parameters / self._most if self._most else 0.0
        if role == COLOR and column == 1:
            return layer_color(layer.kind)
        return None

    @staticmethod
    def _texts(layer: LayerSummary) -> tuple[str, ...]:
        count, trainable = layer.parameters, layer.trainable_parameters
        said = "" if not count else "yes" if trainable == count else "frozen" if not trainable else f"{grouped(trainable)}"
        shapes = ", ".join(shape.replace(" x ", " × ") for shape in layer.shapes)
        inputs = ", ".join(name.rpartition("_")[0] if name.endswith("_0:0") else name for name in layer.inputs)
        return layer.name, layer.kind, shapes, grouped(count), said, inputs

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the heads."""
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.HEAD[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


class _LayerDelegate(QStyledItemDelegate):
    """Bars behind the numbers of parameters, and a spot of the kind's colour before the class."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint a cell."""
        share, color = index.data(SHARE), index.data(COLOR)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colors = look().colors
        if share is not None:
            room = rect.adjusted(86, 8, -14, -8)
            if room.width() > 20:
                painter.setBrush(QColor(mixed(colors.line, colors.panel, 0.55)))
                painter.drawRoundedRect(QRectF(room), 4, 4)
                if share:
                    painter.setBrush(QColor(colors.accent))
                    painter.drawRoundedRect(QRectF(room.left(), room.top(), max(4.0, room.width() * share), room.height()), 4, 4)
            text = QRect(rect.left(), rect.top(), min(82, rect.width()), rect.height())
            painter.setPen(QColor(colors.text if share else colors.muted))
            painter.drawText(
                text.adjusted(4, 0, -4, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, index.data()
            )
        if color is not None:
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(QRectF(rect.left() + 4, rect.center().y() - 3.5, 8, 8), 2.5, 2.5)
            option.rect = rect.adjusted(14, 0, 0, 0)
        painter.restore()
        if share is None:
            super().paint(painter, option, index)
