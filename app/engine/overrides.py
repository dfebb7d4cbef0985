"""Settings that a run replaces: `--set node.setting=value` on the command line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.document.file import MOST_LEVELS
from app.document.model import NodeRecord
from app.document.problems import Problem

Override = tuple[str, str, Any]
"""Node, setting in dotted form, and the value that replaces its own."""
_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def parse_override(text: str) -> Override:
    """Read `node.setting=value`; the value as JSON where it is JSON, else as text.

    Raises:
        ValueError: If it has not that form.
    """
    target, equals, value = text.partition("=")
    node, dot, setting = target.strip().partition(".")
    if not (equals and dot and node and setting):
        raise ValueError(f"'{text}' is not NODE.SETTING=VALUE")
    if setting.count(".") >= MOST_LEVELS:
        raise ValueError(f"the setting in '{node}.{setting[:20]}...' is nested too deeply")
    try:
        parsed = _JSON.validate_json(value)
    except ValidationError:
        return node, setting, value
    try:
        json.dumps(parsed)
    except ValueError:
        raise ValueError(f"the value of '{node}.{setting}' holds a number with thousands of digits") from None
    return node, setting, parsed


def with_overrides(
    records: Mapping[str, NodeRecord], overrides: Sequence[Override], paths: Mapping[str, str] | None = None
) -> tuple[dict[str, NodeRecord], list[Problem]]:
    """Return the records with settings replaced, and what is wrong with the replacements.

    Args:
        records: By id.
        overrides: They name nodes by their paths, or by their ids.
        paths: Path -> id, of nodes in components.
    """
    if not overrides:
        return dict(records), []
    changed = dict(records)
    problems = []
    ids = dict(zip(changed, changed, strict=True)) | dict(paths or {})
    for name, setting, value in overrides:
        node_id = ids.get(name)
        if node_id is None:
            problems.append(no_such_node(name, list(paths or changed)))
            continue
        record = changed[node_id]
        settings = _with_value(record.settings, setting.split("."), value)
        changed[node_id] = record.model_copy(update={"settings": settings})
    return changed, problems


def no_such_node(name: str, names: Sequence[str]) -> Problem:
    """Return what to say of a node that the workflow does not have.

    Args:
        name: What it was called.
        names: What its nodes are called.
    """
    near = difflib.get_close_matches(name, names, n=1)
    remedy = f"Did you mean '{near[0]}'?" if near else f"Its nodes: {', '.join(names)}."
    return Problem(f"The workflow has no node '{name}'.", remedy)


def _with_value(settings: Any, path: Sequence[str], value: Any) -> Any:
    """Return a copy of nested settings with the value at `path` (names, or numbers in a list) replaced."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(settings, list) and head.isdecimal() and len(head) < 10 and int(head) < len(settings):
        at = int(head)
        return [*settings[:at], _with_value(settings[at], rest, value), *settings[at + 1 :]]
    inner = settings if isinstance(settings, dict) else {}
    return {**inner, head: _with_value(inner.get(head), rest, value)}
