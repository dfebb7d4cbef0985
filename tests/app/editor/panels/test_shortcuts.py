"""The overview of shortcuts."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.editor.actions import ActionRow
from app.editor.panels.shortcuts import ShortcutsDialog

ROWS = [
    ActionRow("file.new", "&New", lambda: None, ["Ctrl+N"]),
    ActionRow("file.open", "&Open...", lambda: None, ["Ctrl+O"]),
    ActionRow("file.quiet", "No keys", lambda: None),
    ActionRow("node.configure", "&Configure", lambda: None, ["F6", "Return"], hint="Edit the settings."),
    ActionRow("node.run", "&Run to here", lambda: None, ["F7"]),
]


@pytest.fixture
def dialog(qtbot: QtBot) -> ShortcutsDialog:
    widget = ShortcutsDialog(ROWS)
    qtbot.addWidget(widget)
    widget.show()
    return widget


def titles(dialog: ShortcutsDialog) -> list[str]:
    return [row.title for row in dialog.list.rows.rows]


def test_actions_with_keys_are_grouped_by_menu(dialog: ShortcutsDialog) -> None:
    assert titles(dialog) == ["File", "New", "Open", "Node", "Configure", "Run to here"]
    assert dialog.list.rows.rows[4].keys.split() == ["F6", "Return"]


@pytest.mark.parametrize(("typed", "expected"), [("confgure", "Configure"), ("f7", "Run to here"), ("ctrl+o", "Open")])
def test_found_by_name_and_by_key(dialog: ShortcutsDialog, qtbot: QtBot, typed: str, expected: str) -> None:
    qtbot.keyClicks(dialog.field, typed)
    assert titles(dialog)[0] == expected
