"""What a network's outputs are compared with: columns, loss and metrics per output, and what the training reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nodes.base import Columns, NodeError, setting
from nodes.networks.binding import FEEDABLE, Binding, Source, bind, find_column
from nodes.networks.feeding import TensorColumns, assign
from nodes.networks.losses import AnyLoss, CategoricalCrossentropy, Circle, Loss
from nodes.networks.metrics import Accuracy, AnyMetric
from nodes.values.network import NetworkSpec, Shape, Tensor, TensorSpec
from nodes.values.table import TableSpec, leaf_dtype

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINARY_LOSSES = ("BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge")


class TargetColumns(TensorColumns):
    """Columns that one output of the network is compared with, and how."""

    columns: list[str] = setting(
        [],
        "Columns",
        "Columns with the values that the network should put out, in this order; empty: the only one that fits.",
        columns=Columns("training", FEEDABLE),
    )
    loss: AnyLoss = setting(CategoricalCrossentropy(), "Loss", "What the training makes small.")
    loss_weight: float = setting(1.0, "Loss weight", "How much this loss counts among those of several outputs.", gt=0)
    metrics: list[AnyMetric] = setting([Accuracy()], "Metrics", "What is reported of every epoch beside the loss.")


@dataclass(frozen=True)
class Target:
    """One output of a network, and what it is compared with.

    Attributes:
        tensor: The output.
        binding: The columns.
        entry: Loss and metrics.
        classes: Names of the classes, where they are known.
        width: How many values or probabilities stand beside each other: the size of the last dimension.
        where: The setting, as error messages name it.
    """

    tensor: Tensor
    binding: Binding
    entry: TargetColumns
    classes: tuple[str, ...] | None
    width: int
    where: str

    @property
    def class_count(self) -> int | None:
        """How many classes the output tells apart; None where it does not tell classes apart."""
        if self.entry.loss.form in ("one-hot", "class number") and not isinstance(self.entry.loss, Circle):
            return self.width
        return 2 if self.entry.loss.kind in BINARY_LOSSES and self.width == 1 else None

    def metric_names(self) -> list[str]:
        """The metrics' names, each once: `auc`, `auc_2`."""
        names: list[str] = []
        for metric in self.entry.metrics:
            same = sum(other.name == metric.name for other in self.entry.metrics[: len(names)])
            names.append(f"{metric.name}_{same + 1}" if same else metric.name)
        return names

    def class_numbers(self, target: NDArray[Any]) -> NDArray[np.integer[Any]]:
        """The class of each target that `binding` gave: (rows, ...) without the classes' dimension."""
        import numpy as np

        if self.entry.loss.form == "one-hot":
            return np.asarray(target.argmax(axis=-1))
        numbers = target if self.entry.loss.form == "class number" else target[..., 0] > 0.5
        return np.asarray(numbers, np.int64)


def bind_targets(network: NetworkSpec, table: TableSpec, given: Sequence[TargetColumns], taken: Sequence[str]) -> list[Target]:
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
    targets: list[Target] = []
    for tensor, number in zip(network.outputs, assign(network, given, network.outputs, "targets"), strict=True):
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
) -> Target:
    output = network.tensor(tensor)
    wanted, limit = _wanted(output, entry.loss)
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
    binding = bind(table, wanted, columns, entry.conversion, setting=where, channels_first=network.channels_first, classes=limit)
    _check_metrics(entry, where)
    names = table.class_names(columns[0]) if len(columns) == 1 else None
    target = Target(tensor, binding, entry, names, (output.shape[-1] or 1) if output.shape else 1, where)
    if names is None or target.class_count is None:
        return Target(tensor, binding, entry, None, target.width, where)
    if len(names) != target.class_count:
        units = f"{target.width} unit{'s' if target.width != 1 else ''}"
        raise NodeError(
            f"The network's output '{tensor.layer}' has {units}, but column '{columns[0]}' has {len(names)} classes.",
            f"Give the last layer {len(names)} units.",
            setting=f"{where}.columns",
        )
    return target


def _wanted(output: TensorSpec, loss: Loss) -> tuple[TensorSpec, int | None]:
    """What a target must look like, and what its class numbers must be below."""
    shape = output.shape
    if loss.form == "sequence":
        return TensorSpec((None,), "int32"), None
    if loss.form != "class number":
        return output, None
    axis = getattr(loss, "axis", -1)
    place = axis - 1 if axis > 0 else axis
    rest: Shape = tuple(n for i, n in enumerate(shape) if i != place % max(len(shape), 1))
    limit = None if isinstance(loss, Circle) or not shape else shape[place]
    return TensorSpec(rest, "int32"), limit


def _check_form(table: TableSpec, columns: Sequence[str], entry: TargetColumns, output: TensorSpec, where: str) -> None:
    """Class numbers under a loss for one-hot targets, and one-hot targets under a loss for class numbers."""
    import polars as pl

    loss = entry.loss
    if entry.conversion == "one-hot" and loss.form in ("class number", "sequence"):
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
    if loss.form == "one-hot" and width > 1 and cells * width == values and leaf_dtype(dtype).is_integer():
        raise NodeError(
            f"Column '{columns[0]}' holds class numbers, but {loss.kind} compares with one-hot targets.",
            "Choose the conversion 'one-hot', or the loss SparseCategoricalCrossentropy.",
            setting=f"{where}.conversion",
        )
    if loss.form == "class number" and width > 1 and cells == values:
        raise NodeError(
            f"Column '{columns[0]}' holds {cells} numbers a row, but {loss.kind} compares with one class number.",
            "Choose the loss CategoricalCrossentropy, or a column of class numbers.",
            setting=f"{where}.loss",
        )


def _check_metrics(entry: TargetColumns, where: str) -> None:
    for number, metric in enumerate(entry.metrics):
        if entry.loss.form not in metric.forms:
            fits = "one-hot or plain values" if "one-hot" in metric.forms else "class numbers"
            raise NodeError(
                f"The metric {metric.kind} needs targets that are {fits}, but the loss is {entry.loss.kind}.",
                "Choose another metric, such as Accuracy, which fits every loss for classes.",
                setting=f"{where}.metrics.{number}",
            )


# --------------------------------------------------------------------------------------------------- what is reported


def quantities(targets: Sequence[Target]) -> dict[str, bool]:
    """What a training reports of an epoch, as Keras calls it, in order: name -> whether larger is better."""
    several = len(targets) > 1
    names = {"loss": False}
    if several:
        names |= {f"{target.tensor.layer}_loss": False for target in targets}
    for target in targets:
        prefix = f"{target.tensor.layer}_" if several else ""
        for name, metric in zip(target.metric_names(), target.entry.metrics, strict=True):
            names[prefix + name] = metric.higher_is_better
    return names


# -------------------------------------------------------------------------------------------------------- class weights


class WeightSource(Source):
    """A weight per target, by its class.

    Args:
        source: The target.
        target: What it is of.
        weights: A weight per class number.
    """

    def __init__(self, source: Source, target: Target, weights: NDArray[np.float32] | None) -> None:
        import numpy as np

        self._source = source
        self._target = target
        self._weights = weights
        self.shape = ()
        if weights is not None and source.shape:
            self.shape = source.shape if target.entry.loss.form == "class number" else source.shape[:-1]
        self.dtype = np.dtype(np.float32)
        self.row_bytes = math.prod(self.shape) * 4

    def read(self, rows: slice | NDArray[Any]) -> NDArray[Any]:
        """Weights of these rows, (rows, ...), Float32; 1 for targets that have no classes."""
        import numpy as np

        targets = self._source.read(rows)
        if self._weights is None:
            return np.ones(len(targets), np.float32)
        return np.asarray(self._weights[self._target.class_numbers(targets)])


def balanced_weights(source: Source, target: Target, rows: int) -> NDArray[np.float32]:
    """Weights that let every class that occurs count as much as the others: rows / (classes x rows of the class)."""
    import numpy as np

    counts = np.zeros(target.class_count or 0, np.int64)
    step = max(1, 2**22 // max(source.row_bytes, 1))
    for start in range(0, rows, step):
        found = target.class_numbers(source.read(slice(start, min(start + step, rows))))
        counts += np.bincount(found.ravel(), minlength=len(counts))
    occurring = max(int((counts > 0).sum()), 1)
    weights: NDArray[np.float32] = (counts.sum() / (occurring * np.maximum(counts, 1))).astype(np.float32)
    return weights


def typed_weights(target: Target, given: Mapping[str, float]) -> NDArray[np.float32]:
    """Weights by the names or numbers of classes; 1 where none is given.

    Raises:
        NodeError: If there is no such class.
    """
    import numpy as np

    count = target.class_count or 0
    names = target.classes or tuple(str(n) for n in range(count))
    weights = np.ones(count, np.float32)
    for name, weight in given.items():
        if name not in names:
            shown = ", ".join(f"'{n}'" for n in names[:12])
            raise NodeError(f"There is no class '{name}'.", f"The classes are: {shown}.", setting="class_weights")
        weights[names.index(name)] = weight
    return weights
