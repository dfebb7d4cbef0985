"""What the engine says by itself, and how it replies to questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from app.document.problems import Problem
from app.engine.messages.base import DocumentTell, EngineMessage, Tell
from app.engine.status import NodeStatus

LogLevel = Literal["info", "warning", "error"]


class EngineReady(Tell, frozen=True, kw_only=True):
    """The engine takes requests from now on.

    Attributes:
        device: What it computes with (`CPU, 4 cores`).
        version: Of Layerloom.
        pid: Of its process.
        failures: Plug-in -> why it could not be loaded.
    """

    device: str
    version: str
    pid: int
    failures: Mapping[str, str] = {}


class DeviceFound(Tell, frozen=True, kw_only=True):
    """The engine computes with something better than it said when it was ready: a graphics card."""

    device: str


class EngineRefusal(Tell, frozen=True, kw_only=True):
    """The engine cannot work at all, and ends."""

    message: str
    remedy: str


class Pong(Tell, frozen=True, kw_only=True):
    """The engine is alive.

    Attributes:
        busy: For how many seconds it has been at one request.
        given_up: How many nodes were cancelled, did not end, and are still at work though nobody wants what they find.
    """

    busy: float
    given_up: int = 0


class LogWritten(Tell, frozen=True, kw_only=True):
    """A line for the console.

    Attributes:
        level: How serious it is.
        message: The line.
        time: Seconds since 1970.
        document: What it is about; None if about no document.
        node: Which node of it; None if about none.
    """

    level: LogLevel
    message: str
    time: float
    document: str | None = None
    node: str | None = None


class StatusesChanged(DocumentTell, frozen=True, kw_only=True):
    """What there is to show of nodes has changed.

    Attributes:
        nodes: Those that look different now.
        general: All problems that belong to no node.
    """

    nodes: Mapping[str, NodeStatus] = {}
    general: tuple[Problem, ...] = ()


class MetricPoint(EngineMessage, frozen=True, kw_only=True):
    """A point of the live curves.

    Attributes:
        step: Where, in epochs.
        values: Quantity -> value.
        epoch: Whether it sums up a finished epoch.
    """

    step: float
    values: Mapping[str, float]
    epoch: bool = False


class MetricsMeasured(DocumentTell, frozen=True, kw_only=True):
    """New points of a node's live curves, in their order."""

    node: str
    run: str
    points: tuple[MetricPoint, ...]


class RunChanged(DocumentTell, frozen=True, kw_only=True):
    """A run has begun or is over.

    Attributes:
        run: Its id.
        status: What came of it.
        nodes: At its beginning those it is to compute, at its end those it has a result of.
        seconds: How long it took.
    """

    run: str
    status: Literal["started", "done", "failed", "cancelled"]
    nodes: tuple[str, ...] = ()
    seconds: float | None = None


class RunRefused(DocumentTell, frozen=True, kw_only=True):
    """A run was asked for and does not begin.

    Attributes:
        targets: The nodes that were to run; None: all.
        node: The node that stands in the way; empty: there is none of the nodes (any more).
        needs_word: Whether the person has to trust or allow something first.
    """

    targets: tuple[str, ...] | None = None
    node: str = ""
    needs_word: bool = False


class Reply(Tell, frozen=True, kw_only=True):
    """The reply to a question.

    Attributes:
        number: Of the question.
        answer: Its answer's fields; what class they are of, the question says (`app.engine.messages.base.answer_of`).
        error: Why there is no answer.
        bytes: How many bytes of payload follow the line.
    """

    number: int
    answer: Any = None
    error: Problem | None = None
    bytes: Annotated[int, Meta(ge=0)] = 0
