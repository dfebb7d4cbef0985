"""Parquet, Arrow, JSON, NPZ and Excel Writers: what they write is read back by the libraries themselves."""

import json
import zipfile
from datetime import UTC, date, datetime, time, timedelta

import fastexcel
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from nodes.base import Cancelled, NodeError, Values
from nodes.values.table import Table
from nodes.writers.arrow import ArrowWriter
from nodes.writers.excel import ExcelWriter
from nodes.writers.json_table import JsonWriter
from nodes.writers.npz import NpzWriter
from nodes.writers.parquet import ParquetWriter
from nodes.writers.table_file import TableWriter
from tests.support import RecordingJob, configure, run

FRAME = pl.DataFrame(
    {
        "n": [1, None, 2**62],
        "x": [0.5, float("nan"), None],
        "t": ["=1+1", None, 'a "ü"\n'],
        "e": pl.Series(["u", "v", "u"], dtype=pl.Enum(["v", "u"])),
        "i": pl.Series(np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)),
        "d": [date(2024, 2, 29), None, date(1850, 1, 1)],
        "f": [True, False, None],
    }
)
WRITERS = [ParquetWriter, ArrowWriter, TableWriter, JsonWriter, NpzWriter, ExcelWriter]
every_writer = pytest.mark.parametrize("cls", WRITERS)


@pytest.fixture
def write(tmp_path):
    def write(node, frame=FRAME, port="table"):
        job = RecordingJob(tmp_path)
        run(node, {port: frame if isinstance(frame, Table) else Table.of(frame)}, tmp_path, job)
        assert job.written == [tmp_path / node.path]
        assert [p.name for p in tmp_path.iterdir() if p.name != ".scratch"] == [node.path]
        return tmp_path / node.path

    return write


def inputs(cls, frame):
    return {"table_1" if cls is ExcelWriter else "table": Table.of(frame)}


# --------------------------------------------------------------------------------------------------------- all of them


@every_writer
def test_existing_files(cls, tmp_path):
    small = pl.DataFrame({"a": [1]})
    run(cls(path="deep/f"), inputs(cls, small), tmp_path)
    with pytest.raises(NodeError, match="exists already"):
        run(cls(path="deep/f"), inputs(cls, small), tmp_path)
    run(cls(path="deep/f", if_exists="overwrite"), inputs(cls, small), tmp_path)
    with pytest.raises(NodeError, match="cannot be written"):
        run(cls(path="deep/f/g"), inputs(cls, small), tmp_path)
    for path, said in (("", "No file"), (".", "is a folder"), ("new/f", "no folder")):
        with pytest.raises(NodeError, match=said):
            configure(cls(path=path, create_folders=False), inputs(cls, small), tmp_path)


@every_writer
def test_a_cancelled_run_leaves_nothing(cls, tmp_path):
    with pytest.raises(Cancelled):
        cls(path="f").execute(Values(inputs(cls, pl.DataFrame({"a": [1]}))), RecordingJob(tmp_path, cancelled=True))
    assert [p.name for p in tmp_path.iterdir() if p.name != ".scratch"] == []


@pytest.mark.parametrize("cls", [ArrowWriter, TableWriter])
def test_numbers_that_arrow_does_not_have_are_refused_before_the_run(cls, tmp_path):
    for values, dtype in (([2**100], pl.Int128), ([[2**100]], pl.List(pl.Int128))):
        with pytest.raises(NodeError, match="128 bits"):
            configure(cls(path="f"), inputs(cls, pl.DataFrame({"n": pl.Series(values, dtype=dtype)})), tmp_path)


@pytest.mark.parametrize("cls", [ArrowWriter, TableWriter, ParquetWriter])
def test_large_cells_are_written_a_few_at_a_time(cls, tmp_path, monkeypatch):
    from nodes.kit.files import writing as files
    from nodes.writers import parquet

    for module in (files, parquet):
        monkeypatch.setattr(module, "BATCH_BYTES", 100_000)
    monkeypatch.setattr(files, "_FIRST_ROWS", 4)
    frame = pl.DataFrame({"b": [b"x" * 10_000] * 50, "n": range(50)})
    heights = [piece.height for piece in files.pieces(Table.of(frame), RecordingJob(tmp_path))]
    assert sum(heights) == 50
    assert max(heights) <= 10
    run(cls(path="f"), inputs(cls, frame), tmp_path)
    read = pl.read_parquet if cls is ParquetWriter else pl.read_ipc
    assert read(tmp_path / "f").equals(frame)
    if cls is ParquetWriter:
        assert pq.ParquetFile(tmp_path / "f").metadata.num_row_groups == 2


# ----------------------------------------------------------------------------------------------------- Parquet and Arrow


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "brotli", "lz4_raw", "uncompressed"])
def test_parquet(write, compression):
    path = write(ParquetWriter(path="f.parquet", compression=compression, row_group_size=2))
    assert pl.read_parquet(path).equals(FRAME)
    found = pq.read_metadata(path)
    assert found.num_row_groups == 2
    assert found.row_group(0).column(0).compression == {"lz4_raw": "LZ4"}.get(compression, compression.upper())


def test_parquet_of_no_rows_and_of_many(write, tmp_path):
    assert pl.read_parquet(write(ParquetWriter(path="f", if_exists="overwrite"), FRAME.clear())).equals(FRAME.clear())
    many = pl.DataFrame({"a": np.arange(300_000)})
    assert pl.read_parquet(write(ParquetWriter(path="f", if_exists="overwrite"), many)).equals(many)
    with pytest.raises(NodeError, match="no level"):
        configure(ParquetWriter(path="f", compression="gzip", compression_level=10), {"table": Table.of(many)}, tmp_path)
    with pytest.raises(NodeError, match="no columns"):
        configure(ParquetWriter(path="f"), {"table": Table.of(pl.DataFrame())}, tmp_path)


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
@pytest.mark.parametrize("older", [False, True])
def test_arrow(write, compression, older):
    path = write(ArrowWriter(path="f", compression=compression, older=older, if_exists="overwrite"))
    assert pl.read_ipc(path).equals(FRAME)
    path = write(ArrowWriter(path="f", compression=compression, older=older, format="stream", if_exists="overwrite"))
    assert pl.read_ipc_stream(path).equals(FRAME)


# --------------------------------------------------------------------------------------------------------------- JSON


def test_json(write):
    records = json.loads(write(JsonWriter(path="f")).read_text())
    assert [r["t"] for r in records] == FRAME["t"].to_list()
    assert records[1] == {"n": None, "x": None, "t": None, "e": "v", "i": [[[4], [5]], [[6], [7]]], "d": None, "f": False}


def test_json_lines(write):
    path = write(JsonWriter(path="f", format="lines", if_exists="overwrite"), FRAME.drop("i"))
    assert pl.read_ndjson(path)["t"].equals(FRAME["t"])
    lines = write(JsonWriter(path="f", format="lines", empty_cells="left out", if_exists="overwrite")).read_text().splitlines()
    assert set(json.loads(lines[1])) == {"e", "i", "f"}


def test_json_of_no_rows_no_columns_and_what_it_cannot_hold(write, tmp_path):
    for frame in (FRAME.clear(), pl.DataFrame()):
        assert json.loads(write(JsonWriter(path="f", if_exists="overwrite"), frame).read_text()) in ([], [{}])
    with pytest.raises(NodeError, match="JSON cannot hold"):
        configure(JsonWriter(path="f"), {"table": Table.of(pl.DataFrame({"b": [b"x"]}))}, tmp_path)
    with pytest.raises(NodeError, match="an image"):
        configure(JsonWriter(path="f", collections="refuse"), {"table": Table.of(FRAME)}, tmp_path)


# ---------------------------------------------------------------------------------------------------------------- NPZ


def test_npz(write):
    frame = FRAME.select(
        "i", "e", f=pl.Series([True, False, True]), v=pl.Series(["", "äb", "c"]), s=pl.Series([1, 2, 3], dtype=pl.Int8)
    )
    with np.load(write(NpzWriter(path="f.npz"), frame), allow_pickle=False) as found:
        assert found["i"].dtype == np.uint8
        assert np.array_equal(found["i"], frame["i"].to_numpy())
        assert found["e"].tolist() == [1, 0, 1]
        assert found["f"].tolist() == [True, False, True]
        assert found["v"].tolist() == ["", "äb", "c"]
        assert found["s"].dtype == np.int8


def test_npz_names_missing_cells_and_packing(write, tmp_path):
    node = NpzWriter(path="f", categories="names", missing="NaN", compressed=False, if_exists="overwrite")
    path = write(node, FRAME.select("n", "x", "e"))
    with np.load(path) as found:
        assert found["e"].tolist() == ["u", "v", "u"]
        assert np.array_equal(found["n"], [1, np.nan, 2.0**62], equal_nan=True)
        assert np.array_equal(found["x"], [0.5, np.nan, np.nan], equal_nan=True)
    with zipfile.ZipFile(path) as archive:
        assert {m.compress_type for m in archive.infolist()} == {zipfile.ZIP_STORED}
    with np.load(write(node, FRAME.clear().select("i", "e"))) as found:
        assert found["i"].shape == (0, 2, 2, 1)
        assert found["e"].shape == (0,)
    with pytest.raises(NodeError, match="no value in row 2"):
        run(NpzWriter(path="g"), {"table": Table.of(FRAME.select("n"))}, tmp_path)
    with pytest.raises(NodeError, match="no value in row 3"):
        run(NpzWriter(path="g", missing="NaN"), {"table": Table.of(FRAME.select("f"))}, tmp_path)
    for bad in ({"l": [[1]]}, {"d": [date(2024, 1, 1)]}, {"a/b": [1]}):
        with pytest.raises(NodeError):
            configure(NpzWriter(path="g"), {"table": Table.of(pl.DataFrame(bad))}, tmp_path)


# --------------------------------------------------------------------------------------------------------------- Excel


def sheet(path, name=0, **options):
    return fastexcel.read_excel(path).load_sheet(name, **options).to_polars()


def test_excel(write):
    frame = FRAME.drop("i").with_columns(
        w=pl.Series([datetime(2024, 2, 29, 12, 30), None, None], dtype=pl.Datetime("us")),
        z=pl.Series([datetime(2024, 1, 1, tzinfo=UTC), None, None]),
        c=pl.Series([time(1, 2), None, None]),
        s=pl.Series([timedelta(hours=30), None, None]),
    )
    found = sheet(write(ExcelWriter(path="f.xlsx", null_text="-", autofilter=True), frame, "table_1"))
    assert found.columns == frame.columns
    assert found["t"].to_list() == ["=1+1", "-", 'a "ü"\n']
    assert found["e"].to_list() == ["u", "v", "u"]
    assert found["n"].to_list() == ["1", "-", str(2**62)]
    assert found["d"].to_list()[2] == "1850-01-01"
    assert found["w"].to_list()[0].startswith("2024-02-29 12:30")
    assert found["s"].to_list()[0] == "P1DT6H"


def test_several_sheets(tmp_path):
    tables = {"table_1": Table.of(pl.DataFrame({"a": [1, 2]})), "table_2": Table.of(pl.DataFrame({"b": ["x"]}))}
    run(ExcelWriter(path="f.xlsx", sheets=["Äpfel"], header=False), tables, tmp_path)
    assert fastexcel.read_excel(tmp_path / "f.xlsx").sheet_names == ["Äpfel", "Sheet2"]
    assert sheet(tmp_path / "f.xlsx", "Äpfel", header_row=None).rows() == [(1.0,), (2.0,)]
    assert sheet(tmp_path / "f.xlsx", "Sheet2", header_row=None).rows() == [("x",)]


def test_what_excel_cannot_hold(tmp_path):
    def message(frame, **settings):
        with pytest.raises(NodeError) as caught:
            run(ExcelWriter(path="f", **settings), {"table_1": Table.of(frame), "table_2": Table.of(frame)}, tmp_path)
        return caught.value.message

    small = pl.DataFrame({"a": [1]})
    assert "cannot be called" in message(small, sheets=["a/b"])
    assert "cannot be called" in message(small, sheets=["x" * 32])
    assert "Two sheets" in message(small, sheets=["a", "A"])
    assert "does not fit" in message(pl.DataFrame({"a": np.zeros(1_048_576, np.int8)}))
    assert "an image" in message(FRAME)
    assert "cannot hold" in message(pl.DataFrame({"b": [b"x"]}))
    assert "characters" in message(pl.DataFrame({"t": ["x" * 32_768]}))
    assert list(tmp_path.glob("f*")) == []
    run(ExcelWriter(path="f", collections="as text"), {"table_1": Table.of(FRAME)}, tmp_path)
    assert json.loads(sheet(tmp_path / "f")["i"][0]) == [[[0], [1]], [[2], [3]]]


def test_a_missing_structure_is_an_empty_cell(tmp_path):
    frame = pl.DataFrame({"s": [{"a": 1}, None], "n": [1, 2]})
    run(ExcelWriter(path="f", collections="as text"), {"table_1": Table.of(frame)}, tmp_path)
    assert sheet(tmp_path / "f")["s"].to_list() == ['{"a":1}', None]


def test_moments_in_json_are_those_of_iso_8601(write):
    moments = pl.DataFrame({"m": [datetime(2024, 2, 29, 1, 2, 3), None], "z": [datetime(2024, 2, 29, tzinfo=UTC)] * 2})
    for found in json.loads(write(JsonWriter(path="f"), moments).read_text()):
        for moment in filter(None, found.values()):
            assert "T" in moment
            assert datetime.fromisoformat(moment).date() == date(2024, 2, 29)
