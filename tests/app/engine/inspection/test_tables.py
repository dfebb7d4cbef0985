"""Answers about tables: what is shown, sorted, found, counted, copied and exported is what polars says by hand."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.inspection.base import StoredOutputs
from app.engine.messages.tables import (
    CellCondition,
    ColumnStatistics,
    CopyQuestion,
    ExportAnswer,
    ExportQuestion,
    FindAnswer,
    FindQuestion,
    RowsQuestion,
    ShownColumn,
    SortOrder,
    StatisticsQuestion,
    TableQuestion,
)
from nodes.errors import NodeError
from nodes.values.table import Table
from tests.app.engine.inspection.asked import asked, stored

CLASSES = ("Bag", "Coat", "Dress")
WEIRD = ["", " ", "^a$", "*", "a\tb", "a\nb", "ä/ö:'\"", "rows", "x" * 300]


def sample_frame(rows: int = 200) -> pl.DataFrame:
    random = np.random.default_rng(7)
    names = [CLASSES[n % 3] for n in range(rows)]
    return pl.DataFrame(
        {
            "n": pl.Series(random.permutation(rows), dtype=pl.Int64),
            "x": [None if n % 10 == 3 else math.nan if n % 10 == 7 else float(v) for n, v in enumerate(random.normal(size=rows))],
            "name": [None if n % 9 == 0 else f"Row {n % 17}" for n in range(rows)],
            "kind": pl.Series(names, dtype=pl.Enum(CLASSES)),
            "label": pl.Series([None if n == 5 else n % 3 for n in range(rows)], dtype=pl.UInt8),
            "day": [dt.date(2020, 1, 1) + dt.timedelta(days=n) for n in range(rows)],
            "when": [dt.datetime(2020, 1, 1, 12, 0, n % 60, 250_000 * (n % 2)) for n in range(rows)],
            "yes": [n % 2 == 0 for n in range(rows)],
            "list": [list(map(float, range(n % 6))) for n in range(rows)],
            "one_hot": pl.Series(np.eye(3, dtype=np.float32)[np.arange(rows) % 3]),
            "matrix": pl.Series(random.normal(size=(rows, 4, 5))),
            "bytes": [b"x" * n for n in range(rows)],
            "image": pl.Series(random.integers(0, 256, (rows, 6, 5, 3), dtype=np.uint8)),
        }
    )


@pytest.fixture(name="outputs")
def _outputs(tmp_path: Path) -> StoredOutputs:
    return stored(tmp_path, Table.of(sample_frame(), {"label": CLASSES}))


def cells(outputs: StoredOutputs, column: str, start: int = 0, stop: int = 2000, **parameters: Any) -> list[str | None]:
    return list(asked(outputs, RowsQuestion, start=start, stop=stop, columns=[column], **parameters).cells[column])


def order(outputs: StoredOutputs, column: str, *, descending: bool = False) -> list[int]:
    return [int(n or 0) for n in cells(outputs, "n", sort=SortOrder(column=column, descending=descending))]


# --------------------------------------------------------------------------------------------------------------- columns


def test_the_columns_are_described(outputs: StoredOutputs) -> None:
    header = asked(outputs, TableQuestion)
    assert header.rows == 200
    kinds = {c.name: c.kind for c in header.columns}
    assert kinds == {
        "n": "integer", "x": "float", "name": "text", "kind": "class", "label": "class", "day": "time", "when": "time",
        "yes": "boolean", "list": "list", "one_hot": "array", "matrix": "array", "bytes": "binary", "image": "image",
    }  # fmt: skip
    by_name = {c.name: c for c in header.columns}
    assert by_name["image"].dtype == "UInt8 6 × 5 × 3"
    assert by_name["image"].shape == (6, 5, 3)
    assert by_name["label"].classes == CLASSES
    assert by_name["kind"] == ShownColumn(name="kind", kind="class", dtype="Enum", classes=CLASSES)
    assert by_name["when"].dtype == "Datetime"
    assert not by_name["image"].sortable


def test_cells_are_shown_short_and_readable(outputs: StoredOutputs) -> None:
    frame = sample_frame()
    assert cells(outputs, "n", 3, 6) == [str(n) for n in frame["n"][3:6]]
    assert cells(outputs, "x")[3] is None
    assert cells(outputs, "x")[7] == "NaN"
    assert float(cells(outputs, "x")[0] or 0) == pytest.approx(frame["x"][0], rel=1e-5)
    assert cells(outputs, "label")[4:7] == ["Coat", None, "Bag"]
    assert cells(outputs, "kind")[:3] == list(CLASSES)
    assert cells(outputs, "day")[1] == "2020-01-02"
    assert cells(outputs, "when")[:2] == ["2020-01-01 12:00:00", "2020-01-01 12:00:01.25"]
    assert cells(outputs, "yes")[:2] == ["true", "false"]
    assert cells(outputs, "list")[0] == "[]"
    assert cells(outputs, "list")[2] == "[0, 1]"
    assert cells(outputs, "list")[5] == "[0, 1, 2, …] (5)"
    assert cells(outputs, "one_hot")[1] == "[0, 1, 0]"
    assert (cells(outputs, "matrix")[0] or "").endswith(", …]] (4 × 5)")
    assert cells(outputs, "bytes")[100] == "100 bytes"


def test_pages_put_together_are_the_table(outputs: StoredOutputs) -> None:
    pages = [asked(outputs, RowsQuestion, start=s, stop=s + 64, columns=["n"]) for s in range(0, 200, 64)]
    assert [int(c) for p in pages for c in p.cells["n"]] == sample_frame()["n"].to_list()
    assert {p.rows for p in pages} == {200}
    assert asked(outputs, RowsQuestion, start=200, stop=300, columns=["n"]).cells["n"] == ()


def test_images_come_as_pixels_with_the_rows(outputs: StoredOutputs) -> None:
    reply = asked(outputs, RowsQuestion, start=10, stop=14, columns=["n", "image"])
    described = reply.images["image"]
    assert described.shape == (6, 5, 3)
    assert described.present == (True,) * 4
    assert reply.payload == sample_frame()["image"][10:14].to_numpy().tobytes()


# --------------------------------------------------------------------------------------------------------------- sorting


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["n", "x", "name", "kind", "label", "day", "when", "yes"])
def test_rows_are_sorted_with_missing_last_and_equal_ones_as_they_were(
    outputs: StoredOutputs, column: str, descending: bool
) -> None:
    frame = sample_frame()
    values = [None if isinstance(v, float) and math.isnan(v) else v for v in frame[column].to_list()]
    if column == "kind":
        values = [CLASSES.index(v) for v in values]
    there = sorted((i for i, v in enumerate(values) if v is not None), key=lambda i: values[i], reverse=False)
    if descending:  # stable in this direction too
        there = [i for v in sorted({values[i] for i in there}, reverse=True) for i in range(200) if values[i] == v]
    wanted = there + [i for i, v in enumerate(values) if v is None]
    assert order(outputs, column, descending=descending) == [frame["n"][i] for i in wanted]


def test_an_order_is_computed_once(outputs: StoredOutputs) -> None:
    order(outputs, "x")
    (kept,) = outputs.cache["orders"].values()
    order(outputs, "x")
    assert next(iter(outputs.cache["orders"].values())) is kept
    for column in ("n", "name", "kind", "label", "day", "when", "yes"):
        order(outputs, column)
    assert len(outputs.cache["orders"]) <= 6


def test_a_column_of_images_has_no_order(outputs: StoredOutputs) -> None:
    with pytest.raises(NodeError, match="cannot be put in order"):
        order(outputs, "image")


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=40), st.booleans())
def test_sorting_loses_and_doubles_no_row(values: list[float | None], descending: bool) -> None:
    import tempfile

    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.Float64), "n": pl.Series(range(len(values)), dtype=pl.Int64)})
    with tempfile.TemporaryDirectory() as folder:
        rows = order(stored(Path(folder), Table.of(frame)), "v", descending=descending)
    assert sorted(rows) == list(range(len(values)))


def test_only_rows_with_certain_values_are_shown(outputs: StoredOutputs) -> None:
    frame = sample_frame()
    chosen = frame.filter((pl.col("label") == 1) & (pl.col("kind") == "Coat"))
    where = {"label": "Coat", "kind": "Coat"}
    assert asked(outputs, TableQuestion, where=where).rows == chosen.height
    assert [int(n or 0) for n in cells(outputs, "n", where=where)] == chosen["n"].to_list()
    sorted_rows = cells(outputs, "n", where=where, sort=SortOrder(column="n", descending=True))
    assert [int(n or 0) for n in sorted_rows] == chosen["n"].sort(descending=True).to_list()
    assert asked(outputs, TableQuestion, where={"label": None}).rows == 1
    assert asked(outputs, TableQuestion, where={"label": "Hat"}).rows == 0
    assert asked(outputs, TableQuestion, where={"n": 17, "yes": frame.filter(n=17)["yes"][0]}).rows == 1


def test_a_column_that_is_not_there_is_named(outputs: StoredOutputs) -> None:
    with pytest.raises(NodeError, match="There is no column 'nam'"):
        cells(outputs, "nam")
    with pytest.raises(NodeError, match="no table"):
        asked(outputs, TableQuestion, port="other")


# --------------------------------------------------------------------------------------------------------------- finding


def test_a_text_is_found_whatever_its_case(outputs: StoredOutputs) -> None:
    frame = sample_frame()
    wanted = frame.with_row_index().filter(pl.col("name") == "Row 16")["index"].to_list()
    first = FindAnswer(row=wanted[0], column="name", searched=wanted[0], done=True)
    assert asked(outputs, FindQuestion, text="rOW 16") == first
    assert asked(outputs, FindQuestion, text="row 16", start=wanted[0] + 1).row == wanted[1]
    assert asked(outputs, FindQuestion, text="row 16", stop=wanted[2], backwards=True).row == wanted[1]
    assert asked(outputs, FindQuestion, text="nowhere") == FindAnswer(searched=200, done=True)


def test_classes_numbers_dates_and_special_characters_are_found(outputs: StoredOutputs) -> None:
    assert asked(outputs, FindQuestion, text="dre", columns=["label"]).row == 2
    assert asked(outputs, FindQuestion, text="dre", columns=["kind"]).row == 2
    assert asked(outputs, FindQuestion, text="2020-02-01").row == 31
    where_17 = sample_frame()["n"].to_list().index(199)
    assert asked(outputs, FindQuestion, text="199", columns=["n"]).row == where_17
    assert asked(outputs, FindQuestion, text="(.*", columns=["name"]).row is None


def test_finding_goes_by_the_order_that_is_shown(outputs: StoredOutputs) -> None:
    sort = SortOrder(column="n", descending=True)
    assert asked(outputs, FindQuestion, text="199", columns=["n"], sort=sort).row == 0


# ------------------------------------------------------------------------------------------------------------ statistics


def figures(outputs: StoredOutputs, column: str) -> ColumnStatistics:
    return asked(outputs, StatisticsQuestion, columns=[column]).columns[0]


def test_figures_of_numbers_are_polars_own(outputs: StoredOutputs) -> None:
    x = sample_frame()["x"]
    finite = x.drop_nulls().drop_nans()
    found = figures(outputs, "x")
    assert (found.missing, found.nan, found.infinite) == (20, 20, 0)
    for name in ("min", "mean", "median", "max", "std"):
        assert getattr(found, name) == pytest.approx(getattr(finite, name)())
    assert found.distinct == x.drop_nulls().n_unique()
    counts, edges = np.histogram(finite.to_numpy(), len(found.histogram.counts))
    assert list(found.histogram.counts) == counts.tolist()
    assert list(found.histogram.edges) == pytest.approx(edges.tolist())


def test_figures_of_classes_texts_and_truths_are_counts(outputs: StoredOutputs) -> None:
    assert figures(outputs, "label").values == (("Bag", 67), ("Coat", 67), ("Dress", 65))
    assert figures(outputs, "label").missing == 1
    assert figures(outputs, "kind").values == (("Bag", 67), ("Coat", 67), ("Dress", 66))
    assert sorted(figures(outputs, "yes").values) == [("false", 100), ("true", 100)]
    names = figures(outputs, "name")
    assert names.distinct == 17
    counts = dict(sample_frame()["name"].drop_nulls().value_counts().rows())
    assert dict(names.values) == counts
    assert names.others == 0


def test_figures_of_times_lists_and_tensors(outputs: StoredOutputs) -> None:
    day = figures(outputs, "day")
    assert (day.min, day.max) == ("2020-01-01", "2020-07-18")
    assert sum(day.histogram.counts) == 200
    assert (day.histogram.texts[0], day.histogram.texts[-1]) == ("2020-01-01", "2020-07-18")
    assert figures(outputs, "when").min == "2020-01-01 12:00:00"
    lists = figures(outputs, "list")
    assert (lists.lengths, lists.max) == ((0, 5), 4.0)
    matrix = sample_frame()["matrix"].to_numpy()
    assert figures(outputs, "matrix").mean == pytest.approx(matrix.mean())
    assert figures(outputs, "bytes").missing == 0


def test_figures_of_images_have_their_mean(outputs: StoredOutputs) -> None:
    reply = asked(outputs, StatisticsQuestion, columns=["n", "image"])
    found = reply.columns[1]
    pixels = sample_frame()["image"].to_numpy()
    assert (found.min, found.max) == (pixels.min(), pixels.max())
    mean = np.frombuffer(reply.payload, np.uint8, 6 * 5 * 3, found.image.offset).reshape(6, 5, 3)
    assert np.abs(mean - pixels.mean(axis=0)).max() <= 1
    assert reply.columns[0].name == "n"


# ---------------------------------------------------------------------------------------------------- clipboard and files


def test_copied_cells_can_be_read_again(outputs: StoredOutputs) -> None:
    reply = asked(outputs, CopyQuestion, ranges=[[2, 5], [9, 10]], columns=["n", "x", "label", "image"], header=True)
    read = list(csv.reader(io.StringIO(reply.payload.decode()), delimiter="\t"))
    frame = sample_frame()
    assert read[0] == ["n", "x", "label", "image"]
    assert [int(r[0]) for r in read[1:]] == [frame["n"][i] for i in (2, 3, 4, 9)]
    assert float(read[1][1]) == frame["x"][2]
    assert read[2][1] == ""
    assert [r[2] for r in read[1:]] == ["Dress", "Bag", "Coat", "Bag"]
    assert read[1][3] == "6 × 5 × 3"


def test_cells_with_tabs_and_line_breaks_survive_the_clipboard(tmp_path: Path) -> None:
    texts = ["a\tb", 'say "hi"', '"quoted"', "two\nlines"]
    reply = asked(stored(tmp_path, Table.of(pl.DataFrame({"t": texts}))), CopyQuestion, ranges=[[0, 4]])
    assert [row[0] for row in csv.reader(io.StringIO(reply.payload.decode(), newline=""), delimiter="\t")] == texts


def test_too_much_for_the_clipboard_is_refused(tmp_path: Path) -> None:
    outputs = stored(tmp_path, Table.of(pl.DataFrame({"n": np.arange(2_000_001)})))
    with pytest.raises(NodeError, match="too much for the clipboard"):
        asked(outputs, CopyQuestion, ranges=[[0, 2_000_001]])


def test_a_csv_file_holds_what_is_shown_and_says_what_it_leaves_out(outputs: StoredOutputs, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    header = asked(outputs, ExportQuestion, path=str(path), format="csv", sort=SortOrder(column="n", descending=False))
    assert header == ExportAnswer(rows=200, left_out=("bytes", "image"))
    read = pl.read_csv(path)
    assert read["n"].to_list() == list(range(200))
    assert read.columns == [c for c in sample_frame().columns if c not in ("bytes", "image")]
    assert [p.name for p in tmp_path.iterdir() if p.suffix not in ("", ".csv")] == []


def test_a_parquet_file_holds_everything(outputs: StoredOutputs, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    sort = SortOrder(column="x", descending=True)
    assert asked(outputs, ExportQuestion, path=str(path), format="parquet", sort=sort) == ExportAnswer(rows=200)
    read, frame = pl.read_parquet(path), sample_frame()
    assert read["n"].to_list() == order(outputs, "x", descending=True)
    joined = frame.join(read.select("n"), on="n", how="right", maintain_order="right")
    assert read["kind"].dtype == pl.Enum(CLASSES)
    assert read["image"].dtype == frame["image"].dtype
    assert np.array_equal(read["image"].to_numpy(), joined["image"].to_numpy())


def test_a_file_that_cannot_be_written_leaves_nothing(outputs: StoredOutputs, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="cannot be written"):
        asked(outputs, ExportQuestion, path=str(tmp_path / "missing" / "out.csv"), format="csv")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(NodeError, match="Parquet"):
        asked(outputs, ExportQuestion, path=str(tmp_path / "out.csv"), format="csv", columns=["image"])
    assert sorted(tmp_path.iterdir()) == before


# --------------------------------------------------------------------------------------------------------- awkward tables

AWKWARD: dict[str, pl.DataFrame] = {
    "no columns": pl.DataFrame(),
    "no rows": sample_frame(0),
    "one row": sample_frame(1),
    "all missing": pl.DataFrame({c: pl.Series([None] * 3, dtype=d) for c, d in sample_frame(1).schema.items()}),
    "only null": pl.DataFrame({"nothing": [None, None]}),
    "weird names": pl.DataFrame({name: [n] for n, name in enumerate(WEIRD)}),
    "nested": pl.DataFrame({"a": [[["x"], []], None], "b": [{"p": 1, "q": [1.5]}, None], "c": [[{"z": 1}], []]}),
    "times": pl.DataFrame({
        "t": [dt.time(1, 2, 3), None], "d": [dt.timedelta(days=1), None],
        "z": pl.Series([dt.datetime(2020, 1, 1), None]).dt.replace_time_zone("UTC"),
    }),
    "not finite": pl.DataFrame({"v": [math.inf, -math.inf, math.nan], "one": [math.nan] * 3, "big": [1e308, -1e308, 0.0]}),
    "large integers": pl.DataFrame({"u": pl.Series([2**64 - 1, 0], dtype=pl.UInt64), "i": [-(2**63), 2**63 - 1]}),
    "long text": pl.DataFrame({"t": ["a" * 100_000, "line\nbreak", "\x00", "😀"]}),
    "odd numbers": pl.DataFrame({
        "decimal": pl.Series(["1.25", None], dtype=pl.String).cast(pl.Decimal(10, 2)),
        "half": pl.Series([1.5, None], dtype=pl.Float32),
        "cat": pl.Series(["b", None], dtype=pl.Categorical),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_every_answer_copes_with_awkward_tables(name: str, tmp_path: Path) -> None:
    frame = AWKWARD[name]
    outputs = stored(tmp_path, Table.of(frame))
    described = asked(outputs, TableQuestion)
    assert [c.name for c in described.columns] == frame.columns
    page = asked(outputs, RowsQuestion, start=0, stop=50)
    for column in frame.columns:
        texts = page.cells.get(column)
        present = page.images[column].present if texts is None else [t is not None for t in texts]
        assert list(present) == frame.get_column(column).rename("x").is_not_null().to_list()
        assert asked(outputs, StatisticsQuestion, columns=[column]).columns[0].missing == frame.get_column(column).null_count()
    for column in described.columns:
        if column.sortable:
            asked(outputs, RowsQuestion, start=0, stop=5, sort=SortOrder(column=column.name, descending=True))
    assert asked(outputs, FindQuestion, text="1").done
    assert asked(outputs, CopyQuestion, ranges=[[0, frame.height]]).rows == frame.height
    if name not in ("no columns", "only null"):
        assert asked(outputs, ExportQuestion, path=str(tmp_path / "o.parquet"), format="parquet").rows == frame.height
        assert pl.read_parquet(tmp_path / "o.parquet").columns == frame.columns


def test_a_table_of_many_pieces_on_disk_reads_as_one(tmp_path: Path) -> None:
    rows = 300_000
    base = Table.of(pl.DataFrame({"n": np.arange(rows), "text": np.arange(rows).astype(str)}))
    taken = stored(tmp_path / "a", base).table("table").take(np.arange(rows)[::-3])
    outputs = stored(tmp_path / "b", taken.with_columns(pl.DataFrame({"m": np.arange(len(range(rows)[::-3]))})))
    assert cells(outputs, "n", 0, 3) == [str(rows - 1), str(rows - 4), str(rows - 7)]
    assert cells(outputs, "n", 0, 2, sort=SortOrder(column="m", descending=True)) == ["2", "5"]
    assert asked(outputs, FindQuestion, text=str(rows - 4), columns=["text"]).row == 1
    found = asked(outputs, FindQuestion, text="12345", columns=["n", "text"])
    while not found.done:
        found = asked(outputs, FindQuestion, text="12345", columns=["n", "text"], start=found.searched)
    by_hand = taken.frame().with_row_index().filter(pl.any_horizontal(pl.col("n", "text").cast(pl.String).str.contains("12345")))
    assert found.row == by_hand["index"][0]


# --------------------------------------------------------------------------------------------------------------- filters


def passing(outputs: StoredOutputs, *filters: CellCondition, sort: SortOrder | None = None) -> list[int]:
    """The rows that pass, by the number that each of them has in the stored table."""
    shown = cells(outputs, "n", filters=filters, sort=sort)
    assert asked(outputs, TableQuestion, filters=filters).rows == len(shown)
    assert asked(outputs, TableQuestion, filters=filters).total == 200
    places = {n: row for row, n in enumerate(sample_frame()["n"])}
    return [places[int(n or 0)] for n in shown]


def by_hand(holds: pl.Expr) -> list[int]:
    return sample_frame().select(holds.fill_null(value=False).arg_true()).to_series().to_list()


FIRST, THIRD = dt.date(2020, 2, 1), dt.date(2020, 2, 3)
DAY, AT_10 = pl.col("day"), dt.datetime(2020, 1, 1, 12, 0, 10)
FILTERS: list[tuple[CellCondition, pl.Expr]] = [
    (CellCondition(column="name", kind="contains", text="ROW 1"), pl.col("name").str.contains("Row 1")),
    (CellCondition(column="name", kind="equals", text="Row 1"), pl.col("name") == "Row 1"),
    (CellCondition(column="name", kind="missing"), pl.col("name").is_null()),
    (CellCondition(column="name", kind="present"), pl.col("name").is_not_null()),
    (CellCondition(column="kind", kind="contains", text="a"), pl.col("kind").cast(pl.String).is_in(["Bag", "Coat"])),
    (CellCondition(column="kind", kind="equals", text="Coat"), pl.col("kind") == "Coat"),
    (CellCondition(column="kind", kind="contains", text="zebra"), pl.col("n") < 0),
    (CellCondition(column="label", kind="equals", text="Dress"), pl.col("label") == 2),
    (CellCondition(column="label", kind="equals", text="2"), pl.col("n") < 0),
    (CellCondition(column="n", kind="range", low="10", high="12"), pl.col("n").is_between(10, 12)),
    (CellCondition(column="n", kind="range", low="9.5"), pl.col("n") >= 10),
    (CellCondition(column="n", kind="range", high=str(2**70)), pl.col("n") >= 0),
    (CellCondition(column="n", kind="equals", text="1\u202f000"), pl.col("n") < 0),
    (CellCondition(column="x", kind="range", low="0"), pl.col("x").is_not_nan() & (pl.col("x") >= 0)),
    (CellCondition(column="x", kind="range"), pl.col("x").is_not_nan()),
    (CellCondition(column="x", kind="equals", text="nan"), pl.col("x").is_nan()),
    (CellCondition(column="yes", kind="equals", text="True"), pl.col("yes")),
    (CellCondition(column="day", kind="range", low="2020-02-01", high="2020-02-03"), DAY.is_between(FIRST, THIRD)),
    (CellCondition(column="when", kind="equals", text="2020-01-01"), pl.col("n") >= 0),
    (CellCondition(column="when", kind="range", low="2020-01-01", high="2020-01-01 12:00:10"), pl.col("when") <= AT_10),
    (CellCondition(column="image", kind="missing"), pl.col("n") < 0),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), FILTERS)
def test_a_filter_leaves_the_rows_that_polars_finds_by_hand(
    outputs: StoredOutputs, given: CellCondition, expected: pl.Expr
) -> None:
    assert passing(outputs, given) == by_hand(expected)


def test_filters_hold_all_at_once_in_the_order_of_the_sorting(outputs: StoredOutputs) -> None:
    filters = (CellCondition(column="kind", kind="equals", text="Bag"), CellCondition(column="n", kind="range", high="99"))
    found = passing(outputs, *filters, sort=SortOrder(column="n", descending=True))
    rows = sample_frame().with_row_index("row").filter((pl.col("kind") == "Bag") & (pl.col("n") < 100))
    assert found == rows.sort("n", descending=True)["row"].to_list()


def test_what_is_searched_and_copied_is_what_passes(outputs: StoredOutputs) -> None:
    filters = (CellCondition(column="kind", kind="equals", text="Coat"),)
    found = asked(outputs, FindQuestion, text="Dress", filters=filters)
    assert (found.row, found.done) == (None, True)
    copied = asked(outputs, CopyQuestion, ranges=((0, 200),), columns=("kind",), filters=filters)
    assert set(copied.payload.decode().split("\n")) == {"Coat"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (CellCondition(column="n", kind="equals", text="ten"), "'ten' is no number."),
        (CellCondition(column="day", kind="range", low="yesterday"), "'yesterday' is no day."),
        (CellCondition(column="when", kind="range", high="12:99"), "'12:99' is no point of time."),
        (CellCondition(column="yes", kind="equals", text="maybe"), "'maybe' is neither true nor false."),
        (CellCondition(column="image", kind="contains", text="a"), "Column 'image' has no texts to look into."),
        (CellCondition(column="name", kind="range", low="1"), "Column 'name' has no numbers and no points of time."),
        (CellCondition(column="nam", kind="missing"), "There is no column 'nam'"),
    ],
)
def test_what_is_not_understood_is_refused_in_words(outputs: StoredOutputs, given: CellCondition, message: str) -> None:
    with pytest.raises(NodeError) as error:
        asked(outputs, TableQuestion, filters=(given,))
    assert message in error.value.message
    assert error.value.remedy


def test_points_of_time_in_a_zone_are_read_in_that_zone(tmp_path: Path) -> None:
    hours = pl.datetime_range(dt.datetime(2024, 7, 1), dt.datetime(2024, 7, 3), "1h", time_zone="Europe/Berlin", eager=True)
    outputs = stored(tmp_path, Table.of(pl.DataFrame({"when": hours})))
    day = CellCondition(column="when", kind="equals", text="2024-07-02")
    assert asked(outputs, TableQuestion, filters=(day,)).rows == 24
    assert asked(outputs, RowsQuestion, start=0, stop=1, filters=(day,)).cells["when"][0].startswith("2024-07-02 00:00")  # type: ignore[union-attr]
