"""Keras Reset Weights: layers begin anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nodes.base import Job, Layers, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.networks.keras_model import to_keras, weights_of
from nodes.kit.networks.layer_selection import layers_named
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.values.network import LayerSpec, Network, NetworkSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ResetWeights(Node):
    """Give layers new random weights, as their initializers say.

    The same seed gives the same weights, so that several trainings can begin at one point, or at several that are known.
    Frozen layers are left alone unless they are chosen by name. What a layer keeps beside its weights, such as the moving
    averages of batch normalization, begins anew too. Layers that are not reset keep what they have learned.

    Example: between a Keras Network Reader and a Keras Network Learner, with the last Dense Layer chosen: the network keeps
    what it sees in images and learns to name it anew.
    """

    id = "networks.reset_weights"
    title = "Keras Reset Weights"
    shelf = "Network"
    icon = "mdi6.dice-multiple-outline"
    keywords = ("initialize", "random weights", "reinitialize", "start over", "seed", "forget")
    input_ports = (Port("network", "network", "Network", "The network to begin anew."),)
    output_ports = (Port("network", "network", "Network", "The network with new weights."),)
    needs_keras = True

    layers: list[str] = setting(
        [],
        "Layers",
        "Which layers get new weights; none chosen: all that are not frozen.",
        layers=Layers("network", "weighted layers"),
    )
    seed: int | None = seed_setting("The same seed gives the same weights; empty: others in every run.", most=SEEDS_32)

    @property
    def reproducible(self) -> bool:
        """With a seed."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network as it is."""
        network = specs.network()
        if not self._chosen(network):
            raise NodeError("No layer has weights that could be reset.", "Choose layers with weights.", setting="layers")
        return {"network": network}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the network with new weights in the chosen layers."""
        import random

        network = values.network()
        job.progress(None, "choosing new weights")
        seed = random.SystemRandom().randrange(2**32) if self.seed is None else self.seed
        made = weights_of(to_keras(Network(network.spec), seed), network.spec)
        weights: dict[str, Sequence[NDArray[Any]]] = dict(network.weights)
        weights |= {layer.name: made[layer.name] for layer in self._chosen(network.spec)}
        return {"network": Network(network.spec, weights)}

    def _chosen(self, network: NetworkSpec) -> list[LayerSpec]:
        if self.layers:
            return [layer for layer in layers_named(network, self.layers, "layers") if layer.weights]
        return [layer for layer in network.layers if layer.weights and layer.trainable]
