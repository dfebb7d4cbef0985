"""Keeps the dock with the learning curves on the workflow in front: the training that goes on, or what a Learner has stored."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.document.problems import Problem
from app.editor.desk import Desk
from app.editor.docks import Docks
from app.editor.panels.monitor import LEARNER
from app.editor.views.pages import PendingRequests
from app.editor.views.training_runs import TrainingRun
from app.editor.workspace import Workspace
from app.engine.messages.figures import LearningAnswer, LearningQuestion


class LearningPresenter(QObject):
    """Has the dock show curves of the workflow in front, and say whose they are.

    Args:
        desk: The open workflows, and what is selected.
        docks: The dock, and the trainings of this session.
    """

    def __init__(self, desk: Desk, docks: Docks) -> None:
        super().__init__(desk)
        self._desk, self._view, self._trainings = desk, docks.learning, docks.trainings
        self._pending = PendingRequests(self)
        self._shown: dict[str, str] = {}  # workflow -> its learner whose curves were seen last
        self._place: tuple[str, str, str] | None = None  # workflow, learner, training or key of the result: what is to be seen
        desk.changed.connect(self.show_current)
        self._trainings.listed.connect(self.show_current)

    def show_current(self) -> None:
        """Show curves of the workflow in front, if it has any; several that were laid over each other stay."""
        workspace = self._desk.current
        self._view.set_place(workspace.title if workspace else "")
        if workspace is None:
            self._show(None)
            return
        node = self._learner(workspace)
        run = self._trainings.latest(workspace.id, node)
        key = workspace.status(node).shown_key or ""
        place = (workspace.id, node, run.id if run else key)
        if place == self._place or (len(self._view.shown) > 1 and self._place and self._place[0] == workspace.id):
            return
        self._place = place
        self._shown[workspace.id] = node
        if run is not None or not key:
            self._show(run, place)
            return
        self._view.show_run(None)
        question = LearningQuestion(document=workspace.id, node=node, port="history")
        title = workspace.document.title(node)
        self._pending.put("history", self._desk.services.engine.ask(question, lambda answer: self._on_history(title, answer)))

    def _show(self, run: TrainingRun | None, place: tuple[str, str, str] | None = None) -> None:
        self._place = place
        self._pending.drop_all()
        self._view.show_run(run)

    def _on_history(self, title: str, answer: LearningAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self._view.show_run(None)
        else:
            self._view.show_history(title, answer.columns)

    def _learner(self, workspace: Workspace) -> str:
        """The learner whose curves are wanted most: one that trains, the selected one, that seen last, the last with a result."""
        nodes = workspace.document.nodes
        selected = self._desk.selected_nodes
        learners = [n for n, record in nodes.items() if record.type == LEARNER or self._trainings.latest(workspace.id, n)]
        runs = {n: run for n in learners if (run := self._trainings.latest(workspace.id, n))}
        with_curves = [n for n in learners if n in runs or workspace.status(n).shown_key]
        live = sorted((n for n, run in runs.items() if run.live), key=lambda n: -runs[n].began)
        wanted = (
            *(n for n in selected if n in live),
            *live,
            *(n for n in selected if n in with_curves),
            *(n for n in [self._shown.get(workspace.id, "")] if n in with_curves),
            *reversed(with_curves),
        )
        return next(iter(wanted), "")
