"""The welcome page: begin, go on, or look at an example. It is the first thing that a person sees.

Knows folders and files; what opening them means is the window's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.document.file import load
from app.document.model import Workflow
from app.document.problems import DocumentError
from app.editor.look import interface_font, look
from app.editor.panels.miniature import miniature
from app.editor.plain_label import PlainLabel
from app.editor.visible_text import plain_tip
from app.folders import examples as examples_in
from nodes.catalog import Catalog

SENTENCE = "Build, train and understand neural networks by wiring nodes together."
MOST_RECENT = 8
_CARD, _PICTURE_HEIGHT, _RECENT_WIDTH, _WIDEST = 270, 128, 320, 1080


class WelcomePage(QScrollArea):
    """Title, ways to begin, examples, recent files.

    Args:
        catalog: For the colours of the nodes in the pictures.
        examples: The folder of examples.
    """

    new_requested = Signal()
    """An empty workflow is wanted."""
    open_requested = Signal(object)
    """This file (a Path) is wanted, or, if None, a dialog to choose one."""
    example_requested = Signal(Path)
    """A copy of this example (a Path) is wanted."""
    tour_requested = Signal()
    """The first tour is wanted."""
    recent_removed = Signal(Path)
    """This file (a Path) shall no longer be among the recent ones."""

    def __init__(self, catalog: Catalog, examples: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAccessibleName("Welcome")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._catalog = catalog
        self.cards: list[ExampleCard] = []
        self._to_load = examples_in(examples)
        self._name = PlainLabel()
        self._name.setTextFormat(Qt.TextFormat.RichText)
        self._name.setFont(interface_font(38, bold=True))
        self.new_button = QPushButton("New workflow")
        self.new_button.setProperty("role", "primary")
        self.open_button = QPushButton("Open …")
        self.tour_button = QPushButton("Three-step first tour")
        self._icons = {self.open_button: "mdi6.folder-open-outline", self.tour_button: "mdi6.map-marker-path"}
        self.new_button.clicked.connect(self.new_requested)
        self.open_button.clicked.connect(self._ask_for_file)
        self.tour_button.clicked.connect(self.tour_requested)
        self._examples = QWidget()
        self._grid = QGridLayout(self._examples)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(16)
        self._examples_title = _section("Examples")
        self._recent_title = _section("Recent")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._column = self._built()
        outer = QWidget()
        outer.setObjectName("page")
        around = QHBoxLayout(outer)
        around.setContentsMargins(36, 0, 36, 0)
        around.addStretch(1)
        around.addWidget(self._column, 100)
        around.addStretch(1)
        self.setWidget(outer)
        self._loading = QTimer(self)
        self._loading.setInterval(0)
        self._loading.timeout.connect(self._load_next)
        if self._to_load:
            self._loading.start()
        self._examples_title.setVisible(bool(self._to_load))
        self.set_recent(())
        look().changed.connect(self._redraw)
        self._redraw()

    def set_recent(self, paths: Sequence[Path]) -> None:
        """Show these files, the latest first; those that are gone are grey and can be removed from the list."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.recent = [RecentFile(path) for path in paths[:MOST_RECENT]]
        for entry in self.recent:
            entry.chosen.connect(self.open_requested)
            entry.removed.connect(self.recent_removed)
            self._recent.addWidget(entry)
        self._recent.addStretch(1)
        self._recent_box.setVisible(bool(self.recent))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many cards side by side as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def _built(self) -> QWidget:
        column = QWidget()
        column.setMaximumWidth(_WIDEST)
        sentence = PlainLabel(SENTENCE)
        sentence.setProperty("role", "muted")
        sentence.setFont(interface_font(16))
        sentence.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        for button in (self.new_button, self.open_button, self.tour_button):
            button.setMinimumHeight(36)
            buttons.addWidget(button)
        buttons.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self._examples_title)
        left.addWidget(self._examples)
        left.addStretch(1)
        self._recent_box = QWidget()
        self._recent_box.setMaximumWidth(_RECENT_WIDTH)
        right = QVBoxLayout(self._recent_box)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(12)
        right.addWidget(self._recent_title)
        right.addLayout(self._recent)
        right.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(36)
        below.addLayout(left, 2)
        below.addWidget(self._recent_box, 1)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 56, 0, 36)
        layout.setSpacing(8)
        layout.addWidget(self._name)
        layout.addWidget(sentence)
        layout.addSpacing(14)
        layout.addLayout(buttons)
        layout.addSpacing(34)
        layout.addLayout(below, 1)
        return column

    def _load_next(self) -> None:
        """Read one example and show its card; the next one when there is nothing else to do."""
        if not self._to_load:
            self._loading.stop()
            return
        path = self._to_load.pop(0)
        try:
            workflow: Workflow | None = load(path)
            message = ""
        except DocumentError as error:
            workflow, message = None, str(error)
        card = ExampleCard(path, workflow, message, self._catalog)
        card.chosen.connect(self.example_requested)
        self.cards.append(card)
        self._arrange()

    def _arrange(self) -> None:
        recent = _RECENT_WIDTH + 36 if self._recent_box.isVisibleTo(self) else 0
        room = min(self.viewport().width() - 72, _WIDEST) - recent
        columns = max((room + 16) // (_CARD + 16), 1)
        for number, card in enumerate(self.cards):
            self._grid.addWidget(card, number // columns, number % columns, Qt.AlignmentFlag.AlignLeft)
        for column in range(self._grid.columnCount() + 1):
            self._grid.setColumnStretch(column, int(column == columns))

    def _ask_for_file(self) -> None:
        self.open_requested.emit(None)

    def _redraw(self) -> None:
        colors = look().colors
        self._name.setText(f'Layer<span style="color: {colors.accent}">loom</span>')
        self.new_button.setIcon(look().icon("mdi6.plus", colors.on_accent))
        for button, icon in self._icons.items():
            button.setIcon(look().icon(icon))


class _Pressable(QFrame):
    """A frame that is pressed with the mouse, Enter or the space bar."""

    chosen = Signal(Path)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and the space bar choose."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.choose()
        else:
            super().keyPressEvent(event)

    def choose(self) -> None:
        """It was pressed."""
        self.chosen.emit(self.path)


class ExampleCard(_Pressable):
    """An example: its picture, name and description; one that cannot be read says why."""

    def __init__(self, path: Path, workflow: Workflow | None, message: str, catalog: Catalog) -> None:
        super().__init__(path)
        self.setProperty("role", "example")
        self.setFixedWidth(_CARD)
        name = workflow.name if workflow and workflow.name else path.name.removesuffix(".workflow.json")
        description = workflow.description if workflow else message
        self.setAccessibleName(name)
        self.setAccessibleDescription(description)
        self.setToolTip(plain_tip(description))
        self.setEnabled(workflow is not None)
        title = PlainLabel(name)
        title.setProperty("role", "heading")
        title.setWordWrap(True)
        text = PlainLabel(_shortened(description))
        text.setProperty("role", "small")
        text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 14)
        layout.setSpacing(4)
        layout.addWidget(_ExamplePicture(workflow, catalog))
        layout.addSpacing(8)
        for label in (title, text):
            label.setContentsMargins(14, 0, 14, 0)
            layout.addWidget(label)
        layout.addStretch(1)


class _ExamplePicture(QWidget):
    """The workflow in small; painted when it is first seen, and again in other colours."""

    def __init__(self, workflow: Workflow | None, catalog: Catalog) -> None:
        super().__init__()
        self._workflow = workflow
        self._catalog = catalog
        self._pixmap: QPixmap | None = None
        self.setFixedHeight(_PICTURE_HEIGHT)
        look().changed.connect(self._forget)

    def _forget(self) -> None:
        self._pixmap = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground of the canvas, and the workflow on it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QPainterPath()
        ground.setFillRule(Qt.FillRule.WindingFill)
        ground.addRoundedRect(0, 0, self.width(), self.height(), 10, 10)
        ground.addRect(0, self.height() / 2, self.width(), self.height() / 2)
        painter.fillPath(ground, QColor(look().colors.canvas))
        if self._workflow is not None:
            if self._pixmap is None:
                size = self.width() - 32, self.height() - 24
                self._pixmap = miniature(self._workflow, self._catalog.about, *size, self.devicePixelRatioF())
            painter.drawPixmap(QRect(16, 12, self.width() - 32, self.height() - 24), self._pixmap)


class RecentFile(_Pressable):
    """A file that was open lately; a missing one is grey and can be removed."""

    removed = Signal(Path)
    """It shall no longer be shown."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.setProperty("role", "recent")
        self.missing = not path.exists()
        name = path.name.removesuffix(".workflow.json")
        self.setAccessibleName(f"{name}, missing" if self.missing else name)
        self.setToolTip(plain_tip(f"{path}\nThe file is gone or cannot be reached." if self.missing else str(path)))
        self._icon = PlainLabel()
        title = PlainLabel(name)
        title.setProperty("role", "muted" if self.missing else "")
        folder = PlainLabel("missing" if self.missing else _at_home(path.parent))
        folder.setProperty("role", "small")
        for label in (title, folder):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(title)
        texts.addWidget(folder)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 7, 6, 7)
        layout.setSpacing(10)
        layout.addWidget(self._icon)
        layout.addLayout(texts, 1)
        self.remove_button = QToolButton()
        self.remove_button.setToolTip("Remove from this list")
        self.remove_button.setAccessibleName(f"Remove {name} from the list")
        self.remove_button.setVisible(self.missing)
        self.remove_button.clicked.connect(self._remove)
        layout.addWidget(self.remove_button)
        if self.missing:
            self.setCursor(Qt.CursorShape.ArrowCursor)
        look().changed.connect(self._redraw)
        self._redraw()

    def choose(self) -> None:
        """Open it, if it is there."""
        if not self.missing:
            super().choose()

    def _remove(self) -> None:
        self.removed.emit(self.path)

    def _redraw(self) -> None:
        name = "mdi6.file-question-outline" if self.missing else "mdi6.file-outline"
        color = look().colors.muted if self.missing else look().colors.accent
        self._icon.setPixmap(look().icon(name, color).pixmap(20, 20))
        self.remove_button.setIcon(look().icon("mdi6.close", look().colors.muted))


def _section(text: str) -> QLabel:
    label = PlainLabel(text)
    label.setProperty("role", "title")
    return label


def _shortened(text: str, letters: int = 150) -> str:
    """The text, cut after a word where it is long."""
    return text if len(text) <= letters else text[:letters].rpartition(" ")[0].rstrip(".,;:") + " …"


def _at_home(folder: Path) -> str:
    """A folder as people write it: `~/workflows`."""
    home = Path.home()
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
