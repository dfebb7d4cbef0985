"""What the engine tells, shown: how it is, messages with what to do, the curves of trainings, lines of the console."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QObject

from app.editor.desk import EVERYWHERE, Desk
from app.editor.docks import Docks
from app.editor.engine.death import EngineDeath
from app.editor.panels.console import LogLine
from app.editor.panels.message_bar import Button
from app.editor.status_bar import StatusBar
from app.editor.workspace import Workspace
from app.engine.messages.tells import EngineReady, LogWritten, MetricsMeasured, StatusesChanged

_ENDINGS = {"done": "done", "warning": "done", "failed": "failed"}
"""A node's state after it ran -> how its training ended; any other: it was cancelled."""


class EngineEvents(QObject):
    """Listens to the engine, for a window.

    Args:
        desk: The open workflows, and where messages go.
        docks: Where curves and logs are shown.
        status_bar: Where the state of the engine is shown.
    """

    def __init__(self, desk: Desk, docks: Docks, status_bar: StatusBar) -> None:
        super().__init__(desk)
        self._desk, self._docks, self._status_bar = desk, docks, status_bar
        engine = self._engine = desk.services.engine
        engine.ready.connect(self._on_ready)
        engine.died.connect(self._on_death)
        engine.hanging.connect(self._on_hanging)
        engine.cancel_ignored.connect(self._on_cancel_ignored)
        engine.set_apart.connect(self._on_set_apart)
        engine.statuses.connect(self._on_statuses)
        engine.metrics.connect(self._on_metrics)
        engine.logged.connect(self._on_log)
        desk.opened.connect(self._follow)
        self._apart: set[str] = set()

    # -- how it is

    def _on_ready(self, about: EngineReady) -> None:
        self._status_bar.show_engine(f"engine ready · {about.device}", works=True)
        self._desk.dismiss("engine")
        for name, why in about.failures.items():
            text = f"The plug-in {name} could not be loaded: {why}. The rest works without it."
            self._desk.say(text, "warning", key=f"plug-in {name}", place=EVERYWHERE)

    def _on_death(self, death: EngineDeath) -> None:
        self._status_bar.show_engine("engine stopped", works=False)
        text = f"{death.message}{self._where(death.configuring)} {death.remedy}"
        self._docks.console.add(LogLine(text, "error", time=time.time()))
        buttons: list[Button] = [] if death.restarting else [("Start the engine", self._engine.restart)]
        self._desk.ask(text, buttons, key="engine", severity="error", place=EVERYWHERE)

    def _on_hanging(self, hanging: bool) -> None:
        if hanging:
            self._desk.ask(
                "The engine has not answered for a while. It may be busy; if it hangs, start it anew: results so far are kept.",
                [("Start anew", self._engine.restart), ("Wait", lambda: None)],
                key="hanging",
                place=EVERYWHERE,
            )
        else:
            self._desk.dismiss("hanging")

    def _on_cancel_ignored(self, document: str, nodes: Sequence[str]) -> None:
        workspace = self._desk.find(document)
        if workspace is not None:
            titles = ", ".join(workspace.document.title(n) for n in nodes if n in workspace.document.nodes)
            self._desk.ask(
                f"{titles} does not stop. Starting the engine anew ends everything that runs; what is finished is kept.",
                [("Start anew", self._engine.restart), ("Wait", lambda: None)],
                key="cancel",
                place=document,
            )

    def _where(self, configuring: tuple[str, str] | None) -> str:
        """Say what the engine was configuring when it ended."""
        workspace = self._desk.find(configuring[0]) if configuring is not None else None
        if configuring is None or workspace is None:
            return ""
        node = configuring[1]
        at = f"the node '{workspace.document.title(node)}' of " if node in workspace.document.nodes else ""
        return f" That was while it configured {at}'{workspace.title}'."

    def _on_set_apart(self, document: str, node: str) -> None:
        workspace = self._desk.find(document)
        if workspace is None:
            return
        self._apart.add(document)
        where = f", the last time at the node '{workspace.document.title(node)}'" if node in workspace.document.nodes else ""
        self._desk.ask(
            f"Configuring '{workspace.title}' ended the engine twice{where}. It is open without being configured: it can be "
            "edited and saved, but not run. It is configured again when it is edited. Other workflows go on.",
            [("Configure again", lambda: self._engine.configure_again(document)), ("Leave it", lambda: None)],
            key=f"apart {document}",
            severity="error",
            place=document,
        )

    def _on_statuses(self, document: str, told: StatusesChanged) -> None:
        """Take the message away when a document that was set apart has been configured."""
        if document in self._apart and any(status.state != "not configured" for status in told.nodes.values()):
            self._apart.remove(document)
            self._desk.dismiss(f"apart {document}")

    # -- what nodes tell

    def _on_metrics(self, document: str, measured: MetricsMeasured) -> None:
        workspace = self._desk.find(document)
        node = measured.node
        if workspace is None or node not in workspace.document.nodes:
            return
        self._docks.trainings.add(document, node, measured.points, workspace.document.title(node))

    def _on_log(self, document: str, line: LogWritten) -> None:
        workspace = self._desk.find(document)
        node = line.node or ""
        title = workspace.document.title(node) if workspace and node in workspace.document.nodes else node
        self._docks.console.add(LogLine(line.message, line.level, node, title, line.time))

    def _follow(self, workspace: Workspace) -> None:
        workspace.statuses_changed.connect(lambda nodes: self._end_trainings(workspace, nodes))

    def _end_trainings(self, workspace: Workspace, nodes: set[str]) -> None:
        """Have the curves of nodes that do not run any more say how their training ended."""
        for node_id in nodes:
            state = workspace.status(node_id).state
            run = self._docks.trainings.latest(workspace.id, node_id)
            if run is not None and run.live and state not in ("running", "queued"):
                self._docks.trainings.end(workspace.id, node_id, _ENDINGS.get(state, "cancelled"))
