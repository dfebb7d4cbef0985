"""Database Writer: a table becomes a table of SQLite, DuckDB or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.databases.node import DatabaseNode
from nodes.kit.files.writing import collections_as_text
from nodes.values.table import Table, TableSpec, describe_dtype

if TYPE_CHECKING:
    from nodes.kit.databases.connection import DatabaseConnection, IngestMode


class DatabaseWriter(DatabaseNode):
    """Write a table into a database: SQLite, DuckDB or PostgreSQL.

    All rows are written in one transaction, piece by piece: if the run fails or is cancelled, the database is as it was.
    Rows that are appended go by the names of the columns; columns of the database that the table lacks get their default.
    Replacing drops the old table with its indexes and rights. A file that is not there is made.

    Categories are written as their names. DuckDB keeps images and collections as they are, elsewhere they are refused or
    written as text in brackets. SQLite has no types for dates, times, durations and true or false: it gets text as in the
    ISO standard (a time with a zone as UTC), and 1 or 0; exact decimals become Float64 there. PostgreSQL has no unsigned
    numbers: it gets the next wider type. Whole numbers beyond 64 bits are refused. KNIME's DB Writer appends, its DB Table
    Creator creates; here it is one node.

    Example: with kind sqlite, the file results.db, the table predictions and append, each run of a Predictor adds its rows to
    what earlier runs left.
    """

    id = "writers.database"
    title = "Database Writer"
    shelf = "Writers"
    icon = "mdi6.database-arrow-left"
    keywords = (
        "DB Writer", "DB Insert", "DB Table Creator", "DB Loader", "SQL", "SQLite", "DuckDB", "PostgreSQL", "Postgres", "ADBC",
        "export", "save", "write_database", "insert",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Table", "The table to write."),)

    path: str = setting(
        "", "File", "The database's file; it is made if need be.", path="write file", shown_if={"kind": ["sqlite", "duckdb"]}
    )
    table: str = setting("results", "Table", "The table to write into.")
    if_exists: Literal["fail", "replace", "append"] = setting(
        "fail",
        "If the table exists",
        "What becomes of a table of the database that is there already.",
        choices={
            "fail": "The node stops, and the table stays as it is.",
            "replace": "It is dropped, and the new one takes its place.",
            "append": "The rows are added to it.",
        },
    )
    collections: Literal["refuse", "as text"] = setting(
        "refuse",
        "Images and collections",
        "What becomes of columns whose cells hold several numbers, in SQLite and PostgreSQL.",
        choices={"refuse": "They are an error.", "as text": "They are written in brackets."},
        shown_if={"kind": ["sqlite", "postgresql"]},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check that the columns can be written, and that there is a place to write to."""
        if not self.table.strip():
            raise NodeError("No table is named.", "Give the name of the database's table.", setting="table")
        path = self._file(specs.resolve)
        if self.kind != "postgresql" and path.is_dir():
            raise NodeError(f"'{path}' is a folder.", "Give the name of a file in it.", setting="path")
        if self.kind == "postgresql":
            self._password()
        self._check_columns(specs.table())
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write the rows, piece by piece, in one transaction."""
        table = values.table()
        path = self._file(job.resolve)
        in_file = self.kind != "postgresql"
        fresh = in_file and not path.exists()
        done = False
        try:
            if in_file:
                path.parent.mkdir(parents=True, exist_ok=True)
            with self.connect(path, write=True, scratch=job.scratch, check=job.check_cancelled) as connection:
                self._write(table, connection, job)
                job.check_cancelled()
                connection.commit()
            done = True
        except OSError as error:
            reason = error.strerror or str(error)
            raise NodeError(f"'{path}' cannot be written: {reason}.", "Choose another place.", setting="path") from error
        finally:
            if fresh and not done:
                for left in (path, *(path.with_name(path.name + end) for end in ("-journal", "-wal", "-shm", ".wal"))):
                    left.unlink(missing_ok=True)
        if in_file:
            job.wrote(path)
        return {}

    def _write(self, table: Table, connection: DatabaseConnection, job: Job) -> None:
        there = self.columns_of(connection, self.table)
        mode: IngestMode = "append" if there and self.if_exists == "append" else "create"
        if there and self.if_exists == "fail":
            hint = "Choose another name, or let it be replaced or appended to."
            raise NodeError(f"There is a table '{self.table}' already.", hint, setting="if_exists")
        if mode == "append":
            self._check_there(table, there)
        elif there:
            connection.execute(f"DROP TABLE {self.quoted(self.table)}")
        done = 0
        for piece in table.batches():
            job.check_cancelled()
            job.progress(done / max(table.height, 1), f"{done} rows")
            data = self._storable(piece).to_arrow(compat_level=pl.CompatLevel.oldest())
            connection.ingest(self._in_schema, self.table, data, mode)
            mode = "append"
            done += piece.height

    def _check_there(self, table: Table, there: list[str]) -> None:
        """Refuse to append columns that the database's table does not have."""
        exact = self.kind == "postgresql"
        known = set(there) if exact else {c.lower() for c in there}
        for column in table.columns:
            if (column if exact else column.lower()) not in known:
                listed = ", ".join(f"'{c}'" for c in there[:8])
                hint = f"It has: {listed}. Rename the column or filter it out."
                raise NodeError(f"Table '{self.table}' has no column '{column}'.", hint, setting="if_exists")

    def _check_columns(self, table: TableSpec) -> None:
        if not table.schema:
            raise NodeError("The table has no columns.", "Connect a table that has some.", setting="table")
        if self.kind != "postgresql":
            seen: dict[str, str] = {}
            for column in table.schema:
                if (other := seen.setdefault(column.lower(), column)) != column:
                    message = f"Columns '{other}' and '{column}' differ only in upper and lower case."
                    raise NodeError(message, "The database takes them for one: rename one of them.", setting="table")
        for column, dtype in table.schema.items():
            if isinstance(dtype, pl.Object) or (isinstance(dtype, pl.Struct) and self.kind != "duckdb"):
                message = f"Column '{column}' is {describe_dtype(dtype)}, which the database cannot hold."
                raise NodeError(message, "Filter the column out before this node.", setting="table")
            nested = isinstance(dtype, pl.Array | pl.List)
            if nested and self.kind != "duckdb" and self.collections == "refuse":
                hint = "Filter the column out, or have collections written as text."
                raise NodeError(f"Column '{column}' is {describe_dtype(dtype)}.", hint, setting="collections")

    def _storable(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame in types that the database has."""
        if self.kind != "duckdb":
            nested = [c for c, d in frame.schema.items() if isinstance(d, pl.Array | pl.List)]
            frame = frame.with_columns(collections_as_text(frame.select(nested)).get_columns()) if nested else frame
        return frame.with_columns(self._stored(frame[c]) for c in frame.columns)

    def _stored(self, cells: pl.Series) -> pl.Series:
        dtype: Any = cells.dtype.base_type()
        if dtype in (pl.Int128, pl.UInt128) or (dtype == pl.UInt64 and self.kind != "duckdb"):
            try:
                return cells.cast(pl.Int64)
            except pl.exceptions.InvalidOperationError as error:
                message = f"Column '{cells.name}' has whole numbers that are too large for the database."
                raise NodeError(message, "Turn the column into text or Float64 before this node.", setting="table") from error
        if self.kind == "sqlite" and dtype == pl.Duration:
            return cells.dt.to_string("iso")
        if self.kind == "sqlite" and dtype == pl.Time:
            return cells.dt.to_string("%H:%M:%S%.f")
        casts: dict[Any, Any] = {pl.Enum: pl.String, pl.Categorical: pl.String, pl.Null: pl.String, pl.Float16: pl.Float32}
        if self.kind == "postgresql":
            casts |= {pl.UInt8: pl.Int16, pl.UInt16: pl.Int32, pl.UInt32: pl.Int64, pl.Int8: pl.Int16}
        if self.kind == "sqlite":
            casts |= {pl.Decimal: pl.Float64}
        return cells.cast(casts[dtype]) if dtype in casts else cells

    def _file(self, resolve: Callable[[str], Path]) -> Path:
        if self.kind == "postgresql":
            return Path()
        if not self.path.strip():
            raise NodeError("No file is chosen.", "Choose the database's file.", setting="path")
        return resolve(self.path)
