"""The process that speaks to databases: `python -P -m nodes.kit.databases`, one connection at a time.

A request is a frame of JSON, a table to be written a second one of Arrow. The answer's first byte says what it is: `.` done,
`#` a batch in Arrow's stream format, `!` what the database says against it, `*` that the memory did not suffice.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from nodes.kit.databases.connection import DatabasePlace
from nodes.kit.databases.drivers import DriverConnection, opened, prepare
from nodes.kit.processes.limits import limit_memory, no_core_dumps
from nodes.kit.processes.serving import frames_of_this_process
from nodes.kit.processes.worker_process import IDLE_SECONDS

if TYPE_CHECKING:
    import pyarrow as pa

Answer = Callable[[bytes], None]


def main() -> None:
    """Answer requests until there are no more."""
    no_core_dumps()
    with frames_of_this_process() as (requests, answer):
        server = DatabaseServer(answer)
        threading.Thread(target=_read, args=(requests, server), daemon=True).start()
        server.serve()
        os._exit(0)  # the thread that reads holds what Python would give back first


def _read(requests: Iterator[bytes], server: DatabaseServer) -> None:
    """Pass requests on, but for the one that interrupts: that cannot wait for the others."""
    for frame in requests:
        if frame == b"cancel":
            server.cancel()
        else:
            server.requests.put(frame)
    os._exit(0)  # nobody is there any more who wants an answer


class DatabaseServer:
    """Answers requests, one after the other.

    Args:
        answer: Sends an answer.

    Attributes:
        requests: What is still to be answered.
    """

    def __init__(self, answer: Answer) -> None:
        self.requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._answer = answer
        self._connection: DriverConnection | None = None
        self._result: Iterator[pa.RecordBatch] = iter(())

    def serve(self) -> None:
        """Answer until nobody asks for a while."""
        while True:
            try:
                request = json.loads(self.requests.get(timeout=IDLE_SECONDS))
            except queue.Empty:
                return
            if request["do"] == "prepare":
                prepare(request["kind"])
                self._answer(b".")
            else:
                self._told(partial(self._serve_one, DatabasePlace(**request["place"]), request["memory"]))

    def cancel(self) -> None:
        """Interrupt the statement that is running, from another thread."""
        connection = self._connection
        if connection is not None:
            with suppress(Exception):  # the process is ended soon in any case
                connection.cancel()

    def _serve_one(self, place: DatabasePlace, memory: int) -> None:
        """Answer what is asked of one connection, until it is closed."""
        limit_memory(memory)
        with opened(place) as connection:
            self._connection = connection
            self._answer(b".")
            try:
                while (request := json.loads(self.requests.get()))["do"] != "close":
                    self._told(partial(self._do, connection, request))
            finally:
                self._connection, self._result = None, iter(())
        self._answer(b".")

    def _told(self, work: Callable[[], None]) -> None:
        """Do something; what is said against it is the answer."""
        try:
            work()
        except MemoryError:
            self._answer(b"*")
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is for the one who asked
            self._answer(b"*" if "MemoryError" in str(error) else b"!" + str(error).encode(errors="replace"))

    def _do(self, connection: DriverConnection, request: dict[str, Any]) -> None:
        import pyarrow as pa

        match request["do"]:
            case "query":
                self._result = connection.query(request["sql"], request["parameters"], request["rows"])
                self._next()
            case "next":
                self._next()
            case "ingest":
                with pa.ipc.open_stream(self.requests.get()) as reader:
                    connection.ingest(request["schema"], request["table"], reader.read_all(), request["mode"])
                self._answer(b".")
            case "execute":
                connection.execute(request["sql"])
                self._answer(b".")
            case "commit":
                connection.commit()
                self._answer(b".")

    def _next(self) -> None:
        """Send the next batch of the result, or that there is none."""
        import pyarrow as pa

        batch = next(self._result, None)
        if batch is None:
            self._answer(b".")
            return
        sink = pa.BufferOutputStream()
        sink.write(b"#")
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        self._answer(sink.getvalue())


if __name__ == "__main__":
    main()
