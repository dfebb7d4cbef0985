"""Keras Collect Layer: several networks become one with all their outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from nodes.base import Job, Layers, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.layers.base import NETWORK_OUT
from nodes.kit.layers.tensor_choice import require_wires, tensor_of_wire, wires_of
from nodes.values.network import Network, NetworkSpec, merge, merge_weights


class Collect(Node):
    """Put several networks together into one that has the outputs of all of them.

    Layers that they share are there once. So a network gets several outputs, each of which can be a target of the Keras Network
    Learner. No layer is added. KNIME joins exactly two networks and takes one tensor of each; here it is two or more, and all
    outputs of a network go in unless a tensor of it is chosen.

    Example: two Dense Layers hang on one network for images, one with softmax for the kind of thing, one for its age; with both
    connected here, the network learns both at once.
    """

    id = "keras.collect"
    title = "Keras Collect Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.source-merge"
    keywords = ("Collect", "several outputs", "multi-task", "combine networks", "outputs")
    input_ports = (Port("network", "network", "Network", "A network whose outputs are wanted.", grows=True),)
    output_ports = (NETWORK_OUT,)

    input_tensors: tuple[str, ...] = setting(
        (),
        "Input tensors",
        "Which tensor of each network becomes an output, as `layer_0:0`, for each input by its number; empty: all its outputs.",
        layers=Layers("network", "tensor per wire"),
    )

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the networks put together."""
        wires = wires_of(specs, self.input_ports[0])
        return {"network": self._collected({wire: cast(NetworkSpec, spec) for wire, spec in wires.items()})[0]}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the networks put together, with the weights of all."""
        networks = {wire: cast(Network, value) for wire, value in wires_of(values, self.input_ports[0]).items()}
        spec, renames = self._collected({wire: network.spec for wire, network in networks.items()})
        try:
            weights = merge_weights(list(networks.values()), renames)
        except ValueError as error:
            raise NodeError(f"The networks do not fit together: {error}.", "Train both branches in one network.") from error
        kept = {layer.name for layer in spec.layers}
        return {"network": Network(spec, {name: arrays for name, arrays in weights.items() if name in kept})}

    def _collected(self, networks: Mapping[str, NetworkSpec]) -> tuple[NetworkSpec, list[dict[str, str]]]:
        """The network, and how each network's layers are now called; `networks` by their wires."""
        try:
            base, renames = merge(list(networks.values()))
        except ValueError as error:
            raise NodeError(
                f"The networks do not fit together: {error}.",
                "Choose one data format in all input layers, and build what two branches share before they part.",
            ) from error
        require_wires(self.input_tensors, list(networks), "input_tensors")
        outputs = []
        for (wire, network), names in zip(networks.items(), renames, strict=True):
            chosen = tensor_of_wire(network, self.input_tensors, wire, "input_tensors")
            outputs += [tensor._replace(layer=names[tensor.layer]) for tensor in ([chosen] if chosen else network.outputs)]
        return base.with_outputs(list(dict.fromkeys(outputs))), renames
