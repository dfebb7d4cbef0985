"""The list of problems: what is wrong in the open workflow and what to do, grouped by node; a click jumps there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from app.document.editing import Document
from app.document.problems import Problem, Severity
from app.editor.look import look
from app.editor.panels.rows import ListRow, RowList
from app.editor.plain_label import PlainLabel
from nodes.wording import counted

WORKFLOW = "The workflow"
_ICONS: dict[Severity, str] = {"error": "mdi6.close-circle", "warning": "mdi6.alert"}


class ProblemsList(QWidget):
    """The dock of problems."""

    activated = Signal(str, object)
    """Jump to this node (empty: the workflow as a whole) and this setting (a dotted name, or None)."""
    counted = Signal(int, int)
    """The number of errors and of warnings is another one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAccessibleName("Problems")
        self._problems: dict[str, tuple[Problem, str]] = {}
        self.errors, self.warnings = 0, 0
        self._filters = {severity: self._filter(severity) for severity in _ICONS}
        self._copy = QToolButton()
        self._copy.setToolTip("Copy all that is shown, or the selected problem with Ctrl+C")
        self._copy.setAccessibleName("Copy the problems")
        self._copy.clicked.connect(self.copy)
        self.list = _ProblemRows(self)
        self._none = PlainLabel("No problems.")
        self._none.setProperty("role", "muted")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._none)
        self._pages.addWidget(self.list)
        top = QHBoxLayout()
        for button in self._filters.values():
            top.addWidget(button)
        top.addStretch(1)
        top.addWidget(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self._pages, 1)
        self.list.chosen.connect(self._jump)
        look().changed.connect(self._redraw)
        self._redraw()

    def set_problems(self, document: Document, problems: Sequence[Problem]) -> None:
        """Show these problems of a document. What is selected and how far it is scrolled stays, as far as it can."""
        entries: dict[str, tuple[Problem, str]] = {}
        order = {node_id: number for number, node_id in enumerate(document.nodes)}
        for problem in sorted(problems, key=lambda p: order.get(p.node or "", -1)):
            title = document.title(problem.node) if problem.node and problem.node in document.nodes else WORKFLOW
            entries[f"{problem.severity} {problem}"] = (problem, title)
        if entries == self._problems:
            return
        self._problems = entries
        severities = [problem.severity for problem, _ in entries.values()]
        counts = severities.count("error"), severities.count("warning")
        self._redraw()
        if counts != (self.errors, self.warnings):
            self.errors, self.warnings = counts
            self._redraw()
            self.counted.emit(*counts)

    def clear(self) -> None:
        """Show no problems: there is no workflow."""
        self._problems = {}
        self.errors, self.warnings = 0, 0
        self._redraw()
        self.counted.emit(0, 0)

    @property
    def summary(self) -> str:
        """For the status bar: `2 errors, 1 warning`, or `no problems`."""
        parts = [counted(number, name) for number, name in ((self.errors, "error"), (self.warnings, "warning")) if number]
        return ", ".join(parts) or "no problems"

    def copy(self) -> None:
        """Put all that is shown on the clipboard, as text."""
        self._copy_text([entry for entry in self._problems.values() if self._filters[entry[0].severity].isChecked()])

    def copy_selected(self) -> None:
        """Put the selected problem on the clipboard, as text."""
        if self.list.current_key in self._problems:
            self._copy_text([self._problems[self.list.current_key]])

    def _copy_text(self, entries: Sequence[tuple[Problem, str]]) -> None:
        lines = [f"{p.severity}: {title}: {p.message} {p.remedy}".rstrip() for p, title in entries]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _filter(self, severity: Severity) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        button.setChecked(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip(f"Show {severity}s")
        button.setAccessibleName(f"Show {severity}s")
        button.toggled.connect(self._redraw)
        return button

    def _redraw(self) -> None:
        self._copy.setIcon(look().icon("mdi6.content-copy", look().colors.muted))
        self._copy.setEnabled(bool(self._problems))
        for severity, button in self._filters.items():
            number = self.errors if severity == "error" else self.warnings
            button.setText(counted(number, severity))
            button.setIcon(look().icon(_ICONS[severity], _color(severity) if number else look().colors.muted))
        rows: list[ListRow] = []
        above: str | None = ""
        for key, (problem, title) in self._problems.items():
            if not self._filters[problem.severity].isChecked():
                continue
            if problem.node != above:
                above = problem.node
                rows.append(ListRow(title, style="heading", tip=problem.node or ""))
            rows.append(_row(key, problem))
        self._show(rows)

    def _show(self, rows: Sequence[ListRow]) -> None:
        selected, scrolled = self.list.current_key, self.list.verticalScrollBar().value()
        self.list.rows.set_rows(rows)
        self._pages.setCurrentIndex(1 if rows else 0)
        self._none.setText("No problems." if not self._problems else "All problems are filtered out.")
        if selected is not None:
            self.list.select_key(selected)
        self.list.verticalScrollBar().setValue(scrolled)

    def _jump(self, key: str) -> None:
        problem, _ = self._problems[key]
        self.activated.emit(problem.node or "", problem.setting)


class _ProblemRows(RowList):
    """The rows; Ctrl+C copies the selected one."""

    def __init__(self, owner: ProblemsList) -> None:
        super().__init__(height=28, single_click=True)
        self.setAccessibleName("Problems by node")
        self._owner = owner

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._owner.copy_selected()
        else:
            super().keyPressEvent(event)


def _row(key: str, problem: Problem) -> ListRow:
    tip = f"{problem.message}\n{problem.remedy}".rstrip()
    return ListRow(
        problem.message,
        key,
        "icon",
        _color(problem.severity),
        icon=_ICONS[problem.severity],
        below=problem.remedy,
        trailing=problem.setting or problem.port or "",
        tip=tip,
    )


def _color(severity: str) -> str:
    return look().colors.wrong if severity == "error" else look().colors.ready
