"""The preferences: looks, the canvas, config dialogs, stored results. Every choice holds at once.

Stored results are measured and emptied on a thread of their own, as there may be many.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from PySide6.QtCore import QLocale, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.editor import locale
from app.editor.config.control import mark
from app.editor.config.number import number_text, read_number
from app.editor.config.widgets import QuietComboBox, Switch
from app.editor.look import Preference, look
from app.editor.plain_label import PlainLabel
from app.editor.preferences import PreferenceStore
from app.folders import default_results
from nodes.wording import file_size, percent

_SWITCHES = {
    "minimap": ("Show the minimap", "A small picture of the whole workflow in the corner of the canvas."),
    "snap_to_grid": ("Move in steps", "Nodes that are dragged keep their alignment; Alt drags freely."),
    "show_advanced": ("Show advanced settings", "Config dialogs begin with all settings, not only the common ones."),
}
SCALES = (80, 90, 100, 110, 125, 150, 175, 200)
"""Sizes of the interface to choose from, in percent."""
Task = Literal["measure", "empty"]


class PreferencesDialog(QDialog):
    """How the editor looks and behaves.

    Args:
        preferences: What is shown and changed.
        results: The folder of stored results; None: the program's own.
    """

    results_emptied = Signal()
    """All stored results are gone: what is shown of nodes is out of date."""

    def __init__(self, preferences: PreferenceStore, parent: QWidget | None = None, results: Path | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(480)
        self._preferences = preferences
        self._results = _StoredResults(results)
        self._results.measured.connect(self._show_size)
        self._results.emptied.connect(self._on_emptied)
        self.finished.connect(self._results.stop)
        values = preferences.values
        self.appearance = {name: QPushButton(name.capitalize()) for name in get_args(Preference)}
        group = QButtonGroup(self)
        for name, button in self.appearance.items():
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setChecked(name == values.appearance)
            button.clicked.connect(partial(self._choose_appearance, name))
            group.addButton(button)
        self.scale = QuietComboBox()
        self.scale.setAccessibleName("Size of the interface")
        for scale in SCALES:
            self.scale.addItem(percent(scale / 100, 0), scale / 100)
        self.scale.setCurrentIndex(self.scale.findData(values.interface_scale))
        self.scale.currentIndexChanged.connect(self._choose_scale)
        self.locale_box = QuietComboBox()
        self.locale_box.setAccessibleName("Numbers and dates")
        self.locale_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.locale_box.setMinimumContentsLength(28)
        self.locale_box.addItem(f"As the system · {locale.sample(QLocale.system())}", "")
        for name, title in locale.choices():
            self.locale_box.addItem(title, name)
        self.locale_box.setCurrentIndex(max(0, self.locale_box.findData(values.locale)))
        self.locale_box.currentIndexChanged.connect(self._choose_locale)
        self.switches = {name: Switch() for name in _SWITCHES}
        for name, box in self.switches.items():
            box.setAccessibleName(_SWITCHES[name][0])
            box.setChecked(getattr(values, name))
            box.toggled.connect(partial(self._switch, name))
        self.limit = QLineEdit()
        self.limit.setText(number_text(values.results_limit_gb))
        self.limit.setMaximumWidth(90)
        self.limit.setAccessibleName("Most room for stored results, in gigabytes")
        self.limit.editingFinished.connect(self._limit)
        self.size_text = PlainLabel("Counting …")
        self.size_text.setProperty("role", "muted")
        self.empty_button = QPushButton("Empty stored results …")
        self.empty_button.setProperty("role", "danger")
        self.empty_button.clicked.connect(self._ask_and_empty)
        self._lay_out()
        for push in self.findChildren(QPushButton):
            push.setAutoDefault(False)  # Enter ends an edit, not the dialog
        self._results.begin("measure")

    def empty_results(self) -> None:
        """Forget all stored results, without asking; `results_emptied` says when it is done."""
        self.empty_button.setEnabled(False)
        self.size_text.setText("Emptying …")
        self._results.begin("empty")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 16)
        layout.setSpacing(8)
        layout.addWidget(_label("Appearance", "heading"))
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self.appearance.values():
            row.addWidget(button)
        row.addStretch(1)
        layout.addLayout(row)
        scale = QHBoxLayout()
        scale.addWidget(_label("Size of the interface, from the next start on", ""), 1)
        scale.addWidget(self.scale)
        layout.addLayout(scale)
        numbers = QHBoxLayout()
        numbers.addWidget(_label("Numbers and dates, from the next start on", ""), 1)
        numbers.addWidget(self.locale_box)
        layout.addLayout(numbers)
        layout.addWidget(_label("Only what is shown: files, reports and what is copied always have a point.", "small"))
        layout.addSpacing(12)
        layout.addWidget(_label("Editing", "heading"))
        for name, box in self.switches.items():
            texts = QVBoxLayout()
            texts.setSpacing(1)
            for text, role in zip(_SWITCHES[name], ("", "small"), strict=True):
                texts.addWidget(_label(text, role))
            line = QHBoxLayout()
            line.addLayout(texts, 1)
            line.addWidget(box)
            layout.addLayout(line)
        layout.addSpacing(12)
        layout.addWidget(_label("Stored results", "heading"))
        layout.addWidget(
            _label("What nodes put out is kept, so that only what changed runs again. Used longest ago goes first.", "small")
        )
        limit = QHBoxLayout()
        limit.addWidget(PlainLabel("Keep at most"))
        limit.addWidget(self.limit)
        limit.addWidget(PlainLabel("GB"))
        limit.addStretch(1)
        layout.addLayout(limit)
        folder = _label(
            f"They are in {self._results.folder}; the environment variable LAYERLOOM_RESULTS says another place.", "small"
        )
        folder.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(folder)
        size = QHBoxLayout()
        size.addWidget(self.size_text, 1)
        size.addWidget(self.empty_button)
        layout.addLayout(size)
        layout.addStretch(1)
        layout.addSpacing(10)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.accept)
        layout.addWidget(close)

    def _choose_appearance(self, name: Preference) -> None:
        look().choose(name)
        self._preferences.change(appearance=name)

    def _choose_locale(self, number: int) -> None:
        self._preferences.change(locale=self.locale_box.itemData(number))

    def _choose_scale(self, number: int) -> None:
        self._preferences.change(interface_scale=self.scale.itemData(number))

    def _switch(self, name: str, on: bool) -> None:
        self._preferences.change(**{name: on})

    def _limit(self) -> None:
        gigabytes = read_number(self.limit.text(), whole=False)
        fits = isinstance(gigabytes, int | float) and 0.1 <= gigabytes <= 100_000
        mark(self.limit, not fits)
        if fits:
            self._preferences.change(results_limit_gb=gigabytes)

    def _ask_and_empty(self) -> None:
        question = QMessageBox(self)
        question.setIcon(QMessageBox.Icon.Warning)
        question.setText("Empty all stored results?")
        question.setInformativeText("Every workflow has to run again, trainings too. Workflows and files are not touched.")
        empty = question.addButton("Empty", QMessageBox.ButtonRole.DestructiveRole)
        question.addButton(QMessageBox.StandardButton.Cancel)
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        question.exec()
        if question.clickedButton() is empty:
            self.empty_results()

    def _show_size(self, size: object, problem: str) -> None:
        self.size_text.setText(problem or f"{file_size(size if isinstance(size, int) else 0)} are stored now.")
        self.empty_button.setEnabled(True)

    def _on_emptied(self, problem: str) -> None:
        self.results_emptied.emit()
        if problem:
            self._show_size(0, problem)
        else:
            self._results.begin("measure")


class _StoredResults(QObject):
    """Measures and empties the stored results on a thread; one thing at a time."""

    measured = Signal(object, str)
    """Bytes, or what went wrong."""
    emptied = Signal(str)
    """It is done; or what went wrong."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self._folder = folder
        self._stopped = threading.Event()

    def begin(self, task: Task) -> None:
        """Start one of the two."""
        self._stopped.clear()
        work: dict[Task, Callable[[], None]] = {"measure": self._measure, "empty": self._empty}
        threading.Thread(target=work[task], name=f"{task} results", daemon=False).start()

    def stop(self) -> None:
        """Wait for the size no longer. Emptying goes on: half of it would be of no use."""
        self._stopped.set()

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._folder or default_results()

    def _measure(self) -> None:
        try:
            size = self._size(self.folder)
        except OSError as error:
            self.measured.emit(0, f"The stored results cannot be counted: {error.strerror or error}.")
        else:
            if not self._stopped.is_set():
                self.measured.emit(size, "")

    def _size(self, folder: Path) -> int:
        total = 0
        for place, _, files in os.walk(folder):
            if self._stopped.is_set():
                break
            for name in files:
                try:
                    total += (Path(place) / name).stat().st_size
                except FileNotFoundError:
                    continue  # a run has just dropped it
        return total

    def _empty(self) -> None:
        from app.engine.store import Store

        try:
            Store(self.folder).clear()
        except OSError as error:
            self.emptied.emit(f"The stored results cannot be emptied: {error.strerror or error}. Stop what runs, and try again.")
        else:
            self.emptied.emit("")


def _label(text: str, role: str) -> QLabel:
    label = PlainLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
