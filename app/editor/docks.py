"""The panels around the canvas, each in a dock of the window; where the docks lie, and how a layout is kept and put back."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Literal

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QTabWidget, QWidget

from app.editor.config.panel import ConfigPanel
from app.editor.dock_tabs import DockTabs
from app.editor.dock_title import DockTitle
from app.editor.key_tips import KeyTips
from app.editor.panels.console import Console
from app.editor.panels.help_view import HelpView
from app.editor.panels.monitor import NodeMonitor
from app.editor.panels.problems import ProblemsList
from app.editor.panels.repository import NodeRepository
from app.editor.rail import Rail, RailEntry, shelf_entries
from app.editor.views.learning_view import LearningView
from app.editor.views.training_runs import TrainingHistory
from app.editor.workspace import Services
from app.folders import data_folder
from app.shelves import shelves

LAYOUT_VERSION = 1
"""Grows when docks come or go, so that a stored layout of another version is not applied."""
LEFT, RIGHT, BOTTOM = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)
AREAS = {
    "repository": LEFT,
    "config": RIGHT,
    "help": RIGHT,
    "learning": BOTTOM,
    "monitor": BOTTOM,
    "problems": BOTTOM,
    "console": BOTTOM,
}
"""Where each dock is at first."""
TITLES = {
    "repository": "Nodes",
    "config": "Configuration",
    "help": "Description",
    "learning": "Learning curves",
    "monitor": "Node monitor",
    "problems": "Problems",
    "console": "Console",
}
"""What each dock is called."""
Side = Literal["left", "right"]
FOLDED: Mapping[Side, Sequence[str]] = {"left": ("repository",), "right": ("config", "help")}
"""The docks of which a rail of icons is left when they are folded."""
UNFOLD, SEARCH = "", "search"
NARROW, LOW = 1500, 800
"""In a window of fewer pixels across, or down, the docks take less room."""


class Docks:
    """The panels of a window.

    Args:
        window: The window; its central widget is there already.
        services: What all parts of the editor share.
        tips: What tooltips say of keys.

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

    def __init__(self, window: QMainWindow, services: Services, tips: KeyTips) -> None:
        self._window = window
        self._tips = tips
        self._docks: dict[str, QDockWidget] = {}
        self._aside: QByteArray | None = None
        self._maximized: QByteArray | None = None
        values = services.preferences.values
        self.repository = NodeRepository(services.catalog)
        self.repository.set_recent(values.recent_nodes)
        if values.open_shelves is not None:
            self.repository.set_expanded(values.open_shelves)
        self.config = ConfigPanel(services.engine, services.catalog)
        self.config.show_advanced(values.show_advanced)
        self.help = HelpView(lambda: tips.key("node.help"))
        tips.changed.connect(self.help.redraw)
        self.trainings = TrainingHistory(data_folder() / "learning_runs.json", window)
        self.learning = LearningView(self.trainings)
        self.learning.draw_with(values.smoothing, values.log_scale)
        self.monitor = NodeMonitor(services.engine, services.catalog, self.trainings, services.preferences)
        self.problems = ProblemsList()
        self.console = Console()
        self._lay_out()
        self._rails = {
            "left": self._rail("left", "Nodes, folded", [
                RailEntry("Unfold the nodes", UNFOLD, "mdi6.chevron-double-right"),
                RailEntry("Search the nodes", SEARCH, "mdi6.magnify"),
                *shelf_entries(shelves(services.catalog.about.values())),
            ]),
            "right": self._rail("right", "Configuration and description, folded", [
                RailEntry("Unfold the configuration", UNFOLD, "mdi6.chevron-double-left"),
                RailEntry("Configuration", "config", "mdi6.tune-variant"),
                RailEntry("Description", "help", "mdi6.information-outline"),
            ]),
        }  # fmt: skip

    def _lay_out(self) -> None:
        option = QMainWindow.DockOption
        self._window.setDockOptions(option.AllowTabbedDocks | option.AllowNestedDocks | option.GroupedDragging)
        self._window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for name, title in TITLES.items():
            self._add(name, title, getattr(self, name))
        for corner, area in (
            (Qt.Corner.BottomLeftCorner, LEFT),
            (Qt.Corner.TopLeftCorner, LEFT),
            (Qt.Corner.BottomRightCorner, RIGHT),
            (Qt.Corner.TopRightCorner, RIGHT),
        ):
            self._window.setCorner(corner, area)
        DockTabs(self._window, self._docks, self.toggle_maximized, self._tips)

    def _add(self, name: str, title: str, widget: QWidget) -> None:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setTitleBarWidget(DockTitle(dock, lambda: self.toggle_maximized(name), self._tips, named=name != "learning"))
        dock.setWidget(widget)
        self._docks[name] = dock

    def _arrange(self) -> None:
        """Put all docks where they are at first: side by side, or where the window is narrow the curves as a tab."""
        room = self._window.screen().availableSize() if self._window.isMaximized() else self._window.size()
        narrow, low = room.width() < NARROW, room.height() < LOW
        for rail in self._rails.values():
            rail.hide()
        for name, area in AREAS.items():
            self._docks[name].setFloating(False)
            self._window.addDockWidget(area, self._docks[name])
            self._docks[name].show()
        beside = {"help": "config", "problems": "monitor", "console": "monitor"} | ({"learning": "monitor"} if narrow else {})
        for name, other in beside.items():
            self._window.tabifyDockWidget(self._docks[other], self._docks[name])
        for name in ("config", "monitor"):
            self._docks[name].raise_()
        docks, resize = self._docks, self._window.resizeDocks
        resize([docks["repository"], docks["config"]], [244, 310] if narrow else [262, 340], Qt.Orientation.Horizontal)
        if not narrow:
            resize([docks["learning"], docks["monitor"]], [370, 730], Qt.Orientation.Horizontal)
        resize([docks["monitor"]], [240 if low else 330], Qt.Orientation.Vertical)

    def __getitem__(self, name: str) -> QDockWidget:
        return self._docks[name]

    def show(self, name: str) -> None:
        """Open a dock, and bring it before those it shares its place with."""
        if self._maximized is not None and not self._docks[name].isVisible():
            self.toggle_maximized()
        side = next((side for side, names in FOLDED.items() if name in names), None)
        if side is not None:
            self.fold(side, False)
        self._docks[name].show()
        self._docks[name].raise_()

    def is_in_front(self, name: str) -> bool:
        """Tell whether a dock is seen: open, and before those it shares its place with."""
        return self._docks[name].isVisible() and not self._docks[name].visibleRegion().isEmpty()

    def focus(self, name: str) -> None:
        """Open a dock, and give it the focus."""
        self.show(name)
        if self._docks[name].isFloating():
            self._docks[name].activateWindow()
        if name == "repository":
            self.repository.focus_search()
        elif name == "config":
            self.config.focus()
        if self.focused() != name:
            inside = _first_to_focus(self._docks[name].widget())
            (inside or self._docks[name].widget()).setFocus(Qt.FocusReason.TabFocusReason)

    def toggle_floating(self, name: str) -> None:
        """Make a dock a window of its own, or put it back; what in it had the focus keeps it."""
        dock, inside = self._docks[name], QApplication.focusWidget()
        dock.setFloating(not dock.isFloating())
        dock.raise_()
        (dock if dock.isFloating() else self._window).activateWindow()
        if inside is not None and dock.isAncestorOf(inside):
            inside.setFocus(Qt.FocusReason.OtherFocusReason)

    def put_all_back(self, menu: QMenu) -> None:
        """Offer to put all docks where they are at first."""
        menu.addSeparator()
        menu.addAction("Put back where they were").triggered.connect(self.reset)

    # -- folding to a rail

    def _rail(self, side: Side, title: str, entries: list[RailEntry]) -> Rail:
        rail = Rail(f"rail {side}", title, entries, self._window)
        area = Qt.ToolBarArea.LeftToolBarArea if side == "left" else Qt.ToolBarArea.RightToolBarArea
        self._window.addToolBar(area, rail)
        rail.chosen.connect(lambda key: self._unfold_for(side, key))
        rail.hide()
        return rail

    def is_folded(self, side: Side) -> bool:
        """Tell whether a rail of icons is all that is left of the docks of a side."""
        return not self._rails[side].isHidden()

    def fold(self, side: Side, folded: bool) -> None:
        """Leave a rail of icons of the docks of a side, or have them back. A stored layout remembers it."""
        if folded == self.is_folded(side):
            return
        if self._maximized is not None:
            self.toggle_maximized()
        self._rails[side].setVisible(folded)
        docks = [self._docks[name] for name in FOLDED[side]]
        for dock in docks:
            if not dock.isFloating():
                dock.setVisible(not folded)
        if not folded:
            docks[0].raise_()

    def toggle_folded(self, side: Side) -> None:
        """Fold the docks of a side, or unfold them."""
        self.fold(side, not self.is_folded(side))

    def rail(self, side: Side) -> Rail:
        """Return the rail of a side."""
        return self._rails[side]

    def _unfold_for(self, side: Side, key: str) -> None:
        """Unfold a side for what was pressed on its rail."""
        self.fold(side, False)
        if side == "right":
            self.focus(key or "config")
        elif key == SEARCH:
            self.focus("repository")
        elif key != UNFOLD:
            self.repository.show_shelf(key)

    # -- one for all the room

    def toggle_maximized(self, name: str = "") -> None:
        """Give a dock all the room, or everything its place again.

        Args:
            name: The dock; that with the focus if not given, or the canvas if none has it.
        """
        if self._maximized is not None:
            layout, self._maximized = self._maximized, None
            self._center().show()
            self._window.restoreState(layout, LAYOUT_VERSION)
            return
        chosen = self._docks.get(name or self.focused())
        self._maximized = self._window.saveState(LAYOUT_VERSION)
        for rail in self._rails.values():
            rail.hide()
        for dock in self._docks.values():
            dock.setVisible(dock is chosen or dock.isFloating())
        self._center().setVisible(chosen is None)

    @property
    def is_maximized(self) -> bool:
        """Whether something has all the room."""
        return self._maximized is not None

    def focused(self) -> str:
        """Return the name of the dock with the focus; empty if none has it."""
        focus = QApplication.focusWidget()
        return next((name for name, dock in self._docks.items() if focus is not None and dock.isAncestorOf(focus)), "")

    def _center(self) -> QWidget:
        return self._window.centralWidget()

    # -- the layout

    def put_aside(self, aside: bool) -> None:
        """Hide the docks that show a workflow while the welcome page is in front, or have them back as they were."""
        if self._maximized is not None:
            self.toggle_maximized()
        if aside and self._aside is None:
            self._aside = self._window.saveState(LAYOUT_VERSION)
            self._rails["right"].hide()
            for name, dock in self._docks.items():
                if name != "repository":
                    dock.hide()
        elif not aside and self._aside is not None:
            layout, self._aside = self._aside, None
            self._window.restoreState(layout, LAYOUT_VERSION)

    def restore(self, state: str) -> None:
        """Have the docks where they were when `state` returned this; empty: where they are at first."""
        if not state or not self._window.restoreState(QByteArray(base64.b64decode(state)), LAYOUT_VERSION):
            self._arrange()

    def state(self) -> str:
        """Return where the docks of a workflow are, as text."""
        return base64.b64encode((self._aside or self._maximized or self._window.saveState(LAYOUT_VERSION)).data()).decode()

    def reset(self) -> None:
        """Put all docks back where they are at first."""
        if self._maximized is not None:
            self.toggle_maximized()
        self._arrange()


def _first_to_focus(panel: QWidget) -> QWidget | None:
    """Return the first thing in a panel that takes the focus by Tab and can be seen.

    (`nextInFocusChain` would tell as much, but makes PySide take its answer for the panel's parent: when that is deleted, all
    that is known of the panel goes with it.)
    """
    for inside in panel.findChildren(QWidget):
        if inside.focusPolicy() & Qt.FocusPolicy.TabFocus and inside.isVisible() and inside.isEnabled():
            return inside
    return None
