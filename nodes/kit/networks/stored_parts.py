"""How a model's layers lie within each other in its file: those of models inside of it are read as layers of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nodes.base import NodeError
from nodes.kit.layers.base import Layer
from nodes.kit.layers.inner import as_entry
from nodes.kit.layers.kinds import layer_class
from nodes.kit.networks.stored_calls import StoredCall
from nodes.values.network import LayerSpec, Tensor

ELEMENTWISE = (
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Arithmetic", "ElementwiseFunction", "Clip", "Cast", "Choose",
)  # fmt: skip
"""Layers that do the same to whole sequences as to each of their steps."""


@dataclass(frozen=True)
class Stored:
    """A layer as the config has it.

    Attributes:
        name: In the whole model, unique there.
        place: The names in the file of the models that it is in, and its own.
        node: Its settings.
        channels_first: Whether its images are (channels, height, width).
        trainable: Whether it is trained.
        calls: Its calls.
        stored_kind: The class in the file, where ours stands for another one.
        operator: Whether the config has an operator instead: what its plainest form is, shapes decide.
        masked: Whether a mask may come to an operator: it ends there, but layers hand it on.
    """

    name: str
    place: tuple[str, ...]
    node: Layer
    channels_first: bool
    trainable: bool
    calls: tuple[StoredCall, ...]
    stored_kind: str = ""
    operator: bool = False
    masked: bool = False


@dataclass(frozen=True)
class StoredModel:
    """A model as the config has it: the whole one, or one that stands among the layers of another.

    Attributes:
        name: Its name there.
        kind: The Keras class.
        layers: Its layers and models, in the config's order.
        inputs: What is fed; their names are those within the model.
        outputs: What is read.
        calls: Its calls in the model around it.
        first_call: The number that the model around it gives to the first of them.
        each_step: Whether it is applied to each step of a sequence (TimeDistributed).
    """

    name: str
    kind: str
    layers: tuple[Stored | StoredModel, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    calls: tuple[StoredCall, ...] = ()
    first_call: int = 0
    each_step: bool = False


@dataclass(frozen=True)
class StoredPart:
    """Where a layer's weights lie in the file, or those of a model's layers.

    Attributes:
        name: The layer's, or the model's, in the file.
        kind: What Keras calls its class where that is defined.
        layer: Ours; None of a model.
        parts: Of a model: what is in it, in the config's order.
        each_step: Of a model: whether it is within a TimeDistributed layer.
        trainable: Whether the layer itself is trained: Keras lists what is not trained last.
    """

    name: str
    kind: str
    layer: LayerSpec | None = None
    parts: tuple[StoredPart, ...] = ()
    each_step: bool = False
    trainable: bool = True

    def leaves(self) -> Iterator[StoredPart]:
        """Yield the layers in it, in order; a layer is its own leaf."""
        if self.layer is not None:
            yield self
        for part in self.parts:
            yield from part.leaves()


def inlined(model: StoredModel) -> tuple[list[Stored], list[Tensor]]:
    """Return the layers of a model with those of the models inside of it in their places, and the outputs.

    Raises:
        NodeError: If a model inside cannot be taken apart.
    """
    layers: list[Stored | StoredModel] = list(model.layers)
    outputs = list(model.outputs)
    while (inner := next((layer for layer in layers if isinstance(layer, StoredModel)), None)) is not None:
        layers, outputs = _with_layers_of(inner, layers, outputs)
    return [layer for layer in layers if isinstance(layer, Stored)], outputs


def _with_layers_of(
    inner: StoredModel, around: list[Stored | StoredModel], outputs: list[Tensor]
) -> tuple[list[Stored | StoredModel], list[Tensor]]:
    """Layers with those of a model among them in its place; what the others take from it they take from its layers."""
    own, results = inlined(inner)
    fed = {tensor.layer for tensor in inner.inputs}
    own = [layer for layer in own if layer.name not in fed]
    if inner.each_step:
        own = [_at_each_step(layer, inner.name) for layer in own]
    names = _free_names([layer.name for layer in own], inner.name, {layer.name for layer in around if layer is not inner})
    count = {layer.name: len(layer.calls) for layer in own}

    def outside(tensor: Tensor, call: int) -> Tensor:
        if tensor in inner.inputs:
            given = inner.calls[call].tensors
            if len(given) != len(inner.inputs):
                message = f"The model '{inner.name}' has {len(inner.inputs)} inputs, but is given {len(given)}."
                raise NodeError(message, "Save the model again from Keras.")
            return given[inner.inputs.index(tensor)]
        return Tensor(names[tensor.layer], call * count[tensor.layer] + tensor.call, tensor.output)

    def known(tensor: Tensor) -> Tensor:
        """A tensor of the model around, by what makes it inside; through several models that hand on what they are given."""
        while tensor.layer == inner.name:
            call = tensor.call - inner.first_call
            if not 0 <= call < len(inner.calls):
                raise NodeError(f"The model '{inner.name}' is not called as often as its results are used.", "Save it again.")
            tensor = outside(results[tensor.output], call)
        return tensor

    def result(call: int, tensor: Tensor) -> Tensor:
        return known(outside(tensor, call))

    made: list[Stored | StoredModel] = []
    for layer in around:
        if layer is not inner:
            made.append(replace(layer, calls=tuple(call.moved(known) for call in layer.calls)))
            continue
        for each in own:
            calls = [
                call.moved(partial(result, number)).trained_as(outer.options, each.node.kind)
                for number, outer in enumerate(inner.calls)
                for call in each.calls
            ]
            made.append(replace(each, name=names[each.name], place=(inner.name, *each.place), calls=tuple(calls)))
    return made, [known(tensor) for tensor in outputs]


def _free_names(wanted: Sequence[str], model: str, taken: set[str]) -> dict[str, str]:
    """Names for layers of a model inside: their own where no other layer has it, else with the model's before."""
    names: dict[str, str] = {}
    for name in wanted:
        free = name
        while free in taken or (free != name and free in wanted):
            free = f"{model}_{free}"
        names[name] = free
        taken.add(free)
    return names


def _at_each_step(layer: Stored, model: str) -> Stored:
    """A layer of a model that is applied to each step, as a layer that is."""
    kind = layer.node.kind
    if kind in ELEMENTWISE or (kind == "Concatenate" and getattr(layer.node, "axis", None) == -1):
        return layer
    wrapper: Any = layer_class("TimeDistributed")
    if any(len(call.tensors) != 1 for call in layer.calls):
        message = f"'{layer.name}' in the model '{model}' has several inputs at each step, which cannot be read."
        raise NodeError(message, "Build the part in Keras without TimeDistributed.")
    entry = as_entry(layer.node, layer.channels_first, name=layer.name)
    node = wrapper.from_config({"layer": entry, "dtype": entry["config"].get("dtype")}, layer.name)
    return replace(layer, node=node)


def parts_of(model: StoredModel, specs: dict[tuple[str, ...], LayerSpec], place: tuple[str, ...] = ()) -> Iterator[StoredPart]:
    """Yield where the weights of a model's layers lie in its file.

    Args:
        model: As the config has it.
        specs: Our layers by their places.
        place: Of the model itself.
    """
    for layer in model.layers:
        if isinstance(layer, StoredModel):
            below = (*place, layer.name)
            kind = "Sequential" if layer.kind == "Sequential" else "Functional"
            yield StoredPart(layer.name, kind, None, tuple(parts_of(layer, specs, below)), layer.each_step)
        else:
            at = (*place, *layer.place)
            kind = layer.stored_kind or layer.node.python_class or layer.node.kind
            yield StoredPart(layer.place[-1], kind, specs.get(at), (), False, layer.trainable)
