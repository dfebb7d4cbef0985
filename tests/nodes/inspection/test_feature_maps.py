"""Feature maps and learned filters: the numbers Keras computes, as images."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError, Values
from nodes.inspection.feature_maps import FeatureMaps
from nodes.inspection.learned_filters import LearnedFilters
from nodes.kit.networks.keras_model import to_keras
from nodes.layers.convolution import Conv1D, Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nodes.layers.dense import Dense
from nodes.layers.input import Input
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.inspection.seeing import classifier, images, look, trained
from tests.nodes.layers.building import add, chain
from tests.support import configure


def layer_output(network: Network, layer: str, pixels: np.ndarray) -> np.ndarray:
    model = to_keras(network)
    return np.asarray(keras.Model(model.inputs[0], model.get_layer(layer).output)(pixels))


# --------------------------------------------------------------------------------------------------------- feature maps


def test_the_maps_are_what_the_layers_put_out() -> None:
    network, table = trained(classifier(channels=3)), images(4, (8, 8, 3))
    made, warnings = look(FeatureMaps(row=3), network, table)
    frame = made["table"].frame()
    pixels = table.frame()["image"].to_numpy()[2:3]
    first, second = (layer_output(network, name, pixels)[0] for name in ("node_2", "node_4"))
    assert frame["layer"].to_list() == ["node_2"] * 4 + ["node_4"] * 3
    assert frame["channel"].to_list() == [0, 1, 2, 3, 0, 1, 2]
    assert frame["height"].to_list() == [8] * 4 + [3] * 3
    maps = frame["map"].to_numpy()
    np.testing.assert_allclose(maps[:4, ..., 0], first.transpose(2, 0, 1), rtol=1e-4, atol=1e-6)
    repeated = np.arange(8) * 3 // 8
    np.testing.assert_allclose(maps[4:, ..., 0], second[repeated][:, repeated].transpose(2, 0, 1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(frame["mean"][:4], first.mean(axis=(0, 1)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(frame["max"][4:], second.max(axis=(0, 1)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(frame["zeros"][:4], (first == 0).mean(axis=(0, 1)))
    assert not warnings


def test_figures_show_each_layer_in_its_own_size() -> None:
    network, table = trained(classifier()), images(1)
    for scaling in ("each", "layer"):
        node = FeatureMaps(scaling=scaling)
        made, _ = look(node, network, table)
        first, second = node.views(Values(made))
        assert first.images.shape == (4, 8, 8, 1)
        assert second.images.shape == (3, 3, 3, 1)
        assert first.title == "node_2: 8 x 8 x 4"
        assert list(second.captions) == ["0", "1", "2"]
        maps = made["table"].frame()["map"].to_numpy()[:4, ..., 0]
        most = maps.max(axis=(1, 2), keepdims=True) if scaling == "each" else maps.max()
        np.testing.assert_array_equal(first.images[..., 0], np.rint(maps / np.where(most > 0, most, 1) * 255))


def test_negative_values_are_darkest() -> None:
    network, table = trained(classifier()), images(1)
    node = FeatureMaps(layers=["node_4"])
    made, _ = look(node, network, table)
    maps = made["table"].frame()["map"].to_numpy()[..., 0]
    assert (maps < 0).any()
    (figure,) = node.views(Values(made))
    for one, shown in zip(maps, figure.images[..., 0], strict=True):
        low = min(one.min(), 0)
        np.testing.assert_array_equal(shown, np.rint((one - low) / (one - low).max() * 255))


def test_a_row_by_its_value_and_other_layers() -> None:
    network, table = trained(classifier()), images(4)
    node = FeatureMaps(choose="value", id_column="name", id_value="image 2", layers=["node_3", "node_2"])
    frame = look(node, network, table)[0]["table"].frame()
    other = look(FeatureMaps(row=3, layers=["node_3", "node_2"]), network, table)[0]["table"].frame()
    assert frame.equals(other)
    assert frame["layer"].unique(maintain_order=True).to_list() == ["node_3", "node_2"]


def test_sequences_channels_first_two_inputs_and_untrained() -> None:
    sequence = chain(Input(shape=(6, 2)), Conv1D(filters=3, kernel_size=2))
    table = Table.of(pl.DataFrame({"s": pl.Series(np.random.default_rng(0).random((1, 6, 2), np.float32))}))
    made, warnings = look(FeatureMaps(), sequence, table)
    assert made["table"].frame()["map"].to_numpy().shape == (3, 1, 5, 1)
    assert "have not been trained" in warnings[0]
    first = chain(Input.model_validate({"shape": (2, 4, 5), "data_format": "channels_first"}))
    made, _ = look(FeatureMaps(layers=["node_1"]), first, images(1, (4, 5, 2)))
    np.testing.assert_array_equal(
        made["table"].frame()["map"].to_numpy()[..., 0], images(1, (4, 5, 2)).frame()["image"].to_numpy()[0].transpose(2, 0, 1)
    )


@pytest.mark.parametrize(
    ("settings", "rows", "setting"),
    [
        ({"row": 6}, 5, "row"),
        ({}, 0, "row"),
        ({"choose": "value"}, 5, "id_column"),
        ({"choose": "value", "id_column": "name", "id_value": "nobody"}, 5, "id_value"),
        ({"layers": ["node_6"]}, 5, "layers"),
        ({"layers": ["nothing"]}, 5, "layers"),
        ({"inputs": [{"columns": ["number"]}]}, 5, "inputs.0.columns"),
    ],
)
def test_mistakes_name_their_setting(settings: dict[str, Any], rows: int, setting: str) -> None:
    with pytest.raises(NodeError) as caught:
        look(FeatureMaps(**settings), classifier(), images(rows))
    assert caught.value.setting == setting


def test_a_network_without_convolutions_or_a_table_without_images() -> None:
    with pytest.raises(NodeError, match="no convolution layer"):
        configure(FeatureMaps(), {"network": chain(Input(shape=(8, 8, 1)), Dense(units=1)), "table": images()})
    with pytest.raises(NodeError, match="no column of the table fits"):
        configure(FeatureMaps(), {"network": classifier(), "table": Table.of(images().frame().drop("image"))})


# ------------------------------------------------------------------------------------------------------ learned filters


def kernels(node: LearnedFilters, network: Network, table: Table | None = None) -> np.ndarray:
    return look(node, network, table)[0]["kernels"].frame()["kernel"].to_numpy()


def test_kernels_in_colour_and_their_means() -> None:
    network = trained(classifier(channels=3))
    first, deeper = network.weights["node_2"][0], network.weights["node_4"][0]
    made = kernels(LearnedFilters(), network)
    np.testing.assert_array_equal(made, first.transpose(3, 0, 1, 2))
    mean = first.mean(axis=2).transpose(2, 0, 1)[..., None]
    np.testing.assert_allclose(kernels(LearnedFilters(channels="mean"), network), mean, rtol=1e-5, atol=1e-7)
    one = LearnedFilters(layer="node_4", channels="one", channel=3)
    np.testing.assert_array_equal(kernels(one, network), deeper[:, :, 3:4].transpose(3, 0, 1, 2))
    every = LearnedFilters(layer="node_4", channels="all")
    np.testing.assert_array_equal(kernels(every, network), deeper.transpose(3, 0, 1, 2))
    told = look(every, network)[0]["kernels"].frame()
    np.testing.assert_allclose(told["norm"], np.sqrt((deeper**2).sum(axis=(0, 1, 2))), rtol=1e-6)
    assert told["filter"].to_list() == [0, 1, 2]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (DepthwiseConv2D(kernel_size=(2, 3), depth_multiplier=2), (4, 2, 3, 1)),
        (SeparableConv2D(filters=5, kernel_size=(2, 3)), (2, 2, 3, 1)),
        (Conv2DTranspose(filters=5, kernel_size=(2, 3)), (5, 2, 3, 1)),
    ],
)
def test_kernels_of_other_convolutions(layer: Any, expected: tuple[int, ...]) -> None:
    network = trained(chain(Input(shape=(6, 6, 2)), layer))
    weight = network.weights["node_2"][0]
    made = kernels(LearnedFilters(), network)
    assert made.shape == expected
    if isinstance(layer, Conv2DTranspose):
        np.testing.assert_allclose(made[1, ..., 0], weight[:, :, 1].mean(axis=-1), rtol=1e-5, atol=1e-7)
    else:
        np.testing.assert_array_equal(made[1, ..., 0], weight.reshape(2, 3, -1)[..., 1])


def test_figures_of_kernels() -> None:
    network = trained(classifier())
    for scaling in ("each", "layer"):
        figure = look(LearnedFilters(scaling=scaling), network)[0]["figure"]
        weight = network.weights["node_2"][0].transpose(3, 0, 1, 2)
        axes = (1, 2, 3) if scaling == "each" else None
        low, high = weight.min(axis=axes, keepdims=True), weight.max(axis=axes, keepdims=True)
        np.testing.assert_array_equal(figure.images, np.rint((weight - low) / (high - low) * 255))


def test_the_rows_that_filters_answer_to_most() -> None:
    network, table = trained(classifier()), images(7)
    node = LearnedFilters(layer="node_4", top=3, batch_size=2)
    made, _ = look(node, network, table)
    strongest = layer_output(network, "node_4", table.frame()["image"].to_numpy()).max(axis=(1, 2))
    frame = made["examples"].frame()
    assert frame.columns == ["filter", "rank", "row number", "activation", *table.columns]
    assert made["examples"].classes == table.classes
    for number in range(3):
        order = np.argsort(-strongest[:, number])[:3]
        found = frame.filter(pl.col("filter") == number)
        assert found["row number"].to_list() == (order + 1).tolist()
        assert found["rank"].to_list() == [1, 2, 3]
        np.testing.assert_allclose(found["activation"], strongest[order, number], rtol=1e-4)
        assert found["name"].to_list() == [f"image {row}" for row in order]
    figures = node.views(Values(made))
    assert [figure.title for figure in figures[1:]] == [f"What filter {n} answers to" for n in range(3)]


def test_few_rows_no_rows_and_untrained() -> None:
    node = LearnedFilters(top=9)
    assert look(node, trained(classifier()), images(2))[0]["examples"].height == 8
    made, _ = look(node, trained(classifier()), images(0))
    assert made["examples"].height == 0
    assert len(node.views(Values(made))) == 1
    made, warnings = look(LearnedFilters(), classifier())
    np.testing.assert_array_equal(
        made["kernels"].frame()["kernel"].to_numpy(), trained(classifier(), seed=0).weights["node_2"][0].transpose(3, 0, 1, 2)
    )
    assert "has not been trained" in warnings[0]


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"layer": "node_6"}, "layer"),
        ({"layer": "nothing"}, "layer"),
        ({"channels": "one", "channel": 1}, "channel"),
        ({"inputs": [{"columns": ["number"]}]}, "inputs.0.columns"),
    ],
)
def test_mistakes_in_filters_name_their_setting(settings: dict[str, Any], setting: str) -> None:
    with pytest.raises(NodeError) as caught:
        configure(LearnedFilters(**settings), {"network": classifier(), "table": images()})
    assert caught.value.setting == setting


def test_no_convolution_and_a_column_that_is_there() -> None:
    with pytest.raises(NodeError, match="no convolution layer"):
        configure(LearnedFilters(), {"network": chain(Input(shape=(8, 8, 1)), Dense(units=1))})
    table = Table.of(images().frame().rename({"name": "rank"}))
    with pytest.raises(NodeError, match="'rank' already"):
        configure(LearnedFilters(), {"network": classifier(), "table": table})


def test_a_shared_layer_is_looked_at_where_it_is_first_used() -> None:
    network = trained(add("more", Conv2D(filters=1, kernel_size=(1, 1)), classifier_head()))
    assert kernels(LearnedFilters(layer="more"), network).shape == (1, 1, 1, 1)


def classifier_head() -> Network:
    return chain(Input(shape=(4, 4, 1)), Conv2D(filters=2, kernel_size=(2, 2)))
