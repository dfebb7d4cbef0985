"""Grad-CAM and Occlusion: as the papers' formulas give it, and where a known detector looks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodes.base import NodeError
from nodes.inspection.grad_cam import GradCAM
from nodes.inspection.occlusion import Occlusion
from nodes.kit.networks.keras_model import to_keras
from nodes.layers.convolution import Conv2D
from nodes.layers.dense import Dense
from nodes.layers.global_pooling import GlobalAveragePooling2D, GlobalMaxPooling2D
from nodes.layers.input import Input
from nodes.layers.pooling import MaxPooling2D
from nodes.layers.reshaping import Flatten
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.inspection.seeing import classifier, images, look, trained, with_weights
from tests.nodes.layers.building import chain
from tests.support import configure


def maps(node: Any, network: Network, table: Table) -> np.ndarray:
    made, _ = look(node, network, table)
    return made["table"].frame()[node.column].to_numpy()


# ------------------------------------------------------------------------------------------------------------- Grad-CAM


def by_hand(network: Network, pixels: np.ndarray, layer: str, numbers: Any, *, positive: bool = True) -> np.ndarray:
    """As Keras's own example of Grad-CAM does it."""
    model = to_keras(network)
    model.layers[-1].activation = keras.activations.linear
    both = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.output])
    with tf.GradientTape() as tape:
        made, raw = both(pixels)
        score = tf.gather(raw, numbers, axis=1, batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(score, made), axis=(1, 2), keepdims=True)
    heat = tf.reduce_sum(made * weights, axis=-1, keepdims=True)
    return tf.image.resize(tf.nn.relu(heat) if positive else heat, pixels.shape[1:3]).numpy()


@pytest.mark.parametrize("layer", [None, "node_2"])
def test_it_is_what_the_paper_says(layer: str | None) -> None:
    network, table = trained(classifier(channels=3)), images(4, (8, 8, 3))
    pixels = table.frame()["image"].to_numpy()
    made = maps(GradCAM(layer=layer, explain="chosen", class_name="1", batch_size=3), network, table)
    np.testing.assert_allclose(made, by_hand(network, pixels, layer or "node_4", [1] * 4), rtol=1e-4, atol=1e-6)


def test_what_speaks_against_a_class_is_negative() -> None:
    network, table = trained(classifier()), images(4)
    pixels = table.frame()["image"].to_numpy()
    against = [maps(GradCAM(explain="chosen", class_name=n, only_positive=False), network, table) for n in "012"]
    for number, made in enumerate(against):
        expected = by_hand(network, pixels, "node_4", [number] * 4, positive=False)
        np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-6)
    assert min(made.min() for made in against) < 0


def test_frozen_layers_have_gradients_too() -> None:
    network, table = trained(classifier()), images(2)
    frozen = network.spec.with_layers([_frozen(layer) for layer in network.spec.layers])
    np.testing.assert_array_equal(maps(GradCAM(), Network(frozen, network.weights), table), maps(GradCAM(), network, table))


def _frozen(layer: Any) -> Any:
    from dataclasses import replace

    return replace(layer, trainable=False)


def test_after_global_average_pooling_it_is_the_class_activation_map() -> None:
    """There the weights of the maps are those of the dense layer, over the number of places (Zhou et al., 2016)."""
    network = trained(
        chain(
            Input(shape=(6, 6, 1)),
            Conv2D(filters=2, kernel_size=(3, 3), padding="same"),
            GlobalAveragePooling2D(),
            Dense(units=2, activation="softmax"),
        )
    )
    table = images(2, (6, 6, 1))
    features = np.asarray(keras.Model((m := to_keras(network)).inputs[0], m.layers[1].output)(table.frame()["image"].to_numpy()))
    expected = (features * network.weights["node_4"][0][:, 1] / 36).sum(axis=-1, keepdims=True)
    made = maps(GradCAM(explain="chosen", class_name="1", only_positive=False), network, table)
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("layer", [None, "node_2"])
def test_with_the_channels_first_the_maps_are_the_same(layer: str | None) -> None:
    def network(first: bool) -> Network:
        shape = (3, 8, 6) if first else (8, 6, 3)
        return chain(
            Input.model_validate({"shape": shape, "data_format": "channels_first" if first else "channels_last"}),
            Conv2D(filters=4, kernel_size=(3, 3), padding="same", activation="relu"),
            Conv2D(filters=3, kernel_size=(3, 2), padding="valid"),
            GlobalAveragePooling2D(),
            Dense(units=3, activation="softmax"),
        )

    last, table = trained(network(False)), images(3, (8, 6, 3))
    first = Network(network(True).spec, last.weights)
    assert first.spec.channels_first
    node = GradCAM(layer=layer, explain="chosen", class_name="1", only_positive=False, batch_size=2)
    made = maps(node, first, table)
    np.testing.assert_allclose(made, maps(node, last, table), rtol=1e-4, atol=1e-6)
    assert made.shape == (3, 8, 6, 1) and np.ptp(made) > 0


@pytest.mark.parametrize(
    ("network", "settings", "setting"),
    [
        (classifier(), {"layer": "node_5"}, "layer"),
        (classifier(), {"layer": "none"}, "layer"),
        (classifier(), {"column": "image"}, "column"),
        (chain(Input(shape=(8, 8, 1)), GlobalMaxPooling2D(), Dense(units=2)), {}, "layer"),
    ],
)
def test_mistakes_name_their_setting(network: Network, settings: dict[str, Any], setting: str) -> None:
    with pytest.raises(NodeError) as caught:
        configure(GradCAM(**settings), {"network": network, "table": images()})
    assert caught.value.setting == setting


@pytest.mark.parametrize("node", [GradCAM, Occlusion])
def test_only_images_can_be_explained(node: Any) -> None:
    network = chain(Input(shape=(1,)), Dense(units=2))
    with pytest.raises(NodeError, match="no images"):
        configure(node(inputs=[{"columns": ["number"]}]), {"network": network, "table": images()})


@pytest.mark.parametrize("node", [GradCAM, Occlusion])
def test_no_rows_one_row_and_overlays(node: Any) -> None:
    made, _ = look(node(), classifier(), images(0))
    assert made["table"].height == 0
    made, warnings = look(node(overlay=True), classifier(), images(1, dtype=np.uint8))
    assert made["table"].frame()["overlay"].to_numpy().shape == (1, 8, 8, 3)
    assert "have not been trained" in warnings[0]


# ------------------------------------------------------------------------------------------------------------ Occlusion


def detector(first: bool = False) -> Network:
    """Says how bright the brightest square of 2 x 2 pixels is: a detector of one known thing."""
    size = {"shape": (1, 6, 6), "data_format": "channels_first"} if first else {"shape": (6, 6, 1)}
    layers = [] if first else [Conv2D(filters=1, kernel_size=(2, 2)), GlobalMaxPooling2D()]
    network = chain(Input.model_validate(size), *(layers or [Flatten()]), Dense(units=1, activation="linear"))
    if first:
        return with_weights(network, "node_3", np.ones((36, 1)), [0])
    return with_weights(with_weights(network, "node_2", np.full((2, 2, 1, 1), 0.25), [0]), "node_4", [[1.0]], [0])


def square() -> Table:
    """An image that is dark but for a square of 2 x 2 pixels at row 1, column 3."""
    import polars as pl

    pixels = np.zeros((1, 6, 6, 1), np.float32)
    pixels[0, 1:3, 3:5] = 1
    return Table.of(pl.DataFrame({"image": pl.Series(pixels)}))


def test_covering_what_is_detected_lowers_the_score() -> None:
    made = maps(Occlusion(patch_size=(2, 2), strides=(2, 2)), detector(), square())[0, ..., 0]
    # Patches at columns 2 and 4 and rows 0 and 2 each cover one pixel of the square; half of the brightest window is left
    # or three quarters: whatever moves less.
    expected = np.zeros((6, 6))
    for top in (0, 2, 4):
        for left in (0, 2, 4):
            pixels = square().frame()["image"].to_numpy()[0, ..., 0].copy()
            pixels[top : top + 2, left : left + 2] = 0
            windows = np.lib.stride_tricks.sliding_window_view(pixels, (2, 2))
            expected[top : top + 2, left : left + 2] = 1 - windows.mean(axis=(2, 3)).max()
    np.testing.assert_allclose(made, expected, atol=1e-6)
    assert made[:4, 2:].min() > 0.2
    assert made[4:].max() == 0


@pytest.mark.parametrize("first", [False, True])
def test_each_pixel_has_the_mean_of_its_patches_and_the_last_lie_at_the_edge(first: bool) -> None:
    """Of a sum of pixels, covering takes away the sum of what is covered."""
    if first:
        network = detector(first=True)
    else:
        network = with_weights(
            chain(Input(shape=(6, 6, 1)), Flatten(), Dense(units=1, activation="linear")), "node_3", np.ones((36, 1)), [0]
        )
    table = images(3, (6, 6, 1))
    pixels = table.frame()["image"].to_numpy()[..., 0]
    for fill, value in (("value", 0.5), ("mean", 0.0)):
        made = maps(Occlusion(patch_size=(3, 2), strides=(2, 2), fill=fill, fill_value=value, batch_size=2), network, table)
        sums, counts = np.zeros_like(pixels), np.zeros((6, 6))
        filling = pixels.mean(axis=(1, 2)) if fill == "mean" else np.full(3, 0.5)
        for top in (0, 2, 3):
            for left in (0, 2, 4):
                patch = pixels[:, top : top + 3, left : left + 2] - filling[:, None, None]
                sums[:, top : top + 3, left : left + 2] += patch.sum(axis=(1, 2))[:, None, None]
                counts[top : top + 3, left : left + 2] += 1
        np.testing.assert_allclose(made[..., 0], sums / counts, rtol=1e-4, atol=1e-5)


def test_it_is_the_probability_that_falls() -> None:
    network, table = trained(classifier()), images(2)
    pixels = table.frame()["image"].to_numpy()
    model = to_keras(network)
    whole = np.asarray(model(pixels))
    number = whole.argmax(axis=1)
    dark = np.asarray(model(np.zeros_like(pixels)))
    made = maps(Occlusion(patch_size=(8, 8), strides=(1, 1)), network, table)
    expected = whole[[0, 1], number] - dark[[0, 1], number]
    np.testing.assert_allclose(made, np.broadcast_to(expected.reshape(2, 1, 1, 1), made.shape), atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "setting"),
    [({"patch_size": (9, 2)}, "patch_size"), ({"patch_size": (2, 2), "strides": (3, 2)}, "strides")],
)
def test_mistakes_of_the_patch(settings: dict[str, Any], setting: str) -> None:
    with pytest.raises(NodeError) as caught:
        configure(Occlusion(**settings), {"network": classifier(), "table": images()})
    assert caught.value.setting == setting


def test_pooling_layers_can_be_looked_at() -> None:
    network = trained(chain(Input(shape=(8, 8, 1)), MaxPooling2D(), Flatten(), Dense(units=2, activation="softmax")))
    assert maps(GradCAM(), network, images(1)).shape == (1, 8, 8, 1)
