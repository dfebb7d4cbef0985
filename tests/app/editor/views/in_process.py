"""Something that answers views' questions in this process, from a table in a real store: for tests of what the view does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer

from app.document.problems import Problem
from app.editor.asking import Answer, OnReply, Ticket
from app.engine.inspection import answers
from app.engine.inspection.base import StoredOutputs
from nodes.errors import NodeError
from nodes.values.table import Table
from tests.app.engine.inspection.asked import stored


class InProcess:
    """Asks that computes the answer at once and gives it from the event loop, as the engine would.

    Args:
        folder: For its store.
        **tables: By node id; all at the port `table`.
    """

    def __init__(self, folder: Path, **tables: Table) -> None:
        self.outputs: dict[str, StoredOutputs] = {n: stored(folder / n, t) for n, t in tables.items()}
        self.asked: list[dict[str, Any]] = []
        self.holds_back = False
        """Whether answers are kept until `let_go`."""
        self._held: list[tuple[Ticket, Answer]] = []

    def ask(self, do: str, parameters: Mapping[str, Any], on_reply: OnReply) -> Ticket:
        """Answer a `look`."""
        given = json.loads(json.dumps(dict(parameters)))
        self.asked.append(given)
        ticket = Ticket(on_reply)
        try:
            reply = answers()[given["answer"]](self.outputs[given["node"]], given)
            answer = Answer(json.loads(json.dumps(reply.header, allow_nan=False)), reply.payload)
        except NodeError as error:
            answer = Answer(error=Problem(error.message, error.remedy, node=given["node"]))
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

    def of(self, answer: str) -> list[dict[str, Any]]:
        """The questions of one kind that were put."""
        return [given for given in self.asked if given["answer"] == answer]
