"""Panels: what the View menu does with the docks around the canvas. Shown and hidden by keys, maximized, folded to icons."""

from __future__ import annotations

from functools import partial

from app.editor.actions import ActionRow, MenuRow, SubmenuRow
from app.editor.desk import Desk
from app.editor.docks import TITLES, Docks, Side

DOCKS = "view.docks"
"""The submenu of the docks."""


class PanelCommands:
    """Shows, hides, maximizes and folds panels; and leads the focus to them and back to the canvas.

    Args:
        desk: The workflow in front.
        docks: The panels.
    """

    def __init__(self, desk: Desk, docks: Docks) -> None:
        self._desk, self._docks = desk, docks

    def rows(self) -> list[MenuRow]:
        """Return the declared actions."""
        return [
            ActionRow("view.canvas", "&Go to the canvas", self.to_canvas, ["Alt+0"], enabled=self._desk.is_open, group=2),
            ActionRow(
                "view.maximize", "Ma&ximize the panel", self._docks.toggle_maximized, ["Shift+F10"], "mdi6.arrow-expand-all",
                checked=lambda: self._docks.is_maximized, group=2,
                hint="Give the panel with the focus all the room, or the canvas; once more gives it back",
            ),
            self._fold_row("left", "Fold the &nodes to icons", "Alt+Shift+1", "mdi6.dock-left"),
            self._fold_row("right", "Fold the &configuration to icons", "Alt+Shift+2", "mdi6.dock-right"),
            SubmenuRow(DOCKS, "&Panels", self._docks.put_all_back, group=2),
            *(self._dock_row(name, title, number) for number, (name, title) in enumerate(TITLES.items(), start=1)),
        ]  # fmt: skip

    def _dock_row(self, name: str, title: str, number: int) -> ActionRow:
        return ActionRow(
            f"view.{name}", title, partial(self.toggle, name), [f"Alt+{number}"],
            group=2, submenu=DOCKS,
            hint="Show this panel, with the focus; once more hides it",
        )  # fmt: skip

    def _fold_row(self, side: Side, title: str, key: str, icon: str) -> ActionRow:
        return ActionRow(
            f"view.fold_{side}", title, partial(self.toggle_folded, side), [key], icon, self._desk.is_open,
            checked=lambda: self._docks.is_folded(side), group=2, hint="More room for the canvas; once more unfolds it",
        )  # fmt: skip

    def toggle(self, name: str) -> None:
        """Show a panel, with the focus; hide that which has the focus."""
        if self._docks.focused() == name:
            self._docks[name].hide()
            self.to_canvas()
        else:
            self._docks.focus(name)
        self._desk.look_again()

    def toggle_folded(self, side: Side) -> None:
        """Fold the panels of a side to icons, or unfold them."""
        self._docks.toggle_folded(side)
        self._desk.look_again()

    def to_canvas(self) -> None:
        """Give the canvas the focus."""
        if canvas := self._desk.canvas:
            self._desk.window.activateWindow()
            canvas.setFocus()
