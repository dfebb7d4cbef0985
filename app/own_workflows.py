"""Which workflow files are the person's own: made, or saved, with this editor on this machine, and unchanged since.

They are known by their path and their content: a file that somebody put in the place of one's own is not one's own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from app.folders import data_folder, examples_folder
from app.signed_lines import SignedLines


class OwnWorkflows:
    """The files that are the person's own; the examples that come with the program count as such.

    Args:
        path: The file that they are kept in; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._kept = SignedLines(path)

    @classmethod
    def load(cls) -> OwnWorkflows:
        """Return those of the person who is logged in."""
        return cls(data_folder() / "own_workflows.txt")

    @property
    def problem(self) -> str:
        """Why they cannot be kept beyond this session; empty if they can."""
        if not self._kept.error:
            return ""
        return f"The list of your own workflows in {self._kept.path} cannot be kept: {self._kept.error}. They may be asked about."

    def has(self, path: Path) -> bool:
        """Return whether a file is the person's own, just as it is now."""
        if path.resolve().is_relative_to(examples_folder()):
            return True
        line = _line(path)
        return line is not None and line in self._kept.lines

    def add(self, path: Path) -> None:
        """Note that the person has saved this file."""
        line = _line(path)
        if line is not None and line not in self._kept.lines:
            self._kept.add([line])


def _line(path: Path) -> str | None:
    """What is noted of a file: a hash of its content, and where it lies; None if it cannot be read."""
    try:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
    place = hashlib.sha256(str(path.resolve()).encode(errors="surrogatepass")).hexdigest()
    name = "".join(c if c.isprintable() else "?" for c in path.name)
    return f"{content} {place} {name}"
