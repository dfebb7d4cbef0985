"""The window by keyboard: where the focus is after what, keys of panels and tabs, folding, the dialog as a window of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget

from app.document.file import save
from app.editor.docks import TITLES
from app.editor.panels.quick_add import QuickAdd
from tests.app.editor.test_docks import seen, tab
from tests.app.editor.window_support import LEFT, Person

MIDDLE = Qt.MouseButton.MiddleButton


def two_nodes(person: Person) -> tuple[str, str]:
    """A workflow with two nodes; the first one is selected."""
    person.press("Ctrl+N")
    for _ in range(2):
        person.window.commands.adding.add_node("toy.count")
    person.window.docks.reset()
    one, two = person.document.nodes
    person.canvas.select([one])
    person.until(lambda: not person.window.docks.config.is_asking)
    active(person)
    return one, two


def active(person: Person) -> None:
    """Have the window active, as it is under a window manager whatever was closed or floated before."""
    QApplication.processEvents()
    person.window.activateWindow()
    person.until(person.window.isActiveWindow)


def keys_work(person: Person) -> None:
    """F2, the arrows and Delete are the canvas's."""
    active(person)
    person.until(lambda: QApplication.focusWidget() is person.canvas.view)
    (node,) = person.window.desk.selected_nodes
    left, _ = person.document.view(node).position
    person.press("Right")
    assert person.document.view(node).position[0] > left
    person.press("F2")
    QTest.keyClicks(QApplication.focusWidget(), "Named")
    person.press("Return")
    assert person.document.title(node) == "Named"
    person.press("Delete")
    assert node not in person.document.nodes


def chosen_in_palette(person: Person) -> None:
    person.window.docks.focus("repository")
    person.press("Ctrl+P")
    person.type("fit")
    person.press("Return")


def left_palette(person: Person) -> None:
    person.canvas.setFocus()
    person.press("Ctrl+P")
    person.press("Escape")


def left_a_panel(person: Person) -> None:
    person.window.docks.focus("repository")
    person.type("conv")
    person.press("Escape")
    person.press("Escape")


def left_the_console(person: Person) -> None:
    person.window.docks.focus("console")
    assert person.window.docks.focused() == "console"
    person.press("Escape")


def covered_a_panel(person: Person) -> None:
    """The panel that has the focus goes behind another one, by its tab."""
    person.window.docks.focus("problems")
    bar, spot = tab(person, "Node monitor")
    QTest.mouseClick(bar, LEFT, pos=spot)


def closed_a_panel(person: Person) -> None:
    person.window.docks.focus("repository")
    person.window.docks["repository"].close()


def closed_a_menu(person: Person) -> None:
    person.canvas.setFocus()
    person.window.menu.popup(QPoint(20, 60))
    QTest.keyClick(person.window.menu, Qt.Key.Key_Escape)
    assert not person.window.menu.isVisible()
    active(person)


def went_to_another_tab_and_back(person: Person) -> None:
    person.press("Ctrl+N")
    person.window.docks.focus("repository")
    person.window.tabs.setCurrentIndex(0)


def added_a_node(person: Person) -> None:
    person.window.docks.focus("config")
    person.press("Ctrl+.")
    QTest.keyClick(person.popup(QuickAdd).field, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    "done",
    [
        chosen_in_palette,
        left_palette,
        left_a_panel,
        left_the_console,
        covered_a_panel,
        closed_a_panel,
        closed_a_menu,
        went_to_another_tab_and_back,
        added_a_node,
    ],
)
def test_the_focus_is_on_the_canvas_after(person: Person, done: Callable[[Person], None]) -> None:
    two_nodes(person)
    done(person)
    keys_work(person)


def test_escape_in_the_palette_goes_on_where_one_was_typing(person: Person) -> None:
    two_nodes(person)
    field = person.window.docks.repository.field
    person.window.docks.focus("repository")
    person.press("Ctrl+P")
    person.press("Escape")
    assert QApplication.focusWidget() is field


def test_panels_have_keys(person: Person) -> None:
    two_nodes(person)
    docks = person.window.docks
    for number, name in enumerate(TITLES, start=1):
        person.press(f"Alt+{number}")
        assert docks.focused() == name
        assert name in seen(docks)
        person.press("Alt+0")
        assert QApplication.focusWidget() is person.canvas.view
    person.press("Alt+5")
    person.press("Alt+5")
    assert docks["monitor"].isHidden()
    assert QApplication.focusWidget() is person.canvas.view
    docks.reset()


def test_tab_reaches_the_buttons_of_the_toolbar(person: Person) -> None:
    two_nodes(person)
    wanted = {b for b in person.window.findChildren(QToolButton) if b.objectName() == "run_all"}
    reached: set[QWidget | None] = set()
    for _ in range(200):
        reached.add(QApplication.focusWidget())
        person.press("Tab")
        if wanted <= reached:
            break
    assert wanted <= reached


def test_keys_go_from_workflow_to_workflow(person: Person) -> None:
    for _ in range(3):
        person.press("Ctrl+N")
    first, second, third = person.window.desk.workspaces
    for keys, expected in (
        ("Ctrl+Tab", first), ("Ctrl+PgDown", second), ("Ctrl+Shift+Tab", first), ("Ctrl+PgUp", third),
    ):  # fmt: skip
        person.press(keys)
        assert person.workspace is expected, keys
        assert QApplication.focusWidget() is expected.canvas.view


class Folders(QObject):
    """Takes note of the folders that are to be opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url)


def choose_in_tab_menu(person: Person, number: int, title: str) -> None:
    bar = person.window.tabs.tabBar()
    bar.customContextMenuRequested.emit(bar.tabRect(number).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text().partition("\t")[0] == title).trigger()
    menu.close()
    person.to_front()


def test_a_tab_has_a_menu(person: Person, tmp_path: Path) -> None:
    path = tmp_path / "a.workflow.json"
    person.press("Ctrl+N")
    save(person.document.workflow(), path)
    person.window.commands.files.close(person.workspace)
    person.window.commands.files.open(path)
    for _ in range(2):
        person.press("Ctrl+N")
    folders = Folders()
    QDesktopServices.setUrlHandler("file", folders, "open")
    try:
        choose_in_tab_menu(person, 0, "Show in folder")
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert [Path(url.toLocalFile()) for url in folders.opened] == [tmp_path]
    choose_in_tab_menu(person, 0, "Copy the path")
    assert QApplication.clipboard().text() == str(path)
    QTest.mouseClick(person.window.tabs.tabBar(), MIDDLE, pos=person.window.tabs.tabBar().tabRect(1).center())
    assert len(person.window.desk.workspaces) == 2
    choose_in_tab_menu(person, 0, "Close the others")
    assert [w.path for w in person.window.desk.workspaces] == [path]
    assert not person.window.commands.actions["file.close_others"].isEnabled()
    choose_in_tab_menu(person, 0, "Close")
    assert person.window.desk.workspaces == []


def test_f6_twice_makes_the_dialog_a_window_and_once_more_puts_it_back(person: Person) -> None:
    two_nodes(person)
    dock = person.window.docks["config"]
    person.canvas.setFocus()
    for floats in (False, True, False):
        person.press("F6")
        QApplication.processEvents()
        assert dock.isFloating() is floats
        assert dock.isAncestorOf(QApplication.focusWidget())
    person.press("F6")
    assert dock.isFloating()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    person.until(lambda: QApplication.focusWidget() is person.canvas.view)
    person.window.docks.reset()


def test_the_description_follows_the_selection_and_names_its_key(person: Person) -> None:
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("toy.count")
    person.window.commands.adding.add_node("tables.sorter")
    count, sorter = person.document.nodes
    help_view = person.window.docks.help
    assert "Shift+F1" in help_view.browser.toPlainText() or help_view.shown is not None
    person.window.commands.keymap.give("node.help", "Ctrl+J")
    assert person.window.docks.help._key() == "Ctrl+J"
    person.window.commands.keymap.reset_all()
    person.canvas.select([sorter])
    person.canvas.setFocus()
    person.press("Shift+F1")
    assert help_view.shown is not None
    assert help_view.shown.id == "tables.sorter"
    person.canvas.select([count])
    assert help_view.shown.id == "toy.count"
    person.window.docks.show("config")
    person.canvas.select([sorter])
    assert help_view.shown.id == "toy.count", "what is not seen is not written"
    bar, spot = tab(person, "Description")
    QTest.mouseClick(bar, LEFT, pos=spot)
    assert help_view.shown.id == "tables.sorter"
    person.window.docks.reset()


def test_a_chosen_key_works_and_every_tooltip_names_it(person: Person) -> None:
    person.press("Ctrl+N")
    keymap = person.window.commands.keymap
    keymap.give("file.new", "Ctrl+J")
    try:
        person.press("Ctrl+N")
        assert len(person.window.desk.workspaces) == 1
        person.press("Ctrl+J")
        assert len(person.window.desk.workspaces) == 2
        plus = next(b for b in person.window.tabs.findChildren(QToolButton) if b.accessibleName() == "New workflow")
        assert plus.toolTip() == "New workflow (Ctrl+J)"
    finally:
        keymap.reset_all()
    assert plus.toolTip() == "New workflow (Ctrl+N)"


@pytest.mark.parametrize(
    ("key", "side", "docks"), [("Alt+Shift+1", "left", {"repository"}), ("Alt+Shift+2", "right", {"config"})]
)
def test_panels_fold_to_a_rail_of_icons(person: Person, key: str, side: str, docks: set[str]) -> None:
    two_nodes(person)
    panels, canvas = person.window.docks, person.canvas
    person.window.resize(1366, 768)
    QApplication.processEvents()
    wide = canvas.width()
    person.press(key)
    assert not docks & seen(panels)
    assert panels.is_folded(side)
    assert canvas.width() > wide + 150
    remembered = panels.state()
    panels.reset()
    assert docks <= seen(panels)
    panels.restore(remembered)
    assert panels.is_folded(side), "a layout that is kept keeps it"
    person.click(panels.rail(side).button(""))
    assert docks <= seen(panels)
    assert not panels.is_folded(side)


def test_a_rail_opens_what_was_pressed(person: Person) -> None:
    one, _ = two_nodes(person)
    docks = person.window.docks
    docks.fold("left", True)
    docks.fold("right", True)
    person.click(docks.rail("left").button("Tables"))
    assert docks.focused() == "repository"
    assert docks.repository.tree.currentIndex().data() == "Tables"
    person.canvas.select([one])
    person.canvas.setFocus()
    person.press("F6")
    assert docks.focused() == "config", "what is asked for is unfolded"
    docks.fold("right", True)
    person.click(docks.rail("right").button("help"))
    assert "help" in seen(docks)
    docks.fold("right", True)
    docks.toggle_maximized("monitor")
    assert seen(docks) == {"monitor"}
    assert not docks.rail("right").isVisible()
    docks.toggle_maximized()
    assert docks.is_folded("right")
    docks.reset()
