"""Texts of somebody else's in the window: Qt takes what looks like markup for it, and loads the pictures in it, if it is let."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QTextBrowser, QTextEdit, QWidget

from app.document.file import save
from app.document.model import Annotation, Connection, NodeRecord, NodeView, Variable, View, Workflow
from app.editor.panels.trust_dialog import TrustDialog
from tests.app.editor.window_support import Person

PICTURE = "<img src='http://192.0.2.1/x.png'>"
EVIL = f"evil{PICTURE}<b>b</b>"


def theirs() -> Workflow:
    """A workflow that says something that looks like markup wherever it can say something."""
    nodes = [
        NodeRecord(id="make", type="tables.table_creator", settings={"columns": [{"name": EVIL, "values": [EVIL]}]}),
        NodeRecord(
            id="sort", type="tables.row_filter", settings={"criteria": [{"column": f"no{EVIL}", "operator": "=", "value": EVIL}]}
        ),
        NodeRecord(id="write", type="writers.csv", settings={"path": f"{EVIL}.csv", EVIL: EVIL}),
        NodeRecord(id="script", type="scripts.python_script", settings={"script": f"# {EVIL}"}),
        NodeRecord(id="none", type=f"nowhere.{EVIL}", settings={EVIL: EVIL}),
    ]
    names = {node.id: NodeView(position=(150.0 * i, 0.0), name=f"{node.id} {EVIL}", note=EVIL) for i, node in enumerate(nodes)}
    return Workflow(
        name=EVIL,
        description=EVIL,
        variables=[Variable(name="v", type="text", value=EVIL, description=EVIL)],
        nodes=nodes,
        connections=[Connection(source="make.table", target="sort.table"), Connection(source="make.table", target="write.table")],
        view=View(nodes=names, annotations=[Annotation(text=EVIL, position=(0, 0), size=(300, 200))]),
    )


def cells(view: QAbstractItemView) -> Iterator[QModelIndex]:
    """All cells of the first levels of a list, table or tree."""
    model = view.model()
    if model is None:
        return
    waiting = [QModelIndex()]
    while waiting:
        parent = waiting.pop()
        for row in range(min(model.rowCount(parent), 200)):
            for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)):
                index = model.index(row, column, parent)
                if index.isValid():
                    yield index
                if column == 0 and len(waiting) < 100:
                    waiting.append(index)


def taken_for_markup(widget: QWidget) -> Iterator[str]:
    """What of a widget, and all in it, would be drawn with the picture."""
    for found in (widget, *widget.findChildren(QWidget)):
        name = f"{type(found).__name__} in {type(found.parent()).__name__}"
        if PICTURE in found.toolTip() or PICTURE in found.whatsThis():
            yield f"the tool tip of {name}"
        if isinstance(found, QLabel) and PICTURE in found.text() and found.textFormat() != Qt.TextFormat.PlainText:
            yield f"the text of {name}: {found.text()[:80]}"
        if isinstance(found, QTextEdit | QTextBrowser) and "192.0.2.1/x.png" in found.toHtml().replace(
            "&lt;img src='http://192.0.2.1/x.png'&gt;", ""
        ):
            yield f"the page of {name}"
        if isinstance(found, QAbstractItemView):
            for index in cells(found):
                if PICTURE in str(index.data(Qt.ItemDataRole.ToolTipRole) or ""):
                    yield f"the tool tip of an item of {name}"


def test_nothing_of_somebody_elses_is_taken_for_markup(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "an <img src='x'> in a folder"
    folder.mkdir()
    path = folder / "evil <b>.workflow.json"
    save(theirs(), path)
    person.window.commands.files.open(path)
    person.until(lambda: len(person.workspace.statuses) == 5)
    seen: set[str] = set()
    for node in person.document.nodes:
        person.select(node)
        person.until(lambda: not person.window.docks.config.is_asking)
        person.window.commands.nodes.explain(person.workspace, node)
        QApplication.processEvents()
        seen |= {f"{told}, at {node}" for told in taken_for_markup(person.window)}
    person.window.desk.say(EVIL, "warning")
    person.window.commands.trust.look_at(person.workspace)
    person.until(
        lambda: any(isinstance(w, QWidget) and w.windowTitle().startswith("Scripts") for w in QApplication.topLevelWidgets())
    )
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            seen |= set(taken_for_markup(window))
    next(w for w in QApplication.topLevelWidgets() if isinstance(w, TrustDialog)).reject()
    assert not seen, "\n".join(sorted(seen))


def test_every_label_of_the_editor_shows_just_its_text() -> None:
    """One that is to show markup is a `PlainLabel` all the same, and says so: it is seen by whoever reads it."""
    for path in Path("app/editor").rglob("*.py"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            is_made = re.search(r"(?<![\w.])QLabel\(|^class \w+\(QLabel\)", line)
            assert not is_made or path.name == "plain_label.py", f"{path}:{number} makes a QLabel, not a PlainLabel"
