"""LearningPage: the learning curves of one Learner: of the training that goes on, or of its stored history."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.views.learning_view import LearningView
from app.editor.views.pages import PendingRequests
from app.editor.views.training_runs import TrainingHistory
from app.engine.messages.figures import LearningAnswer, LearningQuestion


class LearningPage(QWidget):
    """A Learner's curves.

    Args:
        asks: Who is asked for a stored history.
        document: The workflow, as the engine calls it.
        trainings: The trainings of this session.
        title_of: What the person calls a node.
        parent: The widget it is in.
    """

    stop_requested = Signal(str, str)
    """End the training of this node (workflow, as the engine calls it; node) here, and keep what was reached."""

    def __init__(
        self, asks: Asks, document: str, trainings: TrainingHistory, title_of: Callable[[str], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._asks, self._document, self._title_of = asks, document, title_of
        self._node = ""
        self._pending = PendingRequests(self)
        self.view = LearningView(trainings, titled=False)
        self.view.stop_requested.connect(self.stop_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def show_output(self, node: str, port: str = "history", key: str = "") -> None:
        """Show a Learner: its training of this session, which knows its batches, too; else its stored history."""
        self._node = node
        self._pending.drop_all()
        run = self.view.trainings.latest(self._document, node)
        if run is not None and (run.live or run.status == "done" or not key):
            self.view.show_run(run)
        elif key:
            question = LearningQuestion(document=self._document, node=node, port="history")
            self._pending.put("look", self._asks.ask(question, self._on_answer))
        else:
            self.view.show_run(None)

    def _on_answer(self, answer: LearningAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self.view.chart.clear(f"{answer.message} {answer.remedy}")
        else:
            self.view.show_history(self._title_of(self._node), answer.columns)
