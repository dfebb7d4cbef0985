"""What a layer costs: multiply-adds and memory, from shapes and weights alone."""

from __future__ import annotations

import math
from collections.abc import Iterable

from nodes.values.network import LayerSpec, NetworkSpec, Shape

DOT = ("Dense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
"""Every place of the output multiplies with the whole kernel once."""
TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
"""Every place of the input does."""
RECURRENT = ("SimpleRNN", "GRU", "LSTM")
"""Every step of the sequence does."""
PER_NUMBER = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "RMSNormalization",
    "PReLU",
    "Normalization",
    "Rescaling",
)
"""One multiplication per number."""
BYTES = {
    "float64": 8,
    "int64": 8,
    "uint64": 8,
    "float32": 4,
    "int32": 4,
    "uint32": 4,
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "float16": 2,
    "bfloat16": 2,
}
"""Bytes of a number by Keras's name of its dtype; all others have 2."""


def multiply_adds(network: NetworkSpec, layer: LayerSpec) -> int | None:
    """Return multiplications with weights, each with an addition, for one example over all calls of a layer.

    None where a size is not fixed, or a layer with weights costs more than these (attention, embedding in a wrapper).
    """
    channels_first = layer.config.get("data_format") == "channels_first"
    kernels = sum(w.size for w in layer.weights if "kernel" in w.name)
    total = 0
    for call in (call for call in network.calls if call.layer == layer.name):
        out = call.outputs[0].shape
        given = network.tensor(call.inputs[0]).shape if call.inputs else ()
        if layer.kind in DOT:
            cost = _times(kernels, _places(out, channels_first))
        elif layer.kind in TRANSPOSED:
            cost = _times(kernels, _places(given, channels_first))
        elif layer.kind in RECURRENT:
            cost = _times(kernels, given[:1])
        elif layer.kind in PER_NUMBER:
            cost = _times(1, out)
        elif layer.weights and layer.kind != "Embedding":
            cost = None
        else:
            cost = 0
        if cost is None:
            return None
        total += cost
    return total


def output_memory(network: NetworkSpec, layer: LayerSpec) -> int | None:
    """Return bytes of what comes out of all calls of a layer for one example; None where a size is not fixed."""
    total = 0
    for call in (call for call in network.calls if call.layer == layer.name):
        for tensor in call.outputs:
            size = _times(BYTES.get(tensor.dtype, 2), tensor.shape)
            if size is None:
                return None
            total += size
    return total


def summed(numbers: Iterable[int | None]) -> int | None:
    """Return the sum, if all are known."""
    known = list(numbers)
    return None if None in known else sum(n for n in known if n is not None)


def _places(shape: Shape, channels_first: bool) -> Shape:
    """The dimensions of a shape but its channels."""
    return shape[1:] if channels_first else shape[:-1]


def _times(number: int, shape: Shape) -> int | None:
    return None if any(n is None for n in shape) else number * math.prod(n for n in shape if n is not None)
