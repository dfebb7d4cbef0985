"""What the nodes for databases share: where a database is, how it is asked, and its types as polars has them.

SQLite and PostgreSQL are spoken to by ADBC drivers, DuckDB by its own library; all three give and take Arrow data.
"""

from __future__ import annotations

import ipaddress
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import polars as pl

from nodes.base import Node, NodeError, setting
from nodes.file_sets import FileSet, OneFile

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["sqlite", "duckdb", "postgresql"]
IngestMode = Literal["create", "append"]

LISTING_SCHEMA = ("Schema", "Table", "Type", "Column", "Data type", "Nullable", "Position")
"""The columns of `Session.listing`."""

_LISTING_SQLITE = """
    SELECT 'main' AS s, m.name AS t, upper(m.type) AS k, p.name AS c, p.type AS d, 1 - p."notnull" AS n, p.cid + 1 AS i
    FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p
    WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY t, i
"""
_LISTING = """
    SELECT CAST(c.table_schema AS VARCHAR) AS s, CAST(c.table_name AS VARCHAR) AS t,
        CASE WHEN t.table_type = 'VIEW' THEN 'VIEW' ELSE 'TABLE' END AS k, CAST(c.column_name AS VARCHAR) AS c,
        CAST(c.data_type AS VARCHAR) AS d, CASE WHEN c.is_nullable = 'YES' THEN 1 ELSE 0 END AS n, c.ordinal_position AS i
    FROM information_schema.columns AS c JOIN information_schema.tables AS t
        ON c.table_catalog = t.table_catalog AND c.table_schema = t.table_schema AND c.table_name = t.table_name
    WHERE c.table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY s, t, i
"""
_DAYS_PER_MONTH = 30
"""As PostgreSQL counts an interval's months where it has to."""
_QUICK_SECONDS = 2
"""How long a server may take to answer while a node is being configured (libpq's least)."""
_SILENT_SECONDS = 30
"""How long a server that did not answer is left in peace."""
_silent: dict[int, float] = {}
"""When a server last did not answer, by the hash of how it is reached."""


class DatabaseConnection(Protocol):
    """An open connection to a database, in a transaction of its own."""

    def query(self, sql: str, parameters: Sequence[Any] = (), rows: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the result of one statement; the first batch comes always, be it empty.

        Args:
            sql: The statement.
            parameters: What its placeholders stand for.
            rows: About how many rows a batch has; SQLite finds the types from the first batch.
        """

    def ingest(self, schema: str, table: str, data: pa.Table, mode: IngestMode) -> None:
        """Create a table of these rows, or add them to one, by the names of the columns."""

    def execute(self, sql: str) -> None:
        """Run one statement that gives nothing back."""

    def commit(self) -> None:
        """Keep what was written; what is not kept when the connection is closed is undone."""


class DatabaseNode(Node):
    """The settings that say where a database is; the base class of the nodes that use one."""

    kind: Kind = setting(
        "sqlite",
        "Database",
        "What kind of database it is.",
        choices={
            "sqlite": "A file of SQLite.",
            "duckdb": "A file of DuckDB.",
            "postgresql": "A PostgreSQL server, or one that speaks as it does.",
        },
    )
    path: str = setting("", "File", "The database's file.", path="read file", shown_if={"kind": ["sqlite", "duckdb"]})
    host: str = setting(
        "localhost",
        "Host",
        "The server's name or address, or the folder of its socket.",
        group="Server",
        shown_if={"kind": "postgresql"},
    )
    port: int = setting(5432, "Port", "The server's port.", ge=1, le=65535, group="Server", shown_if={"kind": "postgresql"})
    database: str = setting(
        "postgres", "Database name", "Which of the server's databases.", group="Server", shown_if={"kind": "postgresql"}
    )
    user: str = setting(
        "", "User", "The role to log in as; empty takes the system's user name.", group="Server", shown_if={"kind": "postgresql"}
    )
    password_variable: str = setting(
        "",
        "Environment variable with the password",
        "Its name begins with PG or LAYERLOOM_, so that no other secret can be asked for; the password itself is never stored. "
        "Empty: PGPASSWORD or the password file (.pgpass), if there are any.",
        pattern=r"^((PG|LAYERLOOM_)[A-Za-z0-9_]*)?$",
        group="Server",
        shown_if={"kind": "postgresql"},
    )
    encryption: Literal["disable", "prefer", "require", "verify-full"] = setting(
        "prefer",
        "Encryption",
        "Whether the connection is encrypted (libpq's sslmode). A server gets to read the password only with verify-full.",
        choices={
            "disable": "Never.",
            "prefer": "Where the server can.",
            "require": "Always.",
            "verify-full": "Always, and the server must prove who it is.",
        },
        group="Server",
        advanced=True,
        shown_if={"kind": "postgresql"},
    )
    timeout: int = setting(
        10,
        "Seconds to wait for the server",
        "How long connecting may take.",
        ge=2,
        le=3600,
        group="Server",
        advanced=True,
        shown_if={"kind": "postgresql"},
    )
    db_schema: str = setting(
        "",
        "Schema",
        "The schema of the table; empty means the usual one.",
        advanced=True,
        shown_if={"kind": ["duckdb", "postgresql"]},
    )

    @property
    def reproducible(self) -> bool:
        """A server's tables change without a trace that could be looked at; a file's do not."""
        return self.kind != "postgresql"

    def file_sets(self, resolve: Callable[[str], Path]) -> Mapping[str, FileSet]:
        """The database's file, and what stands in the logs beside it."""
        if "path" not in self.read_paths() or not self.path.strip() or self.kind == "postgresql":
            return {}
        return {"path": OneFile(resolve(self.path), endings=("-wal", "-journal") if self.kind == "sqlite" else (".wal",))}

    @property
    def _in_schema(self) -> str:
        return self.db_schema if self.kind != "sqlite" else ""

    def quoted(self, table: str) -> str:
        """Return a table's name as it stands in a statement."""
        names = [self._in_schema, table] if self._in_schema else [table]
        return ".".join('"' + name.replace('"', '""') + '"' for name in names)

    @contextmanager
    def connect(
        self, file: Path, *, write: bool = False, quick: bool = False, scratch: Path | None = None
    ) -> Iterator[DatabaseConnection]:
        """Return an open connection.

        Args:
            file: The database's file; a server's is not looked at.
            write: Whether anything may be changed.
            quick: Whether a server must answer within two seconds, as where a node is configured.
            scratch: Where a query that needs more memory than there is may write.

        Raises:
            NodeError: With what the database says.
        """
        import adbc_driver_manager

        try:
            if self.kind == "duckdb":
                yield from self._duckdb(file, write, scratch)
            else:
                yield from self._adbc(file, write, quick)
        except adbc_driver_manager.Error as error:
            raise self._explained(error) from error
        except OSError as error:
            raise self._explained(error) from error

    def _duckdb(self, file: Path, write: bool, scratch: Path | None) -> Iterator[DatabaseConnection]:
        import duckdb

        # A query out of someone else's workflow must reach nothing but this one file.
        config: dict[str, Any] = {"enable_external_access": "false", "memory_limit": "512MB", "lock_configuration": "true"}
        if scratch is not None:
            config["temp_directory"] = str(scratch / "duckdb")
        try:
            with duckdb.connect(str(file), read_only=not write, config=config) as connection:
                connection.begin()
                yield _DuckdbConnection(connection)
        except duckdb.Error as error:
            raise self._explained(error) from error

    def _adbc(self, file: Path, write: bool, quick: bool) -> Iterator[DatabaseConnection]:
        if self.kind == "sqlite":
            import adbc_driver_sqlite.dbapi as driver

            address = f"{file.as_uri()}?mode={'rwc' if write else 'ro'}"
        else:
            import adbc_driver_postgresql.dbapi as driver

            address = self._address(write, quick)
        with driver.connect(address) as connection, connection.cursor() as cursor:
            yield _AdbcConnection(connection, cursor, sqlite=self.kind == "sqlite")

    def _address(self, write: bool, quick: bool) -> str:
        """How the server is reached, in libpq's words."""
        options = [] if write else ["-c default_transaction_read_only=on"]
        if quick:
            options.append(f"-c statement_timeout={_QUICK_SECONDS * 1000}")
        words = {
            "host": self.host,
            "port": str(self.port),
            "dbname": self.database,
            "user": self.user,
            "password": self._password(),
            "sslmode": self.encryption,
            "connect_timeout": str(_QUICK_SECONDS if quick else self.timeout),
            # No server may have the password told in plain text before it has proved who it is.
            "require_auth": "" if self.encryption == "verify-full" else "!password",
            "options": " ".join(options),
            "application_name": "Layerloom",
        }
        given = {k: v.replace("\\", "\\\\").replace("'", "\\'") for k, v in words.items() if v}
        return " ".join(f"{k}='{v}'" for k, v in given.items())

    def _password(self) -> str:
        if not self.password_variable:
            return ""
        if self.password_variable not in os.environ:
            message = f"There is no environment variable '{self.password_variable}'."
            raise NodeError(message, "Set it before the program starts, or use a .pgpass file.", setting="password_variable")
        return os.environ[self.password_variable]

    @property
    def on_this_machine(self) -> bool:
        """Whether a server is reached by a socket or by an address of this machine alone."""
        # libpq takes several hosts with commas between, and where none is given that of PGHOST.
        hosts = [host.strip() for host in (self.host or os.environ.get("PGHOST", "")).split(",")]
        return not os.environ.get("PGHOSTADDR") and all(_is_local(host) for host in hosts)

    def unreachable(self) -> str | None:
        """Return why a server cannot be asked now, or None where it can; a silent server is not asked for half a minute."""
        key = hash(self._address(False, True))
        since = _silent.get(key)
        if since is None or time.monotonic() - since > _SILENT_SECONDS:
            try:
                with self.connect(Path(), quick=True):
                    _silent.pop(key, None)
                    return None
            except NodeError as error:
                _silent[key] = time.monotonic()
                return error.message
        return f"The server '{self.host}' did not answer."

    def _explained(self, error: Exception) -> NodeError:
        """What a database says, in one line, and where to look."""
        said = " ".join(re.split(r"Query was:|\n\s*query:", str(error))[0].split())
        for noise in ("[libpq] ", "[SQLite] ", "INVALID_ARGUMENT: ", "INVALID_STATE: ", "NOT_FOUND: ", "IO: ", "IO Error: "):
            said = said.replace(noise, "")
        if self.kind == "postgresql" and "connect" in said and "Failed" in said:
            return NodeError(f"{said.rstrip('.?')}.", "Check host, port, user and password, and whether it runs.", setting="host")
        if "not a database" in said or "not a valid DuckDB" in said or "unable to open" in said:
            hint = "Check the file, and whether it is of this kind of database."
            return NodeError(f"The database says: {said.rstrip('.')}.", hint, setting="path")
        if "lock" in said or "different configuration" in said:
            hint = "Wait until the other program, or the other node, is done with the file."
            return NodeError(f"The database says: {said.rstrip('.')}.", hint, setting="path")
        return NodeError(f"The database says: {said.rstrip('.')}.", "Check the names and the query.", setting=self._asks())

    def _asks(self) -> str:
        """The setting that is at fault where the database refuses a statement."""
        return "table"

    def listing(self, connection: DatabaseConnection) -> pl.DataFrame:
        """Return all tables and views, a row a column; see `LISTING_SCHEMA`."""
        types = [pl.String, pl.String, pl.String, pl.String, pl.String, pl.Boolean, pl.Int64]
        frames = [frame_of(b) for b in connection.query(_LISTING_SQLITE if self.kind == "sqlite" else _LISTING)]
        listed = pl.concat(frames)
        return listed.select(pl.col(c).cast(t).alias(n) for c, n, t in zip(listed.columns, LISTING_SCHEMA, types, strict=True))

    def columns_of(self, connection: DatabaseConnection, table: str) -> list[str]:
        """Return the columns of a table or view; none where there is no such table."""
        schema = self._in_schema
        if not schema:
            answer = [
                frame_of(b) for b in connection.query("SELECT 'main'" if self.kind == "sqlite" else "SELECT current_schema()")
            ]
            schema = str(answer[0].item(0, 0))
        listed = self.listing(connection)
        same = pl.col("Table") == table if self.kind == "postgresql" else pl.col("Table").str.to_lowercase() == table.lower()
        return listed.filter(same & (pl.col("Schema") == schema))["Column"].to_list()


def _is_local(host: str) -> bool:
    """Whether a host, as libpq takes one, is this machine: a folder of a socket, nothing, or a loopback address."""
    if not host or host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _DuckdbConnection:
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def query(self, sql: str, parameters: Sequence[Any] = (), rows: int | None = None) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        relation = self.connection.sql(sql, params=list(parameters) or None)
        reader = relation.to_arrow_reader(rows or 4096)
        first = True
        for batch in reader:
            first = False
            yield batch
        if first:
            yield pa.RecordBatch.from_arrays([pa.array([], f.type) for f in reader.schema], schema=reader.schema)

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


class _AdbcConnection:
    def __init__(self, connection: Any, cursor: Any, *, sqlite: bool) -> None:
        self.connection = connection
        self.cursor = cursor
        self.sqlite = sqlite

    def query(self, sql: str, parameters: Sequence[Any] = (), rows: int | None = None) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        if self.sqlite:
            self.cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": rows or 1000})
        self.cursor.execute(sql, tuple(parameters) or None)
        reader = self.cursor.fetch_record_batch()
        first = True
        for batch in reader:
            first = False
            yield batch
        if first:
            yield pa.RecordBatch.from_arrays([pa.array([], f.type) for f in reader.schema], schema=reader.schema)

    def ingest(self, schema: str, table: str, data: pa.Table, mode: IngestMode) -> None:
        self.cursor.adbc_ingest(table, data, mode=mode, db_schema_name=schema or None)

    def execute(self, sql: str) -> None:
        self.cursor.execute(sql)

    def commit(self) -> None:
        self.connection.commit()


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
    names = unique_names(batch.schema.names)
    return pl.DataFrame([_series(n, batch.column(i)) for i, n in enumerate(names)])


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
