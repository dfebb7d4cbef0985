"""Asking the engine for something: what views and dialogs need to know of it, and no more.

A view is given something that is `Asks`; whether a process, another machine or a test answers, it never learns. What can be
asked, `app.engine.messages` lists: every class of questions names the class of its answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from app.document.problems import Problem
from app.engine.messages.base import A, Answer, Question

OnReply = Callable[[A | Problem], None]
"""Given the answer, or why there is none. Called once, in the GUI thread, later than `ask` returns; never after the ticket was
dropped."""


class Ticket:
    """A question that was put; `drop` it when nobody wants the answer any more."""

    def __init__(self, on_reply: OnReply[Any]) -> None:
        self._on_reply: OnReply[Any] | None = on_reply

    @property
    def waiting(self) -> bool:
        """Whether the answer is still to come, and wanted."""
        return self._on_reply is not None

    def drop(self) -> None:
        """Do not call back. Nothing happens if the answer was there already."""
        self._on_reply = None

    def deliver(self, reply: Answer | Problem) -> None:
        """Pass the reply on, if it is still wanted; for those who answer."""
        on_reply, self._on_reply = self._on_reply, None
        if on_reply is not None:
            on_reply(reply)


class Asks(Protocol):
    """Something that can be asked."""

    def ask(self, question: Question[A], on_reply: OnReply[A]) -> Ticket:
        """Put a question; returns at once.

        Args:
            question: What is asked; it names the document as the workspace does.
            on_reply: Gets the answer.
        """
