"""Saving what is seen: a button and a menu with PNG, SVG, CSV and copy, for every view alike.

A file is made and written beside the GUI thread, and replaces an older one only when it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QToolButton, QWidget

from app.document.atomic_writing import write_atomically
from app.editor.look import look
from app.editor.views.background import in_background


@dataclass(frozen=True)
class Export:
    """One way to save what is seen.

    Attributes:
        kind: `PNG`, `SVG`, `CSV`.
        make: Gives the file's content; called in the background.
    """

    kind: str
    make: Callable[[], bytes]

    @property
    def suffix(self) -> str:
        """Of its files: `.png`."""
        return f".{self.kind.lower()}"


@dataclass(frozen=True)
class Exports:
    """All that a view offers to save and to copy at this moment.

    Attributes:
        name: What it shows: becomes the file's name.
        files: The ways to save it.
        image: Gives it as a picture for the clipboard; called in the GUI thread.
        text: Gives its data as text for the clipboard, separated by tabs; called in the GUI thread.
    """

    name: str
    files: Sequence[Export] = ()
    image: Callable[[], QImage] | None = None
    text: Callable[[], str] | None = None


class ExportButton(QToolButton):
    """A button whose menu saves and copies what a view shows.

    Args:
        exports: Gives what is offered now; None where there is nothing to save.
        parent: The view.
    """

    saved = Signal(Path)
    """A file was written."""

    def __init__(self, exports: Callable[[], Exports | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exports = exports
        self._path = Path()
        self.setAccessibleName("Save or copy")
        self.setToolTip("Save as picture or data, or copy")
        self.setIconSize(QSize(17, 17))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self._menu.aboutToShow.connect(self._fill)
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        """Other colours need another icon."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        self.setIcon(look().icon("mdi6.tray-arrow-down", look().colors.muted))

    def filled_menu(self) -> QMenu:
        """Return the menu as it is now: also a view's context menu."""
        self._fill()
        return self._menu

    def _fill(self) -> None:
        self._menu.clear()
        exports = self._exports()
        if exports is None:
            self._menu.addAction("There is nothing to save yet").setEnabled(False)
            return
        for export in exports.files:
            action = self._menu.addAction(look().icon(_ICONS.get(export.kind, "mdi6.file")), f"Save as {export.kind} …")
            action.setData(export)
            action.triggered.connect(self._choose)
        if exports.image or exports.text:
            self._menu.addSeparator()
        if exports.image:
            self._menu.addAction(look().icon("mdi6.image-outline"), "Copy picture", self.copy_image)
        if exports.text:
            self._menu.addAction(look().icon("mdi6.content-copy"), "Copy data", self.copy_text)

    def copy_image(self) -> None:
        """Put the picture into the clipboard."""
        exports = self._exports()
        if exports and exports.image:
            QGuiApplication.clipboard().setImage(exports.image())

    def copy_text(self) -> None:
        """Put the data into the clipboard, as spreadsheets take it."""
        exports = self._exports()
        if exports and exports.text:
            QGuiApplication.clipboard().setText(exports.text())

    def _choose(self) -> None:
        action = self.sender()
        export = action.data() if isinstance(action, QAction) else None
        exports = self._exports()
        if not isinstance(export, Export) or exports is None:
            return
        name = re.sub(r"[^\w.-]+", "-", exports.name).strip("-") or "figure"
        suggested = str(Path(name).with_suffix("")) + export.suffix
        chosen, _ = QFileDialog.getSaveFileName(
            self.window(), f"Save as {export.kind}", suggested, f"{export.kind} (*{export.suffix})"
        )
        if chosen:
            path = Path(chosen)
            self.save(export, path if path.suffix else path.with_suffix(export.suffix))

    def save(self, export: Export, path: Path) -> None:
        """Write one of the exports; `saved` follows, or a message that tells why not."""

        def write() -> Path:
            write_atomically(path, export.make())
            return path

        in_background(write, self._on_saved, self._on_failed)

    def _on_saved(self, path: Path) -> None:
        self.saved.emit(path)

    def _on_failed(self, error: Exception) -> None:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        box = QMessageBox(
            QMessageBox.Icon.Warning, "Not saved", f"The file could not be written: {reason}.", parent=self.window()
        )
        box.setInformativeText("Choose another folder, or make room on the disk.")
        box.open()


_ICONS = {"PNG": "mdi6.file-image-outline", "SVG": "mdi6.vector-curve", "CSV": "mdi6.file-delimited-outline"}
