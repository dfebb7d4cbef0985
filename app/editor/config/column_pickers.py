"""OfferedColumn pickers: one column or several of the table at an input, of the kinds that the setting asks for.

A chosen column that the table does not have (any more) stays, struck through, until the person removes it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.editor.config.control import Control, mark, reference_text
from app.editor.config.dialog_context import DialogContext
from app.editor.config.simple import NOTHING
from app.editor.config.widgets import QuietComboBox
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.visible_text import plain_tip
from app.engine.messages.questions import OfferedColumn

KIND_ICONS: Mapping[str, str] = {
    "image": "mdi6.image-outline",
    "boolean": "mdi6.toggle-switch-outline",
    "integer": "mdi6.numeric",
    "number": "mdi6.decimal",
    "text": "mdi6.alphabetical",
    "category": "mdi6.tag-outline",
    "array": "mdi6.code-array",
    "collection": "mdi6.code-brackets",
    "binary": "mdi6.file-outline",
    "layer": "mdi6.layers-outline",
    "tensor": "mdi6.cube-outline",
}
"""Kind of column -> icon; of a column's kinds the first one here decides."""
OTHER_ICON = "mdi6.help-circle-outline"
MISSING_ICON = "mdi6.alert-circle-outline"
LINE = 24


def icon_of(column: OfferedColumn) -> str:
    """Return the icon that tells a column's type."""
    return next((icon for kind, icon in KIND_ICONS.items() if kind in column.kinds), OTHER_ICON)


class ColumnOffer:
    """The columns that a setting may name, at this moment.

    Args:
        context: Knows the inputs.
        port: The input port.
        accepts: Kinds of column; empty: all.
    """

    thing = "column"
    """What is chosen."""
    source = "table"
    """What has it."""

    def __init__(self, context: DialogContext, port: str, accepts: Sequence[str]) -> None:
        self._context = context
        self._port = port
        self._accepts = accepts

    def columns(self) -> list[OfferedColumn] | None:
        """Fitting columns in the table's order; None where the table is not known."""
        found = self._context.node.columns_at(self._port)
        if found is None or not self._accepts:
            return found
        return [column for column in found if set(column.kinds) & set(self._accepts)]

    def text(self, column: OfferedColumn) -> str:
        """Return how a list of one line per column calls it."""
        return column.name

    def meant(self, name: Any) -> Any:
        """Return the offered name that another spelling of it means."""
        return name

    def why_not(self, name: str) -> str:
        """Return why a column is not offered."""
        there = {column.name: column for column in self._context.node.columns_at(self._port) or ()}
        if name in there:
            return f"'{name}' is {there[name].dtype or 'of another type'}, not {' or '.join(self._accepts)}"
        return f"The table has no column '{name}'"


class ColumnControl(Control):
    """One column.

    Args:
        offer: The columns there are.
        context: Tells when they change.
        optional: Whether none may be chosen.
    """

    def __init__(
        self, offer: ColumnOffer, context: DialogContext, parent: QWidget | None = None, *, optional: bool = False
    ) -> None:
        super().__init__(parent)
        self._offer = offer
        self._optional = optional
        self._value: Any = None
        self.combo = QuietComboBox()
        self.combo.activated.connect(self._chosen)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo)
        self.setFocusProxy(self.combo)
        context.changed.connect(self._fill)
        look().changed.connect(self._fill)
        self._fill()

    def value(self) -> Any:
        """Return the column's name; None where none is chosen."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Choose a column, there or not."""
        self._value = value
        self._fill()

    def set_name(self, name: str) -> None:
        """Name the combo box."""
        super().set_name(name)
        self.combo.setAccessibleName(name)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the combo box."""
        mark(self.combo, invalid)

    def _fill(self) -> None:
        colors = look().colors
        columns = self._offer.columns()
        self.combo.clear()
        if self._optional:
            self.combo.addItem(NOTHING, None)
        for column in columns or ():
            self.combo.addItem(look().icon(icon_of(column), colors.muted), self._offer.text(column), column.name)
            self.combo.setItemData(self.combo.count() - 1, plain_tip(column.dtype), Qt.ItemDataRole.ToolTipRole)
        self.combo.setPlaceholderText(
            f"Choose a {self._offer.thing}"
            if columns
            else f"No {self._offer.thing} fits"
            if columns is not None
            else f"No {self._offer.source} yet"
        )
        if self._value in (None, "") and not (self._optional and self._value is None):
            self.combo.setCurrentIndex(-1)
            return
        index = self.combo.findData(self._offer.meant(self._value))
        if index < 0:
            index = self.combo.count()
            self.combo.addItem(
                look().icon(MISSING_ICON, colors.wrong) if columns is not None else look().icon(OTHER_ICON, colors.muted),
                str(self._value),
                self._value,
            )
            if columns is not None:
                self.combo.setItemData(index, _struck(self.combo.font()), Qt.ItemDataRole.FontRole)
                self.combo.setItemData(index, QBrush(QColor(colors.wrong)), Qt.ItemDataRole.ForegroundRole)
                self.combo.setItemData(index, plain_tip(self._offer.why_not(str(self._value))), Qt.ItemDataRole.ToolTipRole)
        self.combo.setCurrentIndex(index)
        missing = columns is not None and self.combo.itemData(index, Qt.ItemDataRole.FontRole) is not None
        font = QFont(self.font())
        font.setStrikeOut(missing)
        self.combo.setFont(font)
        self.combo.setToolTip(str(self.combo.itemData(index, Qt.ItemDataRole.ToolTipRole) or ""))

    def _chosen(self) -> None:
        self._value = self.combo.currentData()
        self._fill()
        self.changed.emit()


def _struck(font: QFont) -> QFont:
    made = QFont(font)
    made.setStrikeOut(True)
    return made


class CheckList(QListWidget):
    """Lines with a check box; the checked ones can be dragged, or moved with Alt+Up and Alt+Down."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(16, 16))
        self.setProperty("role", "field")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the line with Alt and an arrow."""
        by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if by is None or not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            return
        row, to = self.currentRow(), self.currentRow() + by
        if 0 <= to < self.count():
            self.model().moveRow(QModelIndex(), row, QModelIndex(), to + (1 if by > 0 else 0))
            self.setCurrentRow(to)


class CheckListControl(Control):
    """Several of what is offered, in an order: first the chosen ones in theirs, then the others.

    Args:
        optional: Whether no choice is None instead of an empty list.
    """

    wide = True
    thing, source = "column", "table"
    """What is chosen, and what has it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: list[Any] = []
        self._quiet = False
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = CheckList()
        self.list.itemChanged.connect(self._item_changed)
        self.list.model().rowsMoved.connect(self._reordered)
        self.summary = PlainLabel()
        self.summary.setProperty("role", "small")
        self.all = QPushButton("All")
        self.none = QPushButton("None")
        self.all.clicked.connect(self._choose_all)
        self.none.clicked.connect(self._choose_none)
        line = QHBoxLayout()
        line.addWidget(self.summary, 1)
        for button in (self.all, self.none):
            button.setProperty("role", "plain")
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        layout.addLayout(line)
        self.setFocusProxy(self.list)
        look().changed.connect(self._fill)

    @abstractmethod
    def offered(self) -> list[tuple[Any, str, str]] | None:
        """Return what is offered as (value, icon, explanation); None where it is not known."""

    def missing(self, value: Any) -> str:
        """Return why a chosen value is not offered."""
        return f"{value} is not offered"

    def value(self) -> Any:
        """Return the chosen ones in their order."""
        return list(self._chosen)

    def set_value(self, value: Any) -> None:
        """Choose, whether offered or not."""
        given = value if isinstance(value, list | tuple) else []
        self._chosen = list(
            dict.fromkeys(item if isinstance(item, str | int | float) else reference_text(item) for item in given)
        )
        self._fill()

    def set_name(self, name: str) -> None:
        """Name list, search and buttons."""
        super().set_name(name)
        self.list.setAccessibleName(name)
        self.search.setAccessibleName(f"{name}: search")
        self.all.setAccessibleName(f"{name}: choose all")
        self.none.setAccessibleName(f"{name}: choose none")

    def set_invalid(self, invalid: bool) -> None:
        """Mark the list."""
        mark(self.list, invalid)

    def _fill(self) -> None:
        colors = look().colors
        self._quiet = True
        current = self.list.currentItem().data(Qt.ItemDataRole.UserRole) if self.list.currentItem() else None
        self.list.clear()
        offered = self.offered()
        known = {value: (icon, tip) for value, icon, tip in offered or ()}
        for value in [*self._chosen, *(value for value in known if value not in self._chosen)]:
            checked = value in self._chosen
            item = QListWidgetItem(str(value))
            item.setData(Qt.ItemDataRole.UserRole, value)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsUserCheckable
                | (Qt.ItemFlag.ItemIsDragEnabled if checked else Qt.ItemFlag.NoItemFlags)
            )
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
            gone = offered is not None and value not in known
            icon, tip = known.get(value, (MISSING_ICON if gone else "", self.missing(value) if gone else ""))
            item.setToolTip(plain_tip(tip))
            if icon:
                item.setIcon(look().icon(icon, colors.wrong if gone else colors.muted))
            if gone:
                item.setFont(_struck(self.list.font()))
                item.setForeground(QColor(colors.wrong))
            self.list.addItem(item)
            if value == current:
                self.list.setCurrentItem(item)
        many = self.list.count() > 8
        self.search.setVisible(many or bool(self.search.text()))
        self.list.setFixedHeight(min(max(self.list.count(), 1), 8) * LINE + 10)
        self.all.setVisible(bool(known))
        self.none.setVisible(bool(self.list.count()))
        self._summarise(known if offered is not None else None)
        self._quiet = False
        self._filter(self.search.text())

    def _summarise(self, known: Mapping[Any, Any] | None) -> None:
        if known is None:
            chosen = f"{len(self._chosen)} chosen · n" if self._chosen else "N"
            self.summary.setText(f"{chosen}o {self.source} yet")
        elif not known and not self._chosen:
            self.summary.setText(f"No {self.thing} fits")
        else:
            self.summary.setText(f"{len(self._chosen)} of {len(known)} chosen")

    def _filter(self, text: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(text.lower() not in item.text().lower())

    def _item_changed(self, item: QListWidgetItem) -> None:
        if self._quiet:
            return
        value = item.data(Qt.ItemDataRole.UserRole)
        if item.checkState() == Qt.CheckState.Checked:
            self._chosen = [*(v for v in self._chosen if v != value), value]
        else:
            self._chosen = [v for v in self._chosen if v != value]
        self._fill()
        self.changed.emit()

    def _reordered(self) -> None:
        if self._quiet:
            return
        items = [self.list.item(row) for row in range(self.list.count())]
        chosen = [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]
        if chosen != self._chosen:
            self._chosen = chosen
            self.changed.emit()

    def _choose_all(self) -> None:
        shown = [self.list.item(row) for row in range(self.list.count()) if not self.list.item(row).isHidden()]
        values = [item.data(Qt.ItemDataRole.UserRole) for item in shown]
        self._set([*self._chosen, *(value for value in values if value not in self._chosen)])

    def _choose_none(self) -> None:
        self._set([])

    def _set(self, chosen: list[Any]) -> None:
        if chosen != self._chosen:
            self._chosen = chosen
            self._fill()
            self.changed.emit()


class ColumnsControl(CheckListControl):
    """Several columns, in an order.

    Args:
        offer: The columns there are.
        context: Tells when they change.
    """

    def __init__(self, offer: ColumnOffer, context: DialogContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer = offer
        self.thing, self.source = offer.thing, offer.source
        context.changed.connect(self._fill)
        self._fill()

    def offered(self) -> list[tuple[Any, str, str]] | None:
        """Return the fitting columns."""
        columns = self._offer.columns()
        return None if columns is None else [(c.name, icon_of(c), c.dtype) for c in columns]

    def missing(self, value: Any) -> str:
        """Return that the table has it not, or that it is of another type."""
        return self._offer.why_not(str(value))


class ChoicesControl(CheckListControl):
    """Several of a few values, in an order.

    Args:
        options: The values.
        help: Value -> a sentence about it.
    """

    def __init__(self, options: tuple[Any, ...], help: Mapping[str, str] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = options
        self._help = help or {}
        self._fill()

    def offered(self) -> list[tuple[Any, str, str]] | None:
        """Return all values."""
        return [(option, "", self._help.get(str(option), "")) for option in self._options]
