"""Adding nodes: from the repository, behind the selected node, at the end of a wire, at a place of the canvas.

What was wired to what is counted, so that likely nodes are offered first.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF

from app.document.change import Change
from app.document.geometry import NEAR_COLUMN, TILE
from app.editor.actions import ActionRow
from app.editor.desk import Desk
from app.editor.panels.quick_add import QuickAdd
from app.editor.workspace import Workspace

MOST_DRAWN = 2
"""A gesture draws at most so many wires (two, when a node is put in between)."""


class AddCommands:
    """Adds nodes to the workflow in front.

    Args:
        desk: The open workflows, and what is selected.
        new: Opens an empty workflow; for a node that is added where none is open.
    """

    def __init__(self, desk: Desk, new: Callable[[], Workspace]) -> None:
        self._desk, self._new = desk, new
        self._catalog = desk.services.catalog
        self._suggestions = desk.services.suggestions
        self._quick_add = QuickAdd(self._catalog, desk.window)
        self._wanted: tuple[Workspace, str | None, bool, QPointF] | None = None
        self._quick_add.chosen.connect(self._add_wanted)
        desk.opened.connect(self._follow)

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        return [
            ActionRow(
                "node.add", "&Add a node...", self.offer_next, ["Ctrl+."], "mdi6.plus", self._desk.is_open,
                hint="Add a node here", popups={"canvas": (1, 1)},
            ),
        ]  # fmt: skip

    def _follow(self, workspace: Workspace) -> None:
        canvas = workspace.canvas
        canvas.wire_dropped.connect(
            lambda endpoint, from_output, scene, at: self.offer_at(workspace, endpoint, from_output, scene, at)
        )
        canvas.node_wanted.connect(lambda scene, at: self.offer_at(workspace, None, True, scene, at))
        workspace.edited.connect(lambda change: self._count_wires(workspace, change))

    def add_node(self, node_type: str) -> None:
        """Add a node; behind the selected one, and wired to it where the ports fit, else in the middle of the view."""
        workspace = self._desk.current or self._new()
        selected = self._desk.selected_nodes
        source = self._output_for(workspace, selected[0], node_type) if len(selected) == 1 else None
        if source:
            x, y = workspace.document.view(selected[0]).position
            self._add_at(workspace, node_type, _free_spot(workspace, x + NEAR_COLUMN, y), source, from_output=True)
        else:
            place = workspace.canvas.free_place()
            self._add_at(workspace, node_type, (place.x() - TILE / 2, place.y() - TILE / 2), None, from_output=True)

    def offer_at(self, workspace: Workspace, endpoint: str | None, from_output: bool, scene: QPointF, at: QPoint) -> None:
        """Let the person choose a node for a place, likely ones first; with an endpoint, only nodes that fit its wire."""
        self._wanted = (workspace, endpoint, from_output, scene)
        types = self._candidates(workspace, endpoint, from_output)
        title = "Add a node"
        if endpoint:
            title = "What comes next" if from_output else "What comes before"
        self._quick_add.offer(types, at, title)

    def offer_next(self) -> None:
        """Let the person choose what comes behind the selected node."""
        workspace = self._desk.current
        if workspace is None:
            return
        canvas = workspace.canvas
        selected = self._desk.selected_nodes
        endpoint = None
        scene = canvas.free_place()
        if len(selected) == 1:
            node_type = self._catalog.about.get(workspace.document.nodes[selected[0]].type)
            if node_type and node_type.output_ports:
                endpoint = f"{selected[0]}.{node_type.output_ports[0].name}"
            x, y = workspace.document.view(selected[0]).position
            scene = QPointF(x + NEAR_COLUMN, y)
        self.offer_at(workspace, endpoint, True, scene, canvas.screen_position(scene))

    def _candidates(self, workspace: Workspace, endpoint: str | None, from_output: bool) -> list[str]:
        if endpoint is None:
            return self._suggestions.popular()
        node_id, _, port = endpoint.partition(".")
        node_type = workspace.document.nodes[node_id].type
        return self._suggestions.after(node_type, port) if from_output else self._suggestions.before(node_type, port)

    def _add_wanted(self, node_type: str) -> None:
        if self._wanted is None:
            return
        workspace, endpoint, from_output, scene = self._wanted
        self._wanted = None
        x = scene.x() if from_output else scene.x() - TILE
        self._add_at(workspace, node_type, (x, scene.y() - TILE / 2), endpoint, from_output=from_output)
        workspace.canvas.setFocus()

    def _add_at(
        self, workspace: Workspace, node_type: str, spot: tuple[float, float], endpoint: str | None, *, from_output: bool
    ) -> None:
        """Add a node, wire it to an endpoint if one is given, select it, and remember that its type was used."""
        document = workspace.document
        title = self._catalog.about[node_type].title
        with document.step(f"Add {title}"):
            node_id = document.add_node(node_type, spot)
            if endpoint:
                self._wire(workspace, endpoint, node_id, from_output=from_output)
        workspace.canvas.select([node_id])
        self._desk.services.preferences.remember_node(node_type)

    def _wire(self, workspace: Workspace, endpoint: str, node_id: str, *, from_output: bool) -> None:
        """Connect an endpoint to the first port of a node that takes it."""
        document = workspace.document
        other, _, other_port = endpoint.partition(".")
        far_type = self._catalog.about.get(document.nodes[other].type)
        new_type = self._catalog.about[document.nodes[node_id].type]
        if far_type is None:
            return
        far = far_type.output_port(other_port) if from_output else far_type.input_port(other_port)
        if far is None:
            return
        if from_output:
            port = next((p for p in new_type.input_ports if p.kind == far.kind), None)
            if port:
                document.connect(endpoint, f"{node_id}.{document.free_input(node_id, port)}")
        else:
            port = next((p for p in new_type.output_ports if p.kind == far.kind), None)
            if port:
                document.connect(f"{node_id}.{port.name}", endpoint)

    def _output_for(self, workspace: Workspace, node_id: str, node_type: str) -> str | None:
        """Return the first output of a node that fits a required input of a type, as endpoint."""
        source = self._catalog.about.get(workspace.document.nodes[node_id].type)
        wanted = {p.kind for p in self._catalog.about[node_type].input_ports if not p.optional}
        for port in source.output_ports if source else ():
            if port.kind in wanted:
                return f"{node_id}.{port.name}"
        return None

    def _count_wires(self, workspace: Workspace, change: Change) -> None:
        """Count the wires the person drew, for what is suggested next; not those of pasting, undo or whole files."""
        drawn = [after for before, after in change.records.get("connections", {}).values() if before is None and after]
        if change.backwards or len(drawn) > MOST_DRAWN:
            return
        nodes = workspace.document.nodes
        for wire in drawn:
            if wire.source_node in nodes and wire.target_node in nodes:
                source, target = nodes[wire.source_node].type, nodes[wire.target_node].type
                self._suggestions.count(source, wire.source_port, target, wire.target_port)


def _free_spot(workspace: Workspace, x: float, y: float) -> tuple[float, float]:
    """Return the place nearest below (x, y) where no node is."""
    taken = [workspace.document.view(n).position for n in workspace.document.nodes]
    while any(abs(x - a) < NEAR_COLUMN * 0.7 and abs(y - b) < NEAR_COLUMN * 0.9 for a, b in taken):
        y += NEAR_COLUMN
    return round(x), round(y)
