"""The overview of keys and mouse, and changing keys: conflicts are named, choices outlive the window."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.editor.actions import ActionRow, ActionTable
from app.editor.canvas import connecting, gesture, gestures
from app.editor.explained import KEYS, MOUSE
from app.editor.fixed_keys import fixed_keys
from app.editor.keymap import Keymap
from app.editor.panels.shortcuts import EXPLAINED, ShortcutsDialog
from app.editor.preferences import PreferenceStore

LEFT, NONE, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
ROWS = [
    ActionRow("file.new", "&New", lambda: None, ["Ctrl+N"]),
    ActionRow("file.open", "&Open...", lambda: None, ["Ctrl+O"]),
    ActionRow("file.quiet", "No keys", lambda: None),
    ActionRow("node.configure", "&Configure", lambda: None, ["F6", "Shift+F6"], hint="Edit the settings."),
    ActionRow("node.run", "&Run to here", lambda: None, ["F7"]),
    ActionRow("node.rename", "Re&name", lambda: None, ["F2"], on_canvas=True),
]


@pytest.fixture
def store(tmp_path: Path) -> PreferenceStore:
    return PreferenceStore(tmp_path / "editor.json")


@pytest.fixture
def keymap(qtbot: QtBot, store: PreferenceStore) -> Iterator[Keymap]:
    window = QWidget()
    yield Keymap(ActionTable(window, window, ROWS), fixed_keys(), store)
    window.deleteLater()


@pytest.fixture
def dialog(qtbot: QtBot, keymap: Keymap) -> Iterator[ShortcutsDialog]:
    widget = ShortcutsDialog(keymap)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    widget.close()


def titles(dialog: ShortcutsDialog) -> list[str]:
    return [row.title for row in dialog.list.rows.rows]


def press(dialog: ShortcutsDialog, action: str, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Choose an action in the list, and press a new key for it."""
    dialog.list.select_key(action)
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    QTest.keyClick(dialog.key, key, modifiers)


def test_actions_are_grouped_by_menu_and_the_mouse_comes_after_them(dialog: ShortcutsDialog) -> None:
    expected = ["File", "New", "Open", "No keys", "Node", "Configure", "Run to here", "Rename", next(iter(EXPLAINED))]
    assert titles(dialog)[:9] == expected
    assert dialog.list.rows.rows[5].keys.split() == ["F6", "Shift+F6"]
    cuts = next(row for row in dialog.list.rows.rows if row.title == "Cut all wires that a line crosses")
    assert cuts.keys == "Alt+Shift+drag"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("confgure", "Configure"), ("f7", "Run to here"), ("ctrl+o", "Open"), ("cut wires", "Cut all wires that a line crosses")],
)
def test_found_by_name_and_by_key(dialog: ShortcutsDialog, qtbot: QtBot, typed: str, expected: str) -> None:
    qtbot.keyClicks(dialog.field, typed)
    assert titles(dialog)[0] == expected


def test_every_gesture_of_the_canvas_is_explained() -> None:
    made = {
        name
        for module in (gestures, connecting)
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, gesture.Gesture) and kind not in (gesture.Gesture, gesture.Press)
    }
    assert made == {each.gesture for each in MOUSE} - {""}


def test_a_free_key_is_used_at_once_and_kept(dialog: ShortcutsDialog, keymap: Keymap, store: PreferenceStore) -> None:
    press(dialog, "file.quiet", Qt.Key.Key_J, CTRL)
    assert dialog.said.text() == "Ctrl+J is free."
    QTest.mouseClick(dialog.use, LEFT)
    assert keymap._actions.keys("file.quiet") == ["Ctrl+J"]
    assert PreferenceStore(store.path).values.shortcuts == {"file.quiet": ["Ctrl+J"]}
    row = next(row for row in dialog.list.rows.rows if row.key == "file.quiet")
    assert (row.keys, row.trailing) == ("Ctrl+J", "changed")
    press(dialog, "file.quiet", Qt.Key.Key_K, CTRL)
    QTest.mouseClick(dialog.use_as_well, LEFT)
    assert keymap.keys("file.quiet") == ["Ctrl+J", "Ctrl+K"]


def test_a_key_that_another_one_has_is_taken_from_it_and_given_back(dialog: ShortcutsDialog, keymap: Keymap) -> None:
    press(dialog, "file.new", Qt.Key.Key_O, CTRL)
    assert dialog.said.text() == "Ctrl+O is the key of 'Open', which loses it."
    QTest.mouseClick(dialog.use, LEFT)
    assert (keymap.keys("file.new"), keymap.keys("file.open")) == (["Ctrl+O"], [])
    dialog.list.select_key("file.open")
    QTest.mouseClick(dialog.reset, LEFT)
    assert (keymap.keys("file.new"), keymap.keys("file.open")) == ([], ["Ctrl+O"])
    QTest.mouseClick(dialog.reset_all, LEFT)
    assert not any(keymap.is_changed(row.id) for row in ROWS)
    assert not dialog.reset_all.isEnabled()


@pytest.mark.parametrize(("key", "reason"), [(Qt.Key.Key_Space, "stays what it is"), (Qt.Key.Key_K, "typed into fields")])
def test_a_key_that_cannot_be_used_is_refused_with_the_reason(dialog: ShortcutsDialog, key: Qt.Key, reason: str) -> None:
    press(dialog, "node.run", key)
    assert reason in dialog.said.text()
    assert not dialog.use.isEnabled()


def test_a_letter_alone_may_be_a_key_of_the_canvas(dialog: ShortcutsDialog, keymap: Keymap) -> None:
    press(dialog, "node.rename", Qt.Key.Key_K)
    QTest.mouseClick(dialog.use, LEFT)
    assert keymap.keys("node.rename") == ["K"]


def test_escape_leaves_the_field_before_the_dialog(dialog: ShortcutsDialog) -> None:
    press(dialog, "node.run", Qt.Key.Key_J, CTRL)
    QTest.keyClick(dialog.key, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog.key.keySequence().isEmpty()
    QTest.keyClick(dialog.list, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_what_is_no_action_cannot_be_changed(dialog: ShortcutsDialog) -> None:
    dialog.list.select_key(f"explained: {KEYS[0].title}")
    assert not dialog.key.isEnabled()
    assert not dialog.use.isEnabled()


def test_another_windows_choice_holds_here_and_nonsense_is_passed_over(keymap: Keymap, store: PreferenceStore) -> None:
    other = PreferenceStore(store.path)
    other.change(shortcuts={"file.new": ["Ctrl+J", "no such key at all"], "of.a_newer_version": ["Ctrl+H"]})
    store.reload()
    assert keymap._actions.keys("file.new") == ["Ctrl+J"]
    keymap.give("file.open", "Ctrl+J")
    assert store.values.shortcuts == {"of.a_newer_version": ["Ctrl+H"], "file.new": [], "file.open": ["Ctrl+J"]}
