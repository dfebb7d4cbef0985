"""How the program looks: colours, type, icons and the style sheet, in light and dark.

`look()` is the one place to ask. Widgets that paint by themselves, or hold icons, connect to `look().changed`.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from app.editor.colors import DARK, LIGHT, Colors
from app.editor.icons import font_icon
from app.editor.style import style_sheet

Preference = Literal["system", "light", "dark"]


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
            app.setStyleSheet(style_sheet(self.colors))
        self.changed.emit()

    def _follow(self) -> None:
        self.choose(self.preference)

    def icon(self, name: str, color: str | None = None) -> QIcon:
        """Return a Material Design icon (`mdi6.play`) in a colour; by default the text's, muted when disabled."""
        return _icon(name, color or self.colors.text, self.colors.muted)


@cache
def look() -> Look:
    """Return the one appearance of this program."""
    return Look()


@cache
def _icon(name: str, color: str, disabled: str) -> QIcon:
    return font_icon(name, color, disabled)


@cache
def _has_inter() -> bool:
    """Return whether there is Inter; asked once, as listing all fonts takes a millisecond and fonts are wanted while painting."""
    return "Inter" in QFontDatabase.families()


def interface_font(pixels: float = 0, *, bold: bool = False) -> QFont:
    """Return the interface font: Inter where it is there, else the system's; 12.5 px unless another size (in px) is given."""
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
