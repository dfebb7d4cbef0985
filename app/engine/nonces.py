"""Nonces: what stands for chance in the keys of results that are not reproducible, so that they are found again.

A headless run computes a node without a seed anew each time. In the editor, that would throw a training away with every
edit and every restart. There, such a node is computed once and its result stays, for just these settings and inputs,
until the person resets it; then it gets a new nonce, and so do, since keys chain, the results of all nodes behind it.

A nonce is used for one result only. If that result has gone from the store, there is a new one: what is stored of the nodes
behind it was made of the former result, and must not be taken for the present one's. A run that did not finish goes on
with its nonce, so that a training finds its checkpoint.
"""

from __future__ import annotations

import logging
import threading
import uuid
from pathlib import Path

from app.engine.database import Database, file_identity

log = logging.getLogger("layerloom.engine")


class Nonces:
    """Nonces by what they are for (`app.engine.plan.NonceOf`). May be used by several threads.

    Args:
        database: Where to keep them.

    Raises:
        OSError: If it cannot be opened, for another reason than damage.
    """

    def __init__(self, database: Path) -> None:
        self._lock = threading.Lock()
        self._database = Database(database, ["nonces (base TEXT PRIMARY KEY, nonce TEXT, used INTEGER)"])
        self._file = database
        self._written_to = file_identity(database)
        rows = self._database.all("SELECT base, nonce, used FROM nonces")
        self._known: dict[str, tuple[str, bool]] = {str(base): (str(nonce), bool(used)) for base, nonce, used in rows}

    def of(self, base: str) -> str:
        """The present nonce. Nothing is written for that: most settings that are typed are never run."""
        with self._lock:
            return self._known.setdefault(base, (uuid.uuid4().hex, False))[0]

    def is_used(self, base: str) -> bool:
        """Whether there has been a result of the present nonce."""
        return self._known.get(base, ("", False))[1]

    def keep(self, base: str) -> None:
        """Note that something is going to be computed with the present nonce: it must be found again, even after a crash."""
        with self._lock:
            self._write(base, *self._known.get(base, (uuid.uuid4().hex, False)))

    def use(self, base: str) -> None:
        """Note that there is a result of the present nonce."""
        with self._lock:
            if base in self._known and not self._known[base][1]:
                self._write(base, self._known[base][0], used=True)

    def renew(self, base: str) -> None:
        """Make a new one."""
        with self._lock:
            self._write(base, uuid.uuid4().hex, used=False)

    def _write(self, base: str, nonce: str, used: bool) -> None:
        self._known[base] = nonce, used
        is_same_file = file_identity(self._file) == self._written_to
        rows = [base] if is_same_file else list(self._known)  # it was moved away: what is computed is found again all the same
        try:
            for row in rows:
                self._database.all("INSERT OR REPLACE INTO nonces VALUES (?, ?, ?)", row, *self._known[row])
            self._written_to = file_identity(self._file)
        except OSError as error:  # it holds as long as the engine runs
            log.warning("which chance a result was made with could not be noted: %s", error.strerror)
