"""python -m app [FILE]: opens the editor. Nothing heavy is imported before the command line is understood."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app import __version__, garbage

_REMEDY = """On Debian or Ubuntu, this installs what Qt needs:
  sudo apt-get install libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 \\
    libxcb-image0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxkbcommon-x11-0
Workflows run without a window, too: python -m app.run FILE"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the editor; returns the exit code."""
    parser = argparse.ArgumentParser(prog="layerloom", description="Build, run and understand networks without writing code.")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="workflows to open (.workflow.json)")
    parser.add_argument("--results", type=Path, metavar="DIR", help="the folder of the stored results")
    parser.add_argument("--version", action="version", version=f"Layerloom {__version__}")
    options = parser.parse_args(arguments)
    garbage.hold()  # `WarmUp` releases it
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        parser.exit(1, f"layerloom: the window's libraries cannot be loaded: {error}.\n{_REMEDY}\n")
    from app.editor.application import run

    return run(options.files, options.results)


if __name__ == "__main__":
    sys.exit(main())
