"""A picker for each wire of a growing port: which tensor of the network that comes in there is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QGridLayout, QWidget

from app.editor.config.column_pickers import ColumnControl
from app.editor.config.control import Control
from app.editor.config.dialog_context import DialogContext
from app.editor.config.layer_pickers import LayerOffer
from app.editor.plain_label import PlainLabel

PER_WIRE = "tensor per wire"
"""What `nodes.base.Layers` calls such a setting."""


class TensorPerWireControl(Control):
    """One tensor for each network at a growing port, or none where the node is to choose.

    The value is a list of names by the numbers of the wires, without the empty ones at its end.

    Args:
        context: Knows the inputs.
        port: The growing port.
    """

    wide = True

    def __init__(self, context: DialogContext, port: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._port = context, port
        self._name = ""
        self.pickers: list[ColumnControl] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self.nothing = PlainLabel("No network yet")
        self.nothing.setProperty("role", "small")
        self._grid.addWidget(self.nothing, 0, 0, 1, 2)
        context.changed.connect(self._inputs_changed)
        self._lay_out([])

    def value(self) -> list[str]:
        """Return the names; an empty text where none is chosen."""
        chosen = [str(picker.value() or "") for picker in self.pickers]
        while chosen and not chosen[-1]:
            chosen.pop()
        return chosen

    def set_value(self, value: Any) -> None:
        """Show a list of names; one for a wire that is not there (any more) is shown too."""
        self._lay_out(value if isinstance(value, list | tuple) else [])

    def set_name(self, name: str) -> None:
        """Name each picker with the number of its input."""
        super().set_name(name)
        self._name = name
        for number, picker in enumerate(self.pickers, 1):
            picker.set_name(f"{name}, input {number}")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the pickers."""
        for picker in self.pickers:
            picker.set_invalid(invalid)

    def first(self) -> QWidget:
        """Return the first picker, where there is one."""
        return self.pickers[0].first() if self.pickers else self

    def _wires(self) -> int:
        """Return the largest number of a wire; one before it that is not known, or not there, has a line too."""
        numbers = [name.removeprefix(f"{self._port}_") for name in self._context.node.inputs if name.startswith(f"{self._port}_")]
        return max((int(number) for number in numbers if number.isdecimal()), default=0)

    def _inputs_changed(self) -> None:
        chosen = self.value()
        if len(self.pickers) != max(self._wires(), len(chosen)):
            self._lay_out(chosen)

    def _lay_out(self, chosen: Sequence[Any]) -> None:
        """Lay out a line for each wire, and for each choice that has none."""
        while self._grid.count() > 1:
            item = self._grid.takeAt(1)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.pickers = []
        for number in range(max(self._wires(), len(chosen))):
            port = f"{self._port}_{number + 1}"
            picker = ColumnControl(LayerOffer(self._context, port, "tensors"), self._context, optional=True)
            picker.set_value(chosen[number] if number < len(chosen) and chosen[number] else None)
            picker.changed.connect(self.changed)
            self._grid.addWidget(PlainLabel(f"Input {number + 1}"), number + 1, 0)
            self._grid.addWidget(picker, number + 1, 1)
            self.pickers.append(picker)
        self.nothing.setVisible(not self.pickers)
        self.setFocusProxy(self.pickers[0] if self.pickers else self.nothing)
        self.set_name(self._name)
