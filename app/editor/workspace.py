"""Workspace: one open workflow, with its document, file, journal and canvas, and what the engine says of its nodes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.document.change import Change
from app.document.editing import Document
from app.document.model import Workflow
from app.document.problems import Problem
from app.engine.messages.tells import RunChanged, StatusesChanged
from app.engine.status import NodeStatus

if TYPE_CHECKING:
    from app.document.file_state import FileState
    from app.document.suggestions import Suggestions
    from app.editor.canvas import Canvas
    from app.editor.engine.client import EngineClient
    from app.editor.preferences import PreferenceStore
    from app.journal import Journal
    from app.own_workflows import OwnWorkflows
    from app.trusted_scripts import TrustedScripts
    from nodes.catalog import Catalog

_numbers = itertools.count(1)


@dataclass
class Services:
    """What all parts of the editor share."""

    catalog: Catalog
    engine: EngineClient
    preferences: PreferenceStore
    suggestions: Suggestions
    results: Path
    """The folder of the stored results."""
    trusted: TrustedScripts
    """What scripts the person trusts."""
    own: OwnWorkflows
    """Which workflow files are the person's own."""


class Workspace(QObject):
    """One open workflow.

    Args:
        services: What all parts share.
        workflow: Its content at first.
        path: Its file; None for one that was never saved.
        folder: Against which its relative paths are meant while it has no file.
        title: What its tab is called while it has no file.
        own: Whether it is the person's own, so that it may write where its settings say without being asked about.

    Attributes:
        id: What the engine calls it; of this session only.
        document: The workflow with undo.
        statuses: What there is to show of each node.
        general: Problems that belong to no node.
        runs: Runs in progress, by id.
    """

    renamed = Signal()
    """The tab's title, or whether there are unsaved edits, is another one."""
    edited = Signal(Change)
    """A change was done, undone or redone."""
    statuses_changed = Signal(set)
    """Ids of the nodes whose status is another one."""
    runs_changed = Signal()
    """A run began or ended."""

    def __init__(
        self, services: Services, workflow: Workflow, path: Path | None, folder: Path, title: str = "", *, own: bool = False
    ) -> None:
        super().__init__()
        from app.editor.canvas import Canvas

        self.services = services
        self.id = f"workflow-{next(_numbers)}"
        self.document = Document(workflow, services.catalog.about)
        self.path = path
        self.folder = path.resolve().parent if path else folder
        self.untitled = title or "untitled"
        self.own = own
        self.statuses: dict[str, NodeStatus] = {}
        self.general: Sequence[Problem] = ()
        self.runs: dict[str, RunChanged] = {}
        self.journal: Journal | None = None
        self.file_state: FileState | None = None
        self.canvas: Canvas = Canvas(self.document, services.catalog)
        self._was_modified = False
        self._end_listening = self.document.subscribe(self._on_change)
        services.engine.statuses.connect(self._on_statuses)
        services.engine.run_changed.connect(self._on_run)
        services.engine.wanted_changed.connect(self._on_wanted)
        services.engine.open(self.id, self.document, self.folder, own=own)

    # -- names

    @property
    def title(self) -> str:
        """What its tab is called."""
        return self.path.name.removesuffix(".json").removesuffix(".workflow") if self.path else self.untitled

    @property
    def unsaved(self) -> bool:
        """Whether closing it would lose something."""
        return self.document.modified

    def saved(self) -> None:
        """Its file holds just what is in the window."""
        self.document.mark_saved()
        self._was_modified = False
        self.renamed.emit()

    def moved_to(self, path: Path) -> None:
        """It was saved under this name: from now on, that is its file, and its folder what relative paths are meant from."""
        changed_folder = path.resolve().parent != self.folder
        self.path = path
        self.folder = path.resolve().parent
        if changed_folder:
            self.services.engine.move(self.id, self.folder, own=self.own)
        self.renamed.emit()

    def belongs(self, own: bool) -> None:
        """Take note whether its content is the person's own, now that all of it is another one."""
        if own != self.own:
            self.own = own
            self.services.engine.move(self.id, self.folder, own=own)

    # -- the engine

    def status(self, node_id: str) -> NodeStatus:
        """What there is to show of a node."""
        return self.statuses.get(node_id) or NodeStatus()

    @property
    def problems(self) -> list[Problem]:
        """All problems: general ones first, then in the order of the nodes."""
        found = list(self.general)
        for node_id in self.document.nodes:
            status = self.statuses.get(node_id)
            if status:
                found += status.problems
        return found

    @property
    def running_nodes(self) -> list[str]:
        """The nodes that work now."""
        return [n for n, s in self.statuses.items() if s.state == "running"]

    @property
    def is_running(self) -> bool:
        """Whether anything of it runs or waits to run."""
        return bool(self.runs) or self.waits_to_run

    @property
    def waits_to_run(self) -> bool:
        """Whether a run was asked for that has not begun: the engine starts, or looks at the workflow."""
        return self.services.engine.waits_to_run(self.id)

    def close(self) -> None:
        """Let go of everything; the document is not saved."""
        engine = self.services.engine
        engine.statuses.disconnect(self._on_statuses)
        engine.run_changed.disconnect(self._on_run)
        engine.wanted_changed.disconnect(self._on_wanted)
        engine.close(self.id)
        self._end_listening()
        if self.journal is not None:
            self.journal.close()
            self.journal = None
        self.canvas.close()
        self.canvas.deleteLater()

    def _on_change(self, change: Change) -> None:
        self.services.engine.edit(self.id, change)
        for node_id in change.keys("nodes"):
            if node_id not in self.document.nodes:
                self.statuses.pop(node_id, None)
        if self.journal is not None:
            self.journal.append(change)
        self.edited.emit(change)
        if self.document.modified != self._was_modified:
            self._was_modified = self.document.modified
            self.renamed.emit()

    def _on_statuses(self, document: str, told: StatusesChanged) -> None:
        if document != self.id:
            return
        self.statuses.update(told.nodes)
        self.general = told.general
        self.canvas.set_statuses(told.nodes)
        self.statuses_changed.emit(set(told.nodes))

    def _on_wanted(self, document: str) -> None:
        if document == self.id:
            self.runs_changed.emit()

    def _on_run(self, document: str, run: RunChanged) -> None:
        if document != self.id:
            return
        if run.status == "started":
            self.runs[run.run] = run
        else:
            self.runs.pop(run.run, None)
        self.runs_changed.emit()
