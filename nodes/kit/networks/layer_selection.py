"""Choosing layers and tensors of a network by name or by pattern, as the nodes that change networks do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from nodes.errors import NodeError
from nodes.kit.tables.patterns import full_match
from nodes.values.network import LayerSpec, NetworkSpec, Tensor


def layers_named(network: NetworkSpec, names: Sequence[str], setting: str) -> list[LayerSpec]:
    """Return the layers of these names, in the network's order. NodeError if one is not there."""
    there = {layer.name for layer in network.layers}
    for name in names:
        if name not in there:
            raise NodeError(f"The network has no layer '{name}'.", f"Choose one of: {_some(sorted(there))}.", setting=setting)
    return [layer for layer in network.layers if layer.name in set(names)]


def layers_matching(
    network: NetworkSpec, pattern: str, kind: Literal["wildcard", "regex"], setting: str, *, case_sensitive: bool = True
) -> list[LayerSpec]:
    """Return the layers whose whole names fit a pattern, in the network's order. NodeError if it is no pattern."""
    expression = full_match(pattern, kind, case_sensitive=case_sensitive, setting=setting)
    fits = pl.Series([layer.name for layer in network.layers], dtype=pl.String).str.contains(expression)
    return [layer for layer, fit in zip(network.layers, fits, strict=True) if fit]


def tensor_named(network: NetworkSpec, name: str, setting: str) -> Tensor:
    """Return the tensor called `layer_call:output`, or the first output of the layer of that name. NodeError if there is none."""
    try:
        tensor = Tensor.parse(name)
        network.tensor(tensor)
    except (KeyError, ValueError):
        there = [str(Tensor(call.layer, call.index, n)) for call in network.calls for n in range(len(call.outputs))]
        raise NodeError(f"The network has no tensor '{name}'.", f"Choose one of: {_some(there)}.", setting=setting) from None
    return tensor


def ancestor_layers(network: NetworkSpec, tensor: Tensor) -> set[str]:
    """Return the names of the layers that a tensor is computed by, its own included."""
    return {layer.name for layer in network.with_outputs([tensor]).layers}


def _some(names: Sequence[str]) -> str:
    """The names, or the first of many."""
    return ", ".join(names) if len(names) <= 20 else f"{', '.join(names[:20])} and {len(names) - 20} more"
