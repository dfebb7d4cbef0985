"""What tests of inspection need: a result in a real store, and the answers about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from app.engine.inspection import answers
from app.engine.inspection.base import StoredOutputs
from app.engine.messages import wire
from app.engine.messages.base import Answer, ResultQuestion, answer_of
from app.engine.messages.tables import CellCondition, RowsShown, SortOrder, TableResultQuestion
from app.engine.messages.tells import Reply
from app.engine.store import Store
from nodes.values.table import Table

A = TypeVar("A", bound=Answer)


def stored(folder: Path, table: Table, name: str = "table") -> StoredOutputs:
    """A table as a finished node's output, in a store of its own."""
    store = Store(folder / "store")
    with store.writing("ab12") as writer:
        record, _ = writer.commit({name: table}, written={}, warnings=(), seconds=1.0)
    return StoredOutputs(None, "ab12", record, store)


def question(
    kind: type[ResultQuestion[A]],
    *,
    sort: SortOrder | None = None,
    where: dict[str, Any] | None = None,
    filters: tuple[CellCondition, ...] = (),
    **fields: Any,
) -> ResultQuestion[A]:
    """A question, as it arrives at the engine."""
    if issubclass(kind, TableResultQuestion):
        fields["shown"] = RowsShown(sort=sort, where=where or {}, filters=filters)
    arrived = wire.decode_request(wire.encode(kind(document="doc", node="node", **fields)))
    assert isinstance(arrived, kind), arrived
    return arrived


def over_the_line(made: ResultQuestion[A], answer: A) -> A:
    """An answer, as it arrives at the editor."""
    line, _, payload = wire.encode_reply(7, answer).partition(b"\n")
    reply = wire.decode_tell(line)
    assert isinstance(reply, Reply)
    assert (reply.number, reply.bytes, reply.error) == (7, len(payload), None)
    return wire.decode_answer(reply, answer_of(made), payload)


def asked(outputs: StoredOutputs, kind: type[ResultQuestion[A]], port: str = "table", **fields: Any) -> A:
    """An answer, after question and answer went over the line between the processes."""
    made = question(kind, port=port, **fields)
    return over_the_line(made, answers()[kind](outputs, made))  # type: ignore[arg-type]
