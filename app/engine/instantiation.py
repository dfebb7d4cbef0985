"""From a node's record in a workflow to the node itself: variables resolved, settings migrated and checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.document import variables
from app.document.model import NodeRecord
from app.document.problems import Problem
from app.engine.failures import node_fault
from nodes.base import Node
from nodes.catalog import Catalog


def instantiate(
    record: NodeRecord, catalog: Catalog, values: Mapping[str, variables.Scalar]
) -> tuple[Node | None, list[Problem]]:
    """Return the node with its settings checked, None if they are wrong, and what is wrong with them."""
    node_class = catalog.get(record.type)
    if node_class is None:
        return None, []  # reported with the wiring
    settings, problems = variables.resolve(record.settings, values, record.id)
    if record.type_version > node_class.version:
        message = f"The node was saved by version {record.type_version} of '{node_class.title}'; this is {node_class.version}."
        return None, [*problems, Problem(message, "Update the package that brings it.", node=record.id)]
    try:
        if record.type_version < node_class.version:
            settings = node_class.migrate(settings, record.type_version)
        return node_class.model_validate(settings), problems
    except ValidationError as error:
        return None, problems + [setting_problem(record.id, node_class, e) for e in apt_errors(error, settings)]
    except Exception as error:  # noqa: BLE001 - a fault in one node must not take the canvas down
        fault = node_fault(error)
        return None, [*problems, Problem(fault.message, fault.remedy, node=record.id)]


def setting_problem(node_id: str, node_class: type[Node], error: ErrorDetails) -> Problem:
    """pydantic's complaint in words for the person at the canvas."""
    place = ".".join(str(part) for part in error["loc"])
    name = place.partition(".")[0]
    if error["type"] == "extra_forbidden" and place != name:
        return Problem(f"There is no setting '{place}'.", "Remove it.", node=node_id, setting=place)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, list(node_class.model_fields), n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"Its settings: {', '.join(node_class.model_fields) or 'none'}."
        return Problem(f"'{node_class.title}' has no setting '{place}'.", remedy, node=node_id, setting=place)
    if error["type"] == "missing":
        return Problem(f"'{place}' is not set.", "Set it.", node=node_id, setting=place)
    given = repr(error.get("input"))
    shown = given if len(given) <= 60 else given[:57] + "..."
    message = error["msg"].removeprefix("Value error, ")
    return Problem(f"{shown} does not do for '{place}': {message}.", "Change it.", node=node_id, setting=place)


def apt_errors(error: ValidationError, settings: Mapping[str, Any]) -> list[ErrorDetails]:
    """pydantic's complaints, each at its place in the settings; of a value that may be of several kinds, those of its own.

    The places that pydantic gives also say which kind of a union it tried (`optimizer.Adam.learning_rate.constrained-float`),
    which is no part of the settings; and of a number out of range it says, too, that it is no group of settings.

    Args:
        error: From checking settings.
        settings: Those settings.
    """
    found: list[tuple[ErrorDetails, tuple[Any, ...], bool | None]] = []
    for one in error.errors():
        place: list[int | str] = []
        value: Any = settings
        fork: tuple[Any, ...] = ()
        fits: bool | None = None
        for number, part in enumerate(one["loc"]):
            if isinstance(value, dict) and part in value:
                place.append(part)
                value = value[part]
            elif isinstance(value, list | tuple) and isinstance(part, int):
                place.append(part)
                value = value[part] if part < len(value) else None
            elif one["type"] == "missing" and number == len(one["loc"]) - 1:
                place.append(part)
            elif fits is None and str(part)[:1].islower():  # a kind that was tried; names of classes begin with capitals
                fork, fits = tuple(place), ("union" in str(part)) == isinstance(value, dict)
        placed = one.copy()
        placed["loc"] = tuple(place)
        found.append((placed, fork, fits))
    suited = {fork for _, fork, fits in found if fits}
    return [one for one, fork, fits in found if fits is None or fits or fork not in suited]
