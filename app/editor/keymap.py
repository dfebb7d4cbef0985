"""Keymap: which keys trigger which action: those that its row declares, or those that the person chose instead.

Only what was chosen is kept, in the preferences. A key that was chosen for one action is taken from all others, and they have
it back as soon as that one is reset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence

from app.editor.actions import ActionRow, ActionTable
from app.editor.preferences import Preferences, PreferenceStore

_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class Keymap(QObject):
    """The keys of all actions of a window.

    Args:
        actions: The actions, which get their keys here.
        fixed: Keys that are not an action's, and cannot become one's -> what they do.
        preferences: Where choices are kept; other windows' choices are followed.
    """

    changed = Signal()
    """Some action has other keys now."""

    def __init__(self, actions: ActionTable, fixed: Mapping[str, str], preferences: PreferenceStore) -> None:
        super().__init__(actions)
        self.rows = actions.rows
        self._actions, self._preferences = actions, preferences
        self._fixed = {_written(key): what for key, what in fixed.items()}
        self._chosen: dict[str, list[str]] = {}
        self._end_following = preferences.subscribe(self._follow)
        self._follow(preferences.values)

    def close(self) -> None:
        """Follow the preferences no longer."""
        self._end_following()

    # -- what holds now

    def keys(self, action_id: str) -> list[str]:
        """Return the keys of an action, in Qt's notation."""
        if action_id in self._chosen:
            return self._chosen[action_id]
        taken = {key for keys in self._chosen.values() for key in keys}
        return [key for key in self.declared(action_id) if key not in taken]

    def declared(self, action_id: str) -> list[str]:
        """Return the keys that an action has at first."""
        return _all_written(self.rows[action_id].shortcuts)

    def is_changed(self, action_id: str) -> bool:
        """Tell whether an action has other keys than at first."""
        return self.keys(action_id) != self.declared(action_id)

    @property
    def has_changes(self) -> bool:
        """Whether any key was chosen by the person."""
        return bool(self._chosen)

    def users(self, key: str, besides: str = "") -> list[ActionRow]:
        """Return the actions that have a key now."""
        wanted = _written(key)
        return [row for row in self.rows.values() if row.id != besides and wanted in self.keys(row.id)]

    def refusal(self, action_id: str, key: str) -> str:
        """Return why an action cannot have a key; empty if it can."""
        wanted = _written(key)
        if wanted in self._fixed:
            return f"{native(wanted)} stays what it is: {self._fixed[wanted]}."
        combination = QKeySequence(wanted)[0]
        typed = 0x20 < combination.key().value < 0x01000000  # letters, digits, signs: what is no key of its own in Qt
        if typed and not combination.keyboardModifiers() & _MODIFIERS and not self.rows[action_id].on_canvas:
            return f"{native(wanted)} alone is typed into fields. Add Ctrl or Alt."
        return ""

    # -- choosing

    def give(self, action_id: str, key: str, *, as_well: bool = False) -> None:
        """Let a key trigger an action, and no other one.

        Args:
            action_id: The action.
            key: The key, in Qt's notation.
            as_well: Whether it keeps those that it has.
        """
        wanted = _written(key)
        kept = [k for k in self.keys(action_id) if k != wanted] if as_well else []
        self._take_away([wanted], besides=action_id)
        self._chosen[action_id] = [*kept, wanted]
        self._store()

    def clear(self, action_id: str) -> None:
        """Let no key trigger an action."""
        self._chosen[action_id] = []
        self._store()

    def reset(self, action_id: str) -> None:
        """Give an action the keys that it has at first, whoever has them now."""
        self._chosen.pop(action_id, None)
        self._take_away(self.declared(action_id), besides=action_id)
        self._store()

    def reset_all(self) -> None:
        """Give all actions the keys that they have at first."""
        self._chosen = {}
        self._store()

    # -- the mechanism

    def _take_away(self, keys: Sequence[str], *, besides: str) -> None:
        """Take keys from the actions for which they were chosen; those that have them at first give way by themselves."""
        for action_id, chosen in self._chosen.items():
            if action_id != besides:
                self._chosen[action_id] = [key for key in chosen if key not in keys]

    def _store(self) -> None:
        self._chosen = {action_id: keys for action_id, keys in self._chosen.items() if keys != self.declared(action_id)}
        unknown = {name: keys for name, keys in self._preferences.values.shortcuts.items() if name not in self.rows}
        self._preferences.change(shortcuts=unknown | self._chosen)
        self._apply()

    def _follow(self, values: Preferences) -> None:
        chosen = {name: _all_written(keys) for name, keys in values.shortcuts.items() if name in self.rows}
        if chosen != self._chosen:
            self._chosen = chosen
            self._apply()

    def _apply(self) -> None:
        self._actions.set_keys({action_id: self.keys(action_id) for action_id in self.rows})
        self.changed.emit()


def native(key: str) -> str:
    """Return a key as the system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def _written(key: str) -> str:
    """Return a key as Qt writes it, however it is spelled; empty where it is none."""
    return QKeySequence(key).toString()


def _all_written(keys: Iterable[str]) -> list[str]:
    return [written for key in keys if (written := _written(key))]
