"""Workbooks as people fill them: every cell comes out as it is seen, or it is said what became of it."""

import random
import struct
import zipfile
from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
import xlsxwriter

from nodes.base import NodeError
from nodes.kit.files.old_workbooks import OldWorkbook
from nodes.readers.excel import ExcelReader
from tests import sampling
from tests.real.readers import old_workbook
from tests.real.readers.conftest import Read

FORMATS = {"day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss", "clock": "hh:mm:ss", "span": "[h]:mm:ss"}


class Shown(tuple):
    """A number with a format: (number, name of the format)."""


@pytest.fixture
def excel_read(tmp_path):
    def read(*rows, at=(0, 0), options=None, mend=None, **settings):
        book = xlsxwriter.Workbook(tmp_path / "b.xlsx", options or {})
        sheet = book.add_worksheet("S")
        formats = {name: book.add_format({"num_format": code}) for name, code in FORMATS.items()}
        for r, row in enumerate(rows, at[0]):
            for c, cell in enumerate(row, at[1]):
                if isinstance(cell, Shown):
                    sheet.write_number(r, c, cell[0], formats[cell[1]])
                elif isinstance(cell, str) and cell.startswith("#"):
                    sheet.write_formula(r, c, "=f()", None, cell)
                elif cell is not None:
                    sheet.write(r, c, cell)
        book.close()
        if mend:
            _replace(tmp_path / "b.xlsx", *mend)
        return Read(ExcelReader(path="b.xlsx", **settings), tmp_path)

    return read


def _replace(path, old, new):
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(old, new)
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)


CODES = ["#N/A", "#DIV/0!", "#NAME?", "#REF!", "#VALUE!", "#NUM!", "#NULL!"]


@pytest.mark.parametrize("code", CODES)
def test_cells_of_errors_are_missing_and_counted(excel_read, code):
    made = excel_read(["n", "t"], [1.5, "x"], [code, "y"], [2.5, code])
    assert made.rows() == [(1.5, "x"), (None, "y"), (2.5, None)]
    assert made.says("2 cells are errors", code) == "sheet"


@pytest.mark.parametrize("code", [b"#SPILL!", b"#CALC!", b"#FIELD!", b"#BLOCKED!", b"#GETTING_DATA"])
def test_newer_errors_do_not_make_a_sheet_unreadable(excel_read, code):
    made = excel_read(["n", "t"], [1.5, "x"], ["#N/A", "y"], mend=(b"#N/A", code))
    assert made.rows() == [(1.5, "x"), (None, "y")]
    assert made.says("1 cell is an error", code.decode()) == "sheet"


def test_a_row_of_errors_only_is_a_row(excel_read):
    assert excel_read(["n", "t"], [1.5, "x"], ["#N/A", "#N/A"], [None, None], [2, "y"]).rows() == [
        (1.5, "x"),
        (None, None),
        (2, "y"),
    ]


def test_errors_outside_of_what_is_read_do_not_count(excel_read):
    assert not excel_read(["n", "t"], [1.5, "#N/A"], cells="A").told
    assert not excel_read(["n"], [1], ["#N/A"], last_row=2).told


def test_numbers_as_text_keep_their_digits(excel_read):
    numbers = [0.1234567890123456, 3.123456789012345, 1e-12, 1234567890123456, 1e20, 0.1, 5, -2.5]
    made = excel_read(["v"], *[[number] for number in numbers], ["word"])
    assert made.frame["v"].to_list() == [
        "0.1234567890123456", "3.123456789012345", "1e-12", "1234567890123456", "1e+20", "0.1", "5", "-2.5", "word",
    ]  # fmt: skip
    assert made.says("'v' as text", "1 cell of texts among numbers", "'word'") == "column_types"
    typed = excel_read(["v"], *[[number] for number in numbers], column_types={"v": "String"})
    assert [float(cell) for cell in typed.frame["v"]] == numbers


def test_spans_and_what_stands_among_them(excel_read):
    spans = [Shown((1.25, "span")), Shown((0.5, "span")), Shown((100, "span"))]
    expected = [timedelta(hours=30), timedelta(hours=12), timedelta(days=100)]
    assert excel_read(["d"], *[[s] for s in spans]).frame["d"].to_list() == expected
    mixed = excel_read(["d"], *[[s] for s in spans], ["late"])
    assert mixed.frame["d"].to_list() == ["30:00:00", "12:00:00", "2400:00:00", "late"]
    assert mixed.says("'d' as text", "1 cell of texts among durations") == "column_types"
    clocks = excel_read(["d"], [spans[0]], [Shown((0.5, "clock"))])
    assert clocks.frame["d"].to_list() == expected[:2]


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_both_systems_of_dates(excel_read, options):
    first = 45000 if not options else 45000 - 1462
    made = excel_read(
        ["day", "moment", "clock"],
        [Shown((first, "day")), Shown((first + 0.5, "moment")), Shown((0.25, "clock"))],
        [Shown((first + 1, "day")), Shown((first, "moment")), Shown((0.75, "clock"))],
        options=options,
    )
    assert made.columns() == {
        "day": [date(2023, 3, 15), date(2023, 3, 16)],
        "moment": [datetime(2023, 3, 15, 12), datetime(2023, 3, 15)],
        "clock": [time(6), time(18)],
    }


def test_the_first_days_of_1900(excel_read):
    made = excel_read(["d"], *[[Shown((number, "day"))] for number in (1, 59, 61)])
    assert made.frame["d"].to_list() == [date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1)]


def test_dates_among_other_cells(excel_read):
    made = excel_read(["d"], [Shown((45000, "day"))], ["soon"], [3])
    assert made.frame["d"].to_list() == ["2023-03-15 00:00:00", "soon", "3"]
    assert made.says("'d' as text")
    made = excel_read(["d"], [Shown((45000, "day"))], ["2023-03-16"], column_types={"d": "Date"})
    assert made.frame["d"].to_list() == [date(2023, 3, 15), date(2023, 3, 16)]


def test_truth_among_numbers_is_said(excel_read):
    made = excel_read(["v"], [True], [2.5])
    assert made.frame["v"].to_list() == [1.0, 2.5]
    assert made.says("1 cell of true or false as 1 or 0") == "column_types"


def test_headings_of_every_type(excel_read):
    made = excel_read(
        ["a", "a", None, 2024, 1.5, True, Shown((45000, "day")), Shown((45000.5, "moment")), "#N/A", "a_1"],
        list(range(10)),
    )
    assert made.frame.columns == [
        "a", "a_2", "column_2", "2024", "1.5", "true", "2023-03-15", "2023-03-15 12:00:00", "column_8", "a_1",
    ]  # fmt: skip
    assert made.rows() == [tuple(range(10))]


def test_ranges_with_empty_columns_and_rows(excel_read):
    rows = (["a", None, "b"], [1, None, 2], [None, None, None], [3, None, 4])
    assert excel_read(*rows, at=(3, 2)).rows() == [(1, None, 2), (3, None, 4)]
    assert excel_read(*rows, at=(3, 2), cells="B:E").columns() == {"a": [1, 3], "column_1": [None, None], "b": [2, 4]}
    assert excel_read(*rows, at=(3, 2), cells="D").columns() == {"column_0": []}
    assert excel_read(*rows, at=(3, 2), cells="E,C", first_row=4).columns() == {"b": [2, 4], "a": [1, 3]}
    assert excel_read(*rows, at=(3, 2), skip_empty_columns=True).columns() == {"a": [1, 3], "b": [2, 4]}
    assert excel_read(*rows, at=(3, 2), skip_empty_rows=False).frame.height == 3
    assert excel_read(*rows, at=(3, 2), header=False, first_row=5).rows() == [(1, None, 2), (3, None, 4)]
    with pytest.raises(NodeError, match="names no columns"):
        excel_read(*rows, cells="E:B")


def test_cells_that_do_not_fit_are_an_error_or_counted(excel_read):
    rows = (["n", "d", "t"], [1, Shown((45000, "day")), 1], ["two", "soon", "x"], [2.5, 3, None])
    types = {"n": "Int64", "d": "Date", "t": "String"}
    with pytest.raises(NodeError, match=r"Row 3 of sheet 'S' of '.*' has 'two' in column 'n', which is no Int64"):
        excel_read(*rows, column_types=types)
    made = excel_read(*rows, column_types=types, on_misfit="missing")
    assert made.rows() == [(1, date(2023, 3, 15), "1"), (None, None, "x"), (None, None, None)]
    (warning,) = made.warned
    assert "4 cells do not fit" in warning
    assert "'2.5' (column 'n', row 4)" in warning


def test_texts_that_read_as_a_type_that_is_asked_for(excel_read):
    rows = (["n", "b", "d"], ["12", "TRUE", "2024-02-29"], [3, False, Shown((45000, "day"))])
    made = excel_read(*rows, column_types={"n": "Int64", "b": "Boolean", "d": "Date"})
    assert made.rows() == [(12, True, date(2024, 2, 29)), (3, False, date(2023, 3, 15))]
    assert made.frame.schema == {"n": pl.Int64, "b": pl.Boolean, "d": pl.Date}


def test_workbooks_of_the_first_version_keep_their_meaning():
    assert ExcelReader.migrate({"sheet": "all"}, 1) == {"sheet": "all", "on_misfit": "missing"}
    assert ExcelReader.migrate({}, 2) == {}


@pytest.mark.parametrize("size", [2048, 4096, 9000])
def test_numbers_that_a_chart_keeps_overwrite_no_cells(tmp_path, size):
    rows = {0: ["a", "b"], 1: [1.0, 2.0], 2: [3.0, 4.0], 3: [5.0, 6.0]}
    old_workbook.write(tmp_path / "b.xls", rows, chart=[[91.0, 92.0, 93.0, 94.0], [95.0, 96.0, 97.0]], size=size)
    read = Read(ExcelReader(path="b.xls"), tmp_path)
    assert read.frame.to_dict(as_series=False) == {"a": [1, 3, 5], "b": [2, 4, 6]}


@pytest.mark.parametrize("size", [2048, 4096])
def test_cells_of_errors_in_old_workbooks_are_missing_and_counted(tmp_path, size):
    old_workbook.write(tmp_path / "b.xls", {0: ["a", "b"], 1: [1.0, "#N/A"], 2: ["#DIV/0!", 4.0], 3: ["#N/A", 5.0]}, size=size)
    read = Read(ExcelReader(path="b.xls"), tmp_path)
    assert read.frame.to_dict(as_series=False) == {"a": [1, None, None], "b": [None, 4, 5]}
    assert "3 cells are errors in sheet 'S' and missing here: #N/A 2 times, #DIV/0! 1 time." in read.told


def test_damaged_containers_of_old_workbooks_end_in_words(tmp_path):
    old_workbook.write(tmp_path / "b.xls", {0: ["a", "b"], 1: [1.0, "#N/A"]}, size=2048)
    content = (tmp_path / "b.xls").read_bytes()
    drawn = random.Random(sampling.seed())
    refused = 0
    for _ in range(2000):
        damaged = bytearray(content)
        for _ in range(drawn.choice([1, 3, 20])):
            damaged[drawn.randrange(30, len(damaged))] = drawn.choice([0, 1, 0x7F, 0xFE, 0xFF])
        (tmp_path / "b.xls").write_bytes(damaged[: drawn.choice([len(damaged), drawn.randrange(len(damaged))])])
        try:
            book = OldWorkbook.of(tmp_path / "b.xls")
            if book is not None:
                list(book.error_cells("S"))
        except NodeError:
            refused += 1
    assert refused


# -- cells of errors in workbooks that are neither .xlsx nor .xls

SPREADSHEET = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>
<table:table table:name="Other"><table:table-row>{0}</table:table-row></table:table>
<table:table table:name="S">{1}</table:table></office:spreadsheet></office:body></office:document-content>"""
MANIFEST = """<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry
 manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>"""
WORD = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
NUMBER = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
NEW = """<table:table-cell{1} table:formula="of:=1/0" office:value-type="string" office:string-value=""
 calcext:value-type="error"><text:p>{0}</text:p></table:table-cell>"""
OLD = """<table:table-cell{1} table:formula="of:=1/0" office:value-type="float" office:value="0">
<text:p>{0}</text:p></table:table-cell>"""


@pytest.mark.parametrize("error", [NEW, OLD], ids=["new", "old"])
@pytest.mark.parametrize("code", ["#DIV/0!", "#N/A", "Err:502"])
def test_cells_of_errors_in_open_documents_are_missing_and_counted(tmp_path, error, code):
    """calamine gives 0 where LibreOffice wrote one beside the error."""
    rows = [
        WORD.format("n") + WORD.format("m") + WORD.format("t"),
        NUMBER.format(0) + NUMBER.format(4) + WORD.format("#N/A"),
        error.format(code, "") + NUMBER.format(5) + WORD.format("b"),
        error.format(code, ' table:number-columns-repeated="2"') + WORD.format("c"),
    ]
    made = "".join(
        f"<table:table-row{repeated}>{row}</table:table-row>"
        for row, repeated in zip(rows, ["", "", ' table:number-rows-repeated="2"', ""], strict=True)
    )
    with zipfile.ZipFile(tmp_path / "b.ods", "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", MANIFEST)
        book.writestr("content.xml", SPREADSHEET.format(error.format("#REF!", ""), made))
    read = Read(ExcelReader(path="b.ods", sheet="by name", sheet_name="S"), tmp_path)
    assert read.rows() == [(0, 4, "#N/A"), (None, 5, "b"), (None, 5, "b"), (None, None, "c")]
    assert read.says("4 cells are errors", f"{code} 4 times") == "sheet"


def record(kind: int, content: bytes) -> bytes:
    """A record of a binary workbook: its kind and its length with seven bits in each byte."""

    def number(value: int) -> bytes:
        made = bytearray()
        while True:
            value, low = value >> 7, value & 0x7F
            made.append(low | (0x80 if value else 0))
            if not value:
                return bytes(made)

    return number(kind) + number(len(content)) + content


def wide(text: str) -> bytes:
    return len(text).to_bytes(4, "little") + text.encode("utf-16-le")


def test_cells_of_errors_in_binary_workbooks_are_missing_and_counted(tmp_path):
    def cell(kind: int, column: int, content: bytes) -> bytes:
        return record(kind, column.to_bytes(4, "little") + bytes(4) + content)

    def row(number: int, *cells: bytes) -> bytes:
        return record(0, number.to_bytes(4, "little") + bytes(21)) + b"".join(cells)

    def word(column: int, text: str) -> bytes:
        return cell(6, column, wide(text))

    def real(column: int, value: float) -> bytes:
        return cell(5, column, struct.pack("<d", value))

    sheet = b"".join(
        [
            record(129, b""),
            record(148, struct.pack("<4I", 0, 3, 0, 1)),
            record(145, b""),
            row(0, word(0, "n"), word(1, "m")),
            row(1, real(0, 0.5), real(1, 1.0)),
            row(2, cell(3, 0, b"\x07"), real(1, 2.0)),
            row(3, cell(11, 0, b"\x2a" + bytes(10)), cell(3, 1, b"\x2a")),
            record(146, b""),
            record(130, b""),
        ]
    )
    named = record(131, b"") + record(143, b"") + record(156, bytes(4) + (1).to_bytes(4, "little") + wide("rId1") + wide("S"))
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(tmp_path / "b.xlsb", "w") as book:
        book.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        )
        book.writestr("xl/workbook.bin", named + record(144, b"") + record(132, b""))
        book.writestr(
            "xl/_rels/workbook.bin.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
        )
        book.writestr("xl/worksheets/sheet1.bin", sheet)
    read = Read(ExcelReader(path="b.xlsb"), tmp_path)
    assert read.rows() == [(0.5, 1.0), (None, 2.0), (None, None)]
    assert read.says("3 cells are errors", "#N/A 2 times", "#DIV/0! 1 time") == "sheet"
