"""Pixels from the engine as pictures of Qt, and how small pictures are drawn in cells and grids."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPixmap

from app.engine.messages.tables import Thumbnails

FORMATS = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}
"""Channels of 8 bits -> Qt's format."""
CHECK = 6
"""Pixels of a square of the pattern behind what is transparent."""


def picture(pixels: bytes | memoryview, shape: Sequence[int]) -> QImage:
    """Return an image of its own from rows of pixels.

    Args:
        pixels: Height x width x channels bytes, without padding.
        shape: (height, width, channels) with 1 (grey), 3 (RGB) or 4 (RGBA) channels.
    """
    height, width, channels = shape
    return QImage(bytes(pixels), width, height, width * channels, FORMATS[channels]).copy()


def pictures(about: Thumbnails, payload: bytes) -> list[QImage | None]:
    """Return the thumbnails of an answer, in order; None where an image is missing."""
    size = math.prod(about.shape)
    view, start = memoryview(payload), about.offset
    found: list[QImage | None] = []
    for present in about.present:
        found.append(picture(view[start : start + size], about.shape) if present else None)
        start += size if present else 0
    return found


def fitted(size: QSize, room: QRect) -> QRect:
    """Return where a picture of this size is drawn, as large as there is room, in the middle."""
    scaled = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    scaled = QSize(max(1, scaled.width()), max(1, scaled.height()))
    place = QRect(room.topLeft(), scaled)
    place.moveCenter(room.center())
    return place


def draw_picture(painter: QPainter, image: QImage, room: QRect, radius: float, *, dark: bool) -> QRect:
    """Draw a small picture with round corners; its pixels stay squares when they are enlarged. Returns where it is."""
    place = fitted(image.size(), room)
    painter.save()
    path = QPainterPath()
    path.addRoundedRect(QRectF(place), radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(path)
    if image.hasAlphaChannel():
        painter.fillRect(place, checks(dark=dark))
    is_enlarged = place.width() >= image.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not is_enlarged)
    painter.drawImage(place, image)
    painter.restore()
    return place


def checks(*, dark: bool) -> QBrush:
    """Return the pattern that shows where a picture is transparent."""
    tile = QPixmap(2 * CHECK, 2 * CHECK)
    tile.fill(QColor("#3A414C" if dark else "#FFFFFF"))
    painter = QPainter(tile)
    other = QColor("#2A3039" if dark else "#D5DAE1")
    painter.fillRect(0, 0, CHECK, CHECK, other)
    painter.fillRect(CHECK, CHECK, CHECK, CHECK, other)
    painter.end()
    return QBrush(tile)
