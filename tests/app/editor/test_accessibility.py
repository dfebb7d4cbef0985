"""The window for those who do not see it: what a screen reader is told of the canvas, of what changes, and of every control."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.document.problems import Problem
from app.editor.canvas.accessible import CanvasAccessible, NodeAccessible, canvas_accessible
from app.engine.status import NodeStatus
from tests.app.editor.window_support import Person, a_window

NAME, DESCRIPTION = QAccessible.Text.Name, QAccessible.Text.Description
EXAMPLE = Path("workflows/fashion_mnist_cnn.workflow.json")
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
            QPlainTextEdit, QTabBar, QTextEdit)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _somebody_listens(qapp: QApplication) -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


@pytest.fixture(scope="module")
def shared(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with a_window(tmp_path_factory.mktemp("window"), start=False) as person:
        yield person


@pytest.fixture
def person(shared: Person) -> Iterator[Person]:
    shared.window.commands.files.open(EXAMPLE)
    shared.workspace.canvas.set_statuses({"read_training": NodeStatus(state="done", outputs={"table": "60 000 rows"})})
    yield shared
    close_all(shared)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Heard]:
    """What a screen reader is told meanwhile."""
    events: list[Heard] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: events.append(Heard(event)))
    return events


class Heard:
    """An event, read while it is there."""

    def __init__(self, event: QAccessibleEvent) -> None:
        about = event.accessibleInterface()
        self.kind = event.type()
        self.name = about.text(NAME) if about is not None else ""
        self.said = event.message() if isinstance(event, QAccessibleAnnouncementEvent) else ""
        self.urgent = bool(self.said) and event.politeness() is QAccessible.AnnouncementPoliteness.Assertive  # type: ignore[attr-defined]


def close_all(person: Person) -> None:
    for workspace in person.window.desk.workspaces:
        workspace.document.mark_saved()
        person.window.commands.files.close(workspace)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def names(parent: QAccessibleInterface) -> list[str]:
    found = [parent.child(n) for n in range(parent.childCount())]
    return [child.text(NAME) for child in found if child is not None]


def heard(person: Person) -> CanvasAccessible:
    return canvas_accessible(person.workspace.canvas.view)


# ----------------------------------------------------------------------------------------------------------- the canvas


def test_the_canvas_is_a_list_of_its_nodes_in_reading_order(person: Person) -> None:
    canvas = heard(person)
    assert canvas.role() is QAccessible.Role.List
    assert canvas.text(NAME) == "Workflow canvas"
    said = names(canvas)[:-1]
    assert len(said) == len(person.document.nodes) == canvas.childCount() - 1
    assert said[0].startswith("Input")
    assert [re.split("[,;]", s)[0] for s in said[1:3]] == [person.document.title(n) for n in ("conv_1", "conv_2")]


def test_a_node_says_its_state_what_it_puts_out_and_its_wires(person: Person) -> None:
    node = heard(person).node("read_training")
    assert node is not None
    name = person.document.title("read_training")
    assert node.text(NAME).startswith(f"{name}, done, 60 000 rows; output ")
    following = person.workspace.canvas.view.canvas_scene.wires_of("read_training").values()
    assert all(f"to {person.document.title(w.target)}" in node.text(NAME) for w in following)
    problem = Problem("There is no file.", node="read_training")
    person.workspace.canvas.set_statuses({"read_training": NodeStatus(state="failed", problems=(problem,))})
    assert node.text(NAME).startswith(f"{name}, failed, There is no file; output")
    person.document.set_note("read_training", "All of it")
    assert node.text(DESCRIPTION) == "All of it"


def test_ports_are_children_of_their_node(person: Person) -> None:
    node = heard(person).node("conv_1")
    assert node is not None
    assert node.childCount() == 2
    assert names(node)[0].startswith("Input Network, network, connected to Input")
    assert names(node)[1].startswith("Output Network, network")
    assert all(port is not None and port.parent() is node for port in map(node.child, range(2)))
    wire = next(k for k, c in person.document.connections.items() if c.target_node == "conv_1")
    person.document.delete((), (wire,), ())
    assert names(node)[0] == "Input Network, network, not connected"
    assert "input Network is not connected" in node.text(NAME)


def test_places_are_those_on_the_screen(person: Person) -> None:
    canvas, view = heard(person), person.workspace.canvas.view
    node = canvas.node("conv_1")
    assert node is not None
    middle = node.rect().center()
    assert view.rect().contains(view.mapFromGlobal(middle))
    assert canvas.childAt(middle.x(), middle.y()) is node
    port = node.child(1)
    assert port is not None
    assert node.childAt(port.rect().center().x(), port.rect().center().y()) is port
    assert canvas.indexOfChild(node) == 1
    assert node.parent() is canvas
    assert not node.state().offscreen


def test_keys_go_from_node_to_node_and_each_is_told(person: Person, told: list[Heard]) -> None:
    view = person.workspace.canvas.view
    person.to_front()
    view.setFocus()
    person.workspace.canvas.select(["input"])
    told.clear()
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    focus = [re.split("[,;]", event.name)[0] for event in told if event.kind is QAccessible.Event.Focus]
    assert focus == [person.document.title("conv_1")]
    kinds = [event.kind for event in told]
    assert QAccessible.Event.Selection in kinds
    assert QAccessible.Event.SelectionRemove in kinds
    node = heard(person).node("conv_1")
    assert node is not None
    assert node.state().selected
    assert node.state().focused
    assert heard(person).focusChild() is node
    person.workspace.canvas.select(["conv_1", "conv_2"])
    assert heard(person).focusChild() is None
    assert heard(person).text(DESCRIPTION) == "2 nodes are selected"


def test_what_changes_is_told(person: Person, told: list[Heard]) -> None:
    canvas = person.workspace.canvas
    canvas.set_statuses({"conv_1": NodeStatus(state="ready")})
    told.clear()
    canvas.set_statuses({"conv_1": NodeStatus(state="done", outputs={"network": "28 × 28 × 16"})})
    assert [(e.kind, e.name.split(";")[0]) for e in told] == [
        (QAccessible.Event.NameChanged, f"{person.document.title('conv_1')}, done, 28 × 28 × 16")
    ]
    told.clear()
    canvas.set_statuses({"conv_1": NodeStatus(state="done", outputs={"network": "28 × 28 × 16"})})
    assert not told, "nothing is told twice"
    person.document.rename("conv_1", "First filters")
    assert [e.said for e in told if e.said] == ["Rename"]
    person.document.undo()
    assert [e.said for e in told if e.said][-1].startswith("Undone: ")


def test_nodes_come_and_go(person: Person, told: list[Heard]) -> None:
    canvas = heard(person)
    node = canvas.node("conv_1")
    assert node is not None
    first = node.child(0)
    assert first is not None
    count = canvas.childCount()
    person.document.delete(("conv_1",), (), ())
    assert QAccessible.Event.ObjectReorder in [e.kind for e in told]
    assert canvas.childCount() == count - 1
    assert canvas.node("conv_1") is None
    person.document.undo()
    again = canvas.node("conv_1")
    assert again is not None
    assert again.isValid()


def test_a_closed_canvas_leaves_nothing(shared: Person) -> None:
    shared.window.commands.files.open(EXAMPLE)
    canvas = heard(shared)
    for n in range(canvas.childCount()):
        child = canvas.child(n)
        if isinstance(child, NodeAccessible):
            names(child)
    close_all(shared)
    gc.collect()
    QApplication.processEvents()


# ------------------------------------------------------------------------------------------------- what is said unasked


def test_the_end_of_a_run_is_announced(qapp: QApplication, tmp_path: Path, told: list[Heard]) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n3,4\n")
    with a_window(tmp_path) as person:
        person.window.commands.files.new()
        good = person.workspace.canvas.add_node("readers.csv")
        person.document.set_settings(good, {"path": str(tmp_path / "in.csv")})
        person.until(lambda: person.workspace.status(good).state == "ready")
        told.clear()
        person.window.commands.actions["run.all"].trigger()
        person.until(lambda: any("The run of" in e.said for e in told))
        said = [e.said for e in told if e.said]
        assert any(text.startswith("Running 1 node of ") for text in said)
        assert next(e for e in told if "The run of" in e.said).said.split(" after ")[0].endswith(" is done")
        assert not any(e.urgent for e in told)


def test_messages_are_announced_and_errors_interrupt(person: Person, told: list[Heard]) -> None:
    person.window.desk.say("Saved.")
    person.window.desk.say("The file cannot be written.", "error")
    assert [(e.said, e.urgent) for e in told if e.said] == [("Saved.", False), ("The file cannot be written.", True)]


# ------------------------------------------------------------------------------------------------------------ all controls


def test_every_control_has_a_name(person: Person) -> None:
    """The window with each panel, and for each of some nodes the dialog: none says nothing."""
    nameless: set[str] = set()
    looked_at = 0
    for dock in ("repository", "config", "help", "learning", "monitor", "problems", "console"):
        person.window.docks.show(dock)
        for node in ("learner", "conv_1", "read_training"):
            person.workspace.canvas.select([node])
            QApplication.processEvents()
            for widget in person.window.findChildren(QWidget):
                if isinstance(widget, CONTROLS) and widget.isVisible() and not is_qts_own(widget):
                    about = QAccessible.queryAccessibleInterface(widget)
                    looked_at += 1
                    if about is None or not about.text(NAME).strip():
                        nameless.add(path_of(widget))
    assert looked_at > 500
    assert not nameless


@pytest.mark.parametrize("action", ["file.preferences", "help.shortcuts"])
def test_every_control_of_dialogs_has_a_name(person: Person, action: str) -> None:
    nameless: list[str] = []

    def look_at(dialog: QDialog) -> None:
        for widget in dialog.findChildren(QWidget):
            if isinstance(widget, CONTROLS) and widget.isVisible() and not is_qts_own(widget):
                about = QAccessible.queryAccessibleInterface(widget)
                if about is None or not about.text(NAME).strip():
                    nameless.append(path_of(widget))
        dialog.reject()

    with person.answering(look_at):
        person.window.commands.actions[action].trigger()
    assert not nameless


def is_qts_own(widget: QWidget) -> bool:
    """Scroll bars and headers inside a control that has a name itself, and tab bars that are kept without a tab."""
    spare = isinstance(widget, QTabBar) and widget.count() == 0
    return spare or isinstance(widget, QScrollBar | QHeaderView) or widget.objectName() == "qt_tableview_cornerbutton"


def path_of(widget: QWidget | None) -> str:
    parts = []
    while widget is not None:
        parts.append(f"{type(widget).__name__} {widget.objectName()}".strip())
        widget = widget.parentWidget()
    return " in ".join(parts[:5])
