"""The field for Python: colours, indentation, comments, and the mark at a mistake."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.editor.code.edit import CodeEdit
from app.editor.code.syntax import mistake_in
from app.editor.config.code import MOST_LINES, CodeControl, CodeWindow
from app.editor.look import look


@pytest.fixture
def edit(qtbot: QtBot) -> CodeEdit:
    made = CodeEdit()
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    made.setFocus()
    return made


def colours(edit: CodeEdit, line: int) -> list[tuple[str, str]]:
    """The coloured pieces of a line, and their colours."""
    block = edit.document().findBlockByNumber(line)
    return [
        (block.text()[f.start : f.start + f.length], f.format.foreground().color().name().upper())
        for f in block.layout().formats()
    ]


def keys(edit: CodeEdit, *pressed: Qt.Key | str, control: bool = False) -> None:
    for key in pressed:
        if isinstance(key, str):
            QTest.keyClicks(edit, key)
        else:
            QTest.keyClick(edit, key, Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier)


def test_words_texts_numbers_and_comments_have_colours(edit: CodeEdit) -> None:
    edit.setPlainText("def f(x):  # why\n    return f'{x}' + str(1.5e3)\n@wraps\nclass A: pass")
    kinds = {text.strip(): color for line in range(4) for text, color in colours(edit, line)}
    assert {"def", "f", "# why", "return", "f'{x}'", "str", "1.5e3", "@wraps", "class", "A", "pass"} == set(kinds)
    assert kinds["def"] == kinds["return"] == kinds["class"]
    assert kinds["f"] == kinds["A"]
    assert len({kinds[k] for k in ("def", "f", "# why", "f'{x}'", "str", "1.5e3")}) == 6


def test_texts_in_three_quotes_go_over_lines(edit: CodeEdit) -> None:
    edit.setPlainText('x = """one # no comment\nfor \'\'\' in\n\\""" no end\nend""" + 1\nfor')
    texts = [[text for text, _ in colours(edit, line)] for line in range(5)]
    assert texts == [['"""one # no comment'], ["for ''' in"], ['\\""" no end'], ['end"""', "1"], ["for"]]


def test_the_colours_follow_the_look(edit: CodeEdit) -> None:
    edit.setPlainText("import x")
    light = colours(edit, 0)
    before = look().preference
    try:
        look().choose("dark")
        assert colours(edit, 0) != light
    finally:
        look().choose(before)


def test_tab_and_enter_indent_and_backspace_goes_back(edit: CodeEdit) -> None:
    keys(edit, "if x:", Qt.Key.Key_Return, "y = [", Qt.Key.Key_Return, "1]")
    assert edit.toPlainText() == "if x:\n    y = [\n        1]"
    keys(edit, Qt.Key.Key_Return, Qt.Key.Key_Backspace, "return y", Qt.Key.Key_Return, "z", Qt.Key.Key_Tab, "w")
    assert edit.toPlainText().split("\n")[3:] == ["    return y", "z   w"]
    assert edit.hasFocus()


def test_several_lines_are_indented_and_commented_as_one_step(edit: CodeEdit) -> None:
    edit.setPlainText("a\n\nb\nc")
    cursor = edit.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.NextBlock, QTextCursor.MoveMode.KeepAnchor, 3)
    edit.setTextCursor(cursor)
    keys(edit, Qt.Key.Key_Tab)
    assert edit.toPlainText() == "    a\n\n    b\nc"
    keys(edit, Qt.Key.Key_Slash, control=True)
    assert edit.toPlainText() == "    # a\n\n    # b\nc"
    keys(edit, Qt.Key.Key_Slash, control=True)
    keys(edit, Qt.Key.Key_Backtab)
    assert edit.toPlainText() == "a\n\nb\nc"
    edit.undo()
    assert edit.toPlainText() == "    a\n\n    b\nc"


def test_a_mistake_is_marked_at_its_line_while_typing(edit: CodeEdit, qtbot: QtBot) -> None:
    edit.setPlainText("x = 1\ny = (2")
    assert edit.mistake is not None
    assert edit.mistake.line == 2
    marked = [s.cursor.blockNumber() for s in edit.extraSelections()]
    assert marked.count(1) == 2, "the line and the wave under its text"
    edit.moveCursor(QTextCursor.MoveOperation.End)
    with qtbot.waitSignal(edit.looked, timeout=5000):
        keys(edit, ")")
    assert edit.mistake is None
    assert not edit.grab().isNull()


@pytest.mark.parametrize(
    ("source", "line"), [("x = 1", None), ("a\n b", 2), ("x = '\0'", 1), ("'\\d'", None), ("", None), ("f(" * 300, 1)]
)
def test_where_a_text_is_no_python(source: str, line: int | None) -> None:
    found = mistake_in(source)
    assert (found.line if found else None) == line


def test_a_field_to_read_cannot_be_changed(edit: CodeEdit) -> None:
    edit.setPlainText("a\nb")
    edit.setReadOnly(True)
    keys(edit, Qt.Key.Key_Tab, "x", Qt.Key.Key_Return, Qt.Key.Key_Backtab)
    assert edit.toPlainText() == "a\nb"


# --------------------------------------------------------------------------------------------------------------- control


def test_the_control_grows_with_its_text_up_to_a_size(qtbot: QtBot) -> None:
    control = CodeControl()
    qtbot.addWidget(control)
    control.set_value("x\n" * 3)
    low = control.edit.height()
    control.set_value("x\n" * 12)
    middle = control.edit.height()
    control.set_value("x\n" * 400)
    high = control.edit.height()
    assert low < middle < high < (MOST_LINES + 4) * control.edit.fontMetrics().lineSpacing()


def test_the_control_says_when_the_person_changes_it_only(qtbot: QtBot) -> None:
    control = CodeControl(optional=True)
    qtbot.addWidget(control)
    control.show()
    with qtbot.assertNotEmitted(control.changed):
        control.set_value("a = 1")
    with qtbot.waitSignal(control.changed):
        keys(control.edit, "#")
    assert control.value() == "#a = 1"
    control.set_value(None)
    assert control.value() is None


def test_the_large_window_takes_over_or_not(qtbot: QtBot) -> None:
    control = CodeControl("Script")
    qtbot.addWidget(control)
    control.show()
    control.set_value("a = 1\n")

    def opened() -> CodeWindow:
        control.window_button.click()
        window = control.window().findChild(CodeWindow)
        assert isinstance(window, CodeWindow)
        return window

    window = opened()
    window.edit.setPlainText("b = (")
    assert "Line 1" in window.said.text()
    keys(window.edit, Qt.Key.Key_Escape)
    assert window.isVisible(), "what was typed is not lost by Esc"
    QTest.mouseClick(window.cancel_button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert control.value() == "a = 1\n"
    qtbot.waitUntil(lambda: control.window().findChild(CodeWindow) is None)
    window = opened()
    window.edit.setPlainText("b = 2")
    keys(window.edit, Qt.Key.Key_Return, control=True)
    assert control.value() == "b = 2"
    control.edit.undo()
    assert control.value() == "a = 1\n"
