"""Every public class of `keras.layers` has a node, or a stated reason why not."""

from __future__ import annotations

import inspect

from nodes.catalog import Catalog
from nodes.layers.base import Layer
from nodes.layers.kinds import layer_class
from nodes.layers.without_node import WITHOUT_NODE
from nodes.networks.keras_model import import_keras

KINDS = {cls.kind: node_id for node_id, cls in Catalog.load(plugins=False).items() if issubclass(cls, Layer)}


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


def test_what_has_no_node_is_not_built() -> None:
    from nodes.errors import NodeError

    for name in WITHOUT_NODE:
        try:
            layer_class(name, "it")
        except NodeError as error:
            assert name in error.message
        else:
            raise AssertionError(f"{name} would be built")
