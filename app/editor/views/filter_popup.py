"""FilterPopup: which cells of a column a person wants to see; a small card below the column's name."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.editor.config.widgets import QuietComboBox
from app.editor.panels.popup import popup_frame
from app.editor.plain_label import PlainLabel
from app.engine.messages.tables import CellCondition, FilterKind, ShownColumn

NAMES: dict[FilterKind, str] = {
    "contains": "contains", "equals": "equals", "range": "is between", "missing": "is missing", "present": "is not missing",
}  # fmt: skip
"""The kinds of filters as a person reads them."""
KINDS: dict[str, tuple[FilterKind, ...]] = {
    "integer": ("range", "equals", "contains", "missing", "present"),
    "float": ("range", "equals", "contains", "missing", "present"),
    "text": ("contains", "equals", "missing", "present"),
    "class": ("equals", "contains", "missing", "present"),
    "boolean": ("equals", "missing", "present"),
    "time": ("range", "equals", "contains", "missing", "present"),
}
"""Kind of a column -> what it can be filtered for, the most usual first."""


def kinds_for(column: ShownColumn) -> tuple[FilterKind, ...]:
    """Return what a column can be filtered for."""
    if column.kind == "time" and column.dtype.startswith("Duration"):
        return ("missing", "present")
    return KINDS.get(column.kind, ("missing", "present"))


def in_words(given: CellCondition) -> str:
    """`age is between 20 and 30`, as it stands on the filter's button."""
    if given.kind in ("missing", "present"):
        return f"{given.column} {NAMES[given.kind]}"
    if given.kind == "range":
        if given.low and given.high:
            return f"{given.column} {given.low} … {given.high}"
        return f"{given.column} ≥ {given.low}" if given.low else f"{given.column} ≤ {given.high}" if given.high else given.column
    return f"{given.column} {NAMES[given.kind]} {given.text}"


class FilterPopup(QWidget):
    """The filter of one column.

    Args:
        column: The column.
        given: Its filter so far.
        parent: The view.
    """

    chosen = Signal(object)
    """The filter, or None for no filter."""

    def __init__(self, column: ShownColumn, given: CellCondition | None, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._column = column
        self.setAccessibleName(f"Filter of {column.name}")
        inside: QVBoxLayout = popup_frame(self)
        heading = PlainLabel(f"Rows where {column.name if len(column.name) < 40 else column.name[:39] + '…'}")
        heading.setProperty("role", "heading")
        inside.addWidget(heading)
        self.kind = QuietComboBox()
        self.kind.setAccessibleName("Condition")
        for kind in kinds_for(column):
            self.kind.addItem(NAMES[kind], kind)
        inside.addWidget(self.kind)
        self.text, self.low, self.high = QLineEdit(), QLineEdit(), QLineEdit()
        bounds = QHBoxLayout()
        bounds.setSpacing(6)
        for field, name in ((self.text, "Text or value"), (self.low, "From"), (self.high, "To")):
            field.setAccessibleName(name)
            field.returnPressed.connect(self.take)
        self.low.setPlaceholderText("from: " + _example(column))
        self.high.setPlaceholderText("to")
        if column.classes:
            completer = QCompleter(list(column.classes), self.text)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            self.text.setCompleter(completer)
            self.text.setPlaceholderText(", ".join(column.classes[:3]) + (" …" if len(column.classes) > 3 else ""))
        elif column.kind == "boolean":
            self.text.setPlaceholderText("true or false")
        bounds.addWidget(self.low)
        bounds.addWidget(self.high)
        inside.addWidget(self.text)
        inside.addLayout(bounds)
        self.remove, self.apply = QPushButton("No filter"), QPushButton("Filter")
        self.apply.setProperty("role", "primary")
        self.remove.setProperty("role", "plain")
        self.remove.setEnabled(given is not None)
        self.remove.clicked.connect(self._drop)
        self.apply.clicked.connect(self.take)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        buttons.addWidget(self.apply)
        inside.addLayout(buttons)
        if given is not None:
            self.kind.setCurrentIndex(max(0, self.kind.findData(given.kind)))
            self.text.setText(given.text)
            self.low.setText(given.low)
            self.high.setText(given.high)
        self.kind.currentIndexChanged.connect(self._show_fields)
        self._show_fields()
        self.setMinimumWidth(300)

    def _show_fields(self) -> None:
        kind = self.kind.currentData()
        self.text.setVisible(kind in ("contains", "equals"))
        for field in (self.low, self.high):
            field.setVisible(kind == "range")
        self._first().setFocus()
        self.adjustSize()

    def _first(self) -> QWidget:
        kind = self.kind.currentData()
        return self.low if kind == "range" else self.text if kind in ("contains", "equals") else self.apply

    def open_below(self, place: QPoint) -> None:
        """Open with its upper left corner at a point of the screen, or where there is room beside it."""
        self.adjustSize()
        room = (self.parentWidget() or self).screen().availableGeometry()
        x = min(place.x(), room.right() - self.width())
        y = min(place.y(), room.bottom() - self.height())
        self.move(max(x, room.left()), max(y, room.top()))
        self.show()
        self._first().setFocus(Qt.FocusReason.PopupFocusReason)

    def take(self) -> None:
        """Have the filter take effect; one that says nothing is none."""
        kind: FilterKind = self.kind.currentData()
        text, low, high = self.text.text(), self.low.text().strip(), self.high.text().strip()
        given = CellCondition(
            column=self._column.name,
            kind=kind,
            text=text if kind in ("contains", "equals") else "",
            low=low if kind == "range" else "",
            high=high if kind == "range" else "",
        )
        says_nothing = (kind == "range" and not low and not high) or (kind == "contains" and not text)
        self.chosen.emit(None if says_nothing else given)
        self.close()

    def _drop(self) -> None:
        self.chosen.emit(None)
        self.close()


def _example(column: ShownColumn) -> str:
    if column.kind != "time":
        return "any"
    return "18:30" if column.dtype == "Time" else "2024-12-31"
