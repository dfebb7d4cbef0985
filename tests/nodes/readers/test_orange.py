"""Orange Reader: headers of three lines and of one, categories, roles and missing values."""

from datetime import date

import polars as pl
import pytest

from nodes.base import NodeError, Values
from nodes.readers import orange
from nodes.readers.orange import OrangeReader
from tests.support import RecordingJob, configure, run

THREE = (
    "n\tk\tgrade\ts\twhen\tskip\tfree\n"
    "continuous\thigh low very\\ low\tdiscrete\tstring\ttime\td\t\n"
    "\tclass\t\tmeta color=red\tm\ti\tw\n"
    "1.5\tlow\t10\t\"a\tb \"\"q\"\"\"\t2024-02-29\tx\t007\n"
    "?\tvery low\t9\t.\t\ty\t1\n"
    "2\thigh\tNA\tcomma, too\t2024-03-01\n"
)  # fmt: skip


def read(folder, text, encoding="utf-8", **settings):
    (folder / "f.tab").write_bytes(text.encode(encoding))
    return run(OrangeReader(path="f.tab", **settings), folder=folder)["table"].frame()


def refused(folder, text, **settings):
    (folder / "f.tab").write_text(text)
    node = OrangeReader(path="f.tab", **settings)
    with pytest.raises(NodeError) as caught:
        configure(node, folder=folder)
        node.execute(Values({}), RecordingJob(folder))
    assert caught.value.remedy
    assert caught.value.setting in OrangeReader.model_fields
    return caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_header_of_three_lines(tmp_path, encoding):
    frame = read(tmp_path, THREE, encoding)
    kinds, grades = pl.Enum(["high", "low", "very low"]), pl.Enum(["9", "10"])
    assert frame.schema == {
        "n": pl.Float64, "k": kinds, "grade": grades, "s": pl.String, "when": pl.Date, "free": pl.String,
    }  # fmt: skip
    assert frame.rows() == [
        (1.5, "low", "10", 'a\tb "q"', date(2024, 2, 29), "007"),
        (None, "very low", "9", None, None, "1"),
        (2.0, "high", None, "comma, too", date(2024, 3, 1), None),
    ]


def test_roles_and_ignored_columns(tmp_path):
    frame = read(tmp_path, THREE, roles="marked", ignored="read", null_values=[".", "?"])
    assert frame.columns == ["n", "c#k", "grade", "m#s", "m#when", "i#skip", "w#free"]
    assert frame["i#skip"].to_list() == ["x", "y", None]
    assert frame["grade"].to_list() == ["10", "9", "NA"]


def test_names_with_prefixes_and_plain_tables(tmp_path):
    frame = read(tmp_path, "cD#y\tC#x\tmS#name\ti#no\tb\nq\t1\t5\t-\t3\np\t\t6\t-\t4\n")
    assert frame.schema == {"y": pl.Enum(["p", "q"]), "x": pl.Float64, "name": pl.String, "b": pl.Int64}
    assert frame.rows() == [("q", 1.0, "5", 3), ("p", None, "6", 4)]
    plain = read(tmp_path, "a\ta\n1\tx\n2\ty\n")
    assert plain.rows() == [(1, "x"), (2, "y")]
    assert plain.columns == ["a", "a_duplicated_0"]
    assert read(tmp_path, "#\t#items\n1\tx\n").columns == ["#", "#items"]


def test_types_given_cells_that_do_not_fit_and_folders(tmp_path):
    text = "n\tk\nc\ta b\n\t\n1\ta\nx\tc\n"
    assert "'x' in column 'n'" in refused(tmp_path, text)
    job = RecordingJob(tmp_path)
    made = run(OrangeReader(path="f.tab", on_misfit="missing"), folder=tmp_path, job=job)["table"].frame()
    assert made.rows() == [(1.0, "a"), (None, None)]
    assert "2 cells" in job.warnings[0]
    assert read(tmp_path, text, column_types={"n": "String", "k": "String"}).rows() == [("1", "a"), ("x", "c")]
    (tmp_path / "d").mkdir()
    for name, values in (("1", "ab"), ("2", "bc")):
        (tmp_path / "d" / f"{name}.tab").write_text("D#k\tx\n" + "".join(f"{v}\t{name}\n" for v in values))
    both = run(OrangeReader(source="folder", folder="d"), folder=tmp_path)["table"].frame()
    assert both.schema["k"] == pl.Enum(["a", "b", "c"])
    assert both.rows() == [("a", 1), ("b", 1), ("b", 2), ("c", 2)]


def test_a_large_file_tells_its_categories_in_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(orange, "_AT_ONCE", 10)
    assert read(tmp_path, "D#k\tx\n" + "b\t1\n" * 40 + "a\t2\n")["k"].dtype == pl.Enum(["a", "b"])
    assert configure(OrangeReader(path="f.tab"), folder=tmp_path)["table"] is None


def test_no_rows_and_damage(tmp_path):
    assert read(tmp_path, "n\tk\nc\td\n\tclass\n").height == 0
    assert "is empty" in refused(tmp_path, "")
    assert "names of columns" in refused(tmp_path, "\n")
    assert "Line 2 " in refused(tmp_path, "a\tb\n1\t2\t3\n")
