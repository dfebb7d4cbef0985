"""Drafts: settings while they are edited: what is stored, what was entered since, and what of it is to be stored.

A setting keeps its stored value until the person changes it, so that opening and applying changes nothing. Nothing here
knows of Qt: a control enters its value, and shows what the draft says.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel

from app.document.variables import Scalar
from nodes.declaration.declared import MISSING, Declared, same, settings_of

DEFAULT_GROUP = "Settings"


class _Nothing(Enum):
    """What a setting has that nobody has edited yet."""

    NOTHING = "nothing"


_NOTHING = _Nothing.NOTHING


def bound_name(value: Any) -> str | None:
    """Return the variable that a stored value refers to, if it is a reference."""
    if isinstance(value, dict) and set(value) == {"variable"} and isinstance(value["variable"], str):
        return value["variable"]
    return None


class SettingDraft:
    """One setting while it is edited.

    Args:
        declared: What the class says of it.

    Attributes:
        bound: The variable that it takes its value from, if it does.
        problem: What is wrong with it, as the dialog says it.
        warning: Whether that is no more than a warning.
        unreadable: Whether what is entered is no value at all.
    """

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.bound: str | None = None
        self.problem = ""
        self.warning = False
        self.unreadable = False
        self._stored: Any = MISSING
        self._entered: Any = _NOTHING
        self._as_shown: Any = _NOTHING

    def load(self, stored: Any) -> None:
        """Begin with a stored value; MISSING is the default."""
        self._stored = stored
        self.bound = bound_name(stored)
        self._entered = self._as_shown = _NOTHING
        self.unreadable = False

    def loaded(self, values: Mapping[str, Scalar]) -> Any:
        """Return what a control shows of the stored value, before anything is entered: the value, the variable's, the default.

        Args:
            values: Those of the workflow variables.
        """
        default = None if self.declared.required else self.declared.default
        name = bound_name(self._stored)
        if name is not None:
            return values.get(name, default)
        return default if self._stored is MISSING else self._stored

    def shown_as(self, read: Any) -> None:
        """Note what a control makes of the stored value; as long as it says that, nothing is changed."""
        self._as_shown = _NOTHING if bound_name(self._stored) is not None else read

    @property
    def entered(self) -> Any:
        """What was entered since it was loaded; MISSING: nothing."""
        return MISSING if self._entered is _NOTHING else self._entered

    def enter(self, value: Any) -> None:
        """Take what a control holds now."""
        self._entered = value

    def restore(self, stored: Any) -> None:
        """Take what was to be stored before, and was not applied; MISSING is the default."""
        if stored is MISSING:
            self.load(MISSING)
        else:
            self.bound = bound_name(stored)
            if self.bound is None:
                self._entered = stored

    def bind(self, variable: str) -> None:
        """Take the value from a variable."""
        self.bound = variable

    def unbind(self, held: Any) -> None:
        """Forget the variable.

        Args:
            held: The value that it had when the setting was loaded.
        """
        self.bound = None
        if self._entered is _NOTHING and bound_name(self._stored) is not None:
            self._entered = held

    def raw(self) -> Any:
        """Return what is to be stored: MISSING where it is the default, what was stored before where it was not changed."""
        if self.bound is not None:
            return {"variable": self.bound}
        if self._entered is _NOTHING:
            return self._stored
        newly_set = self.declared.required and self._stored is MISSING
        if self._as_shown is not _NOTHING and same(self._entered, self._as_shown) and not newly_set:
            return self._stored
        return MISSING if same(self._entered, self.declared.default) else self._entered

    def effective(self, values: Mapping[str, Scalar]) -> Any:
        """Return the value that holds: the stored one, the variable's, or the default."""
        raw = self.raw()
        if raw is MISSING:
            return None if self.declared.required else self.declared.default
        name = bound_name(raw)
        return raw if name is None else values.get(name)

    @property
    def is_default(self) -> bool:
        """Whether it is the default of its kind of node."""
        return self.raw() is MISSING


class SettingsDraft:
    """The settings of a node, or of a group of settings, while they are edited.

    Args:
        model: The node class, or the class of the group.
        without: Settings that are chosen elsewhere.

    Attributes:
        settings: By name, in the order in which they are shown.
    """

    def __init__(self, model: type[BaseModel], without: tuple[str, ...] = ()) -> None:
        wanted = [d for d in settings_of(model) if d.name not in without and not d.is_settled]
        ordered = sorted(wanted, key=lambda d: d.is_seed)  # the seed comes last, wherever a base class declares it
        self.settings = {declared.name: SettingDraft(declared) for declared in ordered}
        self._stored: dict[str, Any] = {}

    def load(self, stored: Mapping[str, Any]) -> None:
        """Begin with stored settings."""
        self._stored = dict(stored)
        for name, setting in self.settings.items():
            setting.load(stored.get(name, MISSING))

    def values(self) -> dict[str, Any]:
        """Return the settings to store: the changed ones, and what was stored and is not known here."""
        made: dict[str, Any] = {}
        for name, held in self._stored.items():
            setting = self.settings.get(name)
            raw = held if setting is None else setting.raw()
            if raw is not MISSING:
                made[name] = raw
        for name, setting in self.settings.items():
            if name not in self._stored and (raw := setting.raw()) is not MISSING:
                made[name] = raw
        return made

    def restore(self, values: Mapping[str, Any], since: Mapping[str, Any]) -> None:
        """Take what was to be stored before, where it differs from what was stored then.

        Args:
            values: What was to be stored.
            since: What was stored then.
        """
        for name, setting in self.settings.items():
            if (name in values) != (name in since) or values.get(name) != since.get(name):
                setting.restore(values.get(name, MISSING))

    def unknown(self) -> list[str]:
        """Return the names of stored settings that the class does not know."""
        return [name for name in self._stored if name not in self.settings]

    def forget(self, name: str) -> None:
        """Drop a stored setting that the class does not know."""
        self._stored.pop(name, None)

    def reset(self) -> None:
        """Make all settings the defaults of this kind of node."""
        for setting in self.settings.values():
            setting.load(MISSING)

    @property
    def is_default(self) -> bool:
        """Whether no setting differs from the default of this kind of node."""
        return all(setting.is_default for setting in self.settings.values())

    @property
    def unreadable(self) -> bool:
        """Whether something that is entered is no value at all."""
        return any(setting.unreadable for setting in self.settings.values())

    # -- what is to be seen

    def pages(self) -> list[str]:
        """Return the titles of the pages: the settings themselves first, pages that are for experts only last."""
        titles = dict.fromkeys(setting.declared.group for setting in self.settings.values())
        return sorted(titles, key=self._weight)

    def on_page(self, title: str) -> list[SettingDraft]:
        """Return the settings of a page."""
        return [setting for setting in self.settings.values() if setting.declared.group == title]

    def is_shown(self, name: str, values: Mapping[str, Scalar], advanced: bool) -> bool:
        """Return whether a setting is to be seen.

        Args:
            name: The setting.
            values: Those of the workflow variables.
            advanced: Whether advanced settings are shown; one that is changed, or wrong, is shown all the same.
        """
        setting = self.settings[name]
        declared = setting.declared
        if declared.advanced and not (advanced or setting.problem or not setting.is_default):
            return False
        decide = ((self.settings.get(other), wanted) for other, wanted in declared.shown_if.items())
        return all(other is None or other.effective(values) in wanted for other, wanted in decide)

    def has_shown(self, title: str, values: Mapping[str, Scalar], advanced: bool) -> bool:
        """Return whether there is anything to be seen on a page."""
        return any(self.is_shown(setting.declared.name, values, advanced) for setting in self.on_page(title))

    def _weight(self, title: str) -> int:
        if title == DEFAULT_GROUP:
            return 0
        return 2 if all(setting.declared.advanced for setting in self.on_page(title)) else 1
