"""Receptive Field: how much of the image each place of a layer's output can see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, cast

import polars as pl

from nodes.base import Job, Layers, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.inspection.receptive_fields import Axis, Reach, receptive_fields
from nodes.kit.networks.cost import multiply_adds
from nodes.kit.networks.inputs import resolve_tensor
from nodes.values.figure import BarsFigure, Figure, FigureSpec
from nodes.values.network import LayerSpec, NetworkSpec, Tensor
from nodes.values.table import Table, TableSpec

SIZES = {1: ("width",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class ReceptiveField(Node):
    """List how much of the image each layer's places see, how far apart they look, and what each layer costs.

    It is worked out from the graph alone, exactly and without weights, after Araujo, Norris & Sim (2019). Where branches come
    together, a place sees all that it sees through any of them. The size counts what lies beyond the image too; 'sees padding'
    is the share of a layer's places that look beyond an edge, of the image or of a feature map on the way. Jump is the distance
    between what neighbours see, in pixels of the input; start is the first pixel that the first place sees, center the middle of
    what it sees, both from 0 on.

    Behind a Flatten or global pooling layer, every number sees the whole image; behind layers that move places about (Reshape,
    Permute, recurrent layers) or that repeat one tensor's places to fit another's, it is unknown. Sizes are without the batch.
    KNIME has no such node.

    Example: behind the last convolution of a network for images of 28 x 28 pixels: a layer whose places see 10 x 10 pixels
    cannot know a shape of 20, and another pooling layer before it makes it see twice as far.
    """

    id = "inspection.receptive_field"
    title = "Receptive Field"
    shelf = "Network / Inspection"
    icon = "mdi6.focus-field"
    keywords = (
        "receptive field", "field of view", "jump", "stride", "padding", "FLOPs", "parameters", "shapes", "layers",
    )  # fmt: skip
    input_ports = (Port("network", "network", "Network", "The network to look at."),)
    output_ports = (
        Port("table", "table", "Layers", "One row per layer."),
        Port("figure", "figure", "Figure", "The sizes as bars."),
    )

    input: str | None = setting(
        None,
        "Input",
        "Of which input; empty: the first sequence, image or volume.",
        layers=Layers("network", "tensors"),
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the columns, and as many rows as there are layers."""
        network = specs.network()
        self._source(network)
        return {"table": TableSpec(_schema(), len(network.layers)), "figure": FigureSpec("bars")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Give one row per layer."""
        network = values.network().spec
        source = self._source(network)
        reaches = receptive_fields(network, source)
        rows = [_row(network, layer, reaches, source) for layer in network.layers]
        frame = pl.DataFrame(rows, schema=_schema(), orient="row")
        shown = frame.filter(pl.col("sees") == "window")
        series = {
            name.capitalize(): [float(n) for n in shown[name]]
            for name in SIZES[len(network.tensor(source).shape) - 1]
            if shown.height
        }
        figure = BarsFigure("Receptive field of each layer", shown["layer"].to_list(), series, "pixels of the input")
        return {"table": Table.of(frame), "figure": figure}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the bars."""
        return (cast(Figure, outputs["figure"]),)

    def _source(self, network: NetworkSpec) -> Tensor:
        """The input that is looked at. NodeError if it has no places."""
        if self.input:
            tensor = resolve_tensor(network, self.input, "input")
            if tensor not in network.inputs:
                named = ", ".join(f"'{t.layer}'" for t in network.inputs)
                raise NodeError(f"'{self.input}' is no input of the network.", f"Choose one of: {named}.", setting="input")
            candidates: Sequence[Tensor] = [tensor]
        else:
            candidates = network.inputs
        found = next((t for t in candidates if 2 <= len(network.tensor(t).shape) <= 4), None)
        if found is None:
            shapes = ", ".join(network.tensor(t).describe() for t in candidates)
            raise NodeError(
                f"The network's inputs ({shapes}) are no sequences, images or volumes.",
                "A layer on plain numbers always sees all of them.",
                setting="input",
            )
        return found


def _schema() -> pl.Schema:
    texts, whole = dict.fromkeys, pl.Int64()
    return pl.Schema(
        {
            **texts(("layer", "class", "output shape", "sees", "receptive field"), pl.String()),
            **dict.fromkeys(("depth", "height", "width"), whole),
            **texts(("jump", "start", "center"), pl.String()),
            "sees padding": pl.Float64(),
            **dict.fromkeys(("parameters", "multiply-adds"), whole),
        }
    )


def _row(network: NetworkSpec, layer: LayerSpec, reaches: Mapping[Tensor, Reach], source: Tensor) -> tuple[Any, ...]:
    """What there is to say of one layer; of one that is used several times, of the use that sees most."""
    calls = [call for call in network.calls if call.layer == layer.name]
    shapes = "; ".join(dict.fromkeys(", ".join(out.describe() for out in call.outputs) for call in calls))
    reach = max((reaches[Tensor(call.layer, call.index)] for call in calls), key=_rank)
    given = network.tensor(source).shape
    sizes = given[1:] if network.channels_first else given[:-1]
    told: tuple[Any, ...]
    if reach in ("nothing", "unknown"):
        told = (reach if reach == "unknown" else "not this input", *(None,) * 8)
    elif isinstance(reach, str):
        told = ("whole input", _times(sizes), *_three(sizes), *(None,) * 4)
    else:
        placed = all(axis.placed for axis in reach)
        starts = [axis.at(0) for axis in reach] if placed else []
        known = [interval for interval in starts if interval is not None]
        known = known if len(known) == len(reach) else []
        told = (
            "window",
            _times([axis.size for axis in reach]),
            *_three([axis.size for axis in reach]),
            _times([axis.jump for axis in reach]),
            ", ".join(str(low) for low, _ in known) or None,
            ", ".join(_number(Fraction(low + high, 2)) for low, high in known) or None,
            _beyond(reach),
        )
    return (layer.name, layer.kind, shapes, *told, layer.parameters, multiply_adds(network, layer))


def _rank(reach: Reach) -> tuple[int, int]:
    """What sees more comes later."""
    if isinstance(reach, str):
        return ("nothing", "", "whole", "unknown").index(reach), 0
    product = 1
    for axis in reach:
        product *= axis.size
    return 1, product


def _three(sizes: Sequence[int | None]) -> tuple[int | None, ...]:
    """Depth, height and width; what there is not is missing."""
    return (*(None,) * (3 - len(sizes)), *sizes)


def _times(numbers: Sequence[int | Fraction | None]) -> str:
    return " x ".join("?" if n is None else _number(Fraction(n)) for n in numbers)


def _number(value: Fraction) -> str:
    """`3`, `0.5`, or `0.333`."""
    return f"{float(value):.4g}" if value.denominator != 1 else str(value.numerator)


def _beyond(axes: Sequence[Axis]) -> float | None:
    """The share of a tensor's places that look beyond an edge; None where that is not known."""
    inside = 1.0
    for axis in axes:
        if axis.beyond is None:
            return None
        inside *= 1 - axis.beyond
    return 1.0 - inside
