"""The settings that single trees and forests have in common."""

from __future__ import annotations

from typing import Any, Literal

from nodes.base import NodeError, setting
from nodes.kit.learning.model_learner import SAME_MODEL, MissingOrPass, ModelLearner, missing_setting
from nodes.kit.settings import SEEDS_32, seed_setting

ClassCriterion = Literal["gini", "entropy", "log_loss"]
NumberCriterion = Literal["squared_error", "absolute_error", "poisson"]
CLASS_CRITERIA = {
    "gini": "How often two rows of a leaf differ in class (Gini impurity).",
    "entropy": "The information gained.",
    "log_loss": "The same as entropy.",
}
NUMBER_CRITERIA = {
    "squared_error": "The mean squared distance from the mean.",
    "absolute_error": "The mean distance from the median; slow.",
    "poisson": "The deviance of counts: for targets of 0 and more.",
}


class TreeLearner(ModelLearner):
    """A learner that grows trees of yes-or-no questions."""

    takes_missing = True

    missing: MissingOrPass = missing_setting(can_pass=True)
    max_depth: int | None = setting(None, "Maximum depth", "How many questions there are at most; empty: no limit.", ge=1)
    min_samples_split: int = setting(2, "Minimum rows to split", "A node with fewer rows is not split.", ge=2)
    min_samples_leaf: int = setting(1, "Minimum rows of a leaf", "A split that leaves fewer on one side is not made.", ge=1)
    max_leaf_nodes: int | None = setting(None, "Maximum number of leaves", "The best leaves first; empty: no limit.", ge=2)
    max_features: Literal["all", "sqrt", "log2"] | float = setting(
        "all",
        "Columns per split",
        "Columns looked at for each question: all, the square root or logarithm of their number, or a share from 0 to 1.",
        advanced=True,
    )
    min_weight_fraction_leaf: float = setting(
        0.0, "Minimum share of a leaf", "The share of all (weighted) rows that a leaf must have.", ge=0, le=0.5, advanced=True
    )
    min_impurity_decrease: float = setting(
        0.0, "Minimum gain", "A split that gains less is not made.", ge=0, le=1e12, advanced=True
    )
    ccp_alpha: float = setting(
        0.0,
        "Pruning",
        "The cost of a leaf: branches that gain less than it are cut off at the end.",
        ge=0,
        le=1e12,
        advanced=True,
    )
    seed: int | None = seed_setting(SAME_MODEL, most=SEEDS_32)

    @property
    def reproducible(self) -> bool:
        """Without a seed, ties are broken otherwise in every run."""
        return self.seed is not None

    def tree_settings(self) -> dict[str, Any]:
        """Return the settings under scikit-learn's names.

        Raises:
            NodeError: If the share of columns is none.
        """
        share = self.max_features
        if not isinstance(share, str) and not 0 < share <= 1:
            raise NodeError(f"{share} is no share of columns.", "Enter more than 0 and at most 1.", setting="max_features")
        return {
            "max_depth": self.max_depth,
            "min_samples_split": self.min_samples_split,
            "min_samples_leaf": self.min_samples_leaf,
            "max_leaf_nodes": self.max_leaf_nodes,
            "max_features": None if share == "all" else share,
            "min_weight_fraction_leaf": self.min_weight_fraction_leaf,
            "min_impurity_decrease": self.min_impurity_decrease,
            "ccp_alpha": self.ccp_alpha,
            "random_state": self.seed,
        }
