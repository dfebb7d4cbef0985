"""What the person trusts, from one session to the next: one signed line each in a file of the data folder.

A line is the digest of a script (`app.engine.trust`) or of a place to write to (`app.engine.permissions`), the day, and the
node it stood in, for whoever reads the file. A line that is taken out is not trusted from the next start on; one that anybody
else has added is none.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from app.engine.trust import digest
from app.folders import data_folder
from app.signed_lines import SignedLines
from nodes.wording import counted


class TrustedScripts:
    """The digests of what the person trusts.

    Args:
        path: The file; it need not be there yet.

    Attributes:
        digests: All of them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = SignedLines(path)
        self.digests: set[str] = {line.partition(" ")[0] for line in self._kept.lines}

    @classmethod
    def load(cls) -> TrustedScripts:
        """Return the scripts that the person who is logged in trusts."""
        return cls(data_folder() / "trusted_scripts.txt")

    @property
    def problem(self) -> str:
        """Why they cannot be kept beyond this session; empty if they can."""
        if not self._kept.error:
            return ""
        why = self._kept.error
        return f"The list of trusted scripts in {self.path} cannot be kept: {why}. You will be asked again next time."

    def disown_unsigned(self) -> str:
        """Take entries out that this program has not signed on this machine, and return what to say of it; empty if none were."""
        found = self._kept.unsigned
        if not found:
            return ""
        self._kept.drop_unsigned()
        what = counted(found, "entry", "entries")
        return (
            f"The list of what you trust had {what} without a signature of this machine: from an earlier version, from another "
            "machine, or from another program. They do not count: you will be asked again."
        )

    def trusts(self, source: str) -> bool:
        """Return whether a script is trusted."""
        return digest(source) in self.digests

    def add(self, scripts: Mapping[str, str]) -> set[str]:
        """Trust scripts (source -> the node it stands in) from now on; returns their digests."""
        return self.add_digests({digest(source): title for source, title in scripts.items()})

    def add_digests(self, digests: Mapping[str, str]) -> set[str]:
        """Trust what has these digests (digest -> the node it is of) from now on; returns them."""
        day = time.strftime("%Y-%m-%d")
        self._kept.add(f"{key} {day} {' '.join(title.split())}" for key, title in digests.items() if key not in self.digests)
        self.digests |= digests.keys()
        return set(digests)
