"""Actions, declared once as rows; they make the menus, the toolbar, the shortcuts, the command palette and their overview.

A row says what to call, when that makes sense and where it is offered; `app.editor.menus` puts menus together from all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.editor.look import look

SEPARATOR = "-"
Popup = Literal["node", "wire", "box", "canvas"]
"""A context menu of the canvas, by what was clicked on."""


@dataclass(frozen=True)
class ActionRow:
    """One thing a person can do.

    Attributes:
        id: Stable name, `menu.what`; its first part is the menu it is in.
        title: As menus show it; `&` marks the key.
        call: What to do.
        shortcuts: Keys at first, in Qt's notation; the first one is shown. The person may choose others (`app.editor.keymap`).
        icon: A Material Design icon.
        enabled: Whether it makes sense now; looked at whenever something changed.
        checked: For an action that is on or off: whether it is on.
        hint: What it does, for the tooltip and the palette.
        name: Its title where that depends on the moment (`Undo Move 3 nodes`).
        on_canvas: Whether its keys hold on the canvas only, as other parts use the same ones (Ctrl+C copies cells in a table).
        group: Its group in its menu. Lines are drawn between groups; inside one, rows come as they are declared.
        submenu: The id of the submenu it is in; empty: it is in its menu itself.
        toolbar: Its group on the toolbar; None: it is not there.
        popups: The context menus that offer it -> its group there, and its place in the group.
    """

    id: str
    title: str
    call: Callable[[], object]
    shortcuts: Sequence[str] = ()
    icon: str = ""
    enabled: Callable[[], bool] = lambda: True
    checked: Callable[[], bool] | None = None
    hint: str = ""
    name: Callable[[], str] | None = None
    on_canvas: bool = False
    group: int = 1
    submenu: str = ""
    toolbar: int | None = None
    popups: Mapping[Popup, tuple[int, int]] = field(default_factory=dict)

    @property
    def menu(self) -> str:
        """The menu it belongs to."""
        return self.id.partition(".")[0]

    @property
    def plain_title(self) -> str:
        """The title without the mark of its key."""
        return self.title.replace("&", "")


@dataclass(frozen=True)
class SubmenuRow:
    """A menu inside a menu: the actions that say they are in it, and entries that depend on the moment.

    Attributes:
        id: Stable name, `menu.what`; its first part is the menu it is in.
        title: As menus show it; `&` marks the key.
        fill: Puts further entries into the menu; called whenever it opens.
        group: As that of an action.
    """

    id: str
    title: str
    fill: Callable[[QMenu], None] = lambda _: None
    group: int = 1

    @property
    def menu(self) -> str:
        """The menu it belongs to."""
        return self.id.partition(".")[0]


MenuRow = ActionRow | SubmenuRow


class ActionTable(QObject):
    """The rows as Qt actions of a window, by id. They begin with the keys that their rows declare.

    Args:
        window: Where their shortcuts hold.
        canvas: Where the shortcuts of those `on_canvas` hold.
        rows: The declarations; of submenus, too.
    """

    keys_changed = Signal()
    """Some action has other keys now."""

    def __init__(self, window: QWidget, canvas: QWidget, rows: Iterable[MenuRow]) -> None:
        super().__init__(window)
        declared = list(rows)
        self.rows = {row.id: row for row in declared if isinstance(row, ActionRow)}
        self.submenus = {row.id: row for row in declared if isinstance(row, SubmenuRow)}
        self._actions = {row.id: self._made(row, canvas if row.on_canvas else window) for row in self.rows.values()}
        for action_id in self._actions:
            self._explain(action_id)
        look().changed.connect(self.redraw)
        self.redraw()
        self.refresh()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def refresh(self) -> None:
        """Look again at what is enabled, checked and how it is called now."""
        for row in self.rows.values():
            action = self._actions[row.id]
            action.setEnabled(row.enabled())
            if row.checked is not None:
                action.setChecked(row.checked())
            if row.name is not None:
                action.setText(row.name())

    def redraw(self) -> None:
        """Make the icons anew, in the colours of now."""
        for row in self.rows.values():
            if row.icon:
                self._actions[row.id].setIcon(look().icon(row.icon))

    def fill(self, menu: QMenu, ids: Iterable[str]) -> None:
        """Put actions and submenus into a menu; `SEPARATOR` draws a line."""
        for action_id in ids:
            if action_id == SEPARATOR:
                menu.addSeparator()
            elif action_id in self.submenus:
                menu.addMenu(self._submenu(self.submenus[action_id], menu))
            else:
                menu.addAction(self._actions[action_id])

    # -- keys

    def keys(self, action_id: str) -> list[str]:
        """Return the keys of an action, as the system writes them."""
        native = QKeySequence.SequenceFormat.NativeText
        return [keys.toString(native) for keys in self._actions[action_id].shortcuts()]

    def key(self, action_id: str) -> str:
        """Return the first of them; empty if there is none."""
        return next(iter(self.keys(action_id)), "")

    def set_keys(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Give actions other keys, in Qt's notation."""
        for action_id, chosen in keys.items():
            self._actions[action_id].setShortcuts([QKeySequence(key) for key in chosen])
            self._explain(action_id)
        self.keys_changed.emit()

    # -- the mechanism

    def _explain(self, action_id: str) -> None:
        """Say in the tooltip what it does, and by which key."""
        row, key = self.rows[action_id], self.key(action_id)
        tip = row.hint or row.plain_title
        self._actions[action_id].setToolTip(f"{tip} ({key})" if key else tip)

    def _made(self, row: ActionRow, owner: QWidget) -> QAction:
        action = QAction(row.title, owner)
        if row.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setObjectName(row.id)
        action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
        action.setStatusTip(row.hint)
        action.setCheckable(row.checked is not None)
        action.triggered.connect(lambda: row.call())  # noqa: PLW0108 - Qt would give it whether it is checked
        owner.addAction(action)
        return action

    def _submenu(self, row: SubmenuRow, parent: QMenu) -> QMenu:
        menu = QMenu(row.title, parent)
        inside = [action.id for action in self.rows.values() if action.submenu == row.id]

        def fill() -> None:
            menu.clear()
            self.refresh()
            self.fill(menu, inside)
            row.fill(menu)

        menu.aboutToShow.connect(fill)
        return menu
