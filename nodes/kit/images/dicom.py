"""Pictures of DICOM files: what the header says of them, and their pixels frame by frame. pydicom decodes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

PixelValues = Literal["physical", "stored", "window"]

_MOST_PIXELS = 89_478_485
"""Of a frame: as many as Pillow decodes."""
_WHOLE = ("IS", "US", "SS", "UL", "SL", "UV", "SV")
_DECIMAL = ("DS", "FL", "FD")


class NoPicture(Exception):
    """A file without pixels that can be read; the message says why, as the end of a sentence that begins with the file's name."""


@dataclass(frozen=True)
class DicomFile:
    """One file, its header read.

    Attributes:
        path: Of the file.
        header: All that stands before the pixels.
        size: Height and width of a picture.
        frames: How many pictures there are.
        channels: 1 (grey) or 3 (colours, be they in a palette).
        bits: Of a value of a pixel.
        signed: Whether such values may be negative.
        palette: Whether pixels are places in a table of colours.
    """

    path: Path
    header: Dataset
    size: tuple[int, int]
    frames: int
    channels: int
    bits: int
    signed: bool
    palette: bool

    @staticmethod
    def opened(path: Path) -> DicomFile:
        """Return a file with its header read.

        Raises:
            NoPicture: If it is none of DICOM, or says nothing of a picture.
        """
        import pydicom
        from pydicom.errors import InvalidDicomError

        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            palette = str(header.get("PhotometricInterpretation", "")) == "PALETTE COLOR"
            file = DicomFile(
                path,
                header,
                (int(header.get("Rows") or 0), int(header.get("Columns") or 0)),
                int(header.get("NumberOfFrames") or 1),
                3 if palette else int(header.get("SamplesPerPixel") or 1),
                int(header.RedPaletteColorLookupTableDescriptor[2] if palette else header.get("BitsAllocated") or 16),
                header.get("PixelRepresentation") == 1 and not palette,
                palette,
            )
        except InvalidDicomError as error:
            raise NoPicture("is empty" if not path.stat().st_size else "is no DICOM file") from error
        except OSError:
            raise
        except Exception as error:  # damaged headers make pydicom raise nearly anything
            raise NoPicture(f"cannot be read: {error}") from error
        if not any(file.size):
            raise NoPicture("has no picture in it")
        if not 0 < file.size[0] * file.size[1] <= _MOST_PIXELS or file.frames < 1 or file.channels not in (1, 3):
            what = f"{file.frames} pictures of {file.size[0]} x {file.size[1]} pixels with {file.channels} values each"
            raise NoPicture(f"claims {what}, which cannot be read")
        return file

    @property
    def is_color(self) -> bool:
        """Whether pixels have three values."""
        return self.channels == 3

    def dtype(self, values: PixelValues) -> pl.Array:
        """Return the type of a column of these pictures."""
        shape = (*self.size, self.channels)
        if values == "window" and not self.is_color:
            return pl.Array(pl.UInt8, shape)
        if (values == "physical" and not self.is_color) or self.signed or self.bits > 16:
            return pl.Array(pl.Float32, shape)
        return pl.Array(pl.UInt8 if self.bits <= 8 else pl.UInt16, shape)

    def pictures(self, values: PixelValues, limit: int | None = None) -> Iterator[NDArray[Any]]:
        """Yield frame by frame: (height, width, channels).

        Args:
            values: What pixels of grey pictures are.
            limit: So many at the most.

        Raises:
            NoPicture: If one cannot be decoded.
        """
        import numpy as np
        from pydicom.pixels.processing import apply_color_lut
        from pydicom.pixels.utils import iter_pixels

        leaf = {"UInt8": np.uint8, "UInt16": np.uint16, "Float32": np.float32}[str(leaf_dtype(self.dtype(values)))]
        try:
            for pixels in islice(iter_pixels(self.path), limit):
                shown = apply_color_lut(pixels, self.header) if self.palette else pixels
                if not self.is_color and values != "stored":
                    shown = self._meant(shown, values)
                yield np.ascontiguousarray(shown.reshape(*shown.shape[:2], -1), dtype=leaf)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # as in `opened`
            first = str(error).strip().partition("\n")[0].rstrip(".")
            raise NoPicture(self._packed_unknown or f"cannot be decoded: {first or type(error).__name__}") from error

    @property
    def _packed_unknown(self) -> str:
        """What is said of pixels that are packed in a way that no decoder here knows; empty: one does."""
        from pydicom.pixels.decoders.base import get_decoder

        syntax = getattr(self.header.file_meta, "TransferSyntaxUID", None)
        if syntax is None:
            return "does not say how its pixels are packed"
        try:
            known = get_decoder(syntax).is_available
        except NotImplementedError:
            known = False
        return "" if known else f"is packed as {syntax.name}, which is not read (dcmdjpeg, dcmdjpls and gdcmconv unpack it)"

    def _meant(self, pixels: NDArray[Any], values: PixelValues) -> NDArray[Any]:
        """Stored numbers as those that they stand for, or as a person sees them."""
        import numpy as np
        from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

        physical = apply_modality_lut(pixels, self.header)
        if values == "physical":
            return physical
        if "VOILUTSequence" in self.header:
            seen = np.asarray(apply_voi_lut(physical, self.header), dtype=np.float64)
            low, high = 0.0, float(2 ** int(self.header.VOILUTSequence[0].LUTDescriptor[2]) - 1)
        else:
            seen = np.asarray(physical, dtype=np.float64)
            low, high = self._window(seen)
        scaled = np.clip((seen - low) / (high - low), 0, 1) if high > low else (seen > low).astype(np.float64)
        if str(self.header.get("PhotometricInterpretation", "")) == "MONOCHROME1":
            scaled = 1 - scaled
        return np.rint(scaled * 255)

    def _window(self, physical: NDArray[Any]) -> tuple[float, float]:
        """Which values are black and white: at the ends of the first window (DICOM PS3.3 C.11.2.1.2.1), or of the picture where
        the file has none."""
        center, width = (self.header.get(keyword) for keyword in ("WindowCenter", "WindowWidth"))
        if center is None or width is None:
            return float(physical.min()), float(physical.max())
        middle, full = (float(value if isinstance(value, int | float | str) else value[0]) for value in (center, width))
        if str(self.header.get("VOILUTFunction", "LINEAR")) == "LINEAR":
            middle, full = middle - 0.5, full - 1
        return middle - full / 2, middle + full / 2


def tag_type(keyword: str) -> pl.DataType | None:
    """Return the type of a column of an attribute's values; None where DICOM has no attribute of that keyword."""
    from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword

    if tag_for_keyword(keyword) is None:
        return None
    kind = dictionary_VR(keyword)
    if dictionary_VM(keyword) != "1":
        return pl.String()
    if kind in _WHOLE:
        return pl.Int64()
    if kind in _DECIMAL:
        return pl.Float64()
    return {"DA": pl.Date(), "TM": pl.Time()}.get(kind, pl.String())


def tag_value(header: Dataset, keyword: str) -> str | int | float | date | time | None:
    """Return an attribute of a header as a cell of its column's type; missing where it is empty, or no such value."""
    from pydicom.valuerep import DA, TM

    value = header.get(keyword)
    if value is None or value == "" or (hasattr(value, "__len__") and not len(value)):
        return None
    made: dict[str, Any] = {"Int64": int, "Float64": float, "Date": DA, "Time": TM}
    convert = made.get(str(tag_type(keyword)))
    if convert is not None:
        try:
            return convert(value)  # type: ignore[no-any-return]
        except (ValueError, TypeError):
            return None
    several = not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "family_name")
    return "\\".join(map(str, value)) if several else str(value)
