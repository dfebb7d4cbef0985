"""Pages of something large that lies in the engine: asked for when they are looked at, kept for a while, dropped when stale.

Knows nothing of what is on a page: a table's cells, or a row of thumbnails.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import QObject

from app.document.problems import Problem
from app.editor.asking import OnReply, Ticket
from app.engine.messages.base import Answer

Name = TypeVar("Name", bound=Hashable)
Page = TypeVar("Page")
Told = TypeVar("Told", bound=Answer)


class PendingRequests:
    """Questions of one view that are under way; they end with it.

    Args:
        owner: The view.
    """

    def __init__(self, owner: QObject) -> None:
        self._tickets: dict[str, Ticket] = {}
        owner.destroyed.connect(self.drop_all)

    def put(self, name: str, ticket: Ticket | None) -> None:
        """Keep a question; an earlier one of this name is not wanted any more."""
        self.drop(name)
        if ticket is not None:
            self._tickets[name] = ticket

    def drop(self, name: str) -> None:
        """Forget the question of this name, if it is still open."""
        if ticket := self._tickets.pop(name, None):
            ticket.drop()

    def drop_all(self) -> None:
        """Forget them all."""
        for name in list(self._tickets):
            self.drop(name)

    def is_waiting(self, name: str) -> bool:
        """Return whether the answer of this name is still to come."""
        return name in self._tickets and self._tickets[name].waiting


AT_ONCE = 2
"""So many questions are under way; what is wanted next waits here, where it can still be forgotten."""


class PageLoader(Generic[Name, Page, Told]):
    """Loads pages by name, and keeps some of them.

    Args:
        owner: The view; what is under way ends with it.
        ask: Asks for a page.
        read: Makes a page of an answer; for those without an error.
        arrived: Told of every page that has become available.
        failed: Told why a page could not be had; it is not asked for again until `forget`.
        kept: How many pages are kept; those not used for longest go.
    """

    def __init__(  # noqa: PLR0917 - what they are is clear from their types
        self,
        owner: QObject,
        ask: Callable[[Name, OnReply[Told]], Ticket],
        read: Callable[[Name, Told], Page],
        arrived: Callable[[Name], None],
        failed: Callable[[Problem], None],
        kept: int,
    ) -> None:
        self._ask, self._read, self._arrived, self._failed, self._kept = ask, read, arrived, failed, kept
        self._pages: OrderedDict[Name, Page] = OrderedDict()
        self._tickets: dict[Name, Ticket] = {}
        self._wanted: list[Name] = []
        self._broken: set[Name] = set()
        owner.destroyed.connect(self.forget)

    def __len__(self) -> int:
        return len(self._pages)

    @property
    def waiting(self) -> bool:
        """Whether something that is wanted has not come yet."""
        return bool(self._tickets or self._wanted)

    def get(self, name: Name) -> Page | None:
        """Return a page, if it is there."""
        page = self._pages.get(name)
        if page is not None:
            self._pages.move_to_end(name)
        return page

    def want(self, names: Iterable[Name]) -> None:
        """See to it that these come, the first ones first; what was wanted before and is not any more is given up."""
        wanted = [n for n in dict.fromkeys(names) if n not in self._broken]
        for name in [n for n in self._tickets if n not in wanted]:
            self._tickets.pop(name).drop()
        for name in reversed(wanted):
            if name in self._pages:
                self._pages.move_to_end(name)
        self._wanted = [n for n in wanted if n not in self._pages and n not in self._tickets]
        self._go_on()

    def keep(self, count: int) -> None:
        """Keep so many pages from now on."""
        self._kept = count

    def forget(self) -> None:
        """Everything is different now: drop what is there, and answers that are still to come."""
        for ticket in self._tickets.values():
            ticket.drop()
        self._tickets.clear()
        self._wanted.clear()
        self._pages.clear()
        self._broken.clear()

    def _go_on(self) -> None:
        while self._wanted and len(self._tickets) < AT_ONCE:
            name = self._wanted.pop(0)
            self._tickets[name] = self._ask(name, partial(self._take, name))

    def _take(self, name: Name, answer: Told | Problem) -> None:
        self._tickets.pop(name, None)
        if isinstance(answer, Problem):
            self._broken.add(name)
            self._go_on()
            self._failed(answer)
            return
        self._pages[name] = self._read(name, answer)
        while len(self._pages) > self._kept:
            self._pages.popitem(last=False)
        self._go_on()
        self._arrived(name)
