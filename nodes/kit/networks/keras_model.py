"""From our graph of layers to a Keras model, and its weights back.

The only place where Keras layers are constructed. What is constructed comes from an allow-list: a layer's class must
be one there is a node for, and its arguments are read into that node's settings and written out again before Keras
sees them, so nothing that a file says can make Keras look up code.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from nodes.errors import NodeError
from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operations import Operation
from nodes.values.network import LayerSpec, Network, NetworkSpec, Tensor, TensorSpec

if TYPE_CHECKING:
    from types import ModuleType

    import keras
    from numpy.typing import NDArray


def import_keras() -> ModuleType:
    """Import Keras on TensorFlow, with TensorFlow's devices found and its chatter turned down.

    The first call takes seconds. What the user has set in the environment stays as it is.
    """
    with _IMPORTING:  # two threads that turn the chatter down at once would not find the way back to standard error
        return _import_keras()


_IMPORTING = threading.Lock()


@cache
def _import_keras() -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # TensorFlow asks the processor's maker before it uses oneDNN's convolutions; where it does not by itself, they train
    # the Fashion-MNIST example 1.7 times as fast.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _without_chatter():
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()
    module: ModuleType = keras
    return module


_CHATTER = re.compile(rb"WARNING: All log messages before absl::|[IWE]\d{4} [\d:.]+ ")
"""How the lines begin that TensorFlow's C++ libraries write however quiet they are told to be, about graphics cards that are
not there for one."""


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Hold back what is written to the process's standard error, and pass on afterwards what is not chatter."""
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        shown = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(shown, 2)
            os.close(shown)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Hold back what TensorFlow's C++ libraries write about themselves while an exporter works."""
    with _IMPORTING, _without_chatter():
        yield


def to_keras(network: Network, seed: int | None = None) -> keras.Model:
    """Build the Keras model of a network.

    Args:
        network: The graph, and the weights there are; a layer without weights gets its initial ones.
        seed: For the initial weights (and for everything random that follows: Keras's one global seed).

    Returns:
        A functional model with the network's names. One input or output is a tensor, several are a list in the
        network's order.

    Raises:
        NodeError: If a layer is not allowed, does not fit its inputs, or does not fit its weights.
    """
    keras = import_keras()
    spec = network.spec
    if seed is not None:
        keras.utils.set_random_seed(seed)
    nodes = {layer.name: layer_class(layer.kind, layer.name).from_config(layer.config, layer.name) for layer in spec.layers}
    given: dict[str, list[TensorSpec]] = {}
    for call in spec.calls:
        given.setdefault(call.layer, [spec.tensor(t) for t in call.inputs])
    layers = {layer.name: _build(layer, nodes[layer.name], given[layer.name]) for layer in spec.layers}
    tensors: dict[Tensor, Any] = {}
    for call in spec.calls:
        layer = layers[call.layer]
        inputs = [tensors[t] for t in call.inputs]
        try:
            if inputs:
                positional, named = nodes[call.layer].keras_call(call.roles, inputs)
                made = layer(*positional, **named, **call.options)
            else:
                made = layer.output
        except (ValueError, TypeError) as error:
            raise NodeError(f"Keras refuses layer '{call.layer}': {_first_line(error)}", "Check its settings.") from error
        for number, tensor in enumerate(made if isinstance(made, list | tuple) else [made]):
            tensors[Tensor(call.layer, call.index, number)] = tensor
    try:
        model = keras.Model(_single([tensors[t] for t in spec.inputs]), _single([tensors[t] for t in spec.outputs]))
    except ValueError as error:
        raise NodeError(f"Keras refuses the network: {_first_line(error)}", "Connect its inputs to its outputs.") from error
    load_weights(model, {name: arrays for name, arrays in network.weights.items() if name in layers})
    return model


def weights_of(model: keras.Model, spec: NetworkSpec) -> dict[str, list[NDArray[Any]]]:
    """Return the weights of a model built by `to_keras`: layer name -> arrays in the order of `LayerSpec.weights`.

    Layers without weights are left out. The states of random generators (Dropout's) are not weights.
    """
    return {layer.name: model.get_layer(layer.name).get_weights() for layer in spec.layers if layer.weights}


def load_weights(model: keras.Model, weights: Mapping[str, Sequence[NDArray[Any]]]) -> None:
    """Put weights (layer name -> arrays in the order of `LayerSpec.weights`) into a model built by `to_keras`.

    Raises:
        NodeError: If number or shapes of a layer's weights are not the model's.
    """
    for name, arrays in weights.items():
        layer = model.get_layer(name)
        wanted = [tuple(w.shape) for w in layer.weights]
        given = [tuple(a.shape) for a in arrays]
        if given != wanted:
            raise NodeError(
                f"The weights of layer '{name}' do not fit: the layer has {_shapes(wanted)}, stored are {_shapes(given)}.",
                "Train the network anew, or use the network these weights belong to.",
            )
        layer.set_weights(arrays)
        if isinstance(layer, import_keras().layers.Normalization):
            layer.finalize_state()  # it computes with what it makes of its weights


def _build(layer: LayerSpec, node: Layer, inputs: Sequence[TensorSpec]) -> Any:
    """The Keras layer, or operation, of a layer's spec, not yet applied to anything."""
    if isinstance(node, Operation):
        return node.operation(layer.name, inputs)
    arguments = layer_class(layer.kind, layer.name).normalize(layer.config, layer.name)
    try:
        made = construct(layer.kind, {**arguments, "name": layer.name})
        if layer.kind != "InputLayer":
            made.trainable = layer.trainable  # not all of Keras's layers take it as an argument
    except (ValueError, TypeError) as error:
        raise NodeError(f"Keras refuses layer '{layer.name}': {_first_line(error)}", "Check its settings.") from error
    return made


def construct(kind: str, arguments: Mapping[str, Any]) -> Any:
    """Return a Keras layer of arguments that `Layer.normalize` let through; layers that it goes around are constructed alike."""
    inner = {
        name: construct(layer_class(found["class_name"]).kind, found["config"])
        for name in ("layer", "backward_layer")
        if isinstance(found := arguments.get(name), Mapping)
    }
    return getattr(import_keras().layers, kind)(**{**arguments, **inner})


def _single(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(" x ".join(map(str, shape)) or "a number" for shape in shapes) or "none"
