"""Rules for all tests: nothing is left behind, and nothing outside the test's own folder is written."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests import homes, sampling, screen

# One CPU burst on a shared machine must not fail a property.
settings.register_profile("layerloom", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("layerloom")

SHARED = ("tests/nodes/test_awkward_tables.py", "tests/nodes/layers/test_inference.py")
"""Long files whose tests need nothing of each other."""

SLOW = (
    "tests/app/editor/test_engine_client.py",
    "tests/test_editor_job.py",
    "tests/nodes/readers/test_endless_queries.py",
    "tests/nodes/networks/test_network_learner.py",
    "tests/test_main_job.py",
    "tests/app/test_run.py",
    "tests/app/engine/test_server.py",
    "tests/nodes/networks/test_training_options.py",
    "tests/app/engine/test_executor.py",
    "tests/test_examples.py",
    "tests/nodes/writers/test_exports.py",
    "tests/faults/test_faults_of_workflows_and_stores.py",
    "tests/app/editor/test_trusting.py",
)
"""Files with few tests that take long; pytest-xdist would begin with those of most tests."""

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the program has it
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    os.environ["QT_QPA_PLATFORM"] = screen.PLATFORM


class FilesAndTests(LoadFileScheduling):
    """Gives a worker whole files, which may share a window or a server, and then single tests of the files in `SHARED`."""

    def _assign_work_unit(self, node: Any) -> None:
        """What takes longest comes first, so that at the end no worker waits for another one."""
        first = next((scope for scope in SLOW if scope in self.workqueue), None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(SHARED) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesAndTests | None:
    return FilesAndTests(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_report_header() -> str:
    return f"samples: drawn with {sampling.VARIABLE}={sampling.seed()}"


@pytest.fixture(autouse=True, scope="session")
def _indexes_are_made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pytest's own cache keeps them for the next time."""
    cache = getattr(request.config, "cache", None)
    homes.make_indexes(cache.mkdir("layerloom") if cache else tmp_path_factory.mktemp("indexes"))


@pytest.fixture(autouse=True)
def _nothing_outside_the_folders_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    home = tmp_path.with_name(f"{tmp_path.name} home")  # beside: many tests look at all that is in their folder
    monkeypatch.setenv("LAYERLOOM_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("LAYERLOOM_HOME", str(homes.lived_in(home)))
    yield
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def own_home() -> Path:
    """The home that the program has in this test."""
    return Path(os.environ["LAYERLOOM_HOME"])


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    """A test that leaves a thread of ours or a child process behind fails."""
    threads, children = set(threading.enumerate()), _children()
    yield
    started = [t for t in threading.enumerate() if t not in threads and not t.daemon]
    for thread in started:
        thread.join(timeout=2)
    assert not [t for t in started if t.is_alive()], "a thread is still running"
    left = [p for p in _children() if p not in children and p.status() != psutil.STATUS_ZOMBIE and not _waits_for_work(p)]
    assert not left, f"a process is still running: {left}"


def _waits_for_work(process: psutil.Process) -> bool:
    """Whether it is one that looks at files or speaks to databases: kept for the next, it ends by itself."""
    try:
        return bool({"nodes.kit.probing", "nodes.kit.databases"} & set(process.cmdline()))
    except psutil.NoSuchProcess:
        return True


def _children() -> set[psutil.Process]:
    """The processes that this one started, and those that they did."""
    if hasattr(os, "waitid"):
        try:  # most tests start none: the system says so at once, while a look at all processes takes milliseconds
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return set()
    return set(psutil.Process().children(recursive=True))


_timers: weakref.WeakSet[Any] = weakref.WeakSet()
"""All timers that were started from Python."""


@pytest.fixture(autouse=True, scope="session")
def _timers_are_known() -> Iterator[None]:
    """Have every QTimer that is started be known: Qt has no list of them. (napari's tests do it so, too.)"""
    if "PySide6.QtCore" not in sys.modules:
        yield
        return
    from PySide6.QtCore import QTimer

    start = QTimer.start

    def noted(self: QTimer, *arguments: int) -> None:
        _timers.add(self)
        start(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QTimer, "start", noted)
        yield


@pytest.fixture(autouse=True)
def _nothing_of_qt_is_left() -> Iterator[None]:
    """A test that leaves a window, a running timer of its own or work in a thread pool behind fails.

    What belongs to a window that was there before (one that the tests of a module share) is that window's business.
    """
    application = _qt_application()
    before = set(application.topLevelWidgets()) if application else set()
    roots = {id(widget) for widget in before}
    running = {timer for timer in _timers if _is_alive(timer) and timer.isActive()}
    yield
    application = _qt_application()
    if application is None:
        return
    _delete_what_is_to_be_deleted(application)
    if _left_of_qt(application, before, roots, running):
        gc.collect()
        _delete_what_is_to_be_deleted(application)
        application.processEvents()
    left = _left_of_qt(application, before, roots, running)
    for widget in set(application.topLevelWidgets()) - before:  # or the next test would be blamed, too
        if widget.parent() is None:
            widget.deleteLater()
    _delete_what_is_to_be_deleted(application)
    assert not left, f"left behind: {left}"


def _qt_application() -> Any:
    """The application, if there is one with windows."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets.QApplication.instance() if widgets else None


def _delete_what_is_to_be_deleted(application: Any) -> None:
    """Do at once what Qt would do when its event loop runs again; between tests none does, and all later ones get slower."""
    from PySide6.QtCore import QEvent

    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _is_alive(thing: Any) -> bool:
    from shiboken6 import isValid

    return bool(isValid(thing))


def _left_of_qt(application: Any, before: set[Any], roots: set[int], running: set[Any]) -> list[str]:
    from PySide6.QtCore import QThreadPool

    shown = [f"window {w!r}" for w in application.topLevelWidgets() if w not in before and w.isVisible()]
    timers = []
    for timer in list(_timers):
        if timer in running or not _is_alive(timer) or not timer.isActive():
            continue
        root = timer
        while root.parent() is not None:
            root = root.parent()
        if id(root) not in roots:
            timers.append(f"timer of {timer.parent()!r}")
    busy = [] if QThreadPool.globalInstance().waitForDone(2000) else ["work in the thread pool"]
    return shown + timers + busy
