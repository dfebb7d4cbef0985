"""How much memory a node's work took at its highest, beyond what the process had before; where that can be measured.

Linux keeps the highest resident size of a process, and lets it be begun anew (`proc(5)`, clear_refs 5). It is the whole
process's: while several nodes work at the same time nobody can say whose it is, and then nothing is said. Memory on graphics
cards is not in it.
"""

from __future__ import annotations

import re
from pathlib import Path
from threading import Lock

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_lock = Lock()
_working: list[PeakMemory] = []


class PeakMemory:
    """A measurement, as a context.

    Attributes:
        peak: The bytes that came on top at the highest point, when it is over; None where that cannot be said.
    """

    def __init__(self) -> None:
        self.peak: int | None = None
        self.is_alone = True
        self._before: int | None = None

    def __enter__(self) -> PeakMemory:
        with _lock:
            self.is_alone = not _working
            for other in _working:
                other.is_alone = False
            _working.append(self)
            if self.is_alone and _begin_anew():
                self._before = _resident("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        with _lock:
            _working.remove(self)
            highest = _resident("VmHWM") if self.is_alone and self._before is not None else None
        if highest is not None and self._before is not None:
            self.peak = max(0, highest - self._before)


def _begin_anew() -> bool:
    """Let the highest size begin at the present one; return whether that is possible here."""
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _resident(name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii", errors="replace"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
