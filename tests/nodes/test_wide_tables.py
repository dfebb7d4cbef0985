"""Wide tables: twice as many columns are twice the work, not four times.

A frame makes the list of its columns, its dtypes and its schema anew whenever it is asked for them. Who asks once for each
column does work that grows with the square of their number; 2 000 columns then take minutes. Counted is how often is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nodes.base import NodeError, Values
from nodes.declaration.declared import settings_by_name
from nodes.declaration.shapes import Series
from nodes.values.table import Table
from tests.nodes.schemas import required
from tests.nodes.test_awkward_tables import CATALOG, QUICK, TABLE_NODES, wired
from tests.sampling import sampled
from tests.support import run

NARROW, WIDE = 20, 60
ALLOWED = 0.5
"""So often may be asked for each further column: not even once."""
KNOWN = {
    "scripts.python_view": "it draws a figure for each column",
    "views.history_comparison": "it draws a curve for each column",
}
CHOSEN = sampled(TABLE_NODES, 12, "wide tables")


def wide(columns: int) -> Table:
    numbers = {f"c{n}": [float((n * row) % 7) for row in range(12)] for n in range(columns)}
    return Table.of(pl.DataFrame({**numbers, "class": ["a", "b", "c"] * 4}))


def settings_for(node_id: str, table: Table) -> Iterator[dict[str, Any]]:
    """Settings in which every list of columns is empty, and then holds all that fit."""
    cls = CATALOG[node_id]
    quick = {name: value for name, value in QUICK.items() if name in settings_by_name(cls)}
    for all_of_them in (False, True):
        made = required(cls) | quick
        for name, declared in settings_by_name(cls).items():
            if declared.columns:
                fitting = table.spec.columns_of(*declared.columns.accepts) or table.columns
                several = isinstance(declared.shape, Series)
                made[name] = (list(fitting) if all_of_them else declared.initial) if several else fitting[-1]
            elif declared.path:
                made[name] = f"{name}.out"
        yield made


def questions(node_id: str, variant: int, columns: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int | None:
    """How often a wide frame is asked for all its columns while the node runs; None if it does not work so."""
    table = wide(columns)
    node = CATALOG[node_id].model_validate(list(settings_for(node_id, table))[variant])
    count = 0

    def counting(what: str) -> property:
        asked = getattr(pl.DataFrame, what)

        def get(self: pl.DataFrame) -> Any:
            nonlocal count
            count += self.width >= NARROW
            return asked.fget(self)

        return property(get, asked.fset)

    folder.mkdir()
    with monkeypatch.context() as patched:
        for what in ("schema", "columns", "dtypes"):
            patched.setattr(pl.DataFrame, what, counting(what))
        try:
            outputs = run(node, wired(CATALOG[node_id], table), folder)
            node.views(Values(outputs))
        except NodeError:
            return None
    return count


@pytest.mark.parametrize("variant", [0, 1], ids=["no list of columns", "all columns"])
@pytest.mark.parametrize(
    "node_id", [pytest.param(n, marks=() if n in CHOSEN else pytest.mark.exhaustive) for n in TABLE_NODES if n not in KNOWN]
)
def test_no_node_asks_for_all_columns_once_per_column(
    node_id: str, variant: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = questions(node_id, variant, NARROW, tmp_path / "few", monkeypatch)
    many = questions(node_id, variant, WIDE, tmp_path / "many", monkeypatch)
    if few is None or many is None:
        pytest.skip("it does not work on this table")
    assert many - few < ALLOWED * (WIDE - NARROW), f"{few} times for {NARROW} columns, {many} times for {WIDE}"
