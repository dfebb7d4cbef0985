"""A stored result is whole or it is not there, shares what it can, and goes when room is needed."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.engine import database as database_module
from app.engine import record as module
from app.engine.store import Store
from nodes.base import Value
from nodes.values.figure import (
    BarsFigure,
    Box,
    BoxesFigure,
    DiagramBox,
    DiagramEdge,
    DiagramFigure,
    HeatMapFigure,
    HistogramFigure,
    ImagesFigure,
    Line,
    LinesFigure,
    Points,
    PointsFigure,
    TextFigure,
)
from nodes.values.model import Feature, Model, ModelSpec, Target, from_bytes
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Tensor, TensorSpec, WeightSpec
from nodes.values.table import Table

IMAGES = np.random.default_rng(1).integers(0, 255, (5000, 28, 28, 1), dtype=np.uint8)


def put(store: Store, key: str, **values: Value) -> dict[str, Value]:
    with store.writing(key) as writer:
        return writer.commit(values, written={}, warnings=("careful",), seconds=1.5)[1]


def big() -> Table:
    labels = pl.Series("label", ["bag", "coat"] * 2500, dtype=pl.Enum(["coat", "bag", "none"]))
    return Table.of(pl.DataFrame({"image": pl.Series(IMAGES), "label": labels, "n": range(5000)}), {"n": ("zero", "one")})


def folder(store: Store, key: str) -> Path:
    return store.root / "results" / key[:2] / key


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_tables_come_back_equal_with_enums_arrays_and_classes(store: Store) -> None:
    frame = pl.DataFrame(
        {
            "text": ["a", None],
            "list": [[1, 2], []],
            "blob": [b"\0", None],
            "when": pl.Series([0, None]).cast(pl.Datetime("us")),
            "kind": pl.Series(["x", None], dtype=pl.Enum(["x", "y"])),
            "flag": [True, None],
        }
    )
    for table in (big(), Table.of(frame), Table.of(frame.clear()), Table.of(pl.DataFrame())):
        put(store, "ab01", table=table)
        again = store.load("ab01")["table"]
        assert isinstance(again, Table)
        assert again.frame().equals(table.frame())
        assert again.schema == table.schema
        assert again.classes == table.classes
        store.drop("ab01")


def test_a_large_column_is_stored_once_however_many_nodes_pass_it_on(store: Store) -> None:
    first = put(store, "aa01", table=big())["table"]
    assert isinstance(first, Table)
    base = store.size
    more = first.with_columns(pl.DataFrame({"code": np.arange(5000, dtype=np.int32)}))
    second = put(store, "aa02", table=more)["table"]
    assert isinstance(second, Table)
    third = put(store, "aa03", first=second.take(np.arange(0, 5000, 2)), second=second.take(np.arange(1, 5000, 2)))
    assert store.size - base < IMAGES.nbytes * 0.1
    rows = third["second"]
    assert isinstance(rows, Table)
    assert np.array_equal(rows.array("image")[np.array([0, 10])], IMAGES[[1, 21]])
    assert rows.frame(["n"])["n"].to_list() == list(range(1, 5000, 2))
    store.drop("aa01")  # what others share stays readable
    assert np.array_equal(Store(store.root).load("aa03")["first"].array("image")[:3], IMAGES[[0, 2, 4]])  # type: ignore[union-attr]


def test_networks_keep_graph_weights_and_classes(store: Store) -> None:
    weights = (WeightSpec("kernel", (4, 2)), WeightSpec("bias", (2,)))
    spec = NetworkSpec(
        layers=(
            LayerSpec("in", "InputLayer", {"shape": [4]}, "u1"),
            LayerSpec("out", "Dense", {"units": 2}, "u2", weights, False),
        ),
        calls=(Call("in", 0, (), (TensorSpec((4,)),)), Call("out", 0, (Tensor("in"),), (TensorSpec((2,)),))),
        inputs=(Tensor("in"),),
        outputs=(Tensor("out"),),
        classes={"out_0:0": ("no", "yes")},
    )
    arrays = [np.arange(8, dtype=np.float32).reshape(4, 2), np.ones(2, np.float32)]
    for network in (Network(spec), Network(spec, {"out": arrays})):
        put(store, "cc01", network=network)
        again = store.load("cc01")["network"]
        assert isinstance(again, Network)
        assert again.spec == spec
        assert {k: [a.tolist() for a in v] for k, v in again.weights.items()} == {
            k: [a.tolist() for a in v] for k, v in network.weights.items()
        }
        store.drop("cc01")


def test_models_come_back_with_columns_and_classes(store: Store) -> None:
    from sklearn.tree import DecisionTreeClassifier

    numbers, answers = np.arange(8.0).reshape(4, 2), [0, 0, 1, 1]
    spec = ModelSpec(
        "classifier",
        "Decision Tree",
        (Feature("x"), Feature("c", "category", (), ("a", "b"), "ordinal")),
        Target("y", "Enum", ("no", "yes")),
        True,
    )
    put(store, "cc02", model=Model(spec, DecisionTreeClassifier(random_state=0).fit(numbers, answers)))
    again = store.load("cc02")["model"]
    assert isinstance(again, Model)
    assert again.spec == spec
    assert again.estimator.predict(numbers).tolist() == answers
    with pytest.raises(ValueError, match="no skops file"):
        from_bytes(b"something else")


def test_figures_come_back_equal(store: Store) -> None:
    figures = [
        LinesFigure("t", [Line("loss", [1.0, 2.0], [0.5, 0.25], "loss", True)], "epoch"),
        HeatMapFigure("t", [[1, 2], [3, 4]], ["a", "b"], ["a", "b"], "actual", "predicted"),
        BarsFigure("t", ["a"], {"f": [0.5]}, "F"),
        TextFigure("t", "text"),
        PointsFigure("t", [Points("a", [1.0], [2.0], [3.0], 4)], "x", "y", True, True, "s", True, True),
        HistogramFigure("t", [0.0, 1.0], {"n": [4]}, "x", "y", True),
        BoxesFigure("t", [Box("g", [0, 9], [2, 3, 6], [11])], "y", True),
        DiagramFigure("t", [DiagramBox("a", ["b", "c"], 2), DiagramBox("d", [])], [DiagramEdge(0, 1, "x"), DiagramEdge(1, None)]),
    ]
    for figure in figures:
        put(store, "dd01", figure=figure)
        assert store.load("dd01")["figure"] == figure
        store.drop("dd01")
    put(store, "dd02", figure=ImagesFigure("t", IMAGES[:3], ["a", "b", "c"]))
    again = store.load("dd02")["figure"]
    assert isinstance(again, ImagesFigure)
    assert np.array_equal(again.images, IMAGES[:3])


def test_the_record_tells_without_loading(store: Store) -> None:
    put(store, "ee01", table=big())
    record = store.record("ee01")
    assert record is not None
    assert record.described == {"table": "5\u202f000 rows · 3 columns"}
    assert record.warnings == ("careful",)
    assert record.seconds == 1.5
    assert store.record("ee02") is None


def test_an_unfinished_result_is_not_there(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing("ff01") as writer:
        (writer.folder / "half").write_bytes(b"x")
        raise RuntimeError
    assert store.record("ff01") is None
    assert list((store.root / "new").iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "missing", "record"])
def test_a_damaged_result_is_dropped(store: Store, damage: str) -> None:
    put(store, "ab99", table=big())
    data = folder(store, "ab99") / "table-0.arrow"
    record = folder(store, "ab99") / "record.json"
    if damage == "cut":
        data.write_bytes(data.read_bytes()[:-8])
    elif damage == "missing":
        data.unlink()
    else:
        record.write_text(record.read_text()[:50])
    assert store.record("ab99") is None
    put(store, "ab99", table=Table.of(pl.DataFrame({"n": [1]})))  # and can be computed again
    assert store.record("ab99") is not None


def test_after_a_restart_of_the_machine_checksums_are_compared_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "ab50", table=big())
    put(store, "ab51", table=big())
    with (folder(store, "ab51") / "table-0.arrow").open("r+b") as data:  # what a power cut leaves: the right size, with zeros
        data.seek(200)
        data.write(bytes(100))
    monkeypatch.setattr(module, "BOOT", "another session of the machine")
    assert store.record("ab50") is not None
    assert json.loads((folder(store, "ab50") / "record.json").read_text())["boot"] == "another session of the machine"
    assert store.record("ab51") is None


def test_what_was_used_longest_ago_goes_first(store: Store) -> None:
    for n in range(4):
        put(store, f"ab0{n}", table=big())
        os.utime(folder(store, f"ab0{n}") / "record.json", (n, n))
    assert store.record("ab00") is not None  # looking counts as use
    store.limit = store.size // 2
    store.make_room()
    assert [store.record(f"ab0{n}") is not None for n in range(4)] == [True, False, False, True]
    store.clear()
    assert store.size == 0


def test_small_results_make_room_too(store: Store) -> None:
    for n in range(4):
        put(store, f"ac0{n}", table=Table.of(pl.DataFrame({"n": range(1000 + n)})))
        time.sleep(0.01)
    assert not folder(store, "ac00").exists()  # they are rows of a database: a tenth of the time of making files
    assert store.record("ac00") is not None
    store.limit = store.size // 2
    store.make_room()
    assert [store.record(f"ac0{n}") is not None for n in range(4)] == [True, False, False, True]


def test_a_damaged_database_costs_its_results_and_nothing_more(store: Store) -> None:
    put(store, "ad01", table=Table.of(pl.DataFrame({"n": [1]})))
    connection = sqlite3.connect(store.root / "store.sqlite")
    connection.execute("UPDATE results SET content = zeroblob(length(content))")
    connection.commit()
    connection.close()
    with pytest.raises(KeyError):
        store.load("ad01")
    assert store.record("ad01") is None
    other = store.root.parent / "other"
    other.mkdir()
    (other / "store.sqlite").write_bytes(b"no database at all" * 100)
    again = Store(other)
    put(again, "ad02", table=Table.of(pl.DataFrame({"n": [1]})))
    assert again.record("ad02") is not None


def test_a_damaged_database_is_set_aside_with_its_log_and_never_deleted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    live, root = tmp_path / "live", tmp_path / "store"
    writer = Store(live)
    for n in range(200):
        put(writer, f"ad{n:03}", table=Table.of(pl.DataFrame({"n": range(300 + n)})))
    with closing(sqlite3.connect(live / "store.sqlite")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    put(writer, "ad998", table=Table.of(pl.DataFrame({"n": [1]})))
    root.mkdir()
    for file in live.glob("store.sqlite*"):  # as a crash leaves them: with a log
        (root / file.name).write_bytes(file.read_bytes())
    database, log = root / "store.sqlite", root / "store.sqlite-wal"
    damaged = database.read_bytes()[:4096] + bytes([0x5A]) * (database.stat().st_size - 4096)
    database.write_bytes(damaged)
    logged = log.read_bytes()
    store = Store(root)
    for n in range(200):
        store.record(f"ad{n:03}")
    put(store, "ad999", table=Table.of(pl.DataFrame({"n": [1]})))
    assert store.record("ad999") is not None
    (aside,) = [p for p in root.iterdir() if ".damaged-" in p.name and not p.name.endswith(("-wal", "-shm"))]
    assert aside.read_bytes() == damaged
    assert Path(f"{aside}-wal").read_bytes() == logged
    assert aside.name in caplog.text
    store.clear()
    assert not [p for p in root.iterdir() if ".damaged-" in p.name]


@pytest.mark.parametrize("at", [0, 16, 18, 44, 56, 100])
def test_whichever_part_of_the_header_is_damaged_results_can_be_stored_again(tmp_path: Path, at: int) -> None:
    for file in ("live", "store"):
        (tmp_path / file).mkdir()
    writer = Store(tmp_path / "live")
    with closing(sqlite3.connect(tmp_path / "live" / "store.sqlite")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((writer.root / "store.sqlite").read_bytes())
    content[at : at + 4] = b"\x63\x63\x63\x63"
    (tmp_path / "store" / "store.sqlite").write_bytes(content)
    store = Store(tmp_path / "store")
    put(store, "ad08", table=Table.of(pl.DataFrame({"n": [1]})))
    assert store.record("ad08") is not None
    assert [p.read_bytes() for p in store.root.iterdir() if ".damaged-" in p.name]


def test_book_keeping_that_fails_is_logged_and_ends_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "ad06", table=Table.of(pl.DataFrame({"n": [1]})))
    monkeypatch.setattr(database_module, "WAIT_SECONDS", 0.1)
    second = Store(store.root, limit=0)
    with closing(sqlite3.connect(store.root / "store.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        second.make_room()
        second.drop("ad06")
        with pytest.raises(OSError, match="another program keeps the file locked"):
            put(second, "ad07", table=Table.of(pl.DataFrame({"n": [1]})))
        other.execute("ROLLBACK")
    assert store.record("ad06") is not None


def test_a_full_disk_is_no_reason_to_forget_small_results(tmp_path: Path) -> None:
    root = tmp_path / "results"
    put(Store(root), "ad03", table=Table.of(pl.DataFrame({"n": [1]})))
    # A limit on the size of files stands in for a full disk: the database cannot even be opened then.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError, match=r"store\.sqlite"):
            Store(root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert Store(root).record("ad03") is not None


def test_a_store_is_for_several_processes_and_threads(store: Store) -> None:
    second = Store(store.root)
    put(store, "ae01", table=Table.of(pl.DataFrame({"n": [1]})))
    assert second.load("ae01")["table"].frame()["n"].to_list() == [1]  # type: ignore[union-attr]
    with ThreadPoolExecutor(4) as pool:
        for made in [
            pool.submit(put, s, f"af{n:02}", table=Table.of(pl.DataFrame({"n": [n]}))) for n in range(40) for s in (store, second)
        ]:
            made.result()
    assert all(store.record(f"af{n:02}") for n in range(40))


def test_what_a_killed_run_left_is_swept_a_day_later(store: Store) -> None:
    old, young = store.root / "new" / "old", store.root / "new" / "young"
    old.mkdir()
    young.mkdir()
    past = time.time() - 2 * 24 * 3600
    os.utime(old, (past, past))
    Store(store.root)
    assert not old.exists()
    assert young.exists()
