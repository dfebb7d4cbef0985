"""Reports that are written by a process of their own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document.model import NodeRecord, Workflow
from app.editor.report_process import ReportProcess
from app.report_request import ReportRequest

EMPTY = Workflow(name="Of nothing", nodes=[NodeRecord(id="rows", type="tables.table_creator")])


def test_a_report_tells_failures_and_what_has_no_result(qtbot: QtBot, tmp_path: Path) -> None:
    failures = {"rows": ("There is <no> room.", "Make some.")}
    request = ReportRequest(tmp_path / "out.html", EMPTY, tmp_path, tmp_path / "results", failures=failures)
    assert ReportRequest.of_text(request.to_text()).failures == failures
    process = ReportProcess(request, QApplication.instance())
    with qtbot.waitSignal(process.done, timeout=60_000):
        process.start()
    page = request.path.read_text(encoding="utf-8")
    assert "Of nothing" in page
    assert "There is &lt;no&gt; room." in page


def test_one_that_cannot_be_written_is_told_in_words(qtbot: QtBot, tmp_path: Path) -> None:
    process = ReportProcess(ReportRequest(tmp_path, EMPTY, tmp_path, tmp_path / "results"), QApplication.instance())
    with qtbot.waitSignal(process.failed, timeout=60_000) as waited:
        process.start()
    assert waited.args is not None
    assert waited.args[0].startswith(str(tmp_path))
    assert "Traceback" not in waited.args[0]
