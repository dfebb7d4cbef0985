"""The machine has what Qt needs, and the script that sees to it says what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(".ci/system_libraries.py")
WINDOW = """
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication([])
label = QLabel("Layerloom")
label.show()
application.processEvents()
image = label.grab().toImage()
assert image.width() > 10 and len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 1
"""


def test_a_qt_window_opens_and_draws_text() -> None:
    environment = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
    done = subprocess.run(
        [sys.executable, "-c", WINDOW], check=False, capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere Qt brings all it needs")
def test_what_is_missing_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    program = (
        f"import runpy, sys; module = runpy.run_path({str(SCRIPT)!r})\n"
        "module['PACKAGES'].clear(); module['PACKAGES']['libnone1'] = 'libnone.so.1'\n"
        "module['shutil'].which = lambda name: None\n"
        "sys.exit(module['main']())"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "libnone.so.1" in done.stderr
    assert "sudo apt-get install libnone1" in done.stderr
    assert subprocess.run([sys.executable, str(SCRIPT)], check=False, timeout=60).returncode == 0
