"""Which tensors of which networks a layer is applied to."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeVar

from nodes.base import Inputs, NodeError, Port
from nodes.values.network import (
    NetworkSpec,
    Tensor,
)

T = TypeVar("T")

NAMES_TOLD = 20
"""So many names a message lists; of more, those most like the wrong one."""


def find_tensor(network: NetworkSpec, name: str | None, setting: str, where: str = "The network") -> Tensor:
    """Return the network's tensor of that name, or its first output.

    Args:
        network: Has the tensor.
        name: As `layer_0:0`, or a layer's name for its first output; empty: none is chosen.
        setting: Where it was chosen, for the message.
        where: What the message calls the network.

    Raises:
        NodeError: If there is none of that name; it lists those that there are.
    """
    if not name:
        return network.outputs[0]
    tensor = Tensor.parse(name)
    try:
        network.tensor(tensor)
    except KeyError:
        there = [str(Tensor(c.layer, c.index, i)) for c in network.calls for i in range(len(c.outputs))]
        raise NodeError(f"{where} has no tensor '{name}'.", f"Choose {_one_of(there, name)}.", setting=setting) from None
    return tensor


def wires_of(given: Inputs[T], port: Port) -> dict[str, T]:
    """Return what is at a growing port, by its wires' names in the order of their numbers; one in between may be missing."""
    numbers = sorted(number for name in given.by_port if (number := port.number(name)) is not None)
    return {f"{port.name}_{number}": given[f"{port.name}_{number}"] for number in numbers}


def tensor_of_wire(network: NetworkSpec, chosen: Sequence[str], wire: str, setting: str) -> Tensor | None:
    """Return the tensor that is chosen for the network at one wire of a growing port; None: none is chosen.

    Args:
        network: What comes in there.
        chosen: A name for each wire, by its number; an empty one where none is chosen.
        wire: The wire's name: `network_1`.
        setting: Where the names were chosen, for the message.

    Raises:
        NodeError: If the network has no tensor of that name.
    """
    number = int(wire.rpartition("_")[2])
    name = chosen[number - 1] if number <= len(chosen) else ""
    return find_tensor(network, name, setting, f"The network at input {number}") if name else None


def require_wires(chosen: Sequence[str], wires: Sequence[str], setting: str) -> None:
    """Raise NodeError if a tensor is chosen for a wire that is not there; `wires` are named as those of a growing port."""
    connected = {int(wire.rpartition("_")[2]) for wire in wires}
    for number, name in enumerate(chosen, start=1):
        if name and number not in connected:
            raise NodeError(
                f"The tensor '{name}' is chosen for input {number}, where nothing is connected.",
                "Choose none there, or connect the network that has it.",
                setting=setting,
            )


def _one_of(names: Sequence[str], wrong: str) -> str:
    """`one of: a, b, c`; of many names those that are most like the wrong one."""
    if len(names) <= NAMES_TOLD:
        return f"one of: {', '.join(names)}"
    alike = get_close_matches(wrong, names, NAMES_TOLD // 2, 0.0)
    return f"one of its {len(names)} tensors, such as {', '.join(alike)}"
