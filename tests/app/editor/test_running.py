"""Running in the real window with a real engine, and all that goes wrong there: what the person sees, and that work goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.document.model import NodeRecord, Workflow
from app.document.problems import Problem
from app.editor.status_bar import progress
from tests.app.editor.conftest import toy_plug_in
from tests.app.editor.window_support import Person, a_window, button, said_by


def chain(person: Person, *types: str, **settings: dict[str, object]) -> list[str]:
    """A new workflow of nodes that feed each other, as the repository's double click makes it; their ids."""
    person.press("Ctrl+N")
    person.canvas.set_animations(False)
    for node_type in types:
        person.window.commands.adding.add_node(node_type)
    ids = list(person.document.nodes)
    for node in ids:
        if values := settings.get(person.document.nodes[node].type.partition(".")[2]):
            person.document.set_settings(node, values)
    person.until(lambda: all(person.status(n).key or person.status(n).problems or person.status(n).blocked_by for n in ids))
    return ids


def problem_of(person: Person, node: str) -> Problem:
    return person.status(node).problems[0]


def kill(person: Person, number: signal.Signals) -> None:
    pid = person.window.desk.services.engine.process_id
    assert pid is not None
    os.kill(pid, number)


# -------------------------------------------------------------------------------------------------------------- running


def test_run_all_run_to_here_reset_and_run_again(person: Person) -> None:
    count, add, more = chain(person, "toy.count", "toy.add", "toy.add")
    table = person.window.commands.actions
    QApplication.processEvents()
    assert table["run.all"].isEnabled()
    assert not table["run.cancel"].isEnabled()
    person.select(add)
    person.press("F7")
    person.until_state(add, "done")
    assert person.states() == {count: "done", add: "done", more: "ready"}
    person.press("Shift+F7")
    person.until_state(more, "done")
    person.select(add)
    person.press("F8")
    person.until_state(more, "ready")
    assert person.states() == {count: "done", add: "ready", more: "ready"}
    ended: list[object] = []
    person.window.desk.services.engine.run_changed.connect(lambda _, run: ended.append(run.status))
    person.select(count)
    person.press("Ctrl+F7")
    person.until(lambda: "done" in ended)
    person.until_state(count, "done")


def test_cancel_one_and_cancel_everything(person: Person) -> None:
    count, wait, more = chain(person, "toy.count", "toy.wait", "toy.add")
    for key in ("F9", "Shift+F9"):
        person.press("Shift+F7")
        person.until_state(wait, "running")
        person.until_state(more, "queued")
        assert person.window.commands.actions["run.cancel"].isEnabled()
        person.select(wait)
        person.press(key)
        person.until(lambda: person.states() == {count: "done", wait: "ready", more: "ready"})
        person.until(lambda: not person.window.commands.actions["run.cancel"].isEnabled())


def test_while_it_runs_it_is_edited_and_the_result_says_that_it_is_of_other_settings(person: Person) -> None:
    _, wait, add = chain(person, "toy.count", "toy.wait", "toy.add", wait={"seconds": 1.5})
    person.press("Shift+F7")
    person.until_state(wait, "running")
    person.select(add)
    person.configure(add, {"number": 5})
    person.until(lambda: not person.workspace.is_running)
    person.until_state(wait, "done")
    person.press("Shift+F7")
    person.until_state(add, "done")
    assert not person.status(add).outdated
    person.configure(add, {"number": 6})
    person.until(lambda: person.status(add).outdated)
    assert person.status(add).state == "ready"
    assert person.status(add).shown_key
    person.press("Ctrl+Z")
    person.until_state(add, "done")
    assert not person.status(add).outdated


def test_nothing_runs_where_nothing_can_and_the_first_reason_is_said(person: Person) -> None:
    (count,) = chain(person, "toy.count", count={"rows": 13})
    person.until_state(count, "not configured")
    person.press("Shift+F7")
    person.until(lambda: person.said("Thirteen is no number of rows.", "Take twelve."))
    assert person.window.desk.selected_nodes == [count]
    assert person.window.docks.problems.isVisible()


def test_run_pressed_before_the_engine_is_there_waits_for_it_and_runs(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, start=False, plug_ins=toy_plug_in(tmp_path)) as person:
        person.press("Ctrl+N")
        for node_type in ("toy.count", "toy.add"):
            person.window.commands.adding.add_node(node_type)
        count, add = person.document.nodes
        person.press("Shift+F7")
        QApplication.processEvents()
        assert person.workspace.is_running and not person.told
        assert "engine has started" in progress(person.workspace)
        assert person.window.commands.actions["run.cancel"].isEnabled()
        person.press("Shift+F9")
        QApplication.processEvents()
        assert not person.workspace.is_running and "started" not in progress(person.workspace)
        person.select(count)
        person.press("F7")
        person.window.desk.services.engine.start()
        person.until_state(count, "done", seconds=60)
        person.until(lambda: not person.workspace.is_running)
        assert person.status(add).state == "ready", "the run that was cancelled ran"
        assert not person.told


def test_run_pressed_while_an_edit_is_being_planned_is_of_the_edited_workflow(person: Person) -> None:
    (count,) = chain(person, "toy.count", count={"rows": 13})
    person.until_state(count, "not configured")
    person.document.set_settings(count, {"rows": 12})
    person.press("Shift+F7")  # what is shown is old
    person.until_state(count, "done")
    assert not person.told
    person.document.set_settings(count, {"rows": 13})
    person.press("Shift+F7")
    person.until(lambda: person.said("Thirteen is no number of rows."))
    assert not person.workspace.is_running


def test_a_run_that_the_death_of_the_engine_swallowed_is_asked_for_again(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, plug_ins=toy_plug_in(tmp_path)) as person:
        (count,) = chain(person, "toy.count")
        kill(person, signal.SIGSTOP)  # it takes the request and does nothing with it
        person.press("Shift+F7")
        kill(person, signal.SIGKILL)
        person.until_state(count, "done", seconds=60)


# ----------------------------------------------------------------------------------------------------- what goes wrong


def test_a_node_that_fails_says_so_in_words(person: Person) -> None:
    _, fail = chain(person, "toy.count", "toy.fail")
    person.press("Shift+F7")
    person.until_state(fail, "failed")
    assert problem_of(person, fail).message == "It did not work."
    person.until(lambda: "1 error" in person.window.status_bar.problems.text())
    person.document.set_settings(fail, {"how": "memory"})
    person.until_state(fail, "ready")
    person.press("Shift+F7")
    person.until_state(fail, "failed")
    assert "memory" in problem_of(person, fail).message
    assert problem_of(person, fail).remedy


@pytest.mark.kills
def test_the_engine_is_killed_while_a_node_runs(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, plug_ins=toy_plug_in(tmp_path)) as person:
        count, wait, more = chain(person, "toy.count", "toy.wait", "toy.add")
        person.press("Shift+F7")
        person.until_state(wait, "running")
        kill(person, signal.SIGKILL)
        person.until_state(wait, "failed")
        assert "memory" in problem_of(person, wait).message
        assert person.said("ended the engine")
        person.document.rename(more, "The window goes on")
        person.until(lambda: person.window.desk.services.engine.is_ready)
        person.until_state(count, "done")
        person.until(lambda: not person.said("ended the engine"))
        assert person.status(wait).state == "failed"
        person.document.set_settings(wait, {"seconds": 0.05})
        person.press("Shift+F7")
        person.until(lambda: set(person.states().values()) == {"done"})


@pytest.mark.kills
def test_an_engine_that_hangs_is_started_anew_with_a_click(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, plug_ins=toy_plug_in(tmp_path), patience=1.0) as person:
        count, wait = chain(person, "toy.count", "toy.wait")
        person.press("Shift+F7")
        person.until_state(wait, "running")
        kill(person, signal.SIGSTOP)
        person.until(lambda: person.said("has not answered for a while"))
        message = next(m for m in person.messages if person.said("has not answered"))
        person.click(button(message, "Start anew"))
        person.until_state(wait, "failed")
        person.until(lambda: person.window.desk.services.engine.is_ready)
        person.until_state(count, "done")
        assert not person.said("has not answered")


def test_the_data_have_vanished(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "data" / "numbers.csv"
    file.parent.mkdir()
    file.write_text("a,b\n1,2\n")
    (read,) = chain(person, "readers.csv", csv={"path": str(file)})
    person.until_state(read, "ready")
    file.unlink()
    file.parent.rmdir()
    person.press("Shift+F7")
    person.until(lambda: person.status(read).problems)
    assert person.status(read).state in ("failed", "not configured")
    found = problem_of(person, read)
    assert "numbers.csv" in found.message
    assert found.remedy
    file.parent.mkdir()
    file.write_text("a,b\n1,2\n")
    person.press("Shift+F7")
    person.until_state(read, "ready", "done")
    person.press("Shift+F7")
    person.until_state(read, "done")


def test_a_column_was_renamed_upstream(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("a,b\n2,1\n1,2\n")
    read, extract = chain(
        person, "readers.csv", "tables.create_collection", csv={"path": str(file)}, create_collection={"columns": ["a"]}
    )
    person.until_state(extract, "ready")  # not what was said of it before it had its settings
    person.press("Shift+F7")
    person.until_state(extract, "done")
    file.write_text("first,b\n2,1\n1,2\n")
    person.window.desk.services.engine.refresh(person.workspace.id)  # what the window does when it comes to the front
    person.until_state(extract, "not configured")
    found = problem_of(person, extract)
    assert "'a'" in found.message
    assert found.setting is not None
    assert found.setting.startswith("columns")
    assert person.status(read).state == "ready"


def test_a_plug_in_that_cannot_be_imported_is_named_and_the_rest_works(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, plug_ins=toy_plug_in(tmp_path, "no_such_module")) as person:
        person.until(lambda: person.said("no_such_module", "could not be loaded"))
        (count,) = chain(person, "toy.count")
        person.press("Shift+F7")
        person.until_state(count, "done")


def test_a_plug_in_that_is_gone_leaves_its_nodes_as_they_were(person: Person) -> None:
    person.press("Ctrl+N")
    record = NodeRecord(id="odd", type="gone.node", settings={"one": [1, {"two": None}]})
    person.document.become(Workflow(nodes=[record]), "Put in")
    person.until(lambda: person.status("odd").problems)
    assert "gone.node" in problem_of(person, "odd").message
    assert person.document.nodes["odd"] == record


def test_a_workflow_that_ends_the_engine_is_set_apart_can_be_edited_saved_and_configured_again(
    qapp: QApplication, tmp_path: Path
) -> None:
    with a_window(tmp_path, plug_ins=toy_plug_in(tmp_path)) as person:
        (count,) = chain(person, "toy.count")
        first = person.workspace
        (deadly,) = chain(person, "toy.deadly")
        person.document.set_settings(deadly, {"how": "crash"})
        person.until(lambda: person.said("ended the engine twice, the last time at the node 'Deadly'"))
        assert person.said("while it configured the node 'Deadly'")
        assert person.status(deadly).state == "not configured"
        person.until(lambda: first.status(count).state == "ready")

        person.document.rename(deadly, "Mine")  # it can be edited and saved
        path = tmp_path / "deadly.workflow.json"
        person.workspace.path = path
        assert person.window.commands.files.save()
        assert '"crash"' in path.read_text()

        message = next(m for m in person.messages if "ended the engine twice" in said_by(m))
        button(message, "Configure again").click()
        person.until(lambda: person.said("the last time at the node 'Mine'"))  # once more, and set apart again

        person.document.set_settings(deadly, {"how": ""})
        person.until_state(deadly, "ready")
        person.until(lambda: not person.said("ended the engine twice"))
        person.press("Shift+F7")
        person.until_state(deadly, "done")


def test_that_stored_results_were_set_aside_stands_in_the_console(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "store.sqlite").write_bytes(b"SQLite format 3\0" + b"no database" * 1000)
    with a_window(tmp_path) as person:
        console = person.window.docks.console
        person.until(lambda: "it was set aside as store.sqlite.damaged-" in console.text())
