"""Which columns are meant where none are chosen: those of predictions by their name, those of the truth by what they hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nodes.base import Specs
from nodes.values.table import TableSpec

_PREDICTION = re.compile(r"predict(ion|ed)\b.*|prediction_\d+", re.IGNORECASE)
_TARGET = re.compile(r"prediction \((?P<target>.*)\)", re.IGNORECASE | re.DOTALL)
"""What the Predictor calls its column."""


def likely_prediction(table: TableSpec, kinds: Sequence[str]) -> str | None:
    """Return the column that holds predictions: `prediction`, or the only one that is called so in other words; None: unclear."""
    named = [column for column in table.columns_of(*kinds) if _PREDICTION.fullmatch(column)]
    if "prediction" in named:
        return "prediction"
    return named[0] if len(named) == 1 else None


def likely_actual(table: TableSpec, predicted: str | None, kinds: Sequence[str]) -> str | None:
    """Return the column of what was to be predicted; None where several could be meant.

    It is the target that the prediction is named after, else the only one with the same classes, else the only other one.
    """
    others = [column for column in table.columns_of(*kinds) if column != predicted and not _PREDICTION.fullmatch(column)]
    if predicted is not None:
        named = _TARGET.fullmatch(predicted)
        if named is not None and named["target"] in others:
            return named["target"]
        classes = table.class_names(predicted)
        same = [column for column in others if classes is not None and table.class_names(column) == classes]
        if len(same) == 1:
            return same[0]
    return others[0] if len(others) == 1 else None


def tell_likely(specs: Specs, chosen: dict[str, str | None], used: dict[str, str | None]) -> None:
    """Say which columns were taken for settings where none was chosen.

    Args:
        specs: Of the node.
        chosen: Setting -> the column that was chosen, if one was.
        used: Setting -> the column that is taken.
    """
    for setting, column in used.items():
        if not chosen[setting] and column:
            specs.guess(setting, column)
