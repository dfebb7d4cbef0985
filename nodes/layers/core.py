"""Activation, dropout, and layers that hand their input on as it is."""

from __future__ import annotations

from nodes.base import NodeError, setting
from nodes.kit.layers.activations import Activation as ActivationName
from nodes.kit.layers.base import SameShapeLayer
from nodes.kit.layers.settings import layer_seed_setting
from nodes.kit.layers.shape_checks import NUMBER_TYPES
from nodes.kit.layers.weighted import (
    activation_setting,
)
from nodes.kit.layers.windows import Size
from nodes.values.network import Shape, TensorSpec


class Activation(SameShapeLayer):
    """Put every number through an activation function.

    Most layers have an activation function of their own; this one is for putting something between the layer and it, such
    as a Batch Normalization Layer. KNIME's hard sigmoid has the slope 0.2 of Keras 2; Keras 3 uses 1/6. Functions here are those
    that need no numbers of their own: where a slope, a limit, a threshold or an axis is to be chosen, there are the ReLU, Leaky
    ReLU, PReLU, ELU, Thresholded ReLU and Softmax Layers. GLU, which halves the last dimension, is left out, as Keras announces
    the full one.

    Example: a Dense Layer without activation, a Batch Normalization Layer, then this layer with ReLU.
    """

    id = "keras.activation"
    title = "Keras Activation Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.function-variant"
    keywords = ("Activation", "relu", "sigmoid", "tanh", "softmax", "nonlinearity")
    kind = "Activation"

    activation: ActivationName = activation_setting(start="relu")


class Dropout(SameShapeLayer):
    """Set a random part of the inputs to zero while training, so that the network does not learn by heart.

    What stays is scaled up by 1 / (1 - rate), so the sum stays the same. When the trained network is applied, nothing
    is dropped. A seed is used only where it is set (KNIME passes one on even when its box is off).

    Example: between two Dense Layers of a classifier that overfits, a drop rate of 0.5; after pooling, 0.25.
    """

    id = "keras.dropout"
    title = "Keras Dropout Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.dots-hexagon"
    keywords = ("Dropout", "drop rate", "regularization", "overfitting")
    kind = "Dropout"

    rate: float = setting(0.0, "Drop rate", "The part of the inputs that is dropped, from 0 to 1.", ge=0, le=1, start=0.5)
    noise_shape: tuple[Size | None, ...] | None = setting(
        None,
        "Noise shape",
        "The shape of the random mask, batch included; 1 drops whole slices together, an empty entry is as the input.",
        advanced=True,
    )
    seed: int | None = layer_seed_setting("the same inputs drop")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the noise shape must fit it."""
        if self.noise_shape is not None:
            sizes = self.noise_shape[1:]
            fits = len(sizes) == len(shape) and all(
                n in (None, 1, size) or size is None for n, size in zip(sizes, shape, strict=True)
            )
            if not fits:
                raise NodeError(
                    f"The noise shape does not fit inputs of {TensorSpec(shape).describe()}.",
                    f"Give it {len(shape) + 1} entries: the batch, then per dimension 1, its size, or nothing.",
                    setting="noise_shape",
                )
        return shape


class Masking(SameShapeLayer):
    """Mark the steps of a sequence that are only padding, so that later layers skip them.

    A step is padding if all its features are the mask value. Its numbers become 0, and recurrent layers, attention and the
    loss leave it out. Layers that cannot handle a mask (Flatten, convolutions) end it or refuse it in Keras.

    Example: sequences of different length, filled up with -1, go through a Masking Layer with the mask value -1 before an
    LSTM Layer.
    """

    id = "keras.masking"
    title = "Keras Masking Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.transition-masked"
    keywords = ("Masking", "mask", "padding", "skip steps", "variable length")
    kind = "Masking"

    mask_value: float = setting(0.0, "Mask value", "A step whose features all have this value is skipped.")


class ActivityRegularization(SameShapeLayer):
    """Add a cost for large outputs of the layer before to the loss.

    The numbers go through unchanged. It does the same as the output regularizer of a Dense or convolution layer, where a
    layer has none.

    Example: after the code of an autoencoder, L1 = 0.0001 makes most of the code's numbers zero.
    """

    id = "keras.activity_regularization"
    title = "Keras Activity Regularization Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.scale-balance"
    keywords = ("ActivityRegularization", "L1", "L2", "penalty", "sparse code")
    kind = "ActivityRegularization"

    l1: float = setting(0.0, "L1", "Factor on the sum of the absolute outputs.", ge=0)
    l2: float = setting(0.0, "L2", "Factor on the sum of the squared outputs.", ge=0)


class Identity(SameShapeLayer):
    """Pass everything on as it is, to give a tensor a name of its own or to hold a place.

    Example: with the name prefix `features`, the tensor after a Dense Layer can be found by that name in the executor.
    """

    id = "keras.identity"
    title = "Keras Identity Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.equal"
    keywords = ("Identity", "pass through", "placeholder", "name")
    kind = "Identity"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True
