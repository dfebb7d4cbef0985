"""One call of a layer as a model's config has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nodes.values.network import Tensor

TRAINING = "training"
"""The argument that has a layer do what it does in training, or what it does in use, whatever the network is doing."""
TAKE_TRAINING = frozenset({
    "AdditiveAttention", "AlphaDropout", "Attention", "AugMix", "BatchNormalization", "Bidirectional", "CenterCrop",
    "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "CutMix", "Dropout", "GRU", "GaussianDropout", "GaussianNoise",
    "GroupQueryAttention", "LSTM", "MixUp", "MultiHeadAttention", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization",
    "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "SimpleRNN",
    "Solarization", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "SpectralNormalization", "TimeDistributed",
})  # fmt: skip
"""The classes whose call has it. A test compares with the installed Keras."""


@dataclass(frozen=True)
class StoredCall:
    """One call of a layer: tensors by the names in the config, roles and options as `Call` has them."""

    tensors: tuple[Tensor, ...] = ()
    roles: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def moved(self, known: Callable[[Tensor], Tensor]) -> StoredCall:
        """Return the same call of other tensors."""
        return replace(self, tensors=tuple(map(known, self.tensors)))

    def trained_as(self, options: Mapping[str, Any], kind: str) -> StoredCall:
        """Return the same call of a layer of a class with what a model around it is told of training.

        What the layer itself is told counts more.
        """
        if TRAINING not in options or kind not in TAKE_TRAINING:
            return self
        return replace(self, options={TRAINING: options[TRAINING], **self.options})
