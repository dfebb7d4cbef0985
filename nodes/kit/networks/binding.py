"""How columns of a table become the tensors that a network is fed with, or is compared with.

A binding is made from specs alone and finds what does not fit; opened on a table it reads rows by number. Columns of
arrays stay where they are (memory-mapped, where they lie on disk) and are gathered row by row; columns of plain numbers
are small and held as they are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import NodeError
from nodes.kit.networks.accepted_numbers import AcceptedNumbers
from nodes.values.network import Shape, TensorSpec
from nodes.values.table import Table, TableSpec, describe_dtype, leaf_dtype
from nodes.wording import counted, grouped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Conversion = Literal["auto", "numbers", "boolean", "collection", "image", "one-hot"]

CONVERSIONS: Mapping[str, str] = {
    "auto": "As the column's type and the tensor's shape suggest.",
    "numbers": "Each column is one number; a category counts as its class number (KNIME's From Number).",
    "boolean": "Each column is 0 or 1 (From Boolean).",
    "collection": "Each column is an array or a list of numbers, laid out in one row (From Collection, "
    "From Probability Distribution).",
    "image": "One column of images; height, width and channels are put in the network's order (From Image).",
    "one-hot": "Class numbers: 1 at the class's place, 0 elsewhere; as many places as the tensor's last dimension "
    "(From Collection of Number to One-Hot Tensor).",
}

KINDS: Mapping[str, tuple[str, ...]] = {
    "numbers": ("number", "category"),
    "boolean": ("boolean",),
    "collection": ("collection",),
    "image": ("image",),
    "one-hot": ("integer", "category", "collection"),
}
"""The kinds of column that each conversion takes."""

FEEDABLE = ("number", "category", "boolean", "collection")
"""The kinds of column that a network can be fed with."""

LEAST_SHARE, MOST_SHARE = -0.5, 1.5
"""What is beyond is no probability; a little above 1 may come from enlarging an image."""


# --------------------------------------------------------------------------------------------------------------- binding


@dataclass(frozen=True)
class BoundColumn:
    """One column of a binding.

    Attributes:
        column: Its name.
        conversion: How its cells become numbers.
        elements: How many numbers a row gives; None for lists, whose length only the data tell.
    """

    column: str
    conversion: Conversion
    elements: int | None


@dataclass(frozen=True)
class Binding:
    """Columns that together fill one tensor.

    Attributes:
        parts: The columns, in the order in which they fill the tensor.
        shape: Shape of one example as it is fed.
        dtype: The tensor's dtype (Keras's name).
        classes: Class numbers must be below this; None where the numbers are no class numbers.
        ignored: A class number that may occur beside those.
        shares: The loss for which numbers are probabilities, which are then looked at; None: they may be any.
        moves_channels: Whether images are turned from (height, width, channels) to (channels, height, width).
        accepted: What the layers take that the numbers reach as they are.
    """

    parts: tuple[BoundColumn, ...]
    shape: tuple[int, ...]
    dtype: str
    classes: int | None = None
    moves_channels: bool = False
    ignored: int | None = None
    shares: str | None = None
    accepted: tuple[AcceptedNumbers, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [part.column for part in self.parts]

    def open(self, table: Table) -> TensorReader:
        """Make the rows of a table readable.

        Raises:
            NodeError: If a column has missing values, or a list the wrong length.
        """
        known = sum(part.elements or 0 for part in self.parts)
        left = math.prod(self.shape) - known
        parts = [part if part.elements is not None else replace(part, elements=left) for part in self.parts]
        return TensorReader(self, [_ColumnReader(table, part, self) for part in parts])


def bind(
    table: TableSpec,
    tensor: TensorSpec,
    columns: Sequence[str],
    conversion: Conversion,
    *,
    setting: str,
    channels_first: bool = False,
    classes: int | None = None,
    ignored: int | None = None,
    shares: str | None = None,
) -> Binding:
    """Bind columns to a tensor.

    Args:
        table: The table's spec.
        tensor: The tensor to fill; where it has unknown dimensions, a single array column gives them.
        columns: At least one.
        conversion: For all columns alike; "auto" decides for each.
        setting: The setting that holds columns and conversion, for error messages.
        channels_first: Whether the network has its images so.
        classes: What class numbers must be below, where the tensor is class numbers.
        ignored: A class number that may occur beside those.
        shares: The loss that compares the numbers as probabilities, if one does.

    Raises:
        NodeError: If they do not fit.
    """
    parts = [_part(table, tensor, column, conversion, setting) for column in columns]
    first = parts[0]
    if first.conversion == "image":
        if len(parts) > 1:
            raise NodeError("Only one column of images can fill a tensor.", "Choose one column.", setting=f"{setting}.columns")
        shape = _image_shape(table.schema[first.column], tensor, first.column, channels_first, setting)
    else:
        shape = _filled(table, tensor, parts, setting)
    one_hot = any(part.conversion == "one-hot" for part in parts)
    limit = shape[-1] if one_hot else classes
    moves = first.conversion == "image" and channels_first
    return Binding(tuple(parts), shape, tensor.dtype, limit, moves, ignored, shares)


def find_column(
    table: TableSpec,
    tensor: TensorSpec,
    *,
    setting: str,
    what: str,
    taken: Collection[str] = (),
    conversion: Conversion = "auto",
    channels_first: bool = False,
) -> str:
    """Return the only column that fits a tensor by itself.

    Args:
        table: The table's spec.
        tensor: The tensor to fill.
        setting: The setting that holds columns and conversion, for error messages.
        what: What the tensor is, for error messages: `the network's input 'image'`.
        taken: Columns that are not offered, being in use already.
        conversion: The conversion that must be possible.
        channels_first: Whether the network has its images so.

    Raises:
        NodeError: If none fits, or several do.
    """
    fitting: list[str] = []
    in_use: list[str] = []
    for column in table.columns_of(*FEEDABLE):
        try:
            bound = bind(table, tensor, [column], conversion, setting=setting, channels_first=channels_first)
        except NodeError:
            continue
        # One-hot, a category could fill a tensor of any size; it is meant where the classes are as many.
        names = table.class_names(column)
        if bound.parts[0].conversion != "one-hot" or names is None or len(names) == bound.classes:
            (in_use if column in taken else fitting).append(column)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        problem = f"{len(fitting)} columns fit"
    elif in_use:
        problem = f"{_quoted(in_use)} would fit, but {'is' if len(in_use) == 1 else 'are'} in use already"
    else:
        problem = "no column of the table fits it alone"
    choice = fitting or [column for column in table.columns_of(*FEEDABLE) if column not in taken] or in_use
    raise NodeError(
        f"No column is chosen for {what} ({tensor.describe()}), and {problem}.",
        f"Choose from: {_quoted(choice) or '(the table has no column of numbers)'}.",
        setting=f"{setting}.columns",
    )


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns)


def _part(table: TableSpec, tensor: TensorSpec, column: str, conversion: Conversion, setting: str) -> BoundColumn:
    where = f"{setting}.columns"
    dtype = table.require(column, *(FEEDABLE if conversion == "auto" else KINDS[conversion]), setting=where)
    leaf = leaf_dtype(dtype)
    nested = isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.List | pl.Array)
    if nested or not (leaf.is_numeric() or isinstance(leaf, pl.Enum | pl.Boolean)):
        raise NodeError(
            f"Column '{column}' is {describe_dtype(dtype)}, which has no numbers to feed a network with.",
            "Turn it into class numbers first (Category to Number).",
            setting=where,
        )
    chosen = _automatic(dtype, tensor) if conversion == "auto" else conversion
    count = math.prod(dtype.shape) if isinstance(dtype, pl.Array) else None if isinstance(dtype, pl.List) else 1
    if chosen == "one-hot":
        if leaf.is_float() or not tensor.shape or tensor.shape[-1] is None:
            raise NodeError(
                f"Column '{column}' is {describe_dtype(dtype)}: one-hot needs whole class numbers and a tensor whose last "
                "dimension is known.",
                "Choose another conversion.",
                setting=f"{setting}.conversion",
            )
        count = None if count is None else count * tensor.shape[-1]
    return BoundColumn(column, chosen, count)


def _automatic(dtype: pl.DataType, tensor: TensorSpec) -> Conversion:
    if isinstance(dtype, pl.Array):
        return "image" if len(dtype.shape) == len(tensor.shape) == 3 else "collection"
    if isinstance(dtype, pl.List):
        return "collection"
    if isinstance(dtype, pl.Boolean):
        return "boolean"
    # A category where several numbers are asked for can only mean its class, one-hot.
    return "one-hot" if isinstance(dtype, pl.Enum) and tensor.shape and tensor.shape[-1] != 1 else "numbers"


def _image_shape(dtype: pl.DataType, tensor: TensorSpec, column: str, channels_first: bool, setting: str) -> tuple[int, ...]:
    height, width, channels = dtype.shape  # type: ignore[attr-defined]
    shape = (channels, height, width) if channels_first else (height, width, channels)
    if not _matches(shape, tensor.shape):
        order = "channels, height, width" if channels_first else "height, width, channels"
        raise NodeError(
            f"The images of column '{column}' are {TensorSpec(shape).describe()} ({order}), "
            f"but the network takes {tensor.describe()}.",
            "Resize the images (Image Resizer), or give the input layer their shape.",
            setting=f"{setting}.columns",
        )
    return shape


def _filled(table: TableSpec, tensor: TensorSpec, parts: Sequence[BoundColumn], setting: str) -> tuple[int, ...]:
    """The shape of one example. NodeError if the columns do not have as many numbers as it has."""
    where = f"{setting}.columns"
    lists = [part.column for part in parts if part.elements is None]
    known = sum(part.elements or 0 for part in parts)
    if None in tensor.shape:
        only = table.schema[parts[0].column]
        if len(parts) == 1 and isinstance(only, pl.Array) and _matches(only.shape, tensor.shape):
            return tuple(only.shape)
        raise NodeError(
            f"The network takes {tensor.describe()}; only one array column of that many dimensions can fill it.",
            "Choose one such column, or give the input layer a fixed shape.",
            setting=where,
        )
    shape = tuple(n for n in tensor.shape if n is not None)
    wanted = math.prod(shape)
    if len(lists) > 1:
        raise NodeError("Only one column of lists can fill a tensor.", "Choose one, or arrays of fixed length.", setting=where)
    if (known > wanted) if lists else (known != wanted):
        columns = f"Column '{parts[0].column}' has" if len(parts) == 1 else f"The {len(parts)} chosen columns have"
        numbers = counted(known, "number")
        raise NodeError(
            f"{columns} {numbers} a row, but {grouped(wanted)} are needed ({tensor.describe()}).",
            "Choose other columns or another conversion, or change the shape of the network.",
            setting=where,
        )
    return shape


def _matches(shape: Sequence[int], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(w in (None, n) for n, w in zip(shape, wanted, strict=True))


# --------------------------------------------------------------------------------------------------------------- reading


class TensorReader:
    """The rows of a table as one tensor, read by row number.

    Attributes:
        shape: Shape of one example.
        dtype: numpy's dtype of what `read` gives. It may be narrower than the network's: what is cast on the way to
            the network need not be carried there.
        row_bytes: Bytes of one example.
    """

    def __init__(self, binding: Binding, columns: Sequence[_ColumnReader]) -> None:
        import numpy as np

        self.binding = binding
        self.shape = binding.shape
        self._columns = columns
        self.dtype = np.result_type(*(column.dtype for column in columns))
        self.row_bytes = math.prod(self.shape) * self.dtype.itemsize

    def read(self, rows: slice | NDArray[Any]) -> NDArray[Any]:
        """Return examples of these rows: (rows, *shape), of `dtype`.

        Raises:
            NodeError: If a value is missing, not a number, or no class number.
        """
        import numpy as np

        pieces = [column.read(rows) for column in self._columns]
        if self.binding.moves_channels:
            return np.ascontiguousarray(pieces[0].transpose(0, 3, 1, 2))
        if len(pieces) == 1:
            return pieces[0].reshape(-1, *self.shape)
        flat = [piece.reshape(len(piece), -1) for piece in pieces]
        return np.concatenate(flat, axis=1, dtype=self.dtype).reshape(-1, *self.shape)


class _ColumnReader:
    """One column of a source, checked as it is read.

    Attributes:
        dtype: numpy's dtype of what `read` gives.
    """

    def __init__(self, table: Table, part: BoundColumn, binding: Binding) -> None:
        import numpy as np

        self._name = part.column
        self._classes = binding.classes
        self._ignored = binding.ignored
        self._shares = binding.shares if part.conversion != "one-hot" else None
        self._accepted = binding.accepted if part.conversion != "one-hot" else ()
        self._one_hot = None
        if part.conversion == "one-hot":
            self._one_hot = np.eye(binding.shape[-1], dtype=np.float32)
        self._cells = self._open(table, part)
        self.dtype: np.dtype[Any] = np.dtype(np.float32) if self._one_hot is not None else self._cells.dtype

    def _open(self, table: Table, part: BoundColumn) -> Any:
        """Something of numpy's kind that gives rows by slice or number."""
        _check_missing(table, self._name)
        dtype = table.schema[self._name]
        if isinstance(dtype, pl.Array) and leaf_dtype(dtype).is_numeric():
            return table.array(self._name)
        series = table.frame([self._name]).to_series()
        if isinstance(dtype, pl.Array):
            return _numbers(series.reshape((-1,))).reshape(-1, *dtype.shape)
        if isinstance(dtype, pl.List):
            width = (part.elements or 0) // (1 if self._one_hot is None else len(self._one_hot))
            self._check_lengths(series, width)
            return _numbers(series.explode()).reshape(-1, width)
        return _numbers(series)

    def _check_lengths(self, series: pl.Series, width: int) -> None:
        """NodeError if a list has another length."""
        wrong = (series.list.len() != width).arg_true()
        if len(wrong):
            row = int(wrong[0])
            raise NodeError(
                f"The list of column '{self._name}' in row {row + 1} has {len(series[row])} numbers; {width} are needed.",
                "Bring all lists to one length.",
            )

    def read(self, rows: slice | NDArray[Any]) -> NDArray[Any]:
        """Return cells of these rows, (rows, *cell); one-hot ones are Float32."""
        import numpy as np

        cells: NDArray[Any] = self._cells[rows]
        if not cells.size:
            return cells if self._one_hot is None else np.empty((*cells.shape, len(self._one_hot)), np.float32)
        if cells.dtype.kind == "f" and np.isnan(cells.min()):
            self._refuse(np.isnan(cells), rows, "is not a number (NaN)", "Fill or remove such rows before.")
        if self._classes is not None:
            outside = (cells < 0) | (cells >= self._classes) | (cells != np.floor(cells) if cells.dtype.kind == "f" else False)
            if self._ignored is not None:
                outside &= cells != self._ignored
            if outside.any():
                problem = f"is no class number from 0 to {self._classes - 1}"
                self._refuse(outside, rows, problem, "Give the network's last layer a unit per class, and count classes from 0.")
        if self._shares is not None and not self._near_shares(cells):
            remedy = "Bring the targets to 0 to 1 (Image Normalizer, Normalizer), count classes from 0, or choose another loss."
            outside = (cells < LEAST_SHARE) | (cells > MOST_SHARE)
            self._refuse(outside, rows, f"is not from 0 to 1, as {self._shares} compares probabilities", remedy)
        for accepted in self._accepted:
            unknown = accepted.outside(cells)
            if unknown.any():
                largest = float(np.max(self._cells[:]))
                self._refuse(unknown, rows, accepted.problem, accepted.remedy(largest), f"{cells[unknown][0]:g}")
        return cells if self._one_hot is None else self._one_hot[cells]

    @staticmethod
    def _near_shares(cells: NDArray[Any]) -> bool:
        return cells.dtype.kind == "b" or bool(cells.min() >= LEAST_SHARE and cells.max() <= MOST_SHARE)

    def _refuse(
        self, wrong: NDArray[np.bool_], rows: slice | NDArray[Any], problem: str, remedy: str, what: str = "a value"
    ) -> None:
        """Raise a NodeError for the first row with a wrong value; `what` is what it is called."""
        import numpy as np

        position = int(wrong.reshape(len(wrong), -1).any(axis=1).argmax())
        row = (rows.start or 0) + position if isinstance(rows, slice) else int(np.asarray(rows)[position])
        raise NodeError(f"Column '{self._name}', row {row + 1}: {what} {problem}.", remedy)


def _numbers(series: pl.Series) -> NDArray[Any]:
    """A series of single values as numbers: categories as class numbers, booleans as 0 and 1."""
    if isinstance(series.dtype, pl.Enum):
        return series.to_physical().to_numpy()
    if isinstance(series.dtype, pl.Boolean):
        return series.cast(pl.UInt8).to_numpy()
    return (series.cast(pl.Float64) if isinstance(series.dtype, pl.Decimal) else series).to_numpy()


def _check_missing(table: Table, column: str) -> None:
    """NodeError if a cell of the column, or a number in a cell, is missing."""
    part = next(p for p in table.parts if column in p.names)
    if not _missing(part.frame[part.names[column]]):
        return
    # Only now it is worth looking which row it is, and whether it is among the rows of the table at all.
    height, start = table.height, 0
    for batch in table.batches([column]):
        series = batch.to_series()
        if _missing(series):
            row = next(n for n in range(len(series)) if _missing(series[n : n + 1]))
            raise NodeError(
                f"Column '{column}' has a missing value in row {start + row + 1} of {grouped(height)}.",
                "Remove such rows before (Row Filter), or fill them.",
            )
        start += len(series)


def _missing(series: pl.Series) -> bool:
    """Whether a cell, or a number in a cell, is missing. Arrow counts them, so that no data are read."""
    if series.null_count():
        return True
    if series.n_chunks() > 1:
        # Reshaping several chunks would first copy them into one, which for a table on disk is all of it.
        return any(_missing(chunk) for chunk in series.get_chunks())
    if isinstance(series.dtype, pl.Array):
        return _missing(series.reshape((-1,)))
    if isinstance(series.dtype, pl.List):
        # Exploding makes an empty list one missing value, which is not meant here.
        return _missing(series.filter(series.list.len() > 0).explode())
    return False
