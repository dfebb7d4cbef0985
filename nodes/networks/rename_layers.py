"""Keras Rename Layers: other names for a network's layers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from nodes.base import Job, Layers, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.networks.layer_names import REMEDY, is_layer_name
from nodes.kit.networks.layer_selection import layers_named
from nodes.values.network import Network, NetworkSpec, Tensor


class RenameLayers(Node):
    """Give layers of a network other names.

    A text in the names is replaced, and something is put before or behind them; the layers' connections, weights and
    whether they are frozen stay. Two layers cannot have one name, and TensorFlow takes letters from A to Z, digits, points,
    hyphens and underscores only. KNIME has no such node.

    Example: before two trained networks are joined by a Concatenate Layer, the prefix "left_" in one and "right_" in
    the other tell their layers apart.
    """

    id = "networks.rename_layers"
    title = "Keras Rename Layers"
    shelf = "Network"
    icon = "mdi6.rename-box"
    keywords = ("rename", "prefix", "suffix", "layer names", "label")
    input_ports = (Port("network", "network", "Network", "The network whose layers to rename."),)
    output_ports = (Port("network", "network", "Network", "The network with the new names."),)

    layers: list[str] = setting([], "Layers", "The layers to rename; none chosen: all.", layers=Layers("network", "layers"))
    search: str = setting("", "Search", "The text to replace in the names; empty: none.")
    replacement: str = setting("", "Replacement", "What takes its place; with a regular expression, \\1 is its first group.")
    regex: bool = setting(False, "Regular expression", "Whether the text to replace is one, as Python reads it.")
    prefix: str = setting("", "Prefix", "What is put before the names.")
    suffix: str = setting("", "Suffix", "What is put behind the names.")

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network with the new names."""
        network = specs.network()
        names = self._names(network)
        if all(old == new for old, new in names.items()):
            specs.warn("No layer gets another name.")
        return {"network": renamed(network, names)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the same, with its weights."""
        network = values.network()
        names = self._names(network.spec)
        weights = {names[layer]: arrays for layer, arrays in network.weights.items()}
        return {"network": Network(renamed(network.spec, names), weights)}

    def _names(self, network: NetworkSpec) -> dict[str, str]:
        """Old name -> new name of every layer."""
        chosen = {layer.name for layer in layers_named(network, self.layers, "layers")} if self.layers else None
        names = {}
        for layer in network.layers:
            names[layer.name] = self._name(layer.name) if chosen is None or layer.name in chosen else layer.name
        seen: dict[str, str] = {}
        for old, new in names.items():
            if new != old and not is_layer_name(new):
                raise NodeError(
                    f"'{new}' cannot be the name of a layer ('{old}'): TensorFlow refuses it.", REMEDY, setting=self._typed()
                )
            if new in seen:
                raise NodeError(
                    f"Layers '{seen[new]}' and '{old}' would both be called '{new}'.", "Choose a name that keeps them apart."
                )
            seen[new] = old
        return names

    def _typed(self) -> str | None:
        """The setting in which something stands that no name may have."""
        typed = {"prefix": self.prefix, "suffix": self.suffix, "replacement": self.replacement if self.search else ""}
        return next((setting for setting, text in typed.items() if text and not is_layer_name(text)), None)

    def _name(self, old: str) -> str:
        new = old
        if self.search and self.regex:
            try:
                new = re.sub(self.search, self.replacement, old)
            except (re.error, IndexError) as error:
                raise NodeError(f"The search cannot be done: {error}.", "Correct it.", setting="search") from error
        elif self.search:
            new = old.replace(self.search, self.replacement)
        return f"{self.prefix}{new}{self.suffix}"


def renamed(network: NetworkSpec, names: Mapping[str, str]) -> NetworkSpec:
    """Return the same network with its layers called otherwise (old name -> new name, for every layer)."""

    def moved(tensor: Tensor) -> Tensor:
        return tensor._replace(layer=names[tensor.layer])

    return replace(
        network,
        layers=tuple(replace(layer, name=names[layer.name]) for layer in network.layers),
        calls=tuple(replace(c, layer=names[c.layer], inputs=tuple(map(moved, c.inputs))) for c in network.calls),
        inputs=tuple(map(moved, network.inputs)),
        outputs=tuple(map(moved, network.outputs)),
        classes={str(moved(Tensor.parse(tensor))): classes for tensor, classes in network.classes.items()},
    )
