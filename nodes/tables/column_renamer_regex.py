"""Column Renamer (Regex): columns get other names by a pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.tables.column_renamer import renamed_spec
from nodes.values.table import TableSpec


class ColumnRenamerRegex(Node):
    """Replace what fits a pattern in the names of all columns.

    The pattern is a regular expression, looked for anywhere in a name: `^` and `$` tie it to the ends. In the replacement
    `$1` or `${1}` stands for what the first pair of brackets holds, `${i}` for the column's number, from 1, and `$$` for a
    dollar sign. Two columns must not get one name. Nothing is copied.

    Example: replace `^sepal_(.*)$` by `$1 of the sepal`: `sepal_length` becomes `length of the sepal`.
    """

    id = "tables.column_renamer_regex"
    title = "Column Renamer (Regex)"
    shelf = "Tables / Columns"
    icon = "mdi6.regex"
    keywords = ("Column Rename (Regex)", "rename by pattern", "prefix", "suffix", "replace in names", "search and replace")
    input_ports = (Port("table", "table", "Table", "The table whose columns are renamed."),)
    output_ports = (Port("table", "table", "Table", "The table with the new names."),)

    pattern: str = setting("(.+)", "Search for", "What to replace.", min_length=1)
    replacement: str = setting("$1", "Replace by", "What to put in its place; empty takes it out.")
    kind: Literal["regex", "literal"] = setting(
        "regex",
        "Search for is",
        "How the pattern is understood.",
        choices={"regex": "A regular expression.", "literal": "The text itself."},
    )
    case_sensitive: bool = setting(True, "Case sensitive", "Whether capital and small letters differ.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns under their new names."""
        table = specs.table()
        names = self._names(table)
        if table.schema and all(old == new for old, new in names.items()) and self.replacement != "$1":
            specs.warn("The pattern changes no name.")
        return {"table": renamed_spec(table, names, "replacement")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Renames the columns; no data are touched."""
        table = values.table()
        return {"table": table.rename(self._names(table.spec))}

    def _names(self, table: TableSpec) -> dict[str, str]:
        """Old name -> new name."""
        old = pl.Series(list(table.schema), dtype=pl.String)
        literal = self.kind == "literal"
        pattern = f"(?{'' if self.case_sensitive else 'i'}:{self._escaped() if literal else self.pattern})"
        # (To polars, `$1_b` is a group of the name 1_b, of which there is none.)
        groups = re.sub(r"\$(\d+)", r"${\1}", self.replacement)
        try:
            new = [
                name
                for number, column in enumerate(old, 1)
                for name in pl.Series([column]).str.replace_all(
                    pattern, self.replacement.replace("$", "$$") if literal else groups.replace("${i}", str(number))
                )
            ]
            pl.Series([""]).str.contains(pattern)
        except pl.exceptions.ComputeError as error:
            message = f"'{self.pattern}' is not a regular expression."
            raise NodeError(message, "Correct it, or search for the text itself.", setting="pattern") from error
        return dict(zip(old, new, strict=True))

    def _escaped(self) -> str:
        return re.escape(self.pattern)
