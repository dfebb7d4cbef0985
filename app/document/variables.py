"""Workflow variables: their values in a run, and settings that refer to them.

`{"variable": "epochs"}` in the place of a setting's value stands for the variable's value, and `${data_dir}` inside a
text for its text; `$${` is a plain `${`.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.document.model import NodeRecord, Variable, VariableValue
from app.document.problems import Problem

Scalar = VariableValue
"""What a variable can be: one value, but for `columns`, which are several."""

_REFERENCE = re.compile(r"\$(\$)?\{([^{}]*)\}")


def values_of(
    variables: Sequence[Variable], given: Mapping[str, str], *, folder: Path, start: Path
) -> tuple[dict[str, Scalar], list[Problem]]:
    """Return what each variable is in this run.

    Args:
        variables: As the workflow declares them.
        given: Values that replace the declared ones, as text.
        folder: The workflow file's folder.
        start: The folder the program was started in.

    Returns:
        The values (paths are absolute), and what is wrong with them. In the place of a given value that is wrong stands the
        declared one, so that settings that refer to it are not blamed too; a variable whose declared value is wrong has none.
    """
    values: dict[str, Scalar] = {}
    problems: list[Problem] = []
    for variable in variables:
        declared = (variable.value, start if variable.relative_to == "start" else folder)
        tried = [(given[variable.name], start), declared] if variable.name in given else [declared]
        wrong = []
        for raw, base in tried:
            value = _value(variable, raw, base)
            if not isinstance(value, Problem):
                values[variable.name] = value
                break
            wrong.append(value)
        problems += wrong[:1]
    for name in given:
        if name not in {v.name for v in variables}:
            problems.append(Problem(f"The workflow has no variable '{name}'.", _nearest(name, [v.name for v in variables])))
    return values, problems


def _value(variable: Variable, raw: Scalar, folder: Path) -> Scalar | Problem:
    """Return what a variable is if this is its value, a relative path being meant from `folder`; or why it cannot be."""
    try:
        value = typed(raw, variable.type)
    except ValueError:
        return Problem(f"Variable '{variable.name}' is {variable.type}, and {raw!r} is not.", f"Give it as {variable.type}.")
    if variable.type == "choice" and variable.choices and value not in variable.choices:
        choices = ", ".join(f"'{choice}'" for choice in variable.choices)
        return Problem(f"Variable '{variable.name}' cannot be {value!r}.", f"Choose one of {choices}.")
    if variable.type != "path":
        return value
    return absolute(variable.name, str(value), folder)


def absolute(name: str, path: str, folder: Path) -> str | Problem:
    """Return a variable's path, if relative meant from `folder`, as an absolute one; or why it is none."""
    reason = why_no_path(path)
    if reason:
        return Problem(f"Variable '{name}' is no path that can be used: {reason}.", "Give it another value.")
    return os.path.realpath(folder / Path(path).expanduser())


def why_no_path(text: str) -> str | None:
    """Return why no file on any disk can be meant by a path, in words; None if one can."""
    if "\0" in text:
        return "it holds the character NUL, which no file name can have"
    try:
        os.fsencode(Path(text).expanduser())
    except RuntimeError:
        return f"there is no user '{Path(text).parts[0].removeprefix('~')}' with a home"
    except UnicodeEncodeError:
        return "it holds half a character"
    return None


def typed(value: Scalar, kind: str) -> Scalar:
    """Return the value as the kind asks; ValueError if it cannot be. Several columns may be typed with commas between."""
    if kind == "columns":
        return list(value) if isinstance(value, list) else [name.strip() for name in str(value).split(",") if name.strip()]
    if isinstance(value, list):
        raise ValueError(value)  # noqa: TRY004 - as other values that do not fit
    text = str(value).strip()
    if kind == "integer":
        return int(text) if not isinstance(value, float) else _whole(value)
    if kind == "number":
        return _number(text)
    if kind == "boolean":
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise ValueError(text)
    return str(value)


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number) and "inf" not in text.lower():
        raise ValueError(text)  # it is larger than a number can be
    return number


def _whole(value: float) -> int:
    if not value.is_integer():
        raise ValueError(value)
    return int(value)


def resolve(settings: Mapping[str, Any], values: Mapping[str, Scalar], node: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return a node's settings with every reference replaced.

    Returns:
        The settings, and a problem per reference to a variable that does not exist (its setting is left out).
    """
    problems: list[Problem] = []
    resolved: dict[str, Any] = {}
    for name, value in settings.items():
        try:
            resolved[name] = _resolve(value, values)
        except KeyError as error:
            missing = str(error.args[0])
            problems.append(
                Problem(f"There is no variable '{missing}'.", _nearest(missing, list(values)), node=node, setting=name)
            )
    return resolved, problems


def references(value: Any) -> set[str]:
    """Return the names of all variables that a setting's value, or a dict of settings, refers to."""
    if isinstance(value, dict):
        if set(value) == {"variable"} and isinstance(value["variable"], str):
            return {value["variable"]}
        return {name for inner in value.values() for name in references(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in references(inner)}
    if isinstance(value, str):
        return {match[2] for match in _REFERENCE.finditer(value) if not match[1]}
    return set()


def renamed(settings: Any, old: str, new: str) -> Any:
    """Return settings in which every reference to one variable names another one."""
    if isinstance(settings, dict):
        if settings == {"variable": old}:
            return {"variable": new}
        return {k: renamed(v, old, new) for k, v in settings.items()}
    if isinstance(settings, list):
        return [renamed(v, old, new) for v in settings]
    if isinstance(settings, str):
        return re.sub(r"(?<!\$)\$\{" + re.escape(old) + r"\}", "${" + new + "}", settings)
    return settings


def with_references(record: NodeRecord, name: str, change: Callable[[Any], Any]) -> NodeRecord:
    """Return a record with its settings changed, and those of nodes in it that can refer to a variable of the level it is on.

    Args:
        record: The node.
        name: The variable; where a component has one of that name, settings inside mean that.
        change: Given settings, gives others; or equal ones.
    """
    changes: dict[str, Any] = {}
    settings = change(record.settings)
    if settings != record.settings:
        changes["settings"] = settings
    inside = record.workflow
    if inside is not None and all(variable.name != name for variable in inside.variables):
        nodes = [with_references(inner, name, change) for inner in inside.nodes]
        if any(new is not old for new, old in zip(nodes, inside.nodes, strict=True)):
            changes["workflow"] = inside.model_copy(update={"nodes": nodes})
    return record.model_copy(update=changes) if changes else record


def references_in(record: NodeRecord) -> set[str]:
    """Return the names of all variables around a node that its settings, or those of nodes in it, refer to."""
    found = references(record.settings)
    if record.workflow is not None:
        own = {variable.name for variable in record.workflow.variables}
        found |= {name for inner in record.workflow.nodes for name in references_in(inner)} - own
    return found


def substituted(settings: Any, name: str, value: Any) -> Any:
    """Return settings in which every reference to a variable is its value, which may itself refer to another one."""
    if isinstance(settings, dict):
        if settings == {"variable": name}:
            return value
        return {k: substituted(v, name, value) for k, v in settings.items()}
    if isinstance(settings, list):
        return [substituted(v, name, value) for v in settings]
    if isinstance(settings, str):
        named = isinstance(value, dict) and set(value) == {"variable"}
        text = "${" + value["variable"] + "}" if named else _as_text(value)
        return re.sub(r"(?<!\$)\$\{" + re.escape(name) + r"\}", lambda _: text, settings)
    return settings


def _resolve(value: Any, values: Mapping[str, Scalar]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"variable"} and isinstance(value["variable"], str):
            return values[value["variable"]]
        return {k: _resolve(v, values) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolve(v, values) for v in value]
    if isinstance(value, str) and "${" in value:
        return _REFERENCE.sub(lambda m: m[0][1:] if m[1] else _as_text(values[m[2]]), value)
    return value


def _as_text(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"It has: {', '.join(names)}." if names else "It has none."
