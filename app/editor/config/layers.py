"""Layer pickers: which layers, or tensors, of the network at an input a setting may name; columns.py has the controls."""

from __future__ import annotations

from typing import Any

from app.editor.config.columns import Offer
from app.editor.config.surroundings import Surroundings
from app.engine.messages.questions import SpecColumn


class LayerOffer(Offer):
    """The layers or tensors that a setting may name, at this moment.

    Args:
        surroundings: Knows the inputs.
        port: The input port.
        offers: What of the network is offered, as `nodes.base.Layers` has it.
    """

    source = "network"

    def __init__(self, surroundings: Surroundings, port: str, offers: str) -> None:
        super().__init__(surroundings, port, ())
        self._offers = offers
        self.thing = "tensor" if offers == "tensors" else "layer"

    def columns(self) -> list[SpecColumn] | None:
        """Layers or tensors in the network's order; None where the network is not known."""
        return self._surroundings.offered_at(self._port, self._offers)

    def text(self, column: SpecColumn) -> str:
        """With its shape and type, or its class."""
        return f"{column.name}   {column.dtype.replace(' x ', ' × ')}" if column.dtype else column.name

    def meant(self, name: Any) -> Any:
        """A layer's name alone means its first output."""
        first = f"{name}_0:0"
        there = self.columns() or () if self._offers == "tensors" else ()
        return first if any(column.name == first for column in there) and all(column.name != name for column in there) else name

    def why_not(self, name: str) -> str:
        """That the network has it not, or has no use for it here."""
        if self._offers == "weighted layers" and any(
            column.name == name for column in self._surroundings.offered_at(self._port, "layers") or ()
        ):
            return f"'{name}' has no weights"
        return f"The network has no {self.thing} '{name}'"
