"""Connected Components: shapes in images counted, numbered and measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype, refuse_existing, spread
from nodes.kit.images.pixels import check_numbers
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ConnectedComponents(Node):
    """Find the connected shapes in images: number their pixels, count them, and measure each.

    A pixel belongs to a shape where any channel is above the background. The labels are an image of one channel (Int32): 0 is
    background, 1, 2, ... the shapes, from top to bottom. The second output has a row per shape: its area in pixels, its box,
    its centre, its mean brightness (of all channels, in the image's own units), and how long and how round it is
    (scikit-image's region properties).

    Example: behind an Image Threshold, the count of shapes larger than 4 pixels tells scans with stains from clean ones.
    """

    id = "images.components"
    title = "Connected Components"
    shelf = "Images / Features"
    icon = "mdi6.shape"
    keywords = (
        "Connected Component Analysis",
        "label",
        "count objects",
        "segments",
        "regionprops",
        "blobs",
        "particles",
        "Segment Features",
    )
    input_ports = (Port("table", "table", "Images", "A table with a column of images, best black and white ones."),)
    output_ports = (
        Port("table", "table", "Images", "The table with the count and the labels."),
        Port("components", "table", "Shapes", "A row per shape."),
    )

    column: str = setting("image", "Image column", "The images to look at.", columns=Columns("table", IMAGES))
    background: FiniteFloat = setting(0.0, "Background", "Values up to this one are background, in the image's own units.")
    neighbours: Literal["4", "8"] = setting(
        "8",
        "Neighbors",
        "Which pixels touch each other.",
        choices={"4": "Those above, below, left and right.", "8": "Those at the corners too."},
    )
    least_area: int = setting(1, "Least area", "Smaller shapes, in pixels, count as background.", ge=1)
    labels: str | None = setting(
        "labels", "Column of labels", "The name of the column of label images; empty: none.", min_length=1
    )
    count: str = setting("components", "Column of counts", "The name of the column with the number of shapes.", min_length=1)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema with count and labels; not known for encoded images."""
        table = specs.table()
        dtype = image_dtype(table, self.column)
        for name, column in (("labels", self.labels), ("count", self.count)):
            if column is not None:
                refuse_existing(table, column, name)
        if self.labels == self.count:
            raise NodeError("Labels and counts would be in one column.", "Give them different names.", setting="count")
        new = None if dtype is None else table.with_columns(self._new(dtype))
        return {"table": new, "components": TableSpec(_shape_schema())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Look at one image after the other."""
        table = values.table()
        source = ImageColumns(table, [self.column])
        new = self._new(source.dtype(self.column))
        shapes: list[pl.DataFrame] = []
        made = table.with_columns(job.stream(self._pieces(source, new, shapes, job)))
        return {"table": made, "components": job.stream(shapes)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The labels of the first images."""
        return preview(outputs.table(), self.labels, self.count, title="Labels") if self.labels else []

    def _new(self, dtype: pl.Array) -> dict[str, pl.DataType]:
        check_numbers(dtype, self.column)
        labels = {self.labels: pl.Array(pl.Int32, (*dtype.shape[:2], 1))} if self.labels else {}
        return {self.count: pl.UInt32(), **labels}

    def _pieces(
        self, source: ImageColumns, new: Mapping[str, pl.DataType], shapes: list[pl.DataFrame], job: Job
    ) -> Iterator[pl.DataFrame]:
        import numpy as np

        height, width, _ = source.dtype(self.column).shape
        done = 0
        for piece in source.pieces(beside=height * width * 4):
            images = piece[self.column].drop_nulls().to_numpy()
            rows = done + np.flatnonzero(piece[self.column].is_not_null().to_numpy())
            labels = np.zeros((len(images), height, width, 1), np.int32)
            counts = np.zeros(len(images), np.uint32)
            measured = [pl.DataFrame(schema=_shape_schema())]
            for number, image in enumerate(images):
                job.check_cancelled()
                job.progress(int(rows[number]) / max(source.table.height, 1))
                labels[number, :, :, 0] = self._labelled(image)
                counts[number] = labels[number].max()
                if counts[number]:
                    measured.append(_shapes(labels[number, :, :, 0], image.astype(np.float64).mean(2), int(rows[number])))
            shapes.append(pl.concat(measured))
            made = {self.count: counts, **({self.labels: labels} if self.labels else {})}
            yield pl.DataFrame(
                [spread(pl.Series(name, cells, dtype=new[name]), piece[self.column]) for name, cells in made.items()]
            )
            done += piece.height

    def _labelled(self, image: NDArray[Any]) -> NDArray[Any]:
        import numpy as np
        from scipy import ndimage

        structure = np.ones((3, 3)) if self.neighbours == "8" else None
        labels: NDArray[Any] = ndimage.label((image > self.background).any(2), structure)[0]
        if self.least_area > 1:
            areas = np.bincount(labels.ravel())
            kept = areas >= self.least_area
            kept[0] = False
            labels = np.where(kept, np.cumsum(kept), 0)[labels]
        return labels


def _shape_schema() -> pl.Schema:
    whole, real = pl.UInt32(), pl.Float64()
    return pl.Schema({
        "row": whole, "label": whole, "area": whole, "top": whole, "left": whole, "height": whole, "width": whole,
        "centre_y": real, "centre_x": real, "mean": real, "eccentricity": real, "solidity": real, "perimeter": real,
    })  # fmt: skip


def _shapes(labels: NDArray[Any], brightness: NDArray[Any], row: int) -> pl.DataFrame:
    from skimage import measure

    regions = measure.regionprops(labels, intensity_image=brightness)
    found = [
        (row, r.label, int(r.area), r.bbox[0], r.bbox[1], r.bbox[2] - r.bbox[0], r.bbox[3] - r.bbox[1], *map(float, r.centroid),
         float(r.intensity_mean), float(r.eccentricity), _solidity(r), float(r.perimeter))
        for r in regions
    ]  # fmt: skip
    return pl.DataFrame(found, schema=_shape_schema(), orient="row")


def _solidity(region: Any) -> float:
    """Area by that of the convex hull; 1 for points and lines, which have none."""
    top, left, bottom, right = region.bbox
    if min(bottom - top, right - left) == 1 or region.area < 3:
        return 1.0
    return float(region.solidity)
