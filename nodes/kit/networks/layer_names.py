"""Which names a layer can have: those that TensorFlow takes for its scopes; Keras itself takes all that have no slash."""

from __future__ import annotations

import re

_REFUSED = re.compile(r"[^A-Za-z0-9_.>-]")
REMEDY = "Use letters from A to Z, digits, and the signs . _ - only."


def is_layer_name(name: str) -> bool:
    """Return whether a network with a layer of that name can be computed."""
    return bool(name) and not _REFUSED.search(name)


def as_layer_name(name: str) -> str:
    """Return a name that a layer can have for one that it cannot have: each refused sign is an underscore."""
    return _REFUSED.sub("_", name) or "_"
