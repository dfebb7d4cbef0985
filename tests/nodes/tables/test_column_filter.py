"""Column Filter: by hand, by pattern, by type."""

from __future__ import annotations

import polars as pl
import pytest

from nodes.base import NodeError, Specs
from nodes.tables.column_filter import ColumnFilter
from nodes.values.table import Table
from tests.support import configure, run


def table() -> Table:
    frame = pl.DataFrame(
        {
            "image": pl.Series([[[[0]]]], dtype=pl.Array(pl.UInt8, (1, 1, 1))),
            "Label": pl.Series(["a"], dtype=pl.Enum(["a"])),
            "label (to number)": pl.Series([0], dtype=pl.Int32),
            "score.1": [0.5],
            "path": ["x.png"],
        }
    )
    return Table.of(frame, {"label (to number)": ("a",)})


def kept(**settings: object) -> list[str]:
    return run(ColumnFilter(**settings), {"table": table()})["table"].columns


def test_a_new_node_keeps_everything():
    assert kept() == table().columns


def test_by_hand_unknown_columns_are_kept_or_left_out_as_chosen():
    assert kept(excluded=["path", "image"]) == ["Label", "label (to number)", "score.1"]
    assert kept(included=["path", "Label"], unknown="exclude") == ["Label", "path"]


@pytest.mark.parametrize(
    ("pattern", "case_sensitive", "names"),
    [
        ("label*", True, ["label (to number)"]),
        ("label*", False, ["Label", "label (to number)"]),
        ("?abel", True, ["Label"]),
        ("score.?", True, ["score.1"]),
        ("scores?", True, []),
        ("label (to number)", True, ["label (to number)"]),
    ],
)
def test_a_wildcard_pattern_fits_whole_names_and_takes_all_else_literally(pattern, case_sensitive, names):
    assert kept(mode="wildcard", pattern=pattern, case_sensitive=case_sensitive) == names


def test_a_regular_expression_fits_whole_names():
    assert kept(mode="regex", pattern="path|label") == ["path"]
    assert kept(mode="regex", pattern=r".*\d") == ["score.1"]
    assert kept(mode="regex", pattern="LABEL", case_sensitive=False) == ["Label"]


def test_by_type():
    assert kept(mode="type", types=["image"]) == ["image"]
    assert kept(mode="type", types=["number", "text"]) == ["label (to number)", "score.1", "path"]


def test_class_names_of_columns_that_stay_are_kept():
    out = run(ColumnFilter(included=["label (to number)"], unknown="exclude"), {"table": table()})["table"]

    assert out.spec.class_names("label (to number)") == ("a",)


def test_keeping_no_column_is_allowed_with_a_warning_and_keeps_the_rows():
    specs = Specs({"table": table().spec})
    ColumnFilter(unknown="exclude").configure(specs)

    assert specs.warnings == ["No column is kept."]
    assert run(ColumnFilter(unknown="exclude"), {"table": table()})["table"].height == 1


def test_an_excluded_column_that_is_not_there_is_only_worth_a_warning():
    specs = Specs({"table": table().spec})
    ColumnFilter(excluded=["gone"]).configure(specs)

    assert specs.warnings == ["There is no column 'gone' to leave out."]


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"included": ["pth"]}, "included"),
        ({"included": ["path"], "excluded": ["path"]}, "excluded"),
        ({"mode": "regex", "pattern": "("}, "pattern"),
        ({"mode": "wildcard", "pattern": ""}, "pattern"),
        ({"mode": "type"}, "types"),
    ],
)
def test_mistakes_are_found_before_running(settings, setting):
    with pytest.raises(NodeError) as caught:
        configure(ColumnFilter(**settings), {"table": table()})

    assert caught.value.setting == setting
    assert caught.value.remedy
