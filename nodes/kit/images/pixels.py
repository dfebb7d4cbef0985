"""What image nodes share about pixel values: the range of a type, the way into another type, and work in several threads."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, NodeError
from nodes.values.table import describe_dtype, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

PART_BYTES = 2**20
"""How many bytes of pixels are worth a thread's while."""


def numpy_dtype(leaf: pl.DataType) -> Any:
    """Return numpy's dtype of a polars number type."""
    return pl.Series([], dtype=leaf).to_numpy().dtype


def full_range(dtype: Any) -> tuple[float, float]:
    """Return the range of an integer type; 0 to 1 for floats."""
    import numpy as np

    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        return float(info.min), float(info.max)
    return 0.0, 1.0


def as_unit(images: NDArray[Any]) -> NDArray[Any]:
    """Return pixels as Float32, the whole range of their type from 0 to 1; floats stay as they are."""
    import numpy as np

    low, high = full_range(images.dtype)
    if np.issubdtype(images.dtype, np.floating):
        return images.astype(np.float32)
    unit: NDArray[Any] = (images.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return unit


def put_unit(values: NDArray[Any], out: NDArray[Any]) -> None:
    """Write values that lie between 0 and 1 into `out`, over the whole range of its type."""
    import numpy as np

    if np.issubdtype(out.dtype, np.floating):
        out[...] = values
    else:
        low, high = full_range(out.dtype)
        put(values.astype(np.float64) * (high - low) + low, out)


def put(values: NDArray[Any], out: NDArray[Any]) -> None:
    """Write numbers into `out`: rounded, and clipped to the range of its type; NaN becomes 0 in whole numbers."""
    import numpy as np

    if np.issubdtype(out.dtype, np.floating) or values.dtype == out.dtype:
        out[...] = values
        return
    low, high = full_range(out.dtype)
    if np.issubdtype(values.dtype, np.floating):
        values = np.nan_to_num(np.rint(values), nan=0.0, posinf=high, neginf=low)
        if high > 2**24 and values.dtype == np.float32:  # float32 cannot hold the ends of such a range
            values = values.astype(np.float64)
    elif values.dtype == np.bool_:
        values = values.astype(np.uint8)
    out[...] = np.clip(values, low, high).astype(out.dtype)


def check_numbers(dtype: pl.Array, column: str, setting: str = "column") -> None:
    """Refuse a column whose pixels are not numbers.

    Raises:
        NodeError: If they are not.
    """
    if not leaf_dtype(dtype).is_numeric():
        message = f"Column '{column}' is {describe_dtype(dtype)}, which are no pixel values."
        raise NodeError(message, "Choose a column of images.", setting=setting)


def check_value(value: float, dtype: pl.Array, setting: str) -> None:
    """Refuse a pixel value that the images cannot hold.

    Raises:
        NodeError: If it is not.
    """
    import numpy as np

    kind = numpy_dtype(leaf_dtype(dtype))
    if np.issubdtype(kind, np.integer):
        low, high = full_range(kind)
        if not low <= value <= high:
            raise NodeError(
                f"The images hold values from {low:.0f} to {high:.0f}.", "Choose a value in this range.", setting=setting
            )


def check_channels(dtype: pl.Array, allowed: tuple[int, ...], what: str, setting: str) -> None:
    """Refuse images with another number of channels than these.

    Raises:
        NodeError: If they do not.
    """
    if dtype.shape[2] not in allowed:
        numbers = " or ".join(map(str, allowed))
        raise NodeError(
            f"{what} needs images of {numbers} {'channel' if allowed == (1,) else 'channels'}, but these have {dtype.shape[2]}.",
            "Choose another setting or column, or put a Color Space Converter before this node.",
            setting=setting,
        )


def for_parts(count: int, bytes_each: int, work: Callable[[slice], object], job: Job, *, threads: bool = True) -> None:
    """Call `work` with slices that cover 0 to `count`, in as many threads as there are cores where that is worth it.

    Args:
        count: Number of images.
        bytes_each: About how many bytes of one are read and written.
        work: numpy, scipy and Pillow let go of Python's lock while they compute, so threads help.
        job: To see whether the run was cancelled, between two parts.
        threads: Whether `work` may run several times at once.
    """
    cores = os.cpu_count() or 1
    step = max(1, PART_BYTES // max(bytes_each, 1), math.ceil(count / (8 * cores)))
    parts = [slice(first, min(first + step, count)) for first in range(0, count, step)]
    if not threads or len(parts) == 1 or cores == 1:
        for part in parts:
            job.check_cancelled()
            work(part)
        return
    with ThreadPoolExecutor(cores) as pool:
        try:
            for _ in pool.map(work, parts):
                job.check_cancelled()
        finally:
            pool.shutdown(cancel_futures=True)
