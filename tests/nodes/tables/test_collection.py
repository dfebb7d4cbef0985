"""Create Collection Column: several columns become one column of arrays or lists."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from nodes.base import NodeError
from nodes.tables.collection import CreateCollectionColumn
from nodes.values import table as tables
from nodes.values.table import Table
from tests.support import configure, run


def numbers() -> Table:
    return Table.of(
        pl.DataFrame(
            {
                "a": pl.Series([1, 2, None], dtype=pl.UInt8),
                "name": ["x", "y", None],
                "b": pl.Series([0.5, 1, 2], dtype=pl.Float32),
            }
        )
    )


def test_numbers_become_an_array_of_the_narrowest_type_that_holds_all():
    out = run(CreateCollectionColumn(columns=["b", "a"]), {"table": numbers()})["table"]

    assert out.columns == ["a", "name", "b", "Collected Values"]
    assert out.schema["Collected Values"] == pl.Array(pl.Float32, 2)
    assert out.frame()["Collected Values"].to_list() == [[0.5, 1], [1, 2], [2, None]]


def test_collected_columns_can_be_removed_and_their_name_used_again():
    out = run(CreateCollectionColumn(columns=["a", "b"], output_name="a", remove_collected=True), {"table": numbers()})["table"]

    assert out.columns == ["name", "a"]


def test_with_missing_values_skipped_the_collections_are_lists():
    out = run(CreateCollectionColumn(columns=["a", "b"], skip_missing=True), {"table": numbers()})["table"]

    assert out.schema["Collected Values"] == pl.List(pl.Float32)
    assert out.frame()["Collected Values"].to_list() == [[1, 0.5], [2, 1], [2]]


def test_skipping_the_only_value_leaves_an_empty_list():
    out = run(CreateCollectionColumn(columns=["a"], skip_missing=True), {"table": numbers()})["table"]

    assert out.frame()["Collected Values"].to_list() == [[1], [2], []]


def test_text_and_categories_become_a_list_of_text():
    table = numbers().with_columns(pl.DataFrame({"kind": pl.Series(["p", "q", "p"], dtype=pl.Enum(["p", "q"]))}))

    out = run(CreateCollectionColumn(columns=["name", "kind"]), {"table": table})["table"]

    assert out.frame()["Collected Values"].to_list() == [["x", "p"], ["y", "q"], [None, "p"]]


def test_a_single_column_of_class_numbers_keeps_its_class_names():
    table = Table.of(pl.DataFrame({"y": pl.Series([1, 0], dtype=pl.Int32), "x": [1, 2]}), {"y": ("cat", "dog")})

    alone = run(CreateCollectionColumn(columns=["y"], remove_collected=True), {"table": table})["table"]
    with_another = run(CreateCollectionColumn(columns=["y", "x"]), {"table": table})["table"]

    assert alone.schema["Collected Values"] == pl.Array(pl.Int32, 1)
    assert alone.spec.class_names("Collected Values") == ("cat", "dog")
    assert with_another.spec.class_names("Collected Values") is None


def test_a_long_table_is_collected_piece_by_piece(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_BYTES", 64)
    table = Table.of(pl.DataFrame({"a": range(100), "b": range(100, 200)}))

    out = run(CreateCollectionColumn(columns=["a", "b"]), {"table": table})["table"]

    assert out.frame()["Collected Values"].to_list() == [[i, i + 100] for i in range(100)]


@pytest.mark.parametrize(
    ("settings", "setting", "message"),
    [
        ({"columns": []}, "columns", "No column is chosen"),
        ({"columns": ["a", "name"]}, "columns", "'a' is of type UInt8, but 'name' is of type String"),
        ({"columns": ["a"], "output_name": "b"}, "output_name", "already a column 'b'"),
        ({"columns": ["a"], "output_name": "a"}, "output_name", "already a column 'a'"),
    ],
)
def test_mistakes_are_found_before_running(settings, setting, message):
    with pytest.raises(NodeError, match=message) as caught:
        configure(CreateCollectionColumn(**settings), {"table": numbers()})

    assert caught.value.setting == setting


def test_a_set_holds_each_value_once_and_truths_and_dates_are_lists():
    day = datetime.date(2024, 1, 1)
    frame = pl.DataFrame({"a": [1, 2], "b": [1, 3], "f": [True, None], "d": [day, day], "e": [day, None]})
    made = run(CreateCollectionColumn(columns=["a", "b"], collection_type="set"), {"table": Table.of(frame)})["table"].frame()
    assert made["Collected Values"].to_list() == [[1], [2, 3]]

    for columns, cells in ((["f"], [[True], [None]]), (["d", "e"], [[day, day], [day, None]])):
        made = run(CreateCollectionColumn(columns=columns), {"table": Table.of(frame)})["table"].frame()
        assert made["Collected Values"].to_list() == cells
