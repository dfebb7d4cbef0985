"""Files and folders that are dropped on the canvas, as the nodes that read them.

Which node reads files of which ending says its class (`opens`). Here is what one ending alone does not tell: files that belong
together, pictures, databases, folders. Files are listed, never read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from app.document.node_type import Types
from nodes.wording import counted

TABLE_CREATOR, IMAGE_READER, IMAGE_FOLDER = "tables.table_creator", "readers.images_in_table", "readers.image_folder"
IDX_READER, DATABASE_READER = "readers.idx", "readers.database"
MOST_LISTED = 500
"""So many entries of a folder are looked at: what it is for shows soon, and the window must not wait."""
MOST_FOLDERS = 60
_IDX_PARTS = (("-images", "-labels"), ("-idx3-", "-idx1-"))
"""What differs in the names of MNIST's files of images and of labels."""


@dataclass(frozen=True)
class Dropped:
    """One node that reads what was dropped.

    Attributes:
        node_type: Its type.
        settings: What is known of its settings.
        feeds: The node behind it, which takes its table.
    """

    node_type: str
    settings: dict[str, Any]
    feeds: Dropped | None = None


@dataclass
class Understood:
    """What was dropped, as nodes.

    Attributes:
        nodes: One for each file, or for all that belong together.
        told: How it was understood, where that is not plain, as sentences.
        unknown: What no node reads.
    """

    nodes: list[Dropped] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)


def understood(paths: Iterable[Path], types: Types, stored: Callable[[Path], str] = Path.as_posix) -> Understood:
    """Return the nodes that read files and folders.

    Args:
        paths: What was dropped.
        types: What is known of the node classes.
        stored: How the workflow stores a path.
    """
    found = Understood()
    by_ending: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(paths):
        if path.is_dir():
            _folder(path, types, stored, found)
        elif (kind := _reader_of(path, types)) is not None:
            by_ending.setdefault(kind, []).append(path)
        else:
            found.unknown.append(path)
    for (node_type, ending), files in by_ending.items():
        if node_type == IMAGE_READER:
            found.nodes.append(_pictures(files, stored))
        elif node_type == IDX_READER:
            found.nodes += [node for node in _idx(files, stored) if node not in found.nodes]
        elif len(files) > 1 and _reads_folders(types, node_type) and _is_all_of(files, ending):
            found.nodes.append(_all_files(node_type, files[0].parent, ending, stored))
            found.told.append(
                f"The {counted(len(files), 'file')} become one table; a file that is added to the folder joins them."
            )
        else:
            found.nodes += [Dropped(node_type, _one_file(types, node_type, path, stored)) for path in files]
    return found


def _reader_of(path: Path, types: Types) -> tuple[str, str] | None:
    """Return the node type that reads a file, and the ending by which that is known; pictures of all endings are one kind."""
    name = path.name.lower()
    fitting = [
        (len(ending), node_type, ending) for node_type, known in types.items() for ending in known.opens if name.endswith(ending)
    ]
    if not fitting:
        return (IDX_READER, "-idx1-ubyte") if "-idx1-ubyte" in name and IDX_READER in types else None
    _, node_type, ending = max(fitting)
    return node_type, "" if node_type == IMAGE_READER else ending


def _one_file(types: Types, node_type: str, path: Path, stored: Callable[[Path], str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if node_type == DATABASE_READER and path.suffix.lower() == ".duckdb":
        settings["kind"] = "duckdb"
    return {**settings, types[node_type].path_to_read: stored(path)}


def _reads_folders(types: Types, node_type: str) -> bool:
    return bool(types[node_type].reads_folders)


def _is_all_of(files: Sequence[Path], ending: str) -> bool:
    """Return whether files are all that their folder has of their ending."""
    folder = files[0].parent
    if any(path.parent != folder for path in files):
        return False
    with suppress(OSError):
        return {name for name in _names(folder) if name.lower().endswith(ending)} == {path.name for path in files}
    return False


def _all_files(node_type: str, folder: Path, ending: str, stored: Callable[[Path], str]) -> Dropped:
    return Dropped(node_type, {"source": "folder", "folder": stored(folder), "pattern": f"*{ending}"})


def _pictures(files: Sequence[Path], stored: Callable[[Path], str]) -> Dropped:
    """A table of paths, and the reader of the pictures behind it."""
    column = {"name": "path", "dtype": "String", "values": [stored(path) for path in files]}
    return Dropped(TABLE_CREATOR, {"columns": [column]}, Dropped(IMAGE_READER, {}))


def _idx(files: Sequence[Path], stored: Callable[[Path], str]) -> list[Dropped]:
    """A reader for each file of images, with the labels that are beside it; labels alone lead to their images."""
    images: dict[Path, Path | None] = {}
    for path in files:
        partner = _partner(path)
        if "idx1" in path.name:
            if partner is not None:
                images[partner] = path
        else:
            images[path] = partner
    made = []
    for path, labels in images.items():
        settings = {"images": stored(path)}
        made.append(Dropped(IDX_READER, settings if labels is None else {**settings, "labels": stored(labels)}))
    return list({node.settings["images"]: node for node in made}.values())


def _partner(path: Path) -> Path | None:
    """Return the labels of images, or the images of labels, by MNIST's names, zipped or not."""
    name = path.name
    for first, second in _IDX_PARTS:
        name = name.replace(first, "\0").replace(second, first).replace("\0", second)
    bare = name.removesuffix(".gz")
    candidates = (path.with_name(name), path.with_name(bare), path.with_name(f"{bare}.gz"))
    return next((candidate for candidate in candidates if candidate != path and candidate.is_file()), None)


# --------------------------------------------------------------------------------------------------------------- folders


def _folder(path: Path, types: Types, stored: Callable[[Path], str], found: Understood) -> None:
    """A folder of pictures, of classes of pictures, or of tables."""
    try:
        names, folders = list(_names(path)), list(_folders(path))
    except OSError:
        found.unknown.append(path)
        return
    pictures = types[IMAGE_READER].opens if IMAGE_READER in types else ()
    classes = [folder for folder in folders if _has_pictures(folder, pictures)]
    if classes:
        found.nodes.append(Dropped(IMAGE_FOLDER, {"folder": stored(path), "labels": "folder per class"}))
        shown = ", ".join(folder.name for folder in classes[:5]) + (", …" if len(classes) > 5 else "")
        found.told.append(f"{path.name}: {counted(len(classes), 'folder')} with pictures, each a class ({shown}).")
        return
    kinds = [kind for name in names if (kind := _reader_of(path / name, types)) is not None]
    for node_type, ending in dict.fromkeys(kinds):
        files = [path / name for name in names if _reader_of(path / name, types) == (node_type, ending)]
        if node_type == IMAGE_READER:
            found.nodes.append(Dropped(IMAGE_FOLDER, {"folder": stored(path), "labels": "none"}))
        elif node_type == IDX_READER:
            found.nodes += [node for node in _idx(files, stored) if node not in found.nodes]
        elif _reads_folders(types, node_type) and len(files) > 1:
            found.nodes.append(_all_files(node_type, path, ending, stored))
        else:
            found.nodes += [Dropped(node_type, _one_file(types, node_type, file, stored)) for file in files]
    if not kinds:
        found.unknown.append(path)


def _names(folder: Path) -> Iterable[str]:
    """The names of files in a folder, in order; of the first entries, if there are very many."""
    with os.scandir(folder) as entries:
        return sorted(e.name for e in islice(entries, MOST_LISTED) if not e.name.startswith(".") and e.is_file())


def _folders(folder: Path) -> Iterable[Path]:
    with os.scandir(folder) as entries:
        return [Path(e.path) for e in sorted(islice(entries, MOST_LISTED), key=lambda e: e.name) if e.is_dir()][:MOST_FOLDERS]


def _has_pictures(folder: Path, endings: Sequence[str]) -> bool:
    with suppress(OSError):
        return any(name.lower().endswith(tuple(endings)) for name in _names(folder))
    return False
