"""FiguresPage: all figures of a node, one at a time, chosen by their titles."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.plain_label import PlainLabel
from app.editor.views.background import BackgroundTask, in_background
from app.editor.views.figure_view import FigureView
from app.editor.views.pages import PendingRequests
from app.engine.messages.figures import FiguresAnswer, FiguresQuestion
from nodes.values.figure import Figure


class FiguresPage(QWidget):
    """The figures of a finished node.

    Args:
        asks: Who is asked for them.
        document: The workflow, as the engine calls it.
        parent: The widget it is in.
    """

    def __init__(self, asks: Asks, document: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks, self._document = asks, document
        self._pending = PendingRequests(self)
        self._reading: BackgroundTask[list[Figure]] | None = None
        self.figures: Sequence[Figure] = ()
        self.view = FigureView(titled=True)
        self._message = PlainLabel("Loading …")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setProperty("role", "muted")
        self._titles = QWidget()
        self._row = QHBoxLayout(self._titles)
        self._row.setContentsMargins(10, 4, 44, 0)
        self._row.addStretch(1)
        self._group = QButtonGroup(self)
        self._group.idToggled.connect(self._on_chosen)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._message)
        self._stack.setCurrentWidget(self._message)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._titles)
        layout.addWidget(self._stack, 1)
        self._titles.hide()

    def show_output(self, node: str, port: str = "", key: str = "") -> None:
        """Show a node's figures."""
        self._pending.drop_all()
        if self._reading:
            self._reading.drop()
        question = FiguresQuestion(document=self._document, node=node, port=port)
        self._pending.put("look", self._asks.ask(question, self._on_answer))

    def _on_answer(self, answer: FiguresAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self._say(f"{answer.message}\n{answer.remedy}")
            return

        def read() -> list[Figure]:
            from app.engine.inspection.figures import figures_from

            return figures_from(answer)

        self._reading = in_background(read, self.show_figures, self._on_unreadable)

    def _on_unreadable(self, error: Exception) -> None:
        self._say(f"The figures cannot be read: {error}")

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Show these figures."""
        same = [f.title for f in figures] == [f.title for f in self.figures]
        self.figures = figures
        if not figures:
            self._say("This node has nothing to draw.")
            return
        self._stack.setCurrentWidget(self.view)
        if not same:
            self._offer()
        self._on_chosen(max(0, self._group.checkedId()), True)

    def _offer(self) -> None:
        for button in self._group.buttons():
            self._group.removeButton(button)
            button.deleteLater()
        for number, figure in enumerate(self.figures):
            pill = QPushButton(figure.title or f"Figure {number + 1}")
            pill.setCheckable(True)
            pill.setProperty("role", "pill")
            pill.setChecked(number == 0)
            self._group.addButton(pill, number)
            self._row.insertWidget(number, pill)
        self._titles.setVisible(len(self.figures) > 1)

    def _on_chosen(self, number: int, on: bool) -> None:
        if on and number < len(self.figures):
            self.view.show_figure(self.figures[number])

    def _say(self, text: str) -> None:
        self._message.setText(text)
        self._stack.setCurrentWidget(self._message)
