"""Feature Maps: what the layers of a network make of one image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Layers, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.inspection.heat_maps import leveled
from nodes.kit.inspection.inference import Arrays, apply_batchwise, build_model, inference_function, subnetwork
from nodes.kit.networks.inputs import InputColumns, bind_inputs, inputs_setting
from nodes.kit.networks.layer_selection import tensor_named
from nodes.values.figure import Figure, ImagesFigure
from nodes.values.network import NetworkSpec, Tensor
from nodes.values.table import Table, TableSpec
from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONVOLUTIONS = (
    "Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "Conv1DTranspose",
    "Conv2DTranspose",
)  # fmt: skip
MOST_FIGURES = 24
MOST_IMAGES = 64


class FeatureMaps(Node):
    """Look at what the layers of a network make of one image: a grey image for each channel.

    The first convolutions find edges and colours, later ones parts, and pooling makes the maps smaller. There is a row for each
    channel, with how strongly it is active; a channel that is zero everywhere, for every image, is dead. Maps of several layers
    are all brought to the height and width of the largest by repeating pixels, as a column has images of one size; their own
    size is in the table. A sequence's channel is an image of one pixel's height. KNIME has no such node.

    Example: behind the Learner, with the test images, row 1 and no layers chosen: below the node there are the 16 maps of the
    first convolution for that image, in which outlines stand out, and then those of the second.
    """

    id = "inspection.feature_maps"
    title = "Feature Maps"
    shelf = "Network / Inspection"
    icon = "mdi6.layers-search"
    keywords = ("activation maps", "activations", "hidden layer", "intermediate output", "visualize layers", "channels")
    needs_keras = True
    input_ports = (
        Port("network", "network", "Network", "The network to look into."),
        Port("table", "table", "Table", "The rows of which one is chosen."),
    )
    output_ports = (Port("table", "table", "Feature maps", "A row for each channel of each layer."),)

    choose: Literal["row number", "value"] = setting(
        "row number",
        "Choose by",
        "How the row is chosen.",
        choices={"row number": "By its place in the table.", "value": "The first one with a value in a column."},
    )
    row: int = setting(1, "Row", "Its place in the table, from 1 on.", ge=1, shown_if={"choose": "row number"})
    id_column: str | None = setting(
        None,
        "Column",
        "Where the value is looked for.",
        columns=Columns("table", ("category", "number", "boolean")),
        shown_if={"choose": "value"},
    )
    id_value: str = setting("", "Value", "What the cell holds, such as a file's name.", shown_if={"choose": "value"})
    layers: list[str] = setting(
        [],
        "Layers",
        "Whose maps are shown; none chosen: those of all convolution layers.",
        layers=Layers("network", "tensors"),
    )
    scaling: Literal["each", "layer"] = setting(
        "each",
        "Brightness",
        "What is white in the figures.",
        choices={
            "each": "The largest value of each map: also weak ones can be seen.",
            "layer": "The largest value of all maps of a layer: weak ones are dark.",
        },
    )
    inputs: list[InputColumns] = inputs_setting("Network")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a row for each channel."""
        network, table = specs.network(), specs.table()
        bind_inputs(network, table, self.inputs)
        tensors = self._tensors(network)
        if self.choose == "value":
            table.require(self.id_column, "category", "number", "boolean", setting="id_column")
        elif table.rows is not None:
            self._check_row(table.rows)
        channels = [_split(network, tensor)[2] for tensor in tensors]
        size = _largest(network, tensors)
        rows = None if None in channels else sum(n for n in channels if n is not None)
        return {"table": None if size is None else TableSpec(_schema(size), rows)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute one row, layer by layer."""
        network, table = values.network(), values.table()
        bindings = bind_inputs(network.spec, table.spec, self.inputs)
        by_input = dict(zip(network.spec.inputs, bindings, strict=True))
        tensors = self._tensors(network.spec)
        chosen = table.slice(self._row(table), 1)
        needed = subnetwork(network, tensors)
        call = inference_function(build_model(needed, job), [by_input[t] for t in needed.spec.inputs])
        batch = max([network.spec.tensor(t).batch or 1 for t in needed.spec.inputs])

        def compute(arrays: Arrays, first: int) -> Sequence[Any]:
            return call(arrays)

        bound = [by_input[t] for t in needed.spec.inputs]
        ((_, found),) = apply_batchwise(needed.spec, bound, chosen, batch, compute, job=job)
        maps = {tensor: _as_images(made[0], network.spec) for tensor, made in zip(needed.spec.outputs, found, strict=True)}
        size = (max(m.shape[1] for m in maps.values()), max(m.shape[2] for m in maps.values()))
        return {"table": job.stream(_frames([(tensor, maps[tensor]) for tensor in tensors], size))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the maps of each layer."""
        table = outputs.table()
        told = table.frame(["layer", "channel", "height", "width"]).with_row_index("row")
        figures: list[Figure] = []
        for (layer,), rows in told.group_by(["layer"], maintain_order=True):
            if len(figures) == MOST_FIGURES:
                break
            shown = rows.head(MOST_IMAGES)
            maps = table.slice(int(shown["row"].item(0)), shown.height).frame(["map"])["map"].to_numpy()[..., 0]
            maps = _as_they_are(maps, int(shown["height"].item(0)), int(shown["width"].item(0)))
            title = f"{layer}: {shown['height'].item(0)} x {shown['width'].item(0)} x {rows.height}"
            title += f", the first {MOST_IMAGES}" if rows.height > MOST_IMAGES else ""
            figures.append(
                ImagesFigure(title, _bright(maps, self.scaling == "layer"), shown["channel"].cast(pl.String).to_list())
            )
        return figures

    # -- choosing

    def _tensors(self, network: NetworkSpec) -> list[Tensor]:
        """The tensors whose maps are shown. NodeError if one has none."""
        if not self.layers:
            kinds = {layer.name: layer.kind for layer in network.layers}
            found = [Tensor(call.layer, call.index) for call in network.calls if kinds[call.layer] in CONVOLUTIONS]
            if not found:
                raise NodeError("The network has no convolution layer.", "Choose layers that put out images.", setting="layers")
            return found
        tensors = list(dict.fromkeys(tensor_named(network, name, "layers") for name in self.layers))
        for tensor in tensors:
            _split(network, tensor)
        return tensors

    def _check_row(self, rows: int) -> None:
        if self.row > rows:
            there = counted(rows, "row") if rows else "no rows"
            raise NodeError(f"There is no row {self.row}: the table has {there}.", "Choose another row.", setting="row")

    def _row(self, table: Table) -> int:
        """The place of the chosen row, from 0 on."""
        if self.choose == "row number":
            self._check_row(table.height)
            return self.row - 1
        assert self.id_column is not None
        found = (table.frame([self.id_column])[self.id_column].cast(pl.String) == self.id_value).fill_null(False).arg_true()
        if not len(found):
            raise NodeError(
                f"No row has '{self.id_value}' in the column '{self.id_column}'.", "Choose another value.", setting="id_value"
            )
        return int(found[0])


# ---------------------------------------------------------------------------------------------------------------- helpers


def _split(network: NetworkSpec, tensor: Tensor) -> tuple[int | None, int | None, int | None]:
    """Height, width and channels of a tensor. NodeError if it has none."""
    shape = network.tensor(tensor).shape
    if len(shape) not in (2, 3):
        raise NodeError(
            f"What comes out of '{tensor.layer}' is {network.tensor(tensor).describe()}, which are no maps.",
            "Choose a layer that puts out images or sequences.",
            setting="layers",
        )
    if network.channels_first:
        shape = (*shape[1:], shape[0])
    return (1, *shape) if len(shape) == 2 else (shape[0], shape[1], shape[2])


def _largest(network: NetworkSpec, tensors: Sequence[Tensor]) -> tuple[int, int] | None:
    """The largest height and width; None if one is not known."""
    height, width = 0, 0
    for tensor in tensors:
        rows, columns, _ = _split(network, tensor)
        if rows is None or columns is None:
            return None
        height, width = max(height, rows), max(width, columns)
    return height, width


def _schema(size: tuple[int, int]) -> pl.Schema:
    return pl.Schema(
        {
            "layer": pl.String(),
            "channel": pl.Int64(),
            "height": pl.Int64(),
            "width": pl.Int64(),
            "mean": pl.Float64(),
            "min": pl.Float64(),
            "max": pl.Float64(),
            "zeros": pl.Float64(),
            "map": pl.Array(pl.Float32, (*size, 1)),
        }
    )


def _as_images(made: NDArray[Any], network: NetworkSpec) -> NDArray[Any]:
    """One row of a tensor as (channels, height, width), Float32."""
    import numpy as np

    moved = made if network.channels_first else np.moveaxis(made, -1, 0)
    moved = moved[:, None, :] if moved.ndim == 2 else moved
    return np.ascontiguousarray(moved, np.float32)


def _places(size: int, wanted: int) -> NDArray[Any]:
    """Which pixel of `size` is shown at each of `wanted`, repeating pixels."""
    import numpy as np

    return np.arange(wanted) * size // wanted


def _as_they_are(maps: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Maps (n, ...) brought back from the size that all have to their own."""
    import numpy as np

    rows = np.searchsorted(_places(height, maps.shape[1]), np.arange(height))
    columns = np.searchsorted(_places(width, maps.shape[2]), np.arange(width))
    return np.asarray(maps[:, rows][:, :, columns])


def _frames(maps: Sequence[tuple[Tensor, NDArray[Any]]], size: tuple[int, int]) -> Iterator[pl.DataFrame]:
    """The rows of the table, layer by layer."""
    import numpy as np

    schema = _schema(size)
    yield pl.DataFrame(schema=schema)
    for tensor, made in maps:
        flat = made.reshape(len(made), -1).astype(np.float64)
        enlarged = made[:, _places(made.shape[1], size[0])][:, :, _places(made.shape[2], size[1])]
        name = tensor.layer if tensor.call == tensor.output == 0 else str(tensor)
        yield pl.DataFrame(
            {
                "layer": pl.Series([name] * len(made), dtype=pl.String),
                "channel": pl.Series(range(len(made)), dtype=pl.Int64),
                "height": pl.Series([made.shape[1]] * len(made), dtype=pl.Int64),
                "width": pl.Series([made.shape[2]] * len(made), dtype=pl.Int64),
                "mean": flat.mean(axis=1),
                "min": flat.min(axis=1),
                "max": flat.max(axis=1),
                "zeros": (flat == 0).mean(axis=1),
                "map": pl.Series(enlarged[..., None], dtype=schema["map"]),
            }
        )


def _bright(maps: NDArray[Any], together: bool) -> NDArray[Any]:
    """Maps (n, height, width) as grey images (n, height, width, 1): black is 0 or, where there are negative values, the least."""
    import numpy as np

    lowest = np.minimum(maps.reshape(len(maps), -1).min(axis=1, initial=0), 0).reshape(-1, 1, 1)
    if together:
        lifted = maps - lowest.min(initial=0)
        levels = leveled(lifted.reshape(1, -1, maps.shape[2])).reshape(maps.shape)
    else:
        levels = leveled(maps - lowest)
    made: NDArray[Any] = np.rint(levels * 255).astype(np.uint8)[..., None]
    return made
