"""Contrast of colours, as WCAG 2.2 defines it, for whatever is drawn: window, figures, pages. Colours are `#rrggbb`."""

from __future__ import annotations

from functools import cache

TEXT, SIGN = 4.5, 3.0
"""The least contrast of text, and of what controls and signs are seen by (WCAG 2.2, AA)."""
DARK_TYPE, BLACK, WHITE = "#1F2733", "#000000", "#FFFFFF"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dim, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


@cache
def readable(color: str, ground: str, least: float = TEXT) -> str:
    """Return a colour that can be seen on a ground: the colour itself, or as little darker or lighter as will do.

    Args:
        color: What is wanted; a person's own, say.
        ground: What it stands on.
        least: The contrast that it must have.
    """
    if contrast(color, ground) >= least:
        return color
    towards = max(BLACK, WHITE, key=lambda end: contrast(end, ground))
    steps = (_between(color, towards, step / 20) for step in range(1, 20))
    return next((made for made in steps if contrast(made, ground) >= least), towards)


@cache
def type_on(ground: str, least: float = TEXT) -> str:
    """Return the colour of type, or of a sign, on any ground: white where that can be read, else dark."""
    return WHITE if contrast(WHITE, ground) >= least else readable(DARK_TYPE, ground, least)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _between(start: str, end: str, share: float) -> str:
    parts = [round(int(start[i : i + 2], 16) * (1 - share) + int(end[i : i + 2], 16) * share) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)
