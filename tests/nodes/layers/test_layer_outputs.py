"""What layers compute is what Keras computes, called by hand; and the mistakes that only some of them know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from nodes.base import Cancelled, NodeError, Specs, Values
from nodes.declaration.mistakes import in_one_line
from nodes.kit.layers import initializers
from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import layer_class
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers import (
    activations,
    augmentation,
    color_augmentation,
    core,
    dense,
    encodings,
    geometric_augmentation,
    image_size,
    merge,
    noise,
    normalization,
    reshaping,
    scaling,
    spectral,
    spectrograms,
)
from nodes.layers.input import Input
from nodes.values.network import Network
from nodes.values.table import Table
from tests.nodes.layers.building import add, chain, image
from tests.support import RecordingJob

RNG = np.random.default_rng(7)
ROW = RNG.normal(size=(4, 6)).astype("float32")
STEPS = RNG.normal(size=(4, 5, 3)).astype("float32")
IMAGES = (RNG.random(size=(3, 9, 12, 3)) * 255).astype("float32")
CODES = np.array([[0, 2, 2], [1, 1, 0]], "int32")


def computed(layer: Layer, *given: np.ndarray[Any, Any], training: bool = False, seed: int = 3) -> np.ndarray[Any, Any]:
    """What the network of one layer makes of arrays, built as every node builds it."""
    inputs = [add(f"in_{n}", Input(shape=a.shape[1:], dtype=a.dtype.name)) for n, a in enumerate(given)]
    model = to_keras(add("layer", layer, *inputs), seed)
    return np.asarray(model(given[0] if len(given) == 1 else list(given), training=training))


def by_hand(
    name: str, arguments: Mapping[str, Any], *given: np.ndarray[Any, Any], training: bool = False
) -> np.ndarray[Any, Any]:
    keras = import_keras()
    keras.utils.set_random_seed(3)
    layer = getattr(keras.layers, name)(**arguments)
    tensors = [keras.Input(a.shape[1:], dtype=a.dtype.name) for a in given]
    model = keras.Model(tensors, layer(tensors[0] if len(tensors) == 1 else tensors))
    return np.asarray(model(list(given), training=training))


SAME: list[tuple[Layer, str, dict[str, Any], tuple[np.ndarray[Any, Any], ...]]] = [
    (reshaping.Permute(dims=(2, 1)), "Permute", {"dims": (2, 1)}, (STEPS,)),
    (reshaping.RepeatVector(n=3), "RepeatVector", {"n": 3}, (ROW,)),
    (core.Masking(mask_value=1.0), "Masking", {"mask_value": 1.0}, (np.ones((2, 3, 2), "float32"),)),
    (core.Identity(), "Identity", {}, (ROW,)),
    (
        dense.EinsumDense(equation="abc,cd->abd", output_shape=(None, 4), bias_axes="d", activation="tanh",
                         kernel_initializer=initializers.GlorotUniform(seed=1)),
        "EinsumDense",
        {"equation": "abc,cd->abd", "output_shape": (None, 4), "bias_axes": "d", "activation": "tanh",
         "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": 1}}},
        (STEPS,),
    ),
    (merge.Minimum(), "Minimum", {}, (ROW, -ROW)),
    (merge.Dot(axes=(1, 1)), "Dot", {"axes": 1}, (STEPS, STEPS[:, :, :2])),
    (merge.Dot(cosine=True), "Dot", {"axes": -1, "normalize": True}, (ROW, ROW[::-1].copy())),
    (activations.ELU(alpha=0.5), "ELU", {"alpha": 0.5}, (ROW,)),
    (activations.ThresholdedReLU(theta=0.5), "ReLU", {"threshold": 0.5}, (ROW,)),
    (
        activations.PReLU(alpha_initializer=initializers.ConstantInitializer(value=0.25), shared_axes=(1,)), "PReLU",
        {"alpha_initializer": {"class_name": "Constant", "config": {"value": 0.25}}, "shared_axes": [1]}, (STEPS,),
    ),
    (normalization.LayerNormalization(axis=(1, 2)), "LayerNormalization", {"axis": [1, 2]}, (STEPS,)),
    (normalization.GroupNormalization(groups=-1), "GroupNormalization", {"groups": -1}, (IMAGES,)),
    (normalization.RMSNormalization(), "RMSNormalization", {}, (STEPS,)),
    (normalization.UnitNormalization(axis=(1, 2)), "UnitNormalization", {"axis": [1, 2]}, (STEPS,)),
    (scaling.Rescaling(scale=(2.0,), offset=(1.0, 2.0, 3.0)), "Rescaling", {"scale": 2.0, "offset": [1, 2, 3]}, (IMAGES,)),
    (scaling.Rescaling(scale=0.5, offset=[1.0]), "Rescaling", {"scale": 0.5, "offset": 1.0}, (IMAGES,)),
    (scaling.Normalization(mean=(1.0,), variance=(4.0,)), "Normalization", {"mean": 1.0, "variance": 4.0}, (ROW,)),
    (
        scaling.Normalization(mean=(1.0, 2.0, 3.0), variance=(4.0, 1.0, 9.0), invert=True), "Normalization",
        {"mean": [1.0, 2.0, 3.0], "variance": [4.0, 1.0, 9.0], "invert": True}, (STEPS,),
    ),
    (encodings.CategoryEncoding(num_tokens=3, output_mode="count"), "CategoryEncoding",
     {"num_tokens": 3, "output_mode": "count"}, (CODES,)),
    (encodings.Discretization(bin_boundaries=(-1.0, 0.5)), "Discretization", {"bin_boundaries": [-1.0, 0.5]}, (ROW,)),
    (encodings.IntegerLookup(vocabulary=(2, 1)), "IntegerLookup", {"vocabulary": [2, 1]}, (CODES,)),
    (encodings.Hashing(num_bins=5, salt=(1, 2)), "Hashing", {"num_bins": 5, "salt": [1, 2]}, (CODES,)),
    (encodings.HashedCrossing(num_bins=4, output_mode="one_hot"), "HashedCrossing",
     {"num_bins": 4, "output_mode": "one_hot"}, (CODES[:, :1], CODES[:, 1:2])),
    (
        spectrograms.MelSpectrogram(fft_length=32, sequence_stride=8, num_mel_bins=6), "MelSpectrogram",
        {"fft_length": 32, "sequence_stride": 8, "num_mel_bins": 6}, (RNG.normal(size=(2, 64)).astype("float32"),),
    ),
    (
        spectrograms.STFTSpectrogram(frame_length=8, mode="stft", scaling="none"), "STFTSpectrogram",
        {"frame_length": 8, "mode": "stft", "scaling": None}, (RNG.normal(size=(2, 40, 1)).astype("float32"),),
    ),
    (image_size.Resizing(height=4, width=5, pad_to_aspect_ratio=True, fill_value=9.0), "Resizing",
     {"height": 4, "width": 5, "pad_to_aspect_ratio": True, "fill_value": 9.0}, (IMAGES,)),
    (image_size.CenterCrop(height=4, width=5), "CenterCrop", {"height": 4, "width": 5}, (IMAGES,)),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "name", "arguments", "given"), SAME, ids=[f"{n}-{case[1]}" for n, case in enumerate(SAME)])
def test_layers_compute_what_keras_computes(layer: Layer, name: str, arguments: dict[str, Any], given: Any) -> None:
    ours, theirs = computed(layer, *given), by_hand(name, arguments, *given)

    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


RANDOM: list[tuple[Layer, str, dict[str, Any], np.ndarray[Any, Any]]] = [
    (noise.GaussianNoise(stddev=0.5, seed=1), "GaussianNoise", {"stddev": 0.5, "seed": 1}, ROW),
    (noise.GaussianDropout(rate=0.5, seed=1), "GaussianDropout", {"rate": 0.5, "seed": 1}, ROW),
    (noise.AlphaDropout(rate=0.5, seed=1), "AlphaDropout", {"rate": 0.5, "seed": 1}, ROW),
    (noise.SpatialDropout1D(rate=0.5, seed=1), "SpatialDropout1D", {"rate": 0.5, "seed": 1}, STEPS),
    (noise.SpatialDropout2D(rate=0.5, seed=1), "SpatialDropout2D", {"rate": 0.5, "seed": 1}, IMAGES),
    (noise.SpatialDropout3D(rate=0.5, seed=1), "SpatialDropout3D", {"rate": 0.5, "seed": 1}, IMAGES[:, None]),
    (geometric_augmentation.RandomFlip(seed=1), "RandomFlip", {"seed": 1}, IMAGES),
    (geometric_augmentation.RandomRotation(factor=(-0.2, 0.2), seed=1), "RandomRotation", {"factor": 0.2, "seed": 1}, IMAGES),
    (geometric_augmentation.RandomTranslation(height_factor=(-0.2, 0.2), seed=1, fill_mode="constant", fill_value=5.0),
     "RandomTranslation",
     {"height_factor": 0.2, "width_factor": 0.1, "seed": 1, "fill_mode": "constant", "fill_value": 5.0}, IMAGES),
    (geometric_augmentation.RandomZoom(height_factor=(-0.3, 0.3), seed=1), "RandomZoom", {"height_factor": 0.3, "seed": 1},
     IMAGES),
    (color_augmentation.RandomBrightness(factor=(-0.3, 0.3), seed=1), "RandomBrightness", {"factor": 0.3, "seed": 1}, IMAGES),
    (color_augmentation.RandomContrast(factor=(0.0, 0.3), seed=1), "RandomContrast", {"factor": 0.3, "seed": 1}, IMAGES),
    (color_augmentation.RandomHue(factor=(0.0, 0.5), seed=1), "RandomHue", {"factor": 0.5, "seed": 1}, IMAGES),
    (color_augmentation.RandomColorJitter(brightness_factor=(-0.3, 0.3), hue_factor=(0.0, 0.4), seed=1), "RandomColorJitter",
     {"brightness_factor": 0.3, "hue_factor": 0.4, "seed": 1}, IMAGES),
    (color_augmentation.RandomGrayscale(seed=1), "RandomGrayscale", {"seed": 1}, IMAGES),
    (augmentation.RandomErasing(seed=1, fill_value=3.0), "RandomErasing", {"seed": 1, "fill_value": 3.0}, IMAGES),
    (color_augmentation.RandomPosterization(factor=(1, 4), seed=1), "RandomPosterization", {"factor": 4, "seed": 1}, IMAGES),
    (color_augmentation.Solarization(threshold_factor=(0.0, 0.5), seed=1), "Solarization",
     {"threshold_factor": 0.5, "seed": 1}, IMAGES),
    (color_augmentation.AutoContrast(), "AutoContrast", {}, IMAGES / 2),
    (color_augmentation.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2)),
     "ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 2)}, IMAGES),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "name", "arguments", "given"), RANDOM, ids=[case[1] for case in RANDOM])
def test_random_layers_draw_what_keras_draws_with_the_same_seed_and_only_while_training(
    layer: Layer, name: str, arguments: dict[str, Any], given: Any
) -> None:
    ours = computed(layer, given, training=True)

    np.testing.assert_allclose(ours, by_hand(name, arguments, given, training=True), rtol=1e-4, atol=1e-3)
    assert not np.allclose(ours, given)
    if name not in ("AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization"):
        np.testing.assert_array_equal(computed(layer, given), given)


def test_a_spectrally_normalized_layer_is_its_layer_and_its_kernel_has_the_norm_one_after_training() -> None:
    node = spectral.SpectralNormalization(layer={"kind": "Dense", "units": 4, "use_bias": False}, power_iterations=50)
    model = to_keras(chain(Input(shape=(6,)), node, prefix="n"), 3)
    model(ROW, training=True)

    assert np.linalg.svd(np.asarray(model.get_layer("n_2").kernel), compute_uv=False)[0] == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValidationError, match="units"):
        spectral.SpectralNormalization(layer={"kind": "Dense", "units": 0})


@pytest.mark.parametrize("channels_first", [False, True])
def test_a_wrapped_layer_is_read_back_as_it_was(channels_first: bool) -> None:
    node = spectral.SpectralNormalization(layer={"kind": "Conv2D", "filters": 4, "strides": (2, 2)}, dtype="mixed_float16")
    config = node.to_config(channels_first)

    assert spectral.SpectralNormalization.from_config(config, "s") == node
    assert spectral.SpectralNormalization.normalize(config, "s") == config
    with pytest.raises(NodeError, match="around 'Lambda'"):
        spectral.SpectralNormalization.from_config({"layer": {"class_name": "Lambda", "config": {}}}, "s")


# --------------------------------------------------------------------------------------------- mean and variance of a table


def normalized(table: Table, shape: tuple[int, ...], **settings: Any) -> Network:
    network = add("input", Input(shape=shape))
    node = scaling.Normalization(**settings)
    inputs: dict[str, Network | Table] = {"network": network, "table": table}
    promised = node.configure(Specs({name: value.spec for name, value in inputs.items()}, "n"))["network"]
    made = node.execute(Values(inputs), RecordingJob(Path.cwd(), "n"))["network"]
    assert [call.outputs for call in made.spec.calls] == [call.outputs for call in promised.calls]
    assert [layer.name for layer in made.spec.layers] == [layer.name for layer in promised.layers]
    return made


def test_mean_and_variance_are_those_of_the_tables_columns() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0, 6.0], "b": [10, 20, 30], "c": ["x", "y", "z"]})
    rows = np.array([[1, 10], [2, 20], [6, 30]], "float32")
    made = np.asarray(to_keras(normalized(Table.of(frame), (2,), columns=("a", "b")))(rows))

    np.testing.assert_allclose(made, (rows - rows.mean(0)) / rows.std(0), rtol=1e-5)


@pytest.mark.parametrize(("axis", "over"), [((-1,), (0, 1, 2)), ((1,), (0, 2, 3)), ((), None)])
def test_mean_and_variance_of_images_are_along_the_axis(axis: tuple[int, ...], over: Any) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (6, 4, 5, 3), "uint8")
    table = Table.of(pl.DataFrame({"image": pl.Series(pixels, dtype=pl.Array(pl.UInt8, (4, 5, 3)))}))
    config = normalized(table, (4, 5, 3), columns=("image",), axis=axis).spec.layers[-1].config

    np.testing.assert_allclose(np.ravel(config["mean"]), np.ravel(pixels.mean(over)))
    np.testing.assert_allclose(np.ravel(config["variance"]), np.ravel(pixels.var(over)))


def test_a_table_without_rows_and_one_that_is_too_large_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table.of(pl.DataFrame({"a": [1.0, 2.0]}))
    network = image(1)
    node = scaling.Normalization(columns=("a",))

    with pytest.raises(NodeError, match="no rows"):
        node.execute(Values({"network": network, "table": table.slice(0, 0)}), RecordingJob(Path.cwd(), "n"))
    with pytest.raises(Cancelled):
        node.execute(Values({"network": network, "table": table}), RecordingJob(Path.cwd(), "n", cancelled=True))
    with pytest.raises(NodeError, match="No columns are chosen"):
        scaling.Normalization().configure(Specs({"network": network.spec, "table": table.spec}))
    with pytest.raises(NodeError, match="does not know a mean") as caught:
        scaling.Normalization().configure(Specs({"network": network.spec}))
    assert "second input" in caught.value.remedy


def test_one_number_may_be_given_as_such_or_as_a_list() -> None:
    rescaling, normalization = scaling.Rescaling, scaling.Normalization

    assert rescaling.model_validate({"scale": 2, "offset": [0.5]}).to_config(False)["scale"] == 2.0
    assert rescaling.model_validate({"scale": [2.0]}).to_config(False) == rescaling.model_validate({"scale": 2.0}).to_config(
        False
    )
    assert normalization.model_validate({"mean": 1, "variance": 2, "axis": 1}) == normalization(
        mean=(1.0,), variance=(2.0,), axis=(1,)
    )
    assert rescaling.from_config({"scale": 0.5, "offset": [1.0, 2.0]}, "r").offset == (1.0, 2.0)


@pytest.mark.parametrize("wrong", ["1/255", [], [1.0, "x"], True, None, {"value": 1.0}])
def test_what_is_no_number_is_refused_in_plain_words(wrong: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        scaling.Rescaling.model_validate({"scale": wrong})
    said = in_one_line(scaling.Rescaling, {"scale": wrong}, caught.value)
    assert said == "scale: give a number, or a list of numbers, one for each channel"
    if wrong is not None:
        with pytest.raises(ValidationError, match="give a number, or a list of numbers"):
            scaling.Normalization.model_validate({"mean": wrong, "variance": 1.0})


# -------------------------------------------------------------------------------------------------------------- the value range


def warnings_of(node: Layer, network: Network) -> list[str]:
    specs = Specs({"network": network.spec}, "n")
    node.configure(specs)
    return specs.warnings


def test_a_value_range_that_the_images_cannot_have_is_pointed_out() -> None:
    scaled = chain(Input(shape=(8, 8, 3)), scaling.Rescaling(), geometric_augmentation.RandomFlip())
    signed = chain(Input(shape=(8, 8, 3), dtype="uint8"), scaling.Rescaling(scale=(2 / 255,), offset=(-1.0,)))

    assert "0 to 1" in warnings_of(color_augmentation.RandomBrightness(), scaled)[0]
    assert "-1 to 1" in warnings_of(augmentation.RandAugment(), signed)[0]
    assert warnings_of(color_augmentation.RandomBrightness(value_range=(0.0, 1.0)), scaled) == []
    assert warnings_of(color_augmentation.RandomBrightness(), image(8, 8, 3)) == []  # nothing is known of its numbers
    with pytest.raises(ValidationError, match="must be below white"):
        color_augmentation.RandomBrightness(value_range=(1.0, 0.0))


@pytest.mark.parametrize(
    ("node", "shape", "message"),
    [
        (color_augmentation.RandomHue(), (8, 8, 1), "3 channels"),
        (color_augmentation.RandomColorJitter(saturation_factor=(0.1, 0.2)), (8, 8, 1), "3 channels"),
        (geometric_augmentation.RandomPerspective(), (8, 1, 3), "four corners"),
        (color_augmentation.ContrastLimitedAdaptiveHistogramEqualization(), (1, 8, 3), "too small"),
        (image_size.CenterCrop(height=9, width=9, dtype="float16"), (8, 8, 3), "float32 only"),
        (spectrograms.MelSpectrogram(), (1024,), "more than 1024"),
        (spectrograms.MelSpectrogram(dtype="float64"), (2048,), "decibels in float64"),
        (spectrograms.STFTSpectrogram(dtype="mixed_bfloat16"), (2048, 1), "spectrograms in bfloat16"),
        (encodings.CategoryEncoding(), (2, 2), "rows of numbers"),
        (reshaping.Permute(dims=(1, 1)), (2, 2), "no order"),
        (dense.EinsumDense(equation="ab,bc->ad"), (2,), "output alone"),
        (dense.EinsumDense(equation="abc"), (2,), "not of the form"),
        (normalization.GroupNormalization(), (8, 8, 3), "3 channels cannot be divided into 32 groups"),
        (normalization.RMSNormalization(axis=(1,)), (8, 3), "last axes"),
        (normalization.LayerNormalization(axis=(1, -1)), (8, 3), "both ends"),
        (activations.PReLU(shared_axes=(3,)), (8, 3), "Axis 3 does not exist"),
    ],
)
def test_mistakes_are_found_before_anything_is_computed(node: Layer, shape: tuple[int, ...], message: str) -> None:
    dtype = "int32" if isinstance(node, encodings.CategoryEncoding) else "float32"
    with pytest.raises(NodeError, match=message) as caught:
        node.configure(Specs({"network": image(*shape, dtype=dtype).spec}))
    assert caught.value.remedy


def test_crossed_rows_are_of_float32_only() -> None:
    number = image(1, dtype="int32").spec
    specs = Specs({"network_1": number, "network_2": add("other", Input(shape=(1,), dtype="int32")).spec}, "n")

    encodings.HashedCrossing(dtype="float64").configure(specs)
    with pytest.raises(NodeError, match="rows of float32 only, not of float64") as caught:
        encodings.HashedCrossing(output_mode="one_hot", dtype="float64").configure(specs)
    assert caught.value.setting == "dtype"


# ----------------------------------------------------------------------------------------------------- what Keras itself writes

WRITTEN: list[tuple[str, dict[str, Any]]] = [
    ("RandomRotation", {"factor": 0.2}), ("RandomSaturation", {"factor": 0.2}), ("RandomZoom", {"height_factor": 0.1}),
    ("RandomTranslation", {"height_factor": 0.1, "width_factor": (0.0, 0.2)}), ("RandomContrast", {"factor": 0.3}),
    ("RandomGaussianBlur", {}), ("RandomErasing", {}), ("RandAugment", {}), ("AugMix", {}), ("Solarization", {}),
    ("RandomColorJitter", {"hue_factor": 0.1}), ("RandomGrayscale", {}), ("RandomPosterization", {"factor": 4}),
    ("ContrastLimitedAdaptiveHistogramEqualization", {}), ("Resizing", {"height": 3, "width": 4}),
    ("Rescaling", {"scale": 0.5}), ("Normalization", {"mean": 1.0, "variance": 2.0, "axis": None}),
    ("Discretization", {"bin_boundaries": [1.0, 2.0]}), ("IntegerLookup", {"vocabulary": [1, 2]}), ("Hashing", {"num_bins": 3}),
    ("HashedCrossing", {"num_bins": 3}), ("STFTSpectrogram", {"window": None}), ("MelSpectrogram", {}), ("Dot", {"axes": 1}),
    ("LayerNormalization", {}), ("GroupNormalization", {}), ("UnitNormalization", {}), ("RMSNormalization", {}),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3}), ("PReLU", {"shared_axes": [1]}),
    ("SpatialDropout2D", {"rate": 0.5}),
    ("AlphaDropout", {"rate": 0.5}), ("CategoryEncoding", {"num_tokens": 3}), ("GaussianNoise", {"stddev": 0.5}), ("Masking", {}),
]  # fmt: skip


def kept(config: Mapping[str, Any], ignored: set[str]) -> dict[str, Any]:
    """A config without what may differ, with lists in place of tuples."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in config.items() if k not in ignored}


@pytest.mark.parametrize(("name", "arguments"), WRITTEN, ids=[name for name, _ in WRITTEN])
def test_a_config_that_keras_writes_is_read_and_means_the_same(name: str, arguments: dict[str, Any]) -> None:
    layers = import_keras().layers
    theirs = getattr(layers, name)(**arguments)
    ours = layer_class(name).normalize(theirs.get_config(), "layer")
    again = getattr(layers, name)(**ours)

    ignored = {"name", "dtype", "trainable", "data_format"}
    expected, found = kept(theirs.get_config(), ignored), kept(again.get_config(), ignored)
    differ = {k for k in expected if expected[k] != found[k] and np.ravel(found[k]).tolist() != np.ravel(expected[k]).tolist()}
    assert differ <= {"window", "hue_factor", "scaling", "height_factor", "axes", "output_shape"}, {
        k: (expected[k], found[k]) for k in differ
    }


def test_thresholded_relu_of_keras_2_is_read_as_the_relu_that_does_the_same() -> None:
    node = layer_class("ThresholdedReLU").from_config({"theta": 0.75, "name": "t"}, "t")

    assert (node.kind, node.to_config(False)["threshold"]) == ("ReLU", 0.75)
