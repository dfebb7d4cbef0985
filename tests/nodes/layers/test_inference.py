"""What a layer node says of shapes, types and weights is what Keras makes of the same layer: over random settings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nodes.catalog import Catalog
from nodes.errors import NodeError
from nodes.layers import merge, normalization, options
from nodes.layers.base import Inference, Layer
from nodes.networks.keras_model import import_keras
from nodes.values.network import TensorSpec

LAYERS = {cls.kind: cls for cls in Catalog.load(plugins=False).values() if issubclass(cls, Layer)}


@dataclass(frozen=True)
class Case:
    """A layer about to be applied to tensors."""

    layer: Layer
    inputs: tuple[TensorSpec, ...]
    channels_first: bool


# --------------------------------------------------------------------------------------------------------------- strategies

small = st.integers(1, 3)
pairs = st.tuples(small, small)
sizes = st.sampled_from([1, 2, 3, 4, 4, 4, 5, 6, 7, 8, None])
policies = st.sampled_from(["float32", "float32", "float64", "float16", "mixed_float16", "mixed_bfloat16"])
seeds = st.none() | st.integers(0, 9)
factors = st.floats(0, 1)
initializers = st.one_of(
    st.builds(options.Constant, value=st.floats(-1, 1)),
    st.sampled_from([options.Ones(), options.Zeros(), options.Identity(gain=0.5)]),
    *[
        st.builds(cls, seed=seeds)
        for cls in (
            options.GlorotNormal, options.GlorotUniform, options.HeNormal, options.HeUniform, options.LecunNormal,
            options.LecunUniform, options.Orthogonal, options.RandomNormal, options.TruncatedNormal, options.RandomUniform,
        )
    ],
    st.builds(
        options.VarianceScaling,
        mode=st.sampled_from(["fan_in", "fan_out", "fan_avg"]),
        distribution=st.sampled_from(["truncated_normal", "untruncated_normal", "uniform"]),
    ),
)  # fmt: skip
regularizers = st.none() | st.one_of(
    st.builds(options.L1, l1=factors), st.builds(options.L2, l2=factors), st.builds(options.L1L2, l1=factors, l2=factors)
)
constraints = st.none() | st.one_of(
    st.builds(options.MaxNorm, axis=st.integers(-1, 1)),
    st.builds(options.MinMaxNorm, rate=factors),
    st.just(options.NonNeg()),
    st.builds(options.UnitNorm, axis=st.integers(-1, 0)),
)
activation_names = st.sampled_from(list(options.ACTIVATION_CHOICES))


def weight_options(*weights: str) -> dict[str, st.SearchStrategy[Any]]:
    """The shared options of a layer's weights."""
    return (
        {f"{w}_initializer": initializers for w in weights}
        | {f"{w}_regularizer": regularizers for w in weights}
        | {f"{w}_constraint": constraints for w in weights}
        | {"use_bias": st.booleans(), "activation": activation_names}
    )


steps = st.sampled_from([1, 1, 1, 2, 3])  # strides and dilation above 1 are refused together
step_pairs = st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 2), (3, 1)])
window = {"strides": step_pairs, "padding": st.sampled_from(["valid", "same"]), "dilation_rate": step_pairs, "kernel_size": pairs}
NEED_KNOWN_SIZES = {"Dropout", "Reshape", "Add", "Subtract", "Multiply", "Average", "Maximum", "Concatenate"}
"""Layers where what stands in for unknown sizes would have to fit something, to be computed."""

SETTINGS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Dense": {"units": small, **weight_options("kernel", "bias"), "activity_regularizer": regularizers},
    "Activation": {"activation": activation_names},
    "Dropout": {
        "rate": st.floats(0.1, 0.9), "seed": seeds,
        "noise_shape": st.none() | st.lists(st.none() | small, max_size=3).map(lambda n: (None, *n)),
    },
    "Flatten": {},
    "Reshape": {"target_shape": st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6, 12]), min_size=1, max_size=4).map(tuple)},
    "Conv1D": {
        "filters": st.integers(1, 4), "kernel_size": small, "strides": steps, "dilation_rate": steps, "groups": st.integers(1, 2),
        "padding": st.sampled_from(["valid", "same", "causal"]), **weight_options("kernel", "bias"),
    },
    "Conv2D": {"filters": st.integers(1, 4), "groups": st.integers(1, 2), **window, **weight_options("kernel", "bias")},
    "DepthwiseConv2D": {"depth_multiplier": small, **window, **weight_options("depthwise", "bias")},
    "SeparableConv2D": {
        "filters": small, "depth_multiplier": small, **window, **weight_options("depthwise", "pointwise", "bias")
    },
    "ZeroPadding2D": {"padding": st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2)},
    "MaxPooling2D": {"pool_size": pairs, "strides": st.none() | pairs, "padding": st.sampled_from(["valid", "same"])},
    "AveragePooling2D": {"pool_size": pairs, "strides": st.none() | pairs, "padding": st.sampled_from(["valid", "same"])},
    "GlobalAveragePooling2D": {"keepdims": st.booleans()},
    "GlobalMaxPooling2D": {"keepdims": st.booleans()},
    "BatchNormalization": {
        "axis": st.integers(-4, 4), "momentum": factors, "center": st.booleans(), "scale": st.booleans(), "renorm": st.booleans(),
        "renorm_clipping": st.none() | st.builds(normalization.RenormClipping, rmax=st.just(3.0), dmax=st.none() | st.just(5.0)),
        **{k: v for k, v in weight_options("gamma", "beta").items() if k not in ("use_bias", "activation")},
        "moving_mean_initializer": initializers,
    },
    "ReLU": {"max_value": st.none() | st.floats(0, 6), "negative_slope": factors, "threshold": factors},
    "LeakyReLU": {"negative_slope": factors},
    "Softmax": {"axis": st.integers(-4, 4)},
    "Concatenate": {"axis": st.integers(-4, 4)},
    **{kind: {} for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum")},
}  # fmt: skip


def nearby(shape: Sequence[int | None]) -> st.SearchStrategy[tuple[int | None, ...]]:
    """Shapes that are mostly alike: so that merges of them often fit, and often do not."""
    exact = st.just(tuple(shape))
    changed = st.tuples(*[st.sampled_from([n, n, n, 1, 3]) for n in shape])
    return st.one_of(exact, changed, changed, st.just(tuple(shape[1:]) or (1,)))


@st.composite
def cases(draw: st.DrawFn, kind: str) -> Case:
    cls = LAYERS[kind]
    fitting = 3 if "2D" in kind else 2
    rank = draw(st.sampled_from([fitting] * 9 + [1, 3, 4]))
    shape = tuple(draw(sizes) for _ in range(rank))
    batches = st.none() | st.just(2)
    dtype = draw(st.sampled_from(["float32", "float32", "float64", "float16"]))
    inputs = [TensorSpec(shape, dtype, draw(batches))]
    if issubclass(cls, merge.MergeLayer):
        inputs += [TensorSpec(draw(nearby(shape)), dtype, draw(batches)) for _ in range(draw(st.integers(1, 2)))]
    values = {name: draw(strategy) for name, strategy in SETTINGS[kind].items()}
    noise_shape = values.get("noise_shape")
    assume(noise_shape is None or len(noise_shape) == rank + 1)  # Keras stretches shorter ones in ways of its own
    assume(values.get("axis", -1) not in (0, -rank - 1))  # the batch: Keras would do it, a person never means it
    return Case(cls(dtype=draw(policies), **values), tuple(inputs), draw(st.booleans()))


# ------------------------------------------------------------------------------------------------------------------- Keras


def keras_layer(case: Case) -> Any:
    keras = import_keras()
    return getattr(keras.layers, case.layer.kind)(**case.layer.to_config(case.channels_first))


def symbolically(case: Case) -> Inference:
    """What Keras announces; raises what Keras raises."""
    keras = import_keras()
    layer = keras_layer(case)
    tensors = [keras.KerasTensor((i.batch, *i.shape), i.dtype) for i in case.inputs]
    out = layer(tensors[0] if len(tensors) == 1 else tensors)
    weights = tuple((w.name, tuple(w.shape), w.trainable) for w in layer.weights)
    return Inference((TensorSpec(tuple(out.shape[1:]), out.dtype, out.shape[0]),), weights)  # type: ignore[arg-type]


def can_be_computed(case: Case) -> bool:
    """Whether there are kernels for it on a CPU, one layer at a time, and what stands in for unknown sizes fits."""
    kind, layer = case.layer.kind, case.layer
    if kind in NEED_KNOWN_SIZES and any(None in i.shape for i in case.inputs):
        return False
    if "Conv" in kind and case.channels_first:
        return False
    return getattr(layer, "activation", None) != "sparsemax" or "16" not in str(layer.dtype)  # type: ignore[attr-defined]


def really(case: Case) -> np.ndarray[Any, Any]:
    """What Keras computes, with unknown dimensions of 9 and the batch of 2; raises what Keras and TensorFlow raise."""
    layer = keras_layer(case)
    arrays = [np.ones((i.batch or 2, *(9 if n is None else n for n in i.shape)), i.dtype) for i in case.inputs]
    options = {"training": True} if case.layer.kind == "Dropout" else {}
    out = layer(arrays[0] if len(arrays) == 1 else arrays, **options)
    for weight in layer.trainable_variables:
        if weight.constraint is not None:
            weight.constraint(weight)
    assert all(float(loss) >= 0 for loss in layer.losses)
    return out


@pytest.mark.parametrize("kind", sorted(LAYERS.keys() - {"InputLayer"}))
def test_layers_announce_what_keras_makes_and_refuse_what_it_refuses(kind: str) -> None:
    @hypothesis_settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(cases(kind))
    def compare(case: Case) -> None:
        try:
            ours = case.layer.infer(case.inputs, case.channels_first)
        except NodeError as error:
            assert error.remedy
            if "on most machines" in error.message:
                return  # oneDNN can do what TensorFlow's own kernels, on other machines, cannot
            with pytest.raises(Exception):  # noqa: B017 - Keras, numpy and TensorFlow have no common error
                announced = symbolically(case).outputs[0]
                assert tuple(really(case).shape[1:]) == announced.shape  # what Keras announces must come true
            return
        keras = symbolically(case)
        assert ours.outputs == keras.outputs
        assert tuple((w.name, w.shape, w.trainable) for w in ours.weights) == keras.weights
        if not can_be_computed(case):
            return
        out = really(case)
        assert out.dtype.name == ours.outputs[0].dtype
        assert all(said in (None, n) for said, n in zip(ours.outputs[0].shape, out.shape[1:], strict=True))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of a softmax over one number
        compare()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "bool", "float16", "float64"])
def test_the_type_of_numbers_that_is_announced_is_the_one_that_comes_out(dtype: str) -> None:
    """Keras itself announces floating-point numbers for whole ones that come out as they were."""
    accepted = []
    for kind, cls in LAYERS.items():
        inputs = (TensorSpec((4, 4, 2), dtype),) * (2 if issubclass(cls, merge.MergeLayer) else 1)
        case = Case(cls(), inputs if "1D" not in kind else (TensorSpec((4, 2), dtype),), False)
        if kind != "InputLayer":
            try:
                announced = case.layer.infer(case.inputs, False).outputs[0].dtype
            except NodeError as error:
                assert "float32" in error.remedy
                continue
            assert really(case).dtype.name == announced, kind
            accepted.append(kind)
    assert {"Flatten", "Reshape", "Dense", "ZeroPadding2D", "Concatenate"} <= set(accepted)
    assert dtype not in ("float16", "float64") or len(accepted) == 24
