"""What convolution and pooling share: a window that slides over an image, and what is left of the image after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from nodes.base import NodeError
from nodes.layers.base import require_rank
from nodes.values.network import Shape, TensorSpec

Size = Annotated[int, Field(ge=1)]
Pair = tuple[Size, Size]
Padding = Literal["valid", "same"]

PADDING_CHOICES: Mapping[str, str] = {
    "valid": "The window stays inside the image, which gets smaller.",
    "same": "The image is surrounded by zeros; with stride 1 its size stays.",
}


def split(shape: Shape, spatial: int, channels_first: bool) -> tuple[Shape, int | None]:
    """(height, width) and channels of an image's shape, wherever the channels are.

    Args:
        shape: The input's shape.
        spatial: The number of dimensions that the window slides along: 2 for images, 1 for sequences.
        channels_first: Where the channels are.

    Raises:
        NodeError: If the input has another number of dimensions.
    """
    require_rank(shape, spatial + 1, _described(spatial, channels_first))
    return (shape[1:], shape[0]) if channels_first else (shape[:-1], shape[-1])


def join(sizes: Sequence[int | None], channels: int | None, channels_first: bool) -> Shape:
    """The reverse of `split`."""
    return (channels, *sizes) if channels_first else (*sizes, channels)


def slide(
    sizes: Shape,
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    *,
    dilation: Sequence[int] = (1, 1),
    setting: str = "kernel_size",
) -> Shape:
    """How many positions a window has along each dimension.

    As Keras counts: floor((size - reach) / stride) + 1 with padding "valid", where reach = dilation * (window - 1) + 1;
    ceil(size / stride) with padding "same" or "causal".

    Raises:
        NodeError: If the window is larger than the image.
    """
    positions = []
    for size, width, stride, spread in zip(sizes, window, strides, dilation, strict=True):
        reach = spread * (width - 1) + 1 if padding == "valid" else 1
        if size is not None and size < reach:
            spans = " x ".join(str(d * (w - 1) + 1) for w, d in zip(window, dilation, strict=True))
            raise NodeError(
                f"The window of {spans} is larger than its input of {TensorSpec(sizes).describe()}.",
                "Make it smaller, choose the padding 'same', or pool less before it.",
                setting=setting,
            )
        positions.append(None if size is None else (size - reach) // stride + 1)
    return tuple(positions)


def _described(spatial: int, channels_first: bool) -> str:
    names = {1: "steps", 2: "height, width"}[spatial]
    what = {1: "sequences", 2: "images"}[spatial]
    return f"{what} (channels, {names})" if channels_first else f"{what} ({names}, channels)"
