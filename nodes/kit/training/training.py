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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodes.base import Job, NodeError
from nodes.kit.networks.pipeline import Feed
from nodes.kit.training import checkpoint
from nodes.kit.training.callbacks import RateByEpoch, Recorder
from nodes.kit.training.stopping import EarlyStopping, Monitor, Patience, Plateau, ReduceOnPlateau, worst
from nodes.wording import clock, counted

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

NAN_REMEDY = (
    "Lower the learning rate, bring the inputs to the range 0 to 1 (Image Normalizer), look for infinite or huge "
    "numbers among them, or clip the gradients (optimizer: clip norm)."
)
VALIDATION_COST = 0.4
"""A batch of validation takes about this part of a batch of training; for the estimate of the time left only."""


@dataclass(frozen=True)
class TrainingConfig:
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
        """Whether a monitored quantity should rise."""
        return rule.mode == "max" if rule.mode != "auto" else self.quantities[monitor.removeprefix("val_")]


@dataclass(frozen=True)
class BatchLayout:
    """How the arrays of a block become Keras's (x, y, sample_weight).

    Attributes:
        dtypes: What each array is cast to.
        inputs: How many of the arrays are inputs.
        targets: How many are targets; weights, one per target, follow if there are any.
    """

    dtypes: tuple[str, ...]
    inputs: int
    targets: int

    def data(self, tensors: Sequence[Any]) -> tuple[Any, ...]:
        """One tensor alone, several as a list, as the model has them."""
        end = self.inputs + self.targets
        groups = [tensors[: self.inputs], tensors[self.inputs : end], tensors[end:]]
        return tuple(list(group) if len(group) > 1 else group[0] for group in groups if group)


@dataclass
class Progress:
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


@dataclass(frozen=True)
class _Lowest:
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


class Training:
    """Trains a compiled model.

    Args:
        model: Built and compiled.
        layout: What the feeds' arrays are.
        train: The training data.
        validation: The validation data, if there are any.
        config: How long, and what to watch.
        seed: Stored in checkpoints, for whoever goes on.
        job: Told of the progress, and asked whether to go on.
        recorders: What is told of every finished epoch.
    """

    def __init__(
        self,
        model: keras.Model,
        layout: BatchLayout,
        train: Feed,
        validation: Feed | None,
        *,
        config: TrainingConfig,
        seed: int,
        job: Job,
        recorders: Sequence[Recorder] = (),
    ) -> None:
        self._model = model
        self._recorders = recorders
        self._average: Any = None
        self._train = train
        self._validation = validation
        self._config = config
        self._job = job
        self._seed = seed
        self._build(layout)
        self._train_block = block_function(model, self._step(model.train_step), layout, train, config.terminate_on_nan)
        self._test_block: Any = None
        if validation is not None:
            self._test_block = block_function(model, self._step(model.test_step), layout, validation, False)
        validated = validation.batches / config.validate_every if validation else 0
        self._work = Work(config.epochs, train.batches, validated)
        self._first_nan: tuple[int, int] | None = None
        self._lowest: _Lowest | None = None
        self._stopped = False
        self.progress = Progress()
        if config.early_stopping:
            rule, monitor = config.early_stopping
            rises = config.rises(rule, monitor)
            self.progress.patience = Patience(rule, rises, worst(rises))
        if config.reduce_rate:
            plateau, monitor = config.reduce_rate
            rises = config.rises(plateau, monitor)
            self.progress.plateau = Plateau(plateau, rises, worst(rises))

    def _step(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A step of the model, compiled with XLA where that is wanted."""
        import tensorflow as tf

        compiled: Callable[[Any], Any] = tf.function(step, jit_compile=True, reduce_retracing=True) if self._config.xla else step
        return compiled

    def _build(self, layout: BatchLayout) -> None:
        """Create the variables of optimizer, loss and metrics: inside a loop of TensorFlow's none can be created."""
        import tensorflow as tf

        self._model.optimizer.build(self._model.trainable_variables)
        block = tuple(source.read(slice(0, 1)) for source in self._train.sources)
        self._model.test_step(layout.data([tf.cast(a, d) for a, d in zip(block, layout.dtypes, strict=True)]))
        self._model.reset_metrics()
        if self._config.swap_average:
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

    def run(self, path: Path) -> Progress:
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
        if self.progress.epoch < self._config.epochs and not self.progress.ended:
            self._trace()
        self._work.start(self.progress.epoch)
        try:
            while self.progress.epoch < self._config.epochs and not self.progress.ended:
                self._epoch(self.progress.epoch + 1)
                every = self._config.checkpoint_every
                if every and (self.progress.epoch % every == 0 or self.progress.ended):
                    self._save(path)
        except _Stopped:
            self._stopped = True
            self.progress.ended = f"The training was stopped by hand in epoch {self.progress.epoch + 1} of {self._config.epochs}."
        except _NotANumber as error:
            self.progress.ended = str(error)
        finally:
            written = [path for recorder in self._recorders for path in recorder.close()]
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
        if self._config.rates:
            self._model.optimizer.learning_rate = self._config.rates.rate(number)
        logs = self._walk(self._train, self._train_block, number)
        with self._averaged():
            if self._validation is not None and number % self._config.validate_every == 0:
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
            self._lowest = _Lowest(number, logs["val_loss"], self._model.get_weights())
        optimizer, progress = self._model.optimizer, self.progress
        rate = float(optimizer.learning_rate)
        row = {"epoch": number, **logs, "learning_rate": rate, "seconds": time.perf_counter() - began}
        progress.history.append(row)
        progress.epoch = number
        self._show(row)
        self._job.log(f"epoch {number} of {self._config.epochs}: {_described({**logs, 'seconds': row['seconds']})}")
        for recorder in self._recorders:
            recorder.epoch(row, self._model)
        if progress.plateau and self._config.reduce_rate and self._config.reduce_rate[1] in logs:
            lowered = progress.plateau.see(logs[self._config.reduce_rate[1]], rate)
            if lowered != rate:
                optimizer.learning_rate = lowered
                self._job.log(f"epoch {number}: the learning rate falls to {lowered:g}")
        if progress.patience and self._config.early_stopping and self._config.early_stopping[1] in logs:
            self._watch(progress.patience, self._config.early_stopping[1], logs, number)

    def _watch(self, patience: Patience, monitor: str, logs: Mapping[str, float], number: int) -> None:
        is_best, stop = patience.see(logs[monitor], number)
        if is_best and patience.rule.restore_best_weights:
            self.progress.best = self._model.get_weights()
        if stop and number < self._config.epochs:
            epochs = counted(patience.wait, "epoch")
            self.progress.ended = (
                f"The training ended early in epoch {number} of {self._config.epochs}: "
                f"{monitor} had not become better for {epochs}."
            )

    def _walk(self, feed: Feed, run_block: Callable[..., Any], number: int, validating: bool = False) -> dict[str, float]:
        """Go through all rows once; the quantities over all of them."""
        self._model.reset_metrics()
        logs: dict[str, float] = {}
        with contextlib.closing(feed.blocks(0 if validating else number)) as blocks:
            for block in blocks:
                found, bad = run_block(block.tensors)
                logs = {name: float(found[name]) for name in self._config.quantities}
                done = block.first // feed.batch_size + block.batches
                if not validating and int(bad) >= 0 and self._first_nan is None:
                    self._first_nan = (number, block.first // feed.batch_size + int(bad) + 1)
                self._work.advance(block.batches * (VALIDATION_COST if validating else 1.0))
                self._tell("validating batch" if validating else "batch", done, feed.batches, number, logs)
                if not validating and done < feed.batches:
                    self._job.metrics(number - 1 + done / feed.batches, {**logs, "epochs": self._config.epochs})
                self._job.check_cancelled()
                if self._job.stop_requested:
                    raise _Stopped
                if self._config.terminate_on_nan and self._first_nan:
                    raise _NotANumber(f"{_nan(self._first_nan)}: the training ended there.")
        return logs

    def _show(self, row: Mapping[str, float]) -> None:
        """A point of the live curves for a finished epoch, with `learning_rate`, `seconds` and `epochs` (how many to do)."""
        values = {name: value for name, value in row.items() if name != "epoch"}
        self._job.metrics(row["epoch"], {**values, "epochs": self._config.epochs}, epoch=True)

    def _tell(self, doing: str, done: int, batches: int, number: int, logs: Mapping[str, float]) -> None:
        """Progress in words: `epoch 3 of 12 · batch 120 of 422 · loss 0.31 · accuracy 0.89 · 0:41 left`."""
        parts = [f"epoch {number} of {self._config.epochs}", f"{doing} {done} of {batches}", _described(logs, most=2)]
        self._job.progress(self._work.fraction, " · ".join([*parts, *self._work.left()]))

    # -- checkpoints

    def _variables(self) -> Iterator[tuple[str, Any]]:
        """All that training changes: weights, states of random generators, and the optimizer's variables."""
        for number, variable in enumerate(self._model.variables):
            yield f"model.{number}", variable
        for number, variable in enumerate(self._model.optimizer.variables):
            yield f"optimizer.{number}", variable

    def _save(self, path: Path) -> None:
        progress = self.progress
        arrays = {name: _storable(variable.numpy()) for name, variable in self._variables()}
        arrays |= {f"best.{number}": _storable(array) for number, array in enumerate(progress.best or [])}
        state = {
            "versions": _versions(),
            "seed": self._seed,
            "epoch": progress.epoch,
            "history": progress.history,
            "ended": progress.ended,
            "patience": _state_of(progress.patience),
            "plateau": _state_of(progress.plateau),
            "recorders": [recorder.state() for recorder in self._recorders],
        }
        checkpoint.save(path, arrays, state)

    def _resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one that fits."""
        try:
            arrays, state = checkpoint.load(path)
        except FileNotFoundError:
            return
        except checkpoint.DamagedCheckpoint as error:
            self._job.log(f"The checkpoint cannot be used ({error}); the training begins anew.")
            return
        wanted = {name: variable.numpy() for name, variable in self._variables()}
        fits = all(name in arrays and arrays[name].shape == array.shape for name, array in wanted.items())
        if not fits or state.get("versions") != _versions() or state.get("seed") != self._seed:
            self._job.log("The checkpoint is of another training or another Keras; the training begins anew.")
            return
        for name, variable in self._variables():
            variable.assign(arrays[name].view(wanted[name].dtype))
        progress = self.progress
        kept = sorted((n for n in arrays if n.startswith("best.")), key=lambda n: int(n.removeprefix("best.")))
        if kept:
            likes = self._model.get_weights()
            progress.best = [arrays[n].view(like.dtype) for n, like in zip(kept, likes, strict=True)]
        progress.epoch, progress.history, progress.ended = state["epoch"], state["history"], state["ended"]
        _restore(progress.patience, state["patience"])
        _restore(progress.plateau, state["plateau"])
        for recorder, stored in zip(self._recorders, state.get("recorders", ()), strict=False):
            recorder.restore(stored)
        for row in progress.history:
            self._show(row)
        self._job.log(f"The training goes on after epoch {progress.epoch}, where it was interrupted.")


def stored_seed(path: Path) -> int | None:
    """The seed of the training that left a checkpoint; None if there is none that can be read."""
    try:
        _, state = checkpoint.load(path)
    except (FileNotFoundError, checkpoint.DamagedCheckpoint):
        return None
    seed = state.get("seed")
    return seed if isinstance(seed, int) else None


# ------------------------------------------------------------------------------------------------- a block in TensorFlow


def block_function(
    model: keras.Model, step: Callable[[Any], Any], layout: BatchLayout, feed: Feed, terminate_on_nan: bool
) -> Any:
    """A function that takes a block's arrays through `step`, batch by batch, without coming back to Python.

    Returns:
        A function of a block's arrays that gives the metrics so far (name -> scalar tensor), and the number of the
        first batch of the block after which the loss was not a number, or -1.
    """
    import tensorflow as tf

    size = feed.batch_size
    signature = tuple(tf.TensorSpec((None, *source.shape), source.dtype) for source in feed.sources)

    def run_block(tensors: Sequence[Any]) -> Any:
        rows = tf.shape(tensors[0])[0]

        def goes_on(start: Any, bad: Any) -> Any:
            more = start < rows
            return tf.logical_and(more, bad < 0) if terminate_on_nan else more

        def one_batch(start: Any, bad: Any) -> Any:
            # Only the batch is cast: the block stays in the table's own, often narrower, type.
            cut = [tf.cast(t[start : start + size], d) for t, d in zip(tensors, layout.dtypes, strict=True)]
            logs = step(layout.data(cut))
            is_bad = tf.logical_not(tf.math.is_finite(logs["loss"]))
            return start + size, tf.where(tf.logical_and(bad < 0, is_bad), start // size, bad)

        _, bad = tf.while_loop(goes_on, one_batch, [tf.constant(0), tf.constant(-1)])
        return model.get_metrics_result(), bad

    return tf.function(run_block, input_signature=[signature], autograph=False)


# -------------------------------------------------------------------------------------------------------------- helpers


class Work:
    """How far a training is, and how long it will still take."""

    def __init__(self, epochs: int, batches: int, validation_batches: float) -> None:
        self._per_epoch = batches + VALIDATION_COST * validation_batches
        self._total = epochs * self._per_epoch
        self._done = self._at_start = 0.0
        self._began = 0.0

    def start(self, epochs_done: int) -> None:
        """Begin; some epochs may be done already."""
        self._done = self._at_start = epochs_done * self._per_epoch
        self._began = time.perf_counter()

    def advance(self, batches: float) -> None:
        """Some batches more are done."""
        self._done += batches

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(self._done / self._total, 1.0) if self._total else 1.0

    def left(self) -> list[str]:
        """`0:41 left`; nothing where it cannot be said."""
        done = self._done - self._at_start
        if not done:
            return []
        seconds = math.ceil((time.perf_counter() - self._began) * max(self._total - self._done, 0) / done)
        return [f"{clock(seconds)} left"]


def _described(logs: Mapping[str, float], most: int | None = None) -> str:
    """`loss 0.31 · accuracy 0.89`."""
    return " · ".join(f"{name} {value:.4g}" for name, value in list(logs.items())[:most])


def _nan(place: tuple[int, int]) -> str:
    return f"The loss became NaN in epoch {place[0]}, batch {place[1]}"


def _all_finite(weights: Sequence[NDArray[Any]]) -> bool:
    import numpy as np

    return all(np.isfinite(array).all() for array in weights)


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
