"""The table view with a million rows of 50 columns: opened, sorted, scrolled; the engine is a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import ClassVar

from nodes.base import Job, Node, Port, Spec, Specs, Value, Values
from nodes.base import setting as declared
from nodes.wording import grouped
from tests import screen
from tests.benchmarks.measuring import ROOT, Setup, in_fresh_process
from tests.benchmarks.report import Goal, Row

ROWS, QUICK_ROWS, COLUMNS = 1_000_000, 2_000, 50
OPENED_SECONDS, SORTED_SECONDS, PAGE_MILLISECONDS = 0.2, 1.0, 16.0
PAGES = 60
TIME_LIMIT = 300.0
SCHEMA = {
    **{f"x{n}": "Float64" for n in range(30)},
    **{f"n{n}": "Int64" for n in range(12)},
    **{f"t{n}": "String" for n in range(8)},
}


def measure(setup: Setup) -> Iterator[Row]:
    """A table on disk, looked at through the real view and the real engine, on Qt's offscreen platform."""
    rows = QUICK_ROWS if setup.quick else ROWS
    setup.say(f"table view: {rows} x {COLUMNS}")
    found = in_fresh_process(seconds_in_the_view, rows=rows, rounds=setup.rounds, folder=setup.new_folder("table-view"))
    plain = in_fresh_process(seconds_of_a_proxy_model, rows=rows // 10)
    what = f"table of {grouped(rows)} x {COLUMNS}"
    yield Row(
        f"{what}: opened", "s", found["opened"], goal=Goal(OPENED_SECONDS, of="ours"), note="until its first cells are drawn"
    )
    note = f"until drawn; QSortFilterProxyModel, a tenth of the rows, all in memory: {plain:.2f} s"
    for kind, column in (("numbers", "x"), ("texts", "t")):
        yield Row(f"{what}: sorted by {kind}", "s", found[column], goal=Goal(SORTED_SECONDS, of="ours"), note=note)
    worst = f"until drawn; worst {max(found['worst']):.0f} ms"
    yield Row(f"{what}: scrolled by a page", "ms", found["page"], goal=Goal(PAGE_MILLISECONDS, of="ours"), note=worst)
    yield Row(f"{what}: jumped elsewhere", "ms", found["jump"], note="until drawn; nothing of it was fetched before")


class BigTable(Node):
    """Numbers and texts without meaning."""

    id: ClassVar[str] = "bench.big_table"
    title: ClassVar[str] = "Big Table"
    shelf: ClassVar[str] = "Tables"
    output_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "Table"),)
    rows: int = declared(10, "Rows", "How many.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """One column after the other."""
        return {"table": None}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Random numbers, and texts of them."""
        import numpy as np
        import polars as pl

        from nodes.values.table import Table

        random = np.random.default_rng(0)
        columns = {}
        for name, dtype in SCHEMA.items():
            if dtype == "Float64":
                columns[name] = pl.Series(random.normal(size=self.rows))
            else:
                numbers = pl.Series(random.integers(0, 500_000, self.rows))
                columns[name] = numbers if dtype == "Int64" else "row " + numbers.cast(pl.String)
        return {"table": Table.of(pl.DataFrame(columns))}


# ------------------------------------------------------------------------------------------------ in a process of its own


def seconds_in_the_view(rows: int, rounds: int, folder: str) -> dict[str, list[float]]:
    """Seconds (pages: milliseconds) of what a person does with the table, by round."""
    os.environ |= {"QT_QPA_PLATFORM": screen.PLATFORM, "LAYERLOOM_HOME": f"{folder}/home"}
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    from app.document.editing import Document
    from app.document.model import NodeRecord, Workflow
    from app.editor.engine.client import EngineClient
    from app.editor.look import look
    from app.editor.views.table_view import TableView
    from app.engine.messages.tables import SortOrder

    look().choose("light")

    def until(holds: Callable[[], bool]) -> None:
        limit = time.monotonic() + TIME_LIMIT
        while not holds():
            app.processEvents()
            time.sleep(0.0005)  # a window that waits leaves the processor to the engine
            if time.monotonic() > limit:
                raise RuntimeError("it takes too long")

    engine = EngineClient(Path(folder) / "results", arguments=("--warm-up", "-1"), environment=_plug_in(Path(folder)))
    ended: list[str] = []
    engine.run_changed.connect(lambda _, run: ended.append(run.status) if run.status != "started" else None)
    engine.start()
    until(lambda: engine.is_ready)
    record = NodeRecord(id="big", type=BigTable.id, settings={"rows": rows})
    engine.open("document", Document(Workflow(nodes=[record]), {}), Path(folder))
    engine.run("document")
    until(lambda: bool(ended))
    if ended != ["done"]:
        raise RuntimeError(f"the run ended as {ended}")

    view = TableView(engine, "document")
    view.resize(1280, 720)
    view.show()
    app.processEvents()
    view.show_output("big", "table", "warm")  # what is imported once is there before
    until(lambda: view.model.rows == rows and _is_drawn(view))

    def timed(act: Callable[[], object]) -> float:
        began = time.perf_counter()
        act()
        until(lambda: _is_drawn(view))
        view.table.viewport().repaint()
        return time.perf_counter() - began

    found: dict[str, list[float]] = {name: [] for name in ("opened", "x", "t", "page", "worst", "jump")}
    bar = view.table.verticalScrollBar()
    for number in range(rounds):
        view.clear()
        found["opened"].append(timed(lambda number=number: view.show_output("big", "table", f"{number}")))
        for kind in ("x", "t"):
            found[kind].append(timed(lambda kind=kind, number=number: view.sort_by(SortOrder(column=f"{kind}{number % 8}"))))
        pages = [1000 * timed(lambda: bar.setValue(bar.value() + bar.pageStep())) for _ in range(PAGES)]
        found["page"].append(median(pages))
        found["worst"].append(max(pages))
        places = [bar.maximum() * ((7 * n + 3) % 20) // 20 for n in range(20)]
        found["jump"].append(median(1000 * timed(lambda place=place: bar.setValue(place)) for place in places))
    view.close()
    engine.shutdown()
    return found


def _is_drawn(view: object) -> bool:
    """Whether all cells in sight have come."""
    from app.editor.views.table_view import TableView

    assert isinstance(view, TableView)
    table, model = view.table, view.model
    first, last = table.rowAt(0), table.rowAt(table.viewport().height() - 1)
    right = table.columnAt(table.viewport().width() - 1)
    if not model.rows or first < 0:
        return False
    corners = [(row, column) for row in (first, last if last >= 0 else model.rows - 1) for column in (table.columnAt(0), right)]
    return all(model.cell(row, max(column, 0))[0] for row, column in corners)


def seconds_of_a_proxy_model(rows: int) -> float:
    """Seconds that Qt's own way takes to put rows in order: a proxy that compares what the model gives."""
    os.environ["QT_QPA_PLATFORM"] = screen.PLATFORM
    import random

    from PySide6.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt

    values = [random.random() for _ in range(rows)]

    class Model(QAbstractTableModel):
        def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
            return 0 if parent.isValid() else rows

        def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
            return COLUMNS

        def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
            return values[index.row()] if role == Qt.ItemDataRole.DisplayRole else None

    model, proxy = Model(), QSortFilterProxyModel()
    proxy.setSourceModel(model)
    began = time.perf_counter()
    proxy.sort(0)
    return time.perf_counter() - began


def _plug_in(folder: Path) -> dict[str, str]:
    """The environment of an engine that finds `BigTable`: a package's entry point, as pip would have installed it."""
    info = folder / "plug-ins" / "bench-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[layerloom.nodes]\nbench = tests.benchmarks.table_view\n")
    return {"PYTHONPATH": os.pathsep.join([str(info.parent), str(ROOT)])}
