"""What the tests of the config dialog share: an engine in this process, a document with nodes, and a person's hands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from app.document.editing import Document
from app.document.model import Connection, NodeRecord, Variable, Workflow
from app.editor.asking import OnReply, Ticket
from app.editor.config.code import CodeControl
from app.editor.config.column_pickers import CheckListControl, ColumnControl
from app.editor.config.control import Control
from app.editor.config.element_cards import CardsControl
from app.editor.config.nested import MaybeControl, OneOfControl
from app.editor.config.number import NumberControl, number_text
from app.editor.config.panel import ConfigPanel
from app.editor.config.row import SettingRow
from app.editor.config.sequences import ChipsControl, FixedControl, NamedControl, NestedFixedControl
from app.editor.config.simple import ChoiceControl, JsonControl, LinesControl, SwitchControl, TextControl
from app.engine.inspection.specs import outline_of
from app.engine.messages.base import Answer, Question
from app.engine.messages.questions import PreviewAnswer, PreviewQuestion
from app.engine.planner import make_plan
from app.engine.trust import Trust
from nodes.declaration.shapes import Choice, Fixed, Flag, Group, Mapped, Maybe, Number, OneOf, Scalar, Series, Shape, Text
from tests.catalog import CATALOG

A = TypeVar("A", bound=Answer)


class LocalEngine(QObject):
    """Answers `preview` with the engine's own functions, but in this process, as soon as Qt has time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.asked: list[PreviewQuestion] = []

    def ask(self, question: Question[A], on_reply: OnReply[A]) -> Ticket:
        assert isinstance(question, PreviewQuestion)
        self.asked.append(question)
        ticket = Ticket(on_reply)
        QTimer.singleShot(0, self, lambda: ticket.deliver(self._preview(question)))
        return ticket

    def _preview(self, asked: PreviewQuestion) -> PreviewAnswer:
        document = self.documents[asked.document]
        workflow = document.workflow()
        nodes = [
            record.model_copy(update={"settings": dict(asked.settings)}) if record.id == asked.node else record
            for record in workflow.nodes
        ]
        trust = Trust(everything=True)  # of a preview, nothing runs
        plan = make_plan(workflow.model_copy(update={"nodes": nodes}), CATALOG, folder=self.folder, trust=trust)
        planned = plan.nodes[asked.node]
        inputs = {port: plan.nodes[source].specs.get(out) for port, (source, out) in planned.inputs.items()}
        return PreviewAnswer(
            problems=tuple(planned.problems),
            outputs={port: spec.describe() for port, spec in planned.specs.items() if spec is not None},
            results={port: outline_of(spec) for port, spec in planned.specs.items() if spec is not None},
            inputs={port: outline_of(spec) for port, spec in inputs.items() if spec is not None},
        )


class Bench:
    """A document with nodes, and the dialog before it."""

    def __init__(self, qtbot: Any, folder: Path, workflow: Workflow) -> None:
        self.qtbot = qtbot
        self.engine = LocalEngine(folder)
        self.document = Document(workflow, CATALOG)
        self.engine.documents["d"] = self.document
        self.panel = ConfigPanel(self.engine, CATALOG)
        qtbot.addWidget(self.panel)
        self.panel.set_document_folder(folder)
        self.panel.resize(380, 900)
        self.panel.show()

    def show(self, node_id: str) -> None:
        """Show a node, and wait for the engine's answer."""
        before = len(self.engine.asked)
        self.panel.show_node("d", self.document, node_id)
        self.qtbot.waitUntil(lambda: len(self.engine.asked) > before)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is under way."""
        self.qtbot.waitUntil(lambda: not self.panel.is_asking)

    def row(self, place: str) -> SettingRow:
        """The row of a setting, in dotted form; it is made visible."""
        self.panel.go_to(place)
        row = self.panel.row(place)
        assert row is not None, place
        row.reveal()
        return row

    def settings(self, node_id: str) -> dict[str, Any]:
        return dict(self.document.nodes[node_id].settings)


def workflow_of(
    *nodes: tuple[str, str, dict[str, Any]], wires: tuple[tuple[str, str], ...] = (), variables: tuple[Variable, ...] = ()
) -> Workflow:
    """A workflow of (id, type, settings) and wires."""
    records = [NodeRecord(id=i, type=t, type_version=CATALOG[t].version if t in CATALOG else 1, settings=s) for i, t, s in nodes]
    return Workflow(nodes=records, connections=[Connection(source=a, target=b) for a, b in wires], variables=list(variables))


# ------------------------------------------------------------------------------------------------------------------ hands


def type_into(line: QLineEdit, text: str) -> None:
    """Replace a line's text with the keyboard."""
    line.setFocus()
    line.selectAll()
    QTest.keyClick(line, Qt.Key.Key_Delete)
    QTest.keyClicks(line, text)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def choose(combo: Any, index: int) -> None:
    """Pick an entry of a combo box with the keyboard."""
    combo.setFocus()
    if combo.currentIndex() < 0:
        QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(combo.count()):
        if combo.currentIndex() != index:
            QTest.keyClick(combo, Qt.Key.Key_Down if combo.currentIndex() < index else Qt.Key.Key_Up)
    assert combo.currentIndex() == index


def enter(control: Control, shape: Shape, value: Any) -> None:
    """Enter a value the way a person would."""
    inner = shape.inner if isinstance(shape, Maybe) else shape
    match control:
        case MaybeControl():
            if (value is not None) != control.switch.isChecked():
                click(control.switch)
            if value is not None:
                enter(control.inner, inner, value)
        case NumberControl():
            type_into(control.field, number_text(value))
        case SwitchControl():
            if control.value() is not value:
                click(control.switch)
        case ChoiceControl():
            choose(control.combo, next(i for i in range(control.combo.count()) if control.combo.itemData(i) == value))
        case TextControl():
            type_into(control.line, "" if value is None else str(value))
        case ColumnControl():
            choose(control.combo, control.combo.findData(value))
        case CheckListControl():
            for item in value:
                found = [control.list.item(n) for n in range(control.list.count()) if control.list.item(n).text() == str(item)]
                if found[0].checkState() != Qt.CheckState.Checked:
                    control.list.setCurrentItem(found[0])
                    QTest.keyClick(control.list, Qt.Key.Key_Space)
        case FixedControl():
            for field, part in zip(control.fields, value, strict=True):
                type_into(field, number_text(part))
        case NestedFixedControl():
            for part, held in zip(control.parts, value, strict=True):
                enter(part, Fixed(()), held)
        case ChipsControl():
            while control.chips:
                type_into(control.chips[0], "")
                QTest.keyClick(control.chips[0], Qt.Key.Key_Backspace)
            for item in value:
                click(control.add)
                QTest.keyClicks(control.chips[-1], "" if item is None else number_text(item))
        case NamedControl():
            for key, held in value.items():
                click(control.add)
                type_into(control.entries[-1].key, key)
                assert isinstance(inner, Mapped)
                enter(control.entries[-1].control, inner.value, held)
        case OneOfControl() if value is None:
            choose(control.combo, 0)
        case OneOfControl():
            assert isinstance(inner, OneOf)
            offset = 1 if control.combo.itemText(0) == "none" else 0
            index = next(i for i, a in enumerate(inner.alternatives) if a.title == value["kind"])
            choose(control.combo, index + offset)
        case CardsControl():
            for _ in value:
                click(control.add)
        case JsonControl() | LinesControl() | CodeControl():
            control.edit.setFocus()
            control.edit.setPlainText("" if value is None else value)
        case _:
            raise AssertionError(f"no hand for {type(control).__name__}")


def samples(shape: Shape) -> Iterator[Any]:
    """Values that a shape takes: the ends of ranges, every choice, on and off, empty."""
    match shape:
        case Number():
            yield from _numbers(shape)
        case Flag():
            yield from (True, False)
        case Choice(options):
            yield from options
        case Text() | Scalar():
            yield "a"
        case Fixed(items):
            firsts = [list(samples(item)) for item in items]
            yield [values[0] for values in firsts]
            yield [values[min(n, len(values) - 1)] for n, values in enumerate(firsts)]
        case Series(Maybe(Text() | Number() | Scalar() as item)):
            yield [next(samples(item)), None]
        case Series(Text() | Number() | Scalar() | Choice() as item):
            yield list(samples(item))[:2]
        case Mapped(item):
            yield from ({"one": value} for value in list(samples(item))[:1])
        case Maybe(Text() | Scalar() as inner):
            yield from samples(inner)
        case Maybe(inner):
            yield None
            yield from samples(inner)
        case OneOf(alternatives):
            yield from ({"kind": a.title} for a in alternatives if isinstance(a.shape, Group) and a.tag)
        case _:
            return


def _numbers(shape: Number) -> Iterator[Any]:
    made = [1, 0, 7, 0.25, shape.least, shape.most]
    if shape.above is not None:
        made.append(math.nextafter(shape.above, math.inf))
    if shape.below is not None:
        made.append(math.nextafter(shape.below, -math.inf))
    for value in made:
        if value is not None and shape.within(value) and not (shape.whole and not float(value).is_integer()):
            yield int(value) if shape.whole else float(value)


Made = Callable[..., Bench]
