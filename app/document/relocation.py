"""Moving a workflow to another folder: relative paths in it go on meaning the same files."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.document.file import load
from app.document.model import NodeRecord, Variable, Workflow
from app.document.node_type import Types
from app.document.problems import DocumentError


def relocated(workflow: Workflow, types: Types, old: Path, new: Path) -> Workflow:
    """Return the workflow for a file in the folder `new` that was in `old` until now.

    Rewritten are path variables relative to the workflow, settings declared as paths, and the files of components; in components
    at every depth. Not those that are absolute, begin with a variable, or are of a type that is not installed. Where no relative
    path leads from one folder to the other (two drives of Windows), the path becomes absolute.
    """
    if old.resolve() == new.resolve():
        return workflow
    return _Relocation(types, old, new).of(workflow)


@dataclass(frozen=True)
class _Relocation:
    """From one folder to another."""

    types: Types
    old: Path
    new: Path

    def of(self, workflow: Workflow) -> Workflow:
        variables = [self._variable(variable) for variable in workflow.variables]
        nodes = [self._node(record) for record in workflow.nodes]
        return workflow.model_copy(update={"variables": variables, "nodes": nodes})

    def _variable(self, variable: Variable) -> Variable:
        if variable.type != "path" or variable.relative_to != "workflow":
            return variable
        return variable.model_copy(update={"value": _moved(str(variable.value), self.old, self.new)})

    def _node(self, record: NodeRecord) -> NodeRecord:
        if record.is_component:
            return self._component(record)
        node_type = self.types.get(record.type)
        return self._with_moved_settings(record, node_type.paths() if node_type else ())

    def _component(self, record: NodeRecord) -> NodeRecord:
        inside = record.workflow
        if record.file:
            with suppress(DocumentError):  # which of its settings are paths is not known then
                inside = load(self.old / record.file)
        names = {variable.name for variable in inside.variables if variable.type == "path"} if inside is not None else set()
        moved = self._with_moved_settings(record, names)
        changes: dict[str, Any] = {"file": _moved(record.file, self.old, self.new)} if record.file else {}
        if record.workflow is not None:
            changes["workflow"] = self.of(record.workflow)
        return moved.model_copy(update=changes) if changes else moved

    def _with_moved_settings(self, record: NodeRecord, paths: Collection[str]) -> NodeRecord:
        names = [name for name in record.settings if name in paths]
        if not names:
            return record
        texts = {name: record.settings[name] for name in names if isinstance(record.settings[name], str)}
        moved = {name: _moved(text, self.old, self.new) for name, text in texts.items()}
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
