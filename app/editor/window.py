"""The main window: the layout of all there is to see, and what Qt tells a window.

In the middle lie the tabs with the workflows, and messages over their corner; around them docks, the toolbar, the status bar.
What a person can do there is in `app.editor.commands`, which work on the desk that the window makes for them.
"""

from __future__ import annotations

import base64
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QMenu

from app.editor.canvas_focus import CanvasFocus
from app.editor.canvas_menu import CanvasMenu
from app.editor.commands.topics import Commands
from app.editor.desk import Desk
from app.editor.docks import TITLES, Docks
from app.editor.engine_events import EngineEvents
from app.editor.key_tips import KeyTips
from app.editor.learning_presenter import LearningPresenter
from app.editor.menus import make_menus, toolbar_entries
from app.editor.panels.toasts import Toasts
from app.editor.presenter import PanelPresenter
from app.editor.status_bar import StatusBar
from app.editor.tabs import WorkflowTabs
from app.editor.toolbar import MainToolbar
from app.editor.workspace import Services, Workspace

WANTED_SIZE = QSize(1680, 1020)
"""The size of the first window of all, in device-independent pixels; on a smaller screen it is maximized."""


class MainWindow(QMainWindow):
    """A window of the editor.

    Args:
        services: The catalog, the engine, the preferences and the suggestions.

    Attributes:
        tabs: The open workflows.
        messages: What the person is told, over the workflow it is about.
        docks: The panels around them.
        desk: What commands work on.
        commands: What a person can do.
        status_bar: The line below everything.
        menu: The menu of all menus.
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setWindowTitle("Layerloom")
        self.setAcceptDrops(True)
        self._tips = KeyTips(self)
        self.tabs = WorkflowTabs(services.catalog, services.preferences, self._tips, self)
        self.setCentralWidget(self.tabs)
        self.messages = Toasts(self.tabs, self._room_of_minimap)
        self.docks = Docks(self, services, self._tips)
        self.desk = Desk(self, services, self.tabs, self.messages)
        self.commands = Commands(self.desk, self.docks, self.tabs)
        self._tips.follow(self.commands.actions)
        self._make_bars()
        CanvasFocus(self, self.tabs, [self.docks[name] for name in TITLES])
        self._presenter = PanelPresenter(self.desk, self.docks)
        self._learning = LearningPresenter(self.desk, self.docks)
        EngineEvents(self.desk, self.docks, self.status_bar)
        CanvasMenu(self.desk, self.commands.actions, self.commands.rows)
        self.desk.opened.connect(self._follow)
        self.desk.changed.connect(self._refresh)
        self.tabs.currentChanged.connect(lambda _: self._presenter.show_current())
        self._connect_tabs()
        self._restore_layout()
        self.tabs.show_welcome()

    # -- putting together

    def _make_bars(self) -> None:
        """Add the menu bar (seen on macOS; elsewhere the menus are behind a button), the toolbar and the status bar."""
        actions, rows = self.commands.actions, self.commands.rows
        self.menu = QMenu(self)
        for menu in make_menus(self, actions, rows):
            self.menu.addMenu(menu)
            self.menuBar().addMenu(menu)
        self.menuBar().setVisible(self.menuBar().isNativeMenuBar())
        self.addToolBar(MainToolbar(actions, self.menu, toolbar_entries(rows), self._tips, self))
        self.status_bar = StatusBar(self._tips, self)
        self.status_bar.problems_requested.connect(lambda: self.docks.show("problems"))
        self.status_bar.messages_requested.connect(self.commands.viewing.show_messages)
        self.messages.told.connect(lambda: self.status_bar.count_messages(len(self.messages.history)))
        self.status_bar.zoom_reset_requested.connect(self.commands.viewing.zoom_reset)
        self.setStatusBar(self.status_bar)

    def _connect_tabs(self) -> None:
        files, welcome = self.commands.files, self.tabs.welcome
        self.tabs.new_requested.connect(files.new)
        self.tabs.close_requested.connect(files.close)
        self.tabs.menu_requested.connect(self.commands.tabs.open_menu)
        welcome.open_requested.connect(lambda path: files.open(path) if path else files.open_dialog())
        welcome.example_requested.connect(files.open_example)
        welcome.tour_requested.connect(self.commands.tour.start)

    def _restore_layout(self) -> None:
        """Put docks and window where they were when the program was left."""
        values = self.desk.services.preferences.values
        room = self.screen().availableSize()
        self.resize(WANTED_SIZE.boundedTo(room * 0.9))
        if values.window_geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(values.window_geometry)))
        elif room.width() < WANTED_SIZE.width() or room.height() < WANTED_SIZE.height():
            self.setWindowState(Qt.WindowState.WindowMaximized)
        self.docks.restore(values.window_state)

    # -- what changes

    def _room_of_minimap(self) -> int:
        minimap = self.tabs.current.canvas.minimap if self.tabs.current else None
        return minimap.height() + 12 if minimap is not None and minimap.isVisible() and minimap.lasting else 0

    def _follow(self, workspace: Workspace) -> None:
        workspace.canvas.zoom_changed.connect(lambda _: self.status_bar.show_zoom(self.desk.current))

    def _refresh(self) -> None:
        """Have the title, actions, problems and status bar show how things are now."""
        workspace = self.desk.current
        self.setWindowTitle(f"{workspace.title}[*] - Layerloom" if workspace else "Layerloom")
        self.setWindowModified(workspace is not None and workspace.unsaved)
        self.setWindowFilePath(str(workspace.path) if workspace and workspace.path else "")
        self.commands.actions.refresh()
        self._presenter.show_problems()
        self.status_bar.show_workspace(self.desk.current, self.docks.problems.summary)

    # -- Qt's events

    def changeEvent(self, event: QEvent) -> None:
        """Look what other programs did when the window comes to the front."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.commands.files.look_outside()
            self.desk.refresh_engine()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Let workflow files be dropped in."""
        if any(url.toLocalFile().endswith(".json") for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files that were dropped."""
        for url in event.mimeData().urls():
            if url.toLocalFile().endswith(".json"):
                self.commands.files.open(Path(url.toLocalFile()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before anything is lost; then remember how the window was."""
        if not self.commands.files.close_all():
            event.ignore()
            return
        services = self.desk.services
        services.preferences.change(
            open_shelves=self.docks.repository.expanded(),
            window_geometry=base64.b64encode(self.saveGeometry().data()).decode(),
            window_state=self.docks.state(),
        )
        self.commands.viewing.end_following()
        self.commands.keymap.close()
        services.suggestions.save()
        services.engine.shutdown()
        event.accept()
