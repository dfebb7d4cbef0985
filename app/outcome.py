"""What a run came to, node by node: state, time, outputs, warnings. For the terminal's summary and the report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nodes.values.table import Table

if TYPE_CHECKING:
    from app.engine.executor import RunResult
    from app.engine.plan import Plan
    from app.engine.store import Store
    from nodes.base import NodeError, Port

State = Literal["done", "stored", "failed", "skipped", "stopped", "inactive", "not asked for"]
"""Stored: the result was there already. Stopped: by a cancel, while it worked.
Inactive: it is on a branch that is not taken. Not asked for: the run did not need it."""

SCORER = "scoring.scorer"


@dataclass(frozen=True)
class Outcome:
    """What became of one node.

    Attributes:
        title: What the person calls the node.
        state: See `State`.
        seconds: How long its result took to compute, in this run or in an earlier one; None without a result.
        outputs: Output port -> what it carries, in words.
        warnings: What the node warned of.
        failure: What kept it from finishing.
    """

    title: str
    state: State
    seconds: float | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    failure: NodeError | None = None


def outcomes(
    plan: Plan, result: RunResult, store: Store, *, stored: Collection[str] = (), stopped: Collection[str] = ()
) -> dict[str, Outcome]:
    """What became of every node of the plan, in topological order.

    Args:
        plan: What was run.
        result: How it went.
        store: Where the results are.
        stored: The nodes whose results were there before, as `NodeStored` told.
        stopped: The nodes that a cancel stopped, as `NodeCancelled` told.
    """
    found = {}
    for node_id, planned in plan.nodes.items():
        if node_id in result.keys:
            state: State = "stored" if node_id in stored else "done"
            record = store.record(result.keys[node_id])
            if record is None:  # dropped since, to make room
                found[node_id] = Outcome(planned.title, state)
            else:
                found[node_id] = Outcome(planned.title, state, record.seconds, record.described, record.warnings)
        elif node_id in result.failures:
            found[node_id] = Outcome(planned.title, "failed", failure=result.failures[node_id])
        elif node_id in result.skipped:
            found[node_id] = Outcome(planned.title, "skipped")
        elif node_id in result.inactive:
            found[node_id] = Outcome(planned.title, "inactive")
        else:
            found[node_id] = Outcome(planned.title, "stopped" if node_id in stopped else "not asked for")
    return found


@dataclass(frozen=True)
class Score:
    """What a Scorer found.

    Attributes:
        node: The node's id.
        title: What the person calls the node.
        figures: `accuracy`, `error`, `correct`, `wrong`, `kappa`; NaN where one is not defined.
        statistics: Its table of one row per class.
    """

    node: str
    title: str
    figures: Mapping[str, float]
    statistics: Table


def scores(plan: Plan, result: RunResult, store: Store) -> list[Score]:
    """What every finished Scorer found, in topological order."""
    found = []
    for node_id, planned in plan.nodes.items():
        key = result.keys.get(node_id)
        if key is None or planned.node is None or planned.node.id != SCORER:
            continue
        from nodes.kit.scoring.confusion import headline

        try:
            statistics = store.load(key)["statistics"]
        except (KeyError, OSError):  # dropped since, to make room
            continue
        assert isinstance(statistics, Table)
        found.append(Score(node_id, planned.title, headline(statistics), statistics))
    return found


def described(ports: Sequence[Port], outputs: Mapping[str, str]) -> str:
    """What came out of a node, in one line; of several outputs each with its name.

    Args:
        ports: The node's output ports.
        outputs: Port -> what it carries.
    """
    if len(outputs) == 1:
        return next(iter(outputs.values()))
    titles = {port.name: port.title for port in ports}
    return ", ".join(f"{titles.get(port, port)}: {text}" for port, text in outputs.items())
