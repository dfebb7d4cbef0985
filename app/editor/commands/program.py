"""The program as a whole: its preferences, and leaving it."""

from __future__ import annotations

from app.editor.actions import ActionRow
from app.editor.desk import Desk


class ProgramCommands:
    """What concerns no single workflow.

    Args:
        desk: The window and the preferences.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        return [
            ActionRow("file.preferences", "Pre&ferences...", self.show_preferences, ["Ctrl+,"], "mdi6.cog-outline", group=4),
            ActionRow("file.quit", "&Quit", self._desk.window.close, ["Ctrl+Q"], group=4),
        ]

    def show_preferences(self) -> None:
        """Let the person choose how the editor looks and behaves."""
        from app.editor.panels.preferences_dialog import PreferencesDialog

        services = self._desk.services
        dialog = PreferencesDialog(services.preferences, self._desk.window, services.results)
        dialog.results_emptied.connect(self._desk.refresh_engine)
        dialog.exec()
        dialog.deleteLater()
