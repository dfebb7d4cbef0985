"""Looking at stored results: what the editor's views ask the engine, answered from the store, without TensorFlow.

Each module answers the questions (`app.engine.messages.tables`, `figures`) of one kind of view; its `ANSWERS` says which function
answers which. It is given a node's stored outputs and the question, and changes nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.engine.inspection.base import AnswerMaker

MODULES = ("tables", "statistics", "images", "figures")


@cache
def answers() -> Mapping[type, AnswerMaker]:
    """Return what answers each class of questions."""
    found: dict[type, AnswerMaker] = {}
    for name in MODULES:
        found |= importlib.import_module(f"{__name__}.{name}").ANSWERS
    return found
