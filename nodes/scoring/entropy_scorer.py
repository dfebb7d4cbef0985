"""Entropy Scorer: how well clusters agree with classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.class_cells import CLASS_KINDS, classes_of, named_cells
from nodes.kit.scoring.missing import without_missing
from nodes.values.figure import Figure, FigureSpec, HeatMapFigure
from nodes.values.table import Table, TableSpec

MAX_CELLS = 1_000_000


class EntropyScorer(Node):
    """Compare clusters with classes: how mixed each cluster is, and how much knowing the cluster tells of the class.

    A cluster's entropy is that of its classes, in bits: 0 where all its rows are of one class. Normalized, it is divided by the
    entropy of equally many rows of each class, and the quality is 1 less that; the overall figures are means weighted by the
    rows of the clusters. The second table has scikit-learn's measures: homogeneity, completeness, V-measure, adjusted mutual
    information, and adjusted Rand index, which are 0 for clusters by chance (but the first three) and 1 for perfect ones.

    KNIME matches two tables by RowID; here the classes and the clusters are two columns of one table.

    Example: after k-Means on the iris measurements, compare `species` with `cluster`: one cluster has quality 1, it is all
    setosa; the others mix versicolor and virginica.
    """

    id = "scoring.entropy_scorer"
    title = "Entropy Scorer"
    shelf = "Scoring"
    icon = "mdi6.chart-donut-variant"
    keywords = (
        "cluster quality",
        "clustering",
        "homogeneity",
        "adjusted Rand index",
        "mutual information",
        "purity",
        "V-measure",
    )
    input_ports = (Port("table", "table", "Table", "Rows with their classes and their clusters."),)
    output_ports = (
        Port("clusters", "table", "Clusters", "A row per cluster, and one for all."),
        Port("statistics", "table", "Statistics", "Measures of the whole clustering."),
        Port("figure", "figure", "Figure", "How many rows of each class are in each cluster."),
    )

    reference_column: str | None = setting(None, "Reference column", "The true classes.", columns=Columns("table", CLASS_KINDS))
    cluster_column: str | None = setting(None, "Clustering column", "The clusters.", columns=Columns("table", CLASS_KINDS))
    missing: Literal["ignore", "fail"] = setting(
        "ignore",
        "Missing values",
        "What to do with rows in which one of the two is missing.",
        choices={"ignore": "Leave them out, with a warning.", "fail": "Stop with an error."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise two tables and a figure."""
        table = specs.table()
        for name in ("reference_column", "cluster_column"):
            table.require(getattr(self, name), *CLASS_KINDS, setting=name)
        if self.reference_column == self.cluster_column:
            raise NodeError(
                f"Column '{self.reference_column}' is compared with itself.", "Choose two columns.", setting="cluster_column"
            )
        return {
            "clusters": TableSpec(_clusters_schema()),
            "statistics": TableSpec(_statistics_schema(), len(MEASURES)),
            "figure": FigureSpec("heat map"),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Count, and work out the figures."""
        import numpy as np
        from scipy.stats import entropy
        from sklearn import metrics

        assert self.reference_column and self.cluster_column
        table = values.table()
        frame = table.frame([self.reference_column, self.cluster_column])
        names = {"actual": self.reference_column, "predicted": self.cluster_column}
        pairs = pl.DataFrame({k: named_cells(frame[column], classes_of(table.spec, column)) for k, column in names.items()})
        pairs = without_missing(pairs, "class or cluster", self.missing, job)
        # In the order of the columns' own values: 2 before 10, and categories as they are declared.
        classes, clusters = (
            named_cells(frame[column].drop_nulls().unique().sort(), classes_of(table.spec, column)).to_list()
            for column in names.values()
        )
        there = {key: set(pairs[key].to_list()) for key in pairs.columns}
        classes, clusters = [c for c in classes if c in there["actual"]], [c for c in clusters if c in there["predicted"]]
        if len(classes) * len(clusters) > MAX_CELLS:
            raise NodeError(
                f"{len(classes)} classes and {len(clusters)} clusters are too many to compare.",
                "Choose columns of classes and of clusters.",
                setting="cluster_column",
            )
        numbers = pairs.select(
            pl.col("actual").cast(pl.Enum(classes)).to_physical().cast(pl.Int64),
            pl.col("predicted").cast(pl.Enum(clusters)).to_physical().cast(pl.Int64),
        )
        cells = (numbers["predicted"] * len(classes) + numbers["actual"]).to_numpy()
        counts = np.bincount(cells, minlength=len(clusters) * len(classes)).reshape(len(clusters), len(classes))
        most = float(np.log2(len(classes))) if len(classes) > 1 else 1.0  # a single class leaves nothing open
        sizes = counts.sum(axis=1)
        bits = [float(entropy(row, base=2)) for row in counts]
        rows = [(name, int(size), bit, bit / most, 1 - bit / most) for name, size, bit in zip(clusters, sizes, bits, strict=True)]
        told = pairs.height > 0
        mean = float(np.average(bits, weights=sizes)) if told else None
        overall = None if mean is None else mean / most
        rows.append((OVERALL, pairs.height, mean, overall, None if overall is None else 1 - overall))  # type: ignore[arg-type]
        job.check_cancelled()
        measured = [
            (
                name,
                float(getattr(metrics, function)(numbers["actual"].to_numpy(), numbers["predicted"].to_numpy()))
                if told
                else None,
            )
            for name, function in MEASURES.items()
        ]
        return {
            "clusters": Table.of(pl.DataFrame(rows, schema=_clusters_schema(), orient="row")),
            "statistics": Table.of(pl.DataFrame(measured, schema=_statistics_schema(), orient="row")),
            "figure": HeatMapFigure(
                "Classes in each cluster",
                counts.astype(float).tolist(),
                clusters,
                classes,
                "Cluster",
                "Class",
                shading="sequential",
            ),
        }

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the counts."""
        return (cast(Figure, outputs["figure"]),)


OVERALL = "Overall"
MEASURES = {
    "homogeneity": "homogeneity_score",
    "completeness": "completeness_score",
    "V-measure": "v_measure_score",
    "adjusted mutual information": "adjusted_mutual_info_score",
    "adjusted Rand index": "adjusted_rand_score",
}
"""What the figures are called -> scikit-learn's functions."""


def _clusters_schema() -> pl.Schema:
    figures = dict.fromkeys(("entropy", "normalized entropy", "quality"), pl.Float64)
    return pl.Schema({"cluster": pl.String, "rows": pl.Int64, **figures})


def _statistics_schema() -> pl.Schema:
    return pl.Schema({"statistic": pl.String, "value": pl.Float64})
