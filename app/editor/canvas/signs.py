"""Signs on the canvas that come and go: the selecting rectangle, the glow of ports, the ring around a node to be noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, QTimer, QVariantAnimation
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QRubberBand

from app.editor.canvas.geometry import TILE_RECT
from app.editor.canvas.overlays import Halo

if TYPE_CHECKING:
    from app.editor.canvas.scene import Hit
    from app.editor.canvas.view import CanvasView


class Signs(QObject):
    """The signs of one view.

    Attributes:
        band: The rectangle that selects.
        fitting: The glow of ports where a wire may end.
        snap: The glow of the port where it would end, or may begin.
        ring: The ring around a node that is to be noticed.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._scene = view.canvas_scene
        self.band = QRubberBand(QRubberBand.Shape.Rectangle, view.viewport())
        self.fitting, self.snap, self.ring = Halo(), Halo(), Halo()
        for halo in (self.fitting, self.snap, self.ring):
            self._scene.addItem(halo)
        self._flashing = ""
        self._fade = QVariantAnimation(self)
        self._fade.setDuration(900)
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(0.0)
        self._fade.valueChanged.connect(self._show_ring)
        self._fade.finished.connect(self._hide_ring)
        self._until = QTimer(self)
        self._until.setSingleShot(True)
        self._until.setInterval(1200)
        self._until.timeout.connect(self._hide_ring)

    def show_band(self, rect: QRectF | None) -> None:
        """Show the rectangle that selects."""
        self.band.setVisible(rect is not None)
        if rect is not None:
            corners = self._view.viewportTransform().mapRect(rect)
            self.band.setGeometry(corners.toAlignedRect())

    def show_fitting(self, path: QPainterPath | None) -> None:
        """Let the ports that fit glow."""
        self.fitting.setVisible(path is not None)
        if path is not None:
            self.fitting.glow(path, self._scene.stage.colors.accent, 0.22)

    def show_snap(self, path: QPainterPath | None) -> None:
        """Show the port where the wire would end."""
        self.snap.setVisible(path is not None)
        if path is not None:
            self.snap.glow(path, self._scene.stage.colors.accent, 0.3)

    def show_port(self, hit: Hit) -> None:
        """Show that a wire may be pulled from here."""
        place = self._scene.tiles[hit.node].port_place(*hit.port) if hit.node and hit.port else None
        path = QPainterPath()
        if place is not None:
            path.addEllipse(place, 10, 10)
        self.show_snap(path if place is not None else None)

    def flash(self, node_id: str) -> None:
        """Draw the eye to a node."""
        if node_id not in self._scene.tiles:
            return
        self._flashing = node_id
        self._fade.stop()
        self._show_ring(1.0)
        if self._view.animated:
            self._fade.start()
        else:
            self._until.start()

    def _show_ring(self, left: float) -> None:
        """A ring that grows and fades."""
        tile = self._scene.tiles.get(self._flashing)
        if tile is None:
            self._hide_ring()
            return
        grown = 6 + 14 * (1 - left)
        path = QPainterPath()
        path.addRoundedRect(
            TILE_RECT.translated(tile.pos()).adjusted(-grown, -grown, grown, grown), 14 + grown / 2, 14 + grown / 2
        )
        self.ring.glow(path, self._scene.stage.colors.accent, 0.25 * left)
        self.ring.setOpacity(left)

    def _hide_ring(self) -> None:
        self.ring.setVisible(False)

    def stop(self) -> None:
        """End all that moves by itself."""
        self._fade.stop()
        self._until.stop()
