"""What every layer node does: append its layer to a network, and know the shapes without asking Keras.

A layer class states its options, its rule for shapes and its weights; that is all. Its settings and Keras's own config
are two spellings of one thing, and reading the config (`from_config`) is also the gate for networks out of files: what
it does not know, it refuses.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Self, TypeVar, cast

from pydantic import BeforeValidator, ValidationError

from nodes.base import Inputs, Job, Layers, Node, NodeError, Port, Specs, Values, setting
from nodes.declaration.mistakes import in_one_line
from nodes.kit.layers.activations import read_activation
from nodes.kit.layers.constraints import read_constraint
from nodes.kit.layers.initializers import read_initializer
from nodes.kit.layers.options import KerasOption
from nodes.kit.layers.regularizers import read_regularizer
from nodes.kit.layers.shape_checks import FLOAT_TYPES, only, require_dtype
from nodes.kit.layers.tensor_choice import find_tensor, wires_of
from nodes.values.network import (
    LayerSpec,
    Network,
    NetworkSpec,
    Shape,
    Tensor,
    TensorSpec,
    WeightSpec,
    merge,
    merge_weights,
)

T = TypeVar("T")

DtypePolicy = Literal["float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"]

READERS: Mapping[str, Callable[[Any], Any]] = {
    "initializer": read_initializer,
    "regularizer": read_regularizer,
    "constraint": read_constraint,
    "activation": read_activation,
}
"""How an argument is read from Keras's JSON, by the last word of its name."""

NETWORK_OUT = Port("network", "network", "Network", "The network with this layer at its end.")


class Inference(NamedTuple):
    """What a layer makes of its inputs: what comes out, and the weights it needs for it."""

    outputs: tuple[TensorSpec, ...]
    weights: tuple[WeightSpec, ...] = ()


def is_number(value: Any) -> bool:
    """Return whether a setting was given a plain number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_list(value: Any) -> Any:
    if not isinstance(value, list | tuple) and not is_number(value):
        raise ValueError("give a number, or a list of numbers")
    return (value,) if is_number(value) else value


ONE_OR_SEVERAL = BeforeValidator(_as_list)
"""Reads a number as a list of that one: so Keras takes it, and a variable of the workflow can only be a number."""


class Layer(Node):
    """A node that is one Keras layer.

    The layer's name is the prefix with a running number, or the node's own id in the workflow.
    """

    kind: ClassVar[str]
    """The Keras class, as `keras.layers` has it."""
    kinds: ClassVar[dict[str, type[Layer]]] = {}
    """Every layer class by its Keras class."""
    has_data_format: ClassVar[bool] = False
    """Whether the Keras class has the argument `data_format`."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Arguments of older Keras versions -> today's names."""
    ignored: ClassVar[frozenset[str]] = frozenset()
    """Arguments in a Keras config that change nothing here, beside those that every layer has."""
    python_class: ClassVar[str | None] = None
    """What Keras calls the class where it is defined, if it is not `kind`: weights in files go by it."""

    uses_node_id = True
    output_ports = (NETWORK_OUT,)

    name_prefix: str | None = setting(
        None,
        "Name prefix",
        "The layer is called so, with a running number; empty: as the node is called in the workflow file.",
        group="Naming",
        advanced=True,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$",
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Make the class known by its Keras class; the first to take a name keeps it."""
        super().__pydantic_init_subclass__(**kwargs)
        if "kind" in vars(cls):
            Layer.kinds.setdefault(cls.kind, cls)

    # -- what a layer class says of itself

    @abstractmethod
    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Return output shapes, dtypes and weights for these inputs, as Keras would have them.

        Args:
            inputs: What the layer is applied to.
            channels_first: Whether images are (channels, height, width).

        Raises:
            NodeError: If the layer does not fit its inputs.
        """

    def simplest(self, inputs: Sequence[TensorSpec]) -> Layer:
        """Return the plainest layer that does the same to these inputs, for networks out of files."""
        return self

    # -- Keras's config

    @classmethod
    def arguments(cls) -> list[str]:
        """Return the settings that are arguments of the Keras class."""
        return [name for name in cls.model_fields if name not in ("name_prefix", "input_tensor", "input_tensors")]

    @classmethod
    def settings_inside(cls) -> list[str]:
        """Return the settings that the layer has where another layer is around it."""
        return cls.arguments()

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return positional and named arguments with which the Keras layer is called on tensors; `roles` as `Call` has them."""
        return [tensors[0] if len(tensors) == 1 else list(tensors)], {}

    @classmethod
    def weight_paths(cls, weights: Sequence[WeightSpec], config: Mapping[str, Any]) -> list[str]:
        """Return where Keras puts each weight within the layer's part of a `.keras` file."""
        return [f"vars/{n}" for n in range(len(weights))]

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments of the Keras class but `name` and `trainable`, in plain JSON."""
        config = {name: _plain(getattr(self, name)) for name in self.arguments()}
        if self.has_data_format:
            config["data_format"] = "channels_first" if channels_first else "channels_last"
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], name: str) -> Self:
        """Return the node whose layer a Keras config describes.

        Args:
            config: As Keras 2 or 3 writes it.
            name: The layer's name, for messages.

        Raises:
            NodeError: If an argument is unknown or has a value that is not allowed.
        """
        known, values = set(cls.arguments()), {}
        for key, value in cls.upgrade({cls.renamed.get(k, k): v for k, v in config.items()}).items():
            if value is None:
                continue  # Keras's way of saying that the default is meant
            if key not in known:
                if key in COMMON_ARGUMENTS or key in cls.ignored or (key == "data_format" and cls.has_data_format):
                    continue
                raise NodeError(
                    f"Layer '{name}' ({cls.kind}) has the argument '{key}' = {value!r:.60}, which Layerloom does not know.",
                    "Save the network without it.",
                )
            try:
                values[key] = READERS.get(key.rpartition("_")[2], _as_it_is)(value)
            except ValueError as error:
                raise NodeError(f"Layer '{name}' ({cls.kind}), {key}: {error}.", "Save the network without it.") from error
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise NodeError(f"Layer '{name}' ({cls.kind}) has a wrong argument: {in_one_line(cls, values, error)}.") from error

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Turn other spellings of arguments, such as Keras 2's, into the settings of this class."""
        if isinstance(policy := config.get("dtype"), Mapping):
            return config | {"dtype": (policy.get("config") or {}).get("name")}
        return config

    @classmethod
    def normalize(cls, config: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return a config read and written again: what is left is allowed, complete and of today's spelling. NodeError if not."""
        return cls.from_config(config, name).to_config(is_channels_first(config))

    # -- the node

    def layer_name(self, network: NetworkSpec | None, node: str) -> str:
        """Return the name of this node's layer in a network that it is about to be added to.

        Keras takes no slash in it, which the ids of nodes inside components have.
        """
        name = node.replace("/", "_")
        if self.name_prefix:
            return network.free_name(self.name_prefix) if network else f"{self.name_prefix}_1"
        if network and any(layer.name == name for layer in network.layers):
            return network.free_name(name)
        return name


class TensorLayer(Layer):
    """A layer that is applied to the outputs of one or more networks."""

    tensor_setting: ClassVar[str] = "input_tensor"
    """The setting that chooses tensors."""

    @abstractmethod
    def tensor_name(self, position: int) -> str | None:
        """Return the tensor chosen at an input, by its position; None means the network's first output."""

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network with this layer appended."""
        given = self._at_inputs(specs)
        network, _ = self._append([cast(NetworkSpec, spec) for spec in given.values()], specs.node, list(given))
        if getattr(self, "activation", None) == "softmax" and network.calls[-1].outputs[0].shape[-1] == 1:
            specs.warn(
                "Softmax over a single number is always 1. For two classes use one unit with sigmoid, or two with softmax."
            )
        return {"network": network}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the network with this layer appended; the weights that were there come along."""
        given = self._at_inputs(values)
        networks = [cast(Network, value) for value in given.values()]
        spec, renames = self._append([network.spec for network in networks], job.node, list(given))
        try:
            weights = merge_weights(networks, renames)
        except ValueError as error:
            raise NodeError(f"The networks do not fit together: {error}.", "Train both branches in one network.") from error
        return {"network": Network(spec, weights)}

    @classmethod
    def _at_inputs(cls, given: Inputs[T]) -> dict[str, T]:
        """What is connected, by the names of the ports (of a growing port's wires, `name_1`, `name_2`, ...)."""
        port = cls.input_ports[0]
        if port.grows:
            return wires_of(given, port)
        return {p.name: given[p.name] for p in cls.input_ports if p.name in given}

    def _chosen(self, network: NetworkSpec, position: int, port: str) -> Tensor:
        """The tensor that goes in at a port. NodeError if there is none of the name that was chosen."""
        return find_tensor(network, self.tensor_name(position), self.tensor_setting)

    def _apply(self, ports: Sequence[str], inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """What the layer makes of the inputs at these ports."""
        return self.infer(inputs, channels_first)

    def _call_of(self, ports: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        """Roles and options of the call, as `Call` has them."""
        return (), {}

    def _append(
        self, networks: Sequence[NetworkSpec], node: str, ports: Sequence[str]
    ) -> tuple[NetworkSpec, list[dict[str, str]]]:
        """The networks put together with this layer at the end, and how their layers are now called (as `merge` says)."""
        try:
            base, renames = merge(networks)
        except ValueError as error:
            raise NodeError(
                f"The networks do not fit together: {error}.",
                "Choose one data format in all input layers, and build what two branches share before they part.",
            ) from error
        tensors = []
        for position, (network, names) in enumerate(zip(networks, renames, strict=True)):
            tensor = self._chosen(network, position, ports[position])
            tensors.append(tensor._replace(layer=names[tensor.layer]))
        outputs, weights = self._apply(ports, [base.tensor(t) for t in tensors], base.channels_first)
        config = self.to_config(base.channels_first)
        layer = LayerSpec(self.layer_name(base, node), self.kind, config, node, weights)
        return base.append(layer, tensors, outputs, *self._call_of(ports)), renames


class AttachedLayer(TensorLayer):
    """A layer of a class in `keras.layers`, which computes in a number type of its own."""

    dtype: DtypePolicy = setting(
        "float32",
        "Number type",
        "What the layer computes in and keeps its weights in; mixed types compute in 16 bits and keep weights in 32.",
        group="Advanced",
        advanced=True,
    )

    @property
    def compute_dtype(self) -> str:
        """The dtype that floating-point inputs are cast to, and outputs have."""
        return self.dtype.removeprefix("mixed_")

    def weight(self, name: str, shape: tuple[int, ...], options: str | None = None, *, trainable: bool = True) -> WeightSpec:
        """Return one weight, once its initializer, regularizer and constraint are known to suit its shape.

        Args:
            name: As Keras calls it.
            shape: Its shape.
            options: The first word of the settings that concern it, where that is not its name.
            trainable: Whether training changes it.
        """
        for last_word in ("initializer", "regularizer", "constraint"):
            field = f"{options or name}_{last_word}"
            option = getattr(self, field, None)
            if isinstance(option, KerasOption):
                option.check(shape, field, "float32" if self.dtype.startswith("mixed") else self.dtype)
        return WeightSpec(name, shape, trainable)


class UnaryLayer(AttachedLayer):
    """A layer with one input and one output."""

    input_ports: ClassVar[tuple[Port, ...]] = (Port("network", "network", "Network", "The network that the layer is added to."),)
    accepts: ClassVar[Sequence[str]] = FLOAT_TYPES
    """The dtypes of input that TensorFlow can compute this layer with."""
    keeps_dtype: ClassVar[bool] = False
    """Whether inputs that are not floating-point come out as they are; else `compute_dtype` comes out."""

    input_tensor: str | None = setting(
        None,
        "Input tensor",
        "Which tensor of the network the layer is applied to, as `layer_0:0`; empty: its first output.",
        group="Naming",
        advanced=True,
        layers=Layers("network", "tensors"),
    )

    @abstractmethod
    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape that comes out for an input of `shape`; NodeError if the layer does not fit it."""

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return the weights for an input of `shape`, which fits."""
        return ()

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`, for exactly one input."""
        given = only(inputs)
        require_dtype(given, self.accepts)
        kept = self.keeps_dtype and given.dtype not in FLOAT_TYPES
        out = TensorSpec(self.shape(given.shape, channels_first), given.dtype if kept else self.compute_dtype, given.batch)
        regularizer = getattr(self, "activity_regularizer", None)
        if isinstance(regularizer, KerasOption):
            regularizer.check((out.batch or 0, *(n or 0 for n in out.shape)), "activity_regularizer", out.dtype)
        return Inference((out,), self.weights(given.shape, channels_first))

    def tensor_name(self, position: int) -> str | None:
        """Return the chosen tensor of the one network."""
        return self.input_tensor


class SameShapeLayer(UnaryLayer):
    """A layer whose output has the shape of its input."""

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came."""
        return shape


# --------------------------------------------------------------------------------------------------------------- helpers

COMMON_ARGUMENTS = frozenset({"name", "trainable", "batch_input_shape", "batch_shape", "input_dtype"})
"""Arguments of any layer in a Keras config that are kept elsewhere in ours."""


def is_channels_first(config: Mapping[str, Any]) -> bool:
    """Return whether a layer's config says that images are (channels, height, width)."""
    return config.get("data_format") == "channels_first"


def unlist(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return the same config with lists of one number as that number."""
    short = {key: value[0] for key in keys if isinstance(value := config.get(key), list | tuple) and len(value) == 1}
    return config | short


def _plain(value: Any) -> Any:
    """A setting as Keras's JSON has it."""
    if isinstance(value, KerasOption):
        return value.to_config()
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def _as_it_is(value: Any) -> Any:
    return value
