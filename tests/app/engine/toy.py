"""Small real nodes for tests of document and engine: they count how often they ran, fail, wait or warn on demand."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from app.document.model import Connection, NodeRecord, Workflow
from nodes.base import Cancelled, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.catalog import Catalog
from nodes.values.table import Table, TableSpec

RUNS: Counter[str] = Counter()
"""Node id -> how often it was executed in this process."""

TABLE_IN = (Port("table", "table", "Table"),)
TABLE_OUT = (Port("table", "table", "Table"),)


class Toy(Node):
    shelf = "Tables"
    output_ports = TABLE_OUT


class Count(Toy):
    """Numbers from 0 on."""

    id = "toy.count"
    title = "Count"
    rows: int = setting(3, "Rows", "How many.", ge=0)
    file: str = setting("", "File", "Read for its fingerprint only.", path="read file")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        if self.rows == 13:
            raise NodeError("Thirteen is no number of rows.", "Take twelve.", setting="rows")
        return {"table": TableSpec(pl.Schema({"n": pl.Int64}), self.rows)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        return {"table": Table.of(pl.DataFrame({"n": pl.Series(range(self.rows), dtype=pl.Int64)}))}


class Add(Toy):
    """Add a number to a column."""

    id = "toy.add"
    title = "Add"
    version = 2
    input_ports = TABLE_IN
    number: int = setting(1, "Number", "What is added.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        specs.table().require("n", "integer")
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        table = values.table()
        return {"table": table.with_columns(table.frame(["n"]).select(pl.col("n") + self.number))}

    @classmethod
    def migrate(cls, settings: dict[str, object], version: int) -> dict[str, object]:
        return {"number": settings.pop("plus", 1), **settings} if version == 1 else settings


class Both(Toy):
    """Put tables below each other."""

    id = "toy.both"
    title = "Both"
    input_ports = (Port("table", "table", "Table", grows=True),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": specs.all("table")[0].with_rows(None)}  # type: ignore[union-attr]

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        return {"table": Table.of(pl.concat([t.frame() for t in values.all("table")]))}  # type: ignore[union-attr]


class Sum(Toy):
    """Its own number and the numbers of all that feed it, added up; fails on demand."""

    id = "toy.sum"
    title = "Sum"
    input_ports = (Port("table", "table", "Table", grows=True, optional=True, least=1),)
    number: int = setting(1, "Number", "What is added.")
    fails: bool = setting(False, "Fails", "Whether it fails.")
    seconds: float = setting(0.0, "Seconds", "How long it takes.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": TableSpec(pl.Schema({"n": pl.Int64}), 1)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        time.sleep(self.seconds)
        if self.fails:
            raise NodeError("It did not work.", "Try something else.")
        total = self.number + sum(t.frame()["n"].item() for t in values.all("table"))  # type: ignore[union-attr]
        return {"table": Table.of(pl.DataFrame({"n": pl.Series([total], dtype=pl.Int64)}))}


class Fail(Toy):
    """Fail in the chosen way."""

    id = "toy.fail"
    title = "Fail"
    input_ports = TABLE_IN
    how: str = setting("message", "How", "In which way.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        if self.how == "message":
            raise NodeError("It did not work.", "Try something else.")
        if self.how == "memory":
            raise MemoryError
        if self.how == "exit":
            sys.exit("I leave")
        if self.how == "panic":
            raise pl.exceptions.PanicException("lost my way")
        raise ZeroDivisionError("division by zero")


class Wait(Toy):
    """Wait until cancelled, or for some seconds; leaves a mark in the scratch folder."""

    id = "toy.wait"
    title = "Wait"
    input_ports = TABLE_IN
    seconds: float = setting(60.0, "Seconds", "How long.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        found = (job.scratch / "mark").exists()
        (job.scratch / "mark").touch()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            if job.cancelled:
                raise Cancelled
            job.progress(None, "found a mark" if found else "waiting")
            time.sleep(0.01)
        return {"table": values.table()}


class Learn(Toy):
    """Tell the curves of two epochs."""

    id = "toy.learn"
    title = "Learn"
    input_ports = TABLE_IN

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        for epoch, loss in enumerate((0.5, 0.25), 1):
            job.metrics(epoch, {"loss": loss, "epochs": 2}, epoch=True)
        return {"table": values.table()}


class Late(Toy):
    """Cannot say what comes out before it has run."""

    id = "toy.late"
    title = "Late"
    input_ports = TABLE_IN
    column: str = setting("n", "Column", "What the column is renamed to.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": None}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        return {"table": values.table().rename({"n": self.column})}


class Dice(Toy):
    """A different number at every run."""

    id = "toy.dice"
    title = "Dice"

    @property
    def reproducible(self) -> bool:
        return False

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": TableSpec(pl.Schema({"n": pl.Int64}), 1)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        return {"table": Table.of(pl.DataFrame({"n": [time.time_ns()]}))}


class Save(Toy):
    """Write the table's height to a file."""

    id = "toy.save"
    title = "Save"
    input_ports = TABLE_IN
    output_ports = ()
    path: str = setting(..., "Path", "Where to.", path="write file")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        path = job.resolve(self.path)
        path.write_text(str(values.table().height))
        job.wrote(path)
        return {}


HEARING = threading.Event()
"""Set to let nodes that are deaf end."""


class Deaf(Toy):
    """Work for a minute, in one call of native code, and hear no cancel."""

    id = "toy.deaf"
    title = "Deaf"
    input_ports = TABLE_IN

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        job.progress(None, "working")
        HEARING.wait(60)
        return {"table": values.table()}


class Stubborn(Toy):
    """Work for a minute in Python, and hear no cancel."""

    id = "toy.stubborn"
    title = "Stubborn"
    input_ports = TABLE_IN

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": specs.table()}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            RUNS[job.node] += 1
        return {"table": values.table()}


class Deadly(Toy):
    """End or block the process that configures it."""

    id = "toy.deadly"
    title = "Deadly"
    how: str = setting("", "How", "What it does: crash, hang or nothing.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        if self.how == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.how == "hang":
            time.sleep(1000)
        return {"table": TableSpec(pl.Schema({"n": pl.Int64}), 1)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        RUNS[job.node] += 1
        return {"table": Table.of(pl.DataFrame({"n": [1]}))}


class Chatter(Toy):
    """Print to standard output, as Python, as C and as a program do it; read from standard input."""

    id = "toy.chatter"
    title = "Chatter"

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": TableSpec(pl.Schema({"n": pl.Int64}), 1)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        print('{"tell": "nonsense"}', flush=True)
        os.write(1, b"from the depths\n")
        assert sys.stdin.read() == ""
        return {"table": Table.of(pl.DataFrame({"n": [1]}))}


CATALOG = Catalog(
    {c.id: c for c in (Count, Add, Both, Sum, Fail, Wait, Learn, Late, Dice, Save, Deaf, Stubborn, Deadly, Chatter)}
)


def workflow(nodes: Mapping[str, tuple[str, dict[str, object]]], wires: list[tuple[str, str]]) -> Workflow:
    """A workflow of nodes (id -> type, settings) and wires; a wire's ports default to `table`."""

    def end(text: str) -> str:
        return text if "." in text else f"{text}.table"

    return Workflow(
        nodes=[
            NodeRecord(id=i, type=t, type_version=CATALOG[t].version if t in CATALOG else 1, settings=s)
            for i, (t, s) in nodes.items()
        ],
        connections=[Connection(source=end(a), target=end(b)) for a, b in wires],
    )


def chain(length: int) -> Workflow:
    """A counter and `length - 1` adders, one behind the other."""
    nodes = {"node_0": ("toy.count", {}), **{f"node_{n}": ("toy.add", {"number": n}) for n in range(1, length)}}
    return workflow(nodes, [(f"node_{n}", f"node_{n + 1}") for n in range(length - 1)])


def here() -> Path:
    return Path.cwd()
