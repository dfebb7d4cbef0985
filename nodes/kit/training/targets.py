"""What a network's outputs are compared with: columns, loss and metrics per output, and what the training reports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Columns, NodeError, setting
from nodes.kit.networks.binding import FEEDABLE, Binding, bind, find_column
from nodes.kit.networks.inputs import TensorColumns, assign_entries
from nodes.kit.training.losses import (
    AnyLoss,
    CategoricalCrossentropyLoss,
    Circle,
    Loss,
    TargetForm,
    check_axis,
    check_dimensions,
    check_places,
    target_form,
)
from nodes.kit.training.metrics import Accuracy, AnyMetric, Metric
from nodes.values.network import NetworkSpec, Shape, Tensor, TensorSpec
from nodes.values.table import TableSpec, leaf_dtype
from nodes.wording import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINARY_LOSSES = ("BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge")
NEEDS_CLASSES = ("SparseCategoricalCrossentropy", "IoU", "MeanIoU")
"""Metrics that a class number fails which the output has no place for."""


class TargetColumns(TensorColumns):
    """Columns that one output of the network is compared with, and how."""

    columns: list[str] = setting(
        [],
        "Columns",
        "Columns with the values that the network should put out, in this order; empty: the only one that fits.",
        columns=Columns("training", FEEDABLE),
    )
    loss: AnyLoss = setting(CategoricalCrossentropyLoss(), "Loss", "What the training makes small.")
    loss_weight: float = setting(1.0, "Loss weight", "How much this loss counts among those of several outputs.", gt=0)
    metrics: list[AnyMetric] = setting(
        [Accuracy()], "Metrics", "What is reported of every epoch beside the loss; all rows count the same in it."
    )
    weighted_metrics: list[AnyMetric] = setting(
        [],
        "Weighted metrics",
        "The same, but rows count by the weights of rows and classes.",
        advanced=True,
    )
    sample_weight: str | None = setting(
        None,
        "Sample weight",
        "A column with how much each row counts for this output, from 0 on; empty: all count the same. Weights of classes are "
        "multiplied with it. Validation rows are weighted by it too.",
        columns=Columns("training", ("number",)),
    )


def targets_setting(group: str) -> Any:
    """Declare what a network is compared with, a list of `TargetColumns`.

    Args:
        group: The dialog's tab.
    """
    help = "For each output of the network: what it should put out, and the loss."
    return setting([TargetColumns()], "Targets", help, group=group)


@dataclass(frozen=True)
class BoundTarget:
    """One output of a network, and what it is compared with.

    Attributes:
        tensor: The output.
        binding: The columns.
        entry: Loss and metrics.
        classes: Names of the classes, where they are known.
        width: How many values or probabilities stand beside each other: the size of the last dimension.
        where: The setting, as error messages name it.
        weight: The column of its rows' weights.
    """

    tensor: Tensor
    binding: Binding
    entry: TargetColumns
    classes: tuple[str, ...] | None
    width: int
    where: str
    weight: Binding | None = None

    @property
    def form(self) -> TargetForm:
        """What its columns hold."""
        return target_form(self.entry.loss)

    @property
    def class_count(self) -> int | None:
        """How many classes the output tells apart; None where it does not tell classes apart."""
        if self.form in ("one-hot", "class number") and not isinstance(self.entry.loss, Circle):
            return self.width
        return 2 if self.entry.loss.kind in BINARY_LOSSES and self.width == 1 else None

    def metric_names(self) -> list[str]:
        """Return the metrics' names, each once: `auc`, `auc_2`."""
        return _each_once(self.entry.metrics)

    def weighted_metric_names(self) -> list[str]:
        """Return the same of the weighted ones: `weighted_auc` where `auc` is there unweighted as well, as Keras calls it."""
        plain = self.metric_names()
        return [f"weighted_{name}" if name in plain else name for name in _each_once(self.entry.weighted_metrics)]

    def class_numbers(self, target: NDArray[Any]) -> NDArray[np.integer[Any]]:
        """Return the class of each target that `binding` gave: (rows, ...) without the classes' dimension."""
        import numpy as np

        if self.form == "one-hot":
            return np.asarray(target.argmax(axis=-1))
        numbers = target if self.form == "class number" else target[..., 0] > 0.5
        return np.asarray(numbers, np.int64)


def _each_once(metrics: Sequence[Metric]) -> list[str]:
    names: list[str] = []
    for metric in metrics:
        same = sum(other.name == metric.name for other in metrics[: len(names)])
        names.append(f"{metric.name}_{same + 1}" if same else metric.name)
    return names


def bind_targets(
    network: NetworkSpec, table: TableSpec, given: Sequence[TargetColumns], taken: Sequence[str]
) -> list[BoundTarget]:
    """Bind columns to all outputs of a network.

    Args:
        network: The network.
        table: The training table.
        given: The settings; there must be one per output.
        taken: Columns that are inputs, which are not chosen automatically.

    Raises:
        NodeError: If they do not fit.
    """
    if len({tensor.layer for tensor in network.outputs}) < len(network.outputs):
        raise NodeError(
            "Two outputs of the network are of one layer, which Keras cannot tell apart.",
            "Put an Activation layer (linear) behind one of them.",
        )
    targets: list[BoundTarget] = []
    for tensor, number in zip(network.outputs, assign_entries(network, given, network.outputs, "targets"), strict=True):
        if number is None:
            raise NodeError(
                f"There is no target for the network's output '{tensor.layer}'.",
                f"Add one: the network has {len(network.outputs)} outputs.",
                setting="targets",
            )
        used = [*taken, *(c for target in targets for c in target.binding.columns)]
        targets.append(_bind_target(network, table, tensor, given[number], where=f"targets.{number}", taken=used))
    return targets


def _bind_target(
    network: NetworkSpec, table: TableSpec, tensor: Tensor, entry: TargetColumns, *, where: str, taken: Sequence[str]
) -> BoundTarget:
    output = network.tensor(tensor)
    wanted, limit = _wanted(output, entry.loss)
    check_dimensions(entry.loss, len(output.shape), where)
    check_places(entry.loss, output.shape, where)
    check_axis(entry.loss, len(output.shape), f"{where}.loss")
    columns = list(entry.columns) or [
        find_column(
            table,
            wanted,
            setting=where,
            what=f"the target of the network's output '{tensor.layer}'",
            taken=taken,
            conversion=entry.conversion,
            channels_first=network.channels_first,
        )
    ]
    _check_form(table, columns, entry, output, where)
    binding = bind(
        table,
        wanted,
        columns,
        entry.conversion,
        setting=where,
        channels_first=network.channels_first,
        classes=limit,
        ignored=getattr(entry.loss, "ignore_class", None),
        shares=entry.loss.kind if entry.loss.shares else None,
    )
    names = table.class_names(columns[0]) if len(columns) == 1 else None
    width = (output.shape[-1] or 1) if output.shape else 1
    target = BoundTarget(tensor, binding, entry, names, width, where, _bind_weight(table, entry, where))
    _check_metrics(target, len(output.shape))
    if names is None or target.class_count is None:
        return replace(target, classes=None)
    if len(names) != target.class_count:
        units = counted(target.width, "unit")
        several = len(names) != 1
        classes = counted(len(names), "class", "classes")
        raise NodeError(
            f"The network's output '{tensor.layer}' has {units}, but column '{columns[0]}' has {classes}.",
            f"Give the last layer {len(names)} units."
            if several
            else "Of one class nothing can be learned: take rows of others too.",
            setting=f"{where}.columns",
        )
    return target


def _bind_weight(table: TableSpec, entry: TargetColumns, where: str) -> Binding | None:
    """The column of the rows' weights. NodeError if it holds no numbers."""
    if entry.sample_weight is None:
        return None
    table.require(entry.sample_weight, "number", setting=f"{where}.sample_weight")
    return bind(table, TensorSpec((), "float32"), [entry.sample_weight], "numbers", setting=where)


def _wanted(output: TensorSpec, loss: Loss) -> tuple[TensorSpec, int | None]:
    """What a target must look like, and what its class numbers must be below."""
    shape = output.shape
    form = target_form(loss)
    if form == "sequence":
        known = loss.kind == "CTC" and len(shape) == 2
        return TensorSpec((None,), "int32"), shape[-1] if known else None
    if form != "class number":
        return output, None
    axis = getattr(loss, "axis", -1)
    place = axis - 1 if axis > 0 else axis
    rest: Shape = tuple(n for i, n in enumerate(shape) if i != place % max(len(shape), 1))
    limit = None if isinstance(loss, Circle) or not shape else shape[place]
    return TensorSpec(rest, "int32"), limit


def _check_form(table: TableSpec, columns: Sequence[str], entry: TargetColumns, output: TensorSpec, where: str) -> None:
    """Class numbers under a loss for one-hot targets, and one-hot targets under a loss for class numbers."""
    loss = entry.loss
    form = target_form(loss)
    if entry.conversion == "one-hot" and form in ("class number", "sequence"):
        raise NodeError(
            f"{loss.kind} compares with class numbers, not with one-hot targets.",
            "Choose another conversion, or the loss CategoricalCrossentropy.",
            setting=f"{where}.conversion",
        )
    if len(columns) != 1 or entry.conversion == "one-hot" or None in output.shape:
        return
    dtype = table.require(columns[0], *FEEDABLE, setting=f"{where}.columns")
    values = math.prod(n for n in output.shape if n is not None)
    width = (output.shape[-1] or 1) if output.shape else 1
    cells = math.prod(dtype.shape) if isinstance(dtype, pl.Array) else 1
    if form == "one-hot" and width > 1 and cells * width == values and leaf_dtype(dtype).is_integer():
        raise NodeError(
            f"Column '{columns[0]}' holds class numbers, but {loss.kind} compares with one-hot targets.",
            "Choose the conversion 'one-hot', or the loss SparseCategoricalCrossentropy.",
            setting=f"{where}.conversion",
        )
    if form == "class number" and width > 1 and cells == values:
        raise NodeError(
            f"Column '{columns[0]}' holds {cells} numbers a row, but {loss.kind} compares with one class number.",
            "Choose the loss CategoricalCrossentropy, or a column of class numbers.",
            setting=f"{where}.loss",
        )


def _check_metrics(target: BoundTarget, dimensions: int) -> None:
    entry = target.entry
    given = [(f"metrics.{n}", metric) for n, metric in enumerate(entry.metrics)]
    given += [(f"weighted_metrics.{n}", metric) for n, metric in enumerate(entry.weighted_metrics)]
    for metrics, listed in ((entry.metrics, "metrics"), (entry.weighted_metrics, "weighted_metrics")):
        for number, metric in enumerate(metrics):
            if metric in metrics[:number]:
                message = f"The metric {metric.kind} is there twice."
                raise NodeError(message, "Remove one, or change its settings.", setting=f"{target.where}.{listed}.{number}")
    for name, metric in given:
        where = f"{target.where}.{name}"
        if target.form not in metric.forms:
            fits = "one-hot or plain values" if "one-hot" in metric.forms else "class numbers"
            raise NodeError(
                f"The metric {metric.kind} needs targets that are {fits}, but the loss is {entry.loss.kind}.",
                "Choose another metric, such as Accuracy, which fits every loss for classes.",
                setting=where,
            )
        if metric.flat and dimensions != 1:
            raise NodeError(
                f"The metric {metric.kind} is for outputs that are numbers in one dimension, but '{target.tensor.layer}' has"
                f" {dimensions} dimensions.",
                "Choose another metric, such as OneHotMeanIoU for images of classes.",
                setting=where,
            )
        if isinstance(entry.loss, Circle) and metric.kind in NEEDS_CLASSES:
            raise NodeError(
                f"The metric {metric.kind} is of classes, but what Circle trains puts out an embedding.",
                "Take the metric away: of an embedding, a comparison with other rows tells how good it is.",
                setting=where,
            )
        for problem in metric.problems(target.width):
            raise NodeError(f"The metric {metric.kind} does not fit: {problem}.", "Change its settings.", setting=where)


# --------------------------------------------------------------------------------------------------- what is reported


def quantities(targets: Sequence[BoundTarget]) -> dict[str, bool]:
    """Return what a training reports of an epoch, as Keras calls it, in order: name -> whether larger is better."""
    several = len(targets) > 1
    names = {"loss": False}
    if several:
        names |= {f"{target.tensor.layer}_loss": False for target in targets}
    for target in targets:
        prefix = f"{target.tensor.layer}_" if several else ""
        for name, metric in zip(target.metric_names(), target.entry.metrics, strict=True):
            names[prefix + name] = metric.higher_is_better
    for target in targets:
        prefix = f"{target.tensor.layer}_" if several else ""
        for name, metric in zip(target.weighted_metric_names(), target.entry.weighted_metrics, strict=True):
            names[prefix + name] = metric.higher_is_better
    return names
