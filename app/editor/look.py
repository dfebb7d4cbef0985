"""How the program looks: colours, type, icons and the style sheet, in light and dark.

`look()` is the one place to ask. Widgets that paint by themselves, or hold icons, connect to `look().changed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from app.engine.status import State

Preference = Literal["system", "light", "dark"]

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
        """The colour of a state's light."""
        return {
            "not configured": self.wrong,
            "ready": self.ready,
            "queued": self.muted,
            "running": self.accent,
            "done": self.done,
            "warning": self.ready,
            "failed": self.wrong,
        }[state]

    def port(self, kind: str) -> str:
        """The colour of a port, and of a wire from it, by what travels through it."""
        return PORT_COLORS.get(kind, self.text)


LIGHT = Colors(False, "#F6F7F9", "#E6E9EE", "#FFFFFF", "#F3F5F8", "#DDE2E9", "#1F2733", "#6B7685", "#2F6FDE")
DARK = Colors(True, "#191D23", "#222831", "#1E232B", "#242A33", "#2F3641", "#DFE4EC", "#8C96A6", "#5B9DFF", wire="#66707E")


class Look(QObject):
    """The appearance in use. There is one; ask `look()`."""

    changed = Signal()
    """The colours are others now: style sheet and palette are in place already."""

    def __init__(self) -> None:
        super().__init__()
        self.preference: Preference = "system"
        self.colors = LIGHT

    def start(self, preference: Preference = "system") -> None:
        """Apply to the running application, and follow the system's scheme from now on."""
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._follow)
        self.choose(preference)

    def choose(self, preference: Preference) -> None:
        """Use light, dark, or what the system has."""
        self.preference = preference
        dark = preference == "dark" or (
            preference == "system" and QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        )
        self.colors = DARK if dark else LIGHT
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setStyle("Fusion")
            app.setPalette(_palette(self.colors))
            app.setFont(interface_font())
            from app.editor.style import style_sheet

            app.setStyleSheet(style_sheet(self.colors))
        self.changed.emit()

    def _follow(self) -> None:
        self.choose(self.preference)

    def icon(self, name: str, color: str | None = None) -> QIcon:
        """A Material Design icon (`mdi6.play`) in a colour; by default the text's, muted when disabled."""
        return _icon(name, color or self.colors.text, self.colors.muted)


@cache
def look() -> Look:
    """The one appearance of this program."""
    return Look()


@cache
def _icon(name: str, color: str, disabled: str) -> QIcon:
    from app.editor.icons import font_icon

    return font_icon(name, color, disabled)


@cache
def _has_inter() -> bool:
    """Asked once: the list of all fonts takes a millisecond, and fonts are wanted while painting."""
    return "Inter" in QFontDatabase.families()


def interface_font(pixels: float = 0, *, bold: bool = False) -> QFont:
    """The interface font: Inter where it is there, else the system's; 12.5 px unless another size (in px) is given."""
    font = QFont("Inter") if _has_inter() else QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(round(pixels or 13))
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def _palette(colors: Colors) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colors.panel,
        QPalette.ColorRole.WindowText: colors.text,
        QPalette.ColorRole.Base: colors.panel,
        QPalette.ColorRole.AlternateBase: colors.raised,
        QPalette.ColorRole.Text: colors.text,
        QPalette.ColorRole.Button: colors.raised,
        QPalette.ColorRole.ButtonText: colors.text,
        QPalette.ColorRole.BrightText: colors.on_accent,
        QPalette.ColorRole.ToolTipBase: colors.raised,
        QPalette.ColorRole.ToolTipText: colors.text,
        QPalette.ColorRole.PlaceholderText: colors.muted,
        QPalette.ColorRole.Highlight: colors.accent,
        QPalette.ColorRole.HighlightedText: colors.on_accent,
        QPalette.ColorRole.Link: colors.accent,
    }
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colors.muted))
    return palette
