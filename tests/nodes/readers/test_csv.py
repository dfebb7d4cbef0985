"""CSV Reader: files as people have them, and what is said about those that cannot be read."""

import gzip

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError, Values
from nodes.readers.csv_table import CsvReader
from tests.support import RecordingJob, configure, run


@pytest.fixture
def read(tmp_path):
    def read(content, **settings):
        path = tmp_path / "f.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return run(CsvReader(path="f.csv", **settings), folder=tmp_path)["table"].frame()

    return read


@pytest.fixture
def refused(tmp_path, read):
    def refused(content, *, when="configure", **settings):
        (tmp_path / "f.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        node = CsvReader(path="f.csv", **settings)
        with pytest.raises(NodeError) as caught:
            if when == "execute":
                configure(node, folder=tmp_path)
                node.execute(Values({}), RecordingJob(tmp_path))
            else:
                configure(node, folder=tmp_path)
        assert caught.value.remedy
        assert caught.value.setting
        return caught.value.message

    return refused


def test_types_are_found(read):
    frame = read('a,b,c,d\n1,1.5,x,true\n2,,"y, z",false\n')
    assert frame.schema == {"a": pl.Int64, "b": pl.Float64, "c": pl.String, "d": pl.Boolean}
    assert frame.rows() == [(1, 1.5, "x", True), (2, None, "y, z", False)]


def test_types_can_be_given(read):
    frame = read("a,b\n1,2\n", column_types={"a": "UInt8", "b": "String"})
    assert frame.schema == {"a": pl.UInt8, "b": pl.String}


def test_dates_are_found_where_asked_for(read):
    assert read("d\n2024-02-29\n", parse_dates=True).schema == {"d": pl.Date}
    assert read("d\n2024-02-29\n").schema == {"d": pl.String}
    assert read("d\n2024-02-29\n", column_types={"d": "Date"}).schema == {"d": pl.Date}


def test_dialects(read):
    assert read("a;b\n1,5;2\n", delimiter=";", decimal_comma=True).rows() == [(1.5, 2)]
    assert read("a\tb\n1\t2\n", delimiter="\\t").rows() == [(1, 2)]
    assert read("a,b\n'1,2',3\n", quote="'").rows() == [("1,2", 3)]
    assert read('a,b\n1",2\n', quote="").rows() == [('1"', 2)]
    assert read("# a comment\na,b\n# another\n1,2\n", comment="#").rows() == [(1, 2)]
    assert read("1,2\n3,4\n", header=False).columns == ["column_0", "column_1"]
    assert read("made by\nsomebody\na,b\n1,2\n", skip_lines=2).rows() == [(1, 2)]
    assert read("a\n1\n2\n3\n", limit=2).rows() == [(1,), (2,)]
    assert read("a,b\n1,NA\n?,2\n", null_values=["NA", "?"]).rows() == [(1, None), (None, 2)]
    assert read("a,b\nx,\n", column_types={"b": "String"}).rows() == [("x", None)]
    assert read("a,b\nx,\n", column_types={"b": "String"}, empty_is_missing=False).rows() == [("x", "")]
    assert read('a,b\r\n"two\r\nlines",2\r\n').rows() == [("two\r\nlines", 2)]


def test_only_a_header(read):
    frame = read("a,b\n")
    assert frame.columns == ["a", "b"]
    assert frame.is_empty()


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "utf-16", "utf-8-sig", "UTF-8"])
def test_encodings(read, encoding):
    assert read("näme,n\nä,1\nö,2\n".encode(encoding), encoding=encoding).rows() == [("ä", 1), ("ö", 2)]


def test_gzip_is_seen_in_the_file(read):
    assert read(gzip.compress(b"a,b\n1,2\n")).rows() == [(1, 2)]


def test_rows_of_another_length(read, refused):
    short, long = "a,b,c\n1,2,3\n4,5\n", "a,b,c\n1,2,3\n4,5,6,7\n"
    assert read(short, short_rows="insert missing").rows() == [(1, 2, 3), (4, 5, None)]
    assert read(long, long_rows="cut").rows() == [(1, 2, 3), (4, 5, 6)]
    assert "Row 2" in refused(short, when="execute")
    assert "has 2 of 3 columns" in refused(short, when="execute")
    assert "has 4 instead of 3 columns" in refused(long, when="execute")
    assert "cannot be seen" in refused("a,b\n" + "x" * 200_000 + ",1\n2\n", when="execute")
    assert read("a,b\n1,\n,\n").rows() == [(1, None), (None, None)]


def test_a_cell_that_does_not_fit_is_named(refused):
    late = "a,b\n" + "1,2\n" * 20 + "1,x5\n1,2\n"
    message = refused(late, when="execute", scanned_rows=10)
    assert "Row 21" in message
    assert "'x5'" in message
    assert "column 'b'" in message
    assert "'300'" in refused("a\n1\n300\n", when="execute", column_types={"a": "UInt8"})
    assert "'soon'" in refused("d\n2024-01-01\nsoon\n", when="execute", column_types={"d": "Date"})
    assert "'x'" in refused("a;b\n1,5;1\nx;2\n", when="execute", delimiter=";", decimal_comma=True, scanned_rows=1)
    assert "'maybe'" in refused("a\ntrue\nmaybe\n", when="execute", scanned_rows=1)


def test_files_that_are_no_tables(refused, tmp_path):
    assert "is empty" in refused("")
    assert "not a text file" in refused(bytes(range(256)))
    assert "archive" in refused(b"PK\3\4 and so on")
    assert "not written in utf-8" in refused("a\nä\n".encode("latin-1"), encoding="utf-8")
    assert "not written in utf-16" in refused(b"a,b\n1,2\n\xd8", encoding="utf-16")
    assert "no rows" in refused("a,b\n", skip_lines=5)
    assert "damaged" in refused(gzip.compress(b"a,b\n" * 1000)[:-9], when="execute")
    assert "never closed" in refused('a,b\n1,"2\n', when="execute")


def test_mistakes_in_the_settings(refused, tmp_path):
    assert "not one character" in refused("a\n", delimiter="ab")
    assert "same" in refused("a\n", delimiter='"')
    assert "decimal sign" in refused("a\n", decimal_comma=True)
    assert "no encoding" in refused("a\n", encoding="klingon")
    assert "no column 'b'" in refused("a\n1\n", column_types={"b": "Int8"})
    for path in ("", "nowhere.csv", "."):
        with pytest.raises(NodeError):
            configure(CsvReader(path=path), folder=tmp_path)


def test_a_bomb_stops_at_the_limit(refused):
    assert "once it is unpacked" in refused(gzip.compress(b"a\n" + b"1\n" * 2**20), when="execute", largest_size=0.001)


def test_more_dialects(read):
    frame = read("a;b\n1.234,5;1\n2,5;1.000\n", delimiter=";", decimal_comma=True, thousands=".")
    assert frame.rows() == [(1234.5, 1), (2.5, 1000)]
    frame = read('n,t\n"1,234",x1\n-7,\n,y\n', thousands=",")
    assert frame.schema == {"n": pl.Int64, "t": pl.String}
    assert frame["n"].to_list() == [1234, -7, None]
    assert read("t\n1,2\n", thousands=",", delimiter=";").rows() == [("1,2",)]
    assert read("id,a\nRow0,1\nRow1,2\n", row_ids=True).to_dict(as_series=False) == {"a": [1, 2]}
    assert read('a,b\n"",1\n,2\n').rows() == [("", 1), (None, 2)]
    assert read('a,b\n"",1\n,2\n', quoted_empty_is_missing=True).schema["a"] == pl.String
    assert read('a,b\n"",1\n,2\n', quoted_empty_is_missing=True)["a"].null_count() == 2
    assert read("a\n  x \n", trim=True).rows() == [("x",)]
    assert read("a,b;1,2;3,4", row_delimiter=";").rows() == [(1, 2), (3, 4)]
    assert read("a\n1\n2\n3\n4\n", skip_rows=1, limit=2).rows() == [(2,), (3,)]
    assert read("1\n2\n3\n", skip_rows=2, header=False).rows() == [(3,)]
    assert read("a,b,c\n1,2,3\n", columns=["c", "a"]).to_dict(as_series=False) == {"c": [3], "a": [1]}
    assert read("a\n1\n", path_column="file").rows() == [(1, "f.csv")]
    assert read("a,a,,b\n1,2,3,4\n").columns == ["a", "a_duplicated_0", "column_2", "b"]
    assert read("a\n99999999999999999999\n").rows() == [(99999999999999999999,)]


def test_mistakes_in_more_settings(refused):
    assert "row delimiter is" in refused("a\n", row_delimiter=",")
    assert "decimal sign" in refused("a\n", thousands=".")
    assert "quote character" in refused("a\n", quote="„")
    assert "3 columns" in refused("a,b,c\n", maximum_columns=2)
    assert "has none" in refused("a\n1\n", row_ids=True)
    assert "no column 'z'" in refused("a\n1\n", columns=["z"])
    assert "already" in refused("a\n1\n", path_column="a")
    assert "'1,x'" in refused('a\n"1,000"\n"1,x"\n', when="execute", thousands=",", scanned_rows=1)
    assert "Row 2" in refused("a,b\n1,2\n1,2\n3\n", when="execute", skip_rows=1)
    assert "Row 2" in refused("a,b;1,2;3", when="execute", row_delimiter=";")


def test_a_short_row_among_missing_cells_is_found(refused, read):
    whole = "a,b\n" + "1,\n" * 5_000
    assert read(whole).height == 5_000
    assert "Row 5001" in refused(whole + "2\n", when="execute")
    assert "Row 1 " in refused('a,b\n2\n"two\nlines",\n', when="execute")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_large_file_comes_in_pieces_and_leaves_no_copy(tmp_path, encoding):
    frame = pl.DataFrame({"n": np.arange(300_000), "t": ["a,ä"] * 300_000, "last": [None, 1] * 150_000})
    (tmp_path / "f.csv").write_bytes(frame.write_csv().encode(encoding))
    heights = []

    class Job(RecordingJob):
        def stream(self, batches):
            found = list(batches)
            heights.extend(batch.height for batch in found)
            return super().stream(found)

    job = Job(tmp_path)
    assert run(CsvReader(path="f.csv", encoding=encoding), folder=tmp_path, job=job)["table"].frame().equals(frame)
    assert max(heights) < frame.height
    assert not list(job.scratch.iterdir())


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1, max_size=6)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
@settings(max_examples=40)
def test_whatever_polars_writes_is_read_again(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    (folder / "f.csv").write_text(frame.write_csv(quote_style="always"), encoding="utf-8", newline="")
    types = {"a": "String", "b": "String"}
    assert run(CsvReader(path="f.csv", column_types=types), folder=folder)["table"].frame().equals(frame)


def test_empty_lines_are_left_out_but_rows_of_missing_cells_are_kept(read, refused):
    text = "\n\na,b\n\n1,2\n,\n\n3,4\n\n"
    assert read(text).rows() == [(1, 2), (None, None), (3, 4)]
    assert read(text.replace("\n", "\r\n")).rows() == [(1, 2), (None, None), (3, 4)]
    assert read(text, columns=["b"]).rows() == [(2,), (None,), (4,)]
    assert read(text, short_rows="insert missing").height == 3
    assert read(text, skip_empty_rows=False).rows() == [(None, None), (1, 2), (None, None), (None, None), (3, 4), (None, None)]
    assert read("a\n1\n\n3\n").rows() == [(1,), (None,), (3,)]
    assert read("a,b\nx,y\n\n,\n", empty_is_missing=False).rows() == [("x", "y"), ("", "")]
    many = "a,b\n" + "1,2\n\n" * 40_000 + ",\n"
    assert read(many).height == 40_001
    assert "Row 3" in refused("a,b\n1,2\n\n3\n", when="execute")
    assert "Row 2" in refused("a,b\n#c\n\n3\n", when="execute", comment="#")


LINES = st.lists(st.sampled_from(["", ",", "1,2", '"",""', "#", '"x\ny",', "x,"]), max_size=12)


@given(lines=LINES, comment=st.sampled_from(["", "#"]), subset=st.booleans(), skipped=st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_lines_that_python_s_reader_takes_for_empty_are_left_out(tmp_path_factory, lines, comment, subset, skipped):
    import csv

    folder = tmp_path_factory.getbasetemp()
    text = "\n".join(["a,b", *(line for line in lines if comment or line != "#")]) + "\n"
    (folder / "lines.csv").write_text(text, newline="")
    kept = [line for line in text.splitlines(keepends=True) if not (comment and line.startswith("#"))]
    rows = list(csv.reader(kept))[1 + skipped :]
    expected = [tuple(row) for row in rows if row]
    types = {"a": "String", "b": "String"}
    node = CsvReader(path="lines.csv", comment=comment, column_types=types, skip_rows=skipped, columns=["a"] if subset else [])
    found = run(node, folder=folder)["table"].frame().fill_null("").rows()
    assert found == ([row[:1] for row in expected] if subset else expected)


def test_columns_without_a_name(read, refused):
    frame = read("a,,b,\n1,2,3,4\n")
    assert frame.to_dict(as_series=False) == {"a": [1], "column_1": [2], "b": [3], "column_3": [4]}
    assert read(",column_0,\n1,2,\n").to_dict(as_series=False) == {"column_0_": [1], "column_0": [2], "column_2": [None]}
    assert read(",b\n1,2\n", columns=["b"]).rows() == [(2,)]
    assert read(",b\n1,2\n", column_types={"column_0": "String"}).rows() == [("1", 2)]
    assert "column 'column_0'" in refused(",b\n1,2\nx,2\n", when="execute", scanned_rows=1)


def test_lines_of_old_macintoshes(read):
    assert read("a,b\r1,x\r2,y\r").rows() == [(1, "x"), (2, "y")]
    assert read("ä;b\r1;x\r".encode("mac-roman"), encoding="mac-roman", delimiter=";").rows() == [(1, "x")]


def test_the_format_is_found(read):
    assert read("a;b\n1,5;2\n-3,25;x, y, z\n", detect=True).rows() == [(1.5, "2"), (-3.25, "x, y, z")]
    assert read('a\tb\n1.5\t"x;y"\n', detect=True).rows() == [(1.5, "x;y")]
    assert read("a,b\n1.5,2\n", detect=True, delimiter=";", decimal_comma=True).rows() == [(1.5, 2)]
    assert read("made by; somebody\na|b|c\n1|2|3\n", detect=True, skip_lines=1).rows() == [(1, 2, 3)]
    assert read("word\none\ntwo\n", detect=True).rows() == [("one",), ("two",)]
    assert read(gzip.compress("ä;b\n1;2\n".encode("latin-1")), detect=True, encoding="latin-1").rows() == [(1, 2)]


def test_a_number_that_does_not_fit_tells_which_type_would(tmp_path):
    for late, type in (("1.5", "Float64"), ("99999999999999999999", "String"), ("x", "String")):
        (tmp_path / "f.csv").write_text(f"a\n1\n{late}\n")
        node = CsvReader(path="f.csv", scanned_rows=1)
        with pytest.raises(NodeError) as caught:
            run(node, folder=tmp_path)
        assert type in caught.value.remedy
        mended = CsvReader(path="f.csv", scanned_rows=1, column_types={"a": type})
        assert run(mended, folder=tmp_path)["table"].height == 2
