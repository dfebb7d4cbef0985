"""Images moved, turned and scaled: the one place where they are sampled between their pixels. scipy does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Interpolation = Literal["nearest", "bilinear", "bicubic"]
INTERPOLATIONS = {
    "nearest": "The nearest pixel: no new values, for masks and labels.",
    "bilinear": "Linear between neighbours.",
    "bicubic": "Cubic splines: sharper, and they may overshoot.",
}
"""What they do, for the dialogs."""

WarpFill = Literal["constant", "edge", "reflect", "symmetric", "wrap"]
_SCIPY_MODES = {"constant": "grid-constant", "edge": "nearest", "reflect": "mirror", "symmetric": "reflect", "wrap": "grid-wrap"}
_ORDERS = {"nearest": 0, "bilinear": 1, "bicubic": 3}


def turning(degrees: float) -> NDArray[Any]:
    """Return the matrix from (y, x) of an image turned counter-clockwise to (y, x) of the old one."""
    import numpy as np

    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, sine], [-sine, cosine]])


def warp(
    image: NDArray[Any],
    out: NDArray[Any],
    matrix: NDArray[Any],
    shift: tuple[float, float] = (0, 0),
    *,
    centre: tuple[float, float] | None = None,
    interpolation: Interpolation = "bilinear",
    fill: WarpFill = "constant",
    value: float = 0,
) -> None:
    """Fill `out` with an image that is seen through a matrix.

    Args:
        image: (h, w, channels).
        out: (height, width, channels) of the same dtype.
        matrix: 2 x 2; from (y, x) relative to the middle of `out` to (y, x) relative to the centre.
        shift: How far the picture is moved down and to the right, in pixels.
        centre: (y, x) of the fixed point in the image, in pixels from the top left one; the middle by default.
        interpolation: How values between pixels are found.
        fill: What stands beyond the edges.
        value: For "constant".
    """
    import numpy as np
    from scipy import ndimage

    from nodes.kit.images.pixels import put

    old = np.array(image.shape[:2], float)
    middle = (np.array(out.shape[:2], float) - 1) / 2
    fixed = (old - 1) / 2 if centre is None else np.array(centre, float)
    target = middle if centre is None else fixed
    offset = fixed - matrix @ (target + np.array(shift, float))
    made = np.empty(out.shape)
    wide = image.astype(np.float64)
    for channel in range(image.shape[2]):
        ndimage.affine_transform(
            wide[:, :, channel],
            matrix,
            offset,
            output_shape=out.shape[:2],
            output=made[:, :, channel],
            order=_ORDERS[interpolation],
            mode=_SCIPY_MODES[fill],
            cval=value,
        )
    put(made, out)
