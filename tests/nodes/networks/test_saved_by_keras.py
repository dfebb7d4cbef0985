"""Every layer and every architecture that Keras 2 and 3 save, in each of their formats, computes here what it did there.

`make test` tries a sample, `make test-all` all. The layers are those of our nodes, with settings that are drawn; Keras itself
makes models of them and saves them.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodes.base import NodeError, Specs
from nodes.kit.layers.base import Layer
from nodes.kit.layers.operations import Operation
from nodes.kit.networks.architecture_files import MODELS
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers.input import Input
from nodes.layers.time_distributed import EACH_STEP, STEP_GROUPS, TimeDistributed
from nodes.networks.network_reader import NetworkReader
from nodes.values.network import Network
from tests.nodes.layers.cases import INPUTS, LAYERS, Case, cases, draw_node
from tests.nodes.networks.keras_2 import import_keras_2, saved, shaken
from tests.sampling import mostly_exhaustive, sampled
from tests.support import run

pytestmark = pytest.mark.filterwarnings("ignore")
"""Keras warns of much, a softmax over one number, say."""

FORMS = (".keras", ".h5", ".json")
NOT_SAVED = {
    "keras.locally_connected_1d": "it is of several layers",
    "keras.locally_connected_2d": "it is of several layers",
}
"""Layer nodes that Keras has no class for."""
TRIES = 500
ENOUGH = 6


def rows_for(case: Case) -> list[Any]:
    """Some rows for each input: small whole numbers where whole ones are meant."""
    rng = np.random.default_rng(4)
    made = []
    for tensor in case.given.values():
        shape = (tensor.batch or 3, *(5 if n is None else n for n in tensor.shape))
        whole = not tensor.dtype.startswith(("float", "bfloat"))
        if holds_ids(case.node):
            made.append(np.zeros(shape, tensor.dtype))
            continue
        made.append((rng.integers(0, 2, shape) if whole else rng.uniform(0, 1, shape)).astype(tensor.dtype))
    return made


def holds_ids(node: Any) -> bool:
    inner = getattr(node, "layer", None)
    return hasattr(node, "embeddings_initializer") or hasattr(inner, "embeddings_initializer")


def predicted(model: Any, rows: list[Any]) -> list[Any]:
    made = model(rows if len(rows) > 1 else rows[0], training=False)
    return [np.asarray(one) for one in (made if isinstance(made, list | tuple) else [made])]


def check_read(model: Any, path: Path, rows: list[Any]) -> None:
    """A model that Keras saved is read, has as many weights, and computes the same; without weights, as far as there are none."""
    if path.suffix == ".json":
        path.write_text(model.to_json())
    else:
        try:
            saved(model, path)
        except TypeError:
            pytest.skip("Keras cannot save it so")  # some layers of random changes, as .h5
    network = run(NetworkReader(path=str(path)))["network"]
    assert isinstance(network, Network)
    assert network.spec.parameters == model.count_params()
    ours = to_keras(network)
    if path.suffix != ".json" or not model.weights:
        for expected, found in zip(predicted(model, rows), predicted(ours, rows), strict=True):
            scale = max(1.0, float(np.abs(expected).max(initial=0)))
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * scale)


def fitting_cases(node_id: str) -> list[Case]:
    """A case of a layer in float32 that Keras can compute on any machine."""
    found = []
    for case in cases(node_id, TRIES):
        usual = getattr(case.node, "dtype", "float32") == "float32" and not case.channels_first
        usual = usual and not getattr(case.node, "stateful", False)  # each call would go on from the one before
        small = all(tensor.dtype in ("float32", "int32", "bool") and None not in tensor.shape for tensor in case.given.values())
        if usual and small and getattr(case.node, "activation", None) != "sparsemax":
            try:
                case.configured()
            except NodeError:
                continue
            found.append(case)
            if len(found) == ENOUGH:
                break
    assert found, "the tests say nothing of a layer that they cannot make work"
    return found


# ------------------------------------------------------------------------------------------------------------- Keras 3


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("node_id", mostly_exhaustive(sorted(LAYERS.keys() - NOT_SAVED.keys()), 12, "saved layers"))
def test_layers_of_keras_3(node_id: str, ending: str, tmp_path: Path) -> None:
    if ending == ".h5" and issubclass(LAYERS[node_id], Operation):
        pytest.skip("Keras does not say in .h5 which operations are its own")
    case = fitting_cases(node_id)[0]
    model = to_keras(Network(case.configured()), 0)
    check_read(shaken_3(model), tmp_path / f"model{ending}", rows_for(case))


def shaken_3(model: Any) -> Any:
    """The model with random weights, where these are such: not the states of a normalization or of random numbers."""
    rng = np.random.default_rng(7)
    for variable in model.trainable_variables:
        variable.assign(rng.uniform(-0.9, 1, variable.shape).astype(variable.dtype))
    return model


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("kind", mostly_exhaustive(sorted(EACH_STEP), 8, "saved steps"))
def test_layers_at_each_step(kind: str, ending: str, tmp_path: Path) -> None:
    case = step_case(kind)
    model = to_keras(Network(case.configured()), 0)
    check_read(shaken_3(model), tmp_path / f"model{ending}", rows_for(case))


def step_case(kind: str) -> Case:
    """The layer of a class in Time Distributed, with an input that fits."""
    node_id = next(i for i, cls in LAYERS.items() if cls is EACH_STEP[kind])
    rng = random.Random(kind)
    shapes: list[tuple[tuple[int, ...], str]] = [
        ((3, 6), "float32"), ((6, 6, 3), "float32"), ((4,), "float32"), ((6, 6, 6, 3), "float32"), ((1,), "int32"),
        ((3,), "int32"),
    ]  # fmt: skip
    for _ in range(400):
        node = draw_node(EACH_STEP[kind], node_id, rng)
        shape, dtype = rng.choice([*INPUTS.get(node_id, []), *shapes])
        if node is None or getattr(node, "activation", None) == "sparsemax":
            continue
        settings = {name: getattr(node, name) for name in STEP_GROUPS[kind].model_fields if name != "kind"}
        try:
            wrapper = TimeDistributed.model_validate({"layer": {"kind": kind, **settings}})
            given = Input(shape=(2, *shape), dtype=dtype).configure(Specs({}, "input_0"))["network"]
            case = Case(wrapper, {"network": given})
            case.configured()
        except (ValueError, NodeError):
            continue
        return case
    raise AssertionError(f"nothing fits {kind}")


# ------------------------------------------------------------------------------------------------------------- Keras 2

NOT_IN_2 = frozenset({
    "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D",
})  # fmt: skip
RENAMED: Mapping[str, Mapping[str, str]] = {
    "LeakyReLU": {"negative_slope": "alpha"},
    "Discretization": {},
}
"""What arguments are called in Keras 2."""


def config_for_2(cls: Any, config: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A layer's arguments as Keras 2 has them; what it does not have is left out."""
    import inspect

    names: set[str] = set()
    for each in inspect.getmro(cls):
        init = vars(each).get("__init__")
        if init is not None:
            names |= set(inspect.signature(init).parameters)
    renamed = {RENAMED.get(kind, {}).get(name, name): value for name, value in config.items()}
    return {name: without_modules(value) for name, value in renamed.items() if name in names and name != "dtype"}


def without_modules(value: Any) -> Any:
    """An initializer or the like without where Keras 3 has it."""
    if isinstance(value, Mapping) and "class_name" in value:
        return {"class_name": value["class_name"], "config": {k: v for k, v in value["config"].items() if v is not None}}
    return value


def kinds_of_2() -> list[str]:
    """The layers of one input that Keras 2 has too, and that it can be given by the same arguments."""
    layers = import_keras_2().layers
    return sorted(
        node_id
        for node_id, cls in LAYERS.items()
        if not issubclass(cls, Operation) and hasattr(layers, cls.kind) and cls.kind not in NOT_IN_2 and node_id not in NOT_SAVED
    )


def differs_in_2(case: Case) -> bool:
    """What Keras 3 has no more: a cell of an LSTM that goes through Keras 2's hard sigmoid, and means of whole numbers."""
    whole = any(tensor.dtype.startswith("int") for tensor in case.given.values())
    return getattr(case.node, "activation", None) == "hard_sigmoid" or ("Average" in case.node.kind and whole)


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize("node_id", mostly_exhaustive(kinds_of_2(), 12, "saved layers of 2"))
def test_layers_of_keras_2(node_id: str, ending: str, tmp_path: Path) -> None:
    keras = import_keras_2()
    cls: type[Layer] = LAYERS[node_id]
    for case in fitting_cases(node_id):
        if (len(case.inputs) > 1 and not cls.input_ports[0].grows) or differs_in_2(case):
            continue
        made = getattr(keras.layers, cls.kind)
        try:
            layer = made(**config_for_2(made, case.node.to_config(False), cls.kind))
            given = [keras.Input(tensor.shape, batch_size=tensor.batch, dtype=tensor.dtype) for tensor in case.given.values()]
            out = layer(given if len(given) > 1 else given[0])
            model = shaken(keras.Model(given, out))
            rows = rows_for(case)
            predicted(model, rows)
        except Exception:  # noqa: BLE001 - an argument that Keras 2 has not, or a shape that it does not take
            continue
        check_read(model, tmp_path / f"model{ending}", rows)
        return
    pytest.skip("Keras 2 takes none of the cases")


# ------------------------------------------------------------------------------------------------------- architectures

ARCHITECTURES = sorted({function for function, _ in MODELS.values()})
SMALL = ("MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "NASNetMobile", "DenseNet121")
"""Those that `make test` chooses from."""
QUICK = sampled(SMALL, 1, "architectures")


def whole(version: str, name: str) -> Any:
    """An architecture with its classifier and random weights."""
    keras = import_keras() if version == "Keras 3" else import_keras_2()
    keras.backend.clear_session()
    keras.utils.set_random_seed(zlib.crc32(name.encode()) % 1000)
    return getattr(keras.applications, name)(weights=None)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("version", ["Keras 2", "Keras 3"])
@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.exhaustive) for n in ARCHITECTURES])
def test_architectures(name: str, version: str, ending: str, tmp_path: Path) -> None:
    model = whole(version, name)
    height, width = (n or 96 for n in model.input_shape[1:3])
    rows = [np.random.default_rng(1).uniform(0, 255, (1, height, width, 3)).astype(np.float32)]
    check_read(model, tmp_path / f"model{ending}", rows)
