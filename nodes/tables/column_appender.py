"""Column Appender: the columns of several tables beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.naming import fresh_name
from nodes.values.table import Table, TableSpec
from nodes.wording import grouped, left_out


class ColumnAppender(Node):
    """Put the columns of several tables beside each other, row by row.

    The first row of each table makes the first row, and so on: rows are told by their position, not by a key (a Joiner does
    that). Nothing is copied; only where a table is shorter and is filled up, its columns are written anew.

    Example: put the labels that a CSV Reader gives beside the images that an Image Folder Reader gives, row by row.
    """

    id = "tables.column_appender"
    title = "Column Appender"
    shelf = "Tables / Combine"
    icon = "mdi6.table-column-plus-after"
    keywords = ("append columns", "hstack", "bind columns", "side by side", "horizontal concatenation", "zip")
    input_ports = (Port("table", "table", "Table", "Tables to put beside each other, from left to right.", grows=True),)
    output_ports = (Port("table", "table", "Appended table", "The columns of all tables."),)

    heights: Literal["fail", "fill", "cut"] = setting(
        "fail",
        "If the numbers of rows differ",
        "What to do with tables of different length.",
        choices={
            "fail": "Stop with an error.",
            "fill": "Fill the shorter ones up with missing cells.",
            "cut": "Keep only as many rows as the shortest one has.",
        },
    )
    duplicates: Literal["suffix", "fail"] = setting(
        "suffix",
        "If a column name is there twice",
        "What to do with a column whose name an earlier table has.",
        choices={"suffix": "Append a suffix to the later one.", "fail": "Stop with an error."},
    )
    suffix: str = setting(
        " (#1)", "Suffix", "What to append; a number in it grows until the name is new.", shown_if={"duplicates": "suffix"},
        min_length=1,
    )  # fmt: skip

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns of all tables."""
        tables = cast("list[TableSpec]", specs.all("table"))
        schema: dict[str, object] = {}
        classes: dict[str, tuple[str, ...]] = {}
        for table, names in zip(tables, self._names(tables), strict=True):
            schema |= {names[c]: d for c, d in table.schema.items()}
            classes |= {names[c]: n for c, n in table.classes.items()}
        heights = [t.rows for t in tables if t.schema]
        known = [h for h in heights if h is not None]
        rows = self._height(known) if known and len(known) == len(heights) else None
        return {"table": TableSpec(tables[0].schema).with_schema(schema, classes).with_rows(rows if schema else 0)}  # type: ignore[arg-type]

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Puts the tables beside each other."""
        tables = cast("list[Table]", values.all("table"))
        filled = [t for t in tables if t.columns]
        if not filled:
            return {"table": tables[0]}
        height = self._height([t.height for t in filled])
        out: Table | None = None
        for table, names in zip(tables, self._names([t.spec for t in tables]), strict=True):
            if not table.columns:
                continue
            fitted = table.rename(names)
            if fitted.height > height:
                job.log(left_out(fitted.height - height, "for which another table has none"))
                fitted = fitted.slice(0, height)
            elif fitted.height < height:
                fitted = _filled(fitted, height, job)
            out = fitted if out is None else out.with_columns(fitted)
        assert out is not None
        return {"table": out}

    def _height(self, heights: Sequence[int]) -> int:
        """The number of rows of the output."""
        if self.heights == "fail" and len(set(heights)) > 1:
            counts = ", ".join(grouped(h) for h in heights)
            raise NodeError(
                f"The tables have different numbers of rows: {counts}.", "Fill them up, or cut them.", setting="heights"
            )
        return min(heights) if self.heights == "cut" else max(heights)

    def _names(self, tables: Sequence[TableSpec]) -> list[dict[str, str]]:
        """For each table: column -> its name in the output."""
        taken: set[str] = set()
        result = []
        for number, table in enumerate(tables, 1):
            names: dict[str, str] = {}
            for column in table.schema:
                names[column] = column
                if column in taken:
                    if self.duplicates == "fail":
                        message = f"Column '{column}' of table {number} is in an earlier table too."
                        raise NodeError(message, "Append a suffix.", setting="duplicates")
                    names[column] = fresh_name(column, taken | set(table.schema), self.suffix)
                taken.add(names[column])
            result.append(names)
        return result


def _filled(table: Table, height: int, job: Job) -> Table:
    """The table with missing cells below."""

    def pieces() -> Iterator[pl.DataFrame]:
        for batch in table.batches():
            job.check_cancelled()
            yield batch
        missing = height - table.height
        step = table.rows_per_batch()
        for start in range(0, missing, step):
            job.check_cancelled()
            yield batch.clear(min(step, missing - start))

    made = job.stream(pieces())
    return Table(made.parts, made.columns, table.classes)
