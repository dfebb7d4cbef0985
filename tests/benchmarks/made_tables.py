"""Nodes that make a table of random content, as large as a benchmark needs it, without holding it in memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from nodes.base import Job, Node, Port, Spec, Specs, Value, Values, setting

if TYPE_CHECKING:
    import polars as pl


class MadeTable(Node):
    """Make rows, piece by piece."""

    shelf: ClassVar[str] = "Readers"
    output_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "Rows"),)
    piece: ClassVar[int]
    """Rows that are made at a time."""

    rows: int = setting(1, "Rows", "How many.", ge=1)

    @abstractmethod
    def schema_of_rows(self) -> pl.Schema:
        """The columns."""

    @abstractmethod
    def made(self) -> Iterator[pl.DataFrame]:
        """The rows; `counts` says how many are wanted at a time."""

    def counts(self) -> Iterator[int]:
        """How many rows each piece has."""
        for start in range(0, self.rows, self.piece):
            yield min(self.piece, self.rows - start)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        from nodes.values.table import TableSpec

        return {"table": TableSpec(self.schema_of_rows(), self.rows)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        return {"table": job.stream(self.made())}
