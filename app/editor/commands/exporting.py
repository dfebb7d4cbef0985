"""Exporting: the canvas of the workflow in front as a picture or a drawing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from app.document.problems import DocumentError
from app.editor.actions import ActionRow
from app.editor.desk import Desk
from app.editor.workspace import Workspace


class ExportCommands:
    """Saves canvases as files that other programs read.

    Args:
        desk: The workflow in front.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        is_open = self._desk.is_open
        return [
            ActionRow("file.export_png", "Export the canvas as &PNG...", self.export_png, enabled=is_open, group=3),
            ActionRow("file.export_svg", "Export the canvas as S&VG...", self.export_svg, enabled=is_open, group=3),
        ]

    def export_png(self) -> None:
        """Save the canvas as a picture."""
        self._export("PNG pictures (*.png)", ".png", lambda workspace, path: workspace.canvas.export_png(path, 2.0))

    def export_svg(self) -> None:
        """Save the canvas as a drawing."""
        self._export("SVG drawings (*.svg)", ".svg", lambda workspace, path: workspace.canvas.export_svg(path))

    def _export(self, pattern: str, suffix: str, write: Callable[[Workspace, Path], object]) -> None:
        workspace = self._desk.current
        if workspace is None:
            return
        proposed = self._desk.services.preferences.last_folder() / f"{workspace.title}{suffix}"
        name, _ = QFileDialog.getSaveFileName(self._desk.window, "Export the canvas", str(proposed), pattern)
        if not name:
            return
        path = Path(name) if Path(name).suffix else Path(name + suffix)
        try:
            write(workspace, path)
        except DocumentError as error:
            self._desk.say(f"{error.message} {error.remedy}", "error")
        else:
            self._desk.say(f"The canvas was saved as {path.name}.")
