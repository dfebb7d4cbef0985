"""The grid of images and the image viewer: the pixels are the table's, whatever their type; mouse and keys do what they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.editor.look import look
from app.editor.views.background import wait_until_idle
from app.editor.views.image_view import PAGE, ImageDialog, ImageGridView
from app.editor.views.result_source import ResultSource
from app.engine.messages.tables import ImagesQuestion
from nodes.values.table import Table
from tests.app.editor.views.in_process import InProcess

CLASSES = ("Bag", "Coat", "Dress")
RANDOM = np.random.default_rng(11)
GREY = RANDOM.integers(0, 256, (500, 28, 28, 1), dtype=np.uint8)
LABELS = RANDOM.integers(0, 3, 500)
KINDS: dict[str, Any] = {
    "rgb": RANDOM.integers(0, 256, (3, 6, 9, 3), dtype=np.uint8),
    "rgba": RANDOM.integers(0, 256, (3, 6, 9, 4), dtype=np.uint8),
    "float": RANDOM.random((3, 6, 9, 1)).astype(np.float32),
    "deep": RANDOM.integers(0, 4096, (3, 6, 9, 1), dtype=np.uint16),
    "maps": RANDOM.random((3, 6, 9, 8)).astype(np.float32),
    "point": np.full((3, 1, 1, 1), 200, np.uint8),
}


@pytest.fixture(name="asks")
def _asks(tmp_path: Path) -> Iterator[InProcess]:
    grey = pl.DataFrame({"image": pl.Series(GREY), "n": pl.Series(range(500)), "label": pl.Series(LABELS, dtype=pl.UInt8)})
    gaps = pl.concat([grey.head(2), grey.head(1).with_columns(image=pl.lit(None, dtype=grey["image"].dtype))])
    others = {name: Table.of(pl.DataFrame({"image": pl.Series(values)})) for name, values in KINDS.items()}
    none = Table.of(pl.DataFrame({"n": [1, 2]}))
    look().choose("light")
    yield InProcess(tmp_path, grey=Table.of(grey, {"label": CLASSES}), gaps=Table.of(gaps), none=none, **others)
    wait_until_idle()


@pytest.fixture(name="grid")
def _grid(qtbot: QtBot, asks: InProcess) -> ImageGridView:
    view = ImageGridView(asks, "document")
    qtbot.addWidget(view)
    view.resize(640, 300)
    view.show()
    view.show_output("grey", "table", "key")
    qtbot.waitUntil(lambda: view.model.at(0)[0])
    return view


def viewer_of(qtbot: QtBot, asks: InProcess, node: str, row: int = 0) -> ImageDialog:
    viewer = ImageDialog()
    qtbot.addWidget(viewer)
    viewer.resize(600, 500)
    viewer.show_image(ResultSource(asks, "document", node, "table", "key"), "image", row)
    viewer.open_window()
    qtbot.waitUntil(lambda: viewer.canvas.image is not None)
    return viewer


def wait_for_row(qtbot: QtBot, viewer: ImageDialog, row: int) -> None:
    qtbot.waitUntil(lambda: viewer.place.text().startswith(f"image · {row + 1} of"))


def grey_levels(image: QImage) -> list[list[int]]:
    return [[image.pixelColor(x, y).red() for x in range(image.width())] for y in range(image.height())]


# ------------------------------------------------------------------------------------------------------------------ grid


def test_images_stand_side_by_side_with_their_classes(grid: ImageGridView) -> None:
    assert grid.model.count == 500
    assert grid.model.across == grid.grid.viewport().width() // (70 + 18)
    _, image, caption = grid.model.at(3)
    assert image is not None
    assert grey_levels(image) == GREY[3, :, :, 0].tolist()
    assert caption == CLASSES[LABELS[3]]
    assert "28 × 28 × 1" in grid.said.text()


def test_only_images_in_sight_are_fetched(qtbot: QtBot, grid: ImageGridView, asks: InProcess) -> None:
    assert max(q.start for q in asks.of(ImagesQuestion)) <= PAGE
    assert not grid.model.at(499)[0]
    grid.grid.scrollToBottom()
    qtbot.waitUntil(lambda: grid.model.at(499)[0])
    image = grid.model.at(499)[1]
    assert image is not None
    assert grey_levels(image) == GREY[499, :, :, 0].tolist()


def test_captions_and_size_can_be_chosen(qtbot: QtBot, grid: ImageGridView, asks: InProcess) -> None:
    grid.captions.setCurrentIndex(grid.captions.findData("n"))
    grid.captions.activated.emit(grid.captions.currentIndex())
    qtbot.waitUntil(lambda: grid.model.at(5)[2] == "5")
    across = grid.model.across
    grid.size_slider.setValue(200)
    assert grid.model.across < across
    qtbot.waitUntil(lambda: grid.model.at(5)[0])
    assert asks.of(ImagesQuestion)[-1].size == 256


def test_only_rows_with_certain_values(qtbot: QtBot, grid: ImageGridView) -> None:
    grid.show_output("grey", "table", "key", {"label": "Dress"})
    rows = np.flatnonzero(LABELS == 2)
    qtbot.waitUntil(lambda: grid.model.count == len(rows) and grid.model.at(4)[0])
    assert grid.model.number(4) == rows[4]
    assert grid.model.at(4)[2] == "Dress"


def test_arrow_keys_go_on_in_the_next_row_and_enter_opens(qtbot: QtBot, grid: ImageGridView) -> None:
    last = grid.model.across - 1
    grid.grid.setCurrentIndex(grid.model.index(0, last))
    QTest.keyClick(grid.grid, Qt.Key.Key_Right)
    assert grid.grid.current() == last + 1
    QTest.keyClick(grid.grid, Qt.Key.Key_Left)
    assert grid.grid.current() == last
    with qtbot.waitSignal(grid.image_opened) as opened:
        QTest.keyClick(grid.grid, Qt.Key.Key_Return)
    assert opened.args == [last]
    viewer = grid._viewer
    assert viewer is not None
    qtbot.waitUntil(lambda: viewer.canvas.image is not None)
    viewer.close()


def test_missing_images_and_tables_without_any(qtbot: QtBot, grid: ImageGridView) -> None:
    grid.show_output("gaps", "table", "key")
    qtbot.waitUntil(lambda: grid.model.count == 3 and grid.model.at(2)[0])
    assert grid.model.at(2)[1] is None
    assert "no image" in grid.model.data(grid.model.index(0, 2), Qt.ItemDataRole.AccessibleTextRole)
    grid.grab()
    grid.show_output("none", "table", "key")
    qtbot.waitUntil(lambda: grid.model.count == 0 and grid.model.source is not None and grid.model.source.node == "none")
    assert not grid.captions.isVisible()
    grid.grab()
    grid.clear()


def test_the_grid_follows_the_look(grid: ImageGridView) -> None:
    light = grid.grab().toImage().pixelColor(630, 250).lightness()
    look().choose("dark")
    assert grid.grab().toImage().pixelColor(630, 250).lightness() < 80 < light
    look().choose("light")


# ---------------------------------------------------------------------------------------------------------------- viewer


@pytest.mark.parametrize("node", ["grey", *KINDS])
def test_every_kind_of_image_is_shown_with_its_values(qtbot: QtBot, asks: InProcess, node: str) -> None:
    viewer = viewer_of(qtbot, asks, node, 1)
    values = (GREY if node == "grey" else KINDS[node])[1]
    height, width, channels = values.shape
    assert viewer.values_at(width - 1, height - 1) == pytest.approx(values[-1, -1].tolist())
    assert viewer.values_at(width, 0) == ()
    image = viewer.canvas.image
    assert image is not None
    assert (image.width(), image.height()) == (width, height)
    assert viewer.channel.count() == (channels + 1 if channels in (3, 4) else channels)
    assert viewer.channel.isVisible() == (channels > 1)
    assert f"{height} × {width} × {channels}" in viewer.about.text()


def test_the_value_under_the_mouse_is_told(qtbot: QtBot, asks: InProcess) -> None:
    viewer = viewer_of(qtbot, asks, "rgb")
    place = viewer.canvas.shown_rect().topLeft() + QPointF(4.5, 2.5) * viewer.canvas.zoom
    QTest.mouseMove(viewer.canvas, place.toPoint())
    qtbot.waitUntil(lambda: viewer.pixel.text().startswith("x 4, y 2:"))
    assert viewer.pixel.text().endswith(", ".join(str(v) for v in KINDS["rgb"][0, 2, 4]))
    QTest.mouseMove(viewer.canvas, QPoint(1, 1))
    qtbot.waitUntil(lambda: viewer.pixel.text() == "")


def test_channels_one_by_one(qtbot: QtBot, asks: InProcess) -> None:
    viewer = viewer_of(qtbot, asks, "rgb")
    assert [viewer.channel.itemText(n) for n in range(4)] == ["All channels", "Red", "Green", "Blue"]
    viewer.channel.setFocus()
    for _ in range(2):
        QTest.keyClick(viewer.channel, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: viewer.canvas.image is not None and viewer.canvas.image.isGrayscale())
    qtbot.waitUntil(lambda: grey_levels(viewer.canvas.image) == KINDS["rgb"][0, :, :, 1].tolist())  # type: ignore[arg-type]


def test_the_range_can_be_stretched_typed_and_reset(qtbot: QtBot, asks: InProcess) -> None:
    viewer = viewer_of(qtbot, asks, "deep")
    values = KINDS["deep"][0, :, :, 0].astype(float)
    assert (viewer.low.text(), viewer.high.text()) == ("0", "4095")

    def is_drawn_from(low: float, high: float) -> bool:
        image = viewer.canvas.image
        wanted = np.clip((values - low) / (high - low) * 255, 0, 255)
        return image is not None and float(np.abs(np.array(grey_levels(image)) - wanted).max()) < 0.6

    assert is_drawn_from(0, 4095)
    QTest.mouseClick(viewer.stretch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_drawn_from(values.min(), values.max()))
    viewer.high.setFocus()
    viewer.high.selectAll()
    QTest.keyClicks(viewer.high, "2e")
    assert viewer.high.property("invalid")
    QTest.keyClicks(viewer.high, "3")
    qtbot.waitUntil(lambda: is_drawn_from(values.min(), 2000))
    assert not viewer.high.property("invalid")
    QTest.mouseClick(viewer.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_drawn_from(0, 4095))


def test_arrow_keys_go_through_the_rows(qtbot: QtBot, asks: InProcess) -> None:
    viewer = viewer_of(qtbot, asks, "gaps")
    assert not viewer.previous.isEnabled()
    QTest.keyClick(viewer.canvas, Qt.Key.Key_Right)
    wait_for_row(qtbot, viewer, 1)
    QTest.keyClick(viewer.canvas, Qt.Key.Key_Down)
    wait_for_row(qtbot, viewer, 2)
    assert viewer.canvas.image is None
    viewer.grab()
    QTest.keyClick(viewer.canvas, Qt.Key.Key_Right)
    assert not viewer.next.isEnabled()
    QTest.keyClick(viewer.canvas, Qt.Key.Key_Left)
    wait_for_row(qtbot, viewer, 1)
    assert viewer.canvas.image is not None


def test_zooming_keeps_the_pixel_under_the_cursor(qtbot: QtBot, asks: InProcess) -> None:
    viewer = viewer_of(qtbot, asks, "grey")
    canvas = viewer.canvas
    place = QPointF(canvas.width() * 0.4, canvas.height() * 0.6)
    fitted, pixel = canvas.zoom, canvas.pixel_at(place)
    canvas.zoom_by(2, place)
    assert canvas.zoom == pytest.approx(2 * fitted)
    assert canvas.pixel_at(place) == pixel
    QTest.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.zoom * canvas.devicePixelRatioF() == pytest.approx(1)
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.zoom == pytest.approx(fitted)
    canvas.zoom_by(3)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    wait_for_row(qtbot, viewer, 1)
    assert canvas.zoom == pytest.approx(3 * fitted), "the next image of the same size is seen as the one before"


def test_pixels_stay_squares_when_they_are_enlarged(qtbot: QtBot, asks: InProcess) -> None:
    viewer = viewer_of(qtbot, asks, "grey")
    rect, zoom = viewer.canvas.shown_rect(), viewer.canvas.zoom
    shot = viewer.canvas.grab().toImage()
    for x, y in ((3, 5), (14, 14), (20, 9)):
        for part in (0.25, 0.75):
            place = rect.topLeft() + QPointF(x + part, y + part) * zoom
            ratio = shot.devicePixelRatio()
            level = shot.pixelColor(int(place.x() * ratio), int(place.y() * ratio)).red()
            assert level == GREY[0, y, x, 0]


def test_it_is_saved_and_copied(qtbot: QtBot, asks: InProcess, tmp_path: Path) -> None:
    viewer = viewer_of(qtbot, asks, "rgba")
    exports = viewer._exports()
    assert exports is not None
    with qtbot.waitSignal(viewer.save.saved):
        viewer.save.save(exports.files[0], tmp_path / "out.png")
    saved = QImage(str(tmp_path / "out.png")).convertToFormat(QImage.Format.Format_RGBA8888)
    wanted = KINDS["rgba"][0, 2, 3].tolist()
    color = saved.pixelColor(3, 2)
    assert [color.red(), color.green(), color.blue(), color.alpha()] == wanted
    viewer.save.copy_image()
    assert QGuiApplication.clipboard().image().size() == saved.size()
