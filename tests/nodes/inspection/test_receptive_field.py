"""Receptive fields: what a single bright pixel reaches, in networks of all kinds."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.inspection.receptive_field import ReceptiveField
from nodes.kit.inspection.receptive_fields import receptive_fields
from nodes.kit.layers.base import Layer
from nodes.kit.layers.initializers import Ones
from nodes.kit.networks.keras_model import to_keras
from nodes.layers.activations import Softmax
from nodes.layers.convolution import Conv1D, Conv2D, Conv2DTranspose, DepthwiseConv2D
from nodes.layers.cropping import Cropping2D
from nodes.layers.dense import Dense, EinsumDense
from nodes.layers.global_pooling import GlobalAveragePooling2D
from nodes.layers.image_size import CenterCrop
from nodes.layers.input import Input
from nodes.layers.locally_connected import LocallyConnected2D
from nodes.layers.merge import Add, Concatenate, Multiply
from nodes.layers.normalization import BatchNormalization, LayerNormalization
from nodes.layers.padding import ZeroPadding2D
from nodes.layers.pooling import AveragePooling2D, MaxPooling2D
from nodes.layers.reshaping import Flatten, Reshape
from nodes.layers.spectral import SpectralNormalization
from nodes.layers.upsampling import UpSampling2D
from nodes.networks.network_summary import NetworkSummary
from nodes.values.network import Network, Tensor
from tests.nodes.layers.building import add, chain, image
from tests.support import configure, run


def fields(network: Network, **chosen: Any) -> dict[str, dict[str, Any]]:
    frame = run(ReceptiveField(**chosen), {"network": network})["table"].frame()
    return {row["layer"]: row for row in frame.iter_rows(named=True)}


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.sampled_from(["valid", "same"])
ones = Ones()


@st.composite
def convolutions(draw: st.DrawFn) -> Layer:
    strides = draw(pairs)
    dilation = (1, 1) if max(strides) > 1 else draw(pairs)
    return Conv2D(
        kernel_size=draw(pairs), strides=strides, dilation_rate=dilation, padding=draw(paddings), kernel_initializer=ones
    )


some_layers = st.one_of(
    convolutions(),
    st.builds(AveragePooling2D, pool_size=pairs, strides=st.none() | pairs, padding=paddings),
    st.builds(DepthwiseConv2D, kernel_size=pairs, padding=paddings, depthwise_initializer=st.just(ones)),
    st.builds(Conv2DTranspose, kernel_size=pairs, strides=pairs, padding=paddings, kernel_initializer=st.just(ones)),
    st.builds(UpSampling2D, size=pairs, interpolation=st.sampled_from(["nearest", "bilinear"])),
    st.builds(ZeroPadding2D, padding=st.tuples(pairs, pairs)),
    st.builds(Cropping2D, cropping=st.tuples(pairs, pairs)),
)


def reached(network: Network, shape: tuple[int, int]) -> np.ndarray:
    """Which pixel (first axis) reaches which place, by bright pixels one by one: (pixels, *places)."""
    model = to_keras(network)
    bright = np.eye(shape[0] * shape[1], dtype=np.float32).reshape(-1, *shape, 1)
    found: np.ndarray = np.asarray(model(bright, training=False)).any(axis=-1)
    return found.reshape(*shape, *found.shape[1:])


def check(network: Network, shape: tuple[int, int]) -> None:
    """What was reckoned is what bright pixels reach."""
    seen = reached(network, shape)
    assume(seen.any())  # where nothing is seen along one dimension, what is reached tells nothing of the other
    axes = receptive_fields(network.spec, Tensor("input"))[network.spec.outputs[0]]
    assert not isinstance(axes, str)
    for number, axis in enumerate(axes):
        assert axis.real is not None
        assert len(axis.real) == seen.shape[2 + number]
        others = tuple(n for n in range(4) if n not in (number, 2 + number))
        lines = seen.any(axis=others)  # (pixels, places) along this dimension
        for place, (interval, outside) in enumerate(axis.real):
            there = np.flatnonzero(lines[:, place])
            assert interval == ((int(there[0]), int(there[-1])) if len(there) else None)
            # Between pixels, the edge stands for what lies beyond it.
            if not outside and not any(layer.config.get("interpolation") == "bilinear" for layer in network.spec.layers):
                assert interval == axis.at(place)


@settings(max_examples=25)
@given(st.lists(some_layers, min_size=1, max_size=4))
def test_bright_pixels_reach_what_was_reckoned(layers: list[Layer]) -> None:
    shape = (9, 8)
    network = image(*shape, 1)
    try:
        for number, layer in enumerate(layers):
            network = add(f"a{number}", layer, network)
    except NodeError:
        assume(False)
    sizes = network.spec.tensor(network.spec.outputs[0]).shape
    assume(all(n is not None and n <= 40 for n in sizes))
    check(network, shape)


@settings(max_examples=10)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 2), st.sampled_from([Add, Multiply, Concatenate]))
def test_branches_see_what_any_of_them_does(one: int, other: int, step: int, kind: type[Layer]) -> None:
    start = add("start", Conv2D(kernel_size=(2, 2), kernel_initializer=ones), image(9, 8, 1))
    left, right = (
        add(
            name,
            Conv2D(kernel_size=(size, 1), strides=(step, step), padding="same", kernel_initializer=ones, bias_initializer=ones),
            start,
        )
        for name, size in (("left", one), ("right", other))
    )
    network = add("both", kind(), left, right)
    # Biases are added everywhere: what is reached is what differs from the answer to a dark image.
    model = to_keras(network)
    bright = np.eye(72, dtype=np.float32).reshape(-1, 9, 8, 1)
    dark = np.asarray(model(np.zeros((1, 9, 8, 1), np.float32)))
    seen = (np.asarray(model(bright)) != dark).any(axis=-1).reshape(9, 8, *dark.shape[1:3])
    axes = receptive_fields(network.spec, Tensor("input"))[Tensor("both")]
    assert not isinstance(axes, str)
    for number, axis in enumerate(axes):
        assert axis.real is not None
        lines = seen.any(axis=tuple(n for n in range(4) if n not in (number, 2 + number)))
        for place, (interval, _) in enumerate(axis.real):
            there = np.flatnonzero(lines[:, place])
            assert interval == (int(there[0]), int(there[-1]))


def test_a_chain_by_hand() -> None:
    """VGG's beginning: 3, 5, 6, 10, 14, 16 pixels (Araujo et al.)."""
    convolution = Conv2D(filters=2, kernel_size=(3, 3), padding="same")
    pooling = MaxPooling2D()
    told = fields(chain(Input(shape=(32, 32, 3)), convolution, convolution, pooling, convolution, convolution, pooling))
    assert [row["height"] for row in told.values()] == [1, 3, 5, 6, 10, 14, 16]
    assert [row["width"] for row in told.values()] == [1, 3, 5, 6, 10, 14, 16]
    assert [row["jump"] for row in told.values()] == [f"{n} x {n}" for n in (1, 1, 1, 2, 2, 2, 4)]
    assert [row["start"] for row in told.values()] == [f"{n}, {n}" for n in (0, -1, -2, -2, -4, -6, -6)]
    assert told["node_4"]["center"] == "0.5, 0.5"
    assert told["node_2"]["sees padding"] == pytest.approx(1 - (30 / 32) ** 2)
    assert told["node_4"]["receptive field"] == "6 x 6"
    assert told["node_1"]["sees padding"] == 0


def test_costs_and_shapes_are_those_of_the_summary() -> None:
    network = chain(Input(shape=(8, 8, 1)), Conv2D(filters=2, kernel_size=(3, 3)), Flatten(), Dense(units=2))
    told = run(ReceptiveField(), {"network": network})
    summary = run(NetworkSummary(), {"network": network})["table"].frame()
    for column in ("layer", "class", "output shape", "parameters", "multiply-adds"):
        assert told["table"].frame()[column].to_list() == summary[column].to_list()
    assert [told["table"].frame()["sees"].to_list()] == [["window", "window", "whole input", "whole input"]]
    assert told["table"].frame()["receptive field"].to_list() == ["1 x 1", "3 x 3", "8 x 8", "8 x 8"]
    assert told["figure"].series == {"Height": [1.0, 3.0], "Width": [1.0, 3.0]}
    assert told["figure"].names == ["node_1", "node_2"]


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (BatchNormalization(), 3),
        (LayerNormalization(), 3),
        (Dense(units=2), 3),
        (Softmax(), 3),
        (EinsumDense(equation="abcd,de->abce", output_shape=(None, None, 2)), 3),
        (LocallyConnected2D(filters=2, kernel_size=(2, 2)), 4),
        (SpectralNormalization.model_validate({"layer": {"kind": "Conv2D", "filters": 1, "kernel_size": [3, 3]}}), 5),
        (CenterCrop(height=3, width=3), 3),
    ],
)
def test_layers_that_are_no_windows(layer: Layer, size: int) -> None:
    network = add("last", layer, chain(Input(shape=(9, 9, 2)), Conv2D(filters=2, kernel_size=(3, 3))))
    told = fields(network)
    assert [told[name]["height"] for name in ("node_2", "last")] == [3, size]


def test_what_is_whole_and_what_is_unknown() -> None:
    start = chain(Input(shape=(8, 8, 2)), Conv2D(filters=2, kernel_size=(3, 3), padding="same"))
    gate = add("gate", GlobalAveragePooling2D(keepdims=True), start)
    told = fields(add("excite", Multiply(), start, gate))
    assert told["gate"]["sees"] == told["excite"]["sees"] == "whole input"
    shaped = add("shape", Reshape(target_shape=(4, 16, 2)), start)
    told = fields(add("more", Conv2D(kernel_size=(2, 2)), shaped))
    assert told["shape"]["sees"] == told["more"]["sees"] == "unknown"
    assert told["more"]["height"] is None
    assert fields(add("norm", LayerNormalization(axis=(1, 2)), start))["norm"]["sees"] == "unknown"
    small = add("small", AveragePooling2D(pool_size=(2, 2), strides=(1, 1), padding="same"), start)
    apart = add("apart", UpSampling2D(), add("half", AveragePooling2D(), small))
    both = fields(add("join", Concatenate(), apart, small))
    assert both["join"]["sees"] == "window"
    assert both["apart"]["jump"] == "1 x 1"


def test_other_inputs_sequences_and_sizes_that_are_not_known() -> None:
    left, right = (add(name, Input(shape=(8, 8, 1))) for name in ("left", "right"))
    network = add("sum", Add(), add("conv", Conv2D(kernel_size=(3, 3), padding="same"), left), right)
    assert [row["sees"] for row in fields(network).values()] == ["window", "window", "not this input", "window"]
    assert fields(network, input="right")["sum"]["height"] == 1
    told = fields(chain(Input(shape=(20, 4)), Conv1D(kernel_size=3, padding="causal", dilation_rate=2)))["node_2"]
    assert (told["receptive field"], told["start"], told["height"], told["width"]) == ("5", "-4", None, 5)
    free = fields(chain(Input(shape=(None, None, 1)), Conv2D(kernel_size=(3, 3), strides=(2, 2), padding="same")))["node_2"]
    assert (free["receptive field"], free["jump"], free["start"], free["sees padding"]) == ("3 x 3", "2 x 2", None, None)
    free = fields(chain(Input(shape=(None, None, 1)), Conv2D(kernel_size=(3, 3), padding="same"), Flatten()))
    assert free["node_2"]["start"] == "-1, -1"
    assert free["node_3"]["receptive field"] == "? x ?"
    volume = fields(chain(Input.model_validate({"shape": (2, 6, 6), "data_format": "channels_first"}), MaxPooling2D()))
    assert volume["node_2"]["receptive field"] == "2 x 2"


def test_a_layer_that_is_used_twice_has_one_row() -> None:
    network = chain(Input(shape=(8, 8, 1)), Conv2D(kernel_size=(3, 3), padding="same"))
    spec = network.spec.append_call("node_2", [Tensor("node_2")], [network.spec.tensor(Tensor("node_2"))])
    assert fields(Network(spec))["node_2"]["height"] == 5


def test_no_image_no_such_input_and_nothing_heavy() -> None:
    with pytest.raises(NodeError, match="no sequences, images or volumes") as caught:
        configure(ReceptiveField(), {"network": chain(Input(shape=(4,)), Dense(units=2))})
    assert caught.value.setting == "input"
    with pytest.raises(NodeError, match="no input of the network"):
        configure(ReceptiveField(input="node_2"), {"network": chain(Input(shape=(4, 4, 1)), Flatten())})
    code = (
        "import sys; from nodes.base import Specs; from nodes.kit.inspection.receptive_fields import receptive_fields;"
        "from nodes.inspection.receptive_field import ReceptiveField; from nodes.layers.input import Input;"
        "spec = Input(shape=(4, 4, 1)).configure(Specs({}, 'a'))['network']; receptive_fields(spec, spec.inputs[0]);"
        "ReceptiveField().configure(Specs({'network': spec})); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


def test_columns_are_those_of_the_schema() -> None:
    made = run(ReceptiveField(), {"network": chain(Input(shape=(4, 4, 1)))})["table"]
    assert made.schema["sees padding"] == pl.Float64
    assert made.height == 1
