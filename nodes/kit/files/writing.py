"""What writers of single files share: where the file goes, and that it takes its place whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import polars as pl

from nodes.base import Access, Job, Node, NodeError, Port, Specs, setting
from nodes.values.table import BATCH_BYTES, Table, TableSpec, describe_dtype, leaf_dtype

_FIRST_ROWS = 1024
"""So many rows are looked at first where the size of the cells is not known."""
TABLE_PORT = Port("table", "table", "Table", "The table to write.")


class FileWriter(Node):
    """A node that writes one file: aside first, then into its place."""

    shelf = "Writers"
    input_ports = (TABLE_PORT,)

    path: str = setting("", "File", "The file to write.", path="write file")
    if_exists: Literal["fail", "overwrite"] = setting(
        "fail",
        "If the file exists",
        "What becomes of a file that is there already.",
        choices={"fail": "The node stops, and the file stays as it is.", "overwrite": "The new file takes its place."},
    )
    create_folders: bool = setting(True, "Create missing folders", "Whether folders of the path that are not there are made.")

    def accesses(self) -> Sequence[Access]:
        """The file; one that is there already is refused unless the settings say otherwise."""
        return (Access("path", "file", self.path, replaces=self.if_exists != "fail"),) if self.path.strip() else ()

    def check_target(self, specs: Specs) -> None:
        """Find out early whether there is a place to write to.

        Raises:
            NodeError: If there is none.
        """
        check_target(specs, self.path, create_folders=self.create_folders)

    @contextmanager
    def writing(self, job: Job) -> Iterator[IO[bytes]]:
        """Return the file to write into; it takes its place when the block ends well, and the job is told.

        Raises:
            NodeError: If it cannot be written, or must not be.
        """
        path = job.resolve(self.path)
        with refusals(path):
            if self.create_folders:
                path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and self.if_exists == "fail":
                hint = "Remove it, choose another name, or let it be overwritten."
                raise NodeError(f"'{path}' exists already.", hint, setting="if_exists")
            with written_aside(path) as stream:
                yield stream
        job.wrote(path)


def check_target(specs: Specs, given: str, *, create_folders: bool) -> Path:
    """Return the absolute path of a file to write, for which there is a place.

    Raises:
        NodeError: If there is none.
    """
    if not given.strip():
        raise NodeError("No file is chosen.", "Choose the file to write.", setting="path")
    path = specs.resolve(given)
    if path.is_dir():
        raise NodeError(f"'{path}' is a folder.", "Give the name of a file in it.", setting="path")
    if not create_folders and not path.parent.is_dir():
        raise NodeError(f"There is no folder '{path.parent}'.", "Create it, or let it be created.", setting="create_folders")
    return path


@contextmanager
def written_aside(path: Path) -> Iterator[IO[bytes]]:
    """Return a file that takes the place of `path` once it is written and safe on disk; if that fails, nothing is left of it."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with aside.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write `path` into a `NodeError`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "Choose another place, or make room."
        raise NodeError(f"'{path}' cannot be written: {reason}.", hint, setting="path") from error


def refuse(table: TableSpec, kinds: tuple[type[pl.DataType], ...], what: str, setting: str = "path") -> None:
    """Refuse columns that a format cannot hold.

    Raises:
        NodeError: Naming the first one.
    """
    for column, dtype in table.schema.items():
        if isinstance(dtype, kinds):
            message = f"Column '{column}' is {describe_dtype(dtype)}, which {what} cannot hold."
            raise NodeError(message, "Filter the column out before this node.", setting=setting)


def refuse_huge(table: TableSpec, what: str) -> None:
    """Refuse whole numbers of 128 bits, for which Arrow has no type.

    Raises:
        NodeError: Naming the first column of them.
    """
    for column, dtype in table.schema.items():
        leaf = leaf_dtype(dtype)
        if type(leaf).__name__ in ("Int128", "UInt128"):
            message = f"Column '{column}' is {describe_dtype(dtype)}: whole numbers of 128 bits, which {what} cannot hold."
            raise NodeError(message, "Change its type to Int64, Float64 or String.", setting="path")


def pieces(table: Table, job: Job) -> Iterator[pl.DataFrame]:
    """Yield the table piece by piece, with progress and cancel; an empty table gives one empty piece.

    Pieces have about `BATCH_BYTES`, also where cells such as encoded images are larger than one would guess from their types.
    """
    most = table.rows_per_batch()
    varied = any(not _is_plain(dtype) for dtype in table.schema.values())
    rows, start = min(most, _FIRST_ROWS) if varied else most, 0
    while True:
        job.check_cancelled()
        job.progress(start / max(table.height, 1))
        piece = table.slice(start, rows).frame()
        yield piece
        start += max(piece.height, 1)
        if start >= table.height:
            return
        if varied:
            each = piece.estimated_size() / piece.height
            rows = max(1, min(most, int(BATCH_BYTES / max(each, 1)), 4 * rows))


def _is_plain(dtype: pl.DataType) -> bool:
    """Whether all cells take the same room."""
    return leaf_dtype(dtype).is_numeric() and type(dtype).__name__ != "List"


def collections_as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with its collections written in brackets."""
    import json

    def written(column: pl.Series) -> pl.Series:
        cells: list[Any] = column.to_list()
        return pl.Series(column.name, [None if c is None else json.dumps(c, default=str) for c in cells], dtype=pl.String)

    nested = [c for c, dtype in frame.schema.items() if isinstance(dtype, pl.Array | pl.List)]
    # Polars writes no durations: they are written as in the ISO standard.
    durations = [c for c, dtype in frame.schema.items() if isinstance(dtype, pl.Duration)]
    frame = frame.with_columns(pl.col(c).dt.to_string("iso") for c in durations)
    return frame.with_columns(written(frame[c]) for c in nested) if nested else frame
