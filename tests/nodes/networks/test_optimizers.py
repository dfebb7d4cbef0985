"""Every optimizer, schedule, loss and metric is Keras's own, with Keras's arguments and defaults."""

from __future__ import annotations

import inspect
import warnings
from typing import Any, get_args

import keras
import numpy as np
import pytest

from nodes.networks import losses, metrics, optimizers

OPTIMIZERS = get_args(get_args(optimizers.AnyOptimizer)[0])
SCHEDULES = get_args(get_args(optimizers.AnySchedule)[0])
LOSSES = get_args(get_args(losses.AnyLoss)[0])
METRICS = [
    metric(kind=kind)
    for metric in get_args(get_args(metrics.AnyMetric)[0])
    for kind in get_args(metric.model_fields["kind"].annotation)
]


def arguments(keras_class: type) -> dict[str, Any]:
    """Argument -> default of a Keras class, but for names and dtypes."""
    parameters = inspect.signature(keras_class).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD and p.name not in ("name", "dtype")}


def config_of(made: Any) -> dict[str, Any]:
    return {k: v for k, v in made.get_config().items() if k not in ("name", "learning_rate")}


def test_all_of_keras_is_there() -> None:
    def names(module: Any, *bases: str) -> set[str]:
        return {n for n, c in vars(module).items() if inspect.isclass(c)} - set(bases)

    assert {o.__name__ for o in OPTIMIZERS} == names(
        keras.optimizers, "Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"
    )
    assert {s.__name__ for s in SCHEDULES} == names(keras.optimizers.schedules, "LearningRateSchedule")
    assert {loss.__name__ for loss in LOSSES} == names(keras.losses, "Loss")


@pytest.mark.parametrize("option", OPTIMIZERS)
def test_optimizers(option: type[optimizers.Optimizer]) -> None:
    keras_class = getattr(keras.optimizers, option.__name__)
    assert set(option.model_fields) - {"kind"} == set(arguments(keras_class))
    ours, theirs = option(kind=option.__name__).build(10), keras_class()
    assert float(ours.learning_rate) == float(theirs.learning_rate)
    mine, wanted = config_of(ours), config_of(theirs)
    assert mine == wanted | ({"exclude_layers": []} if "exclude_layers" in wanted else {})


@pytest.mark.parametrize("option", SCHEDULES)
def test_schedules(option: type[optimizers.Schedule]) -> None:
    keras_class = getattr(keras.optimizers.schedules, option.__name__)
    assert set(option.model_fields) - {"kind"} == set(arguments(keras_class))
    schedule = option(kind=option.__name__).build(1000)
    assert float(schedule(0)) == pytest.approx(0.001)
    if option is not optimizers.PiecewiseConstantDecay:
        assert float(schedule(500)) < 0.001
        assert float(schedule(1)) != float(schedule(999))


def test_a_warm_up_comes_before_the_decay() -> None:
    schedule = optimizers.CosineDecay(initial_learning_rate=0.001, warmup_target=0.1, warmup_steps=100).build(1000)
    assert float(schedule(100)) == pytest.approx(0.1)
    assert float(schedule(999)) > 0
    assert float(schedule(1000)) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("option", LOSSES)
def test_losses(option: type[losses.Loss]) -> None:
    keras_class = getattr(keras.losses, option.__name__)
    given = arguments(keras_class)
    assert set(option.model_fields) - {"kind"} == set(given)
    made = option(kind=option.__name__)
    assert made.model_dump(exclude={"kind"}) == given
    assert isinstance(made.build(), keras_class)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.kind)
def test_metrics_are_one_number(metric: metrics.Metric) -> None:
    made = metric.build(metric.name, 3)
    if made == "accuracy":
        return
    numbers = metric.forms == ("class number",)
    target = np.array([0, 2, 1]) if numbers else np.eye(3, dtype=np.float32)[[0, 2, 1]]
    output = np.array([[0.8, 0.1, 0.1], [0.3, 0.3, 0.4], [0.2, 0.1, 0.7]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.update_state(target, output)
        assert np.isfinite(float(made.result()))
    assert made.name == metric.name


def test_names_of_metrics() -> None:
    names = {metric.kind: metric.name for metric in METRICS}
    assert names["AUC"] == "auc"
    assert names["F1Score"] == "f1_score"
    assert names["TopKCategoricalAccuracy"] == "top_k_categorical_accuracy"
    assert names["MeanIoU"] == "mean_iou"
    assert len(set(names.values())) == len(names)
