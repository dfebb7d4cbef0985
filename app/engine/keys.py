"""The key of a result: one hash of everything it depends on, and of nothing else.

A key chains the keys of the inputs, so computing all of them takes one pass in topological order, however deep the
workflow. Names, notes and positions are not in it; a node's id only where the node says that its output depends on it.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from nodes.base import Node


def result_key(node: Node, node_id: str, inputs: Mapping[str, tuple[str, str]], files: Mapping[str, str], run: str) -> str:
    """The key of a node's result, as 32 hexadecimal digits.

    Args:
        node: The node with its settings.
        node_id: Its id in the workflow.
        inputs: Input port -> (key of the node it comes from, output port there).
        files: Setting -> fingerprint of the file or folder it names; such a setting's own value does not count.
        run: The run's id; part of the key of a node that does not give the same result again.
    """
    content = [f"{port}<{key}.{output}" for port, (key, output) in sorted(inputs.items())]
    content += [f"{name}={fingerprint}" for name, fingerprint in sorted(files.items())]
    content += [node_id if node.uses_node_id else "", "" if node.reproducible else run]
    digest = hashlib.blake2b(_identity(type(node)), digest_size=16)
    digest.update(node.__pydantic_serializer__.to_json(node, exclude=set(files) or None))
    digest.update("\n".join(content).encode())
    return digest.hexdigest()


@functools.cache
def _identity(node_class: type[Node]) -> bytes:
    """What of a key is the same for all nodes of a class; no part can run into the next."""
    return f"{node_class.id}\0{node_class.version}\0{_source(node_class)}\0".encode()


def _source(node_class: type[Node]) -> str:
    """A hash of the code behind a class: the folders that it and its bases below `Node` are in. Changed code, new results."""
    modules = {c.__module__ for c in node_class.__mro__ if issubclass(c, Node) and c is not Node}
    return "".join(sorted({_folder_hash(name.rpartition(".")[0] or name) for name in modules}))


@functools.cache
def _folder_hash(name: str) -> str:
    """A hash of the modules in a package (or of one module that is in none)."""
    digest = hashlib.blake2b(digest_size=16)
    module = sys.modules[name]
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    files = sorted(path for folder in folders for path in folder.glob("*.py"))
    if not folders and getattr(module, "__file__", None):
        files = [Path(str(module.__file__))]
    digest.update(name.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
