"""Keras Set Output Layers: where a network is read."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import Job, Layers, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.networks.layer_selection import tensor_named
from nodes.values.network import Network, NetworkSpec


class SetOutputLayers(Node):
    """Choose the tensors that come out of a network, hidden ones too, and drop what is not needed for them.

    Layers and inputs that none of the chosen tensors is computed by are left out, so this is also how the head of a network
    is cut off, or a part of it taken: the network up to a layer. Unlike in KNIME, shapes are known before anything runs.

    Example: after a Keras Network Reader, choose what comes out of the last pooling layer: the classifier behind it is gone,
    and a Dense Layer of your own can be added in its place.
    """

    id = "networks.set_output_layers"
    title = "Keras Set Output Layers"
    shelf = "Network"
    icon = "mdi6.content-cut"
    keywords = (
        "outputs", "cut layers", "remove layers", "remove head", "truncate", "feature extractor", "hidden layer", "sub-network",
    )  # fmt: skip
    input_ports = (Port("network", "network", "Network", "The network to choose outputs of."),)
    output_ports = (Port("network", "network", "Network", "The network with these outputs."),)

    outputs: list[str] = setting(
        [],
        "Outputs",
        "The tensors that come out, as `layer_0:0` or by their layers' names, in this order; each once.",
        layers=Layers("network", "tensors"),
    )

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the part of the network that the outputs are computed by."""
        return {"network": self._cut(specs.network())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the same part, with its weights."""
        network = values.network()
        spec = self._cut(network.spec)
        kept = {layer.name for layer in spec.layers}
        return {"network": Network(spec, {name: arrays for name, arrays in network.weights.items() if name in kept})}

    def _cut(self, network: NetworkSpec) -> NetworkSpec:
        if not self.outputs:
            raise NodeError("No output is chosen.", "Choose at least one tensor.", setting="outputs")
        tensors = [tensor_named(network, name, "outputs") for name in self.outputs]
        twice = next((str(t) for n, t in enumerate(tensors) if t in tensors[:n]), None)
        if twice is not None:
            raise NodeError(f"The tensor '{twice}' is chosen twice.", "Choose it once.", setting="outputs")
        return network.with_outputs(tensors)
