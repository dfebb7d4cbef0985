"""What a layer node says of shapes, types and weights is what Keras makes of the same layer: over random settings.

Every layer of the catalog is covered by itself. Of each, some cases that the node accepts are built and computed by Keras,
and some that it refuses must be refused by Keras too, or not come true.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

from nodes.errors import NodeError
from nodes.networks.keras_model import import_keras, to_keras
from nodes.values.network import Network, NetworkSpec
from tests.nodes.layers.cases import LAYERS, Case, cases

TRIES = 200
COMPARED = 6
COMPUTED = 3
REFUSED = 2

STRICTER = (
    "on most machines",  # oneDNN can do what TensorFlow's own kernels, on other machines, cannot
    "computes with",  # whole numbers, which Keras announces as floating-point ones
    "is the batch",
    "channels come first",
    "changes colours",
    "Keras reckons",
    "single numbers",
    "rows of numbers",
    "shape, which is",
    "counted from both ends",
    "axes for the input",
    "keep the batch",
    "without the batch",
    "bias axes",
    "in the input, but",
    "different batch sizes",
    "has no axes",
    "along the last axes",
    "noise shape does not fit",  # Keras stretches shorter ones in ways of its own
    "float32 only",
    "adaptively",  # Keras announces what it cannot compute, and TensorFlow ends the process for one part
)
"""Parts of messages with which a node refuses what Keras would do: because it is a mistake, or Keras does it wrongly."""


def is_stricter(case: Case, message: str) -> bool:
    """Whether a node refuses what Keras would do."""
    of_images = "Augmentation" in case.node.shelf or "Preprocessing" in case.node.shelf
    return (of_images and "works on images" in message) or any(part in message for part in STRICTER)


def stands_in(shape: tuple[int | None, ...], batch: int | None) -> tuple[int, ...]:
    return (batch or 2, *(9 if n is None else n for n in shape))


def arrays(case: Case) -> list[np.ndarray[Any, Any]]:
    specs = [network.calls[0].outputs[0] for network in case.inputs.values()]
    return [np.ones(stands_in(spec.shape, spec.batch), spec.dtype) for spec in specs]


def can_be_computed(case: Case) -> bool:
    """Whether there are kernels for it on a CPU, one layer at a time, and what stands in for unknown sizes fits."""
    name = type(case.node).__name__
    if any(None in network.calls[0].outputs[0].shape for network in case.inputs.values()):
        return False
    if case.channels_first and ("Conv" in name or "Connected" in name or "STFT" in name):
        return False
    return getattr(case.node, "activation", None) != "sparsemax" or "16" not in str(getattr(case.node, "dtype", ""))


def check_accepted(case: Case, spec: NetworkSpec, compute: int) -> None:
    """Keras announces the same, has the same weights and computes what was announced."""
    model = to_keras(Network(spec))
    whole = all(network.calls[0].outputs[0].dtype.startswith(("float", "bfloat")) for network in case.inputs.values())
    outputs = [spec.tensor(t) for t in spec.outputs]
    for said, tensor in zip(outputs, model.outputs, strict=True):
        assert (said.batch, *said.shape) == tuple(tensor.shape)
        assert not whole or said.dtype == tensor.dtype  # of whole numbers Keras announces what does not come out
    layer = model.get_layer("layer")
    assert [(w.name, w.shape, w.trainable) for w in spec.layer("layer").weights] == [
        (w.name, tuple(w.shape), w.trainable) for w in layer.weights
    ]
    if not compute or not can_be_computed(case):
        return
    given = arrays(case)
    made = model(given[0] if len(given) == 1 else given, training=bool(compute % 2))
    for said, tensor in zip(outputs, made if isinstance(made, list | tuple) else [made], strict=True):
        assert tensor.dtype.name == said.dtype
        assert len(said.shape) == len(tensor.shape) - 1
        assert all(n in (None, real) for n, real in zip(said.shape, tensor.shape[1:], strict=True))
    for weight in layer.trainable_variables:
        if weight.constraint is not None:
            weight.constraint(weight)
    assert all(float(loss) >= 0 for loss in layer.losses)


def check_refused(case: Case) -> None:
    """Keras refuses it too, or what it announces does not come true."""
    keras = import_keras()
    config = case.node.to_config(case.channels_first)
    specs = [network.calls[0].outputs[0] for network in case.inputs.values()]
    with pytest.raises(Exception):  # noqa: B017 - Keras, numpy and TensorFlow have no common error
        layer = getattr(keras.layers, case.node.kind)(**config)
        tensors = [keras.KerasTensor((spec.batch, *spec.shape), spec.dtype) for spec in specs]
        announced = layer(tensors[0] if len(tensors) == 1 else tensors)
        given = arrays(case)
        made = getattr(keras.layers, case.node.kind)(**config)(given[0] if len(given) == 1 else given)
        for weight in layer.weights:
            assert None not in weight.shape
            if weight.constraint is not None:
                weight.constraint(weight)
        assert [float(loss) >= 0 for loss in layer.losses] == [True] * len(layer.losses)
        assert tuple(made.shape[1:]) == tuple(announced.shape[1:])


ELSEWHERE = {
    "keras.additive_attention", "keras.attention", "keras.bidirectional", "keras.embedding", "keras.group_query_attention",
    "keras.multi_head_attention", "keras.reversible_embedding",
}  # fmt: skip
"""Layers that need inputs which fit each other: test_attention.py and test_recurrent.py compare these with Keras."""


@pytest.mark.parametrize("node_id", sorted(LAYERS.keys() - ELSEWHERE))
def test_layers_announce_what_keras_makes_and_refuse_what_it_refuses(node_id: str) -> None:
    compared = computed = 0
    refused: set[str] = set()
    known: set[tuple[int, str]] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of a softmax over one number
        for case in cases(node_id, TRIES):
            try:
                spec = case.configured()
            except NodeError as error:
                assert error.remedy, error.message
                why = re.sub(r"[^a-z ]", "", error.message)
                if len(refused) < REFUSED and why not in refused and not is_stricter(case, error.message):
                    if hasattr(import_keras().layers, case.node.kind):
                        check_refused(case)
                    refused.add(why)
                continue
            given = [network.calls[0].outputs[0] for network in case.inputs.values()]
            kind = (len(given[0].shape), given[0].dtype) if given else (0, "")
            if compared < COMPARED - 1 or (compared < COMPARED + 2 and kind not in known):
                check_accepted(case, spec, computed + 1 if computed < COMPUTED or kind not in known else 0)
                compared += 1
                computed += can_be_computed(case)
                known.add(kind)
    assert compared >= 3, "the tests above say nothing of a layer that they cannot make work"
    assert computed >= 1
