"""Answers about a stored table: its columns, its rows as text, where a text occurs, and rows for clipboard and files.

A table may have millions of rows and lie on disk: no answer touches more of it than it must.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from app.engine.inspection.base import AnswerMaker, StoredOutputs
from app.engine.inspection.cells import cells_of, exact_texts, shape_text, shown_texts
from app.engine.inspection.conditions import contains
from app.engine.inspection.images import LARGEST_THUMBNAIL, THUMBNAIL, is_image, thumbnails, value_range
from app.engine.inspection.shown_rows import is_sortable, require_column, shown_rows
from app.engine.messages.tables import (
    CopyAnswer,
    CopyQuestion,
    ExportAnswer,
    ExportQuestion,
    FindAnswer,
    FindQuestion,
    RowsAnswer,
    RowsQuestion,
    ShownColumn,
    TableAnswer,
    TableQuestion,
    Thumbnails,
)
from nodes.base import NodeError
from nodes.kit.files.writing import collections_as_text, written_aside
from nodes.values.table import Table, is_category, leaf_dtype
from nodes.wording import counted

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 2000
"""So many rows are given at once."""
MOST_COPIED = 2_000_000
"""So many cells fit on a clipboard without harm."""
SEARCH_SECONDS = 0.2
"""After this time a search says how far it got, so that it can be given up."""
SEARCHED_ROWS = 50_000


# ------------------------------------------------------------------------------------------------------------- answers


def table(outputs: StoredOutputs, asked: TableQuestion) -> TableAnswer:
    """Return what the table is like."""
    shown = shown_rows(outputs, asked)
    columns = tuple(shown_column(shown.table, c) for c in shown.table.columns)
    return TableAnswer(rows=shown.height, total=shown.table.height, columns=columns)


def rows(outputs: StoredOutputs, asked: RowsQuestion) -> RowsAnswer:
    """Return some rows, as they are shown."""
    shown = shown_rows(outputs, asked)
    columns = _columns(shown.table, asked.columns)
    start = max(0, asked.start)
    piece = shown.range(start, min(asked.stop, start + MOST_ROWS))
    schema = shown.table.schema
    pictures = [c for c in columns if is_image(schema[c])]
    texts = [c for c in columns if c not in pictures]
    cells = {c: tuple(shown_texts(cells_of(piece, c), shown.table.classes.get(c))) for c in texts}
    images: dict[str, Thumbnails] = {}
    payload = b""
    for column in pictures:
        values = value_range(outputs, asked.port, shown.table, column)
        images[column], pixels = thumbnails(piece, column, min(asked.size or THUMBNAIL, LARGEST_THUMBNAIL), values, len(payload))
        payload += pixels
    return RowsAnswer(start=start, rows=shown.height, cells=cells, images=images, payload=payload)


def find(outputs: StoredOutputs, asked: FindQuestion) -> FindAnswer:
    """Return where the next cell with a text is, or how far the search has come."""
    shown = shown_rows(outputs, asked)
    text, backwards = asked.text, asked.backwards
    start = max(0, asked.start)
    stop = shown.height if asked.stop is None else min(shown.height, asked.stop)
    conditions = _conditions(shown.table, _columns(shown.table, asked.columns), text) if text else {}
    ends = time.monotonic() + SEARCH_SECONDS
    reached = stop if backwards else start
    while conditions and (reached > start if backwards else reached < stop):
        low = max(start, reached - SEARCHED_ROWS) if backwards else reached
        high = reached if backwards else min(stop, reached + SEARCHED_ROWS)
        found = _found(shown.range(low, high), conditions, last=backwards)
        if found is not None:
            row = low + found[0]
            return FindAnswer(row=row, column=found[1], searched=row, done=True)
        reached = low if backwards else high
        if time.monotonic() > ends:
            break
    done = not conditions or (reached <= start if backwards else reached >= stop)
    return FindAnswer(searched=reached, done=done)


def copy(outputs: StoredOutputs, asked: CopyQuestion) -> CopyAnswer:
    """Return cells as text, separated by tabs, to paste into a spreadsheet.

    Raises:
        NodeError: If it is too much for a clipboard.
    """
    shown = shown_rows(outputs, asked)
    columns = _columns(shown.table, asked.columns)
    ranges = [(max(0, a), min(b, shown.height)) for a, b in asked.ranges]
    count = sum(max(0, b - a) for a, b in ranges)
    if count * len(columns) > MOST_COPIED:
        message = f"{counted(count, 'row')} of {counted(len(columns), 'column')} are too much for the clipboard."
        raise NodeError(message, "Copy fewer rows, or export the table to a file.")
    lines = ["\t".join(_quoted(c) for c in columns)] if asked.header else []
    for start, stop in ranges:
        piece = shown.range(start, stop)
        texts = [_copied(piece, column) for column in columns]
        lines += ["\t".join(_quoted(cell) for cell in row) for row in zip(*texts, strict=True)]
    return CopyAnswer(rows=count, payload="\n".join(lines).encode())


def export(outputs: StoredOutputs, asked: ExportQuestion) -> ExportAnswer:
    """Write what is shown into a file: whole, or not at all.

    Raises:
        NodeError: If the file cannot be written.
    """
    shown = shown_rows(outputs, asked)
    columns, path = _columns(shown.table, asked.columns), asked.path
    as_text = asked.format == "csv"
    written = [c for c in columns if not as_text or _fits_into_text(shown.table.schema[c])]
    if not written:
        raise NodeError("None of these columns can be written as text.", "Export to a Parquet file instead.")
    chosen = shown.whole().select(written)
    try:
        with written_aside(path) as stream:
            (_write_csv if as_text else _write_parquet)(chosen, stream)
    except OSError as error:
        message = f"'{path}' cannot be written: {error.strerror or error}."
        raise NodeError(message, "Choose another place, or make room.") from error
    return ExportAnswer(rows=chosen.height, left_out=tuple(c for c in columns if c not in written))


# -------------------------------------------------------------------------------------------------------------- columns


def shown_column(table: Table, column: str) -> ShownColumn:
    """Return what there is to know of a column without looking at its cells."""
    import polars as pl

    dtype, shape = table.schema[column], None
    if isinstance(dtype, pl.Array):
        shape = tuple(dtype.shape)
        text = f"{leaf_dtype(dtype)} {shape_text(shape)}"
    else:
        text = str(dtype.base_type()) if is_category(dtype) or isinstance(dtype, pl.Struct) else _short(str(dtype))
    return ShownColumn(
        name=column,
        dtype=text,
        kind=column_kind(table, column),
        sortable=is_sortable(dtype),
        shape=shape,
        classes=table.spec.class_names(column) or None,
    )


def column_kind(table: Table, column: str) -> str:
    """How the cells of a column are shown, and what figures there are of them."""
    import polars as pl

    dtype = table.schema[column]
    tests = {
        "image": is_image(dtype),
        "array": isinstance(dtype, pl.Array),
        "list": isinstance(dtype, pl.List),
        "class": is_category(dtype) or (dtype.is_integer() and column in table.classes),
        "integer": dtype.is_integer(),
        "float": dtype.is_numeric(),
        "text": isinstance(dtype, pl.String),
        "boolean": isinstance(dtype, pl.Boolean),
        "time": dtype.is_temporal(),
        "binary": isinstance(dtype, pl.Binary),
    }
    return next((kind for kind, holds in tests.items() if holds), "other")


def _short(dtype: str) -> str:
    """`Datetime(time_unit='us', time_zone='UTC')` says no more than `Datetime UTC`."""
    name, _, rest = dtype.partition("(")
    if name in ("Datetime", "Duration"):
        zone = rest.partition("time_zone=")[2].strip("')")
        return f"{name} {zone}" if zone and zone != "None" else name
    return dtype


def _columns(table: Table, wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return table.columns
    for column in wanted:
        require_column(table, column)
    return list(wanted)


# --------------------------------------------------------------------------------------------------------------- finding


def _conditions(table: Table, columns: Sequence[str], text: str) -> dict[str, pl.Expr]:
    """Column -> whether its cells contain the text; without those that cannot."""
    import polars as pl

    found = {column: contains(table, column, text, pl.col("cell")) for column in columns}
    return {column: holds for column, holds in found.items() if holds is not None}


def _found(piece: Table, conditions: Mapping[str, pl.Expr], *, last: bool) -> tuple[int, str] | None:
    """The first (or last) row of a piece in which a condition holds, and the first column in which it does."""
    places: list[tuple[int, str]] = []
    for column, condition in conditions.items():
        rows = cells_of(piece, column).to_frame().select(condition.arg_true()).to_series()
        if rows.len():
            places.append((rows[-1 if last else 0], column))
    return (max if last else min)(places, key=lambda place: place[0], default=None)


# ------------------------------------------------------------------------------------------------------ clipboard, files


def _copied(piece: Table, column: str) -> list[str]:
    dtype, names = piece.schema[column], piece.classes.get(column)
    cells = cells_of(piece, column)
    if is_image(dtype) or (names and dtype.is_integer()):
        return [text or "" for text in shown_texts(cells, names)]
    return [text or "" for text in exact_texts(cells)]


def _quoted(text: str) -> str:
    """A cell as spreadsheets read it from the clipboard."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in "\t\n\r") or text.startswith('"') else text


def _fits_into_text(dtype: pl.DataType) -> bool:
    import polars as pl

    return not is_image(dtype) and not isinstance(dtype, pl.Binary | pl.Struct | pl.Object)


def _pieces(table: Table) -> Iterator[pl.DataFrame]:
    """The table piece by piece; some rows at least, so that chosen rows are not gathered one by one."""
    return table.batches(rows=min(max(1000, table.rows_per_batch()), 200_000))


def _write_csv(table: Table, stream: IO[bytes]) -> None:
    for number, piece in enumerate(_pieces(table)):
        collections_as_text(piece).write_csv(stream, include_header=number == 0)


def _write_parquet(table: Table, stream: IO[bytes]) -> None:
    import polars as pl
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    try:
        for piece in _pieces(table):
            arrow = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(stream, arrow.schema, compression="zstd")
            writer.write_table(arrow)
    finally:
        if writer is not None:
            writer.close()


ANSWERS: dict[type, AnswerMaker] = {
    TableQuestion: table,
    RowsQuestion: rows,
    FindQuestion: find,
    CopyQuestion: copy,
    ExportQuestion: export,
}
