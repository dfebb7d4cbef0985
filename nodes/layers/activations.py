"""Activation functions with parameters of their own, as layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nodes.base import setting
from nodes.layers.base import SameShapeLayer, axis_index, unlist
from nodes.values.network import Shape


class ReLU(SameShapeLayer):
    """Let positive values through and hold negative ones back, with a limit, a threshold and a slope to choose."""

    id: ClassVar[str] = "keras.relu"
    title: ClassVar[str] = "Keras ReLU Layer"
    shelf: ClassVar[str] = "Network / Layers / Activations"
    icon: ClassVar[str] = "mdi6.chart-line-variant"
    keywords: ClassVar[tuple[str, ...]] = ("ReLU", "Thresholded ReLU", "ReLU6", "rectifier")
    kind: ClassVar[str] = "ReLU"
    renamed: ClassVar[Mapping[str, str]] = {"alpha": "negative_slope"}

    max_value: float | None = setting(None, "Largest value", "Outputs are cut off here; empty: never.", ge=0)
    negative_slope: float = setting(0.0, "Negative slope", "Factor on what is below the threshold.", ge=0)
    threshold: float = setting(0.0, "Threshold", "Values from here on go through.", ge=0)


class LeakyReLU(SameShapeLayer):
    """Let positive values through, and a small part of negative ones."""

    id: ClassVar[str] = "keras.leaky_relu"
    title: ClassVar[str] = "Keras Leaky ReLU Layer"
    shelf: ClassVar[str] = "Network / Layers / Activations"
    icon: ClassVar[str] = "mdi6.chart-line"
    keywords: ClassVar[tuple[str, ...]] = ("LeakyReLU", "alpha", "rectifier")
    kind: ClassVar[str] = "LeakyReLU"
    renamed: ClassVar[Mapping[str, str]] = {"alpha": "negative_slope"}

    negative_slope: float = setting(0.3, "Negative slope", "Factor on negative values; Keras 2 and KNIME call it alpha.", ge=0)


class Softmax(SameShapeLayer):
    """Turn numbers into probabilities: positive values that add up to 1 along an axis."""

    id: ClassVar[str] = "keras.softmax"
    title: ClassVar[str] = "Keras Softmax Layer"
    shelf: ClassVar[str] = "Network / Layers / Activations"
    icon: ClassVar[str] = "mdi6.chart-bell-curve-cumulative"
    keywords: ClassVar[tuple[str, ...]] = ("Softmax", "probabilities", "classes")
    kind: ClassVar[str] = "Softmax"

    axis: int = setting(-1, "Axis", "Along which axis the outputs add up to 1; -1 is the last, 1 the first after the batch.")

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Keras also writes a list of one axis."""
        return unlist(super().upgrade(config), "axis")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """As it came; the axis must exist."""
        axis_index(self.axis, len(shape))
        return shape
