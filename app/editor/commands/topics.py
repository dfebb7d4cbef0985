"""All topics of commands, made in the order in which they use each other; and what panels ask for, passed on to them."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.editor.actions import ActionTable
from app.editor.commands.adding import AddCommands
from app.editor.commands.arranging import ArrangeCommands
from app.editor.commands.editing import EditCommands
from app.editor.commands.exporting import ExportCommands
from app.editor.commands.files import FileCommands
from app.editor.commands.finding import FindCommands
from app.editor.commands.help import HelpCommands
from app.editor.commands.nodes import NodeCommands
from app.editor.commands.panels import PanelCommands
from app.editor.commands.program import ProgramCommands
from app.editor.commands.running import RunCommands
from app.editor.commands.tabs import TabCommands
from app.editor.commands.tour import TourCommands
from app.editor.commands.trust import ScriptTrust
from app.editor.commands.viewing import ViewCommands
from app.editor.desk import Desk
from app.editor.docks import Docks
from app.editor.fixed_keys import fixed_keys
from app.editor.keymap import Keymap
from app.editor.menus import in_order


class Commands:
    """All that a person can do in a window.

    Args:
        desk: What the commands work on.
        docks: The panels, which commands show and which ask for commands.
        canvas: The widget on which the shortcuts of the canvas hold.

    Attributes:
        rows: All declared actions and submenus, in the order of the menus.
        actions: The actions.
        keymap: Their keys.
    """

    def __init__(self, desk: Desk, docks: Docks, canvas: QWidget) -> None:
        self.trust = ScriptTrust(desk)
        self.files = FileCommands(desk)
        self.tabs = TabCommands(desk, self.files, lambda: self.actions)
        self.exporting = ExportCommands(desk)
        self.program = ProgramCommands(desk)
        self.nodes = NodeCommands(desk, docks, self.trust)
        self.adding = AddCommands(desk, self.files.new)
        self.editing = EditCommands(desk, self.files.new)
        self.running = RunCommands(desk, self.trust, self.nodes.explain, docks.trainings)
        self.arranging = ArrangeCommands(desk)
        self.viewing = ViewCommands(desk, docks)
        self.panels = PanelCommands(desk, docks)
        self.finding = FindCommands(desk, self.files, self.nodes, self.adding, lambda: self.actions)
        self.help = HelpCommands(desk, docks, lambda: self.keymap)
        self.tour = TourCommands(desk, docks, self.files.new)
        topics = (
            self.files,
            self.tabs,
            self.exporting,
            self.program,
            self.finding,
            self.editing,
            self.adding,
            self.nodes,
            self.running,
            self.arranging,
            self.viewing,
            self.panels,
            self.help,
            self.tour,
        )
        self.rows = in_order(row for topic in topics for row in topic.rows())
        self.actions = ActionTable(desk.window, canvas, self.rows)
        self.keymap = Keymap(self.actions, fixed_keys(), desk.services.preferences)
        self._follow_panels(desk, docks)

    def _follow_panels(self, desk: Desk, docks: Docks) -> None:
        """Have done what the panels ask for."""
        docks.repository.node_chosen.connect(self.adding.add_node)
        docks.repository.help_requested.connect(self.help.show_type)
        docks.config.node_requested.connect(self.nodes.go_to_node)
        docks.config.closed.connect(self.nodes.leave_dialog)
        docks.config.help_requested.connect(self.help.show_type)
        docks.config.scripts_typed.connect(self.trust.typed)
        docks.config.action_wanted.connect(lambda action_id: self.actions[action_id].trigger())
        docks.config.trust_requested.connect(self.trust.look_at_node)
        docks.learning.stop_requested.connect(self.running.stop_and_keep)
        docks.learning.drawing_chosen.connect(
            lambda smoothing, log: desk.services.preferences.change(smoothing=smoothing, log_scale=log)
        )
        docks.monitor.run_requested.connect(self.running.run_to_node)
        docks.monitor.stop_requested.connect(self.running.stop_and_keep)
        docks.problems.activated.connect(self.nodes.go_to_problem)
        docks.console.node_requested.connect(self.nodes.go_to_problem)
