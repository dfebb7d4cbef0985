"""Decision Tree Learner: a tree of yes-or-no questions, for classes and for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from nodes.base import setting
from nodes.kit.learning.model_learner import (
    IMPORTANCE_PORT,
    MODEL_PORT,
    MONOTONIC,
    ClassificationLearner,
    RegressionLearner,
    balanced_setting,
)
from nodes.kit.learning.trees import CLASS_CRITERIA, NUMBER_CRITERIA, ClassCriterion, NumberCriterion, TreeLearner
from nodes.values.model import Feature

SPLITTERS = {"best": "The best question of all.", "random": "The best of some drawn by chance: faster, and less exact."}


class DecisionTreeLearner(TreeLearner, ClassificationLearner):
    """Learn classes by a tree of yes-or-no questions, which a person can read.

    The tree is shown as text. Without a limit it grows until every leaf has rows of one class, which it then knows by heart:
    limit its depth or the rows of a leaf, or prune it. Missing cells go the way that serves best. KNIME's tree asks for each
    category of a column; here categories become numbers first.

    Example: target `species` with a maximum depth of 3 gives a tree that is read at a glance in the node monitor.
    """

    id = "learning.decision_tree"
    title = "Decision Tree Learner"
    icon = "mdi6.family-tree"
    keywords = ("DecisionTreeClassifier", "CART", "C4.5", "tree", "rules", "classification", "explainable")
    output_ports = (MODEL_PORT, IMPORTANCE_PORT)
    algorithm = "Decision Tree"
    left_out = MONOTONIC

    criterion: ClassCriterion = setting("gini", "Quality of a split", "What a good question makes small.", choices=CLASS_CRITERIA)
    splitter: Literal["best", "random"] = setting("best", "Split", "Which question is asked.", choices=SPLITTERS, advanced=True)
    class_weight: Literal["none", "balanced"] = balanced_setting()

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's DecisionTreeClassifier."""
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(
            criterion=self.criterion,
            splitter=self.splitter,
            class_weight=None if self.class_weight == "none" else self.class_weight,
            **self.tree_settings(),
        )


class RegressionTreeLearner(TreeLearner, RegressionLearner):
    """Learn to predict a number by a tree of yes-or-no questions: each leaf has one.

    The tree is shown as text. It never predicts more or less than it has seen. Without a limit it grows until it knows every
    row by heart: limit its depth or the rows of a leaf, or prune it.

    Example: target `price` with at least 10 rows in a leaf gives a rough model that is easy to explain.
    """

    id = "learning.regression_tree"
    title = "Simple Regression Tree Learner"
    icon = "mdi6.file-tree"
    keywords = ("DecisionTreeRegressor", "Decision Tree Learner (Regression)", "CART", "tree", "regression", "explainable")
    output_ports = (MODEL_PORT, IMPORTANCE_PORT)
    algorithm = "Regression Tree"
    left_out = MONOTONIC

    criterion: NumberCriterion = setting(
        "squared_error", "Quality of a split", "What a good question makes small.", choices=NUMBER_CRITERIA
    )
    splitter: Literal["best", "random"] = setting("best", "Split", "Which question is asked.", choices=SPLITTERS, advanced=True)

    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's DecisionTreeRegressor."""
        from sklearn.tree import DecisionTreeRegressor

        return DecisionTreeRegressor(criterion=self.criterion, splitter=self.splitter, **self.tree_settings())
