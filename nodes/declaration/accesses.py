"""What a run of a node would touch besides the stored results: files and folders that it writes, servers that it talks to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from nodes.declaration.declared import Declared, settings_of


@dataclass(frozen=True)
class Access:
    """Something outside of the stored results that a node would change, or talk to.

    Attributes:
        setting: The setting that says so, in dotted form.
        kind: What it is.
        place: The path as it stands in the setting; the address of a server.
        replaces: Whether a file that is there already may be changed or replaced.
        names: Of a folder: which files in it may be written, as a pattern of `Path.glob`.
    """

    setting: str
    kind: Literal["file", "folder", "server"]
    place: str
    replaces: bool = True
    names: str = "**/*"


def declared_accesses(group: BaseModel, prefix: str = "") -> Iterator[Access]:
    """Yield an access for every setting that names a path to write, in a node or a group of settings, at any depth.

    Settings that do not matter, as others are now, are left out; so are empty ones.
    """
    for declared in settings_of(type(group)):
        value = getattr(group, declared.name)
        if not _matters(declared, group):
            continue
        where = f"{prefix}{declared.name}"
        if declared.path == "write file" and isinstance(value, str) and value.strip():
            yield Access(where, "file", value)
        elif declared.path == "write folder" and isinstance(value, str) and value.strip():
            yield Access(where, "folder", value)
        elif isinstance(value, BaseModel):
            yield from declared_accesses(value, f"{where}.")
        elif isinstance(value, list | tuple):
            for number, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from declared_accesses(item, f"{where}.{number}.")


def _matters(declared: Declared, group: BaseModel) -> bool:
    return all(getattr(group, other, None) in needed for other, needed in declared.shown_if.items())


def patterned(setting: str, path: str) -> Access:
    """Return the access of a path in which `{...}` stands for what is known only in the run, as in `nets/{epoch:03d}.keras`.

    It is the folder before the first such place; the files are those whose names fit.
    """
    parts = re.split(r"(?<=[/\\])", path)
    fixed = next((number for number, part in enumerate(parts[:-1]) if "{" in part), len(parts) - 1)
    names = re.sub(r"\{[^{}]*\}", "*", re.sub(r"[*?\[]", "?", "".join(parts[fixed:]).replace("\\", "/")))
    return Access(setting, "folder", "".join(parts[:fixed]) or ".", names=names)
