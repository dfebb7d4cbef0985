"""Image to Row: the pixels of an image as an array or as columns of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.measuring import Arrays, ImageMeasuring
from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_COLUMNS = 10_000


class ImageToRow(ImageMeasuring):
    """Flatten images: all pixels in one array column, or in a column of numbers each.

    Pixels follow each other row by row, the channels of a pixel side by side (as a Flatten layer has them), or channel after
    channel. One array column is what a Dense network takes; single columns are what tables, CSV files and classical learners
    take. The numbers keep their type. Row to Image is the way back.

    Example: *columns* turns 8 x 8 digits into 64 columns for a random forest.
    """

    id = "images.to_row"
    title = "Image to Row"
    icon = "mdi6.table-arrow-right"
    keywords = ("Image to DataRow", "flatten", "Flatten layer", "pixels", "vector", "array", "columns", "unroll")

    form: Literal["array", "columns"] = setting(
        "array",
        "Result",
        "Where the pixels go.",
        choices={"array": "One column of arrays.", "columns": f"A column per pixel and channel, at most {MOST_COLUMNS}."},
    )
    order: Literal["pixel by pixel", "channel by channel"] = setting(
        "pixel by pixel",
        "Order",
        "In which order the numbers follow each other.",
        choices={
            "pixel by pixel": "Red, green and blue of the first pixel, then of the second: as Keras flattens.",
            "channel by channel": "All of the first channel, then all of the second: as CIFAR files have it.",
        },
    )
    prefix: str = setting("pixel ", "Names", "What the new columns' names begin with (*array*: the whole name).", min_length=1)

    def new_columns(self, dtype: pl.Array) -> dict[str, pl.DataType]:
        """One array, or a column per number."""
        count = dtype.shape[0] * dtype.shape[1] * dtype.shape[2]
        leaf = leaf_dtype(dtype)
        if self.form == "array":
            return {self.prefix.strip() or self.prefix: pl.Array(leaf, count)}
        if count > MOST_COLUMNS:
            raise NodeError(
                f"There would be {count} columns.", "Make the images smaller, or choose one array column.", setting="form"
            )
        return {f"{self.prefix}{n}": leaf for n in range(count)}

    def measure(self, images: NDArray[Any], out: Arrays, job: Job) -> None:
        """Copy the pixels."""
        ordered = images if self.order == "pixel by pixel" else images.transpose(0, 3, 1, 2)
        flat = ordered.reshape(len(images), -1)
        if self.form == "array":
            next(iter(out.values()))[:] = flat
        else:
            for number, made in enumerate(out.values()):
                made[:] = flat[:, number]
