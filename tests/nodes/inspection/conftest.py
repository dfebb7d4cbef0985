"""Small networks are compiled to a graph in some tests only: that takes longer than computing them many times."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

COMPILED = (
    "tape",
    "add_up",
    "paper",
    "batches",
    "overlays",
    "smooth_grad",
    "mean_of_its_patches",
    "answer_to_most",
    "into_the_last",
)
"""Words in the names of tests that compute as nodes do in the program."""


@pytest.fixture(autouse=True)
def _as_they_are_written(request: pytest.FixtureRequest) -> Iterator[None]:
    if any(word in request.node.name for word in COMPILED) or "receptive" in request.node.nodeid:
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
