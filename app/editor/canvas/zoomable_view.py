"""The visible part of the scene: zooming, panning, gliding to a place, and pictures that are sharp for the zoom.

NodeGraphQt's viewer keeps the visible part as a scene rectangle that it fits into the window at each step. Qt then repaints
everything at every pan, keeps a margin of two pixels (so that 100 % is never 100 %, and pictures are never sharp), and the zoom
jumps when the window is resized. Here the scene's rectangle is large and fixed, panning is scrolling (which moves pixels that are
there already), and zooming is a scale about a point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QInputDevice,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from app.editor.canvas.nodegraph import NodeViewer
from app.editor.canvas.paint_context import EVERYWHERE
from app.editor.canvas.scene import CanvasScene

if TYPE_CHECKING:
    from app.document.editing import Document

FAR = 0.38
"""Below this zoom nodes are plain tiles and wires straight lines."""
LEAST_ZOOM, MOST_ZOOM = 0.04, 4.0
SETTLE = 90
"""After so many milliseconds without zooming, pictures are made anew, sharp for the present zoom."""


class ZoomableView(NodeViewer):
    """A view of one document that is moved and zoomed, by wheel and touchpad too; other input is left to the class above.

    Args:
        document: What is shown.
        parent: The canvas.

    Attributes:
        animated: Whether the view glides instead of jumping.
    """

    zoom_changed = Signal(float)
    area_changed = Signal()
    """Another part of the scene is seen."""
    detail_changed = Signal()
    """Nodes are seen from afar now, or from near."""

    def __init__(self, document: Document, parent: QWidget) -> None:
        self.document = document
        super().__init__(parent)
        made_by_base = self.scene()
        self.canvas_scene = CanvasScene(document, self)
        self.setScene(self.canvas_scene)
        made_by_base.deleteLater()
        self.animated = True
        self._set_up()
        self._settle = self.timer(SETTLE, self._settled)
        self._more = self.timer(0, self.viewport().update)
        self._flight_ends = ((0.0, 0.0, 1.0), (0.0, 0.0, 1.0))
        self._flight = QVariantAnimation(self)
        self._flight.setDuration(220)
        self._flight.setStartValue(0.0)
        self._flight.setEndValue(1.0)
        self._flight.valueChanged.connect(self._fly)

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

    def timer(self, milliseconds: int, call: Callable[[], None], repeats: bool = False) -> QTimer:
        """Return a timer that calls after so many milliseconds; it is not started."""
        timer = QTimer(self)
        timer.setSingleShot(not repeats)
        timer.setInterval(milliseconds)
        timer.timeout.connect(call)
        return timer

    # -- what NodeGraphQt's viewer does differently

    def _update_scene(self) -> None:
        """Do nothing: the visible part is kept by scroll bars and scale, not by the scene's rectangle."""

    def _build_context_menus(self) -> None:
        """Build none: menus are the window's."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Take the focus without NodeGraphQt's hidden menu bar."""
        QGraphicsView.focusInEvent(self, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the zoom."""
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
            context = self.canvas_scene.context
            context.zoom = zoom
            self.setTransform(QTransform.fromScale(zoom, zoom))
            if (zoom < FAR) != context.far:
                self.canvas_scene.set_far(zoom < FAR)
                self.detail_changed.emit()
            if settle or not 0.75 < zoom / context.pixmaps.scale < 1.34:
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
        """Return the point of the scene at a point of the viewport."""
        inverted, _ = self.viewportTransform().inverted()
        return QPointF(inverted.map(spot))

    def visible_area(self) -> QRectF:
        """Return what is seen of the scene."""
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
        self._flight_ends = ((start.x(), start.y(), self.zoom), wanted)
        self._flight.start()

    def _fly(self, share: float) -> None:
        start, end = self._flight_ends
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

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer by a wheel; move by two fingers on a touchpad, which zoom with Ctrl; move sideways with Shift."""
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
        """Zoom by pinching on a touchpad."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_about(self.zoom * (1 + event.value()), event.position())
            return True
        return QGraphicsView.viewportEvent(self, event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move the view, and tell."""
        QGraphicsView.scrollContentsBy(self, dx, dy)
        self._area_moved()

    def _area_moved(self) -> None:
        self.area_changed.emit()

    def _settled(self) -> None:
        """Zooming is over: pictures of the present scale, please."""
        self._settle.stop()
        context = self.canvas_scene.context
        if context.pixmaps.use_scale(context.zoom):
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Notice when the window is on another screen; go on in another frame with what there is no time for."""
        pixmaps, ratio = self.canvas_scene.context.pixmaps, self.viewport().devicePixelRatioF()
        if ratio != pixmaps.ratio:
            pixmaps.ratio = ratio
            pixmaps.clear()
        pixmaps.begin_frame()
        QGraphicsView.paintEvent(self, event)
        if pixmaps.behind:
            self._more.start()

    def bring_into_view(self, node_id: str) -> None:
        """Move the view no more than needed to see a node."""
        rect = self.viewportTransform().mapRect(self.canvas_scene.tiles[node_id].sceneBoundingRect())
        area = QRectF(self.viewport().rect()).adjusted(20, 20, -20, -20)
        by = QPointF(min(0.0, rect.left() - area.left()) or max(0.0, rect.right() - area.right()),
                     min(0.0, rect.top() - area.top()) or max(0.0, rect.bottom() - area.bottom()))  # fmt: skip
        self.pan(by.toPoint())

    def end_flight(self) -> None:
        """Stay where the view is, if it glides."""
        self._flight.stop()

    def stop(self) -> None:
        """End all that moves by itself."""
        for timer in (self._settle, self._more):
            timer.stop()
        self._flight.stop()
