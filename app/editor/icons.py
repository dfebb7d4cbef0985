"""Icons from the Material Design font that comes with QtAwesome (`app.icon_font`), for Qt."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from app.icon_font import character, font_file


def icon_font(pixels: int) -> QFont:
    """Return the icon font in a size; an icon's square is as wide as the font is high."""
    font = QFont(_family())
    font.setPixelSize(pixels)
    return font


def font_icon(name: str, color: str, disabled: str) -> QIcon:
    """Return an icon that is drawn anew in every size, so that it is sharp at any scale factor.

    Args:
        name: As in `mdi6.play`.
        color: As `#rrggbb`.
        disabled: The colour on a control that is off.
    """
    return QIcon(_GlyphEngine(character(name), QColor(color), QColor(disabled)))


class _GlyphEngine(QIconEngine):
    """Draws one character of the icon font."""

    def __init__(self, character: str, color: QColor, disabled: QColor) -> None:
        super().__init__()
        self._character, self._color, self._disabled = character, color, disabled

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Fill seven eighths of the square: the rest is the air that icons have around them."""
        painter.save()
        painter.setPen(self._disabled if mode is QIcon.Mode.Disabled else self._color)
        painter.setFont(icon_font(max(round(0.875 * rect.height()), 1)))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return the same as a picture with a clear ground."""
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return picture

    def clone(self) -> QIconEngine:
        """Return another one that draws the same."""
        return _GlyphEngine(self._character, self._color, self._disabled)


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(font_file()))
    return QFontDatabase.applicationFontFamilies(number)[0]
