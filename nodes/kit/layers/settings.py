"""Settings that layers have alike."""

from __future__ import annotations

from typing import Any

from nodes.base import setting


def layer_seed_setting(what: str = "the random numbers the same") -> Any:
    """Declare where a layer's random numbers begin.

    Args:
        what: What a seed makes of each run, as a part of a sentence.
    """
    help = f"Makes {what} in every run; empty leaves that to the learner's seed."
    return setting(None, "Random seed", help, ge=0, advanced=True)
