"""The context menus of the canvas: of nodes, wires, annotation boxes and empty places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from app.editor.actions import ActionTable, MenuRow, Popup
from app.editor.desk import Desk
from app.editor.menus import popup_entries
from app.editor.workspace import Workspace

if TYPE_CHECKING:
    from app.editor.canvas import Hit

ANNOTATION_COLORS = {
    "Blue": "#3F6FD8",
    "Green": "#1AA179",
    "Violet": "#8A63D2",
    "Orange": "#E69F00",
    "Red": "#D9603B",
    "Pink": "#C2619A",
    "Grey": "#7B8794",
}
"""Colours of annotation boxes, as their menu names them."""


class CanvasMenu(QObject):
    """Opens the menu of what was clicked on, in every open workflow.

    Args:
        desk: The open workflows.
        actions: The actions of the window.
        rows: The declarations, which say what is in which menu.
    """

    def __init__(self, desk: Desk, actions: ActionTable, rows: Iterable[MenuRow]) -> None:
        super().__init__(desk)
        self._desk, self._actions, self._rows = desk, actions, list(rows)
        desk.opened.connect(self._follow)

    def _follow(self, workspace: Workspace) -> None:
        workspace.canvas.menu_requested.connect(lambda at, hit: self._open(workspace, at, hit))

    def _open(self, workspace: Workspace, at: QPoint, hit: Hit) -> None:
        menu = QMenu(self._desk.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions.refresh()
        self._actions.fill(menu, popup_entries(self._rows, _kind(hit)))
        if hit.annotation is not None:
            colors = menu.addMenu("Colour")
            for name, color in ANNOTATION_COLORS.items():
                colors.addAction(name).triggered.connect(
                    lambda _=False, c=color: workspace.document.set_annotation(hit.annotation, color=c)
                )
        menu.popup(at)


def _kind(hit: Hit) -> Popup:
    if hit.node is not None:
        return "node"
    if hit.connection is not None:
        return "wire"
    return "box" if hit.annotation is not None else "canvas"
