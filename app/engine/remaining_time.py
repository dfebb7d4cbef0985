"""How long a node will still take, from how far it has come since it first said so."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_FRACTION = 0.01
LEAST_SECONDS = 1.0


@dataclass
class RemainingTime:
    """An estimate for one node at work.

    What was done before the first word counts neither as work nor as time: a training that goes on from a checkpoint starts
    in the middle, and the first one compiles for a while.
    """

    _first: tuple[float, float] | None = None
    _last: tuple[float, float] | None = None

    def see(self, fraction: float | None, now: float) -> None:
        """Note how far it is at a time in seconds."""
        if fraction is None:
            return
        if self._first is None or fraction < self._first[0]:
            self._first = fraction, now
        self._last = fraction, now

    def seconds_left(self, now: float) -> float | None:
        """Seconds still to go; None before that can be said with some sense."""
        if self._first is None or self._last is None:
            return None
        work, time = self._last[0] - self._first[0], self._last[1] - self._first[1]
        if work < LEAST_FRACTION or time < LEAST_SECONDS:
            return None
        return max(0.0, time * (1 - self._last[0]) / work - (now - self._last[1]))
