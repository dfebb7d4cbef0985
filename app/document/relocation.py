"""Moving a workflow to another folder: relative paths in it go on meaning the same files."""

from __future__ import annotations

import os
from pathlib import Path

from app.document.model import NodeRecord, Variable, Workflow
from app.document.node_type import Types


def relocated(workflow: Workflow, types: Types, old: Path, new: Path) -> Workflow:
    """Return the workflow for a file in the folder `new` that was in `old` until now.

    Rewritten are path variables relative to the workflow, and settings declared as paths; not those that are absolute, begin
    with a variable, or are of a type that is not installed. Where no relative path leads from one folder to the other (two
    drives of Windows), the path becomes absolute.
    """
    if old.resolve() == new.resolve():
        return workflow
    variables = [_variable(variable, old, new) for variable in workflow.variables]
    nodes = [_node(record, types, old, new) for record in workflow.nodes]
    return workflow.model_copy(update={"variables": variables, "nodes": nodes})


def _variable(variable: Variable, old: Path, new: Path) -> Variable:
    if variable.type != "path" or variable.relative_to != "workflow":
        return variable
    return variable.model_copy(update={"value": _moved(str(variable.value), old, new)})


def _node(record: NodeRecord, types: Types, old: Path, new: Path) -> NodeRecord:
    node_type = types.get(record.type)
    names = [n for n in record.settings if n in node_type.paths()] if node_type else []
    if not names:
        return record
    moved = {n: _moved(record.settings[n], old, new) for n in names if isinstance(record.settings[n], str)}
    return record.model_copy(update={"settings": {**record.settings, **moved}})


def _moved(path: str, old: Path, new: Path) -> str:
    """Return a relative path as seen from `new` that leads where it led from `old`."""
    if not path or path.startswith(("${", "~")) or Path(path).is_absolute():
        return path
    target = (old / path).resolve()
    try:
        return Path(os.path.relpath(target, new.resolve())).as_posix()
    except ValueError:
        return target.as_posix()
