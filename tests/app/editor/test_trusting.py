"""Trust in the real window: what is asked before a script runs for the first time, and what is not asked again."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from app.document.file import save
from app.document.model import Connection, NodeRecord, Workflow
from app.editor.config.code import CodeControl
from app.editor.panels.trust_dialog import TrustDialog, UntrustedScript, WantedPlace
from app.editor.visible_text import visible
from app.engine.trust import digest
from app.trusted_scripts import TrustedScripts
from tests.app.editor.window_support import Person, a_window, button, words


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "ran"


def script(marker: Path, more: str = "") -> str:
    """A script that leaves a mark as soon as anything of it runs."""
    leave = f"with open({str(marker)!r}, 'a') as f:\n    f.write('x')\n"
    return f"{leave}import polars as pl\noutput_table = pl.DataFrame({{'x': [1]}})\n{more}"


def open_file(person: Person, source: str, folder: Path) -> None:
    """Open a workflow of somebody else's: a script, and the template behind it."""
    nodes = [
        NodeRecord(id="theirs", type="scripts.python_script", settings={"script": source}),
        NodeRecord(id="after", type="scripts.python_script", settings={}),
    ]
    path = folder / "theirs.workflow.json"
    save(Workflow(nodes=nodes, connections=[Connection(source="theirs.table", target="after.table_1")]), path)
    person.window.commands.files.open(path)
    person.until(lambda: set(person.workspace.statuses) == {"theirs", "after"})


def dialog() -> TrustDialog | None:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, TrustDialog) and w.isVisible()), None)


def asked(person: Person) -> TrustDialog:
    person.until(dialog)
    found = dialog()
    assert found is not None
    return found


def closed(person: Person) -> None:
    person.until(lambda: dialog() is None)


def test_nothing_runs_before_the_person_says_so(person: Person, marker: Path, tmp_path: Path) -> None:
    open_file(person, script(marker), tmp_path)
    status = person.status("theirs")
    assert (status.state, status.untrusted) == ("not configured", True)
    assert person.status("after").blocked_by == "theirs"
    assert person.said("'theirs' contains scripts")
    person.press("Shift+F7")
    shown = asked(person)
    assert shown.code.toPlainText() == script(marker)
    assert "'theirs' contains a script" in words(shown)
    assert shown.focusWidget() is shown.cancel_button, "Enter must not trust"
    person.click(button(shown, "Cancel"))
    closed(person)
    assert not marker.exists()
    assert person.status("theirs").untrusted


def test_trust_and_run_runs_it_and_it_is_not_asked_for_again(
    person: Person, marker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file(person, script(marker), tmp_path)
    person.select("after")
    person.press("F7")
    person.click(button(asked(person), "Trust and run"))
    person.until_state("after", "done")
    assert marker.read_text() == "x"
    assert not person.said("contains scripts")
    kept = person.window.desk.services.trusted.path
    monkeypatch.setenv("LAYERLOOM_HOME", str(kept.parents[1]))  # where the key of its signatures is
    assert TrustedScripts(kept).trusts(script(marker)), "and so it is after a restart"
    person.press("Ctrl+W")
    open_file(person, script(marker), tmp_path)
    assert not person.status("theirs").untrusted
    person.press("Ctrl+W")
    open_file(person, script(marker, "# changed"), tmp_path)
    assert person.status("theirs").untrusted, "a changed file asks again"
    assert marker.read_text() == "x"


def test_an_engine_that_was_started_anew_still_knows(qapp: QApplication, marker: Path, tmp_path: Path) -> None:
    with a_window(tmp_path) as person:
        open_file(person, script(marker, "# engine"), tmp_path)
        person.window.commands.trust.look_at(person.workspace)
        shown = asked(person)
        assert "Trust and run" not in words(shown)
        person.click(button(shown, "Trust"))
        person.until_state("theirs", "ready")
        assert not marker.exists(), "reading and trusting runs nothing"
        engine = person.window.desk.services.engine
        engine.restart()
        person.until(lambda: not engine.is_ready)
        person.until(lambda: engine.is_ready)
        person.press("Shift+F7")
        person.until_state("after", "done")


def test_what_is_typed_in_the_dialog_is_trusted(person: Person, marker: Path) -> None:
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("scripts.python_script")
    (node,) = person.document.nodes
    person.until_state(node, "ready")
    person.select(node)
    control = person.row("script").control
    assert isinstance(control, CodeControl)
    control.edit.setFocus()
    control.edit.selectAll()
    for line in script(marker).splitlines():
        person.type(line.strip())
        person.press("Return")  # and the field indents by itself
        if line.startswith("    "):
            person.press("Backspace")
    person.press("Ctrl+Return")
    assert "f.write" in person.document.nodes[node].settings["script"]
    person.until(lambda: person.status(node).key is not None)
    assert not person.status(node).untrusted
    person.press("Shift+F7")
    person.until_state(node, "done")
    assert marker.exists()


def test_to_change_a_script_that_is_not_trusted_is_not_to_trust_it(person: Person, marker: Path, tmp_path: Path) -> None:
    open_file(person, script(marker, "# theirs"), tmp_path)
    person.select("theirs")
    panel = person.window.docks.config
    person.until(panel.trust_button.isVisible)
    control = person.row("script").control
    assert isinstance(control, CodeControl)
    control.edit.appendPlainText("# one more line")
    person.apply()
    person.until(lambda: not panel.is_asking)
    assert person.status("theirs").untrusted
    person.click(panel.trust_button)
    shown = asked(person)
    assert shown.code.toPlainText().endswith("# one more line")
    person.click(button(shown, "Trust"))
    person.until_state("theirs", "ready")
    person.until(lambda: not panel.trust_button.isVisible())
    control.edit.appendPlainText("# and one of a trusted script")
    person.apply()
    person.until(lambda: not panel.is_asking)
    assert person.status("theirs").state == "ready"
    assert not marker.exists()


def test_another_setting_of_the_node_trusts_no_script(person: Person, marker: Path, tmp_path: Path) -> None:
    open_file(person, script(marker, "# other setting"), tmp_path)
    person.configure("theirs", {"run_every_time": True})
    person.apply()
    person.until(lambda: not person.window.docks.config.is_asking)
    assert person.document.nodes["theirs"].settings["run_every_time"] is True
    assert person.status("theirs").untrusted


def test_pasted_nodes_are_not_trusted_but_copies_of_trusted_ones_are(person: Person, marker: Path, tmp_path: Path) -> None:
    open_file(person, script(marker, "# pasted"), tmp_path)
    person.select("theirs")
    person.press("Ctrl+C")
    person.press("Ctrl+N")
    person.press("Ctrl+V")
    (node,) = person.document.nodes
    person.until(lambda: person.status(node).untrusted)
    person.press("F7")
    person.click(button(asked(person), "Trust and run"))
    person.until_state(node, "done")
    person.press("Ctrl+D")
    person.until(lambda: len(person.document.nodes) == 2)
    copy = next(n for n in person.document.nodes if n != node)
    person.until_state(copy, "done")


def test_explaining_an_untrusted_node_offers_to_read_it(person: Person, marker: Path, tmp_path: Path) -> None:
    open_file(person, script(marker, "# explained"), tmp_path)
    person.window.commands.nodes.explain(person.workspace, "theirs")
    message = next(m for m in person.messages if "trusted" in m.text.text())
    person.click(message.buttons[0])
    person.click(button(asked(person), "Cancel"))
    closed(person)


# ------------------------------------------------------------------------------------------------------- places to write to


def open_writer(person: Person, folder: Path, path: str, name: str = "writes", **settings: str) -> Path:
    """Open a workflow of somebody else's that writes a table to a path."""
    inside = folder / name
    inside.mkdir(exist_ok=True)
    nodes = [
        NodeRecord(id="make", type="tables.table_creator", settings={"columns": [{"name": "x", "values": ["1"]}]}),
        NodeRecord(id="write", type="writers.csv", settings={"path": path, **settings}),
    ]
    file = inside / f"{name}.workflow.json"
    save(Workflow(nodes=nodes, connections=[Connection(source="make.table", target="write.table")]), file)
    person.window.commands.files.open(file)
    person.until(lambda: set(person.workspace.statuses) == {"make", "write"})
    return file


def test_a_writer_asks_before_it_writes_elsewhere_and_is_not_asked_again(person: Person, tmp_path: Path) -> None:
    file = open_writer(person, tmp_path, "../elsewhere.csv")
    status = person.status("write")
    assert (status.state, status.untrusted, status.asks) == ("not configured", False, True), status.problems
    assert person.said("'writes' wants to write where you have not allowed it")
    person.press("Shift+F7")
    shown = asked(person)
    assert "wants to use a place" in words(shown)
    assert shown.place.path.text().replace("\u200b", "") == str(tmp_path / "elsewhere.csv")
    assert "outside of the workflow's folder" in shown.place.reason.text()
    assert shown.focusWidget() is shown.cancel_button
    person.click(button(shown, "Cancel"))
    closed(person)
    assert not (tmp_path / "elsewhere.csv").exists()
    person.press("Shift+F7")
    person.click(button(asked(person), "Allow and run"))
    person.until_state("write", "done")
    assert (tmp_path / "elsewhere.csv").read_text() == "x\n1\n"
    person.press("Ctrl+W")
    person.window.commands.files.open(file)
    person.until(lambda: set(person.workspace.statuses) == {"make", "write"})
    assert not person.status("write").asks
    person.press("Ctrl+S")
    assert not person.window.desk.services.own.has(file), "saving makes nobody else's workflow one's own"


def test_new_files_beside_the_workflow_and_workflows_of_ones_own_are_not_asked_about(person: Person, tmp_path: Path) -> None:
    file = open_writer(person, tmp_path, "new.csv", "beside")
    person.press("Shift+F7")
    person.until_state("write", "done")
    assert (tmp_path / "beside" / "new.csv").exists()
    person.window.desk.services.own.add(file)
    person.press("Ctrl+W")
    person.window.commands.files.open(file)
    person.until(lambda: set(person.workspace.statuses) == {"make", "write"})
    person.configure("write", {"path": "../of_my_own.csv"})
    person.apply()
    person.until_state("write", "ready")
    person.press("Shift+F7")
    person.until_state("write", "done")
    assert (tmp_path / "of_my_own.csv").exists()
    person.press("Ctrl+S")
    assert person.window.desk.services.own.has(file)


def test_the_config_dialog_says_that_it_is_not_allowed_yet(person: Person, tmp_path: Path) -> None:
    open_writer(person, tmp_path, "../of_the_dialog.csv", "dialog")
    person.select("write")
    panel = person.window.docks.config
    person.until(panel.trust_button.isVisible)
    assert "Look where it wants to write" in panel.trust_button.text()
    person.click(panel.trust_button)
    person.click(button(asked(person), "Allow"))
    person.until_state("write", "ready")
    person.until(lambda: not panel.trust_button.isVisible())
    assert not (tmp_path / "of_the_dialog.csv").exists()


def test_unsigned_entries_are_said_to_be_asked_again_once(tmp_path: Path) -> None:
    (tmp_path / "home" / "data").mkdir(parents=True)
    kept = tmp_path / "home" / "data" / "trusted_scripts.txt"
    kept.write_text(f"{digest('x')} 2026-01-01 Python Script of an earlier version\n")
    with a_window(tmp_path, start=False) as person:
        assert person.said("1 entry without a signature")
        assert not person.window.desk.services.trusted.trusts("x")
    assert kept.read_text() == ""
    with a_window(tmp_path, start=False) as person:
        assert not person.said("without a signature")


# -------------------------------------------------------------------------------------------- what nobody would see otherwise


@pytest.mark.parametrize(
    "character", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\u2028", "\x1b", "\x00", "\u3164", "\U000e0041"]
)
def test_hidden_characters_are_shown_as_numbers(qapp: QApplication, character: str) -> None:
    evil = f"a{character}b <b>c</b> <img src='http://192.0.2.1/x.png'>"
    scripts = [UntrustedScript("n", evil, evil, evil, f"x = 1  # {evil}")]
    places = [WantedPlace("m", evil, evil, evil, f"/tmp/{evil}", evil, "d")]
    shown = TrustDialog(evil, scripts, places)
    number = f"\\u{ord(character):04x}"
    for row in range(2):
        shown.list.setCurrentRow(row)
        item = shown.list.item(row)
        texts = [words(shown), shown.code.toPlainText(), item.text(), item.toolTip()]
        assert not any(character in re.sub(r"(?<=[/\\_.-])\u200b", "", text) for text in texts)
        assert all(number in text for text in texts)
        assert shown.hidden.isVisibleTo(shown)
        assert "<img" not in item.toolTip(), "a tool tip takes markup"
    labels = shown.findChildren(QLabel)
    assert labels
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)
    shown.deleteLater()


@given(st.text())
def test_visible_text_has_no_hidden_characters_and_keeps_the_others(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    for c in shown:
        assert c in "\t\n \u00a0\u202f" or unicodedata.category(c)[0] not in "CZ"
    assert [c for c in text if c.isascii() and c.isprintable()] == [
        c for c in "".join(c for c in text if visible(c) == c) if c.isascii() and c.isprintable()
    ]
