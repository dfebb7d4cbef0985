"""The real window, with a real engine, and a person before it: mouse, keys, and answers to dialogs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QObject, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeySequence, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QWidget,
)
from shiboken6 import delete

from app.document.editing import Document
from app.editor.application import make_services, open_window
from app.editor.canvas import Canvas
from app.editor.canvas.shown_ports import Side
from app.editor.config.row import SettingRow
from app.editor.engine.client import EngineClient
from app.editor.look import look
from app.editor.panels.message_bar import Message
from app.editor.panels.quick_add import QuickAdd
from app.editor.window import MainWindow
from app.editor.workspace import Workspace
from app.engine.status import NodeStatus
from tests import homes, screen
from tests.app.editor.config.support import enter

Popup = TypeVar("Popup", bound=QWidget)
NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
PATIENCE = 250
"""So many looks at a dialog that was answered until it counts as stuck."""
QUICK = ("--warm-up", "-1")
"""Of an engine that imports TensorFlow only when a node needs it."""


@contextmanager
def home(folder: Path) -> Iterator[None]:
    """Preferences, journals and results are in `folder` meanwhile."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAYERLOOM_HOME", str(homes.lived_in(folder / "home")))
        environment.setenv("LAYERLOOM_RESULTS", str(folder / "results"))
        yield


@contextmanager
def a_window(folder: Path, *, start: bool = True, plug_ins: Mapping[str, str] | None = None, **engine: Any) -> Iterator[Person]:
    """A person before a window of their own; afterwards nothing of it is left.

    Args:
        folder: Home of preferences, journals, results.
        start: Whether the engine is started.
        plug_ins: The environment in which further node classes are found (`toy_plug_in`), by editor and engine.
        engine: Options of `EngineClient`.
    """
    with home(folder), pytest.MonkeyPatch.context() as imports:
        if plug_ins:
            imports.syspath_prepend(plug_ins["PYTHONPATH"].split(os.pathsep)[0])
        services = make_services(folder / "results")
        services.engine.deleteLater()
        services.engine = EngineClient(
            folder / "results",
            **({"arguments": QUICK, "environment": plug_ins} | engine),  # type: ignore[arg-type]
        )
        look().start("light")
        window = open_window(services)
        services.engine.setParent(window)  # ends with it
        person = Person(window)
        try:
            person.to_front()
            if start:
                services.engine.start()
                person.until(lambda: services.engine.is_ready, 30)
            yield person
        finally:
            end(window)


def end(window: MainWindow) -> None:
    """Close a window without saving, and let go of all it had."""
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, QDialog) and dialog.isVisible():
            dialog.reject()
    for workspace in window.desk.workspaces:
        workspace.document.mark_saved()
    window.close()
    window.desk.services.engine.shutdown()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


class Person:
    """Somebody before a window."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def clean(self) -> None:
        """Close all workflows without saving, and all messages."""
        self.window.desk.services.engine.start()
        for workspace in self.window.desk.workspaces:
            self.window.desk.services.engine.cancel(workspace.id)
            workspace.document.mark_saved()
            self.window.commands.files.close(workspace)
        for message in self.messages:
            message.closed.emit()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()

    # -- what they see

    @property
    def workspace(self) -> Workspace:
        """The workflow in front."""
        workspace = self.window.desk.current
        assert workspace is not None, "no workflow is open"
        return workspace

    @property
    def document(self) -> Document:
        return self.workspace.document

    @property
    def canvas(self) -> Canvas:
        return self.workspace.canvas

    def status(self, node: str) -> NodeStatus:
        return self.workspace.status(node)

    def states(self) -> dict[str, str]:
        return {n: self.status(n).state for n in self.document.nodes}

    @property
    def messages(self) -> Sequence[Message]:
        """The messages over the canvas in front."""
        return self.window.messages.messages

    @property
    def told(self) -> list[str]:
        """What the messages say."""
        return [said_by(message) for message in self.messages]

    def said(self, *parts: str) -> bool:
        """Whether a message has all these parts."""
        return any(all(part in said_by(message) for part in parts) for message in self.messages)

    def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait; what the window does meanwhile happens. Then what may be done, and is shown, is what fits the new state."""
        end = time.monotonic() + seconds
        while not condition() or self.window.desk.will_look_again:
            assert time.monotonic() < end, f"not within {seconds} s; the window says {self.told}"
            QTest.qWait(10)

    def until_state(self, node: str, *states: str, seconds: float = 30.0) -> None:
        """Wait until a node's light is one of these."""
        try:
            self.until(lambda: self.status(node).state in states, seconds)
        except AssertionError as error:
            raise AssertionError(f"{node} is {self.status(node)}, not {states}; all: {self.states()}") from error

    def menu(self, title: str) -> QMenu:
        """Return the menu of that title, filled as when it opens."""
        menu = next(m for m in self.window.findChildren(QMenu) if m.title() == title)
        menu.aboutToShow.emit()
        return menu

    # -- keys

    def press(self, keys: str) -> None:
        """Press keys, written as `Ctrl+Shift+S`, wherever the focus is."""
        self.to_front()
        combination = QKeySequence(keys)[0]
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())

    def to_front(self) -> None:
        """Have the window active again after a popup, as every window manager does, but not Qt's offscreen platform."""
        QApplication.processEvents()
        active = QApplication.activeWindow()
        if active is None or (isinstance(active, QuickAdd) and not active.isVisible()):
            self.window.activateWindow()
            self.until(self.window.isActiveWindow)

    def type(self, text: str) -> None:
        """Type a text, wherever the focus is."""
        focus = QApplication.focusWidget()
        assert focus is not None, "nothing has the focus"
        QTest.keyClicks(focus, text)

    # -- mouse

    def click(self, widget: QWidget, at: QPoint | None = None, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(widget, LEFT, modifiers, *([at] if at else []))

    def spot(self, place: QPointF) -> QPoint:
        """A point of the scene in the viewport; brought into view before."""
        view = self.canvas.view
        spot = view.mapFromScene(place)
        if not view.viewport().rect().adjusted(8, 8, -8, -8).contains(spot):
            view.look_at(place, view.zoom, fly=False)
            spot = view.mapFromScene(place)
        return spot

    def node(self, node: str) -> QPointF:
        """The middle of a node's tile, in the scene."""
        return self.canvas.node_rect(node).center()

    def port(self, endpoint: str, side: Side) -> QPointF:
        """Where a port is, in the scene."""
        node, _, name = endpoint.partition(".")
        tile = self.canvas.view.canvas_scene.tiles[node]
        place = tile.port_place(side, name)
        assert place is not None, f"{node} has no {side} {name}: {[p.name for p in tile.face.ports.on(side)]}"
        return place

    def select(self, node: str) -> None:
        """Click on a node."""
        QTest.mouseClick(self.canvas.view.viewport(), LEFT, NONE, self.spot(self.node(node)))
        assert self.window.desk.selected_nodes == [node]

    def drag(self, start: QPointF, end: QPointF) -> None:
        """Drag from one point of the scene to another; both are seen while that happens."""
        port = self.canvas.view.viewport()
        self.spot((start + end) / 2)
        QTest.mousePress(port, LEFT, NONE, self.canvas.view.mapFromScene(start))
        for share in (0.3, 0.8, 1.0):
            spot = QPointF(self.canvas.view.mapFromScene(start + (end - start) * share))
            move(port, spot)
        QTest.mouseRelease(port, LEFT, NONE, self.canvas.view.mapFromScene(end))

    def connect(self, source: str, target: str) -> None:
        """Pull a wire from an output to an input."""
        self.drag(self.port(source, "output"), self.port(target, "input"))

    # -- adding nodes

    def drag_from_repository(self, typed: str, place: QPointF) -> str:
        """Find a node in the repository, drag it to a point of the canvas, let go; returns the new node's id."""
        before = set(self.document.nodes)
        results = self.search_repository(typed)
        index = results.currentIndex()
        at = results.visualRect(index).center()
        QTest.mousePress(results.viewport(), LEFT, NONE, at)
        for step in (6, 30):
            move(results.viewport(), QPointF(at + QPoint(step, 0)))
        QTest.mouseRelease(results.viewport(), LEFT, NONE, at + QPoint(30, 0))
        drag = results.findChild(QDrag)  # Qt's offscreen platform ends a drag at once; the rest of its way is made here
        assert drag is not None, "nothing was dragged"
        drop_on(self.canvas.view.viewport(), QPointF(self.spot(place)), drag.mimeData())
        delete(drag)
        return self._added(before)

    def double_click_in_repository(self, typed: str) -> str:
        """Find a node in the repository and double-click it; returns the new node's id."""
        before = set(self.document.nodes)
        results = self.search_repository(typed)
        at = results.visualRect(results.currentIndex()).center()
        QTest.mouseClick(results.viewport(), LEFT, NONE, at)
        QTest.mouseDClick(results.viewport(), LEFT, NONE, at)
        return self._added(before)

    def search_repository(self, typed: str) -> QAbstractItemView:
        """Type into the search field of the repository; the list of what was found."""
        repository = self.window.docks.repository
        self.to_front()
        self.click(repository.field)
        self.press("Ctrl+A")
        self.type(typed)
        assert repository.results.isVisible(), f"nothing is called {typed}"
        return repository.results

    def pull_and_choose(self, endpoint: str, side: Side, by: QPointF, typed: str = "") -> str:
        """Pull a wire into empty space, type what is wanted there, press Enter; returns the new node's id."""
        before = set(self.document.nodes)
        start = self.port(endpoint, side)
        self.drag(start, start + by)
        popup = self.popup(QuickAdd)
        if typed:
            QTest.keyClicks(popup.field, typed)
        QTest.keyClick(popup.field, Qt.Key.Key_Return)
        assert not popup.isVisible()
        return self._added(before)

    def popup(self, kind: type[Popup]) -> Popup:
        """The popup of that kind that is open."""
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
        assert found, f"no {kind.__name__} is open"
        return found[0]

    def _added(self, before: set[str]) -> str:
        added = set(self.document.nodes) - before
        assert len(added) == 1, f"{len(added)} nodes were added; the window says {self.told}"
        return added.pop()

    # -- configuring

    def configure(self, node: str, settings: Mapping[str, Any]) -> None:
        """Open a node's dialog with a double click, enter these settings by mouse and keys, and apply them with Enter."""
        QTest.mouseClick(self.canvas.view.viewport(), LEFT, NONE, self.spot(self.node(node)))
        QTest.mouseDClick(self.canvas.view.viewport(), LEFT, NONE, self.spot(self.node(node)))
        panel = self.window.docks.config
        assert panel.node_id == node
        self.until(lambda: not panel.is_asking)
        for place, value in settings.items():
            row = self.row(place)
            assert row.control is not None
            enter(row.control, row.declared.shape, value)
        self.apply()

    def row(self, place: str) -> SettingRow:
        """The row of a setting, in dotted form, on its page of the dialog."""
        panel = self.window.docks.config
        panel.go_to(place)
        row = panel.row(place)
        assert row is not None, f"no setting {place}"
        row.reveal()
        return row

    def apply(self) -> None:
        """Enter: the settings go into the document."""
        panel = self.window.docks.config
        self.until(lambda: not panel.is_asking)
        panel.setFocus()
        QTest.keyClick(panel, Qt.Key.Key_Return)
        assert not panel.has_edits, [(r.declared.name, r.problem or r.complaint()) for r in panel.all_rows()]

    # -- dialogs

    @contextmanager
    def answering(self, *answers: Callable[[Any], object]) -> Iterator[None]:
        """Answer the dialogs that open meanwhile, one after the other; all of them must open."""
        waiting = list(answers)
        failed: list[BaseException] = []
        timer = QTimer()
        seen: list[QObject] = []

        def look_for_dialog() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None or not dialog.isVisible():
                return
            if seen[-1:] != [dialog]:
                seen[:] = []
            seen.append(dialog)
            if len(seen) == PATIENCE:  # or the test would hang here
                failed.append(AssertionError(f"the answer did not close the dialog: {words(dialog)}"))
                dialog.close()
            if len(seen) != (12 if isinstance(dialog, QFileDialog) else 1):  # it reads its folder at first
                return
            if not waiting:
                failed.append(AssertionError(f"a dialog that nobody expected: {words(dialog)}"))
                dialog.close()
                return
            try:
                waiting.pop(0)(dialog)
            except BaseException as error:  # noqa: BLE001 - told where the test is
                failed.append(error)
                dialog.close()

        timer.timeout.connect(look_for_dialog)
        timer.start(20)
        try:
            yield
        finally:
            timer.stop()
        if failed:
            raise failed[0]
        assert not waiting, f"{len(waiting)} dialogs did not open"


# --------------------------------------------------------------------------------------------------------------- pieces


def move(widget: QWidget, spot: QPointF, held: Qt.MouseButton = LEFT) -> None:
    """Move the mouse with a button held down (QTest's does not say that one is)."""
    event = QMouseEvent(QEvent.Type.MouseMove, spot, widget.mapToGlobal(spot), Qt.MouseButton.NoButton, held, NONE)
    QApplication.sendEvent(widget, event)


def drop_on(widget: QWidget, spot: QPointF, mime: QMimeData) -> bool:
    """Bring a drag over a widget and let go; False if the widget does not want it."""
    copy = Qt.DropAction.CopyAction
    entered = QDragEnterEvent(spot.toPoint(), copy, mime, LEFT, NONE)
    QApplication.sendEvent(widget, entered)
    if not entered.isAccepted():
        return False
    moved = QDragMoveEvent(spot.toPoint(), copy, mime, LEFT, NONE)
    moved.setAccepted(True)  # as Qt has it after an accepted entrance
    QApplication.sendEvent(widget, moved)
    if not moved.isAccepted():
        return False
    QApplication.sendEvent(widget, QDropEvent(spot, copy, mime, LEFT, NONE))
    return True


def file_data(*paths: Path) -> QMimeData:
    """What a file manager drags."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def said_by(message: Message) -> str:
    """The text of a message."""
    from PySide6.QtWidgets import QLabel

    return " ".join(label.text() for label in message.findChildren(QLabel))


def words(dialog: QWidget) -> str:
    """All that a dialog says."""
    from PySide6.QtWidgets import QLabel

    return " ".join([dialog.windowTitle(), *(label.text() for label in dialog.findChildren(QLabel))])


def button(widget: QWidget, text: str) -> QAbstractButton:
    """The button of that text."""
    found = [b for b in widget.findChildren(QPushButton) if b.text().replace("&", "") == text and b.isVisibleTo(widget)]
    assert found, f"no button {text}: {[b.text() for b in widget.findChildren(QPushButton)]}"
    return found[0]


def pressing(text: str, *said: str) -> Callable[[QWidget], None]:
    """An answer to a dialog: it says all this, and the button with this text is pressed."""

    def answer(dialog: QWidget) -> None:
        told = words(dialog) + (dialog.informativeText() if isinstance(dialog, QMessageBox) else "")
        for part in said:
            assert part in told, told
        QTest.mouseClick(button(dialog, text), LEFT)

    return answer


def choosing(path: Path) -> Callable[[QFileDialog], None]:
    """An answer to a file dialog: the path is typed, and the button pressed."""

    def answer(dialog: QFileDialog) -> None:
        assert isinstance(dialog, QFileDialog), words(dialog)
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        assert isinstance(line, QLineEdit)
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, str(path))
        line.completer().popup().hide()
        accept = next(b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") in ("Save", "Open"))
        assert accept.isEnabled(), line.text()
        QTest.mouseClick(accept, LEFT)

    return answer


def index_of(view: QAbstractItemView, text: str) -> QModelIndex:
    """The line of a flat list with this text."""
    model = view.model()
    for row in range(model.rowCount()):
        if text in str(model.index(row, 0).data()):
            return model.index(row, 0)
    raise AssertionError(f"no line {text}")


REPOSITORY = Path(__file__).resolve().parents[3]
DATA = REPOSITORY / "resources" / "data" / "fashion-mnist"
EXAMPLE = REPOSITORY / "workflows" / "fashion_mnist_cnn.workflow.json"


def environment(folder: Path) -> dict[str, str]:
    """The environment of a program of the test's own."""
    return {
        **os.environ,
        "LAYERLOOM_HOME": str(homes.lived_in(folder / "home")),
        "LAYERLOOM_RESULTS": str(folder / "results"),
        "PYTHONPATH": str(REPOSITORY),
        "QT_QPA_PLATFORM": screen.PLATFORM,
    }
