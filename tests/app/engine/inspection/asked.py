"""What tests of inspection need: a result in a real store, and the answers about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.engine.inspection import images, statistics, tables
from app.engine.inspection.base import Reply, StoredOutputs
from app.engine.store import Store
from nodes.values.table import Table

ANSWERS = tables.ANSWERS | statistics.ANSWERS | images.ANSWERS


def stored(folder: Path, table: Table, name: str = "table") -> StoredOutputs:
    """A table as a finished node's output, in a store of its own."""
    store = Store(folder / "store")
    with store.writing("ab12") as writer:
        record, _ = writer.commit({name: table}, written={}, warnings=(), seconds=1.0)
    return StoredOutputs(None, "ab12", record, store)


def asked(outputs: StoredOutputs, answer: str, **parameters: Any) -> Reply:
    """An answer, after its parameters and its header went through JSON as they do between the processes."""
    given: Mapping[str, Any] = json.loads(json.dumps({"port": "table"} | parameters))
    reply = ANSWERS[answer](outputs, given)
    return Reply(json.loads(json.dumps(reply.header, allow_nan=False)), reply.payload)
