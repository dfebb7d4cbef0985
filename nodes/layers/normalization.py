"""Layers that keep numbers in a range that trains well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import model_validator

from nodes.base import NodeError, Settings, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL, SameShapeLayer, unlist
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import Initializer, Ones, Zeros
from nodes.kit.layers.regularizers import Regularizer
from nodes.kit.layers.shape_checks import NUMBER_TYPES, axis_index, require_known
from nodes.kit.layers.weighted import constraint_setting, initializer_setting, regularizer_setting
from nodes.values.network import Shape, WeightSpec


class RenormClipping(Settings):
    """Limits of batch renormalization's correction (Ioffe, 2017); empty ones do not limit."""

    rmax: float | None = setting(None, "Largest r", "Upper limit of the scale correction.", ge=0)
    rmin: float | None = setting(None, "Smallest r", "Lower limit of the scale correction.", ge=0)
    dmax: float | None = setting(None, "Largest d", "Limit of the shift correction, up and down.", ge=0)

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.rmax is not None and self.rmin is not None and self.rmax < self.rmin:
            raise ValueError(f"the largest r ({self.rmax:g}) must not be below the smallest ({self.rmin:g})")
        return self


class BatchNormalization(SameShapeLayer):
    """Bring each channel to mean 0 and variance 1, then scale and shift it by learned numbers (Ioffe & Szegedy, 2015).

    While training, mean and variance are those of the batch; their moving averages are kept and used when the network
    is applied. A frozen layer uses the moving averages in training too.

    Example: between a Convolution 2D Layer without activation or bias and an Activation Layer with ReLU; the axis -1 is that
    of the channels (1 where channels come first).
    """

    id = "keras.batch_normalization"
    title = "Keras Batch Normalization Layer"
    shelf = "Network / Layers / Normalization"
    icon = "mdi6.chart-bell-curve"
    keywords = ("BatchNormalization", "batch norm", "BN", "standardize")
    kind = "BatchNormalization"
    accepts = (*NUMBER_TYPES, "bool")
    ignored = frozenset({"fused"})

    axis: int = setting(-1, "Axis", "The axis of the channels: -1 is the last, 1 the first after the batch (channels first).")
    momentum: float = setting(0.99, "Momentum", "How slowly the moving averages follow the batches.", ge=0, le=1)
    center: bool = setting(True, "Center", "Learns a number per channel that is added (beta).")
    scale: bool = setting(True, "Scale", "Learns a factor per channel (gamma); not needed before a ReLU or dense layer.")
    epsilon: float = setting(
        0.001, "Epsilon", "Added to the variance, against division by zero.", ge=0, le=1, group="Advanced", advanced=True
    )
    beta_initializer: Initializer = initializer_setting("Beta", Zeros())
    gamma_initializer: Initializer = initializer_setting("Gamma", Ones())
    moving_mean_initializer: Initializer = initializer_setting("Moving mean", Zeros())
    moving_variance_initializer: Initializer = initializer_setting("Moving variance", Ones())
    beta_regularizer: Regularizer | None = regularizer_setting("Beta")
    gamma_regularizer: Regularizer | None = regularizer_setting("Gamma")
    beta_constraint: Constraint | None = constraint_setting("Beta")
    gamma_constraint: Constraint | None = constraint_setting("Gamma")
    synchronized: bool = setting(
        False, "Synchronized", "Takes mean and variance over the batches of all workers.", group="Advanced", advanced=True
    )
    renorm: bool = setting(
        False,
        "Renormalize",
        "Corrects each batch towards the moving averages (Ioffe, 2017); for small batches.",
        group="Advanced",
        advanced=True,
    )
    renorm_clipping: RenormClipping | None = setting(
        None, "Renormalization limits", "Limits of the correction.", group="Advanced", advanced=True, shown_if={"renorm": True}
    )
    renorm_momentum: float = setting(
        0.99,
        "Renormalization momentum",
        "How slowly the averages used for the correction follow the batches.",
        ge=0,
        le=1,
        group="Advanced",
        advanced=True,
        shown_if={"renorm": True},
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read the axis from a list, as Keras 2 wrote it."""
        return unlist(super().upgrade(config), "axis")

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments with only the limits that there are."""
        limits = self.renorm_clipping.model_dump(exclude_none=True) if self.renorm_clipping else {}
        return super().to_config(channels_first) | {"renorm_clipping": limits or None}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the axis must exist."""
        axis_index(self.axis, len(shape))
        return shape

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return gamma, beta, then what is not trained: moving_mean, moving_variance and renormalization's; each (channels,)."""
        size = (require_known(shape[axis_index(self.axis, len(shape))], "dimension that is normalized"),)
        learned = [name for name, used in (("gamma", self.scale), ("beta", self.center)) if used]
        kept = ["moving_mean", "moving_variance", *(["moving_stddev", "renorm_mean", "renorm_stddev"] if self.renorm else [])]
        return tuple(self.weight(n, size) for n in learned) + tuple(self.weight(n, size, trainable=False) for n in kept)


class ScaledLayer(SameShapeLayer):
    """A layer that normalizes each example by itself, then scales and shifts it by learned numbers."""

    epsilon: float = setting(
        0.001, "Epsilon", "Added to the variance, against division by zero.", ge=0, le=1, group="Advanced", advanced=True
    )
    center: bool = setting(True, "Center", "Learns numbers that are added (beta).")
    scale: bool = setting(True, "Scale", "Learns factors (gamma).")
    beta_initializer: Initializer = initializer_setting("Beta", Zeros())
    gamma_initializer: Initializer = initializer_setting("Gamma", Ones())
    beta_regularizer: Regularizer | None = regularizer_setting("Beta")
    gamma_regularizer: Regularizer | None = regularizer_setting("Gamma")
    beta_constraint: Constraint | None = constraint_setting("Beta")
    gamma_constraint: Constraint | None = constraint_setting("Gamma")

    def learned(self, size: tuple[int, ...]) -> tuple[WeightSpec, ...]:
        """Return gamma and beta, as far as they are used."""
        return tuple(self.weight(name, size) for name, used in (("gamma", self.scale), ("beta", self.center)) if used)


class LayerNormalization(ScaledLayer):
    """Bring each example to mean 0 and variance 1 along chosen axes (Ba et al., 2016).

    Unlike batch normalization it does not look at the other examples, so it does the same in training and use, and suits
    small batches and sequences.

    Example: in a transformer, before each Multi-Head Attention Layer, with the axis -1: the features of a step.
    """

    id = "keras.layer_normalization"
    title = "Keras Layer Normalization Layer"
    shelf = "Network / Layers / Normalization"
    icon = "mdi6.chart-gantt"
    keywords = ("LayerNormalization", "layer norm", "LN", "transformer", "standardize")
    kind = "LayerNormalization"

    axis: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (-1,), "Axis", "The axes that are normalized together; -1 is the last, 1 the first after the batch.", min_length=1
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a single axis too, and refuse a switch that is the RMS Normalization Layer today."""
        config = _listed(super().upgrade(config), "axis")
        return {key: value for key, value in config.items() if key != "rms_scaling" or value}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the axes must exist."""
        _sizes_along(self.axis, shape)
        return shape

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return gamma and beta, of the size of the axes."""
        return self.learned(_sizes_along(self.axis, shape))


class GroupNormalization(ScaledLayer):
    """Bring groups of channels of each example to mean 0 and variance 1 (Wu & He, 2018).

    One group is all channels together; -1 makes each channel a group of its own, which is called instance normalization.
    It does not look at the other examples and so suits small batches of large images.

    Example: after a Convolution 2D Layer with 64 filters, 32 groups of two feature maps each.
    """

    id = "keras.group_normalization"
    title = "Keras Group Normalization Layer"
    shelf = "Network / Layers / Normalization"
    icon = "mdi6.group"
    keywords = ("GroupNormalization", "group norm", "instance normalization", "GN")
    kind = "GroupNormalization"

    groups: int = setting(32, "Groups", "Into how many groups the channels are divided; -1: each is one by itself.", ge=-1)
    axis: int = setting(-1, "Axis", "The axis of the channels: -1 is the last, 1 the first after the batch.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the channels must be divisible into the groups."""
        channels = require_known(shape[axis_index(self.axis, len(shape))], "dimension of the channels")
        if self.groups == 0 or (self.groups > 0 and channels % self.groups):
            raise NodeError(
                f"{channels} channels cannot be divided into {self.groups} groups.",
                f"Choose a number that divides {channels}, or -1.",
                setting="groups",
            )
        return shape

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return gamma and beta: (channels,)."""
        return self.learned(_sizes_along((self.axis,), shape))


class RMSNormalization(SameShapeLayer):
    """Divide each example by its root mean square along chosen axes, and scale it by learned factors (Zhang & Sennrich, 2019).

    As layer normalization, but without taking the mean away, and cheaper.

    Example: in place of a Layer Normalization Layer in a transformer, with the axis -1.
    """

    id = "keras.rms_normalization"
    title = "Keras RMS Normalization Layer"
    shelf = "Network / Layers / Normalization"
    icon = "mdi6.square-root"
    keywords = ("RMSNormalization", "RMS norm", "root mean square")
    kind = "RMSNormalization"

    axis: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (-1,), "Axis", "The axes that are normalized together; -1 is the last, 1 the first after the batch.", min_length=1
    )
    epsilon: float = setting(1e-6, "Epsilon", "Added to the mean square, against division by zero.", ge=0, le=1, advanced=True)

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a single axis too, as Keras also writes it."""
        return _listed(super().upgrade(config), "axis")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the axes must exist."""
        _sizes_along(self.axis, shape)
        return shape

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return scale, of the size of the axes, which must be the last ones: Keras multiplies it there."""
        if _places(self.axis, shape) != list(range(len(shape) - len(self.axis), len(shape))):
            raise NodeError(
                "The learned factors are along the last axes, but others are normalized.",
                "Choose -1, or the last axes in their order.",
                setting="axis",
            )
        return (self.weight("scale", _sizes_along(self.axis, shape)),)


class UnitNormalization(SameShapeLayer):
    """Bring each example to length 1 along chosen axes; nothing is learned.

    Example: after the Dense Layer that ends an embedding of images in 64 numbers, so that only their direction counts.
    """

    id = "keras.unit_normalization"
    title = "Keras Unit Normalization Layer"
    shelf = "Network / Layers / Normalization"
    icon = "mdi6.vector-radius"
    keywords = ("UnitNormalization", "L2 normalize", "unit length", "cosine")
    kind = "UnitNormalization"

    axis: Annotated[tuple[int, ...], ONE_OR_SEVERAL] = setting(
        (-1,), "Axis", "The axes along which the length is taken; -1 is the last, 1 the first after the batch.", min_length=1
    )

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Read a single axis too, as Keras also writes it."""
        return _listed(super().upgrade(config), "axis")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the shape as it came; the axes must exist."""
        _places(self.axis, shape)
        return shape


def _listed(config: dict[str, Any], key: str) -> dict[str, Any]:
    """The same config with a single number as a list."""
    return config | {key: [config[key]]} if isinstance(config.get(key), int) else config


def _places(axes: Sequence[int], shape: Shape) -> list[int]:
    """The positions of axes in a shape without the batch, in Keras's order: it sorts the numbers. NodeError if one is wrong."""
    found = [axis_index(axis, len(shape)) for axis in sorted(axes)]
    if len(set(found)) < len(found):
        raise NodeError("An axis is there twice.", "Name each axis once.", setting="axis")
    return found


def _sizes_along(axes: Sequence[int], shape: Shape) -> tuple[int, ...]:
    """The sizes of axes. NodeError if one does not exist or is not known."""
    if any(axis > 0 for axis in axes) and any(axis < 0 for axis in axes):
        raise NodeError("The axes are counted from both ends.", "Count all of them from one end.", setting="axis")
    return tuple(require_known(shape[place], "dimension that is normalized") for place in _places(axes, shape))
