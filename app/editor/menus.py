"""Menus, put together from the rows that commands declare: which menus there are, and in which order their entries come.

An entry is declared in one place, beside what it does (`app.editor.commands`); this module knows none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from PySide6.QtWidgets import QMenu, QWidget

from app.editor.actions import SEPARATOR, ActionRow, ActionTable, MenuRow, Popup

TITLES = {
    "file": "&File",
    "edit": "&Edit",
    "node": "&Node",
    "run": "&Run",
    "arrange": "&Arrange",
    "view": "&View",
    "help": "&Help",
}
"""The menus in their order: the first part of the ids of what is in them -> title."""


def in_order(rows: Iterable[MenuRow]) -> list[MenuRow]:
    """Return all rows as the menus show them, one menu after the other."""
    places = {menu: place for place, menu in enumerate(TITLES)}
    return sorted(rows, key=lambda row: (places[row.menu], row.group))


def menu_entries(rows: Iterable[MenuRow], menu: str) -> list[str]:
    """Return the ids of a menu, with lines between its groups; what is in a submenu is left to that."""
    shown = [row for row in in_order(rows) if row.menu == menu and not (isinstance(row, ActionRow) and row.submenu)]
    return _with_lines((row.group, row.id) for row in shown)


def toolbar_entries(rows: Iterable[MenuRow]) -> list[str]:
    """Return the ids of the toolbar, with lines between its groups."""
    shown = [(row.toolbar, row.id) for row in in_order(rows) if isinstance(row, ActionRow) and row.toolbar is not None]
    return _with_lines(sorted(shown, key=lambda entry: entry[0]))


def popup_entries(rows: Iterable[MenuRow], popup: Popup) -> list[str]:
    """Return the ids of a context menu, with lines between its groups."""
    shown = [(row.popups[popup], row.id) for row in rows if isinstance(row, ActionRow) and popup in row.popups]
    return _with_lines((group, action_id) for (group, _), action_id in sorted(shown))


def make_menus(parent: QWidget, actions: ActionTable, rows: Sequence[MenuRow]) -> list[QMenu]:
    """Return all menus; each looks at what makes sense now when it opens."""
    menus = []
    for menu_id, title in TITLES.items():
        menu = QMenu(title, parent)
        menu.aboutToShow.connect(actions.refresh)
        actions.fill(menu, menu_entries(rows, menu_id))
        menus.append(menu)
    return menus


def _with_lines(entries: Iterable[tuple[int, str]]) -> list[str]:
    """Return the ids of sorted (group, id), with a `SEPARATOR` wherever another group begins."""
    ids: list[str] = []
    for _, group in groupby(entries, key=lambda entry: entry[0]):
        ids += [*([SEPARATOR] if ids else []), *(action_id for _, action_id in group)]
    return ids
