"""What layers on sequences, images and volumes share: a window that slides along their dimensions, and what is left of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from nodes.base import NodeError
from nodes.kit.layers.base import UnaryLayer, unlist
from nodes.kit.layers.shape_checks import require_rank
from nodes.values.network import Shape, TensorSpec


def _in_each(value: Any, dimensions: int) -> Any:
    """A whole number as one for each dimension, as Keras takes it; so a variable of the workflow can give a window's size."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,) * dimensions
    if not isinstance(value, list | tuple) or len(value) != dimensions:
        raise ValueError(f"give one whole number, or {dimensions}: one for each dimension")
    return value


Size = Annotated[int, Field(ge=1)]
Pair = Annotated[tuple[Size, Size], BeforeValidator(partial(_in_each, dimensions=2))]
Triple = Annotated[tuple[Size, Size, Size], BeforeValidator(partial(_in_each, dimensions=3))]
Count = Annotated[int, Field(ge=0)]
Span = tuple[Count, Count]
"""How many places before, and how many after."""
Padding = Literal["valid", "same"]

PADDING_CHOICES: Mapping[str, str] = {
    "valid": "The window stays inside the image, which gets smaller.",
    "same": "The image is surrounded by zeros; with stride 1 its size stays.",
}

DIMENSIONS: Mapping[int, tuple[str, str]] = {
    1: ("sequences", "steps"),
    2: ("images", "height, width"),
    3: ("volumes", "depth, height, width"),
}
"""Number of spatial dimensions -> what such a thing is called, and its dimensions."""


class SpatialLayer(UnaryLayer):
    """A layer on sequences (1), images (2) or volumes (3), where each place has a number of channels."""

    spatial: ClassVar[int]
    """The number of dimensions beside the channels."""
    has_data_format = True

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a list of one number, as Keras writes it for sequences."""
        config = super().upgrade(config)
        return unlist(config, *config) if cls.spatial == 1 else config

    def split(self, shape: Shape, channels_first: bool) -> tuple[Shape, int | None]:
        """Return the sizes along the spatial dimensions, and the channels. NodeError if the input has another number of them."""
        if channels_first and not self.has_data_format:
            raise NodeError(
                f"The layer works on the first dimension of {DIMENSIONS[self.spatial][0]}, but there the channels come first.",
                "Choose the data format 'channels_last' in the input layer.",
            )
        return split(shape, self.spatial, channels_first)


def each(value: int | Sequence[int]) -> tuple[int, ...]:
    """Return a setting with a number for every dimension, which is a plain number where there is one dimension."""
    return (value,) if isinstance(value, int) else tuple(value)


def split(shape: Shape, spatial: int, channels_first: bool) -> tuple[Shape, int | None]:
    """Return (height, width) and channels of an image's shape, wherever the channels are.

    Args:
        shape: The input's shape.
        spatial: The number of dimensions that the window slides along: 1 for sequences, 2 for images, 3 for volumes.
        channels_first: Where the channels are.

    Raises:
        NodeError: If the input has another number of dimensions.
    """
    what, names = DIMENSIONS[spatial]
    require_rank(shape, spatial + 1, f"{what} (channels, {names})" if channels_first else f"{what} ({names}, channels)")
    return (shape[1:], shape[0]) if channels_first else (shape[:-1], shape[-1])


def join(sizes: Sequence[int | None], channels: int | None, channels_first: bool) -> Shape:
    """Return the reverse of `split`."""
    return (channels, *sizes) if channels_first else (*sizes, channels)


def slide(
    sizes: Shape,
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    *,
    dilation: Sequence[int] | None = None,
    setting: str = "kernel_size",
) -> Shape:
    """Return how many positions a window has along each dimension.

    As Keras counts: floor((size - reach) / stride) + 1 with padding "valid", where reach = dilation * (window - 1) + 1;
    ceil(size / stride) with padding "same" or "causal".

    Raises:
        NodeError: If the window is larger than the image.
    """
    spread = dilation or [1] * len(window)
    positions = []
    for size, width, stride, gap in zip(sizes, window, strides, spread, strict=True):
        reach = gap * (width - 1) + 1 if padding == "valid" else 1
        if size is not None and size < reach:
            spans = " x ".join(str(d * (w - 1) + 1) for w, d in zip(window, spread, strict=True))
            raise NodeError(
                f"The window of {spans} is larger than its input of {TensorSpec(sizes).describe()}.",
                "Make it smaller, choose the padding 'same', or pool less before it.",
                setting=setting,
            )
        positions.append(None if size is None else (size - reach) // stride + 1)
    return tuple(positions)
