"""Which columns feed which tensors of a network: the settings that the learner and the executor share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nodes.base import Columns, NodeError, Settings, Specs, setting
from nodes.kit.networks.accepted_numbers import accepted_numbers
from nodes.kit.networks.binding import CONVERSIONS, FEEDABLE, Binding, Conversion, bind, find_column
from nodes.values.network import NetworkSpec, Tensor
from nodes.values.table import TableSpec

NO_NUMBERS = "Networks of Keras layers take numbers: Category to Number makes class numbers of texts; bits are lists of 0 and 1."
LEFT_OUT: Mapping[str, str] = dict.fromkeys(("From String", "From Bit Vector", "From Byte Vector"), NO_NUMBERS)
"""KNIME's converters into tensors that have no place here -> why."""
CONVERTERS = ("From Number", "From Boolean", "From Image", "From Collection", "From Probability Distribution", "One-Hot Tensor")
"""KNIME's converters that the conversions stand for."""


UNTRAINED_SEED = 0
"""Layers without weights get their initial ones by this seed: the same in every run."""


class TensorColumns(Settings):
    """Columns that fill one tensor of the network."""

    tensor: str | None = setting(
        None, "Tensor", "The network's tensor, by the name of its layer; empty: they come in the network's order."
    )
    columns: list[str] = setting([], "Columns", "Columns that fill it, in this order; empty: the only one that fits.")
    conversion: Conversion = setting("auto", "Conversion", "How the cells become numbers.", choices=CONVERSIONS)


class InputColumns(TensorColumns):
    """Columns that fill one input of the network."""

    columns: list[str] = setting(
        [],
        "Columns",
        "Columns that fill it, in this order; empty: the only one that fits.",
        columns=Columns("", FEEDABLE),
    )


def inputs_setting(group: str = "Settings") -> Any:
    """Declare the columns of a network's inputs, a list of `InputColumns`.

    Args:
        group: The dialog's tab.
    """
    help = "Columns for the network's inputs; an input without an entry gets the only column that fits."
    return setting([], "Inputs", help, group=group)


def batch_size_setting(default: int = 100, *, group: str = "Settings") -> Any:
    """Declare how many rows are computed together where a network is applied, not trained.

    Args:
        default: Of a new node; smaller where a row needs much memory.
        group: The dialog's tab.
    """
    help = "Rows that are computed together; changes the speed, not the result."
    return setting(default, "Batch size", help, ge=1, group=group)


def resolve_tensor(network: NetworkSpec, name: str, setting: str) -> Tensor:
    """Return the tensor of a network that a setting names.

    Raises:
        NodeError: If there is none of that name.
    """
    tensor = Tensor.parse(name)
    try:
        network.tensor(tensor)
    except KeyError:
        layers = ", ".join(f"'{layer.name}'" for layer in network.layers)
        raise NodeError(f"The network has no tensor '{name}'.", f"Choose one of its layers: {layers}.", setting=setting) from None
    return tensor


def assign_entries(
    network: NetworkSpec, given: Sequence[TensorColumns], tensors: Sequence[Tensor], setting: str
) -> list[int | None]:
    """Find, for each of the network's tensors, which of the entries of a setting is meant for it.

    Args:
        network: The network.
        given: The entries; those without a name are for the tensors that are left, in order.
        tensors: The network's inputs or outputs.
        setting: The setting that holds the entries.

    Raises:
        NodeError: If an entry is for no tensor, or two are for one.
    """
    found: dict[Tensor, int] = {}
    for number, entry in enumerate(given):
        if entry.tensor:
            tensor = resolve_tensor(network, entry.tensor, f"{setting}.{number}.tensor")
            if tensor not in tensors:
                named = ", ".join(f"'{t.layer}'" for t in tensors)
                raise NodeError(
                    f"'{entry.tensor}' is not among the network's {setting}.",
                    f"Choose one of: {named}.",
                    setting=f"{setting}.{number}.tensor",
                )
            if tensor in found:
                raise NodeError(
                    f"Two entries are for '{entry.tensor}'.", "Remove one of them.", setting=f"{setting}.{number}.tensor"
                )
            found[tensor] = number
    unnamed = [number for number, entry in enumerate(given) if not entry.tensor]
    free = [tensor for tensor in tensors if tensor not in found]
    if len(unnamed) > len(free):
        raise NodeError(
            f"There are {len(given)} entries, but the network has {len(tensors)} of these tensors.",
            "Remove the entries that are too many.",
            setting=f"{setting}.{unnamed[len(free)]}",
        )
    found |= dict(zip(free, unnamed, strict=False))
    return [found.get(tensor) for tensor in tensors]


def bind_inputs(network: NetworkSpec, table: TableSpec, given: Sequence[TensorColumns]) -> list[Binding]:
    """Bind columns to all inputs of a network.

    Raises:
        NodeError: If they do not fit.
    """
    bindings: list[Binding] = []
    for position, number in enumerate(assign_entries(network, given, network.inputs, "inputs")):
        tensor = network.inputs[position]
        spec = network.tensor(tensor)
        where = f"inputs.{position if number is None else number}"
        entry = TensorColumns() if number is None else given[number]
        columns = list(entry.columns) or [
            find_column(
                table,
                spec,
                setting=where,
                what=f"the network's input '{tensor.layer}'",
                taken={c for bound in bindings for c in bound.columns},
                conversion=entry.conversion,
                channels_first=network.channels_first,
            )
        ]
        bound = bind(table, spec, columns, entry.conversion, setting=where, channels_first=network.channels_first)
        bindings.append(replace(bound, accepted=accepted_numbers(network, tensor)))
    return bindings


def tell_inputs(specs: Specs, given: Sequence[TensorColumns], bindings: Sequence[Binding]) -> None:
    """Say which columns were found for inputs of a network for which none were chosen: `image -> input`."""
    network = specs.network()
    entries = assign_entries(network, given, network.inputs, "inputs")
    found = [
        f"{', '.join(binding.columns)} → {tensor.layer}"
        for tensor, number, binding in zip(network.inputs, entries, bindings, strict=True)
        if number is None or not given[number].columns
    ]
    if found:
        specs.guess("inputs", " · ".join(found))


def check_batch_size(network: NetworkSpec, batch_size: int, setting: str) -> bool:
    """Return whether the network fixes its batch size.

    Raises:
        NodeError: If it is another one than that of the setting.
    """
    fixed = {network.tensor(tensor).batch for tensor in network.inputs} - {None}
    if fixed - {batch_size}:
        size = min(n for n in fixed if n is not None)
        raise NodeError(f"The network is made for batches of {size} rows.", f"Set the batch size to {size}.", setting=setting)
    return bool(fixed)
