"""Layers with inputs that mean different things, such as a sequence and the state to begin with: a port for each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

from pydantic import ValidationError

from nodes.base import NodeError
from nodes.declaration.mistakes import in_one_line
from nodes.kit.layers.base import AttachedLayer, Inference
from nodes.kit.layers.options import KerasOption
from nodes.kit.layers.tensor_choice import find_tensor
from nodes.values.network import NetworkSpec, Tensor, TensorSpec

T = TypeVar("T")


class PortedLayer(AttachedLayer):
    """A layer with several input ports, of which some may stay unconnected, and arguments of its call.

    Each port has a setting that chooses a tensor of the network there: `input_tensor` at the first, `<port>_tensor` at the
    others.
    """

    call_arguments: ClassVar[Mapping[str, tuple[str, ...]]]
    """The arguments of the Keras layer's call that are tensors, in its order -> the ports they are made of. No port: it must
    not be given."""
    listed_arguments: ClassVar[frozenset[str]] = frozenset()
    """Those of them that are lists of tensors."""
    call_options: ClassVar[tuple[str, ...]] = ()
    """Settings that are arguments of the call rather than of the class."""

    @abstractmethod
    def infer_ports(self, given: Mapping[str, TensorSpec], channels_first: bool) -> Inference:
        """Do as `Layer.infer`, with the tensors by the names of their ports."""

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool, roles: Sequence[str] = ()) -> Inference:
        """Do as `Layer.infer`; `roles` as `Call` has them."""
        return self.infer_ports(self._by_port(roles, inputs), channels_first)

    def check_activity(self, out: TensorSpec) -> None:
        """Raise NodeError if the regularizer of outputs, where there is one, cannot be used on an output."""
        regularizer = getattr(self, "activity_regularizer", None)
        if isinstance(regularizer, KerasOption):
            regularizer.check((out.batch or 0, *(n or 0 for n in out.shape)), "activity_regularizer", out.dtype)

    # -- the node

    @classmethod
    def tensor_setting_of(cls, port: str) -> str:
        """Return the setting that chooses the tensor at a port."""
        return "input_tensor" if port == cls.input_ports[0].name else f"{port}_tensor"

    @classmethod
    def arguments(cls) -> list[str]:
        """Do as any layer, without the settings that choose tensors or belong to the call."""
        own = {cls.tensor_setting_of(port.name) for port in cls.input_ports} | set(cls.call_options)
        return [name for name in super().arguments() if name not in own]

    def tensor_name(self, position: int) -> str | None:
        """Return the tensor chosen at an input port, by its place among all ports of the node."""
        name: str | None = getattr(self, self.tensor_setting_of(self.input_ports[position].name))
        return name

    def default_tensor(self, network: NetworkSpec, port: str) -> Tensor:
        """Return the tensor that goes in at a port where none is chosen."""
        return network.outputs[0]

    def _chosen(self, network: NetworkSpec, position: int, port: str) -> Tensor:
        setting = self.tensor_setting_of(port)
        name = getattr(self, setting)
        return find_tensor(network, name, setting) if name else self.default_tensor(network, port)

    def _apply(self, ports: Sequence[str], inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        return self.infer_ports(dict(zip(ports, inputs, strict=True)), channels_first)

    def _call_of(self, ports: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        defaults = type(self).model_fields
        changed = {o: getattr(self, o) for o in self.call_options if getattr(self, o) != defaults[o].default}
        return self.roles(ports), changed

    # -- the call

    @classmethod
    def roles(cls, ports: Sequence[str]) -> tuple[str, ...]:
        """Return the ports that a call's inputs belong to, as `Call.roles` has them: nothing where they are the first ones in
        order."""
        in_order = [port.name for port in cls.input_ports[: len(ports)]]
        return () if list(ports) == in_order else tuple(ports)

    @classmethod
    def _by_port(cls, roles: Sequence[str], tensors: Sequence[T]) -> dict[str, T]:
        names = roles or [port.name for port in cls.input_ports]
        if len(tensors) > len(names) or (roles and len(tensors) < len(roles)):
            raise NodeError(f"The layer takes at most {len(names)} inputs, not {len(tensors)}.", "Disconnect the others.")
        missing = [p.title for p in cls.input_ports if not p.optional and p.name not in list(names)[: len(tensors)]]
        if missing:
            raise NodeError(f"The layer has no input at '{missing[0]}'.", "Connect a network there.")
        return dict(zip(names, tensors, strict=False))

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Do as any layer: the first argument by its place, the others by their names."""
        given = self._by_port(roles, tensors)
        arguments: dict[str, Any] = {}
        for argument, ports in self.call_arguments.items():
            parts = [given.get(port) for port in ports]
            while parts and parts[-1] is None:
                parts.pop()
            if parts:
                arguments[argument] = parts if argument in self.listed_arguments else parts[0]
        first = next(iter(self.call_arguments))
        return [arguments.pop(first)], arguments

    @classmethod
    def read_call(cls, arguments: Mapping[str, Any]) -> tuple[tuple[Tensor, ...], tuple[str, ...], dict[str, Any]]:
        """Return tensors, roles and options of a call, as `Call` has them, for the arguments of a Keras layer's call.

        Args:
            arguments: Name -> a tensor, a list of tensors and None, or plain JSON; those that are None are left out.

        Raises:
            ValueError: If there is an argument that the node does not know; its text ends a sentence that names it.
        """
        ports: dict[str, Tensor] = {}
        options: dict[str, Any] = {}
        for name, value in arguments.items():
            if name in cls.call_options:
                options[name] = value
                continue
            if name not in cls.call_arguments:
                raise ValueError(f"'{name}' = {value!r:.60}")
            parts = list(value) if isinstance(value, list | tuple) and not isinstance(value, Tensor) else [value]
            targets = cls.call_arguments[name]
            if len(parts) > len(targets) or not all(part is None or isinstance(part, Tensor) for part in parts):
                raise ValueError(f"'{name}' = {value!r:.60}")
            ports |= {port: part for port, part in zip(targets, parts, strict=False) if part is not None}
        ordered = [port.name for port in cls.input_ports if port.name in ports]
        return tuple(ports[port] for port in ordered), cls.roles(ordered), options

    def with_options(self, options: Mapping[str, Any]) -> Self:
        """Return the node with the options of a call, which must be of their types. NodeError if they are not."""
        if not options:
            return self
        values = {**dict(self), **options}
        try:
            return type(self).model_validate(values)
        except ValidationError as error:
            wrong = in_one_line(type(self), values, error)
            raise NodeError(f"The call has a wrong argument: {wrong}.", "Save the network again from Keras.") from error
