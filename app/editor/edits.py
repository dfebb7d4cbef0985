"""Editing from the window: what the Edit menu, the repository and the canvas's gestures do to the workflow in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QApplication

from app.document import clipboard
from app.document.arrange import Edge, Places, align, arranged, distribute
from app.document.editing import Change, Point
from app.document.geometry import NEAR_COLUMN, TILE
from app.document.model import Annotation
from app.document.problems import DocumentError
from app.editor.panels.quick_add import QuickAdd
from app.editor.workspace import Workspace

if TYPE_CHECKING:
    from app.editor.window import MainWindow

MARGIN = 40.0
MOST_DRAWN = 2
"""A gesture draws at most so many wires (two, when a node is put in between)."""
ANNOTATION_COLORS = {
    "Blue": "#3F6FD8",
    "Green": "#1AA179",
    "Violet": "#8A63D2",
    "Orange": "#E69F00",
    "Red": "#D9603B",
    "Pink": "#C2619A",
    "Grey": "#7B8794",
}
"""Colours of annotation boxes, as their menu names them."""


class Edits:
    """What can be done to the workflow in front; every edit is one step of its undo."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._quick_add = QuickAdd(window.services.catalog, window)
        self._wanted: tuple[Workspace, str | None, bool, QPointF] | None = None
        self._quick_add.chosen.connect(self._add_wanted)

    @property
    def _here(self) -> Workspace | None:
        return self._window.current

    # -- adding

    def add_node(self, node_type: str) -> None:
        """Add a node; behind the selected one, and wired to it where the ports fit, else in the middle of the view."""
        workspace = self._here or self._window.files.new()
        selected = self._window.selected_nodes
        source = self._output_for(workspace, selected[0], node_type) if len(selected) == 1 else None
        if source:
            x, y = workspace.document.view(selected[0]).position
            self._add_at(workspace, node_type, self._free_spot(workspace, x + NEAR_COLUMN, y), source, from_output=True)
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
        workspace = self._here
        if workspace is None:
            return
        canvas = workspace.canvas
        selected = self._window.selected_nodes
        endpoint = None
        scene = canvas.free_place()
        if len(selected) == 1:
            node_type = self._window.services.catalog.about.get(workspace.document.nodes[selected[0]].type)
            if node_type and node_type.output_ports:
                endpoint = f"{selected[0]}.{node_type.output_ports[0].name}"
            x, y = workspace.document.view(selected[0]).position
            scene = QPointF(x + NEAR_COLUMN, y)
        self.offer_at(workspace, endpoint, True, scene, canvas.screen_position(scene))

    def _candidates(self, workspace: Workspace, endpoint: str | None, from_output: bool) -> list[str]:
        suggestions = self._window.services.suggestions
        if endpoint is None:
            return suggestions.popular()
        node_id, _, port = endpoint.partition(".")
        node_type = workspace.document.nodes[node_id].type
        return suggestions.after(node_type, port) if from_output else suggestions.before(node_type, port)

    def _add_wanted(self, node_type: str) -> None:
        if self._wanted is None:
            return
        workspace, endpoint, from_output, scene = self._wanted
        self._wanted = None
        x = scene.x() if from_output else scene.x() - TILE
        self._add_at(workspace, node_type, (x, scene.y() - TILE / 2), endpoint, from_output=from_output)

    def _add_at(
        self, workspace: Workspace, node_type: str, spot: tuple[float, float], endpoint: str | None, *, from_output: bool
    ) -> None:
        """Add a node, wire it to an endpoint if one is given, select it, and remember what was wired to what."""
        document = workspace.document
        title = self._window.services.catalog.about[node_type].title
        with document.step(f"Add {title}"):
            node_id = document.add_node(node_type, spot)
            if endpoint:
                self._wire(workspace, endpoint, node_id, from_output=from_output)
        workspace.canvas.select([node_id])
        self._window.remember_node_type(node_type)

    def _wire(self, workspace: Workspace, endpoint: str, node_id: str, *, from_output: bool) -> None:
        """Connect an endpoint to the first port of a node that takes it."""
        document = workspace.document
        catalog = self._window.services.catalog.about
        other, _, other_port = endpoint.partition(".")
        far_type = catalog.get(document.nodes[other].type)
        new_type = catalog[document.nodes[node_id].type]
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
        """The first output of a node that fits a required input of a type; as endpoint."""
        catalog = self._window.services.catalog.about
        source = catalog.get(workspace.document.nodes[node_id].type)
        wanted = {p.kind for p in catalog[node_type].input_ports if not p.optional}
        for port in source.output_ports if source else ():
            if port.kind in wanted:
                return f"{node_id}.{port.name}"
        return None

    @staticmethod
    def _free_spot(workspace: Workspace, x: float, y: float) -> tuple[float, float]:
        """The place nearest below (x, y) where no node is."""
        taken = [workspace.document.view(n).position for n in workspace.document.nodes]
        while any(abs(x - a) < NEAR_COLUMN * 0.7 and abs(y - b) < NEAR_COLUMN * 0.9 for a, b in taken):
            y += NEAR_COLUMN
        return round(x), round(y)

    # -- the clipboard

    def copy(self) -> None:
        """Copy the selected nodes and annotations as text."""
        if workspace := self._here:
            chosen = workspace.canvas.selection()
            if chosen.nodes or chosen.annotations:
                QApplication.clipboard().setText(clipboard.copy(workspace.document, chosen.nodes, chosen.annotations))

    def cut(self) -> None:
        """Copy, then delete."""
        self.copy()
        self.delete("Cut")

    def paste(self) -> None:
        """Paste nodes that were copied here or in another window."""
        workspace = self._here or self._window.files.new()
        text = QApplication.clipboard().text()
        if not text:
            return
        center = workspace.canvas.visible_center()
        try:
            pasted = clipboard.paste(workspace.document, text, (center.x(), center.y()))
        except DocumentError:
            self._window.say("There are no nodes on the clipboard. Copy nodes on the canvas first.")
            return
        workspace.canvas.select(pasted)

    def duplicate(self) -> None:
        """Add copies of the selected nodes beside them, fed by the same wires."""
        if workspace := self._here:
            chosen = workspace.canvas.selection()
            if chosen.nodes or chosen.annotations:
                workspace.canvas.select(clipboard.duplicate(workspace.document, chosen.nodes, chosen.annotations))

    def delete(self, label: str = "") -> None:
        """Delete what is selected."""
        if workspace := self._here:
            chosen = workspace.canvas.selection()
            if chosen.nodes or chosen.connections or chosen.annotations:
                workspace.document.delete(chosen.nodes, chosen.connections, chosen.annotations, label)

    # -- undo

    def undo(self) -> None:
        """Take the last step back."""
        if workspace := self._here:
            workspace.document.undo()

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        if workspace := self._here:
            workspace.document.redo()

    # -- looks

    def annotate(self) -> None:
        """Put a coloured box behind the selected nodes, or into the middle of the view."""
        workspace = self._here
        if workspace is None:
            return
        nodes = self._window.selected_nodes
        if nodes:
            places = [workspace.document.view(n).position for n in nodes]
            left, top = min(x for x, _ in places) - MARGIN, min(y for _, y in places) - 2 * MARGIN
            right, bottom = max(x for x, _ in places) + TILE + MARGIN, max(y for _, y in places) + TILE + 1.5 * MARGIN
        else:
            center = workspace.canvas.visible_center()
            left, top, right, bottom = center.x() - 160, center.y() - 90, center.x() + 160, center.y() + 90
        key = workspace.document.add_annotation(Annotation(text="Note", position=(left, top), size=(right - left, bottom - top)))
        workspace.canvas.edit_annotation(key)

    def arrange(self) -> None:
        """Lay out the selected nodes (without a selection: all) from left to right."""
        workspace = self._here
        if workspace is None:
            return
        chosen = self._window.selected_nodes
        places = arranged(workspace.document, chosen if len(chosen) > 1 else None)
        workspace.document.move(places.nodes, places.annotations, sizes=places.sizes, label="Arrange")
        if len(chosen) < 2:
            workspace.canvas.fit()

    def align(self, edge: Edge) -> None:
        """Align the selected nodes at an edge."""
        self._place(lambda places: align(places, edge), "Align")

    def distribute(self, axis: Literal["horizontal", "vertical"]) -> None:
        """Give the selected nodes equal distances."""
        self._place(lambda places: distribute(places, axis), "Distribute")

    def _place(self, placed: Callable[[Places], dict[str, Point]], label: str) -> None:
        if workspace := self._here:
            nodes = self._window.selected_nodes
            if len(nodes) > 1:
                places = {n: workspace.document.view(n).position for n in nodes}
                workspace.document.move(placed(places), label=label)

    # -- when it makes sense

    def has_selection(self) -> bool:
        """Whether anything is selected."""
        if (workspace := self._here) is None:
            return False
        chosen = workspace.canvas.selection()
        return bool(chosen.nodes or chosen.connections or chosen.annotations)

    def selected(self, least: int = 1) -> bool:
        """Whether at least so many nodes are selected."""
        return len(self._window.selected_nodes) >= least

    def undo_name(self) -> str:
        """`Undo Move 3 nodes`."""
        label = self._here.document.undo_label if self._here else None
        return f"Undo {label}" if label else "Undo"

    def redo_name(self) -> str:
        """`Redo Move 3 nodes`."""
        label = self._here.document.redo_label if self._here else None
        return f"Redo {label}" if label else "Redo"

    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._here is not None and self._here.document.undo_label is not None

    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return self._here is not None and self._here.document.redo_label is not None

    def observe(self, workspace: Workspace, change: Change) -> None:
        """Count the wires the person drew, for what is suggested next; not those of pasting, undo or whole files."""
        drawn = [after for before, after in change.records.get("connections", {}).values() if before is None and after]
        if change.backwards or len(drawn) > MOST_DRAWN:
            return
        nodes = workspace.document.nodes
        for wire in drawn:
            if wire.source_node in nodes and wire.target_node in nodes:
                source, target = nodes[wire.source_node].type, nodes[wire.target_node].type
                self._window.services.suggestions.count(source, wire.source_port, target, wire.target_port)
