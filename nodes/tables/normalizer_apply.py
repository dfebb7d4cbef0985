"""Normalizer (Apply): a table is scaled as another one was."""

from __future__ import annotations

from nodes.kit.tables.scaling import ModelApplied


class NormalizerApply(ModelApplied):
    """Scale the columns of a table by the model of a Normalizer: test data as the training data were.

    Numbers outside the range of the training data come out beyond the minimum or the maximum.

    Example: wire the model that a Normalizer made of the training rows to it, and the test rows: both are scaled alike.
    """

    id = "tables.normalizer_apply"
    title = "Normalizer (Apply)"
    icon = "mdi6.chart-bell-curve"
    keywords = ("scale test data", "transform", "apply model", "standardize", "MinMaxScaler")
    inverse = False
