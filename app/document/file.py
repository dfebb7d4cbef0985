"""Reading and writing `.workflow.json`: parse, validate, migrate, and only then hand over; write aside, then rename."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app import __version__
from app.document.atomic_writing import write_atomically
from app.document.json_text import json_text
from app.document.model import FORMAT, FORMAT_VERSION, Workflow, as_data
from app.document.problems import DocumentError

LINE = 120
"""JSON values that fit into this many characters stay on one line, which keeps files short and diffs readable."""

MOST_BYTES = 2**28
"""A file of more bytes is no workflow; reading it would fill the memory."""
MOST_LEVELS = 100
"""Deeper than this nothing is nested that a person or a node has made; what is would break what walks through settings."""

MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda data: data | {"format_version": 2},  # components came with 2; nothing else is different
}
"""format version -> function that turns a document of that version into one of the next."""


def load(path: Path, *, newer: bool = False) -> Workflow:
    """Read a workflow file.

    Args:
        path: Where it is.
        newer: Whether to take a file of a newer format, too, as far as it is understood; what is not is kept (`is_newer`).

    Raises:
        DocumentError: If it cannot be read, is no workflow, or is of a newer format than this program knows.
    """
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # reading it might never end
            raise DocumentError(f"{path} is no ordinary file.", "Name a .workflow.json file.")
        if status.st_size > MOST_BYTES:
            raise DocumentError(f"{path} is too large to be a workflow.", "Name a .workflow.json file.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DocumentError(f"There is no file {path}.", "Check the name and the folder.") from None
    except IsADirectoryError:
        raise DocumentError(f"{path} is a folder.", "Name a .workflow.json file in it.") from None
    except UnicodeDecodeError:
        raise DocumentError(f"{path} is not a text file.", "Name a .workflow.json file.") from None
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error
    except ValueError:  # of the system's calls, on a name that holds NUL
        raise DocumentError(f"{path} is no name of a file.", "Name a .workflow.json file.") from None
    return parse(text, str(path), newer=newer)


def parse(text: str, name: str = "The text", *, newer: bool = False) -> Workflow:
    """Turn the text of a workflow file into a workflow.

    Args:
        text: JSON.
        name: How messages call it.
        newer: As `load`.

    Raises:
        DocumentError: As `load`.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"{name} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "If it was edited or merged by hand, look there; else take an older copy.",
        ) from None
    except ValueError:  # Python reads whole numbers of up to 4300 digits
        raise DocumentError(f"{name} holds a number with thousands of digits.", "Mend it, or take an older copy.") from None
    except RecursionError:
        raise _too_deep(name) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise DocumentError(f"{name} is JSON, but not a Layerloom workflow.", f'A workflow has "format": "{FORMAT}".')
    if not _has_levels(data, MOST_LEVELS):
        raise _too_deep(name)
    version = data.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise DocumentError(f"{name} does not say its format version.", f'Add "format_version": {FORMAT_VERSION}.')
    if version > FORMAT_VERSION and not newer:
        writer = f" (written by Layerloom {data['app_version']})" if data.get("app_version") else ""
        raise DocumentError(
            f"{name} has format version {version}{writer}; this program reads versions up to {FORMAT_VERSION}.",
            "Update Layerloom.",
        )
    for step in range(version, FORMAT_VERSION):
        data = MIGRATIONS[step](data)
    try:
        return Workflow.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise DocumentError(
            f"{name} is damaged: {place}: {first['msg']}{more}.", "Mend that place, or take an older copy."
        ) from None


def dump(workflow: Workflow) -> str:
    """Return the text of a workflow file: stable order, short values on one line, ends with a newline.

    It is stamped with this program's version, unless it came from a newer one.
    """
    version = max(workflow.format_version, FORMAT_VERSION)
    stamp = workflow.app_version if is_newer(workflow) else __version__
    stamped = workflow.model_copy(update={"format_version": version, "app_version": stamp})
    data = as_data(stamped)
    head = {"format": FORMAT, "format_version": version}
    return _format(head | {k: v for k, v in data.items() if k not in head}) + "\n"


def is_newer(workflow: Workflow) -> bool:
    """Return whether a workflow was written by a newer version of this program, in a format that this one knows only in part."""
    return workflow.format_version > FORMAT_VERSION


def save(workflow: Workflow, path: Path) -> None:
    """Write a workflow file: whole or not at all.

    Raises:
        DocumentError: If it cannot be written; the file that was there is untouched.
    """
    try:
        write_atomically(path, dump(workflow).encode())
    except OSError as error:
        raise DocumentError(f"{path} cannot be written: {error.strerror or error}.", "Save it somewhere else.") from error


def _format(value: Any, indent: int = 0) -> str:
    """JSON with an indent of two, where whatever fits into a line stays on it."""
    flat = json_text(value)
    if (indent and len(flat) + 2 * indent <= LINE) or not isinstance(value, dict | list | tuple) or not value:
        return flat
    inner, outer = "  " * (indent + 1), "  " * indent
    if isinstance(value, dict):
        items = [f"{inner}{json_text(k)}: {_format(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{outer}}}"
    return "[\n" + ",\n".join(inner + _format(v, indent + 1) for v in value) + f"\n{outer}]"


def _has_levels(value: Any, most: int) -> bool:
    """Return whether lists and objects are nested at most so deep."""
    level = [value]
    for _ in range(most):
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        level = [inner for inner in level if isinstance(inner, dict | list)]
        if not level:
            return True
    return False


def _too_deep(name: str) -> DocumentError:
    return DocumentError(f"{name} is nested too deeply to be a workflow.", "Name a .workflow.json file.")
