"""Image Smoothing: less noise, fewer details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pairs import Sigmas
from nodes.kit.images.pixels import full_range, put

if TYPE_CHECKING:
    from numpy.typing import NDArray

SmoothingFilter = Literal["gaussian", "mean", "median", "bilateral", "anisotropic diffusion", "total variation", "sigma"]
_WINDOWED = ["mean", "median", "sigma"]


class ImageSmoothing(ImageMapping):
    """Smooth images, so that noise and small details go away.

    *Gaussian* and *mean* blur everything; *median* removes single wrong pixels and keeps edges; *bilateral*, *anisotropic
    diffusion* (Perona and Malik 1990), *total variation* (Chambolle 2004) and *sigma* (Lee 1983) smooth plains and keep
    edges. Every channel is filtered by itself, and the pixel type stays. Beyond the edges the image is mirrored. Differences
    of brightness are given in shares of the pixel type's range (floats: 0 to 1).

    Example: *median* with size 3 takes the salt and pepper noise off scanned pages before a Threshold.
    """

    id = "images.smoothing"
    title = "Image Smoothing"
    shelf = "Images / Filters"
    icon = "mdi6.blur"
    keywords = (
        "Gaussian Convolution", "GaussianBlur", "blur", "Median Filter", "Bilateral", "Sigma Filter", "Anisotropic Diffusion",
        "denoise", "noise reduction", "low-pass", "total variation", "mean filter", "box filter",
    )  # fmt: skip

    filter: SmoothingFilter = setting(
        "gaussian",
        "Filter",
        "How the images are smoothed.",
        choices={
            "gaussian": "A mean of the neighbours that counts near ones more.",
            "mean": "The mean of a square window.",
            "median": "The median of a square window.",
            "bilateral": "A Gaussian that counts pixels of another brightness less.",
            "anisotropic diffusion": "Heat that flows, but not across edges.",
            "total variation": "The plainest image that is still near the old one.",
            "sigma": "The mean of those pixels of a window that are nearly as bright.",
        },
    )
    sigma: Sigmas = setting(
        (1.0, 1.0),
        "Sigma",
        "Standard deviation down and across, in pixels; the bilateral filter takes the mean of both.",
        shown_if={"filter": ["gaussian", "bilateral"]},
    )
    size: int = setting(
        3, "Window size", "Height and width of the window in pixels.", ge=1, le=255, shown_if={"filter": _WINDOWED}
    )
    difference: float = setting(
        0.1,
        "Difference",
        "How far apart in brightness pixels still belong together.",
        gt=0,
        le=10,
        shown_if={"filter": ["bilateral", "anisotropic diffusion", "sigma"]},
    )
    weight: float = setting(
        0.1, "Weight", "How much plainer the image becomes.", gt=0, le=100, shown_if={"filter": "total variation"}
    )
    iterations: int = setting(
        10, "Iterations", "How often heat flows on.", ge=1, le=1000, shown_if={"filter": "anisotropic diffusion"}
    )

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """The same."""
        return dtype

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Fill `out`."""
        import numpy as np
        from scipy import ndimage

        if self.filter == "median":
            for image, made in zip(images, out, strict=True):
                job.check_cancelled()
                ndimage.median_filter(image, size=(self.size, self.size, 1), output=made, mode="reflect")
            return
        wide = images.astype(np.float32 if images.dtype.itemsize <= 2 else np.float64)
        if self.filter == "gaussian":
            put(ndimage.gaussian_filter(wide, (0, *self.sigma, 0), mode="reflect"), out)
        elif self.filter == "mean":
            put(ndimage.uniform_filter(wide, (0, self.size, self.size, 0), mode="reflect"), out)
        elif self.filter in ("bilateral", "total variation"):
            self._by_channel(wide, out, job, images.dtype)
        else:
            low, high = full_range(images.dtype)
            near = self.difference * (high - low)
            put(_diffused(wide, near, self.iterations) if self.filter != "sigma" else _sigma(wide, self.size, near), out)

    def _by_channel(self, wide: NDArray[Any], out: NDArray[Any], job: Job, dtype: Any) -> None:
        """The filters of scikit-image, which take single planes with values from 0 to 1."""
        import numpy as np
        from skimage import restoration

        low, high = full_range(dtype)
        spread = np.float32(high - low)
        for image, made in zip(wide, out, strict=True):
            job.check_cancelled()
            for channel in range(image.shape[2]):
                plane = (np.nan_to_num(image[..., channel], posinf=0, neginf=0) - np.float32(low)) / spread
                if plane.max() == plane.min():
                    smooth = plane  # scikit-image would divide by its range
                elif self.filter == "bilateral":
                    smooth = restoration.denoise_bilateral(
                        plane.astype(np.float64), sigma_color=self.difference, sigma_spatial=sum(self.sigma) / 2, mode="symmetric"
                    )
                else:
                    smooth = restoration.denoise_tv_chambolle(plane.astype(np.float64), weight=self.weight)
                put(smooth * spread + np.float32(low), made[..., channel])


def _diffused(values: NDArray[Any], near: float, iterations: int) -> NDArray[Any]:
    """Perona and Malik, Scale-space and edge detection using anisotropic diffusion (1990), with conductance
    1 / (1 + (gradient / near)^2) and a quarter of the sum of the four flows per step, the largest that is stable."""
    import numpy as np

    values = values.copy()
    for _ in range(iterations):
        flow = np.zeros_like(values)
        for axis in (1, 2):
            step = np.diff(values, axis=axis)
            step = step / (1 + (step / near) ** 2)
            ends = [(0, 0)] * 4
            ends[axis] = (0, 1)
            flow += np.pad(step, ends)
            ends[axis] = (1, 0)
            flow -= np.pad(step, ends)
        values += flow / 4
    return values


def _sigma(values: NDArray[Any], size: int, near: float) -> NDArray[Any]:
    """Lee, Digital image smoothing and the sigma filter (1983): the mean of the window's pixels within `near` of the middle."""
    import numpy as np

    before, after = size // 2, size - 1 - size // 2
    around = np.pad(values, ((0, 0), (before, after), (before, after), (0, 0)), "symmetric")
    total, count = np.zeros_like(values), np.zeros_like(values)
    height, width = values.shape[1:3]
    for y in range(size):
        for x in range(size):
            neighbour = around[:, y : y + height, x : x + width]
            inside = np.abs(neighbour - values) <= near
            total += np.where(inside, neighbour, 0)
            count += inside
    mean: NDArray[Any] = total / np.maximum(count, 1)
    return mean
