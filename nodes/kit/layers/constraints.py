"""Constraints as settings: what weights are forced to after every step of training."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from nodes.base import setting
from nodes.errors import NodeError
from nodes.kit.layers.options import KerasOption, dimensions, options_by_kind, read_option


class ConstraintOption(KerasOption):
    """What weights are forced to after every step of training."""

    module = "keras.constraints"

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """Refuse an axis that does not exist."""
        axis = getattr(self, "axis", 0)
        if not -len(shape) <= axis < len(shape):
            raise NodeError(
                f"{type(self).__name__} is along axis {axis}, but the weight has {dimensions(shape)}.",
                "Choose axis 0.",
                setting=f"{setting}.axis",
            )


class MaxNorm(ConstraintOption):
    """The norm of each neuron's incoming weights stays below a limit."""

    kind: Literal["MaxNorm"] = "MaxNorm"
    renamed = {"m": "max_value"}
    max_value: float = setting(2.0, "Largest norm", "Limit of the norm.", gt=0)
    axis: int = setting(0, "Axis", "Axis of the weight along which norms are taken; 0 for a dense layer.")


class MinMaxNorm(ConstraintOption):
    """The norm of each neuron's incoming weights stays between two limits."""

    kind: Literal["MinMaxNorm"] = "MinMaxNorm"
    min_value: float = setting(0.0, "Smallest norm", "Lower limit of the norm.", ge=0)
    max_value: float = setting(1.0, "Largest norm", "Upper limit of the norm; above the lower one.", gt=0)
    rate: float = setting(1.0, "Rate", "How much of the way into the limits is gone at each step.", ge=0, le=1)
    axis: int = setting(0, "Axis", "Axis of the weight along which norms are taken; 0 for a dense layer.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min_value >= self.max_value:
            raise ValueError(f"the smallest norm ({self.min_value:g}) must be below the largest ({self.max_value:g})")
        return self


class NonNeg(ConstraintOption):
    """Negative weights become zero."""

    kind: Literal["NonNeg"] = "NonNeg"


class UnitNorm(ConstraintOption):
    """The norm of each neuron's incoming weights is one."""

    kind: Literal["UnitNorm"] = "UnitNorm"
    axis: int = setting(0, "Axis", "Axis of the weight along which norms are taken; 0 for a dense layer.")


Constraint = Annotated[MaxNorm | MinMaxNorm | NonNeg | UnitNorm, Field(discriminator="kind")]


def read_constraint(given: Any) -> ConstraintOption | None:
    """Return a constraint as a Keras file gives it. ValueError if it is not known."""
    return read_option(
        given, options_by_kind(Constraint, ConstraintOption), {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"}
    )
