"""The looks themselves: what is done with a file of a format where that may end the process.

An ordinary exception of a library is no harm: the reader meets it too, and says it in its own words. What must not happen in the
engine is a crash, an abort, a panic, an endless loop, or memory without end.
"""

from __future__ import annotations

import importlib
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nodes.kit.probing.formats import Format

IMAGE_FORMATS = ("BMP", "GIF", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000")
"""As Pillow names them: those that are looked at first. PNG and JPEG, of which data sets are made, are read directly: their
libraries are the most attacked there are, and a look would double the time of reading sixty thousand files."""
PIECE_BYTES = 2**24
"""Of arrays in HDF5 files: so much is read at a time."""


class Refused(Exception):
    """A file that is not to be read, and why, in words."""


def prepare(format: Format) -> None:
    """Import what reads a format: that takes time and gigabytes of addresses, which are not the file's fault."""
    for name in _LIBRARIES[format]:
        importlib.import_module(name)


def look(path: Path, format: Format, *, whole: bool) -> None:
    """Do with a file what its reader would do, and keep nothing.

    Args:
        path: Of the file.
        format: How it is read.
        whole: Whether all of it is looked at, and not only what a node looks at before it runs.

    Raises:
        Refused: If it is not to be read.
    """
    try:
        _LOOKS[format](path, whole)
    except (Refused, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - harmless, see above
        return


@contextmanager
def _harmless() -> Iterator[None]:
    """Go on behind what a library refuses: the next part may be what the reader takes."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - the reader says it in its own words
        return


def _excel(path: Path, whole: bool) -> None:
    from python_calamine import CalamineWorkbook

    from nodes.kit.probing.workbook import refusal

    with suppress(zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError):
        reason = refusal(path)
        if reason is not None:
            raise Refused(reason)
    book = CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        with _harmless():
            for _ in book.get_sheet_by_name(name).iter_rows():
                pass
    del whole  # a workbook has no beginning that can be read by itself


def _parquet(path: Path, whole: bool) -> None:
    import polars as pl
    import pyarrow.parquet as pq

    from nodes.kit.zones import in_utc, unknown_zones

    with _harmless():
        pq.read_metadata(path)
    if unknown_zones(path):
        for _ in in_utc(path, None if whole else 0):
            pass
        return
    lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    names = lazy.collect_schema().names()
    if not whole:
        return
    try:
        for _ in lazy.collect_batches(maintain_order=True):
            pass
    except pl.exceptions.PolarsError:
        for name in names:
            with _harmless():
                for _ in lazy.select(name).collect_batches(maintain_order=True):
                    pass


def _arrow(path: Path, whole: bool) -> None:
    import polars as pl
    import pyarrow as pa

    from nodes.kit.zones import with_known_zones

    with pa.memory_map(str(path)) as mapped:
        is_file = mapped.read(6) == b"ARROW1"
        mapped.seek(0)
        reader = pa.ipc.open_file(mapped) if is_file else pa.ipc.open_stream(mapped)
        pl.from_arrow(with_known_zones(reader.schema)[0].empty_table())
        if is_file:
            for number in range(reader.num_record_batches):
                with _harmless():
                    _arrow_batch(reader.get_batch(number), whole)
        elif whole:
            for batch in reader:
                _arrow_batch(batch, whole)


def _arrow_batch(batch: Any, whole: bool) -> None:
    import polars as pl
    import pyarrow as pa

    from nodes.kit.zones import with_known_zones

    if whole:
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid as error:
            raise Refused(str(error).partition("\n")[0].rstrip(".")) from error
        try:
            table = pa.Table.from_batches([batch])
            pl.from_arrow(table.cast(with_known_zones(table.schema)[0]))
        except pl.exceptions.PanicException:
            return  # types that polars does not have: the reader says which


def _hdf5(path: Path, whole: bool) -> None:
    import h5py

    if path.open("rb").read(2) != b"PK":
        with h5py.File(path, "r") as file:
            _hdf5_group(file, whole, set())
        return
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            if part.filename.endswith(".h5") and part.file_size <= max(2**26, 100 * part.compress_size):
                with _harmless(), h5py.File(io.BytesIO(archive.read(part)), "r") as file:
                    _hdf5_group(file, whole, set())


def _hdf5_group(group: Any, whole: bool, seen: set[Any]) -> None:
    """Everything below a group that lies in the file itself, each once."""
    import h5py

    for name in group.attrs:
        with _harmless():
            group.attrs[name]
    for name in group:
        with _harmless():
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            member = group[name]
            place = h5py.h5o.get_info(member.id).addr
            if place in seen:
                continue
            seen.add(place)
            if isinstance(member, h5py.Group):
                _hdf5_group(member, whole, seen)
            elif isinstance(member, h5py.Dataset):
                for attribute in member.attrs:
                    with _harmless():
                        member.attrs[attribute]
                if whole:
                    _hdf5_array(member)


def _hdf5_array(array: Any) -> None:
    if array.external or array.is_virtual or array.dtype.kind not in "fiub":
        return
    if array.nbytes > max(2**26, 100 * array.id.get_storage_size()):
        return  # refused by the reader
    if not array.shape:
        array[()]
        return
    rows = max(1, PIECE_BYTES // max(array.nbytes // max(array.shape[0], 1), 1))
    for start in range(0, array.shape[0], rows):
        array[start : start + rows]


def _model(path: Path, whole: bool) -> None:
    import warnings

    import numpy as np

    from nodes.values.model import from_bytes

    warnings.simplefilter("ignore")
    estimator = from_bytes(path.read_bytes(), lambda _: None).estimator
    rows = np.zeros((2, int(estimator.n_features_in_)))
    for method in ("predict", "predict_proba", "transform"):
        with _harmless():
            getattr(estimator, method)(rows)
    del whole


def _image(path: Path, whole: bool) -> None:
    import warnings

    from PIL import Image

    warnings.simplefilter("ignore")
    with Image.open(path, formats=IMAGE_FORMATS) as image:
        if whole:
            image.load()
            image.convert("RGBA")


def _statistics(path: Path, whole: bool) -> None:
    from nodes.kit.probing.statistics_files import arguments, kind_of, metadata, pieces

    kind = kind_of(path)
    if kind is None:
        return
    columns = metadata(path, kind).column_names
    if whole:
        for _ in pieces(path, kind, columns, **arguments(kind)):
            pass


def _dicom(path: Path, whole: bool) -> None:
    import warnings

    import pydicom
    from pydicom.pixels.utils import iter_pixels

    warnings.simplefilter("ignore")
    pydicom.dcmread(path, stop_before_pixels=True)
    if whole:
        for _ in iter_pixels(path):
            pass


_LIBRARIES: dict[Format, tuple[str, ...]] = {
    "excel": ("python_calamine",),
    "parquet": ("polars", "pyarrow.parquet"),
    "arrow": ("polars", "pyarrow"),
    "hdf5": ("h5py",),
    "image": ("PIL.Image",),
    "statistics": ("pyreadstat",),
    "dicom": ("pydicom.pixels.utils", "PIL.Image"),
    "model": ("nodes.values.model", "sklearn.ensemble", "sklearn.neighbors", "sklearn.svm", "skops.io"),
}
_LOOKS: dict[Format, Callable[[Path, bool], None]] = {
    "excel": _excel,
    "parquet": _parquet,
    "arrow": _arrow,
    "hdf5": _hdf5,
    "image": _image,
    "statistics": _statistics,
    "dicom": _dicom,
    "model": _model,
}
