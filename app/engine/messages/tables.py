"""What views ask about stored tables and the images in them, and what the engine answers (`app.engine.inspection`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Literal

from app.engine.messages.base import A, Answer, EngineMessage, ResultQuestion

# -------------------------------------------------------------------------------------------------------- what is shown


class SortOrder(EngineMessage, frozen=True, kw_only=True):
    """An order of rows: missing cells (and NaN) last, equal cells in the order they had."""

    column: str
    descending: bool = False


FilterKind = Literal["contains", "equals", "range", "missing", "present"]


class CellCondition(EngineMessage, frozen=True, kw_only=True):
    """A condition on the cells of a column, as a person typed it; missing cells pass only where they are asked for.

    Attributes:
        column: Its name.
        kind: The text occurs in the cell, whatever its case; the cell is just that; it lies between two bounds; it is missing,
            or not.
        text: What it contains or equals.
        low: The lower bound, which counts; empty for none.
        high: The upper bound, which counts; empty for none.
    """

    column: str
    kind: FilterKind
    text: str = ""
    low: str = ""
    high: str = ""


class RowsShown(EngineMessage, frozen=True, kw_only=True):
    """Which rows of a table are looked at, and in which order.

    Attributes:
        sort: The order; None: as they are stored.
        where: Only rows whose cells have these values (column -> value; class names stand for class numbers, None for missing).
        filters: Only rows that pass all of these, too.
    """

    sort: SortOrder | None = None
    where: Mapping[str, Any] = {}
    filters: tuple[CellCondition, ...] = ()


class TableResultQuestion(ResultQuestion[A], Generic[A], frozen=True, kw_only=True):
    """A question about a stored table; all of them take the same rows in the same order."""

    shown: RowsShown = RowsShown()


class ShownColumn(EngineMessage, frozen=True, kw_only=True):
    """A column of a stored table.

    Attributes:
        name: As the table calls it.
        dtype: Its type, as text.
        kind: image, array, list, class, integer, float, text, boolean, time, binary or other.
        sortable: Whether rows can be put in order by it.
        shape: Of its arrays.
        classes: The names of its classes, in order.
    """

    name: str
    dtype: str
    kind: str
    sortable: bool = True
    shape: tuple[int, ...] | None = None
    classes: tuple[str, ...] | None = None

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers, which stand on the right."""
        return self.kind in ("integer", "float")


class Thumbnails(EngineMessage, frozen=True, kw_only=True):
    """Small pictures of a column of images, of 8 bits per channel; their pixels lie in the payload.

    Attributes:
        shape: (height, width, channels) of each.
        present: Whether each row has one; the pixels of those that have follow each other.
        original: (height, width, channels) as stored.
        scale: The range from black to white, as text; empty where the values are bytes.
        offset: Where their pixels begin in the payload.
    """

    shape: tuple[int, int, int]
    present: tuple[bool, ...]
    original: tuple[int, ...]
    scale: str = ""
    offset: int = 0


# --------------------------------------------------------------------------------------------------------------- tables


class TableAnswer(Answer, frozen=True, kw_only=True):
    """What a table is like: how many rows are shown, of how many, and its columns."""

    rows: int
    total: int
    columns: tuple[ShownColumn, ...]


class TableQuestion(TableResultQuestion[TableAnswer], frozen=True, kw_only=True):
    """What is the table at a port like?"""


class RowsAnswer(Answer, frozen=True, kw_only=True):
    """Some rows.

    Attributes:
        start: The first one's position.
        rows: How many are shown in all.
        cells: Column -> texts; None where missing.
        images: Column -> its pictures.
    """

    start: int
    rows: int
    cells: Mapping[str, tuple[str | None, ...]] = {}
    images: Mapping[str, Thumbnails] = {}


class RowsQuestion(TableResultQuestion[RowsAnswer], frozen=True, kw_only=True):
    """What is in some rows?

    Attributes:
        start: The first one's position.
        stop: The position behind the last one.
        columns: Which; None: all.
        size: Pixels that the longer side of a picture has at most.
    """

    start: int
    stop: int
    columns: tuple[str, ...] | None = None
    size: int | None = None


class FindAnswer(Answer, frozen=True, kw_only=True):
    """How far a search has come.

    Attributes:
        searched: Where to go on.
        done: Whether there is nothing more to search.
        row: The row of the cell that was found; None if none was so far.
        column: Its column.
    """

    searched: int
    done: bool
    row: int | None = None
    column: str | None = None


class FindQuestion(TableResultQuestion[FindAnswer], frozen=True, kw_only=True):
    """Which is the next row with a cell that contains a text, whatever its case?

    Attributes:
        text: What to find. Class numbers are found by the names of their classes; images, bytes and collections not at all.
        start: The first row that counts.
        stop: The row behind the last one that counts; None: the end.
        columns: Where to look; None: in all.
        backwards: Whether the last such row is wanted.
    """

    text: str
    start: int = 0
    stop: int | None = None
    columns: tuple[str, ...] | None = None
    backwards: bool = False


class CopyAnswer(Answer, frozen=True, kw_only=True):
    """How many rows were copied; the payload is their text, as UTF-8."""

    rows: int


class CopyQuestion(TableResultQuestion[CopyAnswer], frozen=True, kw_only=True):
    """What are cells as text that a spreadsheet takes?

    Attributes:
        ranges: Rows: (first, behind the last) of each range.
        columns: Which; None: all.
        header: Whether their names come first.
    """

    ranges: tuple[tuple[int, int], ...]
    columns: tuple[str, ...] | None = None
    header: bool = False


class ExportAnswer(Answer, frozen=True, kw_only=True):
    """How many rows were written; `left_out` names columns that a text file cannot hold."""

    rows: int
    left_out: tuple[str, ...] = ()


class ExportQuestion(TableResultQuestion[ExportAnswer], frozen=True, kw_only=True):
    """Write what is shown into a file: whole, or not at all.

    Attributes:
        path: The file.
        format: What kind of file.
        columns: Which; None: all.
    """

    path: Path
    format: Literal["csv", "parquet"]
    columns: tuple[str, ...] | None = None


# ----------------------------------------------------------------------------------------------------------- statistics


class ColumnHistogram(EngineMessage, frozen=True, kw_only=True):
    """Counts between edges; `texts` has the edges as a person reads them, where numbers would not say it."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    texts: tuple[str, ...] | None = None


class ColumnStatistics(EngineMessage, frozen=True, kw_only=True):
    """Figures of a column; those that its kind does not have are None.

    Attributes:
        name: As the table calls it.
        dtype: Its type, as text.
        kind: As `ShownColumn` has it.
        missing: How many cells are missing.
        shape: Of its arrays.
        distinct: How many values there are.
        distinct_estimated: Whether that is an estimate.
        nan: How many cells are no number, and not missing.
        infinite: How many are infinite.
        min: The least value; times as text.
        mean: The mean value.
        median: The value in the middle; times as text.
        max: The greatest value; times as text.
        std: The standard deviation.
        histogram: How numbers and times are distributed (times: as seconds since 1970 or midnight).
        values: Values and how often they are there: the most frequent first, classes in their order.
        others: How many cells have none of those values.
        lengths: The least and the greatest length of lists.
        sampled: How many rows were looked at, where not all were.
        image: The mean of its images.
    """

    name: str
    dtype: str
    kind: str
    missing: int
    shape: tuple[int, ...] | None = None
    distinct: int | None = None
    distinct_estimated: bool = False
    nan: int = 0
    infinite: int = 0
    min: bool | int | float | str | None = None
    mean: float | None = None
    median: bool | int | float | str | None = None
    max: bool | int | float | str | None = None
    std: float | None = None
    histogram: ColumnHistogram | None = None
    values: tuple[tuple[str, int], ...] = ()
    others: int = 0
    lengths: tuple[int | None, int | None] | None = None
    sampled: int | None = None
    image: Thumbnails | None = None


class StatisticsAnswer(Answer, frozen=True, kw_only=True):
    """Figures of columns, and how many rows the table has."""

    rows: int
    columns: tuple[ColumnStatistics, ...]


class StatisticsQuestion(ResultQuestion[StatisticsAnswer], frozen=True, kw_only=True):
    """How are the cells of columns distributed? Of all columns, if none are named."""

    columns: tuple[str, ...] | None = None


# --------------------------------------------------------------------------------------------------------------- images


class ImagesAnswer(Answer, frozen=True, kw_only=True):
    """A piece of a grid of images.

    Attributes:
        rows: How many are shown in all.
        start: The first one's position.
        numbers: Of the rows in the stored table.
        images: The pictures.
        captions: What stands below each; empty if no column was named for it.
    """

    rows: int
    start: int
    numbers: tuple[int, ...]
    images: Thumbnails
    captions: tuple[str | None, ...] = ()


class ImagesQuestion(TableResultQuestion[ImagesAnswer], frozen=True, kw_only=True):
    """Which images are in some rows?

    Attributes:
        column: Of the images.
        start: The first row's position.
        stop: The position behind the last one.
        captions: A column with what stands below them; None: nothing does.
        size: Pixels that the longer side of a picture has at most.
    """

    column: str
    start: int
    stop: int
    captions: str | None = None
    size: int | None = None


class PixelValues(EngineMessage, frozen=True, kw_only=True):
    """What there is to say of the values of one image.

    Attributes:
        shape: (height, width, channels).
        dtype: The type of a value, as the person knows it.
        format: The code of a value in Python's `struct`; little endian.
        low: What is drawn as black.
        high: What is drawn as white.
        default: `low` and `high` unless others are asked for.
        channels: How many are drawn.
        minimum: The least value; None where none is finite, as with the two that follow.
        maximum: The greatest value.
        mean: The mean value.
    """

    shape: tuple[int, int, int]
    dtype: str
    format: str
    low: float
    high: float
    default: tuple[float, float]
    channels: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None


class ImageAnswer(Answer, frozen=True, kw_only=True):
    """One image; the payload has the drawn pixels, of 8 bits each, and behind them the values.

    Attributes:
        rows: How many are shown in all.
        row: Its position.
        number: Of its row in the stored table.
        values: What there is to say of its values; None where the row has no image.
    """

    rows: int
    row: int
    number: int
    values: PixelValues | None = None


class ImageQuestion(TableResultQuestion[ImageAnswer], frozen=True, kw_only=True):
    """What is one image like, drawn and as values?

    Attributes:
        column: Of the image.
        row: Its position among those shown.
        channel: The only one to draw; None: all.
        low: The value drawn as black; None: as for the whole column, as with `high`.
        high: The value drawn as white.
    """

    column: str
    row: int
    channel: int | None = None
    low: float | None = None
    high: float | None = None
