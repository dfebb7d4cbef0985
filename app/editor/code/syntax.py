"""Python in colours, line by line, for a text field; and where a text is no Python."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.editor.look import look
from nodes.heard_warnings import heard_warnings

_TOKENS = re.compile(
    r"""
    (?P<comment>\#.*)
  | (?P<long>(?i:[rbuf]|rb|br|rf|fr)?(?P<triple>\"\"\"|\'\'\'))
  | (?P<text>(?i:[rbuf]|rb|br|rf|fr)?(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?))
  | (?P<number>\b(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?[jJ]?)|(?<![\w.])\.\d+)
  | (?P<decorator>^\s*@[\w.]+)
  | (?P<defined>(?<=\bdef\s)\s*\w+|(?<=\bclass\s)\s*\w+)
  | (?P<name>[^\W\d]\w*)
    """,
    re.VERBOSE,
)
_KEYWORDS = frozenset(keyword.kwlist)
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) | {"self", "cls"}
_INSIDE = {"": 0, '"""': 1, "'''": 2}
"""What a line ends inside of -> the state of its block."""
_LIGHT = {
    "keyword": "#8A3FC4", "text": "#187545", "comment": "#646E7D", "number": "#A84A17", "defined": "#2563CF",
    "decorator": "#A84A17", "builtin": "#0B707D",
}  # fmt: skip
_DARK = {
    "keyword": "#C792EA", "text": "#8FD19E", "comment": "#929DAD", "number": "#F0A36B", "defined": "#7FB2FF",
    "decorator": "#F0A36B", "builtin": "#6FD3E0",
}  # fmt: skip


def palette(*, dark: bool) -> dict[str, str]:
    """Return the colours of the kinds of words."""
    return _DARK if dark else _LIGHT


class PythonHighlighter(QSyntaxHighlighter):
    """Colours keywords, names, texts, numbers and comments, in the colours of now."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.redraw()

    def redraw(self) -> None:
        """Take other colours."""
        self._formats = {}
        for kind, color in palette(dark=look().colors.dark).items():
            made = QTextCharFormat()
            made.setForeground(QColor(color))
            made.setFontItalic(kind == "comment")
            if kind in ("keyword", "defined"):
                made.setFontWeight(QFont.Weight.DemiBold)
            self._formats[kind] = made
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Colour one line; texts in three quotes may go over many."""
        inside = next((quotes for quotes, state in _INSIDE.items() if state == self.previousBlockState()), "")
        position = 0
        if inside:
            position, inside = self._go_on(text, 0, 0, inside)
        while not inside and (found := _TOKENS.search(text, position)):
            kind = str(found.lastgroup)
            start, position = found.span()
            if found["triple"]:
                position, inside = self._go_on(text, start, position, found["triple"])
                continue
            if kind == "name":
                kind = "keyword" if found[0] in _KEYWORDS else "builtin" if found[0] in _BUILTINS else ""
            if kind in self._formats:
                self.setFormat(start, position - start, self._formats[kind])
        self.setCurrentBlockState(_INSIDE[inside])

    def _go_on(self, text: str, start: int, position: int, quotes: str) -> tuple[int, str]:
        """Colour a text in three quotes to its end, or to that of the line; where that is, and what it ends inside of."""
        end = position
        while (end := text.find(quotes, end)) > 0 and text[end - 1] == "\\":
            end += 1
        stop = len(text) if end < 0 else end + 3
        self.setFormat(start, stop - start, self._formats["text"])
        return stop, quotes if end < 0 else ""


@dataclass(frozen=True)
class Mistake:
    """Where a text is no Python: the line, from 1, and what is wrong."""

    line: int
    message: str


def mistake_in(source: str) -> Mistake | None:
    """The first place where a text is no Python; nothing of it runs."""
    try:
        with heard_warnings():
            compile(ast.parse(source), "<script>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return Mistake(error.lineno or 1, error.msg)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return Mistake(1, str(error))
    return None
