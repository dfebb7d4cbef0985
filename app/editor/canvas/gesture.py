"""What a gesture is: something the mouse does from press to release, shown while it lasts, and one command at its end.

A gesture moves items for show only; the document is told at the end, so that a gesture is one step, and Esc leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from app.editor.canvas.dropping import DropTarget
from app.editor.canvas.feedback import Feedback
from app.editor.canvas.zoomable_view import ZoomableView

ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is.

    Attributes:
        place: In the scene.
        spot: In the viewport.
        screen: On the screen.
        modifiers: Keys held down.
    """

    place: QPointF
    spot: QPoint
    screen: QPoint = field(default_factory=QPoint)
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    @property
    def adds(self) -> bool:
        """Whether Shift or Ctrl says to add to the selection."""
        return bool(self.modifiers & ADDING)


@dataclass
class GestureContext:
    """What gestures have of the view: what they move, show themselves with, and tell.

    Attributes:
        view: The visible part of the scene.
        feedback: What is shown while a gesture lasts.
        drops: Knows into which wire a node would be put.
        become: Goes on with another gesture; None: with none.
        say: Tells the person why something was refused.
        wire_dropped: Told when a wire was let go in empty space: its port (`node.port`), whether that is an output, the place in
            the scene and on the screen.
        move_step: In steps of how many pixels what is dragged moves.
    """

    view: ZoomableView
    feedback: Feedback
    drops: DropTarget
    become: Callable[[Gesture | None], None]
    say: Callable[[str], None]
    wire_dropped: Callable[[str, bool, QPointF, QPoint], None]
    move_step: int = 1


class Gesture:
    """Something the mouse does, from press to release."""

    scrolls = False
    """Whether the view moves along when the pointer is at its border."""

    def __init__(self, context: GestureContext) -> None:
        self.context = context
        self.scene = context.view.canvas_scene
        self.document = context.view.document

    def moved(self, pointer: Pointer) -> None:
        """Follow the mouse."""

    def released(self, pointer: Pointer) -> None:
        """Do it: the button was let go."""

    def cancelled(self) -> None:
        """Leave all as it was: Esc, or the window lost the mouse."""


class Press(Gesture):
    """A press that may become a drag.

    Args:
        context: What it may use.
        start: Where it began.
        drag: Makes the gesture that it becomes when the mouse moves; None if dragging means nothing here.
        click: What to do if it does not move.
    """

    def __init__(
        self, context: GestureContext, start: Pointer, drag: Callable[[], Gesture | None], click: Callable[[], None] | None = None
    ) -> None:
        super().__init__(context)
        self._start = start
        self._drag = drag
        self._click = click

    def moved(self, pointer: Pointer) -> None:
        """Become a drag once it is far enough."""
        if (pointer.spot - self._start.spot).manhattanLength() >= max(3, QApplication.startDragDistance() // 2):
            following = self._drag()
            self.context.become(following)
            if following is not None:
                following.moved(pointer)

    def released(self, pointer: Pointer) -> None:
        """Do what a click does."""
        if self._click is not None:
            self._click()
