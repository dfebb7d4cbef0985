"""Text on the canvas: how wide it is, how it is broken into lines, and how it is painted, in sizes that need not be whole."""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.editor.canvas.sizes import TITLE_WIDTH
from app.editor.look import interface_font

_FINE = 2
"""Fonts have whole sizes in Qt: text is set twice as large and painted half as large, so that 12.5 px is 12.5 px."""


@cache
def text_font(size: float, bold: bool = False) -> QFont:
    """Return the interface font in `_FINE` times a size, to be painted that much smaller."""
    font = interface_font(size * _FINE, bold=bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@cache
def _metrics(size: float, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(text_font(size, bold))


@lru_cache(4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a text is painted."""
    return _metrics(size, bold).horizontalAdvance(text) / _FINE


@lru_cache(4096)
def wrapped(text: str, size: float, bold: bool, lines: int = 2, width: float = TITLE_WIDTH) -> tuple[str, ...]:
    """Return text in at most so many lines of a width in pixels; what does not fit is cut off with an ellipsis."""
    metrics, room = _metrics(size, bold), width * _FINE
    words = text.split()
    made: list[str] = []
    while words and len(made) < lines - 1:
        count = 1
        while count < len(words) and metrics.horizontalAdvance(" ".join(words[: count + 1])) <= room:
            count += 1
        made.append(metrics.elidedText(" ".join(words[:count]), Qt.TextElideMode.ElideMiddle, room))
        words = words[count:]
    if words:
        made.append(metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, room))
    return tuple(made)


def paint_text(
    painter: QPainter, text: str, rect: QRectF, align: Qt.AlignmentFlag, *, size: float, color: str, bold: bool = False
) -> None:
    """Paint one line of text."""
    painter.save()
    painter.scale(1 / _FINE, 1 / _FINE)
    painter.setFont(text_font(size, bold))
    painter.setPen(QColor(color))
    painter.drawText(QRectF(rect.topLeft() * _FINE, rect.size() * _FINE), align | Qt.TextFlag.TextDontClip, text)
    painter.restore()
