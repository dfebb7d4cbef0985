"""DialogContext: tells the controls of a dialog when what is around the node changes. They ask here, and know nothing else."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.document.model import Variable
from app.editor.config.context import NodeContext


class DialogContext(QObject):
    """What the controls of one dialog share.

    Args:
        node: What is around the node.
        parent: Who owns it.
    """

    changed = Signal()
    """The inputs, the variables or the folder are others now."""
    advanced_changed = Signal()
    """`advanced` is another now."""

    def __init__(self, node: NodeContext | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.node = node or NodeContext()
        self.advanced = False
        self.add_variable: Callable[[Variable], None] = lambda _: None
        """Adds a variable to the workflow."""

    def show_advanced(self, shown: bool) -> None:
        """Show the advanced settings, or only those that were changed."""
        if shown != self.advanced:
            self.advanced = shown
            self.advanced_changed.emit()
