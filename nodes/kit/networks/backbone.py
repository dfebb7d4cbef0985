"""What all backbone nodes share: an architecture of `keras.applications` becomes layers of our own, without asking Keras.

The architectures lie beside this file as descriptions that `architecture_files.py` made from Keras; shapes and weights for any
size of image follow from the layers' own rules.
"""

from __future__ import annotations

import gzip
import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from nodes.base import Job, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.shape_checks import FLOAT_TYPES
from nodes.kit.networks.model_files import StoredLayer, StoredWeights, by_order, look_into_weights, read_arrays
from nodes.values.network import Call, LayerSpec, Network, NetworkSpec, Shape, Tensor, TensorSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "architectures"
READS_DATA = ("architectures/*.json.gz",)
"""The files that this module reads: their content is part of a result's key, as its code is."""
BASE_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"
IMAGENET_CLASSES = 1000

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, in 0 to 1."""
CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Of ImageNet's blue, green and red, in 0 to 255."""

Pixels = Literal["-1 to 1", "-1 to 1, by 128", "standardized", "BGR minus mean"]
"""What a family does to pixels of 0 to 255 first: `mode` of `keras.applications.imagenet_utils.preprocess_input`."""


class Place(NamedTuple):
    """One layer of a description.

    Attributes:
        name: As Keras calls it.
        node: Its settings.
        config: As Keras's JSON has them.
        inputs: The places of the layers it is applied to; -1 is the image.
        by_size: Whether it pads with a row and column less where there are an even number of them.
    """

    name: str
    node: Layer
    config: Mapping[str, Any]
    inputs: tuple[int, ...]
    by_size: bool


@dataclass(frozen=True)
class Architecture:
    """An architecture with its classifier.

    Attributes:
        layers: In Keras's order.
        body: The place of the last layer before the classifier.
        size: The native height and width of images.
        parameters: How many Keras counts with its classifier for 1000 classes.
    """

    layers: tuple[Place, ...]
    body: int
    size: int
    parameters: int


@lru_cache(maxsize=16)
def architecture(name: str) -> Architecture:
    """Return the architecture of a description: `mobilenet_1.0`, `resnet50`."""
    data = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    nodes = [layer_class(kind).model_validate(settings) for kind, settings in data["kinds"]]
    configs = [node.to_config(False) for node in nodes]
    layers = tuple(
        Place(name, nodes[kind], configs[kind], tuple(inputs), bool(by_size)) for name, kind, inputs, by_size in data["layers"]
    )
    return Architecture(layers, data["body"], data["size"], data["parameters"])


class Backbone(Node):
    """A node that is a whole architecture of `keras.applications`."""

    shelf = "Network / Pretrained"
    input_ports = (
        Port(
            "network",
            "network",
            "Network",
            "What comes before: an input layer, augmentation or resizing; without it the node has an input of its own.",
            optional=True,
        ),
    )
    output_ports = (Port("network", "network", "Network", "The network with the architecture."),)
    uses_node_id = True

    least_size: ClassVar[int] = 32
    """The smallest height and width of an image."""
    pixels: ClassVar[Pixels]
    """What is done to pixels of 0 to 255."""
    ends_normalized: ClassVar[bool] = False
    """Whether a Layer Normalization Layer comes last where there is no classifier."""

    input_shape: tuple[int, int, int] = setting(
        (224, 224, 3),
        "Input shape",
        "Height, width and channels of an image. Not used where a network comes in.",
    )
    include_top: bool = setting(
        True,
        "With classifier",
        "Whether the layers that name ImageNet's classes are there; without them, add layers of your own.",
    )
    pooling: Literal["avg", "max"] | None = setting(
        None,
        "Pooling",
        "What becomes of the last feature maps: empty, they come out as they are.",
        choices={"avg": "The mean of each: one number per feature map.", "max": "The largest value of each."},
        shown_if={"include_top": False},
    )
    classes: int = setting(
        IMAGENET_CLASSES, "Classes", "How many classes the classifier tells apart.", ge=1, shown_if={"include_top": True}
    )
    classifier_activation: Literal["softmax", "sigmoid", "linear", "log_softmax"] = setting(
        "softmax",
        "Classifier activation",
        "What the classifier's outputs go through.",
        choices={
            "softmax": "Probabilities that add up to 1: one class an image.",
            "sigmoid": "A probability each: several classes an image.",
            "linear": "Nothing: logits.",
            "log_softmax": "The logarithms of softmax's probabilities.",
        },
        shown_if={"include_top": True},
    )
    preprocessing: bool = setting(
        True,
        "With preprocessing",
        "Puts the family's own preparation of pixels first, as layers of the network: then it takes pixels of 0 to 255.",
    )
    weights: str = setting(
        "",
        "Weights file",
        "A local .h5 file of Keras's, or .weights.h5; empty: random weights. Nothing is ever downloaded.",
        path="read file",
    )
    trainable: bool = setting(
        True, "Trainable", "Whether training changes these layers; the classifier is always trained. Off for transfer learning."
    )

    # -- what a family says of itself

    @abstractmethod
    def architecture_name(self) -> str:
        """Return the name of the description."""

    @abstractmethod
    def official(self) -> str:
        """Return where Keras gets its weights for ImageNet with these settings from."""

    def settings_of(self, place: Place, *, in_classifier: bool) -> Mapping[str, Any]:
        """Return settings of a layer that this node's settings replace."""
        if not in_classifier:
            return {}
        replaced: dict[str, Any] = {}
        node = place.node
        if getattr(node, "activation", None) == "softmax":
            replaced["activation"] = self.classifier_activation
        for name in ("units", "filters"):
            if getattr(node, name, None) == IMAGENET_CLASSES:
                replaced[name] = self.classes
        if getattr(node, "target_shape", None) == (IMAGENET_CLASSES,):
            replaced["target_shape"] = (self.classes,)
        return replaced

    # -- the two phases

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network, with all shapes."""
        built = self._built(specs.network() if "network" in specs else None, specs.node)
        if self.weights:
            self._stored(built, specs.resolve(self.weights))
        return {"network": built.spec}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the network, with the weights of the file."""
        before = values.network() if "network" in values else None
        built = self._built(before.spec if before else None, job.node)
        weights: dict[str, Sequence[NDArray[Any]]] = dict(before.weights) if before else {}
        weights |= built.constants
        if self.weights:
            job.progress(None, "reading the weights")
            stored, layers = self._stored(built, job.resolve(self.weights))
            read = read_arrays(stored, [(layer, list(layer.shapes)) for layer in layers])
            flat = iter([array for arrays in read for array in arrays])
            weights |= {
                layer.name: [next(flat).reshape(weight.shape) for weight in layer.weights]
                for layer in built.layers
                if layer.weights
            }
        else:
            job.log(f"The weights are random. Keras's own for ImageNet are at {self.official()} (pixels of three channels).")
        return {"network": Network(built.spec, weights)}

    # -- building

    def _built(self, before: NetworkSpec | None, node: str) -> _Builder:
        """The network with the architecture; without a network before it, the same settings give the same object."""
        return self._build(before, node) if before is not None else _built_alone(self, node)

    def _build(self, before: NetworkSpec | None, node: str) -> _Builder:
        if before is None:
            network = _input(self.input_shape, node.replace("/", "_"))
            start = network.inputs[0]
        else:
            network, start = before, before.outputs[0]
        if network.channels_first:
            raise NodeError(
                "The network has its channels first, but the architecture has them last.",
                "Choose channels last in the input layer.",
            )
        self._check(network.tensor(start))
        builder = _Builder(network, start, node, network.tensor(start))
        if self.preprocessing:
            self._prepare(builder)
        plan = architecture(self.architecture_name())
        tensors = {-1: builder.last}
        for number, place in enumerate(plan.layers):
            in_classifier = number > plan.body
            if in_classifier and not self.include_top:
                break
            layer, config = place.node, place.config
            replaced = dict(self.settings_of(place, in_classifier=in_classifier))
            inputs = [tensors[n] for n in place.inputs]
            if place.by_size:
                replaced["padding"] = _padding(place, builder.shapes[inputs[0]].shape)
            if replaced:
                layer = layer.model_copy(update=replaced)
                config = layer.to_config(False)
            tensors[number] = builder.add(place.name, layer, config, inputs, trainable=self.trainable or in_classifier)
        if not self.include_top:
            if self.pooling:
                kind = {"avg": "GlobalAveragePooling2D", "max": "GlobalMaxPooling2D"}[self.pooling]
                builder.add(f"{self.pooling}_pool", layer_class(kind)(), None, [builder.last])
            if self.ends_normalized:
                end = layer_class("LayerNormalization").model_validate({"epsilon": 1e-6})
                builder.add("layer_normalization", end, None, [builder.last], trainable=self.trainable)
        builder.finish()
        return builder

    def _check(self, image: TensorSpec) -> None:
        """That images come in, large enough and of as many channels as the weights are for."""
        setting = "input_shape"
        if len(image.shape) != 3:
            raise NodeError(
                f"The architecture works on images (height, width, channels), but gets {image.describe()}.",
                "Connect it to a network whose output is an image.",
            )
        for size in image.shape[:2]:
            if size is not None and size < self.least_size:
                raise NodeError(
                    f"Images must be at least {self.least_size} x {self.least_size}, but are {image.describe()}.",
                    "Enlarge them with an Image Resizer, or put a Resizing Layer before.",
                    setting=setting,
                )
        channels = image.shape[2]
        if channels is None:
            raise NodeError("The number of channels must be known.", "Give it in the input layer's shape.")
        if self.weights and channels != 3:
            raise NodeError(
                f"Weight files are for images of 3 channels, but these have {channels}.",
                "Make RGB images of them with an Image Converter, or go without a weights file.",
                setting="weights",
            )

    def _prepare(self, builder: _Builder) -> None:
        """Layers that do to pixels of 0 to 255 what the family's `preprocess_input` does.

        For images of other than three channels the means of the three colours' numbers are taken.
        """
        image = builder.shapes[builder.last]
        colours = image.shape[2] == 3

        def per_channel(numbers: Sequence[float]) -> tuple[float, ...]:
            return tuple(numbers) if colours else (sum(numbers) / len(numbers),)

        scale: tuple[float, ...] = (1.0,)
        offset: tuple[float, ...] = (0.0,)
        match self.pixels:
            case "-1 to 1":
                scale, offset = (1 / 127.5,), (-1.0,)
            case "-1 to 1, by 128":
                scale, offset = (1 / 128,), (-1.0,)
            case "standardized":
                mean, std = per_channel(MEAN), per_channel(STD)
                scale, offset = tuple(1 / (255 * s) for s in std), tuple(-m / s for m, s in zip(mean, std, strict=True))
            case "BGR minus mean":
                if colours:
                    self._prepare_bgr(builder)
                    return
                offset = tuple(-m for m in per_channel(CAFFE_MEAN))
        node = layer_class("Rescaling").model_validate({"scale": scale, "offset": offset})
        builder.add("preprocessing", node, None, [builder.last])

    @staticmethod
    def _prepare_bgr(builder: _Builder) -> None:
        """Blue, green, red instead of red, green, blue, without their means: a frozen convolution of single pixels."""
        import numpy as np

        if builder.shapes[builder.last].dtype not in FLOAT_TYPES:
            cast = layer_class("Rescaling").model_validate({"scale": (1.0,), "offset": (0.0,)})
            builder.add("preprocessing_cast", cast, None, [builder.last])
        node = layer_class("Conv2D").model_validate({"filters": 3, "kernel_size": (1, 1)})
        made = builder.add("preprocessing", node, None, [builder.last], trainable=False)
        kernel = np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3).copy()
        builder.constants[made.layer] = [kernel, -np.array(CAFFE_MEAN, np.float32)]

    # -- weights

    def _stored(self, built: _Builder, path: Path) -> tuple[StoredWeights, list[StoredLayer]]:
        """The file, and its layers in the order of ours; of a file with the classifier only what comes before it, if it is off.

        Raises:
            NodeError: If the file does not fit.
        """
        try:
            stored = _looked_into(path, path.stat().st_mtime_ns) if path.exists() else None
        except NodeError as error:
            raise NodeError(error.message, f"Keras's own file is at {self.official()}.", setting="weights") from error
        if stored is None:
            raise NodeError(
                f"There is no file {path}.",
                f"Download Keras's own from {self.official()}, and choose it here; or leave this empty for random weights.",
                setting="weights",
            )
        ours = [layer for layer in built.layers if layer.weights]
        if stored.ordered:
            layers = [layer for layer in stored.layers if not layer.name.startswith("normalization")]
        else:
            layers = [theirs for _, theirs in by_order(built.layers, stored)]
        wanted = [(layer.name, weight) for layer in ours for weight in layer.weights]
        given = [(layer.group, shape) for layer in layers for shape in layer.shapes.values()]
        if len(given) < len(wanted) or (self.include_top and len(given) > len(wanted)):
            raise NodeError(
                f"{path.name} has {len(given)} arrays of weights, but the network needs {len(wanted)}.",
                f"It is for other settings; Keras's own file for these is at {self.official()}.",
                setting="weights",
            )
        for (name, weight), (group, shape) in zip(wanted, given, strict=False):
            same = shape == weight.shape or (weight.shape[:2] == (1, 1) and shape == (weight.shape[2],))  # a factor per channel
            if not same:
                raise NodeError(
                    f"The weights in {path.name} do not fit: '{weight.name}' of layer '{name}' is {_sizes(weight.shape)}, stored"
                    f" in '{group}' is {_sizes(shape)}.",
                    f"It is for other settings; Keras's own file for these is at {self.official()}.",
                    setting="weights",
                )
        return stored, layers


class _Builder:
    """Adds layers to a network, quickly: a network with a thousand layers is made in one go.

    Attributes:
        last: What came out of the layer that was added last.
        shapes: Every tensor there is.
        layers: The architecture's own layers, in Keras's order, without those that prepare the pixels.
        constants: Weights of layers that are not learned.
        spec: The network, once finished.
    """

    def __init__(self, network: NetworkSpec, start: Tensor, node: str, image: TensorSpec) -> None:
        self._before = network
        self._node = node
        self._start = start
        self._taken = {layer.name for layer in network.layers}
        self._made: list[LayerSpec] = []
        self._calls: list[Call] = []
        self.last = start
        self.shapes = {start: image}
        self.layers: list[LayerSpec] = []
        self.constants: dict[str, Sequence[NDArray[Any]]] = {}
        self.spec = network

    def add(
        self, name: str, node: Layer, config: Mapping[str, Any] | None, inputs: Sequence[Tensor], *, trainable: bool = True
    ) -> Tensor:
        """Apply a layer to some tensors."""
        try:
            outputs, weights = node.infer([self.shapes[t] for t in inputs], False)
        except NodeError as error:
            raise NodeError(f"Layer '{name}': {error.message}", "Choose a larger image.", setting="input_shape") from error
        ours, number = name, 1
        while ours in self._taken:
            ours, number = f"{name}_{number}", number + 1
        self._taken.add(ours)
        layer = LayerSpec(
            ours, node.kind, node.to_config(False) if config is None else config, f"{self._node}:{name}", weights, trainable
        )
        self._made.append(layer)
        if not name.startswith("preprocessing"):
            self.layers.append(layer)
        self._calls.append(Call(ours, 0, tuple(inputs), outputs))
        self.last = Tensor(ours)
        self.shapes[self.last] = outputs[0]
        return self.last

    def finish(self) -> None:
        """Put the new layers behind those that were there."""
        before = self._before
        place = before.outputs.index(self._start)
        outputs = (*before.outputs[:place], self.last, *before.outputs[place + 1 :])
        there = {str(t) for t in outputs}
        self.spec = NetworkSpec(
            (*before.layers, *self._made),
            (*before.calls, *self._calls),
            before.inputs,
            outputs,
            {tensor: classes for tensor, classes in before.classes.items() if tensor in there},
        )


@lru_cache(maxsize=8)
def _built_alone(backbone: Backbone, node: str) -> _Builder:
    return backbone._build(None, node)


def _input(shape: Shape, node: str) -> NetworkSpec:
    """A network that is only an input."""
    layer = layer_class("InputLayer").model_validate({"shape": shape})
    outputs, _ = layer.infer([], False)
    tensor = Tensor(node)
    spec = LayerSpec(node, "InputLayer", layer.to_config(False), node)
    return NetworkSpec((spec,), (Call(node, 0, (), outputs),), (tensor,), (tensor,))


def _padding(place: Place, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros around an image of a shape before a convolution with stride 2 (`imagenet_utils.correct_pad`)."""
    (_, rows), (_, columns) = place.node.padding  # type: ignore[attr-defined]
    height, width = shape[0], shape[1]
    less = (1, 1) if height is None else (1 - height % 2, 1 - (width or 0) % 2)
    return (rows - less[0], rows), (columns - less[1], columns)


@lru_cache(maxsize=8)
def _looked_into(path: Path, _changed: int) -> StoredWeights:
    return look_into_weights(path)


def _sizes(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "a number"
