"""Database Reader and Database Tables: what SQLite, DuckDB and PostgreSQL hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.databases.conversion import affinity, frame_of, gathered, parameter_values
from nodes.kit.databases.node import LISTING_SCHEMA, DatabaseNode
from nodes.kit.databases.remote import NoAnswer
from nodes.kit.files.reading import existing_file
from nodes.values.table import BATCH_BYTES, Table, TableSpec
from nodes.wording import grouped

if TYPE_CHECKING:
    from nodes.kit.databases.connection import DatabaseConnection


class DatabaseReader(DatabaseNode):
    """Read a table, or the result of a SQL query, from SQLite, DuckDB or PostgreSQL.

    The rows are streamed: a result larger than memory is fine. The connection can only read, one statement is run, and a
    DuckDB query reaches no other file. Values go into the query as parameters (? in SQLite and DuckDB, $1, $2, ... in
    PostgreSQL), never as pieces of text. The types are the database's; SQLite has none for its columns, so they are found
    from the first rows, and dates and true or false stay the text and the numbers that SQLite keeps. PostgreSQL's numeric
    becomes Float64 (cast it to text in the query to keep every digit), an interval a Duration with months of 30 days, UUIDs
    and JSON become text. Columns of one name are numbered: id, id_1.

    KNIME does this with four nodes (Connector, Table Selector, Query, Reader). A file is read again when it, or the log that the
    database keeps beside it, has changed; a server is asked anew in every run. Of a server on another machine the columns are
    known after running only: before, nothing is sent to it, so that to open a workflow makes nobody known to a stranger's
    server. All else (files, and a server on this machine: localhost, 127.0.0.1, a socket) is asked at once, and has two seconds
    to answer; a query that takes longer is asked in the run only. Cancel ends a query, wherever it is. A database is spoken to
    by a process of its own, so that one that is damaged does no harm.

    Example: with kind sqlite, the file shop.db, the query SELECT * FROM orders WHERE amount > ? and the parameter 100, the
    table holds the large orders, ready for a GroupBy.
    """

    id = "readers.database"
    title = "Database Reader"
    shelf = "Readers"
    icon = "mdi6.database-arrow-right"
    keywords = (
        "DB Reader", "DB Query Reader", "DB Table Selector", "DB Connector", "SQL", "SQLite", "DuckDB", "PostgreSQL", "Postgres",
        "ADBC", "select", "read_database", "query",
    )  # fmt: skip
    output_ports = (Port("table", "table", "Table", "The rows of the table or of the result."),)

    source: Literal["table", "query"] = setting(
        "table",
        "Read",
        "What is read.",
        choices={"table": "A whole table or view.", "query": "What a query of your own gives."},
    )
    table: str = setting("", "Table", "The table or view to read.", shown_if={"source": "table"})
    query: str = setting("", "Query", "One SELECT statement.", lines=True, shown_if={"source": "query"})
    parameters: list[str] = setting(
        [],
        "Parameters",
        "What the query's placeholders stand for, in order. What reads as a number is one; '5' in single quotes is a text.",
        shown_if={"source": "query"},
    )
    limit: int | None = setting(None, "Limit number of rows", "Read no more than this many rows; empty reads all.", ge=1)
    scanned_rows: int = setting(
        1000,
        "Rows to find types from",
        "How many rows are looked at to find the types of SQLite's columns.",
        ge=1,
        le=1_000_000,
        advanced=True,
        shown_if={"kind": "sqlite"},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the columns of the result; None where a server is elsewhere, or there is no answer in time."""
        self._statement()
        file = self._file(specs.resolve)
        if self.kind == "postgresql" and not self.on_this_machine:
            return {"table": None}  # opening a workflow must not make itself known to any server elsewhere
        try:
            schema = self.answer_at_once(file, f"{self._statement()} {self._values()}", self._schema)
        except NoAnswer as error:
            specs.warn(f"The columns are known only after a run: {error.message}")
            return {"table": None}
        return {"table": TableSpec(schema)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Stream the result into the table."""
        return {"table": job.stream(gathered(self._frames(job), BATCH_BYTES))}

    def _frames(self, job: Job) -> Iterator[pl.DataFrame]:
        done = 0
        job.progress(None, "asking the database")
        with self.connect(self._file(job.resolve), scratch=job.scratch, check=job.check_cancelled) as connection:
            schema = self._schema(connection) if self.kind == "sqlite" else None
            statement = self._statement(self.limit)
            if schema is not None and pl.String() in schema.values():
                statement = self._exact(connection, schema)
            for batch in connection.query(statement, self._values(), self._rows):
                job.check_cancelled()
                frame = frame_of(batch)
                done += frame.height
                job.progress(None, f"{grouped(done)} rows")
                yield frame if schema is None else self._cast(frame, schema)

    def _exact(self, connection: DatabaseConnection, schema: pl.Schema) -> str:
        """The statement for SQLite with columns of text made text by SQLite: its driver would round the numbers among them."""
        names = next(iter(connection.query(self._statement(0), self._values()))).schema.names
        quoted = ['"' + name.replace('"', '""') + '"' for name in names]
        asked = [f"CAST({q} AS TEXT) AS {q}" if d == pl.String else q for q, d in zip(quoted, schema.values(), strict=True)]
        return f"SELECT {', '.join(asked)} FROM ({self._statement(self.limit)})"  # noqa: S608 (quoted, read-only)

    def _cast(self, frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
        """The frame in the types that were promised: those of columns that began with nothing may be others."""
        for column, dtype in schema.items():
            # polars makes bytes of numbers without a word.
            numbers = dtype == pl.Binary and frame.schema[column].is_numeric()
            if numbers and frame[column].null_count() < frame.height:
                message = f"Column '{column}' changes its type after the first rows."
                hint = "Raise the rows to find types from, or CAST the column in a query."
                raise NodeError(message, hint, setting="scanned_rows")
        return frame.cast(schema)

    def _schema(self, connection: DatabaseConnection) -> pl.Schema:
        """Names and types of the result's columns."""
        asked = self.scanned_rows if self.kind == "sqlite" else 0
        if self.limit is not None:
            asked = min(asked, self.limit)
        frame = pl.concat([frame_of(b) for b in connection.query(self._statement(asked), self._values(), self._rows)])
        if not frame.width:
            raise NodeError("The result has no columns.", "Choose another table or query.", setting=self._asks())
        schema = dict(frame.schema)
        if self.kind == "sqlite" and self.source == "table":
            listed = self.listing(connection)
            mine = listed.filter(pl.col("Table").str.to_lowercase() == self.table.lower())
            declared = dict(zip(mine["Column"], mine["Data type"], strict=True))
            for column in frame.columns:
                if frame[column].null_count() == frame.height:
                    schema[column] = affinity(declared, column) or schema[column]
        return pl.Schema(schema)

    @property
    def _rows(self) -> int | None:
        return self.scanned_rows if self.kind == "sqlite" else None

    def _values(self) -> list[int | float | str]:
        return parameter_values(self.parameters) if self.source == "query" else []

    def _statement(self, limit: int | None = None) -> str:
        """The one statement that is run; a query stands in brackets, so that nothing but a SELECT fits."""
        if self.source == "table":
            if not self.table.strip():
                raise NodeError("No table is chosen.", "Give the name of a table; Database Tables lists them.", setting="table")
            asked = self.quoted(self.table)
        else:
            query = self.query.strip().rstrip(";").rstrip()
            if not query:
                raise NodeError("There is no query.", "Write one, such as SELECT * FROM a_table.", setting="query")
            asked = f"({query}\n) AS result"
        return f"SELECT * FROM {asked}" + ("" if limit is None else f" LIMIT {limit}")  # noqa: S608 (quoted, read-only)

    def _asks(self) -> str:
        return self.source

    def _file(self, resolve: Callable[[str], Path]) -> Path:
        return Path() if self.kind == "postgresql" else existing_file(self.path, resolve, "path")


class DatabaseTables(DatabaseNode):
    """List the tables and views of a database and their columns.

    A row for each column: its schema, table, whether that is a TABLE or a VIEW, the column's name, the database's word for
    its type, whether it may be missing, and its place from 1. The database's own tables are left out. Schema, where one is
    given, keeps the list to it.

    Example: with kind duckdb and the file measurements.duckdb, the list shows the column names to write into the query of a
    Database Reader.
    """

    id = "readers.database_tables"
    title = "Database Tables"
    shelf = "Readers"
    icon = "mdi6.database-search"
    keywords = (
        "DB Metadata", "DB Table Selector", "schema", "columns", "list", "catalog", "SQLite", "DuckDB", "PostgreSQL",
        "information_schema",
    )  # fmt: skip
    output_ports = (Port("table", "table", "Table", "A row for each column of each table."),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The list's columns are always the same."""
        self._file(specs.resolve)
        types: list[Any] = [pl.String(), pl.String(), pl.String(), pl.String(), pl.String(), pl.Boolean(), pl.Int64()]
        return {"table": TableSpec(pl.Schema(dict(zip(LISTING_SCHEMA, types, strict=True))))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Ask the database's own catalog."""
        with self.connect(self._file(job.resolve), check=job.check_cancelled) as connection:
            listed = self.listing(connection)
        return {"table": Table.of(listed.filter(pl.col("Schema") == self._in_schema) if self._in_schema else listed)}

    def _asks(self) -> str:
        return "kind"

    def _file(self, resolve: Callable[[str], Path]) -> Path:
        return Path() if self.kind == "postgresql" else existing_file(self.path, resolve, "path")
