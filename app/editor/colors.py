"""The colours of the program, in light and dark. Knows nothing of Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.status import State

PORT_COLORS = {"network": "#8A63D2", "figure": "#D9603B", "model": "#0E8C9A", "variable": "#D9534F"}
"""Port kind -> colour; tables take the text's colour."""


@dataclass(frozen=True)
class Colors:
    """The colours of one appearance, as `#rrggbb`."""

    dark: bool
    canvas: str
    grid: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str = "#FFFFFF"
    done: str = "#2EA56B"
    ready: str = "#E3B341"
    wrong: str = "#D9534F"
    wire: str = "#8D97A5"

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
        }[state]

    def port(self, kind: str) -> str:
        """Return the colour of a port, and of a wire from it, by what travels through it."""
        return PORT_COLORS.get(kind, self.text)


LIGHT = Colors(False, "#F6F7F9", "#E6E9EE", "#FFFFFF", "#F3F5F8", "#DDE2E9", "#1F2733", "#6B7685", "#2F6FDE")
DARK = Colors(True, "#191D23", "#222831", "#1E232B", "#242A33", "#2F3641", "#DFE4EC", "#8C96A6", "#5B9DFF", wire="#66707E")


def mixed(front: str, back: str, share: float) -> str:
    """Return the colour between two (`#rrggbb`), with this share of the first."""
    parts = [round(int(front[i : i + 2], 16) * share + int(back[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)
