"""A Scorer's result on the screen: the matrix, what is behind its cells, the figures of every class."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.editor.views.confusion_view import ConfusionView, shade_of
from tests.app.editor.views.results import LocalAsks, results
from tests.app.editor.views.scored import CATALOG, CLASSES, workflow

pytestmark = pytest.mark.usefixtures("light", "at_rest")
DRESS, COAT = CLASSES.index("Dress"), CLASSES.index("Coat")


def opened(qtbot: QtBot, folder: Path, *, pictures: bool = True, rows: int = 400) -> ConfusionView:
    outputs = results(workflow(rows, pictures=pictures), CATALOG, folder)
    view = ConfusionView(LocalAsks(outputs), "doc")
    qtbot.addWidget(view)
    view.resize(900, 420)
    view.show()
    view.show_output("scorer", "confusion", outputs["scorer"].key)
    qtbot.waitUntil(lambda: view.confusion is not None)
    return view


def cell(view: ConfusionView, row: int, column: int) -> QModelIndex:
    return view.table.model().index(row, column)


def click(qtbot: QtBot, view: ConfusionView, row: int, column: int) -> None:
    index = cell(view, row, column)
    view.table.scrollTo(index)
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=view.table.visualRect(index).center())


def test_counts_totals_recall_and_precision_add_up(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    model, n = view.table.model(), len(CLASSES)
    texts = [[str(model.data(model.index(r, c)) or "0").replace("\u202f", "") for c in range(n + 2)] for r in range(n + 2)]
    for row in range(n):
        assert sum(int(t) for t in texts[row][:n]) == int(texts[row][n])
        assert float(texts[row][n + 1]) == pytest.approx(100 * int(texts[row][row]) / int(texts[row][n]), abs=0.06)
        assert sum(int(texts[r][row]) for r in range(n)) == int(texts[n][row])
        assert float(texts[n + 1][row]) == pytest.approx(100 * int(texts[row][row]) / int(texts[n][row]), abs=0.06)
    assert texts[n][n] == "400"


def test_percent_of_the_row_instead_of_counts(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    counted = str(cell(view, DRESS, DRESS).data())
    qtbot.mouseClick(view._percent, Qt.MouseButton.LeftButton)
    assert view.confusion is not None
    assert str(cell(view, DRESS, DRESS).data()) == f"{100 * int(counted) / view.confusion.row_total(DRESS):.1f}"
    qtbot.mouseClick(view._counts, Qt.MouseButton.LeftButton)
    assert cell(view, DRESS, DRESS).data() == counted


def test_a_click_opens_the_images_behind_a_cell(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    with qtbot.waitSignal(view.opened) as which:
        click(qtbot, view, DRESS, COAT)
    assert which.args == ["Dress", "Coat"]
    assert view.confusion is not None
    count = view.confusion.count(DRESS, COAT)
    qtbot.waitUntil(lambda: view.behind.images.count() == count)
    assert view.tabs.currentWidget() is view.behind
    assert "prediction: Coat" in view.behind.images.item(0).toolTip()


def test_enter_on_a_cell_opens_it_and_a_total_opens_the_whole_class(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    view.table.setFocus()
    view.table.setCurrentIndex(cell(view, DRESS, len(CLASSES) - 1))
    qtbot.keyClick(view.table, Qt.Key.Key_Right)
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.behind.shown == 40)
    assert "All Dress" in " ".join(label.text() for label in view.behind.findChildren(QLabel))


def test_more_rows_are_shown_when_asked_for(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path, rows=2000)
    click(qtbot, view, DRESS, len(CLASSES))
    qtbot.waitUntil(lambda: view.behind.shown == 120)
    qtbot.mouseClick(view.behind._more, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.behind.shown == 200)
    assert view.behind._more.isHidden()


def test_without_images_the_rows_are_shown(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path, pictures=False)
    click(qtbot, view, DRESS, DRESS)
    qtbot.waitUntil(lambda: view.behind.shown > 0)
    model = view.behind.rows.model()
    assert not view.behind.rows.isHidden()
    assert model.index(0, 1).data() == "Dress"


def test_figures_per_class_can_be_sorted(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    model = view.statistics.model()

    def column(n: int) -> list[str]:
        return [str(model.index(row, n).data()) for row in range(model.rowCount())]

    assert column(0) == list(CLASSES)
    view.statistics.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert column(2) == sorted(column(2), reverse=True)
    view.statistics.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert column(0) == list(CLASSES)


def test_cells_say_what_they_mean(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    said = cell(view, DRESS, COAT).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "of Dress taken for Coat" in said
    assert "right" in cell(view, DRESS, DRESS).data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_whole_matrix_is_seen_without_scrolling(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    assert view.table.verticalScrollBar().maximum() == 0
    assert view.table.horizontalScrollBar().maximum() == 0


def test_in_a_small_monitor_the_whole_matrix_is_seen_and_the_figures_take_turns(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    assert view.tabs.isVisible()
    assert not view.figures_button.isVisible()
    view.resize(480, 250)  # what a monitor of 480 x 330 leaves of itself
    qtbot.waitUntil(lambda: view.table.width() == 480)
    assert view.size() == QSize(480, 250), "it asks for no more"
    assert view.table.verticalScrollBar().maximum() == 0
    assert view.table.horizontalScrollBar().maximum() == 0
    last = view.table.visualRect(cell(view, len(CLASSES) + 1, len(CLASSES) + 1))
    assert view.table.viewport().rect().contains(last), "totals and measures are among it"
    click(qtbot, view, DRESS, COAT)
    assert view.behind.isVisible()
    assert not view.table.isVisible()
    qtbot.mouseClick(view.figures_button, Qt.MouseButton.LeftButton)
    assert view.table.isVisible()
    view.resize(900, 420)
    qtbot.waitUntil(view.tabs.isVisible)
    assert view.table.isVisible()


def test_the_matrix_is_saved_as_data(qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(qtbot, tmp_path)
    exports = view._exported()
    assert exports is not None
    by_kind = {export.kind: export for export in exports.files}
    with qtbot.waitSignal(view.exports.saved, timeout=20_000):
        view.exports.save(by_kind["CSV"], tmp_path / "matrix.csv")
    lines = (tmp_path / "matrix.csv").read_text().splitlines()
    assert lines[0] == ",".join(["Actual class", *CLASSES])
    assert len(lines) == 11
    assert set(by_kind) == {"PNG", "SVG", "CSV"}


def test_what_is_gone_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    outputs = results(workflow(), CATALOG, tmp_path)
    outputs["scorer"].inputs = {}
    view = ConfusionView(LocalAsks(outputs), "doc")
    qtbot.addWidget(view)
    view.show_output("scorer")
    qtbot.waitUntil(lambda: view.confusion is not None)
    assert "Run the Scorer again" in view.behind._message.text()
    view.show_output("pictures")
    qtbot.waitUntil(lambda: "Only a Scorer" in view._message.text())


def test_more_of_a_class_is_a_stronger_shade() -> None:
    def light(shade: str) -> int:
        return sum(int(shade[i : i + 2], 16) for i in (1, 3, 5))

    for right in (True, False):
        shades = [light(shade_of(share, right, "#FFFFFF")) for share in (0.01, 0.2, 0.6, 1.0)]
        assert shades == sorted(shades, reverse=True)
    assert shade_of(0.0, False, "#FFFFFF") == "#ffffff"
