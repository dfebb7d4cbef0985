"""Dividing rows into parts for cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Columns, Node, NodeError, setting
from nodes.heard_warnings import heard_warnings
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.tables.sampling import GROUP_KINDS, groups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nodes.values.table import Table, TableSpec

FoldSampling = Literal["random", "stratified", "linear", "leave-one-out"]
FOLD_SAMPLINGS = {
    "random": "Every row by chance.",
    "stratified": "By chance, with each class's share kept in every part.",
    "linear": "In turn: the first row to the first part, the second to the second, ...",
    "leave-one-out": "Every row is a part of its own.",
}


def validations_setting(default: int) -> Any:
    """Declare into how many parts rows are divided."""
    return setting(
        default,
        "Number of validations",
        "Into how many parts rows are divided.",
        ge=2,
        le=1_000_000,
        shown_if={"sampling": ["random", "stratified", "linear"]},
    )


class FoldNode(Node):
    """A node that divides rows into parts for cross-validation."""

    validations: int = validations_setting(10)
    sampling: FoldSampling = setting("random", "Sampling", "Which rows go into which part.", choices=FOLD_SAMPLINGS)
    class_column: str | None = setting(
        None,
        "Class column",
        "Whose classes keep their share.",
        columns=Columns("table", GROUP_KINDS),
        shown_if={"sampling": "stratified"},
    )
    seed: int | None = seed_setting("The same seed divides rows in the same way; empty: otherwise in every run.", most=SEEDS_32)

    @property
    def reproducible(self) -> bool:
        """Chance without a seed differs from run to run."""
        return self.seed is not None or self.sampling in ("linear", "leave-one-out")

    def check_sampling(self, table: TableSpec) -> None:
        """Refuse a table without the column whose classes are to keep their share. NodeError."""
        if self.sampling == "stratified":
            table.require(self.class_column, *GROUP_KINDS, setting="class_column")

    def folds(self, table: Table) -> NDArray[Any]:
        """Return the part of each row: int64, from 0.

        Raises:
            NodeError: If there are fewer rows than parts.
        """
        return folds_of(table, self.validations, self.sampling, self.class_column, self.seed)


def folds_of(table: Table, validations: int, sampling: FoldSampling, class_column: str | None, seed: int | None) -> NDArray[Any]:
    """Return the part of each row: int64, from 0.

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
        assert class_column is not None
        groups = groups_of(table, class_column)
        if max(len(group) for group in groups) < validations:
            message = f"No class has {validations} rows."
            raise NodeError(message, "Choose fewer validations, or random sampling.", setting="validations")
        classes = np.empty(height, np.int64)
        for number, group in enumerate(groups):
            classes[group] = number
        with heard_warnings():
            # A class with fewer rows than there are parts is in some of them only: no more can be done.
            splits = list(StratifiedKFold(validations, shuffle=True, random_state=seed).split(made, classes))
    for fold, (_, test) in enumerate(splits):
        made[test] = fold
    return made
