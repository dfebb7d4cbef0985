"""Paths: a line with Browse, relative to the workflow's folder where the file is inside it; files can be dragged in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.editor.config.dialog_context import DialogContext
from app.editor.config.simple import TextControl
from app.editor.config.widgets import IconButton


def stored_path(path: str, folder: Path) -> str:
    """Return a chosen file as a workflow in `folder` should store it: relative where it is inside, with / on every system."""
    chosen = Path(path)
    try:
        return chosen.resolve().relative_to(folder.resolve()).as_posix()
    except (ValueError, OSError):
        return chosen.as_posix()


class PathLine(QLineEdit):
    """A line into which a file can be dragged."""

    def __init__(self, context: DialogContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the first file."""
        local = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if not local:
            super().dropEvent(event)
            return
        self.put(local[0])
        event.acceptProposedAction()

    def put(self, path: str) -> None:
        """Replace the text by a chosen path, as if it had been typed."""
        self.selectAll()
        self.insert(stored_path(path, self._context.node.folder))
        self.textEdited.emit(self.text())


class PathControl(TextControl):
    """A file or folder to read or to write.

    Args:
        use: `read file`, `read folder`, `write file` or `write folder`.
        context: Knows the workflow's folder.
        optional: Whether an empty line means no path at all.
    """

    def __init__(self, use: str, context: DialogContext, parent: QWidget | None = None, *, optional: bool = False) -> None:
        line = PathLine(context)
        super().__init__(None, parent, optional=optional, line=line)
        self._use = use
        self._context = context
        self._put = line.put
        self.dialog: QFileDialog | None = None
        line.setPlaceholderText(line.placeholderText() or "Drop or browse")
        line.setToolTip("Relative to the workflow's folder, or absolute; ${name} stands for a workflow variable")
        self.browse = IconButton("mdi6.folder-open-outline", "Browse")
        self.browse.clicked.connect(self._browse)
        self._layout.addWidget(self.browse)

    def set_name(self, name: str) -> None:
        """Name the line and its button."""
        super().set_name(name)
        self.browse.setAccessibleName(f"{name}: browse")

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Choose a folder" if "folder" in self._use else "Choose a file", str(self._start()))
        if "folder" in self._use:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        elif self._use.startswith("write"):
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # the node has a setting for that
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._put)
        self.dialog = dialog
        dialog.open()

    def _start(self) -> Path:
        """Return the folder of the present path, if it is there, else the workflow's."""
        folder = self._context.node.folder
        present = (folder / self.line.text()).parent
        return present if self.line.text() and present.is_dir() else folder
