"""Canvas: the widget that shows a document and lets the person edit it with mouse and keys. It does not know the window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakMethod

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QCloseEvent, QFont, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.document.geometry import COLUMN, ROW, TILE
from app.editor.canvas.export import export_png, export_svg
from app.editor.canvas.hit_testing import nodes_in
from app.editor.canvas.inline import InlineEditor
from app.editor.canvas.minimap import Minimap
from app.editor.canvas.selection import Selection
from app.editor.canvas.sizes import MOVE_STEP, NOTE_TOP, TITLE_LINE
from app.editor.canvas.tips import in_words
from app.editor.canvas.view import CanvasView
from app.editor.canvas.wire_rules import connect_nodes
from app.editor.canvas.zoomable_view import LEAST_ZOOM, MOST_ZOOM
from app.editor.look import interface_font, look
from app.editor.plain_label import PlainLabel
from nodes.wording import counted

if TYPE_CHECKING:
    from app.document.change import Change
    from app.document.editing import Document
    from app.engine.status import NodeStatus
    from nodes.catalog import Catalog

ZOOM_STEP = 1.25
MAP_MARGIN = 14
ROOMY = 1000
"""On a canvas of fewer pixels across the minimap is seen only while the view moves."""


class Canvas(QWidget):
    """The picture of a document.

    Args:
        document: What is shown; every gesture becomes a command to it.
        catalog: The node classes.

    Attributes:
        document: The document.
        view: The graphics view inside, for tests.
    """

    selection_changed = Signal()
    node_activated = Signal(str)
    """A double click on a node, or Enter: configure it."""
    menu_requested = Signal(QPoint, object)
    """A menu is wanted at a point of the screen, for a Hit."""
    wire_dropped = Signal(str, bool, QPointF, QPoint)
    """A wire was pulled into empty space: its port (`node.port`), whether that is an output, in the scene, on the screen."""
    node_wanted = Signal(QPointF, QPoint)
    """A new node is wanted at a point of the scene (on the screen): a double click or Space on empty canvas."""
    zoom_changed = Signal(float)
    message = Signal(str)
    """Why a gesture was refused."""

    def __init__(self, document: Document, catalog: Catalog) -> None:
        super().__init__()
        self.document = document
        self.catalog = catalog
        self.view = CanvasView(document, self)
        self.view.setAccessibleName("Workflow canvas")
        self.setFocusProxy(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.minimap = Minimap(self.view, self)
        self._hint = PlainLabel("Drag a node here, double-click, or press Space to add one", self)
        self._hint.setProperty("role", "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._editor: InlineEditor | None = None
        self._fitted = False
        for name in ("node_activated", "menu_requested", "wire_dropped", "node_wanted", "zoom_changed", "message"):
            getattr(self.view, name).connect(getattr(self, name))
        scene = self.view.canvas_scene
        scene.selection_changed.connect(self._on_selection)
        scene.statuses_changed.connect(self._describe)
        self.view.rename_wanted.connect(self.rename)
        self.view.note_wanted.connect(self.edit_note)
        self.view.text_wanted.connect(self.edit_annotation)
        self.view.area_changed.connect(self._on_area)
        self.view.pressed.connect(self._on_area)
        look().changed.connect(self._on_look)
        heard = WeakMethod(self._on_change)  # the document must not keep a closed canvas alive
        self._end_listening = document.subscribe(lambda change: (heard() or _nobody)(change))  # noqa: PLW0108 - looks anew
        self._show_hint()

    # -- following

    def set_statuses(self, statuses: Mapping[str, NodeStatus]) -> None:
        """Show the states of these nodes; the others keep theirs."""
        self.view.canvas_scene.set_statuses(statuses)

    def set_animations(self, on: bool) -> None:
        """Let the view glide, or jump."""
        self.view.animated = on

    def _on_change(self, change: Change) -> None:
        self._end_editing(take=False)  # what is edited may be gone
        self.view.cancel_gesture()
        self.view.canvas_scene.apply(change)
        self._show_hint()

    def _on_selection(self) -> None:
        self._describe()
        self.selection_changed.emit()

    def _describe(self) -> None:
        """Say what is selected to those who hear the screen."""
        chosen = sorted(self.selection().nodes)
        if len(chosen) == 1:
            said = in_words(self.view.canvas_scene, chosen[0])
        else:
            said = counted(len(chosen), "node is selected", "nodes are selected")
        if said != self.view.accessibleDescription():
            self.view.setAccessibleDescription(said)

    def _on_area(self) -> None:
        self._end_editing()

    def _on_look(self) -> None:
        self.view.recolor()
        self.minimap.redraw()

    # -- selection

    def selection(self) -> Selection:
        """Return what is selected."""
        return self.view.canvas_scene.selection

    def select(self, nodes: Iterable[str] = (), connections: Iterable[str] = (), annotations: Iterable[str] = ()) -> None:
        """Have these selected, and nothing else; what does not exist is passed over."""
        self.view.canvas_scene.select(Selection(frozenset(nodes), frozenset(connections), frozenset(annotations)))

    def select_all(self) -> None:
        """Select all nodes, wires and annotations."""
        scene = self.view.canvas_scene
        self.select(scene.tiles, scene.wires, scene.annotations)

    def delete_selection(self) -> None:
        """Delete what is selected."""
        chosen = self.selection()
        if chosen:
            self.document.delete(chosen.nodes, chosen.connections, chosen.annotations)

    def connect_selection(self) -> None:
        """Wire the selected nodes from left to right, each to the next one, where their ports fit."""
        scene, document = self.view.canvas_scene, self.document
        order = sorted(self.selection().nodes, key=lambda n: (scene.tiles[n].left, scene.tiles[n].top))
        pairs = list(pairwise(order))
        with document.step("Connect"):
            refused = [pair for pair in pairs if not connect_nodes(document, *pair)]
        if refused or not pairs:
            titles = [document.title(n) for n in refused[0]] if refused else []
            self.message.emit(f"{titles[0]} gives nothing that {titles[1]} takes." if titles else "Select at least two nodes.")

    def add_node(self, node_type: str, place: QPointF | None = None) -> str:
        """Add a node of a type, with its middle at a point of the scene (by default where there is room in the view).

        Returns:
            Its id; it is selected.
        """
        self.view.drops.place_node(node_type, place if place is not None else self.free_place())
        return next(iter(self.selection().nodes), "")

    def free_place(self) -> QPointF:
        """Return a point near the middle of the view where no node is."""
        scene, start = self.view.canvas_scene, self.visible_center()
        for ring in range(12):
            for dx in range(-ring, ring + 1):
                for dy in range(-ring, ring + 1):
                    if max(abs(dx), abs(dy)) == ring:
                        place = start + QPointF(dx * COLUMN / 2, dy * ROW / 2)
                        if not nodes_in(scene, QRectF(place.x() - COLUMN / 2, place.y() - ROW / 2, COLUMN, ROW)):
                            return place
        return start

    # -- the view

    def center_on(self, node_id: str) -> None:
        """Have a node in the middle, near enough to be read."""
        tile = self.view.canvas_scene.tiles.get(node_id)
        if tile is not None:
            self.view.look_at(tile.sceneBoundingRect().center(), max(self.zoom, 0.75))

    def flash(self, node_id: str) -> None:
        """Draw the eye to a node."""
        self.view.feedback.flash(node_id)

    def fit(self, *, fly: bool = True) -> None:
        """Show the whole workflow, at most at 100 %."""
        rect = self.view.canvas_scene.content_rect()
        if not rect.isEmpty():
            rect = self._beside_minimap(rect.adjusted(-30, -30, 30, 30))
        self.view.show_area(rect, fly=fly)

    def _beside_minimap(self, area: QRectF) -> QRectF:
        """Return an area to fit, larger where the minimap would cover a node otherwise."""
        size = self.minimap.size() + QSize(2 * MAP_MARGIN, 2 * MAP_MARGIN)
        room = QRectF(self.view.viewport().rect())
        if (
            not (self.minimap.wanted and self.minimap.lasting)
            or room.width() < 2 * size.width()
            or room.height() < 2 * size.height()
        ):
            return area
        zoom = min(1.0, room.width() / area.width(), room.height() / area.height())
        corner = area.center() + QPointF(room.width() / 2 - size.width(), room.height() / 2 - size.height()) / zoom
        if not self.view.canvas_scene.visible_tiles(QRectF(corner, area.bottomRight() + QPointF(1, 1))):
            return area
        beside = min(1.0, (room.width() - size.width()) / area.width(), room.height() / area.height())
        above = min(1.0, room.width() / area.width(), (room.height() - size.height()) / area.height())
        return area.adjusted(0, 0, size.width() / beside, 0) if beside > above else area.adjusted(0, 0, 0, size.height() / above)

    def zoom_in(self) -> None:
        """Zoom in by a step."""
        self.view.look_at(self.visible_center(), min(MOST_ZOOM, self.zoom * ZOOM_STEP))

    def zoom_out(self) -> None:
        """Zoom out by a step."""
        self.view.look_at(self.visible_center(), max(LEAST_ZOOM, self.zoom / ZOOM_STEP))

    def zoom_reset(self) -> None:
        """Zoom to 100 %."""
        self.view.look_at(self.visible_center(), 1.0)

    @property
    def zoom(self) -> float:
        """The scale; 1 is 100 %."""
        return self.view.zoom

    def visible_center(self) -> QPointF:
        """Return the point of the scene in the middle of the view."""
        return self.view.visible_area().center()

    def scene_position(self, screen: QPoint) -> QPointF:
        """Return the point of the scene at a point of the screen."""
        return self.view.to_scene(QPointF(self.view.viewport().mapFromGlobal(screen)))

    def node_rect(self, node_id: str) -> QRectF:
        """Return the place of a node's tile, in the scene; empty if there is no such node."""
        tile = self.view.canvas_scene.tiles.get(node_id)
        return QRectF(tile.pos(), QSizeF(TILE, TILE)) if tile is not None else QRectF()

    def screen_position(self, place: QPointF) -> QPoint:
        """Return the point of the screen at a point of the scene."""
        return self.view.viewport().mapToGlobal(self.view.viewportTransform().map(place).toPoint())

    @property
    def minimap_shown(self) -> bool:
        """Whether the person wants the minimap."""
        return self.minimap.wanted

    def show_minimap(self, shown: bool) -> None:
        """Show or hide the minimap; on a small canvas it is seen only while the view moves."""
        self.minimap.set_shown(shown, self.width() >= ROOMY)

    def set_snap(self, on: bool) -> None:
        """Let what is dragged move in steps, so that what was aligned stays aligned (Alt drags freely), or not."""
        self.view.gestures.move_step = MOVE_STEP if on else 1

    # -- files

    def export_png(self, path: Path, scale: float = 2.0) -> None:
        """Write the whole workflow as a PNG; DocumentError if it cannot be written."""
        export_png(self.view.canvas_scene, self.view.labels, path, scale)

    def export_svg(self, path: Path) -> None:
        """Write the whole workflow as an SVG; DocumentError if it cannot be written."""
        export_svg(self.view.canvas_scene, self.view.labels, path, self.document.properties["name"])

    # -- editing texts in place

    def rename(self, node_id: str) -> None:
        """Let the person edit a node's name where it stands."""
        document = self.document
        rect = QRectF(TILE / 2 - 75, -12 - TITLE_LINE, 150, TITLE_LINE + 8)
        title = document.title(node_id)

        def done(text: str) -> None:
            node_type = document.types.get(document.nodes[node_id].type)
            document.rename(node_id, "" if node_type is not None and text == node_type.title else text)

        self._edit(title, rect.translated(self.view.canvas_scene.tiles[node_id].pos()), done, "Name of the node")

    def edit_note(self, node_id: str) -> None:
        """Let the person edit the note below a node."""
        rect = QRectF(TILE / 2 - 75, NOTE_TOP - 4, 150, 22).translated(self.view.canvas_scene.tiles[node_id].pos())
        document = self.document
        note = document.view(node_id).note
        self._edit(note, rect, lambda text: document.set_note(node_id, text), "Note below the node", large=True)

    def edit_annotation(self, key: str) -> None:
        """Let the person edit an annotation's text."""
        document, box = self.document, self.view.canvas_scene.annotations[key]
        rect = QRectF(box.rect.topLeft() + QPointF(6, 5), box.rect.bottomRight() - QPointF(6, 5))
        rect.setHeight(min(rect.height(), 110))
        self._edit(
            box.annotation.text,
            rect,
            lambda text: document.set_annotation(key, text=text),
            "Text of the annotation",
            lines=True,
            large=True,
        )

    def _edit(
        self, text: str, rect: QRectF, done: Callable[[str], None], name: str, *, lines: bool = False, large: bool = False
    ) -> None:
        self._end_editing()
        self.view.end_flight()  # or the field would end with the next step of it
        port = self.view.viewport()
        spot = self.view.viewportTransform().mapRect(rect).toAlignedRect()
        spot.setSize(spot.size().expandedTo(QSize(160, 60 if lines else 27)))
        spot.moveCenter(self.view.viewportTransform().map(rect.center()).toPoint())
        font = interface_font(max(12, round(12.5 * self.zoom)))
        editor = InlineEditor(port, text, spot, done, lines=lines, name=name, large=large)
        editor.field.setFont(QFont(font))
        self._editor = editor

    def _end_editing(self, *, take: bool = True) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.finish(take)

    # -- the widget

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the minimap in its corner."""
        super().resizeEvent(event)
        size = self.minimap.size()
        self.minimap.move(self.width() - size.width() - MAP_MARGIN, self.height() - size.height() - MAP_MARGIN)
        self._hint.setGeometry(self.rect())
        self.show_minimap(self.minimap.wanted)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the whole workflow first."""
        super().showEvent(event)
        if not self._fitted:
            self._fitted = True
            self.fit(fly=False)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of the document."""
        self._end_editing()
        self._end_listening()
        self.view.stop()
        self.minimap.stop()
        super().closeEvent(event)

    def _show_hint(self) -> None:
        self._hint.setVisible(not self.document.nodes and not self.document.annotations)


def _nobody(change: Change) -> None:
    """Do nothing: the canvas is gone."""
