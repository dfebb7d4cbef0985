"""Viewing: what the View menu does. How large the canvas is shown, its minimap, light and dark, the welcome page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.editor.actions import ActionRow
from app.editor.desk import Desk
from app.editor.docks import Docks
from app.editor.look import Preference, look
from app.editor.preferences import Preferences
from app.editor.workspace import Workspace

if TYPE_CHECKING:
    from app.editor.canvas.node_costs import Measure  # the canvas is imported after the first picture


class ViewCommands:
    """Changes how things look, here and, where it is a preference, in every window.

    Args:
        desk: The open workflows and the preferences.
        docks: What can be shown and hidden.
    """

    def __init__(self, desk: Desk, docks: Docks) -> None:
        self._desk, self._docks = desk, docks
        self._preferences = desk.services.preferences
        self.end_following = self._preferences.subscribe(self._follow_preferences)
        desk.opened.connect(self._follow)

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        row, is_open = ActionRow, self._desk.is_open
        return [
            row(
                "view.fit", "&Fit", self.fit, ["Ctrl+1"], "mdi6.fit-to-page-outline", is_open, hint="Show everything",
                popups={"canvas": (2, 3)},
            ),
            row("view.zoom_in", "Zoom &in", self.zoom_in, ["Ctrl++", "Ctrl+="], "mdi6.magnify-plus-outline", is_open),
            row("view.zoom_out", "Zoom &out", self.zoom_out, ["Ctrl+-"], "mdi6.magnify-minus-outline", is_open),
            row("view.zoom_reset", "&Actual size", self.zoom_reset, ["Ctrl+0"], enabled=is_open),
            row("view.minimap", "&Minimap", self.toggle_minimap, checked=self._minimap_shown),
            row(
                "view.times", "&Times of nodes", partial(self.toggle_costs, "time"), ["Ctrl+Alt+T"],
                checked=partial(self._costs_are, "time"), hint="How long every result took to compute, coloured by its share",
            ),
            row(
                "view.memory", "Memor&y of nodes", partial(self.toggle_costs, "memory"),
                checked=partial(self._costs_are, "memory"), hint="How large every result is, coloured by its share",
            ),
            self._look_row("light", "&Light"),
            self._look_row("dark", "&Dark"),
            self._look_row("system", "As the &system"),
            row("view.messages", "Messages so far", self.show_messages, ["Ctrl+Shift+M"], "mdi6.message-text-outline", group=4),
            row("view.welcome", "&Welcome page", self._desk.show_welcome, group=4),
        ]  # fmt: skip

    def _look_row(self, preference: Preference, title: str) -> ActionRow:
        chosen = partial(self._look_is, preference)
        return ActionRow(f"view.{preference}", title, partial(self.choose_look, preference), checked=chosen, group=3)

    def show_messages(self) -> None:
        """Show all that was said since the program began."""
        from app.editor.panels.toasts import MessagesDialog

        MessagesDialog(self._desk.history, self._desk.window).exec()

    # -- the canvas

    def fit(self) -> None:
        """Show the whole workflow."""
        if canvas := self._desk.canvas:
            canvas.fit()

    def zoom_in(self) -> None:
        """Show the canvas larger."""
        if canvas := self._desk.canvas:
            canvas.zoom_in()

    def zoom_out(self) -> None:
        """Show the canvas smaller."""
        if canvas := self._desk.canvas:
            canvas.zoom_out()

    def zoom_reset(self) -> None:
        """Show the canvas in its actual size."""
        if canvas := self._desk.canvas:
            canvas.zoom_reset()

    def toggle_minimap(self) -> None:
        """Show or hide the minimap of every canvas."""
        self._preferences.change(minimap=not self._minimap_shown())

    def _minimap_shown(self) -> bool:
        return self._preferences.values.minimap

    def toggle_costs(self, measure: Measure) -> None:
        """Show times, or memory, at the nodes of every canvas; once more hides them."""
        self._preferences.change(node_costs="off" if self._costs_are(measure) else measure)

    def _costs_are(self, measure: Measure) -> bool:
        return self._preferences.values.node_costs == measure

    def _hide_costs(self) -> None:
        self._preferences.change(node_costs="off")

    # -- light and dark

    def choose_look(self, preference: Preference) -> None:
        """Take light, dark, or what the system has; remembered."""
        look().choose(preference)
        self._preferences.change(appearance=preference)
        self._desk.look_again()

    @staticmethod
    def _look_is(preference: Preference) -> bool:
        return look().preference == preference

    # -- preferences

    def _follow(self, workspace: Workspace) -> None:
        workspace.canvas.costs_unwanted.connect(self._hide_costs)
        self._show_as_preferred(workspace, self._preferences.values)

    def _follow_preferences(self, values: Preferences) -> None:
        """Have what was chosen, here or in another window, take effect."""
        for workspace in self._desk.workspaces:
            self._show_as_preferred(workspace, values)
        self._docks.repository.set_recent(values.recent_nodes)
        if values.appearance != look().preference:
            look().choose(values.appearance)
        self._desk.look_again()

    @staticmethod
    def _show_as_preferred(workspace: Workspace, values: Preferences) -> None:
        workspace.canvas.show_minimap(values.minimap)
        workspace.canvas.show_costs(values.node_costs)
        workspace.canvas.set_snap(values.snap_to_grid)
