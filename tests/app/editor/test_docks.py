"""The panels around the canvas: one may have all the room, and gives it back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QTabBar

from app.editor.dock_title import DockTitle
from app.editor.docks import TITLES, Docks
from tests.app.editor.window_support import Person

LEFT = Qt.MouseButton.LeftButton


def seen(docks: Docks) -> set[str]:
    """The docks that can be seen now."""
    QApplication.processEvents()
    return {name for name, dock in docks._docks.items() if dock.isVisible() and not dock.visibleRegion().isEmpty()}


def tab(person: Person, title: str) -> tuple[QTabBar, QPoint]:
    for bar in person.window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        for number in range(bar.count()):
            if bar.tabText(number) == title and bar.isVisible():
                return bar, bar.tabRect(number).center()
    raise AssertionError(title)


def open_one(person: Person) -> Docks:
    assert person.window.commands.files.new() is not None
    docks = person.window.docks
    docks.reset()
    QApplication.processEvents()
    return docks


def test_a_panel_gets_all_the_room_and_gives_it_back(person: Person) -> None:
    docks = open_one(person)
    before, place = seen(docks), docks.monitor.geometry()
    bar, spot = tab(person, "Node monitor")
    QTest.mouseDClick(bar, LEFT, pos=spot)
    assert seen(docks) == {"monitor"}
    assert not person.window.centralWidget().isVisible()
    assert docks.monitor.width() > person.window.width() * 0.95
    person.window.commands.actions["view.maximize"].trigger()
    assert seen(docks) == before
    assert docks.monitor.geometry() == place
    assert person.window.centralWidget().isVisible()


def test_without_the_focus_in_a_panel_the_canvas_gets_all_the_room(person: Person) -> None:
    docks = open_one(person)
    before = seen(docks)
    person.workspace.canvas.view.setFocus()
    person.window.commands.actions["view.maximize"].trigger()
    assert seen(docks) == set()
    person.window.commands.actions["view.maximize"].trigger()
    assert seen(docks) == before


def test_what_is_asked_for_while_another_is_maximized_is_shown(person: Person) -> None:
    docks = open_one(person)
    before = docks.state()
    docks.toggle_maximized("repository")
    assert docks.state() == before, "the layout that is remembered is not that of one panel"
    docks.show("problems")
    assert "problems" in seen(docks)
    assert not docks.is_maximized
    docks.reset()
    assert not docks.is_maximized
    assert {"repository", "config", "monitor"} <= seen(docks)


def test_a_tab_and_a_title_offer_what_can_be_done_with_the_panel(person: Person) -> None:
    docks = open_one(person)
    bar, spot = tab(person, "Problems")
    bar.customContextMenuRequested.emit(spot)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(a for a in menu.actions() if a.text().startswith("Close")).trigger()
    menu.close()
    assert docks._docks["problems"].isHidden()
    title = docks._docks["repository"].titleBarWidget()
    assert isinstance(title, DockTitle)
    QTest.mouseDClick(title, LEFT, pos=QPointF(title.rect().center()).toPoint())
    assert seen(docks) == {"repository"}
    docks.reset()


@pytest.mark.parametrize("name", list(TITLES))
def test_every_panel_is_floated_and_closed_from_its_tab_or_title(person: Person, name: str) -> None:
    docks = open_one(person)
    dock = docks[name]
    docks.show(name)
    QApplication.processEvents()
    for choice, done in (("Float", dock.isFloating), ("Close", dock.isHidden)):
        title = dock.titleBarWidget()
        if title.height() and not dock.isFloating():
            at = title.rect().center()
            QApplication.sendEvent(title, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, title.mapToGlobal(at)))
        else:
            bar, spot = tab(person, TITLES[name])
            bar.customContextMenuRequested.emit(spot)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        next(a for a in menu.actions() if a.text().startswith(choice)).trigger()
        menu.close()
        assert done()
        docks.reset()
        docks.show(name)
        QApplication.processEvents()
        person.window.activateWindow()
        person.until(person.window.isActiveWindow)
