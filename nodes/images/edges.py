"""Image Edges: where brightness changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import as_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DIRECTED = ["sobel", "scharr", "prewitt"]


class ImageEdges(ImageMapping):
    """Find the edges in images: how fast brightness changes, per channel.

    The result is Float32 in shares of the pixel type's range (floats: in their own units), so that different pixel types give
    the same. *Sobel*, *Scharr* and *Prewitt* give the strength of an edge, or with a direction the signed change down or
    across; *Laplace* and *Laplacian of Gaussian* change sign at an edge; *Canny* (1986) gives 1 on thin lines and 0
    elsewhere. Beyond the borders the image is mirrored.

    Example: *sobel* before a classical learner, with Image Features behind it, describes shapes instead of brightness.
    """

    id = "images.edges"
    title = "Image Edges"
    shelf = "Images / Filters"
    icon = "mdi6.vector-square"
    keywords = (
        "Sobel Filter",
        "Laplace",
        "Canny",
        "Prewitt",
        "Scharr",
        "Roberts",
        "gradient",
        "edge detection",
        "LoG",
        "contour",
    )

    filter: Literal["sobel", "scharr", "prewitt", "roberts", "laplace", "laplacian of gaussian", "canny"] = setting(
        "sobel",
        "Filter",
        "How edges are found.",
        choices={
            "sobel": "3 x 3, the neighbour in the middle counts twice.",
            "scharr": "3 x 3, the same strength in all directions.",
            "prewitt": "3 x 3, all neighbours count alike.",
            "roberts": "2 x 2, along the diagonals.",
            "laplace": "The sum of the second derivatives.",
            "laplacian of gaussian": "The same of a smoothed image.",
            "canny": "Thin lines that follow the strongest edges.",
        },
    )
    direction: Literal["strength", "down", "across"] = setting(
        "strength",
        "Direction",
        "Which change is shown.",
        choices={
            "strength": "The strength, whatever its direction.",
            "down": "From above to below: horizontal edges, with their sign.",
            "across": "From left to right: vertical edges, with their sign.",
        },
        shown_if={"filter": _DIRECTED},
    )
    sigma: float = setting(
        1.0,
        "Sigma",
        "How much is smoothed before, in pixels.",
        gt=0,
        le=100,
        shown_if={"filter": ["laplacian of gaussian", "canny"]},
    )
    low_threshold: float = setting(
        0.1,
        "Low threshold",
        "An edge goes on where its strength is above this.",
        ge=0,
        shown_if={"filter": "canny"},
        allow_inf_nan=False,
    )
    high_threshold: float = setting(
        0.2,
        "High threshold",
        "An edge begins where its strength is above this.",
        ge=0,
        shown_if={"filter": "canny"},
        allow_inf_nan=False,
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Float32 images of the same shape."""
        if self.filter == "canny" and self.low_threshold > self.high_threshold:
            raise NodeError("The low threshold is above the high one.", "Exchange them.", setting="low_threshold")
        return pl.Array(pl.Float32, dtype.shape)

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np
        from scipy import ndimage
        from skimage import feature, filters

        unit = np.nan_to_num(as_unit(images), posinf=0, neginf=0)
        if self.filter in ("laplace", "laplacian of gaussian"):
            for image, made in zip(unit, out, strict=True):
                for channel in range(image.shape[2]):
                    plane = image[..., channel]
                    made[..., channel] = (
                        ndimage.laplace(plane) if self.filter == "laplace" else ndimage.gaussian_laplace(plane, self.sigma)
                    )
            return
        axis = {"strength": None, "down": 0, "across": 1}[self.direction]
        for image, made in zip(unit, out, strict=True):
            job.check_cancelled()
            for channel in range(image.shape[2]):
                plane = image[..., channel]
                if self.filter == "canny":
                    found = feature.canny(
                        plane,
                        sigma=self.sigma,
                        low_threshold=self.low_threshold,
                        high_threshold=self.high_threshold,
                        mode="reflect",
                    )
                elif self.filter == "roberts":
                    found = filters.roberts(plane)
                else:
                    found = getattr(filters, self.filter)(plane, axis=axis)
                made[..., channel] = found
