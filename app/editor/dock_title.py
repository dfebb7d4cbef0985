"""The title of a dock: its name, and small buttons to float and to close it, seen when the mouse is near."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QMouseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QToolButton, QWidget

from app.editor.dock_tabs import panel_menu
from app.editor.key_tips import KeyTips
from app.editor.look import look
from app.editor.plain_label import PlainLabel

_ANY_HEIGHT = 16777215  # Qt's QWIDGETSIZE_MAX


class DockTitle(QWidget):
    """A slim title bar; dragging it moves the dock, a double click gives it all the room of the window.

    Args:
        dock: The dock it belongs to.
        maximize: Gives the dock all the room, or its place again.
        tips: Knows the keys.
        named: Whether it shows the dock's name; not where what is in the dock has a heading of its own.
    """

    def __init__(self, dock: QDockWidget, maximize: Callable[[], object], tips: KeyTips, *, named: bool = True) -> None:
        super().__init__(dock)
        self.setObjectName("dockTitle")
        self._dock = dock
        self._maximize, self._tips = maximize, tips
        self._named = named
        self._in_tab = False
        self._name = PlainLabel(dock.windowTitle())
        self._name.setProperty("role", "small")
        self._float = _button("Float", lambda: dock.setFloating(not dock.isFloating()))
        self._close = _button("Close", dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 2, 6, 0)
        row.setSpacing(0)
        row.addWidget(self._name, 1)
        row.addWidget(self._float)
        row.addWidget(self._close)
        for button in (self._float, self._close):
            button.setAccessibleName(f"{button.toolTip()} {dock.windowTitle()}")
            keep = button.sizePolicy()
            keep.setRetainSizeWhenHidden(True)
            button.setSizePolicy(keep)
        look().changed.connect(self._redraw)
        dock.topLevelChanged.connect(self._redraw)
        self._settled = QTimer(self, singleShot=True, interval=0)  # Qt makes tabs only after it has shown the docks
        self._settled.timeout.connect(self._name_or_tab)
        dock.visibilityChanged.connect(lambda _: self._settled.start())
        dock.dockLocationChanged.connect(lambda _: self._settled.start())
        self._redraw()
        self._show_buttons(False)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the buttons."""
        self._show_buttons(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the buttons, unless the dock floats."""
        self._show_buttons(self._dock.isFloating())
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Maximize; of a floating dock, put it back."""
        if self._dock.isFloating():
            self._dock.setFloating(False)
        else:
            self._maximize()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer all that can be done with the dock."""
        menu = panel_menu(self._dock, self._maximize, self._tips)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def _show_buttons(self, shown: bool) -> None:
        self._float.setVisible(shown)
        self._close.setVisible(shown)

    def sizeHint(self) -> QSize:
        """No room where a tab names the dock already (the tab can be dragged, too)."""
        return QSize(0, 0) if self._in_tab else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As `sizeHint`."""
        return QSize(0, 0) if self._in_tab else super().minimumSizeHint()

    def _name_or_tab(self) -> None:
        window = self._dock.parentWidget()
        in_place = not self._dock.isFloating()
        self._in_tab = in_place and isinstance(window, QMainWindow) and bool(window.tabifiedDockWidgets(self._dock))
        self.setMaximumHeight(0 if self._in_tab else _ANY_HEIGHT)
        self._name.setText("" if not self._named and in_place else self._dock.windowTitle())
        self.updateGeometry()

    def _redraw(self) -> None:
        self._name_or_tab()
        color = look().colors.muted
        self._float.setIcon(look().icon("mdi6.dock-window" if self._dock.isFloating() else "mdi6.open-in-new", color))
        self._close.setIcon(look().icon("mdi6.close", color))


def _button(tip: str, call: Callable[[], object]) -> QToolButton:
    button = QToolButton(toolTip=tip, autoRaise=True)
    button.setObjectName("small")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(call)
    return button
