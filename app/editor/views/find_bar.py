"""The find bar below a table: a text, the next and the previous cell that contains it. The engine does the searching."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from app.document.problems import Problem
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.views.pages import PendingRequests
from app.editor.views.table_model import TableModel
from app.engine.messages.tables import FindAnswer, FindQuestion
from nodes.wording import grouped


class FindBar(QWidget):
    """Searches a table, in the order its rows are shown, from the current cell on and round once.

    Args:
        model: The table.
        parent: The view.
    """

    found = Signal(int, str)
    """Row and column name of a cell that contains the text."""
    closed = Signal()

    def __init__(self, model: TableModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._pending = PendingRequests(self)
        self.row = 0
        """Where to begin: the view's current row."""
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find in the table")
        self.field.setAccessibleName("Text to find")
        self.field.setClearButtonEnabled(True)
        self.field.setMaximumWidth(320)
        self.field.textEdited.connect(self._on_edited)
        self.field.installEventFilter(self)
        self.said = PlainLabel()
        self.said.setProperty("role", "muted")
        self.previous, self.next, self.cross = QToolButton(), QToolButton(), QToolButton()
        for button, name, call in (
            (self.previous, "Previous (Shift+Enter)", self._on_previous),
            (self.next, "Next (Enter)", self._on_next),
            (self.cross, "Close (Esc)", self.close_bar),
        ):
            button.setToolTip(name)
            button.setAccessibleName(name.partition(" (")[0])
            button.setIconSize(QSize(16, 16))
            button.clicked.connect(call)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(6)
        layout.addWidget(self.field, 2)
        layout.addWidget(self.previous)
        layout.addWidget(self.next)
        layout.addWidget(self.said, 3)
        layout.addWidget(self.cross)
        look().changed.connect(self._dress)
        self._dress()
        self.hide()

    def _dress(self) -> None:
        self.previous.setIcon(look().icon("mdi6.chevron-up"))
        self.next.setIcon(look().icon("mdi6.chevron-down"))
        self.cross.setIcon(look().icon("mdi6.close", look().colors.muted))

    def open_bar(self) -> None:
        """Show it, with the keyboard in its field."""
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def close_bar(self) -> None:
        """Hide it, and search no further."""
        self._pending.drop_all()
        self.said.clear()
        self.hide()
        self.closed.emit()

    def search(self, *, backwards: bool = False, from_here: bool = False) -> None:
        """Find the next cell.

        Args:
            backwards: Find the one before instead.
            from_here: Whether the current row counts too.
        """
        self._pending.drop_all()
        if not self.field.text() or not self._model.rows:
            self.said.clear()
            return
        start = self.row if backwards or from_here else self.row + 1
        self._go_on(start, backwards=backwards, has_turned=False)

    def _go_on(self, place: int, *, backwards: bool, has_turned: bool) -> None:
        """Search from a place to the end; having been there, from the other end to where it began."""
        source = self._model.source
        if source is None:
            return
        edge = min(self.row + 1, self._model.rows) if not backwards else self.row
        if backwards:
            start, stop = edge if has_turned else 0, place
        else:
            start, stop = place, edge if has_turned else self._model.rows
        question = FindQuestion(
            document=source.document,
            node=source.node,
            port=source.port,
            shown=self._model.shown,
            text=self.field.text(),
            start=start,
            stop=stop,
            backwards=backwards,
        )
        take = partial(self._take, backwards=backwards, has_turned=has_turned)
        self._pending.put("find", source.asks.ask(question, take))

    def _take(self, answer: FindAnswer | Problem, *, backwards: bool, has_turned: bool) -> None:
        if isinstance(answer, Problem):
            self._say(answer.message)
        elif answer.row is not None:
            self._say("Went on from the " + ("end." if backwards else "beginning.") if has_turned else "")
            self.row = answer.row
            self.found.emit(self.row, answer.column or "")
        elif not answer.done:
            self._say(f"Searching … row {grouped(answer.searched)}")
            self._go_on(answer.searched, backwards=backwards, has_turned=has_turned)
        elif not has_turned:
            self._go_on(self._model.rows if backwards else 0, backwards=backwards, has_turned=True)
        else:
            self._say("Not found.")

    def _say(self, text: str) -> None:
        self.said.setText(text)

    def _on_next(self) -> None:
        self.search()

    def _on_previous(self) -> None:
        self.search(backwards=True)

    def _on_edited(self) -> None:
        self.search(from_here=True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Enter and Esc in the field."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.search(backwards=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close_bar()
                return True
        return super().eventFilter(watched, event)
