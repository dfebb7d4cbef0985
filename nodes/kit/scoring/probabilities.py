"""Actual classes beside their probabilities: what ROC, precision-recall, calibration and gain curves are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, setting
from nodes.kit.drawing import numbers, title_setting
from nodes.kit.lookalikes import look_alikes
from nodes.kit.scoring.below_chance import below_chance
from nodes.kit.scoring.class_cells import CLASS_KINDS, classes_of, named_cells, occurring
from nodes.kit.scoring.class_order import ClassOrder, checked_names, order_of_one, order_of_several
from nodes.values.figure import Line
from nodes.values.table import Table, TableSpec, describe_dtype, leaf_dtype
from nodes.wording import counted, left_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_POINTS = 2000
"""More points of a curve than this cannot be told apart."""


@dataclass(frozen=True)
class Scored:
    """Rows of which the actual class and all probabilities are known.

    Attributes:
        order: Which probability belongs to which class.
        actual: Number of the actual class (rows), Int64.
        probabilities: (rows, classes), Float64.
    """

    order: ClassOrder
    actual: NDArray[Any]
    probabilities: NDArray[Any]

    @property
    def classes(self) -> list[str]:
        """The names of the classes, in the order of the probabilities."""
        return list(self.order.names)


class ProbabilityNode(Node):
    """A node that compares actual classes with the probabilities that a model gave them."""

    actual_column: str | None = setting(None, "Class column", "The actual classes.", columns=Columns("table", CLASS_KINDS))
    columns: list[str] = setting(
        [],
        "Probability columns",
        "The output of the network as one array, or a column of numbers per class. A single number is the probability of the "
        "class that its name tells, as in P (found=yes) or yes_prob, else of the positive class, else of the second one; the "
        "output of a network that knows its two classes is that of the second.",
        columns=Columns("table", ("array", "number")),
    )
    class_names: list[str] = setting(
        [],
        "Class names",
        "The classes in the order of the probabilities; empty: as the columns are called or know, else as the classes are.",
        advanced=True,
    )

    def check(self, table: TableSpec) -> None:
        """Find every mistake that the schema shows. NodeError."""
        table.require(self.actual_column, *CLASS_KINDS, setting="actual_column")
        if not self.columns:
            table.require(None, "array", "number", setting="columns")
        for column in self._columns:
            dtype = table.require(column, "array", "number", setting="columns")
            if column == self.actual_column:
                raise NodeError(
                    f"Column '{column}' is compared with itself.", "Choose the columns of probabilities.", setting="columns"
                )
            if isinstance(dtype, pl.Array) and (
                len(self._columns) > 1 or len(dtype.shape) > 1 or not leaf_dtype(dtype).is_numeric() or not dtype.size
            ):
                raise NodeError(
                    f"Column '{column}' is {describe_dtype(dtype)}: the probabilities must be one array with a number per class, "
                    "or several columns of numbers.",
                    "Choose the output of the network's last layer alone.",
                    setting="columns",
                )
        self.order(table)

    def scored(self, table: Table, job: Job) -> Scored:
        """Return the rows of which all is known; others are left out with a warning.

        Raises:
            NodeError: If the classes and the probabilities do not belong together.
        """
        import numpy as np

        assert self.actual_column
        frame = table.frame(list(dict.fromkeys([self.actual_column, *self._columns])))
        actual = frame[self.actual_column]
        order = self.order(table.spec, occurring(actual))
        assert order is not None
        named = named_cells(actual, classes_of(table.spec, self.actual_column))
        places = named.replace_strict(
            {name: place for place, name in enumerate(order.names)}, default=order.rest, return_dtype=pl.Int64
        ).rename("")
        places = pl.select(pl.when(named.is_not_null()).then(places)).to_series()
        strange = occurring(named.filter(places.is_null()))
        if strange:
            raise self._no_probability(strange, order.names)
        given = self.matrix(frame, order)
        known = places.is_not_null().to_numpy() & np.isfinite(given).all(axis=1)
        if not known.all():
            job.warn(left_out(int((~known).sum()), "without a class or a probability"))
        if order.single is not None:
            job.log(f"'{self._columns[0]}' is taken as the probability of '{order.names[order.single]}'.")
        elif len(self._columns) > 1:
            whose = (f"'{column}' of '{name}'" for column, name in zip(self._columns, order.names, strict=True))
            job.log(f"The columns are taken as probabilities: {', '.join(whose)}.")
        scored = Scored(order, places.fill_null(0).to_numpy()[known], given[known])
        for place in [1] if len(order.names) == 2 else range(min(len(order.names), MOST_CURVES)):
            warning = below_chance(order.names[place], scored.actual == place, scored.probabilities[:, place])
            if warning is not None:
                job.warn(warning)
                break
        return scored

    # -- what the columns are

    @property
    def _columns(self) -> list[str]:
        return list(dict.fromkeys(self.columns))

    def _width(self, table: TableSpec) -> int:
        dtype = table.schema[self._columns[0]]
        return dtype.size if isinstance(dtype, pl.Array) else len(self._columns)

    @property
    def _positive(self) -> str | None:
        """The class that is to be found, where there is one."""
        return None

    def order(self, table: TableSpec, occurs: Sequence[str] | None = None) -> ClassOrder | None:
        """Return which probability belongs to which class.

        Args:
            table: Where the columns are.
            occurs: The actual classes that occur, in their order; None: before running.

        Returns:
            None where it cannot be known before running.

        Raises:
            NodeError: If classes and probabilities do not fit.
        """
        width = self._width(table)
        actual = classes_of(table, self.actual_column or "")
        told = table.class_names(self._columns[0]) if len(self._columns) == 1 else None
        names = tuple(self.class_names) or told or actual or occurs
        if names is None:
            return None
        if not names and len(self._columns) == 1 and not (width == 1 and self._positive):  # an empty table
            names = tuple(str(n) for n in range(max(width, 2)))
        if width == 1:
            return self._order_of_one(table, tuple(names), told is not None)
        if len(self._columns) > 1 and not self.class_names:
            names = order_of_several(self._columns, names)
        checked_names(names, width)
        return ClassOrder(tuple(names))

    def _order_of_one(self, table: TableSpec, names: tuple[str, ...], told: bool) -> ClassOrder:
        """Which classes a single probability tells apart. NodeError if it is not clear."""
        column = self._columns[0]
        if set(names) <= {"0", "1"} and table.schema[str(self.actual_column)].is_integer():
            names = ("0", "1")
        if self.class_names:
            checked_names(names, 1)
        if self._positive is not None and len(names) > 1 and self._positive not in names:
            raise self._no_class(names)
        order = order_of_one(None if told else column, names, self._positive)
        if order is None:
            raise NodeError(
                f"Column '{column}' is one probability, and it is not clear of which class: "
                f"{counted(len(names), 'class', 'classes')}.",
                "Choose the positive class whose probability it is, or the columns of all classes.",
                setting="positive_class" if "positive_class" in type(self).model_fields else "columns",
            )
        return order

    def _no_class(self, names: Sequence[str]) -> NodeError:
        return NodeError(
            f"There is no class '{self._positive}'.", f"The classes are: {', '.join(names[:10])}.", setting="positive_class"
        )

    def _no_probability(self, strange: Sequence[str], names: Sequence[str]) -> NodeError:
        """What to say of classes that occur and have no probability."""
        alike = look_alikes(strange, names)
        hint = "Enter the class names in their order."
        if alike:
            name, (other, difference) = next(iter(alike.items()))
            hint = f"'{other}' and '{name}' differ in {difference} only: make them equal before (String Manipulation)."
        return NodeError(
            f"The class column has '{strange[0]}', for which there is no probability.",
            f"The probabilities are those of: {', '.join(names[:10])}. {hint}",
            setting="class_names",
        )

    def matrix(self, frame: pl.DataFrame, order: ClassOrder) -> NDArray[Any]:
        """Return the probabilities (rows, classes), Float64; NaN where something is missing."""
        import numpy as np

        first = frame[self._columns[0]]
        if isinstance(first.dtype, pl.Array):
            given = np.full((len(first), first.dtype.size), np.nan)
            there = first.is_not_null().to_numpy()
            wide = first.drop_nulls().cast(pl.Array(pl.Float64, first.dtype.size)).explode().fill_null(np.nan)
            if there.any():
                given[there] = wide.to_numpy().reshape(-1, first.dtype.size)
        else:
            series = [frame[c].cast(pl.Float64).fill_null(np.nan).to_numpy() for c in self._columns]
            given = np.stack(series, axis=1)
        if order.single is None:
            return given
        return np.concatenate([1 - given, given] if order.single == 1 else [given, 1 - given], axis=1)


class PositiveNode(ProbabilityNode):
    """A node that looks at one class, or at each, against the rest."""

    positive_class: str | None = setting(
        None,
        "Positive class",
        "The class that is to be found; empty: every class against the rest, of two classes the second.",
    )

    def check(self, table: TableSpec) -> None:
        """Find every mistake that the schema shows. NodeError."""
        super().check(table)
        order = self.order(table)
        if order is not None and self.positive_class is not None and self.positive_class not in order.names:
            raise self._no_class(order.names)

    @property
    def _positive(self) -> str | None:
        return self.positive_class

    def positives(self, scored: Scored) -> list[int]:
        """Return the classes that are each held against the rest.

        Raises:
            NodeError: If the positive class is none of them.
        """
        if self.positive_class is not None:
            if self.positive_class not in scored.classes:
                raise self._no_class(scored.classes)
            return [scored.classes.index(self.positive_class)]
        return [1] if len(scored.classes) == 2 else list(range(len(scored.classes)))


@dataclass(frozen=True)
class Ranked:
    """Rows in the order of a probability: what one curve is drawn from.

    Attributes:
        name: Of the class that is to be found, or of the model that looks for it.
        hit: Whether a row is of the class (rows), Bool.
        given: Its probability of being that (rows), Float64.
    """

    name: str
    hit: NDArray[Any]
    given: NDArray[Any]


class CurveNode(PositiveNode):
    """A node that draws a curve for each class, or for each of several models."""

    several_models: bool = setting(
        False,
        "Several models",
        "Each column is one model's: its probability of the positive class, or its output as an array. The models' curves for "
        "that class are drawn together.",
    )
    drawing_title: str = title_setting()

    def check(self, table: TableSpec) -> None:
        """Find every mistake that the schema shows. NodeError."""
        if not self.several_models:
            super().check(table)
            return
        table.require(self.actual_column, *CLASS_KINDS, setting="actual_column")
        if not self.columns:
            table.require(None, "array", "number", setting="columns")
        for column in self._columns:
            dtype = table.require(column, "array", "number", setting="columns")
            if column == self.actual_column:
                raise NodeError(
                    f"Column '{column}' is compared with itself.", "Choose the columns of probabilities.", setting="columns"
                )
            if isinstance(dtype, pl.Array):
                super(CurveNode, self._of_model(column)).check(table)
        names = self._classes(table)
        if names is not None:
            self._positive_of(names)

    def curves(self, table: Table, job: Job) -> Iterator[Ranked]:
        """Yield what each curve is drawn from.

        Raises:
            NodeError: If the classes and the probabilities do not belong together.
        """
        if not self.several_models:
            scored = self.scored(table, job)
            for place in self.positives(scored):
                job.check_cancelled()
                yield Ranked(scored.classes[place], scored.actual == place, scored.probabilities[:, place])
            return
        for column in self._columns:
            job.check_cancelled()
            if isinstance(table.schema[column], pl.Array):
                scored = self._of_model(column).scored(table, job)
                place = scored.classes.index(self._positive_of(scored.classes))
                yield Ranked(column, scored.actual == place, scored.probabilities[:, place])
            else:
                yield self._by_number(table, column, job)

    def _by_number(self, table: Table, column: str, job: Job) -> Ranked:
        """What a column of numbers says of the positive class."""
        import numpy as np

        assert self.actual_column
        frame = table.frame([self.actual_column, column])
        named = named_cells(frame[self.actual_column], classes_of(table.spec, self.actual_column))
        given = numbers(frame[column])
        names = self._classes(table.spec) or tuple(occurring(frame[self.actual_column]))
        known = named.is_not_null().to_numpy() & np.isfinite(given)
        if not known.all():
            job.warn(left_out(int((~known).sum()), f"without a class or a probability in '{column}'"))
        hit = (named == self._positive_of(names)).fill_null(False).to_numpy() if names else np.zeros(len(named), bool)
        warning = below_chance(column, hit[known], given[known])
        if warning is not None:
            job.warn(warning)
        return Ranked(column, hit[known], given[known])

    def _classes(self, table: TableSpec) -> tuple[str, ...] | None:
        """What the actual classes are called, where the schema tells it."""
        return tuple(self.class_names) or classes_of(table, self.actual_column or "")

    def _positive_of(self, names: Sequence[str]) -> str:
        """The class that several models look for. NodeError if that is not clear."""
        if self.positive_class is None and len(names) > 2:
            raise NodeError(
                f"Of {len(names)} classes, several models can be compared for one at a time.",
                f"Choose one of: {', '.join(names[:10])}.",
                setting="positive_class",
            )
        if self.positive_class is not None and self.positive_class not in names:
            raise self._no_class(names)
        return self.positive_class or names[-1]

    def titled(self, title: str, lines: Sequence[Line], job: Job) -> tuple[str, list[Line]]:
        """Return what stands above the drawing, and the lines that are drawn: of very many, the first ones.

        Args:
            title: What stands there if nothing was entered.
            lines: In the order of what they tell.
            job: Told of lines that are left out.
        """
        if len(lines) > MOST_CURVES:
            job.warn(
                f"Of {len(lines)} curves {MOST_CURVES} are drawn, those with the most room for improvement; the tables have all."
            )
        return self.drawing_title or title, list(lines[:MOST_CURVES])

    def _of_model(self, column: str) -> Self:
        """The same node for the probabilities of one model."""
        return self.model_copy(update={"columns": [column], "several_models": False})


MOST_CURVES = 20
"""More curves than this cannot be told apart."""


def in_order(lines: Sequence[tuple[float, Line]]) -> list[Line]:
    """Return lines as they are; of more than can be told apart, first those with the smallest area beneath them."""
    ordered = sorted(lines, key=lambda pair: pair[0]) if len(lines) > MOST_CURVES else lines
    return [line for _, line in ordered]


def thinned(length: int, most: int = MOST_POINTS) -> NDArray[Any]:
    """Return numbers of at most so many points of a curve, evenly spread, the first and the last among them."""
    import numpy as np

    if length <= most:
        return np.arange(length)
    return np.unique(np.linspace(0, length - 1, most).round().astype(int))
