"""Draft: settings that were typed but not applied yet, checked by the node class itself. Knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.document import variables
from app.document.model import NodeRecord, Variable
from app.document.problems import Problem
from app.engine.instantiation import setting_problem
from nodes.base import Node


@dataclass(frozen=True)
class Check:
    """What is wrong with a draft.

    Attributes:
        problems: In words for the person, with the setting's place in dotted form.
        invalid: Whether a value is none that the setting can have. A setting that is not set yet, one that refers to a
            variable that does not exist, and one that this version does not know, can be stored and mended later.
    """

    problems: tuple[Problem, ...] = ()
    invalid: bool = False


def check(node_id: str, node_class: type[Node], settings: Mapping[str, Any], values: Mapping[str, variables.Scalar]) -> Check:
    """Check settings as a workflow file would hold them.

    Args:
        node_id: The node's id, for the problems.
        node_class: Its class.
        settings: The draft; values may refer to variables.
        values: The workflow variables' values.
    """
    resolved, problems = variables.resolve(settings, values, node_id)
    unresolved = {problem.setting for problem in problems}
    try:
        node_class.model_validate(resolved)
    except ValidationError as error:
        found = [e for e in error.errors() if not (e["type"] == "missing" and str(e["loc"][0]) in unresolved)]
        problems += [setting_problem(node_id, node_class, e) for e in found]
        return Check(tuple(problems), any(e["type"] not in ("missing", "extra_forbidden") for e in found))
    return Check(tuple(problems))


def stored_settings(record: NodeRecord, node_class: type[Node]) -> dict[str, Any]:
    """A node's settings in the words of today's class, whatever version wrote them."""
    if record.type_version >= node_class.version:
        return dict(record.settings)
    return node_class.migrate(dict(record.settings), record.type_version)


def variable_values(declared: Iterable[Variable], folder: Path) -> dict[str, variables.Scalar]:
    """The values that settings see of the workflow's variables."""
    values, _ = variables.values_of(list(declared), {}, folder=folder, start=folder)
    return values
