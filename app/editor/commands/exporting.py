"""Exporting: the canvas of the workflow in front as a picture or a drawing, and its results as a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from app.document.problems import DocumentError
from app.editor.actions import ActionRow
from app.editor.desk import Desk
from app.editor.panels.message_bar import Button
from app.editor.report_process import ReportProcess
from app.editor.workspace import Workspace
from app.report_request import ReportRequest


class ExportCommands:
    """Saves canvases and reports as files that other programs read.

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
            ActionRow(
                "file.export_report", "&Export report...", self.export_report, enabled=is_open, group=3,
                hint="The results that are there as one page: scores, curves, the picture of the workflow, every node",
            ),
        ]  # fmt: skip

    def export_png(self) -> None:
        """Save the canvas as a picture."""
        self._export("PNG pictures (*.png)", ".png", lambda workspace, path: workspace.canvas.export_png(path, 2.0))

    def export_svg(self) -> None:
        """Save the canvas as a drawing."""
        self._export("SVG drawings (*.svg)", ".svg", lambda workspace, path: workspace.canvas.export_svg(path))

    def export_report(self) -> None:
        """Save what is stored of the workflow in front as one page, by a process that computes nothing."""
        workspace = self._desk.current
        path = self._asked_for(workspace, "Export report", "Web pages (*.html)", ".html") if workspace else None
        if workspace is None or path is None:
            return
        failures = {
            node_id: (status.problems[-1].message, status.problems[-1].remedy)
            for node_id, status in workspace.statuses.items()
            if status.state == "failed" and status.problems
        }
        results = self._desk.services.results
        request = ReportRequest(path, workspace.document.workflow(), workspace.folder, results, workspace.own, failures)
        process = ReportProcess(request, self._desk)
        key, place = f"report {path}", workspace.id

        def written() -> None:
            show: Button = ("Open", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))))
            self._desk.ask(f"The report was saved as {path.name}.", [show], key=key, severity="info", place=place)

        def not_written(reason: str) -> None:
            self._desk.say(f"The report was not saved. {reason}", "error", key=key, place=place)

        process.done.connect(written)
        process.failed.connect(not_written)
        self._desk.say(f"The report {path.name} is being written ...", key=key)
        process.start()

    def _asked_for(self, workspace: Workspace, title: str, pattern: str, suffix: str) -> Path | None:
        """The file that the person names; None if they think better of it."""
        proposed = self._desk.services.preferences.last_folder() / f"{workspace.title}{suffix}"
        name, _ = QFileDialog.getSaveFileName(self._desk.window, title, str(proposed), pattern)
        if not name:
            return None
        return Path(name) if Path(name).suffix else Path(name + suffix)

    def _export(self, pattern: str, suffix: str, write: Callable[[Workspace, Path], object]) -> None:
        workspace = self._desk.current
        path = self._asked_for(workspace, "Export the canvas", pattern, suffix) if workspace else None
        if workspace is None or path is None:
            return
        try:
            write(workspace, path)
        except DocumentError as error:
            self._desk.say(f"{error.message} {error.remedy}", "error")
        else:
            self._desk.say(f"The canvas was saved as {path.name}.")
