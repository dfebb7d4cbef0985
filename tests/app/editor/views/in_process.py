"""Something that answers views' questions in this process, from a table in a real store: for tests of what the view does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QTimer

from app.document.problems import Problem
from app.editor.asking import OnReply, Ticket
from app.engine.inspection import answers
from app.engine.inspection.base import StoredOutputs
from app.engine.messages import wire
from app.engine.messages.base import Answer, Question, ResultQuestion
from nodes.errors import NodeError
from nodes.values.table import Table
from tests.app.engine.inspection.asked import over_the_line, stored

A = TypeVar("A", bound=Answer)
Q = TypeVar("Q", bound=ResultQuestion[Any])


class InProcess:
    """Asks that computes the answer at once and gives it from the event loop, as the engine would.

    Args:
        folder: For its store.
        **tables: By node id; all at the port `table`.
    """

    def __init__(self, folder: Path, **tables: Table) -> None:
        self.folder = folder
        self.outputs: dict[str, StoredOutputs] = {n: stored(folder / n, t) for n, t in tables.items()}
        self.asked: list[ResultQuestion[Any]] = []
        self.holds_back = False
        """Whether answers are kept until `let_go`."""
        self._held: list[tuple[Ticket, Answer | Problem]] = []

    def ask(self, question: Question[A], on_reply: OnReply[A]) -> Ticket:
        """Answer a question about a result."""
        given = wire.decode_request(wire.encode(question))
        assert isinstance(given, ResultQuestion)
        self.asked.append(given)
        ticket = Ticket(on_reply)
        answer: Answer | Problem
        try:
            answer = over_the_line(given, answers()[type(given)](self.outputs[given.node], given))
        except NodeError as error:
            answer = Problem(error.message, error.remedy, node=given.node)
        if self.holds_back:
            self._held.append((ticket, answer))
        else:
            QTimer.singleShot(0, lambda: ticket.deliver(answer))
        return ticket

    def let_go(self) -> None:
        """Give the answers that were held back."""
        self.holds_back = False
        held, self._held = self._held, []
        for ticket, answer in held:
            ticket.deliver(answer)

    def of(self, kind: type[Q]) -> list[Q]:
        """The questions of one kind that were put."""
        return [given for given in self.asked if isinstance(given, kind)]
