"""Orange Reader: .tab files of Orange, with the types and roles that they declare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.files.guessing_reader import GuessingReader, TextRows, unique_names
from nodes.kit.files.many_files import pattern_setting
from nodes.kit.files.orange_tab import OrangeColumn, OrangeFile
from nodes.kit.tables.reading.row_pieces import pieces_of_rows

_AT_ONCE = 8 * 2**20
"""Of a larger file it is not read, while the node is configured, which values its undeclared categories have."""
_MISSING = ["?", ".", "NA", "nan", "~"]
"""What Orange itself takes for missing."""


class OrangeReader(GuessingReader):
    """Read a table from a .tab file of Orange, or from all of a folder.

    The header has three lines (names, types, roles), or one whose names have prefixes (`D#iris`, `mS#name`); a plain table of
    tabs is read, too. Continuous columns are Float64, discrete ones categories: in the declared order, or in that of numbers and
    letters where only `discrete` is said; string is text. Times, and columns without a type, are found from the cells. What
    Orange takes for missing (nothing, ? . NA nan ~) is missing, and can be changed.

    The roles class, meta and weight have no counterpart in a table: all are columns, with the role before the name (`c#iris`)
    if that is wanted. Columns that are to be ignored are left out, unless they are wanted. Files are read piece by piece.

    Example: of `iris.tab` it makes four columns of numbers and a column `iris` with three categories, for a learner's target.
    """

    id = "readers.orange"
    title = "Orange Reader"
    icon = "mdi6.fruit-citrus"
    keywords = ("tab", "Orange3", "Orange data mining", "tsv", "class", "meta", "discrete", "import", "open")
    opens = (".tab",)

    pattern: str = pattern_setting("*.tab")
    null_values: list[str] = setting(_MISSING, "Missing values", "Texts that stand for a missing cell.", group="Cells")
    parse_dates: bool = setting(True, "Find dates and times", "Whether dates and times are recognised as such.", group="Types")
    roles: Literal["dropped", "marked"] = setting(
        "dropped",
        "Roles",
        "What becomes of the roles class, meta and weight.",
        choices={"dropped": "They are not in the table.", "marked": "They stand before the names: c#iris, m#name, w#weight."},
    )
    ignored: Literal["left out", "read"] = setting(
        "left out",
        "Columns to ignore",
        "What becomes of columns with the role ignore.",
        choices={"left out": "They are not read.", "read": "They are columns like the others."},
    )

    def _rows_in(self, path: Path) -> TextRows:
        file = OrangeFile(path, self.encoding)
        return TextRows(self._names(file), file.rows(), file.remarks)

    def _schema_of(self, path: Path) -> pl.Schema | None:
        return None if path.stat().st_size > _AT_ONCE and self._undeclared(path) else self._schema_whole(path)

    def _schema_whole(self, path: Path) -> pl.Schema:
        super()._schema_of(path)
        types, _ = self._declared(path)
        return pl.Schema(types)

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        # What is declared is a type of this file; what was found may be wider in another one.
        types, left_out = self._declared(path)
        own = pl.Schema({**types, **{c: d for c, d in schema.items() if not isinstance(types.get(c), pl.Enum)}, **left_out})
        return super()._batches_of(path, own, columns, limit, job)

    def _names(self, file: OrangeFile) -> list[str]:
        return unique_names([column.mark if self.roles == "marked" else column.name for column in file.columns])

    def _described(self, path: Path) -> dict[str, OrangeColumn]:
        file = OrangeFile(path, self.encoding)
        return dict(zip(self._names(file), file.columns, strict=True))

    def _undeclared(self, path: Path) -> list[str]:
        return [
            name
            for name, column in self._described(path).items()
            if column.kind == "category" and not column.values and name not in self.column_types
        ]

    def _declared(self, path: Path) -> tuple[dict[str, pl.DataType], dict[str, pl.DataType]]:
        """The columns that are read with their types, and those that are left out."""
        described = self._described(path)
        _, found = self._found(path)
        values = self._values(path, self._undeclared(path))
        types: dict[str, pl.DataType] = {}
        for name, column in described.items():
            types[name] = found.types[name]
            if name not in self.column_types and column.kind in ("number", "text", "category"):
                categories = column.values or values.get(name, ())
                declared = {"number": pl.Float64(), "text": pl.String(), "category": pl.Enum(categories)}
                types[name] = declared[column.kind]
        left_out = {n for n, column in described.items() if column.role == "ignore" and self.ignored == "left out"}
        kept = {name: dtype for name, dtype in types.items() if name not in left_out}
        return kept, {name: types[name] for name in left_out}

    def _values(self, path: Path, columns: Sequence[str]) -> dict[str, list[str]]:
        """All values of columns of categories, in the order of numbers and letters."""
        found: dict[str, set[str]] = {column: set() for column in columns}
        text = self._rows_in(path)
        missing = {"", *self.null_values}
        for piece in pieces_of_rows(islice(text.rows, None if columns else 0), text.names):
            for column in columns:
                found[column].update(piece[column].drop_nulls().str.strip_chars().unique().to_list())
        return {column: sorted(values - missing, key=_as_number_or_text) for column, values in found.items()}


def _as_number_or_text(value: str) -> tuple[bool, float, str]:
    try:
        return False, float(value), value
    except ValueError:
        return True, 0.0, value
