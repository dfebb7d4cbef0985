"""The preferences, with a real file and a real store of results."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from app.editor.application import scale_interface
from app.editor.look import look
from app.editor.panels.preferences_dialog import PreferencesDialog
from app.editor.preferences import PreferenceStore
from app.engine.store import DEFAULT_LIMIT, Store
from nodes.wording import file_size


@pytest.fixture
def store(tmp_path: Path) -> PreferenceStore:
    return PreferenceStore(tmp_path / "config" / "editor.json")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "stored"
    Store(folder)
    kept = folder / "results" / "ab" / "abc"
    kept.mkdir(parents=True)
    (kept / "data").write_bytes(b"x" * 3_000_000)
    return folder


@pytest.fixture
def dialog(qtbot: QtBot, store: PreferenceStore, results: Path) -> Iterator[PreferencesDialog]:
    before = look().preference
    widget = PreferencesDialog(store, results=results)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    yield widget
    widget.close()
    look().choose(before)


def test_every_choice_holds_at_once(dialog: PreferencesDialog, store: PreferenceStore, qtbot: QtBot) -> None:
    qtbot.mouseClick(dialog.appearance["dark"], Qt.MouseButton.LeftButton)
    assert look().colors.dark
    qtbot.mouseClick(dialog.switches["minimap"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.switches["show_advanced"], Qt.MouseButton.LeftButton)
    dialog.limit.setFocus()
    dialog.limit.selectAll()
    qtbot.keyClicks(dialog.limit, "5")
    qtbot.keyClick(dialog.limit, Qt.Key.Key_Return)
    assert dialog.isVisible()
    saved = PreferenceStore(store.path).values
    assert (saved.appearance, saved.minimap, saved.show_advanced, saved.results_limit_gb) == ("dark", False, True, 5.0)


def test_the_interface_is_as_large_as_chosen_from_the_next_start_on(
    dialog: PreferencesDialog, store: PreferenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog.scale.setCurrentIndex(dialog.scale.findData(1.5))
    assert PreferenceStore(store.path).values.interface_scale == 1.5
    monkeypatch.delenv("QT_SCALE_FACTOR", raising=False)
    scale_interface(1.0)
    assert "QT_SCALE_FACTOR" not in os.environ
    code = "from PySide6.QtWidgets import QApplication; print(QApplication([]).primaryScreen().devicePixelRatio())"
    with monkeypatch.context() as environment:
        environment.setenv("QT_SCALE_FACTOR", "")
        environment.delenv("QT_SCALE_FACTOR")
        scale_interface(1.5)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        del os.environ["QT_SCALE_FACTOR"]
    assert done.stdout.strip() == "1.5"


def test_it_begins_with_what_is_stored(qtbot: QtBot, store: PreferenceStore, results: Path) -> None:
    store.change(appearance="light", minimap=False, results_limit_gb=7.5)
    dialog = PreferencesDialog(store, results=results)
    qtbot.addWidget(dialog)
    assert dialog.appearance["light"].isChecked()
    assert not dialog.switches["minimap"].isChecked()
    assert dialog.limit.text() == dialog.limit.locale().toString(7.5)
    dialog.close()


def test_stored_results_are_counted_and_emptied_after_asking(dialog: PreferencesDialog, results: Path, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "MB" in dialog.size_text.text(), timeout=10_000)

    def answer(text: str) -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        button = next(b for b in box.buttons() if text in b.text())
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, lambda: answer("Cancel"))
    qtbot.mouseClick(dialog.empty_button, Qt.MouseButton.LeftButton)
    assert (results / "results" / "ab").exists()
    with qtbot.waitSignal(dialog.results_emptied, timeout=10_000):
        QTimer.singleShot(0, lambda: answer("Empty"))
        qtbot.mouseClick(dialog.empty_button, Qt.MouseButton.LeftButton)
    assert not (results / "results" / "ab").exists()
    qtbot.waitUntil(lambda: "stored now" in dialog.size_text.text() and "MB" not in dialog.size_text.text(), timeout=10_000)


def test_the_limit_means_the_unit_that_it_says(dialog: PreferencesDialog, store: PreferenceStore) -> None:
    units = [label.text() for label in dialog.findChildren(QLabel)]
    assert "GB" in units
    assert store.values.results_limit_gb * 10**9 == DEFAULT_LIMIT
    assert file_size(DEFAULT_LIMIT) == "20.0 GB", "sizes are told in the same unit"
