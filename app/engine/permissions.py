"""Permissions: where a workflow may write, and which servers it may talk to, without the person having been asked.

A workflow that the person made or saved on this machine may do all that its settings say. One of somebody else's may write
into its own folder and the one that the program was started in, new files and those that it wrote itself; everything else is
asked. What belongs to Layerloom itself is written by no workflow, whosever it is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from app import folders
from app.document.problems import Problem
from app.engine.made_files import UNFINISHED, note_made, were_made
from nodes.base import Access, Node, NodeError

MOST_FILES = 10_000
"""So many files of a folder that is written to are looked at; where there are more, the person is asked."""


@dataclass(frozen=True)
class Wish:
    """Something that a node wants to write, or talk to, and may not unless the person says so.

    Attributes:
        setting: The setting that says so, in dotted form.
        place: The absolute path, after all symbolic links; the address of a server.
        reason: Why it is asked, as a sentence.
        digest: What it is remembered by once it is trusted: of this workflow, this place and this use only.
        is_server: Whether it is a server: nothing is sent to it before, not even to find out what columns there are.
    """

    setting: str
    place: str
    reason: str
    digest: str
    is_server: bool = False


@dataclass
class Permissions:
    """What one workflow may write to.

    Attributes:
        own: Whether the person made it, or saved it on this machine; then nothing is asked.
        digests: Of wishes that the person has granted. It may be shared, and only grows.
        start: The folder that the program was started in.
        allowed: Folders that the person allows to be written to, and addresses of servers.
        chosen: (node, setting) that the person has typed in for this run.
        results: Where results are stored, if not at the usual place.
    """

    own: bool = False
    digests: set[str] = field(default_factory=set)
    start: Path = field(default_factory=Path.cwd)
    allowed: Sequence[str] = ()
    chosen: frozenset[tuple[str, str]] = frozenset()
    results: Path | None = None

    def forbidden(self, node: Node, node_id: str, folder: Path) -> list[Problem]:
        """Return what of a node's settings leads into Layerloom's own folders."""
        found = []
        for access, place in _resolved(node, folder):
            if place is not None and self.is_protected(place):
                message = f"'{place}' belongs to Layerloom itself, and no workflow may write there."
                found.append(Problem(message, "Choose another place.", node=node_id, setting=access.setting))
        return found

    def wishes(self, node: Node, node_id: str, folder: Path, path: str = "") -> dict[str, Wish]:
        """Return what a node wants to touch and may not: place -> wish.

        Args:
            node: The node.
            node_id: Its id in the workflow.
            folder: The workflow's folder.
            path: What people call it, if it is in a component.
        """
        if self.own:
            return {}
        found = {}
        for access, place in _resolved(node, folder):
            if any(n in (node_id, path) and f"{access.setting}.".startswith(f"{setting}.") for n, setting in self.chosen):
                continue
            reason = self._reason(access, place, folder)
            digest = _digest(access, place, folder)
            if reason and digest not in self.digests:
                where = access.place if place is None else str(place)
                found[where] = Wish(access.setting, where, reason, digest, place is None)
        return found

    def _reason(self, access: Access, place: Path | None, folder: Path) -> str:
        """Why the person is to be asked; empty if there is nothing to ask."""
        if place is None:
            return "" if access.place in self.allowed else "It is a database server, which is asked with your own rights."
        if any(_is_within(place, Path(allowed).expanduser().resolve()) for allowed in self.allowed):
            return ""
        inside = next((base for base in (folder.resolve(), self.start.resolve()) if _is_plainly_within(place, base)), None)
        if inside is None:
            return "It lies outside of the workflow's folder."
        there = _there(access, place) if access.replaces else []
        if there and (len(there) > MOST_FILES or not were_made(folder, there)):
            return "There are files already that this workflow did not write."
        return ""

    def is_protected(self, path: Path) -> bool:
        """Return whether a path lies in Layerloom's own folders: its code, its settings, its data, its results."""
        roots, identities = self._protected
        return any(path.is_relative_to(root) for root in roots) or not identities.isdisjoint(_identities(path))

    @cached_property
    def _protected(self) -> tuple[list[Path], set[tuple[int, int]]]:
        """Layerloom's own folders: their paths, and what the system knows them by, whatever their names are written like."""
        program = Path(__file__).resolve().parents[2]
        own = (program / "app", program / "nodes", folders.config_folder(), folders.data_folder(), folders.cache_folder())
        results = (folders.default_results(), *([self.results] if self.results else []))
        roots = [root.resolve() for root in (*own, *results)]
        return roots, {identity for root in roots for identity in list(_identities(root))[:1] if root.exists()}


@dataclass(frozen=True)
class Claims:
    """What a running node may write, for names that it forms in the run.

    Attributes:
        permissions: Of its workflow.
        places: The files and folders that its settings name.
        folder: The workflow's folder.
    """

    permissions: Permissions
    places: Sequence[Path]
    folder: Path

    def claim(self, path: Path) -> None:
        """Note that a file is being written.

        Raises:
            NodeError: If it lies elsewhere than the settings say, or among Layerloom's own.
        """
        found = path.resolve()
        if not any(found.is_relative_to(place) for place in self.places) or self.permissions.is_protected(found):
            raise NodeError(f"'{found}' lies elsewhere than the node's settings say.", "Change the names.")
        if not found.is_dir():
            note_made(self.folder, {str(found): UNFINISHED})


def places_of(node: Node, folder: Path) -> list[Path]:
    """Return the files and folders that a node may write: absolute, after all symbolic links."""
    return [place for _, place in _resolved(node, folder) if place is not None]


def wish_problems(node_id: str, wishes: Mapping[str, Wish]) -> list[Problem]:
    """Return what to say of wishes that were not granted."""
    return [
        Problem(
            f"The workflow came from elsewhere, and nobody has allowed it to use '{wish.place}'. {wish.reason}",
            "Allow it if that is what the workflow is for, or choose another place.",
            node=node_id,
            setting=wish.setting,
        )
        for wish in wishes.values()
    ]


def _resolved(node: Node, folder: Path) -> Iterator[tuple[Access, Path | None]]:
    """Yield what a node touches, with the absolute path; None of a server. A path that is none is refused by its node."""
    for access in node.accesses():
        if access.kind == "server":
            yield access, None
            continue
        with suppress(OSError, RuntimeError, ValueError):
            yield access, (folder / Path(access.place).expanduser()).resolve()


def _there(access: Access, place: Path) -> list[Path]:
    """The files that would be replaced, as far as can be seen before the run; with `MOST_FILES` more than are looked at."""
    if access.kind == "file":
        return [place] if os.path.lexists(place) and not place.is_dir() else []  # a folder takes no file's place
    with suppress(OSError, ValueError, IndexError):
        return list(islice((path for path in place.glob(access.names or "**/*") if not path.is_dir()), MOST_FILES + 1))
    return []


def _is_within(path: Path, root: Path) -> bool:
    """Return whether a path is a folder, or lies in it, however its name is written on this system."""
    if path.is_relative_to(root):
        return True
    known = next(_identities(root), None) if root.exists() else None
    return known is not None and known in _identities(path)


def _identities(path: Path) -> Iterator[tuple[int, int]]:
    """Yield what the system knows a path, and the folders that it lies in, by; of those that are there."""
    for above in (path, *path.parents):
        with suppress(OSError, ValueError):
            found = above.stat()
            yield found.st_dev, found.st_ino


def _is_plainly_within(path: Path, base: Path) -> bool:
    """Whether a path lies in a folder that one works in.

    The home folder and those above it are none, and what is hidden is no work: programs keep there what they obey, as
    `.git/hooks` or `.bashrc`.
    """
    if _is_within(Path.home().resolve(), base) or not path.is_relative_to(base):
        return False
    if _is_within(path, folders.examples_folder().resolve()):  # what lies there counts as the person's own
        return False
    return not any(part.startswith(".") for part in path.relative_to(base).parts)


def _digest(access: Access, place: Path | None, folder: Path) -> str:
    where = access.place if place is None else str(place)
    told = "\0".join((str(folder.resolve()), access.kind, where, access.names, str(access.replaces)))
    return hashlib.blake2b(told.encode(errors="surrogatepass"), digest_size=32, person=b"layerloom write").hexdigest()
