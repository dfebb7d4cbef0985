"""SharedSettings: what several nodes are, and the settings that they all have, edited together. Knows nothing of Qt.

A setting is shared where all classes have it by the same name, of the same kind, under the same label. Scripts are not, as each
is read and trusted by itself; nor are paths that are written to, as nodes would write over each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.document.editing import Document
from app.document.problems import Problem
from app.document.variables import Scalar
from app.editor.config.draft import SettingsDraft, bound_name
from app.editor.config.presenter import stored_settings
from app.engine.checking import check_settings
from nodes.base import Node
from nodes.catalog import Catalog
from nodes.declaration.declared import MISSING, Declared, same, settings_by_name, settings_of
from nodes.wording import counted

MOST_KINDS = 4
"""So many kinds of nodes are named."""
_ALIKE = ("label", "shape", "columns", "layers", "path", "required")
"""What of two declarations must be the same for a setting to be shared."""


class SharedSettings:
    """The settings that several nodes share.

    Args:
        document: The workflow.
        nodes: Ids of at least two of its nodes.
        catalog: The node classes.

    Attributes:
        nodes: The nodes.
        draft: The shared settings, with the values that all nodes have; None where they share none.
        differing: Settings that the nodes have different values of -> how often each value is there, most frequent first.
        edited: Settings that the person has entered something for.
    """

    def __init__(self, document: Document, nodes: Sequence[str], catalog: Catalog) -> None:
        self.nodes = list(nodes)
        self._document, self._catalog = document, catalog
        self._classes: list[type[Node] | None] = []
        self.draft: SettingsDraft | None = None
        self.differing: dict[str, list[tuple[Any, int]]] = {}
        self.edited: set[str] = set()

    def prepare(self) -> None:
        """Find the settings that they share; until then, only what they are is known."""
        self._classes = [self._catalog.get(self._document.nodes[n].type) for n in self.nodes]
        first = self._classes[0]
        names = self._shared() if first is not None else []
        if first is not None and names:
            self.draft = SettingsDraft(first, without=tuple(d.name for d in settings_of(first) if d.name not in names))
            self.load()

    @property
    def summary(self) -> str:
        """What they are: `2 × Keras Dense Layer, CSV Reader`."""
        about, records = self._catalog.about, self._document.nodes
        types = Counter(records[n].type for n in self.nodes)
        titles = {kind: about[kind].title if kind in about else f"'{kind}' (not installed)" for kind in types}
        told = [f"{number} × {titles[kind]}" if number > 1 else titles[kind] for kind, number in types.most_common()]
        more = [f"and {len(told) - MOST_KINDS} more kinds"] if len(told) > MOST_KINDS + 1 else []
        return ", ".join([*told[:MOST_KINDS], *more] if more else told)

    def load(self) -> None:
        """Begin anew with what the nodes have."""
        self.edited, self.differing = set(), {}
        if self.draft is None:
            return
        common: dict[str, Any] = {}
        for name, setting in self.draft.settings.items():
            values = [self._value(n, c, name) for n, c in self._of_classes()]
            if all(same(value, values[0]) for value in values):
                if not same(values[0], setting.declared.default) and values[0] is not MISSING:
                    common[name] = values[0]
            else:
                self.differing[name] = _by_frequency(values)
        self.draft.load(common)

    def problems(self, values: Mapping[str, Scalar]) -> list[Problem]:
        """Return what keeps the edited settings from being applied.

        Args:
            values: Those of the workflow's variables.
        """
        found: list[Problem] = []
        looked_at: set[tuple[type[Node], str]] = set()
        for node_id, node_class in self._of_classes():
            changed = self._changed(node_id, node_class)
            kind = (node_class, repr(sorted(changed.items())))
            if kind in looked_at:  # nodes that are alike have the same problems
                continue
            looked_at.add(kind)
            checked = check_settings(node_id, node_class, changed, values, node_class.version)
            if checked.invalid:
                found += [p for p in checked.problems if (p.setting or "").partition(".")[0] in self.edited]
        return found

    def apply(self) -> None:
        """Put the edited settings into all nodes, as one step."""
        labels = [self.draft.settings[name].declared.label for name in sorted(self.edited)] if self.draft else []
        what = labels[0] if len(labels) == 1 else counted(len(labels), "setting")
        with self._document.step(f"Set {what} of {counted(len(self.nodes), 'node')}"):
            for node_id, node_class in self._of_classes():
                changed = self._changed(node_id, node_class)
                if changed != stored_settings(self._document.nodes[node_id], node_class):
                    self._document.set_settings(node_id, changed)

    # -- the mechanism

    def _of_classes(self) -> list[tuple[str, type[Node]]]:
        """Return the nodes that are still there, each with its class."""
        pairs = zip(self.nodes, self._classes, strict=True)
        return [(n, c) for n, c in pairs if c is not None and n in self._document.nodes]

    def _shared(self) -> list[str]:
        classes = [node_class for node_class in self._classes if node_class is not None]
        if len(classes) < len(self._classes):
            return []
        first, *others = (settings_by_name(node_class) for node_class in dict.fromkeys(classes))
        return [
            name
            for name, declared in first.items()
            if not (declared.is_settled or declared.code or (declared.path or "").startswith("write"))
            and all(name in other and _alike(declared, other[name]) for other in others)
        ]

    def _value(self, node_id: str, node_class: type[Node], name: str) -> Any:
        """Return what a node has; the default where nothing is stored."""
        stored = stored_settings(self._document.nodes[node_id], node_class)
        declared = settings_by_name(node_class)[name]
        return stored.get(name, MISSING if declared.required else declared.default)

    def _changed(self, node_id: str, node_class: type[Node]) -> dict[str, Any]:
        """Return a node's settings with the edited ones put in."""
        assert self.draft is not None
        settings = stored_settings(self._document.nodes[node_id], node_class)
        for name in self.edited:
            setting, own = self.draft.settings[name], settings_by_name(node_class)[name]
            raw = setting.raw()
            value = setting.declared.default if raw is MISSING else raw
            if value is MISSING or (bound_name(value) is None and not own.required and same(value, own.default)):
                settings.pop(name, None)
            else:
                settings[name] = value
        return settings


def _alike(one: Declared, other: Declared) -> bool:
    return all(getattr(one, part) == getattr(other, part) for part in _ALIKE)


def _by_frequency(values: Sequence[Any]) -> list[tuple[Any, int]]:
    """Return each value with how often it is there, the most frequent first."""
    found: list[tuple[Any, int]] = []
    for value in values:
        if not any(same(value, known) for known, _ in found):
            found.append((value, sum(same(value, other) for other in values)))
    return sorted(found, key=lambda entry: -entry[1])
