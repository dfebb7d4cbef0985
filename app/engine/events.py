"""What happens in a run, as typed events; the terminal, `--json`, the report and the editor all listen to these."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

RunStatus = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        run: The run's id; a listener drops events of runs it no longer shows.
        time: Seconds since 1970.
    """

    event: ClassVar[str]
    run: str
    time: float = field(default_factory=time.time)

    def as_dict(self) -> dict[str, Any]:
        """For a line of JSON; what is None is left out."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"event": self.event} | {k: v for k, v in values.items() if v is not None}


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """A run begins: which nodes it is to bring to completion, in topological order."""

    event: ClassVar[str] = "run.started"
    nodes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """A run is over."""

    event: ClassVar[str] = "run.finished"
    status: RunStatus
    seconds: float


@dataclass(frozen=True, kw_only=True)
class NodeEvent(Event):
    """Something that happened to a node."""

    node: str


@dataclass(frozen=True, kw_only=True)
class NodeStored(NodeEvent):
    """The node's result was in the store already."""

    event: ClassVar[str] = "node.stored"
    key: str
    outputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NodeStarted(NodeEvent):
    """The node begins to work; `why` tells why its result could not be taken from the store."""

    event: ClassVar[str] = "node.started"
    key: str
    why: str


@dataclass(frozen=True, kw_only=True)
class NodeProgress(NodeEvent):
    """How far the node is: from 0 to 1, None where it is not known."""

    event: ClassVar[str] = "node.progress"
    fraction: float | None
    message: str


@dataclass(frozen=True, kw_only=True)
class NodeMetrics(NodeEvent):
    """A point of the live curves: `step` counts epochs."""

    event: ClassVar[str] = "node.metrics"
    step: float
    values: Mapping[str, float]
    epoch: bool


@dataclass(frozen=True, kw_only=True)
class NodeLog(NodeEvent):
    """A line for the console; a warning also shows on the node."""

    event: ClassVar[str] = "node.log"
    level: Literal["info", "warning"]
    message: str


@dataclass(frozen=True, kw_only=True)
class NodeFinished(NodeEvent):
    """The node is done and its result is in the store; outputs are described as on the edges.

    Attributes:
        seconds: How long it took.
        size: How many bytes the result has.
        peak: How many bytes of memory it took at its highest; None where that could not be measured.
    """

    event: ClassVar[str] = "node.finished"
    key: str
    seconds: float
    outputs: Mapping[str, str]
    size: int = 0
    peak: int | None = None


@dataclass(frozen=True, kw_only=True)
class NodeFailed(NodeEvent):
    """The node could not do its work: what is wrong, and what to do."""

    event: ClassVar[str] = "node.failed"
    message: str
    remedy: str
    setting: str | None = None


@dataclass(frozen=True, kw_only=True)
class NodeSkipped(NodeEvent):
    """The node was not run, because another one failed or the run was cancelled."""

    event: ClassVar[str] = "node.skipped"
    reason: str


@dataclass(frozen=True, kw_only=True)
class NodeInactive(NodeEvent):
    """The node was not run, because it is on a branch that is not taken."""

    event: ClassVar[str] = "node.inactive"
    reason: str


@dataclass(frozen=True, kw_only=True)
class NodeCancelled(NodeEvent):
    """The node was stopped while it worked."""

    event: ClassVar[str] = "node.cancelled"


Listener = Callable[[Event], None]
"""Called from the executor's threads, one event at a time."""
