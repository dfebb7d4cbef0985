"""Commands on a desk, without any window: a bare widget, tabs, and services whose engine is never started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.editor.application import make_services
from app.editor.commands.adding import AddCommands
from app.editor.commands.arranging import ArrangeCommands
from app.editor.commands.editing import EditCommands
from app.editor.commands.files import FileCommands
from app.editor.desk import Desk
from app.editor.key_tips import KeyTips
from app.editor.panels.toasts import Toasts
from app.editor.tabs import WorkflowTabs
from tests.app.editor.window_support import home


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    with home(tmp_path):
        services = make_services(tmp_path / "results")
        widget = QWidget()
        services.engine.setParent(widget)
        tabs = WorkflowTabs(services.catalog, services.preferences, KeyTips(), widget)
        desk = Desk(widget, services, tabs, Toasts(widget))
        desk.show_welcome()
        yield desk
        for workspace in desk.workspaces:
            desk.close(workspace)
            workspace.close()
        services.engine.shutdown()
        widget.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_commands_work_on_what_is_in_front_and_selected(desk: Desk) -> None:
    files = FileCommands(desk)
    adding, editing, arranging = AddCommands(desk, files.new), EditCommands(desk, files.new), ArrangeCommands(desk)
    enabled = {row.id: row.enabled for row in (*editing.rows(), *arranging.rows())}
    assert not any(enabled[name]() for name in ("edit.undo", "edit.delete", "arrange.left", "arrange.auto"))
    adding.add_node("readers.csv")
    adding.add_node("tables.sorter")
    (workspace,) = desk.workspaces
    assert len(workspace.document.connections) == 1, "the second one was wired to the selected first one"
    assert [workspace.document.nodes[n].type for n in desk.selected_nodes] == ["tables.sorter"]
    assert enabled["edit.delete"]()
    assert not enabled["arrange.left"]()
    editing.select_all()
    assert enabled["arrange.left"]()
    assert not enabled["arrange.across"](), "two have equal distances"
    editing.delete()
    assert not workspace.document.nodes
    files.new()
    assert desk.current is not workspace
    assert not enabled["edit.undo"](), "the other one has nothing to undo"
    desk.show(workspace)
    editing.undo()
    assert len(workspace.document.nodes) == 2


def test_all_that_changes_at_once_is_told_once(desk: Desk, qtbot: QtBot) -> None:
    workspace = FileCommands(desk).new()
    QApplication.processEvents()
    told: list[None] = []
    desk.changed.connect(lambda: told.append(None))
    for _ in range(3):
        workspace.document.add_node("tables.sorter", (0.0, 0.0))
    workspace.canvas.select_all()
    assert not told
    qtbot.waitUntil(lambda: bool(told))
    QApplication.processEvents()
    assert len(told) == 1


def test_a_workflow_that_is_not_in_front_changes_nothing_that_is_shown(desk: Desk) -> None:
    files = FileCommands(desk)
    behind = files.new()
    files.new()
    QApplication.processEvents()
    told: list[None] = []
    desk.changed.connect(lambda: told.append(None))
    behind.statuses_changed.emit({"a node"})
    QApplication.processEvents()
    assert not told


def test_a_warning_is_told_once_a_session(desk: Desk) -> None:
    bar = desk.window.findChild(Toasts)
    assert isinstance(bar, Toasts)
    for _ in range(2):
        desk.say_once("The disk is full.")
    desk.ask("Which?", [("This", lambda: None)], key="which")
    assert [message.text.text() for message in bar.messages] == ["The disk is full.", "Which?"]
    desk.dismiss("which")
    assert len(bar.messages) == 1
