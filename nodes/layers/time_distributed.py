"""Time Distributed: any layer of one input and one output, at each step of a sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self, Union

from pydantic import Field, model_validator

from nodes.base import NodeError, Settings, setting
from nodes.kit.layers.base import Inference, UnaryLayer, is_channels_first
from nodes.kit.layers.inner import as_entry, as_group, check_node, node_of, read_inner, settings_of
from nodes.kit.layers.shape_checks import NUMBER_TYPES
from nodes.layers import (
    activations,
    adaptive_pooling,
    augmentation,
    color_augmentation,
    convolution,
    core,
    cropping,
    dense,
    embedding,
    encodings,
    geometric_augmentation,
    global_pooling,
    image_size,
    noise,
    normalization,
    padding,
    pooling,
    reshaping,
    scaling,
    spectral,
    spectrograms,
    upsampling,
)
from nodes.layers.bidirectional import Bidirectional
from nodes.layers.conv_recurrent import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from nodes.layers.recurrent import GRU, LSTM, SimpleRNN, StatefulLayer
from nodes.values.network import Shape, TensorSpec, WeightSpec

MODULES = (
    dense, convolution, pooling, global_pooling, reshaping, core, normalization, activations, adaptive_pooling, cropping, padding,
    upsampling, embedding, encodings, scaling, image_size, noise, spectral, spectrograms, augmentation, color_augmentation,
    geometric_augmentation,
)  # fmt: skip
"""Where the layers of one input are."""
RECURRENT: tuple[type[StatefulLayer], ...] = (LSTM, GRU, SimpleRNN, Bidirectional, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D)


def _each_step() -> dict[str, type[Any]]:
    """The layers of one input by their Keras classes, and the recurrent ones; the first to take a class keeps it."""
    found: dict[str, type[Any]] = {}
    for module in MODULES:
        for cls in vars(module).values():
            if (
                isinstance(cls, type)
                and issubclass(cls, UnaryLayer)
                and cls.__module__ == module.__name__
                and "kind" in vars(cls)
            ):
                found.setdefault(cls.kind, cls)
    return found | {cls.kind: cls for cls in RECURRENT}


EACH_STEP: Mapping[str, type[Any]] = _each_step()
"""The layers that can be applied to each step: all that Keras has, but the merge layers, attention and what is several layers."""
STATES = ("return_state", "stateful")
STEP_GROUPS = {
    kind: settings_of(cls, "Step", (*STATES, "activity_regularizer") if cls in RECURRENT else ("activity_regularizer",))
    for kind, cls in EACH_STEP.items()
}

if TYPE_CHECKING:
    StepGroup = Settings
else:
    StepGroup = Annotated[Union[tuple(STEP_GROUPS.values())], Field(discriminator="kind")]  # noqa: UP007


class TimeDistributed(UnaryLayer):
    """Apply a layer to each step of a sequence, with the same weights at every step.

    The first dimension is that of the steps; the layer sees one step at a time, such as one image of a film. The layer is chosen
    here, with all its options, and computes in the number type chosen here. A Dense Layer does the same by itself, so it needs no
    wrapping. Keras drops the cost of outputs (activity regularizer) of a layer inside, so it is not among the options. KNIME has
    no node for it.

    Example: ten frames of 64 x 64 pixels (shape 10, 64, 64, 1), with Conv2D of 16 filters as its layer, then with
    GlobalAveragePooling2D, give a sequence of ten steps with 16 features for an LSTM Layer.
    """

    id = "keras.time_distributed"
    title = "Keras Time Distributed Layer"
    shelf = "Network / Layers / Recurrent"
    icon = "mdi6.timeline-clock-outline"
    keywords = ("TimeDistributed", "each step", "every frame", "video", "wrapper", "sequence")
    kind = "TimeDistributed"
    accepts = (*NUMBER_TYPES, "bool")
    ignored = frozenset({"activity_regularizer"})

    layer: StepGroup = setting(
        STEP_GROUPS["Dense"](),
        "Layer",
        "The layer that is applied to each step.",
        start={"kind": "Dense", "units": 64, "activation": "relu"},
    )

    @model_validator(mode="after")
    def _has_a_layer(self) -> Self:
        check_node(self.layer, EACH_STEP, "layer")
        return self

    def inner(self) -> Any:
        """Return the node of the layer inside."""
        return node_of(self.layer, EACH_STEP, {"dtype": self.dtype})

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments, with the inner layer as Keras serializes it."""
        inner = self.inner()
        return {"layer": as_entry(inner, channels_first, name=inner.kind.lower()), "dtype": self.dtype}

    @classmethod
    def normalize(cls, config: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Do as `Layer.normalize`; it is the inner layer that has a data format."""
        inner = config.get("layer")
        first = isinstance(inner, Mapping) and is_channels_first(inner.get("config") or {})
        return cls.from_config(config, name).to_config(first)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], name: str) -> Self:
        """Do as `Layer.from_config`, with the inner layer's config as its settings."""
        inner = read_inner(config.get("layer"), EACH_STEP, f"'{name}' (TimeDistributed)")
        for option in STATES:
            if getattr(inner, option, False):
                raise NodeError(
                    f"The layer inside '{name}' (TimeDistributed) has '{option}', of which Keras makes nothing at each step.",
                    "Save it again without.",
                )
        node = super().from_config({key: value for key, value in config.items() if key != "layer"}, name)
        return cls.model_validate({**dict(node), "layer": as_group(inner, STEP_GROUPS)})

    @classmethod
    def weight_paths(cls, weights: Sequence[WeightSpec], config: Mapping[str, Any]) -> list[str]:
        """Return paths in the part of the layer inside."""
        inner = config["layer"]
        return [f"layer/{path}" for path in EACH_STEP[inner["class_name"]].weight_paths(weights, inner["config"])]

    def infer(self, inputs: Sequence[TensorSpec], channels_first: bool) -> Inference:
        """Do as the layer inside, for each step."""
        (given,) = inputs
        if len(given.shape) < 2:
            raise NodeError(
                f"The layer is applied to the steps of a sequence, but the input is {given.describe()}, with no steps.",
                "Bring it into shape with a Reshape Layer: the steps first.",
            )
        steps, *step = given.shape
        outputs, weights = self.inner().infer([TensorSpec(tuple(step), given.dtype, given.batch)], channels_first)
        made = tuple(TensorSpec((steps, *out.shape), out.dtype, given.batch) for out in outputs)
        return Inference(made, weights)

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (steps, what the layer inside makes of a step)."""
        return (shape[0], *self.inner().shape(tuple(shape[1:]), channels_first))
