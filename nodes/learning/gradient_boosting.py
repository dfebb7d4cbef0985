"""Gradient Boosted Trees Learner: trees one after the other, each of what those before got wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job, setting
from nodes.kit.learning.model_learner import (
    MONOTONIC,
    SAME_MODEL,
    SILENT,
    ClassificationLearner,
    MissingOrPass,
    ModelLearner,
    RegressionLearner,
    balanced_setting,
    missing_setting,
)
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.values.model import Encoding, Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW_ROWS = 10_000
LEFT_OUT = {
    **MONOTONIC,
    **SILENT,
    "interaction_cst": "Which columns may be asked together needs a list of lists of the matrix's numbers.",
    "categorical_features": "Categories become numbers as the setting says, for this learner as for all others.",
    "scoring": "Early stopping looks at the loss, which needs no other figure.",
    "tol": "How much a tree must gain to count as a gain: 1e-7, as scikit-learn has it.",
}


class BoostingLearner(ModelLearner):
    """A learner of trees that correct each other."""

    takes_missing = True

    encoding: Encoding = setting(
        "ordinal",
        "Categories become",
        "What becomes of categories and text.",
        choices={
            "one-hot": "A number for each category: 1 where it is there, else 0.",
            "ordinal": "One number: the category's place in its column's order (of texts: sorted).",
        },
    )
    missing: MissingOrPass = missing_setting(can_pass=True)
    learning_rate: float = setting(0.1, "Learning rate", "How much of a tree's correction is made.", gt=0, le=1e6)
    max_iter: int = setting(100, "Number of trees", "Trees at most (for several classes: so many for each).", ge=1, le=1_000_000)
    max_leaf_nodes: int | None = setting(31, "Maximum number of leaves", "Of a tree; empty: no limit.", ge=2)
    max_depth: int | None = setting(None, "Maximum depth", "How many questions a tree has at most; empty: no limit.", ge=1)
    min_samples_leaf: int = setting(20, "Minimum rows of a leaf", "For small tables, choose fewer.", ge=1)
    l2_regularization: float = setting(0.0, "L2 penalty", "Keeps corrections small.", ge=0, le=1e12, advanced=True)
    max_features: float = setting(
        1.0, "Share of columns", "How many columns are looked at for each split.", gt=0, le=1, advanced=True
    )
    max_bins: int = setting(255, "Number of bins", "Numbers are put into so many bins first.", ge=2, le=255, advanced=True)
    early_stopping: Literal["auto", "on", "off"] = setting(
        "auto",
        "Early stopping",
        "Whether learning stops when rows held back are not predicted better any more.",
        choices={"auto": "For more than 10 000 rows.", "on": "Always.", "off": "Never."},
    )
    validation_fraction: float = setting(
        0.1,
        "Share held back",
        "The share of rows kept aside to tell when to stop.",
        gt=0,
        lt=1,
        advanced=True,
        shown_if={"early_stopping": ["auto", "on"]},
    )
    n_iter_no_change: int = setting(
        10, "Patience", "Trees without a gain before it stops.", ge=1, advanced=True, shown_if={"early_stopping": ["auto", "on"]}
    )
    seed: int | None = seed_setting(SAME_MODEL, most=SEEDS_32)

    @property
    def reproducible(self) -> bool:
        """Bins, and rows held back, are drawn."""
        return self.seed is not None

    def fit(self, estimator: Any, numbers: NDArray[Any], answers: NDArray[Any], job: Job) -> None:
        """Learn in one thread where there are few rows: threads that wait for each other would take most of the time."""
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        with threadpool_limits(1 if len(numbers) < FEW_ROWS else None, user_api="openmp"):
            estimator.fit(numbers, answers)

    def boosting_settings(self) -> dict[str, Any]:
        """Return the settings under scikit-learn's names."""
        return {
            "learning_rate": self.learning_rate,
            "max_iter": self.max_iter,
            "max_leaf_nodes": self.max_leaf_nodes,
            "max_depth": self.max_depth,
            "min_samples_leaf": self.min_samples_leaf,
            "l2_regularization": self.l2_regularization,
            "max_features": self.max_features,
            "max_bins": self.max_bins,
            "early_stopping": {"auto": "auto", "on": True, "off": False}[self.early_stopping],
            "validation_fraction": self.validation_fraction,
            "n_iter_no_change": self.n_iter_no_change,
            "random_state": self.seed,
        }


class GradientBoostingLearner(BoostingLearner, ClassificationLearner):
    """Learn classes by trees one after the other, each of what those before got wrong.

    Often the best for tables. Numbers are binned first (as LightGBM does), so that large tables are learned fast. Missing
    cells go the way that serves best. No importance comes out: scikit-learn reckons none for these models.

    Example: target `income` of a table with numbers, categories and missing cells needs no other node before it.
    """

    id = "learning.gradient_boosting"
    title = "Gradient Boosted Trees Learner"
    icon = "mdi6.rocket-launch-outline"
    keywords = ("HistGradientBoostingClassifier", "XGBoost", "LightGBM", "GBM", "boosting", "ensemble", "classification")
    algorithm = "Gradient Boosting"
    left_out = {**LEFT_OUT, "loss": "For classes there is only one."}

    class_weight: Literal["none", "balanced"] = balanced_setting()

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's HistGradientBoostingClassifier."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            class_weight=None if self.class_weight == "none" else self.class_weight,
            categorical_features=None,
            **self.boosting_settings(),
        )


class GradientBoostingRegressionLearner(BoostingLearner, RegressionLearner):
    """Learn to predict a number by trees one after the other, each of what those before got wrong.

    Often the best for tables. With the loss `quantile` it predicts what a share of the rows does not exceed: two of these
    nodes give an interval.

    Example: with the loss quantile, 0.05 in one node and 0.95 in another, nine of ten prices lie between the two predictions.
    """

    id = "learning.gradient_boosting_regression"
    title = "Gradient Boosted Trees Learner (Regression)"
    icon = "mdi6.rocket-outline"
    keywords = ("HistGradientBoostingRegressor", "XGBoost", "LightGBM", "GBM", "boosting", "quantile regression", "regression")
    algorithm = "Gradient Boosting"
    left_out = LEFT_OUT

    loss: Literal["squared_error", "absolute_error", "gamma", "poisson", "quantile"] = setting(
        "squared_error",
        "Loss",
        "What learning makes small.",
        choices={
            "squared_error": "The mean squared error: predicts means.",
            "absolute_error": "The mean error: predicts medians.",
            "gamma": "For targets above 0 whose spread grows with them.",
            "poisson": "For counts.",
            "quantile": "Predicts a quantile.",
        },
    )
    quantile: float = setting(
        0.5, "Quantile", "The share of rows below the prediction.", ge=0, le=1, shown_if={"loss": "quantile"}
    )

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's HistGradientBoostingRegressor."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        quantile = self.quantile if self.loss == "quantile" else None
        return HistGradientBoostingRegressor(
            loss=self.loss, quantile=quantile, categorical_features=None, **self.boosting_settings()
        )
