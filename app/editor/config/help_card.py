"""The card below the settings that explains the one that has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from app.editor.config.number import number_text
from app.editor.config.row import SettingRow
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from nodes.declaration.declared import MISSING, Declared
from nodes.declaration.shapes import Fixed, Maybe, Number, OneOf, Series, Shape
from nodes.declaration.wording import shown_start

SHORT_LIST = 5
"""A default with more elements than this is not spelt out."""
MANY_CHOICES = 5
"""With more choices than this, only the chosen one is explained; the list itself explains the others."""


class HelpCard(QFrame):
    """Explains a setting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._icon = PlainLabel()
        self.text = PlainLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(11, 9, 11, 9)
        layout.setSpacing(8)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        self._row: SettingRow | None = None
        look().changed.connect(self.redraw)
        self.redraw()

    def explain(self, row: SettingRow | None) -> None:
        """Explain a setting; None explains nothing."""
        self._row = row
        self.redraw()

    def redraw(self) -> None:
        """Say it again, with the value of now."""
        colors = look().colors
        self._icon.setPixmap(look().icon("mdi6.information-outline", colors.muted).pixmap(16, 16))
        self.setVisible(self._row is not None)
        if self._row is None:
            return
        declared = self._row.declared
        lines = [
            f"<b>{escape(declared.label)}</b>: {escape(declared.help)}" if declared.help else f"<b>{escape(declared.label)}</b>"
        ]
        lines += [f"<b>{escape(value)}</b> – {escape(help)}" for value, help in _explained(declared, self._row)]
        facts = " · ".join(escape(fact) for fact in _facts(declared))
        if facts:
            lines.append(f'<span style="color:{colors.muted}">{facts}</span>')
        self.text.setText(f'<div style="line-height:130%">{"<br>".join(lines)}</div>')


def _explained(declared: Declared, row: SettingRow) -> Sequence[tuple[str, str]]:
    """Choices and what they mean: all of a few, else the one in use."""
    explained = row.control.explained() if row.control is not None else None
    if explained is not None:
        return [explained]
    choices = list(declared.choices.items())
    if len(choices) <= MANY_CHOICES:
        return choices
    value = row.effective()
    chosen = {str(item) for item in value} if isinstance(value, list) else {str(value)}
    return [(name, help) for name, help in choices if name in chosen][:MANY_CHOICES]


def _facts(declared: Declared) -> Sequence[str]:
    """Range, default, and what a new node has instead."""
    facts = [text for text in (_range(declared.shape),) if text]
    if declared.columns is not None and declared.columns.accepts:
        facts.append(f"columns of {' or '.join(declared.columns.accepts)}")
    if declared.required:
        facts.append("must be set")
    elif (default := default_text(declared)) is not None:
        facts.append(f"default {default}")
    if declared.start is not MISSING:
        facts.append(f"a new node has {shown_start(declared)}")
    return facts


def _range(shape: Shape) -> str:
    match shape:
        case Maybe(inner):
            return _range(inner)
        case Fixed(items):
            texts = {_range(item) for item in items}
            return texts.pop() if len(texts) == 1 else ""
        case Series(item):
            return _range(item)
        case Number():
            return shape.range_text()
        case _:
            return ""


def default_text(declared: Declared) -> str | None:
    """Return a setting's default in words; None where that takes too many."""
    shape = declared.shape.inner if isinstance(declared.shape, Maybe) else declared.shape
    match declared.default:
        case None | []:
            text: str | None = "none"
        case bool() as on:
            text = "on" if on else "off"
        case int() | float() as number:
            text = number_text(number)
        case str() as words:
            text = words.strip() or "empty"
        case list() as items if len(items) <= SHORT_LIST and not any(isinstance(item, list | dict) for item in items):
            text = (" × " if isinstance(shape, Fixed) else ", ").join(number_text(item) for item in items)
        case dict() as group if isinstance(shape, OneOf):
            text = next((a.title for a in shape.alternatives if a.tag and group.get(a.tag[0]) == a.tag[1]), None)
        case _:
            text = None
    return text
