"""Predictor: what a model says of new rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.learning.encoding import check_columns, known_rows, matrix, predicted_cells, prediction_dtype
from nodes.kit.learning.model_learner import explained
from nodes.kit.tables.elementwise import piece_rows, refuse_existing
from nodes.values.model import Model, ModelSpec, Target
from nodes.values.table import Table, TableSpec
from nodes.wording import counted, done_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Predictor(Node):
    """Predict classes, numbers or clusters of rows, by any model.

    The table needs the columns that the model learned from, by name; more do no harm, and all go on. The prediction has the
    type of the target. Rows with missing cells get no prediction, unless the model has learned to deal with them. Categories
    that the model has never seen count as none of those it knows. KNIME has a predictor for each learner, and appends
    probabilities only if asked to.

    Example: the model of a Random Forest Learner for `species` and the second output of the Partitioning give
    `Prediction (species)` and, for each class, `P (species=setosa)`; the Scorer then compares.
    """

    id = "learning.predictor"
    title = "Predictor"
    shelf = "Learning / Predictors"
    icon = "mdi6.crystal-ball"
    keywords = (
        "Decision Tree Predictor", "Random Forest Predictor", "Logistic Regression Predictor", "Regression Predictor",
        "Gradient Boosted Trees Predictor", "Naive Bayes Predictor", "SVM Predictor", "Cluster Assigner", "predict",
        "apply model", "score", "inference",
    )  # fmt: skip
    input_ports = (
        Port("model", "model", "Model", "What was learned."),
        Port("table", "table", "Table", "The rows to predict."),
    )
    output_ports = (Port("table", "table", "Table with predictions", "The table with the predicted columns at its end."),)

    prediction_column: str | None = setting(
        None, "Prediction column", "The name of the prediction; empty: Prediction (target).", min_length=1
    )
    probabilities: bool = setting(
        True, "Append probabilities", "Whether there is a column for each class: P (target=class). Not all models have them."
    )
    suffix: str = setting("", "Suffix", "Appended to the names of the probability columns.", shown_if={"probabilities": True})
    confidence: bool = setting(
        False, "Append confidence", "Whether there is a column with the probability of the predicted class.", advanced=True
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with predictions; not known while classes are not that have columns of their own."""
        model, table = specs.model(), specs.table()
        target = self._target(model)
        check_columns(model, table)
        if target.classes is None and (self._with_probabilities(model) or target.dtype == "Enum"):
            return {"table": None}
        return {"table": table.with_columns(self._schema(model, table), self._classes(target))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Predict piece by piece."""
        model, table = values.model(), values.table()
        target = self._target(model.spec)
        check_columns(model.spec, table.spec)
        schema = self._schema(model.spec, table.spec)
        made = job.stream(self._pieces(model, table, schema, job))
        return {"table": table.with_columns(made, self._classes(target))}

    def _pieces(self, model: Model, table: Table, schema: Mapping[str, pl.DataType], job: Job) -> Iterator[pl.DataFrame]:
        names = [f.name for f in model.spec.features]
        # As numbers of 8 bytes each, the rows take more room than in the table; so may a column for each of many classes.
        step = max(1, min(piece_rows((table.schema[c] for c in names), schema.values()), 2**22 // max(1, len(model.spec.names))))
        without, done = 0, 0
        for piece in table.batches(names, rows=step):
            job.check_cancelled()
            numbers = matrix(piece, model.spec.features)
            usable = known_rows(numbers) if not model.spec.takes_missing else known_rows(numbers[:, :0])
            without += int((~usable).sum())
            yield pl.DataFrame(self._predicted(model, numbers, usable, job), schema=dict(schema))
            done += piece.height
            job.progress(done / max(table.height, 1), done_of(done, table.height))
        if without:
            which = "missing or infinite cells"
            job.warn(f"{counted(without, f'row has {which}: it gets', f'rows have {which}: they get')} no prediction.")

    def _predicted(self, model: Model, numbers: NDArray[Any], usable: NDArray[Any], job: Job) -> list[pl.Series]:
        """The new columns for some rows, under no names yet."""
        import numpy as np

        target = self._target(model.spec)
        rows = numbers[usable]
        places = pl.Series(np.where(usable, np.cumsum(usable) - 1, -1))
        places = places.set(places < 0, None) if len(places) else places
        found: Any = np.zeros(0, np.int64 if target.classes is not None else np.float64)
        wanted = self._with_probabilities(model.spec)
        likely = np.zeros((len(rows), len(target.classes or ())))
        if len(rows):
            with explained("The model", job, doing="predict these rows"):
                found = model.estimator.predict(rows)
                if wanted or (self.confidence and model.spec.probabilities):
                    codes = model.estimator.classes_.astype(int)
                    # Of a single class, gradient boosting tells two probabilities.
                    likely[:, codes] = model.estimator.predict_proba(rows) if len(codes) > 1 else 1.0
        made = [predicted_cells(found, target)]
        if wanted:
            made += [pl.Series(likely[:, i]) for i in range(likely.shape[1])]
        if self.confidence and model.spec.probabilities:
            made.append(pl.Series(likely.max(axis=1) if likely.size else np.zeros(len(rows))))
        return [series.gather(places) if not usable.all() else series for series in made]

    def _target(self, model: ModelSpec) -> Target:
        if model.target is None:
            raise NodeError(f"{model.algorithm} predicts nothing.", "Apply it with its own node, such as PCA Apply.")
        return model.target

    def _with_probabilities(self, model: ModelSpec) -> bool:
        return self.probabilities and model.probabilities

    def _name(self, target: Target) -> str:
        return self.prediction_column or f"Prediction ({target.name})"

    def _schema(self, model: ModelSpec, table: TableSpec) -> dict[str, pl.DataType]:
        """The new columns."""
        target = self._target(model)
        name = self._name(target)
        names: dict[str, pl.DataType] = {name: prediction_dtype(target)}
        if self._with_probabilities(model):
            names |= {f"P ({target.name}={c}){self.suffix}": pl.Float64() for c in target.classes or ()}
        if self.confidence and model.probabilities:
            names[f"{name} (Confidence)"] = pl.Float64()
        for new in names:
            refuse_existing(table, new, "prediction_column")
        return names

    def _classes(self, target: Target) -> dict[str, tuple[str, ...]]:
        return {self._name(target): target.classes} if target.numbered and target.classes else {}
