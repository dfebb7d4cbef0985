"""Gestures that move the view, select, cut wires, move what is selected, and resize annotations."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt

from app.document.geometry import TILE
from app.document.placing import put_between
from app.editor.canvas.annotations import LEAST_SIDE, Edge
from app.editor.canvas.gesture import Gesture, GestureContext, Pointer
from app.editor.canvas.hit_testing import nodes_in, wires_across, wires_in
from app.editor.canvas.selection import Selection
from app.editor.canvas.wire_rules import between


class Pan(Gesture):
    """Move the view."""

    def __init__(self, context: GestureContext, start: Pointer) -> None:
        super().__init__(context)
        self._last = start.spot

    def moved(self, pointer: Pointer) -> None:
        """Keep the point of the scene under the mouse that was there."""
        self.context.view.pan(self._last - pointer.spot)
        self._last = pointer.spot


class RubberBand(Gesture):
    """Select what is in a rectangle; with Shift or Ctrl, in addition."""

    scrolls = True

    def __init__(self, context: GestureContext, start: Pointer) -> None:
        super().__init__(context)
        self._from = start.place
        self._before = self.scene.selection
        self._base = self._before if start.adds else Selection()

    def moved(self, pointer: Pointer) -> None:
        """Show the rectangle, and what it selects."""
        rect = QRectF(self._from, pointer.place).normalized()
        self.context.feedback.show_band(rect)
        nodes = nodes_in(self.scene, rect)
        wires = set() if nodes else wires_in(self.scene, rect)
        boxes = {k for k, box in self.scene.annotations.items() if rect.contains(box.rect)}
        base = self._base
        self.scene.select(Selection(base.nodes | nodes, base.connections | wires, base.annotations | boxes))

    def released(self, pointer: Pointer) -> None:
        """Keep the selection."""
        self.context.feedback.show_band(None)

    def cancelled(self) -> None:
        """Back to the former selection."""
        self.context.feedback.show_band(None)
        self.scene.select(self._before)


class Slice(Gesture):
    """Cut all wires that a line crosses."""

    def __init__(self, context: GestureContext, start: Pointer) -> None:
        super().__init__(context)
        self._from = start.place
        self._keys: set[str] = set()
        context.feedback.slicer.draw_path(start.place, start.place)
        context.feedback.slicer.begin(self.scene.context.colors.wrong)

    def moved(self, pointer: Pointer) -> None:
        """Show the line, and what it would cut."""
        self.context.feedback.slicer.draw_path(self._from, pointer.place)
        self._keys = wires_across(self.scene, self.context.feedback.slicer.path())
        self.scene.emphasise(self._keys)

    def released(self, pointer: Pointer) -> None:
        """Cut."""
        self.cancelled()
        if self._keys:
            self.document.disconnect(self._keys)

    def cancelled(self) -> None:
        """Hide the line."""
        self.context.feedback.slicer.setVisible(False)
        self.scene.emphasise(())


class Move(Gesture):
    """Move what is selected. A single node without wires that is dropped on a wire is put in between."""

    scrolls = True

    def __init__(self, context: GestureContext, start: Pointer) -> None:
        super().__init__(context)
        scene, chosen = self.scene, self.scene.selection
        self._from = start.place
        inside = {n for key in chosen.annotations for n in nodes_in(scene, scene.annotations[key].rect)}
        self._nodes = {n: scene.tiles[n].pos() for n in {*chosen.nodes, *inside}}
        self._boxes = {k: scene.annotations[k].rect for k in chosen.annotations}
        self._single = next(iter(self._nodes)) if len(self._nodes) == 1 and not self._boxes else None
        if self._single and scene.wires_of(self._single):
            self._single = None
        self._wire: str | None = None
        self._shift = QPointF()

    def moved(self, pointer: Pointer) -> None:
        """Show them there."""
        shift = pointer.place - self._from
        if pointer.modifiers & Qt.KeyboardModifier.ShiftModifier:  # straight along one axis
            shift = QPointF(shift.x(), 0) if abs(shift.x()) >= abs(shift.y()) else QPointF(0, shift.y())
        step = 1 if pointer.modifiers & Qt.KeyboardModifier.AltModifier else self.context.move_step
        self._shift = QPointF(round(shift.x() / step) * step, round(shift.y() / step) * step)
        self._show(self._shift)
        if self._single:
            middle = self.scene.tiles[self._single].pos() + QPointF(TILE / 2, TILE / 2)
            self._wire = self.context.drops.wire_for(self.document.nodes[self._single].type, middle, self._single)
            self.scene.emphasise([self._wire] if self._wire else [])

    def released(self, pointer: Pointer) -> None:
        """Tell the document."""
        self.scene.emphasise(())
        if self._shift.isNull():
            return
        nodes = {n: _point(p + self._shift) for n, p in self._nodes.items()}
        boxes = {k: _point(r.topLeft() + self._shift) for k, r in self._boxes.items()}
        wire, single = self._wire, self._single
        if wire is None or single is None:
            self.document.move(nodes, boxes)
            return
        ports = between(
            self.document, self.document.types.get(self.document.nodes[single].type), self.scene.wires[wire].kind, single
        )
        with self.document.step("Put in between"):
            self.document.move(nodes)
            if ports is not None:
                put_between(self.document, wire, single, *ports)

    def cancelled(self) -> None:
        """Put all back."""
        self.scene.emphasise(())
        self._show(QPointF())

    def _show(self, shift: QPointF) -> None:
        for key, rect in self._boxes.items():
            self.scene.annotations[key].place(rect.translated(shift))
        self.scene.put({n: p + shift for n, p in self._nodes.items()})


class Resize(Gesture):
    """Change the size of an annotation by its edges."""

    scrolls = True

    def __init__(self, context: GestureContext, start: Pointer, key: str, edge: Edge) -> None:
        super().__init__(context)
        self._from = start.place
        self._key = key
        self._edge = edge
        self._rect = self.scene.annotations[key].rect
        self._now = self._rect

    def moved(self, pointer: Pointer) -> None:
        """Show it."""
        shift = pointer.place - self._from
        rect = QRectF(self._rect)
        if "l" in self._edge:
            rect.setLeft(min(rect.left() + round(shift.x()), rect.right() - LEAST_SIDE))
        if "r" in self._edge:
            rect.setRight(max(rect.right() + round(shift.x()), rect.left() + LEAST_SIDE))
        if "t" in self._edge:
            rect.setTop(min(rect.top() + round(shift.y()), rect.bottom() - LEAST_SIDE))
        if "b" in self._edge:
            rect.setBottom(max(rect.bottom() + round(shift.y()), rect.top() + LEAST_SIDE))
        self._now = rect
        self.scene.annotations[self._key].place(rect)

    def released(self, pointer: Pointer) -> None:
        """Tell the document."""
        rect = self._now
        if rect != self._rect:
            self.document.set_annotation(self._key, position=_point(rect.topLeft()), size=(rect.width(), rect.height()))

    def cancelled(self) -> None:
        """Give it back its size."""
        self.scene.annotations[self._key].place(self._rect)


def _point(place: QPointF) -> tuple[float, float]:
    return place.x(), place.y()
