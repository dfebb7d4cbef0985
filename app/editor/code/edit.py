"""CodeEdit: a text field for Python, with line numbers, colours, the current line, and marks where it is no Python."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontDatabase,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from app.editor.code.syntax import Mistake, PythonHighlighter, mistake_in
from app.editor.colors import mixed
from app.editor.look import look

INDENT = 4
LOOK_AFTER = 250
"""Milliseconds without typing after which mistakes are looked for."""


class CodeEdit(QPlainTextEdit):
    """A text field for Python. Tab indents; Esc, and Ctrl+Enter, are left to the dialog around it."""

    looked = Signal()
    """Mistakes were looked for; `mistake` is the one of now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("code")
        self.mistake: Mistake | None = None
        self._numbers = _LineNumbers(self)
        self._highlighter = PythonHighlighter(self.document())
        self._timer = QTimer(self, singleShot=True, interval=LOOK_AFTER)
        self._timer.timeout.connect(self._look)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(13)
        self.setFont(font)
        self.setTabStopDistance(INDENT * self.fontMetrics().horizontalAdvance(" "))
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._follow)
        self.cursorPositionChanged.connect(self._mark)
        self.textChanged.connect(self._timer.start)
        look().changed.connect(self._redraw)
        self._redraw()
        self._make_room()

    # -- looking for mistakes

    def setPlainText(self, text: str) -> None:
        """Show another text, and look for mistakes in it at once."""
        super().setPlainText(text)
        self._look()

    def _look(self) -> None:
        self._timer.stop()
        source = self.toPlainText()
        self.mistake = mistake_in(source) if source.strip() else None
        self._mark()
        self._numbers.update()
        self.looked.emit()

    def _mark(self) -> None:
        """Mark the current line and the one with a mistake."""
        colors = look().colors
        marks = []
        if not self.isReadOnly() and self.hasFocus():
            marks.append(self._whole_line(self.textCursor(), mixed(colors.text, colors.raised, 0.06)))
        block = self.document().findBlockByNumber(self.mistake.line - 1) if self.mistake else QTextBlock()
        if self.mistake and block.isValid():
            cursor = QTextCursor(block)
            marks.append(self._whole_line(cursor, mixed(colors.wrong, colors.raised, 0.14)))
            text = block.text()
            cursor.setPosition(block.position() + len(text) - len(text.lstrip()))
            cursor.setPosition(block.position() + len(text.rstrip()), QTextCursor.MoveMode.KeepAnchor)
            wave = QTextEdit.ExtraSelection()
            wave.cursor = cursor
            wave.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            wave.format.setUnderlineColor(QColor(colors.wrong))
            marks.append(wave)
        self.setExtraSelections(marks)

    @staticmethod
    def _whole_line(cursor: QTextCursor, color: str) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = QTextCursor(cursor)
        made.cursor.clearSelection()
        made.format.setBackground(QColor(color))
        made.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return made

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Mark the current line."""
        super().focusInEvent(event)
        self._mark()
        self._numbers.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Mark it no longer."""
        super().focusOutEvent(event)
        self._mark()
        self._numbers.update()

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Indent with Tab, dedent with Shift+Tab, keep the indentation with Enter, comment with Ctrl+/."""
        key, modifiers = event.key(), event.modifiers()
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if key == Qt.Key.Key_Escape or (enter and control):
            event.ignore()
        elif self.isReadOnly():
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Tab and not control:
            self._indent()
        elif key == Qt.Key.Key_Backtab:
            self._dedent()
        elif enter:
            self._new_line()
        elif key == Qt.Key.Key_Backspace and not control and self._before().strip() == "" and self._goes_back():
            return
        elif key == Qt.Key.Key_Slash and control:
            self._toggle_comment()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, _forward: bool) -> bool:
        """Tab is for indenting; Ctrl+Tab goes on to the next field."""
        return False

    def _before(self) -> str:
        """What stands before the cursor in its line."""
        cursor = self.textCursor()
        return cursor.block().text()[: cursor.positionInBlock()]

    def _indent(self) -> None:
        cursor = self.textCursor()
        if cursor.hasSelection() and self._lines()[0] != self._lines()[-1]:
            self._change_lines(lambda line: " " * INDENT + line if line else line)
        else:
            cursor.insertText(" " * (INDENT - len(self._before()) % INDENT))

    def _dedent(self) -> None:
        self._change_lines(lambda line: line[min(INDENT, len(line) - len(line.lstrip(" "))) :])

    def _new_line(self) -> None:
        before = self._before()
        depth = len(before) - len(before.lstrip(" "))
        code = before.split("#")[0].rstrip()
        if code.endswith((":", "(", "[", "{")):
            depth += INDENT
        elif code.strip().partition(" ")[0] in ("return", "raise", "pass", "break", "continue"):
            depth = max(0, depth - INDENT)
        self.textCursor().insertText("\n" + " " * depth)
        self.ensureCursorVisible()

    def _goes_back(self) -> bool:
        """Take one step of indentation away, if the cursor stands behind one."""
        before = self._before()
        if not before or self.textCursor().hasSelection():
            return False
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, (len(before) - 1) % INDENT + 1)
        cursor.removeSelectedText()
        return True

    def _toggle_comment(self) -> None:
        lines = [block.text() for block in self._lines() if block.text().strip()]
        if lines and all(line.lstrip().startswith("#") for line in lines):
            self._change_lines(lambda line: line.replace("# ", "", 1) if "# " in line else line.replace("#", "", 1))
        else:
            depth = min((len(line) - len(line.lstrip()) for line in lines), default=0)
            self._change_lines(lambda line: f"{line[:depth]}# {line[depth:]}" if line.strip() else line)

    def _lines(self) -> list[QTextBlock]:
        """The lines of the selection."""
        cursor = self.textCursor()
        block = self.document().findBlock(cursor.selectionStart())
        last = self.document().findBlock(max(cursor.selectionStart(), cursor.selectionEnd() - 1))
        found = [block]
        while block != last and block.isValid():
            block = block.next()
            found.append(block)
        return found

    def _change_lines(self, changed: Callable[[str], str]) -> None:
        """Change the selected lines, as one step of undo."""
        blocks = self._lines()
        cursor = QTextCursor(blocks[0])
        cursor.beginEditBlock()
        for block in blocks:
            text = block.text()
            new = changed(text)
            if new != text:
                line = QTextCursor(block)
                line.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                line.insertText(new)
        cursor.endEditBlock()

    # -- line numbers

    def numbers_width(self) -> int:
        """The width of the strip with the line numbers."""
        digits = max(2, len(str(self.blockCount())))
        return 18 + digits * self.fontMetrics().horizontalAdvance("9")

    def paint_numbers(self, event: QPaintEvent) -> None:
        """The numbers of the lines that are seen; that of a mistake in red."""
        colors = look().colors
        painter = QPainter(self._numbers)
        painter.setFont(self.font())
        painter.setPen(QColor(colors.line))
        painter.drawLine(self._numbers.width() - 1, 0, self._numbers.width() - 1, self._numbers.height())
        here = self.textCursor().blockNumber()
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            number = block.blockNumber()
            wrong = self.mistake is not None and self.mistake.line == number + 1
            strong = number == here and not self.isReadOnly() and self.hasFocus()
            painter.setPen(QColor(colors.wrong if wrong else colors.text if strong else colors.muted))
            place = QRect(0, round(top), self._numbers.width() - 9, self.fontMetrics().height())
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, str(number + 1))
            top += self.blockBoundingRect(block).height()
            block = block.next()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the strip as high as the field."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.numbers_width(), inside.height()))

    def _make_room(self) -> None:
        self.setViewportMargins(self.numbers_width(), 0, 0, 0)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.numbers_width(), inside.height()))

    def _follow(self, rect: QRect, dy: int) -> None:
        if dy:
            self._numbers.scroll(0, dy)
        else:
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def _redraw(self) -> None:
        self._highlighter.redraw()
        self._mark()
        self._numbers.update()


class _LineNumbers(QWidget):
    """The strip left of the text."""

    def __init__(self, edit: CodeEdit) -> None:
        super().__init__(edit)
        self._edit = edit
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(self._edit.numbers_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._edit.paint_numbers(event)
