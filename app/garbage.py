"""Python's collector of circular garbage, and when it must wait: the one place that holds it back, with what each time gains.

The collector looks through all objects there are, again and again, while more of them are made than taken away, and no thread can
do anything meanwhile. Figures: Python 3.11, a machine with two cores, medians of runs with and without in turns.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def hold() -> None:
    """Let the collector wait until `release`: what is made until then stays.

    The window stands 0.05 to 0.1 s earlier.
    """
    gc.disable()


def release() -> None:
    """Let the collector go on, and pass over what is there now.

    Once all modules are there, one look through them stops the window for 0.2 s; passed over, for less than 1 ms.
    """
    gc.freeze()
    gc.enable()


@contextmanager
def held() -> Iterator[None]:
    """Let the collector wait meanwhile, and then pass over what is there.

    A run whose results are stored, from 0.9 s on, is 0.15 to 0.2 s shorter: it is imports and a plan, all of which stay.
    """
    hold()
    try:
        yield
    finally:
        release()


def look_seldom() -> None:
    """Let the collector look less often from now on, and pass over what is there now; for the engine.

    An edit of the first of 1 000 nodes makes thousands of objects that all stay: 59 ms until the canvas shows it, else 106.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@contextmanager
def paused() -> Iterator[None]:
    """Let the collector wait while something large is made that stays.

    A plan of 10 000 nodes takes 0.36 s, else 0.56; time per node no longer grows with their number. (Of 1 000: 31 ms either way.)
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def taken_along() -> Iterator[None]:
    """Take away what the work inside leaves behind as soon as it is done, while it is young.

    matplotlib's objects refer to each other in circles, thousands a drawing. Left alone, those of many drawings grow old:
    the collector then stops the window for 0.1 s, and for 0.5 s where `release` has not been called. Taken along it is 15 ms.
    """
    with paused():
        yield
    if gc.isenabled():
        gc.collect(0)
