"""What the editor is told of a document's nodes: made from what is known of each, and told only where it is new."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence

from msgspec import structs

from app.document.problems import Problem
from app.engine.events import NodeMetrics
from app.engine.messages.base import Tell
from app.engine.messages.tells import MetricPoint, MetricsMeasured, StatusesChanged
from app.engine.plan import PlannedNode
from app.engine.record import Record
from app.engine.runs import NodeActivity
from app.engine.status import NodeStatus


def node_status(
    planned: PlannedNode,
    key: str | None,
    shown_key: str | None,
    record: Record | None,
    failure: Problem | None,
    *,
    is_inactive: bool = False,
) -> NodeStatus:
    """Return what there is to show of a node that is in no run.

    Args:
        planned: The node.
        key: The key of the result for its present settings and inputs, if there can be one.
        shown_key: The key of the result that views show.
        record: The record of the result for its present settings and inputs, if that is stored.
        failure: What went wrong when it was run last, with these settings and inputs.
        is_inactive: Whether it is on a branch that is not taken.
    """
    status = NodeStatus(
        state="ready" if planned.ready else "not configured",
        problems=tuple(planned.problems),
        outputs={port: spec.describe() for port, spec in planned.specs.items() if spec is not None},
        blocked_by=planned.blocked_by,
        key=key,
        shown_key=shown_key,
        outdated=shown_key is not None and shown_key != key,
        untrusted=bool(planned.untrusted),
        asks=bool(planned.wishes),
        waits_for=planned.late.source if planned.late is not None else None,
    )
    if is_inactive and status.state == "ready":
        status = structs.replace(status, state="inactive")
    if record is not None:
        warnings = tuple(Problem(text, node=planned.id, severity="warning") for text in record.warnings)
        return structs.replace(
            status,
            state="warning" if warnings else "done",
            problems=(*status.problems, *warnings),
            outputs=dict(record.described),
            seconds=record.seconds,
            size=record.size,
            peak=record.peak,
        )
    return structs.replace(status, state="failed", problems=(*status.problems, failure)) if failure else status


def in_run(status: NodeStatus, activity: NodeActivity, now: float) -> NodeStatus:
    """Return what there is to show of a node while it is in a run."""
    if not activity.running:
        return structs.replace(status, state="queued")
    left = activity.remaining.seconds_left(now)
    return structs.replace(
        status,
        state="running",
        fraction=activity.fraction,
        message=activity.message,
        seconds_left=None if left is None else round(left, 1),
    )


class StatusFeed:
    """What was told of the nodes of a document, and what is to be told next.

    Args:
        document: What the editor calls it.
        tell: Sends a message.
    """

    def __init__(self, document: str, tell: Callable[[Tell], None]) -> None:
        self._document, self._tell = document, tell
        self._dirty: set[str] = set()
        self._sent: dict[str, NodeStatus] = {}
        self._sent_general: tuple[Problem, ...] | None = None
        self._points: dict[tuple[str, str], list[MetricPoint]] = {}

    @property
    def dirty(self) -> frozenset[str]:
        """The nodes that may look different now."""
        return frozenset(self._dirty)

    def touch(self, nodes: Iterable[str]) -> None:
        """Look at these nodes before the next message."""
        self._dirty.update(nodes)

    def forget(self, node_id: str) -> None:
        """Say no more of a node: it is not there any more."""
        self._dirty.discard(node_id)
        self._sent.pop(node_id, None)

    def add_point(self, event: NodeMetrics) -> None:
        """Tell of a point of a node's curves."""
        point = MetricPoint(step=event.step, epoch=event.epoch, values=dict(event.values))
        self._points.setdefault((event.node, event.run), []).append(point)

    def has_news(self, general: Sequence[Problem]) -> bool:
        """Return whether there may be something to tell, if these are the problems that belong to no node."""
        return bool(self._dirty or self._points or self._sent_general != tuple(general))

    def last(self, node_id: str) -> NodeStatus | None:
        """Return what was told of a node last; None if nothing was."""
        return self._sent.get(node_id)

    def flush(self, status_of: Callable[[str], NodeStatus], general: Sequence[Problem], summed: Container[str] = ()) -> None:
        """Tell what is new.

        Args:
            status_of: Says what there is to show of a node.
            general: The problems that belong to no node.
            summed: Those of which it is said from what was told (`last`) of others; they come after these.
        """
        for (node, run), points in self._points.items():
            self._tell(MetricsMeasured(document=self._document, node=node, run=run, points=tuple(points)))
        self._points.clear()
        news = {}
        for node_id in sorted(self._dirty, key=lambda node_id: node_id in summed):
            status = status_of(node_id)
            if status != self._sent.get(node_id):
                self._sent[node_id] = news[node_id] = status
        self._dirty.clear()
        if news or self._sent_general != tuple(general):
            self._sent_general = tuple(general)
            self._tell(StatusesChanged(document=self._document, nodes=news, general=self._sent_general))
