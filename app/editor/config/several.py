"""SeveralNodes: what the dialog shows while several nodes are selected. What they are, what can be done with all of them at once,
and the settings that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.document.change import Change
from app.document.editing import Document
from app.document.problems import Problem
from app.editor.config.context import NodeContext
from app.editor.config.dialog_context import DialogContext
from app.editor.config.factory import ControlFactory
from app.editor.config.form import SettingsForm
from app.editor.config.help_card import HelpCard, value_in_words
from app.editor.config.shared_settings import SharedSettings
from app.editor.config.widgets import IconButton, Switch
from app.editor.look import look
from app.editor.plain_label import PlainLabel
from nodes.catalog import Catalog

BUILD_AFTER = 120
"""Milliseconds after which the shared settings are shown: while a rectangle catches nodes, they change all the time."""
MOST_VALUES = 3
"""So many of differing values are told."""
_DEEDS = (
    ("run.here", "mdi6.skip-next", "Run"),
    ("edit.connect", "mdi6.vector-line", "Connect"),
    ("edit.annotate", "mdi6.card-text-outline", "Group"),
)
_DEED_TIPS = {
    "run.here": "Run them and all they need",
    "edit.connect": "Wire them to each other, from left to right",
    "edit.annotate": "Put them into a box with a title; it moves them together",
}
_ALIGNING = (
    ("arrange.left", "mdi6.align-horizontal-left", "Align left", 2),
    ("arrange.center", "mdi6.align-horizontal-center", "Align centers", 2),
    ("arrange.right", "mdi6.align-horizontal-right", "Align right", 2),
    ("arrange.top", "mdi6.align-vertical-top", "Align top", 2),
    ("arrange.middle", "mdi6.align-vertical-center", "Align middles", 2),
    ("arrange.bottom", "mdi6.align-vertical-bottom", "Align bottom", 2),
    ("arrange.across", "mdi6.distribute-horizontal-center", "Distribute across", 3),
    ("arrange.down", "mdi6.distribute-vertical-center", "Distribute down", 3),
)
"""Id of the action, icon, title, how many nodes it needs."""


class SeveralNodes(QWidget):
    """The dialog of several nodes.

    Args:
        catalog: The node classes.
    """

    action_wanted = Signal(str)
    """(id) This action is to be done with the selected nodes."""
    closed = Signal()
    """The person wants it out of the way; what was not applied is gone."""

    def __init__(self, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalog = catalog
        self._document: Document | None = None
        self._end_listening: Callable[[], object] = _nothing
        self._applying = False
        self.shared: SharedSettings | None = None
        self.form: SettingsForm | None = None
        self._blank: set[str] = set()
        self._context = DialogContext(NodeContext(), self)
        self._timer = QTimer(self, singleShot=True, interval=BUILD_AFTER)
        self._timer.timeout.connect(self._build_form)
        self._build()

    @property
    def is_building(self) -> bool:
        """Whether the shared settings are about to be shown."""
        return self._timer.isActive()

    # -- what the panel calls

    def show_nodes(self, document: Document, nodes: Sequence[str], context: NodeContext) -> None:
        """Show several nodes of a document; what was entered for others before is applied, if it can be.

        Args:
            document: The workflow.
            nodes: Ids of at least two nodes.
            context: Variables and folder of the workflow.
        """
        if document is self._document and self.shared is not None and self.shared.nodes == list(nodes):
            return
        self.leave()
        self._document = document
        self._end_listening = document.subscribe(self._document_changed)
        self._context.node = NodeContext(variables=context.variables, values=context.values, folder=context.folder)
        self.shared = SharedSettings(document, nodes, self._catalog)
        self._title.setText(f"{len(nodes)} nodes")
        self._summary.setText(self.shared.summary)
        for button, least in self._aligning:
            button.setEnabled(len(nodes) >= least)
        self._about.setText("")
        self._buttons.hide()
        self._advanced_line.hide()
        self._timer.start()

    def leave(self) -> None:
        """Apply what can be applied, and forget the nodes."""
        if self.shared is not None and self.shared.edited:
            self.apply()
        self._timer.stop()
        self._end_listening()
        self._end_listening = _nothing
        self._document, self.shared = None, None
        self._clear()

    def focus(self) -> None:
        """Give the first setting the focus, or the first button."""
        if self._timer.isActive():
            self._timer.stop()
            self._build_form()
        rows = self.form.all_rows.values() if self.form is not None else ()
        shown = next((row for row in rows if not row.isHidden()), None)
        if shown is not None:
            shown.focus_control()
        else:
            self._deeds[0].setFocus(Qt.FocusReason.TabFocusReason)

    def apply(self) -> bool:
        """Put what was entered into all nodes, as one step; False if something of it is invalid."""
        if self.shared is None or not self.shared.edited:
            return True
        if self._mark():
            return False
        self._applying = True
        try:
            self.shared.apply()
        finally:
            self._applying = False
        self._load()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter applies, Esc discards and closes."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = self.focusWidget()
            if isinstance(focused, QPushButton | QToolButton):
                focused.click()
            else:
                self.apply()
        elif event.key() == Qt.Key.Key_Escape:
            self._cancel()
        else:
            super().keyPressEvent(event)

    # -- building

    def _build(self) -> None:
        self._title, self._summary, self._about = PlainLabel(), PlainLabel(), PlainLabel()
        self._title.setProperty("role", "title")
        self._summary.setProperty("role", "muted")
        self._about.setProperty("role", "muted")
        for label in (self._summary, self._about):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._deeds = [QPushButton(title) for _, _, title in _DEEDS]
        deeds = QHBoxLayout()
        deeds.setSpacing(6)
        for button, (action_id, _, _) in zip(self._deeds, _DEEDS, strict=True):
            button.setAutoDefault(False)
            button.setToolTip(_DEED_TIPS[action_id])
            button.clicked.connect(partial(self.action_wanted.emit, action_id))
            deeds.addWidget(button, 1)
        self._aligning: list[tuple[IconButton, int]] = []
        aligning = QHBoxLayout()
        aligning.setSpacing(2)
        for action_id, icon, title, least in _ALIGNING:
            align = IconButton(icon, title, size=18)
            align.clicked.connect(partial(self.action_wanted.emit, action_id))
            aligning.addWidget(align)
            self._aligning.append((align, least))
        aligning.addStretch(1)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setProperty("role", "plain")
        self.advanced = Switch()
        self.advanced.setAccessibleName("Show advanced settings")
        self.advanced.toggled.connect(self._show_advanced)
        self.help_card = HelpCard()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addWidget(self._title)
        layout.addWidget(self._summary)
        layout.addLayout(deeds)
        layout.addLayout(aligning)
        layout.addWidget(self._about)
        layout.addWidget(self.area, 1)
        layout.addWidget(self._build_advanced())
        layout.addWidget(self.help_card)
        layout.addWidget(self._build_buttons())
        look().changed.connect(self._redraw)
        self._redraw()

    def _build_advanced(self) -> QWidget:
        self._advanced_line = QWidget()
        label = PlainLabel("Advanced")
        label.setProperty("role", "muted")
        label.setBuddy(self.advanced)
        line = QHBoxLayout(self._advanced_line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addStretch()
        line.addWidget(label)
        line.addWidget(self.advanced)
        self._advanced_line.hide()
        return self._advanced_line

    def _show_advanced(self, shown: bool) -> None:
        """Show the advanced settings, or only those that were changed or differ."""
        self._context.show_advanced(shown)
        self._empty_differing()

    def _build_buttons(self) -> QWidget:
        self._buttons = QWidget()
        self.cancel_button, self.apply_button = QPushButton("Cancel"), QPushButton("Apply to all")
        self.apply_button.setProperty("role", "primary")
        self.cancel_button.setToolTip("Forget what was not applied, and close (Esc)")
        self.apply_button.setToolTip("Use what was entered in all of them (Enter)")
        self.cancel_button.clicked.connect(self._cancel)
        self.apply_button.clicked.connect(self.apply)
        line = QHBoxLayout(self._buttons)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addStretch()
        line.addWidget(self.cancel_button)
        line.addWidget(self.apply_button)
        return self._buttons

    def _redraw(self) -> None:
        for button, (_, icon, _) in zip(self._deeds, _DEEDS, strict=True):
            button.setIcon(look().icon(icon))

    # -- the settings

    def _build_form(self) -> None:
        """Make the rows of the settings that the nodes share."""
        self._clear()
        shared = self.shared
        if shared is None or self._document is None or any(n not in self._document.nodes for n in shared.nodes):
            return
        shared.prepare()
        self._buttons.setVisible(shared.draft is not None)
        if shared.draft is None:
            self._about.setText("They have no settings in common.")
            return
        self._about.setText("Settings that they share. What is entered holds for all of them.")
        self._advanced_line.setVisible(any(s.declared.advanced for s in shared.draft.settings.values()))
        self.form = SettingsForm(shared.draft, ControlFactory(self._context), self)
        for name, row in self.form.all_rows.items():
            row.changed.connect(partial(self._edited, name))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(1, 2, 5, 4)
        for page in self.form.pages.values():
            column.addWidget(page)
        column.addStretch(1)
        self.area.setWidget(inside)
        self._show_values()

    def _load(self) -> None:
        """Show what the nodes have now."""
        if self.shared is not None:
            self.shared.load()
            self._show_values()

    def _show_values(self) -> None:
        if self.form is None or self.shared is None:
            return
        for row in self.form.all_rows.values():
            row.show_problem("")
        self.form.fill()
        self._blank = set()
        self._mark()
        self._empty_differing()

    def _empty_differing(self) -> None:
        """Show nothing where values differ, so that whatever is entered is a change."""
        if self.form is None or self.shared is None:
            return
        for name in self.shared.differing.keys() - self.shared.edited - self._blank:
            row = self.form.all_rows[name]
            if row.control is not None:
                self._blank.add(name)
                row.control.set_value(None)
                row.draft.shown_as(row.control.value())

    def _edited(self, name: str) -> None:
        if self.shared is not None:
            self.shared.edited.add(name)
            self._mark()
            self._empty_differing()

    def _mark(self) -> bool:
        """Say at each row what is wrong, or which values the nodes have; return whether anything is wrong."""
        shared, form = self.shared, self.form
        if shared is None or form is None:
            return False
        wrong = {str(p.setting).partition(".")[0]: f"{p.message} {p.remedy}".strip() for p in self._problems(shared)}
        for name, row in form.all_rows.items():
            complaint = row.complaint() if name in shared.edited else ""
            if complaint:
                wrong[name] = complaint
            if name in wrong:
                row.show_problem(wrong[name])
            elif name in shared.differing and name not in shared.edited:
                row.show_problem(_in_words(shared.differing[name]), warning=True)
            else:
                row.show_problem("")
        form.refresh_shown()
        self.apply_button.setEnabled(bool(shared.edited) and not wrong)
        return bool(wrong)

    def _problems(self, shared: SharedSettings) -> list[Problem]:
        return shared.problems(self._context.node.values) if shared.edited else []

    def _cancel(self) -> None:
        self._load()
        self.closed.emit()

    def _clear(self) -> None:
        self.help_card.explain(None)
        if self.form is not None:
            self.form.deleteLater()
            self.form = None
        widget = self.area.takeWidget()
        if widget is not None:
            widget.deleteLater()

    def _document_changed(self, change: Change) -> None:
        """Follow an undo, say; what is being entered is kept."""
        shared = self.shared
        if self._applying or shared is None or self._document is None:
            return
        if any(node not in self._document.nodes for node in shared.nodes):
            return  # another selection is on its way
        if not shared.edited and set(change.keys("nodes")) & set(shared.nodes):
            self._load()


def _nothing() -> None:
    """Do nothing: no document is listened to."""


def _in_words(values: Sequence[tuple[object, int]]) -> str:
    """Return `Different: 16 (2 nodes), 32`."""
    told = [f"{value_in_words(value)} ({number} nodes)" if number > 1 else value_in_words(value) for value, number in values]
    more = ["..."] if len(told) > MOST_VALUES else []
    return f"Different: {', '.join([*told[:MOST_VALUES], *more])}"
