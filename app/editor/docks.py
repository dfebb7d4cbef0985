"""The panels around the canvas, each in a dock of the window; where the docks lie, and how a layout is kept and put back."""

from __future__ import annotations

import base64

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QTabWidget, QWidget

from app.editor.config.panel import ConfigPanel
from app.editor.dock_title import DockTitle
from app.editor.panels.console import Console
from app.editor.panels.help_view import HelpView
from app.editor.panels.monitor import NodeMonitor
from app.editor.panels.problems import ProblemsList
from app.editor.panels.repository import NodeRepository
from app.editor.views.learning_view import LearningView
from app.editor.views.training_runs import TrainingHistory
from app.editor.workspace import Services
from app.folders import data_folder

LAYOUT_VERSION = 1
"""Grows when docks come or go, so that a stored layout of another version is not applied."""
LEFT, RIGHT, BOTTOM = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)


class Docks:
    """The panels of a window.

    Args:
        window: The window; its central widget is there already.
        services: What all parts of the editor share.

    Attributes:
        repository: The node types.
        config: The dialog of the selected node.
        help: The description of a node type.
        learning: The curves of trainings.
        monitor: The results of the selected node.
        problems: What is wrong in the workflow in front.
        console: What nodes have logged.
        trainings: The trainings of this session.
    """

    def __init__(self, window: QMainWindow, services: Services) -> None:
        self._window = window
        self._docks: dict[str, QDockWidget] = {}
        self._aside: QByteArray | None = None
        values = services.preferences.values
        self.repository = NodeRepository(services.catalog)
        self.repository.set_recent(values.recent_nodes)
        if values.open_shelves is not None:
            self.repository.set_expanded(values.open_shelves)
        self.config = ConfigPanel(services.engine, services.catalog)
        self.config.show_advanced(values.show_advanced)
        self.help = HelpView()
        self.trainings = TrainingHistory(data_folder() / "learning_runs.json", window)
        self.learning = LearningView(self.trainings)
        self.learning.draw_with(values.smoothing, values.log_scale)
        self.monitor = NodeMonitor(services.engine, services.catalog, self.trainings)
        self.problems = ProblemsList()
        self.console = Console()
        self._lay_out()

    def _lay_out(self) -> None:
        option = QMainWindow.DockOption
        self._window.setDockOptions(option.AllowTabbedDocks | option.AllowNestedDocks | option.GroupedDragging)
        self._window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._add("repository", "Nodes", self.repository, LEFT)
        self._add("config", "Configuration", self.config, RIGHT)
        self._add("help", "Description", self.help, RIGHT, beside="config")
        self._add("learning", "Learning curves", self.learning, BOTTOM)
        self._add("monitor", "Node monitor", self.monitor, BOTTOM)
        self._add("problems", "Problems", self.problems, BOTTOM, beside="monitor")
        self._add("console", "Console", self.console, BOTTOM, beside="monitor")
        for corner, area in (
            (Qt.Corner.BottomLeftCorner, LEFT),
            (Qt.Corner.TopLeftCorner, LEFT),
            (Qt.Corner.BottomRightCorner, RIGHT),
            (Qt.Corner.TopRightCorner, RIGHT),
        ):
            self._window.setCorner(corner, area)
        self._default_sizes()

    def _add(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea, beside: str | None = None) -> None:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setTitleBarWidget(DockTitle(dock, named=name != "learning"))
        dock.setWidget(widget)
        self._window.addDockWidget(area, dock)
        if beside:
            self._window.tabifyDockWidget(self._docks[beside], dock)
            self._docks[beside].raise_()
        self._docks[name] = dock

    def _default_sizes(self) -> None:
        docks, resize = self._docks, self._window.resizeDocks
        resize([docks["repository"], docks["config"]], [262, 340], Qt.Orientation.Horizontal)
        resize([docks["learning"], docks["monitor"]], [370, 730], Qt.Orientation.Horizontal)
        resize([docks["learning"], docks["monitor"]], [330, 330], Qt.Orientation.Vertical)

    def show(self, name: str) -> None:
        """Open a dock, and bring it before those it shares its place with."""
        self._docks[name].show()
        self._docks[name].raise_()

    def fill_menu(self, menu: QMenu) -> None:
        """Offer to show or hide each dock, and to put all back."""
        for dock in self._docks.values():
            menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        menu.addAction("Put back where they were").triggered.connect(self.reset)

    # -- the layout

    def put_aside(self, aside: bool) -> None:
        """Hide the docks that show a workflow while the welcome page is in front, or have them back as they were."""
        if aside and self._aside is None:
            self._aside = self._window.saveState(LAYOUT_VERSION)
            for name, dock in self._docks.items():
                if name != "repository":
                    dock.hide()
        elif not aside and self._aside is not None:
            layout, self._aside = self._aside, None
            self._window.restoreState(layout, LAYOUT_VERSION)

    def restore(self, state: str) -> None:
        """Have the docks where they were when `state` returned this; empty: where they are at first."""
        self._first_state = self._window.saveState(LAYOUT_VERSION)
        if state:
            self._window.restoreState(QByteArray(base64.b64decode(state)), LAYOUT_VERSION)

    def state(self) -> str:
        """Return where the docks of a workflow are, as text."""
        return base64.b64encode((self._aside or self._window.saveState(LAYOUT_VERSION)).data()).decode()

    def reset(self) -> None:
        """Put all docks back where they are at first."""
        self._window.restoreState(self._first_state, LAYOUT_VERSION)
        for dock in self._docks.values():
            dock.setVisible(True)
        self._default_sizes()
