"""Keras Load Weights: a file's weights go onto a network that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.networks.hard_sigmoids import uses_hard_sigmoid
from nodes.kit.networks.keras_model import to_keras
from nodes.kit.networks.model_files import StoredLayer, StoredWeights, by_order, look_into_weights, read_weights
from nodes.values.network import LayerSpec, Network, NetworkSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LoadWeights(Node):
    """Put the weights of a file onto a network, layer by layer.

    It reads `.weights.h5`, `.h5` and `.keras` files; of the latter two only the weights are taken. Layers are matched by their
    names, or by their order. The order is that in which Keras lists the layers; in `.weights.h5` and `.keras` files, which do
    not keep it, the first Conv2D layer of the file goes onto the network's first one, and so on for every class. Layers of the
    network that get nothing keep the weights they have. KNIME has no such node.

    Example: build the network of a paper with layer nodes, and load the weights that its authors published, by order; with
    "skip" for what does not fit, a last layer for other classes is left to be trained.
    """

    id = "networks.load_weights"
    title = "Keras Load Weights"
    shelf = "Network"
    icon = "mdi6.tray-arrow-down"
    keywords = ("load_weights", "weights.h5", "h5", "pretrained", "checkpoint", "by_name", "import")
    input_ports = (Port("network", "network", "Network", "The network that gets the weights."),)
    output_ports = (Port("network", "network", "Network", "The network with the file's weights."),)
    needs_keras = True

    path: str = setting("", "File", "The weights: a .weights.h5, .h5 or .keras file.", path="read file")
    match: Literal["order", "name"] = setting(
        "order",
        "Match layers by",
        "Which layer's weights go onto which.",
        choices={
            "order": "The first layer's onto the first, and so on; names do not matter.",
            "name": "Those of one name; layers that are only in the file, or only in the network, are left out.",
        },
    )
    mismatch: Literal["fail", "skip"] = setting(
        "fail",
        "If weights do not fit",
        "What happens where number or shape of a layer's weights differ.",
        choices={"fail": "The node stops and says which.", "skip": "The layer keeps the weights that it has."},
    )

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network as it is, once it is known that the file has weights."""
        stored = look_into_weights(specs.resolve(self._chosen()))
        network = specs.network()
        if self.match == "name":
            names = {layer.name for layer in stored.layers} or {"nothing"}
            if not any(layer.name in names for layer in network.layers if layer.weights):
                some = ", ".join(sorted(names)[:8])
                raise NodeError(
                    f"No layer of the network is called as one in the file ({some}).", "Match by order.", setting="match"
                )
        return {"network": network}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the network with the weights that fit."""
        network = values.network()
        stored = look_into_weights(job.resolve(self._chosen()))
        job.progress(None, "reading the weights")
        pairs = self._pairs(network, stored)
        arrays = read_weights(stored, pairs)
        weights: dict[str, Sequence[NDArray[Any]]] = dict(network.weights)
        weights |= {ours.name: values for (ours, _), values in zip(pairs, arrays, strict=True)}
        left = [layer.name for layer in network.spec.layers if layer.weights and layer.name not in {o.name for o, _ in pairs}]
        if not stored.keras and any(uses_hard_sigmoid(ours) for ours, _ in pairs):
            job.warn(
                f"{stored.path.name} does not say which Keras wrote it. If it was Keras 2, whose hard_sigmoid is another one, the"
                " network computes something else than it did there: save the whole model, and read that."
            )
        job.log(f"{len(pairs)} layers got weights from {stored.path.name}.")
        if left:
            job.warn(f"Layers that got none and stay as they are: {', '.join(left[:20])}{' ...' if len(left) > 20 else ''}.")
        return {"network": Network(network.spec, weights)}

    def _chosen(self) -> str:
        if not self.path:
            raise NodeError("No file is chosen.", "Choose a .weights.h5, .h5 or .keras file.", setting="path")
        return self.path

    def _pairs(self, network: Network, stored: StoredWeights) -> list[tuple[LayerSpec, StoredLayer]]:
        """Our layers and what the file has for each; where it does not fit, as the setting says."""
        found = []
        for ours, theirs in self._matched(network, stored):
            if theirs.fits(ours):
                found.append((ours, theirs))
            elif self.mismatch == "fail":
                raise NodeError(
                    f"The weights of layer '{ours.name}' do not fit: it has {_shapes([w.shape for w in ours.weights])},"
                    f" stored as '{theirs.group}' are {_shapes(list(theirs.shapes.values()))}.",
                    "Use the network these weights belong to, or let what does not fit be skipped.",
                    setting="mismatch",
                )
        if not found:
            raise NodeError("None of the weights fit.", "Use the network that they belong to.", setting="path")
        return found

    def _matched(self, network: Network, stored: StoredWeights) -> list[tuple[LayerSpec, StoredLayer]]:
        if self.match == "name":
            by_name = {layer.name: layer for layer in stored.layers}
            return [(ours, by_name[ours.name]) for ours in network.spec.layers if ours.weights and ours.name in by_name]
        order = [network.spec.layer(layer.name) for layer in to_keras(Network(network.spec)).layers]
        pairs = by_order(order, stored)
        missing = len([layer for layer in order if layer.weights]) - len(pairs)
        if self.mismatch == "fail" and (missing or len(pairs) < len(stored.layers)):
            raise NodeError(
                f"The network has {len(pairs) + missing} layers with weights, the file {len(stored.layers)}.",
                "Use the network these weights belong to, match by name, or let what does not fit be skipped.",
                setting="mismatch",
            )
        return pairs


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(" x ".join(map(str, shape)) or "a number" for shape in shapes) or "none"
