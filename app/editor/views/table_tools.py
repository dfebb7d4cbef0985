"""TableTools: the line above a table: how many rows are shown, the filters in effect, and how large pictures are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QSlider, QToolButton, QWidget

from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.editor.views.elided import ElidedLabel
from app.editor.views.filter_popup import in_words
from app.editor.views.picture_sides import SMALLEST, TALLEST
from app.editor.visible_text import plain_tip
from app.engine.messages.tables import CellCondition
from nodes.wording import counted, grouped

LONGEST = 34
"""Letters on the button of a filter."""


class TableTools(QWidget):
    """What stands above a table."""

    filter_wanted = Signal(QWidget)
    """A column is to be filtered: the button that was pressed."""
    edit_wanted = Signal(str, QWidget)
    """The filter of this column is to be changed: the button that was pressed."""
    clear_wanted = Signal()
    find_wanted = Signal()
    side_chosen = Signal(int)
    """Pictures are to be that tall."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.count = ElidedLabel()
        self.count.setProperty("role", "muted")
        self.count.setAccessibleName("Rows that are shown")
        self.chips: list[QPushButton] = []
        self._chip_row = QHBoxLayout()
        self._chip_row.setSpacing(4)
        self.clear = QPushButton("Clear all")
        self.clear.setProperty("role", "pill")
        self.clear.clicked.connect(self.clear_wanted)
        self.filter_button, self.find_button = QToolButton(), QToolButton()
        for button, name, tip in (
            (self.filter_button, "Filter", "Show only rows whose cells fit (Ctrl+Shift+F)"),
            (self.find_button, "Find", "Find a text in the cells (Ctrl+F)"),
        ):
            button.setAccessibleName(name)
            button.setToolTip(tip)
            button.setIconSize(QSize(16, 16))
            button.setProperty("role", "small")
        self.filter_button.clicked.connect(partial(self.filter_wanted.emit, self.filter_button))
        self.find_button.clicked.connect(self.find_wanted)
        self._smaller = PlainLabel()
        self.side = QSlider(Qt.Orientation.Horizontal)
        self.side.setRange(SMALLEST, TALLEST)
        self.side.setFixedWidth(96)
        self.side.setAccessibleName("Height of pictures")
        self.side.setToolTip("Height of pictures in this table")
        self.side.valueChanged.connect(self.side_chosen)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 2)
        row.setSpacing(6)
        row.addWidget(self.count)
        row.addLayout(self._chip_row)
        row.addWidget(self.clear)
        row.addStretch(1)
        for widget in (self._smaller, self.side, self.filter_button, self.find_button):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        look().changed.connect(self._dress)
        self._dress()
        self.tell(0, 0, (), 0)

    def _dress(self) -> None:
        self.filter_button.setIcon(look().icon("mdi6.filter-outline"))
        self.find_button.setIcon(look().icon("mdi6.magnify"))
        self._smaller.setPixmap(look().icon("mdi6.image-size-select-large", look().colors.muted).pixmap(QSize(16, 16)))

    def tell(self, shown: int, total: int, filters: Sequence[CellCondition], side: int) -> None:
        """Say what is shown.

        Args:
            shown: How many rows.
            total: Of how many.
            filters: Those in effect.
            side: Height of pictures; 0 where there are none.
        """
        self.count.setText(f"{grouped(shown)} of {counted(total, 'row')}" if filters else counted(total, "row"))
        for chip in self.chips:
            self._chip_row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = [self._chip(given) for given in filters]
        self.clear.setVisible(bool(filters))
        for widget in (self._smaller, self.side):
            widget.setVisible(bool(side))
        self.side.blockSignals(True)
        self.side.setValue(side or SMALLEST)
        self.side.blockSignals(False)

    def _chip(self, given: CellCondition) -> QPushButton:
        said = in_words(given).replace("\n", " ")
        chip = QPushButton((said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…").replace("&", "&&"))
        chip.setProperty("role", "filter")
        chip.setToolTip(plain_tip(f"{said}\nPress to change or remove this filter."))
        chip.setAccessibleName(f"Filter: {said}")
        chip.setMinimumWidth(30)
        chip.clicked.connect(partial(self.edit_wanted.emit, given.column, chip))
        self._chip_row.addWidget(chip)
        chip.show()
        return chip
