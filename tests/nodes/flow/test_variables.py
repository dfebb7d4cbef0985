"""What the nodes of variables, and Require, are for."""

from __future__ import annotations

import datetime
from typing import Any

import polars as pl
import pytest

from nodes.base import NodeError
from nodes.flow.column_to_variables import ColumnToVariables
from nodes.flow.date_and_time import DateAndTime
from nodes.flow.merge_variables import MergeVariables
from nodes.flow.number_range import NumberRange
from nodes.flow.require import Require
from nodes.flow.row_to_variables import RowToVariables
from nodes.flow.variable_expression import VariableExpression
from nodes.kit.tables.aggregation import Aggregation
from nodes.values.table import Table
from nodes.values.variables import Variables
from tests.support import run

ROWS = Table.of(pl.DataFrame({"a b": [1, 2], "c": [0.5, None], "d": ["x", "y"], "when": [datetime.date(2025, 1, 2)] * 2}))


def test_a_row_becomes_variables_named_as_the_columns() -> None:
    made = run(RowToVariables(), {"table": ROWS})["variables"]
    assert made.values == {"a_b": 1, "c": 0.5, "d": "x", "when": "2025-01-02"}
    assert made.types == {"a_b": "integer", "c": "number", "d": "text", "when": "text"}


def test_the_last_row_and_missing_cells() -> None:
    with pytest.raises(NodeError, match="'c' has no value"):
        run(RowToVariables(row=-1), {"table": ROWS})
    assert run(RowToVariables(row=-1, on_missing="default"), {"table": ROWS})["variables"].values["c"] == 0.0
    with pytest.raises(NodeError, match="There is no row 3"):
        run(RowToVariables(row=3), {"table": ROWS})


def test_figures_of_columns() -> None:
    figures = [Aggregation(column="a b", method="max"), Aggregation(column="d", method="n_unique", new_name="kinds")]
    assert run(ColumnToVariables(figures=figures), {"table": ROWS})["variables"].values == {"max_a_b": 2, "kinds": 2}


@pytest.mark.parametrize(("which", "value"), [("last", 2), ("first", 1)])
def test_of_two_variables_of_one_name_the_setting_says_which(which: Any, value: int) -> None:
    given = {f"input_{n}": Variables({"v": "integer"}, {"v": n}) for n in (1, 2)}
    assert run(MergeVariables(same_name=which), given)["variables"].values == {"v": value}
    with pytest.raises(NodeError, match="both have a variable 'v'"):
        run(MergeVariables(same_name="error"), given)


@pytest.mark.parametrize(
    ("start", "stop", "step", "numbers"),
    [
        (1, 4, 1, [1, 2, 3, 4]),
        (0.1, 0.5, 0.1, [0.1, 0.2, 0.3, 0.4, 0.5]),
        (3, 1, -1, [3, 2, 1]),
        (1, 0, 1, []),
        (0, 5, 2, [0, 2, 4]),
    ],
)
def test_numbers_from_to_and_by(start: float, stop: float, step: float, numbers: list[float]) -> None:
    made = run(NumberRange(start=start, stop=stop, step=step))["table"].frame()["number"].to_list()
    assert made == pytest.approx(numbers) and len(made) == len(numbers)


def test_the_moment_is_one_that_can_be_written_in_a_name() -> None:
    made = run(DateAndTime(zone="UTC"))["variables"].values
    moment = datetime.datetime.fromisoformat(str(made["now"]))
    assert moment.date().isoformat() == made["date"] and made["stamp"] == moment.strftime("%Y%m%d-%H%M%S")
    with pytest.raises(NodeError, match="no time zone"):
        run(DateAndTime(zone="Nowhere/Land"))


def test_an_expression_says_what_is_wrong_in_words_of_variables() -> None:
    given = {"variables": Variables({"epochs": "integer"}, {"epochs": 3})}
    node = VariableExpression.model_validate({"expressions": [{"name": "n", "expression": "epoch * 2"}]})
    with pytest.raises(NodeError, match="variable 'epoch'"):
        run(node, given)


def required(**rule: Any) -> Require:
    return Require.model_validate({"rules": [{"column": "n", **rule}]})


@pytest.mark.parametrize(
    ("rule", "cells", "message"),
    [
        ({}, [1, None], "'n' is missing in 1 row (2)"),
        ({"unique": True}, [1, 2, 1], "'n' is not unique in 2 rows (1, 3)"),
        ({"maximum": 5}, [1, 9], "'n' is above 5 in 1 row (2)"),
        ({"minimum": 2}, [1.0, 3.0], "'n' is below 2 in 1 row (1)"),
        ({"allowed": ["a"]}, ["a", "b"], "'n' is not allowed in 1 row (2)"),
    ],
)
def test_a_table_that_breaks_a_rule_is_refused_or_marked(rule: Any, cells: list[Any], message: str) -> None:
    table = {"table": Table.of(pl.DataFrame({"n": cells}))}
    with pytest.raises(NodeError) as refused:
        run(required(**rule), table)
    assert message in refused.value.message
    marks = run(required(**rule).model_copy(update={"broken": "mark"}), table)["table"].frame()["problems"].to_list()
    assert [mark for mark in marks if mark] and None in marks
    assert all(mark is None or message.startswith(mark) for mark in marks)


def test_a_table_that_keeps_to_the_rules_passes() -> None:
    table = Table.of(pl.DataFrame({"n": [1, 2]}))
    assert run(required(kind="integer", unique=True, minimum=1, maximum=2), {"table": table})["table"].height == 2
    with pytest.raises(NodeError, match="text is required"):
        run(required(kind="text"), {"table": table})
