"""Answers with figures about the columns of a stored table: how many are missing, how they are distributed, what is frequent.

The view asks column by column, so that it fills in as the answers come. Columns of images and tensors that are very large are
judged by a sample; the answer says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from app.engine.inspection.base import AnswerMaker, StoredOutputs
from app.engine.inspection.cells import cells_of, class_text, exact_texts
from app.engine.inspection.images import sample, thumbnails, value_range
from app.engine.inspection.shown_rows import require_column
from app.engine.inspection.tables import shown_column
from app.engine.messages.tables import ColumnHistogram, ColumnStatistics, ShownColumn, StatisticsAnswer, StatisticsQuestion
from nodes.values.table import Table, leaf_dtype
from nodes.wording import number_text

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

BINS = 32
FREQUENT = 20
"""So many of the most frequent values are named; classes up to `CLASSES` are all counted."""
CLASSES = 200
EXACT_ROWS = 2_000_000
"""Up to so many rows distinct values are counted; beyond, estimated."""
SAMPLE_BYTES = 2**28
SAMPLE_CELLS = 10_000
"""So much of a column of images or tensors is looked at."""
MEAN_IMAGE = 96


def statistics(outputs: StoredOutputs, asked: StatisticsQuestion) -> StatisticsAnswer:
    """Return figures of columns; they are kept for the next question."""
    table = outputs.table(asked.port)
    known: dict[tuple[str, str], tuple[ColumnStatistics, bytes]] = outputs.cache.setdefault("statistics", {})
    columns, payload = [], b""
    for column in table.columns if asked.columns is None else asked.columns:
        require_column(table, column)
        name = (asked.port, column)
        if name not in known:
            known[name] = _column_statistics(outputs, asked.port, table, column)
        figures, pixels = known[name]
        if figures.image is not None:
            figures = structs.replace(figures, image=structs.replace(figures.image, offset=len(payload)))
        columns.append(figures)
        payload += pixels
    return StatisticsAnswer(rows=table.height, columns=tuple(columns), payload=payload)


def _column_statistics(outputs: StoredOutputs, port: str, table: Table, column: str) -> tuple[ColumnStatistics, bytes]:
    about = shown_column(table, column)
    if about.kind in ("image", "array"):
        figures, pixels = _of_tensors(outputs, port, table, column, is_image=about.kind == "image")
    else:
        cells = cells_of(table, column)
        figures, pixels = _of_cells(cells, about) | {"missing": cells.null_count()}, b""
    made = ColumnStatistics(name=column, dtype=about.dtype, kind=about.kind, shape=about.shape, **figures)
    return made, pixels


def _of_cells(cells: pl.Series, about: ShownColumn) -> dict[str, Any]:
    """What the kind of a column has figures of, as the fields of `ColumnStatistics`."""
    if about.kind in ("integer", "float"):
        return _of_numbers(cells)
    if about.kind == "time":
        return _of_times(cells)
    if about.kind in ("class", "text", "boolean"):
        return _of_values(cells, about.classes)
    return _of_lists(cells) if about.kind == "list" else {}


# --------------------------------------------------------------------------------------------------- by kind of column


def _of_numbers(cells: pl.Series) -> dict[str, Any]:
    import polars as pl

    there = cells.drop_nulls()
    figures: dict[str, Any] = {"nan": 0, "infinite": 0} | _distinct(there)
    if not there.dtype.is_integer() or str(there.dtype) in ("Int128", "UInt128"):
        there = there.cast(pl.Float64)  # Float32 is added up in Float32, and stops at 16 777 216 ones
    if there.dtype.is_float():
        finite = there.filter(there.is_finite())
        figures["nan"] = int(there.is_nan().sum())
        figures["infinite"] = there.len() - finite.len() - figures["nan"]
        there = finite
    for name in ("min", "mean", "median", "max", "std"):
        value = getattr(there, name)()
        figures[name] = value if value is None or math.isfinite(value) else None  # sums of very large numbers overflow
    return figures | {"histogram": _histogram(there.to_numpy())}


def _of_times(cells: pl.Series) -> dict[str, Any]:
    """Points in time and spans, as text; durations in Python's notation."""
    import polars as pl

    there = cells.drop_nulls()
    figures = _distinct(there)
    for name in ("min", "median", "max"):
        value = getattr(there, name)() if there.len() else None
        figures[name] = None if value is None else exact_texts(pl.Series([value]))[0]
    if isinstance(there.dtype, pl.Date):
        seconds = there.to_physical().cast(pl.Float64) * 86400
    else:
        unit = {"ms": 1e3, "us": 1e6, "ns": 1e9}[getattr(there.dtype, "time_unit", None) or "ns"]
        seconds = there.to_physical().cast(pl.Float64) / unit
    histogram = _histogram(seconds.to_numpy())
    if histogram is not None:
        histogram = structs.replace(histogram, texts=_time_texts(histogram.edges, there.dtype))
    return figures | {"histogram": histogram}


def _time_texts(seconds: Sequence[float], dtype: pl.DataType) -> tuple[str, ...]:
    """Seconds as what they are counted for: days, points in time, times of day; seconds themselves for spans."""
    import polars as pl

    if isinstance(dtype, pl.Duration):
        return tuple(f"{number_text(s)} s" for s in seconds)
    unit = 1e9 if isinstance(dtype, pl.Time) else 1e6
    whole = pl.Series([round(s * unit) for s in seconds], dtype=pl.Int64)
    kind = pl.Time() if isinstance(dtype, pl.Time) else pl.Datetime("us")
    texts = [text or "" for text in exact_texts(whole.cast(kind))]
    return tuple(text.partition(" ")[0] if isinstance(dtype, pl.Date) else text for text in texts)


def _of_values(cells: pl.Series, classes: Sequence[str] | None) -> dict[str, Any]:
    counts = cells.drop_nulls().value_counts(sort=True)
    head = counts.head(CLASSES)
    if classes and head["cell"].dtype.is_integer():
        texts = [class_text(number, classes) for number in head["cell"].to_list()]
    else:
        texts = [text or "" for text in exact_texts(head["cell"])]
    values = list(zip(texts, head["count"].to_list(), strict=True))
    if classes and len(classes) <= CLASSES:
        place = {name: n for n, name in enumerate(classes)}
        values.sort(key=lambda item: place.get(item[0], len(place)))
    else:
        values = values[:FREQUENT]
    others = int(counts["count"].sum()) - sum(n for _, n in values)
    return {"distinct": counts.height, "distinct_estimated": False, "values": tuple(values), "others": others}


def _of_lists(cells: pl.Series) -> dict[str, Any]:
    lengths = cells.drop_nulls().list.len()
    figures: dict[str, Any] = {"lengths": (lengths.min(), lengths.max())}
    if leaf_dtype(cells.dtype).is_numeric() and not leaf_dtype(cells.dtype.inner).is_nested():  # type: ignore[attr-defined]
        looked_at = cells.head(SAMPLE_CELLS * 10)
        items = looked_at.explode()
        while items.dtype.is_nested():
            items = items.explode()
        figures |= {k: v for k, v in _of_numbers(items).items() if k in ("min", "mean", "max", "histogram")}
        if looked_at.len() < cells.len():
            figures["sampled"] = looked_at.len()
    return figures


def _of_tensors(outputs: StoredOutputs, port: str, table: Table, column: str, *, is_image: bool) -> tuple[dict[str, Any], bytes]:
    import numpy as np
    import polars as pl

    missing = cells_of(table, column).null_count()
    figures: dict[str, Any] = {"missing": missing}
    leaf = leaf_dtype(table.schema[column])
    if not (leaf.is_numeric() or isinstance(leaf, pl.Boolean)):
        return figures, b""
    values = sample(table, column, SAMPLE_CELLS, SAMPLE_BYTES)
    if len(values) < table.height - missing:
        figures["sampled"] = len(values)
    flat = values.reshape(-1)
    finite = flat[np.isfinite(flat)] if flat.dtype.kind == "f" else flat
    if finite.size:
        figures |= {"min": finite.min().item(), "max": finite.max().item(), "mean": float(finite.mean(dtype=np.float64))}
    figures |= {"histogram": _histogram(finite[:: max(1, finite.size // 1_000_000)])}
    if not is_image or not values.size:
        return figures, b""
    mean = values.mean(axis=0, dtype=np.float64).astype(np.float32)
    frame = pl.DataFrame({column: pl.Series(mean[None], dtype=pl.Array(pl.Float32, mean.shape))})
    described, pixels = thumbnails(Table.of(frame), column, MEAN_IMAGE, value_range(outputs, port, table, column))
    return figures | {"image": described}, pixels


# ----------------------------------------------------------------------------------------------------------------- tools


def _distinct(cells: pl.Series) -> dict[str, Any]:
    estimated = cells.len() > EXACT_ROWS
    return {"distinct": cells.approx_n_unique() if estimated else cells.n_unique(), "distinct_estimated": estimated}


def _histogram(values: NDArray[Any]) -> ColumnHistogram | None:
    """Counts between edges; few different whole numbers get a bin each. None where there is nothing to count."""
    import numpy as np

    if not values.size:
        return None
    values = values.astype(np.uint8) if values.dtype == np.bool_ else values
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind in "iu" and high - low < BINS:
        edges: NDArray[np.float64] = np.arange(low - 0.5, high + 1)
        counts = np.bincount((values - values.min()).astype(np.int64), minlength=len(edges) - 1)
    elif not np.isfinite(high - low) or high - low <= abs(low) * 1e-12:  # one value, or more than floats can tell apart
        return ColumnHistogram(edges=(low, high), counts=(int(values.size),))
    else:
        counts, edges = np.histogram(values, BINS, (low, high))
    return ColumnHistogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))


ANSWERS: dict[type, AnswerMaker] = {StatisticsQuestion: statistics}
