"""The Material Design font that comes with QtAwesome: its files, its names, and its icons as outlines. Knows nothing of Qt.

QtAwesome itself is not imported: its qtpy loads every class of QtGui and QtWidgets and its first icon reads eleven fonts, which
together is a quarter of the time until the window stands. Here, one font and one table of names are read.
"""

from __future__ import annotations

import importlib.util
import json
import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

PREFIX = "mdi6."
UNKNOWN = "circle-outline"
"""Stands for a name that the font does not have: a plug-in's node may ask for anything."""


def character(name: str) -> str:
    """The character of an icon, such as `mdi6.play`, in the font."""
    names = _names()
    return chr(int(names.get(name.removeprefix(PREFIX)) or names[UNKNOWN], 16))


@cache
def outline(name: str) -> str:
    """An icon as the path of an SVG drawing, in a square of 24, to be filled."""
    from fontTools.pens.svgPathPen import SVGPathPen
    from fontTools.pens.transformPen import TransformPen

    font = _font()
    glyphs = font.getGlyphSet()
    pen = SVGPathPen(glyphs, lambda number: f"{number:.3g}")
    scale = 24 / font["head"].unitsPerEm
    upright = TransformPen(pen, (scale, 0, 0, -scale, 0, scale * font["hhea"].ascent))  # a font's y axis points upwards
    glyphs[font.getBestCmap()[ord(character(name))]].draw(upright)
    return str(pen.getCommands())


def font_file(ending: str = "*.ttf") -> Path:
    """The font, or the table of its names (`*.json`), in QtAwesome's folder; the newest if there are several."""
    spec = importlib.util.find_spec("qtawesome")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "fonts"
    return max(folder.glob(f"materialdesignicons6-webfont-{ending}"))


@cache
def _names() -> dict[str, str]:
    """Name -> code of the character, in hexadecimal."""
    names: dict[str, str] = json.loads(font_file("*.json").read_bytes())
    return names


@cache
def _font() -> TTFont:
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it remarks on the font's dates
    return TTFont(font_file(), lazy=True)
