"""A network's shapes for data in hand, where the network itself leaves sizes open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nodes.errors import NodeError
from nodes.kit.layers.base import Inference, Layer, is_channels_first
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operations import OperandOperation
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.networks.stored_calls import TRAINING
from nodes.values.network import Call, NetworkSpec, Shape, Tensor, TensorSpec


def infer_call(node: Layer, call: Call, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
    """Return what a call of a layer makes of inputs. NodeError if they do not fit."""
    if isinstance(node, OperandOperation):
        return node.infer(inputs, channels_first, call.roles)
    if isinstance(node, PortedLayer):
        options = {name: value for name, value in call.options.items() if name != TRAINING}
        return node.with_options(options).infer(inputs, channels_first, call.roles)
    return node.infer(inputs, channels_first)


def with_sizes(network: NetworkSpec, shapes: Mapping[Tensor, Shape]) -> NetworkSpec:
    """Return the network as it is for inputs of certain shapes; the same where none of them was open.

    Raises:
        NodeError: If a layer does not fit inputs of that size.
    """
    if all(network.tensor(tensor).shape == shape for tensor, shape in shapes.items()):
        return network
    layers = {layer.name: layer for layer in network.layers}
    known: dict[Tensor, TensorSpec] = {}
    calls = []
    for call in network.calls:
        layer = layers[call.layer]
        if call.inputs:
            node = layer_class(layer.kind, layer.name).from_config(layer.config, layer.name)
            first = is_channels_first(layer.config) if "data_format" in layer.config else network.channels_first
            try:
                made = infer_call(node, call, [known[t] for t in call.inputs], first)
            except NodeError as error:
                remedy = "Use rows of another size, or another network."
                raise NodeError(f"Layer '{layer.name}' does not fit rows of this size: {error.message}", remedy) from error
            outputs = made.outputs
        else:
            tensor = Tensor(call.layer, call.index)
            outputs = tuple(replace(out, shape=shapes.get(tensor, out.shape)) for out in call.outputs)
        known |= {Tensor(call.layer, call.index, number): out for number, out in enumerate(outputs)}
        calls.append(replace(call, outputs=outputs))
    return replace(network, calls=tuple(calls))
