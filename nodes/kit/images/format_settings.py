"""The settings of nodes that decode image files: all images get one size, mode and pixel type; what is left open, the first
image decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from nodes.base import Job, setting
from nodes.kit.images.decoding import MAX_SIDE, Decoder, ImageFormat, PixelType
from nodes.kit.images.resampling import METHODS, Method
from nodes.wording import counted, grouped

AS_FIRST = "as the first image"
Mode = Literal["as the first image", "grey", "RGB", "RGBA"]
PixelTypeName = Literal["as the first image", "UInt8", "UInt16", "Float32"]
OtherSizes = Literal["stretch", "crop", "pad", "refuse"]

_CHANNELS: dict[Mode, int] = {"grey": 1, "RGB": 3, "RGBA": 4}
_PIXEL_TYPES: dict[PixelTypeName, PixelType] = {"UInt8": "uint8", "UInt16": "uint16", "Float32": "float32"}
_OTHER_SIZES = {
    "stretch": "Height and width change each on its own.",
    "crop": "Shapes stay true; what stands over is cut off on both sides.",
    "pad": "Shapes stay true; what is missing is black.",
    "refuse": "It counts as unreadable.",
}


class ImageFormatSettings(Protocol):
    """What a node that decodes images has; each is declared by its function below."""

    @property
    def height(self) -> int | None:
        """In pixels; None: that of the first image."""

    @property
    def width(self) -> int | None:
        """In pixels; None: that of the first image."""

    @property
    def mode(self) -> Mode:
        """The channels."""

    @property
    def depth(self) -> PixelTypeName:
        """The type of the pixels."""

    @property
    def other_sizes(self) -> OtherSizes:
        """What becomes of an image of another size."""

    @property
    def interpolation(self) -> Method:
        """How it is resized."""


def height_setting(**more: Any) -> Any:
    """Declare the height; `more` is what `setting` takes besides."""
    return setting(None, "Height", "In pixels; empty: that of the first image.", ge=1, le=MAX_SIDE, **more)


def width_setting(**more: Any) -> Any:
    """Declare the width."""
    return setting(None, "Width", "In pixels; empty: that of the first image.", ge=1, le=MAX_SIDE, **more)


def mode_setting(**more: Any) -> Any:
    """Declare the channels."""
    return setting(AS_FIRST, "Mode", "Which channels the images have.", **more)


def depth_setting(**more: Any) -> Any:
    """Declare the type of the pixels."""
    return setting(AS_FIRST, "Pixel type", "The type of the pixels.", **more)


def other_sizes_setting(**more: Any) -> Any:
    """Declare what becomes of images of another size."""
    help = "How an image of another size is fitted."
    return setting("stretch", "Images of another size", help, choices=_OTHER_SIZES, **more)


def interpolation_setting(**more: Any) -> Any:
    """Declare how images are resized."""
    help = "How values between pixels are found."
    return setting("bilinear", "Interpolation", help, choices=METHODS, advanced=True, **more)


def chosen_format(settings: ImageFormatSettings) -> ImageFormat | None:
    """Return the format that the settings tell without an image; None where they leave something open."""
    channels, pixel_type = _CHANNELS.get(settings.mode), _PIXEL_TYPES.get(settings.depth)
    if settings.height and settings.width and channels and pixel_type:
        return ImageFormat(settings.height, settings.width, channels, pixel_type)
    return None


def completed_format(settings: ImageFormatSettings, first: ImageFormat) -> ImageFormat:
    """Return the format that the settings tell, completed by that of the first image."""
    return ImageFormat(
        settings.height or first.height,
        settings.width or first.width,
        _CHANNELS.get(settings.mode) or first.channels,
        _PIXEL_TYPES.get(settings.depth) or first.pixel_type,
    )


def chosen_decoder(settings: ImageFormatSettings, format: ImageFormat, greyed: list[None] | None = None) -> Decoder:
    """Return what turns files into images of the format, as the settings have it.

    Args:
        settings: Of the node.
        format: What comes out.
        greyed: As `Decoder` has it; it stays empty where grey was asked for.
    """
    aspect = None if settings.other_sizes == "refuse" else settings.other_sizes
    return Decoder(format, aspect, settings.interpolation, greyed=greyed if settings.mode == AS_FIRST else None)


def warn_of_greyed(greyed: Sequence[None], images: int, job: Job) -> None:
    """Tell how many images in colour became grey because the first one is."""
    if greyed:
        job.warn(
            f"{counted(len(greyed), 'image')} of {grouped(images)} in colour became grey, as the first one is."
            " Choose the mode RGB to keep colours, or grey to be told no more."
        )
