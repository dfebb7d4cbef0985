"""Keras Network Learner: trains a network on a table."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import polars as pl
from pydantic import Field

from nodes.base import Access, Job, Node, NodeError, Port, Spec, Specs, Value, Values, patterned, setting
from nodes.kit.networks import inputs
from nodes.kit.networks.batches import BatchLoader
from nodes.kit.networks.binding import TensorReader
from nodes.kit.networks.device import device_setting, use_device
from nodes.kit.networks.inputs import InputColumns, inputs_setting
from nodes.kit.scripts import scripting
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.training import callbacks, losses, metrics, optimizers
from nodes.kit.training.callbacks import CSVLogger, ModelCheckpoint, RateByEpoch, TensorBoard
from nodes.kit.training.compilation import PRECISIONS, LossScale, Precision, compile_model, needs_loss_scale, with_precision
from nodes.kit.training.data_binding import TrainingBinding, bind_training, differences, scripts_of, tell_bound
from nodes.kit.training.epoch_callbacks import CheckpointWriter, EpochCallback, EventWriter, HistoryWriter
from nodes.kit.training.loop import TrainingLoop, TrainingOptions
from nodes.kit.training.loss_warnings import loss_warnings
from nodes.kit.training.optimizers import Adam, AnyOptimizer
from nodes.kit.training.row_weights import balanced_weights, typed_weights, unknown_class
from nodes.kit.training.sorted_rows import sorted_target
from nodes.kit.training.stopping import EarlyStopping, Monitor, ReduceOnPlateau
from nodes.kit.training.targets import BoundTarget, TargetColumns, quantities, targets_setting
from nodes.kit.training.training_state import stored_seed
from nodes.values.figure import Figure, Line, LinesFigure
from nodes.values.network import Network, NetworkSpec
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHECKPOINT = "training.safetensors"
MEGABYTE = 2**20
ClassWeight = Literal["none", "balanced", "typed"]


class NetworkLearner(Node):
    """Train a network on the rows of a table.

    The weights that the network comes with are the start, so a second learner goes on where the first one ended; layers
    without weights get random ones. Columns that are not chosen are found where only one fits.

    With a validation table, the network is tried on it after every epoch. The second output is the history: a row per
    epoch with loss, metrics, learning rate and seconds.

    Stop ends the training and keeps what was reached: with a validation table, the weights of the epoch in which its loss was
    the lowest. Cancel gives nothing out; but like a training that was killed, it goes on after its last checkpoint when it is
    run again with the same settings on the same data.

    What differs from KNIME: the last batch of an epoch is short rather than filled up from the first rows; the seed fixes the
    initial weights too; the defaults are Keras's, not the first of the alphabet (Adam and categorical cross-entropy instead of
    Adadelta and binary cross-entropy); any metric can be watched; gradients are clipped in one way only; the state of the
    optimizer is not handed on, there as here. Its choice of a back end is gone, since TensorFlow is the only one; its CUDA
    visible devices are the Device; an optimizer's "decay" and "schedule decay" are a schedule of the learning rate. The
    same seed gives the same network to the last digit on a processor; on a graphics card the last digits may differ.

    A loss of your own is a script, which must be trusted before it runs.

    Example: with the network of a Dense layer of 10 units (softmax), the columns image and label of a training table, Adam
    with cosine decay and 12 epochs, the second output shows the accuracy of each epoch; Early stopping with patience 3 ends
    the training when the validation loss has not become better for three epochs.
    """

    id = "networks.learner"
    title = "Keras Network Learner"
    shelf = "Network"
    icon = "mdi6.school"
    keywords = (
        "optimizer", "Adam",
        "DL Keras Network Learner", "train", "fit", "training", "backpropagation", "compile", "custom loss", "callbacks",
        "early stopping", "mixed precision", "sample weight", "class weight", "TensorBoard", "ModelCheckpoint",
        "CUDA visible devices", *inputs.CONVERTERS,
        "loss", "loss function", "EarlyStopping", "ReduceLROnPlateau",
    )  # fmt: skip
    needs_keras = True
    left_out = {
        "steps_per_execution": "Batches go to TensorFlow in blocks whose size follows from how long they take.",
        "initial_epoch": "Epochs are counted from 1 and from the start of this node; a killed training goes on by itself.",
        "run_eagerly": "Every step runs as TensorFlow's graph; look into the steps of a training in a Python Network Learner.",
        "auto_scale_loss": "The loss is scaled wherever layers compute in float16, since small gradients would vanish there.",
        "verbose": "The progress, the console and the live curves show a training as it goes.",
        **callbacks.LEFT_OUT,
        **optimizers.LEFT_OUT,
        **losses.LEFT_OUT,
        **metrics.LEFT_OUT,
        **inputs.LEFT_OUT,
    }
    input_ports = (
        Port("network", "network", "Network", "The network to train."),
        Port("training", "table", "Training data", "Rows to learn from: inputs and targets."),
        Port("validation", "table", "Validation data", "Rows to try the network on after every epoch.", optional=True),
    )
    output_ports = (
        Port("network", "network", "Trained network", "The network with its new weights."),
        Port("history", "table", "History", "A row per epoch: loss, metrics, learning rate, seconds."),
    )

    epochs: int = setting(1, "Epochs", "How often to go through the training data.", ge=1, start=10)
    batch_size: int = setting(100, "Training batch size", "Rows after which the weights are changed.", ge=1, start=32)
    validation_batch_size: int | None = setting(
        None, "Validation batch size", "Rows that are validated together; empty: as in training.", ge=1
    )
    shuffle: bool = setting(True, "Shuffle", "Put the training data in a new order before each epoch.")
    seed: int | None = seed_setting(
        "Fixes initial weights, order and dropout, so that every run gives the same network; empty: each run is different.",
        most=SEEDS_32,
    )
    validation_split: float = setting(
        0.0,
        "Validation split",
        "The part of the training table, its last rows, that is kept for validation instead of a validation table. The rows are "
        "taken as they lie: shuffle a sorted table before.",
        ge=0,
        lt=1,
    )
    validation_freq: int = setting(1, "Validate every", "Epochs between two validations.", ge=1, advanced=True)
    steps_per_epoch: int | None = setting(
        None,
        "Batches per epoch",
        "An epoch ends after so many batches, each time after others if the data are shuffled; empty: after all rows.",
        ge=1,
        advanced=True,
    )
    validation_steps: int | None = setting(
        None, "Batches per validation", "A validation ends after so many batches; empty: after all rows.", ge=1, advanced=True
    )
    shuffle_buffer: int = setting(
        256,
        "Shuffle buffer",
        "In megabytes. A table that is larger is shuffled by runs of neighbouring rows, and memory stays within this.",
        ge=1,
        advanced=True,
    )

    inputs: list[InputColumns] = inputs_setting("Data")
    targets: list[TargetColumns] = targets_setting("Data")
    class_weight: ClassWeight = setting(
        "none",
        "Class weights",
        "How much the training rows of each class count.",
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

    learning_rate_by_epoch: RateByEpoch | None = setting(
        None,
        "Learning rate by epoch",
        "A learning rate for each stretch of epochs, in place of the optimizer's.",
        group="Optimizer",
    )
    precision: Precision = setting(
        "network",
        "Precision",
        "What is computed in while training; the trained network is as it was.",
        group="Optimizer",
        choices=PRECISIONS,
    )
    initial_scale: Annotated[float, Field(gt=0)] = setting(
        2.0**15,
        "Initial loss scale",
        "What the loss is multiplied by at first, where layers compute in float16; it is adjusted by itself.",
        group="Optimizer",
        advanced=True,
    )
    dynamic_growth_steps: int = setting(
        2000,
        "Loss scale grows every",
        "Batches without overflow after which the loss scale is doubled.",
        group="Optimizer",
        ge=1,
        advanced=True,
    )
    jit_compile: bool = setting(
        False,
        "Compile with XLA",
        "Have TensorFlow's compiler fuse the steps: often faster on graphics cards, slower for convolutions on processors.",
        group="Optimizer",
        advanced=True,
    )

    terminate_on_nan: bool = setting(
        True, "Terminate on NaN", "End the training when the loss is not a number: nothing good comes after it.", group="Behavior"
    )
    early_stopping: EarlyStopping | None = setting(
        None, "Early stopping", "End the training when it does not get better any more.", group="Behavior"
    )
    reduce_learning_rate: ReduceOnPlateau | None = setting(
        None, "Reduce learning rate", "Lower the learning rate when the training does not get better any more.", group="Behavior"
    )
    swap_ema_weights: bool = setting(
        False,
        "Validate averaged weights",
        "Validate, compare and save the moving average of the weights, instead of the weights that training goes on with "
        "(needs the optimizer's 'Average weights').",
        group="Behavior",
        advanced=True,
    )
    model_checkpoint: ModelCheckpoint | None = setting(
        None, "Write the network", "Write the network to a file while it is being trained.", group="Behavior"
    )
    csv_logger: CSVLogger | None = setting(
        None, "Write the history", "Write the history to a text file after every epoch.", group="Behavior"
    )
    tensorboard: TensorBoard | None = setting(
        None, "Write for TensorBoard", "Write what TensorBoard shows after every epoch.", group="Behavior"
    )
    checkpoint_every: int = setting(
        1,
        "Checkpoint every",
        "Epochs after which all is written down that is needed to go on after a crash; 0: never.",
        group="Behavior",
        ge=0,
    )
    device: str = device_setting()

    @property
    def reproducible(self) -> bool:
        """Only a seed makes it so."""
        return self.seed is not None

    def accesses(self) -> Sequence[Access]:
        """What is written beside the training; TensorBoard's files have names of their own in every run."""
        made = []
        if self.model_checkpoint:
            made.append(patterned("model_checkpoint.filepath", self.model_checkpoint.filepath))
        if self.csv_logger:
            made.append(Access("csv_logger.filename", "file", self.csv_logger.filename))
        if self.tensorboard:
            made.append(Access("tensorboard.log_dir", "folder", self.tensorboard.log_dir, replaces=False))
        return made

    def scripts(self) -> Mapping[str, str]:
        """Return the losses of one's own."""
        return scripts_of(self.targets)

    # -- before running

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the same network, knowing its classes, and the history's columns."""
        network, training = specs.network(), specs.table("training")
        validation = specs.table("validation") if "validation" in specs else None
        bound = bind_training(network, training, self.inputs, self.targets, self.batch_size)
        tell_bound(specs, self.inputs, bound)
        for problem in self._problems(network, training, validation, bound):
            specs.report(problem)
        for warning in loss_warnings(network, bound):
            specs.warn(warning)
        if validation is None and self.validation_split and training.rows:
            _split_at(training.rows, self.validation_split)
        if training.rows == 0:
            specs.warn("The training table is empty: the network comes out as it goes in.")
        if validation is not None and validation.rows == 0:
            specs.warn("The validation table is empty: there will be no validation.")
        stateful = next((layer.name for layer in network.layers if layer.config.get("stateful")), None)
        if stateful is not None and self.shuffle:
            specs.warn(
                f"'{stateful}' goes on from batch to batch, but rows come in another order each time: switch 'Shuffle' off."
            )
        if bound.fixed_batch and training.rows is not None and training.rows % self.batch_size:
            left = training.rows % self.batch_size
            specs.warn(f"The network fixes its batch size: {left} row(s) of each epoch, another choice each time, are left out.")
        made = bound.with_classes(network) if training.rows != 0 else network
        rows = 0 if training.rows == 0 else None
        return {"network": made, "history": TableSpec(self._history_schema(bound, self._validates(validation)), rows)}

    def _validates(self, validation: object | None) -> bool:
        """Whether there is anything to validate with."""
        return validation is not None or self.validation_split > 0

    def _problems(
        self, network: NetworkSpec, training: TableSpec, validation: TableSpec | None, bound: TrainingBinding
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
        yield from self._wrong_combinations(network, validation)
        known = quantities(bound.targets)
        monitored = [*known, *(f"val_{name}" for name in known if self._validates(validation))]
        if self.model_checkpoint:
            for problem in self.model_checkpoint.problems([*monitored, "learning_rate", "seconds"]):
                yield NodeError(problem.message, problem.remedy, setting=f"model_checkpoint.{problem.setting}")
        rules: dict[str, Monitor | None] = {
            "early_stopping": self.early_stopping,
            "reduce_learning_rate": self.reduce_learning_rate,
            "model_checkpoint": self.model_checkpoint,
        }
        for name, rule in rules.items():
            if rule is not None and rule.monitor and rule.monitor not in monitored:
                hint = " Connect a validation table to watch it." if rule.monitor.removeprefix("val_") in known else ""
                yield NodeError(
                    f"There is no quantity '{rule.monitor}' to watch.",
                    f"Choose one of: {', '.join(monitored)}.{hint}",
                    setting=f"{name}.monitor",
                )
        if self.class_weight == "typed":
            yield from _wrong_weights(bound.targets, self.class_weights)
        elif self.class_weight == "balanced" and not any(target.class_count for target in bound.targets):
            yield _no_classes()
        if validation is not None:
            yield from differences(training, validation, bound.columns)

    def _wrong_combinations(self, network: NetworkSpec, validation: TableSpec | None) -> Iterator[NodeError]:
        """Settings that are right by themselves, but not together."""
        if self.learning_rate_by_epoch:
            for problem in self.learning_rate_by_epoch.problems():
                yield NodeError(problem.message, problem.remedy, setting=f"learning_rate_by_epoch.{problem.setting}")
            other = "the optimizer's schedule" if self.optimizer.schedule is not None else ""
            if self.reduce_learning_rate:
                other = "'Reduce learning rate'"
            if other:
                yield NodeError(
                    f"The learning rate is given by epoch and by {other}.",
                    "Choose one of the two.",
                    setting="learning_rate_by_epoch",
                )
        if validation is not None and self.validation_split:
            yield NodeError(
                "There is a validation table, and a part of the training table is to be kept for validation.",
                "Disconnect the table, or set the validation split to 0.",
                setting="validation_split",
            )
        if self.swap_ema_weights and not self.optimizer.use_ema:
            yield NodeError(
                "The optimizer keeps no average of the weights that could be validated.",
                "Switch the optimizer's 'Average weights' on.",
                setting="swap_ema_weights",
            )
        if self.optimizer.loss_scale_factor is not None and needs_loss_scale(with_precision(network, self.precision)):
            yield NodeError(
                "The loss is scaled by itself where layers compute in float16.",
                "Leave the optimizer's loss scale empty.",
                setting="optimizer.loss_scale_factor",
            )
        for where, source in self.scripts().items():
            try:
                scripting.check(source, where, needs="custom_loss")
            except NodeError as error:
                yield error

    def _history_schema(self, bound: TrainingBinding, validated: bool) -> pl.Schema:
        names = list(quantities(bound.targets))
        names += [f"val_{name}" for name in names] if validated else []
        return pl.Schema({"epoch": pl.Int32(), **dict.fromkeys([*names, "learning_rate", "seconds"], pl.Float64())})

    # -- running

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Train; the history has a row per finished epoch."""
        network, training = values.network(), values.table("training")
        validation = values.table("validation") if "validation" in values else None
        bound = bind_training(network.spec, training.spec, self.inputs, self.targets, self.batch_size)
        schema = self._history_schema(bound, self._validates(validation))
        if not training.height:
            job.warn("The training table is empty: the network is as it was.")
            return {"network": network, "history": _history([], schema)}
        if validation is not None and not validation.height:
            job.warn("The validation table is empty: there was no validation.")
            validation = None
        elif validation is None and self.validation_split:
            kept = _split_at(training.height, self.validation_split)
            if hint := sorted_target(training, bound.targets):
                job.warn(hint)
            training, validation = training.slice(0, kept), training.slice(kept, training.height - kept)
        job.progress(0.0, "preparing")
        with use_device(self.device), scripting.all_errors_explained(self.scripts(), job):
            trained, rows = self._train(network, training, validation, bound, job)
        return {"network": trained, "history": _history(rows, schema)}

    def _train(
        self, network: Network, training: Table, validation: Table | None, bound: TrainingBinding, job: Job
    ) -> tuple[Network, list[dict[str, float]]]:
        from nodes.kit.networks.keras_model import to_keras, weights_of

        path = job.scratch / CHECKPOINT
        seed = self.seed
        if seed is None:
            # A training that goes on after a kill must go on with the order that it began with.
            stored = stored_seed(path)
            seed = random.SystemRandom().getrandbits(32) if stored is None else stored
        weighted = self.class_weight != "none" or bound.weighted
        loader = self._loader(training, bound, weighted, seed)
        checked = None
        if validation is not None:
            checked = self._validation_loader(validation, bound, weighted)
            checked.require_batches("validation")
        loader.require_batches("training")
        spec = with_precision(network.spec, self.precision)
        model = to_keras(Network(spec, network.weights), seed)
        compile_model(
            model,
            spec,
            bound.targets,
            self.optimizer.build(loader.batches * self.epochs, loader.batches),
            job,
            scale=LossScale(self.initial_scale, self.dynamic_growth_steps),
        )
        options = self._options(bound, checked is not None)
        progress = TrainingLoop(
            model,
            bound.batch_layout(weighted),
            loader,
            checked,
            options=options,
            seed=seed,
            job=job,
            callbacks=self._callbacks(options, bound, checked is not None, job),
        ).run(path)
        return Network(bound.with_classes(network.spec), weights_of(model, network.spec)), progress.history

    def _loader(self, table: Table, bound: TrainingBinding, weighted: bool, seed: int) -> BatchLoader:
        if weighted:
            _refuse_no_weight(table, bound.targets)
        return BatchLoader(
            bound.open(table, weighted, partial(self._class_weights, table.height)),
            table.height,
            self.batch_size,
            buffer_bytes=self.shuffle_buffer * MEGABYTE,
            seed=seed if self.shuffle else None,
            whole_batches=bound.fixed_batch,
            most_batches=self.steps_per_epoch,
        )

    def _validation_loader(self, table: Table, bound: TrainingBinding, weighted: bool) -> BatchLoader:
        """Rows as they are, weighted as rows are, but not by class, as in Keras."""
        size = self.batch_size if bound.fixed_batch else self.validation_batch_size or self.batch_size
        readers = bound.open(table, weighted)
        return BatchLoader(readers, table.height, size, whole_batches=bound.fixed_batch, most_batches=self.validation_steps)

    def _class_weights(self, rows: int, reader: TensorReader, target: BoundTarget) -> NDArray[np.float32] | None:
        """The weight of each class of a target; None where classes are not weighted."""
        if target.class_count and self.class_weight == "balanced":
            return balanced_weights(reader, target, rows)
        if target.class_count and self.class_weight == "typed":
            return typed_weights(target, self.class_weights)
        return None

    def _options(self, bound: TrainingBinding, validated: bool) -> TrainingOptions:
        stopping, plateau = self.early_stopping, self.reduce_learning_rate
        return TrainingOptions(
            self.epochs,
            quantities(bound.targets),
            self.terminate_on_nan,
            (stopping, self._watchable(stopping.monitor, validated)) if stopping else None,
            (plateau, self._watchable(plateau.monitor, validated)) if plateau else None,
            self.checkpoint_every,
            self.learning_rate_by_epoch,
            self.validation_freq,
            self.swap_ema_weights,
            self.jit_compile,
        )

    def _callbacks(self, options: TrainingOptions, bound: TrainingBinding, validated: bool, job: Job) -> list[EpochCallback]:
        made: list[EpochCallback] = []
        if self.model_checkpoint:
            monitor = self._watchable(self.model_checkpoint.monitor, validated)
            made.append(CheckpointWriter(self.model_checkpoint, monitor, options.rises(self.model_checkpoint, monitor), job))
        if self.csv_logger:
            made.append(HistoryWriter(self.csv_logger, list(self._history_schema(bound, validated)), job))
        if self.tensorboard:
            made.append(EventWriter(self.tensorboard, job))
        return made

    @staticmethod
    def _watchable(monitor: str | None, validated: bool) -> str:
        """The monitored quantity; where the validation table turned out to be empty, that of the training."""
        monitor = monitor or "val_loss"
        return monitor if validated else monitor.removeprefix("val_")

    # -- afterwards

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the learning curves: one panel per quantity, training and validation in it."""
        frame = outputs.table("history").frame()
        epochs = [float(n) for n in frame["epoch"]]
        names = [c for c in frame.columns if c not in ("epoch", "learning_rate", "seconds") and not c.startswith("val_")]
        lines = []
        for name in names:
            lines.append(Line(f"{name}, training", epochs, frame[name].to_list(), group=name))
            if f"val_{name}" in frame.columns:
                known = [(e, v) for e, v in zip(epochs, frame[f"val_{name}"], strict=True) if v is not None]
                if known:
                    at, values = [e for e, _ in known], [v for _, v in known]
                    lines.append(Line(f"{name}, validation", at, values, group=name, dashed=True))
        return [LinesFigure("Learning curves", lines, x_label="epoch")]


def _history(rows: Sequence[Mapping[str, float]], schema: pl.Schema) -> Table:
    """The rows of a training as a table; validation that did not take place is missing in it."""
    return Table.of(pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema))


def _split_at(rows: int, split: float) -> int:
    """How many rows are left to train on; as Keras counts them.

    Raises:
        NodeError: If there are none, or none to validate with.
    """
    kept = math.floor(rows * (1 - split))
    if kept in (0, rows):
        which = "train on" if kept == 0 else "validate with"
        raise NodeError(
            f"Of {rows} row(s) none is left to {which}.",
            "Change the validation split, or use more rows.",
            setting="validation_split",
        )
    return kept


def _wrong_weights(targets: Sequence[BoundTarget], weights: Mapping[str, float]) -> Iterator[NodeError]:
    """Weights that are no weights, or of no class."""
    with_classes = [target for target in targets if target.class_count]
    if not with_classes:
        yield _no_classes()
    if any(weight < 0 for weight in weights.values()):
        yield NodeError("A class weight is negative.", "Give weights from 0 on.", setting="class_weights")
    unknown = unknown_class(with_classes, weights)
    if with_classes and unknown is not None:
        yield unknown
    for target in with_classes:
        if not typed_weights(target, weights).any():
            yield NodeError("All classes have the weight 0.", "Let at least one class count.", setting="class_weights")


def _no_classes() -> NodeError:
    return NodeError(
        "There are no classes to weight: no loss is for classes.", "Choose no class weights.", setting="class_weight"
    )


def _refuse_no_weight(table: Table, targets: Sequence[BoundTarget]) -> None:
    """NodeError if no row counts: the loss would be 0, and nothing learned."""
    for target in targets:
        if target.weight is not None:
            column = target.weight.columns[0]
            if not table.frame([column]).select(pl.col(column).ne(0).any()).item():
                raise NodeError(
                    f"All rows have the weight 0 in column '{column}': nothing would be learned.",
                    "Give some rows a weight.",
                    setting=f"{target.where}.sample_weight",
                )
