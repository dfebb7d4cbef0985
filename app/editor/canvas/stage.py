"""What all items of a canvas share: colours, pens, zoom, and the pictures that nodes are copied from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsItem

from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.painting import far_pixmap, tile_pixmap
from app.editor.colors import Colors

if TYPE_CHECKING:
    from app.editor.canvas.tiles import NodeTile

BOX_Z, WIRE_Z, NODE_Z, LABEL_Z, LIVE_Z = -4.0, -1.0, 1.0, 3.0, 5.0
"""What lies on what."""
PASSIVE = QGraphicsItem.GraphicsItemFlag(0)
"""Items are not selected, moved or focused by Qt: commands do that. (Made once, because making it takes time.)"""
EVERYWHERE = QRectF(-400_000, -400_000, 800_000, 800_000)
PIXMAP_BYTES = 96_000_000
"""How much memory the pictures of nodes may take; those painted longest ago go first."""
FRAME_SECONDS = 0.03
"""How long a frame may make pictures of nodes; the others are stretched, or without text, until the next frame."""


class Stage:
    """What all items need to know to paint themselves.

    Attributes:
        colors: The appearance.
        zoom: The view's scale now.
        settled: The scale the pictures of nodes are made for; while the person zooms, they are stretched instead.
        ratio: Device pixels per pixel of the screen.
        far: Whether nodes are seen from afar: no text, straight wires.
        direct: Whether to paint without pictures, for an export.
        behind: Whether the last frame had no time to make all pictures; the next one goes on.
        far_changed: To be called when something looks different from afar.
    """

    def __init__(self, colors: Colors) -> None:
        self.colors = colors
        self.pens = WirePens(colors)
        self.zoom = self.settled = 1.0
        self.ratio = 1.0
        self.far = False
        self.direct = False
        self.behind = False
        self.far_changed: Callable[[], None] = _nothing
        self._until = 0.0
        self._far: dict[tuple[object, ...], QPixmap] = {}
        self._near: OrderedDict[NodeTile, int] = OrderedDict()
        self._bytes = 0

    def forget_pixmaps(self) -> None:
        """Colours, scale or screen are others: every picture is made anew."""
        self._far.clear()
        for tile in self._near:
            tile.pixmap = None
        self._near.clear()
        self._bytes = 0

    def settle(self) -> bool:
        """Make pictures for the present zoom from now on; says whether that is another one."""
        if self.settled == self.zoom:
            return False
        self.settled = self.zoom
        self._far.clear()
        return True

    def begin_frame(self) -> None:
        """A frame is going to be painted."""
        self._until = perf_counter() + FRAME_SECONDS
        self.behind = False

    def has_time(self) -> bool:
        """Whether this frame may make another picture."""
        if perf_counter() < self._until:
            return True
        self.behind = True
        return False

    def tile_pixmap(self, face: NodeFace) -> QPixmap:
        """A node's tile alone; nodes of one type share it."""
        key = (face.color, face.icon, face.type_name is None)
        pixmap = self._far.get(key)
        if pixmap is None:
            pixmap = self._far[key] = tile_pixmap(face, self.colors, self.settled, self.ratio)
        return pixmap

    def far_pixmap(self, face: NodeFace, marked: bool) -> QPixmap:
        """How a node looks from afar; those that look the same share a picture."""
        key = (face.color, face.icon, face.type_name is None, face.status.state if face.status else None, marked)
        pixmap = self._far.get(key)
        if pixmap is None:
            pixmap = self._far[key] = far_pixmap(face, self.colors, marked, self.settled, self.ratio)
        return pixmap

    def keep(self, tile: NodeTile, pixmap: QPixmap) -> None:
        """A tile made its picture; others that were not seen for long lose theirs where there are too many."""
        self.drop(tile)
        size = pixmap.width() * pixmap.height() * 4
        self._near[tile] = size
        self._bytes += size
        while self._bytes > PIXMAP_BYTES and len(self._near) > 1:
            oldest, freed = self._near.popitem(last=False)
            oldest.pixmap = None
            self._bytes -= freed

    def drop(self, tile: NodeTile) -> None:
        """A tile's picture is not needed any more."""
        self._bytes -= self._near.pop(tile, 0)


class WirePens:
    """The pens of wires, made once per appearance."""

    def __init__(self, colors: Colors) -> None:
        self._colors = colors
        self._pens: dict[tuple[str, bool, bool], QPen] = {}

    def pen(self, kind: str, emphasis: bool, far: bool) -> QPen:
        """How a wire is drawn that carries this kind."""
        key = (kind, emphasis, far)
        if key not in self._pens:
            pen = QPen(QColor(self._colors.accent if emphasis else self.color(kind)))
            pen.setWidthF((2.0 if emphasis else 1.0) if far else (3.0 if emphasis else 1.9))
            pen.setCosmetic(far)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            self._pens[key] = pen
        return self._pens[key]

    def color(self, kind: str) -> str:
        """The colour of what a wire carries; tables are calm."""
        return self._colors.wire if kind in ("table", "") else self._colors.port(kind)


def _nothing() -> None:
    """Nobody wants to know."""
