"""The tabs in the middle of the window: open workflows, and the welcome page where it is asked for or nothing else is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar, QTabWidget, QToolButton, QWidget

from app.editor.key_tips import KeyTips
from app.editor.look import look
from app.editor.panels.welcome import WelcomePage
from app.editor.preferences import PreferenceStore
from app.editor.workspace import Workspace
from app.folders import examples_folder
from nodes.catalog import Catalog


class WorkflowTabs(QTabWidget):
    """A tab for each open workflow. `currentChanged` tells that another one, or the welcome page, is in front.

    Args:
        catalog: For the pictures of the welcome page.
        preferences: Where recent files are remembered.
        tips: Knows the keys that tooltips name.
    """

    new_requested = Signal()
    """An empty workflow is wanted."""
    close_requested = Signal(Workspace)
    """The button of this workflow's tab was pressed, or the tab with the middle button."""
    menu_requested = Signal(Workspace, QPoint)
    """What can be done with this workflow's tab is wanted, at this point of the screen."""

    def __init__(self, catalog: Catalog, preferences: PreferenceStore, tips: KeyTips, parent: QWidget) -> None:
        super().__init__(parent, documentMode=True, movable=True)
        self._preferences, self._tips = preferences, tips
        self._workspaces: list[Workspace] = []
        self.setAccessibleName("Open workflows")
        self.tabBar().setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tabBar().customContextMenuRequested.connect(self._want_menu)
        self.tabBar().installEventFilter(self)
        self._plus = QToolButton(self, accessibleName="New workflow")
        tips.show(self._plus, "New workflow", "file.new")
        self._plus.clicked.connect(self.new_requested)
        self.setCornerWidget(self._plus, Qt.Corner.TopLeftCorner)
        self.welcome = WelcomePage(catalog, examples_folder())
        self.welcome.new_requested.connect(self.new_requested)
        self.welcome.recent_removed.connect(self._forget_file)
        look().changed.connect(self._redraw)
        self._redraw()

    @property
    def workspaces(self) -> list[Workspace]:
        """The open workflows, in the order of their tabs."""
        by_canvas = {id(w.canvas): w for w in self._workspaces}
        shown = [id(self.widget(i)) for i in range(self.count())]
        return [by_canvas[canvas] for canvas in shown if canvas in by_canvas]

    @property
    def current(self) -> Workspace | None:
        """The workflow in front; None if that is the welcome page."""
        canvas = self.currentWidget()
        return next((w for w in self._workspaces if w.canvas is canvas), None)

    def add(self, workspace: Workspace) -> None:
        """Show a workflow in a new tab, in front, with the focus."""
        canvas = workspace.canvas
        self._workspaces.append(workspace)
        workspace.renamed.connect(lambda: self._retitle(workspace))
        self._add_tab(canvas, workspace.title, lambda: self.close_requested.emit(workspace))
        self.hide_welcome()
        self._retitle(workspace)
        canvas.setFocus()
        QTimer.singleShot(0, canvas, canvas.fit)

    def remove(self, workspace: Workspace) -> None:
        """Take a workflow's tab away; after the last one comes the welcome page."""
        self._workspaces.remove(workspace)
        self.removeTab(self.indexOf(workspace.canvas))
        if not self.count():
            self.show_welcome()

    def show_welcome(self) -> None:
        """Bring the welcome page to the front, in a tab of its own."""
        self.welcome.set_recent([Path(p) for p in self._preferences.values.recent_files])
        if self.indexOf(self.welcome) < 0:
            self._add_tab(self.welcome, "Welcome", self.hide_welcome)
        self.setCurrentWidget(self.welcome)

    def hide_welcome(self) -> None:
        """Take the welcome page's tab away, unless nothing else is open."""
        if self._workspaces and self.indexOf(self.welcome) >= 0:
            self.removeTab(self.indexOf(self.welcome))

    def _add_tab(self, page: QWidget, title: str, close: Callable[[], object]) -> None:
        """Add a tab with a button to close it, and bring it to the front."""
        index = self.addTab(page, title)
        button = QToolButton(accessibleName=f"Close {title}")
        self._tips.show(button, "Close", "file.close")
        button.setObjectName("small")
        button.setIcon(look().icon("mdi6.close", look().colors.muted))
        button.clicked.connect(close)
        self.tabBar().setTabButton(index, QTabBar.ButtonPosition.RightSide, button)
        self.setCurrentIndex(index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the tab that is pressed with the middle button, as browsers do."""
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            workspace = self._at(event.position().toPoint())
            if event.button() is Qt.MouseButton.MiddleButton and watched is self.tabBar() and workspace is not None:
                self.close_requested.emit(workspace)
                return True
        return False

    def _want_menu(self, spot: QPoint) -> None:
        workspace = self._at(spot)
        if workspace is not None:
            self.menu_requested.emit(workspace, self.tabBar().mapToGlobal(spot))

    def _at(self, spot: QPoint) -> Workspace | None:
        """Return the workflow whose tab is at a point of the bar."""
        page = self.widget(self.tabBar().tabAt(spot))
        return next((w for w in self._workspaces if w.canvas is page), None)

    def _retitle(self, workspace: Workspace) -> None:
        index = self.indexOf(workspace.canvas)
        if index >= 0:
            self.setTabText(index, f"{workspace.title} •" if workspace.unsaved else workspace.title)
            self.setTabToolTip(index, str(workspace.path or "not saved yet"))
            close = self.tabBar().tabButton(index, QTabBar.ButtonPosition.RightSide)
            if close is not None:
                close.setAccessibleName(f"Close {workspace.title}")

    def _forget_file(self, path: Path) -> None:
        self._preferences.forget_file(path)
        self.show_welcome()

    def _redraw(self) -> None:
        """Draw the icons in the colours of now."""
        self._plus.setIcon(look().icon("mdi6.plus"))
        for index in range(self.count()):
            close = self.tabBar().tabButton(index, QTabBar.ButtonPosition.RightSide)
            if isinstance(close, QToolButton):
                close.setIcon(look().icon("mdi6.close", look().colors.muted))
