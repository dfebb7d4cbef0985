"""Looking at results beside everything else: in threads of its own, so that no edit waits for a table to be sorted."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from app.document.problems import Problem
from app.engine.inspection.base import StoredOutputs
from app.engine.messages.base import Answer
from app.engine.messages.tells import Reply
from app.engine.runs import Post
from app.engine.session import Session
from app.engine.store import Store
from app.engine.transport import StreamTransport
from nodes.base import LibraryPanic, NodeError, panics_as_errors

log = logging.getLogger("layerloom.engine")

HELD_OUTPUTS = 8
"""So many nodes' outputs are kept open for the views."""
LOOKERS = 3
"""So many answers are made at the same time."""


class Lookers:
    """Makes answers, and keeps open what they are made of.

    Args:
        store: Where the results are.
        transport: Where answers go.
        post: Has something called in the engine's thread.
        line_closed: Called, in any thread, when the editor is gone.
    """

    def __init__(self, store: Store, transport: StreamTransport, post: Post, line_closed: Callable[[], None]) -> None:
        self._store, self._transport, self._post, self._line_closed = store, transport, post, line_closed
        self._threads = ThreadPoolExecutor(LOOKERS, thread_name_prefix="look")
        self._asked: dict[int, Future[None]] = {}
        self._held: OrderedDict[str, StoredOutputs] = OrderedDict()

    def outputs(self, session: Session, node_id: str) -> StoredOutputs | None:
        """Return the outputs that are shown of a node; None if there are none (any more).

        Raises:
            NoSuchNode: If there is no such node.
        """
        found = session.shown(node_id)
        if found is None:
            return None
        key, record = found
        if key not in self._held:
            self._held[key] = StoredOutputs(session.planned(node_id).node, key, record, self._store)
        self._held.move_to_end(key)
        while len(self._held) > HELD_OUTPUTS:
            self._held.popitem(last=False)
        return self._held[key]

    def outputs_and_inputs(self, session: Session, node_id: str) -> StoredOutputs:
        """Return the outputs that are shown of a node, and what they were made from.

        Raises:
            NoSuchNode: If there is no such node.
            NodeError: If it has none.
        """
        outputs = self.outputs(session, node_id)
        if outputs is None:
            raise NodeError("The node has no result yet.", "Run it.")
        sources = {port: (self.outputs(session, node), out) for port, (node, out) in session.sources(node_id).items()}
        outputs.inputs = {port: (found, out) for port, (found, out) in sources.items() if found is not None}
        return outputs

    def let_go(self, key: str) -> None:
        """Open a result anew when it is looked at next: it was written again, or has gone."""
        self._held.pop(key, None)

    def answer(self, number: int, make: Callable[[], Answer]) -> None:
        """Make the answer to a question, and send it."""
        future = self._asked[number] = self._threads.submit(self._make, number, make)
        future.add_done_callback(lambda _: self._post(lambda: self._settle(number, future)))

    def drop(self, number: int) -> None:
        """Do not make an answer, unless that has begun."""
        future = self._asked.pop(number, None)
        if future is not None:
            future.cancel()

    def close(self) -> None:
        """Make no more answers."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _settle(self, number: int, future: Future[None]) -> None:
        if self._asked.get(number) is future:
            del self._asked[number]

    def _make(self, number: int, make: Callable[[], Answer]) -> None:
        """In a looker's thread."""
        try:
            try:
                with panics_as_errors():
                    answer = make()
                self._transport.reply(number, answer)
            except NodeError as error:
                if isinstance(error, LibraryPanic):
                    log.exception("a library gave up over an answer")
                self._refuse(number, error.message, error.remedy)
            except BrokenPipeError:
                raise
            except MemoryError:
                self._refuse(
                    number, "The memory of this machine does not suffice for this view.", "Close other programs or views."
                )
            except Exception as error:
                log.exception("an answer failed")
                self._refuse(number, f"The engine could not answer: {type(error).__name__}: {error}", "The log has the details.")
        except BrokenPipeError:
            self._line_closed()

    def _refuse(self, number: int, message: str, remedy: str) -> None:
        self._transport.tell(Reply(number=number, error=Problem(message, remedy)))
