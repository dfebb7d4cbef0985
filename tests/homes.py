"""What the program keeps from one start to the next, made once for all tests: without it each of the hundreds of processes that
tests start would import every node class, and parse every source file that it can reach.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from app import folders
from app.engine.import_graph import ImportGraph
from app.engine.source_files import SourceIndex
from nodes.catalog import Catalog

NODES, SOURCES = folders.node_index().name, folders.source_index().name

_made: dict[str, Path] = {}


def make_indexes(folder: Path) -> None:
    """Make both indexes in a folder, or bring those of an earlier run of the tests up to date."""
    catalog = Catalog.load(plugins=False, index=folder / NODES)
    graph = ImportGraph(SourceIndex(folder / SOURCES))
    for module in sorted({about.module for about in catalog.about.values()}):
        graph.closure(module)
    _made.update({name: folder / name for name in (NODES, SOURCES)})


def lived_in(home: Path) -> Path:
    """Have a home be that of a person who started the program before.

    The program replaces these files and never writes into them, so the links cannot spoil what the next test gets.
    """
    cache = home / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in _made:
        _link(name, cache)
    return home


def nodes_known(folder: Path) -> Path:
    """An index in which the node classes of Layerloom are, and no others."""
    return _link(NODES, folder)


def sources_known(folder: Path) -> Path:
    """An index in which the sources of Layerloom are, and no others."""
    return _link(SOURCES, folder)


def _link(name: str, folder: Path) -> Path:
    try:
        os.link(_made[name], folder / name)
    except FileExistsError:
        pass
    except OSError:  # on another disk than the cache of the tests, or where there are no links
        shutil.copy2(_made[name], folder / name)
    return folder / name
