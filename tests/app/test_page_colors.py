"""The colours of the report and of the node reference: text and signs can be seen, and so can the focus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.contrast import SIGN, TEXT, contrast

SHEETS = [Path("app/report/report.css"), Path("app/reference/reference.css")]
GROUNDS = ("canvas", "panel", "field")
WORDS = {
    "text": (*GROUNDS, "warning-panel", "failed-panel"), "muted": GROUNDS, "accent": GROUNDS, "done": ("done-ground", "panel"),
    "failed": ("failed-panel", *GROUNDS), "warning": ("warning-panel", *GROUNDS),
}  # fmt: skip
DRAWN = dict.fromkeys(("strong-line", "network", "figure", "model", "variables", "table", "edge"), ("canvas", "panel")) | {
    "sign": ("done-light", "failed-light", "warning-light", "strong-line"),
    "done-light": ("panel",), "failed-light": ("panel",), "warning-light": ("panel",),
}  # fmt: skip
ORNAMENTS = {"grid", "line", *GROUNDS, "warning-panel", "failed-panel"}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda s: s.stem)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_what_is_written_and_drawn_can_be_seen(sheet: Path, scheme: int) -> None:
    block = re.findall(r":root \{([^}]*)\}", sheet.read_text())[scheme]
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    assert not set(colors) - set(WORDS) - set(DRAWN) - ORNAMENTS, "a colour that no test looks at"
    if "done-light" in colors:
        colors["done-ground"] = mixed(colors["done-light"], colors["panel"], 0.15)
    weak = {
        f"{front} on {ground}": round(found, 2)
        for pairs, least in ((WORDS, TEXT), (DRAWN, SIGN))
        for front, grounds in pairs.items()
        for ground in grounds
        if front in colors and ground in colors and (found := contrast(colors[front], colors[ground])) < least
    }
    assert not weak


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda s: s.stem)
def test_the_focus_is_seen_and_colors_are_named(sheet: Path) -> None:
    text = sheet.read_text()
    assert ":focus-visible { outline: 2px solid var(--accent)" in text
    assert "outline: none" not in text
    rules = re.sub(r":root \{[^}]*\}", "", text)
    assert not re.findall(r"(?:color|fill|stroke|background): ?(#[0-9a-f]{3,6})\b", rules)


def mixed(front: str, back: str, share: float) -> str:
    parts = (round(int(front[i : i + 2], 16) * share + int(back[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)
