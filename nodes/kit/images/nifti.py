"""Volumes of NIfTI files, slice by slice or whole. nibabel reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

Plane = Literal["axial", "coronal", "sagittal"]

_ACROSS: dict[Plane, int] = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The axis of the body (left to right, back to front, feet to head) that a plane stands across."""
_MOST_PACKED = 1032
"""A deflate stream gives at most this many bytes for one."""
_LARGEST_VOLUME = 2**30
"""In bytes of one cell."""


class NoVolume(Exception):
    """A file that gives no volumes; the message says why, as the end of a sentence that begins with the file's name."""


@dataclass(frozen=True)
class NiftiFile:
    """One file, its header read.

    Attributes:
        path: Of the file.
        image: As nibabel has it; its pixels are read when they are asked for.
        canonical: Whether axes run from left to right, back to front and feet to head, and not as they are stored.
    """

    path: Path
    image: Any
    canonical: bool

    @staticmethod
    def opened(path: Path, *, canonical: bool) -> NiftiFile:
        """Return a file with its header read.

        Raises:
            NoVolume: If it is no NIfTI file in one piece, or its numbers are none that a table has.
        """
        import nibabel as nib

        if not path.name.lower().endswith((".nii", ".nii.gz")):
            raise NoVolume("is no NIfTI file in one piece (.nii, .nii.gz)")
        try:
            image: Any = nib.load(path)
        except OSError:
            raise
        except Exception as error:
            said = str(error).partition("\n")[0].rstrip(".")
            raise NoVolume("is empty" if not path.stat().st_size else f"is no NIfTI file: {said}") from error
        file = NiftiFile(path, image, canonical)
        file._check()
        return file

    def _check(self) -> None:
        if type(self.image).__name__ not in ("Nifti1Image", "Nifti2Image"):
            raise NoVolume("is no NIfTI file")
        shape, dtype = self.image.shape, self.image.get_data_dtype()
        if not 2 <= len(shape) <= 5 or 0 in shape or (len(shape) == 5 and shape[4] != 1):
            raise NoVolume(f"has {' x '.join(map(str, shape))} numbers, which are no volumes")
        if dtype.kind not in "iuf":
            raise NoVolume(f"has pixels of type {dtype}, which cannot be read")
        claimed, size = dtype.itemsize, self.path.stat().st_size
        for number in shape:
            claimed *= number
        if claimed + int(self.image.dataobj.offset) > size * (1 if self._is_plain else _MOST_PACKED):
            raise NoVolume("has fewer numbers than its header says")

    @property
    def _is_plain(self) -> bool:
        with self.path.open("rb") as stream:
            return stream.read(2) != b"\x1f\x8b"

    @cached_property
    def _turns(self) -> NDArray[Any]:
        """For each stored axis: which axis of the body it is, and whether it runs against it (-1)."""
        import numpy as np
        from nibabel import orientations

        of_body: Any = orientations.io_orientation
        try:
            found = of_body(self.image.affine) if self.canonical else np.array([[0, 1], [1, 1], [2, 1]])
        except (np.linalg.LinAlgError, ValueError) as error:
            raise NoVolume("does not say how its axes lie in the body; read it as it is stored") from error
        if np.isnan(found).any() or sorted(found[:, 0]) != [0, 1, 2]:
            raise NoVolume("does not say how its axes lie in the body; read it as it is stored")
        return found

    @property
    def volumes(self) -> int:
        """How many volumes there are, such as points in time."""
        return int(self.image.shape[3]) if len(self.image.shape) > 3 else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """The numbers of voxels along the axes, turned as they are wanted."""
        stored = [*self.image.shape[:3], 1][:3]
        turned = [0, 0, 0]
        for axis, (place, _) in enumerate(self._turns):
            turned[int(place)] = stored[axis]
        return turned[0], turned[1], turned[2]

    @property
    def leaf(self) -> pl.DataType:
        """The type of voxels: UInt8 and UInt16 stay so where the header does not rescale them; others are Float32."""
        dtype = self.image.get_data_dtype()
        slope, shift = self.image.dataobj.slope, self.image.dataobj.inter
        kept = {"uint8": pl.UInt8(), "uint16": pl.UInt16()}
        return kept.get(dtype.name, pl.Float32()) if (slope, shift) == (1, 0) else pl.Float32()

    def slices(self, plane: Plane) -> tuple[pl.Array, int]:
        """Return the type of a column of slices, and how many there are in a volume."""
        across = _ACROSS[plane]
        columns, rows = (n for axis, n in enumerate(self.shape) if axis != across)
        return pl.Array(self.leaf, (rows, columns, 1) if self.canonical else (columns, rows, 1)), self.shape[across]

    def volume_type(self) -> pl.Array:
        """Return the type of a column of whole volumes.

        Raises:
            NoVolume: If one is too large for a cell.
        """
        x, y, z = self.shape
        if x * y * z * 4 > _LARGEST_VOLUME:
            raise NoVolume(f"has volumes of {x} x {y} x {z} voxels, too many for a cell; read slices")
        return pl.Array(self.leaf, (x, y, z, 1))

    def pictures(self, plane: Plane, limit: int) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """Yield (volume, slice, pixels) of the first slices.

        Raises:
            NoVolume: If they cannot be read.
        """
        across = _ACROSS[plane]
        stored = int(next(axis for axis, (place, _) in enumerate(self._turns) if int(place) == across))
        backwards, count = self._turns[stored][1] < 0, self.shape[across]
        for number in range(min(limit, self.volumes * count)):
            volume, place = divmod(number, count)
            chosen: list[Any] = [slice(None)] * 3
            at = count - 1 - place if backwards else place
            chosen[stored] = slice(at, at + 1)
            flat = self._turned(self._read(chosen, volume)).squeeze(across)
            # Columns run along the first axis; the head, or the face, is above.
            picture = flat.T[::-1] if self.canonical else flat
            yield volume, place, picture[:, :, None]

    def whole(self, limit: int) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield (number, voxels) of the first volumes.

        Raises:
            NoVolume: If they cannot be read.
        """
        for volume in range(min(limit, self.volumes)):
            yield volume, self._turned(self._read([slice(None)] * 3, volume))[..., None]

    def _turned(self, voxels: NDArray[Any]) -> NDArray[Any]:
        from nibabel import orientations

        apply: Any = orientations.apply_orientation
        return apply(voxels, self._turns) if self.canonical else voxels

    def _read(self, chosen: list[Any], volume: int) -> NDArray[Any]:
        import numpy as np

        axes = len(self.image.shape)
        place = (*chosen, volume, 0)[:axes] if axes > 2 else tuple(chosen[:2])
        try:
            voxels = np.asarray(self.image.dataobj[place])
        except MemoryError:
            raise
        except Exception as error:  # zlib, gzip, numpy and nibabel have errors of their own
            raise NoVolume(f"is damaged: {error}") from error
        leaf = {"UInt8": np.uint8, "UInt16": np.uint16, "Float32": np.float32}[str(self.leaf)]
        voxels = voxels[:, :, None] if axes == 2 else voxels
        return np.asarray(voxels, dtype=leaf)
