"""Nodes on a table larger than the memory they may take: a filter, a normaliser, and nodes that make or change columns."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from nodes.wording import grouped
from tests.benchmarks.made_tables import MadeTable
from tests.benchmarks.measuring import Setup, in_fresh_process, run_process
from tests.benchmarks.report import Goal, Row

if TYPE_CHECKING:
    import polars as pl

    from app.engine.plan import Plan

MB = 10**6
LIMIT = 1000
"""Megabytes that a node may take, all libraries included, mapped files not: their pages go when others are needed."""
SIZE = 3_000 * MB
NUMBERS = 16
ROW_BYTES = 8 * NUMBERS + 8 + 16
WORDS = ("apple", "pear", "banana", "a cherry, which is longer than twelve letters")
NUMBER_COLUMNS = [f"x{n}" for n in range(NUMBERS)]
MEASURED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Row Filter": ("tables.row_filter", {"criteria": [{"column": "x0", "operator": ">", "value": 0.0}]}),
    "Normalizer": ("tables.normalizer", {"columns": NUMBER_COLUMNS, "method": "z-score"}),
    "Math Formula": ("tables.math_formula", {"expression": "x0 * 2 + sqrt(abs(x1))"}),
    "String Manipulation": ("tables.string_manipulation", {"expression": "upper(text)"}),
    "Rule Engine": ("tables.rule_engine", {"rules": [{"condition": "x0 > 0", "outcome": "'more'"}]}),
    "Column Type Converter": ("tables.type_converter", {"columns": NUMBER_COLUMNS, "dtype": "Float32"}),
    "Number to String": ("tables.number_to_string", {"columns": NUMBER_COLUMNS[:2]}),
    "Missing Value": ("tables.missing_value", {"treatments": [{"columns": NUMBER_COLUMNS, "method": "mean"}]}),
    "Category to Number": ("tables.category_to_number", {"columns": ["text"]}),
    "Column Filter": ("tables.column_filter", {"mode": "wildcard", "pattern": "x*"}),
}
"""What is measured: the node, and its settings."""


class RandomRows(MadeTable):
    """Make rows of random numbers and a text."""

    id: ClassVar[str] = "bench.random_rows"
    title: ClassVar[str] = "Random Rows"
    piece: ClassVar[int] = 50_000

    def made(self) -> Iterator[pl.DataFrame]:
        import numpy as np
        import polars as pl

        generator, words = np.random.default_rng(0), np.array(WORDS)
        for count in self.counts():
            numbers = {name: generator.normal(size=count) for name in NUMBER_COLUMNS}
            texts = words[generator.integers(0, len(WORDS), count)].tolist()
            yield pl.DataFrame({**numbers, "text": texts}, schema=self.schema_of_rows())

    def schema_of_rows(self) -> pl.Schema:
        import polars as pl

        return pl.Schema({**dict.fromkeys(NUMBER_COLUMNS, pl.Float64()), "text": pl.String()})


def measure(setup: Setup) -> Iterator[Row]:
    """The most memory of its own that each node's process takes, and how long it runs."""
    rows = (30 * MB if setup.quick else SIZE) // ROW_BYTES
    if shutil.disk_usage(setup.folder).free < 3 * rows * ROW_BYTES:
        raise RuntimeError(f"{setup.folder} has less than {3 * rows * ROW_BYTES / 2**30:.0f} GB; TMPDIR names another place")
    results = setup.new_folder("results")
    setup.say("writing a table")
    size = in_fresh_process(write_rows, results=results, rows=rows)
    chosen = list(MEASURED)[:2] if setup.quick else list(MEASURED)
    for title in chosen:
        setup.say(f"{title} on a table of {grouped(size // MB)} MB")
        program = f"from {__name__} import run_node; run_node()"
        run = run_process([sys.executable, "-c", program, results, str(rows), title])
        seconds = json.loads(run.output.splitlines()[-1])["seconds"]
        note = f"{grouped(size // MB)} MB, {grouped(rows)} rows; {seconds:.1f} s; mapped files not included (RssAnon, sampled)"
        what = f"{title} on a table larger than memory"
        if run.anonymous is None:
            yield Row(f"{what}, mapped files included", "MB", [run.peak / MB], note=note)
        else:
            yield Row(what, "MB", [run.anonymous / MB], goal=Goal(LIMIT, of="ours"), note=note)


# ---------------------------------------------------------------------------------------------- in processes of their own


def write_rows(results: str, rows: int) -> int:
    """Make the table and store it; its size in bytes."""
    from app.engine import executor
    from app.engine.store import Store

    result = executor.run(_plan(results, rows, "Row Filter"), Store(Path(results)), lambda event: None, targets=["rows"])
    if result.status != "done":
        raise RuntimeError(f"the table was not made: {result.failures}")
    return max(file.stat().st_size for file in Path(results).rglob("*.arrow"))


def run_node() -> None:
    """Run one node on the stored table; the arguments are the folder of the results, the number of rows and the node's title."""
    import time

    results, rows, title = sys.argv[1:]
    from app.engine import executor
    from app.engine.store import Store

    store = Store(Path(results))
    began = time.perf_counter()
    result = executor.run(_plan(results, int(rows), title), store, lambda event: None)
    if result.status != "done":
        raise RuntimeError(f"the node ended as {result.status}: {result.failures}")
    print(json.dumps({"seconds": time.perf_counter() - began}))
    store.drop(result.keys["node"])  # the next one needs the room


def _plan(results: str, rows: int, title: str) -> Plan:
    from app.document.model import Connection, NodeRecord, Workflow
    from app.engine.planner import make_plan
    from nodes.catalog import Catalog

    node_type, settings = MEASURED[title]
    nodes = [
        NodeRecord(id="rows", type=RandomRows.id, settings={"rows": rows}),
        NodeRecord(id="node", type=node_type, settings=dict(settings)),
    ]
    workflow = Workflow(nodes=nodes, connections=[Connection(source="rows.table", target="node.table")])
    plan = make_plan(workflow, Catalog({**Catalog.load(), RandomRows.id: RandomRows}), folder=Path(results))
    if plan.errors:
        raise RuntimeError(str(plan.errors))
    return plan
