"""The overview of keys and of what the mouse does: grouped as the menus, found by typing. Keys are changed here, too."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QKeySequenceEdit, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.document.search import Candidate, find
from app.editor.actions import ActionRow
from app.editor.explained import KEYS, MOUSE, Explained
from app.editor.fixed_keys import DIALOG_KEYS, PROGRAM_KEYS
from app.editor.keymap import Keymap, native
from app.editor.panels.rows import KeysToList, ListRow, RowList, SearchField
from app.editor.plain_label import PlainLabel

EXPLAINED = {
    "Mouse on the canvas": MOUSE,
    "Keys of the canvas": KEYS,
    "Keys of the config dialog": DIALOG_KEYS,
    "Keys of the window": PROGRAM_KEYS,
}
"""What cannot be changed: heading -> what is below it."""


class KeyField(QKeySequenceEdit):
    """Takes one combination of keys as it is pressed. Esc leaves it."""

    left = Signal()
    """The person has thought better of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumSequenceLength(1)
        self.setClearButtonEnabled(True)
        self.setAccessibleName("New key")
        self.findChild(QLineEdit).setAccessibleName("New key")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the key."""
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ShortcutsDialog(QDialog):
    """All actions with their keys, and all that mouse and fixed keys do.

    Args:
        keymap: The keys of the window's actions.
    """

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts and mouse")
        self.resize(560, min(680, self.screen().availableSize().height() * 9 // 10))
        self._keymap = keymap
        title = PlainLabel("Keyboard shortcuts and mouse")
        title.setProperty("role", "title")
        self.field = SearchField("Search by name or key")
        self.list = RowList(height=30)
        self.list.setAccessibleName("Shortcuts")
        self._keys = KeysToList(self.field, self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        for widget in (title, self.field, self.list, self._build_editor()):
            layout.addWidget(widget)
        for push in self.findChildren(QPushButton):
            push.setAutoDefault(False)  # Enter in the list begins a change
        self.field.textChanged.connect(self._find)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_chosen())
        self.list.chosen.connect(lambda _: self.key.setFocus(Qt.FocusReason.ShortcutFocusReason))
        keymap.changed.connect(self._redraw)
        self._find("")
        self.field.setFocus()

    def _build_editor(self) -> QWidget:
        """Build the card in which the key of the chosen action is changed."""
        card = QFrame()
        card.setProperty("role", "card")
        self._name = PlainLabel()
        self._name.setProperty("role", "heading")
        self.key = KeyField()
        self.key.keySequenceChanged.connect(lambda _: self._judge())
        self.key.left.connect(self.list.setFocus)
        self.use, self.use_as_well = QPushButton("Use"), QPushButton("Use as well")
        self.use.setProperty("role", "primary")
        self.use.setToolTip("This key, and no other one")
        self.use_as_well.setToolTip("This key, beside those that it has")
        self.clear, self.reset, self.reset_all = QPushButton("No key"), QPushButton("Reset"), QPushButton("Reset all")
        self.said = PlainLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.use.clicked.connect(lambda: self._give(as_well=False))
        self.use_as_well.clicked.connect(lambda: self._give(as_well=True))
        self.clear.clicked.connect(lambda: self._keymap.clear(self._chosen_id))
        self.reset.clicked.connect(lambda: self._keymap.reset(self._chosen_id))
        self.reset_all.clicked.connect(self._keymap.reset_all)
        taking, ending = QHBoxLayout(), QHBoxLayout()
        taking.setSpacing(8)
        ending.setSpacing(8)
        taking.addWidget(self.key, 1)
        for button in (self.use, self.use_as_well):
            taking.addWidget(button)
        for button in (self.clear, self.reset):
            ending.addWidget(button)
        ending.addStretch(1)
        ending.addWidget(self.reset_all)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(12, 10, 12, 10)
        inside.setSpacing(8)
        inside.addWidget(self._name)
        inside.addLayout(taking)
        inside.addWidget(self.said)
        inside.addLayout(ending)
        return card

    # -- the list

    def _redraw(self) -> None:
        chosen = self.list.current_key
        self._find(self.field.text())
        if chosen is not None:
            self.list.select_key(chosen)
            self.list.scrollTo(self.list.currentIndex())
        self._show_chosen()

    def _find(self, text: str) -> None:
        self.list.set_rows(self._found(text.strip()) if text.strip() else self._all())

    def _all(self) -> list[ListRow]:
        groups: dict[str, list[ListRow]] = {}
        for row in self._keymap.rows.values():
            groups.setdefault(row.menu.capitalize(), []).append(self._row(row))
        for heading, explained in EXPLAINED.items():
            groups[heading] = [_explained(each) for each in explained]
        return [entry for heading, rows in groups.items() for entry in (ListRow(heading, style="heading"), *rows)]

    def _found(self, text: str) -> list[ListRow]:
        wanted = QKeySequence(text).toString()
        rows = list(self._keymap.rows.values())
        others = [each for group in EXPLAINED.values() for each in group]
        exact: list[ListRow] = [self._row(row) for row in rows if wanted and wanted in self._keymap.keys(row.id)]
        exact += [_explained(each) for each in others if text.casefold() == each.how.casefold()]
        taken = {row.key for row in exact}
        candidates: list[Candidate[ActionRow | Explained]] = [
            Candidate(row, _title(row), (*map(native, self._keymap.keys(row.id)), row.menu), row.hint) for row in rows
        ]
        candidates += [Candidate(each, each.title, (each.how, "mouse")) for each in others]
        for hit in find(text, candidates):
            item = hit.item
            row = self._row(item, hit.spans) if isinstance(item, ActionRow) else _explained(item, hit.spans)
            if row.key not in taken:
                exact.append(row)
        return exact

    def _row(self, row: ActionRow, spans: tuple[tuple[int, int], ...] = ()) -> ListRow:
        keys = "   ".join(map(native, self._keymap.keys(row.id)))
        changed = "changed" if self._keymap.is_changed(row.id) else ""
        icon = row.icon or "mdi6.chevron-right"
        return ListRow(_title(row), row.id, "icon", icon=icon, spans=spans, keys=keys, trailing=changed, tip=row.hint)

    # -- changing a key

    @property
    def _chosen_id(self) -> str:
        """The action that is chosen in the list; empty where that is none."""
        key = self.list.current_key or ""
        return key if key in self._keymap.rows else ""

    def _show_chosen(self) -> None:
        row = self._keymap.rows.get(self._chosen_id)
        self.key.clear()
        self._name.setText(_title(row) if row else "Only keys of actions can be changed")
        self.key.setEnabled(row is not None)
        self.clear.setEnabled(row is not None and bool(self._keymap.keys(row.id)))
        self.reset.setEnabled(row is not None and self._keymap.is_changed(row.id))
        declared = "   ".join(map(native, self._keymap.declared(row.id))) if row else ""
        self.reset.setToolTip(f"Back to {declared}" if declared else "Back to no key")
        self.reset_all.setEnabled(self._keymap.has_changes)
        self._judge()

    def _judge(self) -> None:
        """Say what the key that was pressed does now, and offer to use it if that can be."""
        action, key = self._chosen_id, self.key.keySequence().toString()
        refusal = self._keymap.refusal(action, key) if action and key else ""
        users = self._keymap.users(key, besides=action) if key else []
        if refusal:
            said = refusal
        elif users:
            names = " and ".join(f"'{_title(user)}'" for user in users)
            said = f"{native(key)} is the key of {names}, which loses it."
        elif key:
            said = f"{native(key)} is free."
        else:
            said = "Choose an action above, and press its new key here." if action else ""
        self.said.setText(said)
        self.said.setProperty("role", "error" if refusal or users else "muted")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.use.setEnabled(bool(action and key and not refusal))
        self.use_as_well.setEnabled(self.use.isEnabled() and bool(self._keymap.keys(action)))

    def _give(self, *, as_well: bool) -> None:
        self._keymap.give(self._chosen_id, self.key.keySequence().toString(), as_well=as_well)
        self.list.setFocus()


def _title(row: ActionRow) -> str:
    return row.plain_title.removesuffix("...")


def _explained(each: Explained, spans: Sequence[tuple[int, int]] = ()) -> ListRow:
    mouse = each in MOUSE
    icon, keys = ("mdi6.mouse-variant", each.how) if mouse else ("mdi6.keyboard-variant", native(each.how))
    return ListRow(each.title, f"explained: {each.title}", "icon", icon=icon, spans=tuple(spans), keys=keys)
