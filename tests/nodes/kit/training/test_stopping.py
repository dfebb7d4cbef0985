"""Early stopping and plateaus decide as Keras's callbacks do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.kit.training.stopping import EarlyStopping, Patience, Plateau, ReduceOnPlateau, worst

VALUES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.35, 0.5, 0.9]), min_size=1, max_size=12)


class FakeModel(SimpleNamespace):
    """What Keras's callbacks ask of a model; its weights are the number of the epoch."""

    def get_weights(self) -> int:
        return self.epoch


@settings(max_examples=200, deadline=None)
@given(
    VALUES,
    st.booleans(),
    st.sampled_from([0.0, 0.1]),
    st.integers(0, 3),
    st.sampled_from([None, 0.25]),
    st.integers(0, 3),
)
def test_early_stopping(
    values: list[float], rises: bool, min_delta: float, patience: int, baseline: float | None, start: int
) -> None:
    rule = EarlyStopping(min_delta=min_delta, patience=patience, baseline=baseline, start_from_epoch=start)
    ours = Patience(rule, rises, worst(rises))
    options = rule.model_dump(exclude={"monitor", "mode"})
    theirs = keras.callbacks.EarlyStopping(monitor="x", mode="max" if rises else "min", **options)
    model: Any = FakeModel(stop_training=False, epoch=0)
    theirs.set_model(model)
    theirs.on_train_begin()
    best = None
    for epoch, value in enumerate(values, 1):
        model.epoch = epoch
        theirs.on_epoch_end(epoch - 1, {"x": value})
        is_best, stop = ours.see(value, epoch)
        best = epoch if is_best else best
        assert stop == model.stop_training
        assert best == theirs.best_weights
        if stop:
            break


@settings(max_examples=200, deadline=None)
@given(VALUES, st.booleans(), st.sampled_from([1e-4, 0.1]), st.integers(0, 3), st.integers(0, 2), st.sampled_from([0.0, 0.03]))
def test_plateau(values: list[float], rises: bool, min_delta: float, patience: int, cooldown: int, min_lr: float) -> None:
    rule = ReduceOnPlateau(factor=0.5, patience=patience, min_delta=min_delta, cooldown=cooldown, min_lr=min_lr)
    ours, rate = Plateau(rule, rises, worst(rises)), 0.1
    theirs = keras.callbacks.ReduceLROnPlateau(
        monitor="x", mode="max" if rises else "min", **rule.model_dump(exclude={"monitor", "mode"})
    )
    optimizer: Any = SimpleNamespace(learning_rate=0.1)
    theirs.set_model(SimpleNamespace(optimizer=optimizer))  # type: ignore[arg-type]
    theirs.on_train_begin()
    for epoch, value in enumerate(values):
        theirs.on_epoch_end(epoch, {"x": value})
        rate = ours.see(value, rate)
        assert rate == pytest.approx(optimizer.learning_rate)


def test_no_number_is_no_improvement() -> None:
    ours = Patience(EarlyStopping(patience=1), False, worst(False))
    assert ours.see(float("nan"), 1) == (True, False)
    assert ours.see(float("nan"), 2) == (False, True)
