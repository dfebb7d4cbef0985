"""CanvasFocus: whenever nothing else wants it, the keyboard is the canvas's, so that F2, Delete and the arrows work."""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

from app.editor.tabs import WorkflowTabs


class CanvasFocus(QObject):
    """Gives the canvas the focus: on another workflow's tab, on Esc in a panel, and when what had the focus is no longer seen.

    Args:
        window: The window.
        tabs: The open workflows.
        docks: The panels around them.
    """

    def __init__(self, window: QMainWindow, tabs: WorkflowTabs, docks: list[QDockWidget]) -> None:
        super().__init__(window)
        self._window, self._tabs, self._docks = window, tabs, docks
        tabs.currentChanged.connect(lambda _: self._tab_changed())
        for watched in (window, *docks):
            watched.installEventFilter(self)
        for dock in docks:
            dock.visibilityChanged.connect(lambda seen, dock=dock: None if seen else self._covered(dock))
        self._was_hidden = False
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._give_if_lost)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._moved)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Esc where nobody else has: what has a use for it does not pass it on to its dock."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self.give()
        return False

    def give(self) -> None:
        """Give the canvas the focus, if a workflow is in front."""
        if self._tabs.current is not None:
            if not self._window.isActiveWindow() and any(dock.isActiveWindow() for dock in self._docks):
                self._window.activateWindow()
            self._tabs.current.canvas.setFocus()

    def _tab_changed(self) -> None:
        if not self._tabs.tabBar().hasFocus():  # the arrows go from tab to tab there
            self.give()

    def _moved(self, old: QWidget | None, now: QWidget | None) -> None:
        """Look, when all events are through, whether the focus was lost or went nowhere in particular."""
        if old is not None and now is not None and self._is_hidden_dock(old, now):
            self._was_hidden = True  # it stays so when Qt then goes on from one to the next
        if self._was_hidden or now is None or now is self._window:
            self._later.start()

    def _covered(self, dock: QDockWidget) -> None:
        """Look whether the focus is left behind in a dock that another one was brought before."""
        focus = QApplication.focusWidget()
        if focus is not None and dock.isAncestorOf(focus):
            self._was_hidden = True
            self._later.start()

    def _is_hidden_dock(self, old: QWidget, now: QWidget) -> bool:
        """Tell whether the focus moved because the dock that had it was hidden, or another one was brought before it."""
        with suppress(RuntimeError):  # it may be gone altogether
            return any(dock.isAncestorOf(old) and not dock.isAncestorOf(now) and not old.isVisible() for dock in self._docks)
        return False

    def _give_if_lost(self) -> None:
        focus = QApplication.focusWidget()
        lost = focus is None or focus is self._window or not focus.isVisible()
        was_hidden, self._was_hidden = self._was_hidden, False
        if self._window.isActiveWindow() and QApplication.activePopupWidget() is None and (lost or was_hidden):
            self.give()
