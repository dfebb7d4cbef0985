"""A connection to a database, kept by another process: see `nodes.kit.databases.__main__`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nodes.errors import NodeError
from nodes.kit.databases.connection import DatabasePlace, IngestMode
from nodes.kit.processes.limits import GIB, machine_memory
from nodes.kit.processes.worker_process import IMPORT_SECONDS, WorkerPool, WorkerProcess

if TYPE_CHECKING:
    import pyarrow as pa

_QUICK_MEMORY = 2 * GIB
"""So many bytes of memory a database may take to answer while a node is being configured."""
_FOREVER = 10.0**9
_CANCEL_SECONDS = 0.5
"""So long a server may take to end a statement that is not wanted any more."""
_CLOSE_SECONDS = 10.0
"""So long a database may take to be closed: to undo much takes its time."""


class DatabaseRefusal(Exception):
    """What a database says against what it was asked."""


class NoAnswer(NodeError):
    """A database that cannot be asked now, or takes longer than it may while a node is being configured."""


@contextmanager
def connected(
    place: DatabasePlace, *, seconds: float | None = None, check: Callable[[], None] = lambda: None
) -> Iterator[RemoteConnection]:
    """Give an open connection; what was not committed at the end is undone.

    Args:
        place: Where the database is.
        seconds: How long all answers together may take; None knows no end.
        check: Raises if nobody wants the answer any more.

    Raises:
        DatabaseRefusal: With what the database says.
        NoAnswer: If it takes too long.
        NodeError: If the process ended over it.
    """
    with _pool.process() as process:
        connection = RemoteConnection(process, place, seconds, check)
        try:
            connection.open()
            yield connection
        finally:
            connection.close()


class RemoteConnection:
    """A `DatabaseConnection` kept by another process; made by `connected`."""

    def __init__(self, process: WorkerProcess, place: DatabasePlace, seconds: float | None, check: Callable[[], None]) -> None:
        self._process, self._place, self._check = process, place, check
        self._seconds = seconds
        self._deadline = time.monotonic() + _FOREVER
        self._waits = self._is_open = False
        self._latest = 0  # the number of the query whose batches the process has

    def open(self) -> None:
        """Have the process open it."""
        self._waits = True
        self._process.send(json.dumps({"do": "prepare", "kind": self._place.kind}).encode())
        self._received(IMPORT_SECONDS)
        if self._seconds is not None:
            self._deadline = time.monotonic() + self._seconds
        memory = machine_memory() // 2 if self._seconds is None else min(_QUICK_MEMORY, machine_memory() // 2)
        self._ask({"do": "open", "place": asdict(self._place), "memory": memory})
        self._is_open = True

    def query(self, sql: str, parameters: Sequence[Any] = (), rows: int | None = None) -> Iterator[pa.RecordBatch]:
        """See `DatabaseConnection`."""
        self._latest += 1
        mine = self._latest
        answer = self._ask({"do": "query", "sql": sql, "parameters": list(parameters), "rows": rows})
        while answer[:1] == b"#":
            yield _batch(answer)
            if mine != self._latest:
                raise RuntimeError("the result of a query is not there any more after the next one was asked")
            answer = self._ask({"do": "next"})

    def ingest(self, schema: str, table: str, data: pa.Table, mode: IngestMode) -> None:
        """See `DatabaseConnection`."""
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, data.schema) as writer:
            writer.write_table(data)
        self._waits = True
        self._process.send(json.dumps({"do": "ingest", "schema": schema, "table": table, "mode": mode}).encode())
        self._process.send(sink.getvalue())
        self._answered()

    def execute(self, sql: str) -> None:
        """See `DatabaseConnection`."""
        self._ask({"do": "execute", "sql": sql})

    def commit(self) -> None:
        """See `DatabaseConnection`."""
        self._ask({"do": "commit"})

    def close(self) -> None:
        """Close it; what was not committed is undone. A process that is still busy with what nobody waits for is ended."""
        if not self._waits and not self._is_open:
            return
        if not self._waits:
            self._process.send(json.dumps({"do": "close"}).encode())
            if self._process.receive(_CLOSE_SECONDS) == b".":
                return
        elif self._place.kind == "postgresql":  # whose server would go on
            self._process.send(b"cancel")
            self._process.receive(_CANCEL_SECONDS)
        self._process.end()

    def _ask(self, request: Mapping[str, Any]) -> bytes:
        self._waits = True
        self._process.send(json.dumps(request).encode())
        return self._answered()

    def _answered(self) -> bytes:
        return self._received(self._deadline - time.monotonic())

    def _received(self, seconds: float) -> bytes:
        answer = self._process.receive(seconds, self._check)
        if answer is None:
            raise self._no_answer()
        self._waits = False
        if answer[:1] == b"*":
            raise _too_much_memory()
        if answer[:1] == b"!":
            raise DatabaseRefusal(answer[1:].decode(errors="replace"))
        return answer

    def _no_answer(self) -> NodeError:
        if time.monotonic() >= self._deadline:
            message = f"The database did not answer within {self._seconds:.0f} seconds."
            return NoAnswer(message, "Ask for less, or run the node: there is no such limit then.")
        self._process.wait()
        if self._process.wanted_too_much_memory:
            return _too_much_memory()
        setting = "host" if self._place.kind == "postgresql" else "path"
        hint = "Check the database, or have its file written again."
        return NodeError("The database cannot be used: the library that speaks to it crashes over it.", hint, setting=setting)


def _batch(answer: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(answer)[1:]) as reader:
        return reader.read_next_batch()


def _too_much_memory() -> NodeError:
    return NodeError("The database's answer does not fit into the memory.", "Ask for less: fewer columns, or shorter values.")


def _environment() -> dict[str, str]:
    """All of this process's: libpq finds passwords and certificates by it."""
    return {**os.environ, "MALLOC_ARENA_MAX": "2"}


_pool = WorkerPool("nodes.kit.databases", _environment)
