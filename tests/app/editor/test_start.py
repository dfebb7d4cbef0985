"""The start of the editor: what is not imported for it, what is imported ahead afterwards, and icons without QtAwesome's code."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import qtawesome
from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QIcon, QImage
from pytestqt.qtbot import QtBot

from app.editor.icons import font_icon
from app.editor.views.background import in_background, wait_until_idle
from app.editor.warm_up import WarmUp
from app.icon_font import character
from nodes.catalog import Catalog
from tests import screen

LATER = {"tensorflow", "keras", "polars", "pyarrow", "matplotlib", "numpy", "networkx", "NodeGraphQt", "qtpy", "qtawesome"}
START = """
import json, sys
from app.editor import application
from app.editor.window import MainWindow

def shown(window):
    print(json.dumps(sorted({m.partition(".")[0] for m in sys.modules})))
    print(json.dumps([m for m in sys.modules if m.startswith("nodes.layers")]))
    window.close()

application.run([], None, shown)
"""

WITHOUT_SETUPTOOLS = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("setuptools", "distutils", "pkg_resources"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import app.editor.application
import app.editor.canvas
import app.engine.server
import app.run
import qtawesome
"""


@pytest.fixture
def collecting() -> Iterator[None]:
    """The collector is as it was afterwards."""
    yield
    gc.unfreeze()
    gc.enable()


def test_the_window_stands_without_what_is_needed_later(tmp_path: Path) -> None:
    here = {"LAYERLOOM_HOME": str(tmp_path), "LAYERLOOM_RESULTS": str(tmp_path / "results"), "QT_QPA_PLATFORM": screen.PLATFORM}
    command = [sys.executable, "-c", START]
    for which in ("first", "second"):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=os.environ | here)
        modules, layers = (json.loads(line) for line in done.stdout.splitlines()[-2:])
        classes = {"polars"} if which == "first" else set()  # table nodes import it: once, to write the index of the classes
        assert LATER & set(modules) == classes
        assert (layers == []) == (which == "second"), "from the second start on, node classes are imported when they are needed"


def test_no_setuptools_is_needed() -> None:
    """Python 3.12 has no distutils, which NodeGraphQt imports, and setuptools is not installed with the program."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_SETUPTOOLS], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_wanted_soon_is_imported_in_the_background(qtbot: QtBot, collecting: None) -> None:
    catalog = Catalog.load(plugins=False)
    order: list[str] = []
    parent = QObject()
    warm_up = WarmUp(catalog, parent)
    assert not gc.isenabled()
    warm_up.go_on()
    in_background(lambda: order.append("drawing"), lambda _: order.append("drawn"))
    qtbot.waitUntil(gc.isenabled, timeout=30_000)
    assert order == ["drawing", "drawn"]
    assert {"app.editor.canvas", "matplotlib.figure"} <= set(sys.modules)
    assert wait_until_idle()


def image(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> QImage:
    return icon.pixmap(QSize(32, 32), mode).toImage().convertToFormat(QImage.Format.Format_ARGB32)


@pytest.mark.parametrize("name", ["mdi6.play", "mdi6.menu", "mdi6.magnify", "mdi6.puzzle-outline", "mdi6.table"])
def test_an_icon_is_what_qtawesome_would_draw(qtbot: QtBot, name: str) -> None:
    theirs = qtawesome.icon(name, color="#2F6FDE", color_disabled="#888888")
    ours = font_icon(name, "#2F6FDE", "#888888")
    assert character(name) == qtawesome.charmap(name)
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
        assert image(ours, mode) == image(theirs, mode)
    assert image(ours) != image(ours, QIcon.Mode.Disabled)
    assert image(QIcon(ours)) == image(ours)


def test_an_icon_that_does_not_exist_is_a_circle(qtbot: QtBot) -> None:
    assert character("mdi6.no-such-thing") == character("fa5s.star") == qtawesome.charmap("mdi6.circle-outline")


def test_every_node_has_an_icon_that_exists(qtbot: QtBot) -> None:
    circle = character("mdi6.circle-outline")
    missing = [
        about.id
        for about in Catalog.load(plugins=False).about.values()
        if about.icon != "mdi6.circle-outline" and character(about.icon) == circle
    ]
    assert not missing
