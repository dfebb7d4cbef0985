"""The learning rate finder takes the steps that Keras takes, and suggests where the loss falls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from nodes.base import NodeError, Values
from nodes.kit.networks.keras_model import to_keras
from nodes.networks.learning_rate_finder import LearningRateFinder, steepest
from nodes.values.figure import LinesFigure
from tests.nodes.networks.learning import classifier, points
from tests.support import RecordingJob, configure, run


def finder(**settings: Any) -> LearningRateFinder:
    data = {"inputs": [{"columns": ["features"]}], "targets": [{"columns": ["class"]}], "batch_size": 96}
    return LearningRateFinder.model_validate(data | settings)


def test_its_steps_are_those_of_keras(tmp_path: Path) -> None:
    node = finder(steps=40, min_learning_rate=1e-5, max_learning_rate=100.0, smoothing=0.5, divergence=3.0)
    job, network, table = RecordingJob(tmp_path), classifier(), points()
    outputs = run(node, {"network": network, "training": table}, job=job)
    frame = outputs["history"].frame()
    model = to_keras(network, 0)
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    x, y = table.frame()["features"].to_numpy(), table.frame()["one_hot"].to_numpy()
    by_hand = []
    for rate in np.geomspace(1e-5, 100.0, 40)[: frame.height]:
        model.optimizer.learning_rate = rate
        model.reset_metrics()
        by_hand.append(float(np.asarray(model.train_on_batch(x, y))))
    np.testing.assert_allclose(frame["learning_rate"].to_numpy(), np.geomspace(1e-5, 100.0, 40)[: frame.height])
    np.testing.assert_allclose(frame["loss"].to_numpy()[:25], by_hand[:25], rtol=1e-3)
    smoothed = frame["smoothed_loss"].to_numpy()
    assert smoothed[0] == pytest.approx(frame["loss"][0])
    assert smoothed[1] == pytest.approx((frame["loss"][0] + 2 * frame["loss"][1]) / 3)
    assert frame.height < 40, "it ends when the loss diverges"
    assert any("diverges" in line for line in job.logs)
    found = outputs["suggestion"].frame().row(0, named=True)
    assert found["learning_rate"] == steepest(frame["learning_rate"].to_list(), smoothed.tolist())
    assert 1e-3 < found["learning_rate"] < found["learning_rate_of_minimum"] < 10
    figure = node.views(Values(outputs))[0]
    assert isinstance(figure, LinesFigure)
    assert figure.log_x
    assert figure.lines[2].x == [found["learning_rate"]]
    assert not job.warnings
    assert not network.weights, "the network is as it was"
    assert keras.backend.backend() == "tensorflow"


def test_an_empty_table_gives_empty_tables(tmp_path: Path) -> None:
    outputs = run(finder(), {"network": classifier(), "training": points().slice(0, 0)}, job=RecordingJob(tmp_path))
    assert (outputs["history"].height, outputs["suggestion"].height) == (0, 0)
    assert not finder().views(Values(outputs))


def test_one_row_is_taken_again_and_again(tmp_path: Path) -> None:
    outputs = run(finder(steps=5), {"network": classifier(), "training": points(1)}, job=RecordingJob(tmp_path))
    assert outputs["history"].height == 5


def test_where_the_loss_never_falls_nothing_is_suggested() -> None:
    assert steepest([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]) is None
    assert steepest([1.0, 10.0, 100.0, 1000.0, 1e4], [5.0, 4.9, 2.0, 1.9, 9.0]) in (10.0, 100.0)


@pytest.mark.parametrize(
    ("settings", "message", "setting"),
    [
        ({"min_learning_rate": 1.0}, "is not below the largest", "max_learning_rate"),
        ({"optimizer": {"kind": "SGD", "clipnorm": 1, "clipvalue": 1}}, "in one way only", "optimizer.clipvalue"),
        ({"targets": [{"columns": ["nothing"]}]}, "no column 'nothing'", "targets.0.columns"),
    ],
)
def test_mistakes_are_found_before_running(settings: dict[str, Any], message: str, setting: str) -> None:
    with pytest.raises(NodeError, match=message) as found:
        configure(finder(**settings), {"network": classifier(), "training": points()})
    assert found.value.setting == setting


def test_it_is_reproducible_with_a_seed_only() -> None:
    assert finder().reproducible
    assert not finder(seed=None).reproducible
