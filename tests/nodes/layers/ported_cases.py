"""Recurrent, embedding and attention layers over random settings and inputs, for comparing what they announce with Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nodes.errors import NodeError
from nodes.layers import options
from nodes.layers.base import Inference, Layer
from nodes.layers.kinds import layer_class
from nodes.layers.ported import PortedLayer
from nodes.networks.keras_model import construct, to_keras
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Tensor, TensorSpec

small = st.integers(1, 3)
seeds = st.none() | st.integers(0, 9)
policies = st.sampled_from(["float32", "float32", "float64", "float16", "mixed_float16", "mixed_bfloat16"])
initializers = st.one_of(
    st.just(options.Zeros()),
    st.builds(options.Orthogonal, seed=seeds),
    st.builds(options.HeNormal, seed=seeds),
    st.builds(options.VarianceScaling, scale=st.floats(0.5, 2)),
    st.just(options.Identity()),
)
regularizers = st.none() | st.builds(options.L2, l2=st.floats(0, 1)) | st.just(options.OrthogonalRegularizer())
constraints = st.none() | st.builds(options.MaxNorm, axis=st.integers(-1, 1)) | st.just(options.NonNeg())
activations = st.sampled_from(["tanh", "sigmoid", "relu", "hard_sigmoid", "softsign"])


def weight_options(*weights: str) -> dict[str, st.SearchStrategy[Any]]:
    """Initializers, regularizers and constraints of a layer's weights, and the regularizer of its output."""
    kinds = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
    return {f"{w}_{kind}": strategy for w in weights for kind, strategy in kinds.items()} | {"activity_regularizer": regularizers}


@dataclass(frozen=True)
class Case:
    """A layer about to be applied to the tensors at its ports."""

    layer: Layer
    given: Mapping[str, TensorSpec]
    channels_first: bool = False

    def infer(self) -> Inference:
        """What the node announces."""
        if isinstance(self.layer, PortedLayer):
            return self.layer.infer_ports(self.given, self.channels_first)
        return self.layer.infer(list(self.given.values()), self.channels_first)

    def network(self) -> NetworkSpec:
        """Inputs, and the layer on them. NodeError if it does not fit them."""
        outputs, weights = self.infer()
        layers, calls = [], []
        for port, tensor in self.given.items():
            config = {"batch_shape": [tensor.batch, *tensor.shape], "dtype": tensor.dtype}
            layers.append(LayerSpec(port, "InputLayer", config, port))
            calls.append(Call(port, 0, (), (tensor,)))
        tensors = tuple(Tensor(port) for port in self.given)
        base = NetworkSpec(tuple(layers), tuple(calls), tensors, tensors, channels_first=self.channels_first)
        layer = LayerSpec("layer", self.layer.kind, self.layer.to_config(self.channels_first), "layer", weights)
        ported = isinstance(self.layer, PortedLayer)
        return base.append(layer, tensors, outputs, *(self.layer._call_of(list(self.given)) if ported else ()))


def agrees_with_keras(case: Case) -> bool:
    """Whether the node takes the case; then all that it announces must be what Keras makes of it, and refuses nothing."""
    try:
        spec = case.network()
    except NodeError as error:
        assert error.remedy
        return False
    model = to_keras(Network(spec), 0)
    layer = model.get_layer("layer")
    ours = spec.layer("layer").weights
    assert [(w.name.rpartition("/")[2], w.shape, w.trainable) for w in ours] == [
        (w.name, tuple(w.shape), w.trainable) for w in layer.weights
    ]
    arrays = [
        np.full((t.batch or 2, *(4 if n is None else n for n in t.shape)), 0 if "int" in t.dtype else 1, t.dtype)
        for t in case.given.values()
    ]
    made = model(arrays[0] if len(arrays) == 1 else arrays, training=True)
    for out, tensor in zip(made if isinstance(made, list | tuple) else [made], spec.outputs, strict=True):
        announced = spec.tensor(tensor)
        assert out.dtype.name == announced.dtype
        assert len(out.shape) == len(announced.shape) + 1
        assert all(said in (None, n) for said, n in zip(announced.shape, out.shape[1:], strict=True))
    for weight in layer.trainable_variables:
        if weight.constraint is not None:
            weight.constraint(weight)
    read = layer_class(case.layer.kind).from_config(layer.get_config(), "read")
    if isinstance(read, PortedLayer):
        read = read.with_options(spec.calls[-1].options)
    assert Case(read, case.given, case.channels_first).infer() == case.infer()
    return True


def keras_layer(layer: Layer) -> Any:
    """The Keras layer of a node."""
    return construct(layer.kind, layer.to_config(False))
