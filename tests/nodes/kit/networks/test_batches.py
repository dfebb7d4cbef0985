"""Rows reach the training in a reproducible order, all of them once, and in portions that follow their cost."""

from __future__ import annotations

import threading

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.kit.networks.batches import BLOCK_BATCHES, BLOCK_SECONDS, RUN_BYTES, BatchLoader, BlockSize, RowOrder
from nodes.kit.networks.binding import TensorReader, bind
from nodes.values.network import TensorSpec
from nodes.values.table import Table


def source(rows: int = 100) -> TensorReader:
    table = Table.of(pl.DataFrame({"x": np.arange(rows, dtype=np.int32)}))
    return bind(table.spec, TensorSpec((1,)), ["x"], "auto", setting="inputs.0").open(table)


@given(
    st.integers(0, 3000),
    st.sampled_from([1, RUN_BYTES // 100, RUN_BYTES, 3 * RUN_BYTES]),
    st.integers(0, 4 * RUN_BYTES),
    st.integers(0, 5),
)
def test_every_row_comes_once_in_an_epoch(count: int, row_bytes: int, buffer: int, epoch: int) -> None:
    order = RowOrder(count, row_bytes, buffer, seed=1).order(epoch)
    assert order is not None
    assert sorted(order.tolist()) == list(range(count))


def test_the_order_follows_from_seed_and_epoch() -> None:
    first, again, other_seed = (RowOrder(1000, 4, 2**20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.order(3), again.order(3))
    assert (first.order(3) != first.order(4)).any()
    assert (first.order(3) != other_seed.order(3)).any()
    assert RowOrder(1000, 4, 2**20, None).order(3) is None


def test_a_large_table_is_read_within_the_buffer() -> None:
    """Neighbouring rows of the order come from as many runs as fill the buffer, from all over the table."""
    row_bytes, runs_per_group, rows_per_run = 1024, 4, RUN_BYTES // 1024
    order = RowOrder(40 * rows_per_run, row_bytes, runs_per_group * RUN_BYTES, seed=0).order(1)
    assert order is not None
    groups = order.reshape(-1, runs_per_group * rows_per_run)
    runs = [set((group // rows_per_run).tolist()) for group in groups]
    assert all(len(group) == runs_per_group for group in runs)
    assert max(max(group) - min(group) for group in runs) > 20
    assert (np.diff(groups[0].astype(np.int64)) != 1).mean() > 0.9


def test_blocks_hold_whole_batches_and_a_short_last_one() -> None:
    loader = BatchLoader([source(100)], 100, 32, seed=0, buffer_bytes=2**20)
    rows: list[int] = []
    for block in loader.blocks(1):
        assert block.first == len(rows)
        assert block.rows == min(block.batches * 32, 100 - block.first)
        rows += block.tensors[0].ravel().tolist()
    assert sorted(rows) == list(range(100))
    assert loader.batches == 4


def test_whole_batches_leave_the_rest_out() -> None:
    loader = BatchLoader([source(100)], 100, 32, whole_batches=True)
    assert loader.batches == 3
    assert sum(block.rows for block in loader.blocks()) == 96


def test_an_unused_rest_leaves_no_thread_behind() -> None:
    blocks = BatchLoader([source(10_000)], 10_000, 1).blocks()
    next(blocks)
    blocks.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("feed")]


def test_what_is_wrong_with_the_data_comes_through() -> None:
    table = Table.of(pl.DataFrame({"x": [0.0] * 50 + [float("nan")]}))
    loader = BatchLoader([bind(table.spec, TensorSpec((1,)), ["x"], "auto", setting="inputs.0").open(table)], 51, 10)
    with pytest.raises(NodeError, match="Column 'x', row 51"):
        list(loader.blocks())


def test_blocks_follow_the_cost_of_a_batch() -> None:
    fast, slow, wide = BlockSize(1000), BlockSize(1000), BlockSize(2**30)
    for _ in range(20):
        fast.took(0.0001 * fast.batches, fast.batches)
        slow.took(2 * BLOCK_SECONDS * slow.batches, slow.batches)
        wide.took(0.0001 * wide.batches, wide.batches)
    assert fast.batches == BLOCK_BATCHES
    assert slow.batches == 1
    assert wide.batches == 1
    fast.took(10.0, fast.batches)
    assert fast.batches == 1
