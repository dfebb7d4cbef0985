"""What layers that change images share, at random while the network is trained or always.

Random layers do nothing when the trained network is applied. A strength is a range from which every image draws its own:
`0, 0.2` draws between the two; Keras also takes a single number, which is read as the range that Keras makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nodes.base import NodeError, Specs, setting
from nodes.kit.layers.base import SameShapeLayer
from nodes.kit.layers.settings import layer_seed_setting
from nodes.kit.layers.shape_checks import require_rank
from nodes.values.network import Call, NetworkSpec, Shape, TensorSpec

Signed = Annotated[float, Field(ge=-1, le=1)]


Share = Annotated[float, Field(ge=0, le=1)]


Zoom = Annotated[float, Field(gt=-1, le=1)]


Bits = Annotated[int, Field(ge=1, le=8)]


FillMode = Literal["reflect", "constant", "nearest", "wrap"]


FILL_MODES: Mapping[str, str] = {
    "reflect": "The image, mirrored at its edge.",
    "constant": "The fill value.",
    "nearest": "The pixel at the edge.",
    "wrap": "The image again, from its other side.",
}


Interpolation = Literal["bilinear", "nearest"]


INTERPOLATIONS: Mapping[str, str] = {
    "bilinear": "The weighted mean of the four pixels around.",
    "nearest": "The nearest pixel.",
}


def fill_settings() -> tuple[Any, Any, Any]:
    """Return the settings for what is drawn where the image does not reach: fill mode, interpolation and fill value."""
    return (
        setting("reflect", "Fill mode", "What is drawn where the moved image does not reach.", choices=FILL_MODES),
        interpolation_setting(),
        setting(0.0, "Fill value", "The value that is drawn there.", shown_if={"fill_mode": "constant"}),
    )


def interpolation_setting() -> Any:
    """Declare how pixels between pixels are found."""
    return setting("bilinear", "Interpolation", "How pixels between pixels are found.", choices=INTERPOLATIONS)


def describe(shape: Shape) -> str:
    """Return `28 x 28 x 3` of a shape without the batch."""
    return TensorSpec(shape).describe()


class ImageLayer(SameShapeLayer):
    """A layer that changes images and keeps their size."""

    has_data_format = True
    ignored = frozenset({"bounding_box_format"})
    left_out = {"bounding_box_format": "It is for boxes drawn around things in images, which tables here have not."}
    colours: ClassVar[tuple[int, ...]] = ()
    """How many channels images may have; empty: any number."""
    needs_channels_last: ClassVar[bool] = False
    """Whether Keras computes it wrongly where channels come first."""

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; of images whose channels fit."""
        require_rank(shape, 3, "images (height, width, channels)")
        if channels_first and self.needs_channels_last:
            raise NodeError(
                "Keras computes this layer wrongly for images whose channels come first.",
                "Choose channels last in the input layer.",
            )
        channels = shape[0 if channels_first else 2]
        if self.colours and channels not in self.colours:
            allowed = " or ".join(str(n) for n in self.colours)
            raise NodeError(
                f"The layer changes colours: images must have {allowed} channels, but are {describe(shape)}.",
                "Convert the images to RGB before.",
            )
        return shape


class RandomImageLayer(ImageLayer):
    """A layer that changes images at random while training."""

    ignored = frozenset({"bounding_box_format", "rng_type"})
    """Where Keras 2 keeps the states of its random numbers is nothing that a network needs to know."""
    single: ClassVar[Mapping[str, float | None]] = {}
    """Settings that are ranges -> where the range begins that Keras makes of a single number; None: at minus the number."""

    seed: int | None = layer_seed_setting()

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a single number as the range that Keras means by it."""
        config = super().upgrade(config)
        for name, lowest in cls.single.items():
            if isinstance(number := config.get(name), int | float):
                config[name] = [-abs(number) if lowest is None else min(lowest, number), abs(number)]
        return config

    @model_validator(mode="after")
    def _ranges_rise(self) -> Self:
        for name in self.single:
            given = getattr(self, name)
            if given is not None and given[0] > given[1]:
                raise ValueError(f"the range of {name} ({given[0]:g} to {given[1]:g}) must not fall")
        return self


class ValueRange(ImageLayer):
    """A layer that must know which values black and white have."""

    value_range: tuple[float, float] = setting(
        (0.0, 255.0),
        "Value range",
        "The values of black and white in the layer's input: 0, 255 for 8-bit images, 0, 1 for images that were scaled to 0...1. "
        "With the wrong range the images come out black or unchanged.",
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.value_range[0] >= self.value_range[1]:
            raise ValueError(f"the value of black ({self.value_range[0]:g}) must be below white's ({self.value_range[1]:g})")
        return self

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network with this layer appended, and warn where the range is known to be another one."""
        made = super().configure(specs)
        network = made["network"]
        known = value_range_of(network, network.calls[-1].inputs[0])
        if known is not None and not _is_close(known, self.value_range):
            low, high = (f"{number:.4g}" for number in known)
            mine = " to ".join(f"{number:g}" for number in self.value_range)
            specs.warn(
                f"The images that come in here have values from {low} to {high}, but the layer's value range is {mine}. "
                f"Set it to {low}, {high}."
            )
        return made


KEEPS_VALUES = frozenset({"CenterCrop", "Resizing", "MaxPooling2D", "AveragePooling2D", "Identity", "Reshape", "Permute"})


def value_range_of(network: NetworkSpec, tensor: Any) -> tuple[float, float] | None:
    """Return the values that images have at a tensor, where the network tells: 8-bit inputs, scaled by Rescaling layers.

    An input of floating-point numbers tells nothing by itself; after a Rescaling layer by about 1/255 it must have had
    8-bit values.

    Args:
        network: The network.
        tensor: One of its tensors.
    """
    by_tensor: dict[tuple[str, int], Call] = {(call.layer, call.index): call for call in network.calls}
    scales: list[tuple[float, float]] = []
    while True:
        call = by_tensor[tensor.layer, tensor.call]
        layer = network.layer(call.layer)
        if layer.kind == "Rescaling":
            scale, offset = layer.config["scale"], layer.config["offset"]
            if isinstance(scale, list) or isinstance(offset, list):
                return None
            scales.append((float(scale), float(offset)))
        elif layer.kind == "InputLayer":
            low, high = 0.0, 255.0
            eight_bits = call.outputs[0].dtype == "uint8"
            if not eight_bits and not (scales and 1 / 256 <= abs(scales[-1][0]) <= 2 / 254):
                return None
            for scale, offset in reversed(scales):
                low, high = low * scale + offset, high * scale + offset
            return (min(low, high), max(low, high))
        elif not (layer.kind in KEEPS_VALUES or layer.kind.startswith("Random")) or len(call.inputs) != 1:
            return None
        tensor = call.inputs[0]


def _is_close(known: tuple[float, float], given: tuple[float, float]) -> bool:
    """Whether two ranges are the same, but for rounding."""
    size = max(abs(number) for number in known) or 1.0
    return all(abs(a - b) <= 0.01 * size for a, b in zip(known, given, strict=True))
