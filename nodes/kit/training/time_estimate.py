"""How far a training is, and how long it will still take."""

from __future__ import annotations

import math
import time

from nodes.wording import clock

VALIDATION_COST = 0.4
"""A batch of validation takes about this part of a batch of training; for the estimate of the time left only."""


class TimeEstimate:
    """How far a training is, and how long it will still take."""

    def __init__(self, epochs: int, batches: int, validation_batches: float) -> None:
        self._per_epoch = batches + VALIDATION_COST * validation_batches
        self._total = epochs * self._per_epoch
        self._done = self._at_start = 0.0
        self._began = 0.0

    def start(self, epochs_done: int) -> None:
        """Begin, perhaps with some epochs done already."""
        self._done = self._at_start = epochs_done * self._per_epoch
        self._began = time.perf_counter()

    def advance(self, batches: float) -> None:
        """Count some more batches as done."""
        self._done += batches

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(self._done / self._total, 1.0) if self._total else 1.0

    def left(self) -> list[str]:
        """Return `0:41 left`; nothing where it cannot be said."""
        done = self._done - self._at_start
        if not done:
            return []
        seconds = math.ceil((time.perf_counter() - self._began) * max(self._total - self._done, 0) / done)
        return [f"{clock(seconds)} left"]
