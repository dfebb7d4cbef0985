"""What the classical learners share: choosing columns, making numbers of them, fitting, and saying what went wrong."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.heard_warnings import heard_warnings
from nodes.kit.learning.encoding import (
    CLASS_KINDS,
    FEATURE_KINDS,
    features_of,
    known_rows,
    matrix,
    target_numbers,
    target_of,
    unused_columns,
    with_categories,
)
from nodes.kit.learning.model_figures import linear_coefficients, model_figures
from nodes.values.figure import Figure
from nodes.values.model import Encoding, Feature, Model, ModelSpec, Target
from nodes.values.table import Table, TableSpec
from nodes.wording import counted, left_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL_PORT = Port("model", "model", "Model", "What was learned, for the Predictor and the Model Writer.")
IMPORTANCE_PORT = Port("importance", "table", "Feature importance", "How much each column (or part of one) decides.")
COEFFICIENTS_PORT = Port("coefficients", "table", "Coefficients", "What each column (or part of one) is multiplied by.")
ENCODINGS = {
    "one-hot": "A number for each category: 1 where it is there, else 0.",
    "ordinal": "One number: the category's place in its column's order (of texts: sorted).",
}
MISSING = {
    "fail": "Stop with an error.",
    "ignore rows": "Leave the row out, with a warning.",
    "pass on": "Let the model deal with them: it learns which way they go.",
}
SAME_MODEL = "What decides chance: the same seed gives the same model; empty gives another in every run."
"""The help of a seed that learning begins with."""
SILENT = {
    "verbose": "The progress in the editor shows how far it is.",
    "warm_start": "A result must follow from settings and inputs alone: a model always begins anew.",
}
MONOTONIC = {
    "monotonic_cst": "That a prediction may only rise, or fall, with a column needs a sign for each number of the matrix."
}
"""Why arguments of scikit-learn's classes are no settings."""


class ModelLearner(Node):
    """A node that fits a model of scikit-learn to the rows of a table."""

    shelf = "Learning / Learners"
    input_ports = (Port("table", "table", "Training data", "The rows to learn from."),)
    output_ports: ClassVar[tuple[Port, ...]] = (MODEL_PORT,)
    algorithm: ClassVar[str]
    """The model's name for a person."""
    task: ClassVar[Literal["classifier", "regressor"]]
    takes_missing: ClassVar[bool] = False
    needs_two_classes: ClassVar[bool] = False

    target: str | None = setting(None, "Target column", "What to predict.", columns=Columns())
    """Each kind of learner says which columns can be one; it stands here to be the first in the dialog."""
    columns: list[str] = setting(
        [],
        "Columns",
        "What to learn from: numbers, true and false, categories, arrays such as images (laid out flat). Empty: all but the "
        "target, plain text and times; the node says which those are.",
        columns=Columns("table", FEATURE_KINDS),
    )
    encoding: Encoding = setting("one-hot", "Categories become", "What becomes of categories and text.", choices=ENCODINGS)

    @abstractmethod
    def estimator(self, features: Sequence[Feature]) -> Any:
        """Return scikit-learn's object with this node's settings, not fitted."""

    @property
    def _target(self) -> str | None:
        """The target column; each kind of learner declares its own."""
        column: str | None = getattr(self, "target", None)
        return column

    @property
    def _missing(self) -> str:
        choice: str = getattr(self, "missing", "fail")
        return choice

    @property
    def has_probabilities(self) -> bool:
        """Whether the model can tell how likely each class is."""
        return self.task == "classifier"

    def model_spec(self, table: TableSpec) -> ModelSpec:
        """Return what the model will take and give.

        Raises:
            NodeError: If the settings do not fit the table.
        """
        target = target_of(table, self._target, classes=self.task == "classifier")
        features = features_of(table, self.columns, [target.name], encoding=self.encoding)
        return ModelSpec(
            self.task, self.algorithm, features, target, self.has_probabilities, self.takes_missing and self._missing == "pass on"
        )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the model's columns and target, and the tables about it."""
        model = self.model_spec(specs.table())
        self.estimator(model.features)
        unused = unused_columns(specs.table(), self.columns, [str(self._target)])
        if unused is not None:
            specs.warn(unused, "columns")
        return {"model": model, **{port: TableSpec(schema) for port, schema in self._extra_schemas().items()}}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Fit the model."""
        table = values.table()
        spec = self.model_spec(table.spec)
        spec = replace(spec, features=with_categories(spec.features, table))
        numbers, answers, target = self._training_data(table, spec, job)
        job.check_cancelled()
        job.progress(None, f"learning from {len(numbers)} rows")
        estimator = self.estimator(spec.features)
        with explained(self.algorithm, job):
            self.fit(estimator, numbers, answers, job)
        model = Model(replace(spec, target=target), estimator)
        return {"model": model, **{port: Table.of(frame) for port, frame in self._extras(model).items()}}

    def fit(self, estimator: Any, numbers: NDArray[Any], answers: NDArray[Any], job: Job) -> None:
        """Let the estimator learn."""
        estimator.fit(numbers, answers)

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show what the model looks at, and its settings."""
        return model_figures(outputs.model())

    def _training_data(self, table: Table, spec: ModelSpec, job: Job) -> tuple[NDArray[Any], NDArray[Any], Target]:
        """The matrix, the answers, and the target with its classes."""
        assert spec.target is not None
        names = list(dict.fromkeys([*(f.name for f in spec.features), spec.target.name]))
        frame = table.frame(names)
        goal = pl.col(spec.target.name)
        known = goal.is_not_null() & goal.is_finite() if frame.schema[spec.target.name].is_float() else goal.is_not_null()
        labelled = frame.filter(known)
        if labelled.height < frame.height:
            job.warn(left_out(frame.height - labelled.height, "without a target"))
        numbers = matrix(labelled, spec.features)
        if not spec.takes_missing:
            whole = known_rows(numbers)
            gone = int((~whole).sum())
            if gone and self._missing != "ignore rows":
                raise NodeError(
                    f"{counted(gone, 'row has', 'rows have')} missing or infinite cells, "
                    f"which {self.algorithm} cannot learn from.",
                    "Fill them (Missing Value), or leave such rows out.",
                    setting="missing",
                )
            if gone:
                job.warn(left_out(gone, "with missing or infinite cells"))
                numbers, labelled = numbers[whole], labelled.filter(pl.Series(whole))
        if not len(numbers):
            raise NodeError("There are no rows to learn from.", "Look at the node before.")
        answers, target = target_numbers(labelled[spec.target.name], spec.target)
        if self.needs_two_classes and (answers == answers[0]).all():
            only = target.classes[int(answers[0])] if target.classes else str(answers[0])
            message = f"All rows are of the class '{only}': there is nothing to tell apart."
            raise NodeError(message, "Look at the node before, or choose another target.", setting="target")
        return numbers, answers, target

    def _extra_schemas(self) -> dict[str, pl.Schema]:
        ports = {port.name for port in self.output_ports}
        schemas = {}
        if "importance" in ports:
            schemas["importance"] = pl.Schema({"feature": pl.String(), "importance": pl.Float64()})
        if "coefficients" in ports:
            schemas["coefficients"] = pl.Schema({"target": pl.String(), "feature": pl.String(), "coefficient": pl.Float64()})
        return schemas

    def _extras(self, model: Model) -> dict[str, pl.DataFrame]:
        """The tables about the model."""
        made: dict[str, pl.DataFrame] = {}
        for port, schema in self._extra_schemas().items():
            if port == "importance":
                cells = [*zip(model.spec.names, model.estimator.feature_importances_.tolist(), strict=True)]
                made[port] = pl.DataFrame(cells, schema=schema, orient="row")
            else:
                rows: list[tuple[str, str, float]] = []
                for name, coefficients, intercept in linear_coefficients(model):
                    rows += [(name, "(intercept)", intercept)]
                    rows += [(name, f, c) for f, c in zip(model.spec.names, coefficients, strict=True)]
                made[port] = pl.DataFrame(rows, schema=schema, orient="row")
        return made


class ClassificationLearner(ModelLearner):
    """A learner whose target is a class."""

    task = "classifier"

    target: str | None = setting(
        None,
        "Target column",
        "The classes to predict: categories, text, true and false, or class numbers.",
        columns=Columns("table", CLASS_KINDS),
    )


class RegressionLearner(ModelLearner):
    """A learner whose target is a number."""

    task = "regressor"

    target: str | None = setting(None, "Target column", "The number to predict.", columns=Columns("table", ("number", "boolean")))


Missing = Literal["fail", "ignore rows"]
MissingOrPass = Literal["fail", "ignore rows", "pass on"]


def missing_setting(*, can_pass: bool = False) -> Any:
    """Declare what to do with missing cells."""
    choices = {k: v for k, v in MISSING.items() if can_pass or k != "pass on"}
    help = "What to do with missing, NaN or infinite cells in the columns; rows without a target are always left out."
    return setting("pass on" if can_pass else "fail", "Missing cells", help, choices=choices)


def balanced_setting() -> Any:
    """Declare class weights."""
    return setting(
        "none",
        "Class weights",
        "Whether rare classes count as much as frequent ones.",
        choices={"none": "Every row counts the same.", "balanced": "Every class has the same weight in all."},
    )


@contextmanager
def explained(algorithm: str, job: Job, *, doing: str = "learn from these data") -> Iterator[None]:
    """Turn scikit-learn's refusals into errors for a person, and its warnings into warnings on the node.

    Args:
        algorithm: Its name.
        job: Where warnings go.
        doing: What it is about to do.

    Raises:
        NodeError: If scikit-learn refuses the data or the settings.
    """
    from sklearn.exceptions import ConvergenceWarning

    with heard_warnings() as caught:
        try:
            yield
        except (ValueError, OverflowError, RuntimeError) as error:
            first = str(error).strip().splitlines()[0].rstrip(".")
            raise NodeError(f"{algorithm} cannot {doing}: {first}.", "Change the data or the settings.") from error
    if any(issubclass(w.category, ConvergenceWarning) for w in caught):
        job.warn(f"{algorithm} was not done when it stopped: allow more iterations, or put a Normalizer before.")
    others = [w for w in caught if not issubclass(w.category, ConvergenceWarning)]
    for text in dict.fromkeys(str(w.message).strip().splitlines()[0] for w in others):
        job.warn(text)


def finite(number: float) -> float | None:
    """Return a number for a table; None where there is none."""
    return number if math.isfinite(number) else None
