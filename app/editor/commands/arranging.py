"""Arranging: what the Arrange menu does to the nodes of the workflow in front. Each is one step of its undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from app.document.arrange import Edge, Places, align, arranged, distribute
from app.document.editing import Point
from app.editor.actions import ActionRow
from app.editor.desk import Desk


class ArrangeCommands:
    """Lays nodes out.

    Args:
        desk: The workflow in front, and what is selected in it.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        return [
            ActionRow(
                "arrange.auto", "Arrange &automatically", self.arrange, ["Ctrl+Shift+L"], "mdi6.graph-outline",
                self._desk.is_open, popups={"node": (3, 3), "canvas": (2, 2)},
            ),
            self._align_row("left", "Align &left", "mdi6.align-horizontal-left", group=2),
            self._align_row("center", "Align &centers", "mdi6.align-horizontal-center", group=2),
            self._align_row("right", "Align &right", "mdi6.align-horizontal-right", group=2),
            self._align_row("top", "Align &top", "mdi6.align-vertical-top", group=3),
            self._align_row("middle", "Align &middles", "mdi6.align-vertical-center", group=3),
            self._align_row("bottom", "Align &bottom", "mdi6.align-vertical-bottom", group=3),
            self._distribute_row("across", "Di&stribute across", "horizontal"),
            self._distribute_row("down", "Distribute &down", "vertical"),
        ]  # fmt: skip

    def _align_row(self, edge: Edge, title: str, icon: str, *, group: int) -> ActionRow:
        several = self._desk.has_several
        return ActionRow(f"arrange.{edge}", title, lambda: self.align(edge), icon=icon, enabled=several, group=group)

    def _distribute_row(self, name: str, title: str, axis: Literal["horizontal", "vertical"]) -> ActionRow:
        return ActionRow(f"arrange.{name}", title, lambda: self.distribute(axis), enabled=self._has_three, group=4)

    def arrange(self) -> None:
        """Lay out the selected nodes (without a selection: all) from left to right."""
        workspace = self._desk.current
        if workspace is None:
            return
        chosen = self._desk.selected_nodes
        places = arranged(workspace.document, chosen if len(chosen) > 1 else None)
        workspace.document.move(places.nodes, places.annotations, sizes=places.sizes, label="Arrange")
        if len(chosen) < 2:
            workspace.canvas.fit()

    def align(self, edge: Edge) -> None:
        """Align the selected nodes at an edge."""
        self._place(lambda places: align(places, edge), "Align")

    def distribute(self, axis: Literal["horizontal", "vertical"]) -> None:
        """Give the selected nodes equal distances."""
        self._place(lambda places: distribute(places, axis), "Distribute")

    def _place(self, placed: Callable[[Places], dict[str, Point]], label: str) -> None:
        if workspace := self._desk.current:
            nodes = self._desk.selected_nodes
            if len(nodes) > 1:
                places = {n: workspace.document.view(n).position for n in nodes}
                workspace.document.move(placed(places), label=label)

    def _has_three(self) -> bool:
        return len(self._desk.selected_nodes) > 2
