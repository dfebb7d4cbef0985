"""CuDNNLSTM and CuDNNGRU of Keras 2: an LSTM and a GRU with weights laid out as NVIDIA's library wants them.

Keras 3's LSTM and GRU compute the same, on any machine, once the weights are laid out as theirs (as Keras 2 does it where it
loads them into those layers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nodes.values.network import LayerSpec, WeightSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "CuDNNLSTM": ("LSTM", {"activation": "tanh", "recurrent_activation": "sigmoid"}),
    "CuDNNGRU": ("GRU", {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True}),
}
"""The class, and what it always was."""


def without_cudnn(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a layer of a config with such layers, be they inside of it, as those of Keras 3."""
    config = entry["config"]
    inner = {
        place: without_cudnn(found)
        for place in ("layer", "backward_layer")
        if isinstance(config, Mapping) and isinstance(found := config.get(place), Mapping) and "config" in found
    }
    kind, fixed = _KINDS.get(entry["class_name"], (entry["class_name"], {}))
    if not inner and not fixed:
        return entry
    return {**entry, "class_name": kind, "registered_name": None, "config": {**config, **fixed, **inner}}


def is_cudnn_bias(weight: WeightSpec, shape: Sequence[int]) -> bool:
    """Return whether an array of some shape is the bias of such a layer, which stands where a weight should be."""
    if weight.name.rpartition("/")[2] != "bias" or len(shape) != 1:
        return False
    twice = len(weight.shape) == 1 and shape[0] == 2 * weight.shape[0]  # LSTM: for what comes in, and for the state
    return twice or (len(weight.shape) == 2 and weight.shape[0] == 2 and shape[0] == weight.size)


def as_plain_weights(layer: LayerSpec, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return a layer's arrays, those of such layers laid out as Keras 3 has them; both directions of a Bidirectional layer."""
    import numpy as np

    made = list(arrays)
    for number, weight in enumerate(layer.weights):
        if made[number].shape == weight.shape or not is_cudnn_bias(weight, made[number].shape):
            continue
        gates = 4 if len(weight.shape) == 1 else 3
        kernel, recurrent, bias = made[number - 2 : number + 1]
        made[number - 2] = np.hstack([part.T.reshape(part.shape, order="F") for part in np.hsplit(kernel, gates)])
        made[number - 1] = np.hstack([part.T for part in np.hsplit(recurrent, gates)])
        halves = bias.reshape(2, -1)
        made[number] = halves.sum(axis=0) if gates == 4 else halves
    return made
