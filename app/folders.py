"""Where the program keeps what belongs to the person: settings, journals, what it learned. Knows nothing of their content.

LAYERLOOM_HOME names a root for all of it (tests, portable installations); else the folders are those of the operating system.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

_problems: dict[Path, str] = {}


def config_folder() -> Path:
    """Return the folder of the settings; made if it is missing."""
    import platformdirs

    return _usable(_home("config") or Path(platformdirs.user_config_dir("layerloom", appauthor=False, roaming=True)))


def data_folder() -> Path:
    """Return the folder of journals, logs and counts; made if it is missing."""
    import platformdirs

    return _usable(_home("data") or Path(platformdirs.user_data_dir("layerloom", appauthor=False)))


def cache_folder() -> Path:
    """Return the folder of what can be made anew at any time; it need not be there."""
    import platformdirs

    return _home("cache") or Path(platformdirs.user_cache_dir("layerloom", appauthor=False))


def node_index() -> Path:
    """Return the file in which the node catalog keeps what it knows from one start to the next."""
    return cache_folder() / "nodes.json"


def sound_files() -> Path:
    """Return the file in which the engine keeps which files of others it found sound, so that it reads them directly."""
    return cache_folder() / "sound_files.txt"


def source_index() -> Path:
    """The file in which the engine keeps what it knows of source files from one start to the next."""
    return cache_folder() / "sources.json"


def default_results() -> Path:
    """Return where results are stored unless a run names another place: LAYERLOOM_RESULTS, or the user's cache folder."""
    import platformdirs

    chosen = os.environ.get("LAYERLOOM_RESULTS")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("layerloom", appauthor=False)) / "results"


def examples_folder() -> Path:
    """Return the folder of the example workflows that come with the program."""
    return Path(__file__).resolve().parent.parent / "workflows"


FOR_BEGINNERS = ("digits_small_cnn", "fashion_mnist_cnn", "dense_or_convolutional", "what_a_kernel_does", "inside_a_cnn")
"""Examples that are best opened first, in this order; the others follow by their names."""


def examples(folder: Path | None = None) -> list[Path]:
    """Return the example workflows that come with the program (or those in a folder), the one to start with first."""
    files = (folder or examples_folder()).glob("*.workflow.json")
    rank = {name: number for number, name in enumerate(FOR_BEGINNERS)}
    return sorted(files, key=lambda path: (rank.get(path.name.partition(".")[0], len(rank)), path.name))


def problems() -> list[str]:
    """Return what the person must be told: folders that could not be made, and what is used instead."""
    return list(_problems.values())


def _home(part: str) -> Path | None:
    chosen = os.environ.get("LAYERLOOM_HOME")
    return Path(chosen).expanduser().absolute() / part if chosen else None


def _usable(folder: Path) -> Path:
    """Return the folder, which exists then and can be written to; else a temporary one, noted as a problem."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(0, "no permission to write there")
    except OSError as error:
        reason = error.strerror or str(error)
        substitute = _stand_in() / folder.name
        substitute.mkdir(exist_ok=True)
        _problems[folder] = (
            f"The folder {folder} cannot be used: {reason}. Settings and the journal of unsaved edits are kept in {substitute} "
            "for now, which does not last. Make the folder writable, and start the program again."
        )
        return substitute
    _problems.pop(folder, None)
    return folder


@cache
def _stand_in() -> Path:
    """Return a temporary folder of this process; left to the operating system to clean, as journals may be in it."""
    return Path(tempfile.mkdtemp(prefix="layerloom-"))
