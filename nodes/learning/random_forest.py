"""Random Forest Learner: many trees, each of other rows and columns, that vote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job, setting
from nodes.kit.learning.model_learner import (
    IMPORTANCE_PORT,
    MODEL_PORT,
    MONOTONIC,
    SILENT,
    ClassificationLearner,
    RegressionLearner,
)
from nodes.kit.learning.trees import CLASS_CRITERIA, NUMBER_CRITERIA, ClassCriterion, NumberCriterion, TreeLearner
from nodes.values.model import Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEFT_OUT = {**MONOTONIC, **SILENT, "oob_score": "A Cross Validation Scorer tells how good it is on rows it has not seen."}
AT_ONCE = 10
"""Trees that are grown before cancel is looked at."""


class ForestLearner(TreeLearner):
    """A learner of many trees."""

    n_estimators: int = setting(100, "Number of trees", "The more, the steadier, and the slower.", ge=1, le=100_000)
    bootstrap: bool = setting(True, "Draw rows", "Whether each tree learns from rows drawn with replacement; else from all.")
    max_samples: float | None = setting(
        None, "Share of rows", "How many rows are drawn for a tree, as a share; empty: as many as there are.", gt=0, le=1,
        advanced=True, shown_if={"bootstrap": True},
    )  # fmt: skip
    n_jobs: int | None = setting(
        None, "Threads", "Trees grown at the same time; -1: one for each core, empty: one.", ge=-1, le=256,
        advanced=True,
    )  # fmt: skip

    def forest_settings(self) -> dict[str, Any]:
        """Return the settings under scikit-learn's names."""
        return {
            **self.tree_settings(),
            "n_estimators": self.n_estimators,
            "bootstrap": self.bootstrap,
            "max_samples": self.max_samples if self.bootstrap else None,
            "n_jobs": self.n_jobs or None,
        }

    def fit(self, estimator: Any, numbers: NDArray[Any], answers: NDArray[Any], job: Job) -> None:
        """Grow some trees at a time (which gives the same forest), so that one can see how far it is, and cancel."""
        if self.seed is None:
            import numpy as np

            # Trees that are added must go on where chance was: a seed of this run only.
            estimator.set_params(random_state=int(np.random.default_rng().integers(2**31)))
        estimator.set_params(warm_start=True)
        for count in range(min(AT_ONCE, self.n_estimators), self.n_estimators + AT_ONCE, AT_ONCE):
            job.check_cancelled()
            grown = min(count, self.n_estimators)
            if grown > len(getattr(estimator, "estimators_", ())):
                estimator.set_params(n_estimators=grown).fit(numbers, answers)
            job.progress(grown / self.n_estimators, f"{grown} of {self.n_estimators} trees")
        estimator.set_params(warm_start=False, random_state=self.seed)


class RandomForestLearner(ForestLearner, ClassificationLearner):
    """Learn classes by many decision trees, each of other rows and columns, whose votes are averaged.

    Good without much thought: no scaling, no tuning. It tells how much each column decides (the mean gain of its splits,
    which favours columns with many values). KNIME looks at the square root of the number of columns for each tree as a whole or
    each node, as set; here for each split, as scikit-learn does.

    Example: target `label` and the image column of the digits give, with 100 trees, a model to compare a network with.
    """

    id = "learning.random_forest"
    title = "Random Forest Learner"
    icon = "mdi6.forest"
    keywords = ("RandomForestClassifier", "Tree Ensemble Learner", "bagging", "ensemble", "trees", "classification")
    output_ports = (MODEL_PORT, IMPORTANCE_PORT)
    algorithm = "Random Forest"
    left_out = LEFT_OUT

    max_features: Literal["all", "sqrt", "log2"] | float = setting(
        "sqrt",
        "Columns per split",
        "Columns looked at for each question: all, the square root or logarithm of their number, or a share from 0 to 1.",
    )
    criterion: ClassCriterion = setting("gini", "Quality of a split", "What a good question makes small.", choices=CLASS_CRITERIA)
    class_weight: Literal["none", "balanced", "balanced_subsample"] = setting(
        "none",
        "Class weights",
        "Whether rare classes count as much as frequent ones.",
        choices={
            "none": "Every row counts the same.",
            "balanced": "Every class has the same weight in all.",
            "balanced_subsample": "The same, reckoned for the rows of each tree.",
        },
    )

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's RandomForestClassifier."""
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(
            criterion=self.criterion,
            class_weight=None if self.class_weight == "none" else self.class_weight,
            **self.forest_settings(),
        )


class RandomForestRegressionLearner(ForestLearner, RegressionLearner):
    """Learn to predict a number by many regression trees, each of other rows, whose predictions are averaged.

    Good without much thought: no scaling, no tuning. It never predicts more or less than it has seen. It tells how much each
    column decides.

    Example: target `price` and all other columns, then a Predictor and the Numeric Scorer on rows held back.
    """

    id = "learning.random_forest_regression"
    title = "Random Forest Learner (Regression)"
    icon = "mdi6.forest-outline"
    keywords = ("RandomForestRegressor", "Tree Ensemble Learner (Regression)", "bagging", "ensemble", "trees", "regression")
    output_ports = (MODEL_PORT, IMPORTANCE_PORT)
    algorithm = "Random Forest"
    left_out = LEFT_OUT

    criterion: NumberCriterion = setting(
        "squared_error", "Quality of a split", "What a good question makes small.", choices=NUMBER_CRITERIA
    )

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's RandomForestRegressor."""
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor(criterion=self.criterion, **self.forest_settings())
