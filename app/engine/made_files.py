"""Which files workflows have written: by them a later run may replace what an earlier one made, and nothing else.

Kept in one small database of the data folder, which no workflow may write to. If it cannot be kept, more is asked, and nothing
is lost.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from app.engine.fingerprints import signature
from app.folders import data_folder

log = logging.getLogger("layerloom.engine")

UNFINISHED = ""
"""In the place of the signature of a file that is still being written, or was when the run was killed."""
_MAKE = "CREATE TABLE IF NOT EXISTS made (folder TEXT, path TEXT, signature TEXT, PRIMARY KEY (folder, path)) WITHOUT ROWID"


def note_made(folder: Path, files: Mapping[str, str]) -> None:
    """Remember that workflows of `folder` wrote these files: path -> signature."""
    if not files:
        return
    try:
        with closing(_opened()) as database, database:
            rows = [(str(folder), path, seen) for path, seen in files.items()]
            database.executemany("INSERT OR REPLACE INTO made VALUES (?, ?, ?)", rows)
    except (sqlite3.Error, OSError) as error:
        log.warning("it cannot be remembered which files were written: %s", error)


def were_made(folder: Path, files: Iterable[Path]) -> bool:
    """Whether workflows of `folder` wrote all of these files, and nobody has changed them since."""
    try:
        with closing(_opened()) as database:
            for path in files:
                query = "SELECT signature FROM made WHERE folder = ? AND path = ?"
                found = database.execute(query, (str(folder), str(path))).fetchone()
                if found is None or found[0] not in (UNFINISHED, signature(path)):
                    return False
    except (sqlite3.Error, OSError):
        return False
    return True


def _opened() -> sqlite3.Connection:
    database = sqlite3.connect(data_folder() / "made_files.sqlite", timeout=5)
    database.execute(_MAKE)
    return database
