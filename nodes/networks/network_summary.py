"""Network Summary: the layers of a network as a table, without building the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from nodes.base import Job, Node, Port, Specs, Values
from nodes.kit.networks.cost import multiply_adds, output_memory
from nodes.values.figure import TextFigure
from nodes.values.network import LayerSpec, NetworkSpec
from nodes.values.table import Table, TableSpec
from nodes.wording import grouped


class NetworkSummary(Node):
    """List a network's layers, with the shape that comes out of each and the number of its parameters.

    There is one row per layer, in the order in which they are computed. Of a layer that is used several times, shapes
    and inputs of every use are listed. Shapes are without the batch; ? is a size that is not fixed.

    Multiply-adds are the multiplications with weights that one example costs, each with its addition, over all uses of the
    layer; twice that many are usually called FLOPs. They are missing where a size is not fixed, or a layer's cost is not
    simply that of its weights (attention). Output memory is what one example's outputs take, in bytes.

    Example: behind the last layer of a network, to see that most parameters are in the first Dense Layer, and most
    multiply-adds in the convolutions.
    """

    id = "networks.summary"
    title = "Network Summary"
    shelf = "Network"
    icon = "mdi6.table-eye"
    keywords = (
        "summary",
        "layers",
        "parameters",
        "shapes",
        "inspect",
        "model.summary",
        "describe",
        "FLOPs",
        "cost",
    )
    input_ports = (Port("network", "network", "Network", "The network to look at."),)
    output_ports = (Port("table", "table", "Layers", "One row per layer."),)

    def configure(self, specs: Specs) -> Mapping[str, TableSpec]:
        """Promise the columns, and as many rows as there are layers."""
        return {"table": TableSpec(_schema(), len(specs.network().layers))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Table]:
        """Give one row per layer."""
        network = values.network().spec
        rows = [_row(network, layer) for layer in network.layers]
        return {"table": Table.of(pl.DataFrame(rows, schema=_schema(), orient="row"))}

    def views(self, outputs: Values) -> Sequence[TextFigure]:
        """Show the table as text, with the totals below."""
        frame = outputs.table().frame()
        head = ["Layer", "Class", "Output shape", "Parameters", "Multiply-adds", "Inputs"]
        body = [
            [
                row["layer"],
                row["class"],
                row["output shape"],
                grouped(row["parameters"]) + " frozen" * (not row["trainable"]),
                "?" if row["multiply-adds"] is None else grouped(row["multiply-adds"]),
                row["inputs"],
            ]
            for row in frame.iter_rows(named=True)
        ]
        total, trainable = int(frame["parameters"].sum()), int(frame["trainable parameters"].sum())
        totals = f"Parameters: {grouped(total)}, of which training changes {grouped(trainable)}."
        if frame["multiply-adds"].null_count() == 0:
            totals += f" One example costs {grouped(int(frame['multiply-adds'].sum()))} multiply-adds."
        return [TextFigure("Layers", f"{_in_columns([head, *body])}\n\n{totals}")]


def _schema() -> pl.Schema:
    texts, numbers = ("layer", "class", "output shape"), ("parameters", "trainable parameters")
    return pl.Schema(
        {
            **dict.fromkeys(texts, pl.String()),
            **dict.fromkeys(numbers, pl.Int64()),
            "trainable": pl.Boolean(),
            "inputs": pl.String(),
            "multiply-adds": pl.Int64(),
            "output memory": pl.Int64(),
        }
    )


def _row(network: NetworkSpec, layer: LayerSpec) -> tuple[Any, ...]:
    calls = [call for call in network.calls if call.layer == layer.name]
    shapes = "; ".join(dict.fromkeys(", ".join(out.describe() for out in call.outputs) for call in calls))
    inputs = "; ".join(", ".join(str(tensor) for tensor in call.inputs) for call in calls)
    cost, memory = multiply_adds(network, layer), output_memory(network, layer)
    return layer.name, layer.kind, shapes, layer.parameters, layer.trainable_parameters, layer.trainable, inputs, cost, memory


def _in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text set in columns, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
