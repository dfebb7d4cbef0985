"""A report that is written by a process of its own (`app.report.stored`), so that neither window nor engine waits for it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess, Signal

from app.editor.engine.process import module_command, module_environment
from app.report_request import ReportRequest


class ReportProcess(QObject):
    """One report in the making; it ends with its parent.

    Args:
        request: What is wanted.
        parent: The owner.
    """

    done = Signal()
    """The report is written."""
    failed = Signal(str)
    """It is not, for this reason."""

    def __init__(self, request: ReportRequest, parent: QObject) -> None:
        super().__init__(parent)
        self._request = request
        self._process = QProcess(self)
        program, *arguments = module_command("app.report")
        self._process.setProgram(program)
        self._process.setArguments(arguments)
        self._process.setProcessEnvironment(module_environment({}))
        self._process.setStandardErrorFile(QProcess.nullDevice())
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def start(self) -> None:
        """Begin; returns at once."""
        self._process.start()
        self._process.write(self._request.to_text().encode())
        self._process.closeWriteChannel()

    def _on_finished(self, code: int) -> None:
        said = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace").strip()
        if code == 0:
            self.done.emit()
        else:
            self.failed.emit(said or "The process that writes reports has ended.")
        self.deleteLater()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.failed.emit(self._process.errorString())
            self.deleteLater()
