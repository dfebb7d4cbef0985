"""What databases give and take, as polars has it: batches, types, and the parameters of queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import polars as pl

from nodes.errors import NodeError

if TYPE_CHECKING:
    import pyarrow as pa

_DAYS_PER_MONTH = 30
"""As PostgreSQL counts an interval's months where it has to."""


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names, a repeated one with a number behind it: a, a_1. A blank one is called column."""
    made: list[str] = []
    for name in names:
        stem = name if name.strip() else "column"
        fresh, number = stem, 0
        while fresh in made or (number and fresh in names):
            number += 1
            fresh = f"{stem}_{number}"
        made.append(fresh)
    return made


def frame_of(batch: pa.RecordBatch) -> pl.DataFrame:
    """Return a batch as polars has it: exact numbers of PostgreSQL become Float64, intervals Duration, UUIDs and JSON text."""
    import pyarrow as pa

    names = unique_names(batch.schema.names)
    try:
        batch.validate(full=True)  # SQLite gives text as it lies in the file; polars takes it on trust
    except pa.ArrowInvalid as error:
        raise NodeError(f"The database gives what is no table: {error}.", "Check its texts: they must be UTF-8.") from error
    return pl.DataFrame({name: _series(name, batch.column(place)) for place, name in enumerate(names)})


def _series(name: str, column: pa.Array) -> pl.Series:
    import pyarrow as pa

    dtype = column.type
    if isinstance(dtype, pa.UuidType):
        return pl.Series(name, [None if u is None else str(u) for u in column.to_pylist()], dtype=pl.String)
    if isinstance(dtype, pa.BaseExtensionType):
        column = column.storage
        if isinstance(dtype, pa.OpaqueType) and dtype.type_name == "numeric":
            column = column.cast(pa.float64())
    elif pa.types.is_dictionary(dtype):
        column = column.dictionary_decode()
    elif pa.types.is_interval(dtype):
        spans = [None if v is None else ((v.months * _DAYS_PER_MONTH + v.days) * 86_400_000_000 + v.nanoseconds // 1000)
                 for v in column.to_pylist()]  # fmt: skip
        return pl.Series(name, spans, dtype=pl.Int64).cast(pl.Duration("us"))
    made = pl.from_arrow(column)
    assert isinstance(made, pl.Series)
    return made.alias(name)


def gathered(frames: Iterator[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """Yield the same rows in pieces of at least about `size` bytes."""
    held: list[pl.DataFrame] = []
    held_bytes: float = 0
    for frame in frames:
        held.append(frame)
        held_bytes += frame.estimated_size()
        if held_bytes >= size:
            yield pl.concat(held)
            held, held_bytes = [], 0
    if held:
        yield pl.concat(held)


def parameter_values(texts: Sequence[str]) -> list[int | float | str]:
    """Return what parameters stand for: a number where it reads as one; in single quotes always a text."""
    return [_parameter(text) for text in texts]


def _parameter(text: str) -> int | float | str:
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return float(text)
    return text


def affinity(declared: Mapping[str, str], column: str) -> pl.DataType | None:
    """Return what SQLite's rules make of a column's declared type, where it has no values to find a type from."""
    if column not in declared:
        return None
    words = declared[column].upper()
    if "INT" in words:
        return pl.Int64()
    if any(w in words for w in ("CHAR", "CLOB", "TEXT", "DATE", "TIME")):
        return pl.String()
    return pl.Binary() if "BLOB" in words or not words else pl.Float64()
