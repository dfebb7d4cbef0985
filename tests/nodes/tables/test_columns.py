"""Nodes that rename, move, add, split and combine columns."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import Cancelled, NodeError
from nodes.tables.cell_splitter import CellSplitter
from nodes.tables.column_appender import ColumnAppender
from nodes.tables.column_combiner import ColumnCombiner
from nodes.tables.column_renamer import ColumnRenamer
from nodes.tables.column_renamer_regex import ColumnRenamerRegex
from nodes.tables.column_resorter import ColumnResorter
from nodes.tables.constant_column import Constant, ConstantValueColumn
from nodes.tables.row_id import RowID
from nodes.tables.table_creator import NewColumn, TableCreator
from nodes.values import table as tables
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

SOURCE = Table.of(pl.DataFrame({"a": [1, 2], "b": ["x", "y"], "y": [0, 1]}), {"y": ("cat", "dog")})


def out(node: object, source: Table = SOURCE, **more: Table) -> Table:
    made: Table = run(node, {"table": source, **more})["table"]  # type: ignore[arg-type]
    return made


# ------------------------------------------------------------------------------------------------------ renaming and moving


def test_columns_can_swap_their_names_and_keep_their_classes():
    made = out(ColumnRenamer(names=[{"column": "a", "new_name": "y"}, {"column": "y", "new_name": "a"}]))

    assert made.columns == ["y", "b", "a"]
    assert made.spec.class_names("a") == ("cat", "dog")
    assert made.spec.class_names("y") is None
    assert made.parts[0].frame is SOURCE.parts[0].frame


def test_names_come_from_a_dictionary_and_the_list_decides():
    names = Table.of(pl.DataFrame({"old": ["a", "b", "z"], "new": ["A", "B", "Z"]}))
    node = ColumnRenamer(names=[{"column": "b", "new_name": "mine"}], old_names="old", new_names="new")

    assert out(node, dictionary=names).columns == ["A", "mine", "y"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([{"column": "a", "new_name": "b"}], "both be named 'b'"),
        ([{"column": "q", "new_name": "r"}], "no column 'q'"),
        ([{"column": "a", "new_name": "r"}, {"column": "a", "new_name": "s"}], "renamed twice"),
    ],
)
def test_mistakes_in_names_are_found(names, message):
    with pytest.raises(NodeError, match=message):
        configure(ColumnRenamer(names=names), {"table": SOURCE})


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"pattern": "^", "replacement": "x_"}, ["x_a", "x_b", "x_y"]),
        ({"pattern": "^(.)$", "replacement": "${1}${i}"}, ["a1", "b2", "y3"]),
        ({"pattern": "[AB]", "replacement": "z$1", "case_sensitive": False}, None),
        ({"pattern": "A", "replacement": "$1", "case_sensitive": False, "kind": "literal"}, ["$1", "b", "y"]),
        ({"pattern": ".", "replacement": "-", "kind": "literal"}, ["a", "b", "y"]),
        ({"pattern": "a", "replacement": ""}, None),
        ({"pattern": "("}, None),
    ],
)
def test_names_by_pattern(settings, names):
    if names is None:
        with pytest.raises(NodeError):
            configure(ColumnRenamerRegex(**settings), {"table": SOURCE})
    else:
        assert out(ColumnRenamerRegex(**settings)).columns == names


@given(st.permutations(["a", "b", "y"]), st.integers(0, 3), st.integers(0, 3))
def test_moving_columns_loses_none(order, first, last):
    node = ColumnResorter(first=order[:first], last=order[max(first, 3 - last) :], others="descending")

    made = out(node)

    assert sorted(made.columns) == ["a", "b", "y"]
    assert made.columns[:first] == order[:first]
    assert made.frame().equals(SOURCE.frame().select(made.columns))


# ----------------------------------------------------------------------------------------------------------------- appending


def test_tables_stand_beside_each_other():
    made = run(ColumnAppender(), {"table_1": SOURCE, "table_2": SOURCE, "table_3": SOURCE})["table"]

    assert made.columns == ["a", "b", "y", "a (#1)", "b (#1)", "y (#1)", "a (#2)", "b (#2)", "y (#2)"]
    assert made.spec.class_names("y (#2)") == ("cat", "dog")
    assert all(part.frame is SOURCE.parts[0].frame for part in made.parts)


def test_tables_of_different_length():
    short = Table.of(pl.DataFrame({"c": [7]}))
    inputs = {"table_1": SOURCE, "table_2": short}

    with pytest.raises(NodeError, match="2, 1"):
        configure(ColumnAppender(), inputs)
    assert run(ColumnAppender(heights="fill"), inputs)["table"].frame()["c"].to_list() == [7, None]
    assert run(ColumnAppender(heights="cut"), inputs)["table"].frame().rows() == [(1, "x", 0, 7)]


def test_a_name_twice_can_be_refused():
    with pytest.raises(NodeError, match="'a' of table 2"):
        configure(ColumnAppender(duplicates="fail"), {"table_1": SOURCE, "table_2": SOURCE})


# ------------------------------------------------------------------------------------------------------ constants, typed tables


def test_constants_of_every_type_in_every_row():
    constants = [
        Constant(name="s", value=1),
        Constant(name="i", dtype="UInt8", value="255"),
        Constant(name="f", dtype="Float32", value=0.5),
        Constant(name="t", dtype="Boolean", value="true"),
        Constant(name="d", dtype="Date", value="2025-12-31"),
        Constant(name="e", dtype="Enum", value="cat"),
        Constant(name="a", dtype="Int64"),
    ]

    made = out(ConstantValueColumn(constants=constants)).frame()

    assert made.columns == ["a", "b", "y", "s", "i", "f", "t", "d", "e"]
    assert made["s"].to_list() == ["1", "1"]
    assert made["a"].to_list() == [None, None]
    assert made["e"].dtype == pl.Enum(["cat"])
    assert made["i"].dtype == pl.UInt8


@pytest.mark.parametrize(
    ("dtype", "value"), [("Int8", 128), ("Int64", "1.5"), ("Boolean", "maybe"), ("Date", "31.12.2025"), ("Float64", "one")]
)
def test_a_constant_of_another_type_is_refused(dtype, value):
    with pytest.raises(NodeError) as caught:
        configure(ConstantValueColumn(constants=[Constant(dtype=dtype, value=value)]), {"table": SOURCE})
    assert caught.value.setting == "constants.0.value"


def test_a_typed_table():
    node = TableCreator(
        columns=[
            NewColumn(name="n", dtype="Int32", values=[1, "2", "", None]),
            NewColumn(name="s", values=["a", ""]),
            NewColumn(name="c", dtype="Enum", values=["q", "p", "q"]),
        ]
    )

    made = run(node)["table"].frame()

    assert made["n"].to_list() == [1, 2, None, None]
    assert made["s"].to_list() == ["a", "", None, None]
    assert made["c"].dtype == pl.Enum(["q", "p"])
    assert run(TableCreator())["table"].height == 0
    with pytest.raises(NodeError, match="two columns 'n'"):
        configure(TableCreator(columns=[NewColumn(name="n"), NewColumn(name="n")]))


def test_row_names():
    numbered = out(RowID(offset=5, step=-2))
    assert numbered.columns == ["RowID", "a", "b", "y"]
    assert numbered.frame()["RowID"].to_list() == [5, 3]
    assert out(RowID(style="text", position="last", name="id")).frame()["id"].to_list() == ["Row0", "Row1"]
    with pytest.raises(NodeError, match="already"):
        configure(RowID(name="a"), {"table": SOURCE})


# ----------------------------------------------------------------------------------------------------- splitting and combining


def split(texts: list[str | None], **settings: object) -> dict[str, list[object]]:
    node = CellSplitter(column="t", remove_input=True, **settings)  # type: ignore[arg-type]
    return out(node, Table.of(pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)}))).frame().to_dict(as_series=False)


def test_splitting_as_many_as_needed():
    assert split(["a, b", "c", None, ""]) == {"t[1]": ["a", "c", None, None], "t[2]": ["b", None, None, None]}
    assert split(["a1b22c"], separator=r"\d+", regex=True) == {"t[1]": ["a"], "t[2]": ["b"], "t[3]": ["c"]}
    assert split(["a,,b"], output="list", empty_missing=False) == {"t (list)": [["a", "", "b"]]}


def test_splitting_into_a_fixed_number_leaves_the_rest_in_the_last():
    assert split(["a,b,c", "d"], count=2) == {"t[1]": ["a", "d"], "t[2]": ["b,c", None]}


@given(st.lists(st.text(alphabet='ab,"', min_size=1, max_size=4), min_size=1, max_size=4))
def test_quoted_cells_are_found_again(cells):
    frame = pl.DataFrame({str(i): [cell] for i, cell in enumerate(cells)})
    combined = out(ColumnCombiner(columns=list(frame.columns), quoting="always", new_column="t"), Table.of(frame))

    found = split(combined.frame()["t"].to_list(), quote='"', strip=False)

    assert [cell for (cell,) in found.values()] == cells


def test_combining():
    frame = pl.DataFrame({"a": ["x", None, "p,q"], "b": [1, 2, 3]})

    def combined(**settings: object) -> list[object]:
        return out(ColumnCombiner(columns=["a", "b"], **settings), Table.of(frame)).frame()["combined"].to_list()  # type: ignore[arg-type]

    assert combined() == ["x,1", "?,2", "p,q,3"]
    assert combined(missing=None) == frame.select(pl.concat_str("a", "b", separator=","))["a"].to_list()
    assert combined(quoting="necessary") == ["x,1", "?,2", '"p,q",3']


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"separator": "(", "regex": True}, "separator"),
        ({"separator": "x*", "regex": True}, "separator"),
        ({"separator": "ab", "quote": '"'}, "separator"),
    ],
)
def test_mistakes_of_a_splitter_are_found(settings, setting):
    with pytest.raises(NodeError) as caught:
        configure(CellSplitter(column="b", **settings), {"table": SOURCE})
    assert caught.value.setting == setting


def test_long_tables_are_worked_on_piece_by_piece(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_BYTES", 256)
    monkeypatch.setattr("nodes.kit.tables.elementwise.BATCH_BYTES", 256)
    long = Table.of(pl.DataFrame({"t": [f"{i},{i + 1}" for i in range(50)]}))

    assert out(CellSplitter(column="t"), long).frame()["t[2]"].to_list() == [str(i + 1) for i in range(50)]
    assert out(ConstantValueColumn(constants=[Constant(value="x")]), long).frame()["constant"].to_list() == ["x"] * 50


def test_a_cancelled_run_stops():
    for node in (RowID(), CellSplitter(column="b"), ConstantValueColumn(constants=[Constant()])):
        with pytest.raises(Cancelled):
            run(node, {"table": SOURCE}, job=RecordingJob(None, cancelled=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "text", "cells"),
    [
        ({"regex": True, "separator": "[,;]+"}, "a,b;;c,d", ["a", "b;;c,d"]),
        ({"regex": True, "separator": "[,;]+"}, "a", ["a", None]),
        ({"regex": True, "separator": "[,;]+"}, None, [None, None]),
        ({"quote": '"'}, '"a,1",b,c', ["a,1", "b,c"]),
        ({"quote": '"'}, '"a\nb",c', ["a\nb", "c"]),
        ({"quote": '"'}, "a\nb,c", ["a\nb", "c"]),
    ],
)
def test_what_is_left_over_is_in_the_last_column_however_it_is_split(settings, text, cells):
    table = Table.of(pl.DataFrame({"s": [text]}, schema={"s": pl.String}))
    made = run(CellSplitter(column="s", count=2, **settings), {"table": table})["table"].frame()

    assert made.row(0)[1:] == tuple(cells)


def test_a_float32_is_not_made_infinite():
    with pytest.raises(NodeError, match="too large for the type Float32"):
        configure(TableCreator(columns=[{"name": "x", "dtype": "Float32", "values": ["1e40"]}]))
