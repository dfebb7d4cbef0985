"""Concatenate: tables below each other, with the types that hold the cells of all."""

from __future__ import annotations

import polars as pl
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.tables.dtypes import common_dtype
from nodes.tables.concatenate import ConcatenateTables
from nodes.values import table as tables
from nodes.values.table import Table
from tests.support import configure, run


def ports(*frames: pl.DataFrame | Table) -> dict[str, Table]:
    return {f"table_{i}": f if isinstance(f, Table) else Table.of(f) for i, f in enumerate(frames, 1)}


def joined(*frames: pl.DataFrame | Table, **settings: object) -> pl.DataFrame:
    return run(ConcatenateTables(**settings), ports(*frames))["table"].frame()


A = pl.DataFrame({"i": [1, 2], "x": [0.5, 1.5]})
B = pl.DataFrame({"y": ["p"], "i": [3]})


def test_the_union_has_all_columns_and_missing_cells():
    assert joined(A, B).rows() == [(1, 0.5, None), (2, 1.5, None), (3, None, "p")]


def test_the_intersection_has_the_common_columns():
    assert joined(A, B, columns="intersection").rows() == [(1,), (2,), (3,)]


def test_more_than_nine_tables_stay_in_the_order_of_their_ports():
    frames = [pl.DataFrame({"i": [i]}) for i in range(12)]

    assert joined(*frames)["i"].to_list() == list(range(12))


IMAGE_8 = pl.Array(pl.UInt8, (1, 2, 1))
IMAGE_F = pl.Array(pl.Float32, (1, 2, 1))


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        (pl.Int32(), pl.Int32(), pl.Int32()),
        (pl.UInt8(), pl.Int8(), pl.Int16()),
        (pl.UInt8(), pl.Float32(), pl.Float32()),
        (pl.Int64(), pl.Float32(), pl.Float64()),
        (pl.Enum(["b", "a"]), pl.Enum(["c", "a"]), pl.Enum(["b", "a", "c"])),
        (pl.Enum(["a"]), pl.String(), pl.String()),
        (pl.Categorical(), pl.Enum(["a"]), pl.String()),
        (pl.Null(), IMAGE_8, IMAGE_8),
        (pl.String(), pl.Null(), pl.String()),
        (IMAGE_8, IMAGE_F, IMAGE_F),
        (pl.List(pl.Int8), pl.List(pl.Float32), pl.List(pl.Float32)),
        (IMAGE_8, pl.Array(pl.UInt8, (2, 1, 1)), None),
        (IMAGE_8, pl.List(pl.UInt8), None),
        (IMAGE_8, pl.UInt8(), None),
        (pl.String(), pl.Int8(), None),
        (pl.Boolean(), pl.Int8(), None),
        (pl.Binary(), pl.String(), None),
        (pl.Date(), pl.Datetime(), None),
    ],
)
def test_common_types(first, second, common):
    assert common_dtype(first, second) == common


def test_cells_are_converted_to_the_common_type():
    first = pl.DataFrame(
        {
            "kind": pl.Series(["b", None], dtype=pl.Enum(["b", "a"])),
            "image": pl.Series([[[[0], [255]]], None], dtype=IMAGE_8),
            "none": [None, None],
        }
    )
    second = pl.DataFrame(
        {
            "kind": pl.Series(["c"], dtype=pl.Enum(["c", "a"])),
            "image": pl.Series([[[[0.5], [1.0]]]], dtype=IMAGE_F),
            "none": ["text"],
        }
    )

    out = joined(first, second)

    assert out.schema == pl.Schema({"kind": pl.Enum(["b", "a", "c"]), "image": IMAGE_F, "none": pl.String()})
    assert out.rows() == [("b", [[[0.0], [255.0]]], None), (None, None, None), ("c", [[[0.5], [1.0]]], "text")]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([1], ["a"], "'v' is of type Int64 in table 1, but of type String in table 2"),
        (pl.Series([[[[1], [1]]]], dtype=IMAGE_8), [1], "an image 1 x 2 x 1 of UInt8 in table 1"),
    ],
)
def test_types_with_nothing_in_common_are_an_error_that_names_both(first, second, message):
    with pytest.raises(NodeError, match=message) as caught:
        configure(ConcatenateTables(), ports(pl.DataFrame({"v": first}), pl.DataFrame({"v": second})))

    assert caught.value.remedy


def test_tables_without_a_common_column_have_no_intersection():
    with pytest.raises(NodeError, match="No column is in all tables"):
        configure(ConcatenateTables(columns="intersection"), ports(A, pl.DataFrame({"z": [1]})))


CLASSES = {"y": ("cat", "dog")}


def test_class_names_that_agree_are_kept():
    cats = Table.of(pl.DataFrame({"y": [0]}), CLASSES)

    assert run(ConcatenateTables(), ports(cats, cats, A))["table"].spec.class_names("y") == ("cat", "dog")


def test_class_numbers_of_different_classes_cannot_be_mixed():
    cats = Table.of(pl.DataFrame({"y": [0]}), CLASSES)
    birds = Table.of(pl.DataFrame({"y": [0]}), {"y": ("owl", "emu")})

    with pytest.raises(NodeError, match="in table 1 than in table 2"):
        configure(ConcatenateTables(), ports(cats, birds))


def test_class_names_that_one_table_lacks_are_lost_with_a_warning():
    tables_ = ports(Table.of(pl.DataFrame({"y": [0]}), CLASSES), pl.DataFrame({"y": [1]}))
    specs = Specs({port: table.spec for port, table in tables_.items()})

    ConcatenateTables().configure(specs)

    assert specs.warnings == ["Not every table knows the class names of column 'y': they are lost."]
    assert run(ConcatenateTables(), tables_)["table"].spec.class_names("y") is None


def test_duplicates_by_identifying_columns_are_kept_skipped_or_an_error():
    first = pl.DataFrame({"k": ["a", "b", None], "v": [1, 2, 3]})
    second = pl.DataFrame({"k": ["b", "c", None], "v": [4, 5, 6]})

    assert joined(first, second).height == 6
    assert joined(first, second, duplicates="skip", id_columns=["k"])["v"].to_list() == [1, 2, 3, 5, 6]
    assert joined(first, second, duplicates="skip", id_columns=["k", "v"]).height == 6
    with pytest.raises(NodeError, match="k = b"):
        joined(first, second, duplicates="fail", id_columns=["k"])


def test_identifying_columns_must_be_in_every_table():
    with pytest.raises(NodeError) as caught:
        configure(ConcatenateTables(duplicates="skip", id_columns=["x"]), ports(A, B))
    assert caught.value.setting == "id_columns"

    with pytest.raises(NodeError, match="No column is chosen"):
        configure(ConcatenateTables(duplicates="fail"), ports(A, B))


def test_long_tables_are_written_piece_by_piece(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_BYTES", 64)

    assert joined(pl.DataFrame({"i": range(50)}), pl.DataFrame({"i": range(50, 80)}))["i"].to_list() == list(range(80))


def test_empty_tables_and_chosen_rows():
    empty = A.clear()
    reversed_rows = Table.of(A).take(pl.Series([1, 0]).to_numpy())

    assert joined(empty, empty).height == 0
    assert joined(empty, reversed_rows, B)["i"].to_list() == [2, 1, 3]
