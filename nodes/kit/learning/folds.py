"""Dividing rows into parts for cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nodes.errors import NodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nodes.values.table import Table

FoldSampling = Literal["random", "stratified", "linear", "leave-one-out"]
FOLD_SAMPLINGS = {
    "random": "Every row by chance.",
    "stratified": "By chance, with each class's share kept in every part.",
    "linear": "In turn: the first row to the first part, the second to the second, ...",
    "leave-one-out": "Every row is a part of its own.",
}


def folds_of(table: Table, validations: int, sampling: FoldSampling, class_column: str | None, seed: int | None) -> NDArray[Any]:
    """The part of each row: int64, from 0.

    Raises:
        NodeError: If there are fewer rows than parts.
    """
    import numpy as np
    from sklearn.model_selection import KFold, StratifiedKFold

    height = table.height
    if sampling == "leave-one-out":
        return np.arange(height)
    if height < validations:
        message = f"{height} rows cannot be divided into {validations} parts."
        raise NodeError(message, "Choose fewer validations.", setting="validations")
    if sampling == "linear":
        return np.arange(height) % validations
    made = np.empty(height, np.int64)
    if sampling == "random":
        splits = KFold(validations, shuffle=True, random_state=seed).split(made)
    else:
        from nodes.kit.tables.sampling import groups_of

        assert class_column is not None
        groups = groups_of(table, class_column)
        if max(len(group) for group in groups) < validations:
            message = f"No class has {validations} rows."
            raise NodeError(message, "Choose fewer validations, or random sampling.", setting="validations")
        classes = np.empty(height, np.int64)
        for number, group in enumerate(groups):
            classes[group] = number
        import warnings

        with warnings.catch_warnings():
            # A class with fewer rows than there are parts is in some of them only: no more can be done.
            warnings.simplefilter("ignore", UserWarning)
            splits = list(StratifiedKFold(validations, shuffle=True, random_state=seed).split(made, classes))
    for fold, (_, test) in enumerate(splits):
        made[test] = fold
    return made
