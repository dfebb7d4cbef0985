"""The two cards below the settings: help for the setting that has the focus, and what the node would put out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.document.problems import Problem
from app.editor.config.declaration import MISSING, Declared, Fixed, Maybe, Number, OneOf, Series, Shape
from app.editor.config.nested import OneOfControl
from app.editor.config.number import number_text
from app.editor.config.row import Row
from app.editor.look import look

SHORT_LIST = 5
"""A default with more elements than this is not spelt out."""
MANY_CHOICES = 5
"""With more choices than this, only the chosen one is explained; the list itself explains the others."""


LONG = 24
"""Characters that the main part of an output may have to stay in one line."""


class HelpCard(QFrame):
    """Explains a setting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._icon = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(11, 9, 11, 9)
        layout.setSpacing(8)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        self._row: Row | None = None
        look().changed.connect(self.redraw)
        self.redraw()

    def explain(self, row: Row | None) -> None:
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


def _explained(declared: Declared, row: Row) -> Sequence[tuple[str, str]]:
    """Choices and what they mean: all of a few, else the one in use."""
    if isinstance(row.control, OneOfControl):
        return [(row.control.chosen.title, row.control.help)] if row.control.chosen and row.control.help else []
    choices = list(declared.choices.items())
    if len(choices) <= MANY_CHOICES:
        return choices
    value = row.effective()
    chosen = {str(item) for item in value} if isinstance(value, list) else {str(value)}
    return [(name, help) for name, help in choices if name in chosen][:MANY_CHOICES]


def _facts(declared: Declared) -> Sequence[str]:
    """Range and default."""
    facts = [text for text in (_range(declared.shape),) if text]
    if declared.columns and declared.columns[1]:
        facts.append(f"columns of {' or '.join(declared.columns[1])}")
    if declared.default is MISSING:
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
    """A setting's default in words; None where that takes too many."""
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


# --------------------------------------------------------------------------------------------------------------- outcome


class Line(QWidget):
    """One line of the outcome: the port, what matters most, and the rest at the right."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        main, _, rest = text.partition(" · ")
        port = QLabel(title)
        port.setProperty("role", "muted")
        strong = QLabel(main)
        strong.setProperty("role", "strong")
        strong.setWordWrap(len(main) > LONG)  # a shape stays in one line; what follows it gives way
        more = QLabel(rest)
        more.setWordWrap(len(main) <= LONG)
        more.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        more.setProperty("role", "muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(port)
        layout.addWidget(strong, 1)
        layout.addWidget(more)


class Complaint(QWidget):
    """A problem with its remedy; a click asks for the setting it is about."""

    pressed = Signal(str)

    def __init__(self, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = problem.setting or ""
        error = problem.severity == "error"
        colors = look().colors
        icon = QLabel()
        name = "mdi6.alert-circle-outline" if error else "mdi6.alert-outline"
        icon.setPixmap(look().icon(name, colors.wrong if error else colors.ready).pixmap(16, 16))
        text = QLabel(f"{problem.message} {problem.remedy}".strip())
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setProperty("role", "error" if error else "")
        text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(text, 1)
        if self._setting:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setToolTip("Go to the setting")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for the setting."""
        if self._setting:
            self.pressed.emit(self._setting)


class OutcomeCard(QFrame):
    """What the node would put out with the settings as they are, or what keeps it from that."""

    setting_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "outcome")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 9, 12, 9)
        self._layout.setSpacing(6)
        self._state: tuple[tuple[tuple[str, str], ...], tuple[Problem, ...]] = ((), ())
        look().changed.connect(self._redraw)
        self._redraw()

    def show_outcome(self, outputs: Mapping[str, str], titles: Mapping[str, str], problems: Sequence[Problem]) -> None:
        """Show outputs (port -> text) or what is wrong.

        Args:
            outputs: Port -> what it will carry.
            titles: Port -> its title.
            problems: Errors and warnings.
        """
        named = {port: "Output" if len(titles) == 1 else titles.get(port, port) for port in outputs}
        state = (tuple((named[port], text) for port, text in outputs.items() if text), tuple(problems))
        if state != self._state:
            self._state = state
            self._redraw()

    @property
    def text(self) -> str:
        """All that it says, as plain text."""
        lines, problems = self._state
        return "\n".join([*(f"{title} {text}" for title, text in lines), *(f"{p.message} {p.remedy}".strip() for p in problems)])

    def _redraw(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            widget: Any = item.widget()
            widget.hide()
            widget.deleteLater()
        lines, problems = self._state
        errors = [problem for problem in problems if problem.severity == "error"]
        for title, text in () if errors else lines:
            self._layout.addWidget(Line(title, text))
        for problem in (errors or problems)[:2]:
            complaint = Complaint(problem)
            complaint.pressed.connect(self.setting_wanted)
            self._layout.addWidget(complaint)
        if len(errors) > 2:
            more = QLabel(f"and {len(errors) - 2} more")
            more.setProperty("role", "small")
            self._layout.addWidget(more)
        wrong = bool(errors)
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setVisible(bool(lines or problems))
        self.setAccessibleName(self.text)
