"""What runs, what is taken from the store, and what is left when something goes wrong."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.model import Workflow
from app.engine import executor, node_worker
from app.engine.events import Event
from app.engine.executor import RunResult
from app.engine.job import RunControl
from app.engine.node_threads import given_up_threads
from app.engine.permissions import Permissions
from app.engine.planner import make_plan
from app.engine.store import Store
from app.engine.trust import Trust
from tests.app.document.graphs import acyclic_workflows, closure, wired
from tests.app.engine.toy import CATALOG, HEARING, RUNS, Deaf, chain, workflow


@pytest.fixture(autouse=True)
def _count_anew() -> Iterator[None]:
    RUNS.clear()
    yield
    left = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    assert not left, left


class Bench:
    """A store, and runs on it; `ran` is what the last one computed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store")
        self.events: list[Event] = []
        self.ran: set[str] = set()

    def run(self, made: Workflow, **options: object) -> RunResult:
        RUNS.clear()
        self.events.clear()
        plan = make_plan(made, CATALOG, folder=self.folder, trust=Trust(writes=Permissions(own=True)))
        result = executor.run(plan, self.store, self.events.append, **options)  # type: ignore[arg-type]
        self.ran = set(RUNS)
        return result

    def rows(self, result: RunResult, node: str) -> list[int]:
        return self.store.load(result.keys[node])["table"].frame()["n"].to_list()  # type: ignore[union-attr]

    def happened(self, node: str) -> list[str]:
        return [e.event for e in self.events if getattr(e, "node", None) == node]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


DIAMOND = {"a": ("toy.count", {}), "b": ("toy.add", {"number": 1}), "c": ("toy.add", {"number": 2}), "d": ("toy.both", {})}
DIAMOND_WIRES = [("a", "b"), ("a", "c"), ("b", "d.table_1"), ("c", "d.table_2")]


def test_values_travel_along_the_wires(bench: Bench) -> None:
    result = bench.run(workflow(DIAMOND, DIAMOND_WIRES))
    assert result.status == "done"
    assert bench.rows(result, "d") == [1, 2, 3, 2, 3, 4]
    assert bench.happened("d") == ["node.started", "node.finished"]


def test_nothing_runs_twice(bench: Bench) -> None:
    bench.run(workflow(DIAMOND, DIAMOND_WIRES))
    result = bench.run(workflow(DIAMOND, DIAMOND_WIRES))
    assert bench.ran == set()
    assert result.status == "done"
    assert bench.happened("d") == ["node.stored"]


def test_only_what_changed_runs_again(bench: Bench) -> None:
    bench.run(workflow(DIAMOND, DIAMOND_WIRES))
    changed = workflow({**DIAMOND, "c": ("toy.add", {"number": 5})}, DIAMOND_WIRES)
    result = bench.run(changed)
    assert bench.ran == {"c", "d"}
    assert bench.rows(result, "d") == [1, 2, 3, 5, 6, 7]


def test_a_fresh_run_computes_everything(bench: Bench) -> None:
    bench.run(workflow(DIAMOND, DIAMOND_WIRES))
    bench.run(workflow(DIAMOND, DIAMOND_WIRES), fresh=True)
    assert bench.ran == {"a", "b", "c", "d"}


@pytest.mark.parametrize("fresh", [False, True])
def test_twins_compute_once(bench: Bench, fresh: bool) -> None:
    twins = workflow({"a": ("toy.count", {}), "b": ("toy.add", {}), "c": ("toy.add", {})}, [("a", "b"), ("a", "c")])
    result = bench.run(twins, fresh=fresh)
    assert result.status == "done"
    assert len(bench.ran & {"b", "c"}) == 1


def test_only_targets_and_what_they_need_run(bench: Bench) -> None:
    bench.run(workflow(DIAMOND, DIAMOND_WIRES), targets=["b"])
    assert bench.ran == {"a", "b"}


def test_what_is_not_reproducible_runs_every_time(bench: Bench) -> None:
    made = workflow({"d": ("toy.dice", {}), "a": ("toy.add", {})}, [("d", "a")])
    bench.run(made)
    bench.run(made)
    assert bench.ran == {"d", "a"}


def test_a_failure_stops_what_is_behind_it_and_nothing_else(bench: Bench) -> None:
    made = workflow(
        {"a": ("toy.count", {}), "f": ("toy.fail", {}), "g": ("toy.add", {}), "b": ("toy.add", {})},
        [("a", "f"), ("f", "g"), ("a", "b")],
    )
    result = bench.run(made)
    assert result.status == "failed"
    assert str(result.failures["f"]) == "It did not work. Try something else."
    assert result.skipped == ["g"]
    assert bench.rows(result, "b") == [1, 2, 3]
    bench.run(made)
    assert bench.ran == {"f"}  # what was finished is kept


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("memory", "memory of this machine"),
        ("bug", "ZeroDivisionError: division by zero"),
        ("exit", "SystemExit: I leave"),
        ("panic", "A library gave up over it: lost my way"),
    ],
)
def test_whatever_a_node_raises_becomes_a_message(bench: Bench, how: str, words: str) -> None:
    result = bench.run(workflow({"a": ("toy.count", {}), "f": ("toy.fail", {"how": how})}, [("a", "f")]))
    assert words in str(result.failures["f"])


def test_problems_keep_their_nodes_from_running_and_no_others(bench: Bench) -> None:
    made = workflow(
        {"a": ("toy.count", {}), "b": ("toy.add", {}), "x": ("toy.count", {"rows": 13}), "y": ("toy.add", {})},
        [("a", "b"), ("x", "y")],
    )
    result = bench.run(made)
    assert bench.ran == {"a", "b"}
    assert set(result.skipped) == {"x", "y"}
    assert result.status == "failed"


def test_a_spec_found_out_late_is_checked_before_the_node_runs(bench: Bench) -> None:
    made = workflow({"c": ("toy.count", {}), "l": ("toy.late", {"column": "m"}), "a": ("toy.add", {})}, [("c", "l"), ("l", "a")])
    result = bench.run(made)
    assert "There is no column 'n'" in str(result.failures["a"])
    assert "a" not in bench.ran


def test_cancel_stops_soon_and_keeps_what_is_finished(bench: Bench) -> None:
    made = workflow({"a": ("toy.count", {}), "w": ("toy.wait", {}), "b": ("toy.add", {})}, [("a", "w"), ("w", "b")])
    control = RunControl()
    threading.Timer(0.3, control.cancel.set).start()
    began = time.monotonic()
    result = bench.run(made, control=control)
    assert time.monotonic() - began < 5
    assert result.status == "cancelled"
    assert set(result.keys) == {"a"}
    assert "node.cancelled" in bench.happened("w")
    assert bench.happened("b") == ["node.skipped"]


def test_a_cancelled_node_finds_its_scratch_folder_again(bench: Bench) -> None:
    made = workflow({"a": ("toy.count", {}), "w": ("toy.wait", {"seconds": 0.2})}, [("a", "w")])
    control = RunControl()
    threading.Timer(0.1, control.cancel.set).start()
    bench.run(made, control=control)
    result = bench.run(made)
    assert result.status == "done"
    assert any(getattr(e, "message", "") == "found a mark" for e in bench.events)
    assert list((bench.store.root / "partial").iterdir()) == []


def test_a_file_that_was_written_is_written_again_when_it_is_gone_or_changed(bench: Bench) -> None:
    target = bench.folder / "out.txt"
    made = workflow({"a": ("toy.count", {}), "s": ("toy.save", {"path": str(target)})}, [("a", "s")])
    bench.run(made)
    bench.run(made)
    assert bench.ran == set()
    target.unlink()
    bench.run(made)
    assert bench.ran == {"s"}
    target.write_text("something else")
    bench.run(made)
    assert bench.ran == {"s"}
    assert target.read_text() == "3"


def test_a_file_that_changes_while_it_is_read_gives_no_result(bench: Bench) -> None:
    path = bench.folder / "data"
    path.write_text("before")
    made = workflow({"c": ("toy.count", {"file": str(path)}), "a": ("toy.add", {})}, [("c", "a")])
    plan = make_plan(made, CATALOG, folder=bench.folder)

    def meddle(event: Event) -> None:
        if event.event == "node.started" and getattr(event, "node", "") == "c":
            path.write_text("after that")

    result = executor.run(plan, bench.store, meddle)
    assert "was changed while the workflow ran. Run again." in str(result.failures["c"])
    assert bench.run(made).status == "done"


def test_independent_branches_work_at_the_same_time(bench: Bench) -> None:
    made = workflow(
        {"a": ("toy.count", {}), "v": ("toy.wait", {"seconds": 0.5}), "w": ("toy.wait", {"seconds": 0.51})},
        [("a", "v"), ("a", "w")],
    )
    bench.run(made, jobs=2)
    order = [(e.event, getattr(e, "node", None)) for e in bench.events if e.event in ("node.started", "node.finished")]
    waiting = [entry for entry in order if entry[1] in ("v", "w")]
    assert [kind for kind, _ in waiting[:2]] == ["node.started", "node.started"]


def test_every_event_of_a_run_carries_its_id(bench: Bench) -> None:
    bench.run(chain(3))
    assert len({e.run for e in bench.events}) == 1
    assert bench.events[0].event == "run.started"
    assert bench.events[-1].as_dict()["status"] == "done"


PROGRAM = """
import sys
from pathlib import Path
from app.engine import executor
from app.engine.planner import make_plan
from app.engine.store import Store
from tests.app.engine.toy import CATALOG, HEARING, RUNS, chain, workflow
wait = ("toy.wait", {"seconds": float(sys.argv[2])})
nodes = {"a": ("toy.count", {"rows": 50}), "b": ("toy.add", {}), "w": wait, "c": ("toy.add", {})}
made = workflow(nodes, [("a", "b"), ("b", "w"), ("w", "c")])
store = Store(Path(sys.argv[1]))
def tell(event):
    print(event.event, getattr(event, "node", ""), flush=True)
result = executor.run(make_plan(made, CATALOG, folder=Path.cwd()), store, tell)
print(result.status, sorted(RUNS), flush=True)
"""


def program(store: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(store), str(seconds)], stdout=subprocess.PIPE, text=True)


def test_a_kill_loses_only_the_node_that_was_running(bench: Bench) -> None:
    killed = program(bench.store.root, 60)
    assert killed.stdout is not None
    for line in killed.stdout:
        if line == "node.started w\n":
            break
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    again = program(bench.store.root, 60)
    assert again.stdout is not None
    seen = []
    for line in again.stdout:
        seen.append(line.strip())
        if line == "node.started w\n":
            break
    again.kill()
    again.wait()
    again.stdout.close()
    assert "node.stored a" in seen
    assert "node.stored b" in seen


def test_two_runs_at_once_on_one_store_both_end_well(bench: Bench) -> None:
    both = [program(bench.store.root, 0.3) for _ in range(2)]
    for one in both:
        out, _ = one.communicate(timeout=60)
        assert out.splitlines()[-1].startswith("done")
    assert program(bench.store.root, 0.3).communicate(timeout=60)[0].splitlines()[-1] == "done []"


def test_a_full_disk_is_a_message_and_leaves_no_torn_result(bench: Bench) -> None:
    # A limit on the size of files stands in for a full disk: the write fails half way, just as it does there.
    made = workflow({"a": ("toy.count", {"rows": 400_000}), "b": ("toy.count", {"rows": 10})}, [])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        result = bench.run(made)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "No space is left" in str(result.failures["a"])
    assert "--results" in str(result.failures["a"])
    assert bench.rows(result, "b") == list(range(10))
    assert list((bench.store.root / "new").iterdir()) == []
    assert bench.run(made).status == "done"


# --------------------------------------------------------------------------------------------------- workflows of any shape


@settings(max_examples=30, deadline=None)
@given(acyclic_workflows(most=8), st.data(), st.integers(1, 3))
def test_every_node_runs_once_after_all_it_needs_and_gets_the_right_values(
    made: Workflow, data: st.DataObject, jobs: int
) -> None:
    ids = [record.id for record in made.nodes]
    failing = data.draw(st.sets(st.sampled_from(ids), max_size=2))
    for record in made.nodes:
        record.settings["fails"] = record.id in failing
    behind = closure(made, forwards=True)
    lost = set().union(*(behind[node] for node in failing)) if failing else set()
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        result = bench.run(made, jobs=jobs)
        assert result.status == ("failed" if failing else "done")
        assert set(result.keys) == set(ids) - lost
        assert set(result.failures) == {n for n in failing if not any(n in behind[m] for m in failing - {n})}
        assert set(result.failures) | set(result.skipped) == lost
        assert all(RUNS[node] == 1 for node in result.keys)
        moments = {(e.event, getattr(e, "node", "")): number for number, e in enumerate(bench.events)}
        for wire in made.connections:
            if ("node.started", wire.target_node) in moments:
                assert moments["node.finished", wire.source_node] < moments["node.started", wire.target_node]
        for record in made.nodes:
            if record.id in result.keys:
                fed = [bench.rows(result, c.source_node)[0] for c in made.connections if c.target_node == record.id]
                assert bench.rows(result, record.id) == [record.settings["number"] + sum(fed)]
        assert bench.run(made, jobs=jobs).keys == result.keys
        assert bench.ran == set(result.failures)


@settings(max_examples=15, deadline=None)
@given(acyclic_workflows(most=8), st.data())
def test_only_the_targets_and_what_is_upstream_of_them_run(made: Workflow, data: st.DataObject) -> None:
    targets = data.draw(st.lists(st.sampled_from([record.id for record in made.nodes]), min_size=1, unique=True))
    before = closure(made, forwards=False)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.run(made, targets=targets)
        assert bench.ran == set().union(*(before[target] for target in targets))


def test_branches_of_a_wide_workflow_overlap_as_far_as_there_are_jobs(bench: Bench) -> None:
    made = wired(range(7), [(0, n) for n in range(1, 6)] + [(n, 6) for n in range(1, 6)])
    for record in made.nodes[1:6]:
        record.settings["seconds"] = 0.4
    result = bench.run(made, jobs=3)
    assert result.status == "done"
    at_work = most = 0
    for event in bench.events:
        at_work += (event.event == "node.started") - (event.event == "node.finished")
        most = max(most, at_work)
    assert most == 3
    assert bench.rows(result, "n6") == [7 + sum(1 + n + 1 for n in range(1, 6))]


def test_a_chain_deeper_than_python_may_recurse_runs(bench: Bench) -> None:
    count = sys.getrecursionlimit() + 200
    result = bench.run(wired(range(count), pairwise(range(count))))
    assert result.status == "done"
    assert bench.rows(result, f"n{count - 1}") == [count * (count + 1) // 2]


def test_a_cancelled_node_takes_what_is_behind_it_along_and_nothing_else(bench: Bench) -> None:
    made = wired(range(5), [(0, 1), (1, 2), (0, 3), (3, 4)])
    made.nodes[0].settings["seconds"] = 0.2
    control = RunControl()
    control.cancelled_nodes.add("n1")
    result = bench.run(made, control=control)
    assert result.status == "cancelled"
    assert sorted(result.skipped) == ["n1", "n2"]
    assert set(result.keys) == {"n0", "n3", "n4"}


def test_a_node_in_native_code_that_hears_no_cancel_is_given_up(bench: Bench) -> None:
    made = workflow(
        {"a": ("toy.count", {}), "d": ("toy.deaf", {}), "b": ("toy.add", {}), "w": ("toy.wait", {"seconds": 3.0})},
        [("a", "d"), ("d", "b"), ("a", "w")],
    )
    HEARING.clear()
    control = RunControl()
    as_soon_as_it_works("d", lambda: control.cancelled_nodes.add("d"))
    result = bench.run(made, control=control)
    assert result.status == "cancelled"
    assert set(result.keys) == {"a", "w"}  # beside it, all went on
    assert bench.happened("d")[-1] == "node.cancelled"
    assert bench.happened("b") == ["node.skipped"]
    assert given_up_threads() == 1
    ended = [e.time for e in bench.events if e.event in ("node.cancelled", "node.finished")]
    assert ended == sorted(ended)
    seen = len(bench.events)

    HEARING.set()  # now it comes back with what nobody wants any more
    until_no_thread_is_given_up()
    assert len(bench.events) == seen
    assert bench.store.record(make_plan(made, CATALOG, folder=bench.folder).keys(bench.store.fingerprints, "run")["d"]) is None
    assert bench.run(made).status == "done"
    assert bench.ran == {"d", "b"}


def test_a_node_that_was_given_up_can_be_run_again_while_it_is_still_at_work(bench: Bench) -> None:
    made = workflow({"a": ("toy.count", {}), "d": ("toy.deaf", {}), "e": ("toy.deaf", {})}, [("a", "d"), ("a", "e")])
    HEARING.clear()
    control = RunControl()
    threading.Timer(0.3, control.cancel.set).start()
    assert bench.run(made, control=control).status == "cancelled"
    working = given_up_threads()
    assert working >= 1
    threading.Timer(0.5, HEARING.set).start()
    assert bench.run(made).status == "done"  # it does not wait for the lock that the lost thread held
    until_no_thread_is_given_up()


def test_a_node_that_needs_keras_waits_in_words_for_one_that_was_given_up_and_not_for_ever(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(Deaf, "needs_keras", True)
    monkeypatch.setattr(node_worker, "LONGEST_WAIT_FOR_GIVEN_UP", 0.5)
    made = workflow({"a": ("toy.count", {}), "d": ("toy.deaf", {})}, [("a", "d")])
    other = workflow({"b": ("toy.count", {"rows": 7}), "e": ("toy.deaf", {})}, [("b", "e")])
    HEARING.clear()
    control = RunControl()
    as_soon_as_it_works("d", control.cancel.set)
    assert bench.run(made, control=control).status == "cancelled"
    assert given_up_threads() == 1
    assert bench.run(other).status == "failed"
    said = [getattr(e, "message", "") for e in bench.events if getattr(e, "node", "") == "e"]
    assert sum(text.startswith("The node waits: TensorFlow") for text in said) == 1
    assert sum(text.startswith("TensorFlow is still at work on a node that was cancelled") for text in said) == 1
    HEARING.set()
    until_no_thread_is_given_up()
    assert bench.run(other).status == "done"


def test_a_node_in_python_that_hears_no_cancel_is_ended(bench: Bench) -> None:
    made = workflow({"a": ("toy.count", {}), "s": ("toy.stubborn", {})}, [("a", "s")])
    control = RunControl()
    threading.Timer(0.3, control.cancel.set).start()
    result = bench.run(made, control=control)
    assert result.status == "cancelled"
    assert bench.happened("s")[-1] == "node.cancelled"
    until_no_thread_is_given_up()


def as_soon_as_it_works(node: str, do: Callable[[], object]) -> None:
    """Do something when a toy node of the run that begins now is at work, however slow the machine is."""
    RUNS.clear()

    def wait() -> None:
        end = time.monotonic() + 60
        while not RUNS[node] and time.monotonic() < end:
            time.sleep(0.02)
        do()

    threading.Thread(target=wait).start()


def until_no_thread_is_given_up() -> None:
    end = time.monotonic() + 20
    while given_up_threads():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_run_in_which_every_result_is_stored_imports_no_networkx(bench: Bench) -> None:
    program = (
        "import sys; from pathlib import Path; from app.engine import executor; from app.engine.planner import make_plan;"
        "from app.engine.store import Store; from tests.app.engine.toy import CATALOG, chain;"
        "plan = make_plan(chain(5), CATALOG, folder=Path.cwd());"
        "result = executor.run(plan, Store(Path(sys.argv[1])), lambda _: None);"
        "print(result.status, 'networkx' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(bench.store.root)]
    said = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(2)]
    assert said == [["done", "True"], ["done", "False"]]
