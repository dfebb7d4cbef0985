"""The card below the settings that says what the node would put out, or what keeps it from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.document.problems import Problem
from app.editor.look import look
from app.editor.plain_label import PlainLabel

GAP = 10
"""Pixels between the parts of a line."""


class OutcomeLine(QWidget):
    """An output: the port, what matters most, and the rest at the right; below each other where the line is too short."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        main, _, rest = text.partition(" · ")
        self.port, self.strong, self.more = (PlainLabel(part, self) for part in (title, main, rest))
        self.port.setProperty("role", "muted")
        self.strong.setProperty("role", "strong")
        self.more.setProperty("role", "muted")
        self.more.setHidden(not rest)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setHorizontalSpacing(GAP)
        self._layout.setVerticalSpacing(1)
        self._layout.setColumnStretch(1, 1)
        self._lines = 0
        self._place(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put side by side what fits."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again: the style gives the labels their fonts."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Measure with the fonts that the style has given by now."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        widths = [_width(label) for label in (self.port, self.strong, self.more) if label.text()]
        after_port = sum(widths[1:]) + GAP * (len(widths) - 2)
        if sum(widths) + GAP * (len(widths) - 1) <= self.width():
            lines = 1
        elif max(widths[0], after_port) <= self.width():
            lines = 2
        else:
            lines = 3
        self._place(lines)

    def _place(self, lines: int) -> None:
        """Put the parts into so many lines: all in one, the port above the others, or each in one of its own."""
        if lines == self._lines:
            return
        self._lines = lines
        places = {
            1: ((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1)),
            2: ((0, 0, 1, 3), (1, 0, 1, 2), (1, 2, 1, 1)),
            3: ((0, 0, 1, 3), (1, 0, 1, 3), (2, 0, 1, 3)),
        }[lines]
        for label, place in zip((self.port, self.strong, self.more), places, strict=True):
            self._layout.removeWidget(label)
            self._layout.addWidget(label, *place)
            label.setWordWrap(lines == 3)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self.more.setAlignment(right if lines < 3 else Qt.AlignmentFlag.AlignLeft)


def _width(label: QLabel) -> int:
    """Return how wide a label's text is in one line."""
    return label.fontMetrics().horizontalAdvance(label.text()) + 2


class Complaint(QWidget):
    """A problem with its remedy; a click asks for the setting it is about."""

    pressed = Signal(str)

    def __init__(self, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = problem.setting or ""
        error = problem.severity == "error"
        colors = look().colors
        icon = PlainLabel()
        name = "mdi6.alert-circle-outline" if error else "mdi6.alert-outline"
        icon.setPixmap(look().icon(name, colors.wrong if error else colors.ready).pixmap(16, 16))
        text = PlainLabel(f"{problem.message} {problem.remedy}".strip())
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
            self._layout.addWidget(OutcomeLine(title, text))
        for problem in (errors or problems)[:2]:
            complaint = Complaint(problem)
            complaint.pressed.connect(self.setting_wanted)
            self._layout.addWidget(complaint)
        if len(errors) > 2:
            more = PlainLabel(f"and {len(errors) - 2} more")
            more.setProperty("role", "small")
            self._layout.addWidget(more)
        wrong = bool(errors)
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setVisible(bool(lines or problems))
        self.setAccessibleName(self.text)
