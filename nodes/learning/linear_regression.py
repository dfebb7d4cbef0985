"""Linear Regression Learner: a number as a weighted sum of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from nodes.base import setting
from nodes.kit.learning.model_learner import COEFFICIENTS_PORT, MODEL_PORT, SILENT, Missing, RegressionLearner, missing_setting
from nodes.values.model import Feature


class LinearRegressionLearner(RegressionLearner):
    """Learn to predict a number as a weighted sum of other columns.

    By least squares, or with a penalty that keeps coefficients small: ridge (their squares), lasso (their sizes: many become
    0), or both. With a penalty, columns should be of one scale: put a Normalizer before. Coefficients and the intercept come
    out as a table.

    Example: target `price` and the columns `area` and `rooms`, with ridge and alpha 1, give a model for the Predictor; the
    Numeric Scorer then tells how good it is.
    """

    id = "learning.linear_regression"
    title = "Linear Regression Learner"
    icon = "mdi6.chart-line"
    keywords = ("LinearRegression", "Ridge", "Lasso", "ElasticNet", "least squares", "OLS", "regression", "trend line")
    output_ports = (MODEL_PORT, COEFFICIENTS_PORT)
    algorithm = "Linear Regression"
    left_out = {
        **SILENT,
        "copy_X": "The matrix is made for the learner: nobody else needs it.",
        "n_jobs": "It helps with several targets only, and there is one.",
        "precompute": "scikit-learn reckons the Gram matrix where it helps.",
        "selection": "Coefficients are gone through in turn, so that no chance is in them.",
        "random_state": "Nothing is drawn.",
        "solver": "Ridge chooses the one that suits the matrix.",
    }

    missing: Missing = missing_setting()
    penalty: Literal["none", "ridge", "lasso", "elastic net"] = setting(
        "none",
        "Penalty",
        "What keeps coefficients small.",
        choices={
            "none": "Nothing: ordinary least squares.",
            "ridge": "The sum of their squares.",
            "lasso": "The sum of their sizes.",
            "elastic net": "Both.",
        },
    )
    alpha: float = setting(
        1.0,
        "Alpha",
        "The larger, the stronger the penalty.",
        ge=0,
        le=1e12,
        shown_if={"penalty": ["ridge", "lasso", "elastic net"]},
    )
    l1_ratio: float = setting(
        0.5, "L1 ratio", "How much of the penalty is that of lasso.", ge=0, le=1, shown_if={"penalty": "elastic net"}
    )
    max_iter: int = setting(
        1000, "Maximum number of iterations", "Learning stops here, with a warning.", ge=1, le=10**9,
        shown_if={"penalty": ["lasso", "elastic net"]},
    )  # fmt: skip
    tol: float = setting(
        1e-4,
        "Tolerance",
        "Learning stops when it gains less.",
        ge=0,
        advanced=True,
        shown_if={"penalty": ["lasso", "elastic net"]},
    )
    fit_intercept: bool = setting(True, "Intercept", "Whether there is a constant beside the coefficients.", advanced=True)
    positive: bool = setting(False, "No negative coefficients", "Whether all coefficients must be 0 or more.", advanced=True)

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's LinearRegression, Ridge, Lasso or ElasticNet."""
        from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge

        common = {"fit_intercept": self.fit_intercept, "positive": self.positive}
        iterated = {"max_iter": self.max_iter, "tol": self.tol, "alpha": self.alpha}
        match self.penalty:
            case "none":
                return LinearRegression(**common)
            case "ridge":
                return Ridge(alpha=self.alpha, **common)
            case "lasso":
                return Lasso(**iterated, **common)
            case "elastic net":
                return ElasticNet(l1_ratio=self.l1_ratio, **iterated, **common)
