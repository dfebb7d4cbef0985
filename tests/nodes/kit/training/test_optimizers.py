"""Every optimizer, schedule, loss and metric is Keras's own, with Keras's arguments and defaults."""

from __future__ import annotations

import inspect
import warnings
from typing import Any, get_args

import keras
import numpy as np
import pytest

from app.node_help import node_help
from nodes.kit.training import callbacks, losses, metrics, optimizers, schedules, stopping
from nodes.kit.training.targets import TargetColumns
from nodes.networks.network_learner import NetworkLearner

OPTIMIZERS = get_args(get_args(optimizers.AnyOptimizer)[0])
SCHEDULES = get_args(get_args(schedules.AnySchedule)[0])
LOSSES = get_args(get_args(losses.AnyLoss)[0])
KERAS_LOSSES = [loss for loss in LOSSES if loss is not losses.CustomLoss]
CALLBACKS = {
    "ModelCheckpoint": callbacks.ModelCheckpoint, "CSVLogger": callbacks.CSVLogger, "TensorBoard": callbacks.TensorBoard,
    "EarlyStopping": stopping.EarlyStopping, "ReduceLROnPlateau": stopping.ReduceOnPlateau,
}  # fmt: skip
METRICS = [
    metric(kind=kind)
    for metric in get_args(get_args(metrics.AnyMetric)[0])
    for kind in get_args(metric.model_fields["kind"].annotation)
]


def kind_of(option: type[losses.Loss]) -> str:
    """What a workflow file calls a loss: the name of Keras's class."""
    return str(option.model_fields["kind"].default)


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
    assert {kind_of(loss) for loss in KERAS_LOSSES} == names(keras.losses, "Loss")
    assert {metric.kind for metric in METRICS} == names(keras.metrics, "Metric", "Mean", "Sum", "MeanMetricWrapper")
    assert {"LossScaleOptimizer", "MultiOptimizer", "Mean", "Sum", "MeanMetricWrapper"} <= set(NetworkLearner.left_out), (
        "a reason"
    )
    assert all(why.endswith(".") and len(why) > 25 for why in NetworkLearner.left_out.values())


def test_every_callback_is_there_or_it_is_said_why_not() -> None:
    settings = {
        "EarlyStopping": "early_stopping",
        "ReduceLROnPlateau": "reduce_learning_rate",
        "TerminateOnNaN": "terminate_on_nan",
        "ModelCheckpoint": "model_checkpoint",
        "LearningRateScheduler": "learning_rate_by_epoch",
        "CSVLogger": "csv_logger",
        "TensorBoard": "tensorboard",
        "SwapEMAWeights": "swap_ema_weights",
        "BackupAndRestore": "checkpoint_every",
    }
    assert set(settings.values()) <= set(NetworkLearner.model_fields)
    for name, found in vars(keras.callbacks).items():
        if inspect.isclass(found) and name not in settings:
            assert name in NetworkLearner.left_out, f"{name} has neither a setting nor a reason"
    for name in settings:
        offered = set(CALLBACKS[name].model_fields) if name in CALLBACKS else set()
        given = set(inspect.signature(getattr(keras.callbacks, name)).parameters) - offered - {"verbose", "kwargs"}
        assert given == {key.partition(".")[2] for key in NetworkLearner.left_out if key.startswith(f"{name}.")}, name


def test_every_argument_of_losses_and_metrics_is_there_or_it_is_said_why_not() -> None:
    for metric in METRICS:
        given = set(inspect.signature(getattr(keras.metrics, metric.kind)).parameters) - set(type(metric).model_fields)
        said = {key.partition(".")[2] for key in NetworkLearner.left_out if key.startswith(f"{metric.kind}.") and "=" not in key}
        assert given - {"name", "dtype"} == said, metric.kind
    assert {"Loss.dtype", "Metric.dtype", 'Loss.reduction="none"', "F1Score.average=None"} <= set(NetworkLearner.left_out)


def test_the_help_of_the_learner_says_what_it_leaves_out() -> None:
    page = node_help(NetworkLearner)
    for name in ("TensorBoard.profile_batch", "steps_per_execution", "OrbaxCheckpoint", "From String"):
        assert f"<code>{name}</code>" in page


def test_what_compile_and_fit_take_is_there_or_it_is_said_why_not() -> None:
    """Every argument of Keras's compile and fit: a setting, or what takes its place."""
    settings = {*NetworkLearner.model_fields, *TargetColumns.model_fields}
    instead = {
        "x": "inputs", "y": "targets", "callbacks": "early_stopping", "validation_data": "targets", "loss_weights": "loss_weight",
    }  # fmt: skip
    said = {*NetworkLearner.left_out, "self"}
    for function in (keras.Model.compile, keras.Model.fit):
        for name in inspect.signature(function).parameters:
            assert name in said or instead.get(name, name) in settings, name
    taken = {name for function in (keras.Model.compile, keras.Model.fit) for name in inspect.signature(function).parameters}
    plain = {key for key in NetworkLearner.left_out if key.islower() and "." not in key}
    assert plain <= taken - settings, "no reason for what is there"


@pytest.mark.parametrize("option", OPTIMIZERS)
def test_optimizers(option: type[optimizers.Optimizer]) -> None:
    keras_class = getattr(keras.optimizers, option.__name__)
    assert set(option.model_fields) - {"kind"} == set(arguments(keras_class))
    ours, theirs = option(kind=option.__name__).build(10), keras_class()
    assert float(ours.learning_rate) == float(theirs.learning_rate)
    mine, wanted = config_of(ours), config_of(theirs)
    assert mine == wanted | ({"exclude_layers": []} if "exclude_layers" in wanted else {})


@pytest.mark.parametrize("option", SCHEDULES)
def test_schedules(option: type[schedules.Schedule]) -> None:
    keras_class = getattr(keras.optimizers.schedules, option.__name__)
    assert set(option.model_fields) - {"kind", "unit"} == set(arguments(keras_class))
    schedule = option(kind=option.__name__).build(1000)
    assert float(schedule(0)) == pytest.approx(0.001)
    if option is not schedules.PiecewiseConstantDecay:
        assert float(schedule(500)) < 0.001
        assert float(schedule(1)) != float(schedule(999))


@pytest.mark.parametrize("option", SCHEDULES)
def test_steps_can_be_epochs(option: type[schedules.Schedule]) -> None:
    counts: dict[str, Any] = {name: [7] if name == "boundaries" else 7 for name in option.STEPS}
    given = counts | ({"warmup_target": 0.01} if "warmup_steps" in counts else {})
    scaled = {name: [70] if name == "boundaries" else 70 for name in option.STEPS}
    by_epochs = option(kind=option.__name__, unit="epochs", **given).build(1000, 10)
    by_batches = option(kind=option.__name__, **(given | scaled)).build(1000, 10)
    assert by_epochs.get_config() == by_batches.get_config()


def test_a_warm_up_comes_before_the_decay() -> None:
    schedule = schedules.CosineDecay(initial_learning_rate=0.001, warmup_target=0.1, warmup_steps=100).build(1000)
    assert float(schedule(100)) == pytest.approx(0.1)
    assert float(schedule(999)) > 0
    assert float(schedule(1000)) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("option", KERAS_LOSSES)
def test_losses(option: type[losses.Loss]) -> None:
    keras_class = getattr(keras.losses, kind_of(option))
    given = arguments(keras_class)
    assert set(option.model_fields) - {"kind"} == set(given)
    made = option(kind=kind_of(option))
    assert made.model_dump(exclude={"kind"}) == given
    assert isinstance(made.build(None, "loss"), keras_class)


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


@pytest.mark.parametrize(
    ("metric", "by_hand"),
    [
        (metrics.AUC(curve="PR", thresholds=[0.2, 0.5], summation_method="minoring"),
         {"curve": "PR", "thresholds": [0.2, 0.5], "summation_method": "minoring"}),
        (metrics.AUC(multi_label=True, label_weights=[1, 2, 3]),
         {"multi_label": True, "num_labels": 3, "label_weights": [1, 2, 3]}),
        (metrics.OneHotIoU(target_class_ids=[0, 2]), {"num_classes": 3, "target_class_ids": [0, 2]}),
        (metrics.R2Score(class_aggregation="variance_weighted_average"), {"class_aggregation": "variance_weighted_average"}),
        (metrics.CategoricalCrossentropyMetric(label_smoothing=0.2), {"label_smoothing": 0.2}),
        (metrics.Recall(class_id=1, top_k=2), {"class_id": 1, "top_k": 2}),
        (metrics.FBetaScore(beta=2.0, average="weighted", threshold=0.3), {"beta": 2.0, "average": "weighted", "threshold": 0.3}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)  # fmt: skip
def test_settings_of_metrics_reach_keras(metric: metrics.Metric, by_hand: dict[str, Any]) -> None:
    random = np.random.default_rng(1)
    target = np.eye(3, dtype=np.float32)[random.integers(0, 3, 40)]
    output = random.dirichlet([1, 1, 1], 40).astype(np.float32)
    ours: Any = metric.build("ours", 3)
    theirs = getattr(keras.metrics, metric.kind)(**by_hand)
    ours.update_state(target, output)
    theirs.update_state(target, output)
    assert float(ours.result()) == float(theirs.result())


def test_names_of_metrics() -> None:
    names = {metric.kind: metric.name for metric in METRICS}
    assert names["AUC"] == "auc"
    assert names["F1Score"] == "f1_score"
    assert names["TopKCategoricalAccuracy"] == "top_k_categorical_accuracy"
    assert names["MeanIoU"] == "mean_iou"
    assert len(set(names.values())) == len(names)
