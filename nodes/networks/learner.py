"""Keras Network Learner: trains a network on a table."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.networks.binding import FEEDABLE, Binding, Source
from nodes.networks.device import DEVICE_PATTERN, use_device
from nodes.networks.feeding import TensorColumns, bind_inputs, check_batch_size
from nodes.networks.optimizers import Adam, AnyOptimizer
from nodes.networks.pipeline import Feed
from nodes.networks.stopping import EarlyStopping, ReduceOnPlateau
from nodes.networks.targets import (
    Target,
    TargetColumns,
    WeightSource,
    balanced_weights,
    bind_targets,
    quantities,
    typed_weights,
)
from nodes.networks.training import Arrangement, Course, Training, stored_seed
from nodes.values.figure import Figure, Line, LinesFigure
from nodes.values.network import Network, NetworkSpec
from nodes.values.table import Table, TableSpec, describe_dtype

if TYPE_CHECKING:
    import keras
    import polars as pl

CHECKPOINT = "training.safetensors"
MEGABYTE = 2**20


class InputColumns(TensorColumns):
    """Columns that fill one input of the network."""

    columns: list[str] = setting(
        [],
        "Columns",
        "Columns that fill it, in this order; empty: the only one that fits.",
        columns=Columns("training", FEEDABLE),
    )


@dataclass(frozen=True)
class Wiring:
    """Which columns go where, and whether the network fixes its batch size."""

    inputs: Sequence[Binding]
    targets: Sequence[Target]
    fixed_batch: bool

    @property
    def bindings(self) -> list[Binding]:
        """Inputs, then targets."""
        return [*self.inputs, *(target.binding for target in self.targets)]

    @property
    def columns(self) -> list[str]:
        """All columns in use, each once."""
        return list(dict.fromkeys(column for binding in self.bindings for column in binding.columns))

    def with_classes(self, network: NetworkSpec) -> NetworkSpec:
        """The network, knowing what its outputs' classes are called."""
        known = {str(target.tensor): target.classes for target in self.targets if target.classes}
        return replace(network, classes={**network.classes, **known})


class Learner(Node):
    """Train a network on the rows of a table.

    The weights that the network comes with are the start, so a second learner goes on where the first one ended; layers
    without weights get random ones. Columns that are not chosen are found where only one fits.

    With a validation table, the network is tried on it after every epoch. The second output is the history: a row per
    epoch with loss, metrics, learning rate and seconds.

    Stop ends the training and keeps what was reached: with a validation table, the weights of the epoch in which its loss was
    the lowest. Cancel gives nothing out; but like a training that was killed, it goes on after its last checkpoint when it is
    run again with the same settings on the same data.
    """

    id: ClassVar[str] = "networks.learner"
    title: ClassVar[str] = "Keras Network Learner"
    shelf: ClassVar[str] = "Network"
    icon: ClassVar[str] = "mdi6.school"
    keywords: ClassVar[tuple[str, ...]] = ("DL Keras Network Learner", "train", "fit", "training", "backpropagation")
    needs_keras: ClassVar[bool] = True
    input_ports: ClassVar[tuple[Port, ...]] = (
        Port("network", "network", "Network", "The network to train."),
        Port("training", "table", "Training data", "Rows to learn from: inputs and targets."),
        Port("validation", "table", "Validation data", "Rows to try the network on after every epoch.", optional=True),
    )
    output_ports: ClassVar[tuple[Port, ...]] = (
        Port("network", "network", "Trained network", "The network with its new weights."),
        Port("history", "table", "History", "A row per epoch: loss, metrics, learning rate, seconds."),
    )

    epochs: int = setting(1, "Epochs", "How often to go through the training data.", ge=1)
    batch_size: int = setting(100, "Training batch size", "Rows after which the weights are changed.", ge=1)
    validation_batch_size: int | None = setting(
        None, "Validation batch size", "Rows that are validated together; empty: as in training.", ge=1
    )
    shuffle: bool = setting(True, "Shuffle", "Put the training data in a new order before each epoch.")
    seed: int | None = setting(
        0,
        "Random seed",
        "Fixes initial weights, order and dropout, so that every run gives the same network; empty: each run is different.",
        ge=0,
        le=2**32 - 1,
    )
    shuffle_buffer: int = setting(
        256,
        "Shuffle buffer",
        "In megabytes. A table that is larger is shuffled by runs of neighbouring rows, and memory stays within this.",
        ge=1,
        advanced=True,
    )

    inputs: list[InputColumns] = setting(
        [], "Inputs", "Columns for the network's inputs; an input without an entry gets the only column that fits.", group="Data"
    )
    targets: list[TargetColumns] = setting(
        [TargetColumns()], "Targets", "For each output of the network: what it should put out, and the loss.", group="Data"
    )
    class_weight: Literal["none", "balanced", "typed"] = setting(
        "none",
        "Class weights",
        "How much the rows of each class count.",
        group="Data",
        choices={
            "none": "All rows count the same.",
            "balanced": "All classes count the same, however many rows they have.",
            "typed": "As given.",
        },
    )
    class_weights: dict[str, float] = setting(
        {},
        "Weights of classes",
        "By name or number of the class; classes that are not named have 1.",
        group="Data",
        shown_if={"class_weight": "typed"},
    )

    optimizer: AnyOptimizer = setting(Adam(), "Optimizer", "How the weights are changed.", group="Optimizer")

    terminate_on_nan: bool = setting(
        True, "Terminate on NaN", "End the training when the loss is not a number: nothing good comes after it.", group="Behavior"
    )
    early_stopping: EarlyStopping | None = setting(
        None, "Early stopping", "End the training when it does not get better any more.", group="Behavior"
    )
    reduce_learning_rate: ReduceOnPlateau | None = setting(
        None, "Reduce learning rate", "Lower the learning rate when the training does not get better any more.", group="Behavior"
    )
    checkpoint_every: int = setting(
        1,
        "Checkpoint every",
        "Epochs after which all is written down that is needed to go on after a crash; 0: never.",
        group="Behavior",
        ge=0,
    )
    device: str = setting(
        "",
        "Device",
        "Where to compute: cpu, gpu:0, gpu:1, ...; empty: a graphics card, if there is one.",
        group="Behavior",
        advanced=True,
        pattern=DEVICE_PATTERN,
    )

    @property
    def reproducible(self) -> bool:
        """Only a seed makes it so."""
        return self.seed is not None

    # -- before running

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The same network, knowing its classes, and the history's columns."""
        network, training = specs.network(), specs.table("training")
        validation = specs.table("validation") if "validation" in specs else None
        wiring = self._wire(network, training)
        for problem in self._problems(network, training, validation, wiring):
            specs.report(problem)
        if training.rows == 0:
            specs.warn("The training table is empty: the network comes out as it goes in.")
        if validation is not None and validation.rows == 0:
            specs.warn("The validation table is empty: there will be no validation.")
        if wiring.fixed_batch and training.rows is not None and training.rows % self.batch_size:
            left = training.rows % self.batch_size
            specs.warn(f"The network fixes its batch size: {left} row(s) of each epoch, another choice each time, are left out.")
        made = wiring.with_classes(network) if training.rows != 0 else network
        rows = 0 if training.rows == 0 else None
        return {"network": made, "history": TableSpec(self._history_schema(wiring, validation is not None), rows)}

    def _wire(self, network: NetworkSpec, table: TableSpec) -> Wiring:
        fixed = check_batch_size(network, self.batch_size, "batch_size")
        inputs = bind_inputs(network, table, self.inputs)
        taken = [column for binding in inputs for column in binding.columns]
        return Wiring(inputs, bind_targets(network, table, self.targets, taken), fixed)

    def _problems(
        self, network: NetworkSpec, training: TableSpec, validation: TableSpec | None, wiring: Wiring
    ) -> Iterator[NodeError]:
        """Mistakes beside those of the columns."""
        yield from self.optimizer.problems()
        if network.parameters and not network.trainable_parameters:
            yield NodeError("All layers of the network are frozen.", "Let at least one of them be trained.")
        if not network.parameters:
            yield NodeError("The network has no weights: there is nothing to train.", "Add a layer with weights, such as Dense.")
        if self.reduce_learning_rate and self.optimizer.schedule is not None:
            yield NodeError(
                "The learning rate follows a schedule, so it cannot be lowered on a plateau too.",
                "Give the learning rate as a number, or switch 'Reduce learning rate' off.",
                setting="reduce_learning_rate",
            )
        known = quantities(wiring.targets)
        monitored = [*known, *(f"val_{name}" for name in known if validation is not None)]
        for name, rule in (("early_stopping", self.early_stopping), ("reduce_learning_rate", self.reduce_learning_rate)):
            if rule is not None and rule.monitor and rule.monitor not in monitored:
                hint = " Connect a validation table to watch it." if rule.monitor.removeprefix("val_") in known else ""
                yield NodeError(
                    f"There is no quantity '{rule.monitor}' to watch.",
                    f"Choose one of: {', '.join(monitored)}.{hint}",
                    setting=f"{name}.monitor",
                )
        if self.class_weight == "typed":
            yield from _wrong_weights(wiring.targets, self.class_weights)
        elif self.class_weight == "balanced" and not any(target.class_count for target in wiring.targets):
            yield _no_classes()
        if validation is not None:
            yield from _differences(training, validation, wiring.columns)

    def _history_schema(self, wiring: Wiring, validated: bool) -> pl.Schema:
        import polars as pl

        names = list(quantities(wiring.targets))
        names += [f"val_{name}" for name in names] if validated else []
        return pl.Schema({"epoch": pl.Int32(), **dict.fromkeys([*names, "learning_rate", "seconds"], pl.Float64())})

    # -- running

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Trains; the history has a row per finished epoch."""
        network, training = values.network(), values.table("training")
        validation = values.table("validation") if "validation" in values else None
        wiring = self._wire(network.spec, training.spec)
        schema = self._history_schema(wiring, validation is not None)
        if not training.height:
            job.warn("The training table is empty: the network is as it was.")
            return {"network": network, "history": _history([], schema)}
        if validation is not None and not validation.height:
            job.warn("The validation table is empty: there was no validation.")
            validation = None
        job.progress(0.0, "preparing")
        with use_device(self.device):
            trained, rows = self._train(network, training, validation, wiring, job)
        return {"network": trained, "history": _history(rows, schema)}

    def _train(
        self, network: Network, training: Table, validation: Table | None, wiring: Wiring, job: Job
    ) -> tuple[Network, list[dict[str, float]]]:
        from nodes.networks.keras_model import to_keras, weights_of

        path = job.scratch / CHECKPOINT
        seed = self.seed
        if seed is None:
            # A training that goes on after a kill must go on with the order that it began with.
            stored = stored_seed(path)
            seed = random.SystemRandom().getrandbits(32) if stored is None else stored
        feed = self._feed(training, wiring, self.batch_size, seed if self.shuffle else None)
        checked = None
        if validation is not None:
            size = self.batch_size if wiring.fixed_batch else self.validation_batch_size or self.batch_size
            checked = self._feed(validation, wiring, size, None)
            _refuse_no_batches(checked, "validation")
        _refuse_no_batches(feed, "training")
        model = to_keras(network, seed)
        self._compile(model, network.spec, wiring, feed.batches * self.epochs)
        weighted = self.class_weight != "none"
        dtypes = [binding.dtype for binding in wiring.bindings] + ["float32"] * (len(wiring.targets) if weighted else 0)
        arrangement = Arrangement(tuple(dtypes), len(wiring.inputs), len(wiring.targets))
        course = self._course(wiring, checked is not None)
        progress = Training(model, arrangement, feed, checked, course=course, seed=seed, job=job).run(path)
        return Network(wiring.with_classes(network.spec), weights_of(model, network.spec)), progress.history

    def _feed(self, table: Table, wiring: Wiring, batch_size: int, seed: int | None) -> Feed:
        sources = [binding.open(table) for binding in wiring.bindings]
        if self.class_weight != "none":
            sources += self._weight_sources(sources[len(wiring.inputs) :], wiring.targets, table.height)
        return Feed(
            sources,
            table.height,
            batch_size,
            buffer_bytes=self.shuffle_buffer * MEGABYTE,
            seed=seed,
            whole_batches=wiring.fixed_batch,
        )

    def _weight_sources(self, sources: Sequence[Source], targets: Sequence[Target], rows: int) -> list[Source]:
        """A source of weights per target."""
        made: list[Source] = []
        for source, target in zip(sources, targets, strict=True):
            weights = None
            if target.class_count and self.class_weight == "balanced":
                weights = balanced_weights(source, target, rows)
            elif target.class_count:
                weights = typed_weights(target, self.class_weights)
            made.append(WeightSource(source, target, weights))
        return made

    def _compile(self, model: keras.Model, network: NetworkSpec, wiring: Wiring, batches: int) -> None:
        import keras

        optimizer = self.optimizer.build(batches)
        if any(layer.config.get("dtype") == "mixed_float16" for layer in network.layers):
            # Gradients of 16 bits vanish unless the loss is scaled up; Keras does so only for a global policy.
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        targets = wiring.targets
        metrics = [
            [metric.build(name, target.width) for metric, name in zip(target.entry.metrics, target.metric_names(), strict=True)]
            for target in targets
        ]
        # XLA makes convolutions on CPUs slower, and needs a compilation for every size of the last batch.
        model.compile(
            optimizer=optimizer,
            loss=[target.entry.loss.build() for target in targets],
            loss_weights=[target.entry.loss_weight for target in targets],
            metrics=metrics,
            jit_compile=False,
        )

    def _course(self, wiring: Wiring, validated: bool) -> Course:
        default = "val_loss" if validated else "loss"
        stopping, plateau = self.early_stopping, self.reduce_learning_rate
        return Course(
            self.epochs,
            quantities(wiring.targets),
            self.terminate_on_nan,
            (stopping, self._watchable(stopping.monitor or default, validated)) if stopping else None,
            (plateau, self._watchable(plateau.monitor or default, validated)) if plateau else None,
            self.checkpoint_every,
        )

    @staticmethod
    def _watchable(monitor: str, validated: bool) -> str:
        """The monitored quantity; where the validation table turned out to be empty, that of the training."""
        return monitor if validated else monitor.removeprefix("val_")

    # -- afterwards

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The learning curves: one panel per quantity, training and validation in it."""
        frame = outputs.table("history").frame()
        epochs = [float(n) for n in frame["epoch"]]
        names = [c for c in frame.columns if c not in ("epoch", "learning_rate", "seconds") and not c.startswith("val_")]
        lines = []
        for name in names:
            lines.append(Line(f"{name}, training", epochs, frame[name].to_list(), group=name))
            if f"val_{name}" in frame.columns and not frame[f"val_{name}"].has_nulls():
                lines.append(Line(f"{name}, validation", epochs, frame[f"val_{name}"].to_list(), group=name, dashed=True))
        return [LinesFigure("Learning curves", lines, x_label="epoch")]


def _history(rows: Sequence[Mapping[str, float]], schema: pl.Schema) -> Table:
    """The rows of a training as a table; validation that did not take place is missing in it."""
    import polars as pl

    return Table.of(pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema))


def _differences(training: TableSpec, validation: TableSpec, columns: Sequence[str]) -> Iterator[NodeError]:
    """Columns of the training data that the validation data do not have, or have differently."""
    for column in columns:
        wanted, found = training.schema[column], validation.schema.get(column)
        if found is None:
            yield NodeError(
                f"The validation table has no column '{column}', which is trained on.",
                "Prepare the validation data just as the training data.",
            )
        elif found != wanted:
            yield NodeError(
                f"Column '{column}' is {describe_dtype(wanted)} in the training table, but {describe_dtype(found)} in the "
                "validation table" + (", with other classes." if type(found) is type(wanted) else "."),
                "Prepare the validation data just as the training data.",
            )
        elif training.class_names(column) != validation.class_names(column):
            yield NodeError(
                f"Column '{column}' has other classes in the validation table than in the training table.",
                "Use one Category to Number for both, by its mapping.",
            )


def _wrong_weights(targets: Sequence[Target], weights: Mapping[str, float]) -> Iterator[NodeError]:
    """Weights that are no weights, or of no class."""
    with_classes = [target for target in targets if target.class_count]
    if not with_classes:
        yield _no_classes()
    if any(weight < 0 for weight in weights.values()):
        yield NodeError("A class weight is negative.", "Give weights from 0 on.", setting="class_weights")
    for target in with_classes:
        try:
            typed_weights(target, weights)
        except NodeError as error:
            yield error


def _no_classes() -> NodeError:
    return NodeError(
        "There are no classes to weight: no loss is for classes.", "Choose no class weights.", setting="class_weight"
    )


def _refuse_no_batches(feed: Feed, what: str) -> None:
    if not feed.batches:
        raise NodeError(
            f"The {what} table has fewer rows than the network's fixed batch size of {feed.batch_size}.",
            "Use a network without a fixed batch size, or more rows.",
        )
