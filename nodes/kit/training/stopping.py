"""Early stopping and learning rates that fall on a plateau: Keras's rules, with a state that can be stored.

Keras's own callbacks keep their state in themselves and lose it when a training is killed; these can be written to a
checkpoint after any epoch and go on from there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nodes.base import Settings, setting

Mode = Literal["auto", "min", "max"]

MODES: Mapping[str, str] = {
    "auto": "As the quantity suggests: losses and errors down, accuracies and scores up.",
    "min": "Smaller is better.",
    "max": "Larger is better.",
}

RATE_TOLERANCE = 1e-6
"""Learning rates are Float32 in Keras: the lowest rate may come back a little higher than it was set."""


class Monitor(Settings):
    """Watches one quantity of the history."""

    monitor: str | None = setting(
        None,
        "Monitored quantity",
        "A column of the history, such as val_loss or accuracy; empty: the loss, of the validation data if there are any.",
    )
    mode: Mode = setting("auto", "Better is", "Whether the quantity should fall or rise.", choices=MODES, advanced=True)


class EarlyStopping(Monitor):
    """End the training when it does not get better any more."""

    min_delta: float = setting(0.0, "Smallest change", "What changes by less is no improvement.", ge=0)
    patience: int = setting(0, "Patience", "The number of epochs without improvement after which the training ends.", ge=0)
    baseline: float | None = setting(
        None, "Baseline", "Only what is better than this counts as an improvement; empty: everything.", advanced=True
    )
    restore_best_weights: bool = setting(
        True, "Keep the best weights", "Give out the weights of the best epoch instead of those of the last one."
    )
    start_from_epoch: int = setting(0, "Start after epoch", "Epochs before it begins to watch.", ge=0, advanced=True)


class ReduceOnPlateau(Monitor):
    """Lower the learning rate when the training does not get better any more."""

    factor: float = setting(0.1, "Factor", "The new learning rate is the old one times this.", ge=0, lt=1)
    patience: int = setting(10, "Patience", "The number of epochs without improvement after which the rate is lowered.", ge=0)
    min_delta: float = setting(1e-4, "Smallest change", "What changes by less is no improvement.", ge=0)
    cooldown: int = setting(0, "Cooldown", "The number of epochs to wait after lowering before counting again.", ge=0)
    min_lr: float = setting(0.0, "Lowest rate", "The learning rate does not fall below this.", ge=0)


def is_better(value: float, reference: float, rises: bool, min_delta: float) -> bool:
    """Return whether a value is better than another by more than `min_delta`. Nothing is better by being no number."""
    return value - min_delta > reference if rises else value + min_delta < reference


def worst(rises: bool) -> float:
    """Return what everything is better than."""
    return -math.inf if rises else math.inf


@dataclass
class Patience:
    """The state of early stopping between epochs (`keras.callbacks.EarlyStopping`).

    Attributes:
        rule: Its settings.
        rises: Whether larger is better.
        best: The best value so far.
        best_epoch: The epoch it was reached in, from 1; 0: none.
        wait: Epochs since the last improvement.
    """

    rule: EarlyStopping
    rises: bool
    best: float
    best_epoch: int = 0
    wait: int = 0

    def see(self, value: float, epoch: int) -> tuple[bool, bool]:
        """Look at the value of a finished epoch (from 1).

        Returns:
            Whether its weights are the best so far, and whether to stop.
        """
        if epoch <= self.rule.start_from_epoch:
            return False, False
        first = self.best_epoch == 0
        self.wait += 1
        if is_better(value, self.best, self.rises, self.rule.min_delta):
            self.best, self.best_epoch = value, epoch
            if self.rule.baseline is None or is_better(value, self.rule.baseline, self.rises, self.rule.min_delta):
                self.wait = 0
            return True, False
        if first:
            self.best_epoch = epoch
        return first, self.wait >= self.rule.patience and epoch > 1


@dataclass
class Plateau:
    """The state of the falling learning rate between epochs (`keras.callbacks.ReduceLROnPlateau`).

    Attributes:
        rule: Its settings.
        rises: Whether larger is better.
        best: The best value so far.
        wait: Epochs since the last improvement.
        cooldown: Epochs until waiting begins again.
    """

    rule: ReduceOnPlateau
    rises: bool
    best: float
    wait: int = 0
    cooldown: int = 0

    def see(self, value: float, rate: float) -> float:
        """Return the learning rate for the next epoch, after an epoch with this value at this rate."""
        if self.cooldown > 0:
            self.cooldown -= 1
            self.wait = 0
        if is_better(value, self.best, self.rises, self.rule.min_delta):
            self.best, self.wait = value, 0
        elif self.cooldown <= 0:
            self.wait += 1
            if self.wait >= self.rule.patience and rate > self.rule.min_lr * (1 + RATE_TOLERANCE):
                self.wait, self.cooldown = 0, self.rule.cooldown
                return max(rate * self.rule.factor, self.rule.min_lr)
        return rate
