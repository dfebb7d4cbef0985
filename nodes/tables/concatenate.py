"""Concatenate: the rows of several tables below each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.dtypes import cast_exactly, common_dtype, zone
from nodes.kit.tables.naming import frame_of
from nodes.values.table import Table, TableSpec, describe_dtype
from nodes.wording import done_of, left_out

if TYPE_CHECKING:
    Schema = Mapping[str, pl.DataType]


class ConcatenateTables(Node):
    """Put the rows of several tables below each other.

    Columns of one name become one column, of the narrowest type that holds the cells of all: numbers the wider number,
    categories the union of their categories, text and categories text; times of different zones get the first table's zone,
    and stay the same moments. Arrays and images must agree in shape. Types that
    have nothing in common, and class numbers that stand for different classes, are an error that names both tables.

    KNIME compares rows by their RowID; here columns that identify a row take its place.

    Example: wire the images of two folders to it: one table with the rows of the first and then those of the second.
    """

    id = "tables.concatenate"
    title = "Concatenate"
    shelf = "Tables / Combine"
    icon = "mdi6.table-row-plus-after"
    keywords = ("append rows", "union", "stack", "merge tables", "vstack", "bind rows")
    input_ports = (Port("table", "table", "Table", "Tables to put below each other, in this order.", grows=True),)
    output_ports = (Port("table", "table", "Concatenated table", "The rows of all tables."),)

    columns: Literal["union", "intersection"] = setting(
        "union",
        "Columns",
        "Which columns the output has.",
        choices={
            "union": "All columns of all tables; cells that a table does not have are missing.",
            "intersection": "Only the columns that all tables have.",
        },
    )
    duplicates: Literal["keep", "skip", "fail"] = setting(
        "keep",
        "Duplicate rows",
        "What to do with a row that is there already.",
        choices={
            "keep": "Keep all rows.",
            "skip": "Keep the first one only.",
            "fail": "Stop with an error.",
        },
    )
    id_columns: list[str] = setting(
        [],
        "Identifying columns",
        "Rows that agree in all of these are duplicates; rows where all of these are missing are not.",
        columns=Columns("table", ("category", "integer")),
        shown_if={"duplicates": ["skip", "fail"]},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns of all tables with the types they have in common."""
        tables = cast("list[TableSpec]", specs.all("table"))
        schema = self._schema(tables)
        if self.duplicates != "keep":
            self._check_ids(tables, schema)
        rows = [table.rows for table in tables if table.rows is not None]
        known = len(rows) == len(tables) and self.duplicates != "skip"
        for column in schema:
            named = [column in table.classes for table in tables if column in table.schema]
            if any(named) and not all(named):
                specs.warn(f"Not every table knows the class names of column '{column}': they are lost.")
        return {"table": TableSpec(_polars_schema(schema), sum(rows) if known else None, _classes(tables, schema))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Writes the rows of all tables, piece by piece."""
        tables = cast("list[Table]", values.all("table"))
        specs = [table.spec for table in tables]
        schema = self._schema(specs)
        gone = dict.fromkeys(c for table in tables for c in table.columns if c not in schema)
        if gone:
            job.log(f"Not all tables have these columns, which are left out: {', '.join(gone)}.")
        if self.duplicates != "keep":
            given = sum(table.height for table in tables)
            tables = self._without_duplicates(tables, schema)
            gone_rows = given - sum(table.height for table in tables)
            if gone_rows:
                job.log(left_out(gone_rows, "with the identifiers of another one"))
        joined = job.stream(_pieces(tables, schema, job))
        return {"table": Table(joined.parts, joined.columns, _classes(specs, schema))}

    def _schema(self, tables: Sequence[TableSpec]) -> dict[str, pl.DataType]:
        """The output's columns.

        Raises:
            NodeError: If no column is left, or two columns of one name have no type in common.
        """
        names = dict.fromkeys(c for table in tables for c in table.schema)
        if self.columns == "intersection":
            names = {c: None for c in names if all(c in table.schema for table in tables)}
        if not names:
            raise NodeError("No column is in all tables.", "Take the union of the columns instead.", setting="columns")
        return {column: _common(column, tables) for column in names}

    def _check_ids(self, tables: Sequence[TableSpec], schema: Schema) -> None:
        if not self.id_columns:
            TableSpec(_polars_schema(schema)).require(None, "category", "integer", setting="id_columns")
        for table in tables:
            for column in self.id_columns:
                table.require(column, "category", "integer", setting="id_columns")

    def _without_duplicates(self, tables: Sequence[Table], schema: Schema) -> list[Table]:
        """The tables with only the first of rows that agree in the identifying columns."""
        import numpy as np

        ids = {column: schema[column] for column in self.id_columns}
        keys = pl.concat([_fitted(table.frame(list(ids)), ids) for table in tables])
        first = keys.select(
            (pl.struct(pl.all()).is_first_distinct() | pl.all_horizontal(pl.all().is_null())).alias("first")
        ).get_column("first")
        if self.duplicates == "fail" and not first.all():
            row = keys.filter(~first).row(0, named=True)
            named = ", ".join(f"{column} = {value}" for column, value in row.items())
            raise NodeError(f"A row is there twice: {named}.", "Skip or keep duplicates.", setting="duplicates")
        starts = np.cumsum([table.height for table in tables])[:-1]
        pieces = np.split(first.to_numpy(), starts)
        return [table.take(np.flatnonzero(piece)) for table, piece in zip(tables, pieces, strict=True)]


def _common(column: str, tables: Sequence[TableSpec]) -> pl.DataType:
    """The dtype that holds the cells of a column in all tables that have it."""
    (first, common), *others = [(n, t.schema[column]) for n, t in enumerate(tables, 1) if column in t.schema]
    own = common
    for n, dtype in others:
        wider = common_dtype(common, dtype)
        if wider is None:
            raise NodeError(
                f"Column '{column}' is {describe_dtype(own)}{zone(own)} in table {first}, "
                f"but {describe_dtype(dtype)}{zone(dtype)} in table {n}.",
                "Convert or rename one of them, or leave it out (Column Filter).",
            )
        common = wider
    return common


def _classes(tables: Sequence[TableSpec], schema: Schema) -> dict[str, tuple[str, ...]]:
    """The class names of columns of class numbers that mean the same in all tables.

    Raises:
        NodeError: If a number stands for different classes.
    """
    classes: dict[str, tuple[str, ...]] = {}
    for column in schema:
        named = [(n, t.classes.get(column)) for n, t in enumerate(tables, 1) if column in t.schema]
        different = {names: n for n, names in reversed(named) if names is not None}
        if len(different) > 1:
            a, b = sorted(different.values())[:2]
            raise NodeError(
                f"The class numbers in column '{column}' stand for other classes in table {a} than in table {b}.",
                "Concatenate the class names first, and turn them into numbers (Category to Number) after that.",
            )
        if different and all(names is not None for _, names in named):
            (classes[column],) = different
    return classes


def _pieces(tables: Sequence[Table], schema: Schema, job: Job) -> Iterator[pl.DataFrame]:
    """The rows of all tables, piece by piece."""
    total = sum(table.height for table in tables)
    done = 0
    for table in tables:
        for batch in table.batches([c for c in schema if c in table.schema]):
            job.check_cancelled()
            yield _fitted(batch, schema)
            done += batch.height
            job.progress(done / max(total, 1), done_of(done, total))


def _fitted(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The frame with exactly these columns; those that it does not have are missing in every row."""
    there = set(frame.columns)
    absent = [pl.lit(None).alias(c) for c in schema if c not in there]
    whole = frame.with_columns(absent)
    return frame_of(cast_exactly(whole[c], dtype) for c, dtype in schema.items())


def _polars_schema(schema: Schema) -> pl.Schema:
    return pl.Schema(schema)
