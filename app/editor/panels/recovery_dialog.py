"""After a crash: what was not saved, to restore, to discard, or to decide later. Nothing is lost by closing the dialog."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.journal import Lost
from nodes.wording import ago, counted


class RecoveryDialog(QDialog):
    """A card for each workflow with edits that were not saved.

    Args:
        lost: What `app.journal.recoverable()` found.
    """

    restore_requested = Signal(Lost)
    """Open this `Lost` again."""

    def __init__(self, lost: Sequence[Lost], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Restore unsaved work")
        self.setMinimumWidth(560)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.cards = [RecoveryCard(one) for one in lost]
        title = PlainLabel("Layerloom ended before your work was saved")
        title.setProperty("role", "title")
        text = PlainLabel(
            "Every edit up to the last second is kept. Restored workflows open as they were; they are not saved yet."
        )
        text.setProperty("role", "muted")
        for label in (title, text):
            label.setWordWrap(True)
        cards = QWidget()
        cards.setObjectName("page")
        column = QVBoxLayout(cards)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for card in self.cards:
            card.restore_button.clicked.connect(partial(self._restore, card))
            card.discard_button.clicked.connect(partial(self._discard, card))
            column.addWidget(card)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("welcome")
        scroll.setWidgetResizable(True)
        scroll.setWidget(cards)
        scroll.setMinimumHeight(min(cards.sizeHint().height() + 10, 380))
        self.later_button = QPushButton("Decide later")
        self.later_button.setToolTip("Nothing is lost; it is offered again at the next start.")
        self.all_button = QPushButton("Restore all")
        self.all_button.setProperty("role", "primary")
        self.all_button.setDefault(True)
        self.later_button.clicked.connect(self.reject)
        self.all_button.clicked.connect(self._restore_all)
        self.all_button.setVisible(len(self.cards) > 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.later_button)
        buttons.addWidget(self.all_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 16)
        layout.setSpacing(12)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addWidget(scroll, 1)
        layout.addLayout(buttons)

    def _restore_all(self) -> None:
        for card in list(self.cards):
            self._restore(card)

    def _restore(self, card: RecoveryCard, _checked: bool = False) -> None:
        self._drop(card)
        self.restore_requested.emit(card.lost)
        self._end_if_empty()

    def _discard(self, card: RecoveryCard, _checked: bool = False) -> None:
        self._drop(card)
        card.lost.discard()
        self._end_if_empty()

    def _drop(self, card: RecoveryCard) -> None:
        self.cards.remove(card)
        card.hide()

    def _end_if_empty(self) -> None:
        if not self.cards:
            self.accept()


class RecoveryCard(QFrame):
    """What was lost of one workflow."""

    def __init__(self, lost: Lost) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(lost.name)
        self.lost = lost
        name = PlainLabel(lost.name)
        name.setProperty("role", "heading")
        edits = counted(lost.edits, "edit")
        where = str(lost.path) if lost.path else "was never saved"
        facts = PlainLabel(f"{edits}, the last one {ago(time.time() - lost.time)} · {where}")
        facts.setProperty("role", "small")
        facts.setWordWrap(True)
        texts = QVBoxLayout()
        texts.setSpacing(3)
        texts.addWidget(name)
        texts.addWidget(facts)
        for note in self._notes():
            label = PlainLabel(note)
            label.setProperty("role", "small")
            label.setStyleSheet(f"color: {look().colors.wrong}")
            label.setWordWrap(True)
            texts.addWidget(label)
        self.discard_button = QPushButton("Discard")
        self.discard_button.setProperty("role", "danger")
        self.restore_button = QPushButton("Restore")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 12, 12, 12)
        layout.addLayout(texts, 1)
        layout.addWidget(self.discard_button)
        layout.addWidget(self.restore_button)

    def _notes(self) -> list[str]:
        notes = []
        if self.lost.path and self.lost.file_changed():
            notes.append("The file was changed since; what is restored does not have these changes. Save it under another name.")
        if self.lost.unreadable:
            notes.append(f"{counted(self.lost.unreadable, 'line')} of the journal cannot be read and will be missing.")
        return notes
