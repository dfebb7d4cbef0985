"""CSV Writer: what it writes is read back by polars and by Python's own reader, and a failure leaves no half file."""

import csv
import gzip
import json

import numpy as np
import polars as pl
import pytest

from nodes.base import Cancelled, NodeError, Values
from nodes.values.table import Table
from nodes.writers.csv_table import CsvWriter
from tests.support import RecordingJob, configure, run

FRAME = pl.DataFrame(
    {"n": [1, None, 3], "x": [0.5, 1.5, float("nan")], "t": ["a,b", 'say "c"', None], "c": ["u", "v", "u"]},
    schema_overrides={"c": pl.Enum(["u", "v"])},
)


@pytest.fixture
def write(tmp_path):
    def write(frame, name="out.csv", **settings):
        job = RecordingJob(tmp_path)
        run(CsvWriter(path=name, **settings), {"table": Table.of(frame)}, tmp_path, job)
        assert job.written == [tmp_path / name]
        return (tmp_path / name).read_text()

    return write


def test_it_reads_back(write, tmp_path):
    write(FRAME)
    back = pl.read_csv(tmp_path / "out.csv", schema=FRAME.schema)
    assert back.equals(FRAME)
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_dialects(write):
    two = pl.DataFrame({"a": [1, None], "b": ["x", "y z"]})
    assert write(two) == "a,b\n1,x\n,y z\n"
    assert write(two, "1", delimiter=";", header=False, null_text="NA") == "1;x\nNA;y z\n"
    assert write(two, "2", delimiter="\\t") == "a\tb\n1\tx\n\ty z\n"
    assert write(two, "3", quote="always") == '"a","b"\n"1","x"\n"","y z"\n'
    assert write(two[:1], "4", quote="non_numeric").endswith('1,"x"\n')


def test_an_empty_table_gives_a_header(write):
    assert write(FRAME.clear()) == "n,x,t,c\n"


def test_a_large_table_has_one_header(write):
    frame = pl.DataFrame({"t": ["x" * 100] * 600_000})
    assert write(frame).count("t\n") == 1


def test_existing_files(write, tmp_path):
    two = pl.DataFrame({"a": [1, 2]})
    write(two)
    with pytest.raises(NodeError, match="exists already"):
        write(two)
    assert write(pl.DataFrame({"b": [3]}), if_exists="overwrite") == "b\n3\n"
    assert write(pl.DataFrame({"b": [4]}), if_exists="append") == "b\n3\n4\n"
    with pytest.raises(NodeError, match="other columns"):
        write(two, if_exists="append")
    assert (tmp_path / "out.csv").read_text() == "b\n3\n4\n"


def test_appending_to_a_new_an_empty_and_an_unfinished_file(write, tmp_path):
    one = pl.DataFrame({"a": [1]})
    assert write(one, "new", if_exists="append") == "a\n1\n"
    (tmp_path / "empty").touch()
    assert write(one, "empty", if_exists="append") == "a\n1\n"
    (tmp_path / "unfinished").write_text("a\n0")
    assert write(one, "unfinished", if_exists="append") == "a\n0\n1\n"


@pytest.mark.parametrize("if_exists", ["overwrite", "append"])
def test_a_cancelled_run_leaves_the_old_file(tmp_path, if_exists):
    (tmp_path / "out.csv").write_text("a\n0")
    node = CsvWriter(path="out.csv", if_exists=if_exists)
    with pytest.raises(Cancelled):
        node.execute(Values({"table": Table.of(pl.DataFrame({"a": [1]}))}), RecordingJob(tmp_path, cancelled=True))
    assert [p.read_text() for p in tmp_path.iterdir()] == ["a\n0"]


def test_images_are_refused_or_written_in_brackets(write, tmp_path):
    frame = pl.DataFrame({"i": pl.Series(np.arange(8, dtype=np.uint8).reshape(2, 2, 2)), "l": [[1, 2], None]})
    with pytest.raises(NodeError, match="an array 2 x 2 of UInt8"):
        write(frame)
    write(frame, collections="as text")
    rows = list(csv.reader((tmp_path / "out.csv").read_text().splitlines()))
    assert json.loads(rows[1][0]) == [[0, 1], [2, 3]]
    assert rows[2] == ["[[4, 5], [6, 7]]", ""]


def test_folders(write, tmp_path):
    assert write(pl.DataFrame({"a": [1]}), "new/deep/out.csv") == "a\n1\n"
    with pytest.raises(NodeError, match="no folder"):
        write(pl.DataFrame({"a": [1]}), "other/out.csv", create_folders=False)


def test_what_is_found_before_anything_is_written(tmp_path):
    def refused(frame=FRAME, **settings):
        with pytest.raises(NodeError) as caught:
            configure(CsvWriter(**settings), {"table": Table.of(frame)}, tmp_path)
        assert caught.value.remedy
        return caught.value.message

    assert "No file" in refused()
    assert "is a folder" in refused(path=".")
    assert "cannot separate" in refused(path="x", delimiter="ab")
    assert "cannot separate" in refused(path="x", delimiter='"')
    assert "cannot hold" in refused(pl.DataFrame({"b": [b"x"]}), path="x")


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NodeError, match="cannot be written"):
        run(CsvWriter(path="file/out.csv"), {"table": Table.of(FRAME)}, tmp_path)


def test_more_dialects(write, tmp_path):
    frame = pl.DataFrame({"x": [1.5], "t": ["a;b"]})
    settings = {"delimiter": ";", "decimal_comma": True, "quote_char": "'", "line_end": "CRLF", "bom": True}
    write(frame, "w.csv", **settings)
    assert (tmp_path / "w.csv").read_bytes() == b"\xef\xbb\xbfx;t\r\n1,5;'a;b'\r\n"
    with pytest.raises(NodeError, match="decimal sign"):
        configure(CsvWriter(path="x", decimal_comma=True), {"table": Table.of(frame)}, tmp_path)


def test_gzipped_files(tmp_path):
    def write(frame, **settings):
        run(CsvWriter(path="z.gz", **settings), {"table": Table.of(frame)}, tmp_path)
        return (tmp_path / "z.gz").read_bytes()

    one, two = pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})
    first = write(one, gzip=True)
    assert gzip.decompress(first) == b"a\n1\n"
    assert write(one, gzip=True, if_exists="overwrite") == first
    assert gzip.decompress(write(two, gzip=True, if_exists="append")) == b"a\n1\n2\n"
    with pytest.raises(NodeError, match="is gzipped"):
        write(two, if_exists="append")
    (tmp_path / "z.gz").write_bytes(gzip.compress(b"a\n0"))
    assert gzip.decompress(write(two, gzip=True, if_exists="append")) == b"a\n0\n2\n"
    (tmp_path / "z.gz").write_bytes(first[:-6])
    with pytest.raises(NodeError, match="damaged"):
        write(two, gzip=True, if_exists="append")
