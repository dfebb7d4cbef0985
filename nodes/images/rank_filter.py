"""Image Rank Filter: the least, the greatest or another rank of each pixel's neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.images.footprints import SHAPES, Shape, footprint
from nodes.kit.images.mapping import ImageMapping

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ImageRankFilter(ImageMapping):
    """Replace every pixel by the least, the greatest, the median or a quantile of its neighbours, per channel.

    No value is new: masks stay masks. Beyond the edges the image is mirrored.

    Example: *quantile* 0.5 is the median; 0.1 with a square of radius 2 takes thin bright scratches out of dark photographs.
    """

    id = "images.rank_filter"
    title = "Image Rank Filter"
    shelf = "Images / Filters"
    icon = "mdi6.equalizer"
    keywords = ("Quantile Filter", "minimum filter", "maximum filter", "percentile", "order statistics", "median")

    rank: Literal["minimum", "maximum", "median", "quantile"] = setting(
        "median", "Rank", "Which of the neighbours' values is taken."
    )
    quantile: float = setting(0.5, "Quantile", "0 is the least, 1 the greatest value.", ge=0, le=1, shown_if={"rank": "quantile"})
    shape: Shape = setting("square", "Neighbors", "Which pixels count as neighbours.", choices=SHAPES)
    radius: int = setting(1, "Radius", "How far neighbours are, in pixels.", ge=0, le=50)

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """The same."""
        return dtype

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        from scipy import ndimage

        neighbours = footprint(self.shape, self.radius)[:, :, None]
        share = {"minimum": 0.0, "maximum": 1.0, "median": 0.5, "quantile": self.quantile}[self.rank]
        rank = round(share * (int(neighbours.sum()) - 1))
        for image, made in zip(images, out, strict=True):
            job.check_cancelled()
            ndimage.rank_filter(image, rank, footprint=neighbours, output=made, mode="reflect")
