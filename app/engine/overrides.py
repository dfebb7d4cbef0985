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
    records: Mapping[str, NodeRecord], overrides: Sequence[Override]
) -> tuple[dict[str, NodeRecord], list[Problem]]:
    """Return the records with settings replaced, and what is wrong with the replacements."""
    changed = dict(records)
    problems = []
    for node_id, setting, value in overrides:
        if node_id not in changed:
            near = difflib.get_close_matches(node_id, list(changed), n=1)
            remedy = f"Did you mean '{near[0]}'?" if near else f"Its nodes: {', '.join(changed)}."
            problems.append(Problem(f"The workflow has no node '{node_id}'.", remedy))
            continue
        record = changed[node_id]
        settings = _with_value(record.settings, setting.split("."), value)
        changed[node_id] = record.model_copy(update={"settings": settings})
    return changed, problems


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
