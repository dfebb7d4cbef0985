"""Operations: small steps of computing that are not layers of `keras.layers` but of `keras.ops`.

They have no weights and no number type of their own: they take what comes, as Keras's operators on tensors do. A network
that is saved has them as Keras's own operations, which any Keras 3 loads.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from nodes.base import Layers, NodeError, Port, setting
from nodes.kit.layers.base import Inference, TensorLayer
from nodes.kit.layers.shape_checks import only
from nodes.kit.layers.tensor_choice import find_tensor, require_wires, tensor_of_wire
from nodes.values.network import NetworkSpec, Tensor, TensorSpec

T = TypeVar("T")

SHELF = "Network / Layers / Operations"
Numbers = tuple[int | float, ...]


def keras_operation(module: str, name: str) -> Any:
    """Return a class of Keras's operations; `keras.ops` offers functions only, which give their steps no names.

    Args:
        module: `numpy`, `nn`, `core` or `math`.
        name: The class.
    """
    return getattr(importlib.import_module(f"keras.src.ops.{module}"), name)


class Operation(TensorLayer):
    """A node that is one operation of Keras."""

    shelf = SHELF

    @abstractmethod
    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation, called so; it is called as `keras_call` says.

        Args:
            name: Of the operation.
            inputs: What it is first applied to.
        """


class UnaryOperation(Operation):
    """An operation on one tensor that gives one."""

    input_ports: ClassVar[tuple[Port, ...]] = (Port("network", "network", "Network", "The network that it is added to."),)

    input_tensor: str | None = setting(
        None,
        "Input tensor",
        "Which tensor of the network it is applied to, as `layer_0:0`; empty: its first output.",
        group="Naming",
        advanced=True,
        layers=Layers("network", "tensors"),
    )

    @abstractmethod
    def made(self, given: TensorSpec) -> TensorSpec | tuple[TensorSpec, ...]:
        """Return what comes out; NodeError if the operation does not fit."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`, for exactly one input."""
        made = self.made(only(inputs))
        return Inference(made if isinstance(made, tuple) else (made,))

    def tensor_name(self, position: int) -> str | None:
        """Return the chosen tensor of the one network."""
        return self.input_tensor


class JoiningOperation(Operation):
    """An operation on several tensors."""

    input_ports: ClassVar[tuple[Port, ...]] = (
        Port("network", "network", "Network", "A branch that goes in; the same network may come twice.", grows=True),
    )
    tensor_setting = "input_tensors"

    input_tensors: tuple[str, ...] = setting(
        (),
        "Input tensors",
        "Which tensor of each network goes in, as `layer_0:0`, for each input by its number; an empty one: its first output.",
        group="Naming",
        advanced=True,
        layers=Layers("network", "tensor per wire"),
    )

    @abstractmethod
    def made(self, given: Sequence[TensorSpec]) -> TensorSpec:
        """Return what comes out; NodeError if the operation does not fit."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`."""
        return Inference((self.made(inputs),))

    def tensor_name(self, position: int) -> str | None:
        """Return the tensor chosen for the network at an input."""
        return self.input_tensors[position] if position < len(self.input_tensors) else None

    def _append(
        self, networks: Sequence[NetworkSpec], node: str, ports: Sequence[str]
    ) -> tuple[NetworkSpec, list[dict[str, str]]]:
        require_wires(self.input_tensors, ports, self.tensor_setting)
        return super()._append(networks, node, ports)

    def _chosen(self, network: NetworkSpec, position: int, port: str) -> Tensor:
        return tensor_of_wire(network, self.input_tensors, port, self.tensor_setting) or network.outputs[0]


class OperandOperation(Operation):
    """An operation on a tensor and another one, or a plain number in its place.

    Ports after the first may stay unconnected; each has a setting `<port>_tensor` that chooses a tensor there.
    """

    def tensor_name(self, position: int) -> str | None:
        """Return the tensor chosen at an input port, by its place among all ports of the node."""
        name: str | None = getattr(self, self._setting_of(self.input_ports[position].name))
        return name

    @classmethod
    def arguments(cls) -> list[str]:
        """Do as any layer, without the settings that choose tensors."""
        own = {cls._setting_of(port.name) for port in cls.input_ports}
        return [name for name in super().arguments() if name not in own]

    @classmethod
    def roles(cls, ports: Sequence[str]) -> tuple[str, ...]:
        """Return the ports of a call's inputs, as `Call.roles` has them: nothing where they are the first ones in order."""
        in_order = [port.name for port in cls.input_ports[: len(ports)]]
        return () if list(ports) == in_order else tuple(ports)

    @abstractmethod
    def of_ports(self, given: Mapping[str, TensorSpec]) -> TensorSpec:
        """Return what comes out, with the tensors by the names of their ports; NodeError if the operation does not fit."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool, roles: Sequence[str] = ()) -> Inference:
        """Do as `Layer.infer`; `roles` as `Call` has them."""
        return Inference((self.of_ports(self.by_port(roles, inputs)),))

    @classmethod
    def by_port(cls, roles: Sequence[str], tensors: Sequence[T]) -> dict[str, T]:
        """Return a call's tensors by the ports that they belong to."""
        names = roles or [port.name for port in cls.input_ports]
        if len(tensors) > len(names):
            raise NodeError(f"The operation takes at most {len(names)} inputs, not {len(tensors)}.", "Disconnect the others.")
        return dict(zip(names, tensors, strict=False))

    @classmethod
    def _setting_of(cls, port: str) -> str:
        return "input_tensor" if port == cls.input_ports[0].name else f"{port}_tensor"

    def _chosen(self, network: NetworkSpec, position: int, port: str) -> Tensor:
        setting = self._setting_of(port)
        return find_tensor(network, getattr(self, setting), setting)

    def _apply(self, ports: Sequence[str], inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        return self.infer(inputs, channels_first, ports)

    def _call_of(self, ports: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        return self.roles(ports), {}


def operand_port(name: str, title: str) -> Port:
    """Return a port for a tensor that may be a plain number."""
    return Port(name, "network", title, "A tensor; without it, the number that is typed in.", optional=True)


def operand_tensor_setting(port: str, title: str) -> Any:
    """Declare which tensor of the network at such a port is meant."""
    help = "Which tensor of the network at this port, as `layer_0:0`; empty: its first output."
    return setting(None, title, help, group="Naming", advanced=True, layers=Layers(port, "tensors"))


def array_of(numbers: Numbers, shape: Sequence[int], dtype: str | None) -> Any:
    """Return typed numbers as Keras takes them: one without shape and type as a plain number, else an array."""
    if len(numbers) == 1 and not shape and dtype is None:
        return numbers[0]
    import numpy as np

    made = np.asarray(numbers, dtype)
    made = made if dtype is not None or made.dtype.kind != "f" else made.astype(np.float32)
    return made.reshape(shape) if shape else made


def broadcast(shapes: Sequence[Sequence[int | None]]) -> tuple[int | None, ...]:
    """Return the common shape of several of equal rank; dimensions of 1 are stretched.

    Raises:
        NodeError: If they do not fit.
    """
    ranks = {len(shape) for shape in shapes}
    if len(ranks) > 1:
        raise NodeError(
            f"The inputs have different numbers of dimensions: {_all(shapes)}.",
            "Give the smaller one dimensions of 1 (Keras Expand Dimensions Layer, Keras Reshape Layer).",
        )
    sizes: list[int | None] = []
    for dimension in zip(*shapes, strict=True):
        known = {n for n in dimension if n is not None and n != 1}
        if len(known) > 1:
            raise NodeError(
                f"The inputs have different shapes: {_all(shapes)}.", "Bring them to the same shape, but for dimensions of 1."
            )
        sizes.append(None if None in dimension and not known else known.pop() if known else 1)
    return tuple(sizes)


def _all(shapes: Sequence[Sequence[int | None]]) -> str:
    return " and ".join(TensorSpec(tuple(shape)).describe() for shape in shapes)


def common_batch(given: Sequence[TensorSpec]) -> int | None:
    """Return the batch size that comes out; NodeError if two inputs fix different ones."""
    batches = {tensor.batch for tensor in given} - {None}
    if len(batches) > 1:
        raise NodeError("The inputs have different batch sizes.", "Set the same batch size in all input layers.")
    return batches.pop() if batches else None
