"""Image Threshold: black and white."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import check_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

Method = Literal[
    "manual", "otsu", "huang", "isodata", "li", "mean", "minimum", "triangle", "yen", "local", "niblack", "sauvola",
]  # fmt: skip
_LOCAL = ["local", "niblack", "sauvola"]


class ImageThreshold(ImageMapping):
    """Turn images into black and white: 255 where a pixel is above the threshold, 0 elsewhere (UInt8).

    The threshold is typed in, or found for each image from its histogram (scikit-image's methods, and Huang and Wang 1995),
    or for each pixel from its surroundings (*local*, *niblack*, *sauvola*). Channels are worked on one by one, or together.
    An image of one single value has nothing above its threshold. NaN counts as 0.

    Of KNIME's methods, Intermodes, Max Entropy, Minimum Error, Moments, Percentile, Renyi Entropy and Shanbag, which
    scikit-image does not have, are left out.

    Example: *otsu* separates handwritten ink from paper; Connected Components behind it counts the strokes.
    """

    id = "images.threshold"
    title = "Image Threshold"
    shelf = "Images / Filters"
    icon = "mdi6.image-filter-black-white"
    keywords = (
        "Global Thresholder", "Local Thresholding", "binarize", "Otsu", "Huang", "Yen", "Li", "IsoData", "Triangle",
        "segmentation", "mask", "black and white",
    )  # fmt: skip

    method: Method = setting(
        "otsu",
        "Method",
        "Where the threshold comes from.",
        choices={
            "manual": "The value typed in.",
            "otsu": "The least variance within both classes.",
            "huang": "The least fuzziness of both classes.",
            "isodata": "In the middle between the means of both classes.",
            "li": "The least cross entropy.",
            "mean": "The image's mean.",
            "minimum": "The valley between the two peaks of the smoothed histogram, which must have two.",
            "triangle": "Farthest from the line between the histogram's peak and its end.",
            "yen": "The greatest correlation.",
            "local": "The Gaussian mean of the surroundings, less the offset.",
            "niblack": "Mean less k standard deviations of the surroundings.",
            "sauvola": "As Niblack, for documents with uneven light.",
        },
    )
    value: float = setting(
        128.0,
        "Value",
        "What is above it becomes white, in the image's own units.",
        shown_if={"method": "manual"},
        allow_inf_nan=False,
    )
    window: int = setting(
        15, "Window size", "Height and width of the surroundings in pixels; odd.", ge=3, le=999, shown_if={"method": _LOCAL}
    )
    offset: float = setting(
        0.0,
        "Offset",
        "What is taken off the mean of the surroundings, in the image's own units.",
        shown_if={"method": "local"},
        allow_inf_nan=False,
    )
    k: float = setting(
        0.2, "k", "How much the standard deviation counts.", shown_if={"method": ["niblack", "sauvola"]}, allow_inf_nan=False
    )
    channels: Literal["each", "together"] = setting(
        "each",
        "Channels",
        "Whose histogram counts.",
        choices={"each": "Every channel has a threshold of its own.", "together": "All channels of an image have one threshold."},
    )
    invert: bool = setting(False, "Invert", "Whether what is above the threshold becomes black instead.")

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """UInt8 images of the same shape."""
        if self.method == "manual":
            check_value(self.value, dtype, "value")
        if self.method in _LOCAL and self.window % 2 == 0:
            raise NodeError("The window must have a middle.", "Choose an odd number.", setting="window")
        return pl.Array(pl.UInt8, dtype.shape)

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np

        white, black = (0, 255) if self.invert else (255, 0)
        if self.method == "manual":
            out[:] = np.where(images > self.value, white, black)
            return
        for image, made in zip(images, out, strict=True):
            job.check_cancelled()
            if np.issubdtype(image.dtype, np.floating):
                image = np.nan_to_num(image, posinf=0, neginf=0)  # noqa: PLW2901
            if self.method in _LOCAL or self.channels == "each":
                for channel in range(image.shape[2]):
                    plane = image[..., channel]
                    made[..., channel] = np.where(plane > self._threshold(plane), white, black)
            else:
                made[:] = np.where(image > self._threshold(image.reshape(len(image), -1)), white, black)

    def _threshold(self, plane: NDArray[Any]) -> Any:
        from skimage import filters

        if plane.max() == plane.min():
            return plane.max()  # most methods have no answer
        if self.method == "local":
            return filters.threshold_local(plane, self.window, offset=self.offset)
        if self.method in ("niblack", "sauvola"):
            return getattr(filters, f"threshold_{self.method}")(plane, self.window, k=self.k)
        if self.method == "huang":
            return _huang(plane)
        try:
            if self.method == "minimum":
                return filters.threshold_minimum(hist=_histogram(plane))
            return getattr(filters, f"threshold_{self.method}")(plane)
        except RuntimeError as error:
            message = "An image's histogram does not have two peaks, between which 'minimum' looks for a valley."
            raise NodeError(message, "Choose another method.", setting="method") from error


def _histogram(plane: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """How often the values of up to 256 bins occur, and the bins' middles.

    scikit-image gives whole numbers a bin each, 65 536 of 16 bits, over which some methods would take minutes and gigabytes.
    """
    import numpy as np
    from skimage import exposure

    if plane.dtype.itemsize == 1:
        counts, centres = exposure.histogram(plane)
        return counts, centres
    counts, edges = np.histogram(plane, 256)
    return counts, (edges[:-1] + edges[1:]) / 2


def _huang(plane: NDArray[Any]) -> float:
    """Huang and Wang, Image thresholding by minimizing the measures of fuzziness (1995), with Shannon's entropy, in 256 bins."""
    import numpy as np

    counts, centres = _histogram(plane)
    weights, values = counts.astype(np.float64), centres.astype(np.float64)
    number, total = np.cumsum(weights), np.cumsum(weights * values)
    span = values[-1] - values[0]
    splits = np.flatnonzero((number[:-1] > 0) & (number[:-1] < number[-1]))
    dark = total[splits] / number[splits]
    light = (total[-1] - total[splits]) / (number[-1] - number[splits])
    means = np.where(np.arange(len(values))[None, :] <= splits[:, None], dark[:, None], light[:, None])
    membership = 1 / (1 + np.abs(values[None, :] - means) / span)  # from 1/2 to 1
    doubt = 1 - membership
    entropy = -membership * np.log(membership) - doubt * np.log(np.where(doubt > 0, doubt, 1))
    return float(values[splits[np.argmin(entropy @ weights)]])
