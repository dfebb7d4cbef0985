"""Logistic Regression Learner: how likely each class is, from a weighted sum of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from nodes.base import NodeError, setting
from nodes.kit.learning.model_learner import (
    COEFFICIENTS_PORT,
    MODEL_PORT,
    SILENT,
    ClassificationLearner,
    Missing,
    balanced_setting,
    missing_setting,
)
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.values.model import Feature

WITHOUT_L1 = ("lbfgs", "newton-cg", "newton-cholesky", "sag")


class LogisticRegressionLearner(ClassificationLearner):
    """Learn to tell classes apart by a straight line (a plane) between them: logistic regression.

    Coefficients come out as a table: with two classes those for the second one, else those of every class. Columns should be
    of one scale, or the penalty weighs on them unequally and learning takes long: put a Normalizer (z-score) before. KNIME's
    learner has no penalty unless a prior is chosen; that is `penalty` none here.

    Example: after a Normalizer, target `species` and all four measures of the iris table give a model that a Predictor applies
    to the rows that the Partitioning held back.
    """

    id = "learning.logistic_regression"
    title = "Logistic Regression Learner"
    icon = "mdi6.chart-bell-curve-cumulative"
    keywords = ("LogisticRegression", "logit", "softmax", "classification", "maxent", "linear classifier")
    output_ports = (MODEL_PORT, COEFFICIENTS_PORT)
    algorithm = "Logistic Regression"
    needs_two_classes = True
    left_out = {
        **SILENT,
        "dual": "Only liblinear knows it, for more columns than rows: the result is the same.",
        "intercept_scaling": "Only liblinear knows it: choose another solver where its penalty on the intercept matters.",
        "n_jobs": "scikit-learn does not use it any more.",
    }

    missing: Missing = missing_setting()
    penalty: Literal["l2", "l1", "elasticnet", "none"] = setting(
        "l2",
        "Penalty",
        "What keeps coefficients small.",
        choices={
            "l2": "The sum of their squares (Gauss).",
            "l1": "The sum of their sizes (Laplace): many become 0. Needs the solver liblinear or saga.",
            "elasticnet": "Both. Needs the solver saga.",
            "none": "Nothing.",
        },
    )
    C: float = setting(1.0, "C", "The smaller, the stronger the penalty.", gt=0, shown_if={"penalty": ["l2", "l1", "elasticnet"]})
    l1_ratio: float = setting(
        0.5, "L1 ratio", "How much of the penalty is that of l1.", ge=0, le=1, shown_if={"penalty": "elasticnet"}
    )
    solver: Literal["lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"] = setting(
        "lbfgs",
        "Solver",
        "How the best coefficients are found.",
        choices={
            "lbfgs": "Good for most tables.",
            "liblinear": "For small tables with two classes.",
            "newton-cg": "By second derivatives.",
            "newton-cholesky": "For many more rows than columns.",
            "sag": "By chance, for large tables of one scale.",
            "saga": "As sag, with every penalty.",
        },
    )
    max_iter: int = setting(100, "Maximum number of iterations", "Learning stops here, with a warning.", ge=0, le=10**9)
    tol: float = setting(1e-4, "Tolerance", "Learning stops when it gains less.", gt=0, advanced=True)
    fit_intercept: bool = setting(True, "Intercept", "Whether there is a constant beside the coefficients.", advanced=True)
    class_weight: Literal["none", "balanced"] = balanced_setting()
    seed: int | None = seed_setting(
        "What decides the order of rows for liblinear, sag and saga; empty: another in every run.", most=SEEDS_32
    )

    @property
    def reproducible(self) -> bool:
        """Three solvers go by chance."""
        return self.seed is not None or self.solver not in ("liblinear", "sag", "saga")

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's LogisticRegression."""
        from sklearn.linear_model import LogisticRegression

        bad = {
            "l1": self.solver in WITHOUT_L1,
            "elasticnet": self.solver != "saga",
            "none": self.solver == "liblinear",
            "l2": False,
        }
        if bad[self.penalty]:
            raise NodeError(f"The solver {self.solver} knows no penalty '{self.penalty}'.", "Choose saga.", setting="solver")
        return LogisticRegression(
            C=float("inf") if self.penalty == "none" else self.C,
            l1_ratio={"l2": 0.0, "l1": 1.0, "elasticnet": self.l1_ratio, "none": 0.0}[self.penalty],
            solver=self.solver,
            max_iter=self.max_iter,
            tol=self.tol,
            fit_intercept=self.fit_intercept,
            class_weight=None if self.class_weight == "none" else self.class_weight,
            random_state=self.seed,
        )
