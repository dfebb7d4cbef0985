"""The canvas as a file: PNG at any scale, or SVG. What is painted is what the canvas paints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from app.document.atomic_writing import write_atomically
from app.document.problems import DocumentError

if TYPE_CHECKING:
    from app.editor.canvas.labels import OutputLabels
    from app.editor.canvas.scene import CanvasScene

MARGIN = 24.0
MOST_PIXELS = 120_000_000


def export_png(scene: CanvasScene, labels: OutputLabels, path: Path, scale: float = 2.0) -> None:
    """Write the whole workflow as a PNG.

    Args:
        scene: What to paint.
        labels: Its labels.
        path: The file; replaced whole or not at all.
        scale: Pixels per pixel of the canvas at 100 %; less where the picture would be larger than 120 megapixels.

    Raises:
        DocumentError: If it cannot be written.
    """
    rect = _area(scene)
    scale = min(scale, (MOST_PIXELS / (rect.width() * rect.height())) ** 0.5)
    image = QImage(max(1, round(rect.width() * scale)), max(1, round(rect.height() * scale)), QImage.Format.Format_ARGB32)
    image.fill(scene.context.colors.canvas)
    painter = QPainter(image)
    with _painted_directly(scene, labels, rect):
        scene.render(painter, QRectF(image.rect()), rect)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, PySide wants str
    _write(path, bytes(buffer.data().data()))


def export_svg(scene: CanvasScene, labels: OutputLabels, path: Path, title: str = "") -> None:
    """Write the whole workflow as an SVG with text as text and everything else as shapes.

    Args:
        scene: What to paint.
        labels: Its labels.
        path: The file; replaced whole or not at all.
        title: The drawing's title.

    Raises:
        DocumentError: If it cannot be written.
    """
    from PySide6.QtSvg import QSvgGenerator

    rect = _area(scene)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(round(rect.width()), round(rect.height())))
    generator.setViewBox(QRectF(0, 0, rect.width(), rect.height()))
    generator.setResolution(96)
    generator.setTitle(title or "Workflow")
    painter = QPainter(generator)
    with _painted_directly(scene, labels, rect):
        scene.render(painter, QRectF(0, 0, rect.width(), rect.height()), rect)
    painter.end()
    _write(path, bytes(buffer.data().data()))


def _area(scene: CanvasScene) -> QRectF:
    rect = scene.content_rect()
    for wire in scene.wires.values():  # those that go back swing out beyond the nodes
        rect |= wire.bounds
    rect = rect if not rect.isEmpty() else QRectF(0, 0, 400, 250)
    return rect.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)


@contextmanager
def _painted_directly(scene: CanvasScene, labels: OutputLabels, area: QRectF) -> Iterator[None]:
    """Have the scene painted as from near, at 100 %, without selection, glow and cached pictures."""
    context, selection = scene.context, scene.selection
    far, zoom = context.far, context.zoom
    shining = [wire.key for wire in scene.wires.values() if wire.emphasis]
    scene.blockSignals(True)
    try:
        context.direct, context.zoom = True, 1.0
        scene.emphasise(())
        scene.select(type(selection)())
        if far:
            scene.set_far(False)
        labels.refresh(area, None, None)
        yield
    finally:
        context.direct, context.zoom = False, zoom
        if far:
            scene.set_far(True)
        scene.select(selection)
        scene.emphasise(shining)
        scene.blockSignals(False)
        scene.content_changed.emit()  # which has the view place its labels again


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise DocumentError(f"{path} cannot be written: {error.strerror}.", "Save it somewhere else.") from error
