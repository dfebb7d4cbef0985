"""The formats whose files are looked at in a process of their own, and how much a look may take."""

from __future__ import annotations

from typing import Literal

from nodes.kit.processes.limits import GIB, machine_memory

Format = Literal["excel", "parquet", "arrow", "hdf5", "model", "image", "statistics", "dicom"]
PROGRAMS: dict[Format, tuple[str, ...]] = {
    "excel": ("python-calamine",),
    "parquet": ("polars", "pyarrow"),
    "arrow": ("pyarrow", "polars"),
    "hdf5": ("h5py",),
    "model": ("scikit-learn", "skops"),
    "image": ("pillow",),
    "statistics": ("pyreadstat",),
    "dicom": ("pydicom", "pillow"),
}
"""The libraries that read them: with another version of them a file is looked at anew."""
LOOKED_THROUGH = 2**28
"""A larger file is looked at as a node does before it runs, not through and through: that takes as long as reading it."""
SMALL = 2**23
"""A file up to this size is looked through at once, also where its beginning would do for now."""


def time_limit(size: int, *, whole: bool) -> float:
    """How many seconds the look at a file of so many bytes may take."""
    return 30 + size / 2**20 if whole else 20


def memory_limit(size: int) -> int:
    """How many bytes of memory the look at a file of so many bytes may take: up to half of the machine's."""
    return max(GIB, min(2 * GIB + 64 * size, machine_memory() // 2))
