"""A small run with everything that there is to show: images, training, scores, a warning, a failure, a loose end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from app.document.model import Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow
from app.engine import executor
from app.engine.events import Event, Listener
from app.engine.executor import RunResult
from app.engine.plan import Plan
from app.engine.planner import make_plan
from app.engine.store import Store
from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.scoring.scorer import Scorer
from nodes.values.figure import Figure, Line, LinesFigure
from nodes.values.table import Table, TableSpec

EVIL = "<script>alert('x')</script> & [bold red]\x1b[31m"
CLASSES = ("Ankle boot", "Bag", EVIL)
SCHEMA = pl.Schema(
    {"image": pl.Array(pl.UInt8, (4, 4, 1)), "label": pl.Enum(list(CLASSES)), "prediction": pl.Enum(list(CLASSES))}
)


class Pictures(Node):
    """Twenty tiny pictures with actual and predicted classes; a tenth of them is wrong."""

    id = "show.pictures"
    title = "Pictures"
    shelf = "Readers"
    output_ports = (Port("table", "table", "Table"),)
    rows: int = setting(20, "Rows", "How many.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": TableSpec(SCHEMA, self.rows)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        images = np.arange(self.rows * 16, dtype=np.uint8).reshape(self.rows, 4, 4, 1)
        actual = [CLASSES[i % 2] for i in range(self.rows)]
        predicted = [CLASSES[(i + (i % 10 == 3)) % 2] for i in range(self.rows)]
        return {"table": Table.of(pl.DataFrame({"image": images, "label": actual, "prediction": predicted}, schema=SCHEMA))}


class Train(Node):
    """Pretend to learn for three epochs, and warn."""

    id = "show.train"
    title = "Train"
    shelf = "Network"
    input_ports = (Port("table", "table", "Table"),)
    output_ports = (Port("history", "table", "History"),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"history": None}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        for epoch in (1, 2, 3):
            job.progress(epoch / 3, f"epoch {epoch} of 3")
            job.metrics(epoch, {"loss": 1 / epoch}, epoch=True)
        job.warn(f"The loss is stuck {EVIL}.")
        return {"history": Table.of(pl.DataFrame({"epoch": [1, 2, 3], "loss": [0.9, 0.5, 0.25]}))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        history = outputs.table("history").frame()
        return [LinesFigure("Learning curve", [Line("training", history["epoch"].to_list(), history["loss"].to_list())])]


class Break(Node):
    """Fail."""

    id = "show.break"
    title = "Break"
    shelf = "Writers"
    input_ports = (Port("table", "table", "Table"),)
    output_ports = (Port("table", "table", "Table"),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        raise NodeError(f"It broke {EVIL}.", "Mend it.")


CATALOG = {node.id: node for node in (Pictures, Train, Break, Scorer)}


def workflow(*, broken: bool = False, placed: bool = True) -> Workflow:
    """pictures -> train and scorer, and where asked for -> a node that breaks -> one that is skipped."""
    nodes = [
        NodeRecord(id="pictures", type="show.pictures", settings={"rows": {"variable": "rows"}}),
        NodeRecord(id="train", type="show.train"),
        NodeRecord(id="scorer", type="scoring.scorer", settings={"actual_column": "label", "predicted_column": "prediction"}),
    ]
    wires = [("pictures.table", "train.table"), ("pictures.table", "scorer.table")]
    if broken:
        nodes += [NodeRecord(id="broken", type="show.break"), NodeRecord(id="behind", type="show.train")]
        wires += [("pictures.table", "broken.table"), ("broken.table", "behind.table")]
    places = {node.id: NodeView(position=(150.0 * i, 40.0 * i), note=f"note {i} {EVIL}") for i, node in enumerate(nodes)}
    places["pictures"].name = f"Pictures {EVIL}"
    box = Annotation(text=f"Part one {EVIL}", position=(-40, -60), size=(300, 220))
    return Workflow(
        name=f"Show {EVIL}",
        description="Everything there is.",
        variables=[Variable(name="rows", type="integer", value=40, description="How many pictures.")],
        nodes=nodes,
        connections=[Connection(source=a, target=b) for a, b in wires],
        view=View(nodes=places, annotations=[box]) if placed else View(),
    )


@dataclass
class Shown:
    """A run that is over, with all that is known of it."""

    workflow: Workflow
    plan: Plan
    store: Store
    result: RunResult
    events: list[Event] = field(default_factory=list)


def run(folder: Path, made: Workflow, *, listener: Listener | None = None, targets: Sequence[str] | None = None) -> Shown:
    """Run a workflow of `CATALOG`; `rows` is set to 20."""
    plan = make_plan(made, CATALOG, folder=folder, variable_values={"rows": "20"})  # type: ignore[arg-type]
    store = Store(folder / "store")
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        if listener:
            listener(event)

    return Shown(made, plan, store, executor.run(plan, store, listen, targets=targets), events)
