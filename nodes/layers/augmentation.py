"""Layers that blur images, hide parts of them or mix several changes, at random while the network is trained."""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from nodes.base import setting
from nodes.kit.layers.image_layers import (
    Interpolation,
    RandomImageLayer,
    Share,
    ValueRange,
    interpolation_setting,
)
from nodes.kit.layers.windows import Size


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
        """Read one size for both too, as Keras also writes it."""
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
