"""The first tour over a window: add a node, configure it, run it; each step is done when the person has done it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from app.editor.panels.tour import Tour, first_steps

if TYPE_CHECKING:
    from app.editor.window import MainWindow


def start(window: MainWindow) -> Tour:
    """Begin the tour in an empty workflow."""
    workspace = window.current
    if workspace is None or workspace.document.nodes:
        workspace = window.files.new()
    window.show_workspace(workspace)
    document = workspace.document
    window.show_dock("repository")

    def node() -> QWidget | QRect | None:
        """The tile of the first node, in the window; the canvas while there is none."""
        first = next(iter(document.nodes), None)
        if first is None:
            return workspace.canvas
        corner = workspace.canvas.screen_position(workspace.canvas.node_rect(first).topLeft())
        end = workspace.canvas.screen_position(workspace.canvas.node_rect(first).bottomRight())
        return QRect(window.mapFromGlobal(corner), window.mapFromGlobal(end)).adjusted(-8, -8, 8, 8)

    def run_button() -> QWidget:
        found = window.findChild(QWidget, "run_all")
        return found if isinstance(found, QWidget) else window

    def configured() -> bool:
        return any(record.settings for record in document.nodes.values())

    def ran() -> bool:
        return any(workspace.status(n).seconds is not None for n in document.nodes)

    targets = (lambda: window.repository, node, run_button)
    tour = Tour(window, first_steps(targets, (lambda: bool(document.nodes), configured, ran)))
    tour.ended.connect(lambda _: window.services.preferences.change(tour_done=True))
    tour.ended.connect(tour.deleteLater)
    tour.start()
    return tour
