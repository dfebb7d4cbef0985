"""The records of results, as a session knows them: looked up in the store once, and remembered, present or not."""

from __future__ import annotations

from collections.abc import Iterable

from app.engine.record import Record
from app.engine.store import Store

MOST_FORMER_RECORDS = 1000
"""Roughly so many records of results of former settings are remembered."""


class KnownRecords:
    """Records by key.

    Args:
        store: Where the results are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Record | None] = {}

    def get(self, key: str) -> Record | None:
        """Return the record of a result; None if it is not stored."""
        if key not in self._known:
            self._known[key] = self._store.record(key)
        return self._known[key]

    def look_again(self, key: str) -> Record | None:
        """Return the record of a result that may have come since it was looked up."""
        if self._known.get(key) is None:
            self._known[key] = self._store.record(key)
        return self._known[key]

    def renew(self, key: str) -> None:
        """Take note that there is a new result of this key."""
        self._known[key] = self._store.record(key)

    def drop(self, key: str) -> None:
        """Take note that the result of this key may have gone."""
        self._known.pop(key, None)

    def clear(self) -> None:
        """Look everything up again when it is asked for."""
        self._known.clear()

    def look_up(self, keys: Iterable[str]) -> None:
        """Find out at once which of these results are not stored."""
        self._known.update(dict.fromkeys(self._store.absent(set(keys) - self._known.keys())))

    def drop_gone(self) -> set[str]:
        """Forget records of results whose written files were changed or have gone, and return their keys."""
        written = [key for key, record in self._known.items() if record is not None and record.written]
        gone = {key for key in written if self._store.record(key) is None}
        for key in gone:
            del self._known[key]
        return gone

    def keep(self, keys: set[str], former: set[str]) -> None:
        """Forget all but those of these keys and of results of former settings, where they have become many."""
        if len(self._known) > 4 * len(keys) + MOST_FORMER_RECORDS:
            wanted = keys | former
            self._known = {key: record for key, record in self._known.items() if key in wanted}
