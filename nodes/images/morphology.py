"""Image Morphology: shapes grown, shrunk, opened and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.images.footprints import SHAPES, Shape, footprint
from nodes.kit.images.mapping import ImageMapping

if TYPE_CHECKING:
    from numpy.typing import NDArray

Operation = Literal["erode", "dilate", "open", "close", "gradient", "white top hat", "black top hat"]


class ImageMorphology(ImageMapping):
    """Shrink, grow, open and close what is bright in images, per channel.

    It works on black and white masks and, with least and greatest values, on grey and colour images. Beyond the edges the
    image is mirrored.

    Example: after a Threshold, *open* with a disk of radius 1 removes specks of single pixels, and *close* fills gaps.
    """

    id = "images.morphology"
    title = "Image Morphology"
    shelf = "Images / Filters"
    icon = "mdi6.shape-outline"
    keywords = (
        "Morphological Image Operations", "erosion", "dilation", "opening", "closing", "top hat", "structuring element",
        "Fill Holes",
    )  # fmt: skip

    operation: Operation = setting(
        "open",
        "Operation",
        "What is done.",
        choices={
            "erode": "Bright shapes shrink.",
            "dilate": "Bright shapes grow.",
            "open": "Shrink, then grow: small bright things vanish.",
            "close": "Grow, then shrink: small dark gaps vanish.",
            "gradient": "The difference between grown and shrunk: outlines.",
            "white top hat": "What *open* removes: small bright things.",
            "black top hat": "What *close* fills: small dark gaps.",
        },
    )
    shape: Shape = setting("disk", "Structuring element", "Which neighbours count.", choices=SHAPES)
    radius: int = setting(1, "Radius", "How far they are, in pixels.", ge=0, le=50)
    iterations: int = setting(1, "Iterations", "How often shapes shrink or grow.", ge=1, le=100)

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """The same."""
        return dtype

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        from scipy import ndimage

        neighbours = footprint(self.shape, self.radius)[:, :, None]

        def repeated(operation: Any, given: NDArray[Any]) -> NDArray[Any]:
            for _ in range(self.iterations):
                given = operation(given, footprint=neighbours, mode="reflect")
            return given

        for image, made in zip(images, out, strict=True):
            job.check_cancelled()
            if self.operation in ("erode", "open", "white top hat"):
                done = repeated(ndimage.grey_erosion, image)
            else:
                done = repeated(ndimage.grey_dilation, image)
            if self.operation in ("open", "white top hat"):
                done = repeated(ndimage.grey_dilation, done)
            elif self.operation in ("close", "black top hat"):
                done = repeated(ndimage.grey_erosion, done)
            if self.operation == "white top hat":
                done = image - done
            elif self.operation == "black top hat":
                done = done - image
            elif self.operation == "gradient":
                done = done - repeated(ndimage.grey_erosion, image)
            made[:] = done
