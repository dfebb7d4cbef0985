"""Tabs: going from one open workflow to the next, and what can be done with a workflow's tab."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMenu

from app.editor.actions import ActionRow, ActionTable
from app.editor.commands.files import FileCommands
from app.editor.desk import Desk
from app.editor.workspace import Workspace


class TabCommands:
    """What is done with the tabs of workflows.

    Args:
        desk: The open workflows.
        files: Saves and closes them.
        actions: Returns the actions of the window, whose keys the menu of a tab shows.
    """

    def __init__(self, desk: Desk, files: FileCommands, actions: Callable[[], ActionTable]) -> None:
        self._desk, self._files, self._actions = desk, files, actions

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        here = partial(partial, self._with_current)
        return [
            ActionRow("file.close_others", "Close the ot&hers", here(self.close_others), enabled=self._has_others, group=2),
            ActionRow("file.copy_path", "Copy the pa&th", here(self.copy_path), ["Ctrl+Alt+C"], enabled=self._has_file, group=2),
            ActionRow(
                "file.show_in_folder", "Sho&w in folder", here(self.show_in_folder), ["Ctrl+Alt+R"], enabled=self._has_file,
                group=2,
            ),
            ActionRow("view.next_tab", "N&ext workflow", partial(self.step, 1), ["Ctrl+Tab", "Ctrl+PgDown"],
                      enabled=self._has_others, group=4),
            ActionRow("view.previous_tab", "P&revious workflow", partial(self.step, -1), ["Ctrl+Shift+Tab", "Ctrl+PgUp"],
                      enabled=self._has_others, group=4),
        ]  # fmt: skip

    def step(self, by: int) -> None:
        """Bring the workflow so many tabs to the right to the front; behind the last one comes the first."""
        workspaces, current = self._desk.workspaces, self._desk.current
        if not workspaces:
            return
        place = workspaces.index(current) + by if current is not None else 0
        self._desk.show(workspaces[place % len(workspaces)])

    def close_others(self, workspace: Workspace) -> None:
        """Close all other workflows, asking where something would be lost; stop at the first that stays open."""
        others = [other for other in self._desk.workspaces if other is not workspace]
        if all(self._files.close(other) for other in others):
            self._desk.show(workspace)

    def copy_path(self, workspace: Workspace) -> None:
        """Put the path of a workflow's file on the clipboard."""
        if workspace.path is not None:
            QApplication.clipboard().setText(str(workspace.path))

    def show_in_folder(self, workspace: Workspace) -> None:
        """Open the folder of a workflow's file."""
        if workspace.path is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(workspace.path.parent))):
            self._desk.say(f"No program opens folders here. The file is {workspace.path}.")

    def open_menu(self, workspace: Workspace, at: QPoint) -> None:
        """Offer all that can be done with a workflow's tab."""
        menu = QMenu(self._desk.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        others, saved = len(self._desk.workspaces) > 1, workspace.path is not None
        entries: list[tuple[str, str, Callable[[Workspace], object], bool] | None] = [
            ("Save", "file.save", self._files.save, True),
            None,
            ("Close", "file.close", self._files.close, True),
            ("Close the others", "file.close_others", self.close_others, others),
            ("Close all", "", lambda _: self._files.close_all(), True),
            None,
            ("Copy the path", "file.copy_path", self.copy_path, saved),
            ("Show in folder", "file.show_in_folder", self.show_in_folder, saved),
        ]
        for entry in entries:
            if entry is None:
                menu.addSeparator()
                continue
            title, action_id, call, enabled = entry
            key = self._actions().key(action_id) if action_id else ""
            action = menu.addAction(f"{title}\t{key}" if key else title)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, call=call: call(workspace))
        menu.popup(at)

    # -- when it makes sense

    def _with_current(self, call: Callable[[Workspace], object]) -> None:
        if workspace := self._desk.current:
            call(workspace)

    def _has_others(self) -> bool:
        return len(self._desk.workspaces) > 1

    def _has_file(self) -> bool:
        return self._desk.current is not None and self._desk.current.path is not None
