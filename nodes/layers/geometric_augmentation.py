"""Layers that move, turn and distort images at random while the network is trained."""

from __future__ import annotations

from typing import Literal

from nodes.base import NodeError, setting
from nodes.kit.layers.image_layers import (
    FillMode,
    Interpolation,
    RandomImageLayer,
    Share,
    Signed,
    ValueRange,
    Zoom,
    describe,
    fill_settings,
    interpolation_setting,
)
from nodes.values.network import Shape


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
        """Return the shape as it came; of images with four corners."""
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
