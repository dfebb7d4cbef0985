"""The tabs that docks share a place with: a double click maximizes, a right click offers all that can be done with a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from PySide6.QtCore import QChildEvent, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QTabBar

from app.editor.key_tips import KeyTips


class DockTabs(QObject):
    """Follows the tab bars that Qt makes and throws away as docks come together and part.

    Args:
        window: The window.
        docks: Its docks, by name.
        maximize: Called with the name of a dock that is to fill the window, or to be given back its place.
        tips: Knows the keys.
    """

    def __init__(
        self, window: QMainWindow, docks: Mapping[str, QDockWidget], maximize: Callable[[str], object], tips: KeyTips
    ) -> None:
        super().__init__(window)
        self._docks, self._maximize, self._tips = docks, maximize, tips
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watch new tab bars, and what is clicked on them."""
        if event.type() == QEvent.Type.ChildPolished:
            child = cast(QChildEvent, event).child()
            if isinstance(child, QTabBar):
                child.installEventFilter(self)
                child.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                child.customContextMenuRequested.connect(lambda spot, bar=child: self._offer(bar, spot))
        elif isinstance(watched, QTabBar) and event.type() == QEvent.Type.MouseButtonDblClick:
            name = self._at(watched, cast(QMouseEvent, event).position().toPoint())
            if name:
                self._maximize(name)
                return True
        return super().eventFilter(watched, event)

    def _at(self, bar: QTabBar, spot: QPoint) -> str:
        """The dock whose tab is there; empty if there is none."""
        title = bar.tabText(bar.tabAt(spot))
        return next((name for name, dock in self._docks.items() if dock.windowTitle() == title), "")

    def _offer(self, bar: QTabBar, spot: QPoint) -> None:
        name = self._at(bar, spot)
        if name:
            menu = panel_menu(self._docks[name], lambda: self._maximize(name), self._tips)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(bar.mapToGlobal(spot))


def panel_menu(dock: QDockWidget, maximize: Callable[[], object], tips: KeyTips) -> QMenu:
    """Return a menu of what can be done with a dock."""
    menu = QMenu(dock)
    menu.addAction(f"Maximize, or give back its place\t{tips.key('view.maximize')}").triggered.connect(lambda: maximize())  # noqa: PLW0108 - Qt would give it whether it is checked
    menu.addAction("Float").triggered.connect(lambda: dock.setFloating(True))
    menu.addAction(f"Close\t{tips.key(f'view.{dock.objectName()}')}").triggered.connect(dock.close)
    return menu
