"""Which operations in a Keras 3 model's config do nothing but compute the masks that Keras finds by itself.

Where an Embedding or Masking layer marks steps as padding, Keras 3 writes the operations behind the mask into the config,
as if they were layers (`NotEqual`, `Any`), and hands their result to later layers as `mask`. Building the same layers again
brings them back, so they are left out. Operations that a person called are read as layers of ours (`operators.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nodes.kit.networks.operators import KNOWN
from nodes.values.network import Tensor

JOINING = ("Any", "All", "ExpandDims", "LogicalAnd", "LogicalOr", "Concatenate", "OnesLike", "ZerosLike", "BroadcastTo")
"""Operations that Keras's layers make one mask of others with."""


class MaskOperations:
    """The operations behind masks in a functional model's config; `in` tells whether a name is one of them.

    Args:
        entries: What the config calls layers.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self._marked = {(tensor, value) for entry in entries for tensor, value in _marked(entry)}
        self._names: set[str] = set()
        for entry in entries:
            if is_operation(entry) and self._is_mask(entry):
                self._names.add(entry["name"])

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def made(self, argument: str, value: Any) -> bool:
        """Return whether an argument of a layer's call is a mask, or a list of masks and None, that Keras finds by itself."""
        if argument != "mask" and not argument.endswith("_mask"):
            return False
        values = value if isinstance(value, list) else [value]
        return all(v is None or (isinstance(v, Tensor) and v.layer in self) for v in values)

    def _is_mask(self, entry: Mapping[str, Any]) -> bool:
        """Whether an operation is one that Keras adds for masks."""
        kind = entry["class_name"]
        arguments = [value for call in entry.get("inbound_nodes") or [] for value in call["args"]]
        tensors = list(_tensors(arguments))
        if kind == "NotEqual":
            return len(arguments) == 2 and len(tensors) == 1 and (tensors[0], arguments[1]) in self._marked
        return kind in JOINING and any(tensor.layer in self for tensor in tensors)


def is_operation(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry of a Keras 3 model's config is an operation rather than a layer.

    `.h5` files do not say where a class is from; but layers that are called as operations are say whether they are trained.
    """
    module = entry.get("module")
    if module is None:
        calls = entry.get("inbound_nodes") or []
        written_by_3 = bool(calls) and isinstance(calls[0], Mapping)
        return written_by_3 and "trainable" not in entry["config"] and entry["class_name"] in (*KNOWN, *JOINING, "NotEqual")
    return str(module).startswith(("keras.src.ops.", "keras.src.activations."))


def _marked(entry: Mapping[str, Any]) -> Iterator[tuple[Tensor, float]]:
    """The tensors whose steps a layer marks as padding, and the value that marks them."""
    kind, config = entry["class_name"], entry["config"]
    if kind == "Masking":
        value = config.get("mask_value", 0.0)
    elif kind in ("Embedding", "ReversibleEmbedding") and config.get("mask_zero"):
        value = 0
    else:
        return
    for call in entry.get("inbound_nodes") or []:
        if isinstance(call, Mapping):
            for tensor in _tensors(call["args"]):
                yield tensor, value


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, list):
        for one in value:
            yield from _tensors(one)
    elif isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        name, index, output = value["config"]["keras_history"]
        yield Tensor(str(name), int(index), int(output))
