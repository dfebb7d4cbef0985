"""NIfTI Reader: volumes of magnetic resonance and computed tomography, as slices or whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.images.nifti import NiftiFile, NoVolume, Plane
from nodes.values.table import BATCH_BYTES, cell_bytes


class NiftiReader(FilesReader):
    """Read the volumes of a NIfTI file (.nii, .nii.gz), or of all of a folder: a row for each slice, or for each volume.

    Voxels are what they stand for, with the header's scaling: Float32, or UInt8 and UInt16 where there is no scaling. Slices
    are turned as the body lies: axial ones have the face above and the patient's left on the left, coronal and sagittal ones the
    head above (sagittal: the face on the right). Whole volumes have the axes left to right, back to front, feet to head. Or all
    is left as it is stored: first axis down, second axis to the right. Slices are read one by one, so a file may be large; all
    of one table have one size. Files in two pieces (.hdr and .img) are not read.

    Beside the picture stand its numbers: `volume` (the point in time), and of slices `slice`, both from 0.

    Example: `sub-01_T1w.nii.gz` as axial slices is a table of 176 pictures of 256 x 256 for a network that finds tumours.
    """

    id = "readers.nifti"
    title = "NIfTI Reader"
    icon = "mdi6.brain"
    keywords = ("nii", "nii.gz", "nibabel", "MRI", "fMRI", "brain", "BIDS", "volumes", "medical images", "import", "open")
    opens = (".nii", ".nii.gz")

    pattern: str = pattern_setting("*.nii*")
    content: Literal["slices", "volumes"] = setting(
        "slices",
        "Rows",
        "What a row is.",
        choices={"slices": "A slice: a picture.", "volumes": "A volume: an array for networks with three axes."},
    )
    plane: Plane = setting(
        "axial",
        "Plane",
        "Which slices are made. Of volumes as they are stored: across the third, the second or the first axis.",
        choices={"axial": "From feet to head.", "coronal": "From back to front.", "sagittal": "From left to right."},
        shown_if={"content": "slices"},
    )
    orientation: Literal["body", "stored"] = setting(
        "body",
        "Orientation",
        "How axes run.",
        choices={"body": "As the body lies.", "stored": "As the file stores them."},
    )
    image_column: str = setting("image", "Image column", "What the column of pictures or volumes is called.", min_length=1)

    def _schema_of(self, path: Path) -> pl.Schema:
        with _in_words(path):
            picture, _ = self._shape(self._opened(path))
        if self.image_column in ("volume", "slice"):
            message = f"There is a column '{self.image_column}' already."
            raise NodeError(message, "Choose another name for the pictures.", setting="image_column")
        numbers: dict[str, pl.DataType] = {"volume": pl.Int64(), **({"slice": pl.Int64()} if self.content == "slices" else {})}
        return pl.Schema({self.image_column: picture, **numbers})

    def _rows_of(self, path: Path) -> int | None:
        with _in_words(path):
            return self._shape(self._opened(path))[1]

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        import numpy as np

        with _in_words(path):
            file = self._opened(path)
            dtype, rows = self._shape(file)
            wanted = rows if limit is None else min(rows, limit)
            made: Iterator[tuple[Any, ...]] = (
                file.pictures(self.plane, wanted) if self.content == "slices" else file.whole(wanted)
            )
            while found := list(islice(made, max(1, BATCH_BYTES // cell_bytes(dtype)))):
                job.check_cancelled()
                *numbers, images = zip(*found, strict=True)
                cells = dict(zip(("volume", "slice"), (pl.Series(n, dtype=pl.Int64) for n in numbers), strict=False))
                cells[self.image_column] = pl.Series(np.stack(images), dtype=dtype)
                yield pl.DataFrame([cells[c].alias(c) for c in columns])

    def _opened(self, path: Path) -> NiftiFile:
        return NiftiFile.opened(path, canonical=self.orientation == "body")

    def _shape(self, file: NiftiFile) -> tuple[pl.Array, int]:
        """The type of the column, and how many rows the file gives."""
        if self.content == "volumes":
            return file.volume_type(), file.volumes
        dtype, slices = file.slices(self.plane)
        return dtype, slices * file.volumes


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Say of a file without volumes what is wrong with it."""
    try:
        yield
    except NoVolume as error:
        raise NodeError(f"'{path}' {error}.", "Choose other files, or other settings.", setting="path") from error
