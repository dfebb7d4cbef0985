"""Table: rows and columns, as polars has them, put together from parts that may lie on disk.

Images and tensors are columns of dtype `Array(UInt8 | UInt16 | Float32, (height, width, channels))`, classes are `Enum`
columns, files not yet decoded are `Binary`. A table knows, for columns of class numbers, what the numbers stand for.

A table made from another one by adding columns or choosing rows shares the other one's parts: nothing is copied, and
the result store writes only what is new.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nodes.errors import NodeError
from nodes.wording import counted

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

BATCH_BYTES = 32 * 2**20
"""How much of a table is held in memory at once where it is walked through piece by piece."""


# ------------------------------------------------------------------------------------------------------- kinds of column


def _is_image(dtype: pl.DataType) -> bool:
    return is_array(dtype) and len(dtype.shape) == 3  # type: ignore[attr-defined]


def is_array(dtype: pl.DataType) -> bool:
    """Return whether every cell is a tensor of one fixed shape."""
    import polars as pl

    return isinstance(dtype, pl.Array)


def is_category(dtype: pl.DataType) -> bool:
    """Return whether the cells are names out of a known or growing set."""
    import polars as pl

    return isinstance(dtype, pl.Enum | pl.Categorical)


COLUMN_KINDS: Mapping[str, Callable[[pl.DataType], bool]] = {
    "number": lambda d: d.is_numeric(),
    "integer": lambda d: d.is_integer(),
    "text": lambda d: type(d).__name__ == "String",
    "category": lambda d: is_category(d) or type(d).__name__ == "String",
    "boolean": lambda d: type(d).__name__ == "Boolean",
    "image": _is_image,
    "array": is_array,
    "collection": lambda d: type(d).__name__ in ("Array", "List"),
    "binary": lambda d: type(d).__name__ == "Binary",
    "time": lambda d: d.is_temporal(),
}
"""Kinds of column that a setting can ask for, and the test of a dtype for each."""


# ------------------------------------------------------------------------------------------------------------------ spec


@dataclass(frozen=True)
class TableSpec:
    """What is known of a table before it exists.

    Attributes:
        schema: Column names and polars dtypes.
        rows: Number of rows, where it is known.
        classes: For columns that hold class numbers (or collections of them): the class names, by number.
    """

    schema: pl.Schema
    rows: int | None = None
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def class_names(self, column: str) -> tuple[str, ...] | None:
        """Return the classes of a column: those of an Enum, or those its numbers stand for; None where it has none."""
        import polars as pl

        dtype = self.schema.get(column)
        if isinstance(dtype, pl.Enum):
            return tuple(dtype.categories)
        return self.classes.get(column)

    def columns_of(self, *kinds: str) -> list[str]:
        """Return the columns of any of these kinds, in order; with no kind given, all."""
        if not kinds:
            return list(self.schema)
        return [c for c, d in self.schema.items() if any(COLUMN_KINDS[k](d) for k in kinds)]

    def kinds_of(self, column: str) -> tuple[str, ...]:
        """Return what a setting may ask for and a column is (`COLUMN_KINDS`)."""
        dtype = self.schema[column]
        return tuple(kind for kind, holds in COLUMN_KINDS.items() if holds(dtype))

    def require(self, column: str | None, *kinds: str, setting: str | None = None) -> pl.DataType:
        """Return the dtype of a column that must be there, of one of `kinds`.

        Raises:
            NodeError: Naming the columns there are, and the nearest name.
        """
        if not column:
            offered = self.columns_of(*kinds)
            if not offered:
                message = f"The table has no column that fits{f' ({_or(kinds)})' if kinds else ''}."
                raise NodeError(message, "Connect another table, or make such a column before this node.", setting=setting)
            raise NodeError("No column is chosen.", f"Choose one of: {_listed(offered)}.", setting=setting)
        if column not in self.schema:
            near = difflib.get_close_matches(column, list(self.schema), n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"The table has: {_listed(list(self.schema))}."
            raise NodeError(f"There is no column '{column}'.", hint, setting=setting)
        dtype = self.schema[column]
        if kinds and not any(COLUMN_KINDS[k](dtype) for k in kinds):
            fitting = self.columns_of(*kinds)
            hint = f"Choose one of: {_listed(fitting)}." if fitting else "The table has no such column."
            raise NodeError(f"Column '{column}' is {describe_dtype(dtype)}, not {_or(kinds)}.", hint, setting=setting)
        return dtype

    def with_schema(
        self, schema: Mapping[str, pl.DataType | type[pl.DataType]], classes: Mapping[str, tuple[str, ...]] | None = None
    ) -> TableSpec:
        """Return the same rows with other columns; classes of columns that stay are kept."""
        import polars as pl

        kept = {c: n for c, n in self.classes.items() if c in schema} | dict(classes or {})
        return TableSpec(pl.Schema(schema), self.rows, kept)

    def with_columns(
        self, columns: Mapping[str, pl.DataType | type[pl.DataType]], classes: Mapping[str, tuple[str, ...]] | None = None
    ) -> TableSpec:
        """Return the same table with columns added or replaced; a replaced column loses its classes."""
        kept = {c: n for c, n in self.classes.items() if c not in columns}
        return TableSpec(self.schema, self.rows, kept).with_schema({**self.schema, **columns}, classes)

    def with_rows(self, rows: int | None) -> TableSpec:
        """Return the same columns with another number of rows."""
        return TableSpec(self.schema, rows, self.classes)

    def describe(self) -> str:
        """Return `60 000 rows · 3 columns`, as an edge shows it."""
        columns = counted(len(self.schema), "column")
        return columns if self.rows is None else f"{counted(self.rows, 'row')} · {columns}"


def _or(kinds: Sequence[str]) -> str:
    return " or ".join(kinds)


def describe_dtype(dtype: pl.DataType) -> str:
    """Return a dtype in words for a person: `an image 28 x 28 x 1 of UInt8`."""
    name = str(dtype.base_type())
    if is_array(dtype):
        shape = " x ".join(str(n) for n in dtype.shape)  # type: ignore[attr-defined]
        return f"{'an image' if _is_image(dtype) else 'an array'} {shape} of {leaf_dtype(dtype)}"
    if is_category(dtype):
        return "a category"
    return f"of type {name}"


def leaf_dtype(dtype: pl.DataType) -> pl.DataType:
    """Return the dtype of the numbers inside a (nested) Array or List."""
    import polars as pl

    while isinstance(dtype, pl.Array | pl.List):
        inner = dtype.inner
        dtype = inner() if isinstance(inner, type) else inner
    return dtype


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{n}'" for n in names[:8])
    return f"{shown}, ..." if len(names) > 8 else shown or "(none)"


# ----------------------------------------------------------------------------------------------------------------- value


@dataclass(frozen=True)
class Part:
    """Some columns of a table, as they were written or computed together.

    Attributes:
        frame: The columns under the names they were made with; memory-mapped where they lie on disk.
        names: Name in the table -> name in `frame`.
        rows: Which rows of `frame`, in which order (int64 or uint32); None means all as they are.
        file: The Arrow IPC file that holds exactly `frame`, if there is one.
        rows_file: The Arrow IPC file that holds exactly `rows`, if there is one.
    """

    frame: pl.DataFrame
    names: Mapping[str, str]
    rows: NDArray[Any] | None = None
    file: Path | None = None
    rows_file: Path | None = None

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.frame.height if self.rows is None else len(self.rows)

    def collect(self, columns: list[str]) -> pl.DataFrame:
        """Return these columns, under their names in the table."""
        import polars as pl

        # The frame makes the list of its names anew at every look: that is looked at last.
        is_whole = len(columns) == self.frame.width and len(columns) == len(self.names)
        if is_whole and all(c == s for c, s in self.names.items()) and columns == self.frame.columns:
            chosen = self.frame
        else:
            chosen = pl.DataFrame({c: self.frame.get_column(self.names[c]) for c in columns})
        return chosen if self.rows is None else chosen[self.rows]


class Table:
    """Rows and columns. Immutable: every operation gives a new table that shares what did not change.

    Args:
        parts: Groups of columns of equal height; a column name occurs once.
        order: The columns in their order; by default as the parts have them.
        classes: Class names of columns that hold class numbers.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        order: Sequence[str] | None = None,
        classes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.parts = tuple(p for p in parts if p.names) or tuple(parts[:1])
        self.columns = list(order) if order is not None else [c for p in self.parts for c in p.names]
        present = set(self.columns) if classes else ()
        self.classes = {c: tuple(n) for c, n in (classes or {}).items() if c in present}

    @classmethod
    def of(cls, frame: pl.DataFrame | pl.LazyFrame, classes: Mapping[str, tuple[str, ...]] | None = None) -> Table:
        """Return a table of a polars frame; a lazy one is collected (for what may be larger than memory use `Job.stream`)."""
        import polars as pl

        collected = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
        return cls([Part(collected, {c: c for c in collected.columns})], classes=classes)

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.parts[0].height if self.parts else 0

    @cached_property
    def schema(self) -> pl.Schema:
        """Column names and polars dtypes."""
        import polars as pl

        dtypes: dict[str, pl.DataType] = {}
        for part in self.parts:
            schema = part.frame.schema  # made anew at every look
            dtypes |= {column: schema[stored] for column, stored in part.names.items()}
        return pl.Schema({c: dtypes[c] for c in self.columns})

    @property
    def spec(self) -> TableSpec:
        """What a later node's `configure` sees of this table."""
        return TableSpec(self.schema, self.height, self.classes)

    # -- reading

    def frame(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the table, or some of its columns, as one polars frame. Columns on disk stay memory-mapped unless rows were
        chosen."""
        import polars as pl

        wanted = list(self.columns if columns is None else columns)
        pieces = []
        for part in self.parts:
            mine = [c for c in wanted if c in part.names]
            if mine:
                pieces.append(part.collect(mine))
        if not pieces:
            return pl.DataFrame(height=self.height)
        frame = pieces[0] if len(pieces) == 1 else pl.concat(pieces, how="horizontal")
        return frame if frame.columns == wanted else pl.DataFrame({c: frame.get_column(c) for c in wanted})

    def lazy(self, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return the same as `frame`, as a polars query."""
        return self.frame(columns).lazy()

    def batches(self, columns: Sequence[str] | None = None, *, rows: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the table piece by piece, in order, each of about `BATCH_BYTES`; an empty table gives one empty piece."""
        step = rows or self.rows_per_batch(columns)
        narrow = self.select(columns) if columns else self
        for start in range(0, max(self.height, 1), step):
            yield narrow.slice(start, step).frame(columns)

    def rows_per_batch(self, columns: Sequence[str] | None = None) -> int:
        """Return how many rows make about `BATCH_BYTES`."""
        wanted = self.columns if columns is None else columns
        width = sum(cell_bytes(self.schema[c]) for c in wanted)
        return max(1, BATCH_BYTES // max(width, 1))

    def array(self, column: str) -> ColumnArray:
        """Return a column for fast access by row number, without a copy of the whole."""
        for part in self.parts:
            if column in part.names:
                return ColumnArray(part.frame[part.names[column]], part.rows)
        raise KeyError(column)

    # -- deriving

    def with_columns(self, new: Table | pl.DataFrame, classes: Mapping[str, tuple[str, ...]] | None = None) -> Table:
        """Return this table with the columns of `new` added; one of the same name is replaced where it stands.

        Raises:
            ValueError: If the heights differ.
        """
        added = new if isinstance(new, Table) else Table.of(new)
        if self.columns and added.height != self.height:
            raise ValueError(f"{added.height} rows cannot stand beside {self.height} rows")
        names = set(added.columns)
        own = set(self.columns)
        order = self.columns + [c for c in added.columns if c not in own]
        kept = {c: n for c, n in self.classes.items() if c not in names}
        parts = [_without(p, names) for p in self.parts]
        return Table([*(p for p in parts if p.names), *added.parts], order, kept | added.classes | dict(classes or {}))

    def select(self, columns: Sequence[str]) -> Table:
        """Return only these columns, in this order."""
        gone = set(self.columns) - set(columns)
        return Table([_without(p, gone) for p in self.parts], list(columns), self.classes)

    def drop(self, columns: Sequence[str]) -> Table:
        """Return all but these columns."""
        gone = set(columns)
        return self.select([c for c in self.columns if c not in gone])

    def rename(self, names: Mapping[str, str]) -> Table:
        """Return the same columns under other names (old -> new)."""
        parts = [Part(p.frame, {names.get(c, c): s for c, s in p.names.items()}, p.rows, p.file, p.rows_file) for p in self.parts]
        classes = {names.get(c, c): n for c, n in self.classes.items()}
        return Table(parts, [names.get(c, c) for c in self.columns], classes)

    def take(self, rows: NDArray[Any]) -> Table:
        """Return these rows, in this order; a row may come more than once. Nothing is copied but the row numbers."""
        import numpy as np

        chosen = np.asarray(rows, dtype=np.uint32 if self.height < 2**32 else np.int64)
        composed: dict[int, NDArray[np.integer[Any]]] = {}

        def of(part: Part) -> NDArray[Any]:
            if part.rows is None:
                return chosen
            return composed.setdefault(id(part.rows), part.rows[chosen])

        return Table([Part(p.frame, p.names, of(p), p.file) for p in self.parts], self.columns, self.classes)

    def slice(self, start: int, length: int) -> Table:
        """Return `length` rows from `start` on (fewer at the end)."""
        parts = [
            Part(_used(p).slice(start, length), p.names)
            if p.rows is None
            else Part(p.frame, p.names, p.rows[start : start + length], p.file)
            for p in self.parts
        ]
        return Table(parts, self.columns, self.classes)


def _used(part: Part) -> pl.DataFrame:
    """The frame of a part, without columns that the table does not have any more."""
    return part.frame if len(part.names) == part.frame.width else part.frame.select(set(part.names.values()))


def _without(part: Part, columns: set[str]) -> Part:
    names = {c: s for c, s in part.names.items() if c not in columns}
    return Part(part.frame, names, part.rows, part.file, part.rows_file)


def cell_bytes(dtype: pl.DataType) -> int:
    """Return about how many bytes one cell takes; 64 for what has no fixed size."""
    import math

    import polars as pl

    if isinstance(dtype, pl.Array):
        return math.prod(dtype.shape) * cell_bytes(leaf_dtype(dtype))
    sizes = {"Int8": 1, "UInt8": 1, "Boolean": 1, "Int16": 2, "UInt16": 2, "Float16": 2, "Int32": 4, "UInt32": 4, "Float32": 4}
    sizes |= {"Int64": 8, "UInt64": 8, "Float64": 8, "Enum": 4, "Categorical": 4, "Date": 4, "Time": 8, "Datetime": 8}
    sizes |= {"Duration": 8, "Decimal": 16, "Int128": 16, "UInt128": 16}
    return sizes.get(type(dtype).__name__, 64)


class ColumnArray:
    """A column as a numpy array that is read by row number, without copying the whole column.

    The column may be memory-mapped and in several chunks; what is asked for is gathered from them.

    Args:
        series: The column.
        rows: Which of its rows, in which order; None means all.

    Attributes:
        shape: (rows, *cell shape).
        dtype: numpy's dtype of the numbers.
    """

    def __init__(self, series: pl.Series, rows: NDArray[Any] | None = None) -> None:
        import numpy as np

        chunks = series.get_chunks() if series.n_chunks() > 1 else [series]
        self.chunks = [c.to_numpy() for c in chunks]
        self.starts = np.cumsum([0] + [len(c) for c in self.chunks])
        self.rows = rows
        self.dtype: np.dtype[Any] = self.chunks[0].dtype
        height = len(series) if rows is None else len(rows)
        self.shape: tuple[int, ...] = (height, *self.chunks[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: slice | NDArray[Any]) -> NDArray[Any]:
        """The rows of a slice or of an array of row numbers. A slice inside one chunk is a view."""
        import numpy as np

        if isinstance(which, slice):
            start, stop, step = which.indices(len(self))
            if self.rows is None and step == 1:
                return self._range(start, max(start, stop))
            which = np.arange(start, stop, step)
        numbers = np.asarray(which) if self.rows is None else self.rows[which]
        if len(self.chunks) == 1:
            return cast("NDArray[Any]", self.chunks[0][numbers])
        out = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        home = np.searchsorted(self.starts, numbers, side="right") - 1
        for chunk in np.unique(home):
            mine = home == chunk
            out[mine] = self.chunks[chunk][numbers[mine] - self.starts[chunk]]
        return out

    def _range(self, start: int, stop: int) -> NDArray[Any]:
        import numpy as np

        pieces = []
        for chunk, first in zip(self.chunks, self.starts, strict=False):
            low, high = max(start - first, 0), min(stop - first, len(chunk))
            if low < high:
                pieces.append(chunk[low:high])
        if len(pieces) == 1:
            return cast("NDArray[Any]", pieces[0])
        return np.concatenate(pieces) if pieces else np.empty((0, *self.shape[1:]), self.dtype)
