"""Cells of every kind become the numbers that a network is fed with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError
from nodes.kit.networks.binding import Conversion, bind
from nodes.values.network import TensorSpec
from nodes.values.table import Table

ENUM = pl.Enum(["a", "b", "c"])


def fed(
    series: pl.Series | list[pl.Series], shape: tuple[int | None, ...], conversion: Conversion = "auto", **more: Any
) -> np.ndarray[Any, Any]:
    """What a network input of `shape` gets from columns: all rows."""
    table = Table.of(pl.DataFrame(series if isinstance(series, list) else [series]))
    source = bind(table.spec, TensorSpec(shape), table.columns, conversion, setting="inputs.0", **more).open(table)
    rows = source.read(slice(0, table.height))
    assert rows.dtype == source.dtype
    assert rows.shape == (table.height, *source.shape)
    np.testing.assert_array_equal(source.read(np.array([table.height - 1, 0])), rows[[-1, 0]])
    return rows


@pytest.mark.parametrize(
    ("series", "shape", "conversion", "expected"),
    [
        (pl.Series("x", [1.5, 2.5]), (1,), "auto", [[1.5], [2.5]]),
        (pl.Series("x", [1, 2], dtype=pl.UInt8), (), "numbers", [1, 2]),
        (pl.Series("x", [Decimal("1.5"), Decimal(2)]), (1,), "auto", [[1.5], [2]]),
        (pl.Series("x", [True, False]), (1,), "auto", [[1], [0]]),
        (pl.Series("x", ["c", "a"], dtype=ENUM), (), "auto", [2, 0]),
        (pl.Series("x", ["c", "a"], dtype=ENUM), (3,), "auto", [[0, 0, 1], [1, 0, 0]]),
        (pl.Series("x", [2, 0]), (3,), "one-hot", [[0, 0, 1], [1, 0, 0]]),
        (pl.Series("x", [[2], [0]], dtype=pl.Array(pl.Int32, 1)), (3,), "one-hot", [[0, 0, 1], [1, 0, 0]]),
        (pl.Series("x", [[1, 0], [0, 0]], dtype=pl.List(pl.Int32)), (2, 2), "one-hot", [[[0, 1], [1, 0]], [[1, 0], [1, 0]]]),
        (pl.Series("x", [["b"], ["a"]], dtype=pl.List(ENUM)), (1,), "collection", [[1], [0]]),
        (pl.Series("x", [[True, False], [True, True]], dtype=pl.Array(pl.Boolean, 2)), (2,), "auto", [[1, 0], [1, 1]]),
        (pl.Series("x", [[1.0, 2.0], [3.0, 4.0]]), (2, 1), "collection", [[[1], [2]], [[3], [4]]]),
        (pl.Series("x", [[1, 2], [3, 4]], dtype=pl.Array(pl.Int16, 2)), (None,), "auto", [[1, 2], [3, 4]]),
    ],
)  # fmt: skip
def test_one_column(series: pl.Series, shape: tuple[int | None, ...], conversion: Conversion, expected: list[Any]) -> None:
    np.testing.assert_array_equal(fed(series, shape, conversion), expected)


def test_several_columns_stand_one_after_the_other() -> None:
    columns = [
        pl.Series("a", [1, 2]),
        pl.Series("b", [[3.0, 4.0], [5.0, 6.0]], dtype=pl.Array(pl.Float32, 2)),
        pl.Series("c", [True, False]),
        pl.Series("d", [[7.0], [8.0]]),
    ]
    np.testing.assert_array_equal(fed(columns, (5,)), [[1, 3, 4, 1, 7], [2, 5, 6, 0, 8]])


def test_images_stay_as_narrow_as_they_are() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 2), np.uint8)
    rows = fed(pl.Series("image", images), (4, 5, 2))
    assert rows.dtype == np.uint8
    np.testing.assert_array_equal(rows, images)


def test_images_for_a_network_with_channels_first() -> None:
    images = np.random.default_rng(0).random((3, 4, 5, 2), np.float32)
    rows = fed(pl.Series("image", images), (2, 4, 5), channels_first=True)
    np.testing.assert_array_equal(rows, images.transpose(0, 3, 1, 2))


def test_chosen_rows_of_a_table_in_several_chunks() -> None:
    halves = [pl.DataFrame({"x": np.arange(n, n + 6, dtype=np.float32).reshape(3, 2)}) for n in (0, 6)]
    table = Table.of(pl.concat(halves, rechunk=False)).take(np.array([5, 0, 3]))
    source = bind(table.spec, TensorSpec((2,)), ["x"], "auto", setting="inputs.0").open(table)
    np.testing.assert_array_equal(source.read(np.array([1, 0])), [[0, 1], [10, 11]])
    np.testing.assert_array_equal(source.read(slice(0, 3)), [[10, 11], [0, 1], [6, 7]])


def test_missing_values_in_rows_that_were_not_chosen_do_not_matter() -> None:
    table = Table.of(pl.DataFrame({"x": pl.Series([1.0, None, 3.0])})).take(np.array([0, 2]))
    source = bind(table.spec, TensorSpec((1,)), ["x"], "auto", setting="inputs.0").open(table)
    np.testing.assert_array_equal(source.read(slice(0, 2)), [[1], [3]])


@pytest.mark.parametrize(
    ("series", "shape", "conversion", "message"),
    [
        (pl.Series("x", [1.0, None]), (1,), "auto", "Column 'x' has a missing value in row 2 of 2"),
        (pl.Series("x", ["a", None], dtype=ENUM), (1,), "auto", "missing value in row 2"),
        (pl.Series("x", [[1.0], [None]]), (1,), "auto", "missing value in row 2"),
        (pl.Series("x", [[[1], [2]], [[None], [2]]], dtype=pl.Array(pl.Int8, (2, 1))), (2,), "auto", "missing value in row 2"),
        (pl.Series("x", [1.0, float("nan")]), (1,), "auto", "Column 'x', row 2: a value is not a number"),
        (pl.Series("x", [0, 3]), (3,), "one-hot", "Column 'x', row 2: a value is no class number from 0 to 2"),
        (pl.Series("x", [0, -1]), (3,), "one-hot", "row 2: a value is no class number"),
        (pl.Series("x", [[1.0, 2.0], [3.0]]), (2,), "auto", "list of column 'x' in row 2 has 1 numbers; 2 are needed"),
        (pl.Series("x", [["a"]]), (1,), "auto", "no numbers to feed a network"),
        (pl.Series("x", [[[1]]]), (1,), "auto", "no numbers to feed a network"),
        (pl.Series("x", ["a"]), (1,), "auto", "Category to Number"),
        (pl.Series("x", [0.5]), (3,), "one-hot", "not integer"),
        (pl.Series("x", [1]), (None,), "auto", "only one array column"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    series: pl.Series, shape: tuple[int | None, ...], conversion: Conversion, message: str
) -> None:
    with pytest.raises(NodeError, match=message):
        fed(series, shape, conversion)


def test_an_empty_table_gives_no_rows() -> None:
    table = Table.of(pl.DataFrame({"x": pl.Series([], dtype=pl.Int32)}))
    source = bind(table.spec, TensorSpec((3,)), ["x"], "one-hot", setting="inputs.0").open(table)
    assert source.read(slice(0, 0)).shape == (0, 3)
