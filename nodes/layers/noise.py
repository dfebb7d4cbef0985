"""Layers that disturb their inputs while the network is trained, so that it does not learn by heart."""

from __future__ import annotations

from nodes.base import setting
from nodes.kit.layers.base import SameShapeLayer
from nodes.kit.layers.settings import layer_seed_setting
from nodes.kit.layers.shape_checks import require_rank
from nodes.layers.core import Dropout
from nodes.values.network import Shape


class GaussianNoise(SameShapeLayer):
    """Add normally distributed random numbers while training.

    They have the mean 0. When the trained network is applied, nothing is added. Keras 3 takes standard deviations up to 1
    (KNIME any).

    Example: after the Input Layer of an autoencoder for images between 0 and 1, with the standard deviation 0.2, so that it
    learns to remove noise.
    """

    id = "keras.gaussian_noise"
    title = "Keras Gaussian Noise Layer"
    shelf = "Network / Layers / Noise"
    icon = "mdi6.grain"
    keywords = ("GaussianNoise", "normal noise", "denoising", "augmentation")
    kind = "GaussianNoise"

    stddev: float = setting(1.0, "Standard deviation", "The spread of the random numbers, from 0 to 1.", ge=0, le=1, start=0.1)
    seed: int | None = layer_seed_setting()


class GaussianDropout(SameShapeLayer):
    """Multiply with normally distributed random numbers while training.

    They have the mean 1 and the standard deviation sqrt(rate / (1 - rate)): on average as strong as a Dropout Layer of that
    rate, but nothing is lost altogether. When the trained network is applied, everything goes through unchanged. KNIME takes a
    rate of 1 too, whose deviation would be infinite.

    Example: between two Dense Layers in place of a Dropout Layer, with the drop rate 0.3.
    """

    id = "keras.gaussian_dropout"
    title = "Keras Gaussian Dropout Layer"
    shelf = "Network / Layers / Noise"
    icon = "mdi6.water-opacity"
    keywords = ("GaussianDropout", "multiplicative noise", "regularization", "overfitting")
    kind = "GaussianDropout"

    rate: float = setting(0.0, "Drop rate", "How strong the disturbance is, from 0 to below 1.", ge=0, lt=1, start=0.1)
    seed: int | None = layer_seed_setting()


class AlphaDropout(Dropout):
    """Drop a random part of the inputs while training, and keep their mean and variance.

    Made for networks with the activation function SELU (Klambauer et al., 2017): what is dropped becomes SELU's limit for
    large negative values, not 0. When the trained network is applied, nothing is dropped.

    Example: between two Dense Layers with SELU and the initializer LecunNormal, with the drop rate 0.1.
    """

    id = "keras.alpha_dropout"
    title = "Keras Alpha Dropout Layer"
    shelf = "Network / Layers / Noise"
    icon = "mdi6.alpha-a-circle-outline"
    keywords = ("AlphaDropout", "SELU", "self-normalizing", "regularization")
    kind = "AlphaDropout"

    rate: float = setting(0.0, "Drop rate", "The part of the inputs that is dropped, from 0 to below 1.", ge=0, lt=1, start=0.1)


class SpatialDropout1D(SameShapeLayer):
    """Drop whole features of a sequence while training: at all of its steps.

    Neighbouring steps are often alike, so dropping single numbers, as the Dropout Layer does, leaves too much. What stays is
    scaled up; when the trained network is applied, nothing is dropped.

    Example: after an Embedding Layer of 64 numbers per word, the drop rate 0.2 drops about 13 of the 64 in the whole text.
    """

    id = "keras.spatial_dropout1d"
    title = "Keras Spatial Dropout 1D Layer"
    shelf = "Network / Layers / Noise"
    icon = "mdi6.dots-horizontal"
    keywords = ("SpatialDropout1D", "sequence", "regularization", "overfitting")
    kind = "SpatialDropout1D"

    rate: float = setting(0.2, "Drop rate", "The part of the features that is dropped, from 0 to 1.", ge=0, le=1)
    seed: int | None = layer_seed_setting()

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; of sequences."""
        require_rank(shape, 2, "sequences (steps, features)")
        return shape


class SpatialDropout2D(SameShapeLayer):
    """Drop whole feature maps of an image while training.

    Neighbouring pixels are often alike, so dropping single numbers, as the Dropout Layer does, leaves too much. What stays is
    scaled up; when the trained network is applied, nothing is dropped.

    Example: after a Convolution 2D Layer with 32 filters, the drop rate 0.25 drops about 8 of its 32 feature maps.
    """

    id = "keras.spatial_dropout2d"
    title = "Keras Spatial Dropout 2D Layer"
    shelf = "Network / Layers / Noise"
    icon = "mdi6.checkerboard-minus"
    keywords = ("SpatialDropout2D", "feature maps", "regularization", "overfitting")
    kind = "SpatialDropout2D"
    has_data_format = True

    rate: float = setting(0.2, "Drop rate", "The part of the feature maps that is dropped, from 0 to 1.", ge=0, le=1)
    seed: int | None = layer_seed_setting()

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; of images."""
        require_rank(shape, 3, "images (height, width, channels)")
        return shape


class SpatialDropout3D(SameShapeLayer):
    """Drop whole feature maps of a volume or a film while training.

    As the Spatial Dropout 2D Layer, for three dimensions in space (or two and time).

    Example: after a Convolution 3D Layer with 16 filters, with the drop rate 0.25.
    """

    id = "keras.spatial_dropout3d"
    title = "Keras Spatial Dropout 3D Layer"
    shelf = "Network / Layers / Noise"
    icon = "mdi6.cube-off-outline"
    keywords = ("SpatialDropout3D", "volume", "video", "regularization")
    kind = "SpatialDropout3D"
    has_data_format = True

    rate: float = setting(0.2, "Drop rate", "The part of the feature maps that is dropped, from 0 to 1.", ge=0, le=1)
    seed: int | None = layer_seed_setting()

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; of volumes."""
        require_rank(shape, 4, "volumes (three dimensions and channels)")
        return shape
