"""K Nearest Neighbor Learner: what the most similar rows say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job, NodeError, setting
from nodes.kit.learning.model_learner import ClassificationLearner, Missing, ModelLearner, RegressionLearner, missing_setting
from nodes.values.model import Feature
from nodes.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NeighborsLearner(ModelLearner):
    """A learner that keeps the rows and looks up similar ones."""

    missing: Missing = missing_setting()
    n_neighbors: int = setting(5, "Number of neighbors", "How many of the most similar rows are asked (k).", ge=1, le=10**9)
    weights: Literal["uniform", "distance"] = setting(
        "uniform",
        "Weights",
        "How much each counts.",
        choices={"uniform": "All the same.", "distance": "The nearer, the more."},
    )
    metric: Literal["minkowski", "euclidean", "manhattan", "chebyshev", "cosine"] = setting(
        "minkowski",
        "Distance",
        "How alike two rows are.",
        choices={
            "minkowski": "The p-th root of the sum of p-th powers of the differences.",
            "euclidean": "The straight line.",
            "manhattan": "The sum of differences.",
            "chebyshev": "The largest difference.",
            "cosine": "The angle, whatever the length.",
        },
    )
    p: float = setting(2.0, "p", "The power; 2 is the straight line.", gt=0, le=1e6, shown_if={"metric": "minkowski"})
    algorithm_used: Literal["auto", "ball_tree", "kd_tree", "brute"] = setting(
        "auto",
        "Search",
        "How neighbors are found; all find the same.",
        advanced=True,
        choices={
            "auto": "As suits the table.",
            "ball_tree": "By a tree of balls.",
            "kd_tree": "By a tree of boxes.",
            "brute": "By looking at every row.",
        },
    )
    leaf_size: int = setting(30, "Leaf size", "Rows in a leaf of the search tree.", ge=1, le=10**9, advanced=True)
    n_jobs: int | None = setting(None, "Threads", "-1: one for each core, empty: one.", ge=-1, le=256, advanced=True)

    def fit(self, estimator: Any, numbers: NDArray[Any], answers: NDArray[Any], job: Job) -> None:
        """Keep the rows, of which there must be enough."""
        if len(numbers) < self.n_neighbors:
            message = f"{counted(len(numbers), 'row has', 'rows have')} no {self.n_neighbors} neighbors."
            raise NodeError(message, "Choose fewer.", setting="n_neighbors")
        super().fit(estimator, numbers, answers, job)

    def neighbor_settings(self) -> dict[str, Any]:
        """Return the settings under scikit-learn's names."""
        # Trees know no cosine, and no power below 1.
        plain = self.metric == "cosine" or (self.metric == "minkowski" and self.p < 1)
        return {
            "n_neighbors": self.n_neighbors,
            "weights": self.weights,
            "metric": self.metric,
            "p": self.p,
            "algorithm": "brute" if plain else self.algorithm_used,
            "leaf_size": self.leaf_size,
            "n_jobs": self.n_jobs or None,
        }


class NearestNeighborsLearner(NeighborsLearner, ClassificationLearner):
    """Predict the class that most of the most similar rows have.

    It learns nothing but keeps the rows: the model is as large as the table, and predicting is the slow part. Columns must be
    of one scale: put a Normalizer before. (KNIME's K Nearest Neighbor does learning and predicting in one node.)

    Example: after a Normalizer, k 3 and target `species`, then a Predictor on new rows.
    """

    id = "learning.k_nearest_neighbors"
    title = "K Nearest Neighbor Learner"
    icon = "mdi6.map-marker-radius-outline"
    keywords = ("KNeighborsClassifier", "k-NN", "kNN", "K Nearest Neighbor", "similar rows", "classification", "instance based")
    algorithm = "k-Nearest Neighbors"
    left_out = {"metric_params": "The distances on offer have no further parameter but p."}

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's KNeighborsClassifier."""
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(**self.neighbor_settings())


class NearestNeighborsRegressionLearner(NeighborsLearner, RegressionLearner):
    """Predict the mean of the most similar rows.

    It learns nothing but keeps the rows: the model is as large as the table, and predicting is the slow part. Columns must be
    of one scale: put a Normalizer before.

    Example: k 5, weights by distance and target `price` estimate a flat by those most like it.
    """

    id = "learning.k_nearest_neighbors_regression"
    title = "K Nearest Neighbor Learner (Regression)"
    icon = "mdi6.map-marker-distance"
    keywords = ("KNeighborsRegressor", "k-NN", "kNN", "similar rows", "regression", "instance based")
    algorithm = "k-Nearest Neighbors"
    left_out = {"metric_params": "The distances on offer have no further parameter but p."}

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's KNeighborsRegressor."""
        from sklearn.neighbors import KNeighborsRegressor

        return KNeighborsRegressor(**self.neighbor_settings())
