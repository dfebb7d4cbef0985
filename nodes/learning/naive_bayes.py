"""Naive Bayes Learner: how likely a class is, if the columns do not depend on each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job, NodeError, setting
from nodes.kit.learning.model_learner import ClassificationLearner, Missing, missing_setting
from nodes.values.model import Encoding, Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NaiveBayesLearner(ClassificationLearner):
    """Learn classes by Bayes's rule, as if columns did not depend on each other.

    One kind of distribution is assumed for all columns: numbers (gaussian), counts (multinomial), yes and no (bernoulli), or
    categories (categorical, which wants them encoded as one number). KNIME's learner mixes the first and the last by type.

    Example: word counts in columns, target `topic` and the distribution multinomial tell topics of texts apart.
    """

    id = "learning.naive_bayes"
    title = "Naive Bayes Learner"
    icon = "mdi6.chart-bell-curve"
    keywords = ("GaussianNB", "MultinomialNB", "BernoulliNB", "CategoricalNB", "Bayes", "classification", "spam filter")
    algorithm = "Naive Bayes"
    left_out = {
        "priors": "How frequent classes are is learned from the rows; Equal Size Sampling makes them equally frequent.",
        "class_prior": "As priors.",
        "force_alpha": "The smoothing is taken as it is given.",
        "min_categories": "Of category columns all categories are known, whether they occur or not.",
    }

    encoding: Encoding = setting(
        "one-hot",
        "Categories become",
        "What becomes of categories and text.",
        choices={
            "one-hot": "A number for each category: for multinomial and bernoulli.",
            "ordinal": "One number, the category's place in its column's order: for categorical.",
        },
    )
    missing: Missing = missing_setting()
    distribution: Literal["gaussian", "multinomial", "bernoulli", "categorical"] = setting(
        "gaussian",
        "Distribution",
        "How the cells of a column are spread within a class.",
        choices={
            "gaussian": "As a bell curve.",
            "multinomial": "As counts: numbers of 0 and more.",
            "bernoulli": "As yes and no: numbers above the threshold mean yes.",
            "categorical": "As categories: whole numbers from 0 on.",
        },
    )
    alpha: float = setting(
        1.0, "Smoothing", "Added to each count, so that nothing is impossible (Laplace).", ge=0, le=1e12,
        shown_if={"distribution": ["multinomial", "bernoulli", "categorical"]},
    )  # fmt: skip
    binarize: float = setting(0.0, "Threshold", "What lies above means yes.", shown_if={"distribution": "bernoulli"})
    fit_prior: bool = setting(
        True, "Learn how frequent classes are", "Else all classes are equally likely beforehand.", advanced=True,
        shown_if={"distribution": ["multinomial", "bernoulli", "categorical"]},
    )  # fmt: skip
    var_smoothing: float = setting(
        1e-9, "Variance smoothing", "The share of the largest variance that is added to all.", ge=0, le=1e12, advanced=True,
        shown_if={"distribution": "gaussian"},
    )  # fmt: skip

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's class for the distribution."""
        from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB

        counted = {"alpha": self.alpha, "fit_prior": self.fit_prior}
        match self.distribution:
            case "gaussian":
                return GaussianNB(var_smoothing=self.var_smoothing)
            case "multinomial":
                return MultinomialNB(**counted)
            case "bernoulli":
                return BernoulliNB(binarize=self.binarize, **counted)
            case "categorical":
                return CategoricalNB(min_categories=self._sizes(features), **counted)

    def fit(self, estimator: Any, numbers: NDArray[Any], answers: NDArray[Any], job: Job) -> None:
        """Learn, but refuse a bell curve without a width, or with an infinite one, which would tell nothing."""
        import numpy as np

        super().fit(estimator, numbers, answers, job)
        widths = getattr(estimator, "var_", None)
        if widths is not None and not (np.isfinite(widths) & (widths > 0)).all():
            raise NodeError(
                "The cells of the columns are all equal, or too far from each other for a bell curve.",
                "Take other columns, put a Normalizer before, or choose another distribution.",
                setting="distribution",
            )

    @staticmethod
    def _sizes(features: Sequence[Feature]) -> list[int] | None:
        """How many categories each column has, so that those that do not occur are known too."""
        if any(f.kind == "category" and f.encoding != "ordinal" for f in features):
            raise NodeError(
                "The categorical distribution wants each category column as one number.", "Choose ordinal.", setting="encoding"
            )
        if any(f.kind == "array" or (f.kind == "category" and f.categories is None) for f in features):
            return None
        return [max(1, len(f.categories or ())) if f.kind == "category" else 1 for f in features]
