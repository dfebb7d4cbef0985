"""ConfigPresenter: what the config dialog does, without what it looks like.

It holds the draft of the settings that are being edited, has them checked, asks the engine what the node would put out
with them, applies them as one step of the document's, and keeps what could not be applied until the person comes back to
it. It knows nothing of Qt: what it has to show it leaves to a `ConfigView`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.document import variables
from app.document.change import Change
from app.document.editing import Document
from app.document.model import NodeRecord, Variable
from app.document.problems import Problem
from app.editor.asking import Asks, Ticket
from app.editor.config.context import NodeContext
from app.editor.config.draft import SettingsDraft
from app.engine.checking import CheckedSettings, check_settings
from app.engine.messages.questions import PreviewAnswer, PreviewQuestion
from nodes.base import Node
from nodes.catalog import Catalog
from nodes.wording import grouped


@dataclass(frozen=True)
class ConfiguredNode:
    """The node that is configured."""

    document_id: str
    document: Document
    node_id: str
    node_class: type[Node]

    @property
    def record(self) -> NodeRecord | None:
        """The node in the document; None if it is there no more."""
        return self.document.nodes.get(self.node_id)

    @property
    def title(self) -> str:
        """What the person calls it."""
        return self.document.title(self.node_id)

    def stored(self) -> dict[str, Any]:
        """Return its settings in the document, in the words of today's class, whatever version wrote them."""
        return {} if self.record is None else stored_settings(self.record, self.node_class)


class ConfigView(Protocol):
    """What shows the dialog."""

    def show_form(self) -> None:
        """Show the presenter's node and its draft, which are others than before."""

    def show_message(self, text: str, more: str) -> None:
        """Show a message in place of a node."""

    def fill(self) -> None:
        """Show what the draft holds now: it was loaded anew, or restored."""

    def mark(self) -> None:
        """Show anew what is wrong, what would come out, and what can be done."""

    def show_title(self) -> None:
        """Show the node's title, which is another now."""

    def show_waiting(self) -> None:
        """Show which other node has settings that could not be applied."""

    def context_changed(self) -> None:
        """Let the controls look at the inputs, the variables and the folder again."""

    def ask_later(self, typing: bool) -> None:
        """Call `ask_preview` soon; while the person types, when there is a pause."""

    def tell_applied(self, node_id: str) -> None:
        """Tell that a node's settings are in the document now."""

    def tell_scripts_typed(self, node_class: type[Node], before: Mapping[str, Any], scripts: Mapping[str, str]) -> None:
        """Tell that the person typed scripts, which are about to be applied (setting -> source)."""


class ConfigPresenter:
    """The dialog of one window.

    Args:
        asks: Answers what a node would put out.
        catalog: The node classes.
        view: Shows the dialog.

    Attributes:
        context: What is around the node.
        node: The node that is configured; None if none is.
        draft: Its settings as they are being edited.
        checked: What is wrong with the draft.
        outputs: Output port -> what it would carry.
        untrusted: Whether the node has a script that may not run yet.
        asks: Whether the node would write where it may not yet.
    """

    def __init__(self, asks: Asks, catalog: Catalog, view: ConfigView) -> None:
        self.context = NodeContext()
        self.node: ConfiguredNode | None = None
        self.draft: SettingsDraft | None = None
        self.checked = CheckedSettings()
        self.outputs: Mapping[str, str] = {}
        self.untrusted = self.asks = False
        self._asks = asks
        self._catalog = catalog
        self._view = view
        self._preview: list[Problem] = []
        self.guesses: Mapping[str, str] = {}
        self._ticket: Ticket | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._applying = False
        self._kept: dict[tuple[str, str], dict[str, Any]] = {}
        self._documents: dict[str, Document] = {}

    # -- which node

    def show_node(self, document_id: str, document: Document, node_id: str | None) -> None:
        """Configure a node; None: none. Valid edits of the node before it are applied, others are kept as its draft."""
        record = document.nodes.get(node_id) if node_id is not None else None
        now = self.node
        same = now is not None and now.document is document and now.node_id == node_id
        if same and record is not None and now is not None and now.node_class is self._catalog.get(record.type):
            return
        self._leave()
        if record is None:
            self.show_nothing()
            return
        node_class = self._catalog.get(record.type)
        self._documents[document_id] = document
        if node_class is None:
            self._drop()
            self._view.show_message(
                f"'{record.type}' is not installed.", "Its settings are kept as they are, and saved unchanged."
            )
            return
        self._begin(ConfiguredNode(document_id, document, record.id, node_class))

    def show_nothing(self) -> None:
        """Configure no node."""
        self._drop()
        self._view.show_message("No node is selected.", "Select a node to see its settings here.")

    def set_folder(self, folder: Path) -> None:
        """Resolve and shorten paths against another folder: that of the workflow's file."""
        if folder != self.context.folder:
            self.context.folder = folder
            self._load_variables()
            self._view.context_changed()

    def context_of(self, document: Document) -> NodeContext:
        """Return the variables and the folder of a document, for what is shown in place of a single node."""
        declared, folder = list(document.variables.values()), self.context.folder
        values, _ = variables.values_of(declared, {}, folder=folder, start=folder)
        return NodeContext(variables=dict(document.variables), values=values, folder=folder)

    def forget(self, document_id: str) -> None:
        """Drop what is kept of a document that is closed."""
        if self.node is not None and self.node.document_id == document_id:
            self.show_nothing()
        for key in [key for key in self._kept if key[0] == document_id]:
            del self._kept[key]
        self._documents.pop(document_id, None)
        self._view.show_waiting()

    def close(self) -> None:
        """End: the view is gone."""
        self._drop()

    @property
    def waiting(self) -> tuple[str, Document, str] | None:
        """Another node whose settings could not be applied: its document's id, the document, its id."""
        for document_id, node_id in reversed(self._kept):
            document = self._documents.get(document_id)
            if document is not None and node_id in document.nodes:
                return document_id, document, node_id
        return None

    def _begin(self, node: ConfiguredNode) -> None:
        self.node = node
        self._unsubscribe = node.document.subscribe(self._document_changed)
        self.context.inputs = {}
        self.context.table_port = node.node_class.first_table_port()
        self.checked = CheckedSettings()
        self.outputs, self._preview, self.untrusted, self.asks = {}, [], False, False
        self.guesses = {}
        self._load_variables()
        stored = node.stored()
        self.draft = SettingsDraft(node.node_class)
        self.draft.load(stored)
        kept = self._kept.pop((node.document_id, node.node_id), None)
        if kept is not None:
            self.draft.restore(kept, stored)
        self._view.show_form()
        self._view.show_waiting()
        self.edited(typing=False)

    def _leave(self) -> None:
        """Apply what can be applied, and keep the rest as a draft."""
        node, draft = self.node, self.draft
        if node is not None and draft is not None and node.record is not None and self.has_edits:
            self.check()
            if self.can_apply:
                self._write()
                self._view.tell_applied(node.node_id)
            else:
                self._kept[node.document_id, node.node_id] = draft.values()
        self._drop()

    def _drop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._ticket is not None:
            self._ticket.drop()
            self._ticket = None
        self.node = self.draft = None

    # -- editing

    @property
    def has_edits(self) -> bool:
        """Whether something was changed and not applied."""
        return self.node is not None and self.draft is not None and self.draft.values() != self.node.stored()

    @property
    def can_apply(self) -> bool:
        """Whether the draft can be put into the document; what is not set yet, or not known, can be mended later."""
        return self.draft is not None and not self.checked.invalid and not self.draft.unreadable

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the draft: what its class says of it, and then what the engine says of the node."""
        problems = [*self.checked.problems]
        known = {(p.message, p.setting) for p in problems}
        if not self.checked.invalid:  # what the engine says of an invalid draft is the same again
            problems += [p for p in self._preview if (p.message, p.setting) not in known]
        return problems

    @property
    def is_asking(self) -> bool:
        """Whether the engine is being asked."""
        return self._ticket is not None

    def is_shown(self, setting: str, advanced: bool) -> bool:
        """Return whether a setting is to be seen, with advanced ones or without."""
        return self.draft is not None and self.draft.is_shown(setting, self.context.values, advanced)

    def edited(self, *, typing: bool = True) -> None:
        """Check the draft, which is another now, and have the engine asked."""
        self.check()
        if self.node is not None:
            self._view.ask_later(typing)

    def check(self) -> None:
        """Check the draft."""
        node, draft = self.node, self.draft
        if node is not None and draft is not None:
            self.checked = check_settings(
                node.node_id, node.node_class, draft.values(), self.context.values, node.node_class.version
            )
            self._view.mark()

    def apply(self) -> bool:
        """Put the draft into the document, as one step; return False if something in it is invalid."""
        if self.node is None or self.draft is None:
            return True
        self.check()
        if not self.can_apply:
            return False
        if self.has_edits:
            self._write()
        self._view.tell_applied(self.node.node_id)
        return True

    def discard(self) -> None:
        """Forget what was not applied."""
        if self.node is not None and self.draft is not None:
            self._kept.pop((self.node.document_id, self.node.node_id), None)
            if self.has_edits:
                self._load(self.node.stored())

    def reset(self) -> None:
        """Make all settings the defaults of this kind of node."""
        if self.draft is not None:
            self.draft.reset()
            self._view.fill()
            self.edited()

    def forget_unknown(self) -> None:
        """Drop the settings that this version does not know."""
        if self.draft is not None:
            for name in self.draft.unknown():
                self.draft.forget(name)
            self.edited()

    def rename(self, name: str) -> None:
        """Give the node a name of its own; its class's title, or nothing, takes that back."""
        node = self.node
        if node is None or node.record is None:
            return
        own = "" if name == node.node_class.title else name
        if own != node.document.view(node.node_id).name:
            node.document.rename(node.node_id, own)
        self._view.show_title()

    def add_variable(self, variable: Variable) -> None:
        """Add a variable to the workflow."""
        if self.node is not None:
            self.node.document.set_variable(variable.name, variable)

    def _load(self, stored: Mapping[str, Any], *, typing: bool = True) -> None:
        assert self.draft is not None
        self.draft.load(stored)
        self._view.fill()
        self.edited(typing=typing)

    def _write(self) -> None:
        node, draft = self.node, self.draft
        assert node is not None
        assert draft is not None
        self._applying = True
        self._tell_scripts(node, draft)
        try:
            node.document.set_settings(node.node_id, draft.values())
        finally:
            self._applying = False
        self._load(node.stored(), typing=False)

    def _tell_scripts(self, node: ConfiguredNode, draft: SettingsDraft) -> None:
        """Tell which scripts were typed here."""
        before, _ = variables.resolve(node.stored(), self.context.values, node.node_id)
        made = check_settings(node.node_id, node.node_class, draft.values(), self.context.values, node.node_class.version).node
        scripts = made.scripts() if made is not None else {}  # not complete yet; once it is, its scripts are asked for
        if scripts:
            self._view.tell_scripts_typed(node.node_class, before, dict(scripts))

    # -- the document and the engine

    def _document_changed(self, change: Change) -> None:
        node = self.node
        if node is None or self._applying:
            return
        if node.record is None:
            self.show_nothing()
            return
        if node.node_id in change.keys("views"):
            self._view.show_title()
        if change.keys("variables"):
            self._load_variables()
            self._view.context_changed()
        if node.node_id in change.keys("nodes"):
            self._record_changed(node, change)
        elif change.keys("nodes") or change.keys("connections") or change.keys("variables"):
            self.edited()

    def _record_changed(self, node: ConfiguredNode, change: Change) -> None:
        """Show that the node was changed elsewhere (an undo, say), and keep what was typed and not applied."""
        draft = self.draft
        before, after = change.records["nodes"][node.node_id]
        if before is None or before.type != after.type:
            self._drop()
            self.show_node(node.document_id, node.document, node.node_id)
        elif draft is not None:
            typed, since = draft.values(), stored_settings(before, node.node_class)
            draft.load(node.stored())
            self._view.fill()
            draft.restore(typed, since)
            self._view.fill()
            self.edited()

    def _load_variables(self) -> None:
        if self.node is not None:
            self.context.variables = dict(self.node.document.variables)
            declared, folder = list(self.context.variables.values()), self.context.folder
            self.context.values, _ = variables.values_of(declared, {}, folder=folder, start=folder)

    def ask_preview(self) -> None:
        """Ask the engine what the node would put out with the draft."""
        node, draft = self.node, self.draft
        if node is None or draft is None:
            return
        if self._ticket is not None:
            self._ticket.drop()
        question = PreviewQuestion(document=node.document_id, node=node.node_id, settings=draft.values())
        self._ticket = self._asks.ask(question, self._previewed)

    def _previewed(self, answer: PreviewAnswer | Problem) -> None:
        self._ticket = None
        if isinstance(answer, Problem):
            self._preview, self.outputs, self.guesses = [answer], {}, {}
            self._view.mark()
            return
        self._preview = list(answer.problems)
        blocking = answer.blocked_by
        if blocking and self.node is not None and blocking in self.node.document.nodes:
            title = self.node.document.title(blocking)
            self._preview.append(Problem(f"'{title}' above it is not configured.", "Mend that first.", severity="warning"))
        self.untrusted, self.asks, self.guesses = answer.untrusted, answer.asks, answer.guesses
        self.outputs = {port: _with_own_parameters(port, text, answer) for port, text in answer.outputs.items()}
        if (answer.inputs, answer.wired) != (self.context.inputs, self.context.wired):
            self.context.inputs, self.context.wired = answer.inputs, answer.wired
            nodes = self.node.document.nodes if self.node is not None else {}
            sources = {wired.source for wired in answer.wired.values()}
            self.context.sources = {n: self.node.document.title(n) for n in sources if self.node is not None and n in nodes}
            self._view.context_changed()
        self._view.mark()


def stored_settings(record: NodeRecord, node_class: type[Node]) -> dict[str, Any]:
    """Return a node's settings in the words of today's class, whatever version wrote them."""
    if record.type_version >= node_class.version:
        return dict(record.settings)
    return node_class.migrate(dict(record.settings), record.type_version)


def _with_own_parameters(port: str, text: str, answer: PreviewAnswer) -> str:
    """Return what an output will carry; of a layer's network, the layer's own parameters before those of the whole network."""
    text = text.replace(" x ", " × ")
    networks = [spec.network.parameters for spec in answer.inputs.values() if spec.network is not None]
    made = answer.results[port].network if port in answer.results else None
    shape, _, rest = text.partition(" · ")
    own = made.parameters - sum(networks) if made is not None and networks else 0
    if made is None or not rest or own <= 0 or own == made.parameters:
        return text
    return f"{shape} · {grouped(own)} of {rest}"
