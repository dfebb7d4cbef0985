"""What `make test` tries a sample of and `make test-all` all: the sample changes with every commit.

Pytest's header names the seed; with it in LAYERLOOM_TEST_SEED a sample comes again.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

Thing = TypeVar("Thing")
VARIABLE = "LAYERLOOM_TEST_SEED"


@cache
def seed() -> str:
    """What the samples of this run are drawn with: the commit, where the environment names nothing else."""
    if VARIABLE not in os.environ:  # else a person chose it, or the process that started this one
        command = ["git", "rev-parse", "--short=12", "HEAD"]
        try:
            done = subprocess.run(command, cwd=Path(__file__).parent, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError):  # an unpacked archive
            return "none"
        os.environ[VARIABLE] = done.stdout.strip()
    return os.environ[VARIABLE]


def sampled(things: Iterable[Thing], count: int, name: str = "") -> list[Thing]:
    """Some of the things, in their order; all if there are not more.

    Args:
        things: What to draw from.
        count: How many are drawn.
        name: What they are drawn for: under another name others are drawn.
    """
    things = list(things)
    chosen = random.Random(f"{seed()} {name}").sample(range(len(things)), min(count, len(things)))
    return [things[n] for n in sorted(chosen)]


def mostly_exhaustive(things: Iterable[Thing], count: int, name: str = "") -> list[Any]:
    """Parameters of a test that `make test` runs with a sample of them only, `make test-all` with all."""
    things = list(things)
    quick = sampled(range(len(things)), count, name)
    return [pytest.param(thing, marks=() if n in quick else pytest.mark.exhaustive) for n, thing in enumerate(things)]
