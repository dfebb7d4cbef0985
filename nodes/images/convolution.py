"""Image Convolution: images filtered with kernels that a person types in, and the sum behind one pixel explained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import ImageColumns
from nodes.kit.images.filling import Fill, Margins, padded
from nodes.kit.images.kernels import HELPS, PRESETS, Preset, Rows, read_kernels
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pairs import Place, Size
from nodes.kit.images.pixels import put
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure, HeatMapFigure, TextFigure
from nodes.values.table import Table, TableSpec, cell_bytes, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST_MAP = 40
"""A feature map of more rows or columns is shown as an image only: nobody could read its numbers."""


class ImageConvolution(ImageMapping):
    """Convolve images with kernels that you choose or type in, and show how one value of the result comes about.

    At every place the kernel lies on a patch of the image; each pixel is multiplied by the number above it, and the sum of
    the products, times *scale* plus *bias*, is the pixel of the feature map. Several kernels give a channel each, as the
    filters of a Conv2D layer do. As there, the kernel is not turned around (mathematicians call that a correlation), and the
    channels of the image are added up, unless each is to have a feature map of its own.

    *Valid* keeps to places where the whole kernel lies on the image, so the result is smaller; *same* fills the surroundings,
    and with a stride of 1 the size stays. Sizes and padding are those of Keras.

    The second output, and the view, explain one pixel: the patch, the kernel, their products, and the sum.

    KNIME's Convolver takes its kernels from a column of images.

    Example: preset *sobel x* on a digit of 28 x 28 with *valid* gives a feature map of 26 x 26 that is bright where the
    stroke begins on its left; the explanation shows the nine products of the place that you choose.
    """

    id = "images.convolution"
    title = "Image Convolution"
    shelf = "Images / Filters"
    icon = "mdi6.matrix"
    keywords = (
        "Convolver",
        "kernel",
        "filter",
        "Conv2D",
        "correlation",
        "emboss",
        "feature map",
        "custom kernel",
        "Sobel",
        "sharpen",
        "blur",
    )
    output_ports = (
        Port("table", "table", "Images", "The table with the feature maps."),
        Port(
            "explanation",
            "table",
            "Explanation",
            "A row per number of the kernel: pixel, weight and product at the chosen place.",
        ),
    )

    preset: Preset = setting("edges", "Kernel", "Which kernel is used.", choices=HELPS)
    kernels: str = setting(
        "-1 -1 -1\n-1 8 -1\n-1 -1 -1",
        "Own kernels",
        "Rows of numbers; an empty line begins the next kernel, and a preset's name on a line stands for that preset.",
        lines=True,
        shown_if={"preset": "own"},
    )
    channels: Literal["sum", "each"] = setting(
        "sum",
        "Channels",
        "What becomes of the image's channels.",
        choices={
            "sum": "They are added up, as in a Conv2D layer.",
            "each": "Each has a feature map per kernel (DepthwiseConv2D).",
        },
    )
    flip: bool = setting(
        False, "Turn the kernel", "Whether the kernel is turned by half a turn first, as mathematics has it.", advanced=True
    )
    padding: Literal["valid", "same"] = setting(
        "valid",
        "Padding",
        "What happens at the edges.",
        choices={"valid": "Only whole patches count.", "same": "Beyond the edges the image is filled up."},
    )
    fill_mode: Literal["constant", "edge", "reflect", "symmetric", "wrap"] = setting(
        "constant",
        "Fill with",
        "What stands beyond the edges.",
        choices={
            "constant": "0, as in Keras.",
            "edge": "The pixel at the edge.",
            "reflect": "The image mirrored at its last pixel.",
            "symmetric": "The image mirrored at its edge.",
            "wrap": "The image from its other side.",
        },
        shown_if={"padding": "same"},
    )
    strides: Size = setting((1, 1), "Strides", "How far the kernel moves down and across, in pixels.")
    scale: FiniteFloat = setting(1.0, "Scale", "What the sum is multiplied by.")
    bias: FiniteFloat = setting(0.0, "Bias", "What is added then, in the image's own units.")
    relu: bool = setting(False, "ReLU", "Whether what is below 0 becomes 0.")
    pixel_type: Literal["Float32", "as the input"] = setting(
        "Float32",
        "Pixel type",
        "What the results are.",
        choices={
            "Float32": "Real numbers, also below 0.",
            "as the input": "Rounded, and cut off at the ends of the image's type.",
        },
    )
    row: int = setting(0, "Row", "Which image is explained, from 0.", ge=0, group="Explanation")
    position: Place | None = setting(
        None, "Position", "Row and column in the feature map, from 0; empty: the middle.", group="Explanation"
    )
    feature_map: int = setting(0, "Feature map", "Which channel of the result, from 0.", ge=0, group="Explanation")

    # -- kernels and sizes

    def named_kernels(self) -> list[tuple[str, Rows]]:
        """The kernels and their names.

        Raises:
            NodeError: If what was typed is none.
        """
        own = self.preset == "own"
        found = read_kernels(self.kernels, "kernels") if own else [(str(self.preset), PRESETS[self.preset])]
        return [(name, tuple(row[::-1] for row in rows[::-1])) for name, rows in found] if self.flip else found

    def _stacked(self) -> NDArray[Any]:
        """(kernels, height, width)."""
        import numpy as np

        return np.array([rows for _, rows in self.named_kernels()], np.float64)

    def _geometry(self, height: int, width: int) -> tuple[tuple[int, int], Margins]:
        """Height and width of the feature map, and how much is filled up at the top, bottom, left and right."""
        rows = self.named_kernels()[0][1]
        size, margins = [], []
        for name, old, kernel, stride in zip(
            ("rows", "columns"), (height, width), (len(rows), len(rows[0])), self.strides, strict=True
        ):
            if self.padding == "same":
                new = math.ceil(old / stride)
                missing = max(0, (new - 1) * stride + kernel - old)
                margins += [missing // 2, missing - missing // 2]
            else:
                new = (old - kernel) // stride + 1
                margins += [0, 0]
                if old < kernel:
                    raise NodeError(
                        f"The kernel has {kernel} {name}, the images have {old}.",
                        "Choose the padding 'same', or a smaller kernel.",
                        setting="padding",
                    )
            size.append(new)
        return (size[0], size[1]), (margins[0], margins[1], margins[2], margins[3])

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Feature maps: a channel per kernel, or per kernel and channel."""
        height, width, channels = dtype.shape
        size, _ = self._geometry(height, width)
        made = len(self.named_kernels()) * (channels if self.channels == "each" else 1)
        if self.feature_map >= made:
            raise NodeError(
                f"There are {made} feature maps; there is no number {self.feature_map}.",
                "They count from 0.",
                setting="feature_map",
            )
        if self.position is not None and not (self.position[0] < size[0] and self.position[1] < size[1]):
            raise NodeError(
                f"The feature map has {size[0]} x {size[1]} pixels; {self.position[0]}, {self.position[1]} is outside.",
                "Rows and columns count from 0.",
                setting="position",
            )
        leaf = pl.Float32() if self.pixel_type == "Float32" else leaf_dtype(dtype)
        return pl.Array(leaf, (*size, made))

    # -- computing

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`: the image, moved for each number of the kernels, is multiplied by it and added."""
        import numpy as np

        kernels = self._stacked()
        (rows, columns), margins = self._geometry(images.shape[1], images.shape[2])
        down, across = self.strides
        wide = self._filled(images.astype(np.float32), margins)
        if self.channels == "sum":
            wide = wide.sum(3, keepdims=True)
        depth = wide.shape[3]
        total = np.zeros((len(images), rows, columns, len(kernels) * depth), np.float32)
        for y, x in np.ndindex(kernels.shape[1:]):
            seen = wide[:, y : y + (rows - 1) * down + 1 : down, x : x + (columns - 1) * across + 1 : across]
            for number, weight in enumerate(kernels[:, y, x]):
                if weight:
                    total[..., number * depth : (number + 1) * depth] += np.float32(weight) * seen
        put(self._finished(total), out)

    def _filled(self, images: NDArray[Any], margins: Margins) -> NDArray[Any]:
        fill: Fill = self.fill_mode
        return padded(images, margins, fill) if any(margins) else images

    def _finished(self, total: Any) -> Any:
        import numpy as np

        total = total * np.float32(self.scale) + np.float32(self.bias)
        return np.maximum(total, 0) if self.relu else total

    # -- explaining

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The images' schema, and that of the explanation."""
        self.named_kernels()
        return {**super().configure(specs), "explanation": TableSpec(_explanation_schema())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Convolve all images, and take one place of one apart."""
        made = super().execute(values, job)
        return {**made, "explanation": Table.of(self._explained(values.table(), job))}

    def _explained(self, table: Table, job: Job) -> pl.DataFrame:
        import numpy as np

        empty = pl.DataFrame(schema=_explanation_schema())
        if self.row >= table.height:
            job.warn(f"There is no row {self.row} to explain.")
            return empty
        source = ImageColumns(table.slice(self.row, 1), [self.column])
        column = next(iter(source.pieces(beside=cell_bytes(source.dtype(self.column)))))[self.column]
        if column.null_count():
            job.warn(f"The image in row {self.row} is missing, so there is nothing to explain.")
            return empty
        image = column.to_numpy().astype(np.float32)
        (rows, columns), margins = self._geometry(image.shape[1], image.shape[2])
        y, x = self.position or (rows // 2, columns // 2)
        kernels = self._stacked()
        depth = image.shape[3]
        number, only = divmod(self.feature_map, depth) if self.channels == "each" else (self.feature_map, None)
        kernel = kernels[number]
        top, left = y * self.strides[0], x * self.strides[1]
        patch = self._filled(image, margins)[0, top : top + kernel.shape[0], left : left + kernel.shape[1]]
        channels = range(depth) if only is None else [only]
        found = [
            (self.row, y, x, self.feature_map, c, i, j, top + i - margins[0], left + j - margins[2], patch[i, j, c], kernel[i, j])
            for c in channels
            for i, j in np.ndindex(kernel.shape)
        ]
        schema = _explanation_schema()
        frame = pl.DataFrame(found, schema={c: schema[c] for c in list(schema)[:11]}, orient="row")
        total = float((frame["pixel"] * frame["weight"]).sum())
        result = float(self._finished(np.float64(total)))
        return frame.with_columns(
            (pl.col("pixel") * pl.col("weight")).alias("product"), pl.lit(total).alias("sum"), pl.lit(result).alias("result")
        )

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The feature maps, and the explanation: patch, kernel, products, the sum in words, and its place."""
        figures: list[Figure] = [*preview(_first_channels(outputs.table(), self.target), self.target, title="Feature maps")]
        told = outputs.table("explanation").frame()
        if told.height:
            figures += self._drawn(outputs.table(), told)
        return figures

    def _drawn(self, table: Table, told: pl.DataFrame) -> list[Figure]:
        kernel = self._stacked()
        height, width = kernel.shape[1:]
        y, x = told["map_row"][0], told["map_column"][0]
        figures: list[Figure] = []
        for channel in told["channel"].unique(maintain_order=True):
            cells = told.filter(told["channel"] == channel)
            rows = [str(n) for n in cells["image_row"].unique(maintain_order=True)]
            columns = [str(n) for n in cells["image_column"].unique(maintain_order=True)]
            of = f" of channel {channel}" if told["channel"].n_unique() > 1 else ""
            for title, name in ((f"Patch{of}", "pixel"), ("Kernel", "weight"), (f"Products{of}", "product")):
                if name != "weight" or not figures or of == "":
                    grid = cells[name].to_numpy().reshape(height, width).tolist()
                    shading: Literal["sequential", "diverging"] = "sequential" if name == "pixel" else "diverging"
                    figures.append(HeatMapFigure(title, grid, rows, columns, "row", "column", shading))
        terms = [f"{p:g} x {w:g}" for p, w in zip(told["pixel"], told["weight"], strict=True) if w]
        shown = " + ".join(terms[:30]) + (" + ..." if len(terms) > 30 else "")
        total, result = told["sum"][0], told["result"][0]
        lines = [
            f"image {self.row}, feature map {self.feature_map}, row {y}, column {x}",
            "",
            f"{shown or '0'}",
            f"  = {total:g}",
        ]
        if self.scale != 1 or self.bias:
            lines.append(f"{total:g} x {self.scale:g} + {self.bias:g} = {total * self.scale + self.bias:g}")
        if self.relu:
            lines.append(f"ReLU: what is below 0 becomes 0: {result:g}")
        figures.append(TextFigure("The sum", "\n".join(lines)))
        maps = table.slice(self.row, 1).frame([self.target])[self.target].drop_nulls()
        if len(maps):
            shape = maps.dtype.shape[:2]  # type: ignore[attr-defined]
            if max(shape) <= _LARGEST_MAP:
                plane = maps.to_numpy()[0, :, :, self.feature_map].astype(float).tolist()
                title = f"Feature map {self.feature_map}: the sum stands in row {y}, column {x}"
                names = [
                    [f"{'> ' if n == place else ''}{n}" for n in range(size)] for size, place in zip(shape, (y, x), strict=True)
                ]
                figures.append(HeatMapFigure(title, plane, names[0], names[1], "row", "column", "diverging"))
        return figures


def _explanation_schema() -> pl.Schema:
    whole, real = pl.Int64(), pl.Float64()
    return pl.Schema({
        "row": whole, "map_row": whole, "map_column": whole, "feature_map": whole, "channel": whole, "kernel_row": whole,
        "kernel_column": whole, "image_row": whole, "image_column": whole, "pixel": real, "weight": real, "product": real,
        "sum": real, "result": real,
    })  # fmt: skip


def _first_channels(table: Table, column: str) -> Table:
    """The first images with so few channels that they can be drawn: each channel beside the other where there are several."""
    head = table.slice(0, 25).frame([column]).drop_nulls()
    if head.is_empty():
        return table
    maps = head[column].to_numpy()
    single = maps.transpose(0, 3, 1, 2).reshape(-1, *maps.shape[1:3], 1)[:25]
    return Table.of(pl.DataFrame({column: pl.Series(single, dtype=pl.Array(leaf_dtype(head.schema[column]), single.shape[1:]))}))
