"""The image viewer: one image of a table in full, its values under the mouse, its channels, and the range that is drawn."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QIODevice, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from app.document.problems import Problem
from app.editor.config.widgets import QuietComboBox
from app.editor.locale import typed
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.views.exporting import Export, ExportButton, Exports
from app.editor.views.image_canvas import STEP, ImageCanvas
from app.editor.views.pages import PendingRequests
from app.editor.views.pixels import picture
from app.editor.views.result_source import ResultSource
from app.engine.inspection.cells import shape_text
from app.engine.messages.tables import ImageAnswer, ImageQuestion, PixelValues, SortOrder
from nodes.wording import grouped, number_text, numerals, written

SETTLE_MS = 120
"""After the range was changed, so long is waited for the next change before the image is drawn again."""
COLORS = ("Red", "Green", "Blue", "Alpha")


class ImageDialog(QDialog):
    """A window that shows one image after the other.

    Args:
        parent: The view from which it was opened.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Image")
        self.setObjectName("imageViewer")
        self.resize(860, 680)
        self._pending = PendingRequests(self)
        self._source: ResultSource | None = None
        self._column, self._row, self._rows = "", 0, 0
        self._sort: SortOrder | None = None
        self._about: PixelValues | None = None
        self._values = b""
        self._range: tuple[float, float] | None = None
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._ask)
        self.canvas = ImageCanvas(self)
        self._make_controls()
        self._lay_out()
        self._connect()
        look().changed.connect(self._dress)
        self._dress()

    def _make_controls(self) -> None:
        self.previous, self.next = _button("Previous image (←)"), _button("Next image (→)")
        self.smaller, self.larger = _button("Zoom out (−)"), _button("Zoom in (+)")
        self.fit, self.actual = _button("Fit (0)"), _button("Actual size (1)")
        self.stretch, self.reset = _button("Stretch: from the least to the greatest value of this image"), _button("Usual range")
        self.save = ExportButton(self._exports, self)
        self.place, self.zoom, self.about, self.pixel = PlainLabel(), PlainLabel(), PlainLabel(), PlainLabel()
        self.place.setProperty("role", "heading")
        for label in (self.zoom, self.about, self.pixel):
            label.setProperty("role", "muted")
        self.zoom.setMinimumWidth(52)
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pixel.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.channel = QuietComboBox()
        self.channel.setFixedWidth(150)
        self.channel.setAccessibleName("Channel")
        self.channel.setToolTip("Channel")
        self.low, self.high = _value_field("Drawn as black"), _value_field("Drawn as white")

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 8, 12, 8)
        bar.setSpacing(4)
        for left in (self.previous, self.next, self.place):
            bar.addWidget(left)
        bar.addStretch(1)
        for middle in (self.smaller, self.zoom, self.larger, self.fit, self.actual):
            bar.addWidget(middle)
        bar.addStretch(1)
        bar.addWidget(self.save)
        tools = QHBoxLayout()
        tools.setContentsMargins(14, 0, 12, 10)
        tools.setSpacing(8)
        for tool in (self.channel, _caption("Black"), self.low, _caption("White"), self.high, self.stretch, self.reset):
            tools.addWidget(tool)
        tools.addStretch(1)
        self.tools = QFrame()
        self.tools.setLayout(tools)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 7, 14, 8)
        foot.addWidget(self.about, 1)
        foot.addWidget(self.pixel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.tools)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self.previous.clicked.connect(self.show_previous)
        self.next.clicked.connect(self.show_next)
        self.smaller.clicked.connect(self._zoom_out)
        self.larger.clicked.connect(self._zoom_in)
        self.fit.clicked.connect(self.canvas.fit)
        self.actual.clicked.connect(self.canvas.show_actual_size)
        self.stretch.clicked.connect(self._stretch)
        self.reset.clicked.connect(self._use_usual_range)
        self.channel.activated.connect(self._ask)
        self.low.textEdited.connect(self._on_range)
        self.high.textEdited.connect(self._on_range)
        self.canvas.pointed.connect(self._on_pointed)
        self.canvas.zoomed.connect(self._on_zoomed)
        self.canvas.moved_on.connect(self._move)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self, self.save.copy_image)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Save), self, self.save.showMenu)

    def _dress(self) -> None:
        for button, icon in (
            (self.previous, "chevron-left"), (self.next, "chevron-right"), (self.smaller, "magnify-minus-outline"),
            (self.larger, "magnify-plus-outline"), (self.fit, "fit-to-page-outline"), (self.actual, "numeric-1-box-outline"),
            (self.stretch, "contrast-box"), (self.reset, "backup-restore"),
        ):  # fmt: skip
            button.setIcon(look().icon(f"mdi6.{icon}"))

    # -- which image

    def show_image(self, source: ResultSource, column: str, row: int, sort: SortOrder | None = None) -> None:
        """Show an image.

        Args:
            source: The table.
            column: Its column.
            row: Its position among the rows, in their order.
            sort: The order; None: as they are stored.
        """
        if column != self._column or source != self._source:
            self._range = None
            self.channel.clear()
        self._source, self._column, self._row, self._sort = source, column, row, sort
        self._ask()

    def open_window(self) -> None:
        """Come to the front, with the keyboard at the image."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.canvas.setFocus()

    def show_next(self) -> None:
        """Show the image of the next row."""
        self._move(1)

    def show_previous(self) -> None:
        """Show the image of the row before."""
        self._move(-1)

    def _move(self, step: int) -> None:
        row = self._row + step
        if 0 <= row < self._rows:
            self._row = row
            self._ask()

    def _ask(self) -> None:
        source = self._source
        if source is None:
            return
        self._settle.stop()
        low, high = self._range or (None, None)
        question = ImageQuestion(
            document=source.document,
            node=source.node,
            port=source.port,
            shown=source.rows(self._sort),
            column=self._column,
            row=self._row,
            channel=self.channel.currentData(),
            low=low,
            high=high,
        )
        self._pending.put("image", source.asks.ask(question, self._take))

    def _take(self, answer: ImageAnswer | Problem) -> None:
        if isinstance(answer, Problem):
            self._become(self._row, f"{answer.message} {answer.remedy}".strip())
            return
        self._rows = answer.rows
        about, payload = answer.values, answer.payload
        if about is None:
            self._become(answer.number, "This row has no image.")
            return
        height, width, _ = about.shape
        drawn = height * width * about.channels
        image = picture(memoryview(payload)[:drawn], (height, width, about.channels))
        self._become(answer.number, "", about, image, payload[drawn:])

    def _become(
        self, number: int, text: str, about: PixelValues | None = None, image: QImage | None = None, values: bytes = b""
    ) -> None:
        self._about, self._values = about, values
        self.canvas.show_image(image, text)
        self.previous.setEnabled(self._row > 0)
        self.next.setEnabled(self._row + 1 < self._rows)
        self.place.setText(f"{self._column} · {grouped(self._row + 1)} of {grouped(self._rows)}")
        self.setWindowTitle(f"{self._column}, row {grouped(number + 1)}")
        self.tools.setEnabled(image is not None)
        self.pixel.clear()
        if about is None:
            self.about.clear()
            return
        self._fill_channels(about.shape[2])
        self._fill_range(about.low, about.high)
        facts = [shape_text(about.shape), about.dtype]
        if about.minimum is not None:
            facts += [f"{number_text(about.minimum)} … {number_text(about.maximum)}", f"mean {number_text(about.mean)}"]
        self.about.setText("  ·  ".join(facts))
        self.canvas.setAccessibleDescription(self.about.text())

    def _fill_channels(self, count: int) -> None:
        if self.channel.count():
            return
        names: Sequence[str] = COLORS[:count] if count in (3, 4) else [f"Channel {n + 1}" for n in range(count)]
        if count in (3, 4):
            self.channel.addItem("All channels", None)
        for number, name in enumerate(names):
            self.channel.addItem(name, number)
        self.channel.setVisible(count > 1)

    def _fill_range(self, low: float, high: float) -> None:
        for field, value in ((self.low, low), (self.high, high)):
            if not (field.hasFocus() and field.isModified()):
                field.setText(number_text(value))
        self.reset.setEnabled(self._range is not None)

    # -- what is drawn

    def _on_range(self) -> None:
        """Take a range that is being typed; half a number is none."""
        low, high = _number(self.low.text()), _number(self.high.text())
        for field, value in ((self.low, low), (self.high, high)):
            field.setProperty("invalid", value is None)
            field.style().polish(field)
        if low is not None and high is not None:
            self._range = (low, high)
            self._settle.start()

    def _stretch(self) -> None:
        about = self._about
        if about is not None and about.minimum is not None and about.maximum is not None:
            self._range = (about.minimum, about.maximum)
            self._ask()

    def _use_usual_range(self) -> None:
        self._range = None
        self._ask()

    def _zoom_in(self) -> None:
        self.canvas.zoom_by(STEP)

    def _zoom_out(self) -> None:
        self.canvas.zoom_by(1 / STEP)

    def _on_zoomed(self) -> None:
        percent = 100 * self.canvas.zoom * self.canvas.devicePixelRatioF()
        self.zoom.setText(f"{written(f'{percent:.0f}')} %")

    def _on_pointed(self, x: int, y: int) -> None:
        values = self.values_at(x, y)
        shown = numerals().between.join(number_text(v) for v in values[:8]) + (
            f"{numerals().between}…" if len(values) > 8 else ""
        )
        self.pixel.setText(f"x {x}, y {y}:  {shown}" if values else "")

    def values_at(self, x: int, y: int) -> tuple[float, ...]:
        """Return the stored values of a pixel, by channel; none outside the image."""
        if self._about is None or not self._values:
            return ()
        height, width, channels = self._about.shape
        if not (0 <= x < width and 0 <= y < height):
            return ()
        code = f"<{channels}{self._about.format}"
        return struct.unpack_from(code, self._values, (y * width + x) * struct.calcsize(code))

    # -- saving

    def _exports(self) -> Exports | None:
        image = self.canvas.image
        if image is None:
            return None
        copy = image.copy()
        return Exports(f"{self._column}-{self._row + 1}", [Export("PNG", lambda: _as_png(copy))], lambda: copy)


def _as_png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _button(text: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(text)
    button.setAccessibleName(text.partition(" (")[0].partition(":")[0])
    button.setIconSize(QSize(18, 18))
    return button


def _value_field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.setFixedWidth(88)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    return field


def _number(text: str) -> float | None:
    try:
        value = float(typed(text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _caption(text: str) -> QLabel:
    label = PlainLabel(text)
    label.setProperty("role", "muted")
    return label
