"""What tells one start of this machine from another."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def boot_id() -> str:
    """Return a name of the machine's session since it was last started; empty where the system does not say."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""
