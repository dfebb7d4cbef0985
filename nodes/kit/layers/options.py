"""The base of initializers, regularizers and constraints: Keras's objects that are arguments of layers.

Each is a small settings model whose `kind` is the Keras class, and can be written as Keras's own JSON and read back
from it. Reading accepts the spellings of Keras 2 and 3 and refuses everything that is not one of these classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast, get_args

from pydantic import ValidationError

from nodes.base import Settings
from nodes.declaration.mistakes import in_one_line
from nodes.errors import NodeError

KERAS_MODULES = ("keras", "keras.activations", "keras.constraints", "keras.initializers", "keras.layers", "keras.regularizers")
"""Where a Keras file may say that a class of it lives."""

IGNORED = frozenset({"dtype"})
"""What Keras 2 wrote and nothing needs: the weight's dtype decides."""


class KerasOption(Settings):
    """An object of Keras that is one of a layer's arguments."""

    module: ClassVar[str]
    renamed: ClassVar[Mapping[str, str]] = {}
    """Arguments of older Keras versions -> today's names."""

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """Raise NodeError if this cannot be used on numbers of `shape` (0: not known) and `dtype`, as the layer's `setting`."""

    def to_config(self) -> dict[str, Any]:
        """Return it as Keras serializes it, in plain JSON."""
        fields = self.model_dump(mode="json")
        return {"module": self.module, "class_name": fields.pop("kind"), "config": fields, "registered_name": None}


Option = TypeVar("Option", bound=KerasOption)


def options_by_kind(union: Any, base: type[Option]) -> dict[str, type[Option]]:
    """Return the classes of a union by their kind."""
    return {c.model_fields["kind"].default: c for c in get_args(get_args(union)[0]) if issubclass(c, base)}


def read_option(given: Any, classes: Mapping[str, type[Option]], aliases: Mapping[str, str]) -> Option | None:
    """Return an object of one of these classes, as a Keras file gives it; None stays None."""
    if given is None:
        return None
    names = {_snake_free(kind): kind for kind in classes} | {_snake_free(a): kind for a, kind in aliases.items()}
    name, config = given, cast(Any, {})
    if isinstance(given, Mapping):
        name, config = given.get("class_name"), given.get("config") or {}
        if given.get("module") not in (None, *KERAS_MODULES) or given.get("registered_name") not in (None, name):
            raise ValueError(f"{described(given)} is not a class of Keras")
    kind = names.get(_snake_free(name)) if isinstance(name, str) else None
    if kind is None or not isinstance(config, Mapping):
        raise ValueError(f"{described(given)} is not one of {', '.join(classes)}")
    found = classes[kind]
    values = {found.renamed.get(k, k): v for k, v in config.items() if k not in IGNORED}
    for key in [k for k, v in values.items() if k not in found.model_fields and v is None]:
        del values[key]
    try:
        return found.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"{kind}: {in_one_line(found, values, error)}") from error


def require_matrix(kind: str, shape: tuple[int, ...], setting: str) -> None:
    """Refuse a weight that is no matrix, for an option of that `kind`. NodeError."""
    if len(shape) != 2:
        raise NodeError(
            f"{kind} works on matrices only, but is used on a weight of {dimensions(shape)}.",
            "Choose another one.",
            setting=setting,
        )


def dimensions(shape: Sequence[int | None]) -> str:
    """Return `1 dimension`, `3 dimensions`."""
    return f"{len(shape)} dimension{'s' if len(shape) != 1 else ''}"


def _snake_free(name: str) -> str:
    """`glorot_uniform` and `GlorotUniform` are one name."""
    return name.replace("_", "").lower()


def described(given: Any) -> str:
    """Return what a file asked for, in a message."""
    if isinstance(given, Mapping):
        module, name = given.get("module"), given.get("class_name")
        return f"'{module}.{name}'" if module else f"'{name}'"
    return f"'{given}'"
