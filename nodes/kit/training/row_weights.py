"""How much each row counts: by its class, and by a column of weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nodes.base import NodeError
from nodes.kit.networks.binding import TensorReader
from nodes.kit.training.targets import BoundTarget

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class WeightReader(TensorReader):
    """A weight per target, by its class and by its row.

    Args:
        source: The target.
        target: What it is of.
        weights: A weight per class number; None: all are 1.
        rows: A weight per row; None: all are 1.
    """

    def __init__(
        self, source: TensorReader, target: BoundTarget, weights: NDArray[np.float32] | None, rows: TensorReader | None = None
    ) -> None:
        import numpy as np

        self._source = source
        self._target = target
        self._weights = weights
        self._of_rows = rows
        self.shape = ()
        if weights is not None and source.shape:
            self.shape = source.shape if target.form == "class number" else source.shape[:-1]
        self.dtype = np.dtype(np.float32)
        self.row_bytes = math.prod(self.shape) * 4

    def read(self, rows: slice | NDArray[Any]) -> NDArray[Any]:
        """Return weights of these rows, (rows, ...), Float32.

        Raises:
            NodeError: If one is negative.
        """
        import numpy as np

        of_rows = None if self._of_rows is None else self._of_rows.read(rows).astype(np.float32)
        if of_rows is not None and (of_rows < 0).any():
            raise NodeError(
                f"Column '{self._target.entry.sample_weight}' has a negative weight.",
                "Give weights from 0 on.",
                setting=f"{self._target.where}.sample_weight",
            )
        if self._weights is None:
            return np.ones(len(self._source.read(rows)), np.float32) if of_rows is None else of_rows
        numbers = self._target.class_numbers(self._source.read(rows))
        known = (numbers >= 0) & (numbers < len(self._weights))  # a class that does not count has no weight
        by_class = np.where(known, self._weights[np.where(known, numbers, 0)], np.float32(1))
        return by_class if of_rows is None else by_class * of_rows.reshape(-1, *[1] * (by_class.ndim - 1))


def balanced_weights(source: TensorReader, target: BoundTarget, rows: int) -> NDArray[np.float32]:
    """Return weights that let every class that occurs count as much as the others: rows / (classes x rows of the class)."""
    import numpy as np

    counts = np.zeros(target.class_count or 0, np.int64)
    step = max(1, 2**22 // max(source.row_bytes, 1))
    for start in range(0, rows, step):
        found = target.class_numbers(source.read(slice(start, min(start + step, rows))))
        found = found[(found >= 0) & (found < len(counts))]
        counts += np.bincount(found.ravel(), minlength=len(counts))
    occurring = max(int((counts > 0).sum()), 1)
    weights: NDArray[np.float32] = (counts.sum() / (occurring * np.maximum(counts, 1))).astype(np.float32)
    return weights


def class_labels(target: BoundTarget) -> tuple[str, ...]:
    """Return what the classes of a target are called where weights are typed: their names, or their numbers."""
    return target.classes or tuple(str(n) for n in range(target.class_count or 0))


def typed_weights(target: BoundTarget, given: Mapping[str, float]) -> NDArray[np.float32]:
    """Return weights by the names or numbers of classes; 1 where none is given. Those of other targets' classes do not count."""
    import numpy as np

    return np.array([given.get(name, 1.0) for name in class_labels(target)], np.float32)


def unknown_class(targets: Sequence[BoundTarget], given: Mapping[str, float]) -> NodeError | None:
    """Return what is wrong with a weight of a class that no target has; None if there is none."""
    names = list(dict.fromkeys(name for target in targets for name in class_labels(target)))
    unknown = next((name for name in given if name not in names), None)
    if unknown is None:
        return None
    shown = ", ".join(f"'{name}'" for name in names[:12])
    return NodeError(f"There is no class '{unknown}'.", f"The classes are: {shown}.", setting="class_weights")
