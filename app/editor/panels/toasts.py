"""Messages as toasts: cards over the lower right corner of the workflow they belong to, and a history of them all.

They cover a little of the canvas and move nothing of it. Whoever missed one, or cannot see it, finds it in the history.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from app.editor.look import look
from app.editor.panels.message_bar import ICONS, Button, Message, Severity, severity_color

WIDTH, EDGE, GAP = 420, 16, 8
MOST, MOST_REMEMBERED = 4, 200
"""So many are shown at once, and so many are kept in the history."""


@dataclass(frozen=True)
class PastMessage:
    """What was said.

    Attributes:
        text: The words.
        severity: How grave it is.
        where: The workflow it was about; empty: none.
        time: Seconds since 1970.
    """

    text: str
    severity: Severity
    where: str
    time: float = field(default_factory=time.time)


class Toasts(QWidget):
    """The messages of a window: of each only those of the workflow in front are seen, and those of none.

    Args:
        over: The widget over whose corner they are shown.
        keep_free: Returns how many pixels above its lower edge are left free, for what is there.
    """

    dismissed = Signal(str)
    """The message with this key is gone, by a button, the cross, or because it was replaced or is old."""
    told = Signal()
    """There is another entry in the history."""

    def __init__(self, over: QWidget, keep_free: Callable[[], int] = lambda: 0) -> None:
        super().__init__(over)
        self.setAccessibleName("Messages")
        self.history: deque[PastMessage] = deque(maxlen=MOST_REMEMBERED)
        self._over = over
        self._front = ""
        self._keep_free = keep_free
        self._messages: dict[tuple[str, str], Message] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        over.installEventFilter(self)
        self.hide()

    @property
    def messages(self) -> Sequence[Message]:
        """The messages that are shown, from above."""
        return tuple(message for (place, _), message in self._messages.items() if place in ("", self._front))

    def show_message(
        self,
        text: str,
        *,
        severity: Severity = "info",
        buttons: Sequence[Button] = (),
        key: str = "",
        place: str = "",
        where: str = "",
    ) -> None:
        """Say something, to the eye and to screen readers.

        Args:
            text: What there is to say, as a sentence or two.
            severity: How it looks. An error stays until it is dismissed, as does what has buttons; all else goes after a while.
            buttons: (text, what to do) from the left, the recommended one first. A press also takes the message away.
            key: A later message with the same key takes this one's place.
            place: The workflow with which it is seen; empty: it is seen with all of them.
            where: What the person calls that workflow.
        """
        self._remove(place, key)
        of_place = [known for known in self._messages if known[0] == place]
        while len(of_place) >= MOST:
            fading = [known for known in of_place if not self._messages[known].stays]
            self._remove(*(fading or of_place)[0])
            of_place.remove((fading or of_place)[0])
        message = Message(text, buttons, severity, toast=True)
        message.closed.connect(partial(self._close, message))
        self._messages[place, key] = message
        self._layout.addWidget(message)
        self.history.appendleft(PastMessage(text, severity, where))
        self._lay_out()
        announcement = QAccessibleAnnouncementEvent(self, text)
        if severity == "error":
            announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)
        self.told.emit()

    def dismiss(self, key: str = "") -> None:
        """Take the messages with this key away, if there are any."""
        for place, known in tuple(self._messages):
            if known == key:
                self._remove(place, key)

    def show_place(self, place: str) -> None:
        """Show the messages of this workflow from now on; empty: none is in front."""
        self._front = place
        self._lay_out()

    def forget_place(self, place: str) -> None:
        """Take away what belongs to a workflow that is closed."""
        for known in [known for known in self._messages if place and known[0] == place]:
            self._remove(*known)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._lay_out()
        return super().eventFilter(watched, event)

    def _remove(self, place: str, key: str) -> None:
        message = self._messages.pop((place, key), None)
        if message is None:
            return
        had_focus = message.isAncestorOf(focused) if (focused := self.window().focusWidget()) else False
        message.hide()
        self._layout.removeWidget(message)
        message.deleteLater()
        self._lay_out()
        if had_focus:
            self._over.setFocus()
        self.dismissed.emit(key)

    def _close(self, message: Message) -> None:
        for known, shown in tuple(self._messages.items()):
            if shown is message:
                self._remove(*known)

    def _lay_out(self) -> None:
        shown = self.messages
        for message in self._messages.values():
            message.setVisible(message in shown)
        self.setVisible(bool(shown))
        if not shown:
            return
        width = min(WIDTH, self._over.width() - 2 * EDGE)
        self.setFixedWidth(max(width, 120))
        height = sum(message.heightForWidth(width) for message in shown) + GAP * (len(shown) - 1)
        self.setFixedHeight(height)
        left = self._over.width() - self.width() - EDGE
        top = self._over.height() - height - EDGE - self._keep_free()
        self.move(max(left, 0), max(top, 0))
        self.raise_()


class MessagesDialog(QDialog):
    """All that was said since the program began, the newest first.

    Args:
        history: What was said.
        parent: The window.
    """

    def __init__(self, history: Sequence[PastMessage], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Messages")
        self.resize(620, 420)
        self.list = QListWidget()
        self.list.setAccessibleName("Messages, the newest first")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for past in history:
            where = f" · {past.where}" if past.where else ""
            item = QListWidgetItem(f"{time.strftime('%H:%M:%S', time.localtime(past.time))}{where}\n{past.text}")
            item.setIcon(look().icon(ICONS[past.severity], severity_color(past.severity)))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{past.severity}: {past.text}{where}")
            self.list.addItem(item)
        if not history:
            self.list.addItem("Nothing was said yet.")
        self.list.setCurrentRow(0)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.list)
        layout.addWidget(close)
