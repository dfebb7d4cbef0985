"""How tall pictures in the cells of a table are: chosen for each table, and remembered for those that are seen first."""

from __future__ import annotations

from app.editor.preferences import PreferenceStore

USUAL, SMALLEST, TALLEST = 44, 24, 256
"""Pixels of the height of a picture in a cell."""


class PictureSides:
    """The heights that were chosen in this session.

    Args:
        preferences: Where the last choice is kept; without them it holds for this session.
    """

    def __init__(self, preferences: PreferenceStore | None = None) -> None:
        self._preferences = preferences
        self._usual = USUAL
        self._chosen: dict[tuple[str, str, str], int] = {}

    def of(self, document: str, node: str, port: str) -> int:
        """Return the height for a table: its own, or the one that was chosen last."""
        usual = self._usual if self._preferences is None else self._preferences.values.picture_side
        return self._chosen.get((document, node, port), usual)

    def choose(self, document: str, node: str, port: str, side: int) -> None:
        """Have a table's pictures that tall from now on."""
        self._chosen[document, node, port] = self._usual = side
        if self._preferences is not None:
            self._preferences.change(picture_side=side)
