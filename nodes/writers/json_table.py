"""JSON Writer: a table becomes records in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Job, NodeError, Spec, Specs, Value, Values, setting
from nodes.kit.files.writing import FileWriter, pieces, refuse
from nodes.values.table import describe_dtype


class JsonWriter(FileWriter):
    """Write a table as JSON: a list of records, or a record in each line (NDJSON, JSON lines).

    A record has a name for each column. Missing cells are null, and so are NaN and infinite numbers, for which JSON has no word.
    Dates and times are texts as in ISO 8601. Images and other collections become lists of numbers, if they are wanted; encoded
    images (Binary) have no place in JSON.

    Example: `results.ndjson` in lines, to be loaded into a document database.
    """

    id = "writers.json"
    title = "JSON Writer"
    icon = "mdi6.code-braces-box"
    keywords = (
        "NDJSON",
        "JSON lines",
        "jsonl",
        "write_json",
        "Table to JSON",
        "records",
        "export",
        "save",
    )

    format: Literal["list", "lines"] = setting(
        "list", "Format", "How the records are arranged.", choices={"list": "In one list.", "lines": "One a line."}
    )
    collections: Literal["lists", "refuse"] = setting(
        "lists",
        "Images and collections",
        "What becomes of columns whose cells hold several values.",
        choices={
            "lists": "They become lists; an image takes several characters for each of its numbers.",
            "refuse": "They are an error.",
        },
    )
    empty_cells: Literal["null", "left out"] = setting(
        "null",
        "Missing cells",
        "What stands for a missing cell.",
        choices={"null": "The word null.", "left out": "Nothing: the record lacks it."},
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check the columns and the place to write to."""
        self.check_target(specs)
        refuse(specs.table(), (pl.Object, pl.Binary), "JSON")
        if self.collections == "refuse":
            for column, dtype in specs.table().schema.items():
                if isinstance(dtype, pl.Array | pl.List):
                    message = f"Column '{column}' is {describe_dtype(dtype)}."
                    raise NodeError(message, "Filter it out, or have collections written as lists.", setting="collections")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write piece by piece."""
        table = values.table()
        with self.writing(job) as stream:
            if self.format == "lines":
                for piece in pieces(table, job):
                    stream.write(self._lines(piece))
                return {}
            stream.write(b"[")
            between = b"\n"
            for piece in pieces(table, job):
                # A record's own line breaks are written as \\n, so what is one here ends a record.
                records = self._lines(piece).rstrip(b"\n").replace(b"\n", b",\n")
                if records:
                    stream.write(between + records)
                    between = b",\n"
            stream.write(b"\n]\n")
        return {}

    def _lines(self, piece: pl.DataFrame) -> bytes:
        import json

        if not piece.width:
            return b"{}\n" * piece.height
        # polars writes moments with a blank between day and time.
        moments = [c for c, d in piece.schema.items() if isinstance(d, pl.Datetime) and d.time_zone is None]
        text = piece.with_columns(pl.col(moments).dt.to_string("iso:strict")).write_ndjson()
        if self.empty_cells == "null":
            return text.encode()
        records = (json.loads(line) for line in text.split("\n") if line)
        kept = ({name: cell for name, cell in record.items() if cell is not None} for record in records)
        return "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in kept).encode()
