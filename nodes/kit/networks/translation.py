"""From a Keras model's config to our own graph of layers, for what Keras 2 and 3 write of functional and sequential models.

The config is data: every layer must be of a class that there is a node for, with arguments that this node knows. Our
own rules then say the shapes, so a file that contradicts itself is found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from nodes.errors import NodeError
from nodes.kit.layers.base import AttachedLayer, Inference, Layer, is_channels_first
from nodes.kit.layers.kinds import layer_class, stored_class
from nodes.kit.layers.operations import Operation
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.layers.shape_checks import FLOAT_TYPES
from nodes.kit.networks import hard_sigmoids
from nodes.kit.networks.application_layers import is_of_an_application, read_layers
from nodes.kit.networks.cudnn_layers import without_cudnn
from nodes.kit.networks.keras_1 import as_keras_2
from nodes.kit.networks.keras_2_operators import GRAPH_OPERATION, LAMBDAS, graph_operator, lambda_operator
from nodes.kit.networks.layer_names import as_layer_name
from nodes.kit.networks.masks import MaskOperations, is_operation
from nodes.kit.networks.operators import CALL_ARGUMENTS, REMEDY, Operator, constant_of, read_operator
from nodes.kit.networks.sizes import infer_call
from nodes.kit.networks.stored_calls import TRAINING, StoredCall
from nodes.kit.networks.stored_parts import Stored, StoredModel, StoredPart, inlined, parts_of
from nodes.values.network import Call, LayerSpec, NetworkSpec, Tensor, TensorSpec, WeightSpec

FUNCTIONAL = ("Functional", "Model")


@dataclass(frozen=True)
class Translation:
    """A model's config in our terms.

    Attributes:
        spec: The network.
        parts: All layers in the config's order, as their weights lie in the file.
    """

    spec: NetworkSpec
    parts: tuple[StoredPart, ...]


def translate(config: Mapping[str, Any], uid: str, *, keras_2: bool = False) -> Translation:
    """Return our graph of layers for a model's config.

    Args:
        config: `{"class_name": ..., "config": ...}`, as `model.to_json()` has it.
        uid: What the layers' uids begin with.
        keras_2: Whether Keras 1 or 2 wrote it, whose hard sigmoid is another one.

    Raises:
        NodeError: If a layer is not allowed, or the graph is not whole.
    """
    try:
        model = _model(config, config["class_name"])
        layers, outputs = inlined(model)
        if keras_2:
            layers = [part for layer in layers for part in _with_old_slope(layer)]
        if any(layer.node.kind == "Masking" or getattr(layer.node, "mask_zero", False) for layer in layers):
            layers = [part for layer in layers for part in _where_masks_end(layer)]
        spec, places = _network(layers, model.inputs, outputs, uid)
        return Translation(spec, tuple(parts_of(model, places)))
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"
        raise NodeError(f"The model's config is not as Keras writes it ({what}).", "Save the model again.") from error


# --------------------------------------------------------------------------------------------------------- kinds of model


def _model(entry: Mapping[str, Any], name: str, trainable: bool = True) -> StoredModel:
    """A model, or one inside of another, with its layers; its calls are not looked at."""
    kind, config = entry["class_name"], entry["config"]
    if kind == "Sequential":
        return _sequential(entry, config, name, trainable)
    if kind in FUNCTIONAL:
        return _functional(entry, config, name, trainable)
    raise NodeError(f"The model is of the class '{kind}', which may run code of its own.", REMEDY)


def _functional(entry: Mapping[str, Any], config: Mapping[str, Any], name: str, trainable: bool) -> StoredModel:
    """A functional model."""
    trainable = trainable and config.get("trainable") is not False
    layers: list[Stored | StoredModel] = []
    masks = MaskOperations(config["layers"])
    for each in config["layers"]:
        if each["name"] in masks:
            continue
        if is_operation(each) or each["class_name"] in (*LAMBDAS, GRAPH_OPERATION):
            layers += _operators(each)
            continue
        if is_of_an_application(each):
            own = trainable and each["config"].get("trainable") is not False
            called = tuple(StoredCall(tuple(_flat(_inputs(call), each["name"]))) for call in each["inbound_nodes"])
            layers += read_layers(each, each["name"], own, called)
            continue
        layer = _stored(each, each["name"], trainable)
        calls = tuple(_call(call, layer, masks) for call in each.get("inbound_nodes") or [])
        layers.append(replace(layer, calls=calls or (StoredCall(),)))
    layers = [_counted(layer, layers) if isinstance(layer, StoredModel) else layer for layer in layers]
    inputs, outputs = _listed(config["input_layers"]), _listed(config["output_layers"])
    return StoredModel(name, entry["class_name"], tuple(layers), tuple(inputs), tuple(outputs))


def _operators(entry: Mapping[str, Any]) -> Iterator[Stored]:
    """An operator as a layer that does the same."""
    name, kind = entry["name"], entry["class_name"]
    found = []
    for call in entry.get("inbound_nodes") or []:
        if kind in LAMBDAS:
            operator = lambda_operator(entry, call)
        elif kind == GRAPH_OPERATION:
            operator = graph_operator(entry, call)
        else:
            operator = _keras_3_operator(entry, call)
        found.append(read_operator(operator, name))
    if not found or any(other.node != found[0].node for other in found):
        raise NodeError(f"The operation '{name}' is called in several ways.", REMEDY)
    calls = tuple(StoredCall(each.tensors, each.roles) for each in found)
    yield Stored(name, (name,), found[0].node, False, True, calls, operator=True)


def _keras_3_operator(entry: Mapping[str, Any], call: Mapping[str, Any]) -> Operator:
    """An operation of Keras 3, with the arguments of its class and of its call by name."""
    kind = entry["class_name"]
    given = {name: _keras_3_value(value) for name, value in entry["config"].items() if name not in ("name", "trainable")}
    positional = [_keras_3_value(value) for value in call["args"]]
    if kind == "Einsum":
        given["operands"] = positional
    else:
        names = CALL_ARGUMENTS.get(kind, ("x",))
        if len(positional) > len(names):
            raise _unknown(entry["name"], f"{len(positional)} inputs")
        given |= dict(zip(names, positional, strict=False))
    return Operator(kind, given | {name: _keras_3_value(value) for name, value in call["kwargs"].items()})


def _counted(model: StoredModel, around: Sequence[Stored | StoredModel]) -> StoredModel:
    """A model inside with the number of its first call: Keras 2 counts that by which the model itself was made, if it knew its
    inputs then, and Keras 3 does so in some versions."""
    used = {t.call for layer in around for call in layer.calls for t in call.tensors if t.layer == model.name}
    return replace(model, first_call=1 if used and max(used) >= len(model.calls) else model.first_call)


def _sequential(entry: Mapping[str, Any], config: Any, name: str, trainable: bool) -> StoredModel:
    """A sequential model. Early ones are a bare list of layers, and have no input layer."""
    model_config = {"layers": config} if isinstance(config, list) else config
    entries = list(model_config["layers"])
    if not entries:
        raise NodeError("The model has no layers.", "Choose another file.")
    trainable = trainable and model_config.get("trainable") is not False
    if entries[0]["class_name"] != "InputLayer":
        entries.insert(0, _input_entry(entries[0], model_config, entry))
    layers: list[Stored | StoredModel] = []
    for each in entries:
        before = StoredCall((Tensor(layers[-1].name),)) if layers else StoredCall()
        layers.append(replace(_stored(each, each["config"]["name"], trainable), calls=(before,)))
    return StoredModel(name, entry["class_name"], tuple(layers), (Tensor(layers[0].name),), (Tensor(layers[-1].name),))


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


def _with_old_slope(layer: Stored) -> list[Stored]:
    """A layer of Keras 2; before one that is nothing but a hard sigmoid, what makes it as steep as it was."""
    if not hard_sigmoids.is_bare(layer.node):
        return [layer]
    name = f"{layer.name}_slope"
    scale = layer_class("Rescaling").from_config({"scale": hard_sigmoids.STEEPER, "offset": 0.0}, name)
    calls = tuple(StoredCall((Tensor(name, number),)) for number in range(len(layer.calls)))
    before = Stored(name, (*layer.place[:-1], name), scale, layer.channels_first, layer.trainable, layer.calls)
    return [before, replace(layer, calls=calls)]


def _where_masks_end(layer: Stored) -> list[Stored]:
    """A layer; before one that stands for an operator, and would hand masks on, operations that do not."""
    if not layer.operator or isinstance(layer.node, Operation):
        return [replace(layer, masked=True)]
    count = max(len(call.tensors) for call in layer.calls)
    names = [f"{layer.name}_unmasked_{number}" for number in range(count)]
    whole = layer_class("Slice").from_config({"parts": "..."}, layer.name)
    before = [
        Stored(name, (name,), whole, False, True, tuple(StoredCall((call.tensors[number],)) for call in layer.calls))
        for number, name in enumerate(names)
    ]
    calls = [replace(call, tensors=tuple(Tensor(name, number) for name in names)) for number, call in enumerate(layer.calls)]
    return [*before, replace(layer, calls=tuple(calls))]


def _stored(entry: Mapping[str, Any], name: str, trainable: bool) -> Stored | StoredModel:
    """One layer of a config, or a model among its layers, without its calls, if it is allowed. NodeError if not."""
    entry = as_keras_2(without_cudnn(entry))
    kind, config = entry["class_name"], entry["config"]
    if kind in ("Sequential", *FUNCTIONAL):
        return _model(entry, name, trainable)
    trainable = trainable and config.get("trainable") is not False
    inner = config.get("layer")
    if kind == "TimeDistributed" and isinstance(inner, Mapping) and inner.get("class_name") in ("Sequential", *FUNCTIONAL):
        return replace(_model(inner, name, trainable), each_step=True)
    node = stored_class(entry, name).from_config(config, name)
    return Stored(name, (name,), node, is_channels_first(config), trainable, ())


# ---------------------------------------------------------------------------------------------------------------- tensors


def _call(call: Any, layer: Stored | StoredModel, masks: MaskOperations) -> StoredCall:
    """One call of a layer.

    Keras 3: `{"args": [tensor or list of tensors], "kwargs": {...}}`; Keras 2: `[[name, call, output, kwargs], ...]`.
    """
    positional = _inputs(call)
    if isinstance(call, Mapping):
        named = {name: _keras_3_value(value) for name, value in call["kwargs"].items()}
    else:
        named = {name: _keras_2_value(value) for given in call if len(given) > 3 for name, value in given[3].items()}
    # Keras 3 writes False for every layer that has the argument, and does not look at it again.
    training = {TRAINING: True} if named.pop(TRAINING, None) is True else {}
    named = {name: value for name, value in named.items() if value is not None and value is not False}
    named = {name: value for name, value in named.items() if not masks.made(name, value)}
    if isinstance(layer, Stored) and isinstance(layer.node, PortedLayer):
        return _ported_call(layer.node, positional, named, layer.name).trained_as(training, layer.node.kind)
    if named:
        name, value = next(iter(named.items()))
        raise _unknown(layer.name, f"'{name}' = {value!r:.60}")
    made = StoredCall(tuple(_flat(positional, layer.name)))
    return replace(made, options=training) if isinstance(layer, StoredModel) else made.trained_as(training, layer.node.kind)


def _inputs(call: Any) -> list[Any]:
    """The positional arguments of a call."""
    if isinstance(call, Mapping):
        return [_keras_3_value(given) for given in call["args"]]
    return [[Tensor(str(name), int(index), int(output)) for name, index, output, *_ in call]]


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
    if isinstance(given, Mapping):
        match given.get("class_name"):
            case "__slice__":
                return slice(*(given["config"][bound] for bound in ("start", "stop", "step")))
            case "__ellipsis__":
                return Ellipsis
            case "__numpy__" | "__tensor__":
                return constant_of(given["config"]["value"], given["config"].get("dtype"))
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


def _network(
    stored: Sequence[Stored], inputs: Sequence[Tensor], outputs: Sequence[Tensor], uid: str
) -> tuple[NetworkSpec, dict[tuple[str, ...], LayerSpec]]:
    """The network of these layers, with all shapes worked out, and our layers by their places in the file."""
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
            if layer.operator and index == 0:
                by_name[name] = layer = replace(layer, node=_plainest(layer, [shapes[t] for t in call.tensors]))
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
    return spec, {layer.place: layers[layer.name] for layer in stored}


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


def _plainest(layer: Stored, inputs: Sequence[TensorSpec]) -> Layer:
    """The layer for an operator that computes in the number type that comes, as operators do."""
    node = layer.node if layer.masked else layer.node.simplest(inputs)
    floats = {tensor.dtype for tensor in inputs if tensor.dtype in FLOAT_TYPES}
    if isinstance(node, AttachedLayer) and len(floats) == 1:
        return node.model_copy(update={"dtype": floats.pop()})
    return node


def _infer(layer: Stored, call: StoredCall, inputs: Sequence[TensorSpec]) -> Inference:
    return infer_call(layer.node, Call(layer.name, 0, (), (), call.roles, call.options), inputs, layer.channels_first)


def _spec(layer: Stored, name: str, uid: str, weights: tuple[WeightSpec, ...]) -> LayerSpec:
    config = layer.node.to_config(layer.channels_first)
    return LayerSpec(name, layer.node.kind, config, f"{uid}:{layer.name}", weights, layer.trainable)


def _is_image_layer_with_channels_first(layer: Stored) -> bool:
    """A flatten layer may have a data format of its own: it says nothing of the images that come later."""
    return layer.channels_first and layer.node.kind != "Flatten"


def _names(layers: Mapping[str, Stored]) -> dict[str, str]:
    """How the layers are called here: Keras 2 took slashes in names, and back ends other than TensorFlow take any sign."""
    names: dict[str, str] = {}
    for name in layers:
        ours = as_layer_name(name)
        while ours != name and (ours in layers or ours in names.values()):
            ours += "_"
        names[name] = ours
    return names
