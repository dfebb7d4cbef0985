"""What readers of tables from one file, or from all of a folder, share: choosing files, bringing their columns together."""

from __future__ import annotations

import fnmatch
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import PrivateAttr

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.file_sets import FileSet, Member, OneFile, walk
from nodes.kit.files.reading import damaged, existing_file, reading
from nodes.kit.images.preview import preview
from nodes.kit.probing.formats import Format
from nodes.kit.probing.soundness import ensure_sound
from nodes.kit.tables.dtypes import common_dtype, union
from nodes.values.figure import Figure
from nodes.values.table import Table, TableSpec, describe_dtype, is_array

_MOST_DIGITS = 38
"""Of polars' exact decimals."""
_MOST_REMARKS = 5
"""Of several files only so many things are said."""
MOST_FILES_LISTED = 100_000
"""A folder of more files than this is more likely the wrong folder."""


def pattern_setting(default: str) -> Any:
    """Declare which files of a folder are read."""
    return setting(
        default,
        "Files",
        "Which files of the folder are read: * stands for any text, ? for one character; hidden files are left out.",
        min_length=1,
        shown_if={"source": "folder"},
    )


@dataclass(frozen=True)
class MatchingFiles(FileSet):
    """The files of a folder whose names match a pattern, without hidden ones; the case of letters does not matter."""

    pattern: str = "*"
    deep: bool = False

    def names(self) -> list[str]:
        """The files in the order of their paths, relative to the folder with `/` between."""
        wanted = self.pattern.lower()
        return sorted(
            prefix + name
            for prefix, _, files in walk(self.path, deep=self.deep)
            for name in files
            if fnmatch.fnmatchcase(name.lower(), wanted)
        )

    def members(self) -> Iterator[Member]:
        """The files."""
        for name in self.names():
            yield name, f"{self.path}/{name}", "content"


class FilesReader(Node):
    """A node that reads a table from a file, or from all files of a folder one after the other."""

    shelf = "Readers"
    output_ports = (Port("table", "table", "Table", "The rows of the file or files."),)
    untyped: ClassVar[bool] = False
    """Whether the files do not say what types their columns have: one without values then becomes one of texts."""
    native_format: ClassVar[Format | None] = None
    """The format, where native code reads it: another process looks at such files first. None of texts."""

    source: Literal["file", "folder"] = setting(
        "file",
        "Read",
        "One file, or several.",
        choices={"file": "One file.", "folder": "The files of a folder, one after the other in the order of their paths."},
    )
    path: str = setting("", "File", "The file to read.", path="read file", shown_if={"source": "file"})
    folder: str = setting("", "Folder", "The folder of the files to read.", path="read folder", shown_if={"source": "folder"})
    pattern: str = pattern_setting("*")
    subfolders: bool = setting(
        False, "Include subfolders", "Whether files in deeper folders are read, too.", shown_if={"source": "folder"}
    )
    combine: Literal["fail", "union", "intersection"] = setting(
        "fail",
        "If columns differ",
        "What becomes of files that do not all have the same columns. Types that differ become the one that holds both.",
        shown_if={"source": "folder"},
        choices={
            "fail": "They are an error.",
            "union": "The table has the columns of all; they are missing in the rows of files without them.",
            "intersection": "The table has the columns that are in all files.",
        },
    )
    path_column: str | None = setting(
        None, "File path column", "A column of this name says which file a row comes from; empty: none.", min_length=1
    )
    columns: list[str] = setting([], "Columns", "Only these columns are read, in this order; empty reads all.", group="Selection")
    limit: int | None = setting(
        None, "Limit number of rows", "Read no more than this many rows; empty reads all.", ge=1, group="Selection"
    )

    _remarks: list[tuple[str, str]] = PrivateAttr(default_factory=list)
    """What the last look at the files found worth saying: (sentence, setting at fault)."""

    # -- what a format does

    @abstractmethod
    def _schema_of(self, path: Path) -> pl.Schema | None:
        """The columns of a file; None where only reading all of it would tell. What is worth saying goes to `_remark`."""

    @abstractmethod
    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        """The file piece by piece; no pieces where there are no rows.

        Args:
            path: Of the file.
            schema: All columns of the file, as `_schema_of` gave them, with the types that they are to have.
            columns: Those that are wanted, in this order.
            limit: So many rows at the most.
            job: For progress and cancel.
        """

    def _rows_of(self, path: Path) -> int | None:
        """How many rows the file has, where that is known at once."""
        return None

    def _classes_of(self, path: Path) -> Mapping[str, tuple[str, ...]]:
        """The classes that columns of numbers stand for, where the format keeps them."""
        return {}

    def _wider(self, column: str, first: pl.DataType, second: pl.DataType) -> pl.DataType:
        """The type that holds what two files have in a column; of categories, those of both in order."""
        if isinstance(first, pl.Enum) and isinstance(second, pl.Enum):
            return pl.Enum(union(first.categories, second.categories))
        try:
            # polars puts arrays of different shapes one below the other, and says nothing.
            if not (is_array(first) or is_array(second)) or common_dtype(first, second) is not None:
                empty = [pl.DataFrame(schema={column: dtype}) for dtype in (first, second)]
                return pl.concat(empty, how="vertical_relaxed").schema[column]
        except pl.exceptions.PolarsError:
            pass
        hint = "Read the files by themselves, or only the columns that fit together."
        message = f"Column '{column}' is {describe_dtype(first)} in one file and {describe_dtype(second)} in another."
        raise NodeError(message, hint, setting="combine")

    # -- the two phases

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the columns of all files together; their rows, where the files say how many they have."""
        files = self._files(specs)
        self._ensure_sound(files)
        schemas = self._schemas(files)
        for message, concerned in self._remarks:
            specs.warn(message, concerned)
        if schemas is None:
            return {"table": None}
        rows: int | None = 0
        for path, _ in files:
            with reading(path, "path"):
                found = self._rows_of(path)
            rows = None if rows is None or found is None else rows + found
        if rows is not None and self.limit is not None:
            rows = min(rows, self.limit)
        return {"table": TableSpec(self._combined(schemas), rows, self._classes(files, self._combined(schemas)))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read file by file, piece by piece."""
        files = self._files(job)
        self._ensure_sound(files, job)
        schemas = self._schemas(files, whole=True)
        schema = self._combined(schemas or [])
        made = job.stream(self._pieces(files, schemas or [], schema, job))
        return {"table": Table(made.parts, made.columns, self._classes(files, schema))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the first images, where there are images."""
        table = outputs.table()
        images = table.spec.columns_of("image")
        return preview(table, images[0]) if images else ()

    # -- files

    def file_sets(self, resolve: Callable[[str], Path]) -> Mapping[str, FileSet]:
        """The one file, or those of the folder; how their path is written counts where it stands in a column."""
        given = self.path if self.source == "file" else self.folder
        if not given.strip():
            return {}
        written = given if self.path_column is not None else ""
        if self.source == "file":
            return {"path": OneFile(resolve(given), written)}
        return {"folder": self._matching(resolve(given), written)}

    def _matching(self, folder: Path, as_written: str = "") -> MatchingFiles:
        return MatchingFiles(folder, as_written, self.pattern, self.subfolders)

    def _files(self, place: Specs | Job) -> list[tuple[Path, str]]:
        """The files to read, and how each is called in the column of paths.

        Raises:
            NodeError: If there is none.
        """
        if self.source == "file":
            return [(existing_file(self.path, place.resolve, "path"), self.path)]
        folder = existing_folder(self.folder, place)
        given = Path(self.folder)
        with reading(folder, "folder"):
            names = self._matching(folder).names()
        if not names:
            hint = "Choose another folder, change the pattern, or include subfolders."
            raise NodeError(f"No file in '{folder}' is named like '{self.pattern}'.", hint, setting="pattern")
        if len(names) > MOST_FILES_LISTED:
            raise NodeError(f"There are {len(names)} files in '{folder}'.", "Choose fewer with a pattern.", setting="pattern")
        return [(folder / name, (given / name).as_posix()) for name in names]

    def _ensure_sound(self, files: Sequence[tuple[Path, str]], job: Job | None = None) -> None:
        """Have files that were never seen looked at by a process that may die of it: before a run as much as is needed then."""
        for path, _ in files if self.native_format is not None else ():
            assert self.native_format is not None
            with reading(path, "path"):
                ensure_sound(path, self.native_format, whole=job is not None, check=job.check_cancelled if job else lambda: None)

    def _schemas(self, files: Sequence[tuple[Path, str]], *, whole: bool = False) -> list[pl.Schema] | None:
        found = []
        self._remarks.clear()
        for path, _ in files:
            with reading(path, "path"):
                schema = self._schema_whole(path) if whole else self._schema_of(path)
            if schema is None:
                return None
            _check_types(schema, path)
            found.append(schema)
        return found

    def _remark(self, path: Path, message: str, concerned: str) -> None:
        """Note something worth saying of a file; of many files only the first remarks are kept."""
        if len(self._remarks) < _MOST_REMARKS:
            told = message if self.source == "file" else f"'{path.name}': {message}"
            if (told, concerned) not in self._remarks:
                self._remarks.append((told, concerned))

    def _schema_whole(self, path: Path) -> pl.Schema | None:
        """As `_schema_of`, when it may take as long as it takes."""
        return self._schema_of(path)

    # -- columns

    def _combined(self, schemas: Sequence[pl.Schema]) -> pl.Schema:
        """The columns of the table: of all files, those that are wanted, and the path's.

        Raises:
            NodeError: If the files do not fit together, or a wanted column is not there.
        """
        types = self._types(schemas)
        shared = [c for c in types if all(c in schema for schema in schemas)]
        if self.combine == "fail" and len(shared) < len(types):
            odd = next(c for c in types if c not in shared)
            message = f"Column '{odd}' is not in all files."
            raise NodeError(message, "Read the union or the intersection of the columns.", setting="combine")
        there = shared if self.combine == "intersection" else list(types)
        for column in self.columns:
            if column not in there:
                listed = ", ".join(f"'{c}'" for c in there[:8])
                raise NodeError(f"There is no column '{column}'.", f"There are: {listed}.", setting="columns")
        wanted = {c: types[c] for c in (self.columns or there)}
        if self.path_column is not None:
            if self.path_column in wanted:
                message = f"There is a column '{self.path_column}' already."
                raise NodeError(message, "Choose another name for the column of paths.", setting="path_column")
            wanted[self.path_column] = pl.String()
        return pl.Schema(wanted)

    def _types(self, schemas: Sequence[pl.Schema]) -> dict[str, pl.DataType]:
        """All columns of the files, each with the type that holds what any of them has in it."""
        types: dict[str, pl.DataType] = {}
        for schema in schemas:
            for column, dtype in schema.items():
                known = types.setdefault(column, dtype)
                if known != dtype:
                    types[column] = self._wider(column, known, dtype)
        if self.untyped:
            # Texts hold whatever comes later.
            types = {column: pl.String() if dtype == pl.Null else dtype for column, dtype in types.items()}
        return types

    def _classes(self, files: Sequence[tuple[Path, str]], schema: pl.Schema) -> dict[str, tuple[str, ...]]:
        """The classes of columns, where all files that have any agree."""
        classes: dict[str, tuple[str, ...]] = {}
        differing = set()
        for path, _ in files:
            for column, names in self._classes_of(path).items():
                if classes.setdefault(column, names) != names:
                    differing.add(column)
        return {c: n for c, n in classes.items() if c in schema and c not in differing}

    # -- rows

    def _pieces(
        self, files: Sequence[tuple[Path, str]], schemas: Sequence[pl.Schema], schema: pl.Schema, job: Job
    ) -> Iterator[pl.DataFrame]:
        left = self.limit
        types = self._types(schemas)
        yield pl.DataFrame(schema=schema)
        for number, ((path, name), own) in enumerate(zip(files, schemas, strict=True)):
            if left == 0:
                break
            if len(files) > 1:
                job.progress(number / len(files), name)
            wanted = [c for c in schema if c in own]
            given = pl.Schema({c: types[c] for c in own})
            with reading(path, "path"):
                for piece in self._batches_of(path, given, wanted, left, job):
                    job.check_cancelled()
                    if left is not None:
                        left -= piece.height
                    yield self._shaped(piece, schema, name)

    def _shaped(self, piece: pl.DataFrame, schema: pl.Schema, name: str) -> pl.DataFrame:
        """A piece with the table's columns and types."""
        if self.path_column is not None:
            piece = piece.with_columns(pl.lit(name, pl.String()).alias(self.path_column))
        if piece.schema == schema:
            return piece
        made = [
            (pl.col(c).cast(dtype) if piece.schema[c] != dtype else pl.col(c))
            if c in piece.schema
            else pl.lit(None, dtype=dtype).alias(c)
            for c, dtype in schema.items()
        ]
        return piece.select(made)


# --------------------------------------------------------------------------------------------------------------- folders


def existing_folder(given: str, place: Specs | Job, setting: str = "folder") -> Path:
    """Return the absolute path of a folder that is there.

    Raises:
        NodeError: If no folder is given, or there is none.
    """
    if not given.strip():
        raise NodeError("No folder is chosen.", "Choose the folder.", setting=setting)
    folder = place.resolve(given)
    if not folder.is_dir():
        raise NodeError(f"There is no folder '{folder}'.", "Choose a folder that is there.", setting=setting)
    return folder


def _check_types(schema: pl.Schema, path: Path) -> None:
    """Refuse a file of types that exist in its format, but not in polars, such as numbers of 50 digits.

    Raises:
        NodeError: Naming the column.
    """
    for column, dtype in schema.items():
        if isinstance(dtype, pl.Decimal) and not 1 <= (dtype.precision or 38) <= _MOST_DIGITS:
            message = f"Column '{column}' of '{path}' has numbers of {dtype.precision} digits."
            raise NodeError(message, f"Have it written with up to {_MOST_DIGITS} digits, or as Float64.", setting="path")


def scanned(
    lazy: pl.LazyFrame, path: Path, setting_at_fault: str = "path", remedy: str = "Copy the file again, or choose another."
) -> Iterator[pl.DataFrame]:
    """Yield a query on one file piece by piece, in the order of the rows.

    Raises:
        NodeError: If polars cannot read the file.
    """
    try:
        yield from lazy.collect_batches(maintain_order=True)
    except pl.exceptions.PolarsError as error:
        raise damaged(path, error, setting_at_fault, remedy) from error
