"""Brings the rows of a table to TensorFlow: in which order, in which portions, and early enough.

Several batches are gathered at once, by a thread that is a few portions ahead, and go to TensorFlow as one block that it
cuts into batches itself. How many batches make a block follows from how long they take, so that a person who cancels
does not wait. The order of an epoch depends on the seed and the epoch's number alone: a training that was interrupted
goes on with the order it would have had.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nodes.base import NodeError
from nodes.kit.networks.binding import TensorReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUN_BYTES = 2**20
"""Rows that lie together and are read together, where a table is too large to be read in any order."""

BLOCK_BYTES = 32 * 2**20
"""A block is not larger than this, if it has more than one batch."""

BLOCK_SECONDS = 0.2
"""How long a block should take: it is the time until a cancelled training ends."""

BLOCK_BATCHES = 64
"""A block has no more batches than this; the cost per block is not noticeable from about 8 batches on."""

READ_AHEAD = 2
"""Blocks that are read before they are asked for."""


class RowOrder:
    """The order in which a table's rows are read.

    Rows that take less than `buffer_bytes` together are permuted as a whole. Of larger tables, runs of neighbouring rows
    are permuted, and rows are permuted within groups of runs that fill the buffer: so what is being read stays within
    the buffer, and is read from disk run by run.

    Args:
        count: Number of rows.
        row_bytes: Bytes of a row in the columns that are read.
        buffer_bytes: What may be read in any order.
        seed: Of all permutations; None reads the rows in their own order.
    """

    def __init__(self, count: int, row_bytes: int, buffer_bytes: int, seed: int | None) -> None:
        self.count = count
        self._seed = seed
        whole = count * row_bytes <= buffer_bytes
        self._run = max(count, 1) if whole else max(1, RUN_BYTES // max(row_bytes, 1))
        self._runs_per_group = 1 if whole else max(1, buffer_bytes // (self._run * max(row_bytes, 1)))

    def order(self, epoch: int) -> NDArray[Any] | None:
        """Return the row numbers in the order of an epoch (uint32 or int64); None: as they are."""
        import numpy as np

        if self._seed is None:
            return None
        random = np.random.default_rng([self._seed, epoch])
        dtype = np.uint32 if self.count < 2**32 else np.int64
        starts = np.arange(0, self.count, self._run)
        runs = [np.arange(start, min(start + self._run, self.count), dtype=dtype) for start in random.permutation(starts)]
        groups = [runs[n : n + self._runs_per_group] for n in range(0, len(runs), self._runs_per_group)]
        return np.concatenate([random.permutation(np.concatenate(group)) for group in groups] or [np.empty(0, dtype)])


class BlockSize:
    """How many batches make a block, by how long they took."""

    def __init__(self, batch_bytes: int) -> None:
        self._most = max(1, min(BLOCK_BATCHES, BLOCK_BYTES // max(batch_bytes, 1)))
        self.batches = 1

    def took(self, seconds: float, batches: int) -> None:
        """Learn from a block: go towards what takes `BLOCK_SECONDS`, at most twice as many at once."""
        fitting = int(BLOCK_SECONDS * batches / max(seconds, 1e-9))
        self.batches = max(1, min(fitting, self.batches * 2, self._most))


@dataclass(frozen=True)
class BatchBlock:
    """Some batches, one after the other.

    Attributes:
        tensors: One array per source, (rows, *shape).
        first: Position of its first row in the epoch.
        batches: Number of batches in it; the last one may be short.
    """

    tensors: tuple[NDArray[Any], ...]
    first: int
    batches: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.tensors[0])


class BatchLoader:
    """The rows of a table as blocks of batches.

    Args:
        sources: What to read of each row; several tensors.
        count: Number of rows.
        batch_size: Rows of a batch. The last batch of an epoch may be shorter.
        buffer_bytes: How much may be read in any order.
        seed: For the order; None: as the rows are.
        whole_batches: Leave out the last batch where it would be short, as networks with a fixed batch size need it.
        most_batches: No more batches than this in an epoch; empty: all rows.
    """

    def __init__(
        self,
        sources: Sequence[TensorReader],
        count: int,
        batch_size: int,
        *,
        buffer_bytes: int = 0,
        seed: int | None = None,
        whole_batches: bool = False,
        most_batches: int | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self.batch_size = batch_size
        self.whole_batches = whole_batches
        row_bytes = sum(source.row_bytes for source in sources)
        self._rows = RowOrder(count, row_bytes, buffer_bytes, seed)
        self.count = count - count % batch_size if whole_batches else count
        if most_batches is not None:
            self.count = min(self.count, most_batches * batch_size)
        self.block_size = BlockSize(row_bytes * batch_size)

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return -(-self.count // self.batch_size)

    def require_batches(self, what: str) -> None:
        """Refuse a table of which no batch is left.

        Args:
            what: What the table is for, as in `the training table`.

        Raises:
            NodeError: If whole batches are needed, and there is none.
        """
        if not self.batches:
            raise NodeError(
                f"The {what} table has fewer rows than the network's fixed batch size of {self.batch_size}.",
                "Use a network without a fixed batch size, or more rows.",
            )

    def trial(self) -> tuple[NDArray[Any], ...]:
        """Return a few rows to try a model on before the work begins: one, or a batch where only whole ones will do."""
        rows = slice(0, self.batch_size if self.whole_batches else 1)
        return tuple(source.read(rows) for source in self.sources)

    def blocks(self, epoch: int = 0) -> Generator[BatchBlock]:
        """Yield the blocks of an epoch; how long each takes to be used up makes the following ones larger or smaller."""
        order = self._rows.order(epoch)
        with ThreadPoolExecutor(1, thread_name_prefix="feed") as reader:
            ahead: deque[Future[BatchBlock]] = deque()
            start = 0
            try:
                while start < self.count or ahead:
                    while start < self.count and len(ahead) < READ_AHEAD:
                        stop = min(start + self.block_size.batches * self.batch_size, self.count)
                        ahead.append(reader.submit(self._read, order, start, stop))
                        start = stop
                    block = ahead.popleft().result()
                    began = time.perf_counter()
                    yield block
                    self.block_size.took(time.perf_counter() - began, block.batches)
            finally:
                for waiting in ahead:
                    waiting.cancel()

    def _read(self, order: NDArray[Any] | None, start: int, stop: int) -> BatchBlock:
        rows = slice(start, stop) if order is None else order[start:stop]
        tensors = tuple(source.read(rows) for source in self.sources)
        return BatchBlock(tensors, start, -(-(stop - start) // self.batch_size))
