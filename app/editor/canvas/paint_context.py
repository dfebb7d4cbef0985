"""What all items of a canvas share to paint themselves: colours, pens, zoom, pictures, and what lies on what."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsItem

from app.editor.canvas.pixmap_cache import PixmapCache
from app.editor.colors import Colors

ANNOTATION_Z, WIRE_Z, NODE_Z, LABEL_Z, LIVE_Z = -4.0, -1.0, 1.0, 3.0, 5.0
"""What lies on what."""
PASSIVE = QGraphicsItem.GraphicsItemFlag(0)
"""Items are not selected, moved or focused by Qt: commands do that. (Made once, because making it takes time.)"""
EVERYWHERE = QRectF(-400_000, -400_000, 800_000, 800_000)


class PaintContext:
    """What all items need to know to paint themselves.

    Attributes:
        colors: The appearance.
        pens: The pens of wires.
        pixmaps: The pictures that nodes are copied from; while the person zooms, they are stretched.
        zoom: The view's scale now.
        far: Whether nodes are seen from afar: no text, straight wires.
        direct: Whether to paint without pictures, for an export.
        far_changed: To be called when something looks different from afar.
    """

    def __init__(self, colors: Colors) -> None:
        self.colors = colors
        self.pens = WirePens(colors)
        self.pixmaps = PixmapCache()
        self.zoom = 1.0
        self.far = False
        self.direct = False
        self.far_changed: Callable[[], None] = _nothing

    def recolor(self, colors: Colors) -> None:
        """Have another appearance from now on."""
        self.colors = colors
        self.pens = WirePens(colors)
        self.pixmaps.clear()


class WirePens:
    """The pens of wires, made once per appearance."""

    def __init__(self, colors: Colors) -> None:
        self._colors = colors
        self._pens: dict[tuple[str, bool, bool], QPen] = {}

    def pen(self, kind: str, emphasis: bool, far: bool) -> QPen:
        """Return how a wire is drawn that carries this kind."""
        key = (kind, emphasis, far)
        if key not in self._pens:
            pen = QPen(QColor(self._colors.accent if emphasis else self.color(kind)))
            pen.setWidthF((2.0 if emphasis else 1.0) if far else (3.0 if emphasis else 1.9))
            pen.setCosmetic(far)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            self._pens[key] = pen
        return self._pens[key]

    def color(self, kind: str) -> str:
        """Return the colour of what a wire carries; tables are calm."""
        return self._colors.wire if kind in ("table", "") else self._colors.port(kind)


def _nothing() -> None:
    """Do nothing: nobody wants to know."""
