"""Category to Number: class names become class numbers, and the mapping is kept so that other data get the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import different
from nodes.values.table import Table, TableSpec
from nodes.wording import counted

KINDS = ("category", "integer", "boolean")
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
Numbers = Mapping[str | None, int]
"""Category -> number, for one column; the category None is a missing cell."""


class CategoryToNumber(Node):
    """Give every category of a column a number.

    The i-th category gets `start + i x increment`, as an Int32 column. Columns of a category type (Enum) have their
    categories in a fixed order, whether they occur or not; with start 0 and increment 1 their numbers keep the class
    names, so that later nodes can show them. True and false are such categories: `false` is the first, `true` the second. For
    text and integer columns the categories are those that occur.

    The second output lists what became what: `column`, `category`, `number`. Wire it to the `mapping` input of another
    Category to Number to give test data the numbers of the training data: then it alone decides, whatever the settings
    for order, start, increment and missing cells say.

    Example: choose `label` with start value 0: `cat`, `dog`, `fox` become 0, 1, 2, which the loss Sparse Categorical
    Crossentropy takes as target.
    """

    id = "tables.category_to_number"
    title = "Category to Number"
    shelf = "Tables / Columns"
    icon = "mdi6.numeric"
    keywords = (
        "Category To Number (Apply)", "label encoding", "class number", "StringLookup", "encode", "codes",
    )  # fmt: skip
    input_ports = (
        Port("table", "table", "Table", "The table with the categories."),
        Port("mapping", "table", "Mapping", "The numbers to use, as another Category to Number put them out.", optional=True),
    )
    output_ports = (
        Port("table", "table", "Table with numbers", "The table with the number columns."),
        Port("mapping", "table", "Mapping", "One row per column and category: which number it got."),
    )

    columns: list[str] = setting(
        [],
        "Columns to transform",
        "Columns with categories, text, integers, or true and false.",
        columns=Columns("table", KINDS),
    )
    suffix: str | None = setting(
        " (to number)",
        "Append suffix",
        "The numbers stand in a new column with this suffix; empty replaces the column.",
        min_length=1,
    )
    start: int = setting(0, "Start value", "The number of the first category.", ge=INT32_MIN, le=INT32_MAX)
    increment: int = setting(1, "Increment", "The step from one category's number to the next.", ge=INT32_MIN, le=INT32_MAX)
    max_categories: int = setting(
        100, "Maximum number of categories", "A column with more is an error: it is probably no category.", ge=1
    )
    order: Literal["first appearance", "sorted"] = setting(
        "first appearance",
        "Order of categories",
        "The order in which categories of text and integer columns are numbered; category columns keep their own.",
        choices={
            "first appearance": "In the order in which the rows bring them.",
            "sorted": "Text by its letters, integers by their value.",
        },
    )
    map_missing_to: int | None = setting(
        None,
        "Map missing to",
        "The number of missing cells; empty leaves them missing.",
        ge=INT32_MIN,
        le=INT32_MAX,
        advanced=True,
    )
    default_value: int | None = setting(
        None,
        "Default value",
        "With a mapping connected: the number of categories that it does not know; empty makes them missing.",
        ge=INT32_MIN,
        le=INT32_MAX,
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The number columns, with class names where they are known, and the mapping."""
        table = specs.table()
        mapped = "mapping" in specs
        if not self.columns:
            table.require(None, *KINDS, setting="columns")
        if self.increment == 0:
            raise NodeError("An increment of 0 gives all categories one number.", "Choose another one.", setting="increment")
        classes: dict[str, tuple[str, ...]] = {}
        sizes: list[int | None] = []
        for column in self._columns:
            dtype = table.require(column, *KINDS, setting="columns")
            if self._output(column) != column and self._output(column) in table.schema:
                raise NodeError(
                    f"There is already a column '{self._output(column)}'.", "Choose another suffix.", setting="suffix"
                )
            known_categories = _fixed(dtype)
            if known_categories is None:
                sizes.append(None)
            elif not mapped:
                sizes.append(len(self._numbers(column, known_categories)))
                if self._numbers_are_indices(len(known_categories)):
                    classes[self._output(column)] = known_categories
        known = [size for size in sizes if size is not None]
        rows = _checked_mapping(specs.table("mapping")).rows if mapped else sum(known) if len(known) == len(sizes) else None
        return {
            "table": table.with_columns({self._output(c): pl.Int32() for c in self._columns}, classes),
            "mapping": TableSpec(_mapping_schema(), rows),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """The numbers of every cell, and what became what."""
        table = values.table()
        given = _read_mapping(values.table("mapping")) if "mapping" in values else None
        classes: dict[str, tuple[str, ...]] = {}
        used: dict[str, Numbers] = {}
        for column in self._columns:
            job.check_cancelled()
            if given is not None:
                used[column] = _known_to(given, column)
                continue
            categories = self._categories(table, column)
            used[column] = self._numbers(column, categories)
            if _fixed(table.schema[column]) is not None and self._numbers_are_indices(len(categories)):
                classes[self._output(column)] = tuple(categories)
        codes: Table = job.stream(self._pieces(table, used, None if given is None else self.default_value, job))
        if given is not None:
            self._tell_unknown(table, codes, used, job)
        return {
            "table": table.with_columns(codes, classes),
            "mapping": Table.of(_mapping_frame(used if given is None else given)),
        }

    def _pieces(self, table: Table, used: Mapping[str, Numbers], default: int | None, job: Job) -> Iterator[pl.DataFrame]:
        """The numbers of all columns, piece by piece."""
        done = 0
        for piece in table.batches(self._columns):
            job.check_cancelled()
            yield piece.select(_replaced(piece[c], used[c], default).alias(self._output(c)) for c in self._columns)
            done += piece.height
            job.progress(done / max(table.height, 1))

    @property
    def _columns(self) -> list[str]:
        """The chosen columns, each once."""
        return list(dict.fromkeys(self.columns))

    def _output(self, column: str) -> str:
        return column + (self.suffix or "")

    def _categories(self, table: Table, column: str) -> list[str]:
        """The categories of a column, in the order of their numbers."""
        fixed = _fixed(table.schema[column])
        if fixed is not None:
            return list(fixed)
        found = different(table, column)
        return (found.sort() if self.order == "sorted" else found).cast(pl.String).to_list()

    def _numbers(self, column: str, categories: Sequence[str]) -> Numbers:
        """The number of each category of a column.

        Raises:
            NodeError: If there are too many categories, or a number does not fit into 32 bits.
        """
        if len(categories) > self.max_categories:
            raise NodeError(
                f"Column '{column}' has {len(categories)} categories, more than the {self.max_categories} allowed.",
                "Raise the maximum number of categories, or choose another column.",
                setting="max_categories",
            )
        last = self.start + max(len(categories) - 1, 0) * self.increment
        if not INT32_MIN <= last <= INT32_MAX:
            raise NodeError(
                f"The last category of column '{column}' would get {last}, which is too large for a class number.",
                "Choose a start value and an increment closer to 0.",
                setting="increment",
            )
        numbers: dict[str | None, int] = {name: self.start + i * self.increment for i, name in enumerate(categories)}
        if self.map_missing_to is not None:
            numbers[None] = self.map_missing_to
        return numbers

    def _numbers_are_indices(self, classes: int) -> bool:
        """Whether every number that can occur is the position of its category."""
        missing_fits = self.map_missing_to is None or 0 <= self.map_missing_to < classes
        return self.start == 0 and self.increment == 1 and missing_fits

    def _tell_unknown(self, table: Table, codes: Table, used: Mapping[str, Numbers], job: Job) -> None:
        """Warn of cells that a given mapping does not know."""
        for column in self._columns:
            missing = 0 if None in used[column] else sum(piece[column].null_count() for piece in table.batches([column]))
            output = self._output(column)
            unknown = sum(piece[output].null_count() for piece in codes.batches([output])) - missing
            if unknown:
                job.warn(
                    f"The mapping does not know the category of {counted(unknown, 'cell')} of column "
                    f"'{column}': missing in the output."
                )


def _fixed(dtype: pl.DataType) -> tuple[str, ...] | None:
    """The categories that a column has whether they occur or not; None for text and integers, of which those count that occur."""
    if isinstance(dtype, pl.Boolean):
        return ("false", "true")
    return tuple(dtype.categories) if isinstance(dtype, pl.Enum) else None


def _replaced(series: pl.Series, numbers: Numbers, default: int | None) -> pl.Series:
    """Int32 numbers in place of categories; `default` for those not in `numbers`. Missing stays missing unless mapped."""
    every: dict[str | None, int | None] = {None: None, **numbers}
    old = pl.Series(list(every), dtype=pl.String)
    new = pl.Series(list(every.values()), dtype=pl.Int32)
    return series.cast(pl.String).replace_strict(old, new, default=default, return_dtype=pl.Int32)


def _mapping_schema() -> pl.Schema:
    return pl.Schema({"column": pl.String(), "category": pl.String(), "number": pl.Int32()})


def _mapping_frame(mapping: Mapping[str, Numbers]) -> pl.DataFrame:
    rows = [(column, category, number) for column, numbers in mapping.items() for category, number in numbers.items()]
    return pl.DataFrame(rows, schema=_mapping_schema(), orient="row")


def _checked_mapping(mapping: TableSpec) -> TableSpec:
    """A mapping's spec.

    Raises:
        NodeError: If it is not a mapping.
    """
    try:
        mapping.require("column", "category")
        mapping.require("category", "category")
        mapping.require("number", "integer")
    except NodeError as error:
        raise NodeError(
            f"The table at the mapping input is no mapping: {error.message}",
            "Connect the mapping output of another Category to Number.",
        ) from error
    return mapping


def _read_mapping(table: Table) -> dict[str, dict[str | None, int]]:
    """A mapping by column.

    Raises:
        NodeError: If a category is there twice, or a number is missing or too large.
    """
    frame = table.frame(["column", "category", "number"])
    mapping: dict[str, dict[str | None, int]] = {}
    for column, category, number in frame.cast({"column": pl.String, "category": pl.String}).iter_rows():
        numbers = mapping.setdefault(column, {})
        if category in numbers:
            raise NodeError(f"The mapping has category '{category}' of column '{column}' twice.", "Remove one of the two rows.")
        if number is None or not INT32_MIN <= number <= INT32_MAX:
            raise NodeError(
                f"The mapping gives category '{category}' of column '{column}' no number, or one that is too large.",
                "Correct that row of the mapping.",
            )
        numbers[category] = number
    return mapping


def _known_to(mapping: Mapping[str, Numbers], column: str) -> Numbers:
    if column not in mapping:
        raise NodeError(
            f"The mapping knows nothing of column '{column}'.",
            f"It knows: {', '.join(repr(c) for c in mapping) or '(no column)'}. Choose these, or connect another mapping.",
            setting="columns",
        )
    return mapping[column]
