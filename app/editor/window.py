"""The main window: tabs of workflows in the middle, docks around them, and what connects one to the other.

What a person can do is declared in `menus`; how files, edits and runs are handled is in `files`, `edits` and `runs`.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QTabBar,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.document.editing import Change
from app.editor import menus
from app.editor.actions import SEPARATOR, ActionTable
from app.editor.config import ConfigPanel
from app.editor.docks import DockTitle
from app.editor.edits import ANNOTATION_COLORS, Edits
from app.editor.engine.death import EngineDeath
from app.editor.files import Files
from app.editor.finding import entries
from app.editor.help import Help
from app.editor.look import Preference, look
from app.editor.panels.console import Console, LogLine
from app.editor.panels.help_view import HelpView
from app.editor.panels.message_bar import MessageBar, Severity
from app.editor.panels.monitor import NodeMonitor
from app.editor.panels.palette import CommandPalette
from app.editor.panels.problems import ProblemsList
from app.editor.panels.repository import NodeRepository
from app.editor.panels.welcome import WelcomePage
from app.editor.preferences import Preferences
from app.editor.runs import Runs
from app.editor.trusting import Trusting
from app.editor.views.learning_view import LearningView
from app.editor.views.training_runs import RunBook
from app.editor.workspace import Services, Workspace
from app.engine.messages.tells import EngineReady, LogWritten, MetricsMeasured
from app.places import data_folder, examples_folder

_ENDINGS = {"done": "done", "warning": "done", "failed": "failed"}
"""A node's state after it ran -> how its training ended; any other: it was cancelled."""
LAYOUT_VERSION = 1
"""Grows when docks come or go, so that a stored layout of another version is not applied."""


class MainWindow(QMainWindow):
    """A window of the editor.

    Args:
        services: The catalog, the engine, the preferences and the suggestions.
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self.setWindowTitle("Layerloom")
        self.setAcceptDrops(True)
        option = QMainWindow.DockOption
        self.setDockOptions(option.AllowTabbedDocks | option.AllowNestedDocks | option.GroupedDragging)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._docks: dict[str, QDockWidget] = {}
        self._said: set[str] = set()
        self._layout_aside: QByteArray | None = None
        self._workspaces: list[Workspace] = []
        self.files = Files(self)
        self.edits = Edits(self)
        self.runs = Runs(self)
        self.helps = Help(self)
        self.trusting = Trusting(self)
        self._make_center()
        self._make_docks()
        self.actions_table = ActionTable(self, self.tabs, menus.rows(self))
        self._make_menus()
        self._make_toolbar()
        self._make_status_bar()
        self._listen_to_engine()
        self._end_following = services.preferences.subscribe(self._follow_preferences)
        self._refresh_soon = QTimer(self, singleShot=True, interval=0)
        self._refresh_soon.timeout.connect(self._refresh)
        self._sync = QTimer(self, interval=1000)
        self._sync.timeout.connect(self._sync_journals)
        self._sync.start()
        self._restore_layout()
        self._show_current()

    # ----------------------------------------------------------------------------------------------------- putting together

    def _make_center(self) -> None:
        """The message bar, and below it the tabs: workflows, and the welcome page where it is asked for or nothing is open."""
        self.tabs = QTabWidget(self, documentMode=True, movable=True)
        self.tabs.setAccessibleName("Open workflows")
        self.tabs.currentChanged.connect(lambda _: self._show_current())
        plus = QToolButton(self.tabs, toolTip="New workflow (Ctrl+N)", accessibleName="New workflow")
        plus.clicked.connect(self.files.new)
        self.tabs.setCornerWidget(plus, Qt.Corner.TopLeftCorner)
        self._plus = plus
        self.welcome = WelcomePage(self.services.catalog, examples_folder())
        self.welcome.new_requested.connect(self.files.new)
        self.welcome.open_requested.connect(lambda path: self.files.open(path) if path else self.files.open_dialog())
        self.welcome.example_requested.connect(self.files.open_example)
        self.welcome.tour_requested.connect(self.start_tour)
        self.welcome.recent_removed.connect(self._forget_file)
        self._bar = MessageBar()
        center = QWidget()
        column = QVBoxLayout(center, spacing=0)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._bar)
        column.addWidget(self.tabs, 1)
        self.setCentralWidget(center)
        self._palette = CommandPalette(self)
        self._palette.add_provider(lambda: entries(self))

    def _make_docks(self) -> None:
        left, right, bottom = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        engine, catalog = self.services.engine, self.services.catalog
        self.repository = NodeRepository(catalog)
        values = self.services.preferences.values
        self.repository.set_recent(values.recent_nodes)
        if values.open_shelves is not None:
            self.repository.set_expanded(values.open_shelves)
        self.config = ConfigPanel(engine, catalog)
        self.config.show_advanced(values.show_advanced)
        self.book = RunBook(data_folder() / "learning_runs.json", self)
        self.learning = LearningView(self.book)
        self.learning.draw_with(values.smoothing, values.log_scale)
        self.monitor = NodeMonitor(engine, catalog, self.book)
        self.console = Console()
        self.problems = ProblemsList()
        self.help_view = HelpView()
        self._add_dock("repository", "Nodes", self.repository, left)
        self._add_dock("config", "Configuration", self.config, right)
        self._add_dock("help", "Description", self.help_view, right, beside="config")
        self._add_dock("learning", "Learning curves", self.learning, bottom)
        self._add_dock("monitor", "Node monitor", self.monitor, bottom)
        self._add_dock("problems", "Problems", self.problems, bottom, beside="monitor")
        self._add_dock("console", "Console", self.console, bottom, beside="monitor")
        for corner, area in (
            (Qt.Corner.BottomLeftCorner, left),
            (Qt.Corner.TopLeftCorner, left),
            (Qt.Corner.BottomRightCorner, right),
            (Qt.Corner.TopRightCorner, right),
        ):
            self.setCorner(corner, area)
        self._default_sizes()
        self.repository.node_chosen.connect(self.edits.add_node)
        self.repository.help_requested.connect(self.helps.show_type)
        self.config.node_requested.connect(self._go_to_node)
        self.config.closed.connect(self._leave_config)
        self.config.help_requested.connect(self.helps.show_type)
        self.config.scripts_typed.connect(self.trusting.typed)
        self.config.trust_requested.connect(self._read_scripts)
        self.learning.stop_requested.connect(self._stop_and_keep)
        self.learning.drawing_chosen.connect(
            lambda smoothing, log: self.services.preferences.change(smoothing=smoothing, log_scale=log)
        )
        self.monitor.run_requested.connect(self._run_to)
        self.monitor.stop_requested.connect(self._stop_and_keep)
        self.problems.activated.connect(self._go_to_problem)
        self.console.node_requested.connect(lambda node_id: self._go_to_problem(node_id, None))

    def _add_dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea, beside: str | None = None) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setTitleBarWidget(DockTitle(dock, named=name != "learning"))
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        if beside:
            self.tabifyDockWidget(self._docks[beside], dock)
            self._docks[beside].raise_()
        self._docks[name] = dock

    def _default_sizes(self) -> None:
        docks = self._docks
        self.resizeDocks([docks["repository"], docks["config"]], [262, 340], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["learning"], docks["monitor"]], [370, 730], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["learning"], docks["monitor"]], [330, 330], Qt.Orientation.Vertical)

    def _make_menus(self) -> None:
        """The menus: a menu bar on macOS, behind a button of the toolbar elsewhere."""
        self._main_menu = QMenu(self)
        self._recent_menu = QMenu("Open &recent", self)
        self._recent_menu.setToolTipsVisible(True)
        self._recent_menu.aboutToShow.connect(lambda: self.files.fill_recent(self._recent_menu))
        docks_menu = QMenu("&Docks", self)
        for dock in self._docks.values():
            docks_menu.addAction(dock.toggleViewAction())
        docks_menu.addSeparator()
        docks_menu.addAction("Put back where they were").triggered.connect(self._reset_layout)
        submenus = {"file.recent": self._recent_menu, "view.docks": docks_menu}
        for title, ids in menus.MENUS.items():
            menu = self._main_menu.addMenu(title)
            menu.aboutToShow.connect(self.actions_table.refresh)
            for action_id in ids:
                if action_id in submenus:
                    menu.addMenu(submenus[action_id])
                else:
                    self.actions_table.fill(menu, [action_id])
            self.menuBar().addMenu(menu)
        self.menuBar().setVisible(self.menuBar().isNativeMenuBar())

    def _make_toolbar(self) -> None:
        bar = QToolBar("Toolbar", self, movable=False)
        bar.setObjectName("toolbar")
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(bar)
        self._menu_button = QToolButton(bar, toolTip="Menu (Alt+M)", accessibleName="Menu")
        self._menu_button.setObjectName("wordmark")
        self._menu_button.setShortcut("Alt+M")
        self._menu_button.setMenu(self._main_menu)
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bar.addWidget(self._menu_button)
        self._wordmark = QLabel(bar)
        self._wordmark.setObjectName("wordmark")
        bar.addWidget(self._wordmark)
        for action_id in menus.TOOLBAR:
            if action_id == SEPARATOR:
                bar.addSeparator()
                continue
            bar.addAction(self.actions_table[action_id])
            button = bar.widgetForAction(self.actions_table[action_id])
            button.setObjectName(action_id.replace(".", "_"))
            button.setAccessibleName(self.actions_table.rows[action_id].plain_title)
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        self._find_button = QToolButton(bar, accessibleName="Find a node, an action, a setting")
        self._find_button.setObjectName("find")
        self._find_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._find_button.setText("  Find a node, an action, a setting ...          Ctrl P")
        self._find_button.clicked.connect(self.show_palette)
        bar.addWidget(self._find_button)
        self._look_button = QToolButton(bar, toolTip="Light or dark", accessibleName="Light or dark")
        self._look_button.clicked.connect(lambda: self.choose_look("light" if look().colors.dark else "dark"))
        bar.addWidget(self._look_button)
        self._help_button = QToolButton(bar, toolTip="Keyboard shortcuts (F1)", accessibleName="Keyboard shortcuts")
        self._help_button.clicked.connect(self.helps.show_shortcuts)
        bar.addWidget(self._help_button)
        look().changed.connect(self._redraw)
        self._redraw()

    def _make_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self._engine_label = QLabel("engine is starting ...")
        self._run_label = QLabel()
        self._problem_label = QToolButton(accessibleName="Problems")
        self._problem_label.clicked.connect(lambda: self.show_dock("problems"))
        self._zoom_label = QToolButton(accessibleName="Zoom", toolTip="Actual size (Ctrl+0)")
        self._zoom_label.clicked.connect(lambda: self.canvas_call("zoom_reset"))
        bar.addWidget(self._engine_label)
        bar.addWidget(self._run_label, 1)
        bar.addPermanentWidget(self._problem_label)
        bar.addPermanentWidget(self._zoom_label)

    def _redraw(self) -> None:
        """What holds icons or colours, in those of now."""
        colors = look().colors
        self._wordmark.setText(f"<b>Layer<span style='color:{colors.accent}'>loom</span></b>")
        self._menu_button.setIcon(look().icon("mdi6.menu"))
        self._find_button.setIcon(look().icon("mdi6.magnify", colors.muted))
        self._look_button.setIcon(look().icon("mdi6.theme-light-dark"))
        self._help_button.setIcon(look().icon("mdi6.help-circle-outline"))
        self._plus.setIcon(look().icon("mdi6.plus"))
        for index in range(self.tabs.count()):
            close = self.tabs.tabBar().tabButton(index, QTabBar.ButtonPosition.RightSide)
            if isinstance(close, QToolButton):
                close.setIcon(look().icon("mdi6.close", colors.muted))
        for action_id, color in (("run.all", colors.on_accent), ("run.cancel", colors.wrong)):
            row = self.actions_table.rows[action_id]
            self.actions_table[action_id].setIcon(look().icon(row.icon, color))

    # -------------------------------------------------------------------------------------------------------- the workflows

    @property
    def workspaces(self) -> list[Workspace]:
        """The open workflows, in the order of their tabs."""
        by_canvas = {id(w.canvas): w for w in self._workspaces}
        shown = [id(self.tabs.widget(i)) for i in range(self.tabs.count())]
        return [by_canvas[canvas] for canvas in shown if canvas in by_canvas]

    @property
    def current(self) -> Workspace | None:
        """The workflow in front; None if that is the welcome page."""
        canvas = self.tabs.currentWidget()
        return next((w for w in self._workspaces if w.canvas is canvas), None)

    @property
    def selected_nodes(self) -> list[str]:
        """The nodes selected in the workflow in front."""
        workspace = self.current
        if workspace is None:
            return []
        chosen = workspace.canvas.selection().nodes
        return [n for n in workspace.document.nodes if n in chosen] if chosen else []

    def canvas_call(self, method: str) -> None:
        """Call a method without arguments of the canvas in front."""
        if workspace := self.current:
            getattr(workspace.canvas, method)()

    def add_workspace(self, workspace: Workspace) -> None:
        """Show a workflow in a new tab."""
        canvas = workspace.canvas
        self._workspaces.append(workspace)
        workspace.renamed.connect(lambda: self._retitle(workspace))
        workspace.edited.connect(lambda change: self._on_edit(workspace, change))
        workspace.statuses_changed.connect(lambda nodes: self._on_statuses(workspace, nodes))
        workspace.runs_changed.connect(self._soon)
        canvas.selection_changed.connect(self._on_selection)
        canvas.node_activated.connect(lambda _: self.configure_selected())
        canvas.menu_requested.connect(self._show_canvas_menu)
        canvas.wire_dropped.connect(
            lambda endpoint, from_output, scene, at: self.edits.offer_at(workspace, endpoint, from_output, scene, at)
        )
        canvas.node_wanted.connect(lambda scene, at: self.edits.offer_at(workspace, None, True, scene, at))
        canvas.zoom_changed.connect(lambda _: self._show_zoom())
        canvas.message.connect(self.say)
        canvas.show_minimap(self.services.preferences.values.minimap)
        canvas.set_snap(self.services.preferences.values.snap_to_grid)
        self._add_tab(canvas, workspace.title, lambda: self.files.close(workspace))
        self.hide_welcome()
        self._retitle(workspace)
        self._show_current()
        canvas.setFocus()
        QTimer.singleShot(0, canvas, canvas.fit)

    def _add_tab(self, page: QWidget, title: str, close: Callable[[], object]) -> None:
        """Add a tab with a button to close it, and bring it to the front."""
        index = self.tabs.addTab(page, title)
        button = QToolButton(toolTip="Close (Ctrl+W)", accessibleName=f"Close {title}")
        button.setObjectName("small")
        button.setIcon(look().icon("mdi6.close", look().colors.muted))
        button.clicked.connect(close)
        self.tabs.tabBar().setTabButton(index, QTabBar.ButtonPosition.RightSide, button)
        self.tabs.setCurrentIndex(index)

    def remove_workspace(self, workspace: Workspace) -> None:
        """Take a workflow's tab away."""
        self._workspaces.remove(workspace)
        self.tabs.removeTab(self.tabs.indexOf(workspace.canvas))
        self.config.forget(workspace.id)
        self._show_current()

    def show_workspace(self, workspace: Workspace) -> None:
        """Bring a workflow's tab to the front."""
        self.tabs.setCurrentWidget(workspace.canvas)

    def show_welcome(self) -> None:
        """Bring the welcome page to the front, in a tab of its own."""
        self.welcome.set_recent([Path(p) for p in self.services.preferences.values.recent_files])
        if self.tabs.indexOf(self.welcome) < 0:
            self._add_tab(self.welcome, "Welcome", self.hide_welcome)
        self.tabs.setCurrentWidget(self.welcome)

    def hide_welcome(self) -> None:
        """Take the welcome page's tab away, unless nothing else is open."""
        if self._workspaces and self.tabs.indexOf(self.welcome) >= 0:
            self.tabs.removeTab(self.tabs.indexOf(self.welcome))

    def _put_docks_aside(self, aside: bool) -> None:
        """Hide the docks that show a workflow while the welcome page is in front, and have them back as they were."""
        if aside and self._layout_aside is None:
            self._layout_aside = self.saveState(LAYOUT_VERSION)
            for name, dock in self._docks.items():
                if name != "repository":
                    dock.hide()
        elif not aside and self._layout_aside is not None:
            layout, self._layout_aside = self._layout_aside, None
            self.restoreState(layout, LAYOUT_VERSION)

    def _retitle(self, workspace: Workspace) -> None:
        index = self.tabs.indexOf(workspace.canvas)
        if index >= 0:
            self.tabs.setTabText(index, f"{workspace.title} •" if workspace.unsaved else workspace.title)
            self.tabs.setTabToolTip(index, str(workspace.path or "not saved yet"))
            close = self.tabs.tabBar().tabButton(index, QTabBar.ButtonPosition.RightSide)
            if close is not None:
                close.setAccessibleName(f"Close {workspace.title}")
        self._soon()

    def _show_current(self) -> None:
        """Have everything around the canvas show the workflow in front."""
        workspace = self.current
        self._put_docks_aside(workspace is None)
        if workspace is None:
            self.config.show_nothing()
            self.monitor.show_node("", None, None, None)
            if not self.tabs.count():
                self.show_welcome()
        else:
            self.config.set_document_folder(workspace.folder)
            self._on_selection()
        self._soon()

    # ------------------------------------------------------------------------------------------------------ what happens

    def _listen_to_engine(self) -> None:
        engine = self.services.engine
        engine.ready.connect(self._on_engine_ready)
        engine.metrics.connect(self._on_metrics)
        engine.logged.connect(self._on_log)
        engine.died.connect(self._on_engine_death)
        engine.hanging.connect(self._on_hanging)
        engine.cancel_ignored.connect(self._on_cancel_ignored)

    def _on_engine_ready(self, about: EngineReady) -> None:
        self._engine_label.setText(f"<span style='color:{look().colors.done}'>●</span>  engine ready · {about.device}")
        self._bar.dismiss("engine")
        for name, why in about.failures.items():
            text = f"The plug-in {name} could not be loaded: {why}. The rest works without it."
            self.say(text, "warning", key=f"plug-in {name}")

    def _on_engine_death(self, death: EngineDeath) -> None:
        self._engine_label.setText(f"<span style='color:{look().colors.wrong}'>●</span>  engine stopped")
        self.console.add(LogLine(f"{death.message} {death.remedy}", "error", time=time.time()))
        buttons: list[tuple[str, Callable[[], object]]] = [("Start the engine", self.services.engine.restart)]
        self.ask_in_bar(f"{death.message} {death.remedy}", [] if death.restarting else buttons, key="engine", severity="error")

    def _on_hanging(self, hanging: bool) -> None:
        if hanging:
            self.ask_in_bar(
                "The engine has not answered for a while. It may be busy; if it hangs, start it anew: results so far are kept.",
                [("Start anew", self.services.engine.restart), ("Wait", lambda: None)],
                key="hanging",
            )
        else:
            self._bar.dismiss("hanging")

    def _on_cancel_ignored(self, document: str, nodes: Sequence[str]) -> None:
        workspace = next((w for w in self._workspaces if w.id == document), None)
        if workspace is not None:
            titles = ", ".join(workspace.document.title(n) for n in nodes if n in workspace.document.nodes)
            self.ask_in_bar(
                f"{titles} does not stop. Starting the engine anew ends everything that runs; what is finished is kept.",
                [("Start anew", self.services.engine.restart), ("Wait", lambda: None)],
                key="cancel",
            )

    def _on_metrics(self, document: str, measured: MetricsMeasured) -> None:
        workspace = next((w for w in self._workspaces if w.id == document), None)
        node = measured.node
        if workspace is None or node not in workspace.document.nodes:
            return
        run = self.book.add(document, node, measured.points, workspace.document.title(node))
        if run not in self.learning.shown:
            self.learning.show_run(run)

    def _on_log(self, document: str, line: LogWritten) -> None:
        workspace = next((w for w in self._workspaces if w.id == document), None)
        node = line.node or ""
        title = workspace.document.title(node) if workspace and node in workspace.document.nodes else node
        self.console.add(LogLine(line.message, line.level, node, title, line.time))

    def _on_edit(self, workspace: Workspace, change: Change) -> None:
        self.edits.observe(workspace, change)
        if workspace is self.current:
            self._soon()
            touched = {*change.keys("nodes"), *change.keys("views"), *change.keys("connections")}
            if touched or change.keys("variables"):
                self.config.refresh()

    def _on_statuses(self, workspace: Workspace, nodes: set[str]) -> None:
        for node_id in nodes:
            state = workspace.status(node_id).state
            run = self.book.latest(workspace.id, node_id)
            if run is not None and run.live and state not in ("running", "queued"):
                self.book.end(workspace.id, node_id, _ENDINGS.get(state, "cancelled"))
        self.trusting.statuses_changed(workspace)
        if workspace is not self.current:
            return
        selected = self.selected_nodes
        if len(selected) == 1 and selected[0] in nodes:
            self.monitor.status_changed(workspace.status(selected[0]))
        self.config.refresh()
        self._soon()

    def _on_selection(self) -> None:
        """Show the selected node in the config dialog and the node monitor."""
        workspace = self.current
        if workspace is None:
            return
        selected = self.selected_nodes
        node_id = selected[0] if len(selected) == 1 else None
        self.config.show_node(workspace.id, workspace.document, node_id)
        status = workspace.status(node_id) if node_id else None
        self.monitor.show_node(workspace.id, workspace.document, node_id, status)
        self._soon()

    def _soon(self) -> None:
        """Have actions, problems and status bar look again at how things are, once, when all events are through."""
        if not self._refresh_soon.isActive():
            self._refresh_soon.start()

    def _refresh(self) -> None:
        self.actions_table.refresh()
        workspace = self.current
        if workspace is None:
            self.problems.clear()
            self._run_label.clear()
            self._problem_label.setText("")
            self._zoom_label.setText("")
            return
        problems = workspace.problems
        self.problems.set_problems(workspace.document, problems)
        self._problem_label.setText(self.problems.summary)
        self._run_label.setText(self.runs.summary(workspace))
        self._show_zoom()

    def _show_zoom(self) -> None:
        if workspace := self.current:
            self._zoom_label.setText(f"{workspace.canvas.zoom:.0%}".replace("%", " %"))

    def _sync_journals(self) -> None:
        """Once a second, have what was edited survive a power cut, too."""
        for workspace in self._workspaces:
            if workspace.journal is not None:
                workspace.journal.sync()

    # ------------------------------------------------------------------------------------------------------ what is asked for

    def _show_canvas_menu(self, at: QPoint, hit: Any) -> None:
        workspace = self.current
        if workspace is None:
            return
        ids = menus.CANVAS_MENU
        if hit.node is not None:
            ids = menus.NODE_MENU
        elif hit.connection is not None:
            ids = menus.WIRE_MENU
        elif hit.annotation is not None:
            ids = menus.BOX_MENU
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.actions_table.refresh()
        self.actions_table.fill(menu, ids)
        if hit.annotation is not None:
            colors = menu.addMenu("Colour")
            for name, color in ANNOTATION_COLORS.items():
                colors.addAction(name).triggered.connect(
                    lambda _=False, c=color: workspace.document.set_annotation(hit.annotation, color=c)
                )
        menu.popup(at)

    def configure_selected(self) -> None:
        """Give the config dialog the focus."""
        if self.selected_nodes:
            self.show_dock("config")
            self.config.focus()

    def view_selected(self) -> None:
        """Show the selected node's results in the node monitor."""
        self.show_dock("monitor")
        self.monitor.setFocus()

    def rename_selected(self) -> None:
        """Edit the selected node's name on the canvas."""
        if (workspace := self.current) and self.selected_nodes:
            workspace.canvas.rename(self.selected_nodes[0])

    def edit_note(self) -> None:
        """Edit the note below the selected node on the canvas."""
        if (workspace := self.current) and self.selected_nodes:
            workspace.canvas.edit_note(self.selected_nodes[0])

    def explain(self, workspace: Workspace, node_id: str) -> None:
        """Show why a node cannot run, and where."""
        self.go_to(workspace, node_id)
        problems = workspace.status(node_id).problems
        title = workspace.document.title(node_id)
        text = f"{title} is not configured yet."
        if problems:
            text = f"{title}: {problems[0].message} {problems[0].remedy}".strip()
        if workspace.status(node_id).untrusted and len(problems) == 1:
            self.ask_in_bar(text, [("Read it ...", lambda: self.trusting.look_at(workspace, [node_id]))])
        else:
            self.say(text, "warning")
        self.show_dock("problems")
        self.services.engine.refresh(workspace.id)  # perhaps it was mended outside: a file is back in its place

    def _go_to_problem(self, node_id: str, setting: Any) -> None:
        workspace = self.current
        if workspace and node_id in workspace.document.nodes:
            self.go_to(workspace, node_id)
            if setting:
                self.edit_setting(setting)

    def _go_to_node(self, document: str, node_id: str) -> None:
        workspace = next((w for w in self._workspaces if w.id == document), None)
        if workspace and node_id in workspace.document.nodes:
            self.go_to(workspace, node_id)

    def go_to(self, workspace: Workspace, node_id: str) -> None:
        """Bring a node into view, selected."""
        self.show_workspace(workspace)
        workspace.canvas.select([node_id])
        workspace.canvas.center_on(node_id)
        workspace.canvas.flash(node_id)

    def edit_setting(self, setting: str) -> None:
        """Give the focus to a setting (in dotted form) of the selected node."""
        self.configure_selected()
        self.config.go_to(setting)

    def _run_to(self, node_id: str) -> None:
        if workspace := self.current:
            self.runs.run_to(workspace, [node_id])

    def _read_scripts(self, node_id: str) -> None:
        if workspace := self.current:
            self.trusting.look_at(workspace, [node_id])

    def _stop_and_keep(self, node_id: str) -> None:
        """End the trainings of the node of this id that are going on."""
        for workspace in self._workspaces:
            run = self.book.latest(workspace.id, node_id)
            if run is not None and run.live:
                self.runs.stop_and_keep(workspace, node_id)

    def _leave_config(self) -> None:
        if workspace := self.current:
            workspace.canvas.setFocus()

    def _forget_file(self, path: Path) -> None:
        self.services.preferences.forget_file(path)
        self.show_welcome()

    def remember_node_type(self, node_type: str) -> None:
        """Put a node type on top of the recently used ones."""
        self.repository.set_recent(self.services.preferences.remember_node(node_type))

    # ------------------------------------------------------------------------------------------------------------ messages

    def say(self, text: str, severity: Severity = "info", *, key: str = "") -> None:
        """Tell the person something in the bar above the canvas; it stays until dismissed, or for a while if it is no error."""
        self._bar.show_message(text, severity=severity, key=key)

    def say_once(self, text: str) -> None:
        """As `say`, as a warning, once a session."""
        if text not in self._said:
            self._said.add(text)
            self.say(text, "warning")

    def ask_in_bar(
        self,
        text: str,
        buttons: Sequence[tuple[str, Callable[[], object]]],
        *,
        key: str = "",
        severity: Severity = "warning",
    ) -> None:
        """Tell something with buttons to answer; it does not keep the person from working on."""
        self._bar.show_message(text, severity=severity, buttons=buttons, key=key)

    def dismiss(self, key: str) -> None:
        """Take a message away."""
        self._bar.dismiss(key)

    # ------------------------------------------------------------------------------------------------------------- dialogs

    def show_palette(self) -> None:
        """Find a node, an action, a setting, a file."""
        self._palette.open()

    def show_preferences(self) -> None:
        """How the editor looks and behaves."""
        from app.editor.panels.preferences_dialog import PreferencesDialog

        dialog = PreferencesDialog(self.services.preferences, self, self.services.results)
        dialog.results_emptied.connect(self._refresh_engine)
        dialog.exec()
        dialog.deleteLater()

    def show_variables(self) -> None:
        """The variables, the name and the description of the workflow in front."""
        from app.editor.panels.variables_dialog import VariablesDialog

        if workspace := self.current:
            VariablesDialog(workspace.document, self).exec()

    def _refresh_engine(self) -> None:
        """Have the engine look whether files or results have changed outside."""
        for workspace in self._workspaces:
            self.services.engine.refresh(workspace.id)

    def start_tour(self) -> None:
        """Three steps through the program."""
        from app.editor.first_tour import start

        start(self)

    # ------------------------------------------------------------------------------------------------------ looks and layout

    def choose_look(self, preference: Preference) -> None:
        """Light, dark, or as the system has it; remembered."""
        look().choose(preference)
        self.services.preferences.change(appearance=preference)
        self._soon()

    def look_is(self, preference: Preference) -> bool:
        """Whether this was chosen."""
        return look().preference == preference

    def toggle_minimap(self) -> None:
        """Show or hide the minimap of every canvas."""
        self.services.preferences.change(minimap=not self.minimap_shown())

    def _follow_preferences(self, values: Preferences) -> None:
        """Have what was chosen, here or in another window, take effect."""
        for workspace in self._workspaces:
            workspace.canvas.show_minimap(values.minimap)
            workspace.canvas.set_snap(values.snap_to_grid)
        if values.appearance != look().preference:
            look().choose(values.appearance)
        self._soon()

    def minimap_shown(self) -> bool:
        """Whether canvases have a minimap."""
        return self.services.preferences.values.minimap

    def show_dock(self, name: str) -> None:
        """Open a dock, and bring it before those it shares its place with."""
        self._docks[name].show()
        self._docks[name].raise_()

    def _restore_layout(self) -> None:
        """Docks and window as they were when the program was left."""
        values = self.services.preferences.values
        self.resize(1680, 1020)
        if values.window_geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(values.window_geometry)))
        self._first_state = self.saveState(LAYOUT_VERSION)
        if values.window_state:
            self.restoreState(QByteArray(base64.b64decode(values.window_state)), LAYOUT_VERSION)

    def _reset_layout(self) -> None:
        self.restoreState(self._first_state, LAYOUT_VERSION)
        for dock in self._docks.values():
            dock.setVisible(True)
        self._default_sizes()

    # -------------------------------------------------------------------------------------------------------- Qt's events

    def changeEvent(self, event: QEvent) -> None:
        """Look what other programs did when the window comes to the front."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.files.look_outside()
            self._refresh_engine()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Workflow files may be dropped in."""
        if any(url.toLocalFile().endswith(".json") for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files that were dropped."""
        for url in event.mimeData().urls():
            if url.toLocalFile().endswith(".json"):
                self.files.open(Path(url.toLocalFile()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before anything is lost; then remember how the window was."""
        if not self.files.close_all():
            event.ignore()
            return
        self.services.preferences.change(
            open_shelves=self.repository.expanded(),
            window_geometry=base64.b64encode(self.saveGeometry().data()).decode(),
            window_state=base64.b64encode((self._layout_aside or self.saveState(LAYOUT_VERSION)).data()).decode(),
        )
        self._end_following()
        self.services.suggestions.save()
        self.services.engine.shutdown()
        event.accept()
