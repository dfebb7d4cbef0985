"""Databases: what is written is read again, of SQLite, DuckDB and a PostgreSQL server that the tests start and stop."""

import sqlite3
import tempfile
import uuid
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nodes.base import Cancelled, NodeError, Specs, Values
from nodes.kit.databases import conversion
from nodes.kit.databases import node as database_node
from nodes.kit.databases.remote import DatabaseRefusal
from nodes.readers.database import DatabaseReader, DatabaseTables
from nodes.values.table import Table
from nodes.writers.database import DatabaseWriter
from tests.nodes.readers.database_files import FILES, PASSWORD
from tests.support import RecordingJob, configure, run

pytestmark = pytest.mark.usefixtures("server")


def refusal(node, folder, inputs=None):
    """What a node says, in either phase."""
    with pytest.raises(NodeError) as caught:
        configure(node, inputs, folder)
        node.execute(Values(inputs or {}), RecordingJob(folder))
    assert caught.value.remedy
    assert caught.value.setting in type(node).model_fields
    return caught.value.message


PLAIN = pl.DataFrame(
    {"n": [1, None, -(2**63)], "x": [0.5, None, float("inf")], "s": ["ä'\"; 雪", None, ""], "b": [b"\0\xff", None, b""]}
)


# ------------------------------------------------------------------------------------------------------------ every kind


def test_what_is_written_is_read_again(where, write, read):
    write(where, PLAIN)
    assert_frame_equal(read(where), PLAIN)
    assert_frame_equal(read(where, limit=2), PLAIN.head(2))


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(where, rows, write, read):
    write(where, PLAIN.head(rows))
    assert_frame_equal(read(where), PLAIN.head(rows))


def test_names_are_only_names(where, write, read):
    frame = pl.DataFrame({'select "x"': [1], "where; --": [2], "größe": [3]})
    write(where, frame, 'drop "table"')
    assert_frame_equal(read(where, 'drop "table"'), frame)


def test_a_query_with_parameters(where, write, read):
    write(where, PLAIN.with_columns(pl.Series("k", ["1", "b", "c"])))
    one = "$1" if where["kind"] == "postgresql" else "?"
    assert read(where, query=f"SELECT n FROM t WHERE n < {one}; ", parameters=["1"])["n"].to_list() == [-(2**63)]
    assert read(where, query=f"SELECT n FROM t WHERE k = {one} -- a comment", parameters=["'1'"])["n"].to_list() == [1]
    assert read(where, query=f"SELECT k FROM t WHERE k = {one}", parameters=["b' OR 'a' = 'a"]).is_empty()
    assert read(where, query="WITH w AS (SELECT max(x) AS y FROM t) SELECT y FROM w").item() == float("inf")


def test_columns_of_one_name_are_numbered(where, write, read):
    write(where, pl.DataFrame({"a": [1]}))
    assert len(set(read(where, query="SELECT a, a FROM t").columns)) == 2


def test_a_query_can_only_read(where, write, read, tmp_path):
    write(where, PLAIN)
    for query in ("DROP TABLE t", "SELECT 1; DROP TABLE t", "SELECT 1) AS r; DROP TABLE t; --", "DELETE FROM t", "SELECT nope",
                  "SELECT * FROM nowhere"):  # fmt: skip
        node = DatabaseReader(**where, source="query", query=query)
        assert "The database says" in refusal(node, tmp_path)
    assert_frame_equal(read(where), PLAIN)
    assert "nowhere" in refusal(DatabaseReader(**where, table="nowhere"), tmp_path)


def test_tables_that_exist(where, write, read, tmp_path):
    first, second = pl.DataFrame({"a": [1], "b": ["x"]}), pl.DataFrame({"b": ["y"], "a": [2]})
    write(where, first)
    again = {"table": Table.of(second)}
    assert "already" in refusal(DatabaseWriter(**where, table="t"), tmp_path, again)
    assert_frame_equal(read(where), first)
    write(where, second, if_exists="append")
    assert_frame_equal(read(where), pl.concat([first, second.select("a", "b")]))
    write(where, second.select("a"), if_exists="append")
    assert read(where)["b"].to_list() == ["x", "y", None]
    wrong = {"table": Table.of(pl.DataFrame({"c": [1]}))}
    assert "no column 'c'" in refusal(DatabaseWriter(**where, table="t", if_exists="append"), tmp_path, wrong)
    write(where, second, if_exists="replace")
    assert_frame_equal(read(where), second)


class _StopsSoon(RecordingJob):
    """Is cancelled when the second piece is to be written."""

    def progress(self, fraction, message=""):
        super().progress(fraction, message)
        self.cancelled = len(self.fractions) > 1


def test_all_or_nothing(where, write, read, tmp_path, monkeypatch):
    monkeypatch.setattr("nodes.values.table.BATCH_BYTES", 64)
    frame = pl.DataFrame({"a": range(100)})
    write(where, frame)
    assert_frame_equal(read(where), frame)
    for how in ("append", "replace"):
        with pytest.raises(Cancelled):
            DatabaseWriter(**where, table="t", if_exists=how).execute(Values({"table": Table.of(frame)}), _StopsSoon(tmp_path))
        assert_frame_equal(read(where), frame)


def test_tables_and_views_are_listed(where, write, tmp_path):
    write(where, pl.DataFrame({"id": [1], "name": ["x"]}), "people")
    with DatabaseReader(**where).connect((tmp_path / where.get("path", "")).resolve(), write=True) as connection:
        connection.execute("CREATE VIEW names AS SELECT name FROM people")
        connection.commit()
    listed = run(DatabaseTables(**where), folder=tmp_path)["table"].frame()
    assert listed.select("Table", "Type", "Column", "Nullable", "Position").rows() == [
        ("names", "VIEW", "name", True, 1), ("people", "TABLE", "id", True, 1), ("people", "TABLE", "name", True, 2),
    ]  # fmt: skip
    assert set(listed["Schema"]) == {"public" if where["kind"] == "postgresql" else "main"}


def test_an_empty_database_lists_nothing(where, write, tmp_path):
    write(where, pl.DataFrame({"a": [1]}))
    with DatabaseReader(**where).connect((tmp_path / where.get("path", "")).resolve(), write=True) as connection:
        connection.execute("DROP TABLE t")
        connection.commit()
    assert run(DatabaseTables(**where), folder=tmp_path)["table"].height == 0


def test_a_schema_of_ones_own(postgres, write, read, tmp_path):
    write(FILES["duckdb"], pl.DataFrame({"a": [1]}))
    for where, path in ((postgres, Path()), (FILES["duckdb"], tmp_path / FILES["duckdb"]["path"])):
        with DatabaseReader(**where).connect(path, write=True) as connection:
            connection.execute('CREATE SCHEMA "My Own"')
            connection.commit()
        write(where | {"db_schema": "My Own"}, pl.DataFrame({"z": [7]}))
        assert read(where | {"db_schema": "My Own"}).rows() == [(7,)]
        listed = run(DatabaseTables(**where, db_schema="My Own"), folder=tmp_path)["table"].frame()
        assert listed["Column"].to_list() == ["z"]
        with DatabaseReader(**where).connect(path, write=True) as connection:
            connection.execute('DROP SCHEMA "My Own" CASCADE')
            connection.commit()


# ----------------------------------------------------------------------------------------------------------------- types

TYPED = {
    "small": pl.Series([1, None], dtype=pl.Int8),
    "byte": pl.Series([255, None], dtype=pl.UInt8),
    "wide": pl.Series([2**62, None], dtype=pl.Int128),
    "big": pl.Series([2**63 - 1, None], dtype=pl.UInt64),
    "half": pl.Series([0.5, None], dtype=pl.Float16),
    "single": pl.Series([0.5, None], dtype=pl.Float32),
    "truth": pl.Series([True, None]),
    "day": pl.Series([date(2024, 2, 29), None]),
    "moment": pl.Series([datetime(2024, 2, 29, 1, 2, 3, 4), None]),
    "zoned": pl.Series([datetime(2024, 2, 29, 1, 2, 3), None]).dt.replace_time_zone("Europe/Berlin"),
    "clock": pl.Series([clock(1, 2, 3), None]),
    "span": pl.Series([timedelta(days=1, seconds=5), None]),
    "exact": pl.Series([Decimal("1.25"), None], dtype=pl.Decimal(10, 2)),
    "class": pl.Series(["x", None], dtype=pl.Enum(["x", "y"])),
    "nothing": pl.Series([None, None], dtype=pl.Null),
}


def test_types(where, write, read):
    write(where, pl.DataFrame(TYPED))
    frame = read(where)
    sqlite, postgres = where["kind"] == "sqlite", where["kind"] == "postgresql"
    expected = {
        "small": 1, "byte": 255, "wide": 2**62, "big": 2**63 - 1, "half": 0.5, "single": 0.5, "truth": 1 if sqlite else True,
        "day": "2024-02-29" if sqlite else date(2024, 2, 29),
        "moment": "2024-02-29T01:02:03.000004" if sqlite else datetime(2024, 2, 29, 1, 2, 3, 4),
        "clock": "01:02:03" if sqlite else clock(1, 2, 3),
        "span": "P1DT5S" if sqlite else timedelta(days=1, seconds=5),
        "exact": 1.25 if sqlite or postgres else Decimal("1.25"), "class": "x", "nothing": None,
    }  # fmt: skip
    assert frame.drop("zoned").row(0, named=True) == expected
    assert frame.row(1) == (None,) * len(TYPED)
    if sqlite:
        assert frame["zoned"][0] == "2024-02-29T00:02:03.000000"
    else:
        assert frame["zoned"].dt.convert_time_zone("Europe/Berlin")[0] == TYPED["zoned"][0]


def test_numbers_too_large_are_refused(where, tmp_path):
    table = {"table": Table.of(pl.DataFrame({"n": pl.Series([2**64], dtype=pl.Int128)}))}
    assert "too large" in refusal(DatabaseWriter(**where, table="t"), tmp_path, table)
    assert where["kind"] == "postgresql" or not (tmp_path / where["path"]).exists()


def test_images(where, write, read, tmp_path):
    images = np.arange(24, dtype=np.uint8).reshape(2, 2, 3, 2)
    frame = pl.DataFrame({"image": pl.Series(list(images), dtype=pl.Array(pl.UInt8, (2, 3, 2)))})
    if where["kind"] == "duckdb":
        write(where, frame)
        assert_frame_equal(read(where), frame)
    else:
        assert "image 2 x 3 x 2" in refusal(DatabaseWriter(**where, table="t"), tmp_path, {"table": Table.of(frame)})
        write(where, frame, collections="as text")
        assert read(where)["image"][0] == str(images[0].tolist())


def test_types_of_postgresql(postgres, read):
    frame = read(postgres, query="SELECT 1.5::numeric n, 'NaN'::numeric m, '{\"a\": 1}'::jsonb j, interval '1 month 2 days' i, "
                 "'5d83390e-e03c-4bce-92a8-b106f967aebf'::uuid u, '{1,2}'::int[] a, now() t")  # fmt: skip
    n, m, *rest = frame.drop("t").row(0)
    assert n == 1.5
    assert np.isnan(m)
    assert rest == ['{"a": 1}', timedelta(days=32), "5d83390e-e03c-4bce-92a8-b106f967aebf", [1, 2]]


def test_types_of_duckdb(write, read, tmp_path):
    where = FILES["duckdb"]
    write(where, PLAIN)
    uuid = "5d83390e-e03c-4bce-92a8-b106f967aebf"
    frame = read(where, query=f"SELECT 'y'::ENUM('x', 'y') e, 5::HUGEINT h, {{'a': 1}} s, '{uuid}'::UUID u")
    assert frame.row(0) == ("y", Decimal(5), {"a": 1}, uuid)


def test_types_of_sqlite_come_from_the_rows(tmp_path, read):
    where = FILES["sqlite"]
    with closing(sqlite3.connect(tmp_path / where["path"])) as made:
        made.execute("CREATE TABLE t (i INTEGER, s TEXT, r REAL, b BLOB, v VARCHAR(3), d DATE, n)")
        made.commit()
        types = [pl.Int64, pl.String, pl.Float64, pl.Binary, pl.String, pl.String, pl.Binary]
        assert list(read(where).schema.values()) == types
        made.executemany("INSERT INTO t (n) VALUES (?)", [(1,), (0.1234567890123,), (3,)])
        made.commit()
        assert list(read(where).schema.values()) == [*types[:-1], pl.Float64]
        made.execute("INSERT INTO t (n) VALUES ('late')")
        made.commit()
    assert read(where)["n"].to_list() == ["1", "0.1234567890123", "3", "late"]
    with closing(sqlite3.connect(tmp_path / where["path"])) as made:
        made.execute("CREATE TABLE late (s TEXT, n)")
        made.executemany("INSERT INTO late VALUES (?, ?)", [(None, 1), (None, 2), ("x", 3)])
        made.execute("CREATE TABLE bare (n)")
        made.executemany("INSERT INTO bare VALUES (?)", [(None,), (7,)])
        made.commit()
    assert read(where, "late").rows() == [(None, 1), (None, 2), ("x", 3)]
    assert read(where, "bare").rows() == [(None,), (7,)]


# ----------------------------------------------------------------------------------------------------- files and servers


def test_many_rows_are_streamed(where, write, read, monkeypatch, tmp_path):
    frame = pl.DataFrame({"a": range(50_000), "s": ["some text"] * 50_000})
    write(where, frame)
    monkeypatch.setattr("nodes.readers.database.BATCH_BYTES", 2**16)
    pieces = []

    class Streams(RecordingJob):
        def stream(self, batches):
            pieces.extend(batches)
            return Table.of(pl.concat(pieces))

    table = DatabaseReader(**where, table="t").execute(Values({}), Streams(tmp_path))["table"]
    assert_frame_equal(table.frame(), frame)
    if where["kind"] != "postgresql":  # whose driver gives 16 MB at once
        assert max(p.height for p in pieces) < 10_000


def test_a_reader_stops_when_cancelled(where, write, tmp_path):
    write(where, PLAIN)
    with pytest.raises(Cancelled):
        DatabaseReader(**where, table="t").execute(Values({}), RecordingJob(tmp_path, cancelled=True))


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_files_that_are_no_databases(kind, tmp_path):
    (tmp_path / "text").write_bytes(b"hello" * 1000)
    for node in (DatabaseReader(kind=kind, path="text", table="t"), DatabaseTables(kind=kind, path="text")):
        assert "The database says" in refusal(node, tmp_path)
    table = {"table": Table.of(PLAIN)}
    assert "The database says" in refusal(DatabaseWriter(kind=kind, path="text", table="t"), tmp_path, table)
    assert (tmp_path / "text").read_bytes() == b"hello" * 1000
    for path in ("", "nowhere", "."):
        assert "file" in refusal(DatabaseReader(kind=kind, path=path, table="t"), tmp_path) or path == "."
        assert "folder" in refusal(DatabaseWriter(kind=kind, path=".", table="t"), tmp_path, table)
    assert not (tmp_path / "nowhere").exists()


ESCAPES = {
    "duckdb": (
        "SELECT * FROM read_csv('{secret}')", "SELECT * FROM '{secret}'", "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')", "SELECT * FROM glob('{folder}/*')", "ATTACH '{made}'",
        "COPY (SELECT 1) TO '{made}'", "EXPORT DATABASE '{made}'", "INSTALL httpfs", "LOAD '{made}'",
        "SET enable_external_access = true", "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')", "SELECT getenv('HOME')",
        "SELECT * FROM sqlite_scan('{made}', 't')", "PRAGMA enable_profiling", "SELECT 1; COPY t TO '{made}'",
        "SELECT * FROM query('COPY t TO ''{made}''')",
    ),
    "sqlite": (
        "ATTACH '{made}' AS a", "SELECT load_extension('{made}')", "SELECT readfile('{secret}')",
        "SELECT writefile('{made}', 'x')", "VACUUM INTO '{made}'", "SELECT edit('x')", "PRAGMA writable_schema = 1",
        "SELECT fts3_tokenizer('simple', x'41414141')",
        "CREATE TEMP TABLE x AS SELECT 1",
    ),
    "postgresql": (
        "COPY t TO '{made}'", "COPY t TO PROGRAM 'touch {made}'", "COPY t FROM PROGRAM 'touch {made}'", "DO 'BEGIN END'",
        "SELECT lo_import('{secret}')", "SELECT lo_from_bytea(0, 'x')",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SET TRANSACTION READ WRITE", "WITH w AS (DELETE FROM t RETURNING *) SELECT * FROM w", "CREATE TEMP TABLE x AS SELECT 1",
        "SELECT * INTO u FROM t", "SELECT nextval('s')", "SELECT * FROM t FOR UPDATE",
    ),
}  # fmt: skip
"""What a query may try in order to leave its file, or to change something. `secret` is a file; nothing may be at `made` then."""


def test_a_query_reaches_nothing_else(where, write, read, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    made = Path(tempfile.gettempdir()) / f"layerloom-{uuid.uuid4().hex}"  # where another user, as the server's, could write
    write(where, PLAIN)
    if where["kind"] == "postgresql":
        with DatabaseReader(**where).connect(Path(), write=True) as connection:
            connection.execute("CREATE SEQUENCE s")
            connection.commit()
    before = {path.name for path in tmp_path.iterdir()}
    for template in ESCAPES[where["kind"]]:
        query = template.format(secret=tmp_path / "secret.csv", made=made, folder=tmp_path)
        try:
            said = refusal(DatabaseReader(**where, source="query", query=query), tmp_path)
        except pytest.fail.Exception as error:
            raise AssertionError(f"it was not refused: {query}") from error
        assert "The database says" in said, query
        assert not made.exists(), query
    assert {path.name for path in tmp_path.iterdir()} == before
    assert_frame_equal(read(where), PLAIN)


def test_views_in_a_file_reach_nothing_else(tmp_path):
    """A file of somebody else's may hold views, which are queries of theirs."""
    import duckdb

    (tmp_path / "secret.csv").write_text("a\n1\n")
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as connection:
        connection.execute(f"CREATE VIEW v AS SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
        connection.execute(f"CREATE MACRO m() AS TABLE SELECT * FROM read_text('{tmp_path / 'secret.csv'}')")
    where = {"kind": "duckdb", "path": "theirs.duckdb"}
    assert "disabled" in refusal(DatabaseReader(**where, table="v"), tmp_path)
    assert "disabled" in refusal(DatabaseReader(**where, source="query", query="SELECT * FROM m()"), tmp_path)


def test_the_only_table_of_a_file_is_read_and_of_several_one_has_to_be_chosen(tmp_path):
    file = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE flowers (name TEXT)")
        connection.execute("INSERT INTO flowers VALUES ('rose')")
        connection.commit()
        node = DatabaseReader(path=str(file))
        assert node.execute(Values({}), RecordingJob(tmp_path))["table"].frame()["name"].to_list() == ["rose"]
        connection.execute("CREATE TABLE trees (name TEXT)")
        connection.commit()
    with pytest.raises(NodeError, match="No table is chosen") as caught:
        node.execute(Values({}), RecordingJob(tmp_path))
    assert caught.value.remedy == "Choose one of: flowers, trees."


def test_mistakes_in_the_settings(tmp_path, write):
    where, table = FILES["sqlite"], {"table": Table.of(PLAIN)}
    write(where, PLAIN)
    assert "no query" in refusal(DatabaseReader(**where, source="query", query=" ; "), tmp_path)
    assert "No table" in refusal(DatabaseWriter(**where, table=" "), tmp_path, table)
    assert "No file" in refusal(DatabaseWriter(table="t"), tmp_path, table)
    twice = {"table": Table.of(pl.DataFrame({"a": [1], "A": [2]}))}
    assert "upper and lower" in refusal(DatabaseWriter(**where, table="u"), tmp_path, twice)
    struct = {"table": Table.of(pl.DataFrame({"a": [{"b": 1}]}))}
    assert "cannot hold" in refusal(DatabaseWriter(**where, table="u"), tmp_path, struct)
    with pytest.raises(ValueError, match="pattern"):
        DatabaseReader(password_variable="AWS_SECRET_ACCESS_KEY")


def test_what_was_written_is_told(tmp_path):
    job = RecordingJob(tmp_path)
    node = DatabaseWriter(kind="sqlite", path="new/folder/a.db", table="t")
    node.execute(Values({"table": Table.of(PLAIN)}), job)
    assert job.written == [tmp_path / "new/folder/a.db"]
    assert node.reproducible
    assert not DatabaseReader(kind="postgresql").reproducible


def test_passwords(postgres, monkeypatch, tmp_path, write, read):
    write(postgres, PLAIN)
    unset = DatabaseReader(**postgres | {"password_variable": "PGNOTHING"}, table="t")
    assert "no environment variable 'PGNOTHING'" in refusal_of_run(unset, tmp_path)
    passwords = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\")
    passwords.write_text(f"*:*:*:tester:{escaped}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    assert_frame_equal(read(postgres | {"password_variable": ""}), PLAIN)
    monkeypatch.setenv("LAYERLOOM_TEST_PASSWORD", "wrong")
    message = refusal_of_run(DatabaseReader(**postgres, table="t"), tmp_path)
    assert "authentication failed" in message
    assert "wrong" not in message


def refusal_of_run(node, folder):
    """What a node says where it is run without being configured."""
    with pytest.raises(NodeError) as caught:
        node.execute(Values({}), RecordingJob(folder))
    return caught.value.message


def test_a_silent_server_is_waited_for_once(tmp_path, monkeypatch):
    database_node._silent.clear()
    node = DatabaseReader(kind="postgresql", host=str(tmp_path), user="x", table="t")
    asked = []
    real = DatabaseReader._address
    monkeypatch.setattr(database_node, "connected", lambda *a, **k: asked.append(1) or _failing())
    assert "host=" in real(node, False, True)
    for _ in range(3):
        specs = Specs({}, folder=tmp_path)
        assert node.configure(specs) == {"table": None}
        assert specs.warnings
    assert len(asked) == 1
    monkeypatch.undo()
    database_node._silent.clear()
    assert "connect" in refusal_of_run(node, tmp_path)


@pytest.mark.parametrize("host", ["192.0.2.1", "db.example.org", "localhost,192.0.2.1", "::2", "localhost.example.org"])
def test_a_server_elsewhere_hears_nothing_before_the_run(tmp_path, monkeypatch, host):
    """Whoever opens a workflow of somebody else's must not be made known to a server that is named in it."""
    monkeypatch.setattr(DatabaseReader, "connect", lambda *a, **k: pytest.fail("a connection"))
    specs = Specs({}, folder=tmp_path)
    for cls in (DatabaseReader, DatabaseTables):
        made = cls(kind="postgresql", host=host, **({"table": "t"} if cls is DatabaseReader else {})).configure(specs)
        assert (made["table"] is None) == (cls is DatabaseReader)
    assert DatabaseWriter(kind="postgresql", host=host).configure(Specs({"table": Table.of(PLAIN).spec})) == {}


def test_what_is_this_machine(monkeypatch):
    def local(host):
        return DatabaseReader(kind="postgresql", host=host).on_this_machine

    monkeypatch.delenv("PGHOST", raising=False)
    monkeypatch.delenv("PGHOSTADDR", raising=False)
    assert all(map(local, ("", "localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "/run/postgresql", "::1,/tmp")))
    monkeypatch.setenv("PGHOST", "db.example.org")
    assert not local("")
    assert local("localhost")
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    assert not local("localhost")


def test_what_is_said_of_a_server_that_is_not_there(tmp_path):
    node = DatabaseReader(kind="postgresql", host=str(tmp_path / "none"), table="t")
    message = refusal_of_run(node, tmp_path)
    assert "connect" in message
    assert message.endswith(("socket.", "directory."))


@contextmanager
def _failing():
    raise DatabaseRefusal("Failed to connect")
    yield


def test_duckdb_is_let_go(tmp_path, write):
    write(FILES["duckdb"], PLAIN)
    with duckdb.connect(str(tmp_path / FILES["duckdb"]["path"])) as other:
        assert other.sql("SELECT count(*) FROM t").fetchall() == [(3,)]
        assert "other" in str(hint(DatabaseReader(**FILES["duckdb"], table="t"), tmp_path))


def hint(node, folder):
    """What a node advises."""
    with pytest.raises(NodeError) as caught:
        configure(node, folder=folder)
    return caught.value.remedy


@pytest.mark.parametrize(
    ("names", "unique"),
    [(["a", "b"], ["a", "b"]), (["a", "a", "a_1"], ["a", "a_2", "a_1"]), (["", " "], ["column", "column_1"]), ([], [])],
)
def test_unique_names(names, unique):
    assert conversion.unique_names(names) == unique


def test_parameters():
    made = conversion.parameter_values(["1", "1.5", "'1'", "x", "", "'", "1e3"])
    assert made == [1, 1.5, "1", "x", "", "'", 1000.0]
    assert [type(m) for m in made[:3]] == [int, float, str]
