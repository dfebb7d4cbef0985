"""Keys that cannot be changed, and what they do: those of the canvas, of the config dialog, and of the menu."""

from __future__ import annotations

from app.editor.explained import KEYS, Explained

DIALOG_KEYS = (
    Explained("Apply the settings", "Ctrl+Return"),
    Explained("Use a variable for the setting", "Ctrl+B"),
    Explained("Edit a long text in a large window", "Ctrl+Shift+E"),
)
"""In the config dialog."""
PROGRAM_KEYS = (Explained("Open the menu", "Alt+M"),)
"""Anywhere in the window."""


def fixed_keys() -> dict[str, str]:
    """Return the keys that no action can have -> what they do."""
    return {each.how: each.title for each in (*PROGRAM_KEYS, *KEYS, *DIALOG_KEYS)}
