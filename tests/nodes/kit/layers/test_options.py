"""Initializers, regularizers, constraints and activations: our settings and Keras's JSON are one thing."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from nodes.kit.layers import activations, constraints, initializers, regularizers
from nodes.kit.layers.activations import read_activation
from nodes.kit.layers.constraints import read_constraint
from nodes.kit.layers.initializers import read_initializer
from nodes.kit.layers.options import KerasOption
from nodes.kit.layers.regularizers import read_regularizer
from nodes.kit.networks.keras_model import import_keras

READERS = {
    initializers.InitializerOption: (read_initializer, "initializers"),
    regularizers.RegularizerOption: (read_regularizer, "regularizers"),
    constraints.ConstraintOption: (read_constraint, "constraints"),
}
UNIONS = (initializers.Initializer, regularizers.Regularizer, constraints.Constraint)
CLASSES = [cls for union in UNIONS for cls in get_args(get_args(union)[0])]


def reader_of(cls: type[KerasOption]) -> tuple[Any, str]:
    return next(found for base, found in READERS.items() if issubclass(cls, base))


def without_nulls(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "config": {k: v for k, v in config["config"].items() if v is not None}}


def test_there_are_all_that_knime_has_and_keras_added():
    assert len(get_args(get_args(initializers.Initializer)[0])) == 16
    assert len(get_args(get_args(regularizers.Regularizer)[0])) == 4
    assert len(get_args(get_args(constraints.Constraint)[0])) == 4


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_option_is_what_keras_makes_of_it_with_the_same_defaults(cls: type[KerasOption]):
    read, module = reader_of(cls)
    keras_module = getattr(import_keras(), module)
    name = cls.model_fields["kind"].default
    theirs = keras_module.serialize(getattr(keras_module, name)())
    ours = cls().to_config()

    expected = {k: pytest.approx(v, rel=1e-6) if isinstance(v, float) else v for k, v in theirs["config"].items()}
    found = {k: v for k, v in ours["config"].items() if k in expected or v is not None}
    if cls is initializers.IdentityInitializer:
        expected = {"gain": 1.0}  # Keras 3.15 leaves it out of its config, but reads it
    assert without_nulls({**ours, "config": found}) == without_nulls({**theirs, "config": expected})
    assert read(ours) == cls()
    assert type(read(theirs)) is cls
    assert type(keras_module.get(ours)).__name__ == name


def test_keras_reads_every_activation_by_its_name_and_no_other():
    functions = import_keras().activations
    offered = set(get_args(activations.Activation))
    theirs = {n for n in dir(functions) if n.islower() and callable(getattr(functions, n))} - {
        "get",
        "serialize",
        "deserialize",
    }

    assert {read_activation(name) for name in offered} == offered
    assert all(callable(functions.get(name)) for name in offered)
    assert theirs - offered == {"glu", "threshold", "swish", "hard_swish"}
    assert (read_activation("swish"), read_activation("hard_swish"), read_activation(None)) == ("silu", "hard_silu", "linear")


@pytest.mark.parametrize(
    ("read", "given", "meant"),
    [
        (read_initializer, "glorot_uniform", initializers.GlorotUniform()),
        (read_initializer, {"class_name": "Zeros", "config": {"dtype": "float32"}}, initializers.Zeros()),
        (read_initializer, {"class_name": "RandomUniform", "config": {"minval": 0, "maxval": 1, "seed": None}},
         initializers.RandomUniform(minval=0, maxval=1)),
        (read_initializer, {"class_name": "VarianceScaling", "config": {"scale": 2.0, "distribution": "normal"}},
         initializers.VarianceScaling(scale=2)),
        (read_initializer, {"class_name": "HeNormal", "config": {"input_axes": [0], "output_axes": [1, 2]}},
         initializers.HeNormal(input_axes=(0,), output_axes=(1, 2))),
        (read_initializer, {"class_name": "STFT", "config": {"window": None, "scaling": None}},
         initializers.STFT(window=None, scaling=None)),
        (read_regularizer, {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}}, regularizers.L1L2(l2=0.5)),
        (read_regularizer, {"class_name": "L2", "config": {"l2": 0.25}}, regularizers.L2(l2=0.25)),
        (read_constraint, "max_norm", constraints.MaxNorm()),
        (read_constraint, {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}}, constraints.MaxNorm()),
        (read_constraint, None, None),
    ],
)  # fmt: skip
def test_the_spellings_of_older_keras_are_read(read: Any, given: Any, meant: Any):
    assert read(given) == meant


@pytest.mark.parametrize(
    "given",
    [
        "os.system",
        {"module": "os", "class_name": "Zeros", "config": {}},
        {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": "mine>Zeros"},
        {"class_name": "Lambda", "config": {}},
        {"class_name": ["Zeros"], "config": {}},
        {"class_name": "Zeros", "config": [1]},
        {"class_name": "Constant", "config": {"value": [1, 2]}},
        {"class_name": "GlorotUniform", "config": {"input_axes": [0]}},
        {"class_name": "RandomNormal", "config": {"stddev": -1}},
        {"class_name": "RandomUniform", "config": {"minval": 1, "maxval": 0}},
        7,
    ],
)
def test_everything_else_is_refused(given: Any):
    with pytest.raises(ValueError, match=r"."):
        read_initializer(given)
