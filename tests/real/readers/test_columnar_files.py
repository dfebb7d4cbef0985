"""Parquet and Arrow files as other programs write them: zones, points in time, categories."""

from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.document.model import NodeRecord, Workflow
from app.engine import executor
from app.engine.planner import make_plan
from app.engine.store import Store
from nodes.catalog import Catalog
from nodes.readers.arrow import ArrowReader
from nodes.readers.parquet import ParquetReader
from nodes.values.table import Table
from nodes.writers.arrow import ArrowWriter
from tests.real.readers.conftest import Read
from tests.support import run

MOMENTS = [
    datetime(1969, 12, 31, 23, 59, 59),
    datetime(2262, 4, 12),
    datetime(9999, 12, 31, 23, 59, 59, 999_999),
    datetime(1, 1, 1),
]
ZONES = ["+05:30", "-03:30", "05:30", "Z", "Nowhere/Land"]


def write(path, table):
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)


@pytest.mark.parametrize("zone", [*ZONES, "-08:00", "UTC", "Europe/Berlin"])
@pytest.mark.parametrize(("ending", "reader"), [("parquet", ParquetReader), ("arrow", ArrowReader)])
def test_times_of_any_zone_are_the_same_moments(tmp_path, zone, ending, reader):
    micro = pa.timestamp("us", tz=zone)
    table = pa.table({"t": pa.array([0, 10**15, None], micro), "l": pa.array([[0], [], None], pa.list_(micro)), "n": [1, 2, 3]})
    write(tmp_path / f"f.{ending}", table)
    made = Read(reader(path=f"f.{ending}"), tmp_path)
    expected = [datetime(1970, 1, 1, tzinfo=UTC), datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC), None]
    assert made.frame["t"].to_list() == expected
    assert made.frame["l"].to_list() == [expected[:1], [], None]
    assert made.frame["n"].to_list() == [1, 2, 3]
    assert bool(made.told) == (zone in ZONES)
    assert zone not in ZONES or made.says("shown in UTC", f"'t' ({zone})") == "path"
    assert Read(reader(path=f"f.{ending}", limit=2, columns=["t"]), tmp_path).frame["t"].to_list() == expected[:2]


@pytest.mark.parametrize("kind", ["zone", "int96"])
def test_partitioned_folders_of_such_files(tmp_path, kind):
    for year in (2023, 2024):
        folder = tmp_path / "p" / f"year={year}" / "day=2024-02-29" / "t=a b"
        folder.mkdir(parents=True)
        dtype = pa.timestamp("us", tz="+05:30" if kind == "zone" else None)
        table = pa.table({"m": pa.array([0, year], dtype)})
        pq.write_table(table, folder / "1.parquet", use_deprecated_int96_timestamps=kind == "int96", store_schema=kind == "zone")
    made = Read(ParquetReader(source="folder", folder="p", subfolders=True), tmp_path)
    assert made.frame.columns == ["m", "year", "day", "t"]
    assert made.frame.schema["day"] == pl.Date
    assert made.frame["year"].to_list() == [2023, 2023, 2024, 2024]
    assert made.frame["m"].dt.epoch("us").to_list() == [0, 2023, 0, 2024]


@pytest.mark.parametrize("stored", [True, False])
def test_points_in_time_of_spark_keep_their_year(tmp_path, stored):
    table = pa.table({"t": pa.array(MOMENTS, pa.timestamp("us")), "n": range(4)})
    pq.write_table(table, tmp_path / "f.parquet", use_deprecated_int96_timestamps=True, store_schema=stored)
    made = Read(ParquetReader(path="f.parquet"), tmp_path)
    assert made.frame["t"].to_list() == MOMENTS
    assert made.frame["n"].to_list() == [0, 1, 2, 3]


def _run(tmp_path, settings, kind):
    store = Store(tmp_path / "results")
    workflow = Workflow(nodes=[NodeRecord(id="read", type=kind, settings=settings)])
    result = executor.run(make_plan(workflow, Catalog.load(), folder=tmp_path), store, lambda event: None)
    assert result.status == "done", result.failures
    return store.load(result.keys["read"])["table"].frame()


def test_categories_that_differ_from_piece_to_piece_are_stored(tmp_path):
    pieces = [["a", "b", "a"], ["c", "a", None], [None, None, None], ["b", "d", "e"]]
    chunks = pa.chunked_array([pa.array(piece, pa.string()).dictionary_encode() for piece in pieces])
    pq.write_table(pa.table({"c": chunks}), tmp_path / "f.parquet", row_group_size=3)
    frame = _run(tmp_path, {"path": "f.parquet"}, "readers.parquet")
    assert isinstance(frame.schema["c"], pl.Categorical)
    assert frame["c"].to_list() == [cell for piece in pieces for cell in piece]
    lines = [f"w{number // 20_000}" for number in range(200_000)]
    (tmp_path / "f.csv").write_text("a\n" + "\n".join(lines) + "\n")
    frame = _run(tmp_path, {"path": "f.csv", "column_types": {"a": "Categorical"}}, "readers.csv")
    assert frame["a"].to_list() == lines


@pytest.mark.parametrize("settings", [{}, {"format": "stream"}, {"compatibility": "older"}])
def test_categories_that_differ_are_written_as_arrow(tmp_path, settings):
    settings = {name: value for name, value in settings.items() if name in ArrowWriter.model_fields}
    frames = [pl.DataFrame({"c": pl.Series(piece, dtype=pl.Categorical)}) for piece in (["x", "y"], ["z", None], ["x", "w"])]
    table = Table.of(pl.concat(frames, rechunk=False))
    run(ArrowWriter(path="f.arrow", **settings), {"table": table}, tmp_path)
    assert Read(ArrowReader(path="f.arrow"), tmp_path).frame["c"].to_list() == ["x", "y", "z", None, "x", "w"]
