"""What a network is trained on: the columns of its inputs and targets, and the weights of rows and classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import NodeError, Specs
from nodes.kit.networks.binding import Binding, TensorReader
from nodes.kit.networks.inputs import TensorColumns, bind_inputs, check_batch_size, tell_inputs
from nodes.kit.training.losses import CustomLoss
from nodes.kit.training.row_weights import WeightReader
from nodes.kit.training.targets import BoundTarget, TargetColumns, bind_targets
from nodes.values.network import NetworkSpec
from nodes.values.table import Table, TableSpec, describe_dtype

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
        """Return one tensor alone, several as a list, as the model has them."""
        end = self.inputs + self.targets
        groups = [tensors[: self.inputs], tensors[self.inputs : end], tensors[end:]]
        return tuple(list(group) if len(group) > 1 else group[0] for group in groups if group)


ClassWeights = Callable[[TensorReader, BoundTarget], "NDArray[np.float32] | None"]


def _all_alike(reader: TensorReader, target: BoundTarget) -> None:
    """Give all classes the same weight."""


@dataclass(frozen=True)
class TrainingBinding:
    """Which columns go where, and whether the network fixes its batch size."""

    inputs: Sequence[Binding]
    targets: Sequence[BoundTarget]
    fixed_batch: bool

    @property
    def bindings(self) -> list[Binding]:
        """Inputs, then targets."""
        return [*self.inputs, *(target.binding for target in self.targets)]

    @property
    def columns(self) -> list[str]:
        """All columns in use, each once."""
        weights = [target.weight for target in self.targets if target.weight]
        return list(dict.fromkeys(column for binding in [*self.bindings, *weights] for column in binding.columns))

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return any(target.weight for target in self.targets)

    def open(self, table: Table, weighted: bool, class_weights: ClassWeights = _all_alike) -> list[TensorReader]:
        """Make the rows of a table readable: inputs, targets, and the weights of the rows for each target.

        Args:
            table: The rows.
            weighted: Whether weights are wanted.
            class_weights: What gives a target's weights of classes, as `typed_weights` does; None where all count alike.

        Raises:
            NodeError: If a column has missing values, or a list the wrong length.
        """
        readers = [binding.open(table) for binding in self.bindings]
        if not weighted:
            return readers
        return readers + [
            WeightReader(reader, target, class_weights(reader, target), target.weight.open(table) if target.weight else None)
            for reader, target in zip(readers[len(self.inputs) :], self.targets, strict=True)
        ]

    def batch_layout(self, weighted: bool) -> BatchLayout:
        """Return how the arrays of a block become Keras's: inputs, targets, and a weight per target if there are any."""
        dtypes = [binding.dtype for binding in self.bindings] + ["float32"] * (len(self.targets) if weighted else 0)
        return BatchLayout(tuple(dtypes), len(self.inputs), len(self.targets))

    def with_classes(self, network: NetworkSpec) -> NetworkSpec:
        """Return the network, knowing what its outputs' classes are called."""
        known = {str(target.tensor): target.classes for target in self.targets if target.classes}
        return replace(network, classes={**network.classes, **known})


def bind_training(
    network: NetworkSpec, table: TableSpec, inputs: Sequence[TensorColumns], targets: Sequence[TargetColumns], batch_size: int
) -> TrainingBinding:
    """Bind columns to a network's inputs and outputs.

    Raises:
        NodeError: If they do not fit, or the network fixes another batch size.
    """
    fixed = check_batch_size(network, batch_size, "batch_size")
    bound = bind_inputs(network, table, inputs)
    taken = [column for binding in bound for column in binding.columns]
    return TrainingBinding(bound, bind_targets(network, table, targets, taken), fixed)


def tell_bound(specs: Specs, inputs: Sequence[TensorColumns], bound: TrainingBinding) -> None:
    """Say which columns were found for inputs and targets for which none were chosen."""
    tell_inputs(specs, inputs, bound.inputs)
    for target in bound.targets:
        if not target.entry.columns:
            specs.guess(f"{target.where}.columns", f"{', '.join(target.binding.columns)} → {target.tensor.layer}")


def scripts_of(targets: Sequence[TargetColumns]) -> dict[str, str]:
    """Return the losses that are scripts: setting -> source."""
    return {f"targets.{n}.loss.script": t.loss.script for n, t in enumerate(targets) if isinstance(t.loss, CustomLoss)}


def differences(training: TableSpec, validation: TableSpec, columns: Sequence[str]) -> Iterator[NodeError]:
    """Find columns of the training data that the validation data do not have, or have differently."""
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
                "validation table"
                + (", with other classes." if isinstance(found, pl.Enum) and isinstance(wanted, pl.Enum) else "."),
                "Prepare the validation data just as the training data.",
            )
        elif training.class_names(column) != validation.class_names(column):
            yield NodeError(
                f"Column '{column}' has other classes in the validation table than in the training table.",
                "Use one Category to Number for both, by its mapping.",
            )
