"""k-Means: rows that are near each other become clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.learning.encoding import FEATURE_KINDS, features_of, known_rows, matrix, unused_columns, with_categories
from nodes.kit.learning.model_figures import model_figures
from nodes.kit.learning.model_learner import ENCODINGS, SAME_MODEL, Missing, explained, missing_setting
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.tables.elementwise import refuse_existing
from nodes.values.figure import Figure
from nodes.values.model import Encoding, Feature, Model, ModelSpec, Target
from nodes.values.table import Table, TableSpec
from nodes.wording import counted


class KMeans(Node):
    """Sort rows into so many clusters that each is near the middle of its own.

    Columns should be of one scale: put a Normalizer before. Which cluster gets which number is chance; the seed decides. Rows
    with missing cells belong to none. The Predictor (KNIME's Cluster Assigner) finds the clusters of other rows by the model.
    KNIME starts from the first rows unless a seed is given; here centers are drawn far from each other (k-means++).

    Example: after a Normalizer, 3 clusters of the four measures of the iris table, then a Crosstab of `Cluster` and `species`.
    """

    id = "learning.k_means"
    title = "k-Means"
    shelf = "Learning / Clustering"
    icon = "mdi6.scatter-plot-outline"
    keywords = ("KMeans", "cluster", "clustering", "segmentation", "centroids", "Lloyd", "unsupervised")
    input_ports = (Port("table", "table", "Table", "The rows to sort."),)
    output_ports = (
        Port("table", "table", "Labeled table", "The table with the cluster of each row."),
        Port("centers", "table", "Clusters", "A row for each: how many rows it has, and its middle."),
        Port("model", "model", "Model", "The middles, for the Predictor."),
    )

    columns: list[str] = setting(
        [], "Columns", "What to compare rows by; empty: all but plain text.", columns=Columns("table", FEATURE_KINDS)
    )
    encoding: Encoding = setting("one-hot", "Categories become", "What becomes of categories and text.", choices=ENCODINGS)
    missing: Missing = missing_setting()
    n_clusters: int = setting(3, "Number of clusters", "k. (8 in scikit-learn, 3 in KNIME.)", ge=1, le=100_000)
    column: str = setting("Cluster", "Cluster column", "What to call the new column.", min_length=1)
    init: Literal["k-means++", "random"] = setting(
        "k-means++",
        "First centers",
        "Where the centers of the clusters start.",
        choices={"k-means++": "At rows far from each other.", "random": "At any rows."},
    )
    n_init: int | None = setting(
        None, "Attempts", "The best of so many counts; empty: 1 for k-means++, 10 for random.", ge=1, le=10_000, advanced=True
    )
    max_iter: int = setting(
        300, "Maximum number of iterations", "An attempt ends after so many steps, even if centers still move.", ge=1, le=10**9
    )
    tol: float = setting(1e-4, "Tolerance", "It stops when centers move less.", ge=0, advanced=True)
    seed: int | None = seed_setting(SAME_MODEL, most=SEEDS_32)

    @property
    def reproducible(self) -> bool:
        """The start is drawn."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with clusters, their middles (where the columns' categories are known), and the model."""
        table = specs.table()
        refuse_existing(table, self.column, "column")
        model = self._spec(table)
        unused = unused_columns(table, self.columns)
        if unused is not None:
            specs.warn(unused, "columns")
        known = all(f.kind != "category" or f.categories is not None for f in model.features)
        return {
            "table": table.with_columns({self.column: pl.Enum(self._names)}),
            "centers": TableSpec(pl.Schema(self._center_schema(model.names)), self.n_clusters) if known else None,
            "model": model,
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Find the clusters."""
        import numpy as np
        from sklearn.cluster import KMeans as Clustering

        table = values.table()
        spec = self._spec(table.spec, with_categories(self._spec(table.spec).features, table))
        numbers = matrix(table.frame([f.name for f in spec.features]), spec.features)
        usable = known_rows(numbers)
        if not usable.all():
            if self.missing == "fail":
                message = f"{counted(int((~usable).sum()), 'row has', 'rows have')} missing or infinite cells."
                raise NodeError(message, "Fill them (Missing Value), or leave such rows out.", setting="missing")
            which = "with missing or infinite cells"
            job.warn(f"{counted(int((~usable).sum()), f'row {which} belongs', f'rows {which} belong')} to no cluster.")
        if usable.sum() < self.n_clusters:
            message = f"{counted(int(usable.sum()), 'row')} cannot make {self.n_clusters} clusters."
            raise NodeError(message, "Choose fewer.", setting="n_clusters")
        job.check_cancelled()
        clustering = Clustering(
            self.n_clusters, init=self.init, n_init=self.n_init or "auto", max_iter=self.max_iter, tol=self.tol,
            random_state=self.seed,
        )  # fmt: skip
        with explained("k-Means", job):
            clustering.fit(numbers[usable])
        codes = np.full(len(numbers), -1)
        codes[usable] = clustering.labels_
        found = pl.Series(codes)
        cells = pl.Series(self._names, dtype=pl.String).gather(found.set(found < 0, None) if len(found) else found)
        sizes = np.bincount(clustering.labels_, minlength=self.n_clusters)
        middles = clustering.cluster_centers_
        rows = [(n, int(s), *map(float, m)) for n, s, m in zip(self._names, sizes, middles, strict=True)]
        return {
            "table": table.with_columns(cells.cast(pl.Enum(self._names)).alias(self.column).to_frame()),
            "centers": Table.of(pl.DataFrame(rows, schema=self._center_schema(spec.names), orient="row")),
            "model": Model(spec, clustering),
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the middles of the clusters."""
        return model_figures(outputs.model())

    @property
    def _names(self) -> list[str]:
        return [f"cluster_{i}" for i in range(self.n_clusters)]

    def _spec(self, table: TableSpec, features: tuple[Feature, ...] = ()) -> ModelSpec:
        looked_at = features or features_of(table, self.columns, encoding=self.encoding)
        return ModelSpec("clusterer", "k-Means", looked_at, Target(self.column, "Enum", tuple(self._names)))

    def _center_schema(self, names: Sequence[str]) -> dict[str, pl.DataType]:
        first: dict[str, pl.DataType] = {"cluster": pl.Enum(self._names), "rows": pl.Int64()}
        return first | {f"center of {name}": pl.Float64() for name in names}
