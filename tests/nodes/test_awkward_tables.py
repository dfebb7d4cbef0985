"""What table nodes do with awkward tables: what comes out is what was promised, or the node says why there is nothing.

Nothing here is written for a single node: a new node class is tested as soon as it exists.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import BaseModel

from nodes.base import Node, NodeError, Specs, Values
from nodes.catalog import Catalog
from nodes.declaration.declared import settings_by_name
from nodes.declaration.shapes import Group, Series, Shape
from nodes.values.table import Table, TableSpec
from tests.nodes.schemas import leaves_of, required
from tests.sampling import sampled
from tests.support import assert_fits, run

CATALOG = Catalog.load()


# ------------------------------------------------------------------------------------------------------- settings for a table


def is_list_of_settings(shape: Shape) -> type[BaseModel] | None:
    """The group of settings that a list setting holds, such as a criterion."""
    return shape.item.model if isinstance(shape, Series) and isinstance(shape.item, Group) else None


QUICK = {"n_estimators": 2, "max_iter": 2}
"""Settings that only cost time here: two trees are as awkward as a hundred."""


def column_choices(cls: type[BaseModel], table: TableSpec) -> Iterator[dict[str, Any]]:
    """Settings with every combination of fitting columns, none chosen included; paths get a name."""
    options: dict[str, list[Any]] = {}
    for name, declared in settings_by_name(cls).items():
        inner = is_list_of_settings(declared.shape)
        if declared.columns:
            several = isinstance(declared.shape, Series)
            fitting = table.columns_of(*declared.columns.accepts) or list(table.schema)
            options[name] = [*([c] if several else c for c in fitting), declared.initial]
        elif inner:
            options[name] = [[settings] for settings in column_choices(inner, table)]
        elif declared.path:
            options[name] = [f"{name}.out"]
    quick = {name: value for name, value in QUICK.items() if name in settings_by_name(cls)}
    for chosen in product(*options.values()):
        yield required(cls) | quick | dict(zip(options, chosen, strict=True))


def variations(cls: type[BaseModel], base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The settings with one changed: every choice, both ways of a switch, every number at its lower end."""
    for name, declared in settings_by_name(cls).items():
        inner = is_list_of_settings(declared.shape)
        if inner:
            for element in variations(inner, base[name][0]):
                yield {**base, name: [element]}
        elif not (declared.path or declared.columns):
            for leaf, wrap in leaves_of(cls, name):
                values = [True, False] if leaf.get("type") == "boolean" else leaf.get("enum", [])
                for value in [*values, *([leaf["minimum"]] if "minimum" in leaf else [])]:
                    yield {**base, name: wrap(value)}


# ---------------------------------------------------------------------------------------------------------- awkward tables


def columns(rows: int, image: pl.Array | None = None) -> dict[str, pl.Series]:
    """One column of every kind."""
    image = image or pl.Array(pl.UInt8, (4, 4, 1))
    pixels = np.arange(rows * math.prod(image.shape)).reshape(rows, *image.shape) % 200
    return {
        "image": pl.Series(pixels.astype(np.uint16)).cast(image) if rows else pl.Series([], dtype=image),
        "label": pl.Series([("a", "b")[i % 2] for i in range(rows)], dtype=pl.Enum(["a", "b"])),
        "text": pl.Series([("b", "c")[i % 2] for i in range(rows)], dtype=pl.String),
        "code": pl.Series([i % 2 for i in range(rows)], dtype=pl.Int32),
        "x": pl.Series([i / 4 for i in range(rows)], dtype=pl.Float64),
        "z": pl.Series([1 - i / 4 for i in range(rows)], dtype=pl.Float32),
        "vector": pl.Series([[0.5, 0.25, 0.25]] * rows, dtype=pl.Array(pl.Float32, 3)),
        "flag": pl.Series([True] * rows, dtype=pl.Boolean),
        "list": pl.Series([[1, 2]] * rows, dtype=pl.List(pl.Int64)),
        "bytes": pl.Series([b"\x00"] * rows, dtype=pl.Binary),
    }


def table(rows: int = 4, image: pl.Array | None = None, **replaced: Any) -> Table:
    made = columns(rows, image)
    made |= {name: pl.Series(name, values, dtype=made[name].dtype) for name, values in replaced.items()}
    return Table.of(pl.DataFrame(made), {"code": ("a", "b")})


def dates() -> Table:
    days = [datetime(2025, 1, day, 12, 30) for day in (3, 1, 2)]
    when = pl.DataFrame({"at": days}).with_columns(
        pl.col("at").dt.date().alias("day"), pl.col("at").dt.time().alias("clock"), pl.col("at").diff().alias("span")
    )
    return Table.of(when)


def scales() -> Table:
    """What a Normalizer puts out as its model: here, of itself."""
    return Table.of(pl.DataFrame({"column": ["scale", "offset"], "scale": [2.0, 0.5], "offset": [1.0, -1.0]}))


def rules() -> Table:
    """Conditions and outcomes, as a dictionary of rules has them."""
    return Table.of(pl.DataFrame({"if": ["code = 1", "TRUE"], "code": [1, 2]}))


def awkward_tables() -> dict[str, Table]:
    return {
        "empty": table(0),
        "one row": table(1),
        "rows chosen, some twice": table().take(np.array([3, 0, 0])),
        "all missing": Table.of(table(3).frame().clear(3), {"code": ("a", "b")}),
        "no type": Table.of(pl.DataFrame({"nothing": [None, None]})),
        "no column": Table.of(pl.DataFrame()),
        "one class": table(label=["a"] * 4, text=["a"] * 4, code=[0] * 4),
        "NaN": table(x=[math.nan] * 4, z=[math.nan] * 4, vector=[[math.nan] * 3] * 4),
        "infinite": table(x=[math.inf, -math.inf, 0.0, 1.0], z=[math.inf] * 4, vector=[[math.inf, 0.0, -math.inf]] * 4),
        "1 x 1 grey image": table(image=pl.Array(pl.UInt8, (1, 1, 1))),
        "RGBA image": table(image=pl.Array(pl.UInt8, (3, 2, 4))),
        "16-bit image": table(image=pl.Array(pl.UInt16, (2, 3, 1))),
        "numbers without a name": table().rename({"x": ""}),
        "text without a name": table().rename({"text": ""}),
        "float image": table(image=pl.Array(pl.Float32, (2, 2, 3))),
    }


AWKWARD = awkward_tables()
ORDINARY = {
    "of every kind": table(),
    "of numbers and classes": table().select(["label", "text", "code", "x"]),
    "of dates": dates(),
    "of scales": scales(),
    "of rules": rules(),
}
ALWAYS = ("empty", "one row", "all missing", "NaN")
TABLE_NODES = {
    node_id: cls
    for node_id, cls in CATALOG.items()
    if any(port.kind == "table" for port in cls.input_ports)
    and all(port.kind == "table" for port in cls.input_ports if not port.optional)
}


def wired(cls: type[Node], table: Table) -> dict[str, Table]:
    """The table at every required input."""
    inputs: dict[str, Table] = {}
    for port in cls.input_ports:
        names = [f"{port.name}_{n}" for n in range(1, port.least + 1)] if port.grows else [port.name]
        inputs |= {} if port.optional else dict.fromkeys(names, table)
    return inputs


def works(node: Node, inputs: dict[str, Table], folder: Path) -> bool:
    """Whether the node takes the inputs. If not, it must say why; if so, what it gives must be what it promised."""
    folder.mkdir()
    for name in node.read_paths():
        if node.paths()[name] == "read folder":
            (folder / getattr(node, name)).mkdir(exist_ok=True)
    try:
        rows_unknown = node.configure(Specs({port: t.spec.with_rows(None) for port, t in inputs.items()}, "node_1", folder))
        outputs = run(node, inputs, folder)
    except NodeError as error:
        assert error.message.strip()
        return False
    for port, spec in rows_unknown.items():
        if spec is not None:
            assert_fits(spec, outputs[port])
    assert all(figure.title for figure in node.views(Values(outputs)))
    return True


def some(choices: Iterator[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """All choices of columns, or the same sample of them in every run where a node has several column settings."""
    found = list(choices)
    return found if len(found) <= most else random.Random(0).sample(found, most)


def uses(cls: type[Node], table: Table, folder: Path, *, choices: int, bases: int) -> int:
    """In how many ways the node works on a table, of all that are tried.

    Args:
        cls: The node.
        table: What it gets at every input.
        folder: Where it runs.
        choices: How many choices of columns are tried at most.
        bases: For how many of those that work every other setting is varied; if none works, for a few that do not; 0: for none.
    """
    count = 0

    def tried(settings: dict[str, Any]) -> bool:
        nonlocal count
        count += 1
        return works(cls.model_validate(settings), wired(cls, table), folder / str(count))

    chosen = some(column_choices(cls, table.spec), choices)
    working = [settings for settings in chosen if tried(settings)]
    varied = [tried(settings) for base in working[:bases] or chosen[: 4 * bases] for settings in variations(cls, base)]
    return len(working) + sum(varied)


def bases_of(cls: type[Node]) -> int:
    """For how many choices of columns the other settings are varied: learning takes its time."""
    return 1 if any(port.kind == "model" for port in cls.output_ports) else 2


CHOICES = 12
SIMPLE = sampled(ORDINARY, 2, "ordinary tables")
"""Tables on which every setting of every node is varied; on the others the columns are, unless it works on none of these."""
ALL_VARIED = sampled(AWKWARD, 2, "awkward tables")
"""Tables on which every setting of every node is varied; on the others the columns are, and `make test-all` does the rest."""


def pairs() -> Iterator[Any]:
    """Every node with every awkward table; `make test` tries those of `ALWAYS` and some others, drawn for each node."""
    for node_id in TABLE_NODES:
        quick = {*ALWAYS, *sampled([name for name in AWKWARD if name not in ALWAYS], 2, node_id)}
        for name in AWKWARD:
            yield pytest.param(node_id, name, marks=() if name in quick else pytest.mark.exhaustive)


@pytest.mark.parametrize(("node_id", "name"), list(pairs()))
def test_an_awkward_table_gives_the_promised_output_or_an_error_that_says_why(node_id: str, name: str, tmp_path: Path):
    uses(TABLE_NODES[node_id], AWKWARD[name], tmp_path, choices=CHOICES, bases=name in ALL_VARIED)


@pytest.mark.parametrize("node_id", TABLE_NODES)
def test_a_table_node_works_on_an_ordinary_table(node_id: str, tmp_path: Path):
    ways = 0
    for name, given in ORDINARY.items():
        (tmp_path / name).mkdir()
        bases = bases_of(TABLE_NODES[node_id]) if name in SIMPLE else 0
        ways += uses(TABLE_NODES[node_id], given, tmp_path / name, choices=CHOICES, bases=bases)
    for name, given in () if ways else ORDINARY.items():  # some need a choice of columns that is not the first
        (tmp_path / f"{name} again").mkdir()
        node_class = TABLE_NODES[node_id]
        ways += uses(node_class, given, tmp_path / f"{name} again", choices=CHOICES, bases=bases_of(node_class))

    assert ways, "the tests above say nothing of a node that they cannot make work"


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [*AWKWARD, *ORDINARY])
@pytest.mark.parametrize("node_id", TABLE_NODES)
def test_so_does_any_table_with_many_more_columns_and_settings(node_id: str, name: str, tmp_path: Path):
    cls = TABLE_NODES[node_id]
    uses(cls, {**AWKWARD, **ORDINARY}[name], tmp_path, choices=2 * CHOICES, bases=bases_of(cls))
