"""Every public class of `keras.layers` has a node, or a stated reason why not."""

from __future__ import annotations

import inspect

from app.node_help import node_help
from nodes.catalog import Catalog
from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.without_node import WITHOUT_NODE
from nodes.kit.networks.keras_model import import_keras

NODES = {node_id: cls for node_id, cls in Catalog.load(plugins=False).items() if issubclass(cls, Layer)}
KINDS = {cls.kind: node_id for node_id, cls in NODES.items()}


def classes() -> set[str]:
    """The names of Keras's layer classes, each once: `AvgPool2D` is `AveragePooling2D`."""
    layers = import_keras().layers
    return {cls.__name__ if hasattr(layers, cls.__name__) else name for name, cls in inspect.getmembers(layers, inspect.isclass)}


def test_every_class_of_keras_layers_has_a_node_or_a_reason() -> None:
    assert classes() - set(KINDS) - set(WITHOUT_NODE) == set()


def test_no_class_has_both_and_no_reason_is_for_what_keras_has_not() -> None:
    assert set(WITHOUT_NODE) & set(KINDS) == set()
    assert set(WITHOUT_NODE) - classes() == set()
    assert all(why.endswith(".") and len(why) > 40 for why in WITHOUT_NODE.values())


def signature(kind: str) -> set[str]:
    """The arguments of a Keras class that are its own."""
    parameters = inspect.signature(getattr(import_keras().layers, kind).__init__).parameters.values()
    named = {p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    return named - {"self", "name", "trainable", "dtype"}


def test_every_argument_of_a_class_is_a_setting_or_is_left_out_for_a_reason() -> None:
    differ = {}
    for node_id, cls in NODES.items():
        if not hasattr(import_keras().layers, cls.kind) or node_id == "keras.thresholded_relu":
            continue  # stands for a class that Keras has no more
        settings = {*cls.arguments(), *getattr(cls, "call_options", ()), *(["data_format"] if cls.has_data_format else [])}
        settings |= {old for old, new in cls.renamed.items() if new in settings}
        theirs = signature(cls.kind)
        if theirs - settings != set(cls.left_out) & theirs or set(cls.left_out) & settings:
            differ[node_id] = (theirs - settings, set(cls.left_out))
        assert all(why.endswith(".") and len(why) > 25 for why in cls.left_out.values())
    assert differ == {}


def test_the_help_tells_what_is_left_out_and_why() -> None:
    page = node_help(NODES["keras.dense"])

    assert "<h4>Not among the settings</h4>" in page
    assert "<code>lora_rank</code>, <code>lora_alpha</code>, <code>quantization_config</code>: It gives" in page
    assert "Not among the settings" not in node_help(NODES["keras.flatten"])


def test_what_has_no_node_is_not_built() -> None:
    from nodes.errors import NodeError

    for name in WITHOUT_NODE:
        try:
            layer_class(name, "it")
        except NodeError as error:
            assert name in error.message
        else:
            raise AssertionError(f"{name} would be built")
