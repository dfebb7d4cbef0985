"""Checking settings: the node that they make, or what is wrong with them. The engine, the config dialog and `--set` ask here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.document import variables
from app.document.problems import Problem
from nodes.base import Node
from nodes.declaration.mistakes import mistakes_in
from nodes.declaration.setting import info_of


@dataclass(frozen=True)
class CheckedSettings:
    """What came of checking settings.

    Attributes:
        node: The node that they make; None if they make none.
        problems: In words for the person, with the setting's place in dotted form.
        invalid: Whether a value is none that the setting can have. A setting that is not set yet, one that refers to a
            variable that does not exist, and one that this version does not know, can be stored and mended later.
    """

    node: Node | None = None
    problems: tuple[Problem, ...] = ()
    invalid: bool = False


def check_settings(
    node_id: str, node_class: type[Node], settings: Mapping[str, Any], values: Mapping[str, variables.Scalar], version: int
) -> CheckedSettings:
    """Make a node of settings as a workflow file holds them.

    Args:
        node_id: The node's id, for the problems.
        node_class: Its class.
        settings: They may refer to variables.
        values: The workflow variables' values.
        version: The version of the class that wrote them, at most today's.

    Raises:
        Exception: Whatever a fault in the class raises.
    """
    resolved, problems = variables.resolve(settings, values, node_id)
    unresolved = {problem.setting for problem in problems}
    if version < node_class.version:
        resolved = node_class.migrate(resolved, version)
    try:
        node = node_class.model_validate(resolved)
    except ValidationError as error:
        mistakes = mistakes_in(node_class, resolved, error)
    else:
        wrong = _wrong_paths(node_id, node)
        return CheckedSettings(None if wrong else node, (*problems, *wrong), bool(wrong))
    told = [m for m in mistakes if not (m.kind == "missing" and m.setting in unresolved)]
    problems += [Problem(m.message, m.remedy, node=node_id, setting=m.setting) for m in told]
    return CheckedSettings(None, tuple(problems), any(m.kind == "wrong" for m in told))


def _wrong_paths(node_id: str, node: Node) -> list[Problem]:
    """Return what is wrong with paths that name no file on any disk; whether there is a file, the node finds out."""
    problems = []
    for name, declared in type(node).model_fields.items():
        text = str(getattr(node, name) or "") if info_of(declared).path else ""
        reason = variables.why_no_path(text)
        if reason:
            message = f"This is no path that can be used: {reason}."
            problems.append(Problem(message, "Choose another file or folder.", node=node_id, setting=name))
    return problems
