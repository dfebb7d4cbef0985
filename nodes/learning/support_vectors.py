"""SVM Learner: the widest margin between classes, straight or bent by a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from nodes.base import NodeError, setting
from nodes.kit.learning.model_learner import (
    SILENT,
    ClassificationLearner,
    Missing,
    ModelLearner,
    RegressionLearner,
    balanced_setting,
    missing_setting,
)
from nodes.values.model import Feature

LEFT_OUT = {
    "verbose": SILENT["verbose"],
    "shrinking": "A matter of speed, which scikit-learn leaves on; the result is the same.",
}


class SupportVectorLearner(ModelLearner):
    """A support vector machine."""

    missing: Missing = missing_setting()
    C: float = setting(1.0, "C", "What an error costs; KNIME's overlapping penalty. The smaller, the smoother.", gt=0, le=1e300)
    kernel: Literal["rbf", "linear", "poly", "sigmoid"] = setting(
        "rbf",
        "Kernel",
        "How alike two rows are.",
        choices={
            "rbf": "By distance: exp(-gamma d²).",
            "linear": "By their product: straight borders.",
            "poly": "By a power of their product.",
            "sigmoid": "By the hyperbolic tangent of their product.",
        },
    )
    gamma: Literal["scale", "auto"] | float = setting(
        "scale",
        "Gamma",
        "How far a row reaches: scale is 1 / (numbers x variance), auto 1 / numbers; or a number.",
        shown_if={"kernel": ["rbf", "poly", "sigmoid"]},
    )
    degree: int = setting(3, "Power", "Of the polynomial.", ge=0, le=1000, shown_if={"kernel": "poly"})
    coef0: float = setting(0.0, "Bias", "Added to the product.", shown_if={"kernel": ["poly", "sigmoid"]})
    tol: float = setting(1e-3, "Tolerance", "Learning stops when it gains less.", gt=0, advanced=True)
    max_iter: int = setting(
        -1, "Maximum number of iterations", "Learning ends after so many steps; -1: no limit.", ge=-1, le=10**9, advanced=True
    )
    cache_size: float = setting(200.0, "Cache", "Memory for the kernel, in MB.", gt=0, le=1e6, advanced=True)

    def kernel_settings(self) -> dict[str, Any]:
        """Return the settings under scikit-learn's names.

        Raises:
            NodeError: If gamma is negative.
        """
        if not isinstance(self.gamma, str) and self.gamma < 0:
            raise NodeError("Gamma must not be negative.", "Enter 0 or more.", setting="gamma")
        names = ("C", "kernel", "gamma", "degree", "coef0", "tol", "max_iter", "cache_size")
        return {name: getattr(self, name) for name in names}


class SVMLearner(SupportVectorLearner, ClassificationLearner):
    """Learn classes by the widest margin between them (support vector machine).

    Its time grows with the square of the rows: it is for some ten thousand at most. Columns must be of one scale: put a
    Normalizer before. It has no probabilities of its own; they can be calibrated by learning five times more (Platt).

    Example: after a Normalizer, kernel rbf and target `species` give curved borders between the classes.
    """

    id = "learning.svm"
    title = "SVM Learner"
    icon = "mdi6.vector-line"
    keywords = ("SVC", "support vector machine", "kernel", "margin", "classification", "RBF", "LIBSVM")
    algorithm = "SVM"
    needs_two_classes = True
    left_out = {
        **LEFT_OUT,
        "decision_function_shape": "Distances from the borders do not come out, only classes and probabilities.",
        "break_ties": "As scikit-learn has it: of classes with equally many votes the first.",
        "random_state": "Nothing is drawn.",
    }

    class_weight: Literal["none", "balanced"] = balanced_setting()
    probability: bool = setting(
        False, "Probabilities", "Whether probabilities are calibrated, by cross-validation in 5 parts: five times slower."
    )

    @property
    def has_probabilities(self) -> bool:
        """Only where they are asked for."""
        return self.probability

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's SVC, or one that is calibrated."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.svm import SVC

        machine = SVC(class_weight=None if self.class_weight == "none" else self.class_weight, **self.kernel_settings())
        return CalibratedClassifierCV(machine, ensemble=False) if self.probability else machine


class SVMRegressionLearner(SupportVectorLearner, RegressionLearner):
    """Learn to predict a number by a support vector machine: errors below a limit do not count.

    Its time grows with the square of the rows. Columns, and the target too, must be of one scale: put a Normalizer before.

    Example: kernel rbf, epsilon 0.1 and a normalized target follow a curve without a formula for it.
    """

    id = "learning.svm_regression"
    title = "SVM Learner (Regression)"
    icon = "mdi6.vector-curve"
    keywords = ("SVR", "support vector regression", "kernel", "margin", "regression", "RBF", "LIBSVM")
    algorithm = "SVM"
    left_out = LEFT_OUT

    epsilon: float = setting(0.1, "Epsilon", "Errors up to this do not count.", ge=0, le=1e12)

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's SVR."""
        from sklearn.svm import SVR

        return SVR(epsilon=self.epsilon, **self.kernel_settings())
