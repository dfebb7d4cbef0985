"""How a message becomes a line of JSON, and a line a message whose every field has been checked.

JSON is the standard library's: it passes on what stricter ones refuse, and what settings, figures and file names have all
the same: numbers that are none, and names that are not Unicode. The shape is checked by msgspec: it knows all classes 4 ms
after a program's start, where pydantic takes 40, and each message costs less than it did as a dictionary that nobody checked.
"""

from __future__ import annotations

import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from app.document.json_text import json_text
from app.document.model import as_data
from app.document.problems import Problem
from app.engine.messages import tells
from app.engine.messages.base import A, Answer, EngineMessage, Request, Tell

S = TypeVar("S", bound=EngineMessage)
REQUESTS = ("requests", "questions", "tables", "figures")
"""The modules with requests. The engine must know all of them; an editor imports those that it uses."""


class Malformed(msgspec.Struct, frozen=True):
    """A line that is no message.

    Attributes:
        message: What is wrong with it, as a sentence.
        number: Of the question it was meant to be, if that can be seen.
        document: The document it was meant for, if that can be seen.
    """

    message: str
    number: int | None = None
    document: str | None = None


def encode(message: EngineMessage) -> bytes:
    """Return a message as a line of JSON, with its end."""
    data = msgspec.to_builtins(message, enc_hook=_to_builtin)
    return json_text(data, compact=True).encode() + b"\n"


def encode_reply(number: int, answer: Answer) -> bytes:
    """Return an answer as the reply to a question: a line, and its payload behind it."""
    head = tells.Reply(number=number, answer=msgspec.structs.replace(answer, payload=b""), bytes=len(answer.payload))
    return encode(head) + answer.payload


def decode_request(line: bytes) -> Request | Malformed:
    """Return the request that a line is, or what is wrong with it."""
    return _decode(line, Request)


def decode_tell(line: bytes) -> Tell | Malformed:
    """Return what a line of the engine tells, or what is wrong with it."""
    return _decode(line, Tell)


def decode_answer(reply: tells.Reply, kind: type[A], payload: bytes) -> A:
    """Return the answer in a reply.

    Raises:
        msgspec.ValidationError: If it is none of this kind.
    """
    answer = msgspec.convert(reply.answer, kind, dec_hook=_from_builtin)
    return msgspec.structs.replace(answer, payload=payload) if payload else answer


def not_understood(why: str) -> Problem:
    """Return what to tell of a reply whose answer could not be read."""
    return Problem(f"The engine's answer could not be understood: {why}", "Start the engine anew; engine.log has the details.")


def _decode(line: bytes, base: type[S]) -> S | Malformed:
    data: Any = None
    try:
        data = json.loads(line)
        message = msgspec.convert(data, _kind_of(data, base), dec_hook=_from_builtin)
    except msgspec.ValidationError as error:
        seen = data if isinstance(data, dict) else {}
        number, document = seen.get("number"), seen.get("document")
        return Malformed(
            f"A line could not be understood: {error}.",
            number if isinstance(number, int) else None,
            document if isinstance(document, str) else None,
        )
    except (ValueError, RecursionError) as error:
        return Malformed(f"A line is no JSON: {type(error).__name__}: {error}.")
    return message


def messages(base: type[EngineMessage] | None = None) -> list[type[EngineMessage]]:
    """Return all messages that are derived from a class; by default all requests and tells.

    Those that others are derived from are no messages themselves.
    """
    if base is not Tell:
        for name in REQUESTS:
            importlib.import_module(f"app.engine.messages.{name}")
    found: list[type[EngineMessage]] = []
    waiting = base.__subclasses__() if base else [Request, Tell]
    while waiting:
        kind = waiting.pop()
        derived = kind.__subclasses__()
        waiting += derived
        if not derived:
            found.append(kind)
    return found


@cache
def _by_tag(base: type[EngineMessage]) -> dict[Any, type[Any]]:
    """The messages that are derived from a class, by what stands for each on the line."""
    return {kind.__struct_config__.tag: kind for kind in messages(base)}


def _kind_of(data: Any, base: type[S]) -> type[S]:
    """The class of a message, by its tag: looked up here, as msgspec makes a union anew for every message."""
    if not isinstance(data, dict):
        raise msgspec.ValidationError("a message is an object")
    tag = data.get(base.__struct_config__.tag_field)
    kind: type[S] | None = _by_tag(base).get(tag) if isinstance(tag, str) else None
    if kind is None:
        raise msgspec.ValidationError(f"there is no message {json.dumps(tag)}")
    return kind


def _to_builtin(value: Any) -> Any:
    """What is neither JSON nor a message: records of a workflow, paths, the scalars and arrays of numpy; else its text."""
    if isinstance(value, BaseModel):
        return as_data(value)
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _from_builtin(kind: type[Any], value: Any) -> Any:
    if issubclass(kind, BaseModel):
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            faults = (f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
            raise ValueError("; ".join(faults)) from error
    if issubclass(kind, Path) and isinstance(value, str):
        return Path(value)
    raise TypeError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
