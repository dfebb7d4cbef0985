"""Which of pyreadstat's functions reads a file of SPSS, Stata or SAS: its first bytes tell, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

Kind = Literal["sav", "por", "dta", "sas7bdat", "xport"]

_SAS = b"\0" * 12 + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c\x18\x1f\x10\x11"
_OLD_STATA = range(0x68, 0x78)
"""The first byte of Stata files before version 13 is their version; the second one is the order of bytes."""
_ROWS_AT_ONCE = 200_000
_CELLS_AT_ONCE = 2_000_000


def kind_of(path: Path) -> Kind | None:
    """Return what a file is; None where it is none of these."""
    with path.open("rb") as stream:
        head = stream.read(500)
    if head[:4] in (b"$FL2", b"$FL3") or head[:4] == "$FL2".encode("cp500"):
        return "sav"
    if head.startswith(b"<stata_dta>") or (len(head) > 2 and head[0] in _OLD_STATA and head[1] in (1, 2) and head[2] == 1):
        return "dta"
    if head.startswith(_SAS):
        return "sas7bdat"
    if head.startswith(b"HEADER RECORD*******LIB"):
        return "xport"
    # The lines of a portable file have 80 characters; before its signature stand five titles of 40.
    return "por" if b"SPSSPORT" in head.replace(b"\r", b"").replace(b"\n", b"") else None


def arguments(kind: Kind, encoding: str = "") -> dict[str, Any]:
    """Return what the function of a kind is told in any case: numbers of dates stay numbers, cells are plain lists."""
    given = {"encoding": encoding} if encoding and kind != "por" else {}
    return {"output_format": "dict", "disable_datetime_conversion": True, **given}


def function(kind: Kind) -> Callable[..., tuple[dict[str, list[Any]], Any]]:
    """Return the function that reads files of a kind: (cells of each column, metadata)."""
    import pyreadstat

    functions: dict[Kind, Any] = {
        "sav": pyreadstat.read_sav,
        "por": pyreadstat.read_por,
        "dta": pyreadstat.read_dta,
        "sas7bdat": pyreadstat.read_sas7bdat,
        "xport": pyreadstat.read_xport,
    }
    return functions[kind]  # type: ignore[no-any-return]


def metadata(path: Path, kind: Kind, encoding: str = "") -> Any:
    """Return what a file says of its columns, without reading rows; of SPSS also which values stand for missing ones."""
    more = {"user_missing": True} if kind == "sav" else {}
    return function(kind)(str(path), metadataonly=True, **more, **arguments(kind, encoding))[1]


def pieces(
    path: Path, kind: Kind, columns: list[str], *, limit: int | None = None, **more: Any
) -> Iterator[dict[str, list[Any]]]:
    """Yield the cells of some columns piece by piece.

    Args:
        path: Of the file.
        kind: What it is.
        columns: Their names in the file.
        limit: So many rows at the most.
        more: For pyreadstat, such as `arguments` gives it.
    """
    step = max(1, min(_ROWS_AT_ONCE, _CELLS_AT_ONCE // max(1, len(columns))))
    read, done = function(kind), 0
    while limit is None or done < limit:
        wanted = step if limit is None else min(step, limit - done)
        cells, _ = read(str(path), usecols=columns, row_offset=done, row_limit=wanted, **more)
        found = len(next(iter(cells.values()), []))
        if found:
            yield cells
        done += found
        if found < wanted:
            return
