"""The whole workflow, small: where the view is, and a way to move it. Where there is little room it is seen only meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QPropertyAnimation, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsOpacityEffect, QWidget

from app.document.geometry import TILE
from app.editor.look import look

if TYPE_CHECKING:
    from app.editor.canvas.zoomable_view import ZoomableView

SIZE = QSize(168, 104)
MARGIN = 8.0
SEEN_MS, FADING_MS = 1200, 250
"""How long it stays after the last movement where there is little room, and how long it then takes to go."""


class Minimap(QWidget):
    """A small picture of all nodes; a click or drag moves the view.

    Args:
        view: What it is the map of.
        parent: The canvas.

    Attributes:
        wanted: Whether the person wants it.
        lasting: Whether it stays, or is seen only while the view moves.
    """

    def __init__(self, view: ZoomableView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._picture: QPixmap | None = None
        self._content = QRectF()
        self.setFixedSize(SIZE)
        self.setAccessibleName("Minimap")
        self.setToolTip("Click or drag to move the view")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(60)
        self._later.timeout.connect(self.redraw)
        self.wanted, self.lasting = True, True
        self._veil = QGraphicsOpacityEffect(self, enabled=False)
        self.setGraphicsEffect(self._veil)
        self._fading = QPropertyAnimation(self._veil, b"opacity", self, duration=FADING_MS, startValue=1.0, endValue=0.0)
        self._fading.finished.connect(self.hide)
        self._seen = QTimer(self, singleShot=True, interval=SEEN_MS)
        self._seen.timeout.connect(self._fade)
        view.canvas_scene.content_changed.connect(self._changed)
        view.area_changed.connect(self._moved)

    def _changed(self) -> None:
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _moved(self) -> None:
        if self.wanted and not self.lasting:
            self._appear()
        if self.isVisible():
            self.update()

    def stop(self) -> None:
        """End its timers."""
        self._later.stop()
        self._seen.stop()
        self._fading.stop()

    # -- coming and going

    def set_shown(self, wanted: bool, lasting: bool) -> None:
        """Show it always, only while the view moves, or never."""
        if (wanted, lasting) == (self.wanted, self.lasting):
            return
        self.wanted, self.lasting = wanted, lasting
        self._appear()
        if not wanted:
            self.hide()

    def _appear(self) -> None:
        self._fading.stop()
        self._veil.setEnabled(False)
        if self.isHidden():
            self.redraw()
            self.show()
        if self.lasting:
            self._seen.stop()
        else:
            self._seen.start()

    def _fade(self) -> None:
        if not self.underMouse():
            self._veil.setEnabled(True)
            self._fading.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay while the pointer is here."""
        self._appear()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Go some time later, where it does not last."""
        self._appear()
        super().leaveEvent(event)

    # -- the picture

    def redraw(self) -> None:
        """Make the picture of the nodes anew."""
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the nodes as a picture, and a frame around what is seen."""
        colors = look().colors
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self._made(ratio)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._picture)
        area = self._to_map(self._view.visible_area())
        area = area.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.setPen(QPen(QColor(colors.accent), 1.4))
        fill = QColor(colors.accent)
        fill.setAlphaF(0.07)
        painter.setBrush(fill)
        painter.drawRoundedRect(area, 4, 4)

    def _made(self, ratio: float) -> QPixmap:
        colors, scene = look().colors, self._view.canvas_scene
        self._content = scene.content_rect()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.line), 1))
        painter.setBrush(QColor(colors.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        painter.setPen(Qt.PenStyle.NoPen)
        for box in scene.annotations.values():
            fill = QColor(box.text_color())
            fill.setAlphaF(0.13)
            painter.setBrush(fill)
            painter.drawRoundedRect(self._to_map(box.rect), 2, 2)
        scale, shift = self._fitted()
        side = max(3.0, TILE * scale)
        dx, dy = shift.x() + (TILE * scale - side) / 2, shift.y() + (TILE * scale - side) / 2
        by_color: dict[str, list[QRectF]] = {}
        for tile in scene.tiles.values():
            rect = QRectF(tile.left * scale + dx, tile.top * scale + dy, side, side)
            by_color.setdefault(tile.face.color, []).append(rect)
        for color, rects in by_color.items():
            painter.setBrush(QColor(color))
            painter.drawRects(rects)
        painter.end()
        return pixmap

    def _fitted(self) -> tuple[float, QPointF]:
        """Return scale and shift from the scene to the map."""
        content = self._content if not self._content.isEmpty() else QRectF(-400, -250, 800, 500)
        room = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        scale = min(room.width() / content.width(), room.height() / content.height(), 0.12)
        return scale, room.center() - content.center() * scale

    def _to_map(self, rect: QRectF) -> QRectF:
        scale, shift = self._fitted()
        return QRectF(rect.topLeft() * scale + shift, rect.size() * scale)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        scale, shift = self._fitted()
        self._view.look_at((event.position() - shift) / scale, fly=False)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the drag."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)
