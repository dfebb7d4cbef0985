"""Quick add: choose the node for a wire that was pulled into empty space, or for a double click on the canvas.

It is told which node types fit, likely ones first, and says which one was chosen; it knows neither document nor canvas.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from app.editor.panels.node_types import NodeTypeSearch, type_row
from app.editor.panels.popup import popup_frame
from app.editor.panels.rows import KeysToList, ListRow, RowList, SearchField
from app.editor.plain_label import PlainLabel
from nodes.catalog import Catalog

LIKELY = 6
"""So many of the offered types are the likely ones."""
_SIZE = (320, 400)


class QuickAdd(QWidget):
    """A popup: a search field, the likely nodes, all that fit.

    Args:
        catalog: The node types.
    """

    chosen = Signal(str)
    """This node type."""
    cancelled = Signal()
    """It was closed without a choice."""

    def __init__(self, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint)
        self.setAccessibleName("Add a node")
        self._catalog = catalog
        self._search = NodeTypeSearch(catalog.about)
        self._offered: list[str] = []
        self._done = True
        self._title = PlainLabel()
        self._title.setProperty("role", "small")
        self.field = SearchField("Search nodes")
        self.list = RowList(height=30, single_click=True)
        self.list.setAccessibleName("Nodes that fit here")
        self._nothing = PlainLabel("No node that fits here is called so.")
        self._nothing.setProperty("role", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = popup_frame(self)
        for widget in (self._title, self.field, self.list, self._nothing):
            inside.addWidget(widget, 1 if widget in (self.list, self._nothing) else 0)
        self._keys = KeysToList(self.field, self.list)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.field.textChanged.connect(self._find)
        self.list.chosen.connect(self._choose)

    def offer(self, types: Sequence[str], at: QPoint, title: str = "") -> None:
        """Open with these node types.

        Args:
            types: Their ids, the likeliest first; unknown ones are left out.
            at: Where, in global coordinates: the popup's upper left corner, moved as far as the screen asks.
            title: What is being chosen: `After Convolution 2D`.
        """
        self._offered = [t for t in types if t in self._catalog]
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._done = False
        self.field.clear()
        self._find("")
        self.setGeometry(_on_screen(at))
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc in an empty field closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Closed by Esc or a click elsewhere: nothing was chosen."""
        super().hideEvent(event)
        if not self._done:
            self._done = True
            self.cancelled.emit()

    def _find(self, text: str) -> None:
        rows = self._search.rows(text, self._offered) if text.strip() else self._grouped()
        self.list.set_rows(rows)
        self.list.setVisible(bool(rows))
        self._nothing.setVisible(not rows)

    def _grouped(self) -> list[ListRow]:
        """Return the likely ones under a heading, then all by title."""
        likely, rest = self._offered[:LIKELY], self._offered[LIKELY:]
        rows = [type_row(self._catalog.about[t]) for t in likely]
        if not rest:
            return rows
        others = sorted((type_row(self._catalog.about[t]) for t in rest), key=lambda row: row.title)
        return [ListRow("Likely here", style="heading"), *rows, ListRow("All that fit", style="heading"), *others]

    def _choose(self, node_type: str) -> None:
        self._done = True
        self.hide()
        self.chosen.emit(node_type)


def _on_screen(at: QPoint) -> QRect:
    """Return where the popup goes so that all of it is seen."""
    place = QRect(at, at + QPoint(_SIZE[0] - 1, _SIZE[1] - 1))
    screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
    room = screen.availableGeometry()
    place.moveLeft(max(room.left(), min(place.left(), room.right() - place.width() + 1)))
    place.moveTop(max(room.top(), min(place.top(), room.bottom() - place.height() + 1)))
    return place
