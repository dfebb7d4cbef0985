"""Time zones that Arrow files may have and polars has not, such as +05:30: the moments are kept, and shown in UTC."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE_HOURS = re.compile(r"[+-]\d{2}:00")


@cache
def is_known(zone: str) -> bool:
    """Return whether polars has a time zone."""
    if _WHOLE_HOURS.fullmatch(zone):
        return True  # polars has Etc/GMT+8 and the like for them
    try:
        pl.select(pl.lit(datetime.datetime(2000, 1, 1)).dt.replace_time_zone("UTC").dt.convert_time_zone(zone))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True


def with_known_zones(schema: pa.Schema) -> tuple[pa.Schema, list[tuple[str, str]]]:
    """Return a schema with UTC for time zones that polars does not have, and (column, zone) for each."""
    import pyarrow as pa

    changed: list[tuple[str, str]] = []

    def known(dtype: pa.DataType, column: str) -> pa.DataType:
        if pa.types.is_timestamp(dtype) and dtype.tz is not None and not is_known(dtype.tz):
            changed.append((column, dtype.tz))
            return pa.timestamp(dtype.unit, "UTC")
        if pa.types.is_struct(dtype):
            return pa.struct([field.with_type(known(field.type, column)) for field in dtype.fields])
        if pa.types.is_fixed_size_list(dtype):
            return pa.list_(known(dtype.value_type, column), dtype.list_size)
        if pa.types.is_large_list(dtype):
            return pa.large_list(known(dtype.value_type, column))
        return pa.list_(known(dtype.value_type, column)) if pa.types.is_list(dtype) else dtype

    fields = [field.with_type(known(field.type, field.name)) for field in schema]
    return (pa.schema(fields, metadata=schema.metadata) if changed else schema), changed


def remark(changed: list[tuple[str, str]]) -> str:
    """Return what is said of columns that are shown in UTC; empty where there are none."""
    columns = ", ".join(f"'{column}' ({zone})" for column, zone in dict(changed).items())
    return f"Times of {columns} are shown in UTC: the moments are the same, the zone is not known here." if changed else ""


def unknown_zones(path: Path) -> list[tuple[str, str]]:
    """Return (column, zone) of a Parquet file's times in zones that polars does not have; none of a file that cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return with_known_zones(pq.read_schema(path))[1]
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return []  # polars says what is wrong with it


def in_utc(path: Path, limit: int | None) -> Iterator[pl.DataFrame]:
    """Yield a Parquet file with times in UTC for zones that polars does not have; the first piece has no rows.

    Args:
        path: Of the file.
        limit: So many rows at the most.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    left = limit
    with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
        schema, _ = with_known_zones(file.schema_arrow)
        yield _frame(schema.empty_table())
        for batch in file.iter_batches() if left != 0 else ():
            table = pa.Table.from_batches([batch]).cast(schema)
            frame = _frame(table if left is None else table.slice(0, left))
            yield frame
            if left is not None:
                left -= frame.height
                if left == 0:
                    return


def _frame(table: pa.Table) -> pl.DataFrame:
    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame)
    return made
