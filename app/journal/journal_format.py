"""What stands in a journal: its header, and changes as JSON. Reading takes what is written apart, without the program's models.

That keeps fields of a newer version, and lets one damaged line be left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.document.change import TABLES, Change
from app.document.editing import Document
from app.document.json_text import json_text
from app.document.model import FORMAT, Workflow, as_data

VERSION = 1

Tables = dict[str, dict[str, Any]]
"""Table -> key -> record as JSON; the tables of `app.document.editing.Document`."""


class JournalHeader(BaseModel):
    """The first line of a journal."""

    journal: int
    title: str
    path: Path | None
    file: dict[str, str] | None
    pid: int
    boot: str
    saved: str | None
    """The digest of the state that is saved; None if none is."""
    time: float = 0.0
    edits: int = 0
    """How many edits are in the workflow of the header already."""
    keys: dict[str, list[str]] = {}
    workflow: dict[str, Any] = {}


def parse_header(line: bytes) -> JournalHeader:
    """Read the first line of a journal.

    Raises:
        ValueError: If it is none, or a newer version's.
    """
    try:
        header = JournalHeader.model_validate(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise ValueError("its first line is not that of a journal") from error
    if header.journal > VERSION:
        raise ValueError("a newer version of Layerloom wrote it")
    return header


def header_as_json(header: JournalHeader) -> dict[str, Any]:
    """Return the first line of a journal as plain data; what is in the workflow stays what it is."""
    return header.model_dump(mode="python") | {"path": str(header.path) if header.path else None}


def workflow_as_json(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as in a file."""
    content: dict[str, Any] = _record_as_json(workflow)
    return {"format": FORMAT} | content | {"format_version": workflow.format_version}


def keys_of(document: Document) -> dict[str, list[str]]:
    """Return the keys of a document's records that the workflow does not tell."""
    return {
        "connections": list(document.connections),
        "annotations": list(document.annotations),
        "variables": list(document.variables),
    }


def _record_as_json(record: Any) -> Any:
    if isinstance(record, BaseModel):
        return as_data(record)
    return record


def change_as_json(change: Change) -> dict[str, Any]:
    """Return what is different afterwards. Orders are left out where they follow: gone keys drop out, new ones come last."""
    records = {t: {k: _record_as_json(after) for k, (_, after) in entries.items()} for t, entries in change.records.items()}
    orders = {}
    for table, (before, after) in change.orders.items():
        kept = dict.fromkeys(before)
        for key, (_, record) in change.records.get(table, {}).items():
            if record is None:
                kept.pop(key, None)
            else:
                kept.setdefault(key)
        if tuple(kept) != after:
            orders[table] = list(after)
    return {"records": records} | ({"orders": orders} if orders else {})


def tables_of(workflow: Mapping[str, Any], keys: Mapping[str, list[str]]) -> Tables:
    """Return the tables of a workflow as in a file; LookupError, TypeError or AttributeError if it is none."""
    view = workflow.get("view", {})
    tables: Tables = {
        "nodes": {node["id"]: node for node in workflow.get("nodes", [])},
        "views": dict(view.get("nodes", {})),
        "connections": dict(zip(keys["connections"], workflow.get("connections", []), strict=True)),
        "annotations": dict(zip(keys["annotations"], view.get("annotations", []), strict=True)),
        "variables": dict(zip(keys["variables"], workflow.get("variables", []), strict=True)),
    }
    rest = {k: v for k, v in workflow.items() if k not in ("format", "nodes", "connections", "variables", "view")}
    more = {k: v for k, v in view.items() if k not in ("nodes", "annotations")}
    return tables | {"properties": rest | ({"view": more} if more else {})}


def updated(tables: Tables, change: Mapping[str, Any]) -> Tables:
    """Return the tables after a change; what is wrong with it raises before anything is different."""
    updated = dict(tables)
    orders = change.get("orders", {})
    for name in TABLES:
        entries, order = change["records"].get(name, {}), orders.get(name, ())
        if entries or order:
            table = {k: v for k, v in (tables[name] | entries).items() if v is not None}
            updated[name] = {k: table[k] for k in dict.fromkeys(k for k in order if k in table) | dict.fromkeys(table)}
    return updated


def joined(tables: Tables) -> dict[str, Any]:
    """Return the workflow as in a file, made of tables; empty parts are left out."""
    properties = dict(tables["properties"])
    view = {"nodes": tables["views"], "annotations": list(tables["annotations"].values())} | properties.pop("view", {})
    parts = {
        "variables": list(tables["variables"].values()),
        "nodes": list(tables["nodes"].values()),
        "connections": list(tables["connections"].values()),
        "view": {k: v for k, v in view.items() if v},
    }
    return {"format": FORMAT} | properties | {k: v for k, v in parts.items() if v}


def digest(workflow: Mapping[str, Any]) -> str:
    """Return what tells one state of a workflow from others; what is empty does not count."""
    filled = {k: v for k, v in workflow.items() if v not in ("", {}, [])}
    return hashlib.blake2b(json.dumps(filled, sort_keys=True).encode(), digest_size=16).hexdigest()


def as_line(data: Mapping[str, Any]) -> bytes:
    """Return a header or a change as a line of a journal."""
    return json_text(data, compact=True).encode() + b"\n"
