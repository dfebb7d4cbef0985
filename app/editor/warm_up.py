"""Imports ahead what will be wanted soon: once the window stands, in the background thread, a piece at a time.

Without it the first workflow, the first configured node and the first drawing would each hold the window for as long as its
libraries take to import. Whoever wants one of them earlier waits no longer than without this. Python's collector of circular
garbage is off meanwhile, and spares afterwards what is there by then: to look through all those modules takes it an eighth of
a second, in which it lets nobody else do anything.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QObject

from app import garbage
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
        garbage.hold()

    def go_on(self, _: object = None) -> None:
        """Do the next piece; call it once, it does the rest."""
        piece = next(self._pieces, None)
        if piece is not None:
            in_background(piece, self.go_on, self.go_on)
            return
        garbage.release()


def _pieces(catalog: Catalog) -> Iterator[Callable[[], object]]:
    """Yield the pieces, those wanted first first."""
    yield partial(importlib.import_module, "app.editor.canvas")
    yield partial(importlib.import_module, "polars")
    yield partial(importlib.import_module, "networkx")  # which inputs a wire that is pulled may go to
    for node_type in catalog:
        yield partial(catalog.__getitem__, node_type)
    yield partial(importlib.import_module, "numpy")
    yield _draw


def _draw() -> None:
    """Draw a first time, which imports matplotlib and reads its fonts."""
    from app.drawing import to_raster
    from nodes.values.figure import Line, LinesFigure

    to_raster(LinesFigure("Loss", [Line("training", [0.0, 1.0], [1.0, 0.0], "loss")]), width_inches=4.0)
