"""One text file of rows and columns: its types, its rows piece by piece, and what is said of those that cannot be read.

The steps are those of `nodes.kit.tables.reading`. polars does as many of them as it can while it parses; whole numbers, dates
and whatever else has to be looked at are read as texts, and become what they are piece by piece.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from nodes.base import Job, NodeError
from nodes.kit.files.csv_dialect import Dialect
from nodes.kit.files.csv_lines import CsvLines
from nodes.kit.files.csv_source import TextSource
from nodes.kit.tables.reading.conversion import plain_number, text_as, trimmed
from nodes.kit.tables.reading.dates import DateForm, form_of
from nodes.kit.tables.reading.guessing import LEADING_ZEROS, Guesses, guess, in_one_line
from nodes.kit.tables.reading.misfits import Misfits

_SAMPLED_CELLS = 1_000_000
"""So many cells are looked at for what numbers would lose; their types are found from all rows that a person chose."""
_FEWEST_ROWS = 200
_CELLS_AT_ONCE = 2_000_000
_BLOCK = 4 * 2**20
_OF_POLARS = re.compile(r"polars|dtype|schema|infer_|truncate_ragged|ignore_errors|row_offset", re.IGNORECASE)


class TextFile:
    """One text file, read by a dialect.

    Args:
        path: Of the file.
        dialect: How it is written. What it leaves open is found from the first lines.

    Raises:
        NodeError: If the file is none of text.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self.source = TextSource(path, dialect)
        self.misfits = Misfits(f"'{path}'", dialect.on_misfit)

    @property
    def dialect(self) -> Dialect:
        """How the file is written, with what was found."""
        return self.source.dialect

    # -- types

    def schema(self, *, blank_as_null: bool = False) -> pl.Schema:
        """Return names and types of the columns, from the first rows.

        Args:
            blank_as_null: Whether columns without any value there are of type Null; otherwise they are text.

        Raises:
            NodeError: If there are none.
        """
        types = dict(self._guesses.types)
        if blank_as_null:
            texts = [c for c, dtype in types.items() if dtype == pl.String]
            if texts:
                rows = self._sample(self.dialect.scanned_rows)
                types |= {c: pl.Null() for c in texts if rows[c].null_count() == rows.height}
        return pl.Schema(types)

    def remarks(self) -> list[tuple[str, str]]:
        """Return what is worth saying of what was found: (sentence, setting at fault)."""
        found = self._guesses
        kept = [r for r in found.remarks if r.column not in self.dialect.asked]
        line = in_one_line(kept, {c: d for c, d in found.types.items() if c not in self.dialect.asked})
        return [*self.source.remarks, *([(line, kept[0].setting)] if line else [])]

    @cached_property
    def _looked_at(self) -> Path | bytes:
        """What types are found from."""
        return self.path if self.source.is_plain() else self.source.first_lines()

    def _sample(self, rows: int) -> pl.DataFrame:
        """The first rows as texts, by the names of the columns, with the steps before types done."""
        # Rows of too many cells are told where rows are read.
        options = {**self.dialect.options(), "extra_columns": "ignore"}
        try:
            texts = pl.scan_csv(self._looked_at, infer_schema_length=0, n_rows=rows, **options).collect()
        except pl.exceptions.NoDataError as error:
            hint = "Choose another file, or skip fewer lines."
            raise NodeError(f"'{self.path}' has no rows.", hint, setting="path") from error
        except pl.exceptions.PolarsError as error:
            raise self._explained(self._looked_at, None, error) from error
        texts.columns = self._named(texts.columns)
        return self._bare(texts)

    @cached_property
    def _guesses(self) -> Guesses:
        """Names and types of the columns, and what is worth saying of them."""
        try:
            return self._guessed()
        except NodeError:
            # What polars cannot read may have quotes of its own kind further down.
            if not self.dialect.quote or self.dialect.mend:
                raise
            self.source.dialect = replace(self.dialect, mend=True)
            self.__dict__.pop("_looked_at", None)
            return self._guessed()

    def _guessed(self) -> Guesses:
        dialect = self.dialect
        if dialect.trim:
            sample = self._sample(dialect.scanned_rows)
            buffer = io.BytesIO(sample.write_csv(separator="\t").encode())
            options: dict[str, Any] = {"separator": "\t", "decimal_comma": dialect.decimal_comma}
            found = pl.scan_csv(buffer, infer_schema_length=None, **options).collect_schema()
        else:
            try:
                found = pl.scan_csv(
                    self._looked_at, infer_schema_length=dialect.scanned_rows, **dialect.options()
                ).collect_schema()
            except pl.exceptions.NoDataError as error:
                hint = "Choose another file, or skip fewer lines."
                raise NodeError(f"'{self.path}' has no rows.", hint, setting="path") from error
            except pl.exceptions.PolarsError as error:
                raise self._explained(self._looked_at, None, error) from error
            rows = dialect.scanned_rows if dialect.thousands else max(_FEWEST_ROWS, _SAMPLED_CELLS // max(1, len(found)))
            sample = self._sample(min(dialect.scanned_rows, rows))
        types: dict[str, pl.DataType] = dict(zip(sample.columns, found.dtypes(), strict=True))
        types = {c: pl.String() if d == pl.Null else d for c, d in types.items()}
        if dialect.thousands:
            types = self._with_thousands(sample, types)
        marked = dialect.thousands or dialect.decimal_comma
        numbers = [self._number(c) for c, d in types.items() if d.is_numeric() and marked]
        return guess(sample.with_columns(numbers) if numbers else sample, types, codes=dialect.codes, dates=dialect.dates)

    def _with_thousands(self, sample: pl.DataFrame, found: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
        """The types, with texts such as 1.234.567 counted as numbers."""
        group, point = re.escape(self.dialect.thousands), "," if self.dialect.decimal_comma else r"\."
        whole = rf"^\s*[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)\s*$"
        broken = rf"^\s*[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)?({point}\d+)?([eE][+-]?\d+)?\s*$"
        types: dict[str, pl.DataType] = {}
        for column, dtype in found.items():
            cells = sample[column].drop_nulls()
            types[column] = dtype
            if cells.len() and (dtype == pl.String or dtype.is_numeric()):
                if cells.str.contains(whole).all():
                    types[column] = pl.Int64()
                elif cells.str.contains(broken).all():
                    types[column] = pl.Float64()
        return types

    # -- rows

    def batches(self, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job) -> Iterator[pl.DataFrame]:
        """Yield the rows piece by piece.

        Args:
            schema: All columns of the file.
            columns: Those that are wanted, in this order.
            limit: So many rows at the most.
            job: For the place of a decoded copy, for cancel, and to tell how many cells did not fit.

        Raises:
            NodeError: Naming the row, if it has too few or too many cells or one that does not fit its column's type.
        """
        done = 0
        try:
            for piece in self._pieces(schema, columns, limit, job):
                done += piece.height
                yield piece
        except _ReadOtherwise as otherwise:
            # The rows before were read right: they had none of what is different now.
            self.source.dialect = otherwise.dialect
            self.misfits = Misfits(f"'{self.path}'", self.dialect.on_misfit)
            self.__dict__.pop("_looked_at", None)
            for piece in self._pieces(schema, columns, limit, job):
                known = min(done, piece.height)
                done -= known
                if known < piece.height:
                    yield piece.slice(known)
        self.misfits.tell(job)

    def _pieces(self, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job) -> Iterator[pl.DataFrame]:
        dialect = self.dialect
        with self.source.as_utf8(job) as source:
            lines = CsvLines(source, dialect, limit, str(self.path))
            own = dict(zip(schema, self._names(source, schema), strict=True))
            forms = self._forms(schema)
            zeros = self._has_zeros(source, schema)
            texts = {c for c, d in schema.items() if self._as_text(d) or (zeros and d.is_integer())}
            raw = pl.Schema({own[c]: pl.String() if c in texts else d for c, d in schema.items()})
            # Texts are looked at column by column: in few large pieces, however many columns there are.
            rows = max(1, _CELLS_AT_ONCE // len(schema)) if texts else None
            lazy = pl.scan_csv(source, schema=raw, n_rows=limit, **dialect.options())
            last = list(schema)[-1]
            read = list(dict.fromkeys([*columns, last])) if dialect.short_fail else list(columns)
            if list(map(own.__getitem__, read)) != list(schema):
                lazy = lazy.select(pl.col(own[c]).alias(c) for c in read)
            empty = lines.empty() if dialect.skip_empty and len(schema) > 1 else None
            floats = [c for c in read if schema[c].is_float()]
            gaps, infinite, done = False, False, 0
            try:
                for piece in lazy.collect_batches(maintain_order=True, chunk_size=rows):
                    full = self._finished(piece, schema, columns, forms, done + 1)
                    if not infinite and any(full[c].is_infinite().any() for c in floats):
                        # polars makes infinity of numbers that are too large, without a word.
                        self._refuse_unparsable(source, schema, limit)
                        infinite = True
                    full = full if empty is None else empty.without(full, done, nulls=dialect.empty_is_missing)
                    done += piece.height
                    # polars fills short rows up without a word: that shows in their last cell.
                    gaps = gaps or (dialect.short_fail and full[last].has_nulls())
                    yield full.select(columns) if read != list(columns) else full
            except pl.exceptions.PolarsError as error:
                raise self._read_otherwise(source, error, schema, limit, job) from error
            if gaps and not lines.surely_even(len(schema)):
                lines.refuse_ragged(len(schema), job)

    def _names(self, source: Path, schema: pl.Schema) -> list[str]:
        """The names of the columns as polars has them from the file."""
        if not self.dialect.header:
            return list(schema)
        return pl.scan_csv(source, infer_schema_length=0, **self.dialect.options()).collect_schema().names()

    def _as_text(self, dtype: pl.DataType) -> bool:
        """Whether polars is to read a column as texts that become what they are afterwards."""
        if isinstance(dtype, pl.Date | pl.Time | pl.Datetime) or self.dialect.trim:
            return True
        return dtype != pl.String and (self.dialect.on_misfit == "missing" or bool(self.dialect.thousands and dtype.is_numeric()))

    def _has_zeros(self, source: Path, schema: pl.Schema) -> bool:
        """Whether a cell of the file may begin with zeros that a whole number would lose: a quick look at its bytes."""
        numbers = [c for c, dtype in schema.items() if dtype.is_integer() and c not in self.dialect.asked]
        if not numbers or self.dialect.codes != "text":
            return False
        before = re.escape("".join(dict.fromkeys(self.dialect.separator + self.dialect.quote + self.dialect.line_end)))
        pattern = f"[{before}]0[0-9]"  # so few letters that they are looked for many bytes at once
        with source.open("rb") as stream:
            rest = ""
            while block := stream.read(_BLOCK):
                text = block.decode("latin-1")  # letters beyond ASCII do not matter here, and may be cut in two
                if pl.Series([rest + text]).str.contains(pattern).item():
                    return True
                rest = text[-2:]
        return False

    def _forms(self, schema: pl.Schema) -> dict[str, DateForm]:
        """How the dates of columns are written."""
        dated = {c: d for c, d in schema.items() if isinstance(d, pl.Date | pl.Time | pl.Datetime)}
        if not dated:
            return {}
        unknown = {c: d for c, d in dated.items() if self._guesses.types.get(c) != d or c not in self._guesses.forms}
        if not unknown:
            return dict(self._guesses.forms)
        sample = self._sample(min(self.dialect.scanned_rows, _FEWEST_ROWS * 10))
        asked = {c: form_of(d, sample[c], self.dialect.typed_dates) for c, d in unknown.items()}
        return {**self._guesses.forms, **asked}

    # -- steps

    def _named(self, names: Sequence[str]) -> list[str]:
        """The names of the columns: unquoted, without blanks around them, and each another."""
        if not self.dialect.header:
            return list(names)
        quote = self.dialect.quote
        plain = [name.replace(quote * 2, quote) if quote else name for name in names]
        return _named([name.strip() for name in plain] if self.dialect.trim else plain)

    def _bare(self, texts: pl.DataFrame) -> pl.DataFrame:
        """Texts without blanks around them, and with words for missing cells as missing."""
        if not self.dialect.trim:
            return texts
        return texts.with_columns(self._trimmed(c) for c, d in texts.schema.items() if d == pl.String)

    def _trimmed(self, column: str) -> pl.Expr:
        missing = self.dialect.empty_is_missing or self.dialect.quoted_empty_is_missing
        return trimmed(pl.col(column), self.dialect.null_values, empty_is_missing=missing).alias(column)

    def _number(self, column: str) -> pl.Expr:
        """Text of a number as polars knows numbers."""
        return plain_number(pl.col(column), self.dialect.thousands, decimal_comma=self.dialect.decimal_comma).alias(column)

    def _finished(
        self, piece: pl.DataFrame, schema: pl.Schema, columns: Sequence[str], forms: Mapping[str, DateForm], first_row: int
    ) -> pl.DataFrame:
        """A piece with its texts as what they are, and nothing in it that does not fit.

        Raises:
            NodeError: If something does not.
        """
        bare = self._bare(piece)
        kinds = bare.schema
        texts = [c for c in columns if kinds[c] == pl.String and schema[c] != pl.String]
        if not texts:
            return bare
        # Whole numbers have nothing in them that would have to be taken off.
        numbers = self.dialect.thousands or self.dialect.decimal_comma
        plain = [self._number(c) for c in texts if numbers and schema[c].is_numeric()]
        cells = bare.with_columns(plain) if plain else bare
        made = cells.select(text_as(pl.col(c), schema[c], forms.get(c)).alias(c) for c in texts)
        for column in texts:
            before, after = bare[column], made[column]
            if before.null_count() != after.null_count():
                before = before.set(before == "", None)  # empty cells of numbers are missing in any case
                self.misfits.check(before, after, first_row, self._remedy(before, after))
            if self.dialect.codes == "text" and schema[column].is_integer() and column not in self.dialect.asked:
                self._refuse_zeros(cells[column], first_row)
        return bare.with_columns(made)

    def _remedy(self, before: pl.Series, after: pl.Series) -> str:
        column, dtype = before.name, after.dtype
        wrong = before.filter(after.is_null() & before.is_not_null())[0]
        if dtype.is_integer() and _is_number(str(wrong)):
            return f"Set the type of column '{column}' to Float64, or to String, which keeps every digit."
        if dtype.is_temporal():
            if re.fullmatch(r"\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(\D.*)?", str(wrong)) and self.dialect.typed_dates.pivot is None:
                return "Say which years those of two digits are (Two-digit years from), or set the column's type to String."
            return f"Check the order of day and month, or set the type of column '{column}' to String."
        return ""

    def _refuse_zeros(self, cells: pl.Series, first_row: int) -> None:
        """Raise for a number that would lose its zeros, in a column that began with others."""
        if not cells.str.starts_with("0").any():
            return
        hits = cells.str.contains(LEADING_ZEROS)
        at = hits.arg_max()
        if at is not None and hits[at]:
            message = (
                f"Row {first_row + at} of '{self.path}' has '{cells[at]}' in column '{cells.name}', which would lose its zeros."
            )
            hint = f"Set the type of column '{cells.name}' to String, or to a number if the zeros mean nothing."
            raise NodeError(message, hint, setting="column_types")

    # -- mistakes

    def _read_otherwise(
        self, source: Path, error: Exception, schema: pl.Schema, limit: int | None, job: Job
    ) -> NodeError | _ReadOtherwise:
        """What to do about something that polars cannot read."""
        if _is_about_utf8(error):
            found = self.source.whole_encoding() if self.dialect.codec == "utf-8" else None
            if found is not None and self.source.automatic:
                job.warn(found.remark())
                return _ReadOtherwise(replace(self.dialect, encoding=found.name))
            return self.source.not_decodable()
        explained = self._explained(source, schema, error, limit, job)
        if self.dialect.quote and not self.dialect.mend and "cannot be read" in explained.message:
            return _ReadOtherwise(replace(self.dialect, mend=True))
        return explained

    def _explained(
        self, source: Path | bytes, schema: pl.Schema | None, error: Exception, limit: int | None = None, job: Job | None = None
    ) -> NodeError:
        """What polars says of a file, in words that tell where to look."""
        text = str(error)
        if _is_about_utf8(error):
            return self.source.not_decodable()
        if schema is not None and isinstance(source, Path):
            if "more fields" in text:
                CsvLines(source, self.dialect, limit, str(self.path)).refuse_ragged(len(schema), job)
            self._refuse_unparsable(source, schema, limit)
        first = text.strip().partition("\n")[0].rstrip(".")
        told = "its rows are not all written alike" if _OF_POLARS.search(first) or not first else first
        hint = "Check delimiter, quote character and skipped lines."
        return NodeError(f"'{self.path}' cannot be read: {told}.", hint, setting="path")

    def _refuse_unparsable(self, source: Path, schema: pl.Schema, limit: int | None) -> None:
        """Raise for the first cell that is not of its column's type, if there is one."""
        done = 0
        try:
            texts = {name: pl.String() for name in self._names(source, schema)}
            rows = pl.scan_csv(source, schema=texts, n_rows=limit, **self.dialect.options())
            for piece in rows.collect_batches(maintain_order=True):
                named = piece.rename(dict(zip(texts, schema, strict=True)))
                self._finished(named, schema, list(schema), self._forms(schema), done + 1)
                done += piece.height
        except pl.exceptions.PolarsError:
            return


class _ReadOtherwise(Exception):
    """What polars cannot read may be read with another dialect."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self.dialect = dialect


def _is_about_utf8(error: Exception) -> bool:
    return "utf-8" in str(error) or "utf8" in str(error)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _named(names: Sequence[str]) -> list[str]:
    """The names of the columns; those without one are called as where there is no header: column_2."""
    taken = set(names)
    blank = {f"_duplicated_{number}" for number in range(len(names))} if "" in taken else set()
    made: list[str] = []
    for place, name in enumerate(names):
        fresh = f"column_{place}" if name == "" or name in blank else name
        while fresh in made or (fresh != name and fresh in taken):
            fresh += "_"
        taken.add(fresh)
        made.append(fresh)
    return made
