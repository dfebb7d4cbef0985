"""Image Viewer: images of a table as a grid, with captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype
from nodes.kit.images.pixels import check_numbers
from nodes.kit.images.preview import CAPTION_LENGTH, as_pixels
from nodes.values.figure import Figure, FigureSpec, HistogramFigure, ImagesFigure

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 64


class ImageViewer(Node):
    """Show images of a table in a grid, with the values of other columns below them.

    The first rows, random ones, or all up to the number that is set. Images that are neither grey, RGB nor RGBA show the
    channel that is chosen, or each channel by itself. What is not of 8 bits is brought to a visible range: 16 bits by their
    upper half, floats from 0 to 1 as they are, others from their least to their greatest value. *Normalize* stretches every
    image by itself.

    The second output is the histogram of the pixel values of the images shown. KNIME's annotators, where a person draws labels
    onto images, are left out: masks that another program drew are read as images.

    Example: behind a Row Filter on *prediction* not equal to *label*, with both as captions, it shows what a network gets
    wrong.
    """

    id = "images.viewer"
    title = "Image Viewer"
    shelf = "Views"
    icon = "mdi6.image-multiple-outline"
    keywords = ("Image Viewer", "grid", "gallery", "show images", "look", "preview", "thumbnails", "histogram", "contact sheet")
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports = (
        Port("figure", "figure", "Images", "The grid."),
        Port("histogram", "figure", "Histogram", "How often each pixel value occurs."),
    )

    column: str = setting("image", "Image column", "The images to show.", columns=Columns("table", IMAGES))
    captions: list[str] = setting([], "Captions", "Columns whose values stand below the images.", columns=Columns("table"))
    rows: Literal["first", "random"] = setting("first", "Rows", "Which images are shown.")
    count: int = setting(25, "Number", "At most so many images.", ge=1, le=400)
    seed: int = setting(0, "Random seed", "Which random rows are chosen.", ge=0, le=2**32 - 1, shown_if={"rows": "random"})
    channel: int | None = setting(
        None, "Channel", "Which channel is shown, from 0; empty: colours, or each channel by itself.", ge=0, advanced=True
    )
    normalize: bool = setting(False, "Normalize", "Whether each image is stretched from its least to its greatest value.")
    heading: str = setting("Images", "Title", "What the figure is called.", min_length=1)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Two figures."""
        table = specs.table()
        dtype = image_dtype(table, self.column)
        for column in self.captions:
            table.require(column, setting="captions")
        if dtype is not None:
            self._check(dtype)
        return {"figure": FigureSpec("images"), "histogram": FigureSpec("histogram")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Gather the images."""
        import numpy as np

        table = values.table()
        if self.rows == "first" or table.height <= self.count:
            chosen = table.slice(0, self.count)
        else:
            chosen = table.take(np.sort(np.random.default_rng(self.seed).choice(table.height, self.count, replace=False)))
        if not chosen.height:
            empty = ImagesFigure(self.heading, np.zeros((0, 1, 1, 1), np.uint8))
            return {"figure": empty, "histogram": HistogramFigure("Pixel values", [0.0, 1.0], {"pixels": [0]})}
        source = ImageColumns(chosen, [self.column])
        self._check(source.dtype(self.column))
        frame = pl.concat(list(source.pieces(self.captions))).drop_nulls(self.column)
        images: NDArray[Any] = frame[self.column].to_numpy()
        texts = [", ".join(str(v)[:CAPTION_LENGTH] for v in row) for row in frame.select(self.captions).iter_rows()]
        return {"figure": self._figure(images, texts), "histogram": self._histogram(images)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The grid and the histogram."""
        return (cast(Figure, outputs["figure"]), cast(Figure, outputs["histogram"]))

    def _check(self, dtype: pl.Array) -> None:
        check_numbers(dtype, self.column)
        if self.channel is not None and self.channel >= dtype.shape[2]:
            raise NodeError(f"The images have {dtype.shape[2]} channels.", "They count from 0.", setting="channel")

    def _figure(self, images: NDArray[Any], texts: list[str]) -> ImagesFigure:
        import numpy as np

        captions = texts if self.captions else []
        if self.channel is not None:
            images = images[..., self.channel : self.channel + 1]
        elif images.shape[3] not in (1, 3, 4):
            channels = images.shape[3]
            images = images.transpose(0, 3, 1, 2).reshape(-1, *images.shape[1:3], 1)[: self.count]
            captions = [f"{text} channel {c}".strip() for text in texts for c in range(channels)][: self.count]
        if self.normalize and len(images):
            pixels = np.concatenate([_stretched(image[None]) for image in images])
        else:
            pixels = as_pixels(images)
        return ImagesFigure(self.heading, pixels, captions)

    def _histogram(self, images: NDArray[Any]) -> HistogramFigure:
        import numpy as np

        finite = images[np.isfinite(images)] if np.issubdtype(images.dtype, np.floating) else images
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
        names = {3: ["red", "green", "blue"], 4: ["red", "green", "blue", "alpha"]}.get(images.shape[3], ["pixels"])
        bands = [images[..., c] for c in range(len(names))] if len(names) > 1 else [images]
        counts = {
            name: np.histogram(np.nan_to_num(band, nan=low, posinf=high, neginf=low), edges)[0].tolist()
            for name, band in zip(names, bands, strict=True)
        }
        return HistogramFigure("Pixel values", edges.tolist(), counts, "value", "pixels")


def _stretched(images: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    values = np.nan_to_num(images.astype(np.float64), posinf=0, neginf=0)
    low, high = values.min(), values.max()
    made: NDArray[Any] = np.rint((values - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    return made
