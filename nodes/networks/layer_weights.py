"""Network Layer Weights: the numbers a network has learned, as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, Layers, Node, Port, Specs, Values, setting
from nodes.kit.networks.layer_selection import layers_named
from nodes.values.figure import HistogramFigure
from nodes.values.network import LayerSpec, NetworkSpec, WeightSpec
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 40
MOST_FIGURES = 24


class LayerWeights(Node):
    """List the weights of a network's layers: one row for each, with its shape and how its numbers are spread.

    Where many numbers are zero, or far larger than the others, or not finite, training went wrong or a layer does nothing.
    The norm is the square root of the sum of squares. Figures show the weights' histograms. Numbers that are not finite are
    counted, and left out of all other statistics. A layer that was never trained has no weights yet: its statistics are
    missing. KNIME has no such node.

    Example: behind a Keras Network Learner, sort the table by norm to see which layer has moved furthest, or switch on the
    values and use the kernel as a column of numbers.
    """

    id = "networks.layer_weights"
    title = "Network Layer Weights"
    shelf = "Network / Inspection"
    icon = "mdi6.weight"
    keywords = (
        "weights", "get_weights", "kernel", "bias", "parameters", "histogram", "norm", "sparsity", "inspect", "extract",
    )  # fmt: skip
    input_ports = (Port("network", "network", "Network", "The network to look into."),)
    output_ports = (Port("table", "table", "Weights", "One row per weight."),)

    layers: list[str] = setting(
        [], "Layers", "Whose weights are listed; none chosen: those of all layers.", layers=Layers("network", "weighted layers")
    )
    values: bool = setting(False, "Values", "Adds a column with the numbers themselves, flat, in the order of their last index.")

    def configure(self, specs: Specs) -> Mapping[str, TableSpec]:
        """Promise the columns, and as many rows as there are weights."""
        rows = [weight for layer in self._layers(specs.network()) for weight in layer.weights]
        if not rows:
            specs.warn("These layers have no weights: the table is empty.")
        return {"table": TableSpec(self._schema(), len(rows))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Table]:
        """Give one row per weight."""
        network = values.network()
        rows = []
        for layer in self._layers(network.spec):
            job.check_cancelled()
            arrays = network.weights.get(layer.name)
            for number, weight in enumerate(layer.weights):
                rows.append(self._row(layer, weight, None if arrays is None else arrays[number]))
        return {"table": Table.of(pl.DataFrame(rows, schema=self._schema(), orient="row"))}

    def views(self, outputs: Values) -> Sequence[HistogramFigure]:
        """Show a histogram for each of the first weights that have more than one number."""
        figures: list[HistogramFigure] = []
        for row in outputs.table().frame().iter_rows(named=True):
            counts = row["histogram"]
            if counts and len(figures) < MOST_FIGURES and row["count"] > 1:
                low, high = row["min"], row["max"]
                edges = [low + (high - low) * n / len(counts) for n in range(len(counts) + 1)] if high > low else []
                if edges and edges == sorted(set(edges)):
                    name = f"{row['layer']}: {row['weight']}"
                    figures.append(HistogramFigure(name, edges, {row["shape"]: counts}, "Value", "Count"))
        return figures

    def _layers(self, network: NetworkSpec) -> list[LayerSpec]:
        chosen = layers_named(network, self.layers, "layers") if self.layers else list(network.layers)
        return [layer for layer in chosen if layer.weights]

    def _schema(self) -> pl.Schema:
        texts = dict.fromkeys(("layer", "class", "weight", "shape"), pl.String())
        numbers = dict.fromkeys(("mean", "std", "min", "max", "norm", "zeros"), pl.Float64())
        more = {"values": pl.List(pl.Float32())} if self.values else {}
        counts = {"not finite": pl.Int64(), "histogram": pl.List(pl.UInt32())}
        return pl.Schema({**texts, "count": pl.Int64(), "trainable": pl.Boolean(), **numbers, **counts, **more})

    def _row(self, layer: LayerSpec, weight: WeightSpec, array: NDArray[Any] | None) -> tuple[Any, ...]:
        """What there is to say of one weight; `array` is None where it has no values yet."""
        shape = " x ".join(map(str, weight.shape)) or "scalar"
        row = (layer.name, layer.kind, weight.name, shape, weight.size, weight.trainable and layer.trainable)
        row += _statistics(array)
        return (*row, None if array is None else array.astype("float32").ravel().tolist()) if self.values else row


def _statistics(array: NDArray[Any] | None) -> tuple[Any, ...]:
    """mean, std, min, max, norm, share of zeros, how many are not finite, counts between min and max."""
    import numpy as np

    if array is None:
        return (None,) * 8
    flat = np.asarray(array, np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    lost = int(flat.size - finite.size)
    if not finite.size:
        return (*(None,) * 6, lost, None)
    low, high = float(finite.min()), float(finite.max())
    try:
        counts = np.histogram(finite, BINS)[0].tolist() if high > low else [int(finite.size)]
    except ValueError:  # too close together for that many bins
        counts = [int(finite.size)]
    norm = math.sqrt(float(np.square(finite).sum()))
    return float(finite.mean()), float(finite.std()), low, high, norm, float((finite == 0).mean()), lost, counts
