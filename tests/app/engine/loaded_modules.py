"""Runs nodes of many shelves one after the other, and notes which modules of ours each of them loads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from app.document import file
from app.document.graph import build
from app.document.model import Workflow
from app.folders import examples_folder
from nodes.base import Specs, Values
from nodes.catalog import Catalog
from tests.support import RecordingJob

EXAMPLES = ("perceptron_or_forest", "lstm_forecast")
SHORTER = {"networks.learner": {"epochs": 1}, "learning.random_forest": {"n_estimators": 3}}
MORE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("images.edges", {"column": "image"}),
    ("images.encoder", {"column": "image"}),
    ("learning.k_means", {"columns": ["image"]}),
    ("tables.row_sampling", {"percent": 50.0}),
    ("writers.table", {"path": "out.table"}),
)
"""Nodes that work on a table of digits."""


def run_nodes(folder: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Import the classes of the nodes, then let one node after the other work.

    Returns:
        The modules below `nodes` that came with the classes, and not with the catalog; and by node, in the order of working,
        those that came while it worked.
    """
    catalog = Catalog.load(plugins=False, index=folder / "nodes.json")
    known = set(sys.modules)

    def new() -> list[str]:
        found = sorted(name for name in sys.modules.keys() - known if name.startswith("nodes."))
        known.update(sys.modules)
        return found

    workflows = [file.load(examples_folder() / f"{name}.workflow.json") for name in EXAMPLES]
    work = _work(catalog, workflows, folder)
    ran = {*(record.type for workflow in workflows for record in workflow.nodes), "readers.sample_data", *dict(MORE)}
    assert all(catalog[node_id] for node_id in ran)
    classes = new()
    return classes, [(node_id, new()) for node_id in work]


def _work(catalog: Catalog, workflows: Sequence[Workflow], folder: Path) -> Iterator[str]:
    """Run workflows, then further nodes; yields the id of each node when it has worked."""
    for workflow in workflows:
        values: dict[tuple[str, str], Any] = {}
        wiring = build(workflow, catalog)
        records = {record.id: record for record in workflow.nodes}
        for node_id in wiring.order:
            inputs = {w.target_port: values[w.source, w.source_port] for w in wiring.wires if w.target == node_id}
            record = records[node_id]
            settings = {**record.settings, **SHORTER.get(record.type, {})}
            made = _run(catalog, record.type, settings, inputs, folder, node_id)
            values |= {(node_id, port): value for port, value in made.items()}
            yield record.type
    digits = _run(catalog, "readers.sample_data", {"data": "digits"}, {}, folder)["table"]
    yield "readers.sample_data"
    for node_id, settings in MORE:
        port = catalog[node_id].input_ports[0].name
        _run(catalog, node_id, settings, {port: digits}, folder)
        yield node_id


def _run(
    catalog: Catalog, node_id: str, settings: Any, inputs: dict[str, Any], folder: Path, name: str = "node"
) -> dict[str, Any]:
    node = catalog[node_id].model_validate(settings)
    node.configure(Specs({port: value.spec for port, value in inputs.items()}, name, folder))
    made = dict(node.execute(Values(inputs), RecordingJob(folder, name)))
    node.views(Values(made))
    return made
