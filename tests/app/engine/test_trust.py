"""No script runs that the person has not trusted: not on opening, not on configuring, not by a run, whatever a face of the
program forgets; and what came of trusting.
"""

from __future__ import annotations

import queue
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from app.document.model import Connection, NodeRecord, Variable, Workflow
from app.engine import executor
from app.engine.background_fingerprints import BackgroundFingerprints
from app.engine.events import Event, NodeFailed
from app.engine.inspection.documents import permissions, preview
from app.engine.messages.questions import PermissionQuestion, PreviewQuestion, ScriptSummary
from app.engine.nonces import Nonces
from app.engine.planner import Planner, make_plan
from app.engine.session import Session, SessionContext
from app.engine.store import Store
from app.engine.trust import Trust, digest, templates
from nodes.base import Settings, setting
from nodes.catalog import Catalog
from nodes.scripts.python_script import TEMPLATE, PythonScript


class Inner(Settings):
    kind: Literal["own"] = "own"
    source: str = setting("a = 1", "Source", "...", code="python")


class Deep(PythonScript):
    """A node with a script deep inside."""

    id: ClassVar[str] = "toy.deep"
    deep: Inner = setting(Inner(), "Deep", "...")

    def scripts(self) -> dict[str, str]:
        return {"script": self.script, "deep.source": self.deep.source}


CATALOG = Catalog({"scripts.python_script": PythonScript, "toy.deep": Deep})


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "ran"


def hostile(marker: Path) -> str:
    """A script that leaves a mark as soon as anything of it runs."""
    leave = f"with open({str(marker)!r}, 'a') as f:\n    f.write('ran')\n"
    return f"{leave}import polars as pl\noutput_table = pl.DataFrame({{'x': [1]}})\n"


def flow(source: object) -> Workflow:
    """Two scripts in a row: the given one, and the template."""
    return Workflow(
        variables=[Variable(name="code", type="text", value=source if isinstance(source, str) else "")],
        nodes=[
            NodeRecord(id="bad", type="scripts.python_script", settings={"script": source}),
            NodeRecord(id="good", type="scripts.python_script", settings={}),
        ],
        connections=[Connection(source="bad.table", target="good.table_1")],
    )


def test_planning_runs_nothing_and_says_what_is_not_trusted(marker: Path, tmp_path: Path) -> None:
    plan = make_plan(flow(hostile(marker)), CATALOG, folder=tmp_path)
    assert plan.nodes["bad"].untrusted == {"script": hostile(marker)}
    assert not plan.nodes["bad"].ready
    assert plan.nodes["good"].blocked_by == "bad"
    (problem,) = plan.errors
    assert (problem.node, problem.setting) == ("bad", "script")
    assert problem.remedy
    assert not marker.exists()


def test_a_mistake_in_a_script_is_found_before_it_is_trusted(tmp_path: Path) -> None:
    messages = [p.message for p in make_plan(flow("output_table = ("), CATALOG, folder=tmp_path).problems]
    assert any("not valid Python" in message for message in messages)
    assert any("trusted" in message for message in messages)


def test_templates_are_trusted_wherever_they_stand() -> None:
    assert Trust().untrusted(PythonScript()) == {}
    assert {TEMPLATE, "a = 1"} <= templates(Deep)
    assert Trust().untrusted(Deep(deep=Inner(source="b = 2"))) == {"deep.source": "b = 2"}


def test_one_more_character_is_another_script() -> None:
    trust = Trust(digests={digest("output_table = 1")})
    assert trust.untrusted(PythonScript(script="output_table = 1")) == {}
    assert trust.untrusted(PythonScript(script="output_table = 1 ")) != {}
    assert trust.untrusted(PythonScript(script="output_table = 1\r")) != {}


def test_a_script_in_a_variable_is_a_script(marker: Path, tmp_path: Path) -> None:
    made = flow(hostile(marker))
    made.nodes[0] = made.nodes[0].model_copy(update={"settings": {"script": {"variable": "code"}}})
    assert make_plan(made, CATALOG, folder=tmp_path).nodes["bad"].untrusted == {"script": hostile(marker)}


def test_a_planner_sees_that_something_is_trusted_now(marker: Path, tmp_path: Path) -> None:
    trust = Trust()
    planner = Planner(CATALOG, tmp_path, trust=trust)
    made = flow(hostile(marker))
    assert not planner.plan(made).nodes["good"].ready
    trust.digests.add(digest(hostile(marker)))
    plan = planner.plan(made)
    assert plan.problems == []
    assert plan.nodes["good"].ready


def run(plan: object, folder: Path) -> tuple[executor.RunResult, list[Event]]:
    seen: list[Event] = []
    return executor.run(plan, Store(folder / "store"), seen.append), seen  # type: ignore[arg-type]


def test_a_run_leaves_out_what_is_not_trusted(marker: Path, tmp_path: Path) -> None:
    result, _ = run(make_plan(flow(hostile(marker)), CATALOG, folder=tmp_path), tmp_path)
    assert result.status == "failed"
    assert result.skipped == ["bad", "good"]
    assert not marker.exists()


def test_the_executor_refuses_by_itself_even_a_plan_that_says_ready(marker: Path, tmp_path: Path) -> None:
    plan = make_plan(flow(hostile(marker)), CATALOG, folder=tmp_path, trust=Trust(everything=True))
    plan.trust = Trust()
    result, seen = run(plan, tmp_path)
    assert "trusted" in result.failures["bad"].message
    assert [event.node for event in seen if isinstance(event, NodeFailed)] == ["bad"]
    assert not marker.exists()


def test_a_trusted_script_runs_once(marker: Path, tmp_path: Path) -> None:
    plan = make_plan(flow(hostile(marker)), CATALOG, folder=tmp_path, trust=Trust(digests={digest(hostile(marker))}))
    assert run(plan, tmp_path)[0].status == "done"
    assert run(plan, tmp_path)[0].status == "done"
    assert marker.read_text() == "ran"


def test_a_session_shows_what_needs_trust_and_goes_on_when_it_has_it(marker: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    tasks: queue.SimpleQueue[object] = queue.SimpleQueue()
    fingerprints = BackgroundFingerprints(store.fingerprints, tasks.put, lambda: None)
    context = SessionContext(CATALOG, store, Nonces(store.root / "store.sqlite"), fingerprints, tasks.put, lambda _: None)
    session = Session("doc", flow(hostile(marker)), tmp_path, context)
    every = PermissionQuestion(document="doc")
    try:
        status = session.status("bad")
        assert (status.state, status.untrusted) == ("not configured", True)
        assert session.status("good").blocked_by == "bad"
        assert preview(session, PreviewQuestion(document="doc", node="bad", settings={"script": "output_table = 1"})).untrusted
        (entry,) = permissions(session, PermissionQuestion(document="doc", targets=("good",))).scripts
        assert entry == ScriptSummary(node="bad", title="Python Script", setting="script", source=hostile(marker))
        assert permissions(session, every).scripts == (entry,)
        context.trust.digests.add(digest(hostile(marker)))
        session.trust_changed()
        assert [session.status(n).state for n in ("bad", "good")] == ["ready", "ready"]
        assert permissions(session, every).scripts == ()
        assert not preview(session, PreviewQuestion(document="doc", node="bad", settings={})).untrusted
    finally:
        session.close(wait=5)
        fingerprints.close()
    assert not marker.exists()
