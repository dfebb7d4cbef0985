"""Pictures that nodes are copied from in a frame: made in the time that the frame has, kept in the memory there is."""

from __future__ import annotations

from collections import OrderedDict
from time import perf_counter
from typing import Protocol

from PySide6.QtGui import QPixmap

from app.editor.canvas.node_face import NodeFace
from app.editor.canvas.painting import far_pixmap, tile_pixmap
from app.editor.colors import Colors

PIXMAP_BYTES = 96_000_000
"""How much memory the pictures of nodes may take; those painted longest ago go first."""
FRAME_SECONDS = 0.03
"""How long a frame may make pictures of nodes; the others are stretched, or without text, until the next frame."""


class HasPixmap(Protocol):
    """What has a picture of its own, and loses it where there are too many."""

    pixmap: QPixmap | None


class PixmapCache:
    """The pictures of nodes: those that nodes of one type share, and those of single nodes.

    Attributes:
        scale: The scale that pictures are made for.
        ratio: Device pixels per pixel of the screen.
        behind: Whether the last frame had no time to make all pictures; the next one goes on.
    """

    def __init__(self) -> None:
        self.scale = 1.0
        self.ratio = 1.0
        self.behind = False
        self._until = 0.0
        self._shared: dict[tuple[object, ...], QPixmap] = {}
        self._own: OrderedDict[HasPixmap, int] = OrderedDict()
        self._bytes = 0

    def clear(self) -> None:
        """Make every picture anew: colours, scale or screen are others."""
        self._shared.clear()
        for owner in self._own:
            owner.pixmap = None
        self._own.clear()
        self._bytes = 0

    def use_scale(self, scale: float) -> bool:
        """Make pictures for a scale from now on; return whether that is another one."""
        if self.scale == scale:
            return False
        self.scale = scale
        self._shared.clear()
        return True

    def begin_frame(self) -> None:
        """Give the frame that is going to be painted its time."""
        self._until = perf_counter() + FRAME_SECONDS
        self.behind = False

    def has_time(self) -> bool:
        """Return whether this frame may make another picture."""
        if perf_counter() < self._until:
            return True
        self.behind = True
        return False

    def tile(self, face: NodeFace, colors: Colors) -> QPixmap:
        """Return a node's tile alone; nodes of one type share it."""
        key = (face.color, face.icon, face.type_name is None)
        pixmap = self._shared.get(key)
        if pixmap is None:
            pixmap = self._shared[key] = tile_pixmap(face, colors, self.scale, self.ratio)
        return pixmap

    def far(self, face: NodeFace, marked: bool, colors: Colors) -> QPixmap:
        """Return how a node looks from afar; those that look the same share a picture."""
        key = (face.color, face.icon, face.type_name is None, face.status.state if face.status else None, marked)
        pixmap = self._shared.get(key)
        if pixmap is None:
            pixmap = self._shared[key] = far_pixmap(face, colors, marked, self.scale, self.ratio)
        return pixmap

    def keep(self, owner: HasPixmap, pixmap: QPixmap) -> None:
        """Note a node's new picture; others that were not seen for long lose theirs where there are too many."""
        self.drop(owner)
        size = pixmap.width() * pixmap.height() * 4
        self._own[owner] = size
        self._bytes += size
        while self._bytes > PIXMAP_BYTES and len(self._own) > 1:
            oldest, freed = self._own.popitem(last=False)
            oldest.pixmap = None
            self._bytes -= freed

    def drop(self, owner: HasPixmap) -> None:
        """Forget a node's picture, which is not needed any more."""
        self._bytes -= self._own.pop(owner, 0)
