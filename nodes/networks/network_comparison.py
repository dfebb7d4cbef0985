"""Network Comparison: several networks side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.networks.cost import BYTES, multiply_adds, output_memory, summed
from nodes.values.figure import BarsFigure
from nodes.values.network import NetworkSpec
from nodes.values.table import Table, TableSpec


class NetworkComparison(Node):
    """Put several networks side by side: layers, parameters, memory and cost of each.

    One row per network. Multiply-adds are as in the Network Summary, for one example; memory is in bytes, that of the weights
    and that of all layers' outputs for one example, which training keeps. It is missing where sizes are not fixed.

    Example: connect a network of Dense Layers and a convolutional one for the same images: the table and its figures show that
    the convolutional one has far fewer parameters and costs more multiplications.
    """

    id = "networks.comparison"
    title = "Network Comparison"
    shelf = "Network / Inspection"
    icon = "mdi6.compare-horizontal"
    keywords = ("compare networks", "parameters", "memory", "FLOPs", "size", "side by side")
    input_ports = (Port("network", "network", "Network", "A network to compare.", grows=True),)
    output_ports = (Port("table", "table", "Comparison", "One row per network."),)

    names: list[str] = setting(
        [], "Names", "What the networks are called, in the order of the inputs; missing ones are called Network 1, 2, ..."
    )

    def configure(self, specs: Specs) -> Mapping[str, TableSpec]:
        """Promise the columns, and a row per network."""
        count = len(specs.all("network"))
        self._named(count)
        return {"table": TableSpec(_schema(), count)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Table]:
        """Give a row per network."""
        networks: list[Any] = values.all("network")
        rows = [(name, *_row(network.spec)) for name, network in zip(self._named(len(networks)), networks, strict=True)]
        return {"table": Table.of(pl.DataFrame(rows, schema=_schema(), orient="row"))}

    def views(self, outputs: Values) -> Sequence[BarsFigure]:
        """Show parameters and, where they are known, multiply-adds as bars."""
        frame = outputs.table().frame()
        names = frame["network"].to_list()
        figures = []
        for column in ("parameters", "multiply-adds"):
            known = [n for n, value in enumerate(frame[column]) if value is not None]
            if known:
                series = {column.capitalize(): [float(frame[column][n]) for n in known]}
                figures.append(BarsFigure(column.capitalize(), [names[n] for n in known], series))
        return figures

    def _named(self, count: int) -> list[str]:
        """A name per network."""
        names = [self.names[n] if n < len(self.names) and self.names[n] else f"Network {n + 1}" for n in range(count)]
        if len(set(names)) < count:
            raise NodeError("Two networks have the same name.", "Give each a name of its own.", setting="names")
        return names


def _schema() -> pl.Schema:
    counts = ("layers", "layers with weights", "parameters", "trainable parameters", "weight memory", "output memory")
    texts = ("network", "inputs", "outputs")
    columns = dict.fromkeys(texts, pl.String()) | dict.fromkeys((*counts, "multiply-adds"), pl.Int64())
    return pl.Schema(columns)


def _row(network: NetworkSpec) -> tuple[Any, ...]:
    inputs, outputs = (", ".join(network.tensor(t).describe() for t in some) for some in (network.inputs, network.outputs))
    return (
        inputs,
        outputs,
        len(network.layers),
        sum(bool(layer.weights) for layer in network.layers),
        network.parameters,
        network.trainable_parameters,
        sum(layer.parameters * BYTES.get(str(layer.config.get("dtype") or "float32"), 4) for layer in network.layers),
        summed(output_memory(network, layer) for layer in network.layers),
        summed(multiply_adds(network, layer) for layer in network.layers),
    )
