"""The view: what part of the scene is seen, and which gesture, drop or key the person's input is.

NodeGraphQt's viewer keeps the visible part as a scene rectangle that it fits into the window at each step. Qt then repaints
everything at every pan, keeps a margin of two pixels (so that 100 % is never 100 %, and pictures are never sharp), and the zoom
jumps when the window is resized. Here the scene's rectangle is large and fixed, panning is scrolling (which moves pixels that are
there already), and zooming is a scale about a point. Its handling of mouse and keys changes its items directly and knows
no undo; here every gesture ends as a command of the document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip, QWidget

from app.editor.canvas.dropping import Drops
from app.editor.canvas.geometry import NUDGE, SMALL_NUDGE
from app.editor.canvas.gestures import Gesture, Pan, Pointer, gesture_for, select_hit
from app.editor.canvas.labels import Labels
from app.editor.canvas.navigation import ARROWS, nearest_in, next_node
from app.editor.canvas.nodegraph import NodeViewer
from app.editor.canvas.scene import CanvasScene, Hit, Selection
from app.editor.canvas.signs import Signs
from app.editor.canvas.stage import EVERYWHERE
from app.editor.canvas.tips import tip_of
from app.editor.canvas.wires import LiveWire, Slicer

if TYPE_CHECKING:
    from app.document.editing import Document

FAR = 0.5
"""Below this zoom nodes are plain tiles and wires straight lines."""
LEAST_ZOOM, MOST_ZOOM = 0.04, 4.0
SETTLE = 90
"""After so many milliseconds without zooming, pictures are made anew, sharp for the present zoom."""
LATER = 40
"""So many milliseconds after the view moved, labels are placed for what is seen now."""


class CanvasView(NodeViewer):
    """The view of one document.

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
    zoom_changed = Signal(float)
    area_changed = Signal()
    pressed = Signal()
    message = Signal(str)

    def __init__(self, document: Document, parent: QWidget) -> None:
        self.document = document
        super().__init__(parent)
        made_by_base = self.scene()
        self.canvas_scene = CanvasScene(document, self)
        self.setScene(self.canvas_scene)
        made_by_base.deleteLater()
        self.live_wire = self._LIVE_PIPE = LiveWire()
        self.slicer = self._SLICER_PIPE = Slicer()
        for item in (self.live_wire, self.slicer):
            item.setVisible(False)
            self.canvas_scene.addItem(item)
        self.signs = Signs(self)
        self.drops = Drops(self)
        self.labels = Labels(self.canvas_scene)
        self.animated = True
        self.move_step = 1
        self._gesture: Gesture | None = None
        self._space = False
        self._space_used = False
        self._hovered = Hit()
        self._last_pointer: Pointer | None = None
        self._set_up()
        self._settle = self._timer(SETTLE, self._settled)
        self._more = self._timer(0, self.viewport().update)
        self._label_timer = self._timer(0, self._refresh_labels)
        self._late_labels = self._timer(LATER, self._refresh_labels)
        self._border_timer = self._timer(16, self._scroll_at_border, repeats=True)
        self._course = ((0.0, 0.0, 1.0), (0.0, 0.0, 1.0))
        self._flight = QVariantAnimation(self)
        self._flight.setDuration(220)
        self._flight.setStartValue(0.0)
        self._flight.setEndValue(1.0)
        self._flight.valueChanged.connect(self._fly)
        self.canvas_scene.selection_changed.connect(self.refresh_labels)
        self.canvas_scene.statuses_changed.connect(self.refresh_labels)
        self.canvas_scene.content_changed.connect(self._content_changed)

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSceneRect(EVERYWHERE)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setDragMode(QGraphicsView.DragMode.NoDrag)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(True)
        self._cursor_text.setVisible(False)
        self.centerOn(0, 0)

    def _timer(self, milliseconds: int, call: Callable[[], None], repeats: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(not repeats)
        timer.setInterval(milliseconds)
        timer.timeout.connect(call)
        return timer

    # -- what NodeGraphQt's viewer does differently

    def _update_scene(self) -> None:
        """The visible part is kept by scroll bars and scale, not by the scene's rectangle."""

    def _build_context_menus(self) -> None:
        """Menus are the window's."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Without NodeGraphQt's hidden menu bar."""
        QGraphicsView.focusInEvent(self, event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keys that are held down are let go elsewhere."""
        self._space = False
        self._show_cursor()
        QGraphicsView.focusOutEvent(self, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The zoom stays."""
        QGraphicsView.resizeEvent(self, event)
        self._area_moved()

    def scale(self, sx: float, sy: float, pos: QPointF | None = None) -> None:
        """Zoom by a factor about a point of the scene (by default the middle)."""
        center = pos if pos is not None else self.visible_area().center()
        self.zoom_about(self.zoom * sx, QPointF(self.viewportTransform().map(center)))

    def _set_viewer_pan(self, pos_x: float, pos_y: float) -> None:
        """Pan by a way in the scene."""
        self.pan(QPoint(round(pos_x * self.zoom), round(pos_y * self.zoom)))

    # -- zoom and pan

    @property
    def zoom(self) -> float:
        """The scale; 1 is 100 %."""
        return float(self.transform().m11())

    def zoom_about(self, zoom: float, spot: QPointF, *, settle: bool = False) -> None:
        """Zoom so that the point of the scene at `spot` of the viewport stays there.

        Args:
            zoom: The new scale.
            spot: A point of the viewport.
            settle: Whether to make sharp pictures at once instead of when the person stops zooming.
        """
        zoom = min(MOST_ZOOM, max(LEAST_ZOOM, zoom))
        place = self.to_scene(spot)
        if zoom != self.zoom:
            stage = self.canvas_scene.stage
            stage.zoom = zoom
            self.setTransform(QTransform.fromScale(zoom, zoom))
            if (zoom < FAR) != stage.far:
                self.canvas_scene.set_far(zoom < FAR)
                self.refresh_labels()
            if settle or not 0.75 < zoom / stage.settled < 1.34:
                self._settled()
            else:
                self._settle.start()
        moved = QPointF(self.viewportTransform().map(place)) - spot
        self.pan(moved.toPoint())
        self.zoom_changed.emit(zoom)
        self._area_moved()

    def pan(self, by: QPoint) -> None:
        """Move the view by pixels."""
        if by.x():
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() + by.x())
        if by.y():
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + by.y())

    def to_scene(self, spot: QPointF) -> QPointF:
        """The point of the scene at a point of the viewport."""
        inverted, _ = self.viewportTransform().inverted()
        return QPointF(inverted.map(spot))

    def visible_area(self) -> QRectF:
        """What is seen of the scene."""
        rect = self.viewport().rect()
        return QRectF(self.to_scene(QPointF(rect.topLeft())), self.to_scene(QPointF(rect.bottomRight() + QPoint(1, 1))))

    def show_area(self, area: QRectF, most: float = 1.0, *, fly: bool = True) -> None:
        """Show a part of the scene, at most at this zoom."""
        port = self.viewport().rect()
        if area.isEmpty() or port.isEmpty():
            self.look_at(area.center(), most if area.isEmpty() else self.zoom, fly=fly)
            return
        zoom = min(most, port.width() / area.width(), port.height() / area.height())
        self.look_at(area.center(), max(LEAST_ZOOM, zoom), fly=fly)

    def look_at(self, center: QPointF, zoom: float | None = None, *, fly: bool = True) -> None:
        """Have a point of the scene in the middle."""
        wanted = (center.x(), center.y(), self.zoom if zoom is None else zoom)
        self._flight.stop()
        if not (fly and self.animated and self.isVisible()):
            self._jump(*wanted)
            return
        start = self.visible_area().center()
        self._course = ((start.x(), start.y(), self.zoom), wanted)
        self._flight.start()

    def _fly(self, share: float) -> None:
        start, end = self._course
        eased = 1 - (1 - share) ** 3
        if share >= 1:
            self._jump(*end)
        else:
            x, y, zoom = (a + (b - a) * eased for a, b in zip(start, end, strict=True))
            self._jump(x, y, zoom, settle=False)

    def _jump(self, x: float, y: float, zoom: float, settle: bool = True) -> None:
        middle = QPointF(self.viewport().rect().center())
        self.zoom_about(zoom, middle, settle=settle)
        self.pan((QPointF(self.viewportTransform().map(QPointF(x, y))) - middle).toPoint())

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """The view moved."""
        QGraphicsView.scrollContentsBy(self, dx, dy)
        self._area_moved()

    def _area_moved(self) -> None:
        if hasattr(self, "_late_labels"):  # the base class moves the view before it is set up
            if not self._late_labels.isActive():
                self._late_labels.start()
            self.area_changed.emit()

    def _settled(self) -> None:
        """Zooming is over: pictures of the present scale, please."""
        self._settle.stop()
        if self.canvas_scene.stage.settle():
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Notice when the window is on another screen; go on in another frame with what there is no time for."""
        stage, ratio = self.canvas_scene.stage, self.viewport().devicePixelRatioF()
        if ratio != stage.ratio:
            stage.ratio = ratio
            stage.forget_pixmaps()
        stage.begin_frame()
        QGraphicsView.paintEvent(self, event)
        if stage.behind:
            self._more.start()

    # -- signs

    def refresh_labels(self) -> None:
        """Place the labels on wires anew, before the next picture."""
        self._label_timer.start()

    def _refresh_labels(self) -> None:
        busy = self._gesture is not None and not isinstance(self._gesture, Pan)
        hit = Hit() if busy else self._hovered
        self.labels.refresh(self.visible_area(), hit.connection, hit.node)

    def show_refusal(self, why: str | None, pointer: Pointer | None) -> None:
        """Say why a wire may not end here."""
        if why and pointer is not None:
            self.viewport().setCursor(Qt.CursorShape.ForbiddenCursor)
            QToolTip.showText(pointer.screen + QPoint(6, 10), why, self.viewport())
        else:
            QToolTip.hideText()
            self._show_cursor()

    def recolor(self) -> None:
        """The appearance is another one."""
        self.canvas_scene.recolor()
        self.labels.recolor()
        self.viewport().update()

    def _show_cursor(self) -> None:
        hit = self._hovered
        shape = Qt.CursorShape.ArrowCursor
        if isinstance(self._gesture, Pan):
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
        """Where a mouse event happened."""
        spot = event.position()
        return Pointer(self.to_scene(spot), spot.toPoint(), event.globalPosition().toPoint(), event.modifiers())

    def hit(self, place: QPointF) -> Hit:
        """What is at a point of the scene."""
        return self.canvas_scene.hit(place, zoom=self.zoom)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        event.accept()
        self.pressed.emit()
        if self._gesture is not None:
            return
        pointer = self.pointer(event)
        self._flight.stop()
        button = event.button()
        if button is Qt.MouseButton.MiddleButton or (button is Qt.MouseButton.LeftButton and self._space):
            self._space_used = True
            self.become(Pan(self, pointer))
            self._show_cursor()
        elif button is Qt.MouseButton.LeftButton:
            self.become(gesture_for(self, self.hit(pointer.place), pointer))
        elif button is Qt.MouseButton.RightButton:
            hit = self.hit(pointer.place)
            chosen = self.canvas_scene.selection
            if not (hit.node in chosen.nodes or hit.connection in chosen.connections or hit.annotation in chosen.annotations):
                select_hit(self, hit, False)

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
        """End what the mouse does without a trace; says whether there was anything."""
        gesture = self._gesture
        if gesture is None:
            return False
        self.become(None)
        gesture.cancelled()
        self._show_cursor()
        return True

    def _content_changed(self) -> None:
        """What is under the pointer may be gone."""
        self._hover(Hit())
        self.refresh_labels()

    def _hover(self, hit: Hit) -> None:
        before, self._hovered = self._hovered, hit
        if (before.node, before.port) != (hit.node, hit.port):
            self.signs.show_port(hit)
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
        """Nothing is under the pointer any more."""
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

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms at the pointer; two fingers on a touchpad move the view, and zoom with Ctrl; Shift moves sideways."""
        event.accept()
        self._flight.stop()
        turned = event.angleDelta()
        fingers = event.device().type() == QInputDevice.DeviceType.TouchPad
        zooms = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if fingers and not zooms:
            way = event.pixelDelta() if not event.pixelDelta().isNull() else turned / 4
            self.pan(-way)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(QPoint(-(turned.y() or turned.x()) // 2, 0))
        elif turned.y():
            before = self.zoom
            zoom = before * 1.0015 ** turned.y()
            if abs(turned.y()) >= 100 and (before - 1) * (zoom - 1) < 0 and abs(before - 1) > 1e-3:
                zoom = 1.0  # a step across 100 % stops there, where everything is sharpest
            self.zoom_about(zoom, event.position())

    def viewportEvent(self, event: QEvent) -> bool:
        """Pinching on a touchpad, and tooltips."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_about(self.zoom * (1 + event.value()), event.position())
            return True
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            text = tip_of(self.canvas_scene, self.hit(self.to_scene(QPointF(event.pos()))))
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return QGraphicsView.viewportEvent(self, event)

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
        """It went elsewhere."""
        self.drops.leave()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put it there."""
        self.drops.drop(event)

    # -- keys

    def event(self, event: QEvent) -> bool:
        """Tab goes from node to node; without a selection it asks for a node, and Shift+Tab leaves the canvas."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            backwards = event.key() == Qt.Key.Key_Backtab
            if event.key() == Qt.Key.Key_Tab or (backwards and self.canvas_scene.selection.nodes):
                if self.canvas_scene.selection.nodes:
                    self._select_node(next_node(self.canvas_scene, backwards))
                else:
                    self._want_node()
                return True
        return QGraphicsView.event(self, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that belong to the canvas; the others are the window's actions."""
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
        """Arrows move what is selected (with Shift by a pixel); with Ctrl, or without a selection, they go to the next node."""
        scene, chosen = self.canvas_scene, self.canvas_scene.selection
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

    def bring_into_view(self, node_id: str) -> None:
        """Move the view no more than needed to see a node."""
        rect = self.viewportTransform().mapRect(self.canvas_scene.tiles[node_id].sceneBoundingRect())
        area = QRectF(self.viewport().rect()).adjusted(20, 20, -20, -20)
        by = QPointF(min(0.0, rect.left() - area.left()) or max(0.0, rect.right() - area.right()),
                     min(0.0, rect.top() - area.top()) or max(0.0, rect.bottom() - area.bottom()))  # fmt: skip
        self.pan(by.toPoint())

    def _want_node(self) -> None:
        cursor = self.viewport().mapFromGlobal(self.cursor().pos())
        spot = cursor if QRect(self.viewport().rect()).contains(cursor) else self.viewport().rect().center()
        self.node_wanted.emit(self.to_scene(QPointF(spot)), self.viewport().mapToGlobal(spot))

    def stop(self) -> None:
        """End all that moves by itself."""
        self.cancel_gesture()
        for timer in (self._settle, self._more, self._label_timer, self._late_labels, self._border_timer):
            timer.stop()
        self._flight.stop()
        self.signs.stop()


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
    """How fast to scroll for a pointer that is beyond the border."""
    if value < least:
        return -min(24, (least - value) // 2 + 2)
    return min(24, (value - most) // 2 + 2) if value > most else 0
