"""ARFF Reader: what Weka's format says of types, missing cells, sparse rows, weights, quotes and comments."""

import gzip
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import NodeError, Values
from nodes.kit.files.arff import ArffFile, unquoted
from nodes.readers.arff import ArffReader
from tests.support import RecordingJob, configure, run

HEADER = """% a comment
@RELATION 'iris and more'

@attribute 'sepal length' REAL   % in cm
@ATTRIBUTE\tn\tinteger
@attribute kind {low, 'very high', "it's"}
@attribute note string
@attribute day date 'yyyy-MM-dd'
@attribute at date
@DATA
"""


def read(folder, text, encoding="utf-8", **settings):
    (folder / "f.arff").write_bytes(text.encode(encoding))
    return run(ArffReader(path="f.arff", **settings), folder=folder)["table"].frame()


def refused(folder, text, **settings):
    (folder / "f.arff").write_text(text)
    node = ArffReader(path="f.arff", **settings)
    with pytest.raises(NodeError) as caught:
        configure(node, folder=folder)
        node.execute(Values({}), RecordingJob(folder))
    assert caught.value.remedy
    assert caught.value.setting in ArffReader.model_fields
    return caught.value.message


def test_types_quotes_comments_and_missing_cells(tmp_path):
    rows = r"""
5.1, 3, 'very high', 'he said \'50%\'', 2024-02-29, 2024-02-29T23:59:59
% a comment between
?,?,?,?,?,?  % all missing
1e3,-7,"it's",'?',"1999-12-31", '1999-12-31T00:00:00'
,,low,two words,,
"""
    frame = read(tmp_path, HEADER + rows)
    kinds = pl.Enum(["low", "very high", "it's"])
    assert frame.schema == {
        "sepal length": pl.Float64, "n": pl.Int64, "kind": kinds, "note": pl.String, "day": pl.Date, "at": pl.Datetime("ms"),
    }  # fmt: skip
    assert frame.rows() == [
        (5.1, 3, "very high", "he said '50%'", date(2024, 2, 29), datetime(2024, 2, 29, 23, 59, 59)),
        (None,) * 6,
        (1000.0, -7, "it's", "?", date(1999, 12, 31), datetime(1999, 12, 31)),
        (None, None, "low", "two words", None, None),
    ]


def test_sparse_rows_are_zero_where_they_say_nothing(tmp_path):
    frame = read(tmp_path, HEADER + "{0 1.5, 2 'very high', 3 two words}\n{}\n{1 ?}\n")
    start = (date(1970, 1, 1), datetime(1970, 1, 1))
    assert frame.rows() == [
        (1.5, 0, "very high", "two words", *start),
        (0.0, 0, "low", None, *start),
        (0.0, None, "low", None, *start),
    ]


def test_weights_become_a_column(tmp_path):
    text = "@relation r\n@attribute weight numeric\n@attribute b {x,y}\n@data\n1,x,{0.5}\n2,y\n{0 3}, {2}\n"
    frame = read(tmp_path, text)
    assert frame.rows() == [(1.0, "x", 0.5), (2.0, "y", 1.0), (3.0, "x", 2.0)]
    assert frame.columns == ["weight", "b", "weight (#1)"]
    late = "@relation r\n@attribute a numeric\n@data\n" + "1\n" * 2000 + "1,{3}\n"
    assert refused(tmp_path, late).startswith("Line 2004 ")


def test_cells_between_blanks_and_tabs(tmp_path):
    text = "@relation r\n@attribute a numeric\n@attribute b {x y 'z z'}\n@attribute c string\n@data\n1 x q\n2\t'z z'\tr\n3, y s\n"
    assert read(tmp_path, text).rows() == [(1.0, "x", "q"), (2.0, "z z", "r"), (3.0, "y", "s")]


@pytest.mark.parametrize(
    ("form", "cell", "value"),
    [
        ("dd.MM.yyyy", "29.02.2024", date(2024, 2, 29)),
        ("\"dd MMM yyyy HH:mm:ss.SSS\"", "29 Feb 2024 01:02:03.004", datetime(2024, 2, 29, 1, 2, 3, 4000)),
        ("yyyy-MM-dd'T'HH:mmZ", "2024-02-29T00:30+0100", datetime(2024, 2, 28, 23, 30, tzinfo=UTC)),
        ("'yyyy-MM-dd hh:mm a'", "2024-02-29 11:30 PM", datetime(2024, 2, 29, 23, 30)),
        ("dd/MM/yy", "29/02/24", "29/02/24"),
    ],
)  # fmt: skip
def test_forms_of_dates(tmp_path, form, cell, value):
    assert read(tmp_path, f"@relation r\n@attribute d date {form}\n@data\n'{cell}'\n?\n")["d"].to_list() == [value, None]


def test_encodings_packed_files_and_line_ends(tmp_path):
    text = "@relation r\r@attribute Größe {groß,'sehr groß'}\r@data\rgroß\r'sehr groß'\r"
    for encoding in ("utf-8", "utf-8-sig", "windows-1252", "utf-16"):
        assert read(tmp_path, text, encoding)["Größe"].to_list() == ["groß", "sehr groß"], encoding
    (tmp_path / "p").write_bytes(gzip.compress(text.encode()))
    assert run(ArffReader(path="p"), folder=tmp_path)["table"].height == 2


def test_cells_that_do_not_fit(tmp_path):
    text = "@relation r\n@attribute a integer\n@attribute b {x,y}\n@data\n1,x\n1.5,z\n3.0,y\n"
    assert "'1.5' in column 'a'" in refused(tmp_path, text)
    assert "'z' in column 'b'" in refused(tmp_path, text, integers="decimal")
    assert read(tmp_path, text, integers="decimal", nominal="text").rows() == [(1.0, "x"), (1.5, "z"), (3.0, "y")]
    job = RecordingJob(tmp_path)
    made = run(ArffReader(path="f.arff", on_misfit="missing"), folder=tmp_path, job=job)["table"].frame()
    assert made.rows() == [(1, "x"), (None, None), (3, "y")]
    assert "2 cells do not fit" in job.warnings[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "Line 1 of"),
        ("@relation r\n@attribute a real\n", "no line @data"),
        ("@relation r\n@data\n1\n", "declares no attributes"),
        ("@relation r\n@attribute a real\n@attribute a real\n@data\n", "twice"),
        ("@relation r\n@attribute a relational\n@data\n", "tables within cells"),
        ("@relation r\n@attribute a\n@data\n", "without a type"),
        ("@relation r\n@attribute a real\n@data\n1,2\n", "Line 4 "),
        ("@relation r\n@attribute a string\n@attribute b string\n@data\n'a,b\n", "Line 5 "),
        ("@relation r\n@attribute a real\n@data\n{0 1\n", "no end"),
        ("@relation r\n@attribute a real\n@data\n{7 1}\n", "no place and value"),
    ],
)
def test_damaged_files_are_refused_with_the_line(tmp_path, text, said):
    assert said in refused(tmp_path, text)


def test_no_rows_limits_columns_and_folders(tmp_path):
    assert read(tmp_path, HEADER).height == 0
    for name, values in (("1", "x,y"), ("2", "y,z")):
        (tmp_path / f"{name}.arff").write_text(f"@relation r\n@attribute a real\n@attribute k {{{values}}}\n@data\n1,y\n2,y\n")
    (tmp_path / "f.arff").unlink()
    folder = run(ArffReader(source="folder", folder=".", columns=["k"], limit=3), folder=tmp_path)["table"].frame()
    assert folder.schema == {"k": pl.Enum(["x", "y", "z"])}
    assert folder["k"].to_list() == ["y"] * 3


def test_lists_of_values_over_several_lines_and_values_that_are_declared_twice(tmp_path):
    (tmp_path / "f.arff").write_text("@relation r\n@attribute a {x, % first\n y,\n x}\n@data\ny\n")
    file = ArffFile(tmp_path / "f.arff", "automatic")
    assert file.attributes[0].values == ("x", "y")
    assert "twice" in file.remarks[0][0]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=12)


@given(st.lists(st.tuples(TEXTS | st.none(), TEXTS | st.none()), min_size=1, max_size=5), st.sampled_from("'\""))
def test_whatever_is_quoted_comes_back(tmp_path_factory, rows, quote):
    folder = tmp_path_factory.mktemp("arff")

    def written(cell):
        return "?" if cell is None else quote + cell.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote

    assert all(cell is None or unquoted(written(cell)) == cell for row in rows for cell in row)
    lines = "\n".join(",".join(map(written, row)) for row in rows)
    text = f"@relation r\n@attribute a string\n@attribute b string\n@data\n{lines}\n"
    assert read(folder, text, encoding="utf-8", **{}).rows() == rows
