"""However the bytes of the database change, results are what was stored, or are not there and can be stored again."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from app.engine.nonces import Nonces
from app.engine.store import Store
from nodes.file_sets import WholePath
from nodes.values.table import Table
from tests.sampling import seed

KEYS = [f"ad{n:03}" for n in range(60)]


def table(key: str) -> Table:
    return Table.of(pl.DataFrame({"key": [key] * 40}))


def put(store: Store, key: str) -> None:
    with store.writing(key) as writer:
        writer.commit({"table": table(key)}, written={}, warnings=(key,), seconds=1.0)


@pytest.mark.parametrize("times", [15, pytest.param(400, marks=pytest.mark.exhaustive)])
def test_damaged_bytes_cost_results_and_never_make_wrong_ones(tmp_path: Path, times: int) -> None:
    draw = random.Random(seed())
    live = Store(tmp_path / "live")
    for n, key in enumerate(KEYS):
        put(live, key)
        live.fingerprints.of(WholePath(Path(__file__)))
        if n == 50:  # the rest stays in the log
            with closing(sqlite3.connect(live.root / "store.sqlite")) as other:
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for n in range(times):
        root = tmp_path / f"{n}"
        root.mkdir()
        for name in ("store.sqlite", "store.sqlite-wal"):
            content = bytearray((live.root / name).read_bytes())
            for _ in range(draw.choice([0, 1, 5, 40])):
                at = draw.randrange(120) if draw.random() < 0.3 else draw.randrange(len(content))
                length = draw.choice([1, 4, 64, 4096])
                content[at : at + length] = draw.choice([bytes(length), draw.randbytes(length)])
            (root / name).write_bytes(content[: draw.randrange(len(content))] if draw.random() < 0.1 else content)
        survives(Store(root), draw)
        shutil.rmtree(root)


def survives(store: Store, draw: random.Random) -> None:
    for key in draw.sample(KEYS, 20):
        record = store.record(key)
        if record is None:
            continue
        assert record.warnings == (key,)
        try:
            found = store.load(key, record)["table"]
        except KeyError:
            continue
        assert isinstance(found, Table)
        assert found.frame().equals(table(key).frame())
    store.absent(KEYS)
    store.fingerprints.of(WholePath(Path(__file__)))
    Nonces(store.root / "store.sqlite").keep("a")
    assert store.size >= 0
    store.make_room()
    for key in KEYS:
        put(store, key)
        if not is_right(store, key):  # the damage shows only now, and is mended
            put(store, key)
            assert is_right(store, key)


def is_right(store: Store, key: str) -> bool:
    try:
        found = store.load(key)["table"]
    except KeyError:
        return False
    assert isinstance(found, Table)
    assert found.frame().equals(table(key).frame())
    return True
