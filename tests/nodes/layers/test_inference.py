"""What a layer node says of shapes, types and weights is what Keras makes of the same layer: over random settings.

Every layer of the catalog is covered by itself. Of each, some cases that the node accepts are built and computed by Keras,
and some that it refuses must be refused by Keras too, or not come true.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from nodes.errors import NodeError
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operations import Operation
from nodes.kit.layers.ported import PortedLayer
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers.attention import AttentionLayer
from nodes.values.network import Network, NetworkSpec, TensorSpec
from tests.nodes.layers.cases import LAYERS, Case, cases
from tests.sampling import mostly_exhaustive, sampled

TRIES = 200
COMPARED = 5
REFUSED = 2
pytestmark = pytest.mark.filterwarnings("ignore")
"""Keras warns of a softmax over one number, and more."""

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
    inner = getattr(case.node, "layer", None)
    number = 0 if hasattr(case.node, "embeddings_initializer") or hasattr(inner, "embeddings_initializer") else 1
    return [np.full(stands_in(spec.shape, spec.batch), number, spec.dtype) for spec in case.given.values()]


def can_be_computed(case: Case) -> bool:
    """Whether there are kernels for it on a CPU, one layer at a time, and what stands in for unknown sizes fits."""
    name = type(case.node).__name__ + getattr(getattr(case.node, "layer", None), "kind", "")
    if any(None in spec.shape for spec in case.given.values()) and not isinstance(case.node, PortedLayer):
        return False
    if case.channels_first and ("Conv" in name or "Connected" in name or "STFT" in name):
        return False
    return getattr(case.node, "activation", None) != "sparsemax" or "16" not in str(getattr(case.node, "dtype", ""))


def check_accepted(case: Case, spec: NetworkSpec, training: bool) -> bool:
    """Keras announces the same, has the same weights and computes what was announced; whether it could be computed."""
    model = to_keras(Network(spec), 0)
    whole = all(tensor.dtype.startswith(("float", "bfloat")) for port, tensor in case.given.items() if "mask" not in port)
    outputs = [spec.tensor(t) for t in spec.outputs]
    for said, tensor in zip(outputs, model.outputs, strict=True):
        if not isinstance(case.node, PortedLayer):  # Keras announces some of their sizes as open
            assert (said.batch, *said.shape) == tuple(tensor.shape)
        numbers = whole and not said.dtype.startswith("int")
        assert not numbers or said.dtype == tensor.dtype  # of whole numbers Keras announces what does not come out
    if isinstance(case.node, Operation):
        assert any(operation.name == "layer" for operation in model.operations)
        return can_be_computed(case) and check_computed(case, outputs, model, training) is not None
    layer = model.get_layer("layer")
    assert [(w.name.rpartition("/")[2], w.shape, w.trainable) for w in spec.layer("layer").weights] == [
        (w.name, tuple(w.shape), w.trainable) for w in layer.weights
    ]
    assert spec.layer("layer").parameters == layer.count_params()
    check_read_back(case, spec, layer)
    if not can_be_computed(case):
        return False
    made = check_computed(case, outputs, model, training)
    for weight in layer.trainable_variables:
        if weight.constraint is not None:
            weight.constraint(weight)
    tensors = made if isinstance(made, list | tuple) else [made]
    if all(np.isfinite(np.asarray(tensor, "float64")).all() for tensor in tensors):  # gates without a limit may diverge
        assert all(float(loss) >= 0 for loss in layer.losses)
    return True


def check_computed(case: Case, outputs: list[TensorSpec], model: Any, training: bool) -> Any:
    """What was announced comes out; it is given back."""
    given = arrays(case)
    made = model(given[0] if len(given) == 1 else given, training=training)
    for said, tensor in zip(outputs, made if isinstance(made, list | tuple) else [made], strict=True):
        assert tensor.dtype.name == said.dtype
        assert len(said.shape) == len(tensor.shape) - 1
        assert all(n in (None, real) for n, real in zip(said.shape, tensor.shape[1:], strict=True))
    return made


def check_read_back(case: Case, spec: NetworkSpec, layer: Any) -> None:
    """What Keras writes of the layer is read as one that makes the same of the same inputs."""
    if "LocallyConnected" in case.node.kind or "SpatialDropout" in case.node.kind:
        return  # it is of several layers; Keras leaves out the number type
    read = layer_class(layer.__class__.__name__, "layer").from_config(layer.get_config(), "layer")
    if isinstance(read, PortedLayer):
        read = read.with_options(spec.calls[-1].options)
    assert case.infer(read) == case.infer(case.node)


def check_refused(case: Case) -> None:
    """Keras refuses it too, or what it announces does not come true."""
    keras = import_keras()
    config = case.node.to_config(case.channels_first)
    specs = list(case.given.values())
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


NOT_REFUSED = {"keras.bidirectional", *(node_id for node_id, cls in LAYERS.items() if issubclass(cls, AttentionLayer))}
"""Layers that refuse what Keras takes and computes something with; test_attention.py and test_recurrent.py list what."""
MORE = {"keras.time_distributed": 12, "keras.bidirectional": 8, "keras.lstm": 8}
"""Layers of which more cases are compared, as many kinds of layers are in them."""
ALWAYS_LAST = {"keras.cropping_1d", "keras.up_sampling_1d"}
"""Layers that have no channels first in Keras."""


def telling(cases: list[tuple[Case, NetworkSpec]], count: int) -> list[tuple[Case, NetworkSpec]]:
    """Some cases that have as many features as possible among them."""
    left = [(case, spec, case.features(spec)) for case, spec in cases]
    known: set[object] = set()
    chosen = []
    while left and len(chosen) < count:
        best = max(left, key=lambda one: len(one[2] - known))
        left.remove(best)
        known |= best[2]
        chosen.append(best[:2])
    return chosen


@pytest.mark.parametrize("node_id", mostly_exhaustive(sorted(LAYERS), 64, "layers"))
def test_layers_announce_what_keras_makes_and_refuse_what_it_refuses(node_id: str) -> None:
    compared = telling(accepted_cases(node_id), MORE.get(node_id, COMPARED))
    check_variety(node_id, compared)
    for n, (case, spec) in sampled(enumerate(compared), len(compared) // 2, node_id):
        check_accepted(case, spec, training=bool(n % 2))


@pytest.mark.exhaustive
@pytest.mark.parametrize("node_id", sorted(LAYERS))
def test_so_do_twice_as_many_and_some_can_be_computed(node_id: str) -> None:
    compared = telling(accepted_cases(node_id), MORE.get(node_id, COMPARED))
    assert sum(check_accepted(case, spec, training=bool(n % 2)) for n, (case, spec) in enumerate(compared)) >= 1


def accepted_cases(node_id: str) -> list[tuple[Case, NetworkSpec]]:
    """The cases that a layer accepts; of those that it refuses, some are looked into."""
    accepted: list[tuple[Case, NetworkSpec]] = []
    refused: set[str] = set()
    for case in cases(node_id, TRIES):
        try:
            accepted.append((case, case.configured()))
        except NodeError as error:
            assert error.remedy, error.message
            why = re.sub(r"[^a-z ]", "", error.message)
            if len(refused) < REFUSED and why not in refused and not is_stricter(case, error.message):
                if hasattr(import_keras().layers, case.node.kind) and node_id not in NOT_REFUSED:
                    check_refused(case)
                refused.add(why)
    return accepted


def check_variety(node_id: str, compared: list[tuple[Case, NetworkSpec]]) -> None:
    """The cases must show what the layer can be given, or they prove little."""
    assert len(compared) >= 3, "the tests say nothing of a layer that they cannot make work"
    cls = LAYERS[node_id]
    if cls.has_data_format and not getattr(cls, "needs_channels_last", False):
        assert {case.channels_first for case, _ in compared} == {True, False}
    wires = {len(case.inputs) for case, _ in compared}
    if cls.input_ports[0].grows and node_id not in (
        "keras.dot",
        "keras.hashed_crossing",
        "keras.subtract",
        "keras.matrix_product",
    ):
        assert {2, 3} <= wires
    connected = {port for case, _ in compared for port in case.inputs}
    assert all(port.name in connected for port in cls.input_ports if port.kind == "network" and not port.grows)
    if "return_state" in cls.model_fields or "return_attention_scores" in cls.model_fields:
        assert len({len(spec.outputs) for _, spec in compared}) > 1
