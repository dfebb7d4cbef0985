"""The training itself: Keras's own step, in a loop of ours.

`model.train_step` does what Keras's `fit` does with a batch. The loop around it runs in TensorFlow for a block of
batches at a time, which is faster than `fit`, and in Python between blocks, where a person can cancel or stop, sees
how far it is, and where after every epoch all that is needed to go on is written down.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodes.base import Job, NodeError
from nodes.kit.networks.batches import BatchLoader
from nodes.kit.training import checkpoints
from nodes.kit.training.callbacks import RateByEpoch
from nodes.kit.training.data_binding import BatchLayout
from nodes.kit.training.epoch_callbacks import EpochCallback
from nodes.kit.training.graph_loop import block_function, try_step
from nodes.kit.training.stopping import EarlyStopping, Monitor, Patience, Plateau, ReduceOnPlateau, worst
from nodes.kit.training.time_estimate import VALIDATION_COST, TimeEstimate
from nodes.kit.training.training_state import ForeignCheckpoint, TrainingState
from nodes.wording import counted

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

NAN_REMEDY = (
    "Lower the learning rate, bring the inputs to the range 0 to 1 (Image Normalizer), look for infinite or huge "
    "numbers among them, or clip the gradients (optimizer: clip norm)."
)


@dataclass(frozen=True)
class TrainingOptions:
    """How long to train, and what to watch.

    Attributes:
        epochs: How often to go through the data.
        quantities: What is reported of every epoch, by Keras's names -> whether larger is better.
        terminate_on_nan: End when the loss is not a number.
        early_stopping: Its rule and the quantity it watches.
        reduce_rate: Likewise, for lowering the learning rate.
        checkpoint_every: Write a checkpoint after so many epochs; 0: none.
        rates: Learning rates by epoch.
        validate_every: Validate after so many epochs.
        swap_average: Validate, compare and save the moving average of the weights instead of themselves.
        xla: Compile the steps with XLA.
    """

    epochs: int
    quantities: Mapping[str, bool]
    terminate_on_nan: bool = True
    early_stopping: tuple[EarlyStopping, str] | None = None
    reduce_rate: tuple[ReduceOnPlateau, str] | None = None
    checkpoint_every: int = 1
    rates: RateByEpoch | None = None
    validate_every: int = 1
    swap_average: bool = False
    xla: bool = False

    def rises(self, rule: Monitor, monitor: str) -> bool:
        """Return whether a monitored quantity should rise."""
        return rule.mode == "max" if rule.mode != "auto" else self.quantities[monitor.removeprefix("val_")]


@dataclass(frozen=True)
class _BestValidation:
    """What a training that is stopped by hand goes back to, where it has validation data.

    Attributes:
        epoch: From 1; of those since the last checkpoint that was gone on from.
        loss: Its validation loss.
        weights: Those at its end.
    """

    epoch: int
    loss: float
    weights: list[NDArray[Any]]


class _Stopped(Exception):
    """The person asked to stop here and keep what was reached."""


class _NotANumber(Exception):
    """The loss is not a number."""


class TrainingLoop:
    """Trains a compiled model.

    Args:
        model: Built and compiled.
        batch_layout: What the loaders' arrays are.
        train: The training data.
        validation: The validation data, if there are any.
        options: How long, and what to watch.
        seed: Stored in checkpoints, for whoever goes on.
        job: Told of the progress, and asked whether to go on.
        callbacks: What is told of every finished epoch.
    """

    def __init__(
        self,
        model: keras.Model,
        batch_layout: BatchLayout,
        train: BatchLoader,
        validation: BatchLoader | None,
        *,
        options: TrainingOptions,
        seed: int,
        job: Job,
        callbacks: Sequence[EpochCallback] = (),
    ) -> None:
        self._model = model
        self._callbacks = callbacks
        self._average: Any = None
        self._train = train
        self._validation = validation
        self._options = options
        self._job = job
        self._seed = seed
        self._build(batch_layout)
        self._train_block = block_function(model, self._step(model.train_step), batch_layout, train, options.terminate_on_nan)
        self._test_block: Any = None
        if validation is not None:
            self._test_block = block_function(model, self._step(model.test_step), batch_layout, validation, False)
        validated = validation.batches / options.validate_every if validation else 0
        self._work = TimeEstimate(options.epochs, train.batches, validated)
        self._first_nan: tuple[int, int] | None = None
        self._lowest: _BestValidation | None = None
        self._stopped = False
        self.progress = TrainingState()
        if options.early_stopping:
            rule, monitor = options.early_stopping
            rises = options.rises(rule, monitor)
            self.progress.patience = Patience(rule, rises, worst(rises))
        if options.reduce_rate:
            plateau, monitor = options.reduce_rate
            rises = options.rises(plateau, monitor)
            self.progress.plateau = Plateau(plateau, rises, worst(rises))

    def _step(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A step of the model, compiled with XLA where that is wanted."""
        import tensorflow as tf

        compiled: Callable[[Any], Any] = tf.function(step, jit_compile=True, reduce_retracing=True) if self._options.xla else step
        return compiled

    def _build(self, batch_layout: BatchLayout) -> None:
        """Create the variables of optimizer, loss and metrics: inside a loop of TensorFlow's none can be created."""
        self._model.optimizer.build(self._model.trainable_variables)
        try_step(self._model, batch_layout, self._train)
        if self._options.swap_average:
            import keras

            self._average = keras.callbacks.SwapEMAWeights()
            self._average.set_model(self._model)

    def _trace(self) -> None:
        """Have TensorFlow make its graphs now, one by one: that takes about a second each, and cannot be interrupted."""
        for function in (self._train_block, self._test_block):
            self._job.check_cancelled()
            if function is not None:
                function.get_concrete_function()
        self._job.check_cancelled()

    # -- the whole of it

    def run(self, path: Path) -> TrainingState:
        """Train to the end, or until there is a reason to end.

        Args:
            path: Where checkpoints are; what is there is gone on from.

        Returns:
            What was reached; the model has the weights that are meant to be kept.

        Raises:
            NodeError: If the weights became NaN.
            Cancelled: If the job was cancelled.
        """
        self._resume(path)
        if self.progress.epoch < self._options.epochs and not self.progress.ended:
            self._trace()
        self._work.start(self.progress.epoch)
        try:
            while self.progress.epoch < self._options.epochs and not self.progress.ended:
                self._epoch(self.progress.epoch + 1)
                every = self._options.checkpoint_every
                if every and (self.progress.epoch % every == 0 or self.progress.ended):
                    self._save(path)
        except _Stopped:
            self._stopped = True
            epoch, epochs = self.progress.epoch + 1, self._options.epochs
            self.progress.ended = f"The training was stopped by hand in epoch {epoch} of {epochs}."
        except _NotANumber as error:
            self.progress.ended = str(error)
        finally:
            written = [path for callback in self._callbacks for path in callback.close()]
        self._finish()
        for file in written:
            self._job.wrote(file)
        return self.progress

    def _finish(self) -> None:
        """Leave the model with the weights that are to be kept.

        Raises:
            NodeError: If they are not numbers.
        """
        progress, model = self.progress, self._model
        if int(model.optimizer.iterations):
            model.optimizer.finalize_variable_values(model.trainable_variables)
        message = progress.ended
        if progress.best is not None and progress.patience is not None:
            model.set_weights(progress.best)
            kept = f"The weights of epoch {progress.patience.best_epoch} were kept."
            message = f"{message} {kept}" if message else ""
            self._job.log(kept)
        elif self._stopped and self._lowest is not None:
            model.set_weights(self._lowest.weights)
            message += f" The weights of epoch {self._lowest.epoch}, whose validation loss was the lowest, were kept."
        nan = _nan(self._first_nan) if self._first_nan else ""
        if not _all_finite(model.get_weights()):
            raise NodeError(f"{nan or 'The training went wrong'}: the weights are no numbers (NaN) any more.", NAN_REMEDY)
        if nan:
            message = f"{message or nan + '.'} {NAN_REMEDY}"
        if message:
            self._job.warn(message)

    # -- an epoch

    def _epoch(self, number: int) -> None:
        began = time.perf_counter()
        if self._options.rates:
            self._model.optimizer.learning_rate = self._options.rates.rate(number)
        logs = self._walk(self._train, self._train_block, number)
        with self._averaged():
            if self._validation is not None and number % self._options.validate_every == 0:
                found = self._walk(self._validation, self._test_block, number, validating=True)
                logs |= {f"val_{name}": value for name, value in found.items()}
            self._conclude(logs, number, began)

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """The model has the moving average of its weights meanwhile, where that is wanted."""
        if self._average is not None:
            self._average.on_test_begin()
        try:
            yield
        finally:
            if self._average is not None:
                self._average.on_test_end()

    def _conclude(self, logs: dict[str, float], number: int, began: float) -> None:
        """Write down what an epoch gave, and draw the consequences."""
        if logs.get("val_loss", math.inf) < (self._lowest.loss if self._lowest else math.inf):
            self._lowest = _BestValidation(number, logs["val_loss"], self._model.get_weights())
        optimizer, progress = self._model.optimizer, self.progress
        rate = float(optimizer.learning_rate)
        row = {"epoch": number, **logs, "learning_rate": rate, "seconds": time.perf_counter() - began}
        progress.history.append(row)
        progress.epoch = number
        self._show(row)
        self._job.log(f"epoch {number} of {self._options.epochs}: {_described({**logs, 'seconds': row['seconds']})}")
        for callback in self._callbacks:
            callback.epoch(row, self._model)
        if progress.plateau and self._options.reduce_rate and self._options.reduce_rate[1] in logs:
            lowered = progress.plateau.see(logs[self._options.reduce_rate[1]], rate)
            if lowered != rate:
                optimizer.learning_rate = lowered
                self._job.log(f"epoch {number}: the learning rate falls to {lowered:g}")
        if progress.patience and self._options.early_stopping and self._options.early_stopping[1] in logs:
            self._watch(progress.patience, self._options.early_stopping[1], logs, number)

    def _watch(self, patience: Patience, monitor: str, logs: Mapping[str, float], number: int) -> None:
        is_best, stop = patience.see(logs[monitor], number)
        if is_best and patience.rule.restore_best_weights:
            self.progress.best = self._model.get_weights()
        if stop and number < self._options.epochs:
            epochs = counted(patience.wait, "epoch")
            self.progress.ended = (
                f"The training ended early in epoch {number} of {self._options.epochs}: "
                f"{monitor} had not become better for {epochs}."
            )

    def _walk(
        self, loader: BatchLoader, run_block: Callable[..., Any], number: int, validating: bool = False
    ) -> dict[str, float]:
        """Go through all rows once; the quantities over all of them."""
        self._model.reset_metrics()
        logs: dict[str, float] = {}
        with contextlib.closing(loader.blocks(0 if validating else number)) as blocks:
            for block in blocks:
                found, bad = run_block(block.tensors)
                logs = {name: float(found[name]) for name in self._options.quantities}
                done = block.first // loader.batch_size + block.batches
                if not validating and int(bad) >= 0 and self._first_nan is None:
                    self._first_nan = (number, block.first // loader.batch_size + int(bad) + 1)
                self._work.advance(block.batches * (VALIDATION_COST if validating else 1.0))
                self._tell("validating batch" if validating else "batch", done, loader.batches, number, logs)
                if not validating and done < loader.batches:
                    self._job.metrics(number - 1 + done / loader.batches, {**logs, "epochs": self._options.epochs})
                self._job.check_cancelled()
                if self._job.stop_requested:
                    raise _Stopped
                if self._options.terminate_on_nan and self._first_nan:
                    raise _NotANumber(f"{_nan(self._first_nan)}: the training ended there.")
        return logs

    def _show(self, row: Mapping[str, float]) -> None:
        """A point of the live curves for a finished epoch, with `learning_rate`, `seconds` and `epochs` (how many to do)."""
        values = {name: value for name, value in row.items() if name != "epoch"}
        self._job.metrics(row["epoch"], {**values, "epochs": self._options.epochs}, epoch=True)

    def _tell(self, doing: str, done: int, batches: int, number: int, logs: Mapping[str, float]) -> None:
        """Progress in words: `epoch 3 of 12 · batch 120 of 422 · loss 0.31 · accuracy 0.89 · 0:41 left`."""
        parts = [f"epoch {number} of {self._options.epochs}", f"{doing} {done} of {batches}", _described(logs, most=2)]
        self._job.progress(self._work.fraction, " · ".join([*parts, *self._work.left()]))

    # -- checkpoints

    def _save(self, path: Path) -> None:
        self.progress.save(path, self._model, self._seed, self._callbacks)

    def _resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one that fits."""
        try:
            found = self.progress.resume(path, self._model, self._seed, self._callbacks)
        except checkpoints.DamagedCheckpoint as error:
            self._job.log(f"The checkpoint cannot be used ({error}); the training begins anew.")
            return
        except ForeignCheckpoint:
            self._job.log("The checkpoint is of another training or another Keras; the training begins anew.")
            return
        if found:
            for row in self.progress.history:
                self._show(row)
            self._job.log(f"The training goes on after epoch {self.progress.epoch}, where it was interrupted.")


def _described(logs: Mapping[str, float], most: int | None = None) -> str:
    """`loss 0.31 · accuracy 0.89`."""
    return " · ".join(f"{name} {value:.4g}" for name, value in list(logs.items())[:most])


def _nan(place: tuple[int, int]) -> str:
    return f"The loss became NaN in epoch {place[0]}, batch {place[1]}"


def _all_finite(weights: Sequence[NDArray[Any]]) -> bool:
    import numpy as np

    return all(np.isfinite(array).all() for array in weights)
