"""The screen of the tests' windows: Qt's offscreen platform by itself has one of 800 x 800."""

from __future__ import annotations

import json
from pathlib import Path

PLATFORM = f"offscreen:configfile={Path(__file__).with_name('screen.json')}"
"""For `QT_QPA_PLATFORM`: a screen of 1920 x 1200."""


def platform(folder: Path, width: int, height: int, scale: float = 1) -> str:
    """Return the same for a screen of another size, in device-independent pixels; its description is put into the folder."""
    description = json.loads(Path(__file__).with_name("screen.json").read_text())
    description["screens"][0] |= {"width": width, "height": height, "dpr": scale}
    file = folder / f"screen-{width}-{height}-{scale}.json"
    file.write_text(json.dumps(description))
    return f"offscreen:configfile={file}"
