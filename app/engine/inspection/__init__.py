"""Looking at stored results: what the editor's views ask the engine, answered from the store, without TensorFlow.

Each module answers the requests of one kind of view; `ANSWERS` lists them by name. An answer is a function of a node's
stored outputs and of the request's parameters; it changes nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.engine.inspection.base import Answer

MODULES = ("tables", "statistics", "images", "figures")


@cache
def answers() -> Mapping[str, Answer]:
    """All answers by name."""
    found: dict[str, Answer] = {}
    for name in MODULES:
        found |= importlib.import_module(f"{__name__}.{name}").ANSWERS
    return found
