"""NodeGraphQt's own way with a large graph, as its manual shows it: what the canvas is compared with.

Every function is called in a process of its own; times are in seconds (frames: milliseconds).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from tests import screen

COLUMNS = 40
FRAMES = 20


def window_is_there() -> float:
    """When the window of a program with an empty graph, its node list and its properties took input, on the monotonic clock."""
    os.environ["QT_QPA_PLATFORM"] = screen.PLATFORM
    from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

    app = QApplication([])
    graph = _graph()
    from NodeGraphQt import NodesTreeWidget, PropertiesBinWidget

    window = QWidget()
    row = QHBoxLayout(window)
    for widget in (NodesTreeWidget(node_graph=graph), graph.widget, PropertiesBinWidget(node_graph=graph)):
        row.addWidget(widget)
    window.resize(1680, 1020)
    window.show()
    app.processEvents()
    window.repaint()
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def large_graph(nodes: int, wires: int) -> dict[str, Any]:
    """Made, opened, painted, dragged in, emptied and undone: a graph of that size.

    Returns:
        made, opened, undone in seconds; pan, zoom, drag as lists of milliseconds.
    """
    os.environ["QT_QPA_PLATFORM"] = screen.PLATFORM
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    from tests.benchmarks.canvas import send

    app = QApplication([])
    graph = _graph()
    found: dict[str, Any] = {}

    def timed(act: Callable[[], object]) -> float:
        began = time.perf_counter()
        act()
        app.processEvents()
        return time.perf_counter() - began

    def make() -> None:
        made = [graph.create_node("bench.Step", name=f"n{i}", pos=[i % COLUMNS * 200, i // COLUMNS * 150]) for i in range(nodes)]
        pairs = [(i, i + 1, 0) for i in range(nodes - 1)] + [(i, i + COLUMNS, 1) for i in range(nodes - COLUMNS)]
        for source, target, port in pairs[:wires]:
            made[source].set_output(0, made[target].input(port))

    graph.widget.resize(1400, 900)
    graph.widget.show()
    app.processEvents()
    found["made"] = timed(make)
    session = graph.serialize_session()
    graph.clear_session()

    def open_it() -> None:
        graph.deserialize_session(session, clear_undo_stack=True)
        graph.fit_to_selection()
        graph.widget.grab()

    found["opened"] = timed(open_it)
    viewer = graph.viewer()
    port = viewer.viewport()

    def frames(steps: list[Callable[[], object]]) -> list[float]:
        return [1000 * timed(step) for step in steps]

    graph.clear_selection()
    graph.fit_to_selection()
    app.processEvents()
    found["pan"] = frames([lambda d=d: (viewer._set_viewer_pan(d, d / 2), port.update()) for d in [7, -7] * (FRAMES // 2)])
    found["zoom"] = frames([lambda z=z: (viewer._set_viewer_zoom(z), port.update()) for z in [0.05, -0.05] * (FRAMES // 2)])
    item = graph.all_nodes()[nodes // 2].view
    start = viewer.mapFromScene(item.sceneBoundingRect().center())
    send(port, QEvent.Type.MouseButtonPress, start)
    from PySide6.QtCore import QPoint

    spots = [start + QPoint(4 * i + 8, 3 * i) for i in range(FRAMES)]
    found["drag"] = frames([lambda s=s: send(port, QEvent.Type.MouseMove, s) for s in spots])
    send(port, QEvent.Type.MouseButtonRelease, spots[-1])
    before = len(graph.all_nodes())
    graph.delete_nodes(graph.all_nodes())
    app.processEvents()
    found["undone"] = timed(graph.undo_stack().undo)
    if len(graph.all_nodes()) != before:
        raise RuntimeError(f"only {len(graph.all_nodes())} of {before} nodes came back")
    found["frame"] = median(found["pan"] + found["zoom"])
    return found


def _graph() -> Any:
    """A graph with one kind of node, of two inputs and one output."""
    if sys.version_info >= (3, 12):
        import setuptools  # noqa: F401 - it brings distutils, which NodeGraphQt imports
    from NodeGraphQt import BaseNode, NodeGraph

    class Step(BaseNode):  # type: ignore[misc]
        __identifier__ = "bench"
        NODE_NAME = "Step"

        def __init__(self) -> None:
            super().__init__()
            self.add_input("table_1")
            self.add_input("table_2")
            self.add_output("table")

    graph = NodeGraph()
    graph.register_node(Step)
    return graph
