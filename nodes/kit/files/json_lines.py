"""Files of JSON records, one a line: polars reads plain ones; what it would lose or does not know is read record by record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from nodes.base import Job, NodeError
from nodes.kit.files.json_shapes import JsonConstant, JsonShape, NoFit, converted
from nodes.kit.tables.naming import frame_of
from nodes.kit.tables.reading.misfits import Misfits

_PIECE = 4096
_HALF = rb"\ud"
"""How halves of surrogate pairs begin, of which polars makes a zero character."""
_SURE_DIGITS = 15
"""A longer whole number may not be one that a decimal number holds; record by record that shows."""
_MARK = b"\xef\xbb\xbf"


@dataclass
class JsonLines:
    """One file of records.

    Attributes:
        path: Of the file.
        scanned: Types are found from so many records.
        limit: So many are read at the most.
    """

    path: Path
    scanned: int
    limit: int | None = None

    def shape(self) -> JsonShape:
        """Return what stands in the first records.

        Raises:
            NodeError: If a line is no record.
        """
        shape = JsonShape()
        for _, record in islice(self.records(), self.scanned):
            shape.add(record)
        return shape

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (number of the line from 1, record).

        Raises:
            NodeError: If a line is none.
        """
        for number, line in self._lines():
            try:
                record = read_json(line)
            except (ValueError, RecursionError) as error:
                what = "nested too deeply" if isinstance(error, RecursionError) else "no JSON"
                if isinstance(error, UnicodeDecodeError):
                    what = "not written in UTF-8"
                message = f"Line {number} of '{self.path}' is {what}."
                raise NodeError(message, "Mend the line, or choose another format.", setting="format") from error
            if not isinstance(record, dict):
                message = f"Line {number} of '{self.path}' is no record."
                raise NodeError(message, "Mend the line, or choose another format.", setting="format")
            yield number, record

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self.path.open("rb") as stream:
            filled = ((n, line.removeprefix(_MARK) if n == 1 else line) for n, line in enumerate(stream, 1) if line.strip())
            yield from islice(filled, self.limit)

    # -- rows

    def pieces(self, types: dict[str, pl.DataType], misfits: Misfits, job: Job) -> Iterator[pl.DataFrame]:
        """Yield the records piece by piece, as columns of these types.

        Raises:
            NodeError: If a line is no record, or a value does not fit and that is an error.
        """
        done = 0
        if all(_is_plain(dtype) for dtype in types.values()):
            try:
                for frame in self._by_polars(types):
                    done += frame.height
                    yield frame
            except (pl.exceptions.PolarsError, _NotForPolars):
                pass  # what it is shows record by record
            else:
                return
        yield from self._by_records(types, misfits, job, done)

    def _by_polars(self, types: dict[str, pl.DataType]) -> Iterator[pl.DataFrame]:
        """The records as polars reads them; its pieces are not given out before all of their names are known to be read."""
        with self.path.open("rb") as stream:
            if stream.read(len(_MARK)) == _MARK:
                raise _NotForPolars
        lazy = pl.scan_ndjson(self.path, schema=types, n_rows=self.limit)
        lines = self._lines()
        decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
        texts = [name for name, dtype in types.items() if dtype == pl.String]
        decimals = [name for name, dtype in types.items() if dtype == pl.Float64]
        for frame in lazy.collect_batches(maintain_order=True):
            for _, line in islice(lines, frame.height):
                try:
                    record = decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise _NotForPolars from error
                # polars would write numbers anew that stand among texts, and round whole ones among decimals.
                odd = any(bytes(record.get(name, b"n"))[:1] not in b'"n' for name in texts) or any(
                    _is_large(bytes(record.get(name, b""))) for name in decimals
                )
                if odd or not record.keys() <= types.keys() or _HALF in line:
                    raise _NotForPolars
            yield frame

    def _by_records(self, types: dict[str, pl.DataType], misfits: Misfits, job: Job, done: int) -> Iterator[pl.DataFrame]:
        records = islice(self.records(), done, None)
        while piece := list(islice(records, _PIECE)):
            job.check_cancelled()
            for number, record in piece:
                for name in record.keys() - types.keys():
                    if record[name] is not None:
                        hint = "Look at more rows for the names of columns, or have what does not fit be missing."
                        misfits.add(name, [(number, json.dumps(record[name])[:40])], 1, None, hint)
            columns = []
            for name, dtype in types.items():
                cells: list[Any] = []
                for number, record in piece:
                    try:
                        cells.append(converted(record.get(name), dtype))
                    except NoFit as error:
                        cells.append(None)
                        hint = "Look at more rows for the types, or have what does not fit be missing."
                        misfits.add(name, [(number, str(error)[:40])], 1, dtype, hint)
                columns.append(pl.Series(name, cells, dtype=dtype))
            yield frame_of(columns)


class _NotForPolars(Exception):
    """A line that polars would read otherwise than it is meant."""


def _is_large(number: bytes) -> bool:
    return len(number) > _SURE_DIGITS and number.strip().lstrip(b"-").isdigit()


def _is_plain(dtype: pl.DataType) -> bool:
    return dtype in (pl.Int64, pl.Float64, pl.Boolean, pl.String)


def read_json(content: bytes | str) -> Any:
    """Return what stands in JSON; NaN and infinities are `JsonConstant`.

    Raises:
        ValueError: If it is none.
        RecursionError: If it is nested too deeply.
    """
    return json.loads(content, parse_constant=JsonConstant)
