"""What would come out of a node, asked of the node itself without any data."""

from __future__ import annotations

import errno
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from app.document.problems import Problem
from app.engine.configuring_mark import CONFIGURING
from app.engine.failures import node_fault
from app.engine.fingerprints import file_sets
from nodes.base import Node, NodeError, Spec, Specs, panics_as_errors

NOTHING: Mapping[str, Spec | None] = MappingProxyType({})
"""The specs of a node that is not configured."""


class ConfigurationAnswer(NamedTuple):
    """What a node says when it is configured.

    Attributes:
        specs: What would come out.
        problems: What it complains about.
        paths: The files it looked at.
        guesses: Setting -> what is taken where it was left empty.
    """

    specs: Mapping[str, Spec | None]
    problems: list[Problem]
    paths: set[Path]
    guesses: Mapping[str, str]


def configure(node: Node, node_id: str, inputs: Mapping[str, Spec], folder: Path) -> ConfigurationAnswer:
    """Ask a node what would come out of it."""
    CONFIGURING.node(node_id)
    specs = _WatchedSpecs(inputs, node_id, folder)
    made: Mapping[str, Spec | None] = NOTHING
    errors: list[NodeError] = []
    try:
        with panics_as_errors():
            made = node.configure(specs)
            specs.paths.update(path for files in file_sets(node, folder).values() for path in files.watched)
    except NodeError as error:
        errors.append(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
        errors.append(node_fault(error))
    problems = [Problem(e.message, e.remedy, node=node_id, setting=e.setting) for e in (*specs.errors, *errors)]
    problems += [Problem(text, node=node_id, setting=specs.concerned.get(text), severity="warning") for text in specs.warnings]
    return ConfigurationAnswer(NOTHING if specs.errors or errors else made, problems, specs.paths, specs.guesses)


@dataclass
class _WatchedSpecs(Specs):
    """Specs that note which paths a node asks for: what it says may depend on what is there."""

    paths: set[Path] = field(default_factory=set)

    def resolve(self, path: str | Path) -> Path:
        try:
            found = super().resolve(path)
        except RuntimeError as error:  # links in a circle, and homes of people who are not there
            raise NodeError(f"{path} cannot be used: {error}.", "Choose another file or folder.") from error
        self.paths.add(found)
        reason = why_unusable(found)
        if reason:
            raise NodeError(f"{found} cannot be used: {reason}.", "Choose another file or folder.")
        return found


_NEVER_THERE = {errno.ENAMETOOLONG: "its name is too long", errno.ELOOP: "its links lead in a circle"}
"""Errors of the system for paths at which nothing can ever be."""


def why_unusable(path: Path) -> str | None:
    """Return why nodes must keep off a path, in words; None if it can be used, or if there is nothing yet.

    A pipe or a device may never end, or never begin; and the libraries that read and write tables take paths as UTF-8.
    """
    try:
        str(path).encode()
        mode = path.stat().st_mode
    except UnicodeEncodeError:
        return "its name, or that of a folder above it, is not UTF-8, which the libraries that read tables need"
    except OSError as error:
        return _NEVER_THERE.get(error.errno or 0)
    except ValueError:
        return None
    return (
        None
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        else "it is neither a file nor a folder, but a pipe, a device or a socket"
    )
