"""What the node monitor says where there is nothing to see yet, or what is to be seen is not of the present settings."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.engine.status import NodeStatus


class Banner(QFrame):
    """Says that what is to be seen is not of the present settings."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._text = PlainLabel()
        self._text.setWordWrap(True)
        self._button = QPushButton("Run again (F7)")
        self._button.setProperty("role", "plain")
        self._button.clicked.connect(self.pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 6, 2)
        row.addWidget(self._text, 1)
        row.addWidget(self._button)
        self.hide()

    def tell(self, status: NodeStatus, has_result: bool) -> None:
        """Show what there is to say, if anything."""
        self.setVisible(has_result and status.outdated)
        self._button.setVisible(status.state not in ("running", "queued", "not configured"))
        if status.state in ("running", "queued"):
            self._text.setText("This is the result of earlier settings; the new one is being computed.")
        elif status.state == "not configured":
            self._text.setText("This is the result of earlier settings; with the present ones the node cannot run.")
        else:
            self._text.setText("This is the result of earlier settings or inputs.")


class EmptyState(QWidget):
    """What is said where there is nothing to see yet, and what to do about it."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._icon = PlainLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = PlainLabel()
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        self._remedy = PlainLabel()
        self._remedy.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._remedy.setWordWrap(True)
        self._remedy.setProperty("role", "muted")
        self.button = QPushButton("Run to here (F7)")
        self.button.setProperty("role", "primary")
        self.button.clicked.connect(self.pressed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(30, 10, 30, 20)
        layout.setSpacing(6)
        layout.addStretch(1)
        for widget in (self._icon, self._text, self._remedy):
            layout.addWidget(widget)
        layout.addSpacing(6)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(2)
        self._icon_name = ""
        look().changed.connect(self._dress)

    @property
    def text(self) -> str:
        """What is said."""
        return self._text.text()

    def _dress(self) -> None:
        if self._icon_name:
            self._icon.setPixmap(look().icon(self._icon_name, look().colors.muted).pixmap(QSize(30, 30)))

    def tell(self, status: NodeStatus, title: str, selected: bool, *, is_known: bool) -> None:
        """Say why there is nothing to see."""
        icon, text, remedy, button = _reason(status, title, selected, is_known)
        self._icon_name = icon
        self._text.setText(text)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self.button.setVisible(bool(button))
        self.button.setText(button)
        self._dress()


def _reason(status: NodeStatus, title: str, selected: bool, is_known: bool) -> tuple[str, str, str, str]:
    """Return icon, sentence, remedy and button for an output that cannot be seen."""
    if not selected:
        return "mdi6.cursor-default-click-outline", "Select a node to see what it puts out.", "", ""
    if not is_known:
        return "mdi6.puzzle-remove-outline", "This kind of node is not installed.", "Install the package it comes from.", ""
    if status.shown_key:
        return "mdi6.progress-clock", "Loading …", "", ""
    problem = next(iter(status.problems), None)
    said, remedy = (problem.message, problem.remedy) if problem else ("", "")
    before = "A node before this one is not configured yet.", "The list of problems leads there."
    by_state = {
        "running": ("mdi6.progress-clock", f"{title} is running.", status.message, ""),
        "queued": ("mdi6.timer-sand", f"{title} waits for its turn.", "", ""),
        "failed": ("mdi6.alert-circle-outline", said or "It could not do its work.", remedy, "Run again (F7)"),
        "not configured": ("mdi6.alert-outline", *((said, remedy) if problem else before), ""),
    }
    return by_state.get(status.state, ("mdi6.play-circle-outline", "Not run yet.", "", "Run to here (F7)"))
