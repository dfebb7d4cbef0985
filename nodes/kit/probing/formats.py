"""The formats whose files are looked at in a process of their own, and how much a look may take."""

from __future__ import annotations

import os
import sys
from typing import Literal

Format = Literal["excel", "parquet", "arrow", "hdf5", "model", "image"]
PROGRAMS: dict[Format, tuple[str, ...]] = {
    "excel": ("fastexcel", "polars"),
    "parquet": ("polars", "pyarrow"),
    "arrow": ("pyarrow", "polars"),
    "hdf5": ("h5py",),
    "model": ("scikit-learn", "skops"),
    "image": ("pillow",),
}
"""The libraries that read them: with another version of them a file is looked at anew."""
LOOKED_THROUGH = 2**28
"""A larger file is looked at as a node does before it runs, not through and through: that takes as long as reading it."""
SMALL = 2**23
"""A file up to this size is looked through at once, also where its beginning would do for now."""
GIB = 2**30
IMPORT_SECONDS = 120
"""So long the libraries may take to be imported, on a machine that has much else to do."""
IDLE_SECONDS = 60
"""So long a process waits for the next file."""


def time_limit(size: int, *, whole: bool) -> float:
    """How many seconds the look at a file of so many bytes may take."""
    return 30 + size / 2**20 if whole else 20


def memory_limit(size: int) -> int:
    """How many bytes of memory the look at a file of so many bytes may take: up to half of the machine's."""
    return max(GIB, min(2 * GIB + 64 * size, _machine_memory() // 2))


def _machine_memory() -> int:
    if sys.platform == "win32":
        return 8 * GIB  # there is no limit to be set there anyway
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
