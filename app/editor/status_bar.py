"""The status bar: the engine's lamp, what runs and how much is done, problems, zoom."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStatusBar, QToolButton, QWidget

from app.editor.key_tips import KeyTips
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.workspace import Workspace
from nodes.wording import counted

FINISHED = ("done", "warning")


class StatusBar(QStatusBar):
    """One line below everything. It is told what there is to say.

    Args:
        tips: Knows the keys that tooltips name.
    """

    problems_requested = Signal()
    """The list of problems is wanted."""
    messages_requested = Signal()
    """The history of messages is wanted."""
    zoom_reset_requested = Signal()
    """The canvas is wanted in its actual size."""

    def __init__(self, tips: KeyTips, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._lamp = PlainLabel()
        self._engine = PlainLabel("engine is starting ...")
        self._run = PlainLabel()
        self.problems = QToolButton(accessibleName="Problems")
        self.problems.clicked.connect(self.problems_requested)
        self._zoom = QToolButton(accessibleName="Zoom")
        tips.show(self._zoom, "Actual size", "view.zoom_reset")
        self._zoom.clicked.connect(self.zoom_reset_requested)
        self.addWidget(self._lamp)
        self.addWidget(self._engine)
        self.addWidget(self._run, 1)
        self._messages = QToolButton(text="no messages", accessibleName="Messages so far", toolTip="All messages so far")
        self._messages.clicked.connect(self.messages_requested)
        self.addPermanentWidget(self._messages)
        self.addPermanentWidget(self.problems)
        self.addPermanentWidget(self._zoom)

    def show_engine(self, text: str, *, works: bool) -> None:
        """Say how the engine is, behind a lamp."""
        color = look().colors.done if works else look().colors.wrong
        self._lamp.setText("●")
        self._lamp.setStyleSheet(f"color: {color}")
        self._engine.setText(text)

    def count_messages(self, count: int) -> None:
        """Say how many messages there are in the history."""
        self._messages.setText(counted(count, "message"))

    def show_workspace(self, workspace: Workspace | None, problems: str) -> None:
        """Say how far a workflow is; nothing where there is none.

        Args:
            workspace: The workflow in front.
            problems: Its problems, in a few words.
        """
        self._run.setText(progress(workspace) if workspace else "")
        self.problems.setText(problems if workspace else "")
        self.show_zoom(workspace)

    def show_zoom(self, workspace: Workspace | None) -> None:
        """Say how large a workflow is shown; nothing where there is none."""
        self._zoom.setText(f"{workspace.canvas.zoom:.0%}".replace("%", " %") if workspace else "")


def progress(workspace: Workspace) -> str:
    """Return `running: Learner 62 %` and `15 of 20 results stored`, with spaces between."""
    parts = []
    if workspace.waits_to_run:
        engine = workspace.services.engine
        parts.append("the run begins when " + ("the workflow is planned" if engine.is_ready else "the engine has started"))
    for node_id in workspace.running_nodes[:1]:
        status = workspace.status(node_id)
        share = f" {status.fraction:.0%}".replace("%", " %") if status.fraction is not None else ""
        parts.append(f"running: {workspace.document.title(node_id)}{share}")
    total = len(workspace.document.nodes)
    if total:
        stored = sum(workspace.status(n).state in FINISHED for n in workspace.document.nodes)
        parts.append(f"{stored} of {total} results stored")
    return "     ".join(parts)
