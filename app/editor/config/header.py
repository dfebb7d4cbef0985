"""The dialog's head: the node's tile, its name (edited in place), its id and what it does in one line."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from app.contrast import SIGN, type_on
from app.editor.config.widgets import IconButton
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.shelves import OTHER_SHELF

TILE = 36
INSIDE = 6
"""Pixels between the edge of the name and its first letter, as the style has it."""
_WRAPPED = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap


class Tile(QWidget):
    """A node's icon on its shelf's colour, as on the canvas."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(TILE, TILE)
        self._icon = "mdi6.circle-outline"
        self._color = OTHER_SHELF

    def show_node(self, icon: str, color: str) -> None:
        """Show another node's."""
        self._icon, self._color = icon, color
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a rounded square with the icon."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._color))
        painter.drawRoundedRect(QRectF(0, 0, TILE, TILE), 9, 9)
        side = 22
        look().icon(self._icon, type_on(self._color, SIGN)).paint(
            painter, QRect((TILE - side) // 2, (TILE - side) // 2, side, side)
        )


class NameEdit(QLineEdit):
    """The name: looks like a title until it is edited. Enter and leaving it rename, Esc takes back."""

    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "name")
        self.setToolTip("The node's name: click to change it; empty gives back the usual one")
        self._shown = ""

    def show_name(self, name: str) -> None:
        """Show the name of another node, or a new one."""
        self._shown = name
        self.setText(name)
        self.setCursorPosition(0)
        self._fit()

    @property
    def seen(self) -> str:
        """The part of the name that fits into two lines, with an ellipsis; all of it while it is edited."""
        text, width = self.text(), self._room().width()
        if self.hasFocus() or self._lines(text) <= 2:
            return text
        # words leave some of the first line empty, so what is cut must be found by trying
        for share in range(2 * width, 0, -max(width // 8, 1)):
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, share)
            if self._lines(shown) <= 2:
                return shown
        return "…"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line; a name that is too long for one goes over two, and ends with an ellipsis if that is not enough."""
        if self.hasFocus() or self._lines(self.text()) == 1:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self._room(), _WRAPPED, self.seen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as high as the name needs in this width."""
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter renames, Esc takes back what was typed."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish()
        elif event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self.show_name(self._shown)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving it renames."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._finish()

    def sizeHint(self) -> QSize:
        """Return a size as high as the text."""
        return QSize(120, self.fontMetrics().height() + 8)

    def _room(self) -> QRect:
        return QRect(INSIDE, 0, self.width() - 2 * INSIDE, self.height())

    def _lines(self, text: str) -> int:
        """Return how many lines a text needs; a word that is wider than a line counts as too many."""
        metrics, width = self.fontMetrics(), self._room().width()
        if metrics.horizontalAdvance(text) <= width:
            return 1
        needed = metrics.boundingRect(QRect(0, 0, width, 10_000), _WRAPPED, text)
        return 3 if needed.width() > width else round(needed.height() / metrics.lineSpacing())

    def _fit(self) -> None:
        lines = min(self._lines(self.text()), 2)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 8)

    def _finish(self) -> None:
        text = self.text().strip()
        if text != self._shown:
            self._shown = text
            self.renamed.emit(text)


class DialogHeader(QWidget):
    """The head of the dialog."""

    renamed = Signal(str)
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tile = Tile()
        self.name = NameEdit()
        self.name.setAccessibleName("Name of the node")
        self.name.renamed.connect(self.renamed)
        self.about = PlainLabel()
        self.about.setProperty("role", "small")
        self.about.setContentsMargins(5, 0, 0, 0)
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.help = IconButton("mdi6.help-circle-outline", "What this node does", size=18)
        self.help.clicked.connect(self.help_requested)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self.name)
        texts.addWidget(self.about)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self.tile, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(texts, 1)
        layout.addWidget(self.help, 0, Qt.AlignmentFlag.AlignTop)

    def show_node(self, node_id: str, name: str, description: str, icon: str, color: str) -> None:
        """Show another node."""
        self.tile.show_node(icon, color)
        self.name.show_name(name)
        plain = description.replace("`", "")  # marks of code are for the help, which draws them
        self.about.setText(f"{node_id} · {plain}" if plain else node_id)
