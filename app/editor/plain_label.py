"""PlainLabel: a label that shows just its text. Qt's own takes what looks like markup for it, and loads the pictures in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget


class PlainLabel(QLabel):
    """A label whose text may be anybody's; one that is to show markup says so with `setTextFormat`, and escapes what is in it.

    Args:
        text: The text.
        parent: The owner.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
