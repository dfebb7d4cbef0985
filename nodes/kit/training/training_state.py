"""What a training has reached: kept in a checkpoint after an epoch, and gone on from after a kill."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodes.kit.training import checkpoints
from nodes.kit.training.epoch_callbacks import EpochCallback
from nodes.kit.training.stopping import Patience, Plateau, worst

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray


class ForeignCheckpoint(Exception):
    """A checkpoint of another training, or written by other libraries."""


@dataclass
class TrainingState:
    """What a training has reached so far, and what it needs to go on.

    Attributes:
        epoch: Epochs that are finished.
        history: A row for each: epoch, quantities, learning rate, seconds.
        ended: Why it ended early, for the person; empty if it did not.
        patience: State of early stopping.
        plateau: State of the falling learning rate.
        best: The best weights so far, where early stopping keeps them.
    """

    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    ended: str = ""
    patience: Patience | None = None
    plateau: Plateau | None = None
    best: list[NDArray[Any]] | None = None

    def save(self, path: Path, model: keras.Model, seed: int, callbacks: Sequence[EpochCallback]) -> None:
        """Write a checkpoint of the training.

        Args:
            path: Where to; what is there is replaced.
            model: Compiled, and its optimizer built.
            seed: Of the training.
            callbacks: Whose states are kept as well.
        """
        arrays = {name: _storable(variable.numpy()) for name, variable in _variables(model)}
        arrays |= {f"best.{number}": _storable(array) for number, array in enumerate(self.best or [])}
        state = {
            "versions": _versions(),
            "seed": seed,
            "epoch": self.epoch,
            "history": self.history,
            "ended": self.ended,
            "patience": _state_of(self.patience),
            "plateau": _state_of(self.plateau),
            "recorders": [callback.state() for callback in callbacks],
        }
        checkpoints.save(path, arrays, state)

    def resume(self, path: Path, model: keras.Model, seed: int, callbacks: Sequence[EpochCallback]) -> bool:
        """Go on from a checkpoint: this state, the model's variables and the callbacks become what they were.

        Args:
            path: Where it is.
            model: Compiled, and its optimizer built.
            seed: Of the training.
            callbacks: Of the same kinds, in the same order, as when it was written.

        Returns:
            Whether there is one.

        Raises:
            DamagedCheckpoint: If it cannot be read.
            ForeignCheckpoint: If it is of another training, or of other libraries.
        """
        try:
            arrays, state = checkpoints.load(path)
        except FileNotFoundError:
            return False
        wanted = {name: variable.numpy() for name, variable in _variables(model)}
        fits = all(name in arrays and arrays[name].shape == array.shape for name, array in wanted.items())
        if not fits or state.get("versions") != _versions() or state.get("seed") != seed:
            raise ForeignCheckpoint
        for name, variable in _variables(model):
            variable.assign(arrays[name].view(wanted[name].dtype))
        kept = sorted((n for n in arrays if n.startswith("best.")), key=lambda n: int(n.removeprefix("best.")))
        if kept:
            self.best = [arrays[n].view(like.dtype) for n, like in zip(kept, model.get_weights(), strict=True)]
        self.epoch, self.history, self.ended = state["epoch"], state["history"], state["ended"]
        _restore(self.patience, state["patience"])
        _restore(self.plateau, state["plateau"])
        for callback, stored in zip(callbacks, state.get("recorders", ()), strict=False):
            callback.restore(stored)
        return True


def stored_seed(path: Path) -> int | None:
    """Return the seed of the training that left a checkpoint; None if there is none that can be read."""
    try:
        _, state = checkpoints.load(path)
    except (FileNotFoundError, checkpoints.DamagedCheckpoint):
        return None
    seed = state.get("seed")
    return seed if isinstance(seed, int) else None


def _variables(model: keras.Model) -> Iterator[tuple[str, Any]]:
    """All that training changes: weights, states of random generators, and the optimizer's variables."""
    for number, variable in enumerate(model.variables):
        yield f"model.{number}", variable
    for number, variable in enumerate(model.optimizer.variables):
        yield f"optimizer.{number}", variable


def _storable(array: NDArray[Any]) -> NDArray[Any]:
    """bfloat16 as the 16-bit integers of the same bits: safetensors' numpy side does not know it."""
    import numpy as np

    return array.view(np.uint16) if array.dtype.name == "bfloat16" else array


def _state_of(state: Patience | Plateau | None) -> dict[str, Any] | None:
    """The numbers of a state; JSON has no infinity, which is where they begin."""
    if state is None:
        return None
    numbers = {name: value for name, value in vars(state).items() if name not in ("rule", "rises")}
    return numbers | {"best": state.best if math.isfinite(state.best) else None}


def _restore(state: Patience | Plateau | None, stored: Mapping[str, Any] | None) -> None:
    if state is not None and stored is not None:
        for name, value in stored.items():
            setattr(state, name, worst(state.rises) if value is None else value)


def _versions() -> str:
    """The libraries whose variables a checkpoint holds, in their own order."""
    import keras
    import tensorflow as tf

    return f"keras {keras.version()}, tensorflow {tf.__version__}"
