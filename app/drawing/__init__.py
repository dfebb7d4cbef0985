"""Draws every `nodes.values.figure.Figure` with matplotlib, for the window, for reports and for export alike.

`rendering` makes SVG, PNG or pixels of a figure; there is a module for each kind of drawing.
"""

from app.drawing.images import as_pixels
from app.drawing.lines import spread
from app.drawing.rendering import Panel, Picture, draw, to_picture, to_png, to_svg
from app.drawing.theme import THEMES, Theme, ThemeName

__all__ = ["THEMES", "Panel", "Picture", "Theme", "ThemeName", "as_pixels", "draw", "spread", "to_picture", "to_png", "to_svg"]
