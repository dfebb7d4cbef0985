"""Row Filter: rows that meet criteria on columns or on their number."""

from __future__ import annotations

import datetime
import math

import polars as pl
import pytest
from pydantic import ValidationError

from nodes.base import NodeError, Specs
from nodes.tables.row_filter import Criterion, RowFilter
from nodes.values import table as tables
from nodes.values.table import Table
from tests.support import configure, run


def table() -> Table:
    return Table.of(
        pl.DataFrame(
            {
                "n": pl.Series([1, 2, 3, 4, None], dtype=pl.UInt8),
                "x": [0.5, math.nan, -1.0, None, 2.0],
                "name": ["ann", "Bob", "bo\nb", None, "anna"],
                "kind": pl.Series(["q", "p", "q", None, "r"], dtype=pl.Enum(["p", "q", "r"])),
                "good": [True, False, None, True, False],
                "day": [datetime.date(2025, 1, d) for d in range(1, 6)],
                "at": [datetime.datetime(2025, 1, d, 12) for d in range(1, 6)],
                "image": pl.Series([[[[0]]]] * 4 + [None], dtype=pl.Array(pl.UInt8, (1, 1, 1))),
            }
        )
    )


def kept(column: str | None, operator: str, value: object = None, node: dict[str, object] | None = None, **more: object):
    """The numbers (from 1) of the rows that one criterion keeps."""
    criterion = Criterion(column=column, operator=operator, value=value, **more)
    numbered = table().with_columns(pl.DataFrame({"number": range(1, 6)}))
    return run(RowFilter(criteria=[criterion], **(node or {})), {"table": numbered})["table"].frame()["number"].to_list()


@pytest.mark.parametrize(
    ("column", "operator", "value", "numbers"),
    [
        ("n", "equals", 3, [3]),
        ("n", "equals", "3", [3]),
        ("n", "equals", 3.0, [3]),
        ("n", "equals", 300, []),
        ("n", "<", 300, [1, 2, 3, 4]),
        ("n", ">", -1, [1, 2, 3, 4]),
        ("n", "<", 2**64 - 1, [1, 2, 3, 4]),
        ("n", "not equals", 3, [1, 2, 4, 5]),
        ("n", "not equals nor missing", 3, [1, 2, 4]),
        ("n", "<=", 2, [1, 2]),
        ("n", ">=", 3, [3, 4]),
        ("x", ">", 0, [1, 5]),
        ("x", "<", "1e3", [1, 3, 5]),
        ("x", "not equals", 0.5, [2, 3, 4, 5]),
        ("x", "is missing", None, [2, 4]),
        ("x", "is not missing", None, [1, 3, 5]),
        ("name", "equals", "Bob", [2]),
        ("name", "<", "b", [1, 2, 5]),
        ("name", "regex", "an+", [1]),
        ("name", "regex", "an+a?", [1, 5]),
        ("name", "wildcard", "b*b", [3]),
        ("name", "wildcard", "an*", [1, 5]),
        ("kind", "equals", "q", [1, 3]),
        ("kind", "not equals", "q", [2, 4, 5]),
        ("kind", "regex", "[pr]", [2, 5]),
        ("kind", "is missing", None, [4]),
        ("good", "is true", None, [1, 4]),
        ("good", "is false", None, [2, 5]),
        ("day", ">=", "2025-01-04", [4, 5]),
        ("at", "<", "2025-01-02 13:00", [1, 2]),
        ("image", "is missing", None, [5]),
        (None, "first n", 2, [1, 2]),
        (None, "first n", 9, [1, 2, 3, 4, 5]),
        (None, "last n", 2, [4, 5]),
        (None, "last n", 0, []),
        (None, ">", 4, [5]),
        (None, "equals", 1, [1]),
    ],
)
def test_operators(column, operator, value, numbers):
    assert kept(column, operator, value) == numbers


def test_a_list_of_values():
    assert kept("n", "in list", values=[1, "4", 300]) == [1, 4]
    assert kept("kind", "in list", values=["p", "r"]) == [2, 5]
    assert kept(None, "in list", values=[2, 3]) == [2, 3]


def test_patterns_can_ignore_case():
    assert kept("name", "wildcard", "BO?", case_sensitive=False) == [2]
    assert kept("name", "regex", "BO.B?", case_sensitive=False) == [2, 3]


def test_the_other_rows_are_exactly_those_that_do_not_match():
    for operator, value in (("equals", 3), ("<", 3), ("is missing", None), ("not equals", 3)):
        matching = kept("n", operator, value)
        others = kept("n", operator, value, node={"output": "non-matching"})
        assert sorted(matching + others) == [1, 2, 3, 4, 5]


def test_all_or_any_criterion():
    criteria = [Criterion(column="n", operator=">", value=1), Criterion(column="good", operator="is true")]

    every = run(RowFilter(criteria=criteria, match="all"), {"table": table()})["table"]
    some = run(RowFilter(criteria=criteria, match="any"), {"table": table()})["table"]

    assert every.frame()["n"].to_list() == [4]
    assert some.frame()["n"].to_list() == [1, 2, 3, 4]


def test_row_numbers_go_on_over_the_pieces_of_a_long_table(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_BYTES", 64)
    long = Table.of(pl.DataFrame({"i": range(1, 101)}))
    criteria = [Criterion(operator=">", value=40), Criterion(column="i", operator="<=", value=43)]

    out = run(RowFilter(criteria=criteria), {"table": long})["table"]
    last = run(
        RowFilter(criteria=[Criterion(column="i", operator=">", value=0), Criterion(operator="last n", value=3)]), {"table": long}
    )

    assert out.frame()["i"].to_list() == [41, 42, 43]
    assert last["table"].frame()["i"].to_list() == [98, 99, 100]


def test_nothing_is_copied_and_class_names_stay():
    source = Table.of(pl.DataFrame({"y": [0, 1]}), {"y": ("cat", "dog")})

    out = run(RowFilter(criteria=[Criterion(column="y", value=1)]), {"table": source})["table"]

    assert out.parts[0].frame is source.parts[0].frame
    assert out.spec.class_names("y") == ("cat", "dog")


def test_an_empty_table_stays_empty():
    empty = table().slice(0, 0)

    for criterion in (Criterion(column="n", value=1), Criterion(operator="first n", value=1)):
        assert run(RowFilter(criteria=[criterion]), {"table": empty})["table"].height == 0


@pytest.mark.parametrize(
    ("criterion", "setting", "message"),
    [
        ({"column": "m", "value": 1}, "criteria.0.column", "no column 'm'"),
        ({"column": "n"}, "criteria.0.value", "No value"),
        ({"column": "n", "value": "two"}, "criteria.0.value", "'two' cannot be compared with a column of type UInt8"),
        ({"column": "n", "value": 2.5}, "criteria.0.value", "'2.5' cannot be compared"),
        ({"column": "n", "value": 2**64}, "criteria.0.value", "cannot be compared"),
        ({"column": "x", "value": "nan"}, "criteria.0.value", "cannot be compared"),
        ({"column": "kind", "value": "s"}, "criteria.0.value", "'s' is no category"),
        ({"column": "kind", "operator": "<", "value": "p"}, "criteria.0.operator", "what has an order"),
        ({"column": "good", "value": "true"}, "criteria.0.value", "cannot be compared with a value"),
        ({"column": "n", "operator": "is true"}, "criteria.0.operator", "true and false"),
        ({"column": "n", "operator": "wildcard", "value": "*"}, "criteria.0.operator", "text or a category"),
        ({"column": "name", "operator": "regex", "value": "("}, "criteria.0.value", "not a regular expression"),
        ({"column": "name", "operator": "regex"}, "criteria.0.value", "pattern is empty"),
        ({"column": "n", "operator": "in list"}, "criteria.0.values", "list of values is empty"),
        ({"column": "n", "operator": "first n", "value": 1}, "criteria.0.operator", "row number"),
        ({"operator": "is true"}, "criteria.0.operator", "The row number is a number"),
        ({"column": "day", "value": "31.12.2025"}, "criteria.0.value", "cannot be compared"),
        ({"column": "image", "value": 1}, "criteria.0.value", "an image 1 x 1 x 1"),
    ],
)
def test_mistakes_are_found_before_running(criterion, setting, message):
    with pytest.raises(NodeError, match=message) as caught:
        configure(RowFilter(criteria=[Criterion(**criterion)]), {"table": table()})

    assert caught.value.setting == setting
    assert caught.value.remedy


def test_every_wrong_criterion_is_reported():
    specs = Specs({"table": table().spec})

    RowFilter(criteria=[Criterion(column="m"), Criterion(column="n", value=1), Criterion(column="n")]).configure(specs)

    assert [error.setting for error in specs.errors] == ["criteria.0.column", "criteria.2.value"]


def test_a_filter_without_a_criterion_is_not_configured():
    with pytest.raises(NodeError, match="no criterion"):
        configure(RowFilter(), {"table": table()})


def test_values_that_json_cannot_hold_are_refused():
    with pytest.raises(ValidationError):
        Criterion(value=math.nan)


def test_settings_survive_json_with_their_types():
    node = RowFilter(criteria=[Criterion(column="a", operator="in list", values=[1, 1.5, "1"])])

    again = RowFilter.model_validate_json(node.model_dump_json())

    assert [type(v) for v in again.criteria[0].values] == [int, float, str]
    assert again == node


@pytest.mark.parametrize(
    ("value", "kept"),
    [("2024-07-01T12:00", [0]), ("2024-07-01T10:00:00+00:00", [0]), ("2024-07-01 10:00Z", [0]), ("2024-07-01T10:00", [])],
)
def test_times_of_a_time_zone_are_those_there(value, kept):
    noon = pl.Series([datetime.datetime(2024, 7, 1, 12), None]).dt.replace_time_zone("Europe/Berlin")
    made = run(
        RowFilter(criteria=[{"column": "t", "value": value}]), {"table": Table.of(pl.DataFrame({"t": noon, "row": [0, 1]}))}
    )
    assert made["table"].frame()["row"].to_list() == kept


def test_a_time_that_was_not_and_times_of_day():
    frame = pl.DataFrame(
        {"t": pl.Series([datetime.datetime(2024, 7, 1)]).dt.replace_time_zone("Europe/Berlin"), "c": [datetime.time(9)]}
    )
    with pytest.raises(NodeError, match="cannot be compared"):
        configure(RowFilter(criteria=[{"column": "t", "value": "2024-03-31T02:30"}]), {"table": Table.of(frame)})
    for value, rows in (("08:59", 1), ("9:30", None), ("09:00:01", 0)):
        node = RowFilter(criteria=[{"column": "c", "operator": ">=", "value": value}])
        if rows is None:
            with pytest.raises(NodeError, match="cannot be compared"):
                configure(node, {"table": Table.of(frame)})
        else:
            assert run(node, {"table": Table.of(frame)})["table"].height == rows
