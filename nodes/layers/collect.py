"""Keras Collect Layer: several networks become one with all their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from nodes.base import Job, Node, NodeError, Port, Specs, Values, setting
from nodes.layers.base import NETWORK_OUT, find_tensor
from nodes.values.network import Network, NetworkSpec, merge, merge_weights


class Collect(Node):
    """Put several networks together into one that has the outputs of all of them.

    Layers that they share are there once. So a network gets several outputs, each of which can be a target of the Keras Network
    Learner. No layer is added. KNIME joins exactly two networks and takes one tensor of each; here it is two or more, and all
    outputs of a network go in unless a tensor of it is chosen.

    Example: two Dense Layers hang on one network for images, one with softmax for the kind of thing, one for its age; with both
    connected here, the network learns both at once.
    """

    id: ClassVar[str] = "keras.collect"
    title: ClassVar[str] = "Keras Collect Layer"
    shelf: ClassVar[str] = "Network / Layers / Core"
    icon: ClassVar[str] = "mdi6.source-merge"
    keywords: ClassVar[tuple[str, ...]] = ("Collect", "several outputs", "multi-task", "combine networks", "outputs")
    input_ports: ClassVar[tuple[Port, ...]] = (
        Port("network", "network", "Network", "A network whose outputs are wanted.", grows=True),
    )
    output_ports: ClassVar[tuple[Port, ...]] = (NETWORK_OUT,)

    input_tensors: tuple[str, ...] = setting(
        (),
        "Input tensors",
        "Which tensor of each network becomes an output, as `layer_0:0`, in the order of the inputs; empty: all its outputs.",
    )

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """The networks put together."""
        networks = [cast(NetworkSpec, spec) for spec in specs.all("network")]
        return {"network": self._collected(networks)[0]}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """The networks put together, with the weights of all."""
        networks = [cast(Network, value) for value in values.all("network")]
        spec, renames = self._collected([network.spec for network in networks])
        try:
            weights = merge_weights(networks, renames)
        except ValueError as error:
            raise NodeError(f"The networks do not fit together: {error}.", "Train both branches in one network.") from error
        kept = {layer.name for layer in spec.layers}
        return {"network": Network(spec, {name: arrays for name, arrays in weights.items() if name in kept})}

    def _collected(self, networks: Sequence[NetworkSpec]) -> tuple[NetworkSpec, list[dict[str, str]]]:
        """The network, and how each network's layers are now called."""
        try:
            base, renames = merge(networks)
        except ValueError as error:
            raise NodeError(
                f"The networks do not fit together: {error}.",
                "Choose one data format in all input layers, and build what two branches share before they part.",
            ) from error
        outputs = []
        for number, (network, names) in enumerate(zip(networks, renames, strict=True)):
            chosen = self.input_tensors[number] if number < len(self.input_tensors) else ""
            tensors = [find_tensor(network, chosen, "input_tensors")] if chosen else network.outputs
            outputs += [tensor._replace(layer=names[tensor.layer]) for tensor in tensors]
        return base.with_outputs(list(dict.fromkeys(outputs))), renames
