"""The record of a stored result: what it is, how long it took, and by what a torn one is noticed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.document.atomic_writing import write_atomically
from app.document.json_text import json_text
from app.engine.result_files import checksum, measure
from app.machine import boot_id

_CHECKSUM = ', "checksum": "'
BOOT = boot_id() or uuid.uuid4().hex
"""The machine's session; one of this process alone where it cannot be known."""


@dataclass(frozen=True)
class Record:
    """What is known of a stored result without reading its data.

    Attributes:
        outputs: Output port -> how its value is stored (`app.engine.codec`).
        described: Output port -> what an edge says of it.
        files: File name -> (bytes, checksum).
        written: The user's own files the node wrote -> their signature then.
        warnings: What the node warned of.
        seconds: How long it took.
        boot: The machine's session in which it was written or last checked.
        peak: Bytes of memory that its computing took at its highest; None where that is not known.
    """

    outputs: Mapping[str, Any]
    described: Mapping[str, str]
    files: Mapping[str, tuple[int, int]]
    written: Mapping[str, str]
    warnings: tuple[str, ...]
    seconds: float
    boot: str
    peak: int | None = None

    @property
    def size(self) -> int:
        """How many bytes the result has, whoever else shares some of its files."""
        return sum(size for size, _ in self.files.values())

    def as_json(self, key: str) -> str:
        """Return it as `record.json` holds it: with a checksum of the result's key and of all the rest at its end.

        Without the key, a database whose index is damaged would give one result for another.
        """
        text = json_text(vars(self))[:-1]
        return f'{text}{_CHECKSUM}{_digest(key, text)}"}}'

    @classmethod
    def parse(cls, text: object, key: str) -> Record:
        """Read the record of this result; raises ValueError, KeyError or TypeError if it is damaged, or another one's."""
        if not isinstance(text, str):
            raise TypeError(text)
        said, _, number = text.rpartition(_CHECKSUM)
        if number != f'{_digest(key, said)}"}}':
            raise ValueError("the record is not what was written")
        data = json.loads(f"{said}}}")
        files = {name: (int(size), int(digest)) for name, (size, digest) in data.pop("files").items()}
        return cls(files=files, warnings=tuple(data.pop("warnings")), **data)


def _digest(key: str, text: str) -> str:
    """Return the checksum, always of 16 digits: what a result takes must not depend on it."""
    return f"{checksum(f'{key} {text}'.encode(errors='surrogatepass')):016x}"


def is_whole(folder: Path, record: Record) -> bool:
    """Return whether the files are those the record lists; their content is looked at once in each session of the machine.

    Raises:
        OSError: If that cannot be found out now.
    """
    try:
        if any((folder / name).stat().st_size != size for name, (size, _) in record.files.items()):
            return False
        if record.boot == BOOT:
            return True
        if any(measure(folder / name) != counted for name, counted in record.files.items()):
            return False
    except FileNotFoundError:
        return False
    with suppress(OSError):
        write_atomically(folder / "record.json", replace(record, boot=BOOT).as_json(folder.name).encode())
    return True
