"""Layers that change images at random while the network is trained, so that it sees more than there is; and sizes of images.

Random layers do nothing when the trained network is applied. A strength is a range from which every image draws its own:
`0, 0.2` draws between the two; Keras also takes a single number, which is read as the range that Keras makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nodes.base import NodeError, Specs, setting
from nodes.kit.layers.base import NUMBER_TYPES, SameShapeLayer, UnaryLayer, require_rank
from nodes.layers.core import Size
from nodes.layers.noise import seed_setting
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
    """The settings for what is drawn where the image does not reach: fill mode, interpolation and fill value."""
    return (
        setting("reflect", "Fill mode", "What is drawn where the moved image does not reach.", choices=FILL_MODES),
        interpolation_setting(),
        setting(0.0, "Fill value", "The value that is drawn there.", shown_if={"fill_mode": "constant"}),
    )


def interpolation_setting() -> Any:
    """The setting for how pixels between pixels are found."""
    return setting("bilinear", "Interpolation", "How pixels between pixels are found.", choices=INTERPOLATIONS)


def describe(shape: Shape) -> str:
    """`28 x 28 x 3` of a shape without the batch."""
    return TensorSpec(shape).describe()


# ----------------------------------------------------------------------------------------------------------- shared rules


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
        """As it came; of images whose channels fit."""
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

    single: ClassVar[Mapping[str, float | None]] = {}
    """Settings that are ranges -> where the range begins that Keras makes of a single number; None: at minus the number."""

    seed: int | None = seed_setting()

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras also writes a range as a single number."""
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
        """The network with this layer appended; warns where the range is known to be another one."""
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
    """The values that images have at a tensor, where the network tells: 8-bit inputs, scaled by Rescaling layers.

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


# --------------------------------------------------------------------------------------------------------------- geometry


class RandomFlip(RandomImageLayer):
    """Mirror images at random while training.

    Each direction is drawn for itself, half of the images each. Do not mirror what is read by its direction: digits, text.

    Example: for photos of animals, the mode horizontal after the Input Layer, as a cat may look to either side.
    """

    id = "keras.random_flip"
    title = "Keras Random Flip Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.flip-horizontal"
    keywords = ("RandomFlip", "mirror", "augment", "data augmentation")
    kind = "RandomFlip"

    mode: Literal["horizontal_and_vertical", "horizontal", "vertical"] = setting(
        "horizontal_and_vertical",
        "Mode",
        "Which way images are mirrored.",
        choices={
            "horizontal_and_vertical": "Left and right, and up and down.",
            "horizontal": "Left and right are swapped.",
            "vertical": "Up and down are swapped.",
        },
    )


class RandomRotation(RandomImageLayer):
    """Turn images by a random angle while training.

    Example: for handwritten digits, the factor -0.03, 0.03: at most 11 degrees to either side.
    """

    id = "keras.random_rotation"
    title = "Keras Random Rotation Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.rotate-right"
    keywords = ("RandomRotation", "rotate", "turn", "angle", "data augmentation")
    kind = "RandomRotation"
    single = {"factor": None}

    factor: tuple[Signed, Signed] = setting(
        (-0.1, 0.1), "Factor", "From, to, in full turns: 0.1 is 36 degrees; positive numbers turn against the clock."
    )
    fill_mode: FillMode = fill_settings()[0]
    interpolation: Interpolation = fill_settings()[1]
    fill_value: float = fill_settings()[2]


class RandomTranslation(RandomImageLayer):
    """Shift images at random while training.

    Example: for digits that are not always in the middle, -0.1, 0.1 for height and width: up to a tenth of the image.
    """

    id = "keras.random_translation"
    title = "Keras Random Translation Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.cursor-move"
    keywords = ("RandomTranslation", "shift", "move", "data augmentation")
    kind = "RandomTranslation"
    single = {"height_factor": None, "width_factor": None}

    height_factor: tuple[Signed, Signed] = setting(
        (-0.1, 0.1), "Height factor", "From, to, in parts of the height; positive numbers shift down."
    )
    width_factor: tuple[Signed, Signed] = setting(
        (-0.1, 0.1), "Width factor", "From, to, in parts of the width; positive numbers shift to the right."
    )
    fill_mode: FillMode = fill_settings()[0]
    interpolation: Interpolation = fill_settings()[1]
    fill_value: float = fill_settings()[2]


class RandomZoom(RandomImageLayer):
    """Enlarge or shrink images at random while training; they keep their size.

    Example: for things at different distances, -0.2, 0.2 and no width factor: up to a fifth nearer or farther.
    """

    id = "keras.random_zoom"
    title = "Keras Random Zoom Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.magnify-plus-outline"
    keywords = ("RandomZoom", "scale", "enlarge", "shrink", "data augmentation")
    kind = "RandomZoom"
    single = {"height_factor": None, "width_factor": None}

    height_factor: tuple[Zoom, Zoom] = setting(
        (-0.1, 0.1), "Height factor", "From, to: 0.2 shows a fifth more of the scene, -0.2 a fifth less."
    )
    width_factor: tuple[Zoom, Zoom] | None = setting(
        None, "Width factor", "As the height factor; empty: the same, so that nothing is distorted."
    )
    fill_mode: FillMode = fill_settings()[0]
    interpolation: Interpolation = fill_settings()[1]
    fill_value: float = fill_settings()[2]


class RandomShear(RandomImageLayer):
    """Slant images at random while training, as italic letters are.

    Example: for handwriting, the x factor 0, 0.2: the upper end moves by up to a fifth of the image.
    """

    id = "keras.random_shear"
    title = "Keras Random Shear Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.format-italic"
    keywords = ("RandomShear", "slant", "skew", "data augmentation")
    kind = "RandomShear"
    single = {"x_factor": 0.0, "y_factor": 0.0}

    x_factor: tuple[Share, Share] = setting((0.0, 0.0), "X factor", "From, to: how far rows move, in parts of the image.")
    y_factor: tuple[Share, Share] = setting((0.0, 0.0), "Y factor", "From, to: how far columns move, in parts of the image.")
    fill_mode: FillMode = fill_settings()[0]
    interpolation: Interpolation = fill_settings()[1]
    fill_value: float = fill_settings()[2]


class RandomPerspective(RandomImageLayer):
    """Look at images from another side, at random, while training.

    Example: for road signs, the factor 0, 0.5 and the scale 0.3.
    """

    id = "keras.random_perspective"
    title = "Keras Random Perspective Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.perspective-less"
    keywords = ("RandomPerspective", "view", "homography", "data augmentation")
    kind = "RandomPerspective"
    single = {"factor": 0.0}

    factor: tuple[Share, Share] = setting((0.0, 1.0), "Factor", "From, to: how probable it is that an image is changed.")
    scale: float = setting(1.0, "Scale", "How far the corners move, from 0 to 1.", ge=0, le=1)
    interpolation: Interpolation = interpolation_setting()
    fill_value: float = setting(0.0, "Fill value", "What is drawn where the image does not reach.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; of images with four corners."""
        made = super().shape(shape, channels_first)
        if 1 in (shape[1:] if channels_first else shape[:2]):
            raise NodeError(f"Images of {describe(shape)} have no four corners.", "Connect larger images.")
        return made


class RandomElasticTransform(RandomImageLayer, ValueRange):
    """Distort images at random while training, as if they were printed on rubber.

    Example: for handwritten digits or cells under the microscope, the factor 0, 0.5 and the scale 0, 0.5.
    """

    id = "keras.random_elastic_transform"
    title = "Keras Random Elastic Transform Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.vector-curve"
    keywords = ("RandomElasticTransform", "rubber", "distort", "deform", "data augmentation")
    kind = "RandomElasticTransform"
    single = {"factor": 0.0, "scale": 0.0}

    factor: tuple[Share, Share] = setting((0.0, 1.0), "Factor", "From, to: how probable it is that an image is changed.")
    scale: tuple[Share, Share] = setting((0.0, 1.0), "Scale", "From, to: how strong the distortion is.")
    fill_mode: FillMode = fill_settings()[0]
    interpolation: Interpolation = fill_settings()[1]
    fill_value: float = fill_settings()[2]


# ----------------------------------------------------------------------------------------------------------------- colour


class RandomBrightness(RandomImageLayer, ValueRange):
    """Make images brighter or darker at random while training.

    Example: for photos by day and evening, scaled to 0...1, the factor -0.2, 0.2 and the value range 0, 1.
    """

    id = "keras.random_brightness"
    title = "Keras Random Brightness Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.brightness-6"
    keywords = ("RandomBrightness", "lighter", "darker", "exposure", "data augmentation")
    kind = "RandomBrightness"
    single = {"factor": None}

    factor: tuple[Signed, Signed] = setting(
        (-0.2, 0.2), "Factor", "From, to, in parts of the value range: what is added; -1 is black, 1 is white."
    )


class RandomContrast(RandomImageLayer, ValueRange):
    """Make the contrast of images stronger or weaker at random while training.

    Example: for scans of different quality, the factor 0.3, 0.3: the contrast is between 0.7 and 1.3 times as strong.
    """

    id = "keras.random_contrast"
    title = "Keras Random Contrast Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.contrast-circle"
    keywords = ("RandomContrast", "contrast", "data augmentation")
    kind = "RandomContrast"
    single = {"factor": 0.0}

    factor: tuple[Share, Share] = setting(
        (0.0, 0.2), "Factor", "How far below 1 and how far above 1 the contrast is drawn.", max_length=2
    )

    @model_validator(mode="after")
    def _ranges_rise(self) -> Self:
        return self  # the two numbers are no range: Keras sorts them


class RandomSaturation(RandomImageLayer, ValueRange):
    """Make colours stronger or paler at random while training.

    Example: for photos of different cameras, the factor 0.3, 0.7.
    """

    id = "keras.random_saturation"
    title = "Keras Random Saturation Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.palette"
    keywords = ("RandomSaturation", "colour", "color", "pale", "data augmentation")
    kind = "RandomSaturation"
    single = {"factor": None}
    colours = (3,)

    factor: tuple[Signed, Signed] = setting(
        (0.4, 0.6), "Factor", "From, to: 0 (and below) is grey, 0.5 leaves colours as they are, 1 makes them full."
    )


class RandomHue(RandomImageLayer, ValueRange):
    """Change the hue of colours at random while training.

    Example: after the Input Layer of photos of toys, the factor 0, 0.2 makes a red one orange or pink, but not green.
    """

    id = "keras.random_hue"
    title = "Keras Random Hue Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.palette-outline"
    keywords = ("RandomHue", "colour", "color", "tint", "data augmentation")
    kind = "RandomHue"
    single = {"factor": 0.0}
    colours = (3,)

    factor: tuple[Share, Share] = setting((0.0, 0.2), "Factor", "From, to: 0 leaves colours as they are, 1 turns them furthest.")


class RandomSharpness(RandomImageLayer, ValueRange):
    """Make images sharper or softer at random while training.

    Example: for photos that are not all in focus, the factor 0.3, 0.7.
    """

    id = "keras.random_sharpness"
    title = "Keras Random Sharpness Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.image-filter-center-focus"
    keywords = ("RandomSharpness", "sharp", "soft", "focus", "data augmentation")
    kind = "RandomSharpness"
    single = {"factor": 0.0}

    factor: tuple[Share, Share] = setting(
        (0.4, 0.6), "Factor", "From, to: 0 is blurred, 0.5 leaves images as they are, 1 sharpens them."
    )


class RandomColorDegeneration(RandomImageLayer, ValueRange):
    """Take colour away from images at random while training.

    Example: so that a classifier of fruit looks at shapes too, the factor 0, 0.8.
    """

    id = "keras.random_color_degeneration"
    title = "Keras Random Color Degeneration Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.circle-opacity"
    keywords = ("RandomColorDegeneration", "fade", "grey", "colour", "data augmentation")
    kind = "RandomColorDegeneration"
    single = {"factor": None}
    colours = (3,)

    factor: tuple[Signed, Signed] = setting((0.0, 0.5), "Factor", "From, to: 0 leaves colours as they are, 1 is grey.")


class RandomColorJitter(RandomImageLayer, ValueRange):
    """Change brightness, contrast, saturation and hue of images at random while training, each as far as it is set.

    Example: for photos of any light, brightness -0.2, 0.2 and contrast 0, 0.2, the others empty.
    """

    id = "keras.random_color_jitter"
    title = "Keras Random Color Jitter Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.palette-advanced"
    keywords = ("RandomColorJitter", "colour", "brightness", "contrast", "data augmentation")
    kind = "RandomColorJitter"
    needs_channels_last = True
    single = {
        "brightness_factor": None, "contrast_factor": 0.0, "saturation_factor": None, "hue_factor": 0.0
    }  # fmt: skip

    brightness_factor: tuple[Signed, Signed] | None = setting(
        None, "Brightness factor", "As in the Random Brightness Layer; empty: not changed."
    )
    contrast_factor: tuple[Share, Share] | None = setting(
        None, "Contrast factor", "As in the Random Contrast Layer; empty: not changed."
    )
    saturation_factor: tuple[Signed, Signed] | None = setting(
        None, "Saturation factor", "As in the Random Saturation Layer; empty: not changed."
    )
    hue_factor: tuple[Share, Share] | None = setting(None, "Hue factor", "As in the Random Hue Layer; empty: not changed.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; saturation and hue are of colour images."""
        made = super().shape(shape, channels_first)
        if shape[2] != 3 and (self.saturation_factor is not None or self.hue_factor is not None):
            raise NodeError(
                f"Saturation and hue are of images with 3 channels, but these are {describe(shape)}.",
                "Leave both factors empty, or convert the images to RGB before.",
                setting="saturation_factor" if self.saturation_factor is not None else "hue_factor",
            )
        return made


class RandomGrayscale(RandomImageLayer):
    """Make some images grey at random while training; they keep their three channels.

    A seed counts in trainings here; Keras does not write this layer's seed into files.

    Example: so that a classifier does not rely on colour, the factor 0.2: every fifth image is grey.
    """

    id = "keras.random_grayscale"
    title = "Keras Random Grayscale Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.image-filter-black-white"
    keywords = ("RandomGrayscale", "grey", "gray", "black and white", "data augmentation")
    kind = "RandomGrayscale"
    colours = (1, 3)

    factor: float = setting(0.5, "Factor", "The part of the images that become grey, from 0 to 1.", ge=0, le=1)


class RandomInvert(RandomImageLayer, ValueRange):
    """Turn images into their negatives at random while training.

    Example: for digits written dark on light and light on dark, the factor 0.5, 0.5.
    """

    id = "keras.random_invert"
    title = "Keras Random Invert Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.invert-colors"
    keywords = ("RandomInvert", "negative", "invert", "data augmentation")
    kind = "RandomInvert"
    single = {"factor": 0.0}

    factor: tuple[Share, Share] = setting((0.0, 1.0), "Factor", "From, to: how probable it is that an image is changed.")


class RandomPosterization(RandomImageLayer, ValueRange):
    """Leave only a few bits of each colour, drawn at random, while training.

    Example: the factor 4, 8 for photos, of which some are poorly compressed.
    """

    id = "keras.random_posterization"
    title = "Keras Random Posterization Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.stairs-box"
    keywords = ("RandomPosterization", "bits", "posterize", "data augmentation")
    kind = "RandomPosterization"
    single = {"factor": 1}

    factor: tuple[Bits, Bits] = setting((4, 8), "Factor", "From, to: how many bits are kept, 1 to 8.")


class Solarization(RandomImageLayer, ValueRange):
    """Turn bright pixels into their negatives while training.

    Keras draws what is added and the threshold anew for each image.

    Example: the threshold factor 0.5, 1 for images of 0...255: pixels above a value between 128 and 255 are inverted.
    """

    id = "keras.solarization"
    title = "Keras Solarization Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.weather-sunny"
    keywords = ("Solarization", "solarize", "invert", "threshold", "data augmentation")
    kind = "Solarization"
    single = {"addition_factor": 0.0, "threshold_factor": 0.0}

    addition_factor: tuple[Share, Share] = setting(
        (0.0, 0.0), "Addition factor", "From, to, in parts of the value range: what is added to each pixel before."
    )
    threshold_factor: tuple[Share, Share] = setting(
        (0.0, 0.0), "Threshold factor", "From, to, in parts of the value range: only pixels above are inverted."
    )


class AutoContrast(ValueRange):
    """Stretch each channel of an image so that its darkest value becomes black and its brightest white.

    It is not random, but Keras does it only while training, as the random layers.

    Example: before the other layers of an augmentation, so that dim photos use the whole range.
    """

    id = "keras.auto_contrast"
    title = "Keras Auto Contrast Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.brightness-auto"
    keywords = ("AutoContrast", "stretch", "levels", "normalize")
    kind = "AutoContrast"
    needs_channels_last = True


class ContrastLimitedAdaptiveHistogramEqualization(ValueRange):
    """Bring out details by equalizing the brightness of each part of an image by itself (CLAHE).

    The image is divided into tiles; how far a tile's contrast may grow is limited, so that noise does not grow with it. It
    is not random, but Keras does it only while training.

    Example: for X-rays, the clip limit 2 and a grid of 8 x 8 tiles.
    """

    id = "keras.clahe"
    title = "Keras CLAHE Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.view-grid-outline"
    keywords = (
        "ContrastLimitedAdaptiveHistogramEqualization", "CLAHE", "contrast", "histogram equalization"
    )  # fmt: skip
    kind = "ContrastLimitedAdaptiveHistogramEqualization"

    clip_limit: float = setting(4.0, "Clip limit", "How far the contrast may grow.", gt=0)
    tile_grid_size: tuple[Size, Size] = setting((8, 8), "Tiles", "Into how many tiles height and width are divided.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; of images that can be divided into the tiles."""
        made = super().shape(shape, channels_first)
        for size, tiles in zip(shape[1:] if channels_first else shape[:2], self.tile_grid_size, strict=True):
            if size is not None and -size % tiles > size:
                raise NodeError(
                    f"Images of {describe(shape)} are too small for {tiles} tiles in a direction.",
                    "Choose fewer tiles.",
                    setting="tile_grid_size",
                )
        return made


# ------------------------------------------------------------------------------------------------------ blur, hide, mixed


class RandomGaussianBlur(RandomImageLayer, ValueRange):
    """Blur images at random while training.

    Example: for photos of a shaky hand, the factor 0, 0.5, a kernel of 5 x 5 and sigma 0.1, 1.
    """

    id = "keras.random_gaussian_blur"
    title = "Keras Random Gaussian Blur Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.weather-fog"
    keywords = ("RandomGaussianBlur", "blur", "soft", "data augmentation")
    kind = "RandomGaussianBlur"
    single = {"factor": 0.0, "sigma": 0.0}

    factor: tuple[Share, Share] = setting((0.0, 1.0), "Factor", "From, to: how probable it is that an image is changed.")
    kernel_size: tuple[Size, Size] = setting((3, 3), "Kernel size", "Height and width of the blur's kernel, odd numbers.")
    sigma: tuple[Share, Share] = setting((0.0, 1.0), "Sigma", "From, to: the blur's standard deviation in pixels, up to 1.")

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras also writes one size for both."""
        config = super().upgrade(config)
        size = config.get("kernel_size")
        return config | {"kernel_size": [size, size]} if isinstance(size, int) else config

    @model_validator(mode="after")
    def _is_odd(self) -> Self:
        if any(size % 2 == 0 for size in self.kernel_size):
            raise ValueError("the kernel's sizes must be odd")
        return self


class RandomErasing(RandomImageLayer, ValueRange):
    """Cover a rectangle of each image at random while training, so that no single part is relied on.

    Example: the factor 0, 0.5 and the scale 0.02, 0.2 for faces, some of which are partly hidden.
    """

    id = "keras.random_erasing"
    title = "Keras Random Erasing Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.eraser"
    keywords = ("RandomErasing", "cutout", "occlusion", "hide", "data augmentation")
    kind = "RandomErasing"
    single = {"factor": 0.0, "scale": 0.0}

    factor: tuple[Share, Share] = setting((0.0, 1.0), "Factor", "From, to: how probable it is that an image is changed.")
    scale: tuple[Share, Share] = setting((0.02, 0.33), "Scale", "From, to: how much of the image is covered.")
    fill_value: float | None = setting(None, "Fill value", "What the rectangle is filled with; empty: random noise.")


class RandAugment(RandomImageLayer, ValueRange):
    """Apply some of eleven changes of geometry and colour to each batch at random while training (Cubuk et al., 2019).

    Two numbers take the place of choosing single augmentations: how many, and how strong.

    Example: right after the Input Layer of photos of 0...255, 2 operations of strength 0, 0.3.
    """

    id = "keras.rand_augment"
    title = "Keras RandAugment Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.dice-multiple-outline"
    keywords = ("RandAugment", "policy", "automatic", "data augmentation")
    kind = "RandAugment"
    colours = (1, 3)
    needs_channels_last = True
    single = {"factor": 0.0}

    num_ops: Size = setting(2, "Number of operations", "How many changes are applied one after the other.")
    factor: tuple[Share, Share] = setting((0.0, 0.5), "Factor", "From, to: how strong they are, 0 to 1.")
    interpolation: Interpolation = interpolation_setting()


class AugMix(RandomImageLayer, ValueRange):
    """Change images in several ways at random and mix the results with the original while training (Hendrycks et al., 2020).

    The mixture stays close to the original, which makes classifiers robust against noise and blur.

    Example: right after the Input Layer of photos of 0...255, 3 chains of depth 3 and the factor 0, 0.3.
    """

    id = "keras.aug_mix"
    title = "Keras AugMix Layer"
    shelf = "Network / Layers / Augmentation"
    icon = "mdi6.creation"
    keywords = ("AugMix", "mixture", "robust", "data augmentation")
    kind = "AugMix"
    colours = (1, 3)
    needs_channels_last = True
    single = {"factor": 0.0}

    num_chains: Size = setting(3, "Number of chains", "How many changed images are mixed.")
    chain_depth: Size = setting(3, "Chain depth", "How many changes each goes through at most.")
    factor: tuple[Share, Share] = setting((0.0, 0.3), "Factor", "From, to: how strong the changes are, 0 to 1.")
    alpha: float = setting(1.0, "Alpha", "How evenly they are mixed; small numbers prefer one of them.", gt=0)
    all_ops: bool = setting(True, "All operations", "Brightness, colour, contrast and sharpness are changed too.")
    interpolation: Interpolation = interpolation_setting()


# ------------------------------------------------------------------------------------------------------------------- size


class SizeLayer(UnaryLayer):
    """A layer that brings images to a size."""

    has_data_format = True
    ignored = frozenset({"bounding_box_format"})

    height: Size = setting(224, "Height", "In pixels.")
    width: Size = setting(224, "Width", "In pixels.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(height, width, channels)."""
        require_rank(shape, 3, "images (height, width, channels)")
        return (shape[0], self.height, self.width) if channels_first else (self.height, self.width, shape[2])


class Resizing(SizeLayer):
    """Bring images to a size inside the network.

    So a network takes images of one size and works on another, in use as in training. All images of a table must still be
    of one size; the Image Resizer brings them there.

    Example: before a pretrained network for images of 224 x 224, after an Input Layer of shape 96, 96, 3.
    """

    id = "keras.resizing"
    title = "Keras Resizing Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.resize"
    keywords = ("Resizing", "size", "scale", "enlarge", "shrink", "interpolation")
    kind = "Resizing"

    interpolation: Literal["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"] = setting(
        "bilinear",
        "Interpolation",
        "How pixels between pixels are found.",
        choices={
            **INTERPOLATIONS,
            "bicubic": "A smooth curve through 16 pixels.",
            "lanczos3": "A sharp one through 36 pixels.",
            "lanczos5": "A sharp one through 100 pixels.",
        },
    )
    crop_to_aspect_ratio: bool = setting(
        False, "Crop to aspect ratio", "Cuts off what is too much in one direction, instead of distorting."
    )
    pad_to_aspect_ratio: bool = setting(
        False, "Pad to aspect ratio", "Fills up what is missing in one direction, instead of distorting."
    )
    fill_mode: Literal["constant"] = setting(
        "constant",
        "Fill mode",
        "What padding is filled with.",
        choices={"constant": "The fill value; Keras has no other."},
        shown_if={"pad_to_aspect_ratio": True},
    )
    fill_value: float = setting(0.0, "Fill value", "The value of the padding.", shown_if={"pad_to_aspect_ratio": True})
    antialias: bool = setting(False, "Antialias", "Smooths while shrinking, against moire.", advanced=True)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ValueError("images are either cropped or padded to the aspect ratio")
        return self


class CenterCrop(SizeLayer):
    """Cut out the middle of images; too small ones are enlarged first.

    Example: after a Resizing Layer to 256 x 256, the middle 224 x 224.
    """

    id = "keras.center_crop"
    title = "Keras Center Crop Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.image-filter-center-focus-strong-outline"
    keywords = ("CenterCrop", "cut", "middle", "crop")
    kind = "CenterCrop"
    accepts = NUMBER_TYPES

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """(height, width, channels); Keras enlarges in float32."""
        made = super().shape(shape, channels_first)
        sizes = zip(shape[1:] if channels_first else shape[:2], (self.height, self.width), strict=True)
        if self.compute_dtype != "float32" and any(size is None or size < wanted for size, wanted in sizes):
            raise NodeError(
                f"Images that are too small ({describe(shape)}) can be enlarged in float32 only.",
                "Choose the number type float32, or a smaller part.",
                setting="dtype",
            )
        return made
