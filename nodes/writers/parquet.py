"""Parquet Writer: a table becomes a file of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import polars as pl

from nodes.base import Job, NodeError, Spec, Specs, Value, Values, setting
from nodes.kit.files.writing import FileWriter, pieces, refuse
from nodes.values.table import BATCH_BYTES

_GROUP_ROWS = 2**17
"""Rows of a group that nobody set; fewer where rows are wide, so that a group stays in memory."""
_MEASURED = 256
LEVELS = {"zstd": 22, "gzip": 9, "brotli": 11}


class ParquetWriter(FileWriter):
    """Write a table into a Parquet file: small, quick to read column by column, and known to nearly every program of data.

    The rows are written piece by piece, however many there are. Types are kept: categories, lists, images as arrays of numbers
    and encoded images. Which classes numbers stand for is not: the Table Writer keeps that, too.

    The defaults are those of polars (KNIME's compression is snappy).

    Example: `cleaned.parquet` with the compression zstd, for a colleague who goes on in pandas.
    """

    id = "writers.parquet"
    title = "Parquet Writer"
    icon = "mdi6.view-column-outline"
    keywords = (
        "write_parquet", "sink_parquet", "columnar", "zstd", "snappy", "export", "save", "arrow", "spark", "pandas",
    )  # fmt: skip

    compression: Literal["zstd", "snappy", "gzip", "brotli", "lz4_raw", "uncompressed"] = setting(
        "zstd",
        "Compression",
        "How the columns are packed.",
        choices={
            "zstd": "Small and quick.",
            "snappy": "Quick, and read by all programs, even old ones.",
            "gzip": "Small and slow.",
            "brotli": "Smallest, and very slow.",
            "lz4_raw": "Very quick.",
            "uncompressed": "Not at all.",
        },
    )
    compression_level: int | None = setting(
        None,
        "Compression level",
        "More is smaller and slower: up to 22 with zstd, 9 with gzip, 11 with brotli; empty: the format's own.",
        ge=1,
        le=22,
        shown_if={"compression": list(LEVELS)},
        advanced=True,
    )
    row_group_size: int | None = setting(
        None,
        "Rows per group",
        "Readers read and skip whole groups; empty: 131 072, fewer where rows are large.",
        ge=1,
        advanced=True,
    )
    statistics: bool = setting(
        True, "Statistics", "Whether smallest and largest values are noted, so that readers can skip groups.", advanced=True
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check the columns and the place to write to."""
        self.check_target(specs)
        most = LEVELS.get(self.compression)
        if self.compression_level is not None and most is not None and self.compression_level > most:
            message = f"{self.compression} has no level {self.compression_level}."
            raise NodeError(message, f"Choose one up to {most}.", setting="compression_level")
        if not specs.table().schema:
            raise NodeError("The table has no columns.", "A Parquet file needs one at least.", setting="path")
        refuse(specs.table(), (pl.Object,), "a Parquet file")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write group by group."""
        from polars.io.plugins import register_io_source

        table = values.table()

        def source(
            with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
        ) -> Iterator[pl.DataFrame]:
            # A query of nothing but a sink asks for all columns and rows.
            yield from pieces(table, job)

        # What the first rows take tells how many fit into memory: cells of texts or encoded images have any size.
        first = table.slice(0, _MEASURED).frame()
        measured = int(BATCH_BYTES / max(first.estimated_size() / max(first.height, 1), 1))
        group = self.row_group_size or min(_GROUP_ROWS, max(1, min(table.rows_per_batch(), measured) * 4))
        level: dict[str, Any] = {"compression_level": self.compression_level} if self.compression in LEVELS else {}
        with self.writing(job) as stream:
            register_io_source(source, schema=table.schema).sink_parquet(
                stream,
                compression="lz4" if self.compression == "lz4_raw" else self.compression,
                row_group_size=group,
                statistics=self.statistics,
                **level,
            )
        return {}
