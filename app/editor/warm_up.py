"""Imports ahead what will be wanted soon: once the window stands, in the background thread, a piece at a time.

Without it the first workflow, the first configured node and the first drawing would each hold the window for as long as its
libraries take to import. Whoever wants one of them earlier waits no longer than without this.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QObject

from app.editor.views.background import in_background
from nodes.catalog import Catalog


class WarmUp(QObject):
    """Does one piece after the other; drawings and exports that are asked for meanwhile come in between.

    Args:
        catalog: The node classes, which the config dialog needs.
        parent: With it this ends.
    """

    def __init__(self, catalog: Catalog, parent: QObject) -> None:
        super().__init__(parent)
        self._pieces = _pieces(catalog)

    def go_on(self, _: object = None) -> None:
        """Do the next piece, if there is one."""
        piece = next(self._pieces, None)
        if piece is not None:
            in_background(piece, self.go_on, self.go_on)


def _pieces(catalog: Catalog) -> Iterator[Callable[[], object]]:
    """What is wanted first comes first."""
    yield partial(importlib.import_module, "app.editor.canvas")
    for node_type in catalog:
        yield partial(catalog.__getitem__, node_type)
    yield partial(importlib.import_module, "numpy")
    yield _draw


def _draw() -> None:
    """A first drawing imports matplotlib and reads its fonts."""
    from app.drawing import Theme, to_picture
    from nodes.values.figure import Line, LinesFigure

    to_picture(LinesFigure("", "", [Line("", [0.0, 1.0], [0.0, 1.0])]), Theme())
