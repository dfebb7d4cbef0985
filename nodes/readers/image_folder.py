"""Image Folder Reader: a folder of image files becomes a table of images of one size, labelled by their folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.file_sets import FileSet, Member, is_folder, walk
from nodes.kit.images.decoding import THREADED_PIXELS, Decoder, ImageFormat, Unreadable, probe
from nodes.kit.images.format_settings import (
    AS_FIRST,
    Mode,
    OtherSizes,
    PixelTypeName,
    chosen_decoder,
    chosen_format,
    completed_format,
    depth_setting,
    height_setting,
    interpolation_setting,
    mode_setting,
    other_sizes_setting,
    warn_of_greyed,
    width_setting,
)
from nodes.kit.images.preview import preview
from nodes.kit.images.resampling import Method
from nodes.values.figure import Figure
from nodes.values.table import BATCH_BYTES, Table, TableSpec, cell_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXTENSIONS = [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"]
LATER_EXTENSIONS = [".avif", ".jp2", ".j2k", ".jpx"]
"""What new nodes read beside those."""


_CHUNK = 64
"""Files per task of a thread, and between two looks at whether the run was cancelled."""
_READ_ON = 2**20
"""Bytes asked for at once where a file is longer than it said."""


@dataclass(frozen=True)
class ImageFiles(FileSet):
    """The image files of a folder, or of the folders of classes in it; hidden files and folders are left out.

    Attributes:
        endings: Of the files' names, in small letters.
        per_class: Whether every folder in it is a class.
        deep: Whether deeper folders are looked into.
    """

    endings: tuple[str, ...] = ()
    per_class: bool = True
    deep: bool = False

    def classes(self) -> list[str]:
        """The names of the folders of the classes, in the order of the alphabet."""
        with os.scandir(self.path) as entries:
            return sorted((e.name for e in entries if is_folder(e) and not e.name.startswith(".")), key=_text)

    def names(self) -> Iterator[str]:
        """The files relative to the folder, in order; found one by one, so that the first comes at once."""
        for inside in self.classes() if self.per_class else [""]:
            yield from self._names(inside, deep=self.deep)

    def is_beside(self) -> bool:
        """Whether there are images beside the folders of the classes."""
        return self.per_class and any(True for _ in self._names("", deep=False))

    def _names(self, inside: str, *, deep: bool) -> Iterator[str]:
        for prefix, _, files in walk(self.path, inside, deep=deep):
            yield from (prefix + name for name in files if name.lower().endswith(self.endings))

    def members(self) -> Iterator[Member]:
        """The classes by their names, and the files."""
        root = str(self.path)
        for name in self.classes() if self.per_class else ():
            yield f"{name}/", f"{root}/{name}", "name"
        for name in self.names():
            yield name, f"{root}/{name}", "content"


class ImageFolderReader(Node):
    """Read the images in a folder, labelled by the folders they are in.

    PNG, JPEG, BMP, GIF (first frame), TIFF (first page), WebP, AVIF, JPEG 2000 and Netpbm (PBM, PGM, PPM, PFM); grey,
    palette, RGB, RGBA and 16-bit grey. EXIF orientation is applied, colour profiles are not. With *folder per class* every
    folder inside the chosen one is a class, in the order of the alphabet; folders whose names begin with a dot are left out.
    Files come class by class, in the order of their paths.

    All images get one size and mode. What is not set is taken from the first readable image; other images are resized or
    refused, as chosen; how many lose their colours so is said. Alpha that does not fit into the mode is dropped. UInt8 and
    UInt16 use their whole range (a 16-bit white is 65535, as UInt8 it is 255), Float32 runs from 0 to 1. Colours of more than
    8 bits are read with 8.

    KNIME's Image Reader reads formats of microscopes, too (Bio-Formats), with their series, planes and OME metadata; here
    those have to be written as one of the formats above before. Pictures of medicine have readers of their own (DICOM, NIfTI).
    Other metadata are not read.

    Files that give no image are listed with the reason in the second output, or stop the node. Images of more pixels than
    Pillow's limit (about 89 million) count as unreadable: a small file can claim any size.

    Example: a folder `flowers` with the folders `rose` and `tulip` in it gives a table with an image and the class `rose`
    or `tulip` per file; set height and width to 64 if the pictures differ in size.
    """

    id = "readers.image_folder"
    title = "Image Folder Reader"
    shelf = "Readers"
    icon = "mdi6.folder-image"
    version = 2
    keywords = (
        "folder of images", "pictures",
        "Image Reader", "image_dataset_from_directory", "png", "jpeg", "jpg", "tiff", "webp", "gif", "bmp", "ppm",
        "pgm", "avif", "jp2", "JPEG 2000", "photos", "directory",
    )  # fmt: skip
    output_ports = (
        Port("table", "table", "Images", "One row per image: the image, its file and, with a folder per class, its label."),
        Port("unreadable", "table", "Unreadable files", "The files that gave no image, and why."),
    )

    folder: str = setting("", "Folder", "The folder of images, or of the folders of the classes.", path="read folder")
    labels: Literal["folder per class", "none"] = setting(
        "folder per class",
        "Labels",
        "Where the labels come from.",
        choices={"folder per class": "The name of the folder is the label.", "none": "There is no label column."},
    )
    subfolders: bool = setting(False, "Include subfolders", "Whether images in deeper folders are read too.")
    extensions: list[str] = setting(
        EXTENSIONS,
        "Extensions",
        "Only files with these endings are read.",
        advanced=True,
        min_length=1,
        start=[*EXTENSIONS, *LATER_EXTENSIONS],
    )
    height: int | None = height_setting(group="Image")
    width: int | None = width_setting(group="Image")
    mode: Mode = mode_setting(group="Image")
    depth: PixelTypeName = depth_setting(group="Image")
    other_sizes: OtherSizes = other_sizes_setting(group="Image")
    interpolation: Method = interpolation_setting(group="Image")
    unreadable: Literal["skip and list", "error"] = setting(
        "skip and list",
        "Unreadable files",
        "What becomes of files that give no image.",
        choices={
            "skip and list": "They are left out, and listed with the reason in the second output.",
            "error": "The first one stops the node.",
        },
    )

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Version 1 said "as in the first file"."""
        former = {n: AS_FIRST for n in ("mode", "depth") if version < 2 and settings.get(n) == "as in the first file"}
        return settings | former

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema: classes from the folders' names, size and mode from the settings and the first image's header."""
        folder = self._existing_folder(specs)
        if self._images(folder).is_beside():
            specs.warn("Images beside the folders of the classes are not read.")
        classes = self._classes(folder)
        return {
            "table": TableSpec(self._schema(self._format(folder), classes)),
            "unreadable": TableSpec(pl.Schema({"file": pl.String(), "reason": pl.String()})),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Decode the files, batch by batch, onto disk."""
        folder = self._existing_folder(job)
        job.progress(None, "listing the files")
        files = list(self._images(folder).names())
        failures: dict[str, str] = {}
        greyed: list[None] = []
        table = job.stream(self._batches(folder, files, failures, job, greyed))
        warn_of_greyed(greyed, len(files), job)
        if failures:
            job.warn(f"{len(failures)} of {len(files)} files could not be read; see the second output.")
        listed = {"file": [_text(file) for file in failures], "reason": list(failures.values())}
        return {"table": table, "unreadable": Table.of(pl.DataFrame(listed, schema={"file": pl.String, "reason": pl.String}))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images with their labels or names."""
        return preview(outputs.table(), "image", "file" if self.labels == "none" else "label")

    # -- what is in the folder

    def file_sets(self, resolve: Callable[[str], Path]) -> Mapping[str, FileSet]:
        """The images, and the names of the classes."""
        return {"folder": self._images(resolve(self.folder))} if self.folder.strip() else {}

    def _images(self, folder: Path) -> ImageFiles:
        endings = tuple(e.lower() if e.startswith(".") else f".{e.lower()}" for e in self.extensions)
        return ImageFiles(folder, endings=endings, per_class=self.labels != "none", deep=self.subfolders)

    def _existing_folder(self, where: Specs | Job) -> Path:
        if not self.folder.strip():
            raise NodeError("No folder is chosen.", "Choose the folder of images.", setting="folder")
        folder = where.resolve(self.folder)
        if not folder.is_dir():
            raise NodeError(f"There is no folder '{folder}'.", "Choose a folder that is there.", setting="folder")
        return folder

    def _classes(self, folder: Path) -> list[str] | None:
        """The names of the folders inside, sorted; None where folders mean nothing."""
        if self.labels == "none":
            return None
        names = [_text(name) for name in self._images(folder).classes()]
        if not names:
            raise NodeError(
                f"There are no folders in '{folder}', so there are no classes.",
                "Choose the folder that holds one folder per class, or set 'Labels' to 'none'.",
                setting="labels",
            )
        return names

    # -- what the images become

    def _format(self, folder: Path) -> ImageFormat:
        """Size and kind of the images: the settings, completed by the first image whose header can be read.

        Raises:
            NodeError: If there is no image file, or none that completes the settings.
        """
        files = self._images(folder).names()
        head = next(files, None)
        if head is None:
            hint = "Choose another folder, include subfolders, or change the extensions."
            raise NodeError(f"There is no image file in '{folder}'.", hint, setting="folder")
        return chosen_format(self) or completed_format(self, self._first_readable(folder, chain([head], files)))

    def _first_readable(self, folder: Path, files: Iterable[str]) -> ImageFormat:
        for file in files:
            try:
                return probe(folder / file)
            except Unreadable as error:
                if self.unreadable == "error":
                    raise _cannot_read(file, str(error)) from error
        hint = "Choose another folder, or set size, mode and pixel type."
        raise NodeError(f"No file in '{folder}' is an image that can be read.", hint, setting="folder")

    def _schema(self, format: ImageFormat, classes: list[str] | None) -> pl.Schema:
        columns: dict[str, pl.DataType] = {
            "image": format.dtype,
            "file": pl.String(),
        }
        if classes is not None:
            columns["label"] = pl.Enum(classes)
        return pl.Schema(columns)

    # -- decoding

    def _batches(
        self, folder: Path, files: Sequence[str], failures: dict[str, str], job: Job, greyed: list[None]
    ) -> Iterator[pl.DataFrame]:
        """Frames of decoded images; what cannot be read goes into `failures` (file -> reason)."""
        import numpy as np

        format, classes = self._format(folder), self._classes(folder)
        decoder = chosen_decoder(self, format, greyed)
        schema = self._schema(format, classes)
        shape = (format.height, format.width, format.channels)
        step = max(1, BATCH_BYTES // cell_bytes(schema["image"]))
        with _decoding_threads(format) as run:
            for start in range(0, max(len(files), 1), step):
                batch = files[start : start + step]
                images = np.empty((len(batch), *shape), format.pixel_type)
                read = np.ones(len(batch), bool)
                parts = [slice(i, i + _CHUNK) for i in range(0, len(batch), _CHUNK)]
                tasks = run(lambda part: _decode(decoder, folder, batch[part], images[part]), parts)  # noqa: B023 - used up below
                for part, reasons in zip(parts, tasks, strict=True):
                    job.check_cancelled()
                    job.progress((start + part.start) / len(files))
                    for row, reason in reasons.items():
                        self._note(failures, batch[part.start + row], reason)
                        read[part.start + row] = False
                names = [_text(file) for file, good in zip(batch, read, strict=True) if good]
                columns: dict[str, Any] = {"image": images if read.all() else images[read], "file": names}
                if classes is not None:
                    columns["label"] = [name.partition("/")[0] for name in names]
                yield pl.DataFrame(columns, schema=schema)

    def _note(self, failures: dict[str, str], file: str, reason: str) -> None:
        if self.unreadable == "error":
            raise _cannot_read(file, reason)
        failures[file] = reason


def _decode(decoder: Decoder, folder: Path, files: Sequence[str], out: NDArray[Any]) -> dict[int, str]:
    """Decode files into the rows of `out`; what could not be read comes back as row -> reason."""
    reasons: dict[int, str] = {}
    for row, file in enumerate(files):
        try:
            out[row] = decoder.decode(_content(f"{folder}/{file}"))
        except Unreadable as error:
            reasons[row] = str(error)
    return reasons


def _content(path: str) -> bytes:
    """A file's bytes, by the system's own calls: a Python file object takes longer than reading a small image."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            data = os.read(number, os.fstat(number).st_size)
            while more := os.read(number, _READ_ON):
                data += more
            return data
        finally:
            os.close(number)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error


@contextmanager
def _decoding_threads(format: ImageFormat) -> Iterator[Callable[..., Iterable[dict[int, str]]]]:
    """A `map` that decodes in several threads where images are large, and in this one where they are small.

    Decoders let go of Python's lock only while they decode: with small images threads would just wait for each other.
    """
    if format.height * format.width < THREADED_PIXELS:
        yield map
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)


def _text(name: str) -> str:
    """A file's name as text; bytes that are no UTF-8, which Linux allows in names, are shown as replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def _cannot_read(file: str, reason: str) -> NodeError:
    hint = "Mend or remove the file, or set 'Unreadable files' to 'skip and list'."
    return NodeError(f"'{_text(file)}' {reason}.", hint, setting="unreadable")
