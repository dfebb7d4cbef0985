"""The window fits on the screen that it is on, whatever is shown in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import homes, screen

LOOK_AT_EVERYTHING = """
import json, sys
from PySide6.QtWidgets import QApplication
from app.editor.application import make_services, open_window
from app.editor.look import look
from pathlib import Path

app = QApplication([])
services = make_services()
look().start("light")
window = open_window(services)
app.processEvents()
first = window.frameGeometry()
room = window.screen().availableGeometry()
least = []
window.commands.files.open(Path("workflows/fashion_mnist_cnn.workflow.json"))
for name in ("repository", "config", "help", "learning", "monitor", "problems", "console"):
    window.docks.show(name)
    for node in ("learner", "conv_1", "read_training"):
        window.desk.current.canvas.select([node])
        app.processEvents()
    least.append([window.minimumSizeHint().width(), window.minimumSizeHint().height()])
last = window.frameGeometry()
dock = window.docks._docks
beside = dock["learning"] in window.tabifiedDockWidgets(dock["monitor"])
print(json.dumps({
    "inside": room.contains(first) and room.contains(last),
    "least": [max(side) for side in zip(*least)],
    "curves are a tab": beside,
    "whole": window.isMaximized(),
}))
sys.stdout.flush()
import os
os._exit(0)
"""


@pytest.mark.parametrize(
    ("width", "height", "scale", "small"),
    [
        (1100, 650, 1, True),
        (960, 540, 2, True),
        (2560, 1440, 1, False),
        pytest.param(1366, 768, 1, True, marks=pytest.mark.exhaustive),
        pytest.param(1920, 1200, 1, False, marks=pytest.mark.exhaustive),
    ],
)
def test_the_first_window_fits_on_the_screen(tmp_path: Path, width: int, height: int, scale: int, small: bool) -> None:
    here = {
        "LAYERLOOM_HOME": str(homes.lived_in(tmp_path)),
        "LAYERLOOM_RESULTS": str(tmp_path / "results"),
        "QT_QPA_PLATFORM": screen.platform(tmp_path, width, height, scale),
    }
    command = [sys.executable, "-c", LOOK_AT_EVERYTHING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=os.environ | here)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["least"][0] <= 1100, seen
    assert seen["least"][1] <= 650, seen
    if width >= 1100:
        assert seen["inside"], seen
    assert seen["whole"] == small
    assert seen["curves are a tab"] == (width < 1500)
