"""Tables of immutable records that are changed step by step, with undo, redo, merging and listeners.

Knows nothing of what the records are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from app.document.change import TABLES, Change, TableName

Listener = Callable[[Change], None]


class UndoableTables:
    """Tables of records: table -> key -> record, in an order. They are changed by changes only.

    Args:
        tables: What is in them at first.
    """

    def __init__(self, tables: dict[TableName, dict[str, Any]]) -> None:
        self._tables = tables
        self._done: list[Change] = []
        self._undone: list[Change] = []
        self._clean: int | None = 0
        self._mergeable = False
        self._open: list[Change] | None = None
        self._listeners: list[Listener] = []
        self._untold: deque[Change] = deque()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with every change, undo and redo, in their order; returns what ends that.

        The document is in its new state by then. All edits of a `step` are told as one change. A listener may edit; all listeners
        are told of that edit after the one they are being told of.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    @property
    def undo_label(self) -> str | None:
        """What undo would take back; None if there is nothing."""
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again; None if there is nothing."""
        return self._undone[-1].label if self._undone else None

    @property
    def modified(self) -> bool:
        """Whether there are changes since `mark_saved`."""
        return bool(self._open) or self._clean != len(self._done)

    @property
    def history(self) -> Sequence[Change]:
        """The changes that undo would take back, oldest first."""
        return tuple(self._done)

    def mark_saved(self) -> None:
        """Call the present state saved; the next edit will be a step of its own."""
        self._clean = len(self._done)
        self._mergeable = False

    def mark_unsaved(self) -> None:
        """Say that no state of this session is in a file, as after a recovery."""
        self._clean = None

    def undo(self) -> None:
        """Take the last step back; nothing if there is none, or while a step is being made."""
        if self._done and self._open is None:
            change = self._done.pop()
            self._undone.append(change)
            self._mergeable = False
            self._apply(change.reversed())
            self._tell(change.reversed())

    def redo(self) -> None:
        """Do the step again that was taken back last; nothing if there is none, or while a step is being made."""
        if self._undone and self._open is None:
            change = self._undone.pop()
            self._done.append(change)
            self._mergeable = False
            self._apply(change)
            self._tell(change)

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Make all edits inside one step, told to the listeners as one change at its end. Steps may be nested.

        If the block raises, its edits are taken back, and nobody is told anything.
        """
        if self._open is not None:
            yield
            return
        self._open = []
        try:
            yield
        except BaseException:
            made, self._open = self._open, None
            for change in reversed(made):
                self._apply(change.reversed())
            raise
        made, self._open = self._open, None
        whole = Change.joined(made, label)
        if not whole.is_empty:
            self._record(whole)
            self._tell(whole)

    def apply(self, change: Change) -> None:
        """Do a change that was made elsewhere, such as one of another document with the same content; it becomes a step."""
        self._apply(change)
        if self._open is not None:
            self._open.append(change)
        else:
            self._record(change)
            self._tell(change)

    def follow(self, change: Change) -> None:
        """Do a change without it becoming a step: for a copy of a document that is edited elsewhere."""
        self._apply(change)

    # -- the mechanism

    def _change(
        self,
        label: str,
        merge: str | None = None,
        orders: Mapping[TableName, Sequence[str]] | None = None,
        **tables: Mapping[str, Any],
    ) -> None:
        """Replace records: table -> key -> new record, None to remove it. New ones come last, unless `orders` says otherwise."""
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {}
        changed: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for name in TABLES:
            table = self._tables[name]
            entries = {k: (table.get(k), after) for k, after in tables.get(name, {}).items()}
            entries = {k: (before, after) for k, (before, after) in entries.items() if before != after}
            if entries:
                records[name] = entries
            wanted = (orders or {}).get(name, ())
            if wanted or any((before is None) != (after is None) for before, after in entries.values()):
                gone = {k for k, (_, after) in entries.items() if after is None}
                there = dict.fromkeys(k for k in (*table, *entries) if k not in gone)
                keys = tuple(dict.fromkeys(k for k in wanted if k in there) | there)
                if keys != tuple(table):
                    changed[name] = (tuple(table), keys)
        if records or changed:
            self.apply(Change(label, records, changed, merge))

    def _record(self, change: Change) -> None:
        """Put a change that was applied on the undo stack, merged with the last one where they belong together."""
        if self._clean is not None and self._clean > len(self._done):
            self._clean = None  # what was saved can no longer be reached by redo
        self._undone.clear()
        if self._mergeable and change.merge and self._done[-1].merge == change.merge:
            merged = self._done.pop().then(change)
            if merged.is_empty:
                self._mergeable = False
            else:
                self._done.append(merged)
        else:
            self._done.append(change)
            self._mergeable = True

    def _apply(self, change: Change) -> None:
        for name, entries in change.records.items():
            table = self._tables[name]
            for key, (_, after) in entries.items():
                if after is None:
                    table.pop(key, None)
                else:
                    table[key] = after
        for name, (_, order) in change.orders.items():
            table = self._tables[name]
            if tuple(table) != order:
                self._tables[name] = {k: table[k] for k in order}

    def _tell(self, change: Change) -> None:
        """Tell all listeners, even if one fails; an edit that one of them makes is told when all know of this one."""
        self._untold.append(change)
        if len(self._untold) > 1:
            return
        errors: list[Exception] = []
        while self._untold:
            for listener in tuple(self._listeners):
                try:
                    listener(self._untold[0])
                except Exception as error:  # noqa: BLE001 - a fault in one view must not keep the journal from being told
                    errors.append(error)
            self._untold.popleft()
        if errors:
            raise errors[0]
