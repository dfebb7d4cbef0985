"""Tables on the clipboard: names, types that lose nothing, and texts that are no tables."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.pasted_table import NODE_TYPE, TooLarge, pasted_table
from nodes.catalog import Catalog
from tests.support import run


def made(text: str) -> pl.DataFrame:
    """What a Table Creator makes of the settings."""
    table = pasted_table(text)
    assert table is not None
    frame: pl.DataFrame = run(Catalog.load(plugins=False)[NODE_TYPE].model_validate(table.settings))["table"].frame()
    return frame


def test_types_that_lose_nothing() -> None:
    frame = made(
        "town\tpeople\tarea\tday\tyes\tzip\tbig\tcode\tcomma\n"
        '"K\u00f6ln\n(Rhein)"\t1\t1.5\t2024-02-29\tTRUE\t00501\t99999999999999999999\t1e5\t1,5\n'
        "Bonn\t\t2\t\tFALSE\t1\t1\t2\t2\n"
    )
    assert frame.rows()[0][:2] == ("K\u00f6ln\n(Rhein)", 1)
    kinds = [pl.String, pl.Int64, pl.Float64, pl.Date, pl.Boolean, pl.String, pl.String, pl.String, pl.String]
    assert frame.dtypes == kinds
    assert frame["people"].to_list() == [1, None]
    assert frame["zip"].to_list() == ["00501", "1"]


def test_names_where_there_are_any_and_each_another() -> None:
    assert made("1\t2\n3\t4\n").columns == ["column_0", "column_1"]
    assert made("a\ta\n3\t4\n").columns == ["a", "a_1"]
    assert made("a\t\nb\tc\n").rows() == [("a", None), ("b", "c")]
    assert made("a\tb").rows() == [("a", "b")]


@pytest.mark.parametrize("text", ["", "words", "if x:\n\treturn\n", "a\tb\nc\n", "{}"])
def test_other_texts_are_no_tables(text: str) -> None:
    assert pasted_table(text) is None


def test_large_tables_are_for_files() -> None:
    with pytest.raises(TooLarge, match="10"):
        pasted_table("1\t2\n" * 5_001)


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8).filter(
    lambda cell: cell == cell.strip()
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_every_cell_that_is_copied_is_there(rows: list[tuple[str, str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter="\t").writerows([("first name", "second name"), *rows])
    table = pasted_table(stream.getvalue())
    assert table is not None
    for place, column in enumerate(table.settings["columns"]):
        for cell, value in zip((row[place] for row in rows), column["values"], strict=True):
            if column["dtype"] in ("Int64", "Float64"):
                assert (value is None and cell == "") or float(cell) == value
            elif column["dtype"] == "String":
                assert value == (cell or None)
