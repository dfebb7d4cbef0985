"""A canvas of a small workflow, and the mouse that works on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document.editing import Document
from app.document.geometry import TILE
from app.document.model import Annotation, Connection, NodeRecord, NodeView, View, Workflow
from app.editor.canvas import Canvas
from app.editor.canvas.shown_ports import Side
from app.editor.colors import LIGHT
from app.editor.look import look
from nodes.catalog import Catalog

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.load(plugins=False)


class Hand:
    """A canvas, and a person's hand on it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.document = canvas.document
        self.view = canvas.view
        self.port = canvas.view.viewport()

    @property
    def tiles(self):
        return self.view.canvas_scene.tiles

    @property
    def wires(self):
        return set(self.document.connections)

    def spot(self, place: QPointF) -> QPoint:
        """A point of the scene in the viewport."""
        return self.view.mapFromScene(place)

    def node(self, node_id: str) -> QPointF:
        """The middle of a node's tile."""
        return self.tiles[node_id].pos() + QPointF(TILE / 2, TILE / 2)

    def at_port(self, node_id: str, side: Side, name: str) -> QPointF:
        place = self.tiles[node_id].port_place(side, name)
        assert place is not None
        return place

    def press(self, place: QPointF, modifiers=NONE, button=LEFT) -> None:
        QTest.mousePress(self.port, button, modifiers, self.spot(place))

    def move(self, place: QPointF, modifiers=NONE, button=LEFT) -> None:
        # QTest.mouseMove says nothing of the button that is held
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QMouseEvent

        spot = QPointF(self.spot(place))
        event = QMouseEvent(QEvent.Type.MouseMove, spot, self.port.mapToGlobal(spot), Qt.MouseButton.NoButton, button, modifiers)
        QApplication.sendEvent(self.port, event)

    def release(self, place: QPointF, modifiers=NONE, button=LEFT) -> None:
        QTest.mouseRelease(self.port, button, modifiers, self.spot(place))

    def drag(self, start: QPointF, end: QPointF, modifiers=NONE, button=LEFT) -> None:
        self.press(start, modifiers, button)
        for part in (0.2, 0.5, 0.9, 1.0):
            self.move(start + (end - start) * part, modifiers, button)
        self.release(end, modifiers, button)

    def click(self, place: QPointF, modifiers=NONE) -> None:
        QTest.mouseClick(self.port, LEFT, modifiers, self.spot(place))

    def double_click(self, place: QPointF) -> None:
        QTest.mouseDClick(self.port, LEFT, NONE, self.spot(place))

    def key(self, key: Qt.Key, modifiers=NONE) -> None:
        QTest.keyClick(self.view, key, modifiers)

    def position(self, node_id: str) -> tuple[float, float]:
        return self.document.view(node_id).position


Open = Callable[[Workflow], Hand]


@pytest.fixture
def open_canvas(qtbot: QtBot, catalog: Catalog) -> Iterator[Open]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    if not app.styleSheet():
        look().start("light")
    elif look().colors is not LIGHT:
        look().choose("light")
    made: list[Canvas] = []

    def make(workflow: Workflow) -> Hand:
        canvas = Canvas(Document(workflow, catalog), catalog)
        canvas.set_animations(False)
        canvas.show_minimap(False)
        canvas.resize(1100, 700)
        canvas.show()
        qtbot.waitExposed(canvas)
        canvas.view.look_at(QPointF(350, 200), 1.0)
        QApplication.processEvents()
        made.append(canvas)
        return Hand(canvas)

    yield make
    for canvas in made:
        canvas.close()
        canvas.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    """Reader -> filter -> partitioning, a learner, an input and a dense layer beside them, and an annotation.

    The partitioning's first part goes to the learner; the layers are not wired.
    """
    places = {
        "read": ("readers.csv", 0, 100),
        "filter": ("tables.row_filter", 180, 100),
        "split": ("tables.partitioning", 360, 100),
        "learner": ("networks.learner", 600, 100),
        "input": ("keras.input", 0, 300),
        "dense": ("keras.dense", 180, 300),
        "concat": ("tables.concatenate", 600, 300),
    }
    return open_canvas(
        Workflow(
            nodes=[NodeRecord(id=n, type=t) for n, (t, _, _) in places.items()],
            connections=[
                Connection(source="read.table", target="filter.table"),
                Connection(source="filter.table", target="split.table"),
                Connection(source="split.first", target="learner.training"),
            ],
            view=View(
                nodes={n: NodeView(position=(x, y)) for n, (_, x, y) in places.items()},
                annotations=[Annotation(text="Layers", position=(-60, 230), size=(400, 180))],
            ),
        )
    )
