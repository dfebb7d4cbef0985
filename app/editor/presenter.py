"""Keeps the panels on the workflow in front: its problems, the dialog and the results of its selected node."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.document.change import Change
from app.editor.desk import Desk
from app.editor.docks import Docks
from app.editor.workspace import Workspace


class PanelPresenter(QObject):
    """Has the panels show what they should; they know neither windows nor workflows in plural.

    Args:
        desk: The open workflows, and what is selected.
        docks: The panels.
    """

    def __init__(self, desk: Desk, docks: Docks) -> None:
        super().__init__(desk)
        self._desk, self._docks = desk, docks
        desk.opened.connect(self._follow)
        docks["help"].visibilityChanged.connect(lambda seen: self._describe_selected() if seen else None)
        desk.closed.connect(lambda workspace: docks.config.forget(workspace.id))

    def show_current(self) -> None:
        """Have all panels show the workflow in front; without one, those that show workflows are put aside."""
        workspace = self._desk.current
        self._docks.put_aside(workspace is None)
        if workspace is None:
            self._docks.config.show_nothing()
            self._docks.monitor.show_node("", None, None, None)
        else:
            self._docks.monitor.set_workflow(workspace.title)
            self._docks.config.set_document_folder(workspace.folder)
            self._show_selected()

    def show_problems(self) -> None:
        """Have the list of problems show those of now."""
        workspace = self._desk.current
        if workspace is None:
            self._docks.problems.clear()
        else:
            self._docks.problems.set_problems(workspace.document, workspace.problems)

    def _follow(self, workspace: Workspace) -> None:
        workspace.edited.connect(lambda change: self._on_edit(workspace, change))
        workspace.statuses_changed.connect(lambda nodes: self._on_statuses(workspace, nodes))
        workspace.canvas.selection_changed.connect(self._show_selected)
        workspace.renamed.connect(lambda: self._on_renamed(workspace))

    def _show_selected(self) -> None:
        """Show the selected node in the config dialog and the node monitor."""
        workspace = self._desk.current
        if workspace is None:
            return
        selected = self._desk.selected_nodes
        node_id = selected[0] if len(selected) == 1 else None
        if len(selected) > 1:
            self._docks.config.show_nodes(workspace.id, workspace.document, selected)
        else:
            self._docks.config.show_node(workspace.id, workspace.document, node_id)
        status = workspace.status(node_id) if node_id else None
        self._docks.monitor.show_node(workspace.id, workspace.document, node_id, status)
        if self._docks.is_in_front("help"):
            self._describe_selected()

    def _describe_selected(self) -> None:
        """Describe the selected node's type; without one, leave what is described."""
        workspace, selected = self._desk.current, self._desk.selected_nodes
        if workspace is None or len(selected) != 1:
            return
        node_class = self._desk.services.catalog.get(workspace.document.nodes[selected[0]].type)
        if node_class is not None:
            self._docks.help.show_type(node_class)

    def _on_edit(self, workspace: Workspace, change: Change) -> None:
        if workspace is not self._desk.current:
            return
        if any(change.keys(table) for table in ("nodes", "views", "connections", "variables")):
            self._docks.config.refresh()
        if change.keys("nodes") or change.keys("views"):
            self._docks.monitor.retitle()

    def _on_renamed(self, workspace: Workspace) -> None:
        if workspace is self._desk.current:
            self._docks.monitor.set_workflow(workspace.title)

    def _on_statuses(self, workspace: Workspace, nodes: set[str]) -> None:
        if workspace is not self._desk.current:
            return
        selected = self._desk.selected_nodes
        if len(selected) == 1 and selected[0] in nodes:
            self._docks.monitor.status_changed(workspace.status(selected[0]))
        self._docks.config.refresh()
