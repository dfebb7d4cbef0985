"""Keras 2's hard sigmoid, clip(0.2 x + 0.5), by that of Keras 3, clip(x / 6 + 0.5): the same function of 1.2 times as much.

Where it follows weights (a gate of an LSTM, a dense layer), 1.2 times the weights give what they gave under Keras 2; where
it follows none, a Rescaling layer stands before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nodes.errors import NodeError
from nodes.values.network import LayerSpec, WeightSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "hard_sigmoid"
STEEPER = 1.2
"""The slope of Keras 2, 1 / 5, by that of Keras 3, 1 / 6."""

_GATES: Mapping[str, tuple[str, ...]] = {
    "SimpleRNN": ("activation",),
    "GRU": ("recurrent_activation", "recurrent_activation", "activation"),
    **dict.fromkeys(
        ("LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
        ("recurrent_activation", "recurrent_activation", "activation", "recurrent_activation"),
    ),
}
"""Which setting each part of the weights of a recurrent layer goes through, part by part along their last axis."""
_BEFORE_THE_LAST_STEP = ("depthwise_kernel",)
"""Weights of layers in two steps that stand before the one that the activation follows."""


def is_bare(layer: Any) -> bool:
    """Return whether a layer is nothing but a hard sigmoid, be it at every step: there are no weights before it.

    Args:
        layer: Of a node: its class and its config are looked at.
    """
    inner = layer.layer if layer.kind == "TimeDistributed" else layer
    return bool(inner.kind == "Activation" and inner.activation == NAME)


def uses_hard_sigmoid(layer: LayerSpec) -> bool:
    """Return whether weights of a layer go into a hard sigmoid."""
    return any(any(_steep_parts(layer, weight)) for weight in layer.weights)


def as_keras_3(layer: LayerSpec, weights: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return the weights with which a layer computes what it did under Keras 2.

    Args:
        layer: With `weights` of as many specs as there are arrays.
        weights: As Keras 2 has stored them.

    Raises:
        NodeError: If there are none.
    """
    parts = [_steep_parts(layer, weight) for weight in layer.weights]
    return [_steeper(*each) for each in zip(weights, parts, strict=True)]


def _steeper(weights: NDArray[Any], parts: Sequence[bool]) -> NDArray[Any]:
    """Weights with some of the equal parts along their last axis made steeper."""
    import numpy as np

    if not any(parts):
        return weights
    slopes = np.where(parts, STEEPER, 1.0).repeat(weights.shape[-1] // len(parts))
    return (weights * slopes).astype(weights.dtype)


def _steep_parts(layer: LayerSpec, weight: WeightSpec) -> Sequence[bool]:
    """Which of the equal parts of a weight along its last axis go into a hard sigmoid. NodeError if that cannot be had."""
    kind, config = layer.kind, layer.config
    while isinstance(config.get("layer"), Mapping):  # a layer inside, which may be around another one
        backward = kind == "Bidirectional" and weight.name.startswith("backward/")
        inner = config["backward_layer" if backward else "layer"]
        kind, config = inner["class_name"], inner["config"]
    kept = "LSTM" in kind and config.get("activation") == NAME
    if kept or (layer.kind == "SpectralNormalization" and config.get("activation") == NAME):
        raise NodeError(
            f"Layer '{layer.name}' uses the hard_sigmoid of Keras 2 in a way that no layer of Keras 3 has.",
            "Train the network anew with another activation.",
        )
    if kind in _GATES:
        return [config.get(setting) == NAME for setting in _GATES[kind]]
    return [config.get("activation") == NAME and weight.name.rpartition("/")[2] not in _BEFORE_THE_LAST_STEP]
