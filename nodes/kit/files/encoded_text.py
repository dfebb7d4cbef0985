"""A text file of any encoding, packed with gzip or not: what all readers of text files share."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nodes.base import NodeError
from nodes.kit.files.encodings import AUTOMATIC, FoundEncoding, beyond_ascii, codec_of, find_encoding, is_utf8
from nodes.kit.files.reading import GZIP_MAGIC, starts_with

SNIFFED = 64 * 1024
_BLOCKS = 16
_BLOCK = 16 * 1024


class EncodedText:
    """One text file, as it is written.

    Args:
        path: Of the file.
        encoding: Its name; `automatic`: it is found from the first lines, and from some of the others.

    Attributes:
        encoding: The one that was given or found.
        remarks: What is worth saying of it: (sentence, setting at fault).
        automatic: Whether the encoding is found.

    Raises:
        NodeError: If the file is none of text.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.encoding = encoding
        self.remarks: list[tuple[str, str]] = []
        self.automatic = encoding.strip().lower() == AUTOMATIC
        self._check_is_text()
        if self.automatic:
            found = find_encoding(self._looked_at())
            self.encoding = found.name
            if not found.certain:
                self.remarks.append((found.remark(), "encoding"))

    @property
    def codec(self) -> str:
        """Python's name of the encoding; where it is found, that of the usual one.

        Raises:
            NodeError: If there is no such encoding.
        """
        return codec_of(self.encoding)

    def _looked_at(self) -> bytes:
        """The beginning of the file; where that says nothing, lines from all over it too."""
        if starts_with(self.path, GZIP_MAGIC):
            with self.unpacked() as stream:
                return stream.read(SNIFFED)
        with self.path.open("rb") as stream:
            head = stream.read(SNIFFED)
        return head + b"".join(self.blocks()) if head.isascii() and b"\0" not in head else head

    def blocks(self) -> Iterator[bytes]:
        """Yield whole lines from places all over the file, where it is no packed one."""
        size = self.path.stat().st_size
        if size <= SNIFFED or starts_with(self.path, GZIP_MAGIC):
            return
        with self.path.open("rb") as stream:
            for number in range(_BLOCKS):
                stream.seek(SNIFFED + (size - SNIFFED) * number // _BLOCKS)
                lines = re.split(rb"(?<=\n)", stream.read(_BLOCK))
                yield b"".join(lines[1:-1])

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
        wide = find_encoding(head).name if self.automatic else self.codec
        if not wide.startswith(("utf-16", "utf-32")):
            hint = "Choose a text file, or set its encoding (utf-16?)."
            raise NodeError(f"'{path}' is not a text file.", hint, setting="path")

    @contextmanager
    def unpacked(self) -> Iterator[BinaryIO]:
        """Open the file's bytes.

        Raises:
            NodeError: If a packed file is damaged.
        """
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
            with self.unpacked() as raw, io.TextIOWrapper(raw, encoding=self.codec, newline="") as text:
                yield text
        except UnicodeError as error:
            raise self.not_decodable() from error

    def not_decodable(self) -> NodeError:
        """Return what is said where the text is not in the encoding, with what it may be in."""
        found = self.whole_encoding()
        hint = "Set the file's encoding; windows-1252 and latin-1 are common."
        if found is not None:
            told = f" ({found.words})" if found.words else ""
            hint = f"Set the file's encoding to automatic, or to {found.name}{told}."
        return NodeError(f"'{self.path}' is not written in {self.encoding}.", hint, setting="encoding")

    def whole_encoding(self) -> FoundEncoding | None:
        """Return the encoding that all lines of the file tell; None where they are UTF-8, or have zero bytes."""
        with self.unpacked() as stream:
            content = beyond_ascii(line for line in stream if not is_utf8(line))
        return find_encoding(content) if content and b"\0" not in content else None
