"""Draws every `nodes.values.figure.Figure` with matplotlib, for the window, for reports and for export alike.

`rendering` makes SVG, PNG or pixels of a figure; there is a module for each kind of drawing.
"""

from app.drawing.images import as_pixels
from app.drawing.lines import spread
from app.drawing.rendering import Panel, Raster, draw, to_png, to_raster, to_svg
from app.drawing.theme import THEMES, Theme, ThemeName

__all__ = ["THEMES", "Panel", "Raster", "Theme", "ThemeName", "as_pixels", "draw", "spread", "to_png", "to_raster", "to_svg"]
