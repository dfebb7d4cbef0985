"""SMOTE: rows that do not exist, between rows of a rare class that do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.learning.encoding import features_of, known_rows, matrix
from nodes.kit.learning.model_learner import explained
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.tables.elementwise import refuse_existing
from nodes.values.model import Feature
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("number", "array")
CLASS_KINDS = ("category", "integer", "boolean")


class SMOTE(Node):
    """Make classes equally large by new rows: each lies between a row and one of its nearest neighbors of the same class.

    (Synthetic Minority Over-sampling Technique, Chawla et al., 2002.) The new rows come after the others; only the columns
    chosen and the class have cells in them, all others are missing there. Whole numbers are rounded, images too. Rows with
    missing cells stay, but no new ones are made from them. Use it on training data only. KNIME's node looks at all number
    columns and has no choice; its defaults are the same.

    Example: after the Partitioning, on the training data, nominal column `fraud`: as many rows with fraud as without.
    """

    id = "tables.smote"
    title = "SMOTE"
    shelf = "Tables / Rows"
    icon = "mdi6.creation-outline"
    keywords = (
        "imbalanced-learn",
        "oversampling",
        "synthetic rows",
        "balance classes",
        "minority",
        "augment",
    )
    input_ports = (Port("table", "table", "Table", "The rows with the classes."),)
    output_ports = (Port("table", "table", "Table", "All rows, and the new ones after them."),)

    class_column: str | None = setting(None, "Class column", "The column of classes.", columns=Columns("table", CLASS_KINDS))
    columns: list[str] = setting([], "Columns", "Numbers and arrays; empty: all.", columns=Columns("table", KINDS))
    k_neighbors: int = setting(5, "Number of neighbors", "Out of how many nearest rows one is drawn.", ge=1, le=10**6)
    method: Literal["equal", "factor"] = setting(
        "equal",
        "Oversample",
        "How many rows are made.",
        choices={
            "equal": "As many as make all classes as large as the largest.",
            "factor": "For each row of every class so many new ones.",
        },
    )
    factor: float = setting(
        2.0,
        "New rows per row",
        "How many rows are made for each row of every class.",
        gt=0,
        le=1000,
        shown_if={"method": "factor"},
    )
    mark: str | None = setting(
        None, "Mark column", "The name of a column that is true in new rows; empty: there is none.", min_length=1, advanced=True
    )
    seed: int | None = seed_setting("The same seed makes the same rows; empty makes others in every run.", most=SEEDS_32)

    @property
    def reproducible(self) -> bool:
        """Rows are made by chance."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the input's columns; how many rows are made is not known."""
        table = specs.table()
        self._features(table)
        if self.mark:
            refuse_existing(table, self.mark, "mark")
            return {"table": table.with_columns({self.mark: pl.Boolean()}).with_rows(None)}
        return {"table": table.with_rows(None)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Make the rows with imbalanced-learn."""
        import numpy as np
        from imblearn import over_sampling

        table = values.table()
        features = self._features(table.spec)
        column = str(self.class_column)
        names = [f.name for f in features]
        frame = table.frame(list(dict.fromkeys([*names, column])))
        numbers = matrix(frame, features)
        usable = known_rows(numbers) & frame[column].is_not_null().to_numpy()
        classes = frame[column].filter(pl.Series(usable))
        different = classes.unique(maintain_order=True)
        codes = classes.cast(pl.String).replace_strict(
            different.cast(pl.String), pl.Series(range(len(different)), dtype=pl.Int64), return_dtype=pl.Int64
        ).to_numpy() if len(different) else np.zeros(0, np.int64)  # fmt: skip
        sizes = np.bincount(codes, minlength=len(different))
        wanted = {c: (int(max(sizes)) if self.method == "equal" else int(n * (1 + self.factor))) for c, n in enumerate(sizes)}
        small = [str(different[c]) for c, n in enumerate(sizes) if wanted[c] > n and n <= self.k_neighbors]
        if small:
            raise NodeError(
                f"Class '{small[0]}' has too few rows for {self.k_neighbors} neighbors: one more than that is needed.",
                "Choose fewer neighbors.",
                setting="k_neighbors",
            )
        made, labels = numbers[:0], codes[:0]
        if len(different) > 1 and any(wanted[c] > n for c, n in enumerate(sizes)):
            job.check_cancelled()
            sampler = over_sampling.SMOTE(sampling_strategy=wanted, k_neighbors=self.k_neighbors, random_state=self.seed)
            with explained("SMOTE", job):
                every, answers = sampler.fit_resample(numbers[usable], codes)
            made, labels = every[len(codes) :], answers[len(codes) :]
        new = self._frame(made, features, table)
        new = (
            new.with_columns(different.gather(labels).alias(column))
            if len(labels)
            else new.with_columns(different.clear().alias(column))
        )
        there = set(new.columns)
        missing = [pl.lit(None, dtype=d).alias(c) for c, d in table.schema.items() if c not in there]
        new = new.with_columns(missing).select(pl.col(c).cast(d) for c, d in table.schema.items())

        def pieces() -> Any:
            for piece in table.batches():
                job.check_cancelled()
                yield piece.with_columns(pl.lit(False).alias(self.mark)) if self.mark else piece
            yield new.with_columns(pl.lit(True).alias(self.mark)) if self.mark else new

        written = job.stream(pieces())
        return {"table": Table(written.parts, written.columns, table.classes)}

    def _features(self, table: TableSpec) -> tuple[Feature, ...]:
        """The columns that new rows have.

        Raises:
            NodeError: If there is none.
        """
        table.require(self.class_column, *CLASS_KINDS, setting="class_column")
        for column in self.columns:
            table.require(column, *KINDS, setting="columns")
        without = [str(self.class_column)]
        features = features_of(table, self.columns, without)
        usable = set(table.columns_of(*KINDS))
        numbers = tuple(f for f in features if f.kind != "category" and f.name in usable)
        if not numbers:
            raise NodeError("The table has no columns of numbers.", "Choose columns.", setting="columns")
        return numbers

    def _frame(self, numbers: NDArray[Any], features: tuple[Feature, ...], table: Table) -> pl.DataFrame:
        """The new rows, in the columns' own types."""
        import math

        import numpy as np

        from nodes.values.table import leaf_dtype

        made: dict[str, pl.Series] = {}
        place = 0
        for feature in features:
            width = max(1, math.prod(feature.shape))
            cells = numbers[:, place : place + width].reshape(len(numbers), *feature.shape)
            place += width
            dtype = table.schema[feature.name]
            if leaf_dtype(dtype).is_integer():
                cells = np.rint(cells)
            empty = not len(cells)
            made[feature.name] = pl.Series(feature.name, [], dtype=dtype) if empty else pl.Series(feature.name, cells).cast(dtype)
        return pl.DataFrame(made)
