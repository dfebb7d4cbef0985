"""The view: which gesture, drop or key the person's input is, and what is shown under the pointer.

NodeGraphQt's handling of mouse and keys changes its items directly and knows no undo; here every gesture ends as a command of
the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QGraphicsView, QToolTip, QWidget

from app.editor.canvas.dropping import DropTarget
from app.editor.canvas.feedback import Feedback
from app.editor.canvas.gesture import Gesture, GestureContext, Pointer
from app.editor.canvas.gestures import Pan
from app.editor.canvas.hit_testing import hit_test
from app.editor.canvas.labels import OutputLabels
from app.editor.canvas.navigation import ARROWS, nearest_in, next_node
from app.editor.canvas.pressing import gesture_for, select_hit
from app.editor.canvas.selection import Hit, Selection
from app.editor.canvas.sizes import NUDGE, SMALL_NUDGE
from app.editor.canvas.tips import tip_of
from app.editor.canvas.zoomable_view import ZoomableView

if TYPE_CHECKING:
    from app.document.editing import Document

_BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
LATER = 40
"""So many milliseconds after the view moved, labels are placed for what is seen now."""


class CanvasView(ZoomableView):
    """The view of one document, with what the person does in it.

    Args:
        document: What is shown and edited.
        parent: The canvas.
    """

    node_activated = Signal(str)
    menu_requested = Signal(QPoint, object)
    wire_dropped = Signal(str, bool, QPointF, QPoint)
    node_wanted = Signal(QPointF, QPoint)
    rename_wanted = Signal(str)
    note_wanted = Signal(str)
    text_wanted = Signal(str)
    pressed = Signal()
    focused = Signal()
    """The canvas has the focus now."""
    message = Signal(str)

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(document, parent)
        self.feedback = Feedback(self)
        self._LIVE_PIPE, self._SLICER_PIPE = self.feedback.live_wire, self.feedback.slicer
        self.drops = DropTarget(self, self.message.emit)
        self.labels = OutputLabels(self.canvas_scene)
        self.gestures = GestureContext(self, self.feedback, self.drops, self.become, self.message.emit, self.wire_dropped.emit)
        self._gesture: Gesture | None = None
        self._space = False
        self._space_used = False
        self._ringed = False
        self._hovered = Hit()
        self._last_pointer: Pointer | None = None
        self._label_timer = self.timer(0, self._refresh_labels)
        self._late_labels = self.timer(LATER, self._refresh_labels)
        self._border_timer = self.timer(16, self._scroll_at_border, repeats=True)
        self.feedback.refusal_changed.connect(self._show_cursor)
        self.area_changed.connect(self._refresh_labels_later)
        self.detail_changed.connect(self.refresh_labels)
        self.canvas_scene.selection_changed.connect(self.refresh_labels)
        self.canvas_scene.statuses_changed.connect(self.refresh_labels)
        self.canvas_scene.content_changed.connect(self._content_changed)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys mean the canvas now, where they brought the person here."""
        QGraphicsView.focusInEvent(self, event)
        self._ringed = event.reason() in _BY_KEY
        self.viewport().update()
        self.focused.emit()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Paint a ring where the focus came by keys and no node shows where it is."""
        if self._ringed and self.hasFocus() and not self.canvas_scene.selection:
            painter.save()
            painter.resetTransform()
            painter.setPen(QPen(QColor(self.canvas_scene.context.colors.accent), 2))
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1))
            painter.restore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget keys that are held down: they are let go elsewhere."""
        self._space = False
        self._show_cursor()
        QGraphicsView.focusOutEvent(self, event)
        self.viewport().update()

    # -- what is shown

    def refresh_labels(self) -> None:
        """Place the labels on wires anew, before the next picture."""
        self._label_timer.start()

    def _refresh_labels_later(self) -> None:
        if not self._late_labels.isActive():
            self._late_labels.start()

    def _refresh_labels(self) -> None:
        busy = self._gesture is not None and not isinstance(self._gesture, Pan)
        hit = Hit() if busy else self._hovered
        self.labels.refresh(self.visible_area(), hit.connection, hit.node)

    def recolor(self) -> None:
        """Take on another appearance."""
        self.canvas_scene.recolor()
        self.labels.recolor()
        self.viewport().update()

    def _show_cursor(self) -> None:
        hit = self._hovered
        shape = Qt.CursorShape.ArrowCursor
        if self.feedback.refuses:
            shape = Qt.CursorShape.ForbiddenCursor
        elif isinstance(self._gesture, Pan):
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space:
            shape = Qt.CursorShape.OpenHandCursor
        elif hit.port is not None:
            shape = Qt.CursorShape.CrossCursor
        elif hit.annotation is not None:
            shape = _EDGE_CURSORS.get(hit.edge, Qt.CursorShape.SizeAllCursor)
        elif hit.connection is not None:
            shape = Qt.CursorShape.PointingHandCursor
        self.viewport().setCursor(shape)

    # -- mouse

    def become(self, gesture: Gesture | None) -> None:
        """Go on with another gesture."""
        self._gesture = gesture
        if gesture is not None and gesture.scrolls:
            self._border_timer.start()
        else:
            self._border_timer.stop()

    def pointer(self, event: QMouseEvent) -> Pointer:
        """Return where a mouse event happened."""
        spot = event.position()
        return Pointer(self.to_scene(spot), spot.toPoint(), event.globalPosition().toPoint(), event.modifiers())

    def hit(self, place: QPointF) -> Hit:
        """Return what is at a point of the scene."""
        return hit_test(self.canvas_scene, place, zoom=self.zoom)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        event.accept()
        self.pressed.emit()
        if self._gesture is not None:
            return
        pointer = self.pointer(event)
        self.end_flight()
        button = event.button()
        if button is Qt.MouseButton.MiddleButton or (button is Qt.MouseButton.LeftButton and self._space):
            self._space_used = True
            self.become(Pan(self.gestures, pointer))
            self._show_cursor()
        elif button is Qt.MouseButton.LeftButton:
            self.become(gesture_for(self.gestures, self.hit(pointer.place), pointer))
        elif button is Qt.MouseButton.RightButton:
            hit = self.hit(pointer.place)
            chosen = self.canvas_scene.selection
            if not (hit.node in chosen.nodes or hit.connection in chosen.connections or hit.annotation in chosen.annotations):
                select_hit(self.canvas_scene, hit, adds=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the gesture, or show what is under the pointer."""
        event.accept()
        pointer = self._last_pointer = self.pointer(event)
        if self._gesture is not None:
            self._gesture.moved(pointer)
        elif not event.buttons():
            self._hover(self.hit(pointer.place))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture."""
        event.accept()
        gesture = self._gesture
        if gesture is None or event.button() is Qt.MouseButton.RightButton:
            return
        self.become(None)
        gesture.released(self.pointer(event))
        self._hover(self.hit(self.to_scene(event.position())))
        self._show_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open a node, edit a text, or ask for a node."""
        event.accept()
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        pointer = self.pointer(event)
        hit = self.hit(pointer.place)
        if hit.node is not None and hit.part == "title":
            self.rename_wanted.emit(hit.node)
        elif hit.node is not None and hit.part == "note":
            self.note_wanted.emit(hit.node)
        elif hit.node is not None:
            self.node_activated.emit(hit.node)
        elif hit.annotation is not None:
            self.text_wanted.emit(hit.annotation)
        elif hit.is_empty:
            self.node_wanted.emit(pointer.place, pointer.screen)

    def cancel_gesture(self) -> bool:
        """End what the mouse does without a trace; return whether there was anything."""
        gesture = self._gesture
        if gesture is None:
            return False
        self.become(None)
        gesture.cancelled()
        self._show_cursor()
        return True

    def _content_changed(self) -> None:
        """Forget what is under the pointer: it may be gone."""
        self._hover(Hit())
        self.refresh_labels()

    def _hover(self, hit: Hit) -> None:
        before, self._hovered = self._hovered, hit
        if (before.node, before.port) != (hit.node, hit.port):
            self.feedback.show_port(hit)
        if before.node != hit.node:
            for node_id in (before.node, hit.node):
                tile = self.canvas_scene.tiles.get(node_id or "")
                if tile is not None:
                    tile.show_corner(node_id == hit.node)
        if (before.connection, before.node) != (hit.connection, hit.node):
            self.canvas_scene.emphasise([hit.connection] if hit.connection else [])
            self.refresh_labels()
        if (before.port, before.annotation, before.edge, before.connection) != (
            hit.port,
            hit.annotation,
            hit.edge,
            hit.connection,
        ):
            self._show_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        """Show that nothing is under the pointer any more."""
        if self._gesture is None:
            self._hover(Hit())
        QGraphicsView.leaveEvent(self, event)

    def _scroll_at_border(self) -> None:
        """Move the view while something is dragged to its border."""
        pointer, gesture = self._last_pointer, self._gesture
        if pointer is None or gesture is None:
            return
        inner = self.viewport().rect().adjusted(24, 24, -24, -24)
        spot = pointer.spot
        by = QPoint(_beyond(spot.x(), inner.left(), inner.right()), _beyond(spot.y(), inner.top(), inner.bottom()))
        if not by.isNull():
            self.pan(by)
            self._last_pointer = Pointer(self.to_scene(QPointF(spot)), spot, pointer.screen, pointer.modifiers)
            gesture.moved(self._last_pointer)

    def viewportEvent(self, event: QEvent) -> bool:
        """Show what there is to say about what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            text = tip_of(self.canvas_scene, self.hit(self.to_scene(QPointF(event.pos()))))
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Have the window show a menu: for what is under the mouse, or, by key, for what is selected."""
        event.accept()
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            self.menu_requested.emit(event.globalPos(), self.hit(self.to_scene(QPointF(event.pos()))))
            return
        node = next(iter(self.canvas_scene.selection.nodes), None)
        place = self.canvas_scene.tiles[node].sceneBoundingRect().center() if node else self.visible_area().center()
        spot = self.mapFromScene(place)
        self.menu_requested.emit(self.viewport().mapToGlobal(spot), Hit(place, node=node, part="tile" if node else ""))

    # -- dropping a node type

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Node types may be dropped; anything else is the window's business."""
        self.drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where it would go."""
        self.drops.move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Forget where it would have gone."""
        self.drops.leave()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put it there."""
        self.drops.drop(event)

    # -- keys

    def focusNextPrevChild(self, following: bool) -> bool:
        """Leave the canvas by Tab, whatever the scene holds: a canvas must be no trap for those who work by keys."""
        return QWidget.focusNextPrevChild(self, following)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the canvas's keys mean; the others are the window's actions."""
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        chosen = self.canvas_scene.selection
        if key == Qt.Key.Key_Escape:
            if not self.cancel_gesture():
                self.canvas_scene.select(Selection())
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space, self._space_used = True, False
            self._show_cursor()
        elif key in ARROWS:
            self._arrow(key, modifiers)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and len(chosen.nodes) == 1:
            self.node_activated.emit(next(iter(chosen.nodes)))
        elif key == Qt.Key.Key_F2 and len(chosen.nodes) == 1:
            self.rename_wanted.emit(next(iter(chosen.nodes)))
        elif key == Qt.Key.Key_F2 and len(chosen.annotations) == 1:
            self.text_wanted.emit(next(iter(chosen.annotations)))
        else:
            event.ignore()
            return
        event.accept()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space alone asks for a node."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            asked = self._space and not self._space_used and self._gesture is None
            self._space = False
            self._show_cursor()
            if asked:
                self._want_node()
            event.accept()
            return
        event.ignore()

    def _arrow(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
        """Move what is selected (with Shift by a pixel); with Ctrl, or without a selection, go to the next node.

        With Alt, left and right go through all nodes as one reads them.
        """
        scene, chosen = self.canvas_scene, self.canvas_scene.selection
        if modifiers & Qt.KeyboardModifier.AltModifier:
            if ARROWS[key][0]:
                self._select_node(next_node(scene, ARROWS[key][0] < 0))
            return
        movable = bool(chosen.nodes or chosen.annotations)
        if modifiers & Qt.KeyboardModifier.ControlModifier or not movable:
            self._select_node(nearest_in(scene, ARROWS[key], self.visible_area().center()))
            return
        step = SMALL_NUDGE if modifiers & Qt.KeyboardModifier.ShiftModifier else NUDGE
        dx, dy = ARROWS[key][0] * step, ARROWS[key][1] * step
        views, boxes = self.document.view, self.document.annotations
        self.document.move(
            {n: (views(n).position[0] + dx, views(n).position[1] + dy) for n in chosen.nodes},
            {k: (boxes[k].position[0] + dx, boxes[k].position[1] + dy) for k in chosen.annotations},
            merge=f"nudge {hash(chosen)}",
        )

    def _select_node(self, node_id: str | None) -> None:
        if node_id is not None:
            self.canvas_scene.select(Selection(nodes=frozenset([node_id])))
            self.bring_into_view(node_id)

    def _want_node(self) -> None:
        cursor = self.viewport().mapFromGlobal(self.cursor().pos())
        spot = cursor if QRect(self.viewport().rect()).contains(cursor) else self.viewport().rect().center()
        self.node_wanted.emit(self.to_scene(QPointF(spot)), self.viewport().mapToGlobal(spot))

    def stop(self) -> None:
        """End all that moves by itself."""
        self.cancel_gesture()
        for timer in (self._label_timer, self._late_labels, self._border_timer):
            timer.stop()
        self.feedback.stop()
        super().stop()


_EDGE_CURSORS = {
    "l": Qt.CursorShape.SizeHorCursor,
    "r": Qt.CursorShape.SizeHorCursor,
    "t": Qt.CursorShape.SizeVerCursor,
    "b": Qt.CursorShape.SizeVerCursor,
    "lt": Qt.CursorShape.SizeFDiagCursor,
    "rb": Qt.CursorShape.SizeFDiagCursor,
    "rt": Qt.CursorShape.SizeBDiagCursor,
    "lb": Qt.CursorShape.SizeBDiagCursor,
}


def _beyond(value: int, least: int, most: int) -> int:
    """Return how fast to scroll for a pointer that is beyond the border."""
    if value < least:
        return -min(24, (least - value) // 2 + 2)
    return min(24, (value - most) // 2 + 2) if value > most else 0
