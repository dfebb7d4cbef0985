"""Learning Rate Finder: tries learning rates from small to large on a copy of a network."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.networks.batches import BatchLoader
from nodes.kit.networks.device import device_setting, use_device
from nodes.kit.networks.inputs import InputColumns, inputs_setting
from nodes.kit.scripts import scripting
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.training import losses, optimizers
from nodes.kit.training.compilation import PRECISIONS, Precision, compile_model, with_precision
from nodes.kit.training.data_binding import TrainingBinding, bind_training, scripts_of, tell_bound
from nodes.kit.training.graph_loop import try_step
from nodes.kit.training.loss_warnings import loss_warnings
from nodes.kit.training.optimizers import Adam, AnyOptimizer
from nodes.kit.training.targets import TargetColumns, targets_setting
from nodes.values.figure import Figure, Line, LinesFigure
from nodes.values.network import Network
from nodes.values.table import Table, TableSpec

MEGABYTE = 2**20
EDGE = 0.1
"""The part of the curve at its beginning in which nothing is suggested: there the average has seen too few batches."""


class LearningRateFinder(Node):
    """Try learning rates from very small to very large, and see at which one the loss falls fastest.

    A copy of the network takes one step of training per learning rate, which grows by the same factor each time (Smith, 2015).
    While it is too small the loss stays; in the right range it falls; when it is too large it rises, and the test ends. The
    suggestion is the rate at which the smoothed loss falls most steeply; a rate ten times below that of the lowest loss is the
    other common choice. The network itself is not changed.

    Loss, optimizer and batch size should be those of the training that is to follow, as the right rate depends on all of them.

    Example: with a network, its training table and Adam, 100 steps from 1e-6 to 1 suggest a rate such as 0.002; type it into
    the Learner's optimizer.
    """

    id = "networks.learning_rate_finder"
    title = "Learning Rate Finder"
    shelf = "Network"
    icon = "mdi6.speedometer"
    keywords = ("learning rate", "range test", "lr find", "one cycle", "Smith", "optimizer")
    needs_keras = True
    left_out = {**optimizers.LEFT_OUT, **losses.LEFT_OUT}
    input_ports = (
        Port("network", "network", "Network", "The network that is to be trained; it stays as it is."),
        Port("training", "table", "Training data", "Rows to learn from: inputs and targets."),
    )
    output_ports = (
        Port("history", "table", "History", "A row per step: learning rate, loss, smoothed loss."),
        Port("suggestion", "table", "Suggestion", "One row: the suggested rate, and that of the lowest loss."),
    )

    min_learning_rate: float = setting(1e-6, "Smallest rate", "The learning rate of the first step.", gt=0)
    max_learning_rate: float = setting(1.0, "Largest rate", "The learning rate of the last step.", gt=0)
    steps: int = setting(100, "Steps", "How many learning rates are tried, a batch for each.", ge=2)
    batch_size: int = setting(100, "Batch size", "Rows of a step; as in the training.", ge=1, start=32)
    smoothing: float = setting(
        0.9, "Smoothing", "How much of the average of the losses before is kept in the smoothed loss; 0: none.", ge=0, lt=1
    )
    divergence: float = setting(
        4.0, "Stop at", "The test ends when the smoothed loss is this many times its lowest value; it also ends at NaN.", gt=1
    )
    seed: int | None = seed_setting(
        "Fixes initial weights, order and dropout, so that every run gives the same curve; empty: each run is different.",
        most=SEEDS_32,
    )
    inputs: list[InputColumns] = inputs_setting("Data")
    targets: list[TargetColumns] = targets_setting("Data")
    optimizer: AnyOptimizer = setting(
        Adam(), "Optimizer", "How the weights are changed; its learning rate is replaced by those tried.", group="Optimizer"
    )
    precision: Precision = setting(
        "network", "Precision", "What is computed in.", group="Optimizer", choices=PRECISIONS, advanced=True
    )
    device: str = device_setting()

    @property
    def reproducible(self) -> bool:
        """Only a seed makes it so."""
        return self.seed is not None

    def scripts(self) -> Mapping[str, str]:
        """Return the losses of one's own."""
        return scripts_of(self.targets)

    def rates(self) -> list[float]:
        """Return the learning rates to try, in equal ratios."""
        ratio = math.log(self.max_learning_rate / self.min_learning_rate) / (self.steps - 1)
        return [self.min_learning_rate * math.exp(ratio * n) for n in range(self.steps)]

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the columns of both tables."""
        network, training = specs.network(), specs.table("training")
        if self.min_learning_rate >= self.max_learning_rate:
            specs.report(
                NodeError(
                    "The smallest learning rate is not below the largest one.", "Change one of them.", setting="max_learning_rate"
                )
            )
        for problem in self.optimizer.problems():
            specs.report(problem)
        for where, source in self.scripts().items():
            scripting.check(source, where, needs="custom_loss")
        if not network.trainable_parameters:
            specs.report(NodeError("The network has no weights that are trained.", "Add a layer with weights, or unfreeze one."))
        bound = bind_training(network, training, self.inputs, self.targets, self.batch_size)
        tell_bound(specs, self.inputs, bound)
        for warning in loss_warnings(network, bound):
            specs.warn(warning)
        if training.rows == 0:
            specs.warn("The training table is empty: nothing is tried.")
        empty = training.rows == 0
        return {
            "history": TableSpec(_history_schema(), 0 if empty else None),
            "suggestion": TableSpec(_suggestion_schema(), 0 if empty else 1),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Train a copy; both tables are empty where the training table is."""
        network, training = values.network(), values.table("training")
        bound = bind_training(network.spec, training.spec, self.inputs, self.targets, self.batch_size)
        rows: list[tuple[float, float, float]] = []
        if not training.height:
            job.warn("The training table is empty: nothing was tried.")
        else:
            job.progress(0.0, "preparing")
            with use_device(self.device), scripting.all_errors_explained(self.scripts(), job):
                rows = list(self._sweep(network, training, bound, job))
        return {"history": _history(rows), "suggestion": _suggestion(rows, job)}

    def _sweep(self, network: Network, training: Table, bound: TrainingBinding, job: Job) -> Iterator[tuple[float, float, float]]:
        """(rate, loss, smoothed loss) of each step, until the loss diverges."""
        from nodes.kit.networks.keras_model import to_keras

        seed = random.SystemRandom().getrandbits(32) if self.seed is None else self.seed
        spec = with_precision(network.spec, self.precision)
        model = to_keras(Network(spec, network.weights), seed)
        rates = self.rates()
        optimizer = self.optimizer.model_copy(update={"learning_rate": rates[0]}).build(len(rates), len(rates))
        compile_model(model, spec, bound.targets, optimizer, job, metrics=False)
        step = _Step(model, bound, loader := self._loader(training, bound, seed))
        average, lowest = 0.0, math.inf
        for number, (rate, batch) in enumerate(zip(rates, _batches(loader), strict=False)):
            job.check_cancelled()
            loss = step(batch, rate)
            if not math.isfinite(loss):
                job.log(f"step {number + 1}: at a learning rate of {rate:.3g} the loss is not a number any more")
                return
            average = self.smoothing * average + (1 - self.smoothing) * loss
            smoothed = average / (1 - self.smoothing ** (number + 1))
            yield rate, loss, smoothed
            job.progress((number + 1) / len(rates), f"learning rate {rate:.3g} · loss {loss:.4g}")
            lowest = min(lowest, smoothed)
            if smoothed > self.divergence * lowest > 0:
                job.log(f"step {number + 1}: at a learning rate of {rate:.3g} the loss diverges")
                return
            if job.stop_requested:
                return

    def _loader(self, training: Table, bound: TrainingBinding, seed: int) -> BatchLoader:
        loader = BatchLoader(
            bound.open(training, bound.weighted),
            training.height,
            self.batch_size,
            buffer_bytes=256 * MEGABYTE,
            seed=seed,
            whole_batches=bound.fixed_batch or training.height > self.batch_size,
        )
        loader.require_batches("training")
        return loader

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show loss against learning rate, and the suggestion on the curve."""
        frame, found = outputs.table("history").frame(), outputs.table("suggestion").frame()
        if frame.is_empty():
            return []
        rates = frame["learning_rate"].to_list()
        smoothed = frame["smoothed_loss"].to_list()
        lines = [
            Line("loss", rates, frame["loss"].to_list(), style="faint", hue=0),
            Line("smoothed loss", rates, smoothed, hue=0),
        ]
        rate = found["learning_rate"][0] if found.height else None
        if rate is not None:
            lines.append(Line(f"suggested: {rate:.2g}", [rate], [smoothed[rates.index(rate)]], style="points", hue=1))
        return [LinesFigure("Loss by learning rate", lines, x_label="learning rate", log_x=True)]


class _Step:
    """A step of training at a given learning rate; gives the loss of its batch."""

    def __init__(self, model: Any, bound: TrainingBinding, loader: BatchLoader) -> None:
        import tensorflow as tf

        batch_layout = bound.batch_layout(bound.weighted)
        model.optimizer.build(model.trainable_variables)
        try_step(model, batch_layout, loader)
        size = loader.batch_size if loader.whole_batches else None
        signature = tuple(tf.TensorSpec((None, *source.shape), source.dtype) for source in loader.sources)

        def take(tensors: Sequence[Any]) -> Any:
            model.reset_metrics()  # else the loss would be the mean of all steps so far
            if bound.fixed_batch:
                for tensor in tensors:
                    tensor.set_shape((size, *tensor.shape[1:]))
            cast = [tf.cast(t, d) for t, d in zip(tensors, batch_layout.dtypes, strict=True)]
            return model.train_step(batch_layout.data(cast))["loss"]

        self._optimizer = model.optimizer
        self._take = tf.function(take, input_signature=[signature], autograph=False)

    def __call__(self, batch: tuple[Any, ...], rate: float) -> float:
        """Take the step."""
        self._optimizer.learning_rate = rate
        return float(self._take(batch))


def _batches(loader: BatchLoader) -> Iterator[tuple[Any, ...]]:
    """Yield the batches of a loader, epoch after epoch, without end."""
    epoch = 0
    while True:
        epoch += 1
        with closing(loader.blocks(epoch)) as blocks:
            for block in blocks:
                for start in range(0, block.rows, loader.batch_size):
                    yield tuple(array[start : start + loader.batch_size] for array in block.tensors)


def steepest(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Return the rate at which a smoothed loss falls most steeply over the logarithm of the rate, before its lowest value.

    None where the loss never falls, or there are fewer than three steps.
    """
    import numpy as np

    first = int(EDGE * len(rates))
    last = int(np.argmin(losses)) + 1
    if last - first < 3:
        return None
    slopes = np.gradient(np.asarray(losses), np.log(rates))[first:last]
    place = int(np.argmin(slopes))
    return float(rates[first + place]) if slopes[place] < 0 else None


def _history_schema() -> pl.Schema:
    return pl.Schema({"step": pl.Int32(), **dict.fromkeys(("learning_rate", "loss", "smoothed_loss"), pl.Float64())})


def _suggestion_schema() -> pl.Schema:
    return pl.Schema(dict.fromkeys(("learning_rate", "learning_rate_of_minimum", "lowest_loss"), pl.Float64()))


def _history(rows: Sequence[tuple[float, float, float]]) -> Table:
    numbered = [(number, *row) for number, row in enumerate(rows, 1)]
    return Table.of(pl.DataFrame(numbered, schema=_history_schema(), orient="row"))


def _suggestion(rows: Sequence[tuple[float, float, float]], job: Job) -> Table:
    """One row; without any steps none, or where the loss was not a number at once, a row of missing values."""
    schema = _suggestion_schema()
    if not rows:
        return Table.of(pl.DataFrame(schema=schema))
    rates, losses = [row[0] for row in rows], [row[2] for row in rows]
    rate = steepest(rates, losses)
    if rate is None:
        job.warn("The loss did not fall at any of the learning rates: try smaller ones, or look at the data.")
    else:
        job.log(f"suggested learning rate: {rate:.3g}")
    lowest = min(losses)
    return Table.of(pl.DataFrame([(rate, rates[losses.index(lowest)], lowest)], schema=schema, orient="row"))
