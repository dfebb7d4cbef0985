"""ARFF Reader: files of Weka and OpenML, with the types and categories that they declare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from nodes.base import Job, setting
from nodes.kit.files.arff import ArffFile, Attribute
from nodes.kit.files.encodings import AUTOMATIC, ENCODINGS
from nodes.kit.files.many_files import FilesReader, pattern_setting
from nodes.kit.tables.naming import fresh_name
from nodes.kit.tables.reading.conversion import text_as
from nodes.kit.tables.reading.misfits import ON_MISFIT, Misfits, OnMisfit
from nodes.kit.tables.reading.row_pieces import pieces_of_rows


class ArffReader(FilesReader):
    """Read a table from an ARFF file, Weka's format, in which OpenML and many data sets are published; or from all of a folder.

    The file declares its columns: `numeric` and `real` are Float64, `integer` is Int64, nominal attributes are categories in
    their declared order, `string` is text, and dates are days or points in time by their form; dates with two-digit years stay
    text, and that is said. A cell `?` is missing, and so is one with nothing in it; `'?'` in quotes is the text.

    Rows may be sparse, `{2 5.1, 7 yes}`: what such a row does not name is 0, which for a nominal attribute is its first category
    and for a date the beginning of 1970, as in Weka; texts are missing. Weights in braces behind the rows become a column
    `weight`, in which rows without one have 1. Comments (%) are left out, both kinds of quotes and backslashes are understood,
    and gzipped files are read as they are. Tables within cells (relational attributes) are refused. A file may be larger than
    the memory: it is read piece by piece.

    Example: of `credit-g.arff` it makes 1000 rows whose column `class` has the categories `good` and `bad`, in this order.
    """

    id = "readers.arff"
    title = "ARFF Reader"
    icon = "mdi6.bird"
    keywords = ("Weka", "OpenML", "attribute relation", "nominal", "sparse", "loadarff", "liac-arff", "import", "open")
    opens = (".arff",)

    pattern: str = pattern_setting("*.arff")
    nominal: Literal["categories", "text"] = setting(
        "categories",
        "Nominal attributes",
        "What they become.",
        choices={"categories": "Categories, in their declared order.", "text": "Texts, whatever is declared."},
    )
    integers: Literal["whole", "decimal"] = setting(
        "whole",
        "Integer attributes",
        "What they become; Weka itself reads any number there.",
        choices={"whole": "Whole numbers; another one does not fit.", "decimal": "Decimal numbers."},
    )
    on_misfit: OnMisfit = setting(
        "fail", "If a cell does not fit", "What becomes of a cell that is not of its column's type.", choices=ON_MISFIT
    )
    encoding: str = setting(
        AUTOMATIC,
        "File encoding",
        "automatic finds it, and says so where there is doubt; or such as utf-8, windows-1252 or latin-1.",
        min_length=1,
        offers=ENCODINGS,
    )

    def _schema_of(self, path: Path) -> pl.Schema:
        file = ArffFile(path, self.encoding)
        for message, concerned in file.remarks:
            self._remark(path, message, concerned)
        return self._types_in(file)

    def _batches_of(
        self, path: Path, schema: pl.Schema, columns: Sequence[str], limit: int | None, job: Job
    ) -> Iterator[pl.DataFrame]:
        file = ArffFile(path, self.encoding)
        types = self._types_in(file)
        attributes = dict(zip(types, file.attributes, strict=False))
        misfits = Misfits(f"'{path}'", self.on_misfit, "on_misfit")
        done = 0
        for piece in pieces_of_rows(file.rows(limit), list(types)):
            made = piece.select(_cells(attributes.get(c), c, types[c]) for c in columns)
            for column in columns:
                misfits.check(piece[column], made[column], done + 1, _remedy(attributes.get(column)))
            if file.weighted and (weight := list(types)[-1]) in columns:
                made = made.with_columns(pl.col(weight).fill_null(1.0))
            done += piece.height
            yield made
        misfits.tell(job)

    def _types_in(self, file: ArffFile) -> pl.Schema:
        types = {attribute.name: self._type_of(attribute) for attribute in file.attributes}
        if file.weighted:
            types["weight" if "weight" not in types else fresh_name("weight", types)] = pl.Float64()
        return pl.Schema(types)

    def _type_of(self, attribute: Attribute) -> pl.DataType:
        if attribute.kind == "integer" and self.integers == "decimal":
            return pl.Float64()
        return attribute.dtype(categories=self.nominal == "categories")


def _cells(attribute: Attribute | None, column: str, dtype: pl.DataType) -> pl.Expr:
    cells = pl.col(column)
    if attribute is not None and attribute.form is not None:
        return attribute.form.parsed(cells)
    if dtype == pl.Int64:
        cells = cells.str.replace(r"^([+-]?\d+)\.0*$", "$1")  # 3.0 is the whole number 3
    return text_as(cells, dtype) if dtype != pl.String else cells


def _remedy(attribute: Attribute | None) -> str:
    """What to do where a cell does not fit, besides having it missing."""
    if attribute is not None and attribute.kind == "nominal":
        return "Have nominal attributes read as text, or cells that do not fit be missing."
    if attribute is not None and attribute.kind == "integer":
        return "Have integer attributes read as decimal numbers, or cells that do not fit be missing."
    return "Mend the file, or have cells that do not fit be missing."
