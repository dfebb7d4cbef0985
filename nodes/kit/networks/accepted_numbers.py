"""Which whole numbers the layers behind a network's input take: IDs of an Embedding layer, words of a lookup.

Others end the computation somewhere inside TensorFlow; known before, the cell that holds one can be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nodes.values.network import NetworkSpec, Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HANDING_ON = frozenset({
    "Concatenate", "Cropping1D", "Cropping2D", "Cropping3D", "Flatten", "Identity", "Permute", "RepeatVector", "Reshape",
    "UpSampling1D",
})  # fmt: skip
"""Layers whose outputs are numbers that came in, and no others."""


@dataclass(frozen=True)
class AcceptedNumbers:
    """What a layer takes.

    Attributes:
        layer: Its name.
        kind: The Keras class.
        count: 0 to one less than this; None: any number from 0 on.
        words: The words of a vocabulary, where no others are taken.
    """

    layer: str
    kind: str
    count: int | None = None
    words: tuple[int, ...] = ()

    def outside(self, cells: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which of some numbers the layer does not take; of fractions it takes the whole part."""
        import numpy as np

        if self.words:
            return ~np.isin(np.trunc(cells), self.words)
        below = cells <= -1 if cells.dtype.kind == "f" else cells < 0
        return np.asarray(below if self.count is None else below | (cells >= self.count))

    @property
    def problem(self) -> str:
        """What is wrong with a number, after that."""
        layer = f"layer '{self.layer}' ({self.kind})"
        if self.words:
            return f"is not in the vocabulary of {layer}, which has no place for unknown numbers"
        if self.count is None:
            return f"is below 0, from where on {layer} takes numbers"
        return f"is no number from 0 to {self.count - 1}, which are all that {layer} knows"

    def remedy(self, largest: float) -> str:
        """Return what to do.

        Args:
            largest: Of the numbers in hand.
        """
        if self.words:
            return "Give the layer a place for unknown numbers, or leave such rows out (Row Filter)."
        anew = "number what there is anew from 0 on (Category to Number)."
        if self.count is None or largest < self.count:
            return f"N{anew[1:]}"
        return f"Set the layer's 'Input dimension' to at least {int(largest) + 1}, as numbers count from 0; or {anew}"


def accepted_numbers(network: NetworkSpec, tensor: Tensor) -> tuple[AcceptedNumbers, ...]:
    """Return what the layers take that numbers of a tensor reach as they are."""
    layers = {layer.name: layer for layer in network.layers}
    reached = {tensor}
    found: dict[str, AcceptedNumbers] = {}
    for call in network.calls:
        if not reached.intersection(call.inputs):
            continue
        layer = layers[call.layer]
        if layer.kind in HANDING_ON:
            reached.add(Tensor(call.layer, call.index))
            continue
        for accepted in _of_layer(layer.name, layer.kind, layer.config):
            if not call.options.get("reverse"):
                found[layer.name] = accepted
    return tuple(found.values())


def _of_layer(name: str, kind: str, config: Mapping[str, Any]) -> Iterator[AcceptedNumbers]:
    """What a layer takes; nothing of one that takes any number."""
    if kind in ("Embedding", "ReversibleEmbedding"):
        yield AcceptedNumbers(name, kind, config["input_dim"])
    elif kind == "CategoryEncoding" and config.get("output_mode") != "one_hot":  # it passes over what is too large
        yield AcceptedNumbers(name, kind)
    elif kind == "IntegerLookup" and not config["num_oov_indices"] and not config.get("invert"):
        mask = config.get("mask_token")
        yield AcceptedNumbers(name, kind, words=(*config["vocabulary"], *([] if mask is None else [mask])))
    elif kind == "TimeDistributed":
        yield from _of_layer(name, config["layer"]["class_name"], config["layer"]["config"])
