"""DICOM Reader: pictures of medicine, with what their headers say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.images.dicom import DicomFile, NoPicture, PixelValues, tag_type, tag_value
from nodes.values.table import BATCH_BYTES, cell_bytes


class DicomReader(FilesReader):
    """Read the pictures of a DICOM file, or of all of a folder, one row for each frame.

    Pixels of grey pictures are numbers with a meaning, such as Hounsfield units (Float32, the file's rescaling applied), or as
    they are stored, or as a person sees them through the file's first window (UInt8). Pictures in colour are RGB as they are
    stored. Files that are not compressed, RLE, JPEG (Baseline) and JPEG 2000 are decoded; JPEG Lossless and JPEG-LS have to be
    unpacked before, such as by dcmdjpeg or gdcmconv. All pictures of one table have one size.

    Attributes of the header become columns, by the keywords of the standard: whole and decimal numbers, days and times are such,
    others text; one of several values is text with a backslash between them, as in the file. Names of persons are read only
    if you ask for them.

    Example: the folder `series`, subfolders included, with the attributes `InstanceNumber` and `SliceThickness`: a Sorter brings
    the slices into their order.
    """

    id = "readers.dicom"
    title = "DICOM Reader"
    icon = "mdi6.radiology-box"
    keywords = ("dcm", "pydicom", "CT", "MRI", "X-ray", "radiology", "Hounsfield", "medical images", "PACS", "import", "open")
    opens = (".dcm",)

    native_format = "dicom"

    pattern: str = pattern_setting("*")
    values: PixelValues = setting(
        "physical",
        "Pixels",
        "What the pixels of grey pictures are.",
        choices={
            "physical": "What they stand for, such as Hounsfield units, as decimal numbers.",
            "stored": "As they are stored: UInt8 or UInt16, or decimal numbers where they have a sign.",
            "window": "As a person sees them: 8 bits through the file's first window, or from the least to the greatest.",
        },
    )
    image_column: str = setting("image", "Image column", "What the column of pictures is called.", min_length=1)
    tags: list[str] = setting(
        ["Modality", "InstanceNumber"],
        "Attributes",
        "Keywords of attributes that become columns, such as PatientID, StudyDate, PixelSpacing.",
    )

    def _schema_of(self, path: Path) -> pl.Schema:
        types: dict[str, pl.DataType] = {self.image_column: self._opened(path).dtype(self.values)}
        for keyword in self.tags:
            dtype = tag_type(keyword)
            if dtype is None:
                hint = "Write it as the standard does, such as PatientID or StudyDate."
                raise NodeError(f"DICOM has no attribute '{keyword}'.", hint, setting="tags")
            if keyword == self.image_column:
                hint = "Choose another name for the column of pictures."
                raise NodeError(f"'{keyword}' is the column of pictures.", hint, setting="image_column")
            types[keyword] = dtype
        return pl.Schema(types)

    def _rows_of(self, path: Path) -> int | None:
        return self._opened(path).frames

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        import numpy as np

        file = self._opened(path)
        dtype = file.dtype(self.values)
        told = {keyword: tag_value(file.header, keyword) for keyword in self.tags}
        at_once, done = max(1, BATCH_BYTES // cell_bytes(dtype)), 0
        frames = file.frames if limit is None else min(limit, file.frames)
        pictures = file.pictures(self.values, limit) if self.image_column in columns else None
        while done < frames:
            job.check_cancelled()
            count = min(at_once, frames - done)
            cells = {c: pl.Series(c, [told[c]] * count, dtype=schema[c]) for c in columns if c != self.image_column}
            if pictures is not None:
                with _in_words(path):
                    images = np.stack([next(pictures) for _ in range(count)])
                cells[self.image_column] = pl.Series(self.image_column, images, dtype=dtype)
            yield pl.DataFrame([cells[c] for c in columns])
            done += count

    def _opened(self, path: Path) -> DicomFile:
        with _in_words(path):
            return DicomFile.opened(path)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Say of a file without a picture what is wrong with it."""
    try:
        yield
    except NoPicture as error:
        raise NodeError(f"'{path}' {error}.", "Choose other files, or leave it out by the pattern.", setting="path") from error
    except StopIteration as error:
        message = f"'{path}' has fewer frames than its header says."
        raise NodeError(message, "Copy the file again, or choose another.", setting="path") from error
