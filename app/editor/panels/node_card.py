"""The card below the node repository: what the selected kind of node is for, what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.editor.look import look
from app.editor.panels.port_icon import port_pixmap
from app.editor.plain_label import PlainLabel
from nodes.base import Port
from nodes.catalog import NodeType


class NodeCard(QFrame):
    """Title, description, ports and a link to the help of a kind of node; or a message."""

    more_requested = Signal(str)
    """The link "More" was pressed, for this node type's id."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName("Description of the selected node")
        self._title = _wrapped("heading")
        self._description = _wrapped("muted")
        self._ports = QWidget()
        self._grid = QGridLayout(self._ports)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 11)
        layout.setSpacing(3)
        layout.addWidget(self._title)
        layout.addWidget(self._description)
        layout.addWidget(self._ports)
        self._shown: NodeType | None = None
        self._description.linkActivated.connect(self.more_requested)
        look().changed.connect(self._redraw)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_type(self, node_class: NodeType) -> None:
        """Describe a kind of node."""
        self._shown = node_class
        self._title.setText(node_class.title)
        self._redraw()
        self.show()

    def show_message(self, title: str, text: str) -> None:
        """Say something else, such as why a plug-in is not there. Plain text."""
        self._shown = None
        self._title.setText(title)
        self._description.setTextFormat(Qt.TextFormat.PlainText)
        self._description.setText(text)
        self._ports.hide()
        self.show()

    def _redraw(self) -> None:
        if self._shown is None:
            return
        shown = self._shown
        link = f'<a href="{shown.id}" style="color: {look().colors.accent}; text-decoration: none">More</a>'
        self._description.setTextFormat(Qt.TextFormat.RichText)
        self._description.setText(f"{_escaped(shown.description())} {link}")
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        row = self._add_ports("In", shown.input_ports, 0)
        row = self._add_ports("Out", shown.output_ports, row)
        self._ports.setVisible(row > 0)

    def _add_ports(self, side: str, ports: Sequence[Port], row: int) -> int:
        for number, port in enumerate(ports):
            shape = PlainLabel()
            shape.setPixmap(port_pixmap(port.kind, self.devicePixelRatioF()))
            shape.setAccessibleName(port.kind)
            text = port.title + (" (optional)" if port.optional else " (any number)" if port.grows else "")
            title = PlainLabel(text)
            title.setProperty("role", "small")
            title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            title.setToolTip(f"{port.kind.capitalize()}: {port.help}" if port.help else port.kind.capitalize())
            which = PlainLabel(side if number == 0 else "")
            which.setProperty("role", "small")
            self._grid.addWidget(shape, row, 0)
            self._grid.addWidget(title, row, 1)
            self._grid.addWidget(which, row, 2, Qt.AlignmentFlag.AlignRight)
            row += 1
        return row


def _wrapped(role: str) -> QLabel:
    label = PlainLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
    )
    return label


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
