"""Files in the real window: nothing is lost, whatever the person, another program, the disk or a crash does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app import journal
from app.document.model import NodeRecord, Workflow
from app.editor.panels.recovery_dialog import RecoveryDialog
from tests.app.editor.window_support import (
    EXAMPLE,
    Person,
    a_window,
    button,
    choosing,
    drop_on,
    environment,
    file_data,
    home,
    pressing,
)


def a_file(folder: Path, name: str = "small", **more: object) -> Path:
    """A workflow of one node."""
    path = folder / f"{name}.workflow.json"
    data = {"format": "layerloom-workflow", "format_version": 1, "nodes": [{"id": "count", "type": "toy.count"}], **more}
    path.write_text(json.dumps(data, indent=2) + "\n")
    return path


def tab(person: Person) -> str:
    return person.window.tabs.tabText(person.window.tabs.currentIndex())


# ------------------------------------------------------------------------------------------------- new, open, save, recent


def test_new_edit_save_and_save_again(person: Person, tmp_path: Path) -> None:
    person.press("Ctrl+N")
    assert tab(person).startswith("untitled")
    assert "•" not in tab(person)
    person.double_click_in_repository("idx")
    assert tab(person).endswith("•")
    saved = tmp_path / "mine.workflow.json"
    with person.answering(choosing(saved)):
        person.press("Ctrl+S")
    assert tab(person) == "mine"
    person.window.commands.adding.add_node("toy.count")
    assert tab(person) == "mine •"
    person.press("Ctrl+S")
    assert tab(person) == "mine"
    assert [n["type"] for n in json.loads(saved.read_text())["nodes"]] == ["readers.idx", "toy.count"]
    person.press("Ctrl+Z")
    assert tab(person) == "mine •"
    person.press("Ctrl+Y")
    assert tab(person) == "mine"


def test_a_name_without_an_ending_gets_one(person: Person, tmp_path: Path) -> None:
    person.press("Ctrl+N")
    with person.answering(choosing(tmp_path / "plain")):
        person.press("Ctrl+S")
    assert (tmp_path / "plain.workflow.json").exists()


def test_save_as_elsewhere_keeps_the_files_that_relative_paths_mean(person: Person, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("a\n1\n")
    (tmp_path / "deeper").mkdir()
    path = a_file(tmp_path, nodes=[{"id": "read", "type": "readers.csv", "settings": {"path": "data/a.csv"}}])
    person.window.commands.files.open(path)
    person.until_state("read", "ready")
    with person.answering(choosing(tmp_path / "deeper" / "copy.workflow.json")):
        person.press("Ctrl+Shift+S")
    copied = json.loads((tmp_path / "deeper" / "copy.workflow.json").read_text())
    assert copied["nodes"][0]["settings"]["path"] == "../data/a.csv"
    assert person.document.nodes["read"].settings["path"] == "../data/a.csv"
    person.until_state("read", "ready")
    assert tab(person) == "copy"
    assert json.loads(path.read_text())["nodes"][0]["settings"]["path"] == "data/a.csv"


def test_opened_files_are_remembered_and_offered(person: Person, tmp_path: Path) -> None:
    one, two = a_file(tmp_path, "one"), a_file(tmp_path, "two")
    for path in (one, two, one):
        person.window.commands.files.open(path)
    assert len(person.window.desk.workspaces) == 2
    menu = person.menu("Open &recent")
    names = [action.text() for action in menu.actions()]
    assert names[:2] == ["two", "one"]
    person.clean()
    menu.actions()[0].trigger()
    assert tab(person) == "two"
    two.unlink()
    assert not person.menu("Open &recent").actions()[0].isEnabled()


def test_a_file_that_is_dragged_in_opens(person: Person, tmp_path: Path) -> None:
    path = a_file(tmp_path)
    assert drop_on(person.window, QPointF(500, 300), file_data(path))
    assert tab(person) == "small"


def test_an_example_opens_as_a_workflow_of_its_own(person: Person, tmp_path: Path) -> None:
    before = EXAMPLE.read_text()
    person.window.commands.files.open_example(EXAMPLE)
    with person.answering(choosing(tmp_path / "mine.workflow.json")):
        person.press("Ctrl+S")
    assert EXAMPLE.read_text() == before
    directory = json.loads((tmp_path / "mine.workflow.json").read_text())["variables"][0]["value"]
    assert (tmp_path / directory).resolve() == EXAMPLE.parents[1] / "resources" / "data" / "fashion-mnist"


# ---------------------------------------------------------------------------------------------------- before something is lost


def test_closing_asks_and_does_what_was_answered(person: Person, tmp_path: Path) -> None:
    path = a_file(tmp_path)
    person.window.commands.files.open(path)
    person.window.commands.adding.add_node("toy.add")
    with person.answering(pressing("Cancel", "small has changes that are not saved")):
        person.press("Ctrl+W")
    assert tab(person) == "small •"
    with person.answering(pressing("Save")):
        person.press("Ctrl+W")
    assert person.window.desk.current is None
    assert len(json.loads(path.read_text())["nodes"]) == 2
    person.window.commands.files.open(path)
    person.window.commands.adding.add_node("toy.add")
    with person.answering(pressing("Discard")):
        person.press("Ctrl+W")
    assert len(json.loads(path.read_text())["nodes"]) == 2


def test_quitting_asks_for_each_workflow_and_cancel_stays(person: Person, tmp_path: Path) -> None:
    for name in ("one", "two"):
        person.window.commands.files.open(a_file(tmp_path, name))
        person.window.commands.adding.add_node("toy.add")
    with person.answering(pressing("Discard", "one"), pressing("Cancel", "two")):
        person.press("Ctrl+Q")
    assert person.window.isVisible()
    assert [w.title for w in person.window.desk.workspaces] == ["two"]
    assert person.window.desk.services.engine.is_ready


def test_another_program_changed_the_file(person: Person, tmp_path: Path) -> None:
    path = a_file(tmp_path)
    person.window.commands.files.open(path)
    a_file(tmp_path, nodes=[{"id": "other", "type": "toy.count"}])
    person.window.commands.files.look_outside()
    assert person.said("small.workflow.json was changed by another program")
    person.click(button(person.messages[0], "Keep mine"))
    assert list(person.document.nodes) == ["count"]
    person.window.commands.adding.add_node("toy.add")
    with person.answering(pressing("Cancel", "was changed by another program")):
        person.press("Ctrl+S")
    assert "other" in path.read_text()
    os.utime(path, (1, 1))
    path.write_text(path.read_text() + "\n")
    person.window.commands.files.look_outside()
    person.click(button(person.messages[0], "Load its version"))
    assert list(person.document.nodes) == ["other"]
    assert tab(person) == "small"
    person.press("Ctrl+Z")
    assert list(person.document.nodes) == ["count", "add_1"]
    assert tab(person) == "small •"


def test_the_file_is_gone(person: Person, tmp_path: Path) -> None:
    path = a_file(tmp_path)
    person.window.commands.files.open(path)
    path.unlink()
    person.window.commands.files.look_outside()
    assert person.said("is gone from its folder", "Save the workflow")
    with person.answering(pressing("Save")):
        person.press("Ctrl+S")
    assert json.loads(path.read_text())["nodes"] == [{"id": "count", "type": "toy.count"}]


def test_a_file_of_a_newer_version_opens_and_is_saved_back_unchanged(person: Person, tmp_path: Path) -> None:
    node = {"id": "count", "type": "toy.count", "mood": {"of": "tomorrow"}}
    odd = {"id": "odd", "type": "far.away", "type_version": 7, "settings": {"x": [1, None]}, "wings": 2}
    path = a_file(tmp_path, format_version=99, app_version="9.9.9", nodes=[node, odd], weather="fine")
    person.window.commands.files.open(path)
    assert person.said("newer version of Layerloom", "9.9.9")
    person.document.rename("count", "Mine")
    person.press("Ctrl+S")
    saved = json.loads(path.read_text())
    assert saved["nodes"] == [node, odd]
    assert (saved["format_version"], saved["app_version"], saved["weather"]) == (99, "9.9.9", "fine")


def test_unknown_nodes_are_placeholders_and_are_saved_verbatim(person: Person, tmp_path: Path) -> None:
    odd = {"id": "odd", "type": "far.away", "type_version": 7, "settings": {"x": [1, None]}}
    wires = [{"from": "count.table", "to": "odd.entry"}, {"from": "odd.exit", "to": "add.table"}]
    nodes = [{"id": "count", "type": "toy.count"}, odd, {"id": "add", "type": "toy.add", "type_version": 2}]
    path = a_file(tmp_path, nodes=nodes, connections=wires)
    person.window.commands.files.open(path)
    person.until(lambda: person.status("odd").problems)
    assert "far.away" in str(person.status("odd").problems[0])
    assert len(person.canvas.view.canvas_scene.wires) == 2
    person.canvas.select(["odd"])
    person.document.rename("count", "Mine")
    person.press("Ctrl+S")
    saved = json.loads(path.read_text())
    assert saved["nodes"] == nodes
    assert saved["connections"] == wires


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "something else"}', "\x00\xff"])
def test_a_damaged_file_is_refused_in_words(person: Person, tmp_path: Path, content: str) -> None:
    path = tmp_path / "damaged.workflow.json"
    path.write_text(content, encoding="latin-1")
    with person.answering(pressing("OK", "damaged.workflow.json was not opened")):
        assert person.window.commands.files.open(path) is None
    assert person.window.desk.current is None
    assert path.read_text(encoding="latin-1") == content


@pytest.mark.skipif(os.name == "nt", reason="needs limits of file sizes")
def test_a_disk_that_is_full(person: Person, tmp_path: Path) -> None:
    import resource

    path = a_file(tmp_path)
    before = path.read_text()
    person.window.commands.files.open(path)
    person.document.set_property("description", "x" * 5000)
    # Files cannot grow beyond this now, and the program is told so as of a full disk.
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        with person.answering(pressing("OK", "was not saved")):
            person.press("Ctrl+S")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == before
    assert tab(person) == "small •"
    person.press("Ctrl+S")
    assert tab(person) == "small"
    assert "x" * 5000 in path.read_text()


def test_a_folder_that_is_not_there_any_more(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    path = a_file(folder)
    person.window.commands.files.open(path)
    person.window.commands.adding.add_node("toy.add")
    path.unlink()
    folder.rmdir()
    with person.answering(pressing("Save"), pressing("OK", "was not saved")):
        person.press("Ctrl+S")
    assert tab(person) == "small •"


# ------------------------------------------------------------------------------------------------------------------ a crash

DRIVER = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from app.editor import application

def edit(window):
    window.commands.files.open(Path(sys.argv[1]))
    untitled = window.commands.files.new()
    for n in range(5):
        untitled.document.add_node("toy.count", (100.0 * n, 0.0))
    window.desk.workspaces[0].document.rename("count", "Renamed in the last second")
    print("edited", flush=True)

sys.exit(application.run([], None, edit))
"""


@pytest.mark.kills
def test_every_edit_before_a_kill_is_offered_back(qapp: QApplication, tmp_path: Path) -> None:
    path = a_file(tmp_path)
    before = path.read_text()
    victim = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(path)],
        env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert victim.stdout is not None
    try:
        assert victim.stdout.readline() == "edited\n"
        with home(tmp_path):
            assert journal.recoverable() == []  # it lives: a second window is no crash
    finally:
        engines = psutil.Process(victim.pid).children(recursive=True)
        victim.kill()
        victim.wait(10)
        victim.stdout.close()
    assert psutil.wait_procs(engines, 15)[1] == []  # they end by themselves
    assert path.read_text() == before
    with a_window(tmp_path, start=False) as person:
        person.window.commands.files.offer_recovery()
        dialog = person.popup(RecoveryDialog)
        assert sorted(card.lost.name for card in dialog.cards) == ["small", "untitled"]
        person.click(dialog.all_button)
        QApplication.processEvents()
        documents = {w.title: w for w in person.window.desk.workspaces}
        assert len(documents["untitled"].document.nodes) == 5
        assert documents["small"].document.title("count") == "Renamed in the last second"
        assert documents["small"].path == path
        assert all(w.unsaved for w in documents.values())
        person.window.commands.files.offer_recovery()
        assert not any(isinstance(w, RecoveryDialog) and w.isVisible() for w in QApplication.topLevelWidgets())


def test_what_is_restored_and_closed_without_saving_is_not_offered_again(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, start=False) as person:
        person.press("Ctrl+N")
        person.document.become(Workflow(nodes=[NodeRecord(id="a", type="keras.input")]), "Put in")
        assert journal.recoverable() == []
    with a_window(tmp_path, start=False) as person:
        person.window.commands.files.offer_recovery()
        assert not any(isinstance(w, RecoveryDialog) and w.isVisible() for w in QApplication.topLevelWidgets())
