"""The canvas with a large workflow: opening, panning, zooming, dragging, undo and states. Offscreen; frames are painted for real.

Run it by itself with `python -m tests.benchmarks.canvas`.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests import screen

os.environ.setdefault("QT_QPA_PLATFORM", screen.PLATFORM)

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.document.editing import Document
from app.document.model import Connection, NodeRecord, NodeView, View, Workflow
from app.editor.canvas import Canvas
from app.editor.look import look
from app.engine.status import NodeStatus
from nodes.catalog import Catalog

COLUMNS = 40
TYPES = [
    "tables.row_filter",
    "tables.column_filter",
    "images.normalizer",
    "tables.concatenate",
    "keras.dense",
    "tables.partitioning",
]


@dataclass(frozen=True)
class Measured:
    """One line of the report: milliseconds, and what they should be."""

    what: str
    median: float
    worst: float
    goal: str


def large_workflow(nodes: int = 1000, wires: int = 1500) -> Workflow:
    """A workflow in rows of 40 nodes, most wired to the next and to one below."""
    names = [f"n{i}" for i in range(nodes)]
    records = [NodeRecord(id=n, type="tables.concatenate") for n in names]
    made = [Connection(source=f"n{i}.table", target=f"n{i + 1}.table_1") for i in range(nodes - 1)]
    made += [Connection(source=f"n{i}.table", target=f"n{i + COLUMNS}.table_2") for i in range(nodes - COLUMNS)]
    views = {n: NodeView(position=grid_place(i), note=f"step {i}") for i, n in enumerate(names)}
    return Workflow(nodes=records, connections=made[:wires], view=View(nodes=views))


def grid_place(number: int) -> tuple[float, float]:
    """Where the node of that number is: rows of 40 nodes, one below the other."""
    return number % COLUMNS * 132.0, number // COLUMNS * 150.0


def timed(call: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def measure(nodes: int = 1000, wires: int = 1500) -> list[Measured]:
    """All measurements; a QApplication must be there."""
    catalog = Catalog.load()
    workflow = large_workflow(nodes, wires)
    document = Document(workflow, catalog)
    warm = Canvas(Document(large_workflow(4, 3), catalog), catalog)
    warm.resize(1400, 900)
    warm.show()
    QApplication.processEvents()
    warm.close()
    found: list[Measured] = []
    made: list[Canvas] = []

    def opened() -> None:
        canvas = Canvas(Document(workflow, catalog), catalog)
        canvas.set_animations(False)
        canvas.resize(1400, 900)
        canvas.show()
        QApplication.processEvents()
        canvas.grab()
        made.append(canvas)

    first = timed(opened)
    found.append(Measured("open, first full picture", first, first, "1000"))
    canvas = made[0]
    document = canvas.document
    view = canvas.view
    port = view.viewport()

    def frame() -> None:
        QApplication.processEvents()

    def frames(what: str, goal: str, steps: list[Callable[[], object]]) -> None:
        times = [timed(lambda s=step: (s(), frame())) for step in steps]  # type: ignore[misc]
        found.append(Measured(what, statistics.median(times), max(times), goal))

    pans = [lambda d=d: view.pan(QPoint(*d)) for d in [(7, 3), (-7, -3)] * 20]
    frames(f"pan, all in view ({canvas.zoom:.2f})", "16 / 50", pans)
    zooms = [lambda f=f: view.zoom_about(view.zoom * f, QPointF(700, 450)) for f in [1.05, 1.05, 1 / 1.05, 1 / 1.05] * 10]
    frames("zoom, all in view", "16 / 50", zooms)
    frames("full repaint, nothing moves", "", [port.update] * 20)
    big = [lambda f=f: view.zoom_about(view.zoom * f, QPointF(700, 450)) for f in [1.13] * 16 + [1 / 1.13] * 16]
    frames("zoom from all to 100 % and back", "50", big)
    view.zoom_about(1.0, QPointF(700, 450), settle=True)
    frames("pan at 100 %", "16", [lambda d=d: view.pan(QPoint(*d)) for d in [(17, 9)] * 40])
    canvas.fit(fly=False)
    middle = f"n{nodes // 2}"
    for zoom, what in ((None, "drag one node, all in view"), (1.0, "drag one node at 100 %")):
        if zoom:
            view.look_at(view.canvas_scene.tiles[middle].sceneBoundingRect().center(), zoom, fly=False)
        frame()
        start = view.mapFromScene(view.canvas_scene.tiles[middle].pos() + QPointF(28, 28))
        send(port, QEvent.Type.MouseButtonPress, start)
        spots = [start + QPoint(4 * i + 8, 3 * i) for i in range(40)]
        drags = [lambda s=s: send(port, QEvent.Type.MouseMove, s) for s in spots]
        frames(what, "16", drags)
        send(port, QEvent.Type.MouseButtonRelease, start + QPoint(160, 120))
    statuses = {f"n{i}": NodeStatus("done", outputs={"table": f"{i} rows · 3 columns"}) for i in range(nodes)}
    found.append(single("states of all nodes", "30", lambda: canvas.set_statuses(statuses)))
    again = {f"n{i}": NodeStatus("running", fraction=0.5, message="epoch 3 of 12") for i in range(nodes)}
    found.append(single("states of all nodes, at 100 %", "30", lambda: canvas.set_statuses(again)))
    found.append(single("frame after it", "", frame))
    canvas.fit(fly=False)
    frame()
    found.append(single("select all", "", lambda: (canvas.select_all(), frame())))
    found.append(single("delete all", "", lambda: (canvas.delete_selection(), frame())))
    found.append(single("undo deleting all", "500", lambda: (document.undo(), frame())))
    found.append(single("appearance switch", "", lambda: (look().choose("dark"), frame())))
    canvas.close()
    return found


def single(what: str, goal: str, call: Callable[[], object]) -> Measured:
    """Measure something that is done once."""
    took = timed(call)
    return Measured(what, took, took, goal)


def send(target: object, kind: QEvent.Type, spot: QPoint) -> None:
    """A mouse event with the left button."""
    point = QPointF(spot)
    left = Qt.MouseButton.LeftButton
    released = kind is QEvent.Type.MouseButtonRelease
    buttons = Qt.MouseButton.NoButton if released else left
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else left
    event = QMouseEvent(kind, point, target.mapToGlobal(point), button, buttons, Qt.KeyboardModifier.NoModifier)  # type: ignore[attr-defined]
    QApplication.sendEvent(target, event)  # type: ignore[arg-type]


def main() -> None:
    """Print the measurements."""
    app = QApplication.instance() or QApplication([])
    look().start("light")
    for line in measure():
        print(f"{line.what:40} {line.median:8.1f} ms   worst {line.worst:8.1f} ms   goal {line.goal}")
    del app


if __name__ == "__main__":
    main()
