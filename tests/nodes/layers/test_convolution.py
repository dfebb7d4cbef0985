"""Convolution, pooling, cropping, upsampling and zero-padding: the results are those of Keras called by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from absl import logging
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import NodeError, Specs
from nodes.kit.layers.base import Layer
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers.adaptive_pooling import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
)
from nodes.layers.convolution import (
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)
from nodes.layers.cropping import Cropping1D, Cropping2D, Cropping3D
from nodes.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)
from nodes.layers.padding import ZeroPadding1D, ZeroPadding2D, ZeroPadding3D
from nodes.layers.pooling import AveragePooling1D, AveragePooling2D, AveragePooling3D, MaxPooling1D, MaxPooling2D, MaxPooling3D
from nodes.layers.upsampling import UpSampling1D, UpSampling2D, UpSampling3D
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network, TensorSpec
from tests.nodes.layers.building import add, chain, image
from tests.support import run

SEQUENCE, IMAGE, VOLUME = (7, 2), (6, 5, 2), (4, 5, 3, 2)

BY_HAND: list[tuple[Layer, Callable[[Any], Any], tuple[int, ...]]] = [
    (
        Conv1D(filters=4, kernel_size=3, padding="causal", dilation_rate=2, activation="tanh"),
        lambda k: k.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="tanh"),
        SEQUENCE,
    ),
    (
        Conv2D(filters=3, kernel_size=(3, 2), strides=(2, 1), padding="same", use_bias=False),
        lambda k: k.Conv2D(3, (3, 2), (2, 1), "same", use_bias=False),
        IMAGE,
    ),
    (Conv3D(filters=3, kernel_size=(2, 3, 1), strides=(1, 2, 1)), lambda k: k.Conv3D(3, (2, 3, 1), (1, 2, 1)), VOLUME),
    (Conv3D(filters=2, kernel_size=(2, 2, 2), padding="same"), lambda k: k.Conv3D(2, 2, padding="same"), VOLUME),
    (
        Conv1DTranspose(filters=3, kernel_size=4, strides=3, output_padding=1),
        lambda k: k.Conv1DTranspose(3, 4, 3, output_padding=1),
        SEQUENCE,
    ),
    (
        Conv2DTranspose(filters=3, kernel_size=(3, 2), strides=(2, 3), padding="same", activation="relu"),
        lambda k: k.Conv2DTranspose(3, (3, 2), (2, 3), padding="same", activation="relu"),
        IMAGE,
    ),
    (
        Conv2DTranspose(filters=1, kernel_size=(3, 3), strides=(2, 2), padding="same", output_padding=(0, 1)),
        lambda k: k.Conv2DTranspose(1, 3, 2, padding="same", output_padding=(0, 1)),
        IMAGE,
    ),
    (
        Conv3DTranspose(filters=2, kernel_size=(2, 1, 2), strides=(2, 1, 3)),
        lambda k: k.Conv3DTranspose(2, (2, 1, 2), (2, 1, 3)),
        VOLUME,
    ),
    (
        DepthwiseConv1D(kernel_size=2, strides=2, depth_multiplier=3, dilation_rate=2),
        lambda k: k.DepthwiseConv1D(2, 2, depth_multiplier=3, dilation_rate=2),
        SEQUENCE,
    ),
    (
        DepthwiseConv2D(kernel_size=(2, 3), depth_multiplier=2, padding="same"),
        lambda k: k.DepthwiseConv2D((2, 3), depth_multiplier=2, padding="same"),
        IMAGE,
    ),
    (
        SeparableConv1D(filters=3, kernel_size=2, depth_multiplier=2, padding="same", activation="elu"),
        lambda k: k.SeparableConv1D(3, 2, depth_multiplier=2, padding="same", activation="elu"),
        SEQUENCE,
    ),
    (SeparableConv2D(filters=3, kernel_size=(2, 2), strides=(2, 2)), lambda k: k.SeparableConv2D(3, 2, 2), IMAGE),
    (ZeroPadding1D(padding=(0, 3)), lambda k: k.ZeroPadding1D((0, 3)), SEQUENCE),
    (ZeroPadding2D(padding=((1, 0), (2, 3))), lambda k: k.ZeroPadding2D(((1, 0), (2, 3))), IMAGE),
    (ZeroPadding3D(padding=((1, 0), (0, 2), (0, 0))), lambda k: k.ZeroPadding3D(((1, 0), (0, 2), (0, 0))), VOLUME),
    (Cropping1D(cropping=(2, 1)), lambda k: k.Cropping1D((2, 1)), SEQUENCE),
    (Cropping2D(cropping=((1, 0), (2, 1))), lambda k: k.Cropping2D(((1, 0), (2, 1))), IMAGE),
    (Cropping3D(cropping=((1, 0), (2, 1), (0, 0))), lambda k: k.Cropping3D(((1, 0), (2, 1), (0, 0))), VOLUME),
    (UpSampling1D(size=3), lambda k: k.UpSampling1D(3), SEQUENCE),
    (UpSampling2D(size=(2, 1)), lambda k: k.UpSampling2D((2, 1)), IMAGE),
    (UpSampling2D(interpolation="bicubic"), lambda k: k.UpSampling2D(interpolation="bicubic"), IMAGE),
    (UpSampling3D(size=(1, 2, 3)), lambda k: k.UpSampling3D((1, 2, 3)), VOLUME),
    (MaxPooling1D(pool_size=3, padding="same"), lambda k: k.MaxPooling1D(3, padding="same"), SEQUENCE),
    (MaxPooling2D(pool_size=(3, 2), strides=(1, 2)), lambda k: k.MaxPooling2D((3, 2), (1, 2)), IMAGE),
    (MaxPooling3D(pool_size=(1, 2, 3)), lambda k: k.MaxPooling3D((1, 2, 3)), VOLUME),
    (AveragePooling1D(pool_size=2, strides=1), lambda k: k.AveragePooling1D(2, 1), SEQUENCE),
    (AveragePooling2D(pool_size=(4, 4), padding="same"), lambda k: k.AveragePooling2D(4, padding="same"), IMAGE),
    (AveragePooling3D(), lambda k: k.AveragePooling3D(2), VOLUME),
    (GlobalMaxPooling1D(), lambda k: k.GlobalMaxPooling1D(), SEQUENCE),
    (GlobalMaxPooling2D(keepdims=True), lambda k: k.GlobalMaxPooling2D(keepdims=True), IMAGE),
    (GlobalMaxPooling3D(), lambda k: k.GlobalMaxPooling3D(), VOLUME),
    (GlobalAveragePooling1D(keepdims=True), lambda k: k.GlobalAveragePooling1D(keepdims=True), SEQUENCE),
    (GlobalAveragePooling2D(), lambda k: k.GlobalAveragePooling2D(), IMAGE),
    (GlobalAveragePooling3D(keepdims=True), lambda k: k.GlobalAveragePooling3D(keepdims=True), VOLUME),
    (AdaptiveMaxPooling1D(output_size=3), lambda k: k.AdaptiveMaxPooling1D(3), SEQUENCE),
    (AdaptiveMaxPooling2D(output_size=(4, 2)), lambda k: k.AdaptiveMaxPooling2D((4, 2)), IMAGE),
    (AdaptiveMaxPooling3D(output_size=(2, 2, 2)), lambda k: k.AdaptiveMaxPooling3D(2), VOLUME),
    (AdaptiveAveragePooling1D(output_size=9), lambda k: k.AdaptiveAveragePooling1D(9), SEQUENCE),
    (AdaptiveAveragePooling2D(output_size=(4, 2)), lambda k: k.AdaptiveAveragePooling2D((4, 2)), IMAGE),
    (AdaptiveAveragePooling3D(output_size=(2, 2, 3)), lambda k: k.AdaptiveAveragePooling3D((2, 2, 3)), VOLUME),
]  # fmt: skip
cases = pytest.mark.parametrize(("layer", "by_hand", "shape"), BY_HAND, ids=[f"{n}-{x[0].kind}" for n, x in enumerate(BY_HAND)])


def numbers(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)


@cases
def test_the_result_is_that_of_keras_by_hand(layer: Layer, by_hand: Callable[[Any], Any], shape: tuple[int, ...]):
    network = add("layer", layer, image(*shape))
    model = to_keras(network, seed=3)
    keras_layer = by_hand(import_keras().layers)
    keras_layer.build((None, *shape))
    keras_layer.set_weights(model.get_layer("layer").get_weights())
    given = numbers(shape)
    expected = np.asarray(keras_layer(given))

    assert network.spec.tensor(network.spec.outputs[0]).shape == expected.shape[1:]
    np.testing.assert_array_equal(np.asarray(model(given)), expected)


@cases
def test_what_keras_stores_of_the_layer_is_read_back(layer: Layer, by_hand: Callable[[Any], Any], shape: tuple[int, ...]):
    config = by_hand(import_keras().layers).get_config()

    read = type(layer).from_config(config, "layer")
    window = {} if getattr(layer, "strides", 0) is not None else {"strides": getattr(layer, "pool_size")}  # noqa: B009
    assert read == layer.model_copy(update=window)
    assert type(layer).from_config(layer.to_config(True), "layer") == layer


def test_files_of_networks_with_these_layers_are_read(tmp_path: Path):
    branches = {
        1: (SEQUENCE, [ZeroPadding1D(), Conv1DTranspose(filters=2, kernel_size=2), SeparableConv1D(filters=2), DepthwiseConv1D(),
            Cropping1D(), UpSampling1D(), MaxPooling1D(strides=2), AveragePooling1D(strides=1), AdaptiveMaxPooling1D()]),
        2: (IMAGE, [Conv2DTranspose(filters=2, kernel_size=(2, 2)), UpSampling2D(interpolation="bilinear"), Cropping2D(),
            AdaptiveAveragePooling2D(output_size=(2, 2)), GlobalMaxPooling2D(keepdims=True)]),
        3: (VOLUME, [ZeroPadding3D(), Conv3D(filters=2), Conv3DTranspose(), UpSampling3D(), Cropping3D(),
            MaxPooling3D(strides=(1, 1, 1)), AveragePooling3D(strides=(2, 1, 2)), GlobalAveragePooling3D()]),
    }  # fmt: skip
    for number, (shape, layers) in branches.items():
        network = image(*shape)
        for n, layer in enumerate(layers):
            network = add(f"layer_{n}", layer, network)
        model = to_keras(network, seed=1)
        given = numbers(shape)
        for ending in (".keras", ".h5") if number == 1 else (".keras",):
            path = tmp_path / f"{number}{ending}"
            logging.set_verbosity(logging.ERROR)  # Keras advises against .h5
            model.save(path)
            read = run(NetworkReader(path=str(path)))["network"]
            assert isinstance(read, Network)
            assert [(layer.kind, layer.config, layer.weights) for layer in read.spec.layers[1:]] == [
                (layer.kind, layer.config, layer.weights) for layer in network.spec.layers[1:]
            ]
            np.testing.assert_array_equal(np.asarray(to_keras(read)(given)), np.asarray(model(given)))


def test_what_keras_2_wrote_without_using_it_is_left_out():
    assert Conv2DTranspose.from_config({"filters": 2, "kernel_size": [3, 3], "groups": 1}, "t") == Conv2DTranspose(
        filters=2, kernel_size=(3, 3)
    )
    config = {"filters": 2, "kernel_size": [3], "strides": [2], "groups": 1, "kernel_initializer": None}
    assert SeparableConv1D.from_config(config, "s") == SeparableConv1D(filters=2, kernel_size=3, strides=2)


# ------------------------------------------------------------------------------------------------------------------ shapes


@pytest.mark.parametrize(
    "layer",
    [Conv3D(filters=3, kernel_size=(2, 2, 2)), Conv3DTranspose(filters=3, kernel_size=(2, 2, 2)), ZeroPadding3D(), MaxPooling3D(),
     Cropping3D(cropping=((1, 0), (0, 2), (0, 0))), UpSampling3D(), AdaptiveMaxPooling3D(output_size=(2, 3, 4)),
     GlobalMaxPooling3D(keepdims=True)],
    ids=lambda layer: layer.kind,
)  # fmt: skip
def test_channels_first_is_the_same_with_the_channels_moved(layer: Layer):
    last = layer.infer([TensorSpec((4, 6, 5, 2))], False)
    first = layer.infer([TensorSpec((2, 4, 6, 5))], True)

    assert first.outputs[0].shape == (last.outputs[0].shape[-1], *last.outputs[0].shape[:-1])
    assert first.weights == last.weights
    assert layer.to_config(True)["data_format"] == "channels_first"


@pytest.mark.parametrize(
    ("layers", "shape", "parameters"),
    [
        ((DepthwiseConv2D(kernel_size=(3, 3), padding="same"),), (28, 28, 16), 160),
        ((Conv2D(filters=16, kernel_size=(3, 3), padding="same"),), (28, 28, 16), 2320),
        ((SeparableConv1D(filters=64, kernel_size=5),), (128, 32), 2272),
        ((Conv1D(filters=64, kernel_size=5),), (128, 32), 10304),
        ((SeparableConv2D(filters=64, kernel_size=(3, 3)),), (28, 28, 32), 2400),
        ((Conv2D(filters=64, kernel_size=(3, 3)),), (28, 28, 32), 18496),
    ],
)
def test_the_numbers_of_weights_that_the_help_texts_give(layers: tuple[Layer, ...], shape: tuple[int, ...], parameters: int):
    network = image(*shape)
    for n, layer in enumerate(layers):
        network = add(f"layer_{n}", layer, network)
    assert network.spec.parameters == parameters


def test_sizes_left_open_stay_open():
    layers = (ZeroPadding2D(), Conv2DTranspose(filters=3, strides=(2, 2)), Cropping2D(), UpSampling2D(), AveragePooling2D())
    network = image(None, 8, 1)
    for n, layer in enumerate(layers):
        network = add(f"layer_{n}", layer, network)

    assert [call.outputs[0].shape for call in network.spec.calls[1:]] == [
        (None, 10, 1), (None, 20, 3), (None, 20, 3), (None, 40, 3), (None, 20, 3)
    ]  # fmt: skip


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint32", "bool"])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [(Cropping1D(), SEQUENCE), (UpSampling1D(), SEQUENCE), (ZeroPadding3D(), VOLUME), (UpSampling2D(), IMAGE),
     (UpSampling2D(interpolation="lanczos3"), IMAGE), (MaxPooling1D(), SEQUENCE), (AdaptiveMaxPooling2D(), IMAGE),
     (GlobalMaxPooling3D(), VOLUME), (GlobalAveragePooling1D(dtype="float64"), SEQUENCE), (MaxPooling3D(), VOLUME)],
    ids=lambda value: value.kind if isinstance(value, Layer) else "",
)  # fmt: skip
def test_the_type_of_numbers_that_is_announced_comes_out(layer: Layer, shape: tuple[int, ...], dtype: str):
    keras = import_keras()
    try:
        announced = layer.infer([TensorSpec(shape, dtype)], False).outputs[0].dtype
    except NodeError as error:
        assert "float32" in error.remedy
        with pytest.raises(Exception):  # noqa: B017 - Keras and TensorFlow have no common error
            getattr(keras.layers, layer.kind)(**layer.to_config(False))(np.ones((1, *shape), dtype))
        return
    made = getattr(keras.layers, layer.kind)(**layer.to_config(False))(np.ones((1, *shape), dtype))
    assert made.dtype.name == announced


# ---------------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("shape", "layer", "message", "setting"),
    [
        ((4, 4, 4), Conv3D(), r"works on volumes \(depth, height, width, channels\), but gets 4 x 4 x 4", None),
        (VOLUME, Conv3D(kernel_size=(1, 1, 4)), "window of 1 x 1 x 4 is larger than its input of 4 x 5 x 3", "kernel_size"),
        (VOLUME, Conv3D(strides=(1, 2, 1), dilation_rate=(1, 1, 2)), "both above 1", "dilation_rate"),
        ((5, 4, 1), Conv2D(kernel_size=(1, 3), strides=(1, 2)), "computes wrong values", "strides"),
        ((5, 2, 1), Conv2D(strides=(1, 2), padding="same"), "computes wrong values", "strides"),
        ((5, 4, 3), Conv2D(kernel_size=(1, 3), strides=(1, 2), dtype="mixed_bfloat16"), "computes wrong values", "strides"),
        ((2, 5, 4, 1), Conv3D(kernel_size=(1, 1, 3), strides=(1, 1, 2)), "computes wrong values", "strides"),
        (SEQUENCE, Conv1D(kernel_size=4, dilation_rate=3), "window of 10 is larger", "kernel_size"),
        (SEQUENCE, SeparableConv1D(kernel_size=8), "window of 8 is larger", "kernel_size"),
        (SEQUENCE, MaxPooling1D(pool_size=8), "window of 8 is larger", "pool_size"),
        (SEQUENCE, Conv1DTranspose(strides=2, dilation_rate=2), "both above 1", "dilation_rate"),
        (SEQUENCE, Conv1DTranspose(dilation_rate=2, dtype="float64"), "in float64 on most machines", "dilation_rate"),
        (SEQUENCE, Conv1DTranspose(strides=2, output_padding=2), "not below the stride of 2", "output_padding"),
        (IMAGE, Conv2DTranspose(kernel_size=(2, 2), padding="same", output_padding=(0, 0)), "cannot compute", "output_padding"),
        ((6, 5, None), Conv2DTranspose(), "number of channels must be known", None),
        (SEQUENCE, Cropping1D(cropping=(3, 4)), "Nothing is left of 7 when 3 and 4 are cut off", "cropping"),
        (IMAGE, Cropping2D(cropping=((0, 0), (5, 0))), "Nothing is left of 5", "cropping"),
        ((None, 2), AdaptiveMaxPooling1D(), "must be known", None),
        (IMAGE, AdaptiveMaxPooling2D(output_size=(3, 1)), "fails to pool 6 x 5 adaptively to 3 x 1", "output_size"),
        ((1, 2), AdaptiveAveragePooling1D(), "fails to pool 1 adaptively to 2", "output_size"),
        (VOLUME, AveragePooling3D(dtype="float64"), "cannot pool volumes of float64 on most machines", "dtype"),
        (VOLUME, AdaptiveMaxPooling3D(dtype="mixed_float16"), "cannot pool volumes of float16", "dtype"),
        (IMAGE, UpSampling1D(), "works on sequences", None),
    ],
)
def test_mistakes_are_found_before_anything_runs(shape: tuple[int | None, ...], layer: Layer, message: str, setting: str | None):
    with pytest.raises(NodeError, match=message) as caught:
        add("layer", layer, image(*shape))

    assert caught.value.remedy
    assert caught.value.setting == setting


@given(
    size=st.tuples(st.integers(1, 6), st.integers(1, 7)),
    window=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    channels=st.sampled_from([1, 2, 3]),
    padding=st.sampled_from(["valid", "same"]),
)
def test_what_is_not_refused_tensorflow_computes_as_numpy_does(
    size: tuple[int, int], window: tuple[int, int], strides: tuple[int, int], channels: int, padding: str
):
    layer = Conv2D(filters=2, kernel_size=window, strides=strides, padding=padding)
    try:
        layer.infer([TensorSpec((*size, channels))], False)
    except NodeError:
        return
    draw = np.random.default_rng(0)
    images = draw.normal(size=(2, *size, channels)).astype("float32")
    made = import_keras().layers.Conv2D(**layer.to_config(False))
    got = np.asarray(made(images))
    kernel = np.asarray(made.get_weights()[0], "float64")
    missing = [
        max((-(-n // s) - 1) * s + k - n, 0) if padding == "same" else 0 for n, s, k in zip(size, strides, window, strict=True)
    ]
    padded = np.pad(images.astype("float64"), [(0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0)])
    seen = np.lib.stride_tricks.sliding_window_view(padded, window, (1, 2))[:, :: strides[0], :: strides[1]]
    np.testing.assert_allclose(got, np.einsum("bhwcij,ijcf->bhwf", seen, kernel), atol=1e-4)


@pytest.mark.parametrize("layer", [Cropping1D(), UpSampling1D()])
def test_sequences_with_the_channels_first_are_refused_where_keras_knows_no_data_format(layer: Layer):
    with pytest.raises(NodeError, match="there the channels come first"):
        add("layer", layer, image(2, 7, data_format="channels_first"))


def test_a_dilated_transposed_convolution_is_warned_of_as_it_does_not_run_everywhere():
    specs = Specs({"network": image(*IMAGE).spec}, "layer")
    Conv2DTranspose(dilation_rate=(1, 2)).configure(specs)

    assert "graphics cards" in specs.warnings[0]


def test_masked_steps_do_not_count_in_the_mean_of_a_sequence():
    from nodes.layers.core import Masking
    from nodes.layers.input import Input

    model = to_keras(chain(Input(shape=(3, 1)), Masking(), GlobalAveragePooling1D()))
    assert np.asarray(model(np.float32([[[3], [5], [0]]]))).tolist() == [[4.0]]
