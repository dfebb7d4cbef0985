"""IDX Reader: the file format of MNIST and Fashion-MNIST, plain or gzipped.

An IDX file is two zero bytes, a byte for the type of the numbers, a byte for the number of dimensions, the dimensions as
big-endian 32-bit numbers, and then the numbers, big-endian (http://yann.lecun.com/exdb/mnist, "the IDX file format").
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.files.reading import GZIP_MAGIC, MAX_DEFLATE_RATIO, existing_file, read_exactly, reading, starts_with
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TYPES = {0x08: "|u1", 0x09: "|i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_DIMENSIONS = 4
_PIECE = 8 * 2**20
_NOT_IDX = "Choose an IDX file, such as train-images-idx3-ubyte.gz; it may be gzipped or not."


@dataclass(frozen=True)
class IdxFile:
    """What the first bytes of an IDX file say.

    Attributes:
        path: The file.
        setting: The setting that names it, for messages.
        dtype: numpy's name of the numbers' type, as they are in the file.
        shape: (rows, ...).
        zipped: Whether the file is gzipped.
    """

    path: Path
    setting: str
    dtype: str
    shape: tuple[int, ...]
    zipped: bool

    @classmethod
    def open(cls, path: Path, setting: str) -> IdxFile:
        """Read the header of a file, and compare what it promises with the file's size.

        Raises:
            NodeError: If it is no IDX file, or its size does not fit.
        """
        with _reading(path, setting):
            zipped = starts_with(path, GZIP_MAGIC)
            with _stream(path, zipped) as stream:
                header = cls._parse(stream, path, setting, zipped)
            header._check_size(path.stat().st_size)
        return header

    @classmethod
    def _parse(cls, stream: BinaryIO, path: Path, setting: str, zipped: bool) -> IdxFile:
        magic = stream.read(4)
        if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not 1 <= magic[3] <= _MAX_DIMENSIONS:
            raise NodeError(f"'{path}' is no IDX file: it begins with {magic.hex(' ') or 'nothing'}.", _NOT_IDX, setting=setting)
        raw = stream.read(4 * magic[3])
        if len(raw) < 4 * magic[3]:
            raise _damaged(path, setting, "it ends within its header")
        shape = struct.unpack(f">{magic[3]}I", raw)
        if 0 in shape[1:]:
            raise NodeError(f"'{path}' holds cells of size {_times(shape[1:])}.", _NOT_IDX, setting=setting)
        return cls(path, setting, _TYPES[magic[2]], shape, zipped)

    def _check_size(self, size: int) -> None:
        """Compare the header with the file's size, so that nothing is allocated for what cannot be there."""
        promised = self.header_bytes + self.row_bytes * self.rows
        if self.zipped and promised > size * MAX_DEFLATE_RATIO:
            reason = f"its header promises {promised} bytes, which {size} gzipped bytes cannot hold"
            raise _damaged(self.path, self.setting, reason)
        if not self.zipped and promised != size:
            raise _damaged(self.path, self.setting, f"its header promises {promised} bytes, and there are {size}")

    @property
    def header_bytes(self) -> int:
        """Length of the header."""
        return 4 + 4 * len(self.shape)

    @property
    def rows(self) -> int:
        """Number of cells."""
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        """Bytes of one cell."""
        return int(self.dtype[-1]) * math.prod(self.shape[1:])

    @property
    def cell_shape(self) -> tuple[int, ...]:
        """Shape of a cell in the table: an image without channels gets one."""
        return (*self.shape[1:], 1) if len(self.shape) == 3 else self.shape[1:]

    def column_dtype(self) -> pl.DataType:
        """The polars dtype of the column that `read` fills."""
        # Looked up rather than asked of numpy, which a run that finds its results stored does not need.
        number = {"u1": pl.UInt8, "i1": pl.Int8, "i2": pl.Int16, "i4": pl.Int32, "f4": pl.Float32, "f8": pl.Float64}[
            self.dtype[1:]
        ]
        return pl.Array(number, self.cell_shape) if self.cell_shape else number()

    def read(self, rows: int, job: Job) -> NDArray[Any]:
        """The first `rows` cells: (rows, *cell_shape), decoded straight into one array; never more than the header promises.

        Raises:
            NodeError: If the file is cut short, damaged, or goes on after its last cell.
        """
        import numpy as np

        try:
            array = np.empty((rows, *self.cell_shape), self.dtype)
        except MemoryError as error:
            hint = "Set 'First rows only' to read a part of it."
            raise NodeError(f"'{self.path}' does not fit into the memory.", hint, setting="limit") from error
        target = array.reshape(-1).view(np.uint8).data
        with _reading(self.path, self.setting), _stream(self.path, self.zipped) as stream:
            stream.read(self.header_bytes)
            for start in range(0, len(target), _PIECE):
                job.check_cancelled()
                job.progress(start / len(target), self.path.name)
                piece = target[start : start + _PIECE]
                if read_exactly(stream, piece) < len(piece):
                    raise _damaged(self.path, self.setting, f"it ends before its {rows}th row")
            # Reading on makes gzip compare its checksum, and shows what does not belong to the file.
            if rows == self.rows and stream.read(1):
                raise _damaged(self.path, self.setting, "it goes on after its last row")
        return array if array.dtype.isnative else array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))


class IdxReader(Node):
    """Read images and labels from IDX files, as MNIST and Fashion-MNIST come.

    The images become a column of dtype Array(UInt8, (height, width, 1)); a file with a fourth dimension gives it as
    channels. Files of other number types than bytes keep their type. Labels are class numbers from 0: with class names
    given they become names. A file may be gzipped or not, whatever its name says.

    Example: choose `train-images-idx3-ubyte.gz` and `train-labels-idx1-ubyte.gz` of Fashion-MNIST: 60 000 rows with an
    image of 28 x 28 x 1 and its label.
    """

    id = "readers.idx"
    title = "IDX Reader"
    shelf = "Readers"
    icon = "mdi6.image-multiple"
    keywords = ("mnist", "fashion", "ubyte", "digits", "data set", "image reader", "gz")
    opens = ("-idx3-ubyte", "-idx3-ubyte.gz", ".idx", ".idx.gz")
    output_ports = (Port("table", "table", "Images", "One row per image, with its label where labels are read."),)

    images: str = setting("", "Images", "The file of images, such as train-images-idx3-ubyte.gz.", path="read file")
    labels: str | None = setting(
        None, "Labels", "The file of labels, such as train-labels-idx1-ubyte.gz; empty reads images only.", path="read file"
    )
    class_names: list[str] = setting([], "Class names", "What the label numbers 0, 1, 2 ... stand for; empty keeps the numbers.")
    limit: int | None = setting(None, "First rows only", "Read no more than this many rows; empty reads all.", ge=1)
    image_column: str = setting(
        "image", "Image column", "Name of the column of images.", group="Columns", min_length=1, advanced=True
    )
    label_column: str = setting(
        "label", "Label column", "Name of the column of labels.", group="Columns", min_length=1, advanced=True
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The exact schema and number of rows, from the files' headers."""
        images, labels = self._open(specs)
        schema: dict[str, pl.DataType] = {self.image_column: images.column_dtype()}
        if labels:
            schema[self.label_column] = pl.Enum(self.class_names) if self.class_names else labels.column_dtype()
        elif self.class_names:
            specs.warn("There are class names, but no file of labels.")
        return {"table": TableSpec(pl.Schema(schema), self._rows(images))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Decode the images into one array, which is the column."""
        images, labels = self._open(job)
        rows = self._rows(images)
        columns = [pl.Series(self.image_column, images.read(rows, job))]
        if labels:
            columns.append(self._label_series(labels, labels.read(rows, job)))
        return {"table": Table.of(pl.DataFrame(columns))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images with their labels."""
        return preview(outputs.table(), self.image_column, self.label_column if self.labels else None)

    def _open(self, where: Specs | Job) -> tuple[IdxFile, IdxFile | None]:
        """The headers of both files, checked against each other."""
        images = IdxFile.open(existing_file(self.images, where.resolve, "images"), "images")
        if len(images.shape) == 1:
            raise NodeError(f"'{images.path}' holds single numbers, not images.", "Is it the file of labels?", setting="images")
        if not self.labels:
            return images, None
        if self.image_column == self.label_column:
            raise NodeError("Images and labels cannot have one column.", "Give them two names.", setting="label_column")
        if len(set(self.class_names)) < len(self.class_names):
            twice = next(n for n in self.class_names if self.class_names.count(n) > 1)
            raise NodeError(f"The class name '{twice}' is there twice.", "Give every class its own name.", setting="class_names")
        labels = IdxFile.open(existing_file(self.labels, where.resolve, "labels"), "labels")
        if len(labels.shape) != 1:
            hint = "Is it the file of images?"
            raise NodeError(f"'{labels.path}' holds {_times(labels.shape)} numbers, not labels.", hint, setting="labels")
        if self.class_names and "f" in labels.dtype:
            raise NodeError("The labels are no whole numbers.", "Remove the class names.", setting="class_names")
        if labels.rows != images.rows:
            message = f"There are {images.rows} images, but {labels.rows} labels."
            raise NodeError(message, "Choose files that belong together.", setting="labels")
        return images, labels

    def _rows(self, images: IdxFile) -> int:
        return images.rows if self.limit is None else min(self.limit, images.rows)

    def _label_series(self, labels: IdxFile, numbers: NDArray[Any]) -> pl.Series:
        """The labels as names where there are names, else as they are."""
        series = pl.Series(self.label_column, numbers)
        if not self.class_names:
            return series
        outside = (numbers < 0) | (numbers >= len(self.class_names))
        if outside.any():
            row, last = int(outside.argmax()), len(self.class_names) - 1
            raise NodeError(
                f"Row {row} of '{labels.path}' has the label {numbers[row]}, but there are names for 0 to {last}.",
                "Give a name for every label, or no names to keep the numbers.",
                setting="class_names",
            )
        return pl.Series(self.label_column, self.class_names, dtype=pl.Enum(self.class_names)).gather(series.cast(pl.UInt32))


@contextmanager
def _reading(path: Path, setting: str) -> Iterator[None]:
    """Turn what the system and gzip say of a broken file into a `NodeError`."""
    with reading(path, setting):
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _damaged(path, setting, str(error)) from error


def _stream(path: Path, zipped: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if zipped else path.open("rb")


def _damaged(path: Path, setting: str, reason: str) -> NodeError:
    return NodeError(f"'{path}' is damaged: {reason}.", "Download or copy the file again.", setting=setting)


def _times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
