"""Every example workflow runs to its end: with one epoch and few rows here, as it is for whoever opens it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.document.file import load
from app.document.model import Workflow
from app.engine import executor
from app.engine.events import NodeLog
from app.engine.permissions import Permissions
from app.engine.planner import make_plan
from app.engine.store import Store
from app.engine.trust import Trust
from app.own_workflows import OwnWorkflows
from nodes.catalog import Catalog
from tests.sampling import mostly_exhaustive

EXAMPLES = sorted(path for path in Path("workflows").glob("*.workflow.json") if path.name != "fashion_mnist_cnn.workflow.json")
"""The one left out has tests/test_main_job.py to itself."""

SMALL: dict[str, dict[str, Any]] = {
    "readers.idx": {"limit": 400},
    "networks.learner": {"epochs": 1, "checkpoint_every": 0},
    "learning.random_forest": {"n_estimators": 5},
    "inspection.embedding": {"method": "PCA"},
    "inspection.occlusion": {"patch_size": [14, 14], "strides": [14, 14]},
}
"""Type of node -> settings that make it quick."""
FEW_ROWS = {"tables.row_sampling": 50, "tables.bootstrap_sampling": 50, "readers.sample_data": 300}
"""Type of node -> how many rows it gives at most."""


GUARDED = frozenset({"seen"})
"""Nodes of `only_if_new` that may fail, which Try goes on from."""


def small(workflow: Workflow, folder: Path) -> Workflow:
    """The same workflow on little data, writing into `folder`."""
    variables = [v.model_copy(update={"value": str(folder)}) if v.name == "output_dir" else v for v in workflow.variables]
    nodes = []
    for node in workflow.nodes:
        settings = {**node.settings, **SMALL.get(node.type, {})}
        if node.type in FEW_ROWS and isinstance(settings.get("rows"), int):
            settings["rows"] = min(settings["rows"], FEW_ROWS[node.type])
        nodes.append(node.model_copy(update={"settings": settings}))
    return workflow.model_copy(update={"variables": variables, "nodes": nodes})


@pytest.mark.parametrize("path", mostly_exhaustive(EXAMPLES, 6, "examples"), ids=lambda path: path.name.partition(".")[0])
def test_an_example_runs_to_its_end_without_a_complaint(path: Path, tmp_path: Path) -> None:
    trust = Trust(writes=Permissions(own=OwnWorkflows.load().has(path)))
    plan = make_plan(small(load(path), tmp_path), Catalog.load(), folder=path.resolve().parent, trust=trust)
    calm = GUARDED if path.name.startswith("only_if_new") else frozenset[str]()
    assert [str(p) for n, node in plan.nodes.items() for p in node.problems if n not in calm or p.severity == "error"] == []
    said: list[str] = []
    result = executor.run(
        plan,
        Store(tmp_path / "results"),
        lambda event: said.append(event.message) if isinstance(event, NodeLog) and event.level == "warning" else None,
    )
    assert result.status == "done", result.failures
    assert not said


def test_what_is_not_new_is_left_alone(tmp_path: Path) -> None:
    path = Path("workflows/only_if_new.workflow.json")
    came_to = []
    for _ in range(2):
        trust = Trust(writes=Permissions(own=True))
        plan = make_plan(small(load(path), tmp_path), Catalog.load(), folder=path.resolve().parent, trust=trust)
        result = executor.run(plan, Store(tmp_path / "results"), lambda _: None)
        assert result.status == "done", result.failures
        came_to.append((sorted(result.failures), sorted(result.inactive)))
    assert came_to == [(["seen"], []), ([], ["keep", "remember", "statistics", "wait", "write"])]
    assert json.loads((tmp_path / "only_if_new.json").read_text()) == {"seen": 178}
