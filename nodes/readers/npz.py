"""NPZ Reader: numpy's own files, .npy and .npz, without ever unpickling anything."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.files.reading import GIB, MAX_DEFLATE_RATIO, existing_file, reading, starts_with
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import Table, TableSpec
from nodes.wording import gibibytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ZIP_MAGIC = b"PK"
_PICKLE_MAGIC = b"\x80"
_SINGLE = "data"
"""The column's name for the array of an .npy file, which has none."""
_LARGEST = 4 * GIB
_HARMLESS = GIB // 4
"""So much any file may take."""
_MOST_INFLATION = 100
_KINDS = "biufU"
"""numpy kinds that have a polars dtype: booleans, integers, floats, text."""
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)
"""Halves of characters in UTF-16, which are no characters by themselves."""


@dataclass(frozen=True)
class StoredArray:
    """What an array's header says.

    Attributes:
        name: Its name in the file.
        shape: (rows, ...).
        dtype: Of its numbers.
        end: Where it ends in its member or file, counted from the member's beginning: header and numbers.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    end: int

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    def describe(self) -> str:
        """`x_train (60000 x 28 x 28)`."""
        return f"{self.name} ({' x '.join(map(str, self.shape)) or 'a single number'})"


class NpzReader(Node):
    """Read the arrays of an .npz or .npy file as the columns of a table.

    Each array becomes a column with one row per entry of its first dimension; the other dimensions are the shape of the
    cells. The arrays read together must have equally many rows: choose the ones that belong together, such as x_train and
    y_train. The array of an .npy file becomes a column called `data`.

    Files that hold Python objects (pickles) are refused: reading them would run whatever program is in them.

    Example: of Keras's `mnist.npz` choose the arrays `x_train` and `y_train`, and give grey images a channel: columns of
    images of 28 x 28 x 1 and of digits.
    """

    id = "readers.npz"
    title = "NPZ Reader"
    shelf = "Readers"
    icon = "mdi6.matrix"
    keywords = ("numpy", "npy", "array", "mnist.npz", "np.load", "savez", "cifar")
    opens = (".npz", ".npy")
    output_ports = (Port("table", "table", "Arrays", "One column per array."),)

    path: str = setting("", "File", "The .npz or .npy file.", path="read file")
    arrays: list[str] = setting([], "Arrays", "Which arrays become columns, in this order; empty takes all.")
    channel_axis: bool = setting(
        False,
        "Grey images without channels",
        "Give arrays of shape (rows, height, width) a fourth dimension of size 1, so that they are images of one channel.",
    )
    largest_size: float | None = setting(
        None,
        "Largest size (GiB)",
        "A file whose arrays would take more memory than this is refused; empty: 4, and less for a small file that claims to hold"
        " a hundred times its own size.",
        gt=0,
        le=4096,
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The exact schema and number of rows, from the arrays' headers."""
        chosen = self._chosen(existing_file(self.path, specs.resolve, "path"))
        schema = pl.Schema({array.name: self._dtype(array) for array in chosen})
        return {"table": TableSpec(schema, chosen[0].shape[0])}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read the chosen arrays."""
        path = existing_file(self.path, job.resolve, "path")
        chosen = self._chosen(path)
        columns = []
        for number, array in enumerate(chosen):
            job.check_cancelled()
            job.progress(number / len(chosen), array.name)
            columns.append(pl.Series(array.name, self._with_channel(_read(path, array)), dtype=self._dtype(array)))
        return {"table": Table.of(pl.DataFrame(columns))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images, where there are images."""
        table = outputs.table()
        images = table.spec.columns_of("image")
        return preview(table, images[0]) if images else ()

    def _chosen(self, path: Path) -> list[StoredArray]:
        """The arrays that become columns: they are there, they fit together, and into the memory."""
        stored = {array.name: array for array in _headers(path)}
        for name in self.arrays:
            if name not in stored:
                listed = ", ".join(array.describe() for array in stored.values())
                raise NodeError(f"There is no array '{name}' in '{path}'.", f"It has: {listed}.", setting="arrays")
        if len(set(self.arrays)) < len(self.arrays):
            raise NodeError("An array is chosen twice.", "Choose each array once.", setting="arrays")
        chosen = [stored[name] for name in self.arrays] or list(stored.values())
        if not chosen:
            raise NodeError(f"There are no arrays in '{path}'.", "Choose another file.", setting="path")
        for array in chosen:
            _check_type(array)
        if len({array.shape[0] for array in chosen}) > 1:
            listed = ", ".join(array.describe() for array in chosen)
            raise NodeError("The arrays have different numbers of rows.", f"Choose some of them: {listed}.", setting="arrays")
        size = sum(array.size for array in chosen)
        largest = self._largest(path)
        if size > largest:
            message = f"The arrays take {gibibytes(size)}, more than the largest size of {gibibytes(largest)}"
            message += f" of a file of {path.stat().st_size} bytes." if self.largest_size is None and largest < _LARGEST else "."
            raise NodeError(
                message, "Choose fewer arrays, or raise the largest size if there is memory for it.", setting="largest_size"
            )
        return chosen

    def _largest(self, path: Path) -> float:
        """How many bytes the arrays of a file may take."""
        if self.largest_size is not None:
            return self.largest_size * GIB
        return min(_LARGEST, max(_HARMLESS, _MOST_INFLATION * path.stat().st_size))

    def _with_channel(self, array: NDArray[Any]) -> NDArray[Any]:
        return array[..., None] if self.channel_axis and array.ndim == 3 else array

    def _dtype(self, array: StoredArray) -> pl.DataType:
        """The polars dtype of the column that an array becomes."""
        import numpy as np

        if array.dtype.kind == "U":
            return pl.String()
        leaf = pl.Series(np.empty(0, array.dtype.newbyteorder("="))).dtype
        shape = self._with_channel(np.empty((0, *array.shape[1:]), bool)).shape[1:]
        return pl.Array(leaf, shape) if shape else leaf


# --------------------------------------------------------------------------------------------------------------- reading


def _headers(path: Path) -> Iterator[StoredArray]:
    """What the headers of all arrays in a file say."""
    with reading(path, "path"):
        if starts_with(path, _PICKLE_MAGIC):
            raise _pickled(f"'{path}'", "path")
    if not starts_with(path, _ZIP_MAGIC):
        with _reading(path), path.open("rb") as stream:
            array = _header(_SINGLE, stream)
            _check_size(path, array, path.stat().st_size)
        yield array
        return
    with _reading(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                continue
            packed = member.compress_size * MAX_DEFLATE_RATIO
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.file_size > packed:
                raise _damaged(path, f"'{member.filename}' cannot have the size that it claims")
            with archive.open(member) as stream:
                array = _header(member.filename.removesuffix(".npy"), stream)
            _check_size(path, array, member.file_size)
            yield array


def _header(name: str, stream: IO[bytes]) -> StoredArray:
    """Read an array's header, and nothing behind it.

    Raises:
        ValueError: If it is no npy header.
    """
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"array '{name}' is of version {version[0]}.{version[1]}, which only tables of records need")
    shape, _, dtype = read(stream)
    return StoredArray(name, shape, dtype, stream.tell() + math.prod(shape) * dtype.itemsize)


def _check_size(path: Path, array: StoredArray, size: int) -> None:
    """An array of numbers ends where its member ends; of objects, nobody knows the size."""
    if not array.dtype.hasobject and array.end != size:
        raise _damaged(path, f"array '{array.name}' should end after {array.end} bytes, and there are {size}")


def _check_type(array: StoredArray) -> None:
    """Refuse what cannot become a column."""
    if array.dtype.hasobject:
        raise _pickled(f"Array '{array.name}'", "arrays")
    if not array.shape:
        raise NodeError(f"'{array.name}' is a single value, not an array.", "Choose other arrays.", setting="arrays")
    if array.dtype.kind not in _KINDS or (array.dtype.itemsize > 8 and array.dtype.kind != "U"):
        message = f"Array '{array.name}' is of type {array.dtype}, which a table cannot hold."
        raise NodeError(message, "Save it again as numbers or text, or choose other arrays.", setting="arrays")
    if array.dtype.kind == "U" and len(array.shape) > 1:
        raise NodeError(f"Array '{array.name}' holds text in more than one dimension.", "Choose other arrays.", setting="arrays")
    if 0 in array.shape[1:]:
        raise NodeError(f"The cells of array {array.describe()} are empty.", "Choose other arrays.", setting="arrays")


def _read(path: Path, stored: StoredArray) -> NDArray[Any]:
    """One array, in the machine's byte order and contiguous; the array of an .npy file is not in a zip."""
    import numpy as np
    from numpy.lib import format as npy

    with _reading(path):
        if not starts_with(path, _ZIP_MAGIC):
            with path.open("rb") as stream:
                array = npy.read_array(stream, allow_pickle=False)
        else:
            with zipfile.ZipFile(path) as archive, archive.open(f"{stored.name}.npy") as member:
                array = npy.read_array(member, allow_pickle=False)
    array = np.ascontiguousarray(array, stored.dtype.newbyteorder("="))
    if array.dtype.kind == "U" and array.dtype.itemsize:
        points = array.view(np.uint32)
        if ((points > _LAST_CODE_POINT) | ((points >= _SURROGATES[0]) & (points <= _SURROGATES[1]))).any():
            raise _damaged(path, f"array '{stored.name}' holds characters that there are none of")
    return array


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what numpy and zipfile say of a broken file into a `NodeError`."""
    try:
        with reading(path, "path"):
            yield
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, TokenError) as error:
        raise _damaged(path, str(error)) from error
    except MemoryError as error:
        hint = "Choose fewer arrays, or a machine with more memory."
        raise NodeError(f"The arrays of '{path}' do not fit into the memory.", hint, setting="arrays") from error


def _pickled(what: str, setting: str) -> NodeError:
    return NodeError(
        f"{what} holds Python objects (a pickle), which are not read: they can run any program.",
        "Save it again as numbers or text, such as np.savez(path, x=np.asarray(x, dtype='float32')), or choose other arrays.",
        setting=setting,
    )


def _damaged(path: Path, reason: str) -> NodeError:
    hint = "Choose a file that numpy's save or savez wrote, or copy it again."
    return NodeError(f"'{path}' is no .npy or .npz file, or is damaged: {reason}.", hint, setting="path")
