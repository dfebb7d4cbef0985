"""A document that is open in the engine, as the client keeps it: what was told of it, not what is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from app.document.change import Change
from app.document.editing import Document
from app.document.problems import Problem
from app.engine.messages.requests import OpenDocument, RunNodes
from app.engine.messages.tells import RunChanged, StatusesChanged
from app.engine.status import NodeStatus


@dataclass
class OpenedDocument:
    """A document that is open in the engine, or will be as soon as there is one.

    Attributes:
        engine_name: What the engine calls it: a new name at every opening, so that what is told of a former one is not taken for
            news.
        document: The document itself, which is asked for its content when an engine is to open it.
        folder: What its relative paths are meant from.
        own: Whether it is the person's own, so that it may write where its settings say.
        statuses: What was told of its nodes.
        general: The problems that belong to no node.
        runs: Ids of its runs in progress.
        wanted: Runs that the person asked for and that have not begun, in their order.
        failed: Nodes that were at work when an engine died -> what is shown of them.
        deaths: How many engines in a row have ended while they configured it.
        is_apart: Whether it is not given to an engine any more, because of that.
    """

    engine_name: str
    document: Document
    folder: Path
    own: bool = False
    statuses: dict[str, NodeStatus] = field(default_factory=dict)
    general: tuple[Problem, ...] = ()
    runs: set[str] = field(default_factory=set)
    wanted: list[RunNodes] = field(default_factory=list)
    failed: dict[str, Problem] = field(default_factory=dict)
    deaths: int = 0
    is_apart: bool = False

    @property
    def running(self) -> list[str]:
        """The nodes that are at work."""
        return [node_id for node_id, status in self.statuses.items() if status.state == "running"]

    def opening(self) -> OpenDocument:
        """Return the request that opens it in a new engine; its runs have gone with the old one."""
        self.runs.clear()
        failed, self.failed = self.failed, {}
        workflow = self.document.workflow()
        return OpenDocument(document=self.engine_name, workflow=workflow, folder=self.folder, failed=failed, own=self.own)

    def edited(self, change: Change) -> None:
        """Forget what an edit makes untrue."""
        for node_id, (_, after) in change.records.get("nodes", {}).items():
            if after is None:
                self.statuses.pop(node_id, None)
            self.failed.pop(node_id, None)

    def take_statuses(self, told: StatusesChanged) -> StatusesChanged:
        """Keep what is told of nodes, and return what of it concerns nodes that are still there."""
        nodes = {node_id: status for node_id, status in told.nodes.items() if node_id in self.document.nodes}
        self.statuses |= nodes
        self.general = told.general
        self.deaths = 0  # it can be configured
        return structs.replace(told, nodes=nodes)

    def take_run(self, told: RunChanged) -> None:
        """Keep whether a run is in progress."""
        if told.status == "started":
            self.runs.add(told.run)
            self.take_answer()
        else:
            self.runs.discard(told.run)

    def take_answer(self) -> None:
        """The oldest of the wanted runs has begun, or is refused."""
        del self.wanted[:1]

    def forget_failures(self, nodes: Iterable[str] | None = None) -> None:
        """Do not show these nodes as failed in the next engine; all, if none are given."""
        for node_id in list(self.failed) if nodes is None else nodes:
            self.failed.pop(node_id, None)

    def set_apart(self, problem: Problem) -> StatusesChanged:
        """Have nothing configured, and return what is shown then.

        Args:
            problem: Why.
        """
        self.is_apart = True
        self.statuses = {node_id: NodeStatus() for node_id in self.document.nodes}
        self.general = (problem,)
        return StatusesChanged(document=self.engine_name, nodes=dict(self.statuses), general=self.general)

    def fail(self, problem: Problem) -> tuple[dict[str, NodeStatus], set[str]]:
        """Take the nodes that were at work for failed, those that waited for ready, and the runs for over.

        Args:
            problem: What happened to the engine.

        Returns:
            The statuses that changed, and the runs that are over.
        """
        changed: dict[str, NodeStatus] = {}
        for node_id, status in self.statuses.items():
            idle = structs.replace(status, fraction=None, message="", seconds_left=None)
            if status.state == "running":
                self.failed[node_id] = why = Problem(problem.message, problem.remedy, node=node_id)
                changed[node_id] = structs.replace(idle, state="failed", problems=(*status.problems, why))
            elif status.state == "queued":
                changed[node_id] = structs.replace(idle, state="ready")
        self.statuses |= changed
        runs, self.runs = self.runs, set()
        return changed, runs
