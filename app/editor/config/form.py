"""SettingsForm: the settings of one class as rows on pages, a page per group. Shows what matters now.

It holds no value itself: the draft does. Settings that the class does not know stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.editor.config.control import InnerRow, MakesControls
from app.editor.config.draft import SettingsDraft
from app.editor.config.row import SettingRow

GAP = 9


class SettingsForm(QObject):
    """Rows for a draft.

    Args:
        draft: The settings.
        controls: Makes the controls.
        parent: Who owns it.
        paged: Whether groups get a page each; otherwise there is one page.
        depth: How many groups it is inside of.
        context: What the accessible names begin with.

    Attributes:
        pages: Title -> page; the pages belong to whoever puts them into a layout.
        all_rows: The rows by setting.
    """

    changed = Signal()

    def __init__(
        self,
        draft: SettingsDraft,
        controls: MakesControls,
        parent: QObject,
        *,
        paged: bool = False,
        depth: int = 0,
        context: str = "",
    ) -> None:
        super().__init__(parent)
        self.draft = draft
        self.pages: dict[str, QWidget] = {}
        self.all_rows: dict[str, SettingRow] = {}
        self._context = controls.context
        self._active: set[str] = set()
        self._page_of: dict[str, str] = {}
        for title in draft.pages() if paged else [""] if draft.settings else []:
            page = self.pages[title] = QWidget()
            layout = QVBoxLayout(page)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(GAP)
            for setting in draft.on_page(title) if paged else draft.settings.values():
                row = SettingRow(setting, controls, depth, context)
                row.changed.connect(self._row_changed)
                layout.addWidget(row)
                self._page_of[setting.declared.name] = title
                self.all_rows[setting.declared.name] = row
            if paged:
                layout.addStretch()
        if not paged:
            self._active = set(self.pages)
        self._context.advanced_changed.connect(self.refresh_shown)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to set."""
        return not self.all_rows

    def load(self, settings: Mapping[str, Any]) -> None:
        """Show stored settings; emits nothing."""
        self.draft.load(settings)
        self.fill()

    def fill(self) -> None:
        """Show what the draft holds; emits nothing.

        The controls are made now, when the rows are in their place: to put a widget that is full of others elsewhere costs
        as much as to make them all again, because the style sheet is applied anew.
        """
        for row in self.all_rows.values():
            row.fill()
        self.refresh_shown()

    def activate(self, title: str) -> None:
        """Make the controls of a page, which is about to be seen."""
        self._active.add(title)
        self.refresh_shown()

    def child(self, part: str) -> SettingRow | None:
        """Return the row of a setting."""
        return self.all_rows.get(part)

    def rows(self) -> Iterator[InnerRow]:
        """Yield all rows, those of groups inside them too."""
        for row in self.all_rows.values():
            yield from row.rows()

    def page_of(self, name: str) -> str:
        """Return the title of the page that a setting is on."""
        return self._page_of.get(name, "")

    def refresh_shown(self) -> None:
        """Look again at what is to be shown."""
        values, advanced = self._context.node.values, self._context.advanced
        for name, row in self.all_rows.items():
            wanted = self.draft.is_shown(name, values, advanced)
            if wanted and self._page_of[name] in self._active:
                row.reveal()
            if row.isHidden() == wanted:
                row.setVisible(wanted)

    def _row_changed(self) -> None:
        self.refresh_shown()
        self.changed.emit()
