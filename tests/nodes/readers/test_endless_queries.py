"""Queries that never end: a node is configured without them, and Cancel ends them, in every kind of database."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress

import duckdb
import polars as pl
import psutil
import pytest

from nodes.base import Cancelled, NodeError, Specs, Values
from nodes.kit.databases import node as database_node
from nodes.kit.databases import remote
from nodes.readers.database import DatabaseReader
from nodes.values.table import Table
from nodes.writers.database import DatabaseWriter
from tests.support import RecordingJob

pytestmark = pytest.mark.usefixtures("server")
ENDLESS = {
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS n FROM c",
    "duckdb": "SELECT count(*) AS n FROM range(10000000000) AS a, range(10000000000) AS b WHERE a.range * b.range = 7",
    "postgresql": "SELECT pg_sleep(1000)",
}
ROWS = {
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS n FROM c",
    "duckdb": "SELECT range AS n FROM range(1000000000000)",
    "postgresql": "SELECT n FROM generate_series(1, 1000000000000) AS n",
}
"""Whose rows never end."""
ENDLESS_PLANS = {
    "sqlite": ENDLESS["sqlite"],
    "duckdb": "SELECT len(list_filter(range(1000000), lambda x: len(list_filter(range(1000000), lambda y: y * x = 7)) > 0)) AS n",
    "postgresql": "SELECT forever() AS n",
}
"""That are computed even where no row is asked for; DuckDB's own interrupt does not end this one."""
FOREVER = "CREATE FUNCTION forever() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN LOOP END LOOP; END'"


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    database_node._silent.clear()
    yield
    database_node._silent.clear()


class CancelledSoon(RecordingJob):
    """A job that is cancelled a moment after it began; prints how much later its node ended."""

    def begin(self, node):
        timer = threading.Timer(0.4, self._cancel)
        timer.start()
        try:
            with pytest.raises(Cancelled):
                node.execute(Values({}), self)
        finally:
            timer.join()
        print(f"{time.monotonic() - self.at:.2f} s")

    def _cancel(self):
        self.at = time.monotonic()
        self.cancelled = True


class Stream(CancelledSoon):
    """A job whose streamed tables go nowhere."""

    def stream(self, batches):
        for _ in batches:
            pass
        return Table.of(pl.DataFrame())


def reader(where, query):
    return DatabaseReader(**where, source="query", query=query)


@pytest.fixture
def endless(where, write, tmp_path):
    """A database with a table, and a reader of it whose query never ends, not even without its rows."""
    write(where, pl.DataFrame({"a": [1]}))
    if where["kind"] == "postgresql":
        with DatabaseReader(**where).connect(tmp_path, write=True) as connection:
            connection.execute(FOREVER)
            connection.commit()
    return reader(where, ENDLESS_PLANS[where["kind"]])


def test_a_node_is_configured_without_the_answer(endless, tmp_path, monkeypatch):
    monkeypatch.setattr(database_node, "QUICK_SECONDS", 1)
    node = endless
    for _ in range(2):
        specs = Specs({}, folder=tmp_path)
        assert node.configure(specs) == {"table": None}
        assert ["The columns are known only after a run" in warning for warning in specs.warnings] == [True]
    assert len(database_node._silent) == 1  # the second time nobody was asked


def test_other_questions_are_answered(endless, where, tmp_path):
    assert endless.configure(Specs({}, folder=tmp_path)) == {"table": None}
    assert list(reader(where, "SELECT a FROM t").configure(Specs({}, folder=tmp_path))["table"].schema) == ["a"]


@pytest.mark.parametrize("query", [ENDLESS, ROWS, ENDLESS_PLANS], ids=["no answer", "rows", "plan"])
def test_cancel_ends_a_query(endless, where, write, tmp_path, query):
    job = Stream(tmp_path)
    job.begin(reader(where, query[where["kind"]]))
    write(where, pl.DataFrame({"a": [1]}), table="u")  # the file is let go of, and the server (see its fixture)


def test_cancel_ends_the_wait_for_a_lock(tmp_path):
    """Someone else holds the database: a writer that is waiting for it can be cancelled, and has written nothing."""
    path = tmp_path / "locked.duckdb"
    with duckdb.connect(str(path)) as other:
        other.sql("CREATE TABLE t AS SELECT 1 AS a")
        job = RecordingJob(tmp_path, cancelled=True)
        node = DatabaseWriter(kind="duckdb", path=str(path), table="u")
        with pytest.raises((Cancelled, NodeError)):
            node.execute(Values({"table": Table.of(pl.DataFrame({"a": [1]}))}), job)
        assert other.sql("SHOW TABLES").fetchall() == [("t",)]


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
def test_a_driver_that_crashes_is_told(where, write, read, tmp_path):
    """As over a damaged file: the process that speaks to the database ends, and nothing else."""
    write(where, pl.DataFrame({"a": [1]}))
    with (
        pytest.raises(NodeError, match="crashes"),
        DatabaseReader(**where).connect(tmp_path / where.get("path", "")) as connection,
    ):
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):  # among them zombies, which have no command line
                if "nodes.kit.databases" in child.cmdline():
                    child.send_signal(signal.SIGSEGV)
        list(connection.query("SELECT 1"))
    assert read(where)["a"].to_list() == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such limit")
def test_an_answer_too_large_for_the_memory(tmp_path, write, monkeypatch):
    where = {"kind": "sqlite", "path": "a.db"}
    write(where, pl.DataFrame({"a": range(10)}))
    monkeypatch.setattr(remote, "machine_memory", lambda: 2**29)
    with pytest.raises(NodeError, match="memory"):
        reader(where, "SELECT zeroblob(90000000) AS b FROM t").execute(Values({}), RecordingJob(tmp_path))


def test_a_mistake_costs_no_process(where, write, tmp_path):
    write(where, pl.DataFrame({"a": [1]}))
    started = remote._pool.started
    for _ in range(3):
        with pytest.raises(NodeError, match="nothing"):
            reader(where, "SELECT nothing FROM t").configure(Specs({}, folder=tmp_path))
    assert remote._pool.started <= started + 1
