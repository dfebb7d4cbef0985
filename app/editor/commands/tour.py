"""The first tour over a window: add a node, configure it, run it; each step is done when the person has done it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from app.editor.actions import ActionRow
from app.editor.desk import Desk
from app.editor.docks import Docks
from app.editor.panels.tour import Tour, first_steps
from app.editor.workspace import Workspace


class TourCommands:
    """Shows newcomers around.

    Args:
        desk: The workflow in front.
        docks: Where the node repository is.
        new: Opens an empty workflow.
    """

    def __init__(self, desk: Desk, docks: Docks, new: Callable[[], Workspace]) -> None:
        self._desk, self._docks, self._new = desk, docks, new

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        return [ActionRow("help.tour", "First &tour", self.start, icon="mdi6.school-outline")]

    def start(self) -> None:
        """Begin the tour in an empty workflow."""
        workspace = self._desk.current
        if workspace is None or workspace.document.nodes:
            workspace = self._new()
        self._desk.show(workspace)
        self._docks.show("repository")
        document, window = workspace.document, self._desk.window

        def run_button() -> QWidget:
            found = window.findChild(QWidget, "run_all")
            return found if isinstance(found, QWidget) else window

        def configured() -> bool:
            known = ((record.settings, document.types.get(record.type)) for record in document.nodes.values())
            return any(settings != dict(node_type.starting_settings()) for settings, node_type in known if node_type)

        def ran() -> bool:
            return any(workspace.status(n).seconds is not None for n in document.nodes)

        targets = (lambda: self._docks.repository, lambda: _first_node(workspace, window), run_button)
        tour = Tour(window, first_steps(targets, (lambda: bool(document.nodes), configured, ran)))
        tour.ended.connect(lambda _: self._desk.services.preferences.change(tour_done=True))
        tour.ended.connect(tour.deleteLater)
        tour.start()


def _first_node(workspace: Workspace, window: QWidget) -> QWidget | QRect:
    """Return where the tile of the first node is in the window; the canvas while there is none."""
    canvas = workspace.canvas
    first = next(iter(workspace.document.nodes), None)
    if first is None:
        return canvas
    corner = canvas.screen_position(canvas.node_rect(first).topLeft())
    end = canvas.screen_position(canvas.node_rect(first).bottomRight())
    return QRect(window.mapFromGlobal(corner), window.mapFromGlobal(end)).adjusted(-8, -8, 8, 8)
