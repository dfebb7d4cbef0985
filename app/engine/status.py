"""NodeStatus: what the canvas shows of a node at this moment. The engine's session makes it, the editor shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from app.document.problems import Problem

State = Literal["not configured", "ready", "queued", "running", "done", "warning", "failed", "bypassed", "inactive"]
"""As KNIME's lights: not configured (has problems, or is behind a node that has), ready (can run), queued (waits in a run),
running, done (its result, for just these settings and inputs, is in the store), warning (done, with a warning), failed;
bypassed: it is left out, and passes on what comes in; and inactive: it is on a branch that is not taken."""


class InsideStatus(Struct, frozen=True, omit_defaults=True):
    """What there is to show of the nodes in a component, at any depth.

    Attributes:
        nodes: How many there are.
        done: How many of them are done.
        failed: The first that failed, by its id; None if none did.
        wrong: The first that cannot be configured, for a reason of its own; None if there is none.
    """

    nodes: int = 0
    done: int = 0
    failed: str | None = None
    wrong: str | None = None


class NodeStatus(Struct, frozen=True, omit_defaults=True):
    """What there is to show of a node.

    Attributes:
        state: Its light.
        problems: What is wrong with it: of configuring, of running (failed), warnings of a finished one.
        outputs: Output port -> what the edge says of it (`14 × 14 × 32 · 2 080 parameters`); before running, too.
        blocked_by: The node above it that is not configured, if this one therefore is not either.
        key: The key of the result for the present settings and inputs; None where there can be none yet.
        shown_key: The key of the result that views show: `key` where that is stored, else that of an earlier result.
        outdated: Whether `shown_key` is of earlier settings or inputs.
        fraction: How far it is, from 0 to 1; None if not known or not running.
        message: What it is doing (`epoch 8 of 12`).
        seconds_left: How long it will probably take still; None if not known.
        seconds: How long its result took.
        size: How many bytes its result has.
        peak: How many bytes of memory computing it took at its highest; None where that is not known.
        untrusted: Whether it is not configured because it has a script that the person has not trusted yet.
        asks: Whether it is not configured because it would write to a place that the person has not allowed yet.
        waits_for: The node that has to run before its settings, or what comes in, are known; None if nothing is unknown.
        inside: Of a component: what there is to show of the nodes in it, which its state sums up.
    """

    state: State = "not configured"
    problems: tuple[Problem, ...] = ()
    outputs: Mapping[str, str] = {}
    blocked_by: str | None = None
    key: str | None = None
    shown_key: str | None = None
    outdated: bool = False
    fraction: float | None = None
    message: str = ""
    seconds_left: float | None = None
    seconds: float | None = None
    size: int | None = None
    peak: int | None = None
    untrusted: bool = False
    asks: bool = False
    waits_for: str | None = None
    inside: InsideStatus | None = None
