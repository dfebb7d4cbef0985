"""The running node's line to the engine (`nodes.base.Job`)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.engine.arrow_files import map_frame
from app.engine.events import Listener, NodeLog, NodeMetrics, NodeProgress
from app.engine.fingerprints import signature
from app.engine.permissions import Claims
from nodes.base import Cancelled
from nodes.values.table import BATCH_BYTES, Part, Table, cell_bytes

if TYPE_CHECKING:
    import polars as pl

EVENTS_PER_SECOND = 15
"""Progress and points of curves are passed on at most this often; the last one of an epoch always."""


@dataclass
class RunControl:
    """What the person wants of a run in progress.

    Attributes:
        cancel: Set to stop the run.
        cancelled_nodes: Ids of nodes that are to stop, or not to begin; what is behind them is skipped, the rest goes on.
        stop: Ids of nodes that are to end early and keep what they have.
    """

    cancel: threading.Event = field(default_factory=threading.Event)
    cancelled_nodes: set[str] = field(default_factory=set)
    stop: set[str] = field(default_factory=set)

    def is_cancelled(self, node: str) -> bool:
        """Return whether a node is to stop."""
        return self.cancel.is_set() or node in self.cancelled_nodes


class EngineJob:
    """A `nodes.base.Job` that passes everything on as events.

    Args:
        run: The run's id.
        node: The node's id.
        folder: The workflow's folder.
        scratch: Makes and gives the folder that outlives a killed run.
        streams: Makes and gives the folder where streamed tables are written.
        listener: Gets the events.
        control: The person's wishes.
        claims: Where it may write.

    Attributes:
        warnings: What the node warned of.
        written: The user's files it wrote -> their signature.
        used_scratch: Whether it asked for the scratch folder.
    """

    def __init__(
        self,
        *,
        run: str,
        node: str,
        folder: Path,
        scratch: Callable[[], Path],
        streams: Callable[[], Path],
        listener: Listener,
        control: RunControl,
        claims: Claims | None = None,
    ) -> None:
        self.node = node
        self.warnings: list[str] = []
        self.written: dict[str, str] = {}
        self.used_scratch = False
        self._run = run
        self._folder = folder
        self._scratch = scratch
        self._streams = streams
        self._listener = listener
        self._control = control
        self._claims = claims
        self._last = {"progress": 0.0, "metrics": 0.0}
        self._stream_count = 0

    @property
    def scratch(self) -> Path:
        """See `nodes.base.Job`."""
        self.used_scratch = True
        return self._scratch()

    def resolve(self, path: str | Path) -> Path:
        """See `nodes.base.Job`."""
        return (self._folder / Path(path).expanduser()).resolve()

    def progress(self, fraction: float | None, message: str = "") -> None:
        """See `nodes.base.Job`."""
        if self._due("progress"):
            self._listener(NodeProgress(run=self._run, node=self.node, fraction=fraction, message=message))

    def metrics(self, step: float, values: Mapping[str, float], *, epoch: bool = False) -> None:
        """See `nodes.base.Job`."""
        if epoch or self._due("metrics"):
            finite = {name: float(value) for name, value in values.items() if math.isfinite(value)}
            self._listener(NodeMetrics(run=self._run, node=self.node, step=step, values=finite, epoch=epoch))

    def log(self, message: str) -> None:
        """See `nodes.base.Job`."""
        self._listener(NodeLog(run=self._run, node=self.node, level="info", message=message))

    def warn(self, message: str) -> None:
        """See `nodes.base.Job`."""
        self.warnings.append(message)
        self._listener(NodeLog(run=self._run, node=self.node, level="warning", message=message))

    @property
    def cancelled(self) -> bool:
        """See `nodes.base.Job`."""
        return self._control.is_cancelled(self.node)

    def check_cancelled(self) -> None:
        """See `nodes.base.Job`."""
        if self.cancelled:
            raise Cancelled

    @property
    def stop_requested(self) -> bool:
        """See `nodes.base.Job`."""
        return self.node in self._control.stop

    def stream(self, batches: Iterable[pl.DataFrame]) -> Table:
        """See `nodes.base.Job`."""
        import polars as pl
        import pyarrow as pa

        self._stream_count += 1
        path = self._streams() / f"stream-{self._stream_count}.arrow"
        writer: pa.ipc.RecordBatchFileWriter | None = None
        schema = None
        with pa.OSFile(str(path), "wb") as sink:
            for frame in batches:
                self.check_cancelled()
                if schema is None:
                    schema = frame.schema
                    width = sum(cell_bytes(d) for d in schema.values())
                    step = max(1, BATCH_BYTES // max(width, 1))
                elif frame.schema != schema:
                    raise ValueError(f"a streamed table changed its columns from {schema} to {frame.schema}")
                arrow = frame.to_arrow(compat_level=pl.CompatLevel.newest())
                if writer is None:
                    writer = pa.ipc.new_file(sink, arrow.schema)
                writer.write_table(arrow, max_chunksize=step)
            if writer is None:
                raise ValueError("at least one frame must be streamed, to say which columns there are")
            writer.close()
        frame = map_frame(path)
        return Table([Part(frame, {c: c for c in frame.columns}, file=path)])

    def claim(self, path: Path) -> None:
        """See `nodes.base.Job`."""
        if self._claims is not None:
            self._claims.claim(path)

    def wrote(self, path: Path) -> None:
        """See `nodes.base.Job`."""
        self.written[str(path)] = signature(path)

    def _due(self, what: str) -> bool:
        now = time.monotonic()
        if now - self._last[what] < 1 / EVENTS_PER_SECOND:
            return False
        self._last[what] = now
        return True
