"""Cells of a table as text: short for reading on the screen, exact for the clipboard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nodes.values.table import Table, leaf_dtype
from nodes.wording import file_size, number_text

if TYPE_CHECKING:
    import polars as pl

LONGEST = 400
"""So many characters of a text are shown; a cell is no page."""
HEAD = 3
"""So many numbers of a collection are shown."""

Text = str | None
"""What a cell says; None where it is missing."""


def cells_of(table: Table, column: str) -> pl.Series:
    """The cells of a column. They get a name without a meaning: polars takes one like `^a$` or `*` for a pattern."""
    return table.frame([column]).get_column(column).rename("cell")


def shown_texts(cells: pl.Series, classes: Sequence[str] | None = None) -> list[Text]:
    """What is shown of the cells of a column.

    Args:
        cells: Some of its cells.
        classes: What its numbers stand for, if they are class numbers.
    """
    import polars as pl

    dtype = cells.dtype
    if classes and dtype.is_integer():
        return [None if n is None else class_text(n, classes) for n in cells.to_list()]
    if dtype.is_float():
        return [None if v is None else number_text(v) for v in cells.to_list()]
    if isinstance(dtype, pl.Array):
        return _array_texts(cells, dtype)
    if isinstance(dtype, pl.List):
        return [_collection_text(head, length) for head, length in _heads(cells)]
    if isinstance(dtype, pl.Binary):
        return [None if size is None else file_size(size) for size in cells.bin.size().to_list()]
    return [None if text is None else _one_line(text) for text in exact_texts(cells)]


def exact_texts(cells: pl.Series) -> list[Text]:
    """The cells of a column as text from which they could be read again; collections as JSON, bytes by their number."""
    import json

    import polars as pl

    dtype = cells.dtype
    if isinstance(dtype, pl.Boolean):
        return [None if v is None else "true" if v else "false" for v in cells.to_list()]
    if isinstance(dtype, pl.Date | pl.Time | pl.Datetime):
        trimmed = cells.cast(pl.String).str.replace(r"\.0+($|[^0-9])", "${1}").str.replace(r"(\.\d*?)0+($|[^0-9])", "${1}${2}")
        return trimmed.to_list()
    if isinstance(dtype, pl.Array | pl.List | pl.Struct):
        return [None if v is None else json.dumps(v, default=str, ensure_ascii=False) for v in cells.to_list()]
    if isinstance(dtype, pl.Binary):
        return [None if size is None else f"{size} bytes" for size in cells.bin.size().to_list()]
    if dtype.is_numeric() or isinstance(dtype, pl.Enum | pl.Categorical):
        return cells.cast(pl.String).to_list()
    return [None if v is None else str(v) for v in cells.to_list()]


def class_text(number: int, classes: Sequence[str]) -> str:
    """The class a number stands for; the number itself where there is no such class."""
    return classes[number] if 0 <= number < len(classes) else str(number)


def shape_text(shape: Sequence[int]) -> str:
    """`28 × 28 × 1`."""
    return " × ".join(str(n) for n in shape)


def _array_texts(cells: pl.Series, dtype: pl.Array) -> list[Text]:
    """Of an array of several dimensions its first numbers and its shape."""
    import polars as pl

    shape = dtype.shape
    if len(shape) == 1:
        return [_collection_text(head, shape[0]) for head, _ in _heads(cells.cast(pl.List(dtype.inner)))]
    if len(shape) == 3 or not leaf_dtype(dtype).is_numeric():
        return [None if missing else shape_text(shape) for missing in cells.is_null().to_list()]
    firsts = iter(cells.drop_nulls().to_numpy().reshape(-1, math.prod(shape))[:, :HEAD].tolist() if math.prod(shape) else [])
    opening, closing = "[" * len(shape), "]" * len(shape)
    texts: list[Text] = []
    for missing in cells.is_null().to_list():
        numbers = ", ".join(_item_text(v) for v in next(firsts, []))
        texts.append(None if missing else f"{opening}{numbers}, …{closing} ({shape_text(shape)})")
    return texts


def _heads(cells: pl.Series) -> list[tuple[list[Any] | None, int | None]]:
    """The first items and the length of every list."""
    return list(zip(cells.list.head(HEAD).to_list(), cells.list.len().to_list(), strict=True))


def _collection_text(head: list[Any] | None, length: int | None) -> Text:
    if head is None:
        return None
    items = ", ".join(_item_text(v) for v in head)
    return f"[{items}]" if length == len(head) else f"[{items}, …] ({length})"


def _item_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else number_text(value)
    if isinstance(value, list):
        return "[" + ", ".join(_item_text(v) for v in value[:HEAD]) + (", …]" if len(value) > HEAD else "]")
    return "–" if value is None else _one_line(str(value))[:24]


def _one_line(text: str) -> str:
    """A text without line breaks, and not endless."""
    line = text[: LONGEST + 1].replace("\r\n", " ↵ ").replace("\n", " ↵ ").replace("\r", " ↵ ").replace("\t", " ")
    return line if len(text) <= LONGEST else line[:LONGEST] + "…"
