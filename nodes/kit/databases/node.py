"""The settings that say where a database is, and what is asked of every database."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import polars as pl

from nodes.base import Access, Node, NodeError, setting
from nodes.file_sets import FileSet, OneFile
from nodes.kit.databases.connection import DatabaseConnection, DatabasePlace, Kind
from nodes.kit.databases.conversion import frame_of
from nodes.kit.databases.remote import DatabaseRefusal, NoAnswer, connected

Answer = TypeVar("Answer")

LISTING_SCHEMA = ("Schema", "Table", "Type", "Column", "Data type", "Nullable", "Position")
"""The columns of `DatabaseNode.listing`."""

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
QUICK_SECONDS = 2
"""How long a database may take to answer while a node is being configured (libpq's least)."""
_SILENT_SECONDS = 30
"""How long a database that did not answer is left in peace."""
_silent: dict[int, float] = {}
"""When a database last did not answer, by the hash of how it is reached and what it was asked."""
_SAID = (
    (
        ("not a database", "not a valid DuckDB", "unable to open"),
        "The database says",
        "Check the file, and whether it is of this kind of database.",
        "path",
    ),
    (
        ("lock", "different configuration"),
        "The database says",
        "Wait until the other program, or the other node, is done with the file.",
        "path",
    ),
    (
        ("codec can't decode",),
        "The database has a name or a text that is no UTF-8",
        "Check the database's file, or have it written again.",
        "path",
    ),
    (
        ("Type mismatch",),
        "A column changes its type",
        "Raise the rows to find types from, or CAST the column in a query.",
        "scanned_rows",
    ),
)
"""Words in what databases say -> what that means, what to do, and the setting at fault."""


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

    def accesses(self) -> Sequence[Access]:
        """The server, which is asked with the person's own rights; of a file, whether it is written."""
        if self.kind != "postgresql":
            return super().accesses()
        return (Access("host", "server", f"postgresql://{self.host}:{self.port}/{self.database}"),)

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
        self,
        file: Path,
        *,
        write: bool = False,
        quick: bool = False,
        scratch: Path | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[DatabaseConnection]:
        """Give an open connection.

        Args:
            file: The database's file; a server's is not looked at.
            write: Whether anything may be changed.
            quick: Whether all that is asked must be answered within two seconds, as where a node is configured.
            scratch: Where a query that needs more memory than there is may write.
            check: Raises if the run was cancelled: the query ends then.

        Raises:
            NodeError: With what the database says.
            NoAnswer: If it takes longer than that.
        """
        place = DatabasePlace(
            kind=self.kind,
            address=self._address(write, quick) if self.kind == "postgresql" else str(file),
            write=write,
            scratch=None if scratch is None else str(scratch / "duckdb"),
            environment={name: value for name, value in os.environ.items() if name.startswith("PG")},
        )
        # A server sees to the time itself (`_address`): then it knows that the query has ended.
        seconds = QUICK_SECONDS * (3 if self.kind == "postgresql" else 1) if quick else None
        try:
            with connected(place, seconds=seconds, check=check) as connection:
                yield connection
        except DatabaseRefusal as error:
            raise self._explained(error) from error

    def _address(self, write: bool, quick: bool) -> str:
        """How the server is reached, in libpq's words."""
        options = [] if write else ["-c default_transaction_read_only=on"]
        if quick:
            options.append(f"-c statement_timeout={QUICK_SECONDS * 1000}")
        words = {
            "host": self.host,
            "port": str(self.port),
            "dbname": self.database,
            "user": self.user,
            "password": self._password(),
            "sslmode": self.encryption,
            "connect_timeout": str(QUICK_SECONDS if quick else self.timeout),
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

    def answer_at_once(self, file: Path, question: str, ask: Callable[[DatabaseConnection], Answer]) -> Answer:
        """Return what a database answers within two seconds; one that does not is left in peace for half a minute.

        Args:
            file: The database's file; a server's is not looked at.
            question: What is asked, to know it again.
            ask: Asks it.

        Raises:
            NoAnswer: If there is none in that time, or a server cannot be reached.
            NodeError: With what the database says against the question.
        """
        place = self.kind, self._address(False, True) if self.kind == "postgresql" else str(file)
        whole, mine = hash(place), hash((*place, question))
        for key in (whole, mine):
            if time.monotonic() - _silent.get(key, -_SILENT_SECONDS) < _SILENT_SECONDS:
                raise NoAnswer("The database did not answer a moment ago.")
        connected = False
        try:
            with self.connect(file, quick=True) as connection:
                connected = True
                return ask(connection)
        except NoAnswer:
            _silent[mine] = time.monotonic()
            raise
        except NodeError as error:
            if connected or self.kind != "postgresql":
                raise
            _silent[whole] = time.monotonic()
            raise NoAnswer(error.message, error.remedy) from error

    def _explained(self, error: Exception) -> NodeError:
        """What a database says, in one line, and where to look."""
        said = " ".join(str(error).partition("Query was:")[0].split())
        if "statement timeout" in said:
            return NoAnswer(f"The database did not answer within {QUICK_SECONDS} seconds.")
        for noise in ("[libpq] ", "[SQLite] ", "INVALID_ARGUMENT: ", "INVALID_STATE: ", "NOT_FOUND: ", "IO: ", "IO Error: "):
            said = said.replace(noise, "")
        if self.kind == "postgresql" and "connect" in said and "Failed" in said:
            return NodeError(f"{said.rstrip('.?')}.", "Check host, port, user and password, and whether it runs.", setting="host")
        for words, message, hint, fault in _SAID:
            if any(word in said for word in words):
                return NodeError(f"{message}: {said.rstrip('.')}.", hint, setting=fault)
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
