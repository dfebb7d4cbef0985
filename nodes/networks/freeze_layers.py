"""Keras Freeze Layers: which layers training changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from nodes.base import Job, Layers, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.networks.layer_selection import ancestor_layers, layers_matching, layers_named, tensor_named
from nodes.values.network import LayerSpec, Network, NetworkSpec

BY_PATTERN = ["wildcard", "regex"]


class FreezeLayers(Node):
    """Say which layers training changes, and which stay as they are.

    Layers are chosen from two lists, by their names' pattern, or as all layers up to one. What becomes of the layers that are
    in neither list, or do not fit the pattern, is a setting of its own, so that it is also known for layers that are added
    later: they stay as they are, become trainable (as in KNIME, where layers that were frozen before thaw without a word),
    or are frozen as well. KNIME's node freezes every layer as long as nothing is chosen; this one changes nothing.

    A frozen Batch Normalization Layer keeps its moving averages in training and uses them, as it does when the network is
    applied. Layers without weights do not care.

    Example: after a Keras Network Reader that gives a trained classifier and a new Dense Layer for other classes, choose "up
    to a layer" and the last layer of the old network: the Keras Network Learner then trains the new layer only.
    """

    id = "networks.freeze_layers"
    title = "Keras Freeze Layers"
    shelf = "Network"
    icon = "mdi6.snowflake"
    keywords = (
        "trainable", "freeze", "unfreeze", "thaw", "not trainable", "transfer learning", "fine-tune", "fix weights",
    )  # fmt: skip
    input_ports = (Port("network", "network", "Network", "The network whose layers to freeze."),)
    output_ports = (Port("network", "network", "Network", "The network, with layers frozen."),)

    mode: Literal["manual", "wildcard", "regex", "up to"] = setting(
        "manual",
        "Choose layers",
        "How the layers to freeze are chosen.",
        choices={
            "manual": "From lists.",
            "wildcard": "Names that fit a pattern with * (any text) and ? (one character).",
            "regex": "Names that fit a regular expression from end to end.",
            "up to": "A tensor, and all layers that it is computed by.",
        },
    )
    frozen: list[str] = setting(
        [],
        "Not trainable layers",
        "Layers whose weights stay as they are; each must be there.",
        layers=Layers("network", "weighted layers"),
        shown_if={"mode": "manual"},
    )
    trainable: list[str] = setting(
        [],
        "Trainable layers",
        "Layers whose weights training changes; each must be there.",
        layers=Layers("network", "weighted layers"),
        shown_if={"mode": "manual"},
    )
    pattern: str = setting("*", "Pattern", "What the names of layers to freeze look like.", shown_if={"mode": BY_PATTERN})
    case_sensitive: bool = setting(
        True, "Case sensitive", "Whether capital and small letters differ.", shown_if={"mode": BY_PATTERN}
    )
    last: str = setting(
        "",
        "Up to",
        "What comes out of the last layer to freeze, as `layer_0:0`, or the layer's name.",
        layers=Layers("network", "tensors"),
        shown_if={"mode": "up to"},
    )
    others: Literal["keep", "train", "freeze"] = setting(
        "keep",
        "Any other layer",
        "What happens to layers that are not chosen.",
        choices={
            "keep": "They stay trainable or frozen, as they are.",
            "train": "They become trainable, whatever they were (KNIME's enforce inclusion).",
            "freeze": "They are frozen (KNIME's enforce exclusion).",
        },
    )

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network with its layers' new state."""
        before = specs.network()
        network = self._changed(before)
        learnable = [layer for layer in network.layers if any(w.trainable for w in layer.weights)]
        if learnable and not any(layer.trainable for layer in learnable):
            specs.warn("Every layer is frozen: training would change nothing.")
        elif network == before:
            specs.warn("Nothing changes: no layer is chosen that is not frozen or trainable already.")
        return {"network": network}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the same weights, the layers' new state."""
        network = values.network()
        return {"network": Network(self._changed(network.spec), network.weights)}

    def _changed(self, network: NetworkSpec) -> NetworkSpec:
        frozen = {layer.name for layer in self._frozen(network)}
        trainable: set[str] = set()
        if self.mode == "manual":
            trainable = {layer.name for layer in layers_named(network, self.trainable, "trainable")}
            if both := sorted(frozen & trainable):
                raise NodeError(f"Layer '{both[0]}' is in both lists.", "Take it out of one of them.", setting="trainable")
        otherwise = {"keep": None, "train": True, "freeze": False}[self.others]

        def state(layer: LayerSpec) -> bool:
            if layer.name in frozen:
                return False
            if layer.name in trainable:
                return True
            return layer.trainable if otherwise is None else otherwise

        weighted = (layer for layer in network.layers if layer.weights)
        return network.with_layers(replace(layer, trainable=state(layer)) for layer in weighted)

    def _frozen(self, network: NetworkSpec) -> list[LayerSpec]:
        """The layers to freeze."""
        if self.mode == "manual":
            return layers_named(network, self.frozen, "frozen")
        if self.mode == "up to":
            if not self.last:
                raise NodeError("No last layer is chosen.", "Choose the layer up to which to freeze.", setting="last")
            names = ancestor_layers(network, tensor_named(network, self.last, "last"))
            return [layer for layer in network.layers if layer.name in names]
        return layers_matching(network, self.pattern, self.mode, "pattern", case_sensitive=self.case_sensitive)
