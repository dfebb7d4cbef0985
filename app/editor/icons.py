"""Icons from the Material Design font that comes with QtAwesome.

QtAwesome itself is not imported: its qtpy loads every class of QtGui and QtWidgets and its first icon reads eleven fonts, which
together is a quarter of the time until the window stands. Here, one font and one table of names are read.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

PREFIX = "mdi6."
UNKNOWN = "circle-outline"
"""Stands for a name that the font does not have: a plug-in's node may ask for anything."""


def glyph(name: str) -> str:
    """The character of an icon, such as `mdi6.play`, in the icon font."""
    names = _names()
    return chr(int(names.get(name.removeprefix(PREFIX)) or names[UNKNOWN], 16))


def icon_font(pixels: int) -> QFont:
    """The icon font in a size; an icon's square is as wide as the font is high."""
    font = QFont(_family())
    font.setPixelSize(pixels)
    return font


def font_icon(name: str, color: str, disabled: str) -> QIcon:
    """An icon that is drawn anew in every size, so that it is sharp at any scale factor.

    Args:
        name: As in `mdi6.play`.
        color: As `#rrggbb`.
        disabled: The colour on a control that is off.
    """
    return QIcon(_GlyphEngine(glyph(name), QColor(color), QColor(disabled)))


class _GlyphEngine(QIconEngine):
    """Draws one character of the icon font."""

    def __init__(self, character: str, color: QColor, disabled: QColor) -> None:
        super().__init__()
        self._character, self._color, self._disabled = character, color, disabled

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Seven eighths of the square: the rest is the air that icons have around them."""
        painter.save()
        painter.setPen(self._disabled if mode is QIcon.Mode.Disabled else self._color)
        painter.setFont(icon_font(max(round(0.875 * rect.height()), 1)))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The same as a picture with a clear ground."""
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return picture

    def clone(self) -> QIconEngine:
        """Another one that draws the same."""
        return _GlyphEngine(self._character, self._color, self._disabled)


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(_file("*.ttf")))
    return QFontDatabase.applicationFontFamilies(number)[0]


@cache
def _names() -> dict[str, str]:
    """Name -> code of the character, in hexadecimal."""
    names: dict[str, str] = json.loads(_file("*.json").read_bytes())
    return names


def _file(ending: str) -> Path:
    """The font, or the table of its names, in QtAwesome's folder; the newest if there are several."""
    spec = importlib.util.find_spec("qtawesome")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "fonts"
    return max(folder.glob(f"materialdesignicons6-webfont-{ending}"))
