"""Building networks node by node, as a workflow does: every node with an id of its own."""

from __future__ import annotations

from pathlib import Path

from nodes.base import Specs, Values
from nodes.kit.layers.base import Layer
from nodes.layers.input import Input
from nodes.values.network import Network
from tests.support import RecordingJob


def add(id: str, layer: Layer, *networks: Network) -> Network:
    """The network with a layer added by the node `id`; what configure promises must be what execute gives."""
    port = layer.input_ports[0] if layer.input_ports else None
    names = [port.name] if port and not port.grows else [f"{port.name}_{n}" for n in range(1, len(networks) + 1)] if port else []
    inputs = dict(zip(names, networks, strict=True))
    specs = Specs({name: network.spec for name, network in inputs.items()}, id)
    promised = layer.configure(specs)["network"]
    made = layer.execute(Values(inputs), RecordingJob(Path.cwd(), id))["network"]
    assert isinstance(made, Network)
    assert made.spec == promised
    return made


def chain(*layers: Layer, prefix: str = "node") -> Network:
    """Layers one after the other; the nodes are `node_1`, `node_2`, ..."""
    network = add(f"{prefix}_1", layers[0])
    for number, layer in enumerate(layers[1:], start=2):
        network = add(f"{prefix}_{number}", layer, network)
    return network


def image(*shape: int | None, **settings: object) -> Network:
    """A network that is only an input."""
    return add("input", Input.model_validate({"shape": shape, **settings}))
