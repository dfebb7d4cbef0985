"""Regularizers as settings: what is added to the loss for large values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from nodes.base import setting
from nodes.errors import NodeError
from nodes.kit.layers.options import KerasOption, options_by_kind, read_option, require_matrix


class RegularizerOption(KerasOption):
    """What is added to the loss for large values."""

    module = "keras.regularizers"


class L1(RegularizerOption):
    """l1 times the sum of the absolute values."""

    kind: Literal["L1"] = "L1"
    renamed = {"l": "l1"}
    l1: float = setting(0.01, "L1", "Factor on the sum of the absolute values; KNIME's default is 0.0000001.", ge=0)


class L2(RegularizerOption):
    """l2 times the sum of the squares."""

    kind: Literal["L2"] = "L2"
    renamed = {"l": "l2"}
    l2: float = setting(0.01, "L2", "Factor on the sum of the squares; KNIME's default is 0.0000001.", ge=0)


class L1L2(RegularizerOption):
    """Both together."""

    kind: Literal["L1L2"] = "L1L2"
    l1: float = setting(0.0, "L1", "Factor on the sum of the absolute values.", ge=0)
    l2: float = setting(0.0, "L2", "Factor on the sum of the squares.", ge=0)


class OrthogonalRegularizer(RegularizerOption):
    """Factor times the mean absolute cosine between the rows (or columns) of a matrix; for matrices only."""

    kind: Literal["OrthogonalRegularizer"] = "OrthogonalRegularizer"
    factor: float = setting(0.01, "Factor", "Factor on the sum that is added to the loss.", ge=0)
    mode: Literal["rows", "columns"] = setting(
        "rows",
        "Mode",
        "What is to become orthogonal.",
        choices={"rows": "The rows to each other.", "columns": "The columns to each other."},
    )

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """Refuse all but a matrix with at least two rows, or columns, to compare."""
        require_matrix(self.kind, shape, setting)
        if shape[0 if self.mode == "rows" else 1] == 1:
            raise NodeError(
                f"{self.kind} compares {self.mode} with each other, but there is one only: the loss would be no number.",
                f"Choose the mode '{'columns' if self.mode == 'rows' else 'rows'}', or another regularizer.",
                setting=setting,
            )
        if dtype != "float32":
            raise NodeError(
                f"Keras computes {self.kind} in float32 only, not in {dtype}.",
                "Choose the number type float32, or another regularizer.",
                setting=setting,
            )


Regularizer = Annotated[L1 | L2 | L1L2 | OrthogonalRegularizer, Field(discriminator="kind")]


def read_regularizer(given: Any) -> RegularizerOption | None:
    """Return a regularizer as a Keras file gives it. ValueError if it is not known."""
    return read_option(given, options_by_kind(Regularizer, RegularizerOption), {"l1_l2": "L1L2"})
