"""The selected node: its dialog, its results; and leading the person to a node, a setting, or what is wrong there."""

from __future__ import annotations

from app.editor.actions import ActionRow
from app.editor.commands.trust import ScriptTrust
from app.editor.desk import Desk
from app.editor.docks import Docks
from app.editor.workspace import Workspace

CANNOT_RUN = "cannot run"
"""The key of the message that says why a run does not begin; it goes when one does."""


class NodeCommands:
    """Shows nodes.

    Args:
        desk: The open workflows, and what is selected.
        docks: Where a node's dialog and its results are.
        trust: Whom scripts are shown by that are not trusted yet.
    """

    def __init__(self, desk: Desk, docks: Docks, trust: ScriptTrust) -> None:
        self._desk, self._docks, self._trust = desk, docks, trust
        desk.opened.connect(self._follow)

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        one = self._desk.has_one
        return [
            ActionRow(
                "node.configure", "&Configure", self.configure, ["F6"], "mdi6.tune-variant",
                lambda: bool(self._desk.selected_nodes), popups={"node": (1, 1)},
                hint="Go to the dialog of what is selected; once more makes it a window, and puts it back",
            ),
            ActionRow(
                "node.view", "Show the &results", self.view, ["F10"], "mdi6.chart-box-outline", one, popups={"node": (1, 6)}
            ),
        ]  # fmt: skip

    def _follow(self, workspace: Workspace) -> None:
        workspace.canvas.node_activated.connect(lambda _: self.configure())

    def configure(self) -> None:
        """Give the config dialog the focus; where it has that already, make it a window of its own, or put it back."""
        if not self._desk.selected_nodes:
            return
        if self._docks.focused() == "config":
            self._docks.toggle_floating("config")
        else:
            self._docks.focus("config")

    def view(self) -> None:
        """Show the selected node's results in the node monitor."""
        self._docks.show("monitor")
        self._docks.monitor.setFocus()

    def leave_dialog(self) -> None:
        """Give the focus back to the canvas."""
        if canvas := self._desk.canvas:
            canvas.setFocus()

    def edit_setting(self, setting: str) -> None:
        """Give the focus to a setting (in dotted form) of the selected node."""
        self.configure()
        self._docks.config.go_to(setting)

    def go_to(self, workspace: Workspace, node_id: str) -> None:
        """Bring a node into view, selected."""
        self._desk.show(workspace)
        workspace.canvas.select([node_id])
        workspace.canvas.center_on(node_id)
        workspace.canvas.flash(node_id)

    def go_to_problem(self, node_id: str, setting: str | None = None) -> None:
        """Lead to a node of the workflow in front, and to a setting of it if one is given."""
        workspace = self._desk.current
        if workspace and node_id in workspace.document.nodes:
            self.go_to(workspace, node_id)
            if setting:
                self.edit_setting(setting)

    def go_to_node(self, document: str, node_id: str) -> None:
        """Lead to a node of any open workflow, by the engine's name of that."""
        workspace = self._desk.find(document)
        if workspace and node_id in workspace.document.nodes:
            self.go_to(workspace, node_id)

    def explain(self, workspace: Workspace, node_id: str) -> None:
        """Show why a node cannot run, and where."""
        self.go_to(workspace, node_id)
        status = workspace.status(node_id)
        problems = status.problems
        title = workspace.document.title(node_id)
        text = f"{title} is not configured yet."
        if problems:
            text = f"{title}: {problems[0].message} {problems[0].remedy}".strip()
        if (status.untrusted or status.asks) and len(problems) == 1:
            self._desk.ask(
                text,
                [("Read it ..." if status.untrusted else "Look ...", lambda: self._trust.look_at(workspace, [node_id]))],
                key=CANNOT_RUN,
                place=workspace.id,
            )
        else:
            self._desk.say(text, "warning", key=CANNOT_RUN, place=workspace.id)
        self._docks.show("problems")
        self._desk.services.engine.refresh(workspace.id)  # perhaps it was mended outside: a file is back in its place
