"""Class Extractor: from class probabilities to the class with the highest one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.scoring.class_cells import CLASS_KINDS, classes_of
from nodes.kit.scoring.class_order import order_of_several
from nodes.values.table import COLUMN_KINDS, Table, TableSpec, describe_dtype, leaf_dtype
from nodes.wording import counted, done_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassExtractor(Node):
    """Take the class with the highest probability, and that probability, from every row.

    The probabilities are one array column, as the Keras Network Executor puts them out, or one number column per class.
    A single probability, of a sigmoid unit, is read as that of the second of two classes. Of equal probabilities the
    first one wins.

    The class names are those given here, else those of another column of the table, else those that came with the
    array; several number columns are otherwise named by themselves. Where no names are known, the prediction is the
    class number. Of several number columns, the classes of another column are given to those whose names speak of them
    (`P (y=yes)`, `yes_prob`), else in their order. A row with a missing or undefined probability gets no prediction.

    Example: behind an Executor choose the network's output, an array of ten probabilities: the new column `prediction`
    holds `Sneaker`, `probability` 0.97. A Scorer compares it with the label.
    """

    id = "scoring.class_extractor"
    title = "Class Extractor"
    shelf = "Scoring"
    icon = "mdi6.trophy-outline"
    keywords = ("Many to One", "argmax", "prediction", "predicted class", "top-k", "Number to Category", "decode", "winner")
    input_ports = (Port("table", "table", "Table", "The table with the probabilities."),)
    output_ports = (Port("table", "table", "Table with predictions", "The table with the predictions at its end."),)

    columns: list[str] = setting(
        [],
        "Probabilities",
        "One array column, or one number column per class, in the order of the classes; empty: the only column that fits.",
        columns=Columns("table", ("array", "number")),
    )
    class_names: list[str] = setting(
        [], "Class names", "The names of the classes, in the order of the probabilities; empty takes those that are known."
    )
    class_column: str | None = setting(
        None,
        "Classes of column",
        "A column, such as the true class, whose classes are those of the probabilities.",
        columns=Columns("table", (*CLASS_KINDS, "array")),
    )
    top_k: int = setting(
        1, "Number of predictions", "How many of the most probable classes to put out; the second one is prediction_2.", ge=1
    )
    threshold: float | None = setting(
        None, "Unsure below", "A prediction with a lower probability is missing; empty keeps all.", ge=0, le=1
    )
    remove_columns: bool = setting(False, "Remove probabilities", "Leave the columns of probabilities out of the output.")
    prediction_name: str = setting("prediction", "Prediction column", "The name of the new column of classes.", min_length=1)
    probability_name: str = setting(
        "probability", "Probability column", "The name of the new column of probabilities.", min_length=1
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with a prediction (Enum where the class names are known, else Int32) and a Float32 probability."""
        table = specs.table()
        chosen = self._with_columns(table)
        if chosen is not self:
            specs.guess("columns", ", ".join(chosen.columns))
            return chosen.configure(specs)
        self._check_columns(table)
        made = self._output_schema(table)
        kept = {c: d for c, d in table.schema.items() if not (self.remove_columns and c in self._columns)}
        clash = next((c for c in made if c in kept), None)
        if clash is not None or len(made) < 2 * self.top_k:
            name = clash or self.prediction_name
            raise NodeError(f"There would be two columns '{name}'.", "Choose another name.", setting="prediction_name")
        return {"table": table.with_schema(kept).with_columns(made)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Rank the probabilities piece by piece."""
        table = values.table()
        chosen = self._with_columns(table.spec)
        if chosen is not self:
            return chosen.execute(values, job)
        predictions = job.stream(self._predictions(table, job))
        kept = table.drop(self._columns) if self.remove_columns else table
        return {"table": kept.with_columns(predictions)}

    # -- what is known before running

    def _with_columns(self, table: TableSpec) -> ClassExtractor:
        """Return the node with the only column that fits, where none is chosen; itself where there is nothing to add."""
        if self.columns:
            return self
        arrays = [c for c in table.columns_of("array") if len(getattr(table.schema[c], "shape", ())) == 1]
        for fitting in (arrays, table.columns_of("number")):
            if len(fitting) == 1:
                return self.model_copy(update={"columns": list(fitting)})
            if fitting:
                break
        return self

    @property
    def _columns(self) -> list[str]:
        """The chosen columns, each once."""
        return list(dict.fromkeys(self.columns))

    def _check_columns(self, table: TableSpec) -> None:
        """Raise NodeError unless the columns are one array of numbers, or several numbers, of at least `top_k` classes."""
        if not self.columns:
            table.require(None, "array", "number", setting="columns")
        dtypes = [table.require(c, "array", "number", setting="columns") for c in self._columns]
        for column, dtype in zip(self._columns, dtypes, strict=True):
            if isinstance(dtype, pl.Array) and (
                len(self._columns) > 1 or len(dtype.shape) > 1 or not leaf_dtype(dtype).is_numeric()
            ):
                raise NodeError(
                    f"Column '{column}' is {describe_dtype(dtype)}: the probabilities must be one array with a number per class, "
                    "or several columns of numbers.",
                    "Choose the output of the network's last layer alone.",
                    setting="columns",
                )
        if self._width(table) == 0:
            raise NodeError(f"Column '{self._columns[0]}' holds empty arrays.", "Choose another column.", setting="columns")
        if self.top_k > self._class_count(table):
            raise NodeError(
                f"There are only {counted(self._class_count(table), 'class', 'classes')}, not {self.top_k}.",
                "Ask for fewer predictions.",
                setting="top_k",
            )

    def _width(self, table: TableSpec) -> int:
        """Probabilities per row."""
        dtype = table.schema[self._columns[0]]
        return dtype.size if isinstance(dtype, pl.Array) else len(self._columns)

    def _class_count(self, table: TableSpec) -> int:
        """Classes; a single probability tells two apart."""
        return max(self._width(table), 2)

    def _names(self, table: TableSpec) -> tuple[str, ...] | None:
        """The names of the classes, where they are known.

        Raises:
            NodeError: If there are not as many as probabilities, or two are the same.
        """
        source = "class_names"
        names = tuple(self.class_names) or None
        if names is None and self.class_column is not None:
            source = "class_column"
            table.require(self.class_column, *CLASS_KINDS, "array", setting=source)
            names = classes_of(table, self.class_column)
            if names is None:
                raise NodeError(
                    f"The classes of column '{self.class_column}' are not known.",
                    "Choose a column of a category type, or enter the class names.",
                    setting=source,
                )
            if len(self._columns) == len(names) > 1:
                names = order_of_several(self._columns, names)
        if names is None:
            source = "columns"
            names = tuple(self._columns) if len(self._columns) > 1 else table.class_names(self._columns[0])
        if names is not None and len(names) != self._class_count(table):
            raise NodeError(
                f"There are {len(names)} class names for {self._width(table)} probabilities.",
                "Choose the columns of all classes, or enter one name per class.",
                setting=source,
            )
        if names is not None and len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise NodeError(f"Two classes are called '{twice}'.", "Give every class a name of its own.", setting=source)
        return names

    def _output_schema(self, table: TableSpec) -> dict[str, pl.DataType]:
        """The new columns: the predictions from the most probable on, each with its probability."""
        names = self._names(table)
        prediction = pl.Int32() if names is None else pl.Enum(names)
        schema: dict[str, pl.DataType] = {}
        for rank in range(1, self.top_k + 1):
            suffix = f"_{rank}" if rank > 1 else ""
            schema[self.prediction_name + suffix] = prediction
            schema[self.probability_name + suffix] = pl.Float32()
        return schema

    # -- the work

    def _predictions(self, table: Table, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        schema = self._output_schema(table.spec)
        done = 0
        undefined = 0
        for batch in table.batches(self._columns):
            job.check_cancelled()
            matrix = self._matrix(batch)
            bad = np.isnan(matrix).any(axis=1)
            undefined += int(bad.sum())
            yield self._ranked(matrix, bad, schema)
            done += batch.height
            job.progress(done / max(table.height, 1), done_of(done, table.height))
        if undefined:
            job.warn(f"{counted(undefined, 'row has', 'rows have')} missing or undefined probabilities: not predicted.")

    def _matrix(self, batch: pl.DataFrame) -> NDArray[Any]:
        """The probabilities as floats of shape (rows, classes); NaN where there is none."""
        import numpy as np

        if COLUMN_KINDS["array"](batch.schema[self._columns[0]]):
            matrix = batch.get_column(self._columns[0]).to_numpy()
            matrix = matrix.astype(np.result_type(matrix.dtype, np.float32), copy=False)
        else:
            # Fortran order: polars fills it column by column, without a copy.
            matrix = batch.select(pl.col(self._columns).cast(pl.Float64)).to_numpy()
        return np.column_stack([1 - matrix[:, 0], matrix[:, 0]]) if matrix.shape[1] == 1 else matrix

    def _ranked(self, matrix: NDArray[Any], bad: NDArray[Any], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """The `top_k` classes of every row and their probabilities."""
        import numpy as np

        if self.top_k == 1:
            ranks = np.argmax(matrix, axis=1)[:, None]
        else:
            ranks = np.argsort(-matrix, axis=1, kind="stable")[:, : self.top_k]
        columns: dict[str, pl.Series] = {}
        names = iter(schema)
        for classes in ranks.T:
            best = matrix[np.arange(len(matrix)), classes]
            unsure = bad if self.threshold is None else bad | (best < self.threshold)
            prediction, probability = next(names), next(names)
            columns[prediction] = _classes(_masked(classes, unsure, pl.UInt32()), schema[prediction])
            columns[probability] = _masked(best, bad, pl.Float32())
        return pl.DataFrame(columns)


def _masked(values: NDArray[Any], missing: NDArray[Any], dtype: pl.DataType) -> pl.Series:
    """The values, with some missing."""
    frame = pl.DataFrame({"value": pl.Series(values).cast(dtype), "missing": missing})
    return frame.select(pl.when(~pl.col("missing")).then("value").alias("value")).to_series()


def _classes(numbers: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Class numbers as names, where `dtype` is an Enum."""
    return numbers.cat.to(dtype) if isinstance(dtype, pl.Enum) else numbers.cast(dtype)
