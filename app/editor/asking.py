"""Asking the engine for something: what views and dialogs need to know of it, and no more.

A view is given something that is `Asks`; whether a process, another machine or a test answers, it never learns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.document.problems import Problem


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        header: The answer's JSON; empty where there is an error.
        payload: The bytes that belong to it (pixels, a file).
        error: Why there is no answer: what is wrong, and what to do.
    """

    header: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""
    error: Problem | None = None


OnReply = Callable[[Answer], None]
"""Called once, in the GUI thread, later than `ask` returns; never after the ticket was dropped."""


class Ticket:
    """A question that was put; `drop` it when nobody wants the answer any more."""

    def __init__(self, on_reply: OnReply | None) -> None:
        self._on_reply = on_reply

    @property
    def waiting(self) -> bool:
        """Whether the answer is still to come, and wanted."""
        return self._on_reply is not None

    def drop(self) -> None:
        """Do not call back. Nothing happens if the answer was there already."""
        self._on_reply = None

    def deliver(self, answer: Answer) -> None:
        """Pass the answer on, if it is still wanted; for those who answer."""
        on_reply, self._on_reply = self._on_reply, None
        if on_reply is not None:
            on_reply(answer)


class Asks(Protocol):
    """Something that can be asked."""

    def ask(self, do: str, parameters: Mapping[str, Any], on_reply: OnReply) -> Ticket:
        """Put a question; returns at once.

        Args:
            do: What is asked: `look`, `inspect`, `preview`.
            parameters: What it is asked about, as JSON; for all of these at least `document` and `node`.
            on_reply: Gets the answer.
        """
