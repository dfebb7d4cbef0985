"""Layers of their own that architectures of `keras.applications` have, as layers of `keras.layers` that do the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import KERAS_PACKAGES, layer_class
from nodes.kit.networks.stored_calls import StoredCall
from nodes.kit.networks.stored_parts import Stored
from nodes.values.network import Tensor

SCALED_SUM = "CustomScaleLayer"
"""The first input and a factor times the second, in Inception-ResNet."""


def _per_channel(config: Mapping[str, Any]) -> Layer:
    """A learned factor for each channel: ConvNeXt's LayerScale."""
    first = {"class_name": "Constant", "config": {"value": config.get("init_values", 1.0)}}
    arguments = {"kernel_size": 1, "use_bias": False, "depthwise_initializer": first, "dtype": config.get("dtype")}
    return layer_class("DepthwiseConv2D").from_config(arguments, "LayerScale")


def _whole_examples(config: Mapping[str, Any]) -> Layer:
    """Leaves out whole examples in training: ConvNeXt's StochasticDepth."""
    arguments = {"rate": config["drop_path_rate"], "noise_shape": [None, 1, 1, 1], "dtype": config.get("dtype")}
    return layer_class("Dropout").from_config(arguments, "StochasticDepth")


_MADE = {"LayerScale": _per_channel, "StochasticDepth": _whole_examples}


def is_of_an_application(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry of a config is such a layer."""
    module, kind = entry.get("module"), entry["class_name"]
    ours = module is None or any(str(module).startswith(f"{package}.") for package in KERAS_PACKAGES)
    return ours and kind.rpartition(">")[2] in (*_MADE, SCALED_SUM) and "config" in entry


def read_layers(entry: Mapping[str, Any], name: str, trainable: bool, calls: tuple[StoredCall, ...]) -> Iterator[Stored]:
    """Yield the layers for one of them.

    Args:
        entry: In the config.
        name: Of the layer.
        trainable: Whether it is trained.
        calls: Its calls.
    """
    kind = entry["class_name"].rpartition(">")[2]
    config = entry["config"]
    if kind != SCALED_SUM:
        yield Stored(name, (name,), _MADE[kind](config), False, trainable, calls, stored_kind=kind)
        return
    before = f"{name}_scale"
    scale = layer_class("Rescaling").from_config({"scale": config["scale"], "offset": 0.0}, name)
    add = layer_class("Add").from_config({}, name)
    yield Stored(before, (before,), scale, False, True, tuple(replace(call, tensors=call.tensors[1:]) for call in calls))
    sums = tuple(replace(c, tensors=(c.tensors[0], Tensor(before, number))) for number, c in enumerate(calls))
    yield Stored(name, (name,), add, False, True, sums, stored_kind=kind)
