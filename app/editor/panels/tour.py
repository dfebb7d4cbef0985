"""The first tour: three steps over the real window, each with a spotlight on where to look and a card that says what to do.

The person works in the window itself; a step is over when they have done it, or with Next. Esc leaves. What a step points at
and when it is done is given by the window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.editor.look import look
from app.editor.plain_label import PlainLabel

_LOOK_EVERY_MS = 150
_CARD_WIDTH, _GAP, _MARGIN = 320, 16, 6


@dataclass(frozen=True)
class TourStep:
    """One step.

    Attributes:
        title: What to do, in a few words.
        text: How.
        target: Where to look: a widget of the window, a rectangle in it, or nothing.
        done: Whether the person has done it; asked several times a second.
    """

    title: str
    text: str
    target: Callable[[], QWidget | QRect | None]
    done: Callable[[], bool]


def first_steps(
    targets: Sequence[Callable[[], QWidget | QRect | None]], done: Sequence[Callable[[], bool]]
) -> tuple[TourStep, ...]:
    """The three steps of the first tour.

    Args:
        targets: Where to look: the node repository, the node or its dialog, the run button.
        done: Whether a node was added, a node was configured, a run has ended.
    """
    texts = (
        (
            "Drag a node onto the canvas",
            "Everything here is a node: it reads, changes or learns something. Drag one from the list, or press Enter on it.",
        ),
        (
            "Configure it",
            "Double-click the node, or press F6. Its settings open beside the canvas, and it says at once what will come out.",
        ),
        (
            "Run it and look",
            "Press Run, or Shift+F7. The light below each node tells how far it is; its results are shown below the canvas.",
        ),
    )
    return tuple(TourStep(*text, target, over) for text, target, over in zip(texts, targets, done, strict=True))


class Tour(QObject):
    """Runs through steps over a window. One at a time; it ends with the last step, with Esc, and with its window.

    Args:
        window: What it explains.
        steps: In order.
    """

    stepped = Signal(int)
    """This step began."""
    ended = Signal(bool)
    """It is over; whether all steps were seen."""

    def __init__(self, window: QWidget, steps: Sequence[TourStep]) -> None:
        super().__init__(window)
        self._window = window
        self._steps = tuple(steps)
        self.number = -1
        self._shade = _Shade(window)
        self.card = _TourCard(window)
        self.destroyed.connect(self._shade.deleteLater)
        self.destroyed.connect(self.card.deleteLater)
        self.card.next_button.clicked.connect(self.next)
        self.card.leave_button.clicked.connect(self.leave)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    @property
    def active(self) -> bool:
        """Whether it is shown."""
        return self.number >= 0

    def start(self) -> None:
        """Begin with the first step."""
        application = QApplication.instance()
        if not self.active and application is not None:
            application.installEventFilter(self)
        self._timer.start()
        self._show(0)

    def next(self) -> None:
        """Go to the next step, or end after the last one."""
        if self.number + 1 < len(self._steps):
            self._show(self.number + 1)
        else:
            self._end(finished=True)

    def leave(self) -> None:
        """End it now."""
        if self.active:
            self._end(finished=False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc leaves, wherever the focus is in the window; all other keys are the window's."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() not in kinds or not isinstance(event, QKeyEvent) or event.key() != Qt.Key.Key_Escape:
            return False
        if not isinstance(watched, QWidget) or watched.window() is not self._window:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            self.leave()
        return True

    def _show(self, number: int) -> None:
        self.number = number
        self.card.show_step(self._steps[number], number, len(self._steps))
        self._place()
        for widget in (self._shade, self.card):
            widget.show()
            widget.raise_()
        self.stepped.emit(number)

    def _end(self, *, finished: bool) -> None:
        self._timer.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.number = -1
        self._shade.hide()
        self.card.hide()
        self.ended.emit(finished)

    def _look(self) -> None:
        """Follow the window, and see whether the step was done."""
        if not self.active:
            return
        if self._steps[self.number].done():
            self.next()
        else:
            self._place()

    def _place(self) -> None:
        target = self._steps[self.number].target()
        if isinstance(target, QWidget):
            visible = target.isVisible()
            target = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size()) if visible else None
        self._shade.point_at(target, self._window.rect())
        self.card.adjustSize()
        place = beside(target, self.card.sizeHint().height(), self._window.rect())
        if self.card.geometry() != place:
            self.card.setGeometry(place)


def beside(target: QRect | None, height: int, room: QRect) -> QRect:
    """Where the card goes: right of its target, else left, below or above it, always inside the window; alone, in the middle."""
    card = QRect(0, 0, _CARD_WIDTH, height)
    if target is None or not target.intersects(room):
        card.moveCenter(room.center())
        return card
    target = target.intersected(room)
    middle = target.center()
    places = (
        QPoint(target.right() + _GAP, min(target.top() + 24, middle.y())),
        QPoint(target.left() - _GAP - _CARD_WIDTH, min(target.top() + 24, middle.y())),
        QPoint(middle.x() - _CARD_WIDTH // 2, target.bottom() + _GAP),
        QPoint(middle.x() - _CARD_WIDTH // 2, target.top() - _GAP - height),
    )
    for place in places:
        card.moveTopLeft(place)
        card.moveLeft(max(_GAP, min(card.left(), room.right() - _CARD_WIDTH - _GAP)))
        card.moveTop(max(_GAP, min(card.top(), room.bottom() - height - _GAP)))
        if not card.intersects(target):
            return card
    card.moveBottomRight(room.bottomRight() - QPoint(_GAP, _GAP))
    return card


class _Shade(QWidget):
    """Darkens the window around the target; mouse and keys go through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._target: QRect | None = None
        self.hide()

    def point_at(self, target: QRect | None, room: QRect) -> None:
        """Leave this rectangle bright."""
        if self.geometry() != room:
            self.setGeometry(room)
        if self._target != target:
            self._target = target
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil with a hole."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QPainterPath()
        veil.addRect(QRectF(self.rect()))
        if self._target is not None:
            hole = QPainterPath()
            hole.addRoundedRect(QRectF(self._target.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)), 11, 11)
            veil -= hole
        painter.fillPath(veil, QColor(10, 14, 20, 110))
        if self._target is not None:
            painter.setPen(QPen(QColor(look().colors.accent), 2))
            painter.drawPath(hole)


class _TourCard(QFrame):
    """What the step says, and its buttons."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setProperty("role", "popup")
        self.setAccessibleName("First tour")
        self._title = PlainLabel()
        self._title.setProperty("role", "title")
        self._text = PlainLabel()
        for label in (self._title, self._text):
            label.setWordWrap(True)
        self._count = PlainLabel()
        self._count.setProperty("role", "small")
        self.next_button = QPushButton("Next")
        self.next_button.setProperty("role", "primary")
        self.leave_button = QPushButton("Leave the tour")
        self.leave_button.setProperty("role", "plain")
        self.leave_button.setToolTip("Esc")
        row = QHBoxLayout()
        row.addWidget(self._count, 1)
        row.addWidget(self.leave_button)
        row.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 14, 14)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addSpacing(6)
        layout.addLayout(row)
        self.setFixedWidth(_CARD_WIDTH)
        self.hide()

    def show_step(self, step: TourStep, number: int, count: int) -> None:
        """Say what to do now."""
        self._title.setText(step.title)
        self._text.setText(step.text)
        self._count.setText(f"{number + 1} of {count}")
        last = number + 1 == count
        self.next_button.setText("Done" if last else "Next")
        self.leave_button.setVisible(not last)
