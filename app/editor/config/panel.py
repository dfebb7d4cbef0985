"""ConfigPanel: the dialog in which a node is configured, made from what its class declares. Shown in a dock, or floating.

What is typed is a draft until it is applied, and then one step of the document's. The engine is asked what the node would
put out with the draft; the node class itself says, while typing, which values it does not take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.document import variables
from app.document.editing import Change, Document
from app.document.model import Variable
from app.document.problems import Problem
from app.editor.asking import Asks, Ticket
from app.editor.config.cards import HelpCard, OutcomeCard
from app.editor.config.control import Control
from app.editor.config.declaration import has_advanced
from app.editor.config.draft import Check, check, stored_settings, variable_values
from app.editor.config.form import Form
from app.editor.config.header import Header
from app.editor.config.row import Row
from app.editor.config.surroundings import Surroundings
from app.editor.config.widgets import IconButton, Switch
from app.editor.look import look
from app.engine.messages.questions import PreviewAnswer, PreviewQuestion
from app.shelves import shelf_color
from nodes.base import Node
from nodes.catalog import Catalog
from nodes.values.table import grouped

PREVIEW_AFTER = 100
"""Milliseconds without typing after which the engine is asked what the node would put out."""
MARGIN = 16


@dataclass(frozen=True)
class Shown:
    """The node that is shown."""

    document_id: str
    document: Document
    node_id: str
    node_class: type[Node]


class ConfigPanel(QWidget):
    """The config dialog.

    Args:
        asks: Answers what a node would put out (`preview`).
        catalog: The node classes.
    """

    applied = Signal(str)
    """(node id) Its settings are in the document now."""
    closed = Signal()
    """The person wants it out of the way; what was not applied is gone."""
    help_requested = Signal(str)
    """(node type) The person wants to read about the node."""
    node_requested = Signal(str, str)
    """(document id, node id) The person wants to see another node's unfinished settings."""
    scripts_typed = Signal(object, object, object)
    """(node class, settings before, {setting: source}) The person typed these scripts, and they are about to be applied."""
    trust_requested = Signal(str)
    """(node id) The person wants to read, and perhaps trust, the node's script."""

    def __init__(self, asks: Asks, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setMinimumWidth(300)
        self._asks = asks
        self._catalog = catalog
        self._shown: Shown | None = None
        self._form: Form | None = None
        self._pages: list[str] = []
        self._check = Check()
        self._preview: list[Problem] = []
        self._outputs: Mapping[str, str] = {}
        self._ticket: Ticket | None = None
        self._unsubscribe: Any = None
        self._applying = False
        self._focused_row: Row | None = None
        self._drafts: dict[tuple[str, str], dict[str, Any]] = {}
        self._documents: dict[str, Document] = {}
        self._last_page: dict[str, str] = {}
        self._around = Surroundings(self)
        self._around.add_variable = self._add_variable
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_AFTER)
        self._timer.timeout.connect(self._ask_preview)
        self._build()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_changed)
        look().changed.connect(self._redraw)
        self.show_nothing()

    # -- what the window calls

    def show_node(self, document_id: str, document: Document, node_id: str | None) -> None:
        """Show a node; None shows none. Valid edits of the node before it are applied, others are kept as its draft."""
        record = document.nodes.get(node_id) if node_id is not None else None
        same = self._shown is not None and self._shown.document is document and self._shown.node_id == node_id
        if same and record is not None and self._shown is not None and self._shown.node_class is self._catalog.get(record.type):
            return
        self._leave()
        if record is None:
            self.show_nothing()
            return
        node_class = self._catalog.get(record.type)
        self._documents[document_id] = document
        if node_class is None:
            self._show_message(f"'{record.type}' is not installed.", "Its settings are kept as they are, and saved unchanged.")
            return
        self._shown = Shown(document_id, document, record.id, node_class)
        self._unsubscribe = document.subscribe(self._document_changed)
        self._around.inputs = {}
        self._load_variables()
        self._show_form(self._drafts.pop((document_id, record.id), None))

    def show_nothing(self) -> None:
        """Say that no node is selected."""
        self._show_message("No node is selected.", "Select a node to see its settings here.")

    def set_document_folder(self, folder: Path) -> None:
        """Resolve and shorten paths against another folder: that of the workflow's file."""
        if folder != self._around.folder:
            self._around.folder = folder
            self._load_variables()
            self._around.changed.emit()

    def refresh(self) -> None:
        """Ask again what is at the inputs and what would come out: something above the node changed."""
        if self._shown is not None:
            self._timer.start()

    def focus(self) -> None:
        """Give the first control the focus."""
        if self._form is None:
            return
        for row in self._form.all_rows.values():
            if row.isVisibleTo(self._stack) and not row.isHidden():
                row.focus_control()
                return
        self._header.name.setFocus()

    @property
    def has_edits(self) -> bool:
        """Whether something was changed and not applied."""
        return self._shown is not None and self._form is not None and self._form.values() != self._stored()

    @property
    def node_id(self) -> str | None:
        """The node that is shown."""
        return self._shown.node_id if self._shown is not None else None

    @property
    def outcome_text(self) -> str:
        """What is said of the node's outputs, or of what is wrong."""
        return self._outcome.text

    @property
    def help_text(self) -> str:
        """What is said of the setting that has the focus."""
        return self._help_card.text.text()

    @property
    def message(self) -> str:
        """What is said where there is no node to configure."""
        return self._message_text.text()

    def tab_icon(self, title: str) -> QIcon:
        """The mark on a tab: a dot where something on its page is wrong."""
        return self._tabs.tabIcon(self._pages.index(title))

    @property
    def is_asking(self) -> bool:
        """Whether the engine is being asked, or is about to be."""
        return self._timer.isActive() or self._ticket is not None

    def show_advanced(self, shown: bool) -> None:
        """Show the advanced settings, or only those that were changed."""
        self._advanced.setChecked(shown)

    def row(self, setting: str) -> Row | None:
        """The innermost row of a setting, in dotted form."""
        return self._place(Problem("", setting=setting))

    def all_rows(self) -> list[Row]:
        """All rows, those of groups inside settings too."""
        return list(self._form.rows()) if self._form is not None else []

    def apply(self) -> bool:
        """Put the settings into the document, as one step. False, and the first wrong field gets the focus, if one is invalid."""
        if self._shown is None or self._form is None:
            return True
        self._check_now()
        if not self._can_apply():
            self._go_to_problem()
            return False
        if self.has_edits:
            self._write()
        self.applied.emit(self._shown.node_id)
        return True

    def discard(self) -> None:
        """Forget what was not applied."""
        if self._shown is not None and self._form is not None:
            self._drafts.pop((self._shown.document_id, self._shown.node_id), None)
            if self.has_edits:
                self._form.load(self._stored())
                self._edited()

    def forget(self, document_id: str) -> None:
        """Drop what is kept of a document that is closed."""
        if self._shown is not None and self._shown.document_id == document_id:
            self._drop_form()
            self.show_nothing()
        for key in [key for key in self._drafts if key[0] == document_id]:
            del self._drafts[key]
        self._documents.pop(document_id, None)
        self._show_drafts()

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter applies (or presses the button that has the focus), Esc discards and closes, Ctrl+B binds to a variable."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            button = self.focusWidget()
            if isinstance(button, QAbstractButton) and not isinstance(button, Switch) and not control:
                button.click()
            else:
                self.apply()
        elif event.key() == Qt.Key.Key_Escape:
            self.discard()
            self.closed.emit()
        elif event.key() == Qt.Key.Key_B and control and self._focused_row is not None:
            self._focused_row.open_menu()
        else:
            super().keyPressEvent(event)

    # -- building

    def _build(self) -> None:
        self._header = Header()
        self.name_field = self._header.name
        self._header.renamed.connect(self._rename)
        self._header.help_requested.connect(self._help)
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setUsesScrollButtons(True)
        self._tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self._tabs.setStyleSheet("QTabBar::tab { padding-left: 8px; padding-right: 8px; }")  # four pages fit into a narrow dock
        self._tabs.setAccessibleName("Groups of settings")
        self._tabs.currentChanged.connect(self._page_chosen)
        self._advanced = Switch()
        self._advanced.setAccessibleName("Show advanced settings")
        self._advanced.toggled.connect(self._around.show_advanced)
        self._around.advanced_changed.connect(self._mark)
        advanced_label = QLabel("Advanced")
        advanced_label.setProperty("role", "muted")
        advanced_label.setBuddy(self._advanced)
        self._advanced_line = QWidget()
        line = QHBoxLayout(self._advanced_line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addStretch()
        line.addWidget(advanced_label)
        line.addWidget(self._advanced)
        self._stack = QStackedWidget()
        self._build_body()
        self._build_message()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._body)
        layout.addWidget(self._message)
        self._show_drafts()

    def _build_body(self) -> None:
        self._help_card = HelpCard()
        self._outcome = OutcomeCard()
        self.unknown_button = QPushButton()
        self.unknown_button.setProperty("role", "note")
        self.unknown_button.setToolTip("This version does not know it; until it is removed, it is kept as it is")
        self.unknown_button.clicked.connect(self._forget_unknown)
        self._outcome.setting_wanted.connect(self.go_to)
        self.trust_button = QPushButton("Not trusted yet. Read the script ...")
        self.trust_button.setProperty("role", "note")
        self.trust_button.setToolTip("It came with the workflow, and does not run before you have read and trusted it")
        self.trust_button.clicked.connect(self._want_trust)
        self.trust_button.setIcon(look().icon("mdi6.shield-alert-outline"))
        self.trust_button.hide()
        self.draft_button = QPushButton()
        self.draft_button.setProperty("role", "note")
        self.draft_button.clicked.connect(self._go_to_draft)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(MARGIN, 14, MARGIN, 14)
        body.setSpacing(10)
        body.addWidget(self.draft_button)
        body.addWidget(self._header)
        body.addWidget(self.trust_button)
        body.addWidget(self._tabs)
        body.addWidget(self._stack, 1)
        body.addWidget(self._advanced_line)
        body.addWidget(self._help_card)
        body.addWidget(self._outcome)
        body.addWidget(self.unknown_button)
        body.addLayout(self._buttons())

    def _build_message(self) -> None:
        self._message = QWidget()
        inside = QVBoxLayout(self._message)
        self._message_icon = QLabel()
        self._message_text = QLabel()
        self._message_more = QLabel()
        self._message_text.setProperty("role", "heading")
        self._message_more.setProperty("role", "muted")
        inside.addStretch(2)
        for label in (self._message_icon, self._message_text, self._message_more):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            inside.addWidget(label)
        inside.addStretch(3)

    def _buttons(self) -> QHBoxLayout:
        self.reset_button = IconButton("mdi6.backup-restore", "Reset all settings to their defaults", size=18)
        self.reset_button.clicked.connect(self._reset)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Forget what was not applied, and close (Esc)")
        self.cancel_button.clicked.connect(self._cancel)
        self.apply_button = QPushButton("Apply")
        self.apply_button.setProperty("role", "primary")
        self.apply_button.setToolTip("Use these settings (Enter)")
        self.apply_button.clicked.connect(self.apply)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.reset_button)
        line.addStretch()
        line.addWidget(self.cancel_button)
        line.addWidget(self.apply_button)
        return line

    def _show_message(self, text: str, more: str) -> None:
        self._drop_form()
        self._message_text.setText(text)
        self._message_more.setText(more)
        self._message_icon.setPixmap(look().icon("mdi6.tune-variant", look().colors.line).pixmap(40, 40))
        self._body.hide()
        self._message.show()

    def _show_form(self, draft: Mapping[str, Any] | None = None) -> None:
        """Make the rows of the node that is shown; with a draft, the settings that were typed before."""
        shown = self._shown
        assert shown is not None
        self._clear_pages()
        self._form = Form(shown.node_class, self._around, self, paged=True)
        self._pages = list(self._form.pages)
        self._tabs.blockSignals(True)
        for title in self._pages:
            self._tabs.addTab(title)
            area = QScrollArea()
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setProperty("role", "plain")
            page = self._form.pages[title]
            page.setContentsMargins(1, 2, 5, 4)
            area.setWidget(page)
            self._stack.addWidget(area)
        if not self._pages:
            nothing = QLabel("This node has no settings.")
            nothing.setProperty("role", "muted")
            nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._stack.addWidget(nothing)
        self._tabs.blockSignals(False)
        self._advanced_line.setVisible(has_advanced(shown.node_class))
        self._form.load(self._stored())
        if draft is not None:
            self._restore(draft)
        self._form.changed.connect(self._edited)
        record_class = shown.node_class
        self._header.show_node(
            shown.node_id,
            shown.document.title(shown.node_id),
            record_class.description(),
            record_class.icon,
            shelf_color(record_class.shelf),
        )
        self._help_card.explain(None)
        self._outputs, self._preview = {}, []
        wanted = self._last_page.get(record_class.id, "")
        first = self._pages.index(wanted) if wanted in self._pages and self._form.has_visible(wanted) else 0
        self._tabs.setCurrentIndex(first)
        self._page_chosen(first)
        self._message.hide()
        self._body.show()
        self._show_drafts()
        self._edited(0)

    def _restore(self, draft: Mapping[str, Any]) -> None:
        """Put typed settings back into the rows, as edits."""
        assert self._form is not None
        for name, row in self._form.all_rows.items():
            stored = self._stored().get(name)
            if draft.get(name) != stored or (name in draft) != (name in self._stored()):
                row.restore(draft, name)

    def _clear_pages(self) -> None:
        self._focused_row = None
        self.trust_button.hide()
        self._tabs.blockSignals(True)
        while self._tabs.count():
            self._tabs.removeTab(0)
        self._tabs.blockSignals(False)
        while (widget := self._stack.widget(0)) is not None:
            self._stack.removeWidget(widget)
            widget.deleteLater()
        if self._form is not None:
            self._form.deleteLater()
            self._form = None

    def _drop_form(self) -> None:
        self._timer.stop()
        if self._ticket is not None:
            self._ticket.drop()
            self._ticket = None
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._clear_pages()
        self._shown = None

    # -- editing

    def _edited(self, delay: int = PREVIEW_AFTER) -> None:
        if self._form is None:
            return
        self._check_now()
        self._help_card.redraw()
        self._timer.start(delay)

    def _check_now(self) -> None:
        shown, form = self._shown, self._form
        if shown is None or form is None:
            return
        self._check = check(shown.node_id, shown.node_class, form.values(), self._around.values)
        self._mark()

    def _complaints(self) -> list[str]:
        return [text for row in self._form.rows() if (text := row.complaint())] if self._form is not None else []

    def _can_apply(self) -> bool:
        return not self._check.invalid and not self._complaints()

    def _mark(self) -> None:
        """Say at each field what is wrong with it, and show what is said of the whole."""
        form = self._form
        if form is None or self._shown is None:
            return
        problems = [*self._check.problems]
        known = {(p.message, p.setting) for p in problems}
        if not self._check.invalid:  # what the engine says of an invalid draft is the same again
            problems += [p for p in self._preview if (p.message, p.setting) not in known]
        places = [(self._place(problem), problem) for problem in problems if problem.setting]
        deep = [row for row, _ in places if row is not None]
        said: dict[Row, Problem] = {}
        for row, problem in places:
            # Of a setting with alternatives pydantic complains once for each; what is said further inside is what is meant.
            if row is not None and not any(other is not row and row.isAncestorOf(other) for other in deep):
                said.setdefault(row, problem)
        for row in list(form.rows()):
            found = said.get(row)
            complaint = row.complaint()
            message = complaint or (f"{found.message} {found.remedy}".removesuffix(" Change it.").strip() if found else "")
            row.show_problem(message, warning=bool(found) and not complaint and found is not None and found.severity == "warning")
        form.refresh_shown()
        self._mark_tabs(
            {str(problem.setting).partition(".")[0] for problem in problems if problem.setting and problem.severity == "error"}
        )
        titles = {port.name: port.title for port in self._shown.node_class.output_ports}
        shown_problems = [p for p in problems if not (p.setting and self._place(p) is None and p.severity == "warning")]
        self._outcome.show_outcome({} if self._check.invalid else self._outputs, titles, shown_problems)
        can = self._can_apply()
        edits = self.has_edits
        self.apply_button.setEnabled(can and edits)
        self.reset_button.setEnabled(any(not row.is_default for row in form.all_rows.values()))
        self.apply_button.setToolTip("Use these settings (Enter)" if edits else "Nothing was changed")
        unknown = ", ".join(f"'{name}'" for name in form.unknown())
        self.unknown_button.setVisible(bool(unknown))
        self.unknown_button.setText(f"Remove the unknown {unknown}")

    def _mark_tabs(self, wrong: set[str]) -> None:
        assert self._form is not None
        pages = {self._form.page_of(name) for name in wrong}
        for index, title in enumerate(self._pages):
            self._tabs.setTabIcon(index, _dot(look().colors.wrong) if title in pages else QIcon())
            self._tabs.setTabVisible(index, self._form.has_visible(title))
            self._tabs.setTabToolTip(index, "Something on this page is wrong" if title in pages else "")

        self._tabs.setVisible(sum(self._tabs.isTabVisible(index) for index in range(self._tabs.count())) > 1)

    def _place(self, problem: Problem) -> Row | None:
        """The innermost row that a problem is about."""
        form = self._form
        if form is None or not problem.setting:
            return None
        parts = problem.setting.split(".")
        row = form.child(parts[0])
        place: Row | Control | None = row
        for part in parts[1:]:
            inner = place.child(part) if place is not None else None
            if inner is not None:  # a part that is none of its settings is pydantic's name of an alternative
                place = inner
                row = inner if isinstance(inner, Row) else row
        return row

    def go_to(self, setting: str) -> None:
        """Show a setting (in dotted form) and give it the focus."""
        form = self._form
        if form is None:
            return
        name = setting.partition(".")[0]
        if name not in form.all_rows:
            return
        if form.all_rows[name].declared.advanced and form.all_rows[name].isHidden():
            self.show_advanced(True)
        title = form.page_of(name)
        if title in self._pages:
            self._tabs.setCurrentIndex(self._pages.index(title))
            self._page_chosen(self._pages.index(title))
        row = self._place(Problem("", setting=setting))
        if row is not None:
            row.focus_control()

    def _go_to_problem(self) -> None:
        for problem in self._check.problems:
            if problem.setting:
                self.go_to(problem.setting)
                return

    def _page_chosen(self, index: int) -> None:
        if self._form is None or self._shown is None or not 0 <= index < len(self._pages):
            return
        self._last_page[self._shown.node_class.id] = self._pages[index]
        self._form.activate(self._pages[index])
        self._stack.setCurrentIndex(index)
        self._mark()

    def _stored(self) -> dict[str, Any]:
        shown = self._shown
        if shown is None or shown.node_id not in shown.document.nodes:
            return {}
        return stored_settings(shown.document.nodes[shown.node_id], shown.node_class)

    def _write(self) -> None:
        assert self._shown is not None
        assert self._form is not None
        self._applying = True
        self._tell_scripts()
        try:
            self._shown.document.set_settings(self._shown.node_id, self._form.values())
        finally:
            self._applying = False
        self._form.load(self._stored())
        self._edited(0)

    def _tell_scripts(self) -> None:
        """Tell which scripts were typed here."""
        assert self._shown is not None
        assert self._form is not None
        node_class, node_id = self._shown.node_class, self._shown.node_id
        before, _ = variables.resolve(self._stored(), self._around.values, node_id)
        after, _ = variables.resolve(self._form.values(), self._around.values, node_id)
        try:
            scripts = node_class.model_validate(after).scripts()
        except ValueError:  # not complete yet; once it is, its scripts count as not typed here, and are asked for
            return
        if scripts:
            self.scripts_typed.emit(node_class, before, dict(scripts))

    def _want_trust(self) -> None:
        if self._shown is not None:
            self.trust_requested.emit(self._shown.node_id)

    def _reset(self) -> None:
        if self._form is not None:
            for row in self._form.all_rows.values():
                row.load_default()
            self._edited()

    def _forget_unknown(self) -> None:
        if self._form is not None:
            for name in self._form.unknown():
                self._form.forget(name)

    def _cancel(self) -> None:
        self.discard()
        self.closed.emit()

    def _rename(self, name: str) -> None:
        shown = self._shown
        if shown is None or shown.node_id not in shown.document.nodes:
            return
        own = "" if name == shown.node_class.title else name
        if own != shown.document.view(shown.node_id).name:
            shown.document.rename(shown.node_id, own)
        self._header.name.show_name(shown.document.title(shown.node_id))

    def _help(self) -> None:
        if self._shown is not None:
            self.help_requested.emit(self._shown.node_class.id)

    # -- drafts

    def _leave(self) -> None:
        """Apply what can be applied, and keep the rest as a draft."""
        shown, form = self._shown, self._form
        if shown is None or form is None:
            return
        gone = shown.node_id not in shown.document.nodes
        if not gone and self.has_edits:
            self._check_now()
            if self._can_apply():
                self._write()
                self.applied.emit(shown.node_id)
            else:
                self._drafts[shown.document_id, shown.node_id] = form.values()
        self._drop_form()

    def _show_drafts(self) -> None:
        """Say which other nodes have settings that could not be applied."""
        waiting = [key for key in self._drafts if key[0] in self._documents and key[1] in self._documents[key[0]].nodes]
        self.draft_button.setVisible(bool(waiting))
        if waiting:
            document_id, node_id = waiting[-1]
            title = self._documents[document_id].title(node_id)
            self.draft_button.setText(f"'{title}' has settings that could not be applied. Show them")
            self.draft_button.setProperty("key", list(waiting[-1]))

    def _go_to_draft(self) -> None:
        document_id, node_id = self.draft_button.property("key")
        document = self._documents.get(document_id)
        if document is not None:
            self.show_node(document_id, document, node_id)
            self.node_requested.emit(document_id, node_id)

    # -- the document and the engine

    def _document_changed(self, change: Change) -> None:
        shown = self._shown
        if shown is None or self._applying:
            return
        if shown.node_id not in shown.document.nodes:
            self.show_nothing()
            return
        if shown.node_id in change.keys("views"):
            self._header.name.show_name(shown.document.title(shown.node_id))
        if change.keys("variables"):
            self._load_variables()
            self._around.changed.emit()
        if shown.node_id in change.keys("nodes"):
            self._record_changed(change)
        elif change.keys("nodes") or change.keys("connections") or change.keys("variables"):
            self._edited()

    def _record_changed(self, change: Change) -> None:
        """The node was changed elsewhere (an undo, say): show that, and keep what was typed and not applied."""
        shown, form = self._shown, self._form
        if shown is None or form is None:
            return
        before, after = change.records["nodes"][shown.node_id]
        if before is None or before.type != after.type:
            document_id, document, node_id = shown.document_id, shown.document, shown.node_id
            self._drop_form()
            self.show_node(document_id, document, node_id)
            return
        old = stored_settings(before, shown.node_class)
        draft = form.values()
        edited = [name for name in form.all_rows if (name in draft) != (name in old) or draft.get(name) != old.get(name)]
        form.load(self._stored())
        for name in edited:
            form.all_rows[name].restore(draft, name)
        self._edited()

    def _load_variables(self) -> None:
        if self._shown is not None:
            self._around.variables = dict(self._shown.document.variables)
            self._around.values = variable_values(self._around.variables.values(), self._around.folder)

    def _add_variable(self, variable: Variable) -> None:
        if self._shown is not None:
            self._shown.document.set_variable(variable.name, variable)

    def _ask_preview(self) -> None:
        shown, form = self._shown, self._form
        if shown is None or form is None:
            return
        if self._ticket is not None:
            self._ticket.drop()
        question = PreviewQuestion(document=shown.document_id, node=shown.node_id, settings=form.values())
        self._ticket = self._asks.ask(question, self._previewed)

    def _previewed(self, answer: PreviewAnswer | Problem) -> None:
        if not isValid(self):  # type: ignore[no-untyped-call] # the window was closed meanwhile
            return
        self._ticket = None
        if isinstance(answer, Problem):
            self._preview, self._outputs = [answer], {}
            self._mark()
            return
        self._preview = list(answer.problems)
        blocking = answer.blocked_by
        if blocking and self._shown is not None and blocking in self._shown.document.nodes:
            title = self._shown.document.title(blocking)
            self._preview.append(Problem(f"'{title}' above it is not configured.", "Mend that first.", severity="warning"))
        self.trust_button.setVisible(answer.untrusted)
        self._outputs = {port: _with_own_parameters(port, text, answer) for port, text in answer.outputs.items()}
        if answer.inputs != self._around.inputs:
            self._around.inputs = answer.inputs
            self._around.changed.emit()
        self._mark()

    # -- events

    def _focus_changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None or not self.isAncestorOf(now):
            return
        row: QWidget | None = now
        while row is not None and not isinstance(row, Row):
            row = row.parentWidget()
        if row is self._focused_row:
            return
        if self._focused_row is not None:
            self._focused_row.show_focus(False)
        self._focused_row = row
        self._help_card.explain(row)
        if row is not None:
            row.show_focus(True)
            area = self._stack.currentWidget()
            if isinstance(area, QScrollArea):
                area.ensureWidgetVisible(now, 0, 24)

    def _redraw(self) -> None:
        self.trust_button.setIcon(look().icon("mdi6.shield-alert-outline"))
        self._message_icon.setPixmap(look().icon("mdi6.tune-variant", look().colors.line).pixmap(40, 40))
        self._mark()


def _with_own_parameters(port: str, text: str, answer: PreviewAnswer) -> str:
    """What an output will carry; of a layer's network, the layer's own parameters before those of the whole network."""
    text = text.replace(" x ", " × ")
    networks = [spec.network.parameters for spec in answer.inputs.values() if spec.network is not None]
    made = answer.results[port].network if port in answer.results else None
    shape, _, rest = text.partition(" · ")
    own = made.parameters - sum(networks) if made is not None and networks else 0
    if made is None or not rest or own <= 0 or own == made.parameters:
        return text
    return f"{shape} · {grouped(own)} of {rest}"


def _dot(color: str) -> QIcon:
    """A small filled circle."""
    picture = QPixmap(16, 16)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawEllipse(1, 1, 6, 6)
    painter.end()
    return QIcon(picture)
