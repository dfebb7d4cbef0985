"""The workflow's name, description and variables. Every edit goes to the document at once, and can be undone.

What cannot be (a name that is taken, a text as a number) is not done, and the dialog says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.document.change import Change
from app.document.editing import Document
from app.document.model import Variable, VariableType, VariableValue
from app.editor.look import look
from app.editor.panels.rows import Index
from app.editor.plain_label import PlainLabel
from app.editor.visible_text import plain_tip

TYPES: tuple[VariableType, ...] = ("text", "integer", "number", "boolean", "path")
"""What a variable of a workflow can be made; one from a file can be of other types, which are for a component's settings."""
RELATIVE = {"workflow": "workflow file", "start": "start folder"}
COLUMNS = ("Name", "Type", "Value", "Relative to", "Description", "Used by")
NAME, TYPE, VALUE, BASE, DESCRIPTION, USED = range(6)
_ROW = 34


class VariablesDialog(QDialog):
    """A window of its own beside the editor's.

    Args:
        document: Whose variables they are.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Workflow variables")
        self.resize(880, 560)
        self._document = document
        self._filling = False
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the workflow")
        self.description = QPlainTextEdit()
        self.description.setAccessibleName("Description of the workflow")
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(70)
        self.table = QTableWidget(0, len(COLUMNS))
        self.message = PlainLabel()
        self.message.setProperty("role", "error")
        self.message.setWordWrap(True)
        self.add_button = QPushButton("Add a variable")
        self.remove_button = QPushButton("Remove")
        self.remove_button.setProperty("role", "danger")
        self._set_up_table()
        self._lay_out()
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter ends an edit, not the dialog
        self.name.textEdited.connect(partial(document.set_property, "name"))
        self.description.textChanged.connect(self._describe)
        self.table.cellChanged.connect(self._on_edited)
        self.table.itemSelectionChanged.connect(self._on_selected)
        self.add_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self._remove)
        self._end_listening: Callable[[], None] = document.subscribe(self._on_change)
        self.finished.connect(self._stop)
        look().changed.connect(self._redraw)
        self._redraw()
        self._fill()

    def _set_up_table(self) -> None:
        table = self.table
        table.setObjectName("variables")
        table.setAccessibleName("Variables")
        table.setWordWrap(False)
        table.setHorizontalHeaderLabels(COLUMNS)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setItemDelegateForColumn(TYPE, _VariableDelegate({name: name for name in TYPES}, table))
        table.setItemDelegateForColumn(BASE, _VariableDelegate(RELATIVE, table))
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in ((NAME, 130), (TYPE, 86), (VALUE, 190), (BASE, 106), (DESCRIPTION, 180)):
            table.setColumnWidth(column, width)
        header.setSectionResizeMode(USED, QHeaderView.ResizeMode.Stretch)

    def _lay_out(self) -> None:
        title = PlainLabel("Workflow")
        title.setProperty("role", "title")
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow("Name", self.name)
        form.addRow("Description", self.description)
        heading = PlainLabel("Variables")
        heading.setProperty("role", "heading")
        hint = PlainLabel("Any setting can take its value from a variable; a run can replace it: --var name=value.")
        hint.setProperty("role", "small")
        hint.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.accept)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(title)
        layout.addLayout(form)
        layout.addSpacing(6)
        layout.addWidget(heading)
        layout.addWidget(hint)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.message)
        layout.addLayout(buttons)

    # -- from the document

    def _stop(self) -> None:
        self._end_listening()

    def _on_change(self, change: Change) -> None:
        if any(change.records.get(table) for table in ("variables", "properties", "nodes", "views")):
            self._fill()

    def _fill(self) -> None:
        """Show what the document has; the selected variable stays selected."""
        selected = self._selected()
        self._filling = True
        properties = self._document.properties
        if self.name.text() != properties["name"]:
            self.name.setText(properties["name"])
        if self.description.toPlainText() != properties["description"]:
            self.description.setPlainText(properties["description"])
        self.table.setRowCount(len(self._document.variables))
        for row, variable in enumerate(self._document.variables.values()):
            self._fill_row(row, variable)
            if variable.name == selected:
                self.table.selectRow(row)
        self._filling = False
        self._on_selected()

    def _fill_row(self, row: int, variable: Variable) -> None:
        used = list(uses(self._document, variable.name))
        texts = {
            NAME: variable.name,
            TYPE: variable.type,
            VALUE: _shown(variable.value),
            BASE: RELATIVE[variable.relative_to] if variable.type == "path" else "",
            DESCRIPTION: variable.description,
            USED: "nothing" if not used else used[0] if len(used) == 1 else f"{used[0]}, {len(used) - 1} more",
        }
        for column, text in texts.items():
            item = self.table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                self.table.setItem(row, column, item)
            item.setText(text)  # in place: the cell's editor may not be closed yet
            item.setToolTip(plain_tip("\n".join(used) if column == USED else text))
            editable = column != USED and (column != BASE or variable.type == "path")
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if editable else flags)
            if column == USED:
                item.setForeground(self.palette().placeholderText())
            item.setData(Qt.ItemDataRole.UserRole, variable.name)

    # -- to the document

    def _describe(self) -> None:
        if not self._filling:
            self._document.set_property("description", self.description.toPlainText())

    def _on_edited(self, row: int, column: int) -> None:
        item = self.table.item(row, column)
        if self._filling or item is None:
            return
        old = self._document.variables[item.data(Qt.ItemDataRole.UserRole)]
        try:
            changed = self._changed(old, column, item.text())
        except ValueError as error:
            self._say(str(error))
            self._fill()
            return
        self._say("")
        if changed != old:
            self._document.set_variable(old.name, changed)

    def _changed(self, old: Variable, column: int, text: str) -> Variable:
        """Return the variable with one cell edited; ValueError, for the person, if that cannot be."""
        text = text.strip() if column != VALUE or old.type != "text" else text
        if column == NAME:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,79}", text):
                raise ValueError(f"'{text}' cannot be a name. Use letters, digits and _, and begin with a letter.")
            if text != old.name and text in self._document.variables:
                raise ValueError(f"There is a variable '{text}' already. Choose another name.")
            return old.model_copy(update={"name": text})
        if column == TYPE:
            kind = next(t for t in TYPES if t == text)
            try:
                value = typed(_shown(old.value), kind)
            except ValueError:
                value = {"integer": 0, "number": 0.0, "boolean": False}[kind]
            return old.model_copy(update={"type": kind, "value": value})
        if column == VALUE:
            return old.model_copy(update={"value": typed(text, old.type)})
        if column == BASE:
            return old.model_copy(update={"relative_to": next(k for k, v in RELATIVE.items() if v == text)})
        return old.model_copy(update={"description": text})

    def _add(self) -> None:
        """Add a variable, its name ready to be typed."""
        number = 1
        while f"variable_{number}" in self._document.variables:
            number += 1
        name = f"variable_{number}"
        self._document.set_variable(name, Variable(name=name, value=""))
        row = list(self._document.variables).index(name)
        self.table.selectRow(row)
        self.table.setFocus()
        self.table.edit(self.table.model().index(row, NAME))

    def _remove(self) -> None:
        name = self._selected()
        if name is None:
            return
        used = list(uses(self._document, name))
        self._document.set_variable(name, None)
        left = f"'{name}' is gone, and still used by {used[0]}" + (f" and {len(used) - 1} more" if len(used) > 1 else "")
        self._say(f"{left}. Give these settings a value, or undo." if used else "")

    def _selected(self) -> str | None:
        row = self.table.currentRow()
        item = self.table.item(row, NAME) if row >= 0 else None
        return item.data(Qt.ItemDataRole.UserRole) if item is not None else None

    def _on_selected(self) -> None:
        self.remove_button.setEnabled(self._selected() is not None)

    def _say(self, text: str) -> None:
        self.message.setText(text)

    def _redraw(self) -> None:
        self.add_button.setIcon(look().icon("mdi6.plus"))
        self.remove_button.setIcon(look().icon("mdi6.delete-outline", look().colors.wrong))


class _VariableDelegate(QStyledItemDelegate):
    """Edits a cell by choosing one of a few texts."""

    def __init__(self, choices: dict[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self._choices = list(choices.values())

    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Make a box with the choices; choosing is enough."""
        box = QComboBox(parent)
        box.addItems(self._choices)
        box.activated.connect(partial(self._finish, box))
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show what is chosen now."""
        if isinstance(editor, QComboBox):
            editor.setCurrentText(index.data())

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Take what was chosen."""
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText())

    def _finish(self, box: QComboBox, _: int) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box, QStyledItemDelegate.EndEditHint.NoHint)


def typed(text: str, kind: VariableType) -> VariableValue:
    """Return a value of this type from its text; ValueError, for the person, if it is none."""
    plain = text.strip()
    try:
        if kind == "integer":
            return int(plain)
        if kind == "number":
            return float(plain)
    except ValueError:
        article = "a whole number" if kind == "integer" else "a number"
        raise ValueError(f"'{text}' is not {article}. Type one, or change the variable's type.") from None
    if kind == "boolean":
        if plain.casefold() not in ("true", "false", "yes", "no", "on", "off"):
            raise ValueError(f"'{text}' is neither true nor false. Type one of them, or change the variable's type.")
        return plain.casefold() in ("true", "yes", "on")
    if kind == "columns":
        return [name.strip() for name in text.split(",") if name.strip()]
    return text


def uses(document: Document, name: str) -> Iterator[str]:
    """Return where a variable is used: `Convolution 2D: filters`, node by node."""
    for node_id, record in document.nodes.items():
        for setting, value in record.settings.items():
            if _mentions(value, name):
                yield f"{document.title(node_id)}: {setting}"


def _mentions(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return value == {"variable": name} or any(_mentions(v, name) for v in value.values())
    if isinstance(value, list):
        return any(_mentions(v, name) for v in value)
    return isinstance(value, str) and re.search(r"(?<!\$)\$\{" + re.escape(name) + r"\}", value) is not None


def _shown(value: VariableValue) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
