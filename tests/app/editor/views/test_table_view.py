"""The table view: what it shows is what the engine has, in the order it was asked for; it asks for what is seen, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.model import NodeRecord, Workflow
from app.editor.engine.client import EngineClient
from app.editor.look import look
from app.editor.views.background import wait_until_idle
from app.editor.views.statistics_view import DISTRIBUTION, StatisticsView
from app.editor.views.table_model import PAGE_ROWS
from app.editor.views.table_view import TableView
from app.engine.messages.tables import CopyQuestion, RowsQuestion, SortOrder
from nodes.values.table import Table
from tests.app.editor.views.in_process import InProcess

CLASSES = ("Bag", "Coat", "Dress")
ROWS = 1000


def frame(rows: int = ROWS) -> pl.DataFrame:
    random = np.random.default_rng(5)
    return pl.DataFrame(
        {
            "image": pl.Series(random.integers(0, 256, (rows, 8, 8, 3), dtype=np.uint8)),
            "n": pl.Series(range(rows), dtype=pl.Int64),
            "score": [None if n % 7 == 0 else float(v) for n, v in enumerate(random.normal(size=rows))],
            "label": pl.Series(random.integers(0, 3, rows), dtype=pl.UInt8),
            "text": [f"item {n}" for n in range(rows)],
        }
    )


TABLES = {
    "a": Table.of(frame(), {"label": CLASSES}),
    "b": Table.of(frame(300), {"label": CLASSES}),
    "empty": Table.of(frame(0)),
    "wide": Table.of(pl.DataFrame({f"c{n}": [n] for n in range(200)})),
}


@pytest.fixture(name="asks")
def _asks(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path, **TABLES)


Show = Callable[..., TableView]


@pytest.fixture(name="show")
def _show(qtbot: QtBot, asks: InProcess) -> Iterator[Show]:
    views: list[TableView] = []

    def show(node: str = "a", key: str = "key", **more: object) -> TableView:
        if not views:
            views.append(TableView(asks, "document"))
            qtbot.addWidget(views[0])
            views[0].resize(760, 420)
            views[0].show()
        views[0].show_output(node, "table", key, **more)  # type: ignore[arg-type]
        settle(qtbot, views[0])
        return views[0]

    look().choose("light")
    yield show
    wait_until_idle()


def settle(qtbot: QtBot, view: TableView) -> None:
    """Wait until all that is looked at has come."""
    qtbot.waitUntil(lambda: view.model.source is not None and view.model.is_complete, timeout=5000)


def column(view: TableView, name: str) -> int:
    return [c.name for c in view.model.columns].index(name)


def shown(view: TableView, name: str, rows: range) -> list[str | None]:
    return [view.model.data(view.model.index(row, column(view, name))) for row in rows]


def click_header(view: TableView, name: str) -> None:
    header = view.table.header
    place = QPoint(header.sectionViewportPosition(column(view, name)) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)


# ----------------------------------------------------------------------------------------------------------------- cells


def test_the_first_rows_are_shown_and_the_number_of_rows_is_exact(show: Show) -> None:
    view = show()
    assert (view.model.rowCount(), view.model.columnCount()) == (ROWS, 5)
    assert shown(view, "n", range(5)) == ["0", "1", "2", "3", "4"]
    assert shown(view, "label", range(3)) == [CLASSES[n] for n in frame()["label"][:3]]
    assert view.model.cell(0, column(view, "score")) == (True, None)
    has_come, image = view.model.cell(2, 0)
    assert has_come
    assert isinstance(image, QImage)
    pixel = image.pixelColor(3, 4)
    assert [pixel.red(), pixel.green(), pixel.blue()] == frame()["image"][2].to_list()[4][3]


def test_only_what_is_looked_at_is_asked_for(qtbot: QtBot, show: Show, asks: InProcess) -> None:
    view = show()
    asked_rows = [q.start for q in asks.of(RowsQuestion)]
    assert max(asked_rows) <= 3 * PAGE_ROWS
    assert view.model.cell(700, 1) == (False, None)
    view.table.scrollToBottom()
    settle(qtbot, view)
    assert shown(view, "n", range(ROWS - 3, ROWS)) == ["997", "998", "999"]
    starts = [q.start for q in asks.of(RowsQuestion)]
    assert len(starts) == len(set(starts)), "no page is asked for twice"


def test_a_wide_table_is_read_by_blocks_of_columns(qtbot: QtBot, show: Show, asks: InProcess) -> None:
    view = show("wide")
    assert all(len(q.columns or ()) <= 16 for q in asks.of(RowsQuestion))
    assert view.model.cell(0, 199) == (False, None)
    view.table.horizontalScrollBar().setValue(view.table.horizontalScrollBar().maximum())
    settle(qtbot, view)
    assert shown(view, "c199", range(1)) == ["199"]


def test_answers_for_what_is_not_shown_any_more_are_dropped(qtbot: QtBot, show: Show, asks: InProcess) -> None:
    view = show()
    asks.holds_back = True
    view.sort_by(SortOrder(column="n", descending=True))
    asks.holds_back, held = False, asks._held
    view.show_output("b", "table", "other")
    settle(qtbot, view)
    for ticket, answer in held:
        ticket.deliver(answer)
    assert view.model.rowCount() == 300
    assert shown(view, "n", range(2)) == ["0", "1"]


def test_a_new_result_of_the_same_node_keeps_order_and_widths(qtbot: QtBot, show: Show) -> None:
    view = show()
    view.sort_by(SortOrder(column="n", descending=True))
    view.table.setColumnWidth(1, 222)
    settle(qtbot, view)
    show("a", "new key")
    assert view.model.sort_order == SortOrder(column="n", descending=True)
    assert view.table.columnWidth(1) == 222
    assert shown(view, "n", range(2)) == ["999", "998"]


def test_only_rows_with_certain_values(show: Show) -> None:
    view = show("a", where={"label": "Coat"})
    assert view.model.rowCount() == int((frame()["label"] == 1).sum())
    assert set(shown(view, "label", range(10))) == {"Coat"}


def test_an_empty_table_and_none_at_all(qtbot: QtBot, show: Show) -> None:
    view = show("empty")
    assert (view.model.rowCount(), view.model.columnCount()) == (0, 5)
    view.grab()
    view.clear()
    assert view.model.columnCount() == 0
    view.grab()


def test_what_cannot_be_shown_is_said(qtbot: QtBot, show: Show, asks: InProcess) -> None:
    view = show()
    view.show_output("a", "no such port", "key")
    qtbot.waitUntil(lambda: bool(view.messages.messages))
    assert "no table" in view.messages.messages[0].text.text()
    assert view.model.rowCount() == 0


# ----------------------------------------------------------------------------------------------------------------- order


def test_a_click_on_a_header_sorts_rising_then_falling_then_not(qtbot: QtBot, show: Show) -> None:
    view = show()
    wanted = frame().sort("score", nulls_last=True)["n"].to_list()
    click_header(view, "score")
    settle(qtbot, view)
    assert shown(view, "n", range(5)) == [str(n) for n in wanted[:5]]
    assert "ascending" in view.model.headerData(2, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole)
    click_header(view, "score")
    settle(qtbot, view)
    falling = frame().sort("score", descending=True, nulls_last=True)["n"].to_list()
    assert shown(view, "n", range(5)) == [str(n) for n in falling[:5]]
    click_header(view, "score")
    settle(qtbot, view)
    assert view.model.sort_order is None
    assert shown(view, "n", range(3)) == ["0", "1", "2"]


def test_images_have_no_order(show: Show) -> None:
    view = show()
    click_header(view, "image")
    assert view.model.sort_order is None
    assert "cannot be put in order" in view.messages.messages[0].text.text()


def test_hidden_columns_come_back(show: Show) -> None:
    view = show()
    texts = {a.text(): a for a in view.menu(1).actions()}
    texts["Hide column"].trigger()
    assert view.table.shown_columns() == [0, 2, 3, 4]
    {a.text(): a for a in view.menu(2).actions()}["Show all columns"].trigger()
    assert view.table.shown_columns() == [0, 1, 2, 3, 4]


# --------------------------------------------------------------------------------------------------------------- finding


def test_the_find_bar_goes_from_match_to_match_and_round(qtbot: QtBot, show: Show) -> None:
    view = show()
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.find_bar.isVisible()
    QTest.keyClicks(view.find_bar.field, "ITEM 99")
    for row in (99, 990, 991, 992):
        if row != 99:
            QTest.keyClick(view.find_bar.field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda row=row: view.table.currentIndex().row() == row)
    QTest.keyClick(view.find_bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: view.table.currentIndex().row() == 991)
    view.find_bar.row = 999
    QTest.keyClick(view.find_bar.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.table.currentIndex().row() == 99)
    assert "beginning" in view.find_bar.said.text()
    view.find_bar.field.setText("nowhere")
    view.find_bar.search()
    qtbot.waitUntil(lambda: view.find_bar.said.text() == "Not found.")
    QTest.keyClick(view.find_bar.field, Qt.Key.Key_Escape)
    assert not view.find_bar.isVisible()


# ---------------------------------------------------------------------------------------------------- clipboard and files


def test_selected_cells_are_copied_in_the_order_that_is_shown(qtbot: QtBot, show: Show) -> None:
    view = show()
    view.sort_by(SortOrder(column="n", descending=True))
    settle(qtbot, view)
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    selection = view.table.selectionModel()
    selection.select(view.model.index(0, 1), QItemSelectionModel.SelectionFlag.ClearAndSelect)
    selection.select(view.model.index(2, 4), QItemSelectionModel.SelectionFlag.Select)
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: clipboard.text() != "")
    assert clipboard.text() == "999\titem 999\n997\titem 997"


def test_everything_selected_is_copied_by_ranges(qtbot: QtBot, show: Show, asks: InProcess) -> None:
    view = show()
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    view.copy(header=True)
    assert asks.of(CopyQuestion)[0].ranges == ((0, ROWS),)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text().startswith("image\tn\tscore"))
    assert len(QGuiApplication.clipboard().text().splitlines()) == ROWS + 1


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_is_exported_as_it_is_shown(qtbot: QtBot, show: Show, tmp_path: Path, suffix: str) -> None:
    view = show()
    view.sort_by(SortOrder(column="n", descending=True))
    view.table.setColumnHidden(column(view, "text"), True)
    path = tmp_path / f"out.{suffix}"
    view.export_to(path)
    qtbot.waitUntil(lambda: "1\u202f000 rows are in" in view.messages.messages[-1].text.text())
    read = (pl.read_csv if suffix == "csv" else pl.read_parquet)(path)
    assert read["n"].to_list() == list(range(ROWS))[::-1]
    assert read.columns == [c for c in ("image", "n", "score", "label") if suffix == "parquet" or c != "image"]
    assert ("cannot hold: image" in view.messages.messages[-1].text.text()) == (suffix == "csv")


def test_a_file_that_cannot_be_written_is_a_message(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    view = show()
    view.export_to(tmp_path / "missing" / "out.csv")
    qtbot.waitUntil(lambda: any("cannot be written" in m.text.text() for m in view.messages.messages))


# ---------------------------------------------------------------------------------------------------------- mouse and looks


def test_a_double_click_on_an_image_opens_the_viewer(qtbot: QtBot, show: Show) -> None:
    view = show()
    place = view.table.visualRect(view.model.index(1, 0)).center()
    QTest.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view._viewer is not None
    viewer = view._viewer
    qtbot.waitUntil(lambda: viewer.canvas.image is not None)
    assert "2 of 1\u202f000" in viewer.place.text()
    viewer.close()


def test_it_follows_the_look(qtbot: QtBot, show: Show) -> None:
    view = show()
    light = view.grab().toImage()
    look().choose("dark")
    dark = view.grab().toImage()
    assert dark.pixelColor(400, 300).lightness() < 80 < light.pixelColor(400, 300).lightness()
    look().choose("light")


# ------------------------------------------------------------------------------------------------------------ statistics


def test_figures_of_all_columns_fill_in(qtbot: QtBot, asks: InProcess) -> None:
    view = StatisticsView(asks, "document")
    qtbot.addWidget(view)
    view.resize(1000, 420)
    view.show()
    view.show_output("a", "table", "key")
    view.show_column("score")
    qtbot.waitUntil(lambda: view.model.rowCount() == 5 and all(view.model.figures(n) for n in range(5)))
    assert view.table.currentIndex().row() == 2
    score = frame()["score"]
    texts = view.model.figures(2)
    assert texts is not None
    assert texts.texts[2].startswith("143  14\u202f%")
    assert float(texts.texts[5]) == pytest.approx(score.mean(), rel=1e-4)
    label = view.model.figures(3)
    assert label is not None
    assert {b.text: b.count for b in label.bars} == {CLASSES[v]: n for v, n in frame()["label"].value_counts().rows()}
    assert view.model.figures(0) is not None
    assert view.model.figures(0).image is not None  # type: ignore[union-attr]
    assert "Bag: " in view.model.data(view.model.index(3, DISTRIBUTION))
    view.grab()
    view.save.copy_text()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].startswith("Column\tType\tMissing")
    assert len(lines) == 6


# ------------------------------------------------------------------------------------------------------- the real engine


def test_with_the_real_engine(qtbot: QtBot, engine: EngineClient, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("name,value\n" + "\n".join(f"r{n},{(n * 37) % 101}" for n in range(500)))
    record = NodeRecord(id="reader", type="readers.csv", type_version=1, settings={"path": "in.csv"})
    engine.open("document", Document(Workflow(nodes=[record]), {}), tmp_path)
    with qtbot.waitSignal(
        engine.run_changed, timeout=30_000, check_params_cb=lambda _, run: run.status in ("done", "failed", "cancelled")
    ):
        engine.run("document")
    view = TableView(engine, "document")
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show()
    view.show_output("reader", "table", "key")
    settle(qtbot, view)
    assert view.model.rowCount() == 500
    view.sort_by(SortOrder(column="value", descending=True))
    settle(qtbot, view)
    assert shown(view, "value", range(4)) == ["100"] * 4
    view.clear()
