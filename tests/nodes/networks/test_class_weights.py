"""Class weights are scikit-learn's, for every row and every class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from nodes.base import NodeError
from nodes.networks.class_weights import ClassWeights
from nodes.values.table import Table
from tests.support import configure, run

LABELS = ["a"] * 6 + ["b"] * 3 + ["c"]


def made(labels: list[Any], **settings: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    table = Table.of(pl.DataFrame({"label": labels, "x": range(len(labels))}))
    outputs = run(ClassWeights.model_validate({"column": "label"} | settings), {"table": table}, folder=Path.cwd())
    return outputs["weights"].frame(), outputs["table"].frame()


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    weights, rows = made(LABELS)
    assert weights["class"].to_list() == ["a", "b", "c"]
    assert weights["rows"].to_list() == [6, 3, 1]
    expected = compute_class_weight("balanced", classes=np.array(["a", "b", "c"]), y=np.array(LABELS))
    np.testing.assert_allclose(weights["weight"].to_numpy(), expected)
    np.testing.assert_allclose(rows["weight"].to_numpy(), compute_sample_weight("balanced", LABELS))
    assert rows.columns == ["label", "x", "weight"]


def test_other_measures() -> None:
    np.testing.assert_allclose(made(LABELS, weighting="inverse")[0]["weight"].to_numpy(), [1 / 6, 1 / 3, 1])
    np.testing.assert_allclose(made(LABELS, weighting="largest is 1")[0]["weight"].to_numpy(), [1, 2, 6])
    np.testing.assert_allclose(made(LABELS, power=0.0)[0]["weight"].to_numpy(), [1, 1, 1])
    softened = made(LABELS, power=0.5)[1]["weight"].to_numpy()
    assert softened.mean() == pytest.approx(1)
    assert softened[-1] / softened[0] == pytest.approx(6**0.5)


def test_rows_without_a_class() -> None:
    weights, rows = made(["a", None, "b", "b"])
    assert weights["rows"].to_list() == [1, 2]
    assert rows["weight"].null_count() == 1


@pytest.mark.parametrize("labels", [[], [None], ["a"]])
def test_few_rows(labels: list[Any]) -> None:
    table = Table.of(pl.DataFrame({"label": pl.Series(labels, dtype=pl.Enum(["a", "b"]))}))
    outputs = run(ClassWeights(column="label"), {"table": table}, folder=Path.cwd())
    assert outputs["table"].height == len(labels)
    assert outputs["weights"].frame()["weight"].to_list() == [1.0] * labels.count("a")


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"column": None}, "No column is chosen"), ({"name": "x"}, "'x' already"), ({"name": "rows"}, "'rows' already")],
)
def test_mistakes(settings: dict[str, Any], message: str) -> None:
    table = Table.of(pl.DataFrame({"label": LABELS, "x": range(10)}))
    with pytest.raises(NodeError, match=message):
        configure(ClassWeights.model_validate({"column": "label"} | settings), {"table": table})
