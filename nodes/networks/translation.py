"""From a Keras model's config to our own graph of layers, for what Keras 2 and 3 write of functional and sequential models.

The config is data: every layer must be of a class that there is a node for, with arguments that this node knows. Our
own rules then say the shapes, so a file that contradicts itself is found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from nodes.errors import NodeError
from nodes.layers.base import Layer, is_channels_first
from nodes.layers.kinds import layer_class
from nodes.values.network import Call, LayerSpec, NetworkSpec, Tensor, TensorSpec, WeightSpec

KERAS_PACKAGES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
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
class Stored:
    """A layer as the config has it.

    Attributes:
        name: Its name there.
        node: Its settings.
        channels_first: Whether its images are (channels, height, width).
        trainable: Whether it is trained.
        calls: The tensors of each of its calls, by the names in the config.
    """

    name: str
    node: Layer
    channels_first: bool
    trainable: bool
    calls: tuple[tuple[Tensor, ...], ...]


def translate(config: Mapping[str, Any], uid: str) -> Translation:
    """Our graph of layers for a model's config.

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
    for entry in config["layers"]:
        calls = tuple(tuple(_tensors(call, entry["name"])) for call in entry.get("inbound_nodes") or [])
        layers.append(_stored(entry, entry["name"], calls or ((),), trainable))
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
        before = ((Tensor(layers[-1].name),),) if layers else ((),)
        layers.append(_stored(entry, entry["config"]["name"], before, trainable))
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


def _stored(entry: Mapping[str, Any], name: str, calls: tuple[tuple[Tensor, ...], ...], trainable: bool) -> Stored:
    """One layer of a config, if it is allowed. NodeError if not."""
    kind, config = entry["class_name"], entry["config"]
    if kind in ("Sequential", *FUNCTIONAL):
        raise NodeError(f"Layer '{name}' is a model inside the model, which cannot be read.", REMEDY)
    module, registered = entry.get("module"), entry.get("registered_name")
    package = next((p for p in KERAS_PACKAGES if module in (None, p) or str(module).startswith(f"{p}.")), None)
    if package is None or registered not in (None, kind):
        raise NodeError(f"Layer '{name}' is of the class '{registered or f'{module}.{kind}'}', which is not Keras's own.", REMEDY)
    node = layer_class(kind, name).from_config(config, name)
    return Stored(name, node, is_channels_first(config), trainable and config.get("trainable") is not False, calls)


# ---------------------------------------------------------------------------------------------------------------- tensors


def _tensors(call: Any, layer: str) -> Iterator[Tensor]:
    """The tensors that one call of a layer gets.

    Keras 3: `{"args": [tensor or list of tensors], "kwargs": {...}}`; Keras 2: `[[name, call, output, kwargs], ...]`.
    """
    if isinstance(call, Mapping):
        arguments = [call["kwargs"]]
        yield from _keras_tensors(call["args"], layer)
    else:
        arguments = [given[3] for given in call if len(given) > 3]
        for name, index, output, *_ in call:
            yield Tensor(str(name), int(index), int(output))
    for name, value in ((n, v) for more in arguments for n, v in more.items()):
        if value is not None and value is not False:
            raise NodeError(f"Layer '{layer}' is called with '{name}' = {value!r:.60}, which Layerloom does not know.", REMEDY)


def _keras_tensors(args: Sequence[Any], layer: str) -> Iterator[Tensor]:
    for given in args:
        if isinstance(given, list):
            yield from _keras_tensors(given, layer)
        elif isinstance(given, Mapping) and given.get("class_name") == "__keras_tensor__":
            name, index, output = given["config"]["keras_history"]
            yield Tensor(str(name), int(index), int(output))
        else:
            raise NodeError(f"Layer '{layer}' is called with {given!r:.60}, which Layerloom does not know.", REMEDY)


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
    graph = {
        (layer.name, index): [(t.layer, t.call) for t in tensors] for layer in stored for index, tensors in enumerate(layer.calls)
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise NodeError("The model's layers form a circle.", "Save the model again.") from error
    shapes: dict[Tensor, TensorSpec] = {}
    layers: dict[str, LayerSpec] = {}
    calls: list[Call] = []
    for name, index in order:
        layer = by_name[name]
        try:
            made, weights = layer.node.infer([shapes[t] for t in layer.calls[index]], layer.channels_first)
        except NodeError as error:
            raise NodeError(f"Layer '{name}': {error.message}", "Save the model again from Keras.") from error
        if layers.setdefault(name, _spec(layer, names[name], uid, weights)).weights != weights:
            raise NodeError(f"Layer '{name}' is used on inputs that need weights of different shapes.", "Save the model again.")
        shapes |= {Tensor(name, index, number): tensor for number, tensor in enumerate(made)}
        calls.append(Call(names[name], index, tuple(t._replace(layer=names[t.layer]) for t in layer.calls[index]), made))
    whole = NetworkSpec(
        tuple(layers.values()),
        tuple(calls),
        tuple(t._replace(layer=names[t.layer]) for t in inputs),
        (),
        channels_first=any(_is_image_layer_with_channels_first(layer) for layer in stored),
    )
    spec = whole.with_outputs([t._replace(layer=names[t.layer]) for t in outputs])
    return Translation(spec, {layer.name: layers[layer.name] for layer in stored})


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
