"""What the canvas shows while the person acts: the rubber band, the wire that is pulled, ports that glow, refusals."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRectF, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QRubberBand, QToolTip

from app.editor.canvas.overlays import Halo
from app.editor.canvas.selection import Hit
from app.editor.canvas.sizes import TILE_RECT
from app.editor.canvas.wire_items import LiveWire, Slicer
from app.editor.canvas.zoomable_view import ZoomableView


class Feedback(QObject):
    """The feedback of one view.

    Attributes:
        band: The rectangle that selects.
        live_wire: The wire that follows the pointer.
        slicer: The line that cuts wires.
        fitting: The glow of ports where a wire may end.
        snap: The glow of the port where it would end, or may begin.
        ring: The ring around a node that is to be noticed.
        refuses: Whether a wire may not end where the pointer is.
    """

    refusal_changed = Signal()

    def __init__(self, view: ZoomableView) -> None:
        super().__init__(view)
        self._view = view
        self._scene = view.canvas_scene
        self.refuses = False
        self.band = QRubberBand(QRubberBand.Shape.Rectangle, view.viewport())
        self.live_wire, self.slicer = LiveWire(), Slicer()
        self.fitting, self.snap, self.ring = Halo(), Halo(), Halo()
        for item in (self.live_wire, self.slicer, self.fitting, self.snap, self.ring):
            item.setVisible(False)
            self._scene.addItem(item)
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
            self.fitting.glow(path, self._scene.context.colors.accent, 0.22)

    def show_snap(self, path: QPainterPath | None) -> None:
        """Show the port where the wire would end."""
        self.snap.setVisible(path is not None)
        if path is not None:
            self.snap.glow(path, self._scene.context.colors.accent, 0.3)

    def show_refusal(self, why: str | None, screen: QPoint) -> None:
        """Say why a wire may not end at a point of the screen; None: it may."""
        if why:
            QToolTip.showText(screen + QPoint(6, 10), why, self._view.viewport())
        else:
            QToolTip.hideText()
        if self.refuses != bool(why):
            self.refuses = bool(why)
            self.refusal_changed.emit()

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
        """Show a ring that grows and fades."""
        tile = self._scene.tiles.get(self._flashing)
        if tile is None:
            self._hide_ring()
            return
        grown = 6 + 14 * (1 - left)
        path = QPainterPath()
        path.addRoundedRect(
            TILE_RECT.translated(tile.pos()).adjusted(-grown, -grown, grown, grown), 14 + grown / 2, 14 + grown / 2
        )
        self.ring.glow(path, self._scene.context.colors.accent, 0.25 * left)
        self.ring.setOpacity(left)

    def _hide_ring(self) -> None:
        self.ring.setVisible(False)

    def stop(self) -> None:
        """End all that moves by itself."""
        self._fade.stop()
        self._until.stop()
