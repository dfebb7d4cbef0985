"""ConfigPanel: the dialog in which a node is configured, made from what its class declares. Shown in a dock, or floating.

It only shows: what the dialog does is the presenter's (presenter.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.document.editing import Document
from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.config.control import SettingPlace
from app.editor.config.dialog_context import DialogContext
from app.editor.config.factory import ControlFactory
from app.editor.config.form import SettingsForm
from app.editor.config.header import DialogHeader
from app.editor.config.help_card import HelpCard
from app.editor.config.outcome_card import OutcomeCard
from app.editor.config.presenter import ConfigPresenter
from app.editor.config.row import SettingRow
from app.editor.config.setting_pages import GAP, SettingPages
from app.editor.config.several import SeveralNodes
from app.editor.config.widgets import IconButton, Switch
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from app.shelves import shelf_color
from nodes.base import Node
from nodes.catalog import Catalog
from nodes.declaration.declared import has_advanced

PREVIEW_AFTER = 100
"""Milliseconds without typing after which the engine is asked what the node would put out."""
MARGIN = 16

_READ, _LOOK = "Not trusted yet. Read the script ...", "Not allowed yet. Look where it wants to write ..."


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
    action_wanted = Signal(str)
    """(id of an action) It is to be done with the nodes that are selected."""
    trust_requested = Signal(str)
    """(node id) The person wants to read, and perhaps trust, the node's script."""

    def __init__(self, asks: Asks, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setMinimumWidth(300)
        self._catalog = catalog
        self._form: SettingsForm | None = None
        self._focused_row: SettingRow | None = None
        self._last_page: dict[str, str] = {}
        self._presenter = ConfigPresenter(asks, catalog, self)
        self.destroyed.connect(self._presenter.close)
        self._context = DialogContext(self._presenter.context, self)
        self._context.add_variable = self._presenter.add_variable
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._presenter.ask_preview)
        self._build()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_changed)
        look().changed.connect(self._redraw)
        self.show_nothing()

    # -- what the window calls

    def show_node(self, document_id: str, document: Document, node_id: str | None) -> None:
        """Show a node; None shows none. Valid edits of the node before it are applied, others are kept as its draft."""
        self._leave_several()
        self._presenter.show_node(document_id, document, node_id)

    def show_nodes(self, document_id: str, document: Document, nodes: Sequence[str]) -> None:
        """Show what several nodes are, what can be done with them, and the settings that they share."""
        self._presenter.show_node(document_id, document, None)
        self.several.show_nodes(document, nodes, self._presenter.context_of(document))
        self._message.hide()
        self.several.show()

    def show_nothing(self) -> None:
        """Say that no node is selected."""
        self._leave_several()
        self._presenter.show_nothing()

    def _leave_several(self) -> None:
        self.several.leave()
        self.several.hide()

    def set_document_folder(self, folder: Path) -> None:
        """Resolve and shorten paths against another folder: that of the workflow's file."""
        self._presenter.set_folder(folder)

    def refresh(self) -> None:
        """Ask again what is at the inputs and what would come out: something above the node changed."""
        if self._presenter.node is not None:
            self.ask_later(typing=True)

    def focus(self) -> None:
        """Give the first control the focus."""
        if not self.several.isHidden():
            self.several.focus()
            return
        if self._form is None:
            return
        for row in self._form.all_rows.values():
            if self._pages.is_seen(row):
                row.focus_control()
                return
        self._header.name.setFocus()

    @property
    def has_edits(self) -> bool:
        """Whether something was changed and not applied."""
        return self._presenter.has_edits

    @property
    def node_id(self) -> str | None:
        """The node that is shown."""
        return self._presenter.node.node_id if self._presenter.node is not None else None

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
        """Return the mark on a tab: a dot where something on its page is wrong."""
        return self._pages.tab_icon(title)

    @property
    def is_asking(self) -> bool:
        """Whether the engine is being asked, or is about to be."""
        return self._timer.isActive() or self._presenter.is_asking or self.several.is_building

    def show_advanced(self, shown: bool) -> None:
        """Show the advanced settings, or only those that were changed."""
        self._advanced.setChecked(shown)

    def row(self, setting: str) -> SettingRow | None:
        """Return the innermost row of a setting, in dotted form."""
        if self._form is None or not setting:
            return None
        first, *parts = setting.split(".")
        row = self._form.child(first)
        place: SettingPlace | None = row
        for part in parts:
            place = place.child(part) if place is not None else None
            row = place if isinstance(place, SettingRow) else row
        return row

    def all_rows(self) -> list[SettingRow]:
        """Return all rows, those of groups inside settings too."""
        return [row for row in self._form.rows() if isinstance(row, SettingRow)] if self._form is not None else []

    def apply(self) -> bool:
        """Put the settings into the document, as one step. False, and the first wrong field gets the focus, if one is invalid."""
        if self._presenter.apply():
            return True
        wrong = next((problem.setting for problem in self._presenter.checked.problems if problem.setting), None)
        if wrong is not None:
            self.go_to(wrong)
        return False

    def discard(self) -> None:
        """Forget what was not applied."""
        self._presenter.discard()

    def forget(self, document_id: str) -> None:
        """Drop what is kept of a document that is closed."""
        self._presenter.forget(document_id)

    def go_to(self, setting: str) -> None:
        """Show a setting (in dotted form) and give it the focus."""
        name = setting.partition(".")[0]
        if self._form is None or name not in self._form.all_rows:
            return
        if self._form.all_rows[name].declared.advanced and self._form.all_rows[name].isHidden():
            self.show_advanced(True)
        self._pages.choose(self._form.page_of(name))
        row = self.row(setting)
        if row is not None:
            row.focus_control()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the help of a setting have a quarter of the height: the field one types in comes first."""
        super().resizeEvent(event)
        for card in (self._help_card, self.several.help_card):
            card.limit(self.height() // 4)

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
        self._header = DialogHeader()
        self.name_field = self._header.name
        self._header.renamed.connect(self._presenter.rename)
        self._header.help_requested.connect(self._help)
        self._pages = SettingPages()
        self._pages.chosen.connect(self._page_chosen)
        self._advanced = Switch()
        self._advanced.setAccessibleName("Show advanced settings")
        self._advanced.toggled.connect(self._context.show_advanced)
        self._context.advanced_changed.connect(self.mark)
        advanced_label = PlainLabel("Advanced")
        advanced_label.setProperty("role", "muted")
        advanced_label.setBuddy(self._advanced)
        self._advanced_line = QWidget()
        line = QHBoxLayout(self._advanced_line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addStretch()
        line.addWidget(advanced_label)
        line.addWidget(self._advanced)
        self._build_notes()
        self._build_body()
        self._build_message()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._body)
        layout.addWidget(self._message)
        self.several = SeveralNodes(self._catalog)
        self.several.action_wanted.connect(self.action_wanted)
        self.several.closed.connect(self.closed)
        self.several.hide()
        layout.addWidget(self.several)
        self.show_waiting()

    def _build_notes(self) -> None:
        """Build the buttons that say something, and do what is to be done about it."""
        self.unknown_button = QPushButton()
        self.unknown_button.setProperty("role", "note")
        self.unknown_button.setToolTip("This version does not know it; until it is removed, it is kept as it is")
        self.unknown_button.clicked.connect(self._presenter.forget_unknown)
        self.trust_button = QPushButton(_READ)
        self.trust_button.setProperty("role", "note")
        self.trust_button.setToolTip("It came with the workflow, and does not run before you have looked at it")
        self.trust_button.clicked.connect(self._want_trust)
        self.trust_button.setIcon(look().icon("mdi6.shield-alert-outline"))
        self.trust_button.hide()
        self.draft_button = QPushButton()
        self.draft_button.setProperty("role", "note")
        self.draft_button.clicked.connect(self._go_to_draft)

    def _build_body(self) -> None:
        self._help_card = HelpCard()
        self._outcome = OutcomeCard()
        self._outcome.setting_wanted.connect(self.go_to)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(MARGIN, 14, MARGIN, 14)
        body.setSpacing(GAP)
        body.addWidget(self.draft_button)
        body.addWidget(self._header)
        body.addWidget(self.trust_button)
        body.addWidget(self._pages, 1)
        body.addWidget(self._advanced_line)
        body.addWidget(self._help_card)
        body.addWidget(self._outcome)
        body.addWidget(self.unknown_button)
        body.addLayout(self._buttons())

    def _build_message(self) -> None:
        self._message = QWidget()
        inside = QVBoxLayout(self._message)
        self._message_icon = PlainLabel()
        self._message_text = PlainLabel()
        self._message_more = PlainLabel()
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
        self.reset_button.clicked.connect(self._presenter.reset)
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

    # -- what the presenter has shown

    def show_form(self) -> None:
        """Make the rows of the node that is configured."""
        node, draft = self._presenter.node, self._presenter.draft
        assert node is not None
        assert draft is not None
        self._clear()
        self._form = SettingsForm(draft, ControlFactory(self._context), self, paged=True)
        self._form.changed.connect(self._presenter.edited)
        self._pages.show_form(self._form)
        node_class = node.node_class
        self._advanced_line.setVisible(has_advanced(node_class))
        self._form.fill()
        self._header.show_node(node.node_id, node.title, node_class.description(), node_class.icon, shelf_color(node_class.shelf))
        titles = draft.pages()
        last = self._last_page.get(node_class.id, "")
        shown = last in titles and draft.has_shown(last, self._context.node.values, self._context.advanced)
        if titles:
            self._pages.choose(last if shown else titles[0])
        self._message.hide()
        self._body.show()

    def show_message(self, text: str, more: str) -> None:
        """Show a message in place of a node."""
        self._clear()
        self._message_text.setText(text)
        self._message_more.setText(more)
        self._message_icon.setPixmap(look().icon("mdi6.tune-variant", look().colors.line).pixmap(40, 40))
        self._body.hide()
        self._message.show()

    def fill(self) -> None:
        """Show what the draft holds now."""
        if self._form is not None:
            self._form.fill()

    def mark(self) -> None:
        """Say at each field what is wrong with it, and show what is said of the whole."""
        node, form, presenter = self._presenter.node, self._form, self._presenter
        if form is None or node is None or presenter.draft is None:
            return
        problems = presenter.problems
        self._mark_rows(problems)
        form.refresh_shown()
        self._mark_tabs(problems)
        titles = {port.name: port.title for port in node.node_class.output_ports}
        told = [p for p in problems if not (p.setting and self.row(p.setting) is None and p.severity == "warning")]
        self._outcome.show_outcome({} if presenter.checked.invalid else presenter.outputs, titles, told)
        self._help_card.redraw()
        edits = presenter.has_edits
        self.apply_button.setEnabled(presenter.can_apply and edits)
        self.apply_button.setToolTip("Use these settings (Enter)" if edits else "Nothing was changed")
        self.reset_button.setEnabled(not presenter.draft.is_default)
        self.trust_button.setText(_READ if presenter.untrusted else _LOOK)
        self.trust_button.setVisible(presenter.untrusted or presenter.asks)
        unknown = ", ".join(f"'{name}'" for name in presenter.draft.unknown())
        self.unknown_button.setVisible(bool(unknown))
        self.unknown_button.setText(f"Remove the unknown {unknown}")

    def _mark_rows(self, problems: list[Problem]) -> None:
        said: dict[SettingRow, Problem] = {}
        for problem in problems:
            row = self.row(problem.setting or "")
            if row is not None:
                said.setdefault(row, problem)
        for row in self.all_rows():
            found = said.get(row)
            complaint = row.complaint()
            message = complaint or (f"{found.message} {found.remedy}".removesuffix(" Change it.").strip() if found else "")
            row.show_problem(message, warning=found is not None and not complaint and found.severity == "warning")

    def _mark_tabs(self, problems: list[Problem]) -> None:
        form, draft = self._form, self._presenter.draft
        assert form is not None
        assert draft is not None
        wrong = {str(p.setting).partition(".")[0] for p in problems if p.setting and p.severity == "error"}
        values, advanced = self._context.node.values, self._context.advanced
        empty = {title for title in form.pages if not draft.has_shown(title, values, advanced)}
        self._pages.mark({form.page_of(name) for name in wrong}, empty)

    def show_title(self) -> None:
        """Show the node's title."""
        if self._presenter.node is not None:
            self._header.name.show_name(self._presenter.node.title)

    def show_waiting(self) -> None:
        """Say which other node has settings that could not be applied."""
        waiting = self._presenter.waiting
        self.draft_button.setVisible(waiting is not None)
        if waiting is not None:
            _, document, node_id = waiting
            self.draft_button.setText(f"'{document.title(node_id)}' has settings that could not be applied. Show them")

    def context_changed(self) -> None:
        """Let the controls look around again."""
        self._context.changed.emit()

    def ask_later(self, typing: bool) -> None:
        """Have the engine asked soon; while the person types, when there is a pause."""
        self._timer.start(PREVIEW_AFTER if typing else 0)

    def tell_applied(self, node_id: str) -> None:
        """Tell the window that settings are in the document."""
        self.applied.emit(node_id)

    def tell_scripts_typed(self, node_class: type[Node], before: Mapping[str, Any], scripts: Mapping[str, str]) -> None:
        """Tell the window that the person typed scripts."""
        self.scripts_typed.emit(node_class, before, scripts)

    def _clear(self) -> None:
        """Forget the form."""
        self._timer.stop()
        self._focused_row = None
        self._help_card.explain(None)
        self.trust_button.hide()
        self._pages.clear()
        if self._form is not None:
            self._form.deleteLater()
            self._form = None

    # -- what the person does

    def _page_chosen(self, title: str) -> None:
        if self._form is not None and self._presenter.node is not None:
            self._last_page[self._presenter.node.node_class.id] = title
            self._form.activate(title)
            self.mark()

    def _want_trust(self) -> None:
        if self._presenter.node is not None:
            self.trust_requested.emit(self._presenter.node.node_id)

    def _cancel(self) -> None:
        self.discard()
        self.closed.emit()

    def _help(self) -> None:
        if self._presenter.node is not None:
            self.help_requested.emit(self._presenter.node.node_class.id)

    def _go_to_draft(self) -> None:
        waiting = self._presenter.waiting
        if waiting is not None:
            document_id, document, node_id = waiting
            self.show_node(document_id, document, node_id)
            self.node_requested.emit(document_id, node_id)

    def _focus_changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None or not self.isAncestorOf(now):
            return
        row: QWidget | None = now
        while row is not None and not isinstance(row, SettingRow):
            row = row.parentWidget()
        if row is self._focused_row:
            return
        if self._focused_row is not None:
            self._focused_row.show_focus(False)
        self._focused_row = row
        if not self.several.isHidden():
            self.several.help_card.explain(row)
            if row is not None:
                self.several.area.ensureWidgetVisible(now, 0, 24)
                row.show_focus(True)
            return
        self._help_card.explain(row)
        if row is not None:
            row.show_focus(True)
            self._pages.scroll_to(now)

    def _redraw(self) -> None:
        self.trust_button.setIcon(look().icon("mdi6.shield-alert-outline"))
        self._message_icon.setPixmap(look().icon("mdi6.tune-variant", look().colors.line).pixmap(40, 40))
        self.mark()
