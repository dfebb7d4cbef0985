"""Activation functions with parameters of their own, as layers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from nodes.base import NodeError, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL, Layer, SameShapeLayer, unlist
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import Initializer, Zeros
from nodes.kit.layers.regularizers import Regularizer
from nodes.kit.layers.shape_checks import axis_index, require_known
from nodes.kit.layers.weighted import constraint_setting, initializer_setting, regularizer_setting
from nodes.values.network import Shape, WeightSpec

MOST_SOFTMAX_AXES = 4
"""TensorFlow's softmax takes five with the batch."""


class ReLU(SameShapeLayer):
    """Let positive values through and hold negative ones back, with a limit, a threshold and a slope to choose.

    KNIME has it as an activation function only.

    Example: after a Batch Normalization Layer, with the largest value 6, as MobileNet does (ReLU6).
    """

    id = "keras.relu"
    title = "Keras ReLU Layer"
    shelf = "Network / Layers / Activations"
    icon = "mdi6.chart-line-variant"
    keywords = ("ReLU", "Thresholded ReLU", "ReLU6", "rectifier")
    kind = "ReLU"
    renamed = {"alpha": "negative_slope"}

    max_value: float | None = setting(None, "Largest value", "Outputs are cut off here; empty: never.", ge=0)
    negative_slope: float = setting(0.0, "Negative slope", "Factor on what is below the threshold.", ge=0)
    threshold: float = setting(0.0, "Threshold", "Values from here on go through.", ge=0)


class LeakyReLU(SameShapeLayer):
    """Let positive values through, and a small part of negative ones.

    So a unit that is negative for all inputs can still learn. Keras takes no slopes below 0, KNIME does.

    Example: between a Convolution 2D Layer without activation and the next, with the slope 0.2, as many GANs do.
    """

    id = "keras.leaky_relu"
    title = "Keras Leaky ReLU Layer"
    shelf = "Network / Layers / Activations"
    icon = "mdi6.chart-line"
    keywords = ("LeakyReLU", "alpha", "rectifier")
    kind = "LeakyReLU"
    renamed = {"alpha": "negative_slope"}

    negative_slope: float = setting(0.3, "Negative slope", "Factor on negative values; Keras 2 and KNIME call it alpha.", ge=0)


class Softmax(SameShapeLayer):
    """Turn numbers into probabilities: positive values that add up to 1 along an axis.

    Example: after a Dense Layer of 10 units without activation, the probabilities of ten classes.
    """

    id = "keras.softmax"
    title = "Keras Softmax Layer"
    shelf = "Network / Layers / Activations"
    icon = "mdi6.chart-bell-curve-cumulative"
    keywords = ("Softmax", "probabilities", "classes")
    kind = "Softmax"

    axis: int = setting(-1, "Axis", "Along which axis the outputs add up to 1; -1 is the last, 1 the first after the batch.")

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a list of one axis too, as Keras also writes it."""
        return unlist(super().upgrade(config), "axis")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the axis must exist."""
        if len(shape) > MOST_SOFTMAX_AXES:
            raise NodeError(
                f"The layer works on up to {MOST_SOFTMAX_AXES} dimensions, but gets {len(shape)}.",
                "Bring the input into another shape with a Reshape Layer.",
            )
        axis_index(self.axis, len(shape))
        return shape


class ELU(SameShapeLayer):
    """Let positive values through, and bend negative ones smoothly towards a limit: alpha (exp(x) - 1).

    Example: between two Dense Layers without activation, with alpha 1, so that the mean of the outputs is close to 0.
    """

    id = "keras.elu"
    title = "Keras ELU Layer"
    shelf = "Network / Layers / Activations"
    icon = "mdi6.chart-areaspline"
    keywords = ("ELU", "exponential linear unit", "alpha")
    kind = "ELU"

    alpha: float = setting(1.0, "Alpha", "Large negative values become minus this.", ge=0)


class PReLU(SameShapeLayer):
    """Let positive values through, and a part of negative ones that is learned: alpha x.

    Every number of an example has an alpha of its own, unless axes share one. Axes are counted from 1, without the batch;
    for feature maps of height, width and channels, share 1 and 2. KNIME also takes axes from 0 down, which Keras applies to
    the wrong axis.

    Example: after a Convolution 2D Layer with 16 filters, the shared axes 1, 2 leave 16 alphas, one per feature map.
    """

    id = "keras.prelu"
    title = "Keras PReLU Layer"
    shelf = "Network / Layers / Activations"
    icon = "mdi6.chart-timeline-variant"
    keywords = ("PReLU", "parametric ReLU", "learned slope", "alpha")
    kind = "PReLU"

    alpha_initializer: Initializer = initializer_setting("Alpha", Zeros())
    alpha_regularizer: Regularizer | None = regularizer_setting("Alpha")
    alpha_constraint: Constraint | None = constraint_setting("Alpha")
    shared_axes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], ONE_OR_SEVERAL] | None = setting(
        None, "Shared axes", "Axes along which one alpha serves all; 1 is the first after the batch. Empty: none."
    )

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return alpha: as the input, with 1 along the shared axes."""
        shared = {axis_index(axis, len(shape), "shared_axes") for axis in self.shared_axes or ()}
        sizes = tuple(
            1 if n in shared else require_known(size, f"dimension {n + 1} of the input, along which every place has an alpha,")
            for n, size in enumerate(shape)
        )
        return (self.weight("alpha", sizes),)


class ThresholdedReLU(SameShapeLayer):
    """Let values above a threshold through, and make all others 0.

    Keras 3 dropped the layer of this name; its ReLU layer with a threshold computes the same and is what the network gets.
    Networks of Keras 2 that have it are read as this.

    Example: after a Dense Layer without activation, with theta 0.5: answers that are weaker count as none.
    """

    id = "keras.thresholded_relu"
    title = "Keras Thresholded ReLU Layer"
    shelf = "Network / Layers / Activations"
    icon = "mdi6.stairs-up"
    keywords = ("ThresholdedReLU", "theta", "threshold", "ReLU")
    kind = "ReLU"

    theta: float = setting(1.0, "Theta", "Only values above it go through.", ge=0)

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return Keras's ReLU with this threshold."""
        return ReLU(threshold=self.theta, dtype=self.dtype).to_config(channels_first)


Layer.kinds["ThresholdedReLU"] = ThresholdedReLU
