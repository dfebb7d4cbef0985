"""Image Writer (Table): every image of a column becomes a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from nodes.base import Access, Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.files.writing import written_aside
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype, refuse_existing
from nodes.kit.images.encoding import ENDINGS, FORMATS, Format, check_encodable, encoded
from nodes.values.table import Table, TableSpec


class ImageWriter(Node):
    """Write the images of a column into files of a folder.

    Names come from a pattern or from a column; the format's ending is added where it is missing. A name may lead into a
    folder inside the chosen one (cats/tom.png), which is made, but not out of it. Names must differ. A missing image is not
    written. The table goes on with a column that holds each file's path, as a reader of images listed in a table takes it.

    Each file is written aside and then takes its place, so that no half file is left. Encoded images (Binary) are decoded and
    written in the chosen format. Figures (KNIME: Image Writer (Port)) are saved from the view that shows them.

    Example: the pattern `{label}/{row:05}` writes one folder per class, which an Image Folder Reader reads again.
    """

    id = "writers.images"
    title = "Image Writer (Table)"
    shelf = "Writers"
    icon = "mdi6.file-image-plus-outline"
    keywords = ("Image Writer", "save images", "export", "png", "jpeg", "tiff", "bmp", "webp", "folder")
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports = (Port("table", "table", "Table", "The table with the paths of the files."),)

    folder: str = setting("", "Folder", "Where the files go; it is made if it is not there.", path="write folder")
    column: str = setting("image", "Image column", "The images to write.", columns=Columns("table", IMAGES))
    names: Literal["pattern", "column"] = setting(
        "pattern",
        "Names",
        "Where the files' names come from.",
        choices={"pattern": "They follow a pattern.", "column": "They stand in a column."},
    )
    pattern: str = setting(
        "image_{row:05}",
        "Pattern",
        "{row} is the row's number, from 0 ({row:05}: with five digits); {name} is the cell of the column with that name.",
        min_length=1,
        shown_if={"names": "pattern"},
    )
    name_column: str = setting(
        "",
        "Name column",
        "The names of the files.",
        columns=Columns("table", ("category", "integer")),
        shown_if={"names": "column"},
    )
    format: Format = setting("PNG", "Format", "The format of the files.", choices=FORMATS)
    quality: int = setting(
        90, "Quality", "More is larger and nearer to the image.", ge=1, le=100, shown_if={"format": ["JPEG", "WebP"]}
    )
    if_exists: Literal["fail", "overwrite", "skip"] = setting(
        "fail",
        "If the file exists",
        "What becomes of a file that is there already.",
        choices={
            "fail": "The node stops before it writes anything.",
            "overwrite": "The new file takes its place.",
            "skip": "It stays as it is.",
        },
    )
    path_column: str = setting("path", "Path column", "The name of the column of paths.", min_length=1)

    def accesses(self) -> Sequence[Access]:
        """The folder, with all that is in it."""
        return (Access("folder", "folder", self.folder, replaces=self.if_exists == "overwrite"),) if self.folder.strip() else ()

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with a column of paths."""
        table = specs.table()
        dtype = image_dtype(table, self.column)
        if not self.folder.strip():
            raise NodeError("No folder is chosen.", "Choose the folder to write to.", setting="folder")
        if specs.resolve(self.folder).is_file():
            raise NodeError(f"'{specs.resolve(self.folder)}' is a file.", "Choose a folder.", setting="folder")
        if dtype is not None:
            check_encodable(dtype, self.format, self.column)
        refuse_existing(table, self.path_column, "path_column")
        self._named(table)
        return {"table": table.with_columns({self.path_column: pl.String})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Look whether all can be written, then write."""
        table = values.table()
        folder = job.resolve(self.folder)
        if not table.height:
            return {"table": table.with_columns(pl.DataFrame(schema={self.path_column: pl.String}))}
        source = ImageColumns(table, [self.column])
        check_encodable(source.dtype(self.column), self.format, self.column)
        columns = self._named(table.spec)
        there = _present(table, self.column)
        names = self._names(table.frame(columns), there, folder)
        if self.if_exists == "fail":
            taken = next((name for name in names if name and (folder / name).exists()), None)
            if taken:
                hint = "Choose an empty folder, or let files be overwritten or skipped."
                raise NodeError(f"'{folder / taken}' exists already.", hint, setting="if_exists")
        try:
            self._write(source, folder, names, job)
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"The images cannot be written to '{folder}': {reason}."
            raise NodeError(message, "Choose another place, or make room.", setting="folder") from error
        given = Path(self.folder)
        paths = [None if name is None else (given / name).as_posix() for name in names]
        return {"table": table.with_columns(pl.DataFrame({self.path_column: paths}, schema={self.path_column: pl.String}))}

    def _named(self, table: TableSpec) -> list[str]:
        """The columns that names are made of.

        Raises:
            NodeError: If one is not there.
        """
        if self.names == "column":
            table.require(self.name_column, "category", "integer", setting="name_column")
            return [self.name_column]
        fields = [found[1] for found in _FIELD.finditer(self.pattern)]
        if re.search(r"[{}]", _FIELD.sub("", self.pattern)):
            raise NodeError(
                "The pattern has a brace that is not closed.", "Write {row}, {row:05} or {name of a column}.", setting="pattern"
            )
        found = [name for name in fields if name != "row" or "row" in table.schema]
        for name in found:
            table.require(name, "category", "number", "boolean", setting="pattern")
        return list(dict.fromkeys(found))

    def _names(self, frame: pl.DataFrame, there: list[bool], folder: Path) -> list[str | None]:
        """A file's name per row, relative to the folder; None where there is no image.

        Raises:
            NodeError: If one is missing, occurs twice, or leads out of the folder.
        """
        ending = ENDINGS[self.format]
        seen: dict[str, int] = {}
        names: list[str | None] = []
        for row, cells in enumerate(frame.iter_rows(named=True) if frame.width else ({} for _ in there)):
            if not there[row]:
                names.append(None)
                continue
            name = self._name(row, cells)
            name = name if Path(name).suffix.lower() in _SAME.get(ending, (ending,)) else name + ending
            if not (folder / name).resolve().is_relative_to(folder) or "\0" in name:
                message = f"The name '{name}' in row {row + 1} leads out of the folder."
                raise NodeError(message, "Change the names.", setting="names")
            if name in seen:
                message = f"Rows {seen[name] + 1} and {row + 1} both have the name '{name}'."
                raise NodeError(message, "Add {row} to the pattern, or make the names different.", setting="names")
            seen[name] = row
            names.append(name)
        return names

    def _name(self, row: int, cells: Mapping[str, Any]) -> str:
        def cell(column: str) -> str:
            if cells[column] is None or not str(cells[column]).strip():
                raise NodeError(f"Row {row + 1} has no '{column}' for its name.", "Fill the missing cells.", setting="names")
            return str(cells[column])

        def filled(found: re.Match[str]) -> str:
            if found[1] != "row" or "row" in cells:
                return cell(found[1])
            return f"{row:0{int(found[2] or 1)}}"

        return cell(self.name_column) if self.names == "column" else _FIELD.sub(filled, self.pattern)

    def _write(self, source: ImageColumns, folder: Path, names: list[str | None], job: Job) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        claimed: set[Path] = set()
        for row, (name, image) in enumerate(zip(names, _images(source, self.column), strict=True)):
            job.check_cancelled()
            job.progress(row / len(names))
            if name is None or image is None:
                continue
            path = folder / name
            if self.if_exists != "skip" or not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.parent not in claimed:
                    job.claim(path.parent)
                    claimed.add(path.parent)
                with written_aside(path) as stream:
                    stream.write(encoded(image, self.format, self.quality))
            job.wrote(path)


_FIELD = re.compile(r"\{([^{}:]+)(?::0?(\d{1,2}))?\}")
_ROWS_AT_ONCE = 256
_SAME = {".jpg": (".jpg", ".jpeg"), ".tif": (".tif", ".tiff")}


def _present(table: Table, column: str) -> list[bool]:
    """Which cells are not missing, without gathering all images of a table of chosen rows at once."""
    return [there for piece in table.batches([column], rows=_ROWS_AT_ONCE) for there in piece[column].is_not_null()]


def _images(source: ImageColumns, column: str) -> Iterator[Any]:
    """The images one by one; None for missing ones."""
    for piece in source.pieces():
        images = iter(piece[column].drop_nulls().to_numpy())
        for there in piece[column].is_not_null():
            yield next(images) if there else None
