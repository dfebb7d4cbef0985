"""Connections by the databases' own drivers: SQLite and PostgreSQL by ADBC, DuckDB by its library; all give and take Arrow data.

For the process that speaks to databases alone: a native call that never ends, or crashes, takes its process along.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nodes.kit.databases.connection import DatabaseConnection, DatabasePlace, IngestMode, Kind

if TYPE_CHECKING:
    import pyarrow as pa


class DriverConnection(DatabaseConnection, Protocol):
    """A connection that another thread can interrupt."""

    def cancel(self) -> None:
        """Have the statement that is running end soon, from another thread."""


def prepare(kind: Kind) -> None:
    """Import what speaks to a kind of database."""
    import pyarrow  # noqa: F401

    if kind == "duckdb":
        import duckdb  # noqa: F401
    elif kind == "sqlite":
        import adbc_driver_sqlite.dbapi  # noqa: F401
    else:
        import adbc_driver_postgresql.dbapi  # noqa: F401


@contextmanager
def opened(place: DatabasePlace) -> Iterator[DriverConnection]:
    """Give a connection, closed at the end; what was not committed is undone."""
    with _duckdb(place) if place.kind == "duckdb" else _adbc(place) as connection:
        yield connection


@contextmanager
def _duckdb(place: DatabasePlace) -> Iterator[DriverConnection]:
    import duckdb

    # A query out of someone else's workflow must reach nothing but this one file.
    config: dict[str, Any] = {"enable_external_access": "false", "memory_limit": "512MB", "lock_configuration": "true"}
    if place.scratch is not None:
        config["temp_directory"] = place.scratch
    with duckdb.connect(place.address, read_only=not place.write, config=config) as connection:
        connection.begin()
        yield _DuckdbConnection(connection)


@contextmanager
def _adbc(place: DatabasePlace) -> Iterator[DriverConnection]:
    if place.kind == "sqlite":
        import adbc_driver_sqlite.dbapi as driver

        address = f"{Path(place.address).as_uri()}?mode={'rwc' if place.write else 'ro'}"
    else:
        import adbc_driver_postgresql.dbapi as driver

        address = place.address
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]
        os.environ.update(place.environment)
    with driver.connect(address) as connection, connection.cursor() as cursor:
        yield _AdbcConnection(connection, cursor, sqlite=place.kind == "sqlite")


class _DuckdbConnection:
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def query(self, sql: str, parameters: Sequence[Any] = (), rows: int | None = None) -> Iterator[pa.RecordBatch]:
        relation = self.connection.sql(sql, params=list(parameters) or None)
        yield from _batches(relation.to_arrow_reader(rows or 4096))

    def ingest(self, schema: str, table: str, data: pa.Table, mode: IngestMode) -> None:
        self.connection.register("layerloom_rows", data)
        try:
            name = ".".join('"' + n.replace('"', '""') + '"' for n in (schema, table) if n)
            if mode == "create":
                self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM layerloom_rows")  # noqa: S608 (quoted)
            else:
                self.connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM layerloom_rows")  # noqa: S608 (quoted)
        finally:
            self.connection.unregister("layerloom_rows")

    def execute(self, sql: str) -> None:
        self.connection.execute(sql)

    def commit(self) -> None:
        self.connection.commit()

    def cancel(self) -> None:
        self.connection.interrupt()


class _AdbcConnection:
    def __init__(self, connection: Any, cursor: Any, *, sqlite: bool) -> None:
        self.connection = connection
        self.cursor = cursor
        self.sqlite = sqlite

    def query(self, sql: str, parameters: Sequence[Any] = (), rows: int | None = None) -> Iterator[pa.RecordBatch]:
        if self.sqlite:
            self.cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": rows or 1000})
        self.cursor.execute(sql, tuple(parameters) or None)
        yield from _batches(self.cursor.fetch_record_batch())

    def ingest(self, schema: str, table: str, data: pa.Table, mode: IngestMode) -> None:
        self.cursor.adbc_ingest(table, data, mode=mode, db_schema_name=schema or None)

    def execute(self, sql: str) -> None:
        self.cursor.execute(sql)

    def commit(self) -> None:
        self.connection.commit()

    def cancel(self) -> None:
        if not self.sqlite:  # whose driver cannot be interrupted: its process is ended
            self.connection.adbc_cancel()


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield a reader's batches, an empty one where there are none."""
    import pyarrow as pa

    first = True
    for batch in reader:
        first = False
        yield batch
    if first:
        yield pa.RecordBatch.from_arrays([pa.array([], f.type) for f in reader.schema], schema=reader.schema)
