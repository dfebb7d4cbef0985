"""Saliency: gradients as TensorFlow's tape gives them, and numbers that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from nodes.base import Cancelled, NodeError, Values
from nodes.inspection.saliency import Saliency
from nodes.kit.inspection.heat_maps import colored, leveled, overlaid, side_by_side
from nodes.kit.layers.base import Layer
from nodes.kit.networks.keras_model import to_keras
from nodes.layers.core import Activation
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.layers.merge import Add
from nodes.layers.recurrent import SimpleRNN
from nodes.layers.reshaping import Flatten
from nodes.values.network import Network
from nodes.values.table import Table
from nodes.wording import percent
from tests.nodes.inspection.seeing import NAMES, classifier, images, linear, look, trained, with_weights
from tests.nodes.layers.building import add, chain
from tests.support import RecordingJob, configure, run


def maps(network: Network, table: Table, column: str = "saliency", **settings: Any) -> np.ndarray:
    made, _ = look(Saliency(**settings), network, table)
    return made["table"].frame()[column].to_numpy()


def by_hand(network: Network, pixels: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The gradient of the score before the softmax."""
    model = to_keras(network)
    model.layers[-1].activation = keras.activations.linear
    given = tf.constant(pixels)
    with tf.GradientTape() as tape:
        tape.watch(given)
        score = tf.gather(model(given), numbers, axis=1, batch_dims=1)
    return tape.gradient(score, given).numpy()


def flat(units: int) -> list[Layer]:
    return [Flatten(), Dense(units=units, activation="softmax")]


@pytest.mark.parametrize("first", [False, True])
def test_the_gradient_is_that_of_the_tape(first: bool) -> None:
    network, table = trained(classifier(channels=2)), images(5, (8, 8, 2))
    if first:  # TensorFlow convolves such images on few processors only
        network = trained(chain(Input.model_validate({"shape": (2, 8, 8), "data_format": "channels_first"}), *flat(3)))
    pixels = table.frame()["image"].to_numpy()
    given = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)) if first else pixels
    numbers = np.asarray(to_keras(network)(given)).argmax(axis=1)
    gradient = by_hand(network, given, numbers)
    gradient = gradient.transpose(0, 2, 3, 1) if first else gradient
    expected_maps = {
        "sum": gradient.sum(axis=-1, keepdims=True),
        "largest absolute": np.abs(gradient).max(axis=-1, keepdims=True),
        "mean absolute": np.abs(gradient).mean(axis=-1, keepdims=True),
    }
    for reduction, expected in list(expected_maps.items())[: 1 if first else 3]:
        made = maps(network, table, reduction=reduction, batch_size=2)
        assert made.shape == (5, *pixels.shape[1:3], 1)
        np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-6)


def test_of_a_linear_network_it_is_the_weights() -> None:
    kernel = np.random.default_rng(1).normal(size=(20, 2))
    network = with_weights(linear(), "node_3", kernel, np.zeros(2))
    table = images(3, (4, 5, 1))
    weights = np.broadcast_to(kernel[:, 1].reshape(4, 5, 1), (3, 4, 5, 1))
    times = weights * table.frame()["image"].to_numpy()
    expected = {"gradient": weights, "SmoothGrad": weights, "gradient x input": times, "Integrated Gradients": times}
    for method, numbers in expected.items():
        chosen = {"explain": "chosen", "class_name": "1", "reduction": "sum"}
        made = maps(network, table, method=method, samples=3, steps=3, **chosen)
        np.testing.assert_allclose(made, numbers, rtol=1e-5, atol=1e-7)


def test_integrated_gradients_add_up_to_the_difference_of_the_scores() -> None:
    network, table = trained(classifier()), images(4)
    pixels = table.frame()["image"].to_numpy()
    settings = {"score": "probability", "explain": "chosen", "class_name": "1", "reduction": "sum"}
    made = maps(network, table, method="Integrated Gradients", steps=40, baseline=0.25, **settings)
    model = to_keras(network)
    difference = np.asarray(model(pixels))[:, 1] - np.asarray(model(np.full_like(pixels[:1], 0.25)))[:, 1]
    np.testing.assert_allclose(made.sum(axis=(1, 2, 3)), difference, atol=2e-3)


def test_too_few_steps_on_the_way_are_told_of() -> None:
    """A network whose gradient is all in one place of the way from black to the image."""
    network = chain(Input(shape=(2, 2, 1)), Flatten(), Dense(units=1, activation="sigmoid"))
    network = with_weights(network, "node_3", np.full((4, 1), 40), [-20])
    table = Table.of(pl.DataFrame({"image": np.full((2, 2, 2, 1), 0.25, np.float32)}))
    for steps, told in ((2, True), (400, False)):
        settings = {"score": "probability", "explain": "chosen", "class_name": "1", "reduction": "sum", "steps": steps}
        _, warnings = look(Saliency(method="Integrated Gradients", **settings), network, table)
        assert any("take more steps" in warning for warning in warnings) == told


def test_smooth_grad_is_the_mean_over_noisy_copies_and_the_same_for_every_batch() -> None:
    network, table = trained(classifier()), images(3)
    settings: dict[str, Any] = {
        "method": "SmoothGrad",
        "samples": 4,
        "noise_level": 0.2,
        "explain": "actual",
        "class_column": "label",
    }
    made = maps(network, table, reduction="sum", **settings)
    pixels = table.frame()["image"].to_numpy()
    random = np.random.default_rng(0)
    spread = (pixels.max(axis=(1, 2, 3)) - pixels.min(axis=(1, 2, 3))).reshape(-1, 1, 1, 1) * 0.2
    numbers = np.array([0, 1, 2])
    gradients = [by_hand(network, pixels + spread * random.standard_normal((8, 8, 1), np.float32), numbers) for _ in range(4)]
    np.testing.assert_allclose(made, np.mean(gradients, axis=0).sum(axis=-1, keepdims=True), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(maps(network, table, reduction="sum", batch_size=1, **settings), made, rtol=1e-4, atol=1e-6)
    assert not np.allclose(maps(network, table, reduction="sum", seed=1, **settings), made, rtol=1e-3)
    assert Saliency(**settings).reproducible
    assert not Saliency(**settings, seed=None).reproducible
    assert np.isfinite(maps(network, table, seed=None, **settings)).all()


@pytest.mark.parametrize("column", ["label", "number"])
def test_the_actual_class_by_name_and_number(column: str) -> None:
    network, table = trained(classifier(), names=("two", "one", "zero")), images(3)
    expected = by_hand(network, table.frame()["image"].to_numpy(), np.array([2, 1, 0]))
    made = maps(network, table, explain="actual", class_column=column, reduction="sum")
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("last", ["in the dense layer", "Activation", "single"])
def test_where_the_softmax_is_does_not_matter(last: str) -> None:
    kernel = np.random.default_rng(1).normal(size=(20, 1 if last == "single" else 2))
    if last == "Activation":
        network = linear(activation="linear")
        network = add("end", Activation(activation="softmax"), network)
    else:
        network = linear(units=kernel.shape[1], activation="sigmoid" if last == "single" else "softmax")
    network = with_weights(network, "node_3", kernel, np.zeros(kernel.shape[1]))
    column = -kernel[:, 0] if last == "single" else kernel[:, 0]
    made = maps(network, images(2, (4, 5, 1)), explain="chosen", class_name="0", reduction="sum")
    np.testing.assert_allclose(made[1], column.reshape(4, 5, 1), rtol=1e-5)
    # With the probability p of a class, its gradient is p (1 - p) times the difference of the weights.
    pixels = images(2, (4, 5, 1)).frame()["image"].to_numpy()
    shares = np.asarray(to_keras(network)(pixels))[:, 0]
    difference = kernel[:, 0] if last == "single" else kernel[:, 0] - kernel[:, 1]
    expected = (shares * (1 - shares))[:, None] * difference * (-1 if last == "single" else 1)
    made = maps(network, images(2, (4, 5, 1)), explain="chosen", class_name="0", reduction="sum", score="probability")
    np.testing.assert_allclose(made.reshape(2, 20), expected, rtol=1e-3, atol=1e-6)


def test_a_number_as_output_is_explained_itself() -> None:
    kernel = np.arange(20).reshape(20, 1) / 20
    network = with_weights(linear(units=1, activation="linear"), "node_3", kernel, [0])
    np.testing.assert_allclose(maps(network, images(1, (4, 5, 1)))[0].ravel(), kernel.ravel(), rtol=1e-6)


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 1), (np.uint16, 3), (np.float32, 3)])
def test_overlays_classes_and_figures(dtype: Any, channels: int) -> None:
    network, table = trained(classifier(channels=channels), names=NAMES), images(3, (8, 8, channels), dtype)
    node = Saliency(overlay=True, append_class=True, scaled=True, shown=2)
    made, warnings = look(node, network, table)
    frame = made["table"].frame()
    assert made["table"].columns == [*table.columns, "saliency", "overlay", "saliency class", "saliency probability"]
    assert made["table"].classes == {"number": NAMES}
    assert frame["overlay"].dtype == pl.Array(pl.UInt8, (8, 8, 3))
    np.testing.assert_allclose(frame["saliency"].to_numpy().max(axis=(1, 2, 3)), 1)
    shares = np.asarray(to_keras(network)(table.frame()["image"].to_numpy().astype(np.float32)))
    assert frame["saliency class"].to_list() == [NAMES[n] for n in shares.argmax(axis=1)]
    np.testing.assert_allclose(frame["saliency probability"], shares.max(axis=1), rtol=1e-4)
    assert made["figure"].images.shape[0] == 2
    assert made["figure"].images.shape[2] > 400
    assert made["figure"].captions[0] == f"1: {frame['saliency class'][0]} {percent(float(shares.max(axis=1)[0]), 0)}"
    assert node.views(Values(made)) == (made["figure"],)
    assert not warnings


def test_lists_of_numbers_and_sequences() -> None:
    kernel = np.random.default_rng(1).normal(size=(4, 2))
    network = with_weights(chain(Input(shape=(4,)), Dense(units=2, activation="softmax")), "node_2", kernel, [0, 0])
    numbers = pl.DataFrame({c: [0.5, 0.25] for c in "abcd"})
    node = Saliency(explain="chosen", class_name="1", reduction="sum", inputs=[{"columns": list("abcd")}])
    made, _ = look(node, network, Table.of(numbers))
    np.testing.assert_allclose(made["table"].frame()["saliency"].to_numpy(), np.stack([kernel[:, 1]] * 2), rtol=1e-6)
    assert list(made["figure"].column_names) == list("abcd")
    network = trained(chain(Input(shape=(3, 2)), SimpleRNN(units=2), Dense(units=2, activation="softmax")))
    sequence = Table.of(pl.DataFrame({"s": pl.Series(np.ones((2, 3, 2), np.float32))}))
    assert maps(network, sequence).shape == (2, 3, 2, 1)


def test_one_of_two_inputs() -> None:
    left, right = (trained(chain(Input(shape=(4, 5, 1)), Flatten(), Dense(units=2), prefix=p)) for p in ("left", "right"))
    network = add("sum", Add(), left, right)
    table = images(2, (4, 5, 1)).frame()
    both = Table.of(table.select(a="image", b="image"))
    for side in ("left", "right"):
        settings = {"explain": "chosen", "class_name": "1", "reduction": "sum"}
        made = maps(network, both, explained_input=f"{side}_1", inputs=[{"columns": ["a"]}, {"columns": ["b"]}], **settings)
        expected = network.weights[f"{side}_3"][0][:, 1].reshape(4, 5, 1)
        np.testing.assert_allclose(made[0], expected, rtol=1e-5)


def test_untrained_empty_and_one_row() -> None:
    made, warnings = look(Saliency(), classifier(), images(0))
    assert made["table"].height == 0
    assert len(made["figure"].images) == 0
    made, warnings = look(Saliency(), classifier(), images(1))
    assert made["table"].height == 1
    assert "have not been trained" in warnings[0]


def test_a_network_for_batches_of_one_size() -> None:
    free, fixed = (trained(chain(Input.model_validate({"shape": (4, 5, 1), "batch_size": size}), *flat(2))) for size in (None, 4))
    table = images(6, (4, 5, 1))
    made = maps(fixed, table, batch_size=4)
    np.testing.assert_allclose(made, maps(free, table), rtol=1e-5)


def test_it_stops_when_cancelled() -> None:
    job = RecordingJob(Path.cwd(), cancelled=True)
    with pytest.raises(Cancelled):
        run(Saliency(), {"network": trained(classifier()), "table": images()}, job=job)


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"explain": "actual"}, "class_column"),
        ({"explain": "actual", "class_column": "name"}, "class_column"),
        ({"explain": "chosen", "class_name": "3"}, "class_name"),
        ({"explain": "chosen"}, "class_name"),
        ({"output": "node_2"}, "output"),
        ({"output": "nothing"}, "output"),
        ({"explained_input": "node_2"}, "explained_input"),
        ({"column": "label"}, "column"),
        ({"overlay": True, "overlay_column": "saliency"}, "column"),
        ({"overlay": True, "overlay_column": "name"}, "overlay_column"),
        ({"inputs": [{"columns": ["number"]}]}, "inputs.0.columns"),
    ],
)
def test_mistakes_name_their_setting(settings: dict[str, Any], setting: str) -> None:
    with pytest.raises(NodeError) as caught:
        configure(Saliency(**settings), {"network": classifier(), "table": images()})
    assert caught.value.setting == setting


def test_more_mistakes() -> None:
    whole = chain(Input.model_validate({"shape": (4, 5, 1), "dtype": "int32"}), *flat(2))
    with pytest.raises(NodeError, match="no gradient"):
        configure(Saliency(), {"network": whole, "table": images(2, (4, 5, 1))})
    plain = chain(Input(shape=(1,)), Dense(units=2))
    with pytest.raises(NodeError, match="Only images"):
        configure(Saliency(overlay=True, inputs=[{"columns": ["number"]}]), {"network": plain, "table": images()})
    with pytest.raises(NodeError, match="no column of the table fits"):
        configure(Saliency(), {"network": classifier(), "table": Table.of(images().frame().drop("image"))})
    missing = Table.of(images(2).frame().with_columns(number=pl.Series([0, None], dtype=pl.Int32)))
    with pytest.raises(NodeError, match="missing class in row 2"):
        look(Saliency(explain="actual", class_column="number"), trained(classifier()), missing)
    outside = Table.of(images(2).frame().with_columns(number=pl.Series([0, 3], dtype=pl.Int32)))
    with pytest.raises(NodeError, match="row 2: the network has no class '3'"):
        look(Saliency(explain="actual", class_column="number"), trained(classifier()), outside)


def test_colors() -> None:
    heat = np.array([[[0.0, 1.0], [2.0, 4.0]], [[-2.0, 0.0], [1.0, 2.0]], [[np.nan, 0.0], [0.0, 0.0]]])
    np.testing.assert_allclose(leveled(heat), [[[0, 0.25], [0.5, 1]], [[0, 0.5], [0.75, 1]], [[0, 0], [0, 0]]])
    shown = colored(heat)
    assert shown[0, 0, 0].tolist() == [0, 0, 4]
    assert shown[0, 1, 1].tolist() == [252, 255, 164]
    assert shown[1, 0, 0].tolist() == [33, 102, 172]
    assert shown[1, 0, 1].tolist() == [247, 247, 247]
    gray = np.full((3, 2, 2, 1), 100, np.uint8)
    assert (overlaid(gray, heat, 0.0) == 100).all()
    np.testing.assert_array_equal(overlaid(gray, heat, 1.0), shown)
    pair = side_by_side([shown, shown])
    assert pair.shape[1] * 6 == pair.shape[2] * 2
    np.testing.assert_array_equal(pair[0, 0, 0], shown[0, 0, 0])
