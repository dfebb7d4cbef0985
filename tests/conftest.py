"""Rules for all tests: nothing is left behind, and nothing outside the test's own folder is written."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

# One CPU burst on a shared machine must not fail a property.
settings.register_profile("layerloom", deadline=None)
settings.load_profile("layerloom")

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the program has it
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def _nothing_outside_the_folder_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLOOM_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    """A test that leaves a thread of ours or a child process behind fails."""
    threads, children = set(threading.enumerate()), set(psutil.Process().children(recursive=True))
    yield
    started = [t for t in threading.enumerate() if t not in threads and not t.daemon]
    for thread in started:
        thread.join(timeout=2)
    assert not [t for t in started if t.is_alive()], "a thread is still running"
    left = [p for p in psutil.Process().children(recursive=True) if p not in children and p.status() != psutil.STATUS_ZOMBIE]
    assert not left, f"a process is still running: {left}"
