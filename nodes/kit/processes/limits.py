"""Limits that a process sets for itself, for one piece of work: where the system knows none (Windows), nothing is limited."""

from __future__ import annotations

import os
import sys
from pathlib import Path

GIB = 2**30


def machine_memory() -> int:
    """Return how many bytes of memory the machine has; a guess on Windows, where no limit can be set by it anyway."""
    if sys.platform == "win32":
        return 8 * GIB
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def no_core_dumps() -> None:
    """Leave no file behind after a crash."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_memory(beyond: int) -> None:
    """Take at most so many bytes of addresses beyond what is taken now."""
    if sys.platform == "linux":
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _set_soft(resource.RLIMIT_AS, taken + beyond)


def limit_processor(beyond: float) -> None:
    """Take at most so many seconds of the processor beyond what was taken by now."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _set_soft(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + beyond) + 1)


def _set_soft(limit: int, value: int) -> None:
    """Set what a process may set for itself, within what it was given."""
    import resource

    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
