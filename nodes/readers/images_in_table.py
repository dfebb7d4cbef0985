"""Image Reader (Table): paths in a column become images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.file_sets import WholePath
from nodes.kit.files.many_files import existing_folder
from nodes.kit.images.columns import refuse_existing, spread_where
from nodes.kit.images.decoding import THREADED_PIXELS, ImageFormat, Unreadable, probe
from nodes.kit.images.format_settings import (
    Mode,
    OtherSizes,
    PixelTypeName,
    chosen_decoder,
    chosen_format,
    completed_format,
    depth_setting,
    height_setting,
    interpolation_setting,
    mode_setting,
    other_sizes_setting,
    warn_of_greyed,
    width_setting,
)
from nodes.kit.images.pixels import for_parts
from nodes.kit.images.preview import preview
from nodes.kit.images.resampling import Method
from nodes.values.figure import Figure
from nodes.values.table import BATCH_BYTES, Table, TableSpec, cell_bytes

_ENCODED_ROWS = 256


class ImageReaderTable(Node):
    """Read the image files whose paths stand in a column of a table.

    Paths are relative to the chosen folder or, where none is chosen, to the workflow. The formats are those of the Image Folder
    Reader, and so is what becomes of them: all images get one size, mode and pixel type; what is not set is taken from the first
    image that can be read, and the result's shape is then known only when the node runs. Or the files' contents are taken as
    they are (Binary), to be decoded by later nodes. A missing path gives a missing image.

    With a folder, a change of any file in it makes the node run again, and a path that leads out of it gives no image. Without
    one it cannot be known which files will be read, so the node runs in every run.

    Example: a CSV Reader gives the columns `path` and `label` of a data set; this node reads `path` as images of 64 x 64 RGB, and
    `label` stays beside them.
    """

    id = "readers.images_in_table"
    title = "Image Reader (Table)"
    shelf = "Readers"
    icon = "mdi6.image-search"
    keywords = (
        "Image Reader", "image list", "load images", "png", "jpeg", "tiff", "webp", "load_img", "photos", "file list",
    )  # fmt: skip
    opens = (
        ".png",
        ".jpg",
        ".jpeg",
        ".bmp",
        ".gif",
        ".tif",
        ".tiff",
        ".webp",
        ".pbm",
        ".pgm",
        ".ppm",
        ".pnm",
        ".pfm",
        ".avif",
        ".jp2",
    )
    input_ports = (Port("table", "table", "Table", "A table with a column of paths."),)
    output_ports = (Port("table", "table", "Images", "The table with the images."),)

    column: str = setting("path", "Path column", "The paths of the image files.", columns=Columns("table", ("category",)))
    folder: str = setting("", "Folder", "Paths are relative to this folder; empty: to the workflow's.", path="read folder")
    new_column: str = setting("image", "New column", "The name of the column of images.", min_length=1)
    remove_column: bool = setting(False, "Remove path column", "Whether the column of paths is left out of the result.")
    content: Literal["images", "encoded"] = setting(
        "images",
        "Read as",
        "What the new column holds.",
        choices={"images": "Decoded images of one size.", "encoded": "The files as they are (Binary); any size."},
    )
    height: int | None = height_setting(group="Image", shown_if={"content": "images"})
    width: int | None = width_setting(group="Image", shown_if={"content": "images"})
    mode: Mode = mode_setting(group="Image", shown_if={"content": "images"})
    depth: PixelTypeName = depth_setting(group="Image", shown_if={"content": "images"})
    other_sizes: OtherSizes = other_sizes_setting(group="Image", shown_if={"content": "images"})
    interpolation: Method = interpolation_setting(group="Image", shown_if={"content": "images"})
    unreadable: Literal["missing", "error"] = setting(
        "missing",
        "Unreadable files",
        "What becomes of paths where there is no image.",
        choices={"missing": "The image is missing, and a warning counts them.", "error": "The first one stops the node."},
    )

    @property
    def reproducible(self) -> bool:
        """Only a folder that is known can be watched for changes."""
        return bool(self.folder.strip())

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema, where the settings tell all about the images."""
        table = specs.table()
        table.require(self.column, "category", setting="column")
        if self.folder.strip():
            existing_folder(self.folder, specs)
        kept = self._kept(table)
        refuse_existing(kept, self.new_column, "new_column")
        if self.content == "encoded":
            return {"table": kept.with_columns({self.new_column: pl.Binary})}
        format = chosen_format(self)
        return {"table": None if format is None else kept.with_columns({self.new_column: format.dtype})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Read piece by piece, in several threads where images are large."""
        table = values.table()
        base = existing_folder(self.folder, job) if self.folder.strip() else job.resolve(".")
        broken: list[tuple[int, str]] = []
        greyed: list[None] = []
        made: Table = job.stream(self._pieces(table, base, broken, greyed, job))
        warn_of_greyed(greyed, table.height, job)
        if broken:
            row, reason = min(broken)
            job.warn(f"{len(broken)} of {table.height} images could not be read; the first, in row {row + 1}, {reason}.")
        kept = table.drop([self.column]) if self.remove_column else table
        return {"table": kept.with_columns(made) if kept.columns else made}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images."""
        return preview(outputs.table(), self.new_column)

    def _kept(self, table: TableSpec) -> TableSpec:
        if not self.remove_column:
            return table
        return table.with_schema({c: d for c, d in table.schema.items() if c != self.column})

    # -- what the images become

    def _completed(self, table: Table, base: Path) -> ImageFormat:
        """The settings, completed by the first image that can be read."""
        first = ImageFormat(1, 1, 1, "uint8")  # where none can be read all become missing, and their size does not matter
        for path in self._paths(table):
            try:
                first = probe(self._file(base, path))
                break
            except Unreadable as error:
                if self.unreadable == "error":
                    raise self._cannot_read(path, str(error)) from error
        return completed_format(self, first)

    def _paths(self, table: Table) -> Iterator[str]:
        for piece in table.batches([self.column]):
            yield from piece[self.column].cast(pl.String).drop_nulls()

    # -- reading

    def _file(self, base: Path, path: str) -> Path:
        """The file at a path, if what is there is one: a device or a pipe might never end.

        With a folder only what counts as read of it (`file_sets`): another file could change without the node running again.
        """
        found = WholePath(base).file_at(path) if self.folder.strip() else base / path
        if found is None:
            raise Unreadable(f"is not in the folder '{self.folder}'")
        if found.exists() and not found.is_file():
            raise Unreadable("is no file")
        return found

    def _content(self, base: Path, path: str) -> bytes:
        try:
            return self._file(base, path).read_bytes()
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror or error}") from error
        except ValueError as error:  # a zero byte in the path
            raise Unreadable(f"is no path: {error}") from error

    def _pieces(
        self, table: Table, base: Path, broken: list[tuple[int, str]], greyed: list[None], job: Job
    ) -> Iterator[pl.DataFrame]:
        format = None if self.content == "encoded" else chosen_format(self) or self._completed(table, base)
        rows = _ENCODED_ROWS if format is None else max(1, BATCH_BYTES // cell_bytes(format.dtype))
        done = 0
        for piece in table.batches([self.column], rows=rows):
            job.check_cancelled()
            job.progress(done / max(table.height, 1))
            paths: list[Any] = piece[self.column].cast(pl.String).to_list()
            made = (
                self._encoded(paths, base, done, broken)
                if format is None
                else self._decoded(paths, base, format, done=done, broken=broken, greyed=greyed, job=job)
            )
            yield made.to_frame()
            done += piece.height

    def _encoded(self, paths: Sequence[str | None], base: Path, done: int, broken: list[tuple[int, str]]) -> pl.Series:
        cells: list[bytes | None] = []
        for row, path in enumerate(paths):
            try:
                cells.append(None if path is None else self._content(base, path))
            except Unreadable as error:
                self._note(path or "", done + row, error, broken)
                cells.append(None)
        return pl.Series(self.new_column, cells, dtype=pl.Binary)

    def _decoded(
        self,
        paths: Sequence[str | None],
        base: Path,
        format: ImageFormat,
        *,
        done: int,
        broken: list[tuple[int, str]],
        greyed: list[None],
        job: Job,
    ) -> pl.Series:
        import numpy as np

        decoder, dtype = chosen_decoder(self, format, greyed), format.dtype
        images = np.zeros((len(paths), *dtype.shape), format.pixel_type)
        read = np.array([path is not None for path in paths], bool)

        def work(part: slice) -> None:
            for row in range(part.start, part.stop):
                path = paths[row]
                if path is None:
                    continue
                try:
                    images[row] = decoder.decode(self._content(base, path))
                except Unreadable as error:
                    self._note(path, done + row, error, broken)
                    read[row] = False

        for_parts(len(paths), cell_bytes(dtype), work, job, threads=format.height * format.width >= THREADED_PIXELS)
        return spread_where(pl.Series(self.new_column, images if read.all() else images[read], dtype=dtype), pl.Series(read))

    def _note(self, path: str, row: int, error: Unreadable, broken: list[tuple[int, str]]) -> None:
        if self.unreadable == "error":
            raise self._cannot_read(path, str(error)) from error
        broken.append((row, f"'{path}', {error}"))

    def _cannot_read(self, path: str, reason: str) -> NodeError:
        hint = "Mend the path or the file, choose the folder that paths are relative to, or have such images made missing."
        return NodeError(f"'{path}' {reason}.", hint, setting="unreadable")
