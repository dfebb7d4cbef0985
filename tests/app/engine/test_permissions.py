"""Where a workflow that came from elsewhere may write, and what is asked; what is never written, whosever workflow it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import folders
from app.document.model import Connection, NodeRecord, Variable, Workflow
from app.engine import executor
from app.engine.permissions import Claims, Permissions
from app.engine.plan import Plan
from app.engine.planner import make_plan
from app.engine.store import Store
from app.engine.trust import Trust
from nodes.base import NodeError
from tests.catalog import CATALOG

WRITERS = {about.id for about in CATALOG.about.values() if about.shelf == "Writers"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "theirs"
    made.mkdir()
    return made


def flow(path: str, kind: str = "writers.csv", **settings: Any) -> Workflow:
    """A table, and what writes it."""
    return Workflow(
        variables=[Variable(name="up", type="text", value="..")],
        nodes=[
            NodeRecord(id="make", type="tables.table_creator", settings={"columns": [{"name": "x", "values": ["1"]}]}),
            NodeRecord(id="write", type=kind, settings={"path": path, **settings}),
        ],
        connections=[Connection(source="make.table", target="write.table")],
    )


def planned(workflow: Workflow, folder: Path, **permissions: Any) -> Plan:
    permitted = Permissions(**{"start": folder} | permissions)
    return make_plan(workflow, CATALOG, folder=folder, start=folder, trust=Trust(writes=permitted))


def asked(workflow: Workflow, folder: Path, **permissions: Any) -> list[str]:
    plan = planned(workflow, folder, **permissions)
    wishes = plan.nodes["write"].wishes
    assert plan.nodes["write"].ready == (not wishes), plan.problems
    return list(wishes)


def test_new_files_beside_the_workflow_are_not_asked_about(folder: Path) -> None:
    assert asked(flow("out.csv"), folder) == []
    assert asked(flow("deep/er/out.csv", if_exists="overwrite"), folder) == []


@pytest.mark.parametrize("path", ["../out.csv", "${up}/out.csv", "a/../../out.csv", "~/out.csv", "link/out.csv", "/out.csv"])
def test_what_leads_out_of_the_folder_is_asked(folder: Path, path: str) -> None:
    (folder / "link").symlink_to(folder.parent, target_is_directory=True)
    (place,) = asked(flow(path), folder)
    assert Path(place).name == "out.csv"
    assert not Path(place).is_relative_to(folder)
    assert asked(flow(path), folder, own=True) == []


def test_a_file_that_is_a_link_is_what_it_leads_to(folder: Path) -> None:
    (folder / "out.csv").symlink_to(folder.parent / "elsewhere.csv")
    assert asked(flow("out.csv", if_exists="overwrite"), folder) == [str(folder.parent / "elsewhere.csv")]


@pytest.mark.parametrize("path", [".git/hooks/post-commit", ".bashrc", "a/.vscode/tasks.json"])
def test_what_is_hidden_is_asked(folder: Path, path: str) -> None:
    assert asked(flow(path), folder) == [str(folder / path)]


def test_the_home_folder_is_no_folder_to_work_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    for start in (folder.parent, folder.parent.parent):
        assert asked(flow("../autostart"), folder, start=start) == [str(folder.parent / "autostart")]
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert asked(flow("out.csv"), folder) == [str(folder / "out.csv")]


def test_the_folder_that_one_started_in_is_allowed(folder: Path) -> None:
    start = folder.parent / "work"
    start.mkdir()
    assert asked(flow("../work/out.csv"), folder, start=start) == []


def test_a_file_that_was_there_is_asked_about_if_it_would_be_replaced(folder: Path) -> None:
    (folder / "out.csv").write_text("mine\n")
    assert asked(flow("out.csv", if_exists="overwrite"), folder) == [str(folder / "out.csv")]
    assert asked(flow("out.csv", if_exists="append"), folder) == [str(folder / "out.csv")]
    plan = planned(flow("out.csv", if_exists="fail"), folder)
    assert plan.nodes["write"].wishes == {}, "it is refused anyway"


def run(plan: Plan, tmp_path: Path) -> executor.RunResult:
    return executor.run(plan, Store(tmp_path / "store"), lambda _: None)


def test_what_it_wrote_itself_it_may_write_again_until_somebody_changes_it(folder: Path, tmp_path: Path) -> None:
    workflow = flow("out.csv", if_exists="overwrite")
    assert run(planned(workflow, folder), tmp_path).status == "done"
    assert asked(workflow, folder) == []
    other = tmp_path / "other"
    other.mkdir()
    assert asked(flow(str(folder / "out.csv"), if_exists="overwrite"), other, start=folder) == [str(folder / "out.csv")]
    (folder / "out.csv").write_text("mine, now\n")
    assert asked(workflow, folder) == [str(folder / "out.csv")]


def test_what_was_granted_is_granted_for_this_place_and_this_use_only(folder: Path) -> None:
    (wish,) = planned(flow("../out.csv"), folder).nodes["write"].wishes.values()
    digests = {wish.digest}
    assert asked(flow("../out.csv"), folder, digests=digests) == []
    assert asked(flow("../out.csv", if_exists="overwrite"), folder, digests=digests) != []
    assert asked(flow("../other.csv"), folder, digests=digests) != []
    elsewhere = folder.parent / "more"
    elsewhere.mkdir()
    assert asked(flow("../out.csv"), elsewhere, digests=digests) != []


def test_what_the_person_names_for_this_run_is_allowed(folder: Path) -> None:
    assert asked(flow("../x/out.csv"), folder, allowed=[str(folder.parent / "x")]) == []
    assert asked(flow("../xy/out.csv"), folder, allowed=[str(folder.parent / "x")]) != []
    assert asked(flow("../out.csv"), folder, chosen=frozenset({("write", "path")})) == []
    assert asked(flow("../out.csv"), folder, chosen=frozenset({("write", "pat"), ("make", "path")})) != []


OWN: dict[str, Callable[[Path], Path]] = {
    "config": lambda _: folders.config_folder() / "preferences.json",
    "data": lambda _: folders.data_folder() / "trusted_scripts.txt",
    "cache": lambda _: folders.cache_folder() / "nodes.json",
    "results": lambda folder: folder / "results" / "store.sqlite",
    "code": lambda _: Path(executor.__file__).parents[2] / "nodes" / "readers" / "evil.py",
}


@pytest.mark.parametrize("name", OWN)
def test_no_workflow_writes_into_the_programs_own_folders(folder: Path, tmp_path: Path, name: str) -> None:
    target = OWN[name](tmp_path)
    existed = target.exists()
    (folder / "link").symlink_to(target.parent, target_is_directory=True)
    for path in (str(target), f"link/{target.name}"):
        plan = planned(flow(path, if_exists="append"), folder, own=True, allowed=["/"])
        (problem,) = plan.nodes["write"].problems
        assert "belongs to Layerloom itself" in problem.message
        assert (problem.node, problem.setting, problem.severity) == ("write", "path", "error")
        assert run(plan, tmp_path).status == "failed"
        assert target.exists() == existed


def test_the_executor_refuses_by_itself_even_a_plan_that_says_ready(folder: Path, tmp_path: Path) -> None:
    plan = planned(flow("../out.csv"), folder, own=True)
    plan.trust = replace(plan.trust, writes=Permissions(start=folder))
    result = run(plan, tmp_path)
    assert "nobody has allowed" in result.failures["write"].message
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_came_between_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    plan = planned(flow("out.csv", if_exists="overwrite"), folder)
    (folder / "out.csv").write_text("mine\n")
    assert run(plan, tmp_path).status == "failed"
    assert (folder / "out.csv").read_text() == "mine\n"


def test_every_writer_is_asked_about(folder: Path) -> None:
    """Whatever it writes, and whatever else is set."""
    assert len(WRITERS) >= 10
    for kind in WRITERS:
        names = [name for name, use in CATALOG[kind].paths().items() if use.startswith("write")]
        assert names, kind
        node = CATALOG[kind].model_validate({names[0]: "../out.keras"})
        places = [Path(wish.place) for wish in Permissions(start=folder).wishes(node, "n", folder).values()]
        assert places, kind
        assert all(place.parent == folder.parent for place in places), kind


def test_every_declared_path_to_write_is_an_access() -> None:
    for kind in ("keras.learner", *CATALOG):
        node_class = CATALOG.get(kind)
        writes = [n for n, use in node_class.paths().items() if use.startswith("write")] if node_class else []
        for name in writes:
            assert node_class is not None
            assert [a.setting for a in node_class.model_validate({name: "out.keras"}).accesses()] == [name], kind


def test_a_server_is_asked_about_and_a_file_that_is_only_read_is_not(folder: Path) -> None:
    reader = CATALOG["readers.database"]
    server = reader.model_validate({"kind": "postgresql", "host": "db.example", "database": "d"})
    (wish,) = Permissions(start=folder).wishes(server, "n", folder).values()
    assert wish.place == "postgresql://db.example:5432/d"
    assert Permissions(start=folder, allowed=[wish.place]).wishes(server, "n", folder) == {}
    assert Permissions(own=True).wishes(server, "n", folder) == {}
    assert Permissions().wishes(reader.model_validate({"kind": "sqlite", "path": "/a.db"}), "n", folder) == {}


def learner(**settings: Any) -> Any:
    kind = next(k for k, about in CATALOG.about.items() if about.title == "Keras Network Learner")
    return CATALOG[kind].model_validate(settings)


def test_what_a_learner_writes_beside_its_training_is_asked_about(folder: Path) -> None:
    node = learner(
        model_checkpoint={"filepath": "../nets/{epoch:03d}/{val_loss:.3f}.keras"},
        csv_logger={"filename": "../log.csv"},
        tensorboard={"log_dir": "../logs"},
    )
    wishes = Permissions(start=folder).wishes(node, "n", folder)
    assert set(wishes) == {str(folder.parent / name) for name in ("nets", "log.csv", "logs")}
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "001.keras").write_text("mine")
    (folder / "logs").mkdir()
    (folder / "logs" / "a").write_text("mine")
    own = learner(model_checkpoint={}, csv_logger={}, tensorboard={})
    assert list(Permissions(start=folder).wishes(own, "n", folder)) == [str(folder / "checkpoints")]
    assert Permissions(start=folder).wishes(learner(model_checkpoint={"filepath": "{epoch}.keras"}), "n", folder) == {}


def test_a_name_that_is_formed_in_the_run_stays_where_the_settings_say(folder: Path) -> None:
    claims = Claims(Permissions(), [folder / "nets"], folder)
    claims.claim(folder / "nets" / "1.keras")
    for path in (folder / "1.keras", folder / "nets" / ".." / "1.keras"):
        with pytest.raises(NodeError, match="elsewhere"):
            claims.claim(path)
    (folder / "nets").mkdir()
    (folder / "nets" / "1").symlink_to(folder.parent, target_is_directory=True)
    with pytest.raises(NodeError, match="elsewhere"):
        claims.claim(folder / "nets" / "1" / "x.keras")


@pytest.mark.skipif(os.name == "nt", reason="names are written otherwise there")
def test_a_path_that_is_none_stops_nothing(folder: Path) -> None:
    for path in ("~nosuchuser/x.csv", "a\0b.csv"):
        assert planned(flow(path), folder).nodes["write"].wishes == {}


# ------------------------------------------------------------------------------------------------------- whatever they try

PIECES = ("..", ".", "a", "link", "up", ".git", "out.csv", "theirs", "mine.csv", "home", "data", "$", "~", "", " ", "ä", "CON")


def everything(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and not p.is_symlink()}


@settings(max_examples=settings.default.max_examples // 4)
@given(
    parts=st.lists(st.sampled_from(PIECES), min_size=1, max_size=6),
    start=st.sampled_from(["/", "", "./", "${up}/", "~/", "//", "\\\\"]),
    how=st.sampled_from(["fail", "overwrite", "append"]),
)
def test_whatever_path_it_names_nothing_that_was_there_is_changed_and_nothing_comes_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], start: str, how: str
) -> None:
    root = tmp_path_factory.mktemp("whatever")
    folder = root / "theirs"
    (folder / "a").mkdir(parents=True)
    (folder / ".git").mkdir()
    for place in (root / "mine.csv", folder / "mine.csv", folder / "a" / "out.csv", folder / ".git" / "out.csv"):
        place.write_text("x\n5\n")
    (folder / "link").symlink_to(root, target_is_directory=True)
    (folder / "up").symlink_to(root / "mine.csv")
    path = (str(root) if start == "/" else "") + start + "/".join(parts)
    before = everything(root)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOME", str(root))
        environment.setenv("LAYERLOOM_HOME", str(folder / "home"))
        workflow = flow(path, if_exists=how)
        plan = make_plan(workflow, CATALOG, folder=folder, start=folder, trust=Trust(writes=Permissions(start=folder)))
        result = executor.run(plan, Store(root / "store"), lambda _: None)
    own = ("store/", *(f"theirs/home/{part}/" for part in ("config", "data", "cache")))
    after = {name: content for name, content in everything(root).items() if not name.startswith(own)}
    assert {name: after.get(name) for name in before} == before
    new = after.keys() - before.keys()
    assert all(name.startswith("theirs/") and "/." not in name for name in new), new
    assert len(new) == (result.status == "done")


def test_a_server_hears_nothing_before_it_is_allowed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one on this machine, which the person's own workflows ask for its columns."""
    asked: list[str] = []
    reader: Any = CATALOG["readers.database"]

    def connect(node: Any, *args: Any, **more: Any) -> Any:
        asked.append(node.host)
        raise NodeError("It is not there.", "Start it.")

    monkeypatch.setattr(reader, "connect", connect)
    settings = {"kind": "postgresql", "host": "localhost", "source": "query", "query": "SELECT 1"}
    nodes = [NodeRecord(id="write", type="readers.database", settings=settings)]
    plan = planned(Workflow(nodes=nodes), folder)
    assert list(plan.nodes["write"].wishes) == ["postgresql://localhost:5432/postgres"]
    assert not plan.nodes["write"].ready
    assert run(plan, tmp_path).status == "failed"
    assert asked == []
    planned(Workflow(nodes=nodes), folder, own=True)
    assert asked == ["localhost"]
