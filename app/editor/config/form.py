"""Form: the settings of one class as rows on pages, a page per group. Shows what matters now: `shown_if` and advanced.

It holds no value itself: the rows do. Settings that the class does not know stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.editor.config.declaration import MISSING, settings_of
from app.editor.config.row import Row
from app.editor.config.surroundings import Surroundings

GAP = 9
DEFAULT_GROUP = "Settings"


class Form(QObject):
    """Rows for the settings of a class.

    Args:
        model: The node class, or the class of a group of settings.
        surroundings: What is around the node.
        parent: Who owns it.
        paged: Whether groups get a page each; otherwise there is one page.
        without: Settings that are chosen elsewhere.
        depth: How many groups it is inside of.
        context: What the accessible names begin with.

    Attributes:
        pages: Title -> page; the pages belong to whoever puts them into a layout.
        all_rows: The rows by setting.
    """

    changed = Signal()

    def __init__(
        self,
        model: type[BaseModel],
        surroundings: Surroundings,
        parent: QObject,
        *,
        paged: bool = False,
        without: tuple[str, ...] = (),
        depth: int = 0,
        context: str = "",
    ) -> None:
        super().__init__(parent)
        self.pages: dict[str, QWidget] = {}
        self.all_rows: dict[str, Row] = {}
        self._surroundings = surroundings
        self._stored: dict[str, Any] = {}
        self._active: set[str] = set()
        self._page_of: dict[str, str] = {}
        wanted = (d for d in settings_of(model) if d.name not in without)
        for declared in sorted(wanted, key=lambda d: d.is_seed):  # the seed comes last, wherever a base class declares it
            row = Row(declared, surroundings, depth, context)
            row.changed.connect(self._row_changed)
            title = declared.group if paged else ""
            self._page(title).addWidget(row)
            self._page_of[declared.name] = title
            self.all_rows[declared.name] = row
        self.pages = {title: self.pages[title] for title in sorted(self.pages, key=self._place_of)}
        for page in self.pages.values():
            layout = page.layout()
            if isinstance(layout, QVBoxLayout) and paged:
                layout.addStretch()
        self._empty = not self.all_rows
        if not paged:
            self._active = set(self.pages)
        surroundings.advanced_changed.connect(self._show)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to set."""
        return self._empty

    def load(self, settings: Mapping[str, Any]) -> None:
        """Show stored settings; emits nothing.

        The controls are made now, when the rows are in their place: to put a widget that is full of others elsewhere costs
        as much as to make them all again, because the style sheet is applied anew.
        """
        self._stored = dict(settings)
        for name, row in self.all_rows.items():
            row.load(settings.get(name, MISSING))
        self._show()

    def values(self) -> dict[str, Any]:
        """The settings to store: the changed ones, and what was stored and is not known here."""
        made: dict[str, Any] = {}
        for name, held in self._stored.items():
            row = self.all_rows.get(name)
            raw = held if row is None else row.raw()
            if raw is not MISSING:
                made[name] = raw
        for name, row in self.all_rows.items():
            if name not in self._stored and (raw := row.raw()) is not MISSING:
                made[name] = raw
        return made

    def unknown(self) -> dict[str, Any]:
        """Stored settings that the class does not know."""
        return {name: held for name, held in self._stored.items() if name not in self.all_rows}

    def forget(self, name: str) -> None:
        """Drop a stored setting that the class does not know."""
        self._stored.pop(name, None)
        self.changed.emit()

    def activate(self, title: str) -> None:
        """Make the controls of a page, which is about to be seen."""
        self._active.add(title)
        self._show()

    def child(self, part: str) -> Row | None:
        """The row of a setting."""
        return self.all_rows.get(part)

    def rows(self) -> Iterator[Row]:
        """All rows, those of groups inside them too."""
        for row in self.all_rows.values():
            yield from row.rows()

    def refresh_shown(self) -> None:
        """Look again at what is to be shown, after problems were marked."""
        self._show()

    def page_of(self, name: str) -> str:
        """The title of the page that a setting is on."""
        return self._page_of.get(name, "")

    def has_visible(self, title: str) -> bool:
        """Whether there is anything to see on a page at this moment."""
        return any(self._page_of[name] == title and self._wanted(row) for name, row in self.all_rows.items())

    def _place_of(self, title: str) -> int:
        """The settings themselves first, pages that are for experts only last."""
        if title == DEFAULT_GROUP:
            return 0
        return 2 if all(row.declared.advanced for name, row in self.all_rows.items() if self._page_of[name] == title) else 1

    def _page(self, title: str) -> QVBoxLayout:
        page = self.pages.get(title)
        if page is None:
            page = self.pages[title] = QWidget()
            layout = QVBoxLayout(page)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(GAP)
            return layout
        found = page.layout()
        assert isinstance(found, QVBoxLayout)
        return found

    def _row_changed(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        for name, row in self.all_rows.items():
            wanted = self._wanted(row)
            if wanted and self._page_of[name] in self._active:
                row.reveal()
            if row.isHidden() == wanted:
                row.setVisible(wanted)

    def _wanted(self, row: Row) -> bool:
        declared = row.declared
        if declared.advanced and not (self._surroundings.advanced or row.problem or not row.is_default):
            return False
        for other, wanted in declared.shown_if.items():
            decides = self.all_rows.get(other)
            if decides is not None and decides.effective() not in wanted:
                return False
        return True
