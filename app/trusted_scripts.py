"""The scripts that the person trusts, from one session to the next: one line each in a file of the data folder.

A line is the script's digest (`app.engine.trust`), the day, and the node it stood in, for whoever reads the file. Lines are
only ever added, so several windows may write at once; a line that is taken out is not trusted from the next start on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from app.engine.trust import digest
from app.folders import data_folder


class TrustedScripts:
    """The digests of what the person trusts.

    Args:
        path: The file; it need not be there yet.

    Attributes:
        digests: All of them.
        problem: Why they cannot be kept beyond this session; empty if they can.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self.digests: set[str] = set()
        try:
            lines = path.read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            lines = []
        except OSError as error:
            lines = []
            self._cannot(error)
        self.digests = {line.split(maxsplit=1)[0] for line in lines if line.strip()}

    @classmethod
    def load(cls) -> TrustedScripts:
        """Return the scripts that the person who is logged in trusts."""
        return cls(data_folder() / "trusted_scripts.txt")

    def trusts(self, source: str) -> bool:
        """Return whether a script is trusted."""
        return digest(source) in self.digests

    def add(self, scripts: Mapping[str, str]) -> set[str]:
        """Trust scripts (source -> the node it stands in) from now on; returns their digests."""
        new = {digest(source): title for source, title in scripts.items()}
        day = time.strftime("%Y-%m-%d")
        lines = [f"{key} {day} {' '.join(title.split())}\n" for key, title in new.items() if key not in self.digests]
        self.digests |= new.keys()
        if lines:
            try:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write("".join(lines))
            except OSError as error:
                self._cannot(error)
        return set(new)

    def _cannot(self, error: OSError) -> None:
        why = error.strerror or str(error)
        self.problem = f"The list of trusted scripts in {self.path} cannot be kept: {why}. You will be asked again next time."
