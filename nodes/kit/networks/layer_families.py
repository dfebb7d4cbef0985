"""Which layers are of one kind to the eye: pictures of networks give each family a colour."""

from __future__ import annotations

from functools import cache
from typing import Literal

Family = Literal["input", "convolution", "pooling", "dense", "noise", "shape", "sequence", "merge", "other"]

_PARTS: tuple[tuple[Family, tuple[str, ...]], ...] = (
    ("pooling", ("Pool",)),  # before the merging layers: GlobalAveragePooling2D is none
    ("input", ("Input",)),
    ("convolution", ("Conv", "Depthwise", "Separable")),
    ("dense", ("Dense", "Embedding")),
    ("noise", ("Dropout", "Normalization", "Noise", "Regularization")),
    ("shape", ("Flatten", "Reshape", "Permute", "Padding", "Cropping", "UpSampling", "Repeat")),
    ("sequence", ("LSTM", "GRU", "RNN", "Bidirectional", "Attention")),
    ("merge", ("Add", "Concatenate", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Dot")),
)
"""The first family with a part of the class's name."""


@cache
def family(kind: str) -> Family:
    """Return the family of a layer, by the name of its Keras class (`Conv2D`)."""
    return next((name for name, parts in _PARTS if any(part in kind for part in parts)), "other")
