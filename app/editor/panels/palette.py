"""The command palette (Ctrl+P): one field that finds actions, nodes, node types, settings, files and examples.

What there is to find comes from providers, asked each time it opens; the palette knows only entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.document.search import Candidate, Index
from app.editor.panels.node_types import short_title
from app.editor.panels.popup import SHADOW, popup_frame
from app.editor.panels.rows import KeysToList, ListRow, RowList, SearchField
from app.editor.plain_label import PlainLabel
from app.shelves import shelf_color
from nodes.catalog import NodeType

PLACEHOLDER = "Find a node, an action, a setting …"
MOST_SHOWN = 60
_WIDTH, _ROW = 620, 34


@dataclass(frozen=True)
class PaletteEntry:
    """One thing that the palette finds.

    Attributes:
        kind: What it is, in a word or two: `Action`, `Node`, `Add`, `Setting`, `Recent file`, `Example`.
        title: What it is called.
        run: What to do when it is chosen.
        detail: Muted text behind the title.
        icon: A Material Design icon.
        shortcut: Its key, as text.
        color: A shelf's colour: the icon is then shown as a node's tile.
        keywords: Further words that find it.
        hint: What it does, for the tooltip; found too.
    """

    kind: str
    title: str
    run: Callable[[], object]
    detail: str = ""
    icon: str = "mdi6.circle-outline"
    shortcut: str = ""
    color: str = ""
    keywords: tuple[str, ...] = ()
    hint: str = ""


Provider = Callable[[], Iterable[PaletteEntry]]


def type_entry(node_class: NodeType, add: Callable[[], object]) -> PaletteEntry:
    """The entry that adds a node of a type."""
    return PaletteEntry(
        "Add",
        short_title(node_class),
        add,
        node_class.shelf.replace(" / ", " · "),
        node_class.icon,
        color=shelf_color(node_class.shelf),
        keywords=(node_class.title, *node_class.keywords),
        hint=node_class.description(),
    )


class CommandPalette(QWidget):
    """An overlay at the top of a window, centred.

    Args:
        window: What it lies over.
    """

    closed = Signal()
    """It is gone, whether something was chosen or not."""
    chosen = Signal()
    """Something was chosen, and is done next."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAccessibleName("Command palette")
        self._providers: list[Provider] = []
        self._entries: list[PaletteEntry] = []
        self._index: Index[int] | None = None
        self._had_focus: QWidget | None = None
        self.field = SearchField(PLACEHOLDER)
        self.list = RowList(height=_ROW, single_click=True)
        self.list.setAccessibleName("What fits")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._nothing = PlainLabel("Nothing is called so.")
        self._nothing.setProperty("role", "muted")
        self._nothing.setContentsMargins(10, 6, 10, 8)
        self._inside = inside = popup_frame(self)
        for widget in (self.field, self.list, self._nothing):
            inside.addWidget(widget)
        self._keys = KeysToList(self.field, self.list)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list.chosen.connect(self._choose)
        window.installEventFilter(self)
        self.hide()

    def add_provider(self, provider: Provider) -> None:
        """Have its entries found too. It is asked whenever the palette opens; without a query, entries come in this order."""
        self._providers.append(provider)

    def open(self, text: str = "") -> None:
        """Show it, with the cursor in its field."""
        if not self.isVisible():
            self._had_focus = QApplication.focusWidget()
        self._entries = [entry for provider in self._providers for entry in provider()]
        self._index = None
        self.field.setText(text)
        self._find(text)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size; Esc and a click elsewhere close."""
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        elif watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        elif watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._is_escape(event)
        return False

    def _is_escape(self, event: QKeyEvent) -> bool:
        """Esc closes, whatever is in the field; what had the focus has it again."""
        if event.key() != Qt.Key.Key_Escape:
            return False
        before = self._had_focus
        self.hide()
        with suppress(RuntimeError):  # it may be gone meanwhile
            if before is not None and before.isVisible():
                before.setFocus(Qt.FocusReason.PopupFocusReason)
        return True

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of the entries: they hold on to nodes and files."""
        super().hideEvent(event)
        self._entries, self._index, self._had_focus = [], None, None
        self.list.set_rows(())
        self.closed.emit()

    def _find(self, text: str) -> None:
        hits: list[tuple[int, Sequence[tuple[int, int]]]]
        if text.strip():
            hits = [(hit.item, hit.spans) for hit in self._searched().find(text)[:MOST_SHOWN]]
        else:
            hits = [(number, ()) for number in range(min(len(self._entries), MOST_SHOWN))]
        self.list.set_rows([self._row(number, spans) for number, spans in hits])
        self.list.setVisible(bool(hits))
        self._nothing.setVisible(not hits)
        self._place()

    def _searched(self) -> Index[int]:
        """The entries, made ready to be searched with the first letter that is typed, so that opening is quick."""
        if self._index is None:
            self._index = Index(
                Candidate(number, entry.title, (*entry.keywords, entry.kind), f"{entry.detail} {entry.hint}")
                for number, entry in enumerate(self._entries)
            )
        return self._index

    def _row(self, number: int, spans: Sequence[tuple[int, int]]) -> ListRow:
        entry = self._entries[number]
        return ListRow(
            entry.title,
            str(number),
            "tile" if entry.color else "icon",
            entry.color,
            icon=entry.icon,
            spans=tuple(spans),
            detail=entry.detail,
            trailing=entry.kind,
            keys=entry.shortcut,
            tip=entry.hint,
        )

    def _place(self) -> None:
        """As wide as the window allows, as high as its rows, at the top in the middle."""
        window = self._window
        rows = len(self.list.rows.rows)
        most = max(min(12, (window.height() - 120) // _ROW), 3)
        self.list.setFixedHeight(min(rows, most) * _ROW + 2)
        for layout in (self._inside, self.layout()):  # or the height would be that of the rows before
            if layout is not None:
                layout.activate()
        width = min(_WIDTH + 2 * SHADOW, window.width())
        self.setGeometry((window.width() - width) // 2, 2, width, self.sizeHint().height())

    def _choose(self, key: str) -> None:
        entry = self._entries[int(key)]
        self.hide()
        self.chosen.emit()
        entry.run()
