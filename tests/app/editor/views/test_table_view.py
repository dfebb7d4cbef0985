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
from app.editor.preferences import PreferenceStore
from app.editor.views.background import wait_until_idle
from app.editor.views.filter_popup import kinds_for
from app.editor.views.picture_sides import PictureSides
from app.editor.views.statistics_view import DISTRIBUTION, StatisticsView
from app.editor.views.table_model import PAGE_ROWS
from app.editor.views.table_view import TableView
from app.engine.messages.tables import CellCondition, CopyQuestion, RowsQuestion, SortOrder
from nodes.values.table import Table
from tests.app.editor.views.in_process import InProcess
from tests.app.engine.inspection.asked import stored

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


# --------------------------------------------------------------------------------------------- filters, widths, pictures


def filtered(qtbot: QtBot, view: TableView, name: str, **fields: str) -> None:
    """Filter a column by its popup, as a person does; wait until the rows have come."""
    popup = view.open_filter(name, view.mapToGlobal(QPoint(10, 60)))
    assert popup is not None
    popup.kind.setCurrentIndex(popup.kind.findData(fields.pop("kind")))
    for field, text in fields.items():
        getattr(popup, field).setText(text)
    with qtbot.waitSignal(view.model.opened):
        popup.take()
    settle(qtbot, view)


def test_a_column_is_filtered_and_the_number_of_rows_that_fit_is_told(qtbot: QtBot, show: Show) -> None:
    view = show()
    filtered(qtbot, view, "n", kind="range", low="100", high="149")
    assert view.model.rowCount() == 50
    assert view.tools.count.text() == "50 of 1\u202f000 rows"
    filtered(qtbot, view, "label", kind="equals", text="Coat")
    expected = frame().filter(pl.col("n").is_between(100, 149) & (pl.col("label") == 1))["n"].cast(pl.String).to_list()
    assert shown(view, "n", range(len(expected))) == expected
    assert [chip.text() for chip in view.tools.chips] == ["n 100 … 149", "label equals Coat"]
    view.sort_by(SortOrder(column="n", descending=True))
    settle(qtbot, view)
    assert shown(view, "n", range(len(expected))) == expected[::-1]
    with qtbot.waitSignal(view.model.opened):
        QTest.mouseClick(view.tools.clear, Qt.MouseButton.LeftButton)
    settle(qtbot, view)
    assert (view.model.rowCount(), view.tools.chips, view.tools.count.text()) == (ROWS, [], "1\u202f000 rows")
    assert shown(view, "n", range(1)) == ["999"], "the order stays"


def test_one_filter_is_taken_away_and_the_others_stay(qtbot: QtBot, show: Show) -> None:
    view = show()
    filtered(qtbot, view, "score", kind="missing")
    filtered(qtbot, view, "text", kind="contains", text="ITEM 7")
    missing = [n for n in range(ROWS) if n % 7 == 0]
    assert view.model.rowCount() == sum(str(n).startswith("7") for n in missing)
    popup = view.open_filter("text", QPoint(50, 50))
    assert popup is not None
    assert popup.text.text() == "ITEM 7", "it opens as it was left"
    with qtbot.waitSignal(view.model.opened):
        QTest.mouseClick(popup.remove, Qt.MouseButton.LeftButton)
    assert view.model.rowCount() == len(missing)


def test_a_filter_that_makes_no_sense_is_a_message_and_what_was_shown_stays(qtbot: QtBot, show: Show) -> None:
    view = show()
    popup = view.open_filter("n", QPoint(50, 50))
    assert popup is not None
    popup.low.setText("many")
    with qtbot.waitSignal(view.model.failed):
        popup.take()
    assert "'many' is no number." in view.messages.messages[-1].text.text()
    assert (view.model.rowCount(), view.model.filters) == (ROWS, ())


def test_where_no_row_fits_the_table_says_so_and_the_filter_can_be_taken_back(qtbot: QtBot, show: Show) -> None:
    view = show()
    filtered(qtbot, view, "text", kind="equals", text="nowhere")
    assert (view.model.rowCount(), view.tools.count.text()) == (0, "0 of 1\u202f000 rows")
    assert view.tools.clear.isVisible()
    with qtbot.waitSignal(view.model.opened):
        view.clear_filters()
    assert view.model.rowCount() == ROWS


def test_another_result_of_the_same_output_stays_filtered_and_another_output_is_whole(qtbot: QtBot, show: Show) -> None:
    view = show()
    filtered(qtbot, view, "n", kind="range", high="9")
    show(key="other")
    assert view.model.rowCount() == 10
    show("b")
    assert (view.model.rowCount(), view.tools.count.text()) == (300, "300 rows")


def test_columns_offer_what_their_kind_can_be_filtered_for(show: Show) -> None:
    view = show()
    offered = {c.name: kinds_for(c) for c in view.model.columns}
    assert offered["image"] == ("missing", "present")
    assert offered["n"][0] == offered["score"][0] == "range"
    assert offered["text"][0] == "contains"
    assert offered["label"][0] == "equals"


def test_columns_are_refitted_after_sorting_but_not_those_that_the_person_made_wide(qtbot: QtBot, asks: InProcess) -> None:
    texts = [*(["x"] * 300), "a long text that is the last one in the order of the alphabet"]
    asks.outputs["grown"] = stored(
        asks.folder / "grown", Table.of(pl.DataFrame({"text": [f"{n:03} {t}" for n, t in enumerate(texts)], "own": texts}))
    )
    view = TableView(asks, "document")
    qtbot.addWidget(view)
    view.resize(760, 420)
    view.show()
    view.show_output("grown", "table", "key")
    settle(qtbot, view)
    narrow = view.table.columnWidth(0)
    view.table.header.resizeSection(1, 77)  # as the mouse does
    view.sort_by(SortOrder(column="text", descending=True))
    settle(qtbot, view)
    assert view.table.columnWidth(0) > narrow + 100
    assert view.table.columnWidth(1) == 77
    view.sort_by(None)
    settle(qtbot, view)
    assert view.table.columnWidth(0) == narrow


def test_pictures_are_as_tall_as_one_chooses_in_each_table(qtbot: QtBot, show: Show, asks: InProcess) -> None:
    view = show()
    assert view.table.rowHeight(0) == 44 + 8
    view.tools.side.setValue(120)
    settle(qtbot, view)
    assert view.table.rowHeight(0) == 128
    assert view.table.columnWidth(0) >= 120
    assert asks.of(RowsQuestion)[-1].size == 128, "as sharp as they are large"
    show("b")
    assert view.table.rowHeight(0) == 128, "the last choice holds for tables that are seen first"
    view.tools.side.setValue(30)
    show("a")
    assert (view.table.rowHeight(0), view.tools.side.value()) == (128, 120)
    show("wide")
    assert (view.table.rowHeight(0), view.tools.side.isVisible()) == (26, False)


def test_the_height_of_pictures_is_remembered(tmp_path: Path) -> None:
    PictureSides(PreferenceStore.load(tmp_path / "editor.json")).choose("document", "a", "table", 96)
    later = PictureSides(PreferenceStore.load(tmp_path / "editor.json"))
    assert later.of("another", "node", "table") == 96


def test_a_million_rows_are_filtered_without_the_window_waiting(qtbot: QtBot, asks: InProcess) -> None:
    asks.outputs["million"] = stored(asks.folder / "million", Table.of(pl.DataFrame({"n": range(1_000_000)})))
    view = TableView(asks, "document")
    qtbot.addWidget(view)
    view.show()
    view.show_output("million", "table", "key")
    settle(qtbot, view)
    asks.holds_back = True
    view.set_filter("n", CellCondition(column="n", kind="contains", text="99999"))
    assert (view.model.rowCount(), shown(view, "n", range(1))) == (1_000_000, ["0"]), "what was there stays meanwhile"
    asks.let_go()
    settle(qtbot, view)
    assert view.model.rowCount() == sum("99999" in str(n) for n in range(1_000_000))


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
