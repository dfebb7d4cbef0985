"""Parquet, Arrow, Table, JSON and Excel Readers, and what all readers of several files share."""

import json
from datetime import UTC, date, datetime, time

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import xlsxwriter

from nodes.base import Cancelled, NodeError, Values
from nodes.readers.arrow import ArrowReader
from nodes.readers.csv_table import CsvReader
from nodes.readers.excel import ExcelReader
from nodes.readers.json_table import JsonReader
from nodes.readers.list_files import ListFiles
from nodes.readers.parquet import ParquetReader
from nodes.readers.table_file import TableReader
from nodes.values.table import Table
from nodes.writers.table_file import TableWriter
from tests.support import RecordingJob, configure, run

FRAME = pl.DataFrame(
    {
        "n": [1, None, 2**62],
        "t": ["ä", None, ""],
        "e": pl.Series(["u", "v", None], dtype=pl.Enum(["v", "u"])),
        "i": pl.Series(np.arange(12, dtype=np.uint16).reshape(3, 2, 2, 1)),
        "l": [[1], None, []],
        "b": [b"\0", b"", None],
        "d": [datetime(2024, 2, 29, 1, 2), None, None],
        "s": [{"x": 1.5}, {"x": None}, None],
    }
)


def refused(node, folder, *, when="configure"):
    with pytest.raises(NodeError) as caught:
        configure(node, folder=folder)
        if when == "execute":
            node.execute(Values({}), RecordingJob(folder))
    assert caught.value.remedy
    assert caught.value.setting in type(node).model_fields
    return caught.value.message


def read(node, folder):
    return run(node, folder=folder)["table"].frame()


FORMATS = {
    "parquet": (ParquetReader, lambda frame, path: frame.write_parquet(path)),
    "arrow": (ArrowReader, lambda frame, path: frame.write_ipc(path, compression="zstd")),
    "stream": (ArrowReader, lambda frame, path: frame.write_ipc_stream(path)),
    "table": (TableReader, lambda frame, path: frame.write_ipc(path)),
}
each_format = pytest.mark.parametrize("name", FORMATS)


# ---------------------------------------------------------------------------------------------- Parquet, Arrow and tables


@each_format
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_what_polars_wrote_is_read(tmp_path, name, rows):
    node, write = FORMATS[name]
    write(FRAME.head(rows), tmp_path / "f")
    assert read(node(path="f"), tmp_path).equals(FRAME.head(rows))
    promised = configure(node(path="f", limit=2, columns=["e", "n"]), folder=tmp_path)["table"]
    assert promised.rows == (None if name == "stream" else min(rows, 2))
    assert read(node(path="f", limit=2, columns=["e", "n"]), tmp_path).equals(FRAME.head(rows).select("e", "n").head(2))


@each_format
def test_damaged_files_are_refused(tmp_path, name):
    node, write = FORMATS[name]
    write(FRAME, tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    for number, damaged in enumerate((b"", b"no such format at all", content[: len(content) // 2])):
        (tmp_path / str(number)).write_bytes(damaged)
        assert "cannot be read" in refused(node(path=str(number)), tmp_path, when="execute")
    assert "no column 'q'" in refused(node(path="whole", columns=["q"]), tmp_path)


def test_a_feather_file_of_pyarrow_and_types_that_polars_lacks(tmp_path):
    with pa.OSFile(str(tmp_path / "f"), "wb") as sink:
        table = pa.table({"a": pa.array(["x", None]).dictionary_encode(), "z": pa.array([1, 2], pa.int8())})
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    assert read(ArrowReader(path="f"), tmp_path)["a"].to_list() == ["x", None]


def test_numbers_with_more_digits_than_polars_has(tmp_path):
    with pa.OSFile(str(tmp_path / "f"), "wb") as sink:
        table = pa.table({"d": pa.array([1], pa.decimal256(50, 2))})
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    assert "50 digits" in refused(ArrowReader(path="f"), tmp_path)


def test_large_arrow_batches_come_in_pieces(tmp_path, monkeypatch):
    from nodes.kit.files import arrow

    frame = pl.DataFrame({"n": np.arange(10_000)})
    frame.write_ipc(tmp_path / "f")
    monkeypatch.setattr(arrow, "BATCH_BYTES", 8_000)
    assert [piece.height for piece in arrow.arrow_batches(tmp_path / "f", ["n"], 2_500)] == [1000, 1000, 500]


def test_a_table_comes_back_with_its_classes(tmp_path):
    table = Table.of(FRAME.with_columns(code=pl.Series([0, 1, None])), {"code": ("cat", "dög")})
    run(TableWriter(path="t.table"), {"table": table}, tmp_path)
    back = run(TableReader(path="t.table"), folder=tmp_path)["table"]
    assert back.frame().equals(table.frame())
    assert back.classes == {"code": ("cat", "dög")}
    only = run(TableReader(path="t.table", columns=["n"]), folder=tmp_path)["table"]
    assert only.classes == {}


def test_classes_that_differ_between_files_are_not_kept(tmp_path):
    (tmp_path / "f").mkdir()
    for name, classes in (("1", ("a", "b")), ("2", ("b", "a"))):
        table = Table.of(pl.DataFrame({"code": [0], "same": [0]}), {"code": classes, "same": ("x",)})
        run(TableWriter(path=f"f/{name}.table"), {"table": table}, tmp_path)
    assert run(TableReader(source="folder", folder="f"), folder=tmp_path)["table"].classes == {"same": ("x",)}


def test_partitioned_folders_give_columns(tmp_path):
    for year in (2023, 2024):
        (tmp_path / "p" / f"year={year}").mkdir(parents=True)
        pl.DataFrame({"a": [year % 10]}).write_parquet(tmp_path / "p" / f"year={year}" / "part.parquet")
    node = ParquetReader(source="folder", folder="p", subfolders=True)
    assert read(node, tmp_path).to_dict(as_series=False) == {"a": [3, 4], "year": [2023, 2024]}
    assert configure(node, folder=tmp_path)["table"].rows == 2
    without = ParquetReader(source="folder", folder="p", subfolders=True, hive_partitioning=False)
    assert read(without, tmp_path).columns == ["a"]


# ------------------------------------------------------------------------------------------------------ several files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "f" / "deep").mkdir(parents=True)
    (tmp_path / "f" / "1.csv").write_text("a,b\n1,x\n2,y\n")
    (tmp_path / "f" / "2.csv").write_text("b,a\nz,0.5\n")
    (tmp_path / "f" / "deep" / "3.csv").write_text("a,c\nseven,true\n")
    (tmp_path / "f" / ".hidden.csv").write_text("no,no\n")
    (tmp_path / "f" / "readme.txt").write_text("nothing")
    return lambda **settings: CsvReader(source="folder", folder="f", **settings)


def test_files_of_a_folder_are_one_table(folder, tmp_path):
    frame = read(folder(path_column="file"), tmp_path)
    assert frame.schema == {"a": pl.Float64, "b": pl.String, "file": pl.String}
    assert frame.rows() == [(1.0, "x", "f/1.csv"), (2.0, "y", "f/1.csv"), (0.5, "z", "f/2.csv")]
    assert read(folder(limit=2), tmp_path).rows() == [(1.0, "x"), (2.0, "y")]
    assert read(folder(pattern="2*", columns=["b"]), tmp_path).rows() == [("z",)]


def test_files_of_different_columns(folder, tmp_path):
    assert "not in all files" in refused(folder(subfolders=True), tmp_path)
    union = read(folder(subfolders=True, combine="union"), tmp_path)
    assert union.schema == {"a": pl.String, "b": pl.String, "c": pl.Boolean}
    assert union.rows()[2:] == [("0.5", "z", None), ("seven", None, True)]
    assert read(folder(subfolders=True, combine="intersection"), tmp_path).rows() == [("1",), ("2",), ("0.5",), ("seven",)]


def test_a_file_without_values_says_nothing_of_a_column_s_type(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "1.csv").write_text("a,b,c\n1,,\n")
    (tmp_path / "f" / "2.csv").write_text("a,b,c\n2,0.5,\n")
    (tmp_path / "f" / "3.csv").write_text("a,b,c\n")
    frame = read(CsvReader(source="folder", folder="f"), tmp_path)
    assert frame.schema == {"a": pl.Int64, "b": pl.Float64, "c": pl.String}
    assert frame.rows() == [(1, None, None), (2, 0.5, None)]
    (tmp_path / "f" / "1.json").write_text('[{"a": null, "b": null}]')
    (tmp_path / "f" / "2.json").write_text('[{"a": 3, "b": null}]')
    frame = read(JsonReader(source="folder", folder="f"), tmp_path)
    assert frame.schema == {"a": pl.Int64, "b": pl.String}
    assert frame["a"].to_list() == [None, 3]


def test_mistakes_about_several_files(folder, tmp_path):
    assert "is named like" in refused(folder(pattern="*.tsv"), tmp_path)
    assert "already" in refused(folder(path_column="a"), tmp_path)
    assert "No folder" in refused(CsvReader(source="folder"), tmp_path)
    assert "no folder" in refused(CsvReader(source="folder", folder="nowhere"), tmp_path)
    (tmp_path / "g").mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "g" / "1.parquet")
    pl.DataFrame({"a": [[1]]}).write_parquet(tmp_path / "g" / "2.parquet")
    assert "in one file and" in refused(ParquetReader(source="folder", folder="g"), tmp_path)


# --------------------------------------------------------------------------------------------------------------- JSON


@pytest.fixture
def from_json(tmp_path):
    def from_json(content, **settings):
        (tmp_path / "f.json").write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read(JsonReader(path="f.json", **settings), tmp_path)

    return from_json


def test_records_in_a_list_and_in_lines(from_json):
    records = [{"a": 1, "o": {"x": 1.5, "y": {"z": "q"}}}, {"a": None, "l": [1, 2]}]
    lines = "\n".join(map(json.dumps, records)) + "\n"
    for content in (records, lines, {"data": {"items": records}}):
        frame = from_json(content, record_path="data.items" if isinstance(content, dict) else "")
        assert frame.to_dict(as_series=False) == {"a": [1, None], "o.x": [1.5, None], "o.y.z": ["q", None], "l": [None, [1, 2]]}
        kept = from_json(content, nested="keep", record_path="data.items" if isinstance(content, dict) else "", columns=["o"])
        assert isinstance(kept.schema["o"], pl.Struct)


def test_other_shapes_of_json(from_json):
    assert from_json({"a": [1, 2], "b": ["x", None]}).rows() == [(1, "x"), (2, None)]
    assert from_json('{\n "a": 1\n}').rows() == [(1,)]
    assert from_json('{"a": 1}\n').rows() == [(1,)]
    assert from_json([1, 2.5]).to_dict(as_series=False) == {"value": [1.0, 2.5]}
    assert from_json({"x": [{"k": [{"v": 3}]}]}, record_path="x.0.k").rows() == [(3,)]
    assert from_json('{"a": 1}\n{"a": 2}\n{"a": 3}\n', limit=2).rows() == [(1,), (2,)]
    assert from_json([{"a": 1}, {"a": 2}], limit=1).rows() == [(1,)]
    assert from_json([{"a.b": 1, "a": {"b": 2}}]).rows() == [(1, 2)]
    assert from_json([]).is_empty()


def test_json_of_other_programs(from_json):
    assert from_json("\ufeff" + '{"a": 1}\n{"a": 2}\n').rows() == [(1,), (2,)]
    assert from_json('{"a": 1}\r\n\r\n{"a": 2}\r\n').rows() == [(1,), (2,)]
    pandas = {"a": {str(n): n for n in range(3)}, "b": {str(n): "x" * n for n in range(3)}}
    assert from_json(pandas).rows() == [(0, ""), (1, "x"), (2, "xx")]
    assert from_json({"sensor": {"id": 1}, "place": {"id": 2}}).to_dict(as_series=False) == {"sensor.id": [1], "place.id": [2]}
    assert from_json([{"a.b": 1, "c": 2}]).columns == ["a.b", "c"]
    assert from_json([{"a.b": 1, "a": {"b": 2}}]).to_dict(as_series=False) == {"a.b": [1], "a.b_": [2]}


def test_no_value_is_lost_where_kinds_differ(from_json):
    records = [{"a": {"b": 1}, "n": 1}, {"a": 3, "n": 2.5}, {"a": "ä", "n": None}, {"a": ["ü"]}, {"a": None}]
    frame = from_json(records)
    assert frame["a"].to_list() == ['{"b": 1}', "3", "ä", '["ü"]', None]
    assert frame["n"].to_list() == [1.0, 2.5, None, None, None]
    assert from_json([{"a": None}, {}]).schema == {"a": pl.String}


def test_json_that_makes_no_table(from_json, tmp_path):
    def message(content, **settings):
        (tmp_path / "f.json").write_text(content)
        return refused(JsonReader(path="f.json", **settings), tmp_path, when="execute")

    assert "no JSON" in message("[1, 2")
    assert "is empty" in message("")
    (tmp_path / "l.json").write_bytes('[{"a": "ü"}]'.encode("latin-1"))
    assert "UTF-8" in refused(JsonReader(path="l.json"), tmp_path)
    assert "no list of records" in message("3")
    assert "Not all" in message('[{"a": 1}, 2]')
    assert "no 'b'" in message('{"a": []}', record_path="b")
    assert "Row 2 of" in message('{"a": 1}\n{"a": "x"}\n', scanned_rows=1)
    assert "largest size" in message("[1]", largest_size=1e-9)


# --------------------------------------------------------------------------------------------------------------- Excel


@pytest.fixture
def workbook(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    book.add_worksheet("Empty")
    may, june = book.add_worksheet("May"), book.add_worksheet("Jüne")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    may.write_row(0, 0, ["n", "x", "t", "day", "mixed"])
    may.write_row(1, 0, [1, 1.5, "a"])
    may.write_datetime(1, 3, datetime(2024, 2, 29), day)
    may.write_row(1, 4, [1])
    may.write_row(3, 0, [3, 2, "b"])
    may.write_row(3, 4, ["two"])
    june.write_row(0, 0, ["n", "q"])
    june.write_row(1, 0, [0.5, True])
    book.close()
    return lambda **settings: read(ExcelReader(path="b.xlsx", **settings), tmp_path)


def test_a_sheet_with_the_types_a_person_sees(workbook):
    frame = workbook()
    assert frame.schema == {"n": pl.Int64, "x": pl.Float64, "t": pl.String, "day": pl.Date, "mixed": pl.String}
    assert frame.rows() == [(1, 1.5, "a", date(2024, 2, 29), "1"), (3, 2.0, "b", None, "two")]
    assert workbook(skip_empty_rows=False).height == 3
    assert workbook(column_types={"n": "String"})["n"].to_list() == ["1", "3"]
    counted = workbook(column_types={"n": "Int64", "mixed": "Int64"}, on_misfit="missing")
    assert counted.select("n", "mixed").rows() == [(1, 1), (3, None)]
    with pytest.raises(NodeError, match=r"Row 4 of sheet 'May' .* has 'two' in column 'mixed'"):
        workbook(column_types={"mixed": "Int64"})


def test_a_number_with_a_point_is_not_cut_to_a_whole_one(workbook):
    with pytest.raises(NodeError, match=r"'1\.5' in column 'x', which is no Int64.*to Float64"):
        workbook(column_types={"x": "Int64"})


def test_parts_of_a_sheet(workbook):
    assert workbook(cells="a,C", columns=["t"]).rows() == [("a",), ("b",)]
    assert workbook(header=False, first_row=2, cells="A:B").rows() == [(1, 1.5), (3, 2.0)]
    assert workbook(last_row=2)["n"].to_list() == [1]
    assert workbook(skip_rows=1, limit=5)["n"].to_list() == [3]
    assert workbook(sheet="by name", sheet_name="Jüne").rows() == [(0.5, True)]
    assert workbook(sheet="by position", sheet_position=3).columns == ["n", "q"]


def test_all_sheets(workbook):
    frame = workbook(sheet="all", combine="union", sheet_column="sheet")
    assert frame["sheet"].to_list() == ["May", "May", "Jüne"]
    assert frame["n"].to_list() == [1.0, 3.0, 0.5]
    assert workbook(sheet="all", combine="intersection").columns == ["n"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sheet": "by name", "sheet_name": "July"}, "no sheet 'July'"),
        ({"sheet": "by position", "sheet_position": 4}, "has 3 sheets"),
        ({"sheet": "by position", "sheet_position": 1}, "nothing in the chosen"),
        ({"sheet": "all"}, "different columns"),
        ({"sheet_column": "n"}, "already"),
        ({"first_row": 3, "last_row": 1}, "before the first"),
    ],
)
def test_mistakes_about_sheets(workbook, tmp_path, settings, message):
    assert message in refused(ExcelReader(path="b.xlsx", **settings), tmp_path)


def test_a_workbook_as_people_fill_them(tmp_path, caplog):
    book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    first, second = book.add_worksheet("1"), book.add_worksheet("2")
    clock = book.add_format({"num_format": "hh:mm:ss"})
    first.write_row(0, 0, ["n", "at", None, "empty", "sum"])
    second.write_row(0, 0, ["n", "at", None, "empty", "sum"])
    first.merge_range("A2:A3", 7)
    for row, at in ((1, time(1, 2, 3)), (2, time(0))):
        first.write_datetime(row, 1, at, clock)
        first.write_number(row, 2, row)
        first.write_formula(row, 4, "=1+1", value=2)
    second.write_row(1, 0, [1, None, None, 5])
    book.close()
    frame = read(ExcelReader(path="b.xlsx"), tmp_path)
    assert frame.schema == {"n": pl.Int64, "at": pl.Time, "column_2": pl.Int64, "empty": pl.String, "sum": pl.Int64}
    assert frame.rows() == [(7, time(1, 2, 3), 1, None, 2), (None, time(0), 2, None, 2)]
    both = read(ExcelReader(path="b.xlsx", sheet="all"), tmp_path)
    assert both.schema == {"n": pl.Int64, "at": pl.Time, "column_2": pl.Int64, "empty": pl.Int64, "sum": pl.Int64}
    assert both["empty"].to_list() == [None, None, 5]
    assert not caplog.records
    assert "no column 'q'" in refused(ExcelReader(path="b.xlsx", column_types={"q": "Int64"}), tmp_path)


def test_a_file_that_is_no_workbook(tmp_path):
    (tmp_path / "b.xlsx").write_bytes(b"PK\3\4 no more")
    assert "cannot be read" in refused(ExcelReader(path="b.xlsx"), tmp_path)


# ---------------------------------------------------------------------------------------------------------- List Files


def test_what_is_in_a_folder(folder, tmp_path):
    def listed(**settings):
        return run(ListFiles(folder="f", **settings), folder=tmp_path)["table"].frame()

    assert listed()["path"].to_list() == ["f/1.csv", "f/2.csv", "f/readme.txt"]
    assert listed(subfolders=True, pattern="*.CSV")["path"].to_list() == ["f/1.csv", "f/2.csv", "f/deep/3.csv"]
    assert listed(pattern="*.CSV", match_case=True).is_empty()
    assert listed(extensions=["txt"])["path"].to_list() == ["f/readme.txt"]
    assert listed(what="folders", parent=True)["path"].to_list() == ["f", "f/deep"]
    assert listed(what="both", hidden=True, is_folder=True)["is_folder"].to_list() == [True, False, False, False, False]
    row = listed(details=True).row(0, named=True)
    assert (row["name"], row["extension"], row["folder"], row["size"]) == ("1.csv", ".csv", "f", 12)
    assert row["modified"].replace(tzinfo=UTC).timestamp() == pytest.approx((tmp_path / "f" / "1.csv").stat().st_mtime, abs=1e-3)
    assert "no folder" in refused(ListFiles(folder="g"), tmp_path)


@pytest.mark.parametrize("node", [CsvReader(path="f"), ParquetReader(path="p")])
def test_reading_can_be_cancelled(tmp_path, node):
    (tmp_path / "f").write_text("a\n1\n")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "p")
    with pytest.raises(Cancelled):
        node.execute(Values({}), RecordingJob(tmp_path, cancelled=True))


def test_arrays_of_different_shapes_do_not_become_lists(tmp_path):
    (tmp_path / "a").mkdir()
    for number in (2, 3):
        frame = pl.DataFrame({"i": pl.Series(np.zeros((1, number, 2, 1), np.uint8))})
        frame.write_ipc(tmp_path / "a" / f"{number}.arrow")
    assert "an image 2 x 2 x 1" in refused(ArrowReader(source="folder", folder="a"), tmp_path)
