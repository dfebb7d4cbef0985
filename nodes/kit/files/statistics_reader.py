"""What the readers of SPSS, Stata and SAS share. pyreadstat reads the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import polars as pl

from nodes.base import Job, NodeError, setting
from nodes.kit.files.many_files import FilesReader
from nodes.kit.files.reading import damaged
from nodes.kit.files.statistics_columns import Labels, StatisticsColumn, columns_of
from nodes.kit.probing.statistics_files import Kind, arguments, kind_of, metadata, pieces
from nodes.kit.tables.naming import frame_of
from nodes.kit.tables.reading.misfits import ON_MISFIT, Misfits, OnMisfit
from nodes.wording import counted


def labels_setting() -> Any:
    """Declare what value labels become."""
    return setting(
        "text",
        "Value labels",
        "What columns become whose values have labels (1 = female, 2 = male).",
        choices={
            "text": "The labels as text; a value without one stands as its number, and such cells are counted.",
            "categories": "Categories in the order of the values; a value without a label does not fit.",
            "numbers": "The values: labels are not read.",
        },
    )


class StatisticsReader(FilesReader):
    """A node that reads the files of a statistics program."""

    native_format = "statistics"
    kinds: ClassVar[tuple[Kind, ...]]
    """The kinds of file that the node reads."""
    program: ClassVar[str]
    """What is said of a file that is none of them: `no file of SPSS`."""

    names: Literal["names", "labels"] = setting(
        "names",
        "Column names",
        "What the columns are called.",
        choices={"names": "By the variables' names.", "labels": "By their labels, where they have one that no other has."},
    )
    empty_is_missing: bool = setting(
        True, "Empty texts are missing", "The program has no other way to write a text that is missing; if not, it is empty."
    )
    on_misfit: OnMisfit = setting(
        "fail",
        "If a cell does not fit",
        "What becomes of a value without a label among categories, and of a date that no calendar has.",
        choices=ON_MISFIT,
        advanced=True,
    )
    encoding: str = setting(
        "",
        "Text encoding",
        "Such as windows-1252 or utf-8, for old files that say none, or a wrong one; empty: as the file says.",
        advanced=True,
    )

    @property
    def value_labels(self) -> Labels:
        """What value labels become."""
        return "numbers"

    @property
    def keeps_user_missing(self) -> bool:
        """Whether values that a person declared to be missing stay values."""
        return False

    # -- a file

    def _kind(self, path: Path) -> Kind:
        kind = kind_of(path)
        if kind is None or kind not in self.kinds:
            what = "is empty" if not path.stat().st_size else f"is no file of {self.program}"
            raise NodeError(f"'{path}' {what}.", "Choose another file, or the reader of its format.", setting="path")
        return kind

    def _described(self, path: Path, kind: Kind) -> tuple[dict[str, StatisticsColumn], Any]:
        """The columns by the names that the table has, and all that the file says of them."""
        try:
            meta = metadata(path, kind, self.encoding.strip())
        except Exception as error:
            raise self._refused(path, error) from error
        named_twice = len(set(meta.column_names)) < len(meta.column_names)
        if named_twice or not all(isinstance(name, str) for name in meta.column_names):
            raise damaged(path, "the names of its columns are damaged")
        found = columns_of(meta, kind, user_missing=self.keeps_user_missing)
        labels = [column.label for column in found]
        named: dict[str, StatisticsColumn] = {}
        for column in found:
            label = column.label if self.names == "labels" and labels.count(column.label) == 1 else ""
            free = label and all(label != other.name for other in found if other is not column)
            named[label if free else column.name] = column
        return named, meta

    def _refused(self, path: Path, error: Exception) -> NodeError:
        if any(word in str(error) for word in ("encoding", "character set", "convert string")):
            message = f"The texts of '{path}' cannot be read: {str(error)[:1].lower()}{str(error)[1:]}."
            return NodeError(message, "Set the text encoding, such as windows-1252 or utf-8.", setting="encoding")
        return damaged(path, error)

    def _schema_of(self, path: Path) -> pl.Schema:
        columns, _ = self._described(path, self._kind(path))
        if not columns:
            raise NodeError(f"'{path}' has no columns.", "Choose another file.", setting="path")
        return pl.Schema({name: column.dtype(self.value_labels) for name, column in columns.items()})

    def _rows_of(self, path: Path) -> int | None:
        _, meta = self._described(path, self._kind(path))
        return meta.number_rows if meta.number_rows is not None and meta.number_rows >= 0 else None

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        kind = self._kind(path)
        described, _ = self._described(path, kind)
        wanted = {name: described[name] for name in columns}
        misfits, done, bare = Misfits(f"'{path}'", self.on_misfit, "on_misfit"), 0, dict.fromkeys(wanted, 0)
        for cells in self._read(path, kind, [column.name for column in wanted.values()], limit):
            made = []
            for name, column in wanted.items():
                raw, series = column.cells(cells[column.name], self.value_labels, name)
                misfits.check(
                    raw, series, done + 1, "Read the values instead of labels, or have cells that do not fit be missing."
                )
                if column.labels and self.value_labels == "text":
                    bare[name] += column.without_label(raw)
                if series.dtype == pl.String and self.empty_is_missing:
                    series = series.set(series == "", None)
                made.append(series)
            done += made[0].len() if made else 0
            yield frame_of(made)
        misfits.tell(job)
        for name, count in bare.items():
            if count:
                what = counted(count, "cell has a value", "cells have values")
                job.warn(f"Column '{name}' of '{path}': {what} without a label; the number stands for it.")

    def _read(self, path: Path, kind: Kind, columns: list[str], limit: int | None) -> Iterator[dict[str, list[Any]]]:
        more = arguments(kind, self.encoding.strip())
        if self.keeps_user_missing and kind == "sav":
            more["user_missing"] = True
        try:
            yield from pieces(path, kind, columns, limit=limit, **more)
        except (OSError, MemoryError, NodeError):
            raise
        except Exception as error:
            raise self._refused(path, error) from error
