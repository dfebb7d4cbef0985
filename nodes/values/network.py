"""Network: a pure-data graph of Keras layers, with or without weights.

A layer is described by its Keras class name and the arguments of its constructor, in plain JSON; a call says which
tensors it is applied to and what comes out. Only where a node needs one does it become a `keras.Model`
(`nodes.kit.networks.keras_model`). Shapes never include the batch dimension; None is a dimension that is not known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = tuple[int | None, ...]


class Tensor(NamedTuple):
    """One output of one call of a layer: `dense_2_0:0`."""

    layer: str
    call: int = 0
    output: int = 0

    def __str__(self) -> str:
        return f"{self.layer}_{self.call}:{self.output}"

    @classmethod
    def parse(cls, text: str) -> Tensor:
        """Read `layer_call:output`, or just a layer's name for its first output.

        Raises:
            ValueError: If `text` is empty.
        """
        if not text:
            raise ValueError("an empty name means no tensor")
        stem, colon, output = text.rpartition(":")
        layer, _, call = stem.rpartition("_")
        if colon and output.isdecimal() and layer and call.isdecimal():
            return cls(layer, int(call), int(output))
        return cls(text)


@dataclass(frozen=True)
class TensorSpec:
    """Shape (without the batch dimension) and dtype (Keras's name) of a tensor.

    Attributes:
        shape: Dimensions; None is not known.
        dtype: `float32`, `int32`, ...
        batch: The batch size, where the network fixes it.
    """

    shape: Shape
    dtype: str = "float32"
    batch: int | None = None

    def describe(self) -> str:
        """Return `28 x 28 x 16`; a single number is `10`, a scalar `scalar`."""
        return " x ".join("?" if n is None else str(n) for n in self.shape) or "scalar"


@dataclass(frozen=True)
class WeightSpec:
    """One weight of a layer, in the order in which Keras lists them."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class LayerSpec:
    """One layer, which may be called more than once.

    Attributes:
        name: Unique in its network; the Keras layer gets it.
        kind: The Keras class: `Conv2D`.
        config: Arguments of its constructor but `name` and `trainable`, in plain JSON as Keras's `get_config` has them.
        uid: Where the layer comes from: equal for the same layer seen through two branches, different for two layers.
        weights: What it learns and keeps, in Keras's order.
        trainable: False: its weights stay as they are.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    uid: str
    weights: tuple[WeightSpec, ...] = ()
    trainable: bool = True

    @property
    def parameters(self) -> int:
        """Number of values in its weights."""
        return sum(w.size for w in self.weights)

    @property
    def trainable_parameters(self) -> int:
        """Number of values that training changes."""
        return sum(w.size for w in self.weights if w.trainable) if self.trainable else 0


@dataclass(frozen=True)
class Call:
    """One application of a layer.

    Attributes:
        layer: The layer's name.
        index: How often the layer was called before.
        inputs: The tensors it is applied to; none for an input layer.
        outputs: What comes out.
        roles: For layers whose inputs mean different things: the node's port that each input belongs to; empty: the ports
            in their order.
        options: Arguments of the call that are no tensors, in plain JSON, such as `{"use_causal_mask": True}`.
    """

    layer: str
    index: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[TensorSpec, ...]
    roles: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NetworkSpec:
    """A network without its weights: all that is known before training.

    Attributes:
        layers: In the order of their first call.
        calls: In an order in which they can be computed.
        inputs: The tensors to feed.
        outputs: The tensors to read.
        classes: For outputs that are class probabilities: output tensor -> class names, known once trained.
        channels_first: Whether image tensors are (channels, height, width).
    """

    layers: tuple[LayerSpec, ...]
    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channels_first: bool = False

    # -- looking

    def layer(self, name: str) -> LayerSpec:
        """Return the layer called `name`; KeyError if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def tensor(self, tensor: Tensor) -> TensorSpec:
        """Return shape and dtype of a tensor of this network; KeyError if it has no such tensor."""
        for call in self.calls:
            if (call.layer, call.index) == (tensor.layer, tensor.call) and tensor.output < len(call.outputs):
                return call.outputs[tensor.output]
        raise KeyError(str(tensor))

    @property
    def parameters(self) -> int:
        """Number of values in all weights."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable_parameters(self) -> int:
        """Number of values that training changes."""
        return sum(layer.trainable_parameters for layer in self.layers)

    def describe(self) -> str:
        """Return `28 x 28 x 16 · 1 104 parameters`, as an edge shows it."""
        shapes = ", ".join(self.tensor(t).describe() for t in self.outputs)
        return f"{shapes} · {counted(self.parameters, 'parameter')}"

    def offers(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Return what a setting may name in this network, each with a word about it (`nodes.base.Layers`).

        These are its layers, its layers that have weights, and all its tensors, inner ones too.
        """

        layers = tuple((layer.name, layer.kind) for layer in self.layers)
        weighted = tuple(
            (layer.name, f"{layer.kind}, {counted(layer.parameters, 'parameter')}{'' if layer.trainable else ', frozen'}")
            for layer in self.layers
            if layer.weights
        )
        tensors = tuple(
            (str(Tensor(call.layer, call.index, number)), f"{tensor.describe()} {tensor.dtype}")
            for call in self.calls
            for number, tensor in enumerate(call.outputs)
        )
        return {"layers": layers, "weighted layers": weighted, "tensors": tensors}

    # -- deriving

    def append(
        self,
        layer: LayerSpec,
        inputs: Sequence[Tensor],
        outputs: Sequence[TensorSpec],
        roles: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
    ) -> NetworkSpec:
        """Apply a new layer to some tensors; its outputs take the place of those tensors among the network's outputs.

        Outputs of a layer on inner tensors come first, so that the next layer goes on from there. Roles and options are as
        `Call` has them.

        Raises:
            ValueError: If a layer of that name is there already.
        """
        if any(other.name == layer.name for other in self.layers):
            raise ValueError(f"a layer called '{layer.name}' is there already")
        call = Call(layer.name, 0, tuple(inputs), tuple(outputs), tuple(roles), options or {})
        return replace(self, layers=(*self.layers, layer))._with_call(call)

    def append_call(
        self, layer: str, inputs: Sequence[Tensor], outputs: Sequence[TensorSpec], options: Mapping[str, Any] | None = None
    ) -> NetworkSpec:
        """Apply a layer that is there once more, with the weights it has; outputs are as after `append`.

        Raises:
            KeyError: If the network has no such layer.
        """
        self.layer(layer)
        index = max(call.index for call in self.calls if call.layer == layer) + 1
        return self._with_call(Call(layer, index, tuple(inputs), tuple(outputs), (), options or {}))

    def _with_call(self, call: Call) -> NetworkSpec:
        inputs = call.inputs
        made = tuple(Tensor(call.layer, call.index, i) for i in range(len(call.outputs)))
        kept = tuple(t for t in self.outputs if t not in set(inputs))
        place = next((n for n, t in enumerate(self.outputs) if t in set(inputs)), 0)
        classes = {t: n for t, n in self.classes.items() if t in {str(k) for k in kept}}
        return replace(
            self,
            calls=(*self.calls, call),
            outputs=(*kept[:place], *made, *kept[place:]) if inputs else made,
            classes=classes,
        )

    def with_outputs(self, outputs: Sequence[Tensor]) -> NetworkSpec:
        """Return the same network read at other tensors; layers and inputs not needed for them are dropped.

        Raises:
            KeyError: If the network has no such tensor.
        """
        for tensor in outputs:
            self.tensor(tensor)
        needed = {(t.layer, t.call) for t in outputs}
        for call in reversed(self.calls):
            if (call.layer, call.index) in needed:
                needed |= {(t.layer, t.call) for t in call.inputs}
        calls = tuple(c for c in self.calls if (c.layer, c.index) in needed)
        names = {c.layer for c in calls}
        return replace(
            self,
            layers=tuple(layer for layer in self.layers if layer.name in names),
            calls=calls,
            inputs=tuple(t for t in self.inputs if t.layer in names),
            outputs=tuple(outputs),
            classes={str(t): self.classes[str(t)] for t in outputs if str(t) in self.classes},
        )

    def with_layers(self, layers: Iterable[LayerSpec]) -> NetworkSpec:
        """Return the same graph with some layers' specs replaced, by name (to freeze them, say)."""
        changed = {layer.name: layer for layer in layers}
        return replace(self, layers=tuple(changed.get(layer.name, layer) for layer in self.layers))

    def free_name(self, prefix: str) -> str:
        """Return `prefix_1`, or the first higher number that no layer has."""
        taken = {layer.name for layer in self.layers}
        return next(name for n in range(1, len(taken) + 2) if (name := f"{prefix}_{n}") not in taken)


@dataclass(frozen=True)
class Network:
    """A network and the weights it has so far.

    Attributes:
        spec: The graph.
        weights: Layer name -> its arrays in Keras's order. A layer that is not in it has not been trained and gets its
            initial weights when the network becomes a Keras model.
    """

    spec: NetworkSpec
    weights: Mapping[str, Sequence[NDArray[Any]]] = field(default_factory=dict)


def merge(networks: Sequence[NetworkSpec]) -> tuple[NetworkSpec, list[dict[str, str]]]:
    """Put networks together that may share layers; shared ones (same uid) are there once.

    Two different layers of one name: the later one is renamed.

    Returns:
        The network, with the outputs of all, and per given network how its layers are now called (old -> new).

    Raises:
        ValueError: If the networks do not have the same data format, or a layer is used differently in two of them.
    """
    if len({n.channels_first for n in networks}) > 1:
        raise ValueError("one network has its channels first, another one last")
    layers: list[LayerSpec] = []
    calls: dict[tuple[str, int], Call] = {}
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    classes: dict[str, tuple[str, ...]] = {}
    renames: list[dict[str, str]] = []
    for network in networks:
        names: dict[str, str] = {}
        for layer in network.layers:
            known = next((other for other in layers if other.uid == layer.uid), None)
            if known is None:
                taken = {other.name for other in layers} | {other.name for other in network.layers if other is not layer}
                name = layer.name
                if name in {other.name for other in layers}:
                    stem = name.rstrip("0123456789").rstrip("_") or name
                    name = next(n for k in range(1, len(taken) + 2) if (n := f"{stem}_{k}") not in taken)
                known = replace(layer, name=name)
                layers.append(known)
            names[layer.name] = known.name
        renames.append(names)

        def moved(tensor: Tensor, names: dict[str, str] = names) -> Tensor:
            return tensor._replace(layer=names[tensor.layer])

        for call in network.calls:
            same = replace(call, layer=names[call.layer], inputs=tuple(moved(t) for t in call.inputs))
            if calls.setdefault((same.layer, same.index), same).inputs != same.inputs:
                raise ValueError(f"layer '{same.layer}' is applied to different tensors in two of them")
        inputs += [t for t in map(moved, network.inputs) if t not in inputs]
        outputs += [t for t in map(moved, network.outputs) if t not in outputs]
        classes |= {str(moved(Tensor.parse(t))): n for t, n in network.classes.items()}
    spec = NetworkSpec(tuple(layers), tuple(calls.values()), tuple(inputs), tuple(outputs), classes, networks[0].channels_first)
    return spec, renames


def merge_weights(networks: Sequence[Network], renames: Sequence[Mapping[str, str]]) -> dict[str, Sequence[NDArray[Any]]]:
    """Return the weights of networks put together by `merge`.

    Raises:
        ValueError: If a shared layer has been trained to different weights in two of them.
    """
    import numpy as np

    weights: dict[str, Sequence[NDArray[Any]]] = {}
    for network, names in zip(networks, renames, strict=True):
        for layer, arrays in network.weights.items():
            name = names[layer]
            if name in weights and not all(a is b or np.array_equal(a, b) for a, b in zip(weights[name], arrays, strict=True)):
                raise ValueError(f"layer '{name}' comes with two different sets of weights")
            weights.setdefault(name, arrays)
    return weights
