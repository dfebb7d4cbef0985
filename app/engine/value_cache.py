"""The values that travel between the nodes of one run: in memory as long as a node still needs them, else in the store."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping

from app.engine.record import Record
from app.engine.store import Store
from nodes.base import NodeError, Value
from nodes.values.model import UnreadableModel


class ValueCache:
    """Outputs of nodes, kept from when they are computed or first asked for until the last node that needs them is done.

    May be used by several threads.

    Args:
        store: Where values are loaded from that are not in memory.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._values: dict[str, Mapping[str, Value]] = {}
        self._needed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def expect(self, sources: Iterable[str]) -> None:
        """Say which nodes' outputs a node is going to need; `release` takes it back."""
        self._needed.update(sources)

    def put(self, node: str, values: Mapping[str, Value]) -> None:
        """Keep what came out of a node."""
        self._values[node] = values

    def value(self, node: str, port: str, key: str, record: Record) -> Value:
        """Return what came out of a node's port.

        Args:
            node: The node it comes from.
            port: Its output.
            key: Of the node's result in the store.
            record: Of that result.

        Raises:
            NodeError: If it is not in memory, and not readable in the store any more.
        """
        kept = self._values.get(node)
        if kept is None:
            kept = self._values[node] = self._loaded(node, key, record)
        return kept[port]

    def release(self, node: str, sources: Iterable[str]) -> None:
        """Forget what only this node, which is over, still needed; and what came out of it, if no other one needs that."""
        with self._lock:
            for source in sources:
                self._needed[source] -= 1
                if self._needed[source] <= 0:
                    self._values.pop(source, None)
            if self._needed[node] <= 0:
                self._values.pop(node, None)

    def _loaded(self, node: str, key: str, record: Record) -> Mapping[str, Value]:
        try:
            return self._store.load(key, record)
        except (KeyError, OSError) as error:
            raise NodeError(f"The stored result of '{node}' has disappeared meanwhile.", "Run again.") from error
        except UnreadableModel as error:
            self._store.drop(key)
            message = f"The stored model of '{node}' cannot be read any more: {error}."
            raise NodeError(message, "Run again: it is learned anew.") from error
