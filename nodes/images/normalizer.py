"""Image Normalizer: pixel values into the range, or the distribution, that a network learns well from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Job, NodeError, Value, Values, setting
from nodes.kit.images.columns import ImageColumns, present_images
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import as_unit, check_numbers, full_range, put
from nodes.values.table import leaf_dtype
from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 256
Enhancement = Literal["scale", "stretch", "equalize", "clahe", "standardize", "standardize column"]
_RANGED = ["scale", "stretch", "equalize", "clahe"]


class ImageNormalizer(ImageMapping):
    """Bring the pixel values of images into a common range.

    *Scale* maps the whole range of the pixel type (0 to 255 for UInt8; float images are taken to lie between 0 and 1) to the
    target range, the same for all images: it is what a network usually wants, and divides bytes by 255. *Stretch* maps each
    image's own least and greatest value to the target range, *equalize* spreads each image's values evenly over it; both look
    at all channels together, so that colours keep their relation. *CLAHE* equalizes every part of an image by itself
    (contrast limited adaptive histogram equalization, Pizer 1987, by scikit-image). *Standardize* gives each image mean 0 and
    standard deviation 1, or uses a mean and a standard deviation that you type in; *standardize column* uses those of all
    images of the column, per channel.

    The result is Float32, or of the old pixel type, over its whole range. An image of one single value becomes the target
    minimum when stretched or equalized, and 0 when standardized. A NaN stays NaN.

    KNIME's MANUALNORMALIZE is *scale*: with *is target min/max* the target range, without it the source range. KNIME keeps
    the pixel type, so that 0 to 1 there needs float images first; here that is the default.

    Example: after an MNIST reader, the default *scale* from 0 to 1 gives the values that a convolutional network learns from.
    """

    id = "images.normalizer"
    title = "Image Normalizer"
    shelf = "Images / Color"
    icon = "mdi6.contrast-box"
    keywords = (
        "Rescaling", "Normalization", "Image Calculator", "divide by 255", "contrast", "histogram", "per_image_standardization",
        "CLAHE", "equalize_adapthist", "zero mean",
    )  # fmt: skip

    enhancement: Enhancement = setting(
        "scale",
        "Enhancement type",
        "How the new values are found.",
        choices={
            "scale": "The range of the pixel type becomes the target range.",
            "stretch": "Each image's own range becomes the target range (KNIME: NORMALIZE).",
            "equalize": "Each image's values are spread evenly over the target range, in 256 steps (KNIME: EQUALIZE).",
            "clahe": "Each part of an image is equalized by itself, with a limit to the contrast (KNIME: CLAHE).",
            "standardize": "Mean 0 and standard deviation 1: each image by itself, or by the values typed in.",
            "standardize column": "Mean 0 and standard deviation 1 over all images of the column, per channel.",
        },
    )
    pixel_type: Literal["Float32", "as the input"] = setting(
        "Float32",
        "Pixel type",
        "What the new values are.",
        choices={
            "Float32": "Real numbers.",
            "as the input": "Values of the old type; the target range is its whole range, as in KNIME.",
        },
        shown_if={"enhancement": _RANGED},
    )
    minimum: float = setting(
        0.0,
        "Target minimum",
        "The least new value.",
        shown_if={"enhancement": _RANGED, "pixel_type": "Float32"},
        allow_inf_nan=False,
    )
    maximum: float = setting(
        1.0,
        "Target maximum",
        "The greatest new value.",
        shown_if={"enhancement": _RANGED, "pixel_type": "Float32"},
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

    regions: int = setting(
        8, "Context regions", "Into how many parts height and width are divided.", ge=1, le=64, shown_if={"enhancement": "clahe"}
    )
    bins: int = setting(256, "Bins", "Of each part's histogram.", ge=2, le=4096, shown_if={"enhancement": "clahe"})
    clip_limit: float = setting(
        0.01,
        "Clip limit",
        "How much the contrast may grow, from 0 to 1: more gives more contrast, and more noise (KNIME: slope).",
        ge=0,
        le=1,
        shown_if={"enhancement": "clahe"},
    )

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Normalizes; where the whole column counts, after a first walk over it."""
        import numpy as np

        if self.enhancement != "standardize column":
            return super().execute(values, job)
        source = ImageColumns(values.table(), [self.column])
        self._new_dtype(source.dtype(self.column))
        with np.errstate(invalid="ignore"):  # infinite pixels
            mean, deviation = self._statistics(source, job)
        job.log(f"mean {', '.join(f'{m:.6g}' for m in mean)}; standard deviation {', '.join(f'{d:.6g}' for d in deviation)}")
        fixed = self.model_copy(update={"enhancement": "standardize", "mean": mean, "standard_deviation": deviation})
        return fixed.execute(values, job)

    def _statistics(self, source: ImageColumns, job: Job) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of each channel over all images; 0 and 1 where there is none."""
        import numpy as np

        channels = source.dtype(self.column).shape[2]
        count, mean, squares = 0, np.zeros(channels), np.zeros(channels)
        for piece in source.pieces(beside=source.dtype(self.column).shape[0] * 8):
            job.check_cancelled()
            images = present_images(piece[self.column])
            if not images.size:
                continue
            # Chan, Golub and LeVeque (1979): exact where the sum of squares would lose its digits.
            flat = images.reshape(-1, channels).astype(np.float64)
            here, there = len(flat), flat.mean(0)
            apart = there - mean
            total = count + here
            squares += ((flat - there) ** 2).sum(0) + apart**2 * count * here / total
            mean += apart * here / total
            count = total
        deviation = np.sqrt(squares / max(count, 1))
        return mean.tolist(), np.where(deviation > 0, deviation, 1.0).tolist()

    @property
    def _target(self) -> bool:
        """Whether the target range is that of the settings."""
        return self.pixel_type == "Float32" and self.enhancement in _RANGED

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Images of the same shape."""
        check_numbers(dtype, self.column)
        if self.enhancement == "standardize":
            self._check_statistics(dtype.shape[2])
        elif self._target and not self.minimum < self.maximum:
            raise NodeError("The target minimum is not below the target maximum.", "Change one of them.", setting="minimum")
        if self.source_range is not None and self.source_range[0] == self.source_range[1]:
            raise NodeError("The source range has no width.", "Give two different values, or none.", setting="source_range")
        keeps = self.pixel_type == "as the input" and self.enhancement in _RANGED
        return pl.Array(leaf_dtype(dtype) if keeps else pl.Float32, dtype.shape)

    def _check_statistics(self, channels: int) -> None:
        for name, values in (("mean", self.mean), ("standard_deviation", self.standard_deviation)):
            if len(values) not in (0, 1, channels):
                message = f"There are {counted(len(values), 'value')}, but the images have {counted(channels, 'channel')}."
                raise NodeError(message, "Give one value, or one per channel.", setting=name)
        if bool(self.mean) != bool(self.standard_deviation):
            missing = "standard_deviation" if self.mean else "mean"
            raise NodeError("Mean and standard deviation belong together.", "Give both, or none.", setting=missing)
        if any(not s > 0 for s in self.standard_deviation):
            raise NodeError("A standard deviation is not above 0.", "Change it.", setting="standard_deviation")

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np

        if self.pixel_type == "as the input" and self.enhancement in _RANGED:
            low, high = full_range(images.dtype)
            fixed = self.model_copy(update={"pixel_type": "Float32", "minimum": 0.0, "maximum": 1.0})
            unit = np.empty(images.shape, np.float32)
            fixed.transform(images, unit, job)
            put(unit.astype(np.float64) * (high - low) + low, out)
        elif self.enhancement == "scale":
            self._rescale(images, *(self.source_range or full_range(images.dtype)), out)
        elif self.enhancement == "standardize" and self.mean:
            np.subtract(images, np.asarray(self.mean, np.float32), out=out, dtype=np.float32, casting="unsafe")
            out /= np.asarray(self.standard_deviation, np.float32)
        else:
            each = {
                "stretch": self._stretch, "equalize": self._equalize, "clahe": self._clahe, "standardize": _standardize,
            }[self.enhancement]  # fmt: skip
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

    def _clahe(self, image: NDArray[Any], out: NDArray[Any]) -> None:
        """Colours by their value (the V of HSV), as scikit-image does it; other channels each by itself."""
        import numpy as np
        from skimage import exposure

        height, width, channels = image.shape
        unit = np.clip(np.nan_to_num(as_unit(image)), 0, 1)
        kernel = max(1, height // self.regions), max(1, width // self.regions)
        given = [unit] if channels == 3 else [unit[..., c] for c in range(channels)]
        made = [
            exposure.equalize_adapthist(band, kernel, self.clip_limit, self.bins) if band.max() > band.min() else band * 0
            for band in given
        ]
        values = made[0] if channels == 3 else np.stack(made, axis=-1)
        out[:] = np.where(np.isnan(image), np.nan, self.minimum + values * (self.maximum - self.minimum))


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
