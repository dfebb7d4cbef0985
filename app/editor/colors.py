"""The colours of the program, in light and dark, and which of them stand on which. Knows nothing of Qt.

Text has a contrast of 4.5 to 1 with its ground, what controls and signs are seen by 3 to 1 (WCAG 2.2, AA). `TEXT` and `SIGNS`
name all pairs that are used; a test computes each, finds colours that are in none, and looks at the style sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.contrast import SIGN, readable
from app.engine.status import State

PORT_COLORS = {"network": "#8A63D2", "figure": "#D9603B", "model": "#0E8C9A", "variables": "#D9534F"}
"""Port kind -> colour; tables take the text's colour."""


@dataclass(frozen=True)
class Colors:
    """The colours of one appearance, as `#rrggbb`.

    Attributes:
        dark: Whether it is the dark one.
        canvas: The ground of the canvas.
        grid: The dots on it: an ornament.
        panel: The ground of panels and dialogs.
        raised: The ground of fields, cards and bars.
        line: Between panels, and around cards: an ornament.
        text: Text.
        muted: Text that steps back.
        accent: What can be pressed or is selected; links; the ring around what has the focus.
        on_accent: Text and signs on the accent, and on the lights of states.
        done: Of what went well, as a sign.
        ready: Of what waits or warns, as a sign.
        caution: The same, as text.
        wrong: Of what is wrong, as a sign and as text.
        wire: Of wires that carry tables.
        edge: Around fields, and whatever else shows where a control is.
    """

    dark: bool
    canvas: str
    grid: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    done: str
    ready: str
    caution: str
    wrong: str
    wire: str
    edge: str

    @property
    def selection(self) -> str:
        """The ground of what is selected."""
        return mixed(self.accent, self.panel, 0.14)

    @property
    def notice(self) -> str:
        """The ground of a notice."""
        return mixed(self.ready, self.panel, 0.16)

    @property
    def accent_hover(self) -> str:
        """The accent under the pointer."""
        return mixed(self.accent, self.text, 0.9)

    def state(self, state: State) -> str:
        """Return the colour of a state's light."""
        return {
            "not configured": self.wrong,
            "ready": self.ready,
            "queued": self.muted,
            "running": self.accent,
            "done": self.done,
            "warning": self.ready,
            "failed": self.wrong,
            "bypassed": self.muted,
            "inactive": self.muted,
        }[state]

    def port(self, kind: str) -> str:
        """Return the colour of a port, and of a wire from it, by what travels through it."""
        return readable(PORT_COLORS.get(kind, self.text), self.raised, SIGN)


LIGHT = Colors(
    dark=False, canvas="#F6F7F9", grid="#E6E9EE", panel="#FFFFFF", raised="#F3F5F8", line="#DDE2E9",
    text="#1F2733", muted="#586272", accent="#2563CF", on_accent="#FFFFFF",
    done="#1F8A56", ready="#A87308", caution="#865900", wrong="#BE332D", wire="#7F8998", edge="#7F8998",
)  # fmt: skip
DARK = Colors(
    dark=True, canvas="#191D23", grid="#222831", panel="#1E232B", raised="#242A33", line="#2F3641",
    text="#DFE4EC", muted="#9CA6B5", accent="#5B9DFF", on_accent="#0E1726",
    done="#2EA56B", ready="#E3B341", caution="#E3B341", wrong="#FF7B73", wire="#727D8D", edge="#727D8D",
)  # fmt: skip

TEXT = {
    "text": ("panel", "raised", "canvas", "line", "selection", "notice"),
    "muted": ("panel", "raised", "canvas", "selection"),
    "accent": ("panel", "raised", "canvas", "selection"),
    "on_accent": ("accent", "accent_hover"),
    "caution": ("panel", "raised"),
    "wrong": ("panel", "raised", "canvas", "selection"),
}
"""What is written in a colour, on which grounds: at least 4.5 to 1."""
SIGNS = {
    "edge": ("panel", "raised", "canvas"),
    "wire": ("canvas", "panel"),
    "done": ("canvas", "panel", "raised"),
    "ready": ("canvas", "panel", "raised", "selection", "notice"),
    "wrong": ("line",),
    "muted": ("line",),
    "accent": ("line",),
    "on_accent": ("done", "ready", "wrong", "muted", "edge"),
}
"""Icons, lights, frames of fields, rings of focus: at least 3 to 1."""
ORNAMENTS = frozenset({"canvas", "panel", "raised", "grid", "line"})
"""Grounds, and what nobody needs to see."""


def named(colors: Colors) -> dict[str, str]:
    """Return the colours by name, with those that are mixed of others."""
    plain = {name: value for name, value in vars(colors).items() if isinstance(value, str)}
    return plain | {name: getattr(colors, name) for name in ("selection", "notice", "accent_hover")}


def mixed(front: str, back: str, share: float) -> str:
    """Return the colour between two (`#rrggbb`), with this share of the first."""
    parts = [round(int(front[i : i + 2], 16) * share + int(back[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)
