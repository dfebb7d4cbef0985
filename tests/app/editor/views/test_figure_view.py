"""Figures on the screen: drawn beside the GUI thread, sharp, the newest last; saved as PNG, SVG and CSV."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.editor.look import look
from app.editor.views import figure_view
from app.editor.views.background import in_background, wait_until_idle
from app.editor.views.exporting import Export, ExportButton, Exports
from app.editor.views.figure_data import figure_csv
from app.editor.views.figure_view import FigureImage, FigureRequest, FigureView, render_figure
from nodes.values.figure import (
    BarsFigure,
    Box,
    BoxesFigure,
    DiagramBox,
    DiagramEdge,
    DiagramFigure,
    Figure,
    HeatMapFigure,
    HistogramFigure,
    ImagesFigure,
    Line,
    LinesFigure,
    Points,
    PointsFigure,
    TextFigure,
)

pytestmark = pytest.mark.usefixtures("light", "at_rest")
CURVE = LinesFigure("Curve", [Line("a", [1, 2, 3], [1.0, 4.0, 2.0])], "epoch")
BARS = BarsFigure("Bars", [f"name {n}" for n in range(60)], {"value": [float(n) for n in range(60)]})


def shown(qtbot: QtBot, figure: Figure, size: tuple[int, int] = (420, 260)) -> FigureView:
    view = FigureView()
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    with qtbot.waitSignal(view.drawn, timeout=20_000):
        view.show_figure(figure)
    return view


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


def test_lines_fill_the_view_and_are_drawn_again_when_it_is_resized(qtbot: QtBot) -> None:
    view = shown(qtbot, CURVE)
    assert view.image is not None
    first = view.image.deviceIndependentSize()
    assert abs(first.height() - view.height()) <= 2
    with qtbot.waitSignal(view.drawn, timeout=20_000):
        view.resize(600, 320)
    assert view.image.deviceIndependentSize().width() - first.width() > 150


def test_a_long_figure_scrolls_rather_than_shrinks(qtbot: QtBot) -> None:
    view = shown(qtbot, BARS)
    assert view.image is not None
    assert view.image.deviceIndependentSize().height() > 2 * view.height()
    assert view._scroll.verticalScrollBar().maximum() > 0


def test_another_theme_is_another_drawing(qtbot: QtBot) -> None:
    view = shown(qtbot, CURVE)
    assert view.image is not None
    light = colours(view.image)
    with qtbot.waitSignal(view.drawn, timeout=20_000):
        look().choose("dark")
    assert colours(view.image) != light


def test_a_drawing_has_a_pixel_per_pixel_of_the_screen() -> None:
    drawn = render_figure(FigureRequest(CURVE, 300, 200, 2.0, dark=False))
    assert (drawn.image.width(), drawn.image.height()) == (600, 400)
    assert drawn.image.devicePixelRatio() == 2.0


def test_nothing_is_drawn_on_the_gui_thread_and_of_many_sketches_the_last_wins(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def spied(request: FigureRequest) -> FigureImage:
        threads.append(threading.get_ident())
        return render_figure(request)

    monkeypatch.setattr(figure_view, "render_figure", spied)
    view = shown(qtbot, CURVE)
    threads.clear()
    last = LinesFigure("Last", [Line("z", [0, 1], [0, 1])])
    with qtbot.waitSignal(view.drawn, timeout=20_000):
        for n in range(30):
            view.show_figure(LinesFigure(str(n), [Line("a", [0, 1], [n, 1])]))
        view.show_figure(last)
    assert view.figure is last
    assert len(threads) <= 3
    assert threading.get_ident() not in threads


def test_a_view_that_goes_while_it_is_drawn_leaves_nothing_behind(qtbot: QtBot) -> None:
    view = FigureView()
    view.resize(300, 200)
    view.show()
    view.show_figure(CURVE)
    qtbot.wait(70)
    view.deleteLater()
    del view
    qtbot.wait(10)
    assert wait_until_idle()
    qtbot.wait(10)


def test_what_cannot_be_drawn_is_said(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    view = FigureView()
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    view.show_figure(LinesFigure("broken", [Line("a", [1, 2], [1])]))
    qtbot.waitUntil(lambda: "cannot be drawn" in view._sheet.message, timeout=20_000)
    assert "failed" in caplog.text


# ---------------------------------------------------------------------------------------------------------------- saving


@pytest.mark.parametrize(("kind", "start"), [("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"epoch,a")])
def test_it_is_saved_as_chosen_in_the_menu(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, start: bytes
) -> None:
    view = shown(qtbot, CURVE)
    chosen = tmp_path / "mine"  # without a suffix: it gets one
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(chosen), ""))
    (action,) = [a for a in view.exports.filled_menu().actions() if f"as {kind} " in a.text()]
    with qtbot.waitSignal(view.exports.saved, timeout=20_000) as saved:
        action.trigger()
    assert saved.args == [chosen.with_suffix(f".{kind.lower()}")]
    assert chosen.with_suffix(f".{kind.lower()}").read_bytes().startswith(start)


def test_it_is_copied_as_picture_and_as_data(qtbot: QtBot) -> None:
    view = shown(qtbot, CURVE)
    view.exports.copy_text()
    assert QGuiApplication.clipboard().text().splitlines()[:2] == ["epoch\ta", "1\t1"]
    view.exports.copy_image()
    image = QGuiApplication.clipboard().image()
    assert view.image is not None
    assert image.size() == view.image.size()
    assert image.pixelColor(1, image.height() - 1).name() == look().colors.panel.lower()


def test_a_file_that_cannot_be_written_is_told_of(qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    button = ExportButton(lambda: Exports("x"))
    qtbot.addWidget(button)
    button.save(Export("CSV", lambda: b"x"), tmp_path / "no folder" / "x.csv")
    qtbot.waitUntil(lambda: bool(button.findChildren(QMessageBox)), timeout=5000)
    (box,) = button.findChildren(QMessageBox)
    assert "could not be written" in box.text()
    assert "folder" in box.informativeText()
    box.close()
    assert caplog.records


def test_the_menu_opens_by_keyboard(qtbot: QtBot) -> None:
    view = shown(qtbot, CURVE)
    seen: list[int] = []
    view.exports._menu.aboutToShow.connect(lambda: seen.append(1))
    view.exports._menu.aboutToShow.connect(view.exports._menu.close, Qt.ConnectionType.QueuedConnection)
    view.exports.setFocus()
    assert view.exports.accessibleName()
    qtbot.keyClick(view.exports, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(seen))


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (
            LinesFigure(
                "t", [Line("a", [1, 2], [0.5, float("nan")], "loss"), Line("b", [2], [3], "loss", style="faint")], "epoch"
            ),
            'epoch,"loss, a","loss, b, per batch"\n1,0.5,\n2,,3\n',
        ),
        (HeatMapFigure("t", [[1, 2.5]], ["r"], ["c", "d"], "actual"), "actual,c,d\nr,1,2.5\n"),
        (BarsFigure("t", ["x", "y,z"], {"s": [1, 2], "u": [0.1, 3]}), ',s,u\nx,1,0.1\n"y,z",2,3\n'),
        (ImagesFigure("t", np.zeros((2, 1, 1, 1), np.uint8), ["only one"]), "image,caption\n1,only one\n2,\n"),
        (TextFigure("t", "a\nb"), "a\nb\n"),
        (PointsFigure("t", [Points("s", [1], [2.5]), Points("u", [0], [1])], "a", "b"), "series,a,b\ns,1,2.5\nu,0,1\n"),
        (PointsFigure("t", [Points("s", [1], [2], [7])], shade_label="age"), "series,x,y,age\ns,1,2,7\n"),
        (HistogramFigure("t", [0, 1, 3], {"n": [4, 5]}), "from,to,n\n0,1,4\n1,3,5\n"),
        (
            BoxesFigure("t", [Box("g", [0, 9], [2, 3, 6], [11, 12.5])]),
            ",low,first quartile,median,third quartile,high,outliers\ng,0,2,3,6,9,11 12.5\n",
        ),
        (
            DiagramFigure("t", [DiagramBox("a", ["b", "c"]), DiagramBox("d")], [DiagramEdge(0, 1, "x"), DiagramEdge(1, None)]),
            "box,lines,to\na,b; c,2\nd,,\n",
        ),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_a_figure_as_csv(figure: Any, text: str) -> None:
    assert figure_csv(figure) == text


# ------------------------------------------------------------------------------------------------------------ background


def test_work_in_the_background_is_done_in_order_and_told_in_the_gui_thread(qtbot: QtBot) -> None:
    told: list[tuple[int, bool]] = []
    gui = threading.get_ident()
    for n in range(5):
        in_background(lambda n=n: n, lambda n: told.append((n, threading.get_ident() == gui)))  # type: ignore[misc]
    qtbot.waitUntil(lambda: len(told) == 5)
    assert told == [(n, True) for n in range(5)]


def test_work_that_is_dropped_is_not_told(qtbot: QtBot) -> None:
    told: list[int] = []
    held = threading.Event()
    in_background(held.wait, lambda _: told.append(1))
    task = in_background(lambda: 2, told.append)
    task.drop()
    held.set()
    qtbot.waitUntil(lambda: told == [1])
    assert wait_until_idle()
    qtbot.wait(20)
    assert told == [1]
