"""No edit is lost: a killed program leaves a journal, a living one is none, and a bad disk loses as little as can be."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.document.editing import Document
from app.document.file import dump, load, save
from app.document.model import Annotation, Connection, NodeRecord, Variable, Workflow
from app.document.packing import pack
from app.document.problems import DocumentError
from app.journal import Journal, journal_writer, recoverable
from app.machine import boot_id
from tests.app.engine.toy import CATALOG


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def folder(home: Path) -> Path:
    return home / "data" / "journals"


def journaled(workflow: Workflow | None = None, path: Path | None = None, **more) -> tuple[Document, Journal]:
    document = Document(workflow or Workflow(), CATALOG)
    kept = Journal.start(document, path, "mine", **more)
    document.subscribe(kept.append)
    return document, kept


def edit_everything(document: Document) -> None:
    a = document.add_node("toy.count", (10, 20), settings={"rows": 3})
    b = document.add_node("toy.add", (150, 20), settings={"amount": {"variable": "n"}})
    document.connect(f"{a}.table", f"{b}.table")
    document.set_variable("n", Variable(name="n", type="integer", value=1))
    document.set_variable("n", Variable(name="much", type="integer", value=2))
    first = document.add_annotation(Annotation(text="gone", position=(0, 0), size=(10, 10)))
    document.add_annotation(Annotation(text="kept", position=(5, 5), size=(10, 10)))
    document.delete(annotations=[first])
    document.set_property("name", "A häuser \ud800 test")
    document.delete([a])
    document.undo()
    document.rename(b, "Two more")
    with document.step("Both"):
        document.set_note(a, "a note\nof two lines")
        document.add_node("not.installed", (1, 1), settings={"odd": [1, {"x": None}]})


def test_all_edits_are_offered_after_a_crash(home: Path) -> None:
    document, kept = journaled()
    edit_everything(document)
    kept.close()
    (lost,) = recoverable()
    assert dump(lost.workflow()) == dump(document.workflow())
    assert (lost.name, lost.path, lost.edits, lost.unreadable) == ("mine", None, 13, 0)
    assert abs(lost.time - time.time()) < 60
    assert not lost.file_changed()


def test_what_an_old_file_holds_besides_survives_too(tmp_path: Path) -> None:
    path = tmp_path / "old.workflow.json"
    workflow = Workflow(
        nodes=[NodeRecord(id="x", type="far.away", settings={"s": 1}, color="red"), NodeRecord(id="y", type="toy.add")],
        connections=[Connection(source="x.out", target="y.table"), Connection(source="x.out", target="y.table")],
        later={"field": [1]},
    )
    save(workflow, path)
    document, kept = journaled(load(path), path)
    document.rename("x", "X")
    kept.close()
    (lost,) = recoverable()
    assert dump(lost.workflow()) == dump(document.workflow())
    assert lost.path == path
    assert not lost.file_changed()
    path.write_text(path.read_text() + " ")
    assert lost.file_changed()
    assert lost.file_state is not None


def test_a_file_of_a_newer_version_is_restored_as_such() -> None:
    document, kept = journaled(Workflow(format_version=99, app_version="9.9", nodes=[NodeRecord(id="x", type="toy.add")]))
    document.rename("x", "X")
    kept.close()
    (lost,) = recoverable()
    assert dump(lost.workflow()) == dump(document.workflow())
    assert lost.workflow().format_version == 99


EDITS = st.sampled_from(["add", "delete", "box", "unbox", "undo", "redo", "again", "wire", "become"])


@given(st.lists(st.tuples(EDITS, st.integers(0, 11)), min_size=1, max_size=12))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_edited_the_journal_gives_the_document_back_from_any_beginning(edits: list[tuple[str, int]]) -> None:
    document, kept = journaled()
    for do, which in edits:
        nodes, boxes = list(document.nodes), list(document.annotations)
        if do == "add":
            document.add_node("toy.add", (1, 2))
        elif do == "delete" and nodes:
            document.delete([nodes[which % len(nodes)]])
        elif do == "box":
            document.add_annotation(Annotation(text=f"{len(boxes)}", position=(0, 0), size=(1, 1)))
        elif do == "unbox" and boxes:
            document.delete(annotations=[boxes[which % len(boxes)]])
        elif do == "undo":
            document.undo()
        elif do == "redo":
            document.redo()
        elif do == "again":  # as after saving
            kept.remove()
            document.mark_unsaved()
            kept = Journal.start(document, None, "mine")
            document.subscribe(kept.append)
        elif do == "wire" and len(nodes) > 1:
            document.connect(f"{nodes[0]}.table", f"{nodes[-1]}.table")
        elif do == "become":
            document.become(Workflow(nodes=[NodeRecord(id="z", type="toy.count"), *list(document.nodes.values())[::-1]][:3]), "x")
    document.mark_unsaved()
    document.set_property("description", "the last")
    kept.close()
    (lost,) = recoverable()
    assert dump(lost.workflow()) == dump(document.workflow())
    lost.discard()


def test_a_journal_that_becomes_long_begins_anew(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(journal_writer, "LONG", 3_000)
    document, kept = journaled()
    node = document.add_node("toy.add", (0, 0))
    for n in range(1, 301):
        document.move({node: (n, n)})
        document.undo()
    document.add_annotation(Annotation(text="x", position=(0, 0), size=(1, 1)))
    assert kept.file.stat().st_size < 20_000
    kept.close()
    (lost,) = recoverable()
    assert lost.edits == 602
    assert dump(lost.workflow()) == dump(document.workflow())
    assert [f.suffix for f in folder(home).iterdir()].count(".new") == 0


def test_saving_and_closing_leave_nothing(home: Path) -> None:
    document, kept = journaled()
    document.add_node("toy.add", (0, 0))
    kept.remove()
    kept.remove()
    document.add_node("toy.add", (0, 0))  # nobody keeps it any more, and nothing fails
    assert list(folder(home).iterdir()) == []
    assert recoverable() == []


def test_where_nothing_was_lost_nothing_is_offered(home: Path) -> None:
    document, kept = journaled(Workflow(name="saved", nodes=[NodeRecord(id="a", type="toy.add")]))
    edit_everything(document)
    while document.undo_label:
        document.undo()
    kept.close()
    assert recoverable() == []
    assert len(list((folder(home) / "discarded").iterdir())) == 1


def test_what_was_restored_and_not_saved_is_offered_again_without_any_further_edit() -> None:
    document = Document(Workflow(name="restored"), CATALOG)
    document.mark_unsaved()
    Journal.start(document, None, "mine").close()
    (lost,) = recoverable()
    assert lost.workflow().name == "restored"


def test_a_second_window_is_no_crash() -> None:
    document, kept = journaled()
    document.add_node("toy.add", (0, 0))
    assert recoverable() == []
    kept.close()
    assert len(recoverable()) == 1


def test_discarding_keeps_it_for_some_days(home: Path) -> None:
    document, kept = journaled()
    document.add_node("toy.add", (0, 0))
    kept.close()
    (lost,) = recoverable()
    lost.discard()
    lost.discard()
    assert recoverable() == []
    (put_away,) = (folder(home) / "discarded").iterdir()
    os.utime(put_away, (0, time.time() - 13 * 86400))
    recoverable()
    assert put_away.exists()
    os.utime(put_away, (0, time.time() - 15 * 86400))
    recoverable()
    assert not put_away.exists()
    with pytest.raises(DocumentError, match="Another window"):
        lost.workflow()


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_half_written_last_line_loses_only_that_line(cut: int) -> None:
    document, kept = journaled()
    document.add_node("toy.count", (0, 0))
    before = dump(document.workflow())
    document.add_node("toy.add", (0, 0))
    kept.close()
    kept.file.write_bytes(kept.file.read_bytes()[: -cut - 1])
    (lost,) = recoverable()
    assert dump(lost.workflow()) == before
    assert (lost.edits, lost.unreadable) == (1, 1)


def test_a_damaged_line_in_the_middle_loses_only_that_line() -> None:
    document, kept = journaled()
    a = document.add_node("toy.count", (0, 0))
    document.rename(a, "lost")
    document.add_node("toy.add", (0, 0))
    kept.close()
    lines = kept.file.read_bytes().split(b"\n")
    lines[2] = b"\x00\xff" * 10
    kept.file.write_bytes(b"\n".join(lines))
    (lost,) = recoverable()
    assert [n.id for n in lost.workflow().nodes] == list(document.nodes)
    assert (lost.edits, lost.unreadable) == (2, 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 100, b"[]", b"{}\n", b'{"journal": 1}', b"[" * 100_000, json.dumps({"journal": 99}).encode()],
)
def test_a_wholly_damaged_journal_is_set_aside_and_named(home: Path, content: bytes) -> None:
    document, kept = journaled()
    document.add_node("toy.count", (0, 0))
    kept.close()
    bad = folder(home) / "bad.jsonl"
    bad.write_bytes(content)
    told: list[str] = []
    assert len(recoverable(told.append)) == 1
    aside = folder(home) / "damaged" / "bad.jsonl"
    assert aside.read_bytes() == content
    (message,) = told
    assert str(aside) in message
    assert recoverable(told.append)
    assert len(told) == 1


def test_a_newer_version_s_journal_with_a_good_header_is_set_aside_too(home: Path) -> None:
    document, kept = journaled()
    document.add_node("toy.count", (0, 0))
    kept.close()
    kept.file.write_bytes(kept.file.read_bytes().replace(b'"journal":1', b'"journal":2', 1))
    told: list[str] = []
    assert recoverable(told.append) == []
    assert "newer version" in told[0]


@pytest.fixture
def full_disk() -> Iterator[list[None]]:
    """From when it is called, no file of this process may grow: the system refuses, as with a full disk."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size if size is not None else old[0], old[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, old)
    signal.signal(signal.SIGXFSZ, ignored)


def test_on_a_full_disk_the_person_is_told_once_and_editing_goes_on(full_disk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    document, kept = journaled(on_problem=told.append)
    document.add_node("toy.count", (0, 0))
    full_disk(kept.file.stat().st_size + 20)
    for _ in range(3):
        document.add_node("toy.add", (0, 0))
    kept.sync()
    full_disk(None)
    assert len(told) == 1
    assert "save often" in told[0]
    assert len(document.nodes) == 4
    monkeypatch.setattr(journal_writer, "RETRY_SECONDS", 0.0)
    kept.sync()  # there is room again
    document.add_node("toy.add", (0, 0))
    kept.close()
    (lost,) = recoverable()
    assert dump(lost.workflow()) == dump(document.workflow())
    assert (lost.edits, lost.unreadable) == (5, 0)


def test_a_disk_that_is_full_from_the_start_keeps_nobody_from_editing(full_disk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    full_disk(0)
    document, kept = journaled(on_problem=told.append)
    document.add_node("toy.add", (0, 0))
    full_disk(None)
    assert len(told) == 1
    monkeypatch.setattr(journal_writer, "RETRY_SECONDS", 0.0)
    kept.sync()
    kept.close()
    (lost,) = recoverable()
    assert list(document.nodes) == [n.id for n in lost.workflow().nodes]


def test_where_there_are_no_locks_the_process_tells_who_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    import filelock

    def refuse(self) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)
    document, kept = journaled()
    document.add_node("toy.add", (0, 0))
    assert recoverable() == []
    kept.close()
    text = kept.file.read_bytes()
    kept.file.write_bytes(text.replace(f'"pid":{os.getpid()}'.encode(), b'"pid":999999999', 1))
    assert len(recoverable()) == 1
    kept.file.write_bytes(text.replace(boot_id().encode(), b"another start", 1))
    assert len(recoverable()) == 1


VICTIM = """
import sys, time
from app.document.editing import Document
from app.document.model import Workflow
from app.journal import Journal
document = Document(Workflow(), {})
journal = Journal.start(document, None, "victim", on_problem=print)
document.subscribe(journal.append)
node = document.add_node("toy.add", (0, 0))
for n in range(1_000_000):
    document.move({node: (n, 0)})
    if n % 7 == 0:
        document.add_node("toy.add", (n, n))
    journal.sync()
    print(n, flush=True)
"""


def test_a_killed_editor_loses_no_edit(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    ) as victim:
        assert victim.stdout is not None
        while (number := int(victim.stdout.readline())) < 300:
            pass
        assert recoverable() == []  # it lives
        victim.send_signal(signal.SIGKILL)
        rest = victim.stdout.read().splitlines()
    done = max([number, *(int(line) for line in rest if line)])
    (lost,) = recoverable()
    workflow = lost.workflow()
    assert workflow.view.nodes["add_1"].position[0] >= done
    assert len(workflow.nodes) >= 1 + done // 7 + 1
    assert lost.edits >= done


def test_edits_inside_components_are_offered_after_a_crash() -> None:
    nodes = [NodeRecord(id=n, type="toy.add", settings={"number": 1}) for n in ("a", "b", "c")]
    document, kept = journaled(Workflow(nodes=nodes))
    component = pack(document, ["a", "b"])
    inner = pack(document.inside(component), ["b"], name="Deep")
    deep = document.inside(component).inside(inner)
    deep.set_settings("b", {"number": 7})
    deep.add_annotation(Annotation(text="note", position=(0, 0), size=(1, 1)))
    document.inside(component).rename("a", "First")
    deep.undo()
    document.rename(component, "Two")

    kept.close()
    (lost,) = recoverable()
    assert dump(lost.workflow()) == dump(document.workflow())
