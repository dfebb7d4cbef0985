"""Table Writer: a table is kept exactly as it is, for the Table Reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Job, Spec, Specs, Value, Values, setting
from nodes.kit.files.arrow import CLASSES_NOTE, COMPRESSIONS, write_arrow
from nodes.kit.files.writing import FileWriter, refuse, refuse_huge


class TableWriter(FileWriter):
    """Keep a table exactly as it is: images, categories, types, and which classes numbers stand for.

    The file is an Arrow IPC file, so that other programs read it as well; the classes are a note beside the columns. It is
    written piece by piece, however many rows there are. The file's usual ending is .table. Whole numbers of 128 bits, which
    Arrow does not have, are refused.

    Example: `prepared.table` after the images were resized and normalised, so that the workflow that trains networks begins
    with a Table Reader.
    """

    id = "writers.table"
    title = "Table Writer"
    icon = "mdi6.table-arrow-right"
    keywords = ("save table", "export", "arrow", "images", "exact copy", "keep", "cache", ".table")

    compression: Literal["none", "lz4", "zstd"] = setting(
        "lz4", "Compression", "How the columns are packed.", choices=COMPRESSIONS
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check the columns and the place to write to."""
        self.check_target(specs)
        refuse(specs.table(), (pl.Object,), "a file")
        refuse_huge(specs.table(), "a file")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write batch by batch."""
        table = values.table()
        note = json.dumps({"classes": {column: list(names) for column, names in table.classes.items()}})
        with self.writing(job) as stream:
            write_arrow(table, stream, job, self.compression, metadata={CLASSES_NOTE: note.encode()})
        return {}
