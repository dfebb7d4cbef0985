"""Where one image is drawn: zoomed at the cursor, moved, its pixels pointed at. Knows nothing of tables and the engine."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.editor.colors import mixed
from app.editor.look import look
from app.editor.views.pixels import checks

LEAST_ZOOM, MOST_ZOOM = 0.02, 256.0
STEP = 1.25
GRID_FROM = 12.0
"""From this many screen pixels per pixel on, thin lines part the pixels."""
ROOM = 24
"""Pixels left free around an image that is fitted."""


class ImageCanvas(QWidget):
    """Draws an image."""

    pointed = Signal(int, int)
    """The mouse is over this pixel (x, y); (-1, -1) when it has left the image."""
    zoomed = Signal()
    """The zoom is another."""
    moved_on = Signal(int)
    """An arrow key was pressed: to the next image (1) or to the one before (-1)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Image")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self._image: QImage | None = None
        self._text = ""
        self.zoom = 1.0
        """Screen pixels (independent of the scale factor) per pixel of the image."""
        self._middle = QPointF(0, 0)
        self._is_fitted = True
        self._grip: QPointF | None = None
        look().changed.connect(self.update)

    # -- what is shown

    @property
    def image(self) -> QImage | None:
        """The image."""
        return self._image

    def show_image(self, image: QImage | None, text: str = "") -> None:
        """Show an image; one of the same size is shown as the one before was.

        Args:
            image: The image.
            text: What is said where there is none.
        """
        is_alike = image is not None and self._image is not None and image.size() == self._image.size()
        self._image, self._text = image, text
        if not is_alike:
            self._is_fitted = True
        if self._is_fitted:
            self.fit()
        self.update()

    def fit(self) -> None:
        """Show the image as large as there is room."""
        self._is_fitted = True
        if self._image is None:
            return
        self._middle = QPointF(self._image.width() / 2, self._image.height() / 2)
        room = QSizeF(max(1, self.width() - 2 * ROOM), max(1, self.height() - 2 * ROOM))
        self._set_zoom(min(room.width() / self._image.width(), room.height() / self._image.height()))

    def show_actual_size(self) -> None:
        """Show a pixel of the image as a pixel of the screen."""
        self._is_fitted = False
        self._set_zoom(1.0 / self.devicePixelRatioF())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in or out.

        Args:
            factor: More than 1 enlarges.
            at: The point of the widget that stays where it is; by default its middle.
        """
        place = QPointF(self.rect().center()) if at is None else at
        fixed = self._on_image(place)
        self._is_fitted = False
        self._set_zoom(self.zoom * factor)
        self._middle += fixed - self._on_image(place)
        self.update()

    def _set_zoom(self, zoom: float) -> None:
        self.zoom = min(max(zoom, LEAST_ZOOM), MOST_ZOOM)
        self.zoomed.emit()
        self.update()

    def _on_image(self, place: QPointF) -> QPointF:
        """Return the point of the image that is shown at a point of the widget."""
        from_middle = (place - QPointF(self.width() / 2, self.height() / 2)) / self.zoom
        return QPointF(self._middle.x() + from_middle.x(), self._middle.y() + from_middle.y())

    def shown_rect(self) -> QRectF:
        """Return where the image is drawn."""
        if self._image is None:
            return QRectF()
        corner = QPointF(self.width() / 2, self.height() / 2) - self._middle * self.zoom
        return QRectF(corner, QSizeF(self._image.width() * self.zoom, self._image.height() * self.zoom))

    def pixel_at(self, place: QPointF) -> tuple[int, int] | None:
        """Return the pixel (x, y) that is shown at a point of the widget."""
        point = self._on_image(place)
        if self._image is None or not QRectF(0, 0, self._image.width(), self._image.height()).contains(point):
            return None
        return min(int(point.x()), self._image.width() - 1), min(int(point.y()), self._image.height() - 1)

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the image, with lines between its pixels when they are large."""
        colors = look().colors
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colors.canvas))
        if self._image is None:
            painter.setPen(QColor(colors.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
            return
        place = self.shown_rect()
        if self._image.hasAlphaChannel():
            painter.fillRect(place, checks(dark=colors.dark))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 1)
        painter.drawImage(place, self._image)
        if self.zoom >= GRID_FROM:
            self._draw_grid(painter, place)
        painter.setPen(QPen(QColor(mixed(colors.muted, colors.canvas, 0.5)), 1))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))

    def _draw_grid(self, painter: QPainter, place: QRectF) -> None:
        line = QColor("#808080")
        line.setAlpha(70)
        painter.setPen(QPen(line, 0))
        seen = place.intersected(QRectF(self.rect()))
        first = self._on_image(seen.topLeft())
        last = self._on_image(seen.bottomRight())
        for x in range(int(first.x()) + 1, int(last.x()) + 1):
            at = place.left() + x * self.zoom
            painter.drawLine(QPointF(at, seen.top()), QPointF(at, seen.bottom()))
        for y in range(int(first.y()) + 1, int(last.y()) + 1):
            at = place.top() + y * self.zoom
            painter.drawLine(QPointF(seen.left(), at), QPointF(seen.right(), at))

    # -- mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        self.zoom_by(STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the image."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the image, and say which pixel is pointed at."""
        if self._grip is not None and event.buttons():
            self._is_fitted = False
            self._middle -= (event.position() - self._grip) / self.zoom
            self._grip = event.position()
            self.update()
        pixel = self.pixel_at(event.position())
        self.pointed.emit(*(pixel or (-1, -1)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grip = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit."""
        self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """No pixel is pointed at any more."""
        self.pointed.emit(-1, -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep fitted what was fitted."""
        super().resizeEvent(event)
        if self._is_fitted:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to other images by arrows; zoom by + and -, fit by 0, show the actual size by 1."""
        key = event.key()
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown):
            self.moved_on.emit(1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_PageUp):
            self.moved_on.emit(-1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_1:
            self.show_actual_size()
        else:
            super().keyPressEvent(event)
