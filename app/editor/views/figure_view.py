"""FigureView: shows any Figure as `app.drawing` draws it, sharp at every size, without ever holding up the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app import garbage
from app.editor.look import interface_font, look
from app.editor.views.background import BackgroundTask, in_background
from app.editor.views.exporting import Export, ExportButton, Exports
from nodes.values.figure import Figure, LinesFigure

if TYPE_CHECKING:
    from app.drawing import Panel, Raster, ThemeName

PIXELS_PER_INCH = 92
"""Device-independent pixels per inch of a drawing: its type of 9 points is then as large as the interface's small type."""
NARROWEST = 2.2
"""In inches; what is narrower is not drawn."""
SETTLE_MILLISECONDS = 60
"""How long a size must stay before it is drawn anew."""


@dataclass(frozen=True)
class FigureRequest:
    """What is to be drawn.

    Attributes:
        figure: The data.
        width: In device-independent pixels.
        height: In device-independent pixels, for figures that fit into any; None: as it comes.
        ratio: Device pixels per device-independent one.
        dark: Which colours.
        titled: Whether the title is drawn.
        font: The family of its texts; the program's.
    """

    figure: Figure
    width: int
    height: int | None
    ratio: float
    dark: bool
    titled: bool = True
    font: str = field(default_factory=lambda: interface_font().family())

    @property
    def theme(self) -> ThemeName:
        """The name of its colours."""
        return "dark" if self.dark else "light"


@dataclass(frozen=True)
class FigureImage:
    """A finished drawing.

    Attributes:
        request: What was to be drawn.
        image: Sharp at the request's ratio.
        panels: For lines: where their panels are.
    """

    request: FigureRequest
    image: QImage
    panels: Sequence[Panel]


def render_figure(request: FigureRequest) -> FigureImage:
    """Draw; for the background thread."""
    from app.drawing import to_raster

    with garbage.taken_along():
        raster: Raster = to_raster(
            request.figure,
            theme=request.theme,
            width_inches=max(NARROWEST, request.width / PIXELS_PER_INCH),
            height_inches=None if request.height is None else max(1.0, request.height / PIXELS_PER_INCH),
            titled=request.titled,
            transparent=True,
            font=request.font,
            dpi=PIXELS_PER_INCH * request.ratio,
        )
    image = QImage(raster.rgba, raster.width, raster.height, raster.width * 4, QImage.Format.Format_RGBA8888)
    image = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(request.ratio)
    return FigureImage(request, image, raster.panels)


class FigureRenderer(QObject):
    """Draws one request after the other in the background; of those that wait, only the newest is drawn."""

    drawn = Signal(object)
    """A `FigureImage` is ready."""
    failed = Signal(str)
    """The newest request could not be drawn: why."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: BackgroundTask[FigureImage] | None = None
        self._next: FigureRequest | None = None

    @property
    def busy(self) -> bool:
        """Whether a drawing is still to come."""
        return self._task is not None

    def draw(self, request: FigureRequest) -> None:
        """Draw this; `drawn` follows."""
        if self._task is None:
            self._task = in_background(lambda: render_figure(request), self._on_drawn, self._on_failed)
        else:
            self._next = request

    def forget(self) -> None:
        """Forget all that was asked for."""
        self._next = None
        if self._task:
            self._task.drop()
            self._task = None

    def _on_drawn(self, drawn: FigureImage) -> None:
        self._task = None
        self._go_on()
        self.drawn.emit(drawn)

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        if not self._go_on():
            self.failed.emit(str(error))

    def _go_on(self) -> bool:
        request, self._next = self._next, None
        if request is not None:
            self.draw(request)
        return request is not None


class FigurePane(QWidget):
    """The paper: shows the last drawing; an older one is stretched until the new one is there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image: QImage | None = None
        self.message = ""

    def show_image(self, image: QImage | None, message: str = "") -> None:
        """Show a drawing, or a message instead of one."""
        self.image, self.message = image, message
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the drawing."""
        painter = QPainter(self)
        if self.image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = self.image.deviceIndependentSize()
            painter.drawImage(QRectF(0, 0, self.width(), size.height() * self.width() / max(1.0, size.width())), self.image)
        elif self.message:
            painter.setPen(look().colors.muted)
            painter.drawText(
                self.rect().adjusted(20, 0, -20, 0), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message
            )
        painter.end()


class FigureView(QWidget):
    """Shows a figure.

    Lines fill the view; other figures are as wide as the view, and scroll if they are higher.

    Args:
        titled: Whether the figure's title is drawn in it.
        parent: The widget it is in.
    """

    drawn = Signal()
    """The figure is to be seen, as it is now."""

    def __init__(self, *, titled: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure: Figure | None = None
        self._titled = titled
        self._sheet = FigurePane()
        self._sheet.setAccessibleName("Figure")
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(False)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._sheet)
        self._scroll.setAccessibleName("Figure")
        self._scroll.viewport().setAutoFillBackground(False)
        self._scroll.viewport().installEventFilter(self)
        self.exports = ExportButton(self._exported, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self._renderer = FigureRenderer(self)
        self._renderer.drawn.connect(self._on_drawn)
        self._renderer.failed.connect(self._on_failed)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MILLISECONDS)
        self._settle.timeout.connect(self._draw)
        look().changed.connect(self._draw)
        self.setFocusProxy(self._scroll)
        self.setMinimumSize(120, 80)

    # -- what is shown

    def show_figure(self, figure: Figure | None) -> None:
        """Show this figure; None clears the view."""
        if figure is None:
            self._renderer.forget()
            self._sheet.show_image(None)
        self.figure = figure
        self._scroll.setAccessibleDescription(figure.title if figure else "")
        self.exports.setVisible(figure is not None)
        self._draw()

    @property
    def image(self) -> QImage | None:
        """The drawing that is to be seen."""
        return self._sheet.image

    def _request(self) -> FigureRequest | None:
        space = self._scroll.viewport().size()
        if self.figure is None or space.width() < 40 or not self.isVisible():
            return None
        height = space.height() if isinstance(self.figure, LinesFigure) else None
        return FigureRequest(self.figure, space.width(), height, self.devicePixelRatioF(), look().colors.dark, self._titled)

    def _draw(self) -> None:
        request = self._request()
        if request is not None:
            self._renderer.draw(request)

    def _on_drawn(self, drawn: object) -> None:
        if self.figure is None or not isinstance(drawn, FigureImage):
            return
        self._sheet.resize(self._scroll.viewport().width(), self._height_of(drawn))
        self._sheet.show_image(drawn.image)
        if drawn.request == self._request():
            self.drawn.emit()

    def _height_of(self, drawn: FigureImage) -> int:
        return drawn.request.height or round(drawn.image.deviceIndependentSize().height())

    def _on_failed(self, why: str) -> None:
        self._sheet.resize(self._scroll.viewport().size())
        self._sheet.show_image(None, f"This figure cannot be drawn: {why}")

    # -- events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the viewport's size: it is smaller where there is a scroll bar."""
        if event.type() == QEvent.Type.Resize and watched is self._scroll.viewport():
            if self._sheet.image is not None:
                size = self._sheet.image.deviceIndependentSize()
                width = self._scroll.viewport().width()
                self._sheet.resize(width, round(size.height() * width / max(1.0, size.width())))
            self._settle.start()
        elif event.type() == QEvent.Type.DevicePixelRatioChange:
            self._settle.start()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the button in its corner."""
        super().resizeEvent(event)
        hint = self.exports.sizeHint()
        self.exports.setGeometry(QRect(QPoint(self.width() - hint.width() - 10, 2), hint))

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was not drawn while nobody saw it."""
        self._settle.start()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the same as the button's menu."""
        if self.figure is not None:
            self.exports.filled_menu().popup(event.globalPos())

    def sizeHint(self) -> QSize:
        """Return a figure's usual size."""
        return QSize(560, 300)

    # -- saving

    def _exported(self) -> Exports | None:
        request = self._request()
        if request is None or self._sheet.image is None:
            return None
        return figure_exports(request, self._sheet.image)


def figure_exports(request: FigureRequest, image: QImage | None = None) -> Exports:
    """Return the ways to save a figure: as it is seen, on the panel's colour."""
    from app.editor.views.figure_data import figure_csv

    figure, theme = replace(request, titled=True).figure, request.theme
    width = max(NARROWEST, request.width / PIXELS_PER_INCH)
    height = None if request.height is None else request.height / PIXELS_PER_INCH

    def png() -> bytes:
        from app.drawing import to_png

        return to_png(figure, theme=theme, width_inches=width, height_inches=height, dpi=2 * PIXELS_PER_INCH)

    def svg() -> bytes:
        from app.drawing import to_svg

        return to_svg(figure, theme=theme, width_inches=width, height_inches=height).encode()

    def data() -> str:
        return figure_csv(figure)

    def on_panel() -> QImage:
        assert image is not None
        made = QImage(image.size(), QImage.Format.Format_RGB32)
        made.fill(look().colors.panel)
        painter = QPainter(made)
        plain = QImage(image)
        plain.setDevicePixelRatio(1)
        painter.drawImage(0, 0, plain)
        painter.end()
        return made

    files = [Export("PNG", png), Export("SVG", svg), Export("CSV", lambda: data().encode())]
    return Exports(figure.title or "figure", files, on_panel if image is not None else None, lambda: tab_separated(data()))


def tab_separated(csv_data: str) -> str:
    """Return CSV as spreadsheets take it from the clipboard."""
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(csv.reader(io.StringIO(csv_data)))
    return out.getvalue()
