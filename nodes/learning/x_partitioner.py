"""X-Partitioner: rows are divided into parts, each of which is the test data once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.learning.folds import FoldNode
from nodes.kit.lookalikes import lookalike_warning
from nodes.kit.tables.elementwise import refuse_existing
from nodes.values.table import TableSpec
from nodes.wording import counted, left_out


class XPartitioner(FoldNode):
    """Divide rows into parts for cross-validation; one of them is the test data, the others are the training data.

    KNIME's node starts a loop. Here it gives one turn of it: the setting `fold` says which part is the test data; a workflow
    variable, or a component that is mapped over the numbers of the parts, goes through all of them. The first output has
    a column with the part of every row. To compare models of scikit-learn only, the Cross Validation Scorer does all at once.

    Example: 5 validations, stratified by `label` and fold 0: four fifths train a Keras network, one fifth tests it.
    """

    id = "learning.x_partitioner"
    title = "X-Partitioner"
    shelf = "Learning / Validation"
    icon = "mdi6.view-carousel-outline"
    keywords = ("cross validation", "k-fold", "KFold", "StratifiedKFold", "leave one out", "X-Validation", "folds")
    input_ports = (Port("table", "table", "Table", "The rows to divide."),)
    output_ports = (
        Port("train", "table", "Training data", "All parts but one."),
        Port("test", "table", "Test data", "The one part."),
        Port("folds", "table", "Table with folds", "All rows, with the number of their part."),
    )

    fold: int = setting(0, "Fold", "The number of the part that is the test data, from 0.", ge=0)
    column: str = setting("fold", "Fold column", "What to call the column with the parts' numbers.", min_length=1, advanced=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the input's columns, thrice."""
        table = specs.table()
        self.check_sampling(table)
        refuse_existing(table, self.column, "column")
        self._check_fold(table.rows if self.sampling == "leave-one-out" else self.validations)
        some = table.with_rows(None)
        return {"train": some, "test": some, "folds": table.with_columns({self.column: pl.Int64()})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Divide the rows; nothing of them is copied."""
        import numpy as np

        table = values.table()
        folds = self.folds(table)
        self._check_fold(table.height if self.sampling == "leave-one-out" else self.validations)
        job.check_cancelled()
        test = folds == self.fold
        return {
            "train": table.take(np.flatnonzero(~test)),
            "test": table.take(np.flatnonzero(test)),
            "folds": table.with_columns(pl.DataFrame({self.column: folds}, schema={self.column: pl.Int64()})),
        }

    def _check_fold(self, count: int | None) -> None:
        if count == 0:
            raise NodeError("There are no rows to divide.", "Look at the node before.")
        if count is not None and self.fold >= count:
            raise NodeError(f"There is no part {self.fold} of {count}: they are 0 to {count - 1}.", "Choose one.", setting="fold")


class XAggregator(Node):
    """Sum up the errors of a cross-validation: for each part, how many rows were predicted wrongly.

    Give it the predictions of all parts in one table, with the part of each row (X-Partitioner). KNIME's node ends the loop and
    collects them itself. For a target of numbers the errors are mean squared errors. Rows without a target are left out, with a
    warning; a row without a prediction is wrong, and of numbers its error does not count.

    Example: the predictions of five runs, put together by Concatenate, with target `label`, prediction `Prediction (label)` and
    fold column `fold` give five rows with the error in percent.
    """

    id = "learning.x_aggregator"
    title = "X-Aggregator"
    shelf = "Learning / Validation"
    icon = "mdi6.clipboard-check-multiple-outline"
    keywords = ("cross validation", "error rates", "folds", "X-Validation", "k-fold")
    input_ports = (Port("table", "table", "Predictions", "Rows with target, prediction and part."),)
    output_ports = (Port("errors", "table", "Error rates", "A row for each part."),)

    target: str | None = setting(
        None, "Target column", "The column with the true values.", columns=Columns("table", ("category", "number", "boolean"))
    )
    prediction: str | None = setting(
        None,
        "Prediction column",
        "The column with the predicted values.",
        columns=Columns("table", ("category", "number", "boolean")),
    )
    fold: str | None = setting(None, "Fold column", "The part of each row.", columns=Columns("table", ("integer", "category")))

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a row per part."""
        return {"errors": TableSpec(pl.Schema(_schema(self._numeric(specs.table()))))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Count the errors of each part."""
        from nodes.values.table import Table

        table = values.table()
        numeric = self._numeric(table.spec)
        frame = table.frame(list(dict.fromkeys([str(self.target), str(self.prediction), str(self.fold)]))).select(
            pl.col(str(self.target)).alias("t"), pl.col(str(self.prediction)).alias("p"), pl.col(str(self.fold)).alias("f")
        )
        frame = frame.with_columns(pl.col(c).fill_nan(None) for c in ("t", "p") if frame.schema[c].is_float())
        answered = frame.filter(pl.col("t").is_not_null())
        if answered.height < frame.height:
            job.warn(left_out(frame.height - answered.height, "without a target"))
        frame = answered
        by = frame.group_by(pl.col("f").cast(pl.String).alias("fold"), maintain_order=True)
        size = pl.len().cast(pl.Int64).alias("Size of test set")
        measured: Any
        if numeric:
            missing = frame["p"].null_count()
            if missing:
                job.warn(f"{counted(missing, 'row has', 'rows have')} no prediction: the error does not count them.")
            total = (pl.col("t").cast(pl.Float64) - pl.col("p").cast(pl.Float64)).pow(2)
            measured = by.agg(total.mean().alias("Mean squared error"), size)
        else:
            text = [pl.col(c).cast(pl.String) for c in ("t", "p")]
            told = frame.select(text)
            warning = lookalike_warning(told["t"].unique(), told["p"].drop_nulls().unique())
            if warning is not None:
                job.warn(warning)
            wrong = text[0].ne_missing(text[1])
            measured = by.agg((wrong.mean() * 100).alias("Error in %"), size, wrong.sum().cast(pl.Int64).alias("Error count"))
        return {"errors": Table.of(measured.select(_schema(numeric).keys()))}

    def _numeric(self, table: TableSpec) -> bool:
        """Whether numbers are compared, and not classes."""
        target = table.require(self.target, "category", "number", "boolean", setting="target")
        prediction = table.require(self.prediction, "category", "number", "boolean", setting="prediction")
        table.require(self.fold, "integer", "category", setting="fold")
        if target.is_numeric() != prediction.is_numeric():
            raise NodeError("A number and a class cannot be compared.", "Choose another column.", setting="prediction")
        return target.is_float() or prediction.is_float()


def _schema(numeric: bool) -> dict[str, Any]:
    if numeric:
        return {"fold": pl.String(), "Mean squared error": pl.Float64(), "Size of test set": pl.Int64()}
    return {"fold": pl.String(), "Error in %": pl.Float64(), "Size of test set": pl.Int64(), "Error count": pl.Int64()}
