"""Image Normalizer: pixel values into the range, or the distribution, that a network learns well from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import FiniteFloat

from nodes.base import Job, NodeError, setting
from nodes.images.mapping import ImageMapping
from nodes.values.table import describe_dtype, leaf_dtype

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_BINS = 256
Enhancement = Literal["scale", "stretch", "equalize", "standardize"]


class ImageNormalizer(ImageMapping):
    """Bring the pixel values of images into a common range.

    The result is always Float32. *Scale* maps the whole range of the pixel type (0 to 255 for UInt8; float images are
    taken to lie between 0 and 1) to the target range, the same for all images: it is what a network usually wants.
    *Stretch* maps each image's own least and greatest value to the target range, *equalize* spreads each image's values
    evenly over it; both look at all channels together, so that colours keep their relation. *Standardize* gives each
    image mean 0 and standard deviation 1, or uses a mean and a standard deviation that you type in.

    An image of one single value becomes the target minimum when stretched or equalized, and 0 when standardized. A NaN stays NaN.
    """

    id: ClassVar[str] = "images.normalizer"
    title: ClassVar[str] = "Image Normalizer"
    icon: ClassVar[str] = "mdi6.contrast-box"
    keywords: ClassVar[tuple[str, ...]] = (
        "Rescaling", "Normalization", "Image Calculator", "divide by 255", "contrast", "histogram", "per_image_standardization",
    )  # fmt: skip

    enhancement: Enhancement = setting(
        "scale",
        "Enhancement type",
        "How the new values are found.",
        choices={
            "scale": "The range of the pixel type becomes the target range.",
            "stretch": "Each image's own range becomes the target range (KNIME: NORMALIZE).",
            "equalize": "Each image's values are spread evenly over the target range, in 256 steps (KNIME: EQUALIZE).",
            "standardize": "Mean 0 and standard deviation 1.",
        },
    )
    minimum: float = setting(
        0.0,
        "Target minimum",
        "The least new value.",
        shown_if={"enhancement": ["scale", "stretch", "equalize"]},
        allow_inf_nan=False,
    )
    maximum: float = setting(
        1.0,
        "Target maximum",
        "The greatest new value.",
        shown_if={"enhancement": ["scale", "stretch", "equalize"]},
        allow_inf_nan=False,
    )
    source_range: tuple[FiniteFloat, FiniteFloat] | None = setting(
        None,
        "Source range",
        "The old values that become the target minimum and maximum; empty means the whole range of the pixel type.",
        shown_if={"enhancement": "scale"},
        advanced=True,
    )
    saturation: float = setting(
        0.0,
        "Saturation (%)",
        "How many of an image's pixels may fall onto the ends of the range: half of them at each end.",
        shown_if={"enhancement": "stretch"},
        ge=0,
        lt=100,
    )
    mean: list[FiniteFloat] = setting(
        [],
        "Mean",
        "What is subtracted, in the image's own units: one number, or one per channel; empty means each image's own mean.",
        shown_if={"enhancement": "standardize"},
    )
    standard_deviation: list[FiniteFloat] = setting(
        [],
        "Standard deviation",
        "What the difference is divided by: one number, or one per channel; empty means each image's own.",
        shown_if={"enhancement": "standardize"},
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Float32 images of the same shape."""
        import polars as pl

        if not leaf_dtype(dtype).is_numeric():
            message = f"Column '{self.column}' is {describe_dtype(dtype)}, which are no pixel values."
            raise NodeError(message, "Choose a column of images.", setting="column")
        if self.enhancement == "standardize":
            self._check_statistics(dtype.shape[2])
        elif not self.minimum < self.maximum:
            raise NodeError("The target minimum is not below the target maximum.", "Change one of them.", setting="minimum")
        if self.source_range is not None and self.source_range[0] == self.source_range[1]:
            raise NodeError("The source range has no width.", "Give two different values, or none.", setting="source_range")
        return pl.Array(pl.Float32, dtype.shape)

    def _check_statistics(self, channels: int) -> None:
        for name, values in (("mean", self.mean), ("standard_deviation", self.standard_deviation)):
            if len(values) not in (0, 1, channels):
                message = f"There are {len(values)} values, but the images have {channels} channel{'s' if channels > 1 else ''}."
                raise NodeError(message, "Give one value, or one per channel.", setting=name)
        if bool(self.mean) != bool(self.standard_deviation):
            missing = "standard_deviation" if self.mean else "mean"
            raise NodeError("Mean and standard deviation belong together.", "Give both, or none.", setting=missing)
        if any(not s > 0 for s in self.standard_deviation):
            raise NodeError("A standard deviation is not above 0.", "Change it.", setting="standard_deviation")

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`, Float32 of the images' shape."""
        if self.enhancement == "scale":
            self._rescale(images, *(self.source_range or _full_range(images.dtype)), out)
        elif self.enhancement == "standardize" and self.mean:
            import numpy as np

            np.subtract(images, np.asarray(self.mean, np.float32), out=out, dtype=np.float32, casting="unsafe")
            out /= np.asarray(self.standard_deviation, np.float32)
        else:
            each = {"stretch": self._stretch, "equalize": self._equalize, "standardize": _standardize}[self.enhancement]
            for image, result in zip(images, out, strict=True):
                job.check_cancelled()
                each(image, result)

    def _rescale(self, values: NDArray[Any], low: float, high: float, out: NDArray[Any]) -> None:
        """`minimum + (values - low) / (high - low) * (maximum - minimum)`, with no pass over the pixels that is not needed."""
        import numpy as np

        if low:
            np.subtract(values, np.float32(low), out=out, dtype=np.float32, casting="unsafe")
            values = out
        np.divide(values, np.float32((high - low) / (self.maximum - self.minimum)), out=out, dtype=np.float32, casting="unsafe")
        if self.minimum:
            out += np.float32(self.minimum)

    def _stretch(self, image: NDArray[Any], out: NDArray[Any]) -> None:
        import numpy as np

        if self.saturation:
            low, high = np.nanpercentile(image, (self.saturation / 2, 100 - self.saturation / 2))
        else:
            low, high = np.fmin.reduce(image, axis=None), np.fmax.reduce(image, axis=None)
        if not high > low:
            out[:] = self.minimum
            return
        self._rescale(image, float(low), float(high), out)
        np.clip(out, self.minimum, self.maximum, out=out)

    def _equalize(self, image: NDArray[Any], out: NDArray[Any]) -> None:
        """Gonzalez and Woods, Digital Image Processing, 3.3.1, with the least occurring bin at the target minimum."""
        import numpy as np

        bins = _bins(image)
        counts = np.bincount(bins[bins >= 0].ravel(), minlength=_BINS)
        cumulated = np.cumsum(counts)
        least = cumulated[np.argmax(counts > 0)]
        spread = max(int(cumulated[-1]) - int(least), 1)
        levels = self.minimum + (cumulated - least) / spread * (self.maximum - self.minimum)
        out[:] = np.where(bins >= 0, levels[bins], np.nan)


def _full_range(dtype: Any) -> tuple[float, float]:
    """The range of an integer type; 0 to 1 for floats."""
    import numpy as np

    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        return float(info.min), float(info.max)
    return 0.0, 1.0


def _bins(image: NDArray[Any]) -> NDArray[Any]:
    """The histogram bin of every pixel; -1 where it is NaN. UInt8 has its own 256, others divide the image's range."""
    import numpy as np

    if image.dtype == np.uint8:
        return image.astype(np.intp)
    low, high = float(np.fmin.reduce(image, axis=None)), float(np.fmax.reduce(image, axis=None))
    if not high > low:
        return np.where(np.isnan(image), -1, 0)
    scaled = (image.astype(np.float64) - low) * (_BINS / (high - low))
    return np.where(np.isnan(scaled), -1, np.minimum(np.nan_to_num(scaled), _BINS - 1)).astype(np.intp)


def _standardize(image: NDArray[Any], out: NDArray[Any]) -> None:
    """Mean 0 and standard deviation 1; the deviation of a nearly constant image counts as 1/sqrt(pixels), as TensorFlow's
    `tf.image.per_image_standardization` has it, so that noise is not blown up."""
    import numpy as np

    values = image.astype(np.float64)
    deviation = max(float(values.std()), 1 / np.sqrt(values.size))
    out[:] = (values - values.mean()) / deviation
