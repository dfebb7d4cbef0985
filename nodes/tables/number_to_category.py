"""Number to Category (Apply): class numbers become class names again, by the mapping that made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.tables.elementwise import chosen, piece_rows, refuse_existing
from nodes.tables.category_to_number import _checked_mapping, _read_mapping
from nodes.values.table import Table
from nodes.wording import done_of


class NumberToCategory(Node):
    """Turn class numbers into class names.

    The names are those of a Category to Number's mapping, or those that the column has by itself. Numbers that stand for
    nothing become missing. With class names the result is a category column with all of them; with a mapping it is text.

    Example: the Keras Network Executor's predicted numbers and the mapping of the Category to Number before the learner, with
    `label` as the mapped column, give names for the Scorer.
    """

    id = "tables.number_to_category"
    title = "Number to Category (Apply)"
    shelf = "Tables / Columns"
    icon = "mdi6.tag-text-outline"
    keywords = (
        "decode",
        "class names",
        "inverse",
        "label decoding",
        "index to name",
        "inverse_transform",
    )
    input_ports = (
        Port("table", "table", "Table", "The table with the numbers."),
        Port(
            "mapping",
            "table",
            "Mapping",
            "As a Category to Number put it out; without it, the columns' class names.",
            optional=True,
        ),
    )
    output_ports = (Port("table", "table", "Table", "The table with the names."),)

    columns: list[str] = setting([], "Columns", "The class numbers that become names.", columns=Columns("table", ("integer",)))
    mapped: str | None = setting(
        None, "Mapped column", "Whose numbers in the mapping count; empty: those of the column of the same name.", min_length=1
    )
    suffix: str | None = setting(
        None, "Append suffix", "The names stand in new columns with this suffix; empty replaces the columns.", min_length=1
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns of names."""
        table = specs.table()
        columns = chosen(table, self.columns, "integer")
        made: dict[str, pl.DataType] = {}
        if "mapping" in specs:
            _checked_mapping(specs.table("mapping"))
        for column in columns:
            target = column + (self.suffix or "")
            if self.suffix:
                refuse_existing(table, target, "suffix")
            names = table.classes.get(column)
            if "mapping" in specs:
                made[target] = pl.String()
            elif names is None:
                message = f"Column '{column}' has no class names."
                raise NodeError(message, "Connect the mapping of a Category to Number.", setting="columns")
            else:
                made[target] = pl.Enum(names)
        return {"table": table.with_columns(made)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Looks the numbers up."""
        table = values.table()
        columns = chosen(table.spec, self.columns, "integer")
        given = _read_mapping(values.table("mapping")) if "mapping" in values else None
        names: dict[str, tuple[pl.Series, pl.Series]] = {}
        for column in columns:
            if given is None:
                known = table.classes[column]
                names[column] = (pl.Series(range(len(known)), dtype=pl.Int64), pl.Series(known, dtype=pl.Enum(known)))
                continue
            of = self.mapped or column
            if of not in given:
                told = ", ".join(f"'{c}'" for c in given) or "nothing"
                raise NodeError(f"The mapping knows no column '{of}'.", f"It knows: {told}.", setting="mapped")
            pairs = {number: name for name, number in given[of].items() if name is not None}
            names[column] = (pl.Series(list(pairs), dtype=pl.Int64), pl.Series(list(pairs.values()), dtype=pl.String))
        unknown = dict.fromkeys(columns, 0)
        made = job.stream(self._pieces(table, names, unknown, job))
        for column, count in unknown.items():
            if count:
                job.warn(f"{count} numbers of column '{column}' stand for nothing: missing in the output.")
        return {"table": table.with_columns(made)}

    def _pieces(
        self, table: Table, names: Mapping[str, tuple[pl.Series, pl.Series]], unknown: dict[str, int], job: Job
    ) -> Iterator[pl.DataFrame]:
        """The names, piece by piece; `unknown` counts the numbers that stand for nothing."""
        done = 0
        dtypes = [table.schema[c] for c in names]
        for piece in table.batches(list(names), rows=piece_rows(dtypes, [new.dtype for _, new in names.values()])):
            job.check_cancelled()
            made: dict[str, pl.Series] = {}
            for column, (old, new) in names.items():
                cells = piece[column]
                numbers = cells.cast(pl.Int64, strict=False)
                named = numbers.replace_strict(old, new, default=None, return_dtype=new.dtype)
                unknown[column] += named.null_count() - cells.null_count()
                made[column + (self.suffix or "")] = named
            yield pl.DataFrame(made)
            done += piece.height
            job.progress(done / max(table.height, 1), done_of(done, table.height))
