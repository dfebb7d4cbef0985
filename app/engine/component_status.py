"""What is shown of a component, summed up of the nodes in it, and of its ports, which show what goes through them."""

from __future__ import annotations

from collections.abc import Mapping

from app.document.component_ports import VALUE
from app.engine.plan import PlannedComponent
from app.engine.status import InsideStatus, NodeStatus, State
from nodes.wording import counted

_FINISHED: tuple[State, ...] = ("done", "warning", "inactive")


def component_status(component: PlannedComponent, inside: Mapping[str, NodeStatus]) -> NodeStatus:
    """Return what there is to show of a component.

    Args:
        component: As it is planned.
        inside: What there is to show of the nodes in it, at any depth, in their order.
    """
    summed = InsideStatus(
        nodes=len(inside),
        done=sum(status.state in _FINISHED for status in inside.values()),
        failed=next((n for n, status in inside.items() if status.state == "failed"), None),
        wrong=next(
            (n for n, s in inside.items() if any(p.severity == "error" for p in s.problems) and s.state != "failed"), None
        ),
    )
    state = _state(component, inside, summed)
    working = state in ("running", "queued") and inside
    far = sum(1.0 if s.state in _FINISHED else s.fraction or 0.0 for s in inside.values())
    seconds = [status.seconds for status in inside.values() if status.seconds is not None]
    sources = ((port, inside[node].outputs.get(out)) for port, (node, out) in component.outputs.items() if node in inside)
    return NodeStatus(
        state=state,
        problems=tuple(component.problems),
        outputs={port: text for port, text in sources if text is not None},
        outdated=any(status.outdated for status in inside.values()),
        fraction=far / len(inside) if working else None,
        message=f"{summed.done} of {counted(summed.nodes, 'node')} done" if working else "",
        seconds=sum(seconds) if state in _FINISHED and seconds else None,
        untrusted=any(status.untrusted for status in inside.values()),
        asks=any(status.asks for status in inside.values()),
        inside=summed,
    )


def port_status(source: NodeStatus, port: str) -> NodeStatus:
    """Return what there is to show of a component's port: how far that is which goes through it, and what it is.

    Args:
        source: What there is to show of the node that it comes from.
        port: The output port there.
    """
    text = source.outputs.get(port)
    state: State = "done" if source.state in _FINISHED else "ready" if source.state == "failed" else source.state
    return NodeStatus(
        state=state,
        outputs={VALUE: text} if text is not None else {},
        blocked_by=source.blocked_by,
        key=source.key,
        shown_key=source.shown_key,
        outdated=source.outdated,
    )


def _state(component: PlannedComponent, inside: Mapping[str, NodeStatus], summed: InsideStatus) -> State:
    """The state of the whole: of what works, else of what went wrong, else of what is left to do."""
    states = {status.state for status in inside.values()}
    if "running" in states:
        return "running"
    if "queued" in states:
        return "queued"
    if summed.failed:
        return "failed"
    if "not configured" in states or any(problem.severity == "error" for problem in component.problems):
        return "not configured"
    if not inside or summed.done < summed.nodes:
        return "ready"
    return "warning" if "warning" in states else "done"
