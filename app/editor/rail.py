"""Rails: what is left of panels that are folded. A narrow bar of icons at the edge of the window; each opens its panel again."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QToolBar, QToolButton, QWidget

from app.editor.look import look
from app.editor.panels.rows import tile_pixmap
from app.shelves import Shelf, shelf_color

SHELF_ICONS = {
    "Readers": "mdi6.tray-arrow-down",
    "Images": "mdi6.image-outline",
    "Tables": "mdi6.table",
    "Network / Layers": "mdi6.layers-outline",
    "Network": "mdi6.graph-outline",
    "Learning": "mdi6.school-outline",
    "Scripting": "mdi6.code-braces",
    "Scoring": "mdi6.target",
    "Views": "mdi6.chart-bar",
    "Writers": "mdi6.content-save-outline",
    "Flow": "mdi6.source-branch",
}
"""A picture for each shelf."""
OTHER_ICON = "mdi6.puzzle-outline"
_TILE, _ICON = 24, 20


@dataclass(frozen=True)
class RailEntry:
    """One icon of a rail.

    Attributes:
        title: What it opens.
        key: What the program calls that.
        icon: A Material Design icon.
        color: A shelf's colour: the icon is then shown as a tile; empty: it is a plain icon.
    """

    title: str
    key: str
    icon: str
    color: str = ""


class Rail(QToolBar):
    """A narrow bar of icons.

    Args:
        name: What a stored layout calls it.
        title: What screen readers call it.
        entries: Its icons, from the top.
    """

    chosen = Signal(str)
    """The key of the icon that was pressed."""

    def __init__(self, name: str, title: str, entries: list[RailEntry], parent: QWidget) -> None:
        super().__init__(title, parent, movable=False)
        self.setObjectName(name)
        self.setOrientation(Qt.Orientation.Vertical)
        self.setAccessibleName(title)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setProperty("role", "rail")
        self.setIconSize(QSize(_TILE, _TILE))
        self._buttons: list[tuple[QToolButton, RailEntry]] = []
        for entry in entries:
            button = QToolButton(self, toolTip=entry.title, accessibleName=entry.title)
            button.clicked.connect(lambda _=False, key=entry.key: self.chosen.emit(key))
            self.addWidget(button)
            self._buttons.append((button, entry))
        look().changed.connect(self._redraw)
        self._redraw()

    def button(self, key: str) -> QToolButton:
        """Return the button with this key."""
        return next(button for button, entry in self._buttons if entry.key == key)

    def _redraw(self) -> None:
        """Draw the icons in the colours of now."""
        for button, entry in self._buttons:
            if entry.color:
                tile = tile_pixmap(entry.color, entry.icon, _TILE, max(self.devicePixelRatioF(), 2.0))
                button.setIcon(QIcon(tile))
            else:
                button.setIcon(look().icon(entry.icon))


def shelf_entries(shelves: list[Shelf]) -> list[RailEntry]:
    """Return an icon for each shelf; its key is the shelf's path."""
    return [
        RailEntry(shelf.title, shelf.path, SHELF_ICONS.get(shelf.path, OTHER_ICON), shelf_color(shelf.path)) for shelf in shelves
    ]
