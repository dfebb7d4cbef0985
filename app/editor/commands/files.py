"""Files: new, open, save, close, recent ones, what was lost in a crash, what others changed meanwhile.

Nothing is lost without the person's word: closing asks, saving looks whether another program changed the file, and every edit
is in a journal until it is saved.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

from app import journal
from app.document.arrange import with_places
from app.document.file import is_newer, load, save
from app.document.file_state import FileState
from app.document.model import Workflow
from app.document.problems import DocumentError
from app.document.relocation import relocated
from app.editor.actions import ActionRow, MenuRow, SubmenuRow
from app.editor.desk import Desk
from app.editor.visible_text import plain_tip
from app.editor.workspace import Workspace
from app.folders import examples

PATTERN = "Workflows (*.workflow.json);;All files (*)"
SUFFIX = ".workflow.json"
SYNC_MS = 1000
"""How often what was edited is made to survive a power cut, too."""


class FileCommands:
    """Opens, saves and closes workflows.

    Args:
        desk: The open workflows; what is opened is shown there.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._preferences = desk.services.preferences
        self._untitled = 0
        self._sync = QTimer(desk, interval=SYNC_MS)
        self._sync.timeout.connect(self._sync_journals)
        self._sync.start()

    def rows(self) -> list[MenuRow]:
        """Return the declared actions."""
        row, is_open = ActionRow, self._desk.is_open
        return [
            row("file.new", "&New workflow", self.new, ["Ctrl+N"], "mdi6.file-plus-outline"),
            row(
                "file.open", "&Open...", self.open_dialog, ["Ctrl+O"], "mdi6.folder-open-outline",
                hint="Open a workflow", toolbar=1,
            ),
            SubmenuRow("file.recent", "Open &recent", self.fill_recent),
            SubmenuRow("file.examples", "E&xamples", self.fill_examples),
            row(
                "file.save", "&Save", self.save, ["Ctrl+S"], "mdi6.content-save-outline", is_open,
                hint="Save the workflow", group=2, toolbar=1,
            ),
            row("file.save_as", "Save &as...", self.save_as, ["Ctrl+Shift+S"], enabled=is_open, group=2),
            row("file.close", "&Close", self.close, ["Ctrl+W"], group=2),
        ]  # fmt: skip

    # -- opening

    def new(self) -> Workspace:
        """Open an empty workflow."""
        self._untitled += 1
        title = "untitled" if self._untitled == 1 else f"untitled {self._untitled}"
        return self._show(Workspace(self._desk.services, Workflow(), None, self._preferences.last_folder(), title, own=True))

    def open_dialog(self) -> None:
        """Ask for files, and open them."""
        names, _ = QFileDialog.getOpenFileNames(
            self._desk.window, "Open a workflow", str(self._preferences.last_folder()), PATTERN
        )
        for name in names:
            self.open(Path(name))

    def open(self, path: Path) -> Workspace | None:
        """Open a file, or show the tab where it is open already; None, with a message, if it cannot be read."""
        path = path.resolve()
        for workspace in self._desk.workspaces:
            if workspace.path and workspace.path.resolve() == path:
                self._desk.show(workspace)
                return workspace
        state = FileState.of(path)
        try:
            workflow = load(path, newer=True)
        except DocumentError as error:
            self._refuse(f"{path.name} was not opened", error)
            return None
        workflow = with_places(workflow, self._desk.services.catalog)
        services = self._desk.services
        workspace = Workspace(services, workflow, path, path.parent, own=services.own.has(path))
        workspace.file_state = state
        self._remember(path)
        self._show(workspace)
        if is_newer(workflow):
            self._desk.say(
                f"{path.name} was written by a newer version of Layerloom ({workflow.app_version or 'unknown'}). What this "
                "version does not know is kept as it is, also when you save; update Layerloom to see and run all of it.",
                "warning",
                key=f"newer {workspace.id}",
            )
        return workspace

    def open_example(self, path: Path) -> Workspace | None:
        """Open an example as a workflow of its own: saving asks for a place, the example stays as it is."""
        try:
            workflow = load(path)
        except DocumentError as error:
            self._refuse(f"{path.name} was not opened", error)
            return None
        title = path.name.removesuffix(SUFFIX)
        return self._show(Workspace(self._desk.services, workflow, None, path.resolve().parent, title, own=True))

    def _show(self, workspace: Workspace) -> Workspace:
        self._keep_journal(workspace)
        self._desk.open(workspace)
        if renumbered := workspace.document.renumbered:
            names = ", ".join(f"{old} is now {new}" for new, old in renumbered.items())
            self._desk.say(f"Some nodes in the file had the same id: {names}. Their wires stayed with the first.", "warning")
        return workspace

    # -- saving

    def save(self, workspace: Workspace | None = None) -> bool:
        """Save to the workflow's file, asking for one if it has none; False if it was not saved."""
        workspace = workspace or self._desk.current
        if workspace is None:
            return False
        if workspace.path is None:
            return self.save_as(workspace)
        state = workspace.file_state
        if state is not None and state.changed() and not self._overwrite(workspace.path):
            return False
        return self._write(workspace, workspace.path)

    def save_as(self, workspace: Workspace | None = None) -> bool:
        """Ask for a name, and save under it; relative paths in the workflow go on meaning the same files."""
        workspace = workspace or self._desk.current
        if workspace is None:
            return False
        proposed = workspace.path or self._preferences.last_folder() / f"{workspace.title}{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self._desk.window, "Save the workflow", str(proposed), PATTERN)
        if not name:
            return False
        path = Path(name)
        if not path.name.endswith(".json"):
            path = path.with_name(path.name + SUFFIX)
        return self._write(workspace, path)

    def _write(self, workspace: Workspace, path: Path) -> bool:
        catalog = self._desk.services.catalog
        workflow = relocated(workspace.document.workflow(), catalog, workspace.folder, path.resolve().parent)
        try:
            save(workflow, path)
        except DocumentError as error:
            self._refuse(f"{workspace.title} was not saved", error)
            return False
        if workspace.own:
            self._desk.services.own.add(path)
            if problem := self._desk.services.own.problem:
                self._desk.say_once(problem)
        workspace.file_state = FileState.of(path)
        if workspace.path is None or workspace.path.resolve() != path.resolve():
            workspace.document.become(workflow, "Save under another name")
            workspace.moved_to(path)
        workspace.saved()
        self._keep_journal(workspace)
        self._remember(path)
        return True

    def _overwrite(self, path: Path) -> bool:
        answer = QMessageBox.warning(
            self._desk.window,
            "The file was changed",
            f"{path.name} was changed by another program since you opened it.\n\nSave over those changes?",
            QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return answer == QMessageBox.StandardButton.Save

    # -- closing

    def close(self, workspace: Workspace | None = None) -> bool:
        """Close a workflow (or the welcome page, if that is in front), asking first if something would be lost.

        Returns:
            Whether it is closed.
        """
        workspace = workspace or self._desk.current
        if workspace is None:
            self._desk.hide_welcome()
            return False
        if workspace.unsaved:
            self._desk.show(workspace)
            box = QMessageBox(
                QMessageBox.Icon.Question,
                "Save the changes?",
                f"{workspace.title} has changes that are not saved.",
                QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel,
                self._desk.window,
            )
            box.setInformativeText("Save them, or they are lost.")
            box.setDefaultButton(QMessageBox.StandardButton.Save)
            answer = box.exec()
            if answer == QMessageBox.StandardButton.Cancel:
                return False
            if answer == QMessageBox.StandardButton.Save and not self.save(workspace):
                return False
        self._desk.close(workspace)
        if workspace.journal is not None:
            workspace.journal.remove()
            workspace.journal = None
        workspace.close()
        return True

    def close_all(self) -> bool:
        """Close every workflow; False as soon as one stays open."""
        return all(self.close(workspace) for workspace in list(self._desk.workspaces))

    # -- the journal, and what was lost

    def _keep_journal(self, workspace: Workspace) -> None:
        """Begin the journal anew at the state that is saved (or was just opened)."""
        if workspace.journal is not None:
            workspace.journal.remove()
        workspace.journal = journal.Journal.start(
            workspace.document,
            workspace.path,
            workspace.title,
            on_problem=self._desk.say_once,
            file_state=workspace.file_state,
        )

    def _sync_journals(self) -> None:
        for workspace in self._desk.workspaces:
            if workspace.journal is not None:
                workspace.journal.sync()

    def offer_recovery(self) -> None:
        """If a window died with edits that were not saved, let the person choose what to restore."""
        lost = journal.recoverable(self._desk.say_once)
        if not lost:
            return
        from app.editor.panels.recovery_dialog import RecoveryDialog

        dialog = RecoveryDialog(lost, self._desk.window)
        dialog.restore_requested.connect(self.restore)
        dialog.open()

    def restore(self, lost: journal.Lost) -> None:
        """Open what was lost, as edits that are not saved yet."""
        try:
            workflow = lost.workflow()
        except DocumentError as error:
            self._refuse("It cannot be restored", error)
            return
        folder = lost.path.parent if lost.path else self._preferences.last_folder()
        own = lost.path is None or self._desk.services.own.has(lost.path)
        workspace = Workspace(self._desk.services, workflow, lost.path, folder, lost.name, own=own)
        workspace.file_state = lost.file_state
        workspace.document.mark_unsaved()
        self._show(workspace)
        lost.discard()

    # -- what others changed

    def look_outside(self) -> None:
        """Ask what to do where another program changed or removed an open file; for when the window comes to the front."""
        for workspace in self._desk.workspaces:
            state = workspace.file_state
            if state is None or workspace.path is None or not state.changed():
                continue
            if not workspace.path.exists():
                self._desk.say(
                    f"{workspace.path.name} is gone from its folder. Save the workflow to write it again.", "warning",
                    key=f"gone {workspace.id}", place=workspace.id,
                )  # fmt: skip
                continue
            self._desk.ask(
                f"{workspace.path.name} was changed by another program.",
                [("Load its version", partial(self.reload, workspace)), ("Keep mine", lambda: None)],
                key=f"changed {workspace.id} {state.current_signature()}",
                place=workspace.id,
            )

    def reload(self, workspace: Workspace) -> None:
        """Take the file's present content; what was in the window can be had back by undo."""
        assert workspace.path is not None
        state = FileState.of(workspace.path)
        try:
            workflow = load(workspace.path)
        except DocumentError as error:
            self._refuse(f"{workspace.path.name} was not loaded", error)
            return
        workspace.document.become(workflow, "Load the changed file")
        workspace.belongs(self._desk.services.own.has(workspace.path))
        workspace.file_state = state
        workspace.saved()
        self._keep_journal(workspace)

    # -- recent files

    def fill_recent(self, menu: QMenu) -> None:
        """Put the recent files into a menu."""
        menu.setToolTipsVisible(True)
        for path in self._preferences.values.recent_files:
            action = menu.addAction(Path(path).name.removesuffix(SUFFIX))
            action.setToolTip(plain_tip(path))
            action.setEnabled(Path(path).exists())
            action.triggered.connect(lambda _=False, p=path: self.open(Path(p)))
        if menu.isEmpty():
            menu.addAction("Nothing was opened yet").setEnabled(False)

    def fill_examples(self, menu: QMenu) -> None:
        """Put the examples into a menu; each opens as a workflow of its own."""
        for example in examples():
            name = example.name.removesuffix(SUFFIX)
            menu.addAction(name).triggered.connect(lambda _=False, p=example: self.open_example(p))

    def _remember(self, path: Path) -> None:
        self._preferences.remember_file(path)

    def _refuse(self, title: str, error: DocumentError) -> None:
        box = QMessageBox(QMessageBox.Icon.Warning, title, f"{title}.", QMessageBox.StandardButton.Ok, self._desk.window)
        box.setInformativeText(f"{error.message} {error.remedy}".strip())
        box.exec()
