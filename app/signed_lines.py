"""Files of lines that only this program, on this machine, can have written: what the person trusts is kept in such.

Every line ends with its signature, made with a key that lies in the folder of the settings. A line that anybody else added, a
workflow's writer above all, is no line.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from app.folders import config_folder

KEY_BYTES = 32
_WAIT_SECONDS = 5


class SignedLines:
    """Lines of a file; lines are only ever added, so several windows may write at once.

    Args:
        path: The file; it need not be there yet.
        key: The file of the key; by default that of this machine. It is made if it is missing.

    Attributes:
        lines: Those in the file that are signed, in their order, without the signature.
        unsigned: How many there are besides: of a version before they were signed, of another machine, or forged.
        error: Why they cannot be read or kept beyond this session; empty if they can.
    """

    def __init__(self, path: Path, key: Path | None = None) -> None:
        self.path = path
        self.error = ""
        self.lines: list[str] = []
        self.unsigned = 0
        try:
            self._key = _key(key or config_folder() / "machine.key")
        except (OSError, Timeout) as error:
            self._key = secrets.token_bytes(KEY_BYTES)
            self._cannot(error)
        try:
            written = path.read_text("utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            return
        except OSError as error:
            self._cannot(error)
            return
        for entry in written:
            line, _, signature = entry.rpartition(" ")
            if line and hmac.compare_digest(self._signature(line).encode(), signature.encode()):
                self.lines.append(line)
            elif entry.strip():
                self.unsigned += 1

    def add(self, lines: Iterable[str]) -> None:
        """Add lines, which have no line breaks in them."""
        new = list(lines)
        if any("\n" in line for line in new):
            raise ValueError("a line has no line breaks")
        self.lines += new
        if new:
            try:
                with self.path.open("ab+") as file:
                    text = "".join(f"{line} {self._signature(line)}\n" for line in new)
                    file.seek(-1 if file.tell() else 0, os.SEEK_END)
                    whole = file.read(1) in (b"", b"\n")  # what is half a line must not become part of one of these
                    file.write(f"{'' if whole else chr(10)}{text}".encode(errors="surrogatepass"))
            except OSError as error:
                self._cannot(error)

    def drop_unsigned(self) -> None:
        """Take the lines out of the file that are not signed; what another window adds in that moment may go, too."""
        aside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        try:
            text = "".join(f"{line} {self._signature(line)}\n" for line in self.lines)
            aside.write_bytes(text.encode(errors="surrogatepass"))
            aside.replace(self.path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            self._cannot(error)
        else:
            self.unsigned = 0

    def _signature(self, line: str) -> str:
        """A line's signature, which holds in a file of this name only."""
        return hmac.new(self._key, f"{self.path.name}\n{line}".encode(errors="surrogatepass"), hashlib.sha256).hexdigest()

    def _cannot(self, error: OSError) -> None:
        self.error = error.strerror or str(error)


def _key(path: Path) -> bytes:
    """The key in a file that nobody else can read; made at the first time, by one process only."""
    with FileLock(path.with_name(f"{path.name}.lock"), timeout=_WAIT_SECONDS):
        try:
            key = path.read_bytes()
            if len(key) == KEY_BYTES:
                return key
        except FileNotFoundError:
            pass
        path.unlink(missing_ok=True)
        key = secrets.token_bytes(KEY_BYTES)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key)
        return key
