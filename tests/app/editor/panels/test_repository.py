"""The node repository, driven with mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QFontMetrics, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.editor.look import interface_font
from app.editor.panels.node_types import MIME_TYPE
from app.editor.panels.repository import BROKEN, RECENT, NodeRepository
from app.editor.panels.rows import ROW, RowDelegate
from nodes.catalog import Catalog
from tests.catalog import CATALOG


@pytest.fixture
def repository(qtbot: QtBot) -> NodeRepository:
    widget = NodeRepository(CATALOG)
    qtbot.addWidget(widget)
    widget.resize(260, 800)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def find(repository: NodeRepository, *titles: str) -> QModelIndex:
    model = repository.tree.model()
    index = QModelIndex()
    for title in titles:
        index = next(i for n in range(model.rowCount(index)) if (i := model.index(n, 0, index)).data() == title)
    return index


def titles(repository: NodeRepository, *path: str) -> list[str]:
    model = repository.tree.model()
    parent = find(repository, *path)
    return [model.index(n, 0, parent).data() for n in range(model.rowCount(parent))]


def click_at(repository: NodeRepository, index: QModelIndex) -> QPoint:
    repository.tree.scrollTo(index)
    return repository.tree.visualRect(index).center()


def test_every_node_is_on_its_shelf(repository: NodeRepository) -> None:
    assert titles(repository)[:5] == ["Readers", "Images", "Tables", "Network · Layers", "Network"]
    assert titles(repository, "Network · Layers")[:3] == ["Core", "Convolution", "Pooling"]
    assert "Max Pooling 2D" in titles(repository, "Network · Layers", "Pooling")
    seen: list[str] = []

    def walk(index: QModelIndex) -> None:
        model = repository.tree.model()
        for n in range(model.rowCount(index)):
            child = model.index(n, 0, index)
            if model.rowCount(child):
                walk(child)
            else:
                seen.append(child.data(ROW).key)

    walk(QModelIndex())
    assert sorted(seen) == sorted(CATALOG)


def test_the_field_says_how_many_nodes_there_are(repository: NodeRepository) -> None:
    assert repository.field.placeholderText() == f"Search {len(CATALOG)} nodes"


def test_double_click_chooses_a_node_and_never_a_shelf(repository: NodeRepository, qtbot: QtBot) -> None:
    place = click_at(repository, find(repository, "Readers", "IDX Reader"))
    with qtbot.waitSignal(repository.node_chosen) as chosen:
        qtbot.mouseClick(repository.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(repository.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == ["readers.idx"]
    with qtbot.assertNotEmitted(repository.node_chosen):
        shelf = click_at(repository, find(repository, "Readers"))
        qtbot.mouseDClick(repository.tree.viewport(), Qt.MouseButton.LeftButton, pos=shelf)


def test_a_click_opens_and_closes_a_shelf(repository: NodeRepository, qtbot: QtBot) -> None:
    shelf = find(repository, "Network · Layers", "Pooling")
    assert not repository.tree.isExpanded(shelf)
    qtbot.mouseClick(repository.tree.viewport(), Qt.MouseButton.LeftButton, pos=click_at(repository, shelf))
    assert repository.tree.isExpanded(shelf)
    assert "Network / Layers / Pooling" in repository.expanded()


def test_a_click_on_the_chevron_toggles_once(repository: NodeRepository, qtbot: QtBot) -> None:
    shelf = find(repository, "Readers")
    place = QPoint(repository.tree.visualRect(shelf).left() - 8, click_at(repository, shelf).y())
    qtbot.mouseClick(repository.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not repository.tree.isExpanded(shelf)


def test_open_shelves_are_set_again(repository: NodeRepository) -> None:
    repository.set_expanded(["Tables", "Network / Layers", "Network / Layers / Merge"])
    assert set(repository.expanded()) == {"Tables", "Network / Layers", "Network / Layers / Merge"}


def test_searching_ranks_emphasises_and_clears(repository: NodeRepository, qtbot: QtBot) -> None:
    repository.focus_search()
    qtbot.keyClicks(repository.field, "convlution")
    rows = repository.results.rows.rows
    assert {"Convolution 1D", "Convolution 2D"} <= {row.title for row in rows}
    assert rows[0].spans == ((0, len("convlution")),)
    assert rows[0].below == "Network · Layers · Convolution"
    assert repository.results.isVisible()
    assert repository.card.isVisible()
    qtbot.keyClick(repository.field, Qt.Key.Key_Escape)
    assert repository.field.text() == ""
    assert repository.tree.isVisible()


def test_enter_takes_the_first_hit_and_arrows_go_into_the_list(repository: NodeRepository, qtbot: QtBot) -> None:
    repository.focus_search()
    qtbot.keyClicks(repository.field, "pooling")
    with qtbot.waitSignal(repository.node_chosen) as first:
        qtbot.keyClick(repository.field, Qt.Key.Key_Return)
    qtbot.keyClick(repository.field, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is repository.results
    qtbot.keyClick(repository.results, Qt.Key.Key_Down)
    with qtbot.waitSignal(repository.node_chosen) as second:
        qtbot.keyClick(repository.results, Qt.Key.Key_Return)
    assert first.args == [repository.results.rows.rows[0].key]
    assert second.args == [repository.results.rows.rows[1].key]


def test_down_goes_into_the_tree_where_enter_opens_and_chooses(repository: NodeRepository, qtbot: QtBot) -> None:
    repository.focus_search()
    qtbot.keyClick(repository.field, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is repository.tree
    qtbot.keyClick(repository.tree, Qt.Key.Key_Return)
    assert "Readers" not in repository.expanded()
    qtbot.keyClick(repository.tree, Qt.Key.Key_Return)
    qtbot.keyClick(repository.tree, Qt.Key.Key_Down)
    with qtbot.waitSignal(repository.node_chosen) as chosen:
        qtbot.keyClick(repository.tree, Qt.Key.Key_Return)
    assert chosen.args == ["readers.arff"]


def test_nothing_found_says_so(repository: NodeRepository, qtbot: QtBot) -> None:
    qtbot.keyClicks(repository.field, "qqxyzzy")
    assert not repository.results.isVisible()
    assert not repository.card.isVisible()


def test_recently_used_come_first_and_follow(repository: NodeRepository) -> None:
    repository.set_recent(["keras.dense", "gone.type", "readers.idx"])
    assert titles(repository)[0] == RECENT
    assert titles(repository, RECENT) == ["Dense", "IDX Reader"]
    repository.set_recent(["readers.csv"])
    assert titles(repository, RECENT) == ["CSV Reader"]
    repository.set_recent([])
    assert RECENT not in titles(repository)


def test_the_card_tells_ports_and_leads_to_the_help(repository: NodeRepository, qtbot: QtBot) -> None:
    repository.tree.setCurrentIndex(find(repository, "Network", "Keras Network Learner"))
    card = repository.card
    assert card.isVisible()
    shown = [label.text() for label in card.findChildren(type(card._title)) if label.isVisible()]
    assert "Keras Network Learner" in shown
    assert "Validation data (optional)" in shown
    assert "History" in shown
    link = card._description
    place = next(
        QPoint(x, y) for y in range(link.height() - 4, 0, -4) for x in range(0, link.width(), 4) if _is_link(link, QPoint(x, y))
    )
    with qtbot.waitSignal(repository.help_requested) as asked:
        qtbot.mouseClick(link, Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == ["networks.learner"]


def _is_link(label: QWidget, place: QPoint) -> bool:
    QTest.mouseMove(label, place)
    QApplication.processEvents()
    return label.cursor().shape() is Qt.CursorShape.PointingHandCursor


def test_a_plugin_that_failed_is_a_warning_with_its_reason(qtbot: QtBot) -> None:
    widget = NodeRepository(Catalog(CATALOG.classes, {"augmentor": "ModuleNotFoundError: No module named 'imgaug'"}))
    qtbot.addWidget(widget)
    widget.show()
    assert titles(widget)[-1] == BROKEN
    warning = find(widget, BROKEN, "augmentor")
    assert "imgaug" in warning.data(Qt.ItemDataRole.ToolTipRole)
    widget.tree.setCurrentIndex(warning)
    assert "imgaug" in widget.card._description.text()
    with qtbot.assertNotEmitted(widget.node_chosen):
        qtbot.mouseDClick(widget.tree.viewport(), Qt.MouseButton.LeftButton, pos=click_at(widget, warning))


@pytest.mark.parametrize("typed", ["", "csv read"])
def test_a_node_is_dragged_with_the_mouse(repository: NodeRepository, qtbot: QtBot, typed: str) -> None:
    """Qt's offscreen platform ends every drag at once; what was about to be dragged can be seen all the same."""
    repository.field.setText(typed)
    if typed:
        view: QWidget = repository.results
        place = repository.results.visualRect(repository.results.rows.index(0)).center()
    else:
        view = repository.tree
        place = click_at(repository, find(repository, "Readers", "CSV Reader"))
    viewport = view.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=place)
    for step in (4, 30):
        at = place + QPoint(step, 0)
        held = Qt.MouseButton.LeftButton
        where = QPointF(at), QPointF(viewport.mapToGlobal(at))
        moved = QMouseEvent(QEvent.Type.MouseMove, *where, Qt.MouseButton.NoButton, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(viewport, moved)
    drag = view.findChild(QDrag)
    assert bytes(drag.mimeData().data(MIME_TYPE).data()) == b"readers.csv"
    assert drag.pixmap().deviceIndependentSize().width() == 56


def test_a_shelf_cannot_be_dragged(repository: NodeRepository, qtbot: QtBot) -> None:
    repository.tree.setCurrentIndex(find(repository, "Readers"))
    repository.tree.startDrag(Qt.DropAction.CopyAction)
    assert repository.tree.findChild(QDrag) is None


def test_names_are_cut_in_the_middle_and_only_where_there_is_no_room(repository: NodeRepository) -> None:
    repository.resize(244, 700)
    tree, model = repository.tree, repository.tree.model()
    tree.expandAll()
    QApplication.processEvents()
    delegate = tree.itemDelegate()
    assert isinstance(delegate, RowDelegate)
    assert delegate.elide is Qt.TextElideMode.ElideMiddle, "names of a shelf begin alike"
    flags = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
    (index,) = model.match(model.index(0, 0), Qt.ItemDataRole.DisplayRole, "Image Reader (Table)", 1, flags)
    room = tree.visualRect(index).width() - 32  # the square and the gaps
    assert QFontMetrics(interface_font()).horizontalAdvance("Image Reader (Table)") <= room
    assert str(index.data(Qt.ItemDataRole.ToolTipRole)).startswith("Image Reader (Table)"), "all of a name is in its tooltip"
