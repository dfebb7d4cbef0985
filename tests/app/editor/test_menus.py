"""Menus, put together from rows: which groups, which order, where lines are drawn, what a submenu shows."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.editor.actions import SEPARATOR, ActionRow, ActionTable, MenuRow, SubmenuRow
from app.editor.menus import TITLES, in_order, make_menus, menu_entries, popup_entries, toolbar_entries


def row(name: str, *, group: int = 1, toolbar: int | None = None, **more: object) -> ActionRow:
    return ActionRow(name, name, lambda: None, group=group, toolbar=toolbar, **more)  # type: ignore[arg-type]


ROWS: list[MenuRow] = [
    row("view.last", group=3),
    row("view.first", toolbar=2, popups={"node": (2, 1), "canvas": (1, 2)}),
    SubmenuRow("view.more", "More", lambda menu: menu.addAction("one more") and None, group=2),
    row("file.first", toolbar=1, popups={"node": (1, 1)}),
    row("view.second", popups={"canvas": (1, 1)}),
]


def test_rows_come_menu_by_menu_group_by_group_and_else_as_they_were_declared() -> None:
    assert [r.id for r in in_order(ROWS)] == ["file.first", "view.first", "view.second", "view.more", "view.last"]
    assert menu_entries(ROWS, "view") == ["view.first", "view.second", SEPARATOR, "view.more", SEPARATOR, "view.last"]
    assert menu_entries(ROWS, "run") == []


def test_a_row_that_says_so_is_on_the_toolbar_and_in_context_menus() -> None:
    assert toolbar_entries(ROWS) == ["file.first", SEPARATOR, "view.first"]
    assert popup_entries(ROWS, "node") == ["file.first", SEPARATOR, "view.first"]
    assert popup_entries(ROWS, "canvas") == ["view.second", "view.first"]
    assert popup_entries(ROWS, "wire") == []


def test_a_submenu_is_filled_anew_whenever_it_opens(qapp: QApplication) -> None:
    window = QWidget()
    made = dict(zip(TITLES, make_menus(window, ActionTable(window, window, ROWS), ROWS), strict=True))
    assert [menu.title() for menu in made.values()] == list(TITLES.values())
    submenu = made["view"].actions()[3].menu()
    assert isinstance(submenu, QMenu)
    for _ in range(2):
        submenu.aboutToShow.emit()
        assert [action.text() for action in submenu.actions()] == ["one more"]
