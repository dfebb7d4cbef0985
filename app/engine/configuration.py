"""What would come out of a node, asked of the node itself without any data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from app.document.problems import Problem
from app.engine.failures import node_fault
from app.engine.fingerprints import file_sets
from nodes.base import Node, NodeError, Spec, Specs

NOTHING: Mapping[str, Spec | None] = MappingProxyType({})
"""The specs of a node that is not configured."""


def configure(
    node: Node, node_id: str, inputs: Mapping[str, Spec], folder: Path
) -> tuple[Mapping[str, Spec | None], list[Problem], set[Path]]:
    """Return what would come out of one node, what it complains about, and at which files it looked."""
    specs = _WatchedSpecs(inputs, node_id, folder)
    made: Mapping[str, Spec | None] = NOTHING
    errors: list[NodeError] = []
    try:
        made = node.configure(specs)
        specs.paths.update(path for files in file_sets(node, folder).values() for path in files.watched)
    except NodeError as error:
        errors.append(error)
    except Exception as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
        errors.append(node_fault(error))
    problems = [Problem(e.message, e.remedy, node=node_id, setting=e.setting) for e in (*specs.errors, *errors)]
    problems += [Problem(text, node=node_id, setting=specs.concerned.get(text), severity="warning") for text in specs.warnings]
    return (NOTHING if specs.errors or errors else made), problems, specs.paths


@dataclass
class _WatchedSpecs(Specs):
    """Specs that note which paths a node asks for: what it says may depend on what is there."""

    paths: set[Path] = field(default_factory=set)

    def resolve(self, path: str | Path) -> Path:
        found = super().resolve(path)
        self.paths.add(found)
        return found
