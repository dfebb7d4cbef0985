"""Finished results of real workflows, and something that answers questions about them in process, without a second program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QTimer

from app.document.model import Workflow
from app.document.problems import Problem
from app.editor.asking import OnReply, Ticket
from app.engine import executor
from app.engine.inspection import answers
from app.engine.inspection.base import StoredOutputs
from app.engine.messages.base import Answer, Question, ResultQuestion
from app.engine.planner import make_plan
from app.engine.store import Store
from nodes.errors import NodeError
from tests.app.engine.inspection.asked import over_the_line

A = TypeVar("A", bound=Answer)


def results(workflow: Workflow, catalog: Any, folder: Path) -> dict[str, StoredOutputs]:
    """Run a workflow; its nodes' stored outputs, knowing those they were made from."""
    plan = make_plan(workflow, catalog, folder=folder)
    store = Store(folder / "store")
    result = executor.run(plan, store, lambda _: None)
    assert result.status == "done", result
    found: dict[str, StoredOutputs] = {}
    for node_id in plan.nodes:
        record = store.record(result.keys[node_id])
        assert record is not None
        inputs = {c.target_port: (found[c.source_node], c.source_port) for c in workflow.connections if c.target_node == node_id}
        found[node_id] = StoredOutputs(plan.nodes[node_id].node, result.keys[node_id], record, store, inputs=inputs)
    return found


class LocalAsks:
    """Answers questions about results, as soon as the event loop runs; `asked` keeps the questions."""

    def __init__(self, outputs: Mapping[str, StoredOutputs]) -> None:
        self.outputs = outputs
        self.asked: list[ResultQuestion[Any]] = []

    def ask(self, question: Question[A], on_reply: OnReply[A]) -> Ticket:
        assert isinstance(question, ResultQuestion)
        self.asked.append(question)
        ticket = Ticket(on_reply)
        answer: Answer | Problem
        try:
            answer = over_the_line(question, answers()[type(question)](self.outputs[question.node], question))
        except NodeError as error:
            answer = Problem(error.message, error.remedy)
        QTimer.singleShot(0, lambda: ticket.deliver(answer))
        return ticket
