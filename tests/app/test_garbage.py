"""Holding the collector of circular garbage back: it is as it was afterwards, and passes over what it may."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from app import garbage


class Circle:
    """Something that only the collector can take away."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """The collector is as it was afterwards."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)
    gc.enable()


def test_what_is_made_while_it_waits_is_passed_over_afterwards() -> None:
    with garbage.held():
        assert not gc.isenabled()
        kept = Circle()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert all(one is not kept for one in gc.get_objects())


def test_it_goes_on_after_a_failure() -> None:
    with pytest.raises(KeyError), garbage.held():
        raise KeyError
    with pytest.raises(KeyError), garbage.paused():
        raise KeyError
    assert gc.isenabled()


def test_a_pause_within_a_pause_does_not_end_it() -> None:
    with garbage.paused():
        with garbage.paused(), garbage.taken_along():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_what_the_work_leaves_behind_is_taken_along() -> None:
    with garbage.taken_along():
        circle = weakref.ref(Circle())
        assert circle() is not None
    assert circle() is None


def test_the_engine_looks_seldom() -> None:
    before = gc.get_threshold()
    garbage.look_seldom()
    assert gc.get_threshold() > before
    assert gc.get_freeze_count() > 0
