"""Layer pickers: which layers, or tensors, of the network at an input a setting may name; columns.py has the controls."""

from __future__ import annotations

from typing import Any

from app.editor.config.column_pickers import ColumnOffer
from app.editor.config.dialog_context import DialogContext
from app.engine.messages.questions import OfferedColumn


class LayerOffer(ColumnOffer):
    """The layers or tensors that a setting may name, at this moment.

    Args:
        context: Knows the inputs.
        port: The input port.
        offers: What of the network is offered, as `nodes.base.Layers` has it.
    """

    source = "network"

    def __init__(self, context: DialogContext, port: str, offers: str) -> None:
        super().__init__(context, port, ())
        self._offers = offers
        self.thing = "tensor" if offers == "tensors" else "layer"

    def columns(self) -> list[OfferedColumn] | None:
        """Layers or tensors in the network's order; None where the network is not known."""
        return self._context.node.offered_at(self._port, self._offers)

    def text(self, column: OfferedColumn) -> str:
        """With its shape and type, or its class."""
        return f"{column.name}   {column.dtype.replace(' x ', ' × ')}" if column.dtype else column.name

    def meant(self, name: Any) -> Any:
        """Return the first output of a layer whose name alone is given."""
        first = f"{name}_0:0"
        there = self.columns() or () if self._offers == "tensors" else ()
        return first if any(column.name == first for column in there) and all(column.name != name for column in there) else name

    def why_not(self, name: str) -> str:
        """Return that the network has it not, or has no use for it here."""
        if self._offers == "weighted layers" and any(
            column.name == name for column in self._context.node.offered_at(self._port, "layers") or ()
        ):
            return f"'{name}' has no weights"
        return f"The network has no {self.thing} '{name}'"
