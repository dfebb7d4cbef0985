"""Awkward files read by our readers and by others: pandas, DuckDB, openpyxl, sqlite3 and Python's own json say the same.

`make test` tries a sample, `make test-all` more of it; the seed is that of all samples, which pytest's header names.
"""

import csv
import io
import json
import math
import sqlite3
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import xlsxwriter
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from nodes.kit.files.workbook_cells import as_seen
from nodes.readers.csv_table import CsvReader
from nodes.readers.database import DatabaseReader
from nodes.readers.excel import ExcelReader
from nodes.readers.json_table import JsonReader
from tests import sampling
from tests.real.readers.conftest import Read

SEED = Random(sampling.seed()).getrandbits(32)
"""Drawn anew with every commit."""
SOME = settings(max_examples=settings().max_examples // 4, print_blob=True)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff", exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.integers(-999, 999).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-1000, 1000, places=2).map(str),
    st.from_regex(r"[+-]?0{0,2}[0-9]{1,19}(\.[0-9]{1,3})?([eE][0-9])?", fullmatch=True),
)
WORDS = st.sampled_from(
    ["NA", "None", "", "?", "true", "FALSE", "nan", "inf", "1,5", "2024-02-29", "01/02/03", '5" pipe', "a\\", "-"]
)
KINDS = [NUMBERS, WORDS, TEXTS, st.one_of(NUMBERS, WORDS), st.integers(0, 9).map("0{}".format)]


@st.composite
def tables(draw):
    """Rows of texts, some columns of which read as numbers."""
    columns = draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=4))
    return draw(st.lists(st.tuples(*columns), min_size=1, max_size=6))


DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
        "quoting": st.sampled_from([0, 1]),
    }
)


def written(rows, dialect):
    buffer = io.StringIO()
    # Python's writer leaves a line break without quotes where another ends the lines.
    quoting = csv.QUOTE_ALL if dialect["lineterminator"] == "\r" else dialect["quoting"]
    writer = csv.writer(buffer, **{**dialect, "quoting": quoting})
    writer.writerow([f"c{number}" for number in range(len(rows[0]))])
    writer.writerows(rows)
    return buffer.getvalue()


def as_given(read, rows):
    """Whether texts are what was written; an empty cell may be missing."""
    return [tuple(cell or "" for cell in row) for row in read] == [tuple(row) for row in rows]


@seed(SEED)
@SOME
@given(rows=tables(), dialect=DIALECTS, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_texts_are_those_that_pandas_and_duckdb_read(tmp_path_factory, rows, dialect, encoding):
    folder = tmp_path_factory.getbasetemp()
    (folder / "t.csv").write_text(written(rows, dialect), encoding=encoding, newline="")
    types = {f"c{number}": "String" for number in range(len(rows[0]))}
    ours = Read(CsvReader(path="t.csv", delimiter=dialect["delimiter"].replace("\t", "\\t"), column_types=types), folder)
    assert as_given(ours.rows(), rows)
    theirs = pd.read_csv(folder / "t.csv", sep=dialect["delimiter"], dtype=str, keep_default_na=False, encoding=encoding)
    assert as_given(theirs.itertuples(index=False), rows)
    if encoding != "utf-16" and dialect["lineterminator"] != "\r":
        options = {"all_varchar": True, "delimiter": dialect["delimiter"], "quotechar": '"', "escapechar": '"', "header": True,
                   "strict_mode": False, "auto_detect": False}  # fmt: skip
        options["columns"] = dict.fromkeys(types, "VARCHAR")
        options.pop("all_varchar")
        found = duckdb.read_csv(str(folder / "t.csv"), **options).fetchall()
        assert as_given(found, rows)


@seed(SEED)
@SOME
@given(rows=tables(), dialect=DIALECTS)
def test_whatever_is_found_loses_nothing(tmp_path_factory, rows, dialect):
    """Cells are what was written, or numbers that were written so: no zeros, digits, signs or cells are lost."""
    folder = tmp_path_factory.getbasetemp()
    (folder / "t.csv").write_text(written(rows, dialect), encoding="utf-8", newline="")
    frame = Read(CsvReader(path="t.csv", delimiter=dialect["delimiter"].replace("\t", "\\t")), folder).frame
    assert frame.height == len(rows)
    for column, texts in zip(frame.get_columns(), zip(*rows, strict=True), strict=True):
        for cell, text in zip(column, texts, strict=True):
            if isinstance(cell, bool):
                assert text.lower() == str(cell).lower()
            elif isinstance(cell, int):
                assert Decimal(text) == cell
                assert text.lstrip("+-") == str(abs(cell))
            elif isinstance(cell, float):
                assert float(text) == cell
                assert not text.lstrip("+-").startswith("00")
            else:
                assert (cell or "") == text


DAYS = st.dates(date(1000, 1, 1), date(9999, 12, 31))
FORMS = {
    "%d/%m/%Y": "day first", "%m/%d/%Y": "month first", "%d.%m.%Y": "day first", "%d-%m-%Y": "day first",
    "%m-%d-%Y": "month first", "%Y-%m-%d": "automatic", "%Y/%m/%d": "automatic",
}  # fmt: skip


@seed(SEED)
@SOME
@given(
    days=st.lists(DAYS, min_size=1, max_size=5),
    form=st.sampled_from(list(FORMS)),
    clocks=st.lists(st.times(), min_size=5, max_size=5),
)
def test_dates_are_those_that_were_written(tmp_path_factory, days, form, clocks):
    folder = tmp_path_factory.getbasetemp()
    moments = [datetime.combine(day, clock) for day, clock in zip(days, clocks, strict=False)]
    lines = [
        f"{day.strftime(form)},{moment.strftime(form)} {moment.time().isoformat()}"
        for day, moment in zip(days, moments, strict=True)
    ]
    (folder / "d.csv").write_text("d,m\n" + "\n".join(lines) + "\n")
    read = Read(CsvReader(path="d.csv", parse_dates=True, date_order=FORMS[form]), folder)
    assert read.columns() == {"d": days, "m": moments}
    guessed = Read(CsvReader(path="d.csv", parse_dates=True), folder)
    swapped = guessed.columns()["d"] != days
    assert not swapped or guessed.told, "a date that may be another is said"


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or 1e-300 < abs(x) < 1e300),
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc"]), min_size=1, max_size=6).filter(
        lambda text: not text.startswith(("=", "{", "_x"))
    ),
    st.datetimes(datetime(1900, 3, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
    st.dates(date(1900, 3, 1), date(2100, 1, 1)),
    st.timedeltas(timedelta(), timedelta(days=40)).map(lambda span: timedelta(seconds=round(span.total_seconds()))),
)
SHEETS = st.lists(st.sampled_from([CELLS, CELLS.filter(lambda c: not isinstance(c, str))]), min_size=1, max_size=3).flatmap(
    lambda columns: st.lists(st.tuples(*columns), min_size=1, max_size=5)
)


def _plain(cell):
    """A cell of openpyxl as we see it."""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date()
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


@seed(SEED)
@SOME
@given(rows=SHEETS, first=st.integers(0, 3), left=st.integers(0, 3), old=st.booleans())
def test_sheets_are_those_that_openpyxl_reads(tmp_path_factory, rows, first, left, old):
    folder = tmp_path_factory.getbasetemp()
    book = xlsxwriter.Workbook(folder / "b.xlsx", {"date_1904": old, "strings_to_numbers": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    formats = {kind: book.add_format({"num_format": code}) for kind, code in
               ((datetime, "yyyy-mm-dd hh:mm:ss"), (date, "yyyy-mm-dd"), (timedelta, "[h]:mm:ss"))}  # fmt: skip
    names = [f"c{number}" for number in range(len(rows[0]))]
    sheet.write_row(first, left, names)
    for r, row in enumerate(rows, first + 1):
        for c, cell in enumerate(row, left):
            if isinstance(cell, str):
                sheet.write_string(r, c, cell)
            elif type(cell) in formats and not (old and isinstance(cell, date) and cell.year < 1905):
                write = sheet.write_datetime
                write(r, c, cell, formats[type(cell)])
            elif isinstance(cell, int | float):
                sheet.write(r, c, cell)
    book.close()
    frame = Read(ExcelReader(path="b.xlsx", skip_empty_rows=False), folder).frame
    theirs = openpyxl.load_workbook(folder / "b.xlsx", data_only=True).active
    for place, name in enumerate(names):
        column = frame[name]
        for number, cell in enumerate(column):
            other = _plain(theirs.cell(first + 2 + number, left + place + 1).value)
            if other is None or cell is None:
                assert cell is other is None
            elif column.dtype == pl.String:
                assert cell == (other if isinstance(other, str) else as_seen(other))
            elif isinstance(column.dtype, pl.Datetime):
                assert cell == (other if isinstance(other, datetime) else datetime.combine(other, time()))
            else:
                assert cell == other


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1, max_size=3), min_size=2, max_size=5)


def same(cell, value):
    """Whether a cell holds what was written; kinds side by side are JSON in a text, and what is not there is missing."""
    if isinstance(cell, pl.Series):
        cell = cell.to_list()
    if value is None:
        return cell is None
    if isinstance(cell, str) and not isinstance(value, str):
        return json.loads(cell) == value
    if isinstance(cell, dict) and isinstance(value, dict):
        return value.keys() <= cell.keys() and all(same(inner, value.get(name)) for name, inner in cell.items())
    if isinstance(cell, list) and isinstance(value, list):
        return len(cell) == len(value) and all(map(same, cell, value))
    return cell == value and (type(cell) is type(value) or {type(cell), type(value)} == {int, float})


@seed(SEED)
@SOME
@given(records=RECORDS, lines=st.booleans())
def test_records_are_those_that_json_reads(tmp_path_factory, records, lines):
    folder = tmp_path_factory.getbasetemp()
    text = "".join(f"{json.dumps(record)}\n" for record in records) if lines else json.dumps(records)
    (folder / "r.json").write_text(text)
    frame = Read(JsonReader(path="r.json", nested="keep", format="lines" if lines else "list"), folder).frame
    assert frame.height == len(records)
    for row, record in zip(frame.iter_rows(named=True), records, strict=True):
        assert record.keys() <= row.keys()
        assert all(same(cell, record.get(name)) for name, cell in row.items()), (row, record)


LOOSE = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9), st.floats(allow_nan=False), TEXTS, st.binary(max_size=4)
)


@seed(SEED)
@SOME
@example(rows=[(2**63 - 1, 1), (0.5, 2)])
@example(rows=[(-(2**63), 1), (0.5, 2)])
@given(rows=st.lists(st.tuples(LOOSE, st.one_of(LOOSE, st.integers(0, 9))), min_size=1, max_size=8))
def test_cells_are_those_that_sqlite3_reads(tmp_path_factory, rows):
    folder = tmp_path_factory.getbasetemp()
    (folder / "s.sqlite").unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / "s.sqlite")) as made:
        made.execute("CREATE TABLE t (a, b)")
        made.executemany("INSERT INTO t VALUES (?, ?)", rows)
        made.commit()
    frame = Read(DatabaseReader(kind="sqlite", path="s.sqlite", table="t"), folder).frame
    for column, cells in zip(frame.get_columns(), zip(*rows, strict=True), strict=True):
        for cell, value in zip(column, cells, strict=True):
            if isinstance(cell, str) and not isinstance(value, str):
                assert math.isclose(float(cell), value, rel_tol=1e-15) if isinstance(value, float) else int(cell) == value
            elif isinstance(cell, bytes) and not isinstance(value, bytes):
                assert cell.decode() in (value, str(value)) or float(cell) == value
            else:
                assert cell == value
                assert (cell is None) == (value is None)
