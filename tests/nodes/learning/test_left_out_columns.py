"""What a learner does not look at is said, where nobody chose it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from nodes.base import Specs
from nodes.learning.k_means import KMeans
from nodes.learning.logistic_regression import LogisticRegressionLearner
from nodes.learning.random_forest import RandomForestLearner
from nodes.values.table import Table

PASSENGERS = pl.DataFrame(
    {
        "survived": ["yes", "no", "yes"],
        "age": [20.0, 30.0, 40.0],
        "sex": ["f", "m", "f"],
        "name": ["A", "B", "C"],
        "class": pl.Series(["1", "2", "1"], dtype=pl.Enum(["1", "2"])),
        "born": [date(1900, 1, 1)] * 3,
    }
)


def warnings(node: object, frame: pl.DataFrame = PASSENGERS) -> list[str]:
    specs = Specs({"table": Table.of(frame).spec}, "node", Path.cwd())
    node.configure(specs)  # type: ignore[attr-defined]
    return specs.warnings


@pytest.mark.parametrize("learner", [RandomForestLearner, LogisticRegressionLearner])
def test_texts_and_dates_that_nobody_chose_are_named_with_what_to_do(learner: type) -> None:
    texts, others = warnings(learner(target="survived"))
    assert texts.startswith("Left out as text: 'sex', 'name'. Choose them under 'Columns'")
    assert others == "Left out, as they hold neither numbers nor categories: 'born'."


def test_nothing_is_said_where_columns_were_chosen_or_all_are_used() -> None:
    assert warnings(RandomForestLearner(target="survived", columns=["age", "sex"])) == []
    assert warnings(RandomForestLearner(target="survived"), PASSENGERS.select("survived", "age", "class")) == []


def test_of_many_columns_the_first_are_named() -> None:
    wide = PASSENGERS.select("survived", "age").with_columns(pl.lit("x").alias(f"t{n}") for n in range(9))
    (text,) = warnings(RandomForestLearner(target="survived"), wide)
    assert "'t4' and 4 more columns" in text


def test_clusters_too() -> None:
    assert any("'sex'" in text for text in warnings(KMeans()))
