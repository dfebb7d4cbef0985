"""Any expression of the grammar, over columns of any type, is what it is in exact arithmetic, or says why not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from nodes.base import NodeError
from nodes.tables.math_formula import MathFormula
from nodes.values.table import Table
from tests.real.exact_terms import DoesNotFit, Real, Term, Undetermined, expressions, figure, fitting, number
from tests.support import run

DTYPES = {"int": pl.Int64(), "wide": pl.Int64(), "real": pl.Float64(), "bool": pl.Boolean()}


def told(term: Term, row: int) -> Any:
    """What the expression is in a row, or what keeps it from being anything."""
    try:
        value = term.at(row)
        return fitting(value, "int") if term.kind == "wide" and value is not None else value
    except (DoesNotFit, Undetermined) as reason:
        return reason


SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def judge(frame: pl.DataFrame, term: Term) -> None:
    """The node computes what exact arithmetic says, or says why it cannot."""
    expected = [told(term, row) for row in range(frame.height)]
    try:
        made = run(MathFormula(expression=term.text), {"table": Table.of(frame)})["table"].frame()["new column"]
    except NodeError as error:
        assert "cannot be computed" in error.message
        assert any(isinstance(value, DoesNotFit | Undetermined) for value in expected), term.text
        return

    assert made.dtype == DTYPES[term.kind]
    assert not any(isinstance(value, DoesNotFit) for value in expected), (term.text, expected, made.to_list())
    for cell, value in zip(made, expected, strict=True):
        if isinstance(value, Undetermined):
            continue
        if isinstance(value, Real):
            assert cell is not None, (term.text, value)
            assert abs(Fraction(cell) - value.exact) <= 2 * value.error, (term.text, cell, float(value.exact))
        else:
            assert cell == value, (term.text, cell, value)


@settings(suppress_health_check=SLOW, max_examples=40)
@given(expressions())
def test_an_expression_is_what_exact_arithmetic_says(drawn):
    judge(*drawn)


@pytest.mark.exhaustive
@settings(suppress_health_check=SLOW, max_examples=1000, print_blob=True)
@given(expressions())
def test_many_expressions_are_what_exact_arithmetic_says(drawn):
    judge(*drawn)


@pytest.mark.parametrize("name", ["SUM", "MIN", "MAX", "AVG", "COUNT"])
@pytest.mark.parametrize("text", ["7", "9223372036854775807", "18446744073709551615", "0.1", "2.50"])
def test_a_figure_of_a_written_number_is_that_of_a_column_of_it(name, text):
    frame = pl.DataFrame({"i8": [1, 2, 3]})
    judge(frame, figure(name, number(text), frame.height))
