"""List Files/Folders: what is in a folder, as a table of paths."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import polars as pl

from nodes.base import Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.file_sets import FileSet, Member, walk
from nodes.kit.files.many_files import existing_folder
from nodes.kit.files.reading import reading
from nodes.values.table import Table, TableSpec

_PIECE = 20_000
What = Literal["files", "folders", "both"]


class ListedPath(NamedTuple):
    """What is in a folder: where it is seen from there (nothing: the folder itself), and whether it is a folder."""

    name: str
    is_folder: bool


@dataclass(frozen=True)
class Listing(FileSet):
    """What is listed of a folder: names alone, or with sizes and dates; what is in the files does not matter."""

    what: What = "files"
    pattern: str = "*"
    match_case: bool = False
    endings: tuple[str, ...] = ()
    deep: bool = False
    hidden: bool = False
    parent: bool = False
    details: bool = False

    def entries(self) -> Iterator[ListedPath]:
        """A folder, its files and then its folders with what is in them."""
        if self.parent and self.what != "files":
            yield ListedPath("", is_folder=True)
        for prefix, folders, files in walk(self.path, deep=self.deep, hidden=self.hidden):
            if self.what != "files":
                yield from (ListedPath(prefix + name, is_folder=True) for name in folders if self._fits(name))
            if self.what != "folders":
                yield from (
                    ListedPath(prefix + name, is_folder=False) for name in files if self._fits(name) and self._has_ending(name)
                )

    def members(self) -> Iterator[Member]:
        """Every entry, by its name or with its details."""
        for name, is_folder in self.entries():
            yield f"{name}/" if is_folder else name, f"{self.path}/{name}", "details" if self.details else "name"

    def _fits(self, name: str) -> bool:
        if self.match_case:
            return fnmatch.fnmatchcase(name, self.pattern)
        return fnmatch.fnmatchcase(name.lower(), self.pattern.lower())

    def _has_ending(self, name: str) -> bool:
        return not self.endings or name.lower().endswith(self.endings)


class ListFiles(Node):
    """List the files and folders in a folder: a row for each, with its path, and if wanted its name, size and date.

    Paths are written as the folder is given: relative to the workflow where it is, so that other nodes read them. Names come in
    the order of the alphabet, a folder's files after the folder itself. Links to folders are not followed.

    KNIME's column *Path* has a type of its own; here it is text, so *Path to String* is not needed. KNIME's nodes that move,
    pack and delete files have no counterpart: a workflow changes no file but those that its writers name.

    Example: the folder `scans` with the pattern `*.png` and subfolders gives the paths for an Image Reader (Table); a Cell
    Splitter takes the label from each path.
    """

    id = "readers.list_files"
    title = "List Files/Folders"
    shelf = "Readers"
    icon = "mdi6.folder-search"
    keywords = (
        "List Files", "directory", "glob", "paths", "dir", "ls", "Files/Folders Meta Info", "Path to String", "file names",
    )  # fmt: skip
    output_ports = (Port("table", "table", "Paths", "A row for each file or folder."),)

    folder: str = setting("", "Folder", "The folder to look into.", path="read folder")
    what: What = setting("files", "List", "What is listed.", choices={"files": "Files.", "folders": "Folders.", "both": "Both."})
    pattern: str = setting("*", "Names", "Which names are listed: * stands for any text, ? for one character.", min_length=1)
    match_case: bool = setting(False, "Case matters", "Whether A and a in the pattern are different.")
    extensions: list[str] = setting([], "Extensions", "Only files with these endings, such as .png; empty: all.")
    subfolders: bool = setting(False, "Include subfolders", "Whether deeper folders are looked into, too.")
    hidden: bool = setting(False, "Include hidden", "Whether names that begin with a dot are listed.")
    parent: bool = setting(False, "Include parent folder", "Whether the folder itself is listed, first, if folders are.")
    is_folder: bool = setting(False, "Add folder identifier column", "Whether a column says which rows are folders.")
    details: bool = setting(
        False,
        "Add names, sizes and dates",
        "Columns for name, extension, folder, size in bytes and the time of the last change (UTC).",
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns; how many there are shows when the folder is read."""
        existing_folder(self.folder, specs)
        return {"table": TableSpec(self._schema())}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Walk through the folder."""
        folder = existing_folder(self.folder, job)
        schema = self._schema()

        def frames() -> Iterator[pl.DataFrame]:
            yield pl.DataFrame(schema=schema)
            rows: Any = []
            for row in self._rows(folder):
                rows.append(row)
                if len(rows) == _PIECE:
                    job.progress(None, row[0])
                    yield pl.DataFrame(rows, schema=schema, orient="row")
                    rows = []
            if rows:
                yield pl.DataFrame(rows, schema=schema, orient="row")

        with reading(folder, "folder"):
            made: Table = job.stream(frames())
        return {"table": made}

    def _schema(self) -> pl.Schema:
        columns: dict[str, pl.DataType] = {"path": pl.String()}
        if self.is_folder:
            columns["is_folder"] = pl.Boolean()
        if self.details:
            columns |= {"name": pl.String(), "extension": pl.String(), "folder": pl.String(), "size": pl.Int64()}
            columns["modified"] = pl.Datetime("us")
        return pl.Schema(columns)

    def file_sets(self, resolve: Callable[[str], Path]) -> Mapping[str, FileSet]:
        """What is listed; the paths begin as the folder's is written."""
        return {"folder": self._listing(resolve(self.folder))} if self.folder.strip() else {}

    def _listing(self, folder: Path) -> Listing:
        endings = tuple(e.lower() if e.startswith(".") else f".{e.lower()}" for e in self.extensions)
        return Listing(
            folder,
            self.folder,
            what=self.what,
            pattern=self.pattern,
            match_case=self.match_case,
            endings=endings,
            deep=self.subfolders,
            hidden=self.hidden,
            parent=self.parent,
            details=self.details,
        )

    def _rows(self, folder: Path) -> Iterator[tuple[Any, ...]]:
        given = Path(self.folder)
        for name, is_folder in self._listing(folder).entries():
            yield self._row(folder / name, given / name, folder=is_folder)

    def _row(self, path: Path, shown: Path, *, folder: bool) -> tuple[Any, ...]:
        row: tuple[Any, ...] = (_text(shown.as_posix()),)
        if self.is_folder:
            row += (folder,)
        if self.details:
            try:
                status = path.lstat()
                size, changed = status.st_size, datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
            except OSError:  # gone since it was listed
                size, changed = None, None
            row += (_text(shown.name), _text(shown.suffix), _text(shown.parent.as_posix()), None if folder else size, changed)
        return row


def _text(name: str) -> str:
    """A name as text; bytes that are no UTF-8, which Linux allows in names, are shown as replaced."""
    return os.fsencode(name).decode("utf-8", "replace")
