"""After a crash: real journals are offered back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.file import save
from app.document.model import Workflow
from app.editor.panels.recovery_dialog import RecoveryDialog, ago
from app.journal import Journal, Lost, recoverable
from tests.catalog import CATALOG


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Lost]:
    """Two workflows with unsaved edits, as an editor that was killed leaves them behind."""
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "home"))
    file = tmp_path / "saved.workflow.json"
    save(Workflow(), file)
    for path, title in ((file, "saved"), (None, "untitled")):
        document = Document(Workflow(), CATALOG)
        journal = Journal.start(document, path, title)
        document.subscribe(journal.append)
        document.add_node("keras.dense", (0.0, 0.0))
        journal.close()
    return recoverable()


@pytest.fixture
def dialog(qtbot: QtBot, lost: list[Lost]) -> RecoveryDialog:
    widget = RecoveryDialog(lost)
    widget.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_each_is_restored_or_discarded_by_itself(dialog: RecoveryDialog, lost: list[Lost], qtbot: QtBot) -> None:
    by_name = {card.lost.name: card for card in dialog.cards}
    with qtbot.waitSignal(dialog.restore_requested) as asked:
        qtbot.mouseClick(by_name["saved"].restore_button, Qt.MouseButton.LeftButton)
    restored: Lost = asked.args[0]
    assert [record.type for record in restored.workflow().nodes] == ["keras.dense"]
    assert dialog.isVisible()
    qtbot.mouseClick(by_name["untitled"].discard_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    assert [one.name for one in recoverable()] == ["saved"]  # whoever restores it discards it


def test_later_loses_nothing(dialog: RecoveryDialog, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(dialog.restore_requested):
        qtbot.mouseClick(dialog.later_button, Qt.MouseButton.LeftButton)
    assert len(recoverable()) == 2


def test_all_at_once(dialog: RecoveryDialog, qtbot: QtBot) -> None:
    names: list[str] = []
    dialog.restore_requested.connect(lambda one: names.append(one.name))
    qtbot.mouseClick(dialog.all_button, Qt.MouseButton.LeftButton)
    assert sorted(names) == ["saved", "untitled"]
    assert not dialog.isVisible()


def test_a_changed_file_is_said(qtbot: QtBot, lost: list[Lost]) -> None:
    path = next(one.path for one in lost if one.path)
    path.write_text(path.read_text() + "\n", encoding="utf-8")
    dialog = RecoveryDialog(lost)
    qtbot.addWidget(dialog)
    notes = {card.lost.name: card._notes() for card in dialog.cards}
    assert "was changed since" in notes["saved"][0]
    assert notes["untitled"] == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (90000, "1 day ago")]
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert ago(seconds) == words
