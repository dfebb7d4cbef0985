"""Numeric Scorer: the figures are scikit-learn's, and what is undefined is missing."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, r2_score

from nodes.base import NodeError
from nodes.scoring.numeric_scorer import NumericScorer
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run


def figures(actual: object, predicted: object, job: RecordingJob | None = None, **settings: object) -> dict[str, float | None]:
    table = Table.of(pl.DataFrame({"y": actual, "p": predicted}, schema={"y": pl.Float64, "p": pl.Float32}, strict=False))
    out = run(NumericScorer(actual_column="y", predicted_column="p", **settings), {"table": table}, job=job)
    return dict(out["statistics"].frame().rows())


def test_all_figures_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    actual = generator.normal(3, 1, 500)
    predicted = (actual + generator.normal(0.1, 0.3, 500)).astype(np.float32)

    found = figures(actual, predicted, predictors=4)

    r2 = r2_score(actual, predicted)
    assert found == {
        "R²": pytest.approx(r2),
        "Mean absolute error": pytest.approx(mean_absolute_error(actual, predicted)),
        "Mean squared error": pytest.approx(mean_squared_error(actual, predicted)),
        "Root mean squared error": pytest.approx(math.sqrt(mean_squared_error(actual, predicted))),
        "Mean signed difference": pytest.approx(float(np.mean(predicted - actual))),
        "Mean absolute percentage error": pytest.approx(mean_absolute_percentage_error(actual, predicted)),
        "Adjusted R²": pytest.approx(1 - (1 - r2) * 499 / 495),
    }


def test_without_predictors_the_adjusted_r2_is_r2():
    found = figures([1, 2, 3], [1, 2, 4])

    assert found["Adjusted R²"] == found["R²"]


def test_what_is_not_defined_is_missing():
    constant = figures([0.1, 0.1, 0.1], [0.1, 0.2, 0.3])
    zero = figures([0, 1], [0, 2])
    many_predictors = figures([1, 2, 3], [1, 2, 4], predictors=2)

    assert constant["R²"] is None
    assert constant["Adjusted R²"] is None
    assert zero["Mean absolute percentage error"] is None
    assert zero["Mean absolute error"] == 0.5
    assert many_predictors["Adjusted R²"] is None
    assert many_predictors["R²"] == 0.5
    assert figures([1, 2], [math.inf, 2])["Mean absolute error"] is None


def test_missing_and_nan_are_left_out_with_a_warning_or_an_error(tmp_path):
    job = RecordingJob(tmp_path)

    found = figures([1, None, 3, math.nan], [2, 2, math.nan, 4], job)

    assert found["Mean absolute error"] == 1
    assert job.warnings == ["3 rows without an actual or a predicted number are not counted."]
    with pytest.raises(NodeError, match="In 3 rows") as caught:
        figures([1, None, 3, math.nan], [2, 2, math.nan, 4], missing="fail")
    assert caught.value.setting == "missing"


def test_no_rows_give_no_figures_and_a_warning(tmp_path):
    job = RecordingJob(tmp_path)

    assert set(figures([], [], job).values()) == {None}
    assert job.warnings == ["There are no rows to score."]


def test_the_column_of_figures_has_the_chosen_name():
    table = Table.of(pl.DataFrame({"y": [1], "p": [1]}))

    out = run(NumericScorer(actual_column="y", predicted_column="p", output_name="model A"), {"table": table})

    assert out["statistics"].columns == ["statistic", "model A"]


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"actual_column": None}, "actual_column"),
        ({"predicted_column": "name"}, "predicted_column"),
        ({"predicted_column": "y"}, "predicted_column"),
        ({"output_name": "statistic"}, "output_name"),
    ],
)
def test_mistakes_are_found_before_running(settings, setting):
    table = Table.of(pl.DataFrame({"y": [1], "p": [1], "name": ["a"]}))

    with pytest.raises(NodeError) as caught:
        configure(NumericScorer(**{"actual_column": "y", "predicted_column": "p", **settings}), {"table": table})

    assert caught.value.setting == setting
