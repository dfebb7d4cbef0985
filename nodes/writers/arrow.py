"""Arrow Writer: a table becomes an Arrow IPC file, an Arrow stream or a Feather file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Job, Spec, Specs, Value, Values, setting
from nodes.kit.files.arrow import COMPRESSIONS, write_arrow
from nodes.kit.files.writing import FileWriter, refuse, refuse_huge


class ArrowWriter(FileWriter):
    """Write a table into an Arrow IPC file, which is also what Feather (version 2) is, or into an Arrow stream.

    The rows are written piece by piece, however many there are, as they stand in memory: nothing is quicker to write and read.
    Types are kept: categories, lists, images as arrays of numbers. Which classes numbers stand for is not: the Table Writer
    keeps that, too.

    Example: `features.feather` with the compression lz4, which R and pandas read with `read_feather`.
    """

    id = "writers.arrow"
    title = "Arrow Writer"
    icon = "mdi6.bow-arrow"
    keywords = ("Feather", "IPC", "write_ipc", "to_feather", "pyarrow", "stream", "export", "save")

    format: Literal["file", "stream"] = setting(
        "file",
        "Format",
        "How the record batches are arranged.",
        choices={
            "file": "With an index at its end: a Feather file, too.",
            "stream": "One after the other, for other programs' pipes.",
        },
    )
    compression: Literal["none", "lz4", "zstd"] = setting(
        "none", "Compression", "How the columns are packed.", choices=COMPRESSIONS
    )
    older: bool = setting(
        False,
        "For older programs",
        "Text is written in the way that every reader of Arrow knows, which takes a copy; else as polars has it (string views).",
        advanced=True,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check the columns and the place to write to."""
        self.check_target(specs)
        refuse(specs.table(), (pl.Object,), "an Arrow file")
        refuse_huge(specs.table(), "an Arrow file")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write batch by batch."""
        with self.writing(job) as stream:
            write_arrow(values.table(), stream, job, self.compression, stream_format=self.format == "stream", older=self.older)
        return {}
