"""What an open connection to a database can do, and how it is said from one process to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["sqlite", "duckdb", "postgresql"]
IngestMode = Literal["create", "append"]


@dataclass(frozen=True)
class DatabasePlace:
    """Where a database is.

    Attributes:
        kind: What kind of database it is.
        address: The path of its file; of a server, how it is reached in libpq's words, with the password.
        write: Whether anything may be changed.
        scratch: Where a query of DuckDB that needs more memory than there is may write.
        environment: What libpq finds of its own environment variables (PGPASSWORD, PGSSLROOTCERT, ...).
    """

    kind: Kind
    address: str
    write: bool
    scratch: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


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
