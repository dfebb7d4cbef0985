"""Which wires say what they carry, and where there is room for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from app.document.geometry import TILE
from app.editor.canvas.overlays import OutputLabel
from app.editor.canvas.sizes import NOTE_LINE, NOTE_TOP, TITLE_LINE, TITLE_SIZE, TITLE_WIDTH, middle, room_for_label
from app.editor.canvas.text_painting import text_width

if TYPE_CHECKING:
    from app.editor.canvas.node_tile import NodeTile
    from app.editor.canvas.scene import CanvasScene

NEAR, CLOSE = 0.7, 1.3
"""From the first zoom on, labels are shown where there is room; from the second on, below the nodes, too."""
MOST_LINES_DOWN = 12
"""So far a label moves down to where it covers no title and no other label."""
MANY = 12
"""Of so many selected nodes, none shows its outputs: the labels would cover each other."""


@dataclass(frozen=True)
class _LabelRequest:
    text: str
    center: QPointF
    strong: bool

    @property
    def rect(self) -> QRectF:
        width = OutputLabel.width_of(self.text)
        return QRectF(self.center.x() - width / 2, self.center.y() - OutputLabel.HEIGHT / 2, width, OutputLabel.HEIGHT)


class OutputLabels:
    """The labels of one scene."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._items: list[OutputLabel] = []

    def refresh(self, area: QRectF, hovered: str | None, hovered_node: str | None) -> None:
        """Show the labels that belong there.

        Args:
            area: What is visible of the scene.
            hovered: The wire under the pointer, by key.
            hovered_node: The node under the pointer.
        """
        wanted = [] if self._scene.context.far else list(self._wanted(area, hovered, hovered_node))
        while len(self._items) < len(wanted):
            label = OutputLabel(self._scene.context)
            self._items.append(label)
            self._scene.addItem(label)
        for label, what in zip(self._items, wanted, strict=False):
            label.say(what.text, what.center, what.strong)
            label.setVisible(True)
        for label in self._items[len(wanted) :]:
            label.setVisible(False)

    def recolor(self) -> None:
        """Take on another appearance."""
        for label in self._items:
            label.update()

    def _wanted(self, area: QRectF, hovered: str | None, hovered_node: str | None) -> Iterator[_LabelRequest]:
        """Yield first what is selected or pointed at, whatever it covers; then others, where they cover nothing."""
        scene = self._scene
        seen = scene.visible_tiles(area)
        chosen = scene.selection.nodes if len(scene.selection.nodes) <= MANY else frozenset()
        asked = [t for t in seen if t.id in chosen or t.id == hovered_node]
        near = seen if asked else []  # only where something is asked for it is looked what would be covered
        titles = [_title(tile) for tile in near]
        strong: list[_LabelRequest] = []
        for tile in asked:
            for what in self._below(tile, True):
                strong.append(_moved_down(what, [*titles, *(other.rect for other in strong)]))
        for key in {hovered or "", *scene.selection.connections}:
            wire = scene.wires.get(key)
            text = scene.carried(wire) if wire else ""
            if wire and text:
                strong.append(_LabelRequest(text, middle(wire.start, wire.end), True))
        yield from strong
        if scene.context.zoom < NEAR:
            return
        taken = [what.rect for what in strong] + [_body(tile) for tile in seen]
        said = {(t.id, port.name) for t in asked for port in t.face.ports.outputs}
        yield from self._on_wires(area, taken, said)
        if scene.context.zoom >= CLOSE:
            yield from self._below_nodes(seen, taken, said)

    def _on_wires(self, area: QRectF, taken: list[QRectF], said: set[tuple[str, str]]) -> Iterator[_LabelRequest]:
        """Yield one label per output, on the first of its wires that has room."""
        for wire in self._scene.visible_wires(area):
            source = (wire.source, wire.source_port)
            text = self._scene.carried(wire) if source not in said else ""
            what = _LabelRequest(text, middle(wire.start, wire.end), False)
            if text and what.rect.width() <= room_for_label(wire.start, wire.end) and _take(what.rect, taken):
                said.add(source)
                yield what

    def _below_nodes(self, tiles: list[NodeTile], taken: list[QRectF], said: set[tuple[str, str]]) -> Iterator[_LabelRequest]:
        """Yield labels below the nodes whose wires had no room."""
        for tile in tiles:
            if any((tile.id, port.name) not in said for port in tile.face.ports.outputs):
                for what in self._below(tile, False):
                    if _take(what.rect, taken):
                        yield what

    def _below(self, tile: NodeTile, strong: bool) -> list[_LabelRequest]:
        """Return what a node puts out, below it, a line per output."""
        status = self._scene.statuses.get(tile.id)
        if status is None:
            return []
        texts = [(port, status.outputs[port.name]) for port in tile.face.ports.outputs if status.outputs.get(port.name)]
        made = []
        for number, (port, text) in enumerate(texts):
            said = f"{port.title}: {text}" if len(texts) > 1 else text
            y = _bottom(tile) + 12 + number * (OutputLabel.HEIGHT + 3)
            made.append(_LabelRequest(said, QPointF(tile.left + TILE / 2, tile.top + y), strong))
        return made


def _moved_down(what: _LabelRequest, taken: list[QRectF]) -> _LabelRequest:
    """Return a label moved down, a line at a time, until it covers nothing; where there is no room near, it stays."""
    for line in range(MOST_LINES_DOWN):
        moved = replace(what, center=what.center + QPointF(0, line * (OutputLabel.HEIGHT + 3)))
        if not any(moved.rect.intersects(other) for other in taken):
            return moved
    return what


def _take(rect: QRectF, taken: list[QRectF]) -> bool:
    """Take the room and return whether there was any."""
    if any(rect.intersects(other) for other in taken):
        return False
    taken.append(rect)
    return True


def _bottom(tile: NodeTile) -> float:
    """Return where what is written below a node ends."""
    face = tile.face
    written = face.note or face.type_name or (face.status and (face.status.message or face.status.state == "failed"))
    return NOTE_TOP + (NOTE_LINE if written else -4)


def _title(tile: NodeTile) -> QRectF:
    """Return where the title of a node stands, and its tile below it."""
    length = text_width(tile.face.title, TITLE_SIZE, bold=True)
    width, lines = max(TILE + 8, min(length, TITLE_WIDTH)), 2 if length > TITLE_WIDTH else 1
    top = 9 + lines * TITLE_LINE
    return QRectF((TILE - width) / 2, -top, width, top + TILE).translated(tile.left, tile.top)


def _body(tile: NodeTile) -> QRectF:
    """Return what must not be covered of a node."""
    lines = 2 if len(tile.face.title) > 15 else 1
    top = 10 + lines * TITLE_LINE
    return QRectF(-20, -top, TILE + 40, top + _bottom(tile)).translated(tile.left, tile.top)
