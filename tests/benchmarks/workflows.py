"""Long workflows: chains of small nodes, real ones and the toys of the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.document.model import Workflow
    from nodes.catalog import Catalog

ROWS = 20


@dataclass(frozen=True)
class Kind:
    """A kind of chain.

    Attributes:
        title: What it is made of, for the report.
        make: Makes the workflow: (number of nodes, folder for its data) -> workflow.
        catalog: Loads the classes of its nodes.
    """

    title: str
    make: Callable[[int, Path], Workflow]
    catalog: Callable[[], Catalog]


def filters(length: int, folder: Path) -> Workflow:
    """CSV Reader, then Row Filters and Column Filters in turns; every one lets all of its small table pass."""
    from app.document.model import Connection, NodeRecord, Workflow

    (folder / "small.csv").write_text("name,size\n" + "".join(f"row {n},{n}\n" for n in range(ROWS)))

    def node(number: int) -> NodeRecord:
        if number == 0:
            return NodeRecord(id="node_0", type="readers.csv", settings={"path": "small.csv"})
        criterion: dict[str, Any] = {"column": "size", "operator": ">=", "value": -number}
        settings: dict[str, Any] = {"criteria": [criterion]} if number % 2 else {"included": ["name", "size"]}
        return NodeRecord(id=f"node_{number}", type=f"tables.{'row' if number % 2 else 'column'}_filter", settings=settings)

    wires = [Connection(source=f"node_{n}.table", target=f"node_{n + 1}.table") for n in range(length - 1)]
    return Workflow(nodes=[node(n) for n in range(length)], connections=wires)


def _own_catalog() -> Catalog:
    from nodes.catalog import Catalog

    return Catalog.load()


def _toys(length: int, folder: Path) -> Workflow:
    from tests.app.engine.toy import chain

    return chain(length)


def _toy_catalog() -> Catalog:
    from tests.app.engine.toy import CATALOG

    return CATALOG


KINDS: Mapping[str, Kind] = {
    "filters": Kind("Row and Column Filters", filters, _own_catalog),
    "toys": Kind("toy nodes that add 1", _toys, _toy_catalog),
}
