"""The key of a result: one hash of everything it depends on, and of nothing else.

A key chains the keys of the inputs, so computing all of them takes one pass in topological order, however deep the
workflow. Names, notes and positions are not in it; a node's id only where the node says that its output depends on it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping

from app.engine.import_graph import ImportGraph
from app.engine.source_files import SourceIndex
from app.folders import source_index
from nodes.base import Node

CODEC = "app.engine.codec"


def result_key(node: Node, node_id: str, inputs: Mapping[str, tuple[str, str]], files: Mapping[str, str], run: str) -> str:
    """The key of a node's result, as 32 hexadecimal digits.

    Args:
        node: The node with its settings.
        node_id: Its id in the workflow.
        inputs: Input port -> (key of the node it comes from, output port there).
        files: Setting -> fingerprint of what is read of the path it names; the values of such settings do not count.
        run: The run's id; part of the key of a node that does not give the same result again.
    """
    content = [f"{port}<{key}.{output}" for port, (key, output) in sorted(inputs.items())]
    content += [f"{name}={fingerprint}" for name, fingerprint in sorted(files.items())]
    content += [node_id if node.uses_node_id else "", "" if node.reproducible else run]
    digest = hashlib.blake2b(_identity(type(node)), digest_size=16)
    digest.update(node.__pydantic_serializer__.to_json(node, exclude=set(node.read_paths()) or None))
    digest.update("\n".join(content).encode())
    return digest.hexdigest()


@functools.cache
def _identity(node_class: type[Node]) -> bytes:
    """What of a key is the same for all nodes of a class; no part can run into the next."""
    code = _import_graph().closure(node_class.__module__).digest
    return f"{node_class.id}\0{node_class.version}\0{code}\0{_stored_form()}\0".encode()


@functools.cache
def _stored_form() -> str:
    """A hash of the code that says how values lie on disk: what another one wrote is not read."""
    return _import_graph().closure(CODEC).sources[CODEC]


@functools.cache
def _import_graph() -> ImportGraph:
    return ImportGraph(SourceIndex(source_index()))
