"""Finds circles of imports among files, those inside functions too; `make check` runs it on `app` and `nodes`.

Imports for type checkers only (under `if TYPE_CHECKING:`) do not count.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import grimp
import networkx as nx

PACKAGES = ("app", "nodes")


def circles(graph: grimp.ImportGraph) -> list[nx.DiGraph]:
    """The largest sets of modules in which every module imports every other one, if not itself, then through others."""
    arrows = nx.DiGraph(
        (importer, imported) for importer in graph.modules for imported in graph.find_modules_directly_imported_by(importer)
    )
    found = [arrows.subgraph(modules) for modules in nx.strongly_connected_components(arrows) if len(modules) > 1]
    return sorted(found, key=lambda circle: (-len(circle), min(circle)))


def described(graph: grimp.ImportGraph, circle: nx.DiGraph) -> str:
    """A circle with its arrows, each with the lines that import."""
    lines = [f"A circle of {len(circle)} files:"]
    for importer, imported in sorted(circle.edges):
        details = graph.get_import_details(importer=importer, imported=imported)
        places = ", ".join(str(detail["line_number"]) for detail in details)
        lines.append(f"  {importer} -> {imported} (line {places})")
    return "\n".join(lines)


def main(packages: Sequence[str]) -> int:
    """Say which circles there are; 1 if there is one."""
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=True, cache_dir=None)
    found = circles(graph)
    for circle in found:
        print(described(graph, circle))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or PACKAGES))
