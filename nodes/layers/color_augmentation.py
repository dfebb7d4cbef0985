"""Layers that change brightness, contrast and colours of images, most of them at random while the network is trained."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from nodes.base import NodeError, setting
from nodes.kit.layers.image_layers import (
    Bits,
    RandomImageLayer,
    Share,
    Signed,
    ValueRange,
    describe,
)
from nodes.kit.layers.windows import Size
from nodes.values.network import Shape


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
        """Return the shape as it came; saturation and hue are of colour images."""
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
        """Return the shape as it came; of images that can be divided into the tiles."""
        made = super().shape(shape, channels_first)
        for size, tiles in zip(shape[1:] if channels_first else shape[:2], self.tile_grid_size, strict=True):
            if size is not None and -size % tiles > size:
                raise NodeError(
                    f"Images of {describe(shape)} are too small for {tiles} tiles in a direction.",
                    "Choose fewer tiles.",
                    setting="tile_grid_size",
                )
        return made
