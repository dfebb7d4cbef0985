"""Running from the window: run, run to here, cancel, reset; nothing runs by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.editor.workspace import Workspace

if TYPE_CHECKING:
    from app.editor.window import MainWindow

FINISHED = ("done", "warning")


class Runs:
    """What the Run menu does, for the workflow in front."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def run_all(self) -> None:
        """Run every node that can run and has no result yet."""
        if workspace := self._window.current:
            self._window.trusting.before(workspace, None, lambda: self._run_all(workspace))

    def _run_all(self, workspace: Workspace) -> None:
        if self._runnable(workspace):
            self._window.services.engine.run(workspace.id)

    def run_selected(self) -> None:
        """Run to here: the selected nodes and all they need."""
        workspace = self._window.current
        selected = self._window.selected_nodes
        if workspace and selected:
            self.run_to(workspace, selected)

    def run_to(self, workspace: Workspace, nodes: Sequence[str]) -> None:
        """Run these nodes and all they need; if something stands in the way, say what."""
        self._window.trusting.before(workspace, nodes, lambda: self._run_to(workspace, nodes))

    def _run_to(self, workspace: Workspace, nodes: Sequence[str]) -> None:
        for node_id in nodes:
            status = workspace.status(node_id)
            if status.state == "not configured":
                self._window.explain(workspace, status.blocked_by or node_id)
                return
        self._window.services.engine.run(workspace.id, list(nodes))

    def run_again(self) -> None:
        """Forget the results of the selected nodes (without a selection: of all) and compute them again."""
        workspace = self._window.current
        if workspace:
            nodes = self._window.selected_nodes or list(workspace.document.nodes)
            self._window.trusting.before(workspace, nodes, lambda: self._run_again(workspace, nodes))

    def _run_again(self, workspace: Workspace, nodes: Sequence[str]) -> None:
        self._window.services.engine.reset(workspace.id, nodes)
        self._window.services.engine.run(workspace.id, nodes)

    def reset(self) -> None:
        """Forget the results of the selected nodes and of those behind them; without a selection, of all."""
        workspace = self._window.current
        if workspace:
            nodes = self._window.selected_nodes or list(workspace.document.nodes)
            self._window.services.engine.reset(workspace.id, nodes)

    def cancel_selected(self) -> None:
        """Stop the selected nodes, and what waits for them; without a selection, everything of this workflow."""
        workspace = self._window.current
        if workspace:
            self._window.services.engine.cancel(workspace.id, self._window.selected_nodes or None)

    def cancel_all(self) -> None:
        """Stop every run of this workflow."""
        if workspace := self._window.current:
            self._window.services.engine.cancel(workspace.id)

    def stop_and_keep(self, workspace: Workspace, node_id: str) -> None:
        """Have a learner end its training now and keep its best weights."""
        self._window.services.engine.stop_early(workspace.id, node_id)

    # -- when it makes sense

    def can_run(self) -> bool:
        """Whether there is a workflow in front with anything in it."""
        workspace = self._window.current
        return workspace is not None and bool(workspace.document.nodes)

    def can_run_selected(self) -> bool:
        """Whether nodes are selected."""
        return bool(self._window.selected_nodes)

    def can_cancel(self) -> bool:
        """Whether anything of the workflow in front is running."""
        workspace = self._window.current
        return workspace is not None and workspace.is_running

    # -- what the status bar says

    def summary(self, workspace: Workspace) -> str:
        """`running: Learner 62 %` and `15 of 20 results stored`, separated by three spaces."""
        parts = []
        for node_id in workspace.running_nodes[:1]:
            status = workspace.status(node_id)
            share = f" {status.fraction:.0%}".replace("%", " %") if status.fraction is not None else ""
            parts.append(f"running: {workspace.document.title(node_id)}{share}")
        total = len(workspace.document.nodes)
        if total:
            stored = sum(workspace.status(n).state in FINISHED for n in workspace.document.nodes)
            parts.append(f"{stored} of {total} results stored")
        return "     ".join(parts)

    def _runnable(self, workspace: Workspace) -> bool:
        """Whether at least one node can run; else the first problem is shown."""
        states = [workspace.status(n).state for n in workspace.document.nodes]
        if states and all(state == "not configured" for state in states):
            first = next(iter(workspace.document.nodes))
            self._window.explain(workspace, workspace.status(first).blocked_by or first)
            return False
        return True
