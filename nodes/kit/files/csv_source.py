"""The bytes of a text file as UTF-8 that polars reads: unpacked, decoded, and mended where its quotes are not the standard's."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

from nodes.base import Job, NodeError
from nodes.kit.files.csv_dialect import Dialect, found_in, without_quoted
from nodes.kit.files.csv_mending import mended
from nodes.kit.files.encoded_text import SNIFFED, EncodedText
from nodes.kit.files.reading import GIB, GZIP_MAGIC, starts_with

_UTF8 = ("utf-8", "utf8", "ascii")
_SPARE_LINES = 1000
"""How many lines more than rows are looked at where a file is decoded for configuring: cells may hold line breaks."""


class TextSource(EncodedText):
    """One text file, as it is written.

    Args:
        path: Of the file.
        dialect: How it is written. What it leaves open is found from the first lines, and from some of the others.

    Raises:
        NodeError: If the file is none of text.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        super().__init__(path, dialect.encoding)
        self.dialect = replace(dialect, encoding=self.encoding)
        with self.text() as text:
            head = text.read(SNIFFED)
        self.dialect, remarks = found_in(head, self.dialect, whole=len(head) < SNIFFED)
        self.remarks += remarks
        if self.dialect.quote and not self.dialect.mend and self.dialect.escape == "automatic" and self._has_escapes():
            self.dialect = replace(self.dialect, mend=True, escape="backslash")

    @property
    def dialect(self) -> Dialect:
        """How the file is written, with what was found."""
        return self._dialect

    @dialect.setter
    def dialect(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.encoding = dialect.encoding

    def _has_escapes(self) -> bool:
        r"""Whether somewhere in the file there is a \" that does not end a cell."""
        if self.dialect.codec not in (*_UTF8, "utf-8-sig", "cp1252", "iso8859-1", "mac-roman"):
            return False
        sign = f"\\{self.dialect.quote}".encode()
        for block in self.blocks():
            if sign in block and sign.decode() in without_quoted(block.decode("latin-1"), self.dialect, whole=False):
                return True
        return False

    # -- bytes and text

    def is_plain(self) -> bool:
        """Return whether polars can read the file as it is."""
        return self.dialect.codec in _UTF8 and not self.dialect.mend and not starts_with(self.path, GZIP_MAGIC)

    def first_lines(self) -> bytes:
        """Return enough of the file to find the types from, as UTF-8."""
        lines = self.dialect.skip_lines + self.dialect.skip_rows + self.dialect.scanned_rows + _SPARE_LINES
        with self.text() as text:
            found = mended(text, self.dialect, str(self.path)) if self.dialect.mend else text
            return "".join(islice(found, lines)).encode()

    @contextmanager
    def as_utf8(self, job: Job) -> Iterator[Path]:
        """Give what polars reads: the file, or a copy of it in UTF-8 that is removed afterwards.

        Raises:
            NodeError: If the copy would be too large.
        """
        if self.is_plain():
            yield self.path
            return
        limit = int(self.dialect.largest_size * GIB)
        copy = job.scratch / f"{uuid.uuid4().hex}.csv"
        try:
            with self.text() as text, copy.open("wb") as stream:
                size = 0
                for number, piece in enumerate(self._pieces(text)):
                    if number % 1000 == 0 or not self.dialect.mend:
                        job.check_cancelled()
                    size += stream.write(piece.encode())
                    if size > limit:
                        message = f"'{self.path}' is larger than {self.dialect.largest_size:g} GiB once it is unpacked."
                        raise NodeError(message, "Raise the largest size if there is room for it.", setting="largest_size")
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def _pieces(self, text: io.TextIOWrapper) -> Iterator[str]:
        if self.dialect.mend:
            yield from mended(text, self.dialect, str(self.path))
        else:
            while piece := text.read(2**20):
                yield piece
