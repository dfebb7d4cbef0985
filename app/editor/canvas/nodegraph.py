"""The one door to NodeGraphQt: the classes the canvas is built on, and what the canvas takes from each.

The canvas uses NodeGraphQt as a view only. Its ids, its session format, its undo, its property widgets, its tab search and its
context menus lose data or do not know the document, and are not used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from PySide6 import QtCore, QtGui, QtSvg, QtWidgets

__all__ = ["AbstractNodeItem", "BackdropNodeItem", "LivePipeItem", "NodeScene", "NodeViewer", "PipeItem", "SlicerPipeItem"]

if TYPE_CHECKING:

    class NodeViewer(QtWidgets.QGraphicsView):
        """A view of nodes and pipes, with an item for the pipe that is being pulled and one for slicing."""

        _LIVE_PIPE: LivePipeItem
        _SLICER_PIPE: SlicerPipeItem
        _cursor_text: QtWidgets.QGraphicsItem

        def __init__(self, parent: QtWidgets.QWidget | None = None) -> None: ...

    class NodeScene(QtWidgets.QGraphicsScene):
        """A scene of nodes and pipes."""

    class AbstractNodeItem(QtWidgets.QGraphicsItem):
        """A node's item, with an id."""

        id: str

        def __init__(self, name: str = "node", parent: QtWidgets.QGraphicsItem | None = None) -> None: ...

    class BackdropNodeItem(AbstractNodeItem):
        """A box behind the nodes."""

    class PipeItem(QtWidgets.QGraphicsPathItem):
        """A connection."""

    class LivePipeItem(PipeItem):
        """The connection that follows the pointer."""

        def __init__(self) -> None: ...

    class SlicerPipeItem(QtWidgets.QGraphicsPathItem):
        """The line that cuts the connections it crosses."""

        def __init__(self) -> None: ...

        def draw_path(self, p1: QtCore.QPointF, p2: QtCore.QPointF) -> None:
            """Run from one point to the other."""

else:

    class _LooseVersion(tuple):
        """As much of `distutils.version.LooseVersion` as NodeGraphQt uses: comparing `6.10.3` with `5.10`."""

        def __new__(cls, text: str) -> _LooseVersion:
            return super().__new__(cls, (int(part) for part in text.split(".") if part.isdecimal()))

    class _Merged:
        """A module of Qt 5 as NodeGraphQt knows it: what Qt 6 moved to another module is found there."""

        def __init__(self, *modules: ModuleType) -> None:
            self._modules = modules

        def __getattr__(self, name: str) -> Any:
            for module in self._modules:
                if hasattr(module, name):
                    return getattr(module, name)
            raise AttributeError(name)

    @contextmanager
    def _light_imports() -> Iterator[None]:
        """Put stand-ins for two modules while NodeGraphQt 0.6.44 is imported: together they take half the program's start.

        It imports distutils for one comparison; Python 3.12 no longer has it, 3.11 warns, and what setuptools puts in its place
        takes 0.4 s. It imports Qt.py, which touches every class of PySide6 for names that have moved since Qt 5: 0.25 s.
        """
        stand_ins = {name: ModuleType(name) for name in ("distutils", "distutils.version", "Qt")}
        stand_ins["distutils.version"].LooseVersion = _LooseVersion
        moved = {"QtCore": _Merged(QtCore), "QtGui": _Merged(QtGui), "QtWidgets": _Merged(QtWidgets, QtGui, QtCore)}
        vars(stand_ins["Qt"]).update(moved, QtSvg=QtSvg, QtCompat=None)
        before = {name: sys.modules.get(name) for name in stand_ins}
        sys.modules.update(stand_ins)
        try:
            yield
        finally:
            for name, module in before.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module

    with _light_imports():
        from NodeGraphQt.qgraphics.node_abstract import AbstractNodeItem
        from NodeGraphQt.qgraphics.node_backdrop import BackdropNodeItem
        from NodeGraphQt.qgraphics.pipe import LivePipeItem, PipeItem
        from NodeGraphQt.qgraphics.slicer import SlicerPipeItem
        from NodeGraphQt.widgets.scene import NodeScene
        from NodeGraphQt.widgets.viewer import NodeViewer
