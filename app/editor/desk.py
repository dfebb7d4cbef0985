"""Desk: what commands work on. The open workflows, what is selected in the one in front, the services, and a word to the person.

A window makes one and hands it to its commands (`app.editor.commands`), so that they need to know nothing of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.editor.panels.message_bar import Button, Severity
from app.editor.panels.toasts import PastMessage, Toasts
from app.editor.tabs import WorkflowTabs
from app.editor.workspace import Services, Workspace

if TYPE_CHECKING:
    from app.editor.canvas import Canvas


EVERYWHERE = ""
"""The place of a message that is about no single workflow."""


class Desk(QObject):
    """The open workflows and what belongs to working on them.

    Args:
        window: The parent of dialogs.
        services: What all parts of the editor share.
        tabs: Where workflows are shown.
        messages: Where the person is told something.
    """

    opened = Signal(Workspace)
    """This workflow is about to be shown: whoever follows workflows follows it from now on."""
    closed = Signal(Workspace)
    """This workflow is not shown any more."""
    changed = Signal()
    """Something is different: what may be done now, problems, progress. Emitted once, when all events are through."""

    def __init__(self, window: QWidget, services: Services, tabs: WorkflowTabs, messages: Toasts) -> None:
        super().__init__(window)
        self.window = window
        self.services = services
        self._tabs = tabs
        self._messages = messages
        self._said: set[str] = set()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.changed)
        tabs.currentChanged.connect(lambda _: self._on_front())

    # -- the workflows

    @property
    def workspaces(self) -> list[Workspace]:
        """The open workflows, in the order of their tabs."""
        return self._tabs.workspaces

    @property
    def current(self) -> Workspace | None:
        """The workflow in front; None if that is the welcome page."""
        return self._tabs.current

    def find(self, workspace_id: str) -> Workspace | None:
        """Return the open workflow that the engine calls so; None if it was closed meanwhile."""
        return next((w for w in self.workspaces if w.id == workspace_id), None)

    def open(self, workspace: Workspace) -> None:
        """Show a workflow in a new tab."""
        workspace.renamed.connect(self.look_again)
        workspace.edited.connect(lambda _: self._look_again_at(workspace))
        workspace.statuses_changed.connect(lambda _: self._look_again_at(workspace))
        workspace.runs_changed.connect(self.look_again)
        workspace.canvas.selection_changed.connect(self.look_again)
        workspace.canvas.message.connect(self.say)
        self.opened.emit(workspace)
        self._tabs.add(workspace)

    def close(self, workspace: Workspace) -> None:
        """Take a workflow's tab away, and what was said of it."""
        self._messages.forget_place(workspace.id)
        self._tabs.remove(workspace)
        self.closed.emit(workspace)
        self.look_again()

    def show(self, workspace: Workspace) -> None:
        """Bring a workflow's tab to the front."""
        self._tabs.setCurrentWidget(workspace.canvas)

    def show_welcome(self) -> None:
        """Bring the welcome page to the front."""
        self._tabs.show_welcome()

    def hide_welcome(self) -> None:
        """Take the welcome page away, unless nothing else is open."""
        self._tabs.hide_welcome()

    def refresh_engine(self) -> None:
        """Have the engine look whether files or results have changed outside."""
        for workspace in self.workspaces:
            self.services.engine.refresh(workspace.id)

    # -- what is selected

    @property
    def canvas(self) -> Canvas | None:
        """The canvas of the workflow in front."""
        return self.current.canvas if self.current else None

    @property
    def selected_nodes(self) -> list[str]:
        """The nodes selected in the workflow in front, in the order of the document."""
        workspace = self.current
        if workspace is None:
            return []
        chosen = workspace.canvas.selection().nodes
        return [n for n in workspace.document.nodes if n in chosen] if chosen else []

    def is_open(self) -> bool:
        """Tell whether there is a workflow in front."""
        return self.current is not None

    def has_one(self) -> bool:
        """Tell whether exactly one node is selected."""
        return len(self.selected_nodes) == 1

    def has_several(self) -> bool:
        """Tell whether at least two nodes are selected."""
        return len(self.selected_nodes) > 1

    # -- what the person is told

    def say(self, text: str, severity: Severity = "info", *, key: str = "", place: str | None = None) -> None:
        """Tell the person something; an error stays until it is dismissed, all else goes after a while.

        Args:
            text: What there is to say.
            severity: How grave it is.
            key: A later message with the same key takes this one's place.
            place: The id of the workflow it is about; empty: of none; None: that in front.
        """
        self.ask(text, (), key=key, severity=severity, place=place)

    def say_once(self, text: str) -> None:
        """Tell a warning, once a session."""
        if text not in self._said:
            self._said.add(text)
            self.say(text, "warning", place=EVERYWHERE)

    def ask(
        self,
        text: str,
        buttons: Sequence[Button],
        *,
        key: str = "",
        severity: Severity = "warning",
        place: str | None = None,
    ) -> None:
        """Tell something with buttons to answer, as `say` does; it does not keep the person from working on."""
        workspace = self.current if place is None else self.find(place)
        self._messages.show_message(
            text,
            severity=severity,
            buttons=buttons,
            key=key,
            place=workspace.id if workspace else EVERYWHERE,
            where=workspace.title if workspace else "",
        )

    @property
    def history(self) -> Sequence[PastMessage]:
        """All that was said, the newest first."""
        return tuple(self._messages.history)

    def dismiss(self, key: str) -> None:
        """Take a message away."""
        self._messages.dismiss(key)

    # -- what is different

    @property
    def will_look_again(self) -> bool:
        """Whether something is different that `changed` has not told of yet."""
        return self._soon.isActive()

    def look_again(self) -> None:
        """Have `changed` emitted, once, when all events are through."""
        if not self.will_look_again:
            self._soon.start()

    def _on_front(self) -> None:
        self._messages.show_place(self.current.id if self.current else EVERYWHERE)
        self.look_again()

    def _look_again_at(self, workspace: Workspace) -> None:
        if workspace is self.current:
            self.look_again()
