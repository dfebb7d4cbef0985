"""The card below the settings that explains the one that has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QWidget

from app.editor.config.number import number_text
from app.editor.config.row import SettingRow
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from nodes.declaration.declared import Declared
from nodes.declaration.shapes import Fixed, Maybe, Number, OneOf, Series, Shape

SHORT_LIST = 5
"""A default with more elements than this is not spelt out."""
LEAST_HEIGHT, MOST_HEIGHT = 64, 220
"""In pixels, with the frame."""
MANY_CHOICES = 5
"""With more choices than this, only the chosen one is explained; the list itself explains the others."""


class HelpCard(QFrame):
    """Explains a setting. What is longer than there is room for can be scrolled: it must not push away what one types in."""

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
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setProperty("role", "plain")
        self._area.setWidget(self.text)
        layout.addWidget(self._area, 1)
        self._most = MOST_HEIGHT
        self._row: SettingRow | None = None
        look().changed.connect(self.redraw)
        self.redraw()

    def limit(self, height: int) -> None:
        """Take no more than this height."""
        self._most = max(height, LEAST_HEIGHT)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as high as the text needs in this width, within the limit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        margins = self.contentsMargins()
        width = self._area.viewport().width()
        needed = self.text.heightForWidth(width) if width > 0 else self.text.sizeHint().height()
        self._area.setFixedHeight(max(min(needed, self._most - 18 - margins.top() - margins.bottom()), 16))

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
        self._fit()


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
    """Range and default."""
    facts = [text for text in (_range(declared.shape),) if text]
    if declared.columns is not None and declared.columns.accepts:
        facts.append(f"columns of {' or '.join(declared.columns.accepts)}")
    if declared.required:
        facts.append("must be set")
    elif (default := default_text(declared)) is not None:
        facts.append(f"default {default}")
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
    return _in_words(declared.default, shape)


def value_in_words(value: Any) -> str:
    """Return a value of a setting in a few words."""
    if isinstance(value, dict) and isinstance(value.get("kind"), str):
        return str(value["kind"])
    return _in_words(value, None) or "another one"


def _in_words(value: Any, shape: Shape | None) -> str | None:
    match value:
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
