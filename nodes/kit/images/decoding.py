"""One image file to one array of pixels, whatever its format; used by nodes that read image files.

Pillow reads every format. JPEGs without EXIF data, which is what training sets are mostly made of, go through simplejpeg
where it is installed: libjpeg-turbo without Pillow's parsing in Python, five times as fast on small images, with the GIL
released, and equal to Pillow's pixels to the last bit.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from nodes.kit.images.resampling import Aspect, Method, resample
from nodes.kit.probing.soundness import why_content_harmful, why_harmful

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

PixelType = Literal["uint8", "uint16", "float32"]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000")
"""What is read, as Pillow names it (PPM: all of Netpbm). Pillow knows more, among them formats that run programs (EPS)."""

MAX_SIDE = 16_384
THREADED_PIXELS = 96 * 96
"""Smaller images are decoded in one thread: several would spend their time waiting for Python's lock."""

_MAGIC_OF_PNG_AND_JPEG = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_ORIENTATION = 0x0112
_QUARTER_TURNS = (5, 6, 7, 8)
"""The EXIF orientations that exchange height and width."""


class Unreadable(Exception):
    """A file that gives no image; the message says why, as the end of a sentence that begins with the file's name."""


@dataclass(frozen=True)
class ImageFormat:
    """Size and kind of pixels.

    Attributes:
        height: In pixels.
        width: In pixels.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).
        pixel_type: uint8 and uint16 use their whole range, float32 lies between 0 and 1.
    """

    height: int
    width: int
    channels: int
    pixel_type: PixelType

    @property
    def dtype(self) -> pl.Array:
        """The type of a column of such images."""
        leaf = {"uint8": pl.UInt8, "uint16": pl.UInt16, "float32": pl.Float32}[self.pixel_type]
        return pl.Array(leaf, (self.height, self.width, self.channels))


@dataclass(frozen=True)
class Decoder:
    """Turns the content of image files into arrays of one format.

    Attributes:
        format: What comes out.
        aspect: How an image of another size is fitted; None refuses it.
        method: How it is interpolated.
        fill: The value of added pixels where `aspect` is "pad".
        greyed: Gets an entry for every image in colour that becomes grey; None: nobody wants to know.
    """

    format: ImageFormat
    aspect: Aspect | None = "stretch"
    method: Method = "bilinear"
    fill: float = 0
    greyed: list[None] | None = None

    def decode(self, data: bytes) -> NDArray[Any]:
        """Return the image in a file's content: (height, width, channels) of the pixel type, EXIF orientation applied.

        Raises:
            Unreadable: If there is none, or it is of another size and must not be.
        """
        if not data:
            raise Unreadable("is empty")
        pixels, channels = _decode_jpeg(data, self.format.channels) or _decode_any(
            data, self.format.channels, self.format.pixel_type
        )
        if self.greyed is not None and channels > 1 == self.format.channels:
            self.greyed.append(None)
        pixels = _with_channels(_with_pixel_type(pixels, self.format.pixel_type), self.format.channels)
        size = self.format.height, self.format.width
        if self.aspect is None and pixels.shape[:2] != size:
            raise Unreadable(f"is {pixels.shape[0]} x {pixels.shape[1]} pixels, not {size[0]} x {size[1]}")
        return resample(pixels, size, self.method, self.aspect or "stretch", self.fill)


def probe(path: Path | io.BytesIO) -> ImageFormat:
    """Return what an image file's header says, as it will be after the EXIF orientation is applied; the file by its path or
    content.

    Raises:
        Unreadable: If it is no image.
    """
    try:
        with _opened(path) as image:
            height, width = image.height, image.width
            # Pillow applies a TIFF's orientation by itself, and would decode a whole PNG in search of a late EXIF block.
            exif = image.format in ("JPEG", "MPO") or "exif" in image.info
            if exif and image.format != "TIFF" and image.getexif().get(_ORIENTATION) in _QUARTER_TURNS:
                height, width = width, height
            return ImageFormat(height, width, *_natural(image))
    except Unreadable:
        raise
    except Exception as error:  # as in _decode_any
        raise Unreadable(_reason(error)) from error


def _natural(image: Image.Image) -> tuple[int, PixelType]:
    """Channels and pixel type that hold an image without loss, as far as Pillow reads it."""
    mode = image.mode
    if mode in ("1", "L"):
        return 1, "uint8"
    if mode == "F":
        return 1, "float32"
    if mode.startswith("I"):
        return 1, "uint16"
    return (4 if mode.endswith(("A", "a")) or (mode == "P" and "transparency" in image.info) else 3), "uint8"


# -------------------------------------------------------------------------------------------------------------- decoding


def _decode_any(data: bytes, channels: int, pixel_type: PixelType) -> tuple[NDArray[Any], int]:
    """Pixels as Pillow gives them: uint8 of 1, 3 or 4 channels, or one of uint16 or float32; and how many the file has."""
    import numpy as np

    try:
        with _opened(io.BytesIO(data)) as image:
            there = _natural(image)[0]
            if channels == 1:
                image.draft("L", image.size)  # a JPEG's own brightness, as simplejpeg gives it; others ignore this
            upright = _upright(image)
            if _natural(upright)[1] != "uint8":
                deep = np.asarray(upright)[:, :, None]
                return deep if deep.dtype in (np.uint16, np.float32) else np.clip(deep, 0, 65_535).astype(np.uint16), 1
            if channels != 4:
                upright.info.pop("transparency", None)  # there is no place for it, and Pillow would warn about that
            pixels = np.asarray(upright.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels]))
            return pixels[:, :, None] if channels == 1 else pixels, there
    except Unreadable:
        raise
    except Exception as error:  # broken files make Pillow raise nearly anything
        raise Unreadable(_reason(error)) from error


def _refuse_harmful(source: Path | io.BytesIO) -> None:
    """Refuse what would crash Pillow, or keep it busy for ever; PNG and JPEG are not looked at (`IMAGE_FORMATS` of the looks)."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            magic = file.read(8)
    else:
        magic = source.getbuffer()[:8].tobytes()
    if magic.startswith(_MAGIC_OF_PNG_AND_JPEG):
        return
    if isinstance(source, Path):
        reason = why_harmful(source, "image", whole=True)
    else:
        reason = why_content_harmful(source.getvalue(), "image")
    if reason is not None:
        raise Unreadable(f"cannot be read: {reason}")


def _opened(source: Path | io.BytesIO) -> Image.Image:
    """The image of a file, its header read; larger ones than Pillow allows are refused before they are decoded."""
    from PIL import Image

    _refuse_harmful(source)
    try:
        image = Image.open(source, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable("is larger than any image that is decoded here (a decompression bomb?)") from error
    if image.width * image.height > _pixel_limit():
        image.close()
        raise Unreadable(f"claims {image.width} x {image.height} pixels, more than are decoded here (a decompression bomb?)")
    return image


@functools.cache
def _pixel_limit() -> float:
    """How many pixels Pillow decodes before it speaks of a decompression bomb."""
    from PIL import Image

    return Image.MAX_IMAGE_PIXELS or float("inf")


def _upright(image: Image.Image) -> Image.Image:
    """The decoded image with its EXIF orientation applied (ImageOps.exif_transpose would copy upright ones too)."""
    from PIL import Image

    image.load()
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(image.getexif().get(_ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def _reason(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "is not an image of a format that is read here (PNG, JPEG, BMP, GIF, TIFF, WebP, PPM, AVIF, JPEG 2000)"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"cannot be decoded: {error or type(error).__name__}"


def _decode_jpeg(data: bytes, channels: int) -> tuple[NDArray[Any], int] | None:
    """A plain JPEG's pixels by simplejpeg, and how many channels the file has.

    None where Pillow must look: another format, EXIF data, CMYK, damage.
    """
    if data[:2] != b"\xff\xd8" or b"Exif\0\0" in data or (jpeg := _simplejpeg()) is None:
        return None
    header, decode = jpeg
    try:
        height, width, colours, _ = header(data)
        if colours not in ("YCbCr", "RGB", "Gray") or height * width > _pixel_limit():
            return None
        return decode(data, colorspace="GRAY" if channels == 1 else "RGB"), 1 if colours == "Gray" else 3
    except ValueError:
        return None


@functools.cache
def _simplejpeg() -> tuple[Callable[..., Any], Callable[..., Any]] | None:
    try:
        import simplejpeg  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    return simplejpeg.decode_jpeg_header, simplejpeg.decode_jpeg


# ------------------------------------------------------------------------------------------------------------ conversion


def _with_pixel_type(pixels: NDArray[Any], pixel_type: PixelType) -> NDArray[Any]:
    """Pixels of another type: whole ranges are mapped onto each other; floats count as lying between 0 and 1."""
    import numpy as np

    if pixels.dtype == pixel_type:
        return pixels
    if pixel_type == "float32":
        return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    if pixels.dtype == np.float32:
        top = np.iinfo(pixel_type).max
        scaled = np.rint(np.clip(np.nan_to_num(pixels), 0, 1) * top)
    else:
        scaled = pixels.astype(np.uint32) * 257 if pixel_type == "uint16" else (pixels.astype(np.uint32) + 128) // 257
    return cast("NDArray[Any]", scaled.astype(pixel_type))


def _with_channels(pixels: NDArray[Any], channels: int) -> NDArray[Any]:
    """Pixels with another number of channels: grey becomes three equal colours, and a missing alpha full."""
    import numpy as np

    if pixels.shape[2] == channels:
        return pixels
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if channels == 3:
        return pixels
    full = 1 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max
    return np.concatenate([pixels, np.full_like(pixels[:, :, :1], full)], axis=2)
