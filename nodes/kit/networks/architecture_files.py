"""Descriptions of Keras's pretrained architectures, made from Keras itself.

`python -m nodes.kit.networks.architecture_files` (`make backbones`) writes them all, once for a release of Keras; `backbone.py`
builds networks from them without TensorFlow. A description has no weights; it is the graph of layers with a classifier for 1000
classes at the native size, without the layers that prepare the pixels, and it says where the classifier begins.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodes.kit.layers.kinds import layer_class
from nodes.kit.networks.keras_model import import_keras

if TYPE_CHECKING:
    from types import ModuleType

    import keras

FOLDER = Path(__file__).parent / "architectures"
PADDED_BY_SIZE = ("MobileNetV2", "MobileNetV3", "EfficientNetB", "NASNet")
"""Architectures whose padding depends on whether the image's height and width are odd (`imagenet_utils.correct_pad`)."""


def _models() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name of the description, function of `keras.applications`, its arguments."""
    for alpha in (0.25, 0.5, 0.75, 1.0):
        yield f"mobilenet_{alpha}", "MobileNet", {"alpha": alpha}
    for alpha in (0.35, 0.5, 0.75, 1.0, 1.3, 1.4):
        yield f"mobilenet_v2_{alpha}", "MobileNetV2", {"alpha": alpha}
    for size in ("Small", "Large"):
        for minimalistic in (False, True):
            for alpha in (0.75, 1.0):
                name = f"mobilenet_v3_{size.lower()}{'_minimalistic' * minimalistic}_{alpha}"
                yield name, f"MobileNetV3{size}", {"alpha": alpha, "minimalistic": minimalistic}
    plain = [f"EfficientNetB{n}" for n in range(8)]
    plain += [f"EfficientNetV2{n}" for n in ("B0", "B1", "B2", "B3", "S", "M", "L")]
    plain += [f"ResNet{n}{v}" for n in (50, 101, 152) for v in ("", "V2")]
    plain += [f"DenseNet{n}" for n in (121, 169, 201)]
    plain += ["VGG16", "VGG19", "Xception", "InceptionV3", "InceptionResNetV2", "NASNetMobile", "NASNetLarge"]
    plain += [f"ConvNeXt{n}" for n in ("Tiny", "Small", "Base", "Large", "XLarge")]
    for function in plain:
        yield function.lower(), function, {}


MODELS: Mapping[str, tuple[str, dict[str, Any]]] = {name: (function, given) for name, function, given in _models()}
"""Name of a description -> function of `keras.applications` and its arguments."""


def describe(name: str) -> dict[str, Any]:
    """Return the description of one architecture, from the Keras that is installed.

    Returns:
        `kinds`: pairs of a layer's class and its settings that are not the default; `layers`: name, place in `kinds`, places
        of the inputs (-1: the image), and whether padding depends on the image's size, in Keras's order; `body`: the place of
        the layer before the classifier; `size`: the native height and width; `parameters`: as Keras counts them.
    """
    keras = import_keras()
    function, given = MODELS[name]
    make = getattr(keras.applications, function)
    body = "" if function.startswith(("NASNet", "ConvNeXt")) else _last_layer(keras, make, given)
    keras.backend.clear_session()
    model = make(weights=None, **given)
    if not body:  # without a classifier these are other graphs; but they pool once only, and that is the classifier's
        (pool,) = (layer for layer in model.layers if type(layer).__name__ == "GlobalAveragePooling2D")
        body = pool._inbound_nodes[0].input_tensors[0]._keras_history.operation.name
    walk = _Walk(function.startswith(PADDED_BY_SIZE) and not function.startswith("EfficientNetV2"))
    for operation in model.operations:
        walk.visit(operation)
    return {
        "model": function,
        "size": model.input_shape[1] or 224,  # MobileNetV3 takes any
        "parameters": model.count_params(),
        "body": walk.places[body],
        "kinds": [json.loads(kind) for kind in walk.kinds],
        "layers": walk.layers,
    }


def _last_layer(library: ModuleType, make: Callable[..., keras.Model], given: Mapping[str, Any]) -> str:
    """The name of the last layer of an architecture without its classifier."""
    library.backend.clear_session()
    return str(make(weights=None, include_top=False, **given).layers[-1].name)


class _Walk:
    """Goes through a model's layers in Keras's order and notes each."""

    def __init__(self, padded_by_size: bool) -> None:
        self.kinds: dict[str, int] = {}
        self.layers: list[list[Any]] = []
        self.places: dict[str, int] = {}
        self._padded_by_size = padded_by_size

    def visit(self, layer: keras.Operation) -> None:
        """Note a layer; one that has no node, or an operation that is no layer, becomes layers that compute the same."""
        kind = type(layer).__name__
        if kind == "InputLayer":
            self.places[layer.name] = -1
            return
        (node,) = layer._inbound_nodes
        inputs = [self.places[tensor._keras_history.operation.name] for tensor in node.input_tensors]
        if kind in ("Rescaling", "Normalization"):  # prepares the pixels, which the node does in its own way
            self.places[layer.name] = inputs[0]
        elif kind == "Sequential":
            for inner in layer.layers:
                if type(inner).__name__ != "InputLayer":
                    inputs = [self._note(inner.name, type(inner).__name__, inner.get_config(), inputs)]
            self.places[layer.name] = inputs[0]
        elif kind == "LayerScale":
            self._note(layer.name, "DepthwiseConv2D", _channel_factors(layer.init_values), inputs)
        elif not hasattr(layer, "get_weights") and len(inputs) > 1:  # x + y
            self._note(layer.name, kind, {}, inputs)
        elif not hasattr(layer, "get_weights"):  # x + 3 or x * (1 / 6)
            (number,) = (given for given in node.arguments.args if isinstance(given, float))
            config = {"Add": {"scale": 1.0, "offset": number}, "Multiply": {"scale": number, "offset": 0.0}}[kind]
            self._note(layer.name, "Rescaling", config, inputs)
        elif kind == "CustomScaleLayer":
            scaled = self._note(f"{layer.name}_scale", "Rescaling", {"scale": layer.scale}, inputs[1:])
            self._note(layer.name, "Add", {}, [inputs[0], scaled])
        else:
            self._note(layer.name, kind, layer.get_config(), inputs)

    def _note(self, name: str, kind: str, config: Mapping[str, Any], inputs: list[int]) -> int:
        node = layer_class(kind, name).from_config(config, name)
        settings, default = node.model_dump(mode="json"), type(node).model_construct().model_dump(mode="json")
        sparse = {key: value for key, value in settings.items() if key not in default or default[key] != value}
        # NASNet also has paddings that always add a row and a column; those Keras names itself.
        by_size = kind == "ZeroPadding2D" and self._padded_by_size and not name.startswith("zero_padding2d")
        place = self.kinds.setdefault(json.dumps([kind, sparse], sort_keys=True), len(self.kinds))
        self.layers.append([name, place, inputs, int(by_size)])
        self.places[name] = len(self.layers) - 1
        return self.places[name]


def _channel_factors(value: float) -> dict[str, Any]:
    """A learned factor per channel, as a depthwise convolution of 1 x 1 pixels."""
    constant = {"class_name": "Constant", "config": {"value": value}}
    return {"kernel_size": [1, 1], "use_bias": False, "depthwise_initializer": constant}


def write(name: str) -> Path:
    """Write the description of one architecture; the same description gives the same bytes."""
    path = FOLDER / f"{name}.json.gz"
    text = json.dumps(describe(name), separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MODELS:
        write(chosen)
