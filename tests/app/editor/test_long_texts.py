"""Long texts and help in a small window: what one types in is seen, and opens in a large one."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from app.document.model import Annotation
from app.editor.config.outcome_card import OutcomeLine
from app.editor.text_window import TextWindow
from tests.app.editor.window_support import LEFT, Person

CTRL, CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def large_window(person: Person) -> TextWindow:
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, TextWindow) and w.isVisible())
    assert window.text_edit.isVisible()
    return window


def configured(person: Person, node_type: str, setting: str, **settings: Any) -> QPlainTextEdit:
    """The field of a setting of a new node, with the focus."""
    person.press("Ctrl+N")
    person.window.docks.reset()
    person.canvas.select([person.document.add_node(node_type, (0.0, 0.0), settings=settings)])
    panel = person.window.docks.config
    person.until(lambda: not panel.is_asking)
    panel.go_to(setting)
    field = QApplication.focusWidget()
    assert isinstance(field, QPlainTextEdit)
    return field


@pytest.mark.parametrize("size", [(1366, 768), (1100, 650)])
def test_the_help_of_a_setting_leaves_the_field_in_sight(person: Person, size: tuple[int, int]) -> None:
    before = person.window.size()
    person.window.resize(*size)
    try:
        configured(person, "tables.rule_engine", "rules.1.condition", rules=[{"condition": "TRUE", "outcome": "'a'"}] * 3)
        panel = person.window.docks.config
        for row in panel.all_rows():
            if row.isHidden() or row.control is None or not row.isVisible():
                continue
            row.focus_control()
            for _ in range(3):
                QApplication.processEvents()
            field = QApplication.focusWidget()
            assert field is not None
            seen, wanted = field.visibleRegion().boundingRect(), field.rect().center()
            if isinstance(field, QPlainTextEdit):
                seen, wanted = field.viewport().visibleRegion().boundingRect(), field.cursorRect().center()
            assert seen.contains(wanted), row.declared.name
    finally:
        person.window.resize(before)


def test_a_formula_opens_in_a_large_window_by_its_key(person: Person) -> None:
    field = configured(person, "tables.math_formula", "expression")
    QTest.keyClick(field, Qt.Key.Key_E, CTRL_SHIFT)
    window = large_window(person)
    assert window.windowTitle() == "Expression"
    assert window.text_edit.toPlainText() == field.toPlainText()
    window.text_edit.selectAll()
    QTest.keyClicks(window.text_edit, "1 + 2")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.isVisible(), "nothing typed is lost by Esc"
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    assert field.toPlainText() == "1 + 2"
    person.to_front()
    QTest.keyClick(field, Qt.Key.Key_Return, CTRL)
    (record,) = person.document.nodes.values()
    assert record.settings["expression"] == "1 + 2"


def test_notes_and_annotations_open_in_it_by_a_button(person: Person) -> None:
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("toy.count")
    (node,) = person.document.nodes
    key = person.document.add_annotation(Annotation(text="Box", position=(0, 0), size=(300, 200)))
    for begin, text in (
        (lambda: person.canvas.edit_note(node), lambda: person.document.view(node).note),
        (lambda: person.canvas.edit_annotation(key), lambda: person.document.annotations[key].text),
    ):
        begin()
        editor = person.canvas._editor
        assert editor is not None
        QTest.keyClicks(editor.field, "Some words")
        button = next(c for c in editor.field.children() if getattr(c, "accessibleName", str)() == "Open in a large window")
        QTest.mouseClick(button, LEFT)
        window = large_window(person)
        assert window.text_edit.toPlainText() == "Some words", "what was typed goes along"
        QTest.keyClicks(window.text_edit, "More, ")
        QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
        assert text() == "More, Some words"
        person.to_front()


@pytest.mark.parametrize("width", [140, 200, 262, 400])
@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Output", "10 rows · 11 columns"),
        ("Rows that could not be read", "10 rows · 11 columns"),
        ("Network", "28 × 28 × 16 · 160 of 1 104 parameters"),
        ("Output", "60 000 rows · 3 columns"),
    ],
)
def test_the_parts_of_an_outcome_neither_overlap_nor_are_cut(qtbot, width: int, title: str, text: str) -> None:
    line = OutcomeLine(title, text)
    qtbot.addWidget(line)
    line.setFixedWidth(width)
    line.show()
    QApplication.processEvents()
    line.adjustSize()
    labels = [line.port, line.strong, line.more]
    for label in labels:
        fits = label.fontMetrics().horizontalAdvance(label.text()) <= label.width() or label.wordWrap()
        assert fits, (label.text(), label.width())
        assert line.rect().contains(label.geometry())
    assert not any(a.geometry().intersects(b.geometry()) for a in labels for b in labels if a is not b)
