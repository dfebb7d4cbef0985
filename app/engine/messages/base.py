"""The kinds of messages, from which each message is derived: requests and questions, tells, answers."""

from __future__ import annotations

from typing import Generic, TypeVar, get_args

from msgspec import Struct


class EngineMessage(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Something that is said on the line, or a part of it; what has its default value is left out there."""


class Request(EngineMessage, frozen=True, kw_only=True, tag_field="do", tag=True):
    """Something that the editor wants of the engine."""


class DocumentRequest(Request, frozen=True, kw_only=True):
    """A request about an open document.

    Attributes:
        document: What the engine calls it.
    """

    document: str


class Tell(EngineMessage, frozen=True, kw_only=True, tag_field="tell", tag=True):
    """Something that the engine says, asked or not."""


class DocumentTell(Tell, frozen=True, kw_only=True):
    """Something that the engine says of an open document.

    Attributes:
        document: What the engine calls it.
    """

    document: str


class Answer(EngineMessage, frozen=True, kw_only=True):
    """What the engine answers to a question.

    Attributes:
        payload: Bytes that belong to it (pixels, text); they follow its line, and are not part of its JSON.
    """

    payload: bytes = b""


A = TypeVar("A", bound=Answer)


class Question(DocumentRequest, Generic[A], frozen=True, kw_only=True):
    """A request that is answered, with an answer of the class it is derived with: `class X(Question[XAnswer])`.

    Attributes:
        number: Of the question; the reply has the same. Whoever sends it gives it.
    """

    number: int = 0


class ResultQuestion(Question[A], Generic[A], frozen=True, kw_only=True):
    """A question about a node's stored result.

    Attributes:
        node: The node's id.
        port: Its output port; empty where the question is about all of them.
    """

    node: str
    port: str = ""


def answer_of(question: Question[A]) -> type[A]:
    """Return the class of a question's answer."""
    found: type[A] = get_args(type(question).__orig_bases__[0])[0]  # type: ignore[attr-defined]
    return found
