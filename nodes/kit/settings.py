"""Settings that nodes of several shelves have alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodes.base import setting

SEEDS = 2**63 - 1
"""The largest seed that polars and numpy take; a setting may allow fewer, where its library does."""


SEEDS_32 = 2**32 - 1
"""The largest seed that Keras and scikit-learn take."""


def seed_setting(help: str, *, most: int = SEEDS, group: str = "Settings", shown_if: Mapping[str, Any] | None = None) -> Any:
    """Declare a random seed: 0 at first, so that a new node gives the same in every run; empty means by chance.

    Args:
        help: What the same seed repeats, and what an empty one does.
        most: The largest seed.
        group: As in `nodes.base.setting`.
        shown_if: As in `nodes.base.setting`.
    """
    return setting(0, "Random seed", help, ge=0, le=most, group=group, shown_if=shown_if)
