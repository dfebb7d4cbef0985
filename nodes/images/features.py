"""Image Features: numbers that describe an image, for classical learners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.measuring import Arrays, ImageMeasuring
from nodes.kit.images.pixels import as_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

STATISTICS = (
    "minimum", "maximum", "mean", "median", "standard deviation", "variance", "skewness", "kurtosis", "sum", "energy", "entropy",
)  # fmt: skip
HARALICK = ("contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "entropy")
_HOG, _LBP, _GLCM = {"hog": True}, {"lbp": True}, {"haralick": True}


class ImageFeatures(ImageMeasuring):
    """Describe images by numbers: statistics, histogram, HOG, local binary patterns and Haralick's textures.

    - *First-order statistics* are in the image's own units, over all channels; entropy is that of a histogram of 256 bins, in
      bits.
    - *Histogram*: the shares of the pixels in bins over the range of the pixel type (floats: 0 to 1), channel by channel.
    - *HOG*: histograms of oriented gradients (Dalal and Triggs 2005), an array.
    - *LBP*: the histogram of local binary patterns (Ojala 2002, rotation invariant and uniform), an array.
    - *Haralick*: of the grey level co-occurrence matrix, means over four directions.
    - *Hu moments*: seven numbers that do not change when a shape is moved, turned or scaled.

    HOG, LBP, Haralick and Hu look at the brightness (the mean of the channels without alpha). All but the statistics use
    scikit-image. KNIME's Tamura and Zernike features, which scikit-image does not have, are left out.

    Example: HOG with cells of 8 x 8 and a support vector machine behind a Partitioning is what recognised digits best before
    convolutional networks.
    """

    id = "images.features"
    title = "Image Features"
    shelf = "Images / Features"
    icon = "mdi6.chart-bar"
    keywords = (
        "Feature Calculator", "HOG", "LBP", "GLCM", "Haralick", "texture", "histogram", "moments", "statistics", "descriptor",
        "First order",
    )  # fmt: skip

    first_order: bool = setting(True, "First-order statistics", "Minimum, maximum, mean, ... : a column each.")
    histogram: bool = setting(False, "Histogram", "The shares of the pixels per bin, an array.")
    bins: int = setting(16, "Bins", "Of the histogram, per channel.", ge=2, le=4096, shown_if={"histogram": True})
    hog: bool = setting(False, "HOG", "Histograms of oriented gradients, an array.", group="Texture")
    orientations: int = setting(
        9, "Orientations", "How many directions the gradients are sorted into.", ge=1, le=360, group="Texture", shown_if=_HOG
    )
    cell: int = setting(8, "Cell", "Side of a cell in pixels.", ge=2, le=1024, group="Texture", shown_if=_HOG)
    block: int = setting(
        2, "Block", "Side of a block, within which is normalized, in cells.", ge=1, le=64, group="Texture", shown_if=_HOG
    )
    lbp: bool = setting(False, "LBP", "Local binary patterns, an array.", group="Texture")
    points: int = setting(
        8, "Points", "How many neighbours on the circle a pixel is compared with.", ge=1, le=64, group="Texture", shown_if=_LBP
    )
    radius: float = setting(1.0, "Radius", "Of the circle, in pixels.", gt=0, le=64, group="Texture", shown_if=_LBP)
    haralick: bool = setting(False, "Haralick", "Textures: a column each.", group="Texture")
    levels: int = setting(16, "Grey levels", "To which brightness is reduced.", ge=2, le=256, group="Texture", shown_if=_GLCM)
    distance: int = setting(
        1, "Distance", "How far apart the two pixels of a pair are, in pixels.", ge=1, le=1024, group="Texture", shown_if=_GLCM
    )
    hu: bool = setting(
        False,
        "Hu moments",
        "Seven columns that tell a shape, wherever and however large it is, and however it is turned.",
        group="Texture",
    )

    def new_columns(self, dtype: pl.Array) -> dict[str, pl.DataType]:
        """A column per number, or an array per histogram."""
        height, width, channels = dtype.shape
        new: dict[str, pl.DataType] = {}
        if self.first_order:
            new |= {f"{self.column} {name}": pl.Float64() for name in STATISTICS}
        if self.histogram:
            new[f"{self.column} histogram"] = pl.Array(pl.Float32, self.bins * channels)
        if self.hog:
            blocks = [side // self.cell - self.block + 1 for side in (height, width)]
            if min(blocks) < 1:
                raise NodeError(
                    f"The images have {height} x {width} pixels, less than a block of {self.block} cells of {self.cell} pixels.",
                    "Choose smaller cells or blocks.",
                    setting="cell",
                )
            new[f"{self.column} HOG"] = pl.Array(pl.Float32, blocks[0] * blocks[1] * self.block**2 * self.orientations)
        if self.lbp:
            new[f"{self.column} LBP"] = pl.Array(pl.Float32, self.points + 2)
        if self.haralick:
            new |= {f"{self.column} Haralick {name}": pl.Float64() for name in HARALICK}
        if self.hu:
            new |= {f"{self.column} Hu {n}": pl.Float64() for n in range(1, 8)}
        return new

    def measure(self, images: NDArray[Any], out: Arrays, job: Job) -> None:
        """Compute image by image."""
        import numpy as np

        name = self.column
        unit = np.nan_to_num(as_unit(images), posinf=0, neginf=0)
        if self.first_order:
            found = [_statistics(image) for image in images]
            for statistic, values in zip(STATISTICS, zip(*found, strict=True), strict=True):
                out[f"{name} {statistic}"][:] = values
        if self.histogram:
            out[f"{name} histogram"][:] = [_histogram(image, self.bins) for image in unit]
        grey = unit[..., : 3 if unit.shape[3] == 4 else unit.shape[3]].mean(3)
        for number, plane in enumerate(grey):
            job.check_cancelled()
            if self.hog:
                out[f"{name} HOG"][number] = self._hog(plane)
            if self.lbp:
                out[f"{name} LBP"][number] = self._lbp(plane)
            if self.haralick:
                for feature, value in self._haralick(plane).items():
                    out[f"{name} Haralick {feature}"][number] = value
            if self.hu and plane.any():  # an image without any light has no moments
                for n, value in enumerate(_hu(plane), 1):
                    out[f"{name} Hu {n}"][number] = value

    def _hog(self, plane: NDArray[Any]) -> Any:
        from skimage import feature

        return feature.hog(plane, self.orientations, (self.cell, self.cell), (self.block, self.block), feature_vector=True)

    def _lbp(self, plane: NDArray[Any]) -> Any:
        import numpy as np
        from skimage import feature

        whole = np.rint(np.clip(plane, 0, 1) * 65_535).astype(np.uint16)  # patterns of floats would compare rounding errors
        patterns = feature.local_binary_pattern(whole, self.points, self.radius, method="uniform")
        return np.bincount(patterns.astype(int).ravel(), minlength=self.points + 2) / patterns.size

    def _haralick(self, plane: NDArray[Any]) -> dict[str, float]:
        """Haralick, Textural features for image classification (1973)."""
        import numpy as np
        from skimage import feature

        grey = np.minimum(np.clip(plane, 0, 1) * self.levels, self.levels - 1).astype(np.uint8)
        angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
        matrix = feature.graycomatrix(grey, [self.distance], angles, self.levels, symmetric=True, normed=True)
        return {name: float(feature.graycoprops(matrix, name).mean()) for name in HARALICK}


def _histogram(image: NDArray[Any], bins: int) -> Any:
    """The shares of the pixels per bin, channel after channel."""
    import numpy as np

    counts = [np.histogram(np.clip(image[..., c], 0, 1), bins, (0, 1))[0] for c in range(image.shape[2])]
    return np.concatenate(counts) / image[..., 0].size


def _hu(plane: NDArray[Any]) -> Any:
    from skimage import measure

    return measure.moments_hu(measure.moments_normalized(measure.moments_central(plane)))


def _statistics(image: NDArray[Any]) -> list[float]:
    """As `STATISTICS` names them; skewness and kurtosis (above that of the normal distribution) are 0 for a plain image."""
    import numpy as np

    values = image.astype(np.float64).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return [float("nan")] * len(STATISTICS)
    mean, variance = values.mean(), values.var()
    apart = values - mean
    skewness = (apart**3).mean() / variance**1.5 if variance > 0 else 0.0
    kurtosis = (apart**4).mean() / variance**2 - 3 if variance > 0 else 0.0
    counts = np.histogram(values, 256, (0, 256) if image.dtype == np.uint8 else None)[0]
    shares = counts[counts > 0] / values.size
    entropy = -(shares * np.log2(shares)).sum()
    found = [
        values.min(), values.max(), mean, np.median(values), np.sqrt(variance), variance, skewness, kurtosis, values.sum(),
        (values**2).sum(), abs(entropy),
    ]  # fmt: skip
    return [float(v) for v in found]
