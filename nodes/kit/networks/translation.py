"""From a Keras model's config to our own graph of layers, for what Keras 2 and 3 write of functional and sequential models.

The config is data: every layer must be of a class that there is a node for, with arguments that this node knows. Our
own rules then say the shapes, so a file that contradicts itself is found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from nodes.errors import NodeError
from nodes.kit.layers.base import Inference, Layer, is_channels_first
from nodes.kit.layers.kinds import stored_class
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.networks.masks import MaskOperations
from nodes.values.network import Call, LayerSpec, NetworkSpec, Tensor, TensorSpec, WeightSpec

FUNCTIONAL = ("Functional", "Model")
REMEDY = "Build the part in Keras from layers that are in the node repository, and save it again."


@dataclass(frozen=True)
class Translation:
    """A model's config in our terms.

    Attributes:
        spec: The network.
        layers: All layers in the config's order: the name there -> our spec.
    """

    spec: NetworkSpec
    layers: Mapping[str, LayerSpec]


@dataclass(frozen=True)
class StoredCall:
    """One call of a layer as the config has it: tensors by the names there, roles and options as `Call` has them."""

    tensors: tuple[Tensor, ...] = ()
    roles: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """A layer as the config has it.

    Attributes:
        name: Its name there.
        node: Its settings.
        channels_first: Whether its images are (channels, height, width).
        trainable: Whether it is trained.
        calls: Its calls.
    """

    name: str
    node: Layer
    channels_first: bool
    trainable: bool
    calls: tuple[StoredCall, ...]


def translate(config: Mapping[str, Any], uid: str) -> Translation:
    """Return our graph of layers for a model's config.

    Args:
        config: `{"class_name": ..., "config": ...}`, as `model.to_json()` has it.
        uid: What the layers' uids begin with.

    Raises:
        NodeError: If a layer is not allowed, or the graph is not whole.
    """
    try:
        kind, inner = config["class_name"], config["config"]
        if kind == "Sequential":
            stored, inputs, outputs = _sequential(config, inner)
        elif kind in FUNCTIONAL:
            stored, inputs, outputs = _functional(inner)
        else:
            raise NodeError(f"The model is of the class '{kind}', which may run code of its own.", REMEDY)
        return _network(stored, inputs, outputs, uid)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"
        raise NodeError(f"The model's config is not as Keras writes it ({what}).", "Save the model again.") from error


# --------------------------------------------------------------------------------------------------------- kinds of model


def _functional(config: Mapping[str, Any]) -> tuple[list[Stored], list[Tensor], list[Tensor]]:
    """Layers, inputs and outputs of a functional model."""
    trainable = config.get("trainable") is not False
    layers = []
    masks = MaskOperations(config["layers"])
    for entry in config["layers"]:
        if entry["name"] in masks:
            continue
        layer = _stored(entry, entry["name"], trainable)
        calls = tuple(_call(call, layer, masks) for call in entry.get("inbound_nodes") or [])
        layers.append(replace(layer, calls=calls or (StoredCall(),)))
    return layers, list(_listed(config["input_layers"])), list(_listed(config["output_layers"]))


def _sequential(model: Mapping[str, Any], config: Any) -> tuple[list[Stored], list[Tensor], list[Tensor]]:
    """Layers, input and output of a sequential model. Early ones are a bare list of layers, and have no input layer."""
    model_config = {"layers": config} if isinstance(config, list) else config
    entries = list(model_config["layers"])
    if not entries:
        raise NodeError("The model has no layers.", "Choose another file.")
    if entries[0]["class_name"] != "InputLayer":
        entries.insert(0, _input_entry(entries[0], model_config, model))
    trainable = model_config.get("trainable") is not False
    layers: list[Stored] = []
    for entry in entries:
        before = StoredCall((Tensor(layers[-1].name),)) if layers else StoredCall()
        layers.append(replace(_stored(entry, entry["config"]["name"], trainable), calls=(before,)))
    return layers, [Tensor(layers[0].name)], [Tensor(layers[-1].name)]


def _input_entry(first: Mapping[str, Any], model_config: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """The input layer that a sequential model without one needs; its shape is stored in one of four places."""
    shapes = (
        first["config"].get("batch_input_shape"),
        first["config"].get("batch_shape"),
        model_config.get("build_input_shape"),
        (model.get("build_config") or {}).get("input_shape"),
    )
    shape = next((s for s in shapes if s), None)
    if shape is None:
        raise NodeError("The model does not say what goes into it.", "Give it an Input layer in Keras, and save it again.")
    name = f"{first['config']['name']}_input"
    return {
        "class_name": "InputLayer",
        "config": {"name": name, "batch_shape": shape, "dtype": first["config"].get("input_dtype")},
    }


def _stored(entry: Mapping[str, Any], name: str, trainable: bool) -> Stored:
    """One layer of a config, without its calls, if it is allowed. NodeError if not."""
    kind, config = entry["class_name"], entry["config"]
    if kind in ("Sequential", *FUNCTIONAL):
        raise NodeError(f"Layer '{name}' is a model inside the model, which cannot be read.", REMEDY)
    node = stored_class(entry, name).from_config(config, name)
    return Stored(name, node, is_channels_first(config), trainable and config.get("trainable") is not False, ())


# ---------------------------------------------------------------------------------------------------------------- tensors


def _call(call: Any, layer: Stored, masks: MaskOperations) -> StoredCall:
    """One call of a layer.

    Keras 3: `{"args": [tensor or list of tensors], "kwargs": {...}}`; Keras 2: `[[name, call, output, kwargs], ...]`.
    """
    if isinstance(call, Mapping):
        positional = [_keras_3_value(given) for given in call["args"]]
        named = {name: _keras_3_value(value) for name, value in call["kwargs"].items()}
    else:
        positional = [[Tensor(str(name), int(index), int(output)) for name, index, output, *_ in call]]
        named = {name: _keras_2_value(value) for given in call if len(given) > 3 for name, value in given[3].items()}
    named = {name: value for name, value in named.items() if value is not None and value is not False}
    named = {name: value for name, value in named.items() if not masks.made(name, value)}
    node = layer.node
    if isinstance(node, PortedLayer):
        return _ported_call(node, positional, named, layer.name)
    if named:
        name, value = next(iter(named.items()))
        raise _unknown(layer.name, f"'{name}' = {value!r:.60}")
    return StoredCall(tuple(_flat(positional, layer.name)))


def _ported_call(node: PortedLayer, positional: Sequence[Any], named: Mapping[str, Any], layer: str) -> StoredCall:
    """One call of a layer whose arguments mean different things."""
    arguments = list(node.call_arguments)
    if len(positional) > len(arguments):
        raise _unknown(layer, f"{len(positional)} inputs")
    given = {name: value for name, value in zip(arguments, positional, strict=False) if value is not None} | dict(named)
    first = given.get(arguments[0])
    if isinstance(first, list) and arguments[0] not in node.listed_arguments:
        # Keras 2 has what belongs to further arguments among the inputs: `[sequence, state, ...]`.
        given.pop(arguments[0])
        ports = [port.name for port in node.input_ports]
        if len(first) > len(ports) or not all(isinstance(part, Tensor) for part in first):
            raise _unknown(layer, f"{first!r:.60}")
        for port, part in zip(ports, first, strict=False):
            argument = next(name for name, targets in node.call_arguments.items() if port in targets)
            listed = argument in node.listed_arguments
            given[argument] = [*given.get(argument, []), part] if listed else part
    try:
        return StoredCall(*node.read_call(given))
    except ValueError as error:
        raise _unknown(layer, str(error)) from error


def _unknown(layer: str, what: str) -> NodeError:
    return NodeError(f"Layer '{layer}' is called with {what}, which Layerloom does not know.", REMEDY)


def _keras_3_value(given: Any) -> Any:
    """An argument with the tensors in it as `Tensor`."""
    if isinstance(given, list):
        return [_keras_3_value(one) for one in given]
    if isinstance(given, Mapping) and given.get("class_name") == "__keras_tensor__":
        name, index, output = given["config"]["keras_history"]
        return Tensor(str(name), int(index), int(output))
    return given


def _keras_2_value(given: Any) -> Any:
    """An argument with the tensors in it, `[name, call, output]`, as `Tensor`."""
    if isinstance(given, list):
        if len(given) == 3 and isinstance(given[0], str) and all(isinstance(number, int) for number in given[1:]):
            return Tensor(given[0], given[1], given[2])
        return [_keras_2_value(one) for one in given]
    return given


def _flat(values: Sequence[Any], layer: str) -> Iterator[Tensor]:
    """The tensors in positional arguments; NodeError if there is anything else."""
    for given in values:
        if isinstance(given, Tensor):
            yield given
        elif isinstance(given, list):
            yield from _flat(given, layer)
        else:
            raise _unknown(layer, f"{given!r:.60}")


def _listed(tensors: Any) -> Iterator[Tensor]:
    """A model's inputs or outputs: one `[name, call, output]`, a list or a dictionary of them."""
    if isinstance(tensors, Mapping):
        for name in sorted(tensors):  # Keras flattens dictionaries by their sorted names
            yield from _listed(tensors[name])
    elif tensors and isinstance(tensors[0], str):
        yield Tensor(tensors[0], int(tensors[1]), int(tensors[2]))
    else:
        for one in tensors:
            yield from _listed(one)


# ---------------------------------------------------------------------------------------------------------------- network


def _network(stored: Sequence[Stored], inputs: Sequence[Tensor], outputs: Sequence[Tensor], uid: str) -> Translation:
    """The network of these layers, with all shapes worked out."""
    by_name = {layer.name: layer for layer in stored}
    if len(by_name) < len(stored):
        raise NodeError("Two layers of the model have the same name.", "Give every layer a name of its own in Keras.")
    names = _names(by_name)
    order = _order(stored)
    shapes: dict[Tensor, TensorSpec] = {}
    layers: dict[str, LayerSpec] = {}
    calls: list[Call] = []
    for name, index in order:
        layer = by_name[name]
        call = layer.calls[index]
        try:
            made, weights = _infer(layer, call, [shapes[t] for t in call.tensors])
        except NodeError as error:
            raise NodeError(f"Layer '{name}': {error.message}", "Save the model again from Keras.") from error
        if layers.setdefault(name, _spec(layer, names[name], uid, weights)).weights != weights:
            raise NodeError(f"Layer '{name}' is used on inputs that need weights of different shapes.", "Save the model again.")
        shapes |= {Tensor(name, index, number): tensor for number, tensor in enumerate(made)}
        tensors = tuple(t._replace(layer=names[t.layer]) for t in call.tensors)
        calls.append(Call(names[name], index, tensors, made, call.roles, call.options))
    whole = NetworkSpec(
        tuple(layers.values()),
        tuple(calls),
        tuple(t._replace(layer=names[t.layer]) for t in inputs),
        (),
        channels_first=any(_is_image_layer_with_channels_first(layer) for layer in stored),
    )
    spec = whole.with_outputs([t._replace(layer=names[t.layer]) for t in outputs])
    return Translation(spec, {layer.name: layers[layer.name] for layer in stored})


def _order(stored: Sequence[Stored]) -> list[tuple[str, int]]:
    """All calls, each as (layer, number of the call), in an order in which they can be computed."""
    import networkx as nx

    graph: nx.DiGraph = nx.DiGraph()
    for layer in stored:
        for index, call in enumerate(layer.calls):
            graph.add_node((layer.name, index))
            graph.add_edges_from(((tensor.layer, tensor.call), (layer.name, index)) for tensor in call.tensors)
    try:
        return list(chain.from_iterable(nx.topological_generations(graph)))
    except nx.NetworkXUnfeasible as error:
        raise NodeError("The model's layers form a circle.", "Save the model again.") from error


def _infer(layer: Stored, call: StoredCall, inputs: Sequence[TensorSpec]) -> Inference:
    if isinstance(layer.node, PortedLayer):
        return layer.node.with_options(call.options).infer(inputs, layer.channels_first, call.roles)
    return layer.node.infer(inputs, layer.channels_first)


def _spec(layer: Stored, name: str, uid: str, weights: tuple[WeightSpec, ...]) -> LayerSpec:
    config = layer.node.to_config(layer.channels_first)
    return LayerSpec(name, layer.node.kind, config, f"{uid}:{layer.name}", weights, layer.trainable)


def _is_image_layer_with_channels_first(layer: Stored) -> bool:
    """A flatten layer may have a data format of its own: it says nothing of the images that come later."""
    return layer.channels_first and layer.node.kind != "Flatten"


def _names(layers: Mapping[str, Stored]) -> dict[str, str]:
    """How the layers are called here: Keras 2 took slashes in names, Keras 3 does not."""
    names: dict[str, str] = {}
    for name in layers:
        ours = name.replace("/", "_")
        while ours != name and (ours in layers or ours in names.values()):
            ours += "_"
        names[name] = ours
    return names
