"""What the editor wants of the engine, without an answer: what comes of it is told (`tells`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.document.change import Change, TableName
from app.document.editing import Document
from app.document.model import Connection, NodeRecord, NodeView, Variable, Workflow
from app.document.problems import Problem
from app.engine.messages.base import DocumentRequest, Request


class Ping(Request, frozen=True, kw_only=True):
    """Say that you are alive; answered by the thread that reads, whatever the engine's own does."""


class OpenDocument(DocumentRequest, frozen=True, kw_only=True):
    """Look at a document from now on; one that is open already is opened anew.

    Attributes:
        workflow: Its content.
        folder: What its relative paths are meant from.
        failed: Node -> the problem that is shown of it until it is edited or run: what came of it when an engine died.
        own: Whether it is the person's own, so that it may write where its settings say.
    """

    workflow: Workflow
    folder: Path
    failed: Mapping[str, Problem] = {}
    own: bool = False


class CloseDocument(DocumentRequest, frozen=True, kw_only=True):
    """Stop its runs and forget it."""


class MoveDocument(DocumentRequest, frozen=True, kw_only=True):
    """Its relative paths are meant from another folder from now on; runs in progress keep to the old one.

    Attributes:
        folder: That folder.
        own: Whether the document is the person's own from now on.
    """

    folder: Path
    own: bool = False


class EditDocument(DocumentRequest, frozen=True, kw_only=True):
    """What of an edit concerns the engine: by key the new records, None where there is none any more.

    Attributes:
        nodes: By id.
        connections: By key.
        variables: By name.
        views: By node id, of those whose name is another one; position and note are no business of the engine.
        orders: Table -> its keys in their new order, where records came or went.
        path: The components that the edited workflow is in, the outermost first; empty for the outermost workflow.
    """

    nodes: Mapping[str, NodeRecord | None] = {}
    connections: Mapping[str, Connection | None] = {}
    variables: Mapping[str, Variable | None] = {}
    views: Mapping[str, NodeView | None] = {}
    orders: Mapping[TableName, tuple[str, ...]] = {}
    path: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: str, change: Change) -> EditDocument | None:
        """Return what to send of a change; None if it does not concern the engine."""
        tables: tuple[TableName, ...] = ("nodes", "connections", "variables")
        records: dict[TableName, dict[str, Any]] = {
            table: {key: after for key, (_, after) in change.records[table].items()}
            for table in tables
            if change.records.get(table)
        }
        views = {
            key: None if after is None else NodeView(name=after.name)
            for key, (before, after) in change.records.get("views", {}).items()
            if (before.name if before else "") != (after.name if after else "")
        }
        if views:
            records["views"] = views
        if not records:
            return None
        orders = {table: after for table, (_, after) in change.orders.items() if table in records}
        return cls(document=document, orders=orders, path=change.path, **records)

    def as_change(self, document: Document) -> Change:
        """Return the change to make in a document that is a copy of the edited one."""
        level = document.at(self.path)
        sent: dict[TableName, Mapping[str, Any]] = {
            "nodes": self.nodes,
            "connections": self.connections,
            "variables": self.variables,
            "views": self.views,
        }
        records: dict[TableName, dict[str, tuple[Any, Any]]] = {}
        orders: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for table, changes in sent.items():
            if not changes:
                continue
            now: Mapping[str, Any] = getattr(level, table)
            records[table] = {key: (now.get(key), after) for key, after in changes.items()}
            if table in self.orders:
                there = {**now, **changes}
                orders[table] = tuple(now), tuple(key for key in self.orders[table] if there.get(key) is not None)
        return Change("", records, orders, path=self.path)


class RunNodes(DocumentRequest, frozen=True, kw_only=True):
    """Bring nodes, and all they need, to completion.

    Attributes:
        targets: The nodes; None: all.
        fresh: Whether to compute all of it again.
    """

    targets: tuple[str, ...] | None = None
    fresh: bool = False


class CancelNodes(DocumentRequest, frozen=True, kw_only=True):
    """Stop nodes and what is behind them; None: everything of the document."""

    nodes: tuple[str, ...] | None = None


class StopEarly(DocumentRequest, frozen=True, kw_only=True):
    """Have a node end now and keep what it has reached."""

    node: str


class ResetNodes(DocumentRequest, frozen=True, kw_only=True):
    """Forget the results of nodes and of all behind them."""

    nodes: tuple[str, ...]


class RefreshDocument(DocumentRequest, frozen=True, kw_only=True):
    """Look whether files or results have changed outside."""


class GrantTrust(Request, frozen=True, kw_only=True):
    """Let scripts run (`app.engine.trust`), and workflows write to places (`app.engine.permissions`), from now on."""

    digests: tuple[str, ...]


class DropQuestion(Request, frozen=True, kw_only=True):
    """The answer to a question is not wanted any more; one that is not being made yet is not made."""

    number: int
