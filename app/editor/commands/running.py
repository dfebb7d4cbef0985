"""Running: what the Run menu does for the workflow in front; nothing runs by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.editor.actions import ActionRow
from app.editor.commands.nodes import CANNOT_RUN
from app.editor.commands.trust import ScriptTrust
from app.editor.desk import Desk
from app.editor.views.training_runs import TrainingHistory
from app.editor.workspace import Workspace
from app.engine.messages.tells import RunChanged, RunRefused


class RunCommands:
    """Run, run to here, cancel, reset.

    Args:
        desk: The workflow in front, what is selected in it, the engine.
        trust: Asks before scripts run for the first time.
        explain: Shows why a node of a workflow cannot run.
        trainings: The trainings of this session.
    """

    def __init__(
        self, desk: Desk, trust: ScriptTrust, explain: Callable[[Workspace, str], object], trainings: TrainingHistory
    ) -> None:
        self._desk, self._trust, self._explain, self._trainings = desk, trust, explain, trainings
        self._engine = desk.services.engine
        self._engine.run_refused.connect(self._on_refused)
        self._engine.run_changed.connect(self._on_run)

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        row = ActionRow
        return [
            row(
                "run.all", "&Run all", self.run_all, ["Shift+F7"], "mdi6.play", self._can_run,
                hint="Run every node that has no result yet", toolbar=2,
            ),
            row(
                "run.here", "Run to &here", self.run_selected, ["F7"], "mdi6.skip-next", self._can_run_selected,
                hint="Run the selected nodes and all they need", toolbar=2, popups={"node": (1, 2)},
            ),
            row(
                "run.again", "Run a&gain", self.run_again, ["Ctrl+F7"], enabled=self._can_run, hint="Compute anew",
                popups={"node": (1, 3)},
            ),
            row(
                "run.cancel", "&Cancel", self.cancel_selected, ["F9"], "mdi6.stop", self._can_cancel,
                hint="Stop what is running", group=2, toolbar=2, popups={"node": (1, 4)},
            ),
            row("run.cancel_all", "Cancel &everything", self.cancel_all, ["Shift+F9"], enabled=self._can_cancel, group=2),
            row(
                "run.reset", "Re&set", self.reset, ["F8"], "mdi6.restore", self._can_run,
                hint="Forget results, here and behind", group=3, toolbar=2, popups={"node": (1, 5)},
            ),
        ]  # fmt: skip

    # -- run

    def run_all(self) -> None:
        """Run every node that can run and has no result yet."""
        if workspace := self._desk.current:
            self._trust.before(workspace, None, lambda: self._engine.run(workspace.id))

    def run_selected(self) -> None:
        """Run to here: the selected nodes and all they need."""
        workspace = self._desk.current
        selected = self._desk.selected_nodes
        if workspace and selected:
            self.run_to(workspace, selected)

    def run_to_node(self, node_id: str) -> None:
        """Run a node of the workflow in front and all it needs."""
        if workspace := self._desk.current:
            self.run_to(workspace, [node_id])

    def run_to(self, workspace: Workspace, nodes: Sequence[str]) -> None:
        """Run these nodes and all they need; if something stands in the way, say what."""
        self._trust.before(workspace, nodes, lambda: self._engine.run(workspace.id, list(nodes)))

    def _on_run(self, _: str, run: RunChanged) -> None:
        if run.status == "started":
            self._desk.dismiss(CANNOT_RUN)

    def _on_refused(self, document: str, refused: RunRefused) -> None:
        """Say what is in the way of a run. The engine knows: while it starts, or plans an edit, what is shown here is old."""
        workspace = self._desk.find(document)
        if workspace is None or refused.node not in workspace.document.nodes:
            return
        if refused.needs_word:
            self._trust.before(workspace, refused.targets, lambda: self._engine.run(document, refused.targets))
        else:
            self._explain(workspace, refused.node)

    def run_again(self) -> None:
        """Forget the results of the selected nodes (without a selection: of all) and compute them again."""
        if workspace := self._desk.current:
            nodes = self._selected_or_all(workspace)
            self._trust.before(workspace, nodes, lambda: self._run_again(workspace, nodes))

    def _run_again(self, workspace: Workspace, nodes: Sequence[str]) -> None:
        self._engine.reset(workspace.id, nodes)
        self._engine.run(workspace.id, nodes)

    def reset(self) -> None:
        """Forget the results of the selected nodes and of those behind them; without a selection, of all."""
        if workspace := self._desk.current:
            self._engine.reset(workspace.id, self._selected_or_all(workspace))

    # -- stop

    def cancel_selected(self) -> None:
        """Stop the selected nodes, and what waits for them; without a selection, everything of this workflow."""
        if workspace := self._desk.current:
            self._engine.cancel(workspace.id, self._desk.selected_nodes or None)

    def cancel_all(self) -> None:
        """Stop every run of this workflow."""
        if workspace := self._desk.current:
            self._engine.cancel(workspace.id)

    def stop_and_keep(self, document: str, node_id: str) -> None:
        """Have the training of a node of an open workflow end now, if it is going on, and keep its best weights."""
        run = self._trainings.latest(document, node_id)
        if run is not None and run.live and self._desk.find(document) is not None:
            self._engine.stop_early(document, node_id)

    # -- when it makes sense

    def _can_run(self) -> bool:
        workspace = self._desk.current
        return workspace is not None and bool(workspace.document.nodes)

    def _can_run_selected(self) -> bool:
        return bool(self._desk.selected_nodes)

    def _can_cancel(self) -> bool:
        workspace = self._desk.current
        return workspace is not None and workspace.is_running

    def _selected_or_all(self, workspace: Workspace) -> list[str]:
        return self._desk.selected_nodes or list(workspace.document.nodes)
