"""From a node's record in a workflow to the node itself: variables resolved, settings migrated and checked."""

from __future__ import annotations

from collections.abc import Mapping

from app.document import variables
from app.document.model import NodeRecord
from app.document.problems import Problem
from app.engine.checking import check_settings
from app.engine.failures import node_fault
from nodes.base import Node, panics_as_errors


def instantiate(
    record: NodeRecord, node_class: type[Node] | None, values: Mapping[str, variables.Scalar]
) -> tuple[Node | None, list[Problem]]:
    """Return the node with its settings checked, None if they are wrong, and what is wrong with them.

    Args:
        record: The node's record.
        node_class: Its class; None if that is not known, which is reported with the wiring.
        values: Those of the variables that its settings can refer to.
    """
    if node_class is None:
        return None, []
    if record.type_version > node_class.version:
        message = f"The node was saved by version {record.type_version} of '{node_class.title}'; this is {node_class.version}."
        _, problems = variables.resolve(record.settings, values, record.id)
        return None, [*problems, Problem(message, "Update the package that brings it.", node=record.id)]
    try:
        with panics_as_errors():
            checked = check_settings(record.id, node_class, record.settings, values, record.type_version)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
        fault = node_fault(error)
        return None, [Problem(fault.message, fault.remedy, node=record.id)]
    return checked.node, list(checked.problems)
