"""KeyTips: tooltips and texts that name the key of an action, and name the right one when the person chooses another."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.editor.actions import ActionTable


class KeyTips(QObject):
    """Tooltips of widgets that do what an action does. Widgets may be there before the actions are."""

    changed = Signal()
    """Some action has another key now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions: ActionTable | None = None
        self._shown: dict[int, tuple[QWidget, str, str]] = {}

    def follow(self, actions: ActionTable) -> None:
        """Name the keys of these actions."""
        self._actions = actions
        actions.keys_changed.connect(self._refresh)
        self._refresh()

    def key(self, action_id: str) -> str:
        """Return the first key of an action, as the system writes it; empty if it has none."""
        return self._actions.key(action_id) if self._actions is not None else ""

    def show(self, widget: QWidget, text: str, action_id: str) -> None:
        """Give a widget a tooltip that names the key of an action behind the text."""
        number = id(widget)
        self._shown[number] = (widget, text, action_id)
        widget.destroyed.connect(lambda: self._shown.pop(number, None))
        self._write(widget, text, action_id)

    def _refresh(self) -> None:
        for entry in self._shown.values():
            self._write(*entry)
        self.changed.emit()

    def _write(self, widget: QWidget, text: str, action_id: str) -> None:
        key = self.key(action_id)
        widget.setToolTip(f"{text} ({key})" if key else text)
