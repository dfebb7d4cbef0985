"""NPZ Writer: columns become numpy's arrays."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, Spec, Specs, Value, Values, setting
from nodes.kit.files.writing import FileWriter
from nodes.values.table import Table, describe_dtype, is_category, leaf_dtype

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class NpzWriter(FileWriter):
    """Write the columns of a table as the arrays of an .npz file, which any Python program reads with `numpy.load`.

    An array is called as its column and has a row per row: numbers give one dimension, images four. Texts become numpy's texts
    of one length. Categories become their numbers (in the order of their classes), or their names. Nothing is pickled. The arrays
    are written piece by piece, however large they are.

    numpy has nothing for a missing cell: they are refused, or become NaN in columns of numbers with a point.

    Example: `test_set.npz` with the columns `image` and `label` of 28 x 28 images gives arrays of shape
    (rows, 28, 28, 1) and (rows,).
    """

    id = "writers.npz"
    title = "NPZ Writer"
    icon = "mdi6.code-array"
    keywords = ("numpy", "npz", "np.savez", "savez_compressed", "array", "export", "save")

    compressed: bool = setting(True, "Compressed", "Whether the arrays are packed; that takes time and saves room.")
    categories: Literal["numbers", "names"] = setting(
        "numbers",
        "Categories",
        "What is written of columns of categories.",
        choices={"numbers": "Their classes' numbers, from 0.", "names": "Their names, as texts."},
    )
    missing: Literal["fail", "NaN"] = setting(
        "fail",
        "Missing cells",
        "What becomes of missing cells.",
        choices={
            "fail": "They are an error.",
            "NaN": "In columns of numbers; whole numbers then become ones with a point. Elsewhere they are an error.",
        },
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check the columns and the place to write to."""
        self.check_target(specs)
        for column, dtype in specs.table().schema.items():
            leaf = leaf_dtype(dtype)
            ragged = type(dtype).__name__ == "List"
            if ragged or not (leaf.is_numeric() or type(leaf).__name__ in ("Boolean", "String") or is_category(leaf)):
                message = f"Column '{column}' is {describe_dtype(dtype)}, which has no array of numpy's."
                raise NodeError(message, "Filter it out, or change its type.", setting="path")
            if type(leaf).__name__ in ("Decimal", "Int128", "UInt128"):
                raise NodeError(f"Column '{column}' is of type {leaf}.", "Change its type to Float64.", setting="path")
            if "/" in column or "\\" in column or "\0" in column or not column:
                message = f"Column '{column}' cannot be the name of an array."
                raise NodeError(message, "Rename it before this node.", setting="path")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write array by array, piece by piece."""
        table = values.table()
        packing = zipfile.ZIP_DEFLATED if self.compressed else zipfile.ZIP_STORED
        with self.writing(job) as stream, zipfile.ZipFile(stream, "w", packing) as archive:
            for number, column in enumerate(table.columns):
                job.progress(number / len(table.columns), column)
                with archive.open(f"{column}.npy", "w", force_zip64=True) as member:
                    self._write(table, column, member, job)
        return {}

    def _write(self, table: Table, column: str, member: IO[bytes], job: Job) -> None:
        import numpy as np
        from numpy.lib import format as npy

        dtype = self._dtype(table, column, job)
        shape = (table.height, *getattr(table.schema[column], "shape", ()))
        npy.write_array_header_2_0(member, {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape})
        written = 0
        for cells in self._cells(table, column, job):
            piece: NDArray[Any] = cells.to_numpy().astype(dtype)
            written += piece.nbytes
            member.write(np.ascontiguousarray(piece).tobytes())
        if written != math.prod(shape) * dtype.itemsize:
            raise AssertionError("an array has another size than its header says")

    def _dtype(self, table: Table, column: str, job: Job) -> np.dtype[Any]:
        """numpy's type of a column; that of texts depends on the longest, that of whole numbers on whether cells are missing."""
        import numpy as np

        longest, gaps, kind = 1, False, None
        text = self._is_text(table.schema[column])
        for cells in self._cells(table, column, job) if text or self.missing == "NaN" else ():
            gaps = gaps or cells.has_nulls()
            if text:
                longest = max(longest, cells.explode().str.len_chars().max() or 0)  # type: ignore[assignment]
        if text:
            return np.dtype(f"<U{longest}")
        leaf = leaf_dtype(table.schema[column])
        kind = pl.Series([], dtype=pl.UInt32() if is_category(leaf) else leaf).to_numpy().dtype
        return np.dtype(np.float64) if gaps and kind.kind in "iu" else kind

    def _is_text(self, dtype: pl.DataType) -> bool:
        leaf = leaf_dtype(dtype)
        return type(leaf).__name__ == "String" or (is_category(leaf) and self.categories == "names")

    def _cells(self, table: Table, column: str, job: Job) -> Iterator[pl.Series]:
        """The column piece by piece, categories as they are written.

        Raises:
            NodeError: If cells are missing that must not be.
        """
        done = 0
        for piece in table.batches([column]):
            job.check_cancelled()
            cells = piece[column]
            if is_category(cells.dtype):
                cells = cells.cast(pl.String) if self.categories == "names" else cells.to_physical().cast(pl.UInt32)
            if cells.has_nulls() and (self.missing == "fail" or not cells.dtype.is_numeric()):
                row = done + (cells.is_null().arg_max() or 0) + 1
                hint = "Fill the missing cells before this node, or leave their rows out."
                raise NodeError(f"Column '{column}' has no value in row {row}.", hint, setting="missing")
            yield cells
            done += piece.height
