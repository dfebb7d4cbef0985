"""The classes of `keras.layers` that there is no node for, and why: shown in the node reference, and checked by a test."""

from __future__ import annotations

from collections.abc import Mapping

BASE = "A base class for writing layers in Python; it computes nothing by itself."
CODE = "It runs code of its own that a file brings along, so it is never built or loaded."
TEXT = (
    "It works on texts inside the network, but a network is fed with numbers here. Turn texts into numbers on the table before: "
    "Category to Number for single words."
)

WITHOUT_NODE: Mapping[str, str] = {
    "Layer": BASE,
    "Wrapper": BASE,
    "InputSpec": "Not a layer: a note of what shapes a layer takes.",
    "Lambda": CODE,
    "TorchModuleWrapper": CODE + " It also needs PyTorch.",
    "JaxLayer": CODE + " It also needs JAX.",
    "FlaxLayer": CODE + " It also needs JAX and Flax.",
    "TFSMLayer": CODE + " What is in it cannot be trained, shown or checked either.",
    "StringLookup": TEXT,
    "TextVectorization": TEXT,
    "MixUp": (
        "It mixes pairs of images and their labels alike, but a layer sees no labels: those of the mixed images would be wrong."
    ),
    "CutMix": (
        "It pastes parts of one image into another and mixes their labels, but a layer sees no labels: they would be wrong."
    ),
    "Equalization": (
        "Keras takes its output for its input and so cannot have it in a network of its own. The CLAHE Layer equalizes too (with "
        "1 x 1 tiles and a high clip limit, the image as a whole), and RandAugment and AugMix contain it."
    ),
    "RandomCrop": (
        "It cuts images while training and leaves them whole in use, so the layers after it would get two sizes. A Random "
        "Translation Layer before a Center Crop Layer cuts out a random part too."
    ),
    "MaxNumBoundingBoxes": "It counts boxes drawn around things in images, which tables and networks here have not.",
    "Pipeline": "A row of preprocessing layers as one: connect the layers one after the other.",
    "RNN": (
        "It runs a cell that is written in Python. For the cells that Keras has, there are the Simple RNN, GRU and LSTM layers."
    ),
    "StackedRNNCells": "Cells on top of each other, for RNN: connect recurrent layers that return sequences one after the other.",
    "SimpleRNNCell": "A single step, for RNN: use the Simple RNN Layer.",
    "GRUCell": "A single step, for RNN: use the GRU Layer.",
    "LSTMCell": "A single step, for RNN: use the LSTM Layer.",
}
"""Name in `keras.layers` -> why there is no node."""
