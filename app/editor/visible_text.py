"""Showing text of somebody else's so that it looks like what it is: nothing in it is hidden, or reads in another order."""

from __future__ import annotations

import html
import unicodedata

_WITHOUT_INK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters that are drawn as nothing."""
_PLAIN = frozenset("\t\n ")


def visible(text: str) -> str:
    """Return a text in which characters that cannot be seen stand as their numbers, such as `\u202e` for U+202E.

    These are controls, marks that turn the direction of writing, characters without width, spaces and line breaks other than
    the usual ones, halves of characters, and those that no standard has.
    """
    return "".join(c if c in _PLAIN or not _is_hidden(c) else f"\\u{ord(c):04x}" for c in text)


def plain_tip(text: str) -> str:
    """Return a tool tip that shows just this text: Qt takes what looks like markup for it, and loads the pictures in it."""
    return f"<p style='white-space: pre-wrap'>{html.escape(text)}</p>" if "<" in text else text


def _is_hidden(character: str) -> bool:
    if character in _WITHOUT_INK or 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF:
        return True
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp") or (category == "Zs" and character not in "\u00a0\u202f")
