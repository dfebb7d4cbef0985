"""The window as a whole: actions, menus, docks, tabs, palette, problems, looks, the tour, pictures; all by keyboard, too."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDockWidget, QLabel, QLineEdit, QMenu, QWidget

from app.document.file import save
from app.editor import menus
from app.editor.actions import SEPARATOR, ActionRow
from app.editor.look import look
from app.editor.panels.tour import Tour
from tests.app.editor.window_support import EXAMPLE, Person, a_window, choosing, home


def enabled(person: Person) -> set[str]:
    """The actions that can be used now."""
    QApplication.processEvents()
    table = person.window.commands.actions
    return {row for row in table if table[row].isEnabled()}


def dock(person: Person, name: str) -> QDockWidget:
    found = person.window.findChild(QDockWidget, name)
    assert isinstance(found, QDockWidget)
    return found


# ------------------------------------------------------------------------------------------------------------- actions


def test_every_action_is_in_a_menu_and_no_two_share_a_shortcut(person: Person) -> None:
    rows = person.window.commands.rows
    shown = [entry for menu in menus.TITLES for entry in menus.menu_entries(rows, menu) if entry != SEPARATOR]
    inside = [row.id for row in rows if isinstance(row, ActionRow) and row.submenu]
    assert Counter([*shown, *inside]) == Counter(row.id for row in rows)
    keys = Counter(QKeySequence(k).toString() for row in person.window.commands.actions.rows.values() for k in row.shortcuts)
    assert [k for k, number in keys.items() if number > 1 or not k] == []


def test_menu_keys_within_a_menu_differ(person: Person) -> None:
    rows = {row.id: row for row in person.window.commands.rows}
    for menu in menus.TITLES:
        titles = [rows[entry].title for entry in menus.menu_entries(rows.values(), menu) if entry != SEPARATOR]
        letters = Counter(title[title.index("&") + 1].lower() for title in titles if "&" in title)
        assert all(number == 1 for number in letters.values()), (menu, letters)


def test_what_can_be_done_follows_what_is_open_selected_and_done(person: Person) -> None:
    assert enabled(person) & {"file.save", "edit.undo", "run.all", "node.configure", "view.fit"} == set()
    person.press("Ctrl+N")
    assert {"file.save", "view.fit"} <= enabled(person)
    assert enabled(person) & {"edit.undo", "run.all", "node.configure", "edit.delete", "arrange.left"} == set()
    one, two = (person.window.commands.adding.add_node("toy.count") or list(person.document.nodes)[-1] for _ in range(2))
    person.canvas.select([one])
    assert {"edit.undo", "run.all", "run.here", "node.configure", "edit.delete", "edit.rename"} <= enabled(person)
    assert "edit.redo" not in enabled(person)
    person.canvas.select([one, two])
    assert "arrange.left" in enabled(person)
    assert enabled(person) & {"arrange.across", "edit.rename"} == set()
    person.press("Ctrl+Z")
    assert "edit.redo" in enabled(person)
    assert person.window.commands.actions["edit.redo"].text() == "Redo Add Count"


def test_f6_configures_and_escape_goes_back_to_the_canvas(person: Person) -> None:
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("toy.count")
    (node,) = person.document.nodes
    person.until(lambda: not person.window.docks.config.is_asking)
    person.select(node)
    person.press("F6")
    assert person.window.docks.config.isAncestorOf(QApplication.focusWidget())
    person.press("Ctrl+A")
    person.type("13")
    person.press("Escape")
    assert QApplication.focusWidget() is person.canvas.view
    assert person.document.nodes[node].settings == {}
    person.press("F6")
    person.press("Ctrl+A")
    person.type("7")
    person.press("Return")
    assert person.document.nodes[node].settings == {"rows": 7}


def test_the_palette_finds_actions_nodes_settings_and_types(person: Person) -> None:
    person.press("Ctrl+N")
    for typed, done in (
        ("add count", lambda: len(person.document.nodes) == 1),
        ("undo", lambda: not person.document.nodes),
    ):
        person.press("Ctrl+P")
        palette = person.window.commands.finding.palette
        QTest.keyClicks(palette.field, typed.removeprefix("add "))
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        QApplication.processEvents()
        assert done(), typed


def test_copied_here_pasted_there(person: Person) -> None:
    person.press("Ctrl+N")
    for node_type in ("toy.count", "toy.add"):
        person.window.commands.adding.add_node(node_type)
    assert len(person.document.connections) == 1
    person.press("Ctrl+A")
    person.press("Ctrl+C")
    person.press("Ctrl+N")
    person.press("Ctrl+V")
    assert len(person.document.nodes) == 2
    assert len(person.document.connections) == 1
    person.press("Ctrl+D")
    assert len(person.document.nodes) == 4
    person.press("Delete")
    assert len(person.document.nodes) == 2
    person.press("Ctrl+X")
    assert len(person.document.nodes) == 2
    QApplication.clipboard().setText("no nodes at all")
    person.press("Ctrl+V")
    assert person.said("no nodes on the clipboard")


def test_cells_of_a_spreadsheet_become_a_table_creator(person: Person) -> None:
    person.press("Ctrl+N")
    QApplication.clipboard().setText("town\tpeople\r\nBonn\t3\r\n")
    person.press("Ctrl+V")
    (record,) = person.document.nodes.values()
    assert record.type == "tables.table_creator"
    assert record.settings["columns"][1] == {"name": "people", "dtype": "Int64", "values": [3]}
    assert person.said("Pasted a table of 1 row and 2 columns")
    person.press("Ctrl+Z")
    assert not person.document.nodes
    QApplication.clipboard().setText("1\t2\n" * 10_000)
    person.press("Ctrl+V")
    assert person.said("save it as a file")
    assert not person.document.nodes


# ------------------------------------------------------------------------------------------------------ docks, tabs, looks


def test_docks_that_were_closed_and_moved_are_so_after_a_restart(qapp: QApplication, tmp_path: Path) -> None:
    with a_window(tmp_path, start=False) as person:
        person.press("Ctrl+N")
        assert dock(person, "repository").isVisible()
        dock(person, "repository").close()
        person.window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock(person, "console"))
        dock(person, "help").setFloating(True)
        QApplication.processEvents()
    with a_window(tmp_path, start=False) as person:
        person.press("Ctrl+N")
        assert not dock(person, "repository").isVisible()
        assert person.window.dockWidgetArea(dock(person, "console")) is Qt.DockWidgetArea.LeftDockWidgetArea
        assert dock(person, "help").isFloating()
        person.window.docks.reset()
        assert dock(person, "repository").isVisible()
        assert not dock(person, "help").isFloating()
        assert person.window.dockWidgetArea(dock(person, "console")) is Qt.DockWidgetArea.BottomDockWidgetArea


def test_tabs_keep_their_own_selection_and_problems(person: Person) -> None:
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("toy.count")
    first = person.workspace
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("toy.add")
    person.until(lambda: person.window.docks.problems.errors == 1)
    assert person.window.docks.config.node_id == "add_1"
    person.window.tabs.setCurrentIndex(0)
    assert person.workspace is first
    assert person.window.desk.selected_nodes == ["count_1"]
    assert person.window.docks.config.node_id == "count_1"
    person.until(lambda: person.window.docks.problems.errors == 0)


def test_a_problem_leads_to_its_node_and_setting(person: Person) -> None:
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("toy.count")
    person.window.commands.adding.add_node("toy.add")
    person.document.set_settings("count_1", {"rows": 13})
    person.until(lambda: person.window.docks.problems.errors >= 1)
    person.window.docks.show("problems")
    listed = person.window.docks.problems.list
    row = next(n for n in range(listed.model().rowCount()) if "Thirteen" in str(listed.model().index(n, 0).data()))
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=listed.visualRect(listed.model().index(row, 0)).center())
    assert person.window.desk.selected_nodes == ["count_1"]
    person.until(lambda: person.window.docks.config.isAncestorOf(QApplication.focusWidget()))
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "Rows"


def test_light_dark_and_back(person: Person) -> None:
    person.press("Ctrl+N")
    person.window.commands.adding.add_node("toy.count")
    for preference, dark in (("dark", True), ("light", False)):
        person.window.commands.actions[f"view.{preference}"].trigger()
        assert look().colors.dark is dark
        picture = person.window.grab().toImage()
        corner = picture.pixelColor(picture.width() // 2, 8)
        assert (corner.lightness() < 100) is dark
        assert person.window.desk.services.preferences.values.appearance == preference


def test_the_damaged_settings_file_is_told_of_and_set_aside(qapp: QApplication, tmp_path: Path) -> None:
    with home(tmp_path):
        from app.folders import config_folder

        file = config_folder() / "editor.json"
        file.write_text("{ broken")
    with a_window(tmp_path, start=False) as person:
        assert person.said("settings were damaged", "kept as")
        person.press("Ctrl+N")
    assert [p.read_text() for p in file.parent.glob("editor.json.damaged-*")] == ["{ broken"]


def test_the_tour_is_done_by_doing(person: Person) -> None:
    person.window.commands.tour.start()
    tours = person.window.findChildren(Tour)
    assert len(tours) == 1
    person.double_click_in_repository("count")
    person.until(lambda: bool(person.document.nodes))
    (node,) = person.document.nodes
    person.configure(node, {"rows": 5})
    person.press("Shift+F7")
    person.until_state(node, "done")
    person.until(lambda: not person.window.findChildren(Tour))
    assert person.window.desk.services.preferences.values.tour_done


def test_the_canvas_is_exported_as_png_and_svg(person: Person, tmp_path: Path) -> None:
    person.window.commands.files.open_example(EXAMPLE)
    QApplication.processEvents()
    with person.answering(choosing(tmp_path / "picture.png")):
        person.window.commands.actions["file.export_png"].trigger()
    assert person.said("picture.png")
    picture = QImage(str(tmp_path / "picture.png"))
    assert picture.width() > 2000
    with person.answering(choosing(tmp_path / "drawing.svg")):
        person.window.commands.actions["file.export_svg"].trigger()
    text = (tmp_path / "drawing.svg").read_text()
    assert "<svg" in text
    assert "Partitioning" in text


def test_the_report_is_exported_with_what_is_stored_and_computes_nothing(person: Person, tmp_path: Path) -> None:
    person.press("Ctrl+N")
    first = person.canvas.add_node("tables.table_creator")
    second = person.canvas.add_node("tables.row_sampling")
    person.document.connect(f"{first}.table", f"{second}.table")
    person.until_state(first, "ready")
    person.select(first)
    person.press("F7")
    person.until_state(first, "done", "warning")
    path = tmp_path / "what came out.html"
    with person.answering(choosing(path)):
        person.window.commands.actions["file.export_report"].trigger()
    person.until(lambda: person.said("The report was saved as what came out.html."))
    page = path.read_text(encoding="utf-8")
    assert "Table Creator" in page
    assert "Not part of this run: Row Sampling" in page
    assert person.status(second).state == "not configured"


# ------------------------------------------------------------------------------------------------------------- keyboard


def stands_alone(widget: QWidget) -> bool:
    """Whether it is no part of another control: a button inside a line, the line inside a combo box."""
    return not isinstance(widget.parentWidget(), (QComboBox, QLineEdit))


def controls(window: QWidget) -> Iterator[QWidget]:
    """All visible things a person works with."""
    for widget in window.findChildren(QWidget):
        internal = widget.objectName().startswith("qt_") or widget.objectName() in ("ScrollLeftButton", "ScrollRightButton")
        if (
            isinstance(widget, (QAbstractButton, QLineEdit, QComboBox))
            and widget.isVisibleTo(window)
            and not internal
            and stands_alone(widget)
        ):
            yield widget


@pytest.mark.parametrize("selected", ["", "learner", "split", "read_training"])
def test_every_visible_control_says_what_it_is(person: Person, selected: str) -> None:
    person.window.commands.files.open_example(EXAMPLE)
    if selected:
        person.canvas.select([selected])
        person.until(lambda: not person.window.docks.config.is_asking)
    silent = [
        (type(w).__name__, w.objectName(), w.toolTip(), w.parentWidget().objectName() or type(w.parentWidget()).__name__)
        for w in controls(person.window)
        if not w.accessibleName() and not getattr(w, "text", str)().strip()
    ]
    assert silent == [], silent


def test_every_visible_control_is_reached_by_keyboard(person: Person) -> None:
    person.window.commands.files.open_example(EXAMPLE)
    person.canvas.select(["learner"])
    person.until(lambda: not person.window.docks.config.is_asking)
    shortcuts = {row.plain_title for row in person.window.commands.actions.rows.values()}
    deaf = [
        (type(w).__name__, w.accessibleName() or w.text(), w.toolTip())
        for w in controls(person.window)
        if isinstance(w, (QAbstractButton, QLineEdit)) and not w.focusPolicy() & Qt.FocusPolicy.TabFocus
        and w.accessibleName() not in shortcuts and "(" not in w.toolTip()  # its key is in its tooltip
    ]  # fmt: skip
    assert deaf == [], deaf


def test_tab_goes_through_all_docks(person: Person) -> None:
    person.window.commands.files.open_example(EXAMPLE)
    person.canvas.select(["split"])
    person.until(lambda: not person.window.docks.config.is_asking)
    person.to_front()
    reached: set[QWidget] = set()
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):  # both ways, as far as the canvas
        person.window.docks.repository.field.setFocus()
        for _ in range(200):
            focused = QApplication.focusWidget()
            assert focused is not None
            if focused is person.canvas.view:
                break
            reached.add(focused)
            QTest.keyClick(focused, key)
        assert QApplication.focusWidget() is person.canvas.view
    docks = person.window.docks
    for place in (docks.repository, docks.config, docks.learning, docks.monitor):
        assert any(place.isAncestorOf(widget) for widget in reached), place
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):  # and so it is left, even with a node selected
        person.canvas.view.setFocus()
        QTest.keyClick(person.canvas.view, key)
        assert QApplication.focusWidget() is not person.canvas.view


def test_the_menus_open_and_show_what_can_be_done(person: Person) -> None:
    main = person.window.menu
    titles = [action.text() for action in main.actions()]
    assert titles == list(menus.TITLES.values())
    for action in main.actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        menu.aboutToShow.emit()
        assert all(a.text() or a.isSeparator() for a in menu.actions())


def test_every_dock_is_in_its_menu_and_the_menu_puts_them_back(person: Person) -> None:
    person.press("Ctrl+N")
    menu = person.menu("&Panels")
    for action in menu.actions()[:-2]:
        name = action.objectName().removeprefix("view.")
        action.trigger()
        assert dock(person, name).isAncestorOf(QApplication.focusWidget()), name
        action.trigger()
        assert dock(person, name).isHidden(), name
        assert QApplication.focusWidget() is person.canvas.view
    assert person.menu("&Panels").actions()[:-2] == menu.actions()[:-2], "opened again, it has each of them once"
    menu.actions()[-1].trigger()
    assert all(dock(person, name).isVisibleTo(person.window) for name in ("repository", "config", "learning", "monitor"))
    assert len(menu.actions()) == len(person.window.findChildren(QDockWidget)) + 2
    person.clean()
    person.window.docks.repository.field.setText("dense")  # its icons are still there: nothing that had the focus took them along
    person.window.docks.repository.field.clear()


def test_no_label_shows_the_markup_that_it_was_given(person: Person) -> None:
    """A plain label shows letters as they are: what the program marks up itself must say so."""
    person.window.desk.show_welcome()
    person.window.status_bar.show_engine("engine ready", works=True)
    QApplication.processEvents()
    for label in person.window.findChildren(QLabel):
        if label.textFormat() == Qt.TextFormat.PlainText:
            assert not re.search(r"</?(span|b|a|br|div|qt)\b[^>]*>", label.text()), label.text()


# ---------------------------------------------------------------------------------------------- what computations cost


def test_times_and_memory_are_switched_in_the_view_menu_and_are_there_after_a_restart(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "costs.workflow.json"
    with a_window(tmp_path) as person:
        person.press("Ctrl+N")
        node = person.canvas.add_node("tables.table_creator")
        person.until_state(node, "ready")
        person.press("Shift+F7")
        person.until_state(node, "done", "warning")
        assert not person.canvas.legend.isVisible()
        person.window.commands.actions["view.times"].trigger()
        costs = person.canvas.view.canvas_scene.costs
        assert (costs.measure, set(costs.costs)) == ("time", {node})
        took = person.status(node).seconds
        assert person.canvas.legend.isVisible()
        person.window.commands.actions["view.memory"].trigger()
        assert costs.measure == "memory"
        assert costs.costs[node].amount == person.status(node).size > 0
        save(person.document.workflow(), path)
    with a_window(tmp_path) as person:
        person.window.commands.files.open(path)
        person.until_state(node, "done", "warning")
        costs = person.canvas.view.canvas_scene.costs
        assert (costs.measure, set(costs.costs)) == ("memory", {node})
        assert person.status(node).seconds == took, "it is kept with the result"
        person.window.commands.actions["view.memory"].trigger()
        assert not person.canvas.legend.isVisible()
