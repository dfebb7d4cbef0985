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
from nodes.kit.tables.reading.loose_types import KINDS, dtype_of, kinds_statement, misfit_statement, reason, typed_statement
from nodes.kit.tables.reading.misfits import ON_MISFIT, Misfits, OnMisfit
from nodes.values.table import BATCH_BYTES, Table, TableSpec
from nodes.wording import grouped

if TYPE_CHECKING:
    from nodes.kit.databases.connection import DatabaseConnection

_MOST_LOOKED_AT = 100_000
_CELLS_LOOKED_AT = 1_000_000
"""So many rows and cells of SQLite are looked at for types, where a person does not want more: in a moment."""
_ASKED_AT_ONCE = 200
_ROWS = 4096
_LISTED = 5
_MOST_SHOWN = 40
_NAMED = 4


class DatabaseReader(DatabaseNode):
    """Read a table, or the result of a SQL query, from SQLite, DuckDB or PostgreSQL.

    The rows are streamed: a result larger than memory is fine. The connection can only read, one statement is run, and a
    DuckDB query reaches no other file. Values go into the query as parameters (? in SQLite and DuckDB, $1, $2, ... in
    PostgreSQL), never as pieces of text. The types are the database's; SQLite has none for its columns, so they are found
    from the first rows: numbers among texts are text, and that is said. A cell of another kind further down is an error that
    names its row, or missing and counted. Dates and true or false stay the text and the numbers that SQLite keeps.
    PostgreSQL's numeric becomes Float64 (cast it to text in the query to keep every digit), an interval a Duration with months
    of 30 days, UUIDs and JSON become text. Columns of one name are numbered: id, id_1.

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
    opens = (".sqlite", ".sqlite3", ".db", ".duckdb")
    output_ports = (Port("table", "table", "Table", "The rows of the table or of the result."),)

    source: Literal["table", "query"] = setting(
        "table",
        "Read",
        "What is read.",
        choices={"table": "A whole table or view.", "query": "What a query of your own gives."},
    )
    table: str = setting("", "Table", "The table or view to read; empty: the only one of a file.", shown_if={"source": "table"})
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
        "How many rows are looked at to find the types of SQLite's columns, at least; of a table of few columns it is more.",
        ge=1,
        le=1_000_000,
        advanced=True,
        shown_if={"kind": "sqlite"},
    )
    on_misfit: OnMisfit = setting(
        "fail",
        "If a cell does not fit",
        "What becomes of a cell of SQLite that is not of its column's type.",
        choices=ON_MISFIT,
        shown_if={"kind": "sqlite"},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the columns of the result; None where a server is elsewhere, or there is no answer in time."""
        if self._may_guess:
            try:
                chosen = self.answer_at_once(self._file(specs.resolve), "tables", self._with_table)
            except NoAnswer as error:
                specs.warn(f"The table is known only after a run: {error.message}")
                return {"table": None}
            specs.guess("table", chosen.table)
            return chosen.configure(specs)
        self._statement()
        file = self._file(specs.resolve)
        if self.kind == "postgresql" and not self.on_this_machine:
            return {"table": None}  # opening a workflow must not make itself known to any server elsewhere
        try:
            schema, told = self.answer_at_once(file, f"{self._statement()} {self._values()}", self._asked)
        except NoAnswer as error:
            specs.warn(f"The columns are known only after a run: {error.message}")
            return {"table": None}
        if told:
            specs.warn(f"Read are {', '.join(told[:_NAMED])}{f', {len(told) - _NAMED} more' if len(told) > _NAMED else ''}.")
        return {"table": TableSpec(schema)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Stream the result into the table."""
        if self._may_guess:
            with self.connect(self._file(job.resolve), check=job.check_cancelled) as connection:
                chosen = self._with_table(connection)
            return chosen.execute(values, job)
        return {"table": job.stream(gathered(self._frames(job), BATCH_BYTES))}

    @property
    def _may_guess(self) -> bool:
        """Whether no table is chosen of a file, which may have a single one."""
        return self.source == "table" and not self.table.strip() and self.kind != "postgresql"

    def _with_table(self, connection: DatabaseConnection) -> DatabaseReader:
        """Return the node with the only table of its file.

        Raises:
            NodeError: If there is none, or several.
        """
        names = self.listing(connection)["Table"].unique(maintain_order=True).to_list()
        if len(names) == 1:
            return self.model_copy(update={"table": names[0]})
        listed = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        hint = f"Choose one of: {listed}." if names else "The file has none; choose another one."
        raise NodeError("No table is chosen.", hint, setting="table")

    def _frames(self, job: Job) -> Iterator[pl.DataFrame]:
        done = 0
        job.progress(None, "asking the database")
        with self.connect(self._file(job.resolve), scratch=job.scratch, check=job.check_cancelled) as connection:
            frames = self._loose(connection, job) if self.kind == "sqlite" else self._strict(connection)
            for frame in frames:
                job.check_cancelled()
                done += frame.height
                job.progress(None, f"{grouped(done)} rows")
                yield frame

    def _asked(self, connection: DatabaseConnection) -> tuple[pl.Schema, list[str]]:
        """Names and types of the columns, and what is worth saying of them."""
        return self._loose_schema(connection) if self.kind == "sqlite" else (self._schema(connection), [])

    def _strict(self, connection: DatabaseConnection) -> Iterator[pl.DataFrame]:
        for batch in connection.query(self._statement(self.limit), self._values()):
            yield frame_of(batch)

    def _schema(self, connection: DatabaseConnection) -> pl.Schema:
        """Names and types of the result's columns, of databases that have types.

        Raises:
            NodeError: If there are none.
        """
        frame = pl.concat([frame_of(b) for b in connection.query(self._statement(0), self._values())])
        if not frame.width:
            raise NodeError("The result has no columns.", "Choose another table or query.", setting=self._asks())
        return frame.schema

    # -- SQLite

    def _loose_schema(self, connection: DatabaseConnection) -> tuple[pl.Schema, list[str]]:
        """Names and types of the columns of SQLite, from the first rows, and what is worth saying of them."""
        names = self._schema(connection).names()
        rows = max(self.scanned_rows, min(_MOST_LOOKED_AT, _CELLS_LOOKED_AT // len(names)))
        rows = rows if self.limit is None else min(rows, self.limit)
        kinds: list[int] = []
        for first in range(0, len(names), _ASKED_AT_ONCE):
            # SQLite takes 2000 columns in one answer; all columns have to be named all the same.
            asked = range(first, min(first + _ASKED_AT_ONCE, len(names)))
            statement = kinds_statement(self._statement(), len(names), rows, asked)
            answer = [frame_of(b) for b in connection.query(statement, self._values())]
            kinds += [int(cell or 0) for cell in answer[0].row(0)]
        found = [dict(zip(KINDS, map(bool, kinds[n : n + len(KINDS)]), strict=True)) for n in range(0, len(kinds), len(KINDS))]
        declared: dict[str, str] = {}
        if self.source == "table":
            listed = self.listing(connection)
            mine = listed.filter(pl.col("Table").str.to_lowercase() == self.table.lower())
            declared = dict(zip(mine["Column"], mine["Data type"], strict=True))
        types = {c: dtype_of(kinds) or affinity(declared, c) or pl.Int64() for c, kinds in zip(names, found, strict=True)}
        told = [f"'{c}' {why}" for c, kinds in zip(names, found, strict=True) if (why := reason(kinds))]
        return pl.Schema(types), told

    def _loose(self, connection: DatabaseConnection, job: Job) -> Iterator[pl.DataFrame]:
        """The rows of SQLite, each cell of its column's type."""
        schema, _ = self._loose_schema(connection)
        misfits = 0
        statement = typed_statement(self._statement(self.limit), list(schema.values()))
        for number, batch in enumerate(connection.query(statement, self._values(), _ROWS)):
            frame = frame_of(batch)[1 if number == 0 else 0 :]
            misfits += int(frame.to_series(-1).sum() or 0)
            if misfits and self.on_misfit == "fail":
                self._tell_misfits(connection, schema, job)
            frame = frame.select(frame.columns[:-1])
            frame.columns = list(schema)
            yield frame.cast(schema)
        if misfits:
            self._tell_misfits(connection, schema, job)

    def _tell_misfits(self, connection: DatabaseConnection, schema: pl.Schema, job: Job) -> None:
        """Raise for the first cell that does not fit its column's type, or warn of all."""
        misfits = Misfits("the result", self.on_misfit, "scanned_rows")
        for n, (column, dtype) in enumerate(schema.items()):
            asked = misfit_statement(self._statement(self.limit), len(schema), n, dtype, _LISTED)
            found = pl.concat([frame_of(b) for b in connection.query(asked, self._values())])
            if found.height:
                cells = [(int(row), str(text)[:_MOST_SHOWN]) for row, text, _ in found.iter_rows()]
                hint = "Look at more rows for the types, let such cells be missing, or CAST the column in a query."
                misfits.add(column, cells, int(found.row(0)[2]), dtype, hint)
        misfits.tell(job)

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
