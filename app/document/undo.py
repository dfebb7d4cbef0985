"""Tables of immutable records that are changed step by step, with undo, redo, merging and listeners.

Tables can lie inside others: in a record of them, which holds their content. All of one file share one history; a change says
which tables it concerns, and the records around these follow it. Knows nothing of what the records are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from app.document.change import TABLES, Change, TableName

Listener = Callable[[Change], None]
News = list[tuple["UndoableTables", Change]]
"""What is different in which tables."""


class UndoHistory:
    """What was done in all tables of one file, for undo and redo.

    Attributes:
        done: The steps that undo would take back, oldest first.
        undone: Those that redo would do again, the next one last.
        clean: How many were done when the file was saved; None if that state cannot be reached any more.
        revision: Grows with everything that happens.
    """

    def __init__(self) -> None:
        self.done: list[Change] = []
        self.undone: list[Change] = []
        self.clean: int | None = 0
        self.revision = 0
        self.listeners: list[Listener] = []
        self._mergeable = False
        self._open: tuple[list[tuple[Change, News]], str] | None = None
        self._untold: deque[tuple[Sequence[Listener], Change]] = deque()

    @property
    def is_open(self) -> bool:
        """Whether a step is being made."""
        return self._open is not None

    @property
    def is_modified(self) -> bool:
        """Whether anything is different from the saved state."""
        return bool(self._open and self._open[0]) or self.clean != len(self.done)

    def begin_anew(self) -> None:
        """Have the next edit be a step of its own."""
        self._mergeable = False

    def add(self, change: Change, news: News) -> None:
        """Note a change that was made: as a step, or as a part of the one that is being made."""
        if self._open is not None:
            self._open[0].append((change, news))
        else:
            self._record(change)
            self.tell(change, news)

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Make all changes inside one step; if the block raises, they are taken back."""
        if self._open is not None:
            yield
            return
        made: list[tuple[Change, News]] = []
        self._open = made, label
        try:
            yield
        except BaseException:
            self._open = None
            for change, news in reversed(made):
                news[0][0].root.follow(change.reversed())
            raise
        self._open = None
        if not made:
            return
        whole = _as_one(made, label)
        if whole.is_empty:
            return
        self._record(whole)
        by_tables: dict[UndoableTables, list[Change]] = {}
        for _, news in made:
            for tables, change in news:
                by_tables.setdefault(tables, []).append(change)
        self.tell(whole, [(tables, Change.joined(changes, label)) for tables, changes in by_tables.items()])

    def tell(self, change: Change, news: News) -> None:
        """Tell all listeners, even if one fails; an edit that one of them makes is told when all know of this one."""
        pending: list[tuple[Sequence[Listener], Change]] = [
            (tables.listeners, told) for tables, told in news if not told.is_empty
        ]
        self._untold.extend(pending)
        self._untold.append((self.listeners, change))
        if len(self._untold) > len(pending) + 1:
            return
        errors: list[Exception] = []
        while self._untold:
            listeners, told = self._untold[0]
            for listener in tuple(listeners):
                try:
                    listener(told)
                except Exception as error:  # noqa: BLE001 - a fault in one view must not keep the journal from being told
                    errors.append(error)
            self._untold.popleft()
        if errors:
            raise errors[0]

    def _record(self, change: Change) -> None:
        """Put a change that was applied on the undo stack, merged with the last one where they belong together."""
        if self.clean is not None and self.clean > len(self.done):
            self.clean = None  # what was saved can no longer be reached by redo
        self.undone.clear()
        last = self.done[-1] if self.done else None
        if self._mergeable and last is not None and change.merge and (last.merge, last.path) == (change.merge, change.path):
            merged = self.done.pop().then(change)
            if merged.is_empty:
                self._mergeable = False
            else:
                self.done.append(merged)
        else:
            self.done.append(change)
            self._mergeable = True


class UndoableTables:
    """Tables of records: table -> key -> record, in an order. They are changed by changes only.

    Args:
        tables: What is in them at first.
        outer: The tables that hold these in one of their records; None if none do.
        component: The key of that record among their `nodes`.
    """

    def __init__(self, tables: dict[TableName, dict[str, Any]], outer: UndoableTables | None = None, component: str = "") -> None:
        self._tables = tables
        self._outer = outer
        self._component = component
        self._insides: dict[str, UndoableTables] = {}
        self._listeners: list[Listener] = []
        self._history: UndoHistory = outer._history if outer is not None else UndoHistory()

    # -- where they are

    @property
    def path(self) -> tuple[str, ...]:
        """The components from the outermost to the one that these tables are in; empty if they are in none."""
        return () if self._outer is None else (*self._outer.path, self._component)

    @property
    def root(self) -> UndoableTables:
        """The outermost tables of the file."""
        return self if self._outer is None else self._outer.root

    @property
    def is_there(self) -> bool:
        """Whether they are still in the file: the component that they are in may have been deleted."""
        return self._outer is None or (
            self._holds_inside(self._outer._tables["nodes"].get(self._component)) and self._outer.is_there
        )

    @abstractmethod
    def inside(self, component: str) -> UndoableTables:
        """Return the tables in a component of these ones."""

    @abstractmethod
    def _holds_inside(self, record: Any) -> bool:
        """Return whether a record holds tables."""

    @abstractmethod
    def _holding(self, record: Any) -> Any:
        """Return the record around these tables with their present content."""

    @abstractmethod
    def _difference_to(self, record: Any) -> Change | None:
        """Return the change that makes these tables what the record around them holds; None if they are that."""

    # -- listeners

    @property
    def listeners(self) -> Sequence[Listener]:
        """Who is told what changes here."""
        return self._listeners

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with every change, undo and redo here, in their order; returns what ends that.

        The document is in its new state by then. All edits of a `step` are told as one change. A change in a component is told
        here as one of the component's record. A listener may edit; all listeners are told of that edit after the one they are
        being told of.
        """
        return _subscribed(self._listeners, listener)

    def subscribe_to_all(self, listener: Listener) -> Callable[[], None]:
        """As `subscribe`, for the whole file: every change is told once, with the `path` of the workflow that it concerns."""
        return _subscribed(self._history.listeners, listener)

    # -- undo, for the whole file

    @property
    def undo_label(self) -> str | None:
        """What undo would take back; None if there is nothing."""
        return self._history.done[-1].label if self._history.done else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again; None if there is nothing."""
        return self._history.undone[-1].label if self._history.undone else None

    @property
    def modified(self) -> bool:
        """Whether there are changes since `mark_saved`, at any depth."""
        return self._history.is_modified

    @property
    def history(self) -> Sequence[Change]:
        """The changes that undo would take back, oldest first."""
        return tuple(self._history.done)

    def mark_saved(self) -> None:
        """Call the present state saved; the next edit will be a step of its own."""
        self._history.clean = len(self._history.done)
        self._history.begin_anew()

    def mark_unsaved(self) -> None:
        """Say that no state of this session is in a file, as after a recovery."""
        self._history.clean = None

    def undo(self) -> Change | None:
        """Take the last step of the file back, wherever it was made; nothing if there is none, or while a step is being made.

        Returns:
            What was changed by that; its `path` says where.
        """
        return self._travel(self._history.done, self._history.undone)

    def redo(self) -> Change | None:
        """Do the step again that was taken back last; nothing if there is none, or while a step is being made.

        Returns:
            As `undo`.
        """
        return self._travel(self._history.undone, self._history.done)

    def _travel(self, begin: list[Change], end: list[Change]) -> Change | None:
        if not begin or self._history.is_open:
            return None
        step = begin.pop()
        end.append(step)
        self._history.begin_anew()
        change = step.reversed() if end is self._history.undone else step
        self._history.tell(change, self._at(change.path)._apply(change))
        return change

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Make all edits inside one step, told to the listeners as one change at its end. Steps may be nested.

        If the block raises, its edits are taken back, and nobody is told anything.
        """
        with self._history.step(label):
            yield

    def apply(self, change: Change) -> None:
        """Do a change that was made elsewhere, such as one of another document with the same content; it becomes a step."""
        self._history.add(change, self._at(change.path)._apply(change))

    def follow(self, change: Change) -> None:
        """Do a change without it becoming a step: for a copy of a document that is edited elsewhere."""
        self._at(change.path)._apply(change)

    # -- the mechanism

    def _at(self, path: Sequence[str]) -> UndoableTables:
        tables = self.root
        for component in path:
            tables = tables.inside(component)
        return tables

    def edit(
        self,
        label: str,
        merge: str | None = None,
        orders: Mapping[TableName, Sequence[str]] | None = None,
        **tables: Mapping[str, Any],
    ) -> None:
        """Replace records: table -> key -> new record, None to remove it. New ones come last, unless `orders` says otherwise."""
        if not self.is_there:
            return  # a late gesture in a component that is gone
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
            self.apply(Change(label, records, changed, merge, path=self.path))

    def _apply(self, change: Change) -> News:
        """Do a change of these tables; return what is different here, in the tables inside, and in those around."""
        self._history.revision += 1
        self._write(change)
        news: News = [(self, change), *self._renewed_insides(change)]
        tables = self
        while tables._outer is not None:
            nodes = tables._outer._tables["nodes"]
            before = nodes[tables._component]
            after = nodes[tables._component] = tables._holding(before)
            tables, records = tables._outer, {tables._component: (before, after)}
            news.append((tables, Change(change.label, {"nodes": records}, backwards=change.backwards, path=tables.path)))
        return news

    def _renewed_insides(self, change: Change) -> News:
        """Have tables inside follow their records; return what is different in them."""
        news: News = []
        for key in change.keys("nodes"):
            inner, record = self._insides.get(key), self._tables["nodes"].get(key)
            difference = inner._difference_to(record) if inner is not None and self._holds_inside(record) else None
            if inner is not None and difference is not None:
                inner._write(difference)
                news += [(inner, difference), *inner._renewed_insides(difference)]
        return news

    def _write(self, change: Change) -> None:
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


def _subscribed(listeners: list[Listener], listener: Listener) -> Callable[[], None]:
    listeners.append(listener)
    return lambda: listeners.remove(listener) if listener in listeners else None


def _as_one(made: Sequence[tuple[Change, News]], label: str) -> Change:
    """Return changes that follow each other as one: of the tables that all of them are in."""
    first = made[0][0].path
    length = min(next((n for n, (a, b) in enumerate(zip(first, c.path, strict=False)) if a != b), len(c.path)) for c, _ in made)
    path = first[: min(length, len(first))]
    return Change.joined([next(told for _, told in news if told.path == path) for _, news in made], label)
