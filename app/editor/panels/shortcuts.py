"""The overview of keyboard shortcuts: grouped as the menus, found by typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from app.document.search import Candidate, find
from app.editor.actions import ActionRow
from app.editor.panels.rows import KeysToList, ListRow, RowList, SearchField
from app.editor.plain_label import PlainLabel


class ShortcutsDialog(QDialog):
    """All actions that have keys.

    Args:
        rows: The declared actions.
    """

    def __init__(self, rows: Iterable[ActionRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(520, 620)
        self._rows = [row for row in rows if row.shortcuts]
        title = PlainLabel("Keyboard shortcuts")
        title.setProperty("role", "title")
        self.field = SearchField("Search by name or key")
        self.list = RowList(height=30)
        self.list.setAccessibleName("Shortcuts")
        self._keys = KeysToList(self.field, self.list)
        self.list.delegate.active = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        for widget in (title, self.field, self.list):
            layout.addWidget(widget)
        self.field.textChanged.connect(self._find)
        self._find("")

    def _find(self, text: str) -> None:
        if not text.strip():
            groups: dict[str, list[ActionRow]] = {}
            for row in self._rows:
                groups.setdefault(row.menu, []).append(row)
            rows = [
                entry
                for menu, actions in groups.items()
                for entry in (ListRow(menu.capitalize(), style="heading"), *(_row(action) for action in actions))
            ]
        else:
            candidates = [Candidate(row, _title(row), (*_keys(row), row.menu), row.hint) for row in self._rows]
            wanted = text.strip().casefold()
            exact = [row for row in self._rows if wanted in (key.casefold() for key in _keys(row))]
            found = [hit for hit in find(text, candidates) if hit.item not in exact]
            rows = [*(_row(row) for row in exact), *(_row(hit.item, hit.spans) for hit in found)]
        self.list.set_rows(rows)


def _title(row: ActionRow) -> str:
    return row.plain_title.removesuffix("...")


def _keys(row: ActionRow) -> Sequence[str]:
    return [QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) for keys in row.shortcuts]


def _row(row: ActionRow, spans: tuple[tuple[int, int], ...] = ()) -> ListRow:
    icon = row.icon or "mdi6.chevron-right"
    return ListRow(_title(row), row.id, "icon", icon=icon, spans=spans, keys="   ".join(_keys(row)), tip=row.hint)
