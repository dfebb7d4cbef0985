"""Which Keras layers there are nodes for: the allow-list of everything that builds, reads or writes a network."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from nodes.errors import NodeError

if TYPE_CHECKING:
    from nodes.kit.layers.base import Layer

DISCOVERS = ("nodes.layers",)
"""The packages whose modules are found by looking: every one of them is part of a result's key, as if it were imported here."""
KERAS_PACKAGES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")


def stored_class(entry: Mapping[str, Any], name: str) -> type[Layer]:
    """Return the node class for a layer as a Keras config has it: `{"class_name": ..., "module": ..., "registered_name": ...}`.

    Raises:
        NodeError: If it is not a layer of Keras's own, or there is no node for it.
    """
    kind, module, registered = entry["class_name"], entry.get("module"), entry.get("registered_name")
    package = next((p for p in KERAS_PACKAGES if module in (None, p) or str(module).startswith(f"{p}.")), None)
    if package is None or registered not in (None, kind):
        raise NodeError(
            f"Layer '{name}' is of the class '{registered or f'{module}.{kind}'}', which is not Keras's own.",
            "Build the part in Keras from layers that are in the node repository, and save it again.",
        )
    return layer_class(kind, name)


def layer_class(kind: str, name: str = "") -> type[Layer]:
    """Return the node class for the Keras layer class `kind`.

    Args:
        kind: The Keras class: `Conv2D`.
        name: The layer's name in its network, for the message.

    Raises:
        NodeError: If there is no such node: the layer is not built, whatever it is.
    """
    _import_layer_modules()
    from nodes.kit.layers.base import Layer

    found = Layer.kinds.get(kind) or next((cls for cls in Layer.kinds.values() if cls.python_class == kind), None)
    if found is None:
        where = f"Layer '{name}' is of the class '{kind}'" if name else f"'{kind}' is a class"
        raise NodeError(
            f"{where}, which is not one of the layers that Layerloom knows.",
            "Replace it by layers that are in the node repository; layers that run code of their own are never loaded.",
        )
    return found


@cache
def _import_layer_modules() -> None:
    """Import the modules of layers, so that every layer class has made itself known."""
    for name in DISCOVERS:
        for info in pkgutil.iter_modules(importlib.import_module(name).__path__, f"{name}."):
            importlib.import_module(info.name)
