"""Split Channels: every channel of an image as an image of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.images.measuring import Arrays, ImageMeasuring
from nodes.values.table import leaf_dtype
from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAMES = {1: ["grey"], 3: ["red", "green", "blue"], 4: ["red", "green", "blue", "alpha"]}


class SplitChannels(ImageMeasuring):
    """Make an image of one channel of every channel of an image.

    The columns are called after the image column and the names typed in; without names, *red*, *green*, *blue* and *alpha*
    for 3 and 4 channels, else numbers from 1. KNIME's Splitter does this and more; for parts of the picture see Split into
    Tiles.

    Example: after a Color Space Converter to HSV, the names hue, saturation, value give three columns, of which an Image
    Threshold takes the second.
    """

    id = "images.split_channels"
    title = "Split Channels"
    shelf = "Images / Color"
    icon = "mdi6.call-split"
    keywords = ("Splitter", "bands", "red green blue", "RGB", "planes", "unmerge", "extract channel")

    names: list[str] = setting([], "Names", "One per channel; empty: red, green, blue, alpha, or numbers.")

    def new_columns(self, dtype: pl.Array) -> dict[str, pl.DataType]:
        """One per channel."""
        height, width, channels = dtype.shape
        names = self.names or _NAMES.get(channels) or [str(n + 1) for n in range(channels)]
        if len(names) != channels or len(set(names)) != channels:
            raise NodeError(
                f"The images have {counted(channels, 'channel')}.",
                "Give each a name of its own, or give no names.",
                setting="names",
            )
        return {f"{self.column} {name}": pl.Array(leaf_dtype(dtype), (height, width, 1)) for name in names}

    def measure(self, images: NDArray[Any], out: Arrays, job: Job) -> None:
        """Copy each channel."""
        for channel, made in enumerate(out.values()):
            made[..., 0] = images[..., channel]
