"""Trust, from the window: asks before scripts of a workflow run, or before it writes elsewhere, for the first time.

The engine runs no script that is not trusted, and writes nothing that is not allowed, whatever happens here; this only saves
the person from a refusal, and remembers what they said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.document.problems import Problem
from app.editor.desk import Desk
from app.editor.panels.trust_dialog import TrustDialog, UntrustedScript, WantedPlace
from app.editor.visible_text import visible
from app.editor.workspace import Workspace
from app.engine.messages.questions import PermissionAnswer, PermissionQuestion, ScriptSummary, WishSummary
from app.engine.trust import templates


@dataclass
class _Continuation:
    """What is to happen once the engine knows that these nodes are trusted."""

    workspace: Workspace
    nodes: set[str]
    then: Callable[[], object]


class ScriptTrust:
    """What scripts may run, and where workflows may write, as the person decides it.

    Args:
        desk: The open workflows, the engine, and what is trusted already.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._engine = desk.services.engine
        self._store = desk.services.trusted
        self._waiting: list[_Continuation] = []
        self._told: set[str] = set()
        self._engine.trust(self._store.digests)
        desk.opened.connect(self._follow)
        if told := self._store.disown_unsigned():
            desk.say(told, "warning")

    def _follow(self, workspace: Workspace) -> None:
        workspace.statuses_changed.connect(lambda _: self._on_statuses(workspace))

    def before(
        self, workspace: Workspace, targets: Sequence[str] | None, then: Callable[[], object], *, run: bool = True
    ) -> None:
        """Do something that may run scripts: at once, or after the person has trusted them; not at all, if they do not.

        Args:
            workspace: The workflow.
            targets: The nodes that are to run, with all they need; None: all.
            then: What to do.
            run: Whether that runs them, so that the dialog says so.
        """
        if not _undecided(workspace):
            then()
            return
        question = PermissionQuestion(document=workspace.id, targets=None if targets is None else tuple(targets))

        def show(answer: PermissionAnswer | Problem) -> None:
            if workspace not in self._desk.workspaces:
                return
            if isinstance(answer, Problem) or not (answer.scripts or answer.wishes):
                then()
                return
            scripts = [self._script(workspace, script) for script in answer.scripts]
            self._ask(workspace, scripts, [self._place(workspace, wish) for wish in answer.wishes], then, run=run)

        self._engine.ask(question, show)

    def look_at(self, workspace: Workspace, targets: Sequence[str] | None = None) -> None:
        """Show scripts that are not trusted yet, to be read and trusted, without running anything."""
        self.before(workspace, targets, lambda: None, run=False)

    def look_at_node(self, node_id: str) -> None:
        """Show the scripts of a node of the workflow in front that are not trusted yet."""
        if workspace := self._desk.current:
            self.look_at(workspace, [node_id])

    def typed(self, node_class: Any, before: Any, scripts: Any) -> None:
        """Trust what the person has typed into the config dialog.

        What was changed in a script that is not trusted stays so: nobody may have looked at the rest of it.

        Args:
            node_class: The node's class.
            before: Its settings as they were stored, with values instead of variables.
            scripts: Setting in dotted form -> source, as it is now.
        """
        known = set(_texts(before))
        own = {}
        for setting, source in scripts.items():
            old = _at(before, setting)
            was_trusted = not old.strip() or old in templates(node_class) or self._store.trusts(old)
            if source not in known and was_trusted:
                own[source] = f"{node_class.title} (typed)"
        self._trust(own)

    def _on_statuses(self, workspace: Workspace) -> None:
        """Go on with what waited; tell the person, once, that a workflow has scripts that do not run yet."""
        untrusted = _undecided(workspace)
        for waiting in [w for w in self._waiting if w.workspace is workspace and not w.nodes & untrusted]:
            self._waiting.remove(waiting)
            waiting.then()
        key = f"scripts of {workspace.id}"
        if not untrusted:
            self._desk.dismiss(key)
        elif workspace.id not in self._told:
            self._told.add(workspace.id)
            title = visible(workspace.title)
            if any(workspace.status(node).untrusted for node in untrusted):
                text, button = f"'{title}' contains scripts, and they do not run before you trust them.", "Read them ..."
            else:
                text, button = f"'{title}' wants to write where you have not allowed it, and does not before you do.", "Look ..."
            self._desk.ask(text, [(button, lambda: self.look_at(workspace))], key=key, severity="info", place=workspace.id)

    def _script(self, workspace: Workspace, entry: ScriptSummary) -> UntrustedScript:
        return UntrustedScript(*self._about(workspace, entry), entry.source)

    def _place(self, workspace: Workspace, entry: WishSummary) -> WantedPlace:
        return WantedPlace(*self._about(workspace, entry), entry.place, entry.reason, entry.digest)

    def _about(self, workspace: Workspace, entry: ScriptSummary | WishSummary) -> tuple[str, str, str, str]:
        """Return the node's id, its title, its type's title, and the setting in words."""
        record = workspace.document.nodes.get(entry.node)
        about = self._desk.services.catalog.about.get(record.type) if record else None
        setting = entry.setting.replace("_", " ").replace(".", " / ").capitalize()
        return entry.node, entry.title, about.title if about else "", setting

    def _ask(
        self,
        workspace: Workspace,
        scripts: Sequence[UntrustedScript],
        places: Sequence[WantedPlace],
        then: Callable[[], object],
        *,
        run: bool,
    ) -> None:
        dialog = TrustDialog(workspace.title, scripts, places, self._desk.window, run=run)

        def trust() -> None:
            self._waiting.append(_Continuation(workspace, {s.node for s in scripts} | {p.node for p in places}, then))
            self._trust({script.source: f"{script.title} of {workspace.title}" for script in scripts})
            self._allow({place.digest: f"{place.title} of {workspace.title}" for place in places})
            self._on_statuses(workspace)

        dialog.accepted.connect(trust)
        dialog.open()

    def _trust(self, scripts: Mapping[str, str]) -> None:
        if scripts:
            self._engine.trust(self._store.add(scripts))
            if self._store.problem:
                self._desk.say_once(self._store.problem)

    def _allow(self, digests: Mapping[str, str]) -> None:
        if digests:
            self._engine.trust(self._store.add_digests(digests))
            if self._store.problem:
                self._desk.say_once(self._store.problem)


def _undecided(workspace: Workspace) -> set[str]:
    """The nodes that do not run before the person trusts or allows something."""
    statuses = {node: workspace.status(node) for node in workspace.document.nodes}
    return {node for node, status in statuses.items() if status.untrusted or status.asks}


def _texts(value: Any) -> Iterator[str]:
    """All texts inside settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _at(settings: Any, path: str) -> str:
    """The text at a place in dotted form; empty if there is none."""
    value = settings
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ""
    return value if isinstance(value, str) else ""
