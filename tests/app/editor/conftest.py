"""What the tests of the editor share: a real engine process, with folders of the test's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.editor.engine.client import EngineClient
from app.editor.window import MainWindow
from tests.app.editor.window_support import Person, a_window

Start = Callable[..., EngineClient]


@pytest.fixture
def start_engine(qtbot: QtBot) -> Iterator[Start]:
    """Starts engines, with options of `EngineClient`, and waits until they are ready; they are ended after the test.

    TensorFlow is imported when it is needed only, so that tests without it stay short.
    """
    clients: list[EngineClient] = []

    def start(*, wait: bool = True, **options: object) -> EngineClient:
        client = EngineClient(**{"arguments": ("--warm-up", "-1"), **options})  # type: ignore[arg-type]
        clients.append(client)
        if wait:
            with qtbot.waitSignal(client.ready, timeout=30_000):
                client.start()
        return client

    yield start
    for client in clients:
        client.shutdown()


@pytest.fixture
def engine(start_engine: Start) -> EngineClient:
    """A started engine, ready."""
    return start_engine()


@pytest.fixture
def toy_engine(start_engine: Start, tmp_path: Path) -> EngineClient:
    """A started engine that also has the toy nodes of `tests.app.engine.toy`, as a plug-in."""
    return start_engine(environment=toy_plug_in(tmp_path))


def toy_plug_in(folder: Path, *more: str) -> dict[str, str]:
    """The environment of an engine that finds the toy nodes: a package's entry points, as pip would have installed it.

    Args:
        folder: Where to put the package.
        more: Further modules that are to be loaded.
    """
    info = folder / "plug-ins" / "toys-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    points = "".join(f"{module} = {module}\n" for module in ("tests.app.engine.toy", *more))
    (info / "entry_points.txt").write_text(f"[layerloom.nodes]\n{points}")
    root = Path(__file__).resolve().parents[3]
    return {"PYTHONPATH": os.pathsep.join([str(info.parent), str(root)])}


@pytest.fixture(scope="module")
def shared_window(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """A person before the window that all tests of a module share, with an engine that has the toy nodes, too."""
    folder = tmp_path_factory.mktemp("window")
    with a_window(folder, plug_ins=toy_plug_in(folder)) as person:
        yield person


@pytest.fixture
def person(shared_window: Person) -> Iterator[Person]:
    """A person before a window in which nothing is open."""
    shared_window.clean()
    yield shared_window
    shared_window.clean()


@pytest.fixture
def window(person: Person) -> MainWindow:
    """A window in which nothing is open."""
    return person.window
