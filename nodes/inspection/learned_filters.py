"""Learned Filters: the kernels of a convolution layer as images, and the images that they answer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from nodes.base import Job, Layers, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.preview import as_pixels
from nodes.kit.inspection.inference import Arrays, apply_batchwise, build_model, graph_function, inference_function, subnetwork
from nodes.kit.networks.binding import Binding
from nodes.kit.networks.inputs import (
    UNTRAINED_SEED,
    InputColumns,
    batch_size_setting,
    bind_inputs,
    check_batch_size,
    inputs_setting,
)
from nodes.kit.networks.layer_selection import layers_named
from nodes.values.figure import Figure, FigureSpec, ImagesFigure
from nodes.values.network import LayerSpec, Network, NetworkSpec, Tensor
from nodes.values.table import Table, TableSpec
from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

KERNELS: Mapping[str, str] = {
    "Conv1D": "kernel", "Conv2D": "kernel", "Conv1DTranspose": "kernel", "Conv2DTranspose": "kernel",
    "DepthwiseConv1D": "kernel", "DepthwiseConv2D": "kernel", "SeparableConv1D": "depthwise_kernel",
    "SeparableConv2D": "depthwise_kernel",
}  # fmt: skip
"""The layers that have filters, and the weight that holds them."""
MOST_IMAGES = 256
MOST_FIGURES = 12
FOUND = ("filter", "rank", "row number", "activation")


class LearnedFilters(Node):
    """Look at the kernels that a convolution layer has learned, and at the images that its filters answer to most.

    The kernels of the first layer show edges, spots and colours once it has learned; noise, as before training, says that it has
    not learned much. What deeper filters look for does not show in their kernels: connect a table, and the rows in which each
    filter is most active (at any place) tell. Of a separable layer, the kernels of each channel are shown. KNIME has no such
    node.

    Example: behind the Learner, with the layer left empty and the training images connected: 16 kernels of 3 x 3 pixels, and for
    each the nine images with the strongest answer.
    """

    id = "inspection.learned_filters"
    title = "Learned Filters"
    shelf = "Network / Inspection"
    icon = "mdi6.image-filter-none"
    keywords = ("kernels", "weights", "convolution filters", "maximally activating images", "visualize filters", "first layer")
    needs_keras = True
    input_ports = (
        Port("network", "network", "Network", "The network to look into."),
        Port("table", "table", "Table", "Images, of which those that filters answer to most are found.", optional=True),
    )
    output_ports = (
        Port("kernels", "table", "Kernels", "A row for each filter."),
        Port("examples", "table", "Most activating rows", "For each filter, the rows of the table in which it is most active."),
        Port("figure", "figure", "Figure", "The kernels."),
    )

    layer: str | None = setting(
        None, "Layer", "Whose filters; empty: those of the first convolution layer.", layers=Layers("network", "weighted layers")
    )
    channels: Literal["auto", "mean", "one", "all"] = setting(
        "auto",
        "Input channels",
        "A filter has a plane of numbers for each channel of its input: what is made of them.",
        choices={
            "auto": "Of three, a colour image; else the mean.",
            "mean": "Their mean.",
            "one": "One of them.",
            "all": "All, as the channels of the image in the table; of other than 1, 3 or 4, the figure shows the first.",
        },
    )
    channel: int = setting(0, "Channel", "Which one, from 0 on.", ge=0, shown_if={"channels": "one"})
    scaling: Literal["each", "layer"] = setting(
        "each",
        "Brightness",
        "What is black and what is white in the figure.",
        choices={
            "each": "The least and the greatest number of each kernel.",
            "layer": "Those of all kernels, so that strong filters can be told from weak ones.",
        },
    )
    top: int = setting(
        9, "Rows per filter", "How many rows are found for each filter.", ge=1, le=1000, group="Most activating rows"
    )
    inputs: list[InputColumns] = inputs_setting("Most activating rows")
    batch_size: int = batch_size_setting(group="Most activating rows")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a row for each filter, and the rows of the table that are found."""
        network = specs.network()
        layer = self._layer(network)
        *size, planes, filters = _kernel_shape(layer)
        if self.channels == "one" and self.channel >= planes:
            raise NodeError(
                f"The filters of '{layer.name}' have {counted(planes, 'input channel')}; there is no number {self.channel}.",
                "Channels are counted from 0.",
                setting="channel",
            )
        shape = (size[0], size[1], self._planes(planes))
        kernels = TableSpec(_schema(shape), filters)
        examples = TableSpec(_found_schema(), 0)
        if "table" in specs:
            table = specs.table()
            check_batch_size(network, self.batch_size, "batch_size")
            bind_inputs(network, table, self.inputs)
            clash = next((column for column in FOUND if column in table.schema), None)
            if clash is not None:
                raise NodeError(f"The table has a column '{clash}' already.", "Rename it before (Column Renamer).")
            made = table.with_schema({**_found_schema(), **table.schema})
            channels = _activation_channels(network, layer)
            examples = made.with_rows(None if table.rows is None else min(self.top, table.rows) * channels)
        return {"kernels": kernels, "examples": examples, "figure": FigureSpec("images")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the kernels; only examples need the network to be applied."""
        network = values.network()
        layer = self._layer(network.spec)
        kernels = self._kernels(network, layer, job)
        table = Table.of(_kernel_frame(layer, kernels))
        examples = self._examples(network, layer, values.table(), job) if "table" in values else _nothing_found()
        title = f"{layer.name}: {kernels.shape[0]} filters of {kernels.shape[1]} x {kernels.shape[2]}"
        shown = kernels[:MOST_IMAGES]
        title += f", the first {MOST_IMAGES}" if len(kernels) > len(shown) else ""
        captions = [str(n) for n in range(len(shown))]
        figure = ImagesFigure(title, _as_gray_levels(shown, self.scaling == "layer"), captions)
        return {"kernels": table, "examples": examples, "figure": figure}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the kernels, and the first filters' examples."""
        figures: list[Figure] = [cast(Figure, outputs["figure"])]
        examples = outputs.table("examples")
        column = next(iter(examples.spec.columns_of("image")), None)
        if column is not None and examples.height:
            found = examples.frame(list(FOUND))
            for number in range(min(MOST_FIGURES, int(found["filter"].max()) + 1)):  # type: ignore[arg-type]
                rows = (found["filter"] == number).arg_true()
                images = examples.take(rows.to_numpy()).frame([column])[column].to_numpy()
                captions = [f"row {row}: {value:.3g}" for _, _, row, value in found[rows].iter_rows()]
                figures.append(ImagesFigure(f"What filter {number} answers to", as_pixels(images), captions))
        return figures

    # -- the kernels

    def _layer(self, network: NetworkSpec) -> LayerSpec:
        if self.layer:
            (layer,) = layers_named(network, [self.layer], "layer")
            if layer.kind not in KERNELS:
                raise NodeError(
                    f"Layer '{layer.name}' ({layer.kind}) has no filters.", "Choose a convolution layer.", setting="layer"
                )
            return layer
        found = next((layer for layer in network.layers if layer.kind in KERNELS), None)
        if found is None:
            raise NodeError(
                "The network has no convolution layer.", "Network Layer Weights shows other weights.", setting="layer"
            )
        return found

    def _planes(self, planes: int) -> int:
        """How many channels the image of a kernel has."""
        return planes if self.channels == "all" or (self.channels == "auto" and planes == 3) else 1

    def _kernels(self, network: Network, layer: LayerSpec, job: Job) -> NDArray[Any]:
        """(filters, height, width, channels), Float32."""
        import numpy as np

        arrays = network.weights.get(layer.name)
        if arrays is None:
            from nodes.kit.networks.keras_model import to_keras

            job.warn(f"Layer '{layer.name}' has not been trained: its kernels are random.")
            arrays = to_keras(network, UNTRAINED_SEED).get_layer(layer.name).get_weights()
        place = next(n for n, weight in enumerate(layer.weights) if weight.name == KERNELS[layer.kind])
        kernels = _in_order(np.asarray(arrays[place], np.float32), layer)
        if self.channels == "one":
            return np.asarray(kernels[..., self.channel : self.channel + 1])
        if self._planes(kernels.shape[-1]) == kernels.shape[-1]:
            return kernels
        return np.asarray(kernels.mean(axis=-1, keepdims=True, dtype=np.float32))

    # -- the examples

    def _bindings(self, network: NetworkSpec, table: TableSpec) -> tuple[Tensor, list[Binding]]:
        """The tensor of the layer's activations, and the bindings of the inputs that it needs."""
        tensor = Tensor(self._layer(network).name)
        by_input = dict(zip(network.inputs, bind_inputs(network, table, self.inputs), strict=True))
        return tensor, [by_input[t] for t in network.with_outputs([tensor]).inputs]

    def _examples(self, network: Network, layer: LayerSpec, table: Table, job: Job) -> Table:
        import numpy as np
        import tensorflow as tf

        tensor, bindings = self._bindings(network.spec, table.spec)
        count = _activation_channels(network.spec, layer)
        best, rows = np.empty((0, count), np.float64), np.empty((0, count), np.int64)
        if table.height:
            needed = subnetwork(network, [tensor])
            call = inference_function(build_model(needed, job), bindings)
            axes = tuple(range(2, len(network.spec.tensor(tensor).shape) + 1))
            axes = axes if network.spec.channels_first else tuple(axis - 1 for axis in axes)
            strongest = graph_function(lambda tensors: tf.reduce_max(tf.cast(call(tensors)[0], tf.float32), axes))

            def compute(arrays: Arrays, first: int) -> Sequence[Any]:
                return [strongest([tf.convert_to_tensor(array) for array in arrays])]

            for first, (found,) in apply_batchwise(needed.spec, bindings, table, self.batch_size, compute, job=job):
                numbers = np.repeat(np.arange(first, first + len(found))[:, None], count, axis=1)
                best, rows = np.concatenate([best, found]), np.concatenate([rows, numbers])
                order = np.argsort(-best, axis=0, kind="stable")[: self.top]
                best, rows = np.take_along_axis(best, order, axis=0), np.take_along_axis(rows, order, axis=0)
        ranks = len(best)
        found_rows = rows.T.ravel()
        told = pl.DataFrame(
            {
                "filter": pl.Series(np.repeat(np.arange(count), ranks), dtype=pl.Int64),
                "rank": pl.Series(np.tile(np.arange(1, ranks + 1), count), dtype=pl.Int64),
                "row number": pl.Series(found_rows + 1, dtype=pl.Int64),
                "activation": pl.Series(best.T.ravel(), dtype=pl.Float64),
            },
            schema=_found_schema(),
        )
        chosen = table.take(found_rows)
        return chosen.with_columns(told).select([*FOUND, *table.columns])


# ---------------------------------------------------------------------------------------------------------------- helpers


def _kernel_shape(layer: LayerSpec) -> tuple[int, int, int, int]:
    """Height, width, input channels of a filter, and how many filters there are; of 1D layers, the height is 1."""
    weight = next(w for w in layer.weights if w.name == KERNELS[layer.kind])
    *size, second_last, last = weight.shape
    height, width = (1, size[0]) if len(size) == 1 else (size[0], size[1])
    if _is_depthwise(layer):
        return height, width, 1, second_last * last
    return (height, width, last, second_last) if layer.kind.endswith("Transpose") else (height, width, second_last, last)


def _is_depthwise(layer: LayerSpec) -> bool:
    return layer.kind.startswith(("Depthwise", "Separable"))


def _in_order(kernel: NDArray[Any], layer: LayerSpec) -> NDArray[Any]:
    """A weight of a layer as (filters, height, width, input channels)."""
    import numpy as np

    kernel = kernel[None] if kernel.ndim == 3 else kernel
    if _is_depthwise(layer):
        height, width, channels, multiplier = kernel.shape
        return np.ascontiguousarray(kernel.reshape(height, width, 1, channels * multiplier).transpose(3, 0, 1, 2))
    moved = kernel.transpose(2, 0, 1, 3) if layer.kind.endswith("Transpose") else kernel.transpose(3, 0, 1, 2)
    return np.ascontiguousarray(moved)


def _activation_channels(network: NetworkSpec, layer: LayerSpec) -> int:
    """How many channels come out of the layer: as many as filters, but of separable ones."""
    shape = network.tensor(Tensor(layer.name)).shape
    channels = shape[0] if network.channels_first else shape[-1]
    assert channels is not None  # a layer's filters are given
    return channels


def _schema(shape: tuple[int, int, int]) -> pl.Schema:
    numbers = dict.fromkeys(("norm", "mean", "min", "max"), pl.Float64())
    return pl.Schema({"layer": pl.String(), "filter": pl.Int64(), **numbers, "kernel": pl.Array(pl.Float32, shape)})


def _found_schema() -> pl.Schema:
    return pl.Schema({"filter": pl.Int64(), "rank": pl.Int64(), "row number": pl.Int64(), "activation": pl.Float64()})


def _nothing_found() -> Table:
    return Table.of(pl.DataFrame(schema=_found_schema()))


def _kernel_frame(layer: LayerSpec, kernels: NDArray[Any]) -> pl.DataFrame:
    import numpy as np

    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    schema = _schema(kernels.shape[1:])
    return pl.DataFrame(
        {
            "layer": pl.Series([layer.name] * len(kernels), dtype=pl.String),
            "filter": pl.Series(range(len(kernels)), dtype=pl.Int64),
            "norm": np.sqrt(np.square(flat).sum(axis=1)),
            "mean": flat.mean(axis=1),
            "min": flat.min(axis=1),
            "max": flat.max(axis=1),
            "kernel": pl.Series(kernels, dtype=schema["kernel"]),
        }
    )


def _as_gray_levels(kernels: NDArray[Any], together: bool) -> NDArray[Any]:
    """Kernels (n, height, width, channels) from the least (black) to the greatest (white), UInt8; channels that can be drawn."""
    import numpy as np

    shown = kernels if kernels.shape[-1] in (1, 3, 4) else kernels[..., :1]
    flat = shown.reshape(1 if together else len(shown), -1)
    low, high = flat.min(axis=1).reshape(-1, 1, 1, 1), flat.max(axis=1).reshape(-1, 1, 1, 1)
    spread = np.where(high > low, high - low, 1)
    made: NDArray[Any] = np.rint((shown - low) / spread * 255).astype(np.uint8)
    return made
