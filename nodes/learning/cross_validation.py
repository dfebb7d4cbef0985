"""Cross Validation Scorer: how good a model's settings are on rows it has not learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values
from nodes.kit.learning.encoding import (
    check_columns,
    known_rows,
    matrix,
    predicted_cells,
    prediction_dtype,
    target_numbers,
    target_of,
)
from nodes.kit.learning.folds import FoldNode, validations_setting
from nodes.kit.learning.model_learner import explained, finite
from nodes.kit.tables.elementwise import refuse_existing
from nodes.values.figure import BarsFigure, Figure
from nodes.values.model import ModelSpec, Target
from nodes.values.table import Table, TableSpec
from nodes.wording import left_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASS_SCORES = {"accuracy": "accuracy", "balanced accuracy": "balanced_accuracy", "macro F-measure": "f1_macro"}
NUMBER_SCORES = {"R²": "r2", "mean absolute error": "neg_mean_absolute_error", "mean squared error": "neg_mean_squared_error"}


class CrossValidationScorer(FoldNode):
    """Learn anew on all parts of a table but one, test on that one, and so for each part (cross-validation).

    The model tells which algorithm, with which settings, on which columns; what it has learned before does not count. Each row
    is predicted once, by a model that has not seen it. Rows with missing cells are left out where the model cannot deal with
    them. Do all scaling inside such a test, or the test data have been looked at: tree models need none.

    Example: a Random Forest Learner and the same training table, with 5 validations, give five accuracies and their mean: a
    truer figure than one split.
    """

    id = "learning.cross_validation"
    title = "Cross Validation Scorer"
    shelf = "Learning / Validation"
    icon = "mdi6.checkbox-multiple-marked-outline"
    keywords = (
        "cross_validate",
        "cross_val_score",
        "cross_val_predict",
        "k-fold",
        "X-Validation",
        "accuracy",
    )
    input_ports = (
        Port("model", "model", "Model", "Whose algorithm, settings and columns are tested."),
        Port("table", "table", "Table", "The rows to learn from and to test on."),
    )
    output_ports = (
        Port("scores", "table", "Scores", "A row for each part, then their mean and standard deviation (n - 1)."),
        Port("predictions", "table", "Predictions", "The rows with the number of their part, and what was predicted."),
    )

    validations: int = validations_setting(5)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise scores, and the rows with predictions."""
        model, table = specs.model(), specs.table()
        target = self._target(model, table)
        check_columns(model, table)
        self.check_sampling(table)
        name = f"Prediction ({target.name})"
        for new in ("fold", name):
            refuse_existing(table, new, "validations")
        made = table.with_rows(None).with_columns(
            {"fold": pl.Int64(), name: prediction_dtype(target)},
            {name: target.classes} if target.numbered and target.classes else None,
        )
        rows = None if self.sampling == "leave-one-out" else self.validations + 2
        return {"scores": TableSpec(pl.Schema(_schema(model)), rows), "predictions": made}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Learn and test, part by part."""
        import numpy as np
        from sklearn.base import clone
        from sklearn.metrics import get_scorer

        model, table = values.model(), values.table()
        spec = model.spec
        check_columns(spec, table.spec)
        goal = self._target(spec, table.spec)
        frame = table.frame(list(dict.fromkeys([*(f.name for f in spec.features), goal.name])))
        numbers = matrix(frame, spec.features)
        answered = frame[goal.name].is_not_null()
        if frame.schema[goal.name].is_float():
            answered &= frame[goal.name].is_finite().fill_null(False)
        usable = answered.to_numpy() & (True if spec.takes_missing else known_rows(numbers))
        if not usable.all():
            job.warn(left_out(int((~usable).sum()), "with missing cells"))
        chosen = table.take(np.flatnonzero(usable))
        if not chosen.height:
            raise NodeError("There are no rows to learn from.", "Look at the node before.")
        numbers = numbers[usable]
        answers, target = target_numbers(frame[goal.name].filter(pl.Series(usable)), goal)
        folds = self.folds(chosen)
        scorers = {name: get_scorer(key) for name, key in _scores(spec).items()}
        predicted: NDArray[Any] = np.zeros(len(numbers), answers.dtype)
        rows: list[dict[str, Any]] = []
        count = int(folds.max()) + 1
        for fold in range(count):
            job.check_cancelled()
            job.progress(fold / count, f"part {fold + 1} of {count}")
            test = folds == fold
            estimator = clone(model.estimator)
            with explained(spec.algorithm, job):
                estimator.fit(numbers[~test], answers[~test])
                predicted[test] = estimator.predict(numbers[test])
                scored = {name: float(scorer(estimator, numbers[test], answers[test])) for name, scorer in scorers.items()}
            rows.append({"part": str(fold), "rows": int(test.sum()), **{n: finite(_sign(n) * s) for n, s in scored.items()}})
        scores = pl.DataFrame(rows, schema=_schema(spec))
        named = pl.exclude("part", "rows")
        summary = [
            scores.select(pl.lit("mean").alias("part"), pl.col("rows").sum(), named.mean()),
            scores.select(pl.lit("standard deviation").alias("part"), pl.col("rows").sum(), named.std()),
        ]
        name = f"Prediction ({target.name})"
        cells = predicted_cells(predicted, target)
        new = pl.DataFrame({"fold": pl.Series(folds, dtype=pl.Int64), name: cells})
        classes = {name: target.classes} if target.numbered and target.classes else None
        return {"scores": Table.of(pl.concat([scores, *summary])), "predictions": chosen.with_columns(new, classes)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the scores of the parts, those that go up to 1."""
        scores = outputs.table("scores").frame()
        parts = scores.head(scores.height - 2)
        shown = [c for c in scores.columns if c in CLASS_SCORES or c == "R²"]
        series = {c: [float("nan") if v is None else v for v in parts[c]] for c in shown}
        return (BarsFigure("Scores of the parts", parts["part"].to_list(), series),)

    def _target(self, model: ModelSpec, table: TableSpec) -> Target:
        """What is predicted, as this table has it."""
        if model.target is None or model.kind not in ("classifier", "regressor"):
            raise NodeError(f"{model.algorithm} predicts nothing that could be tested.", "Connect the model of a learner.")
        return target_of(table, model.target.name, classes=model.kind == "classifier")


def _scores(model: ModelSpec) -> dict[str, str]:
    """Name -> scikit-learn's name of it."""
    return CLASS_SCORES if model.kind == "classifier" else NUMBER_SCORES


def _sign(name: str) -> int:
    """scikit-learn gives errors as negative scores."""
    return -1 if name in NUMBER_SCORES and NUMBER_SCORES[name].startswith("neg_") else 1


def _schema(model: ModelSpec) -> dict[str, pl.DataType]:
    first: dict[str, pl.DataType] = {"part": pl.String(), "rows": pl.Int64()}
    return first | dict.fromkeys(_scores(model), pl.Float64())
