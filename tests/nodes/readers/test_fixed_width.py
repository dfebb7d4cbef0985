"""Fixed Width Reader: columns that are given or found, lines that do not keep to them, and types."""

import gzip
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import NodeError, Values
from nodes.readers.fixed_width import FixedWidthReader
from tests.support import RecordingJob, configure, run

STATIONS = """\
ID     LAT    LONG   NAME
00501  -12.5    3    Köln am Rhein
00502    7.25  10    Ås
"""


def read(folder, text, encoding="utf-8", **settings):
    (folder / "f").write_bytes(text.encode(encoding))
    return run(FixedWidthReader(path="f", **settings), folder=folder)["table"].frame()


def refused(folder, text, **settings):
    (folder / "f").write_text(text)
    node = FixedWidthReader(path="f", **settings)
    with pytest.raises(NodeError) as caught:
        configure(node, folder=folder)
        node.execute(Values({}), RecordingJob(folder))
    assert caught.value.remedy
    assert caught.value.setting in FixedWidthReader.model_fields
    return caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
def test_columns_are_found_between_blanks(tmp_path, encoding):
    frame = read(tmp_path, "NAME      ID     LAT\nKöln Süd  00501  -12.5\nÅsgården  00502    7.25\n", encoding)
    assert frame.to_dict(as_series=False) == {"NAME": ["Köln Süd", "Åsgården"], "ID": ["00501", "00502"], "LAT": [-12.5, 7.25]}


@pytest.mark.parametrize("fields", ["1-5, 8-12, 15-16, 22-", "7 7 7 *", "1 - 5;8-12 ; 15-16;22-"])
def test_columns_are_given_by_places_or_widths(tmp_path, fields):
    frame = read(tmp_path, STATIONS, fields=fields, null_values=["7.25"], codes="numbers", column_names=["id"])
    assert frame.columns[0] == "id"
    assert frame.to_series(0).to_list() == [501, 502]
    assert frame.to_series(3).to_list() == ["Köln am Rhein", "Ås"]


def test_types_are_given_dates_found_and_short_lines_end_in_missing_cells(tmp_path):
    text = "# made\nx       day        y\n\n1       29.02.2024 1,5\n2\n\t01.03.2024 2\n"
    frame = read(tmp_path, text, comment="#", parse_dates=True, decimal_comma=True, column_types={"x": "Float64"})
    assert frame.rows() == [(1.0, date(2024, 2, 29), 1.5), (2.0, None, None), (None, date(2024, 3, 1), 2.0)]


def test_lines_that_do_not_keep_to_the_columns_are_refused(tmp_path):
    even = "ab  12\n" * 1200
    assert "Line 1201 " in refused(tmp_path, even + "abc4567\n", header=False)
    assert "'tail' behind the last column" in refused(tmp_path, "ab tail\n", header=False, fields="2")
    assert "neither a width nor a range" in refused(tmp_path, "ab\n", fields="x")
    assert "neither a width nor a range" in refused(tmp_path, "ab\n", fields="5-2")
    assert "is empty" in refused(tmp_path, "")
    assert "has no rows" in refused(tmp_path, "\n\n")
    assert "'x' in column 'n'" in refused(tmp_path, "n\n" + "1\n" * 20 + "x\n", scanned_rows=5)
    assert "no column 'q'" in refused(tmp_path, "n\n1\n", column_types={"q": "String"})


def test_names_are_unique_folders_are_joined_and_packed_files_read(tmp_path):
    frame = read(tmp_path, "a a b\n1 2 3\n")
    assert frame.columns == ["a", "a_duplicated_0", "b"]
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "1.txt").write_text("a b\n1 2\n")
    (tmp_path / "d" / "2.txt").write_bytes(gzip.compress(b"a b\nx 2.5\n"))
    both = run(FixedWidthReader(source="folder", folder="d"), folder=tmp_path)["table"].frame()
    assert both.rows() == [("1", 2.0), ("x", 2.5)]
    assert run(FixedWidthReader(source="folder", folder="d", limit=1, columns=["b"]), folder=tmp_path)[
        "table"
    ].frame().rows() == [(2.0,)]


WORDS = st.text("abcÄ01.-", min_size=1, max_size=8)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=30))
def test_what_is_written_in_columns_comes_back(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("fixed")
    text = "".join(f"{a:<8} {b:>8} {c:<8}\n" for a, b, c in rows)
    texts = dict.fromkeys(("a", "b", "c"), "String")
    frame = read(folder, text, fields="9 9 8", header=False, column_names=list("abc"), column_types=texts, encoding="utf-8")
    assert frame.equals(pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.String), orient="row"))
