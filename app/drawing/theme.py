"""The colours and the type of drawings: those of the program's window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["light", "dark"]

POINTS = 72
"""Points per inch."""
TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 11.0, 9.0, 8.5
CHARACTER_WIDTH = 0.6
"""Width of an average character, as a part of the size of its type."""

BOLD = 1.15
"""How much wider bold type is."""


@dataclass(frozen=True)
class Theme:
    """The colours of a drawing.

    Attributes:
        panel: What it is drawn on.
        line: Grid lines.
        text: Numbers and titles.
        muted: Axis labels, captions.
        solid: Colours of solid lines and bars, in their order; distinguishable for colour-blind people.
        dashed: Colours of dashed lines: validation is orange.
        full: The strongest shade of a heat map; dark enough for white type.
    """

    panel: str
    line: str
    text: str
    muted: str
    solid: tuple[str, ...]
    dashed: tuple[str, ...]
    full: str = "#2F6FDE"


THEMES: dict[ThemeName, Theme] = {
    "light": Theme(
        panel="#FFFFFF",
        line="#DDE2E9",
        text="#1F2733",
        muted="#586272",
        solid=("#2F6FDE", "#1AA179", "#8A63D2", "#D9603B", "#3E9BD1", "#C2619A", "#7B8794"),
        dashed=("#E69F00", "#1AA179", "#8A63D2", "#D9603B", "#3E9BD1", "#C2619A", "#7B8794"),
    ),
    "dark": Theme(
        panel="#1E232B",
        line="#2F3641",
        text="#DFE4EC",
        muted="#9CA6B5",
        solid=("#5B9DFF", "#2FC297", "#A98BE8", "#EE8260", "#6BBBEA", "#DE86B9", "#A3ADB9"),
        dashed=("#F0AE1C", "#2FC297", "#A98BE8", "#EE8260", "#6BBBEA", "#DE86B9", "#A3ADB9"),
    ),
}
