"""Answers for tests of the engine's process, which loads this module as if it were a plug-in: large ones and slow ones."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

from app.engine.inspection import answers
from app.engine.inspection.base import Answer, Reply, StoredOutputs


def large(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """So many bytes; the first number of the table beside them."""
    return Reply({"first": int(outputs.table(parameters["port"]).frame()["n"][0])}, b"\n{" * (parameters["size"] // 2))


def slow(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """After so many seconds."""
    time.sleep(parameters["seconds"])
    return Reply({"slept": parameters["seconds"]})


def faulty(outputs: StoredOutputs, parameters: Mapping[str, Any]) -> Reply:
    """Never."""
    raise ZeroDivisionError("division by zero")


cast(dict[str, Answer], answers()).update({"toy bytes": large, "toy slow": slow, "toy fault": faulty})
