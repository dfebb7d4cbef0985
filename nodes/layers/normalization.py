"""Layers that keep numbers in a range that trains well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from pydantic import model_validator

from nodes.base import Settings, setting
from nodes.layers.base import NUMBER_TYPES, SameShapeLayer, axis_index, require_known, unlist
from nodes.layers.options import Constraint, Initializer, Ones, Regularizer, Zeros
from nodes.layers.weighted import constraint_setting, initializer_setting, regularizer_setting
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
    """

    id: ClassVar[str] = "keras.batch_normalization"
    title: ClassVar[str] = "Keras Batch Normalization Layer"
    shelf: ClassVar[str] = "Network / Layers / Normalization"
    icon: ClassVar[str] = "mdi6.chart-bell-curve"
    keywords: ClassVar[tuple[str, ...]] = ("BatchNormalization", "batch norm", "BN", "standardize")
    kind: ClassVar[str] = "BatchNormalization"
    accepts: ClassVar[Sequence[str]] = (*NUMBER_TYPES, "bool")
    ignored: ClassVar[frozenset[str]] = frozenset({"fused"})

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
        """Keras 2 wrote the axis as a list."""
        return unlist(super().upgrade(config), "axis")

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Keras takes only the limits that there are."""
        limits = self.renorm_clipping.model_dump(exclude_none=True) if self.renorm_clipping else {}
        return super().to_config(channels_first) | {"renorm_clipping": limits or None}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; the axis must exist."""
        axis_index(self.axis, len(shape))
        return shape

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """gamma, beta, then what is not trained: moving_mean, moving_variance and renormalization's; each (channels,)."""
        size = (require_known(shape[axis_index(self.axis, len(shape))], "dimension that is normalized"),)
        learned = [name for name, used in (("gamma", self.scale), ("beta", self.center)) if used]
        kept = ["moving_mean", "moving_variance", *(["moving_stddev", "renorm_mean", "renorm_stddev"] if self.renorm else [])]
        return tuple(self.weight(n, size) for n in learned) + tuple(self.weight(n, size, trainable=False) for n in kept)
