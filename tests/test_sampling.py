"""What is tried of much: the same in a run and for a seed, something else with another one."""

from __future__ import annotations

import pytest

from tests.conftest import pytest_report_header
from tests.sampling import VARIABLE, mostly_exhaustive, sampled, seed

THINGS = [f"thing {n}" for n in range(20)]


def drawn_with(chosen: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv(VARIABLE, chosen)
    seed.cache_clear()
    return sampled(THINGS, 5, "these")


@pytest.fixture(autouse=True)
def _the_seed_of_the_run_is_back_afterwards(monkeypatch: pytest.MonkeyPatch):
    yield
    monkeypatch.undo()
    seed.cache_clear()


def test_a_seed_draws_the_same_again_and_all_come_in_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    first = drawn_with("a", monkeypatch)
    assert first == sorted(first, key=THINGS.index)
    assert len(set(first)) == 5
    assert drawn_with("a", monkeypatch) == first
    assert {thing for n in range(60) for thing in drawn_with(str(n), monkeypatch)} == set(THINGS)
    assert sampled(THINGS[:3], 5) == THINGS[:3]


def test_what_is_not_drawn_is_left_to_the_exhaustive_tests() -> None:
    parameters = mostly_exhaustive(THINGS, 5, "these")
    assert [p.values[0] for p in parameters] == THINGS
    assert [p.values[0] for p in parameters if not p.marks] == sampled(THINGS, 5, "these")
    assert all(mark.name == "exhaustive" for p in parameters for mark in p.marks)


def test_the_header_names_the_seed() -> None:
    assert f"{VARIABLE}={seed()}" in pytest_report_header()
