"""The bytes of a text file as UTF-8 that polars reads: unpacked, decoded, and mended where its quotes are not the standard's."""

from __future__ import annotations

import gzip
import io
import re
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from nodes.base import Job, NodeError
from nodes.kit.files.csv_dialect import Dialect, found_in, without_quoted
from nodes.kit.files.csv_mending import mended
from nodes.kit.files.encodings import AUTOMATIC, FoundEncoding, beyond_ascii, find_encoding, is_utf8
from nodes.kit.files.reading import GIB, GZIP_MAGIC, starts_with

SNIFFED = 64 * 1024
_BLOCKS = 16
_BLOCK = 16 * 1024
_UTF8 = ("utf-8", "utf8", "ascii")
_SPARE_LINES = 1000
"""How many lines more than rows are looked at where a file is decoded for configuring: cells may hold line breaks."""


class TextSource:
    """One text file, as it is written.

    Args:
        path: Of the file.
        dialect: How it is written. What it leaves open is found from the first lines, and from some of the others.

    Attributes:
        dialect: With what was found.
        remarks: What is worth saying of it: (sentence, setting at fault).
        automatic: Whether the encoding is found.

    Raises:
        NodeError: If the file is none of text.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self.dialect = dialect
        self.remarks: list[tuple[str, str]] = []
        self._check_is_text()
        self.automatic = dialect.encoding.strip().lower() == AUTOMATIC
        if self.automatic:
            self._take(find_encoding(self._looked_at()))
        with self.text() as text:
            head = text.read(SNIFFED)
        self.dialect, remarks = found_in(head, self.dialect, whole=len(head) < SNIFFED)
        self.remarks += remarks
        if self.dialect.quote and not self.dialect.mend and self.dialect.escape == "automatic" and self._has_escapes():
            self.dialect = replace(self.dialect, mend=True, escape="backslash")

    def _take(self, found: FoundEncoding) -> None:
        self.dialect = replace(self.dialect, encoding=found.name)
        if not found.certain:
            self.remarks.append((found.remark(), "encoding"))

    def _looked_at(self) -> bytes:
        """The beginning of the file; where that says nothing, lines from all over it too."""
        if starts_with(self.path, GZIP_MAGIC):
            with self._unpacked() as stream:
                return stream.read(SNIFFED)
        with self.path.open("rb") as stream:
            head = stream.read(SNIFFED)
        return head + b"".join(self._blocks()) if head.isascii() and b"\0" not in head else head

    def _blocks(self) -> Iterator[bytes]:
        """Whole lines from places all over the file, where it is no packed one."""
        size = self.path.stat().st_size
        if size <= SNIFFED or starts_with(self.path, GZIP_MAGIC):
            return
        with self.path.open("rb") as stream:
            for number in range(_BLOCKS):
                stream.seek(SNIFFED + (size - SNIFFED) * number // _BLOCKS)
                lines = re.split(rb"(?<=\n)", stream.read(_BLOCK))
                yield b"".join(lines[1:-1])

    def _has_escapes(self) -> bool:
        r"""Whether somewhere in the file there is a \" that does not end a cell."""
        if self.dialect.codec not in (*_UTF8, "utf-8-sig", "cp1252", "iso8859-1", "mac-roman"):
            return False
        sign = f"\\{self.dialect.quote}".encode()
        for block in self._blocks():
            if sign in block and sign.decode() in without_quoted(block.decode("latin-1"), self.dialect, whole=False):
                return True
        return False

    def _check_is_text(self) -> None:
        """Refuse files that cannot be text before anything is made of them."""
        path = self.path
        with path.open("rb") as stream:
            head = stream.read(SNIFFED)
        if not head:
            raise NodeError(f"'{path}' is empty.", "Choose another file.", setting="path")
        if head[:4] in (b"PK\3\4", b"\x28\xb5\x2f\xfd"):
            raise NodeError(f"'{path}' is an archive.", "Unpack it, and choose the file in it.", setting="path")
        if head.startswith(GZIP_MAGIC) or b"\0" not in head:
            return
        automatic = self.dialect.encoding.strip().lower() == AUTOMATIC
        wide = find_encoding(head).name if automatic else self.dialect.codec
        if not wide.startswith(("utf-16", "utf-32")):
            hint = "Choose a text file, or set its encoding (utf-16?)."
            raise NodeError(f"'{path}' is not a text file.", hint, setting="path")

    # -- bytes and text

    def is_plain(self) -> bool:
        """Return whether polars can read the file as it is."""
        return self.dialect.codec in _UTF8 and not self.dialect.mend and not starts_with(self.path, GZIP_MAGIC)

    @contextmanager
    def _unpacked(self) -> Iterator[BinaryIO]:
        path = self.path
        opened: Any = gzip.open if starts_with(path, GZIP_MAGIC) else open
        try:
            with opened(path, "rb") as raw:
                yield raw
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise NodeError(f"'{path}' is damaged: {error}.", "Download or copy the file again.", setting="path") from error

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """Open the file's text, unpacked and decoded as it is read.

        Raises:
            NodeError: If it is damaged, or not in this encoding.
        """
        try:
            with self._unpacked() as raw, io.TextIOWrapper(raw, encoding=self.dialect.codec, newline="") as text:
                yield text
        except UnicodeError as error:
            raise self.not_decodable() from error

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

    def not_decodable(self) -> NodeError:
        """Return what is said where the text is not in the encoding, with what it may be in."""
        found = self.whole_encoding()
        hint = "Set the file's encoding; windows-1252 and latin-1 are common."
        if found is not None:
            told = f" ({found.words})" if found.words else ""
            hint = f"Set the file's encoding to automatic, or to {found.name}{told}."
        return NodeError(f"'{self.path}' is not written in {self.dialect.encoding}.", hint, setting="encoding")

    def whole_encoding(self) -> FoundEncoding | None:
        """Return the encoding that all lines of the file tell; None where they are UTF-8, or have zero bytes."""
        with self._unpacked() as stream:
            content = beyond_ascii(line for line in stream if not is_utf8(line))
        return find_encoding(content) if content and b"\0" not in content else None
