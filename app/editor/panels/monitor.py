"""NodeMonitor: what the selected node puts out: pictures as pictures, numbers as tables, training as curves.

It asks the engine and shows; it computes nothing, and knows of the window only by its signals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.document.editing import Document
from app.document.problems import Problem
from app.editor.asking import Asks
from app.editor.config.widgets import QuietComboBox
from app.editor.look import look
from app.editor.panels.about_node import AboutNode
from app.editor.panels.monitor_messages import Banner, EmptyState
from app.editor.panels.monitor_views import (
    ABOUT,
    CONFUSION,
    FIGURES,
    IMAGES,
    LEARNING,
    NETWORK,
    STATISTICS,
    TABLE,
    ViewContext,
    make_view,
)
from app.editor.preferences import PreferenceStore
from app.editor.views.elided import ElidedLabel
from app.editor.views.layer_origin import LayerOrigin
from app.editor.views.pages import PendingRequests
from app.editor.views.picture_sides import PictureSides
from app.editor.views.training_runs import TrainingHistory
from app.engine.messages.questions import InspectAnswer, InspectQuestion
from app.engine.messages.tables import ShownColumn, TableAnswer, TableQuestion
from app.engine.status import NodeStatus
from nodes.base import Node, Port

NARROW = 780
"""A view that is less wide has the choice of views below the title."""
SCORER, LEARNER = "scoring.scorer", "networks.learner"


class NodeMonitor(QWidget):
    """The outputs of the selected node, and all there is to say of it.

    Args:
        asks: Who is asked about results.
        catalog: The node classes.
        trainings: The trainings of this session; without them the monitor shows stored histories only.
        preferences: What the person chose for views; without them choices hold for this session.
        parent: The widget it is in.
    """

    run_requested = Signal(str)
    """Run to this node."""
    stop_requested = Signal(str, str)
    """End the training of this node (workflow, as the engine calls it; node) here, and keep what was reached."""
    node_pointed_at = Signal(str)
    """This node made what the person clicked at: it is to be seen on the canvas."""
    shown = Signal(str)
    """Another view is to be seen: its name."""

    def __init__(
        self,
        asks: Asks,
        catalog: Mapping[str, type[Node]],
        trainings: TrainingHistory | None = None,
        preferences: PreferenceStore | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._asks, self._catalog = asks, catalog
        self._trainings = trainings or TrainingHistory(parent=self)
        self._sides = PictureSides(preferences)
        self._origin = LayerOrigin(asks, catalog, self)
        self._document_id = ""
        self._document: Document | None = None
        self._workflow = ""
        self._node = ""
        self._status = NodeStatus()
        self._inspected: InspectAnswer | None = None
        self._columns: dict[str, Sequence[ShownColumn]] = {}
        self._pending = PendingRequests(self)
        self._views: dict[str, Any] = {}
        self._offered: tuple[str, ...] = ()
        self._chosen: dict[tuple[str, str], str] = {}

        self._title = ElidedLabel()
        self._title.setProperty("role", "heading")
        self._ports = QuietComboBox()
        self._ports.setAccessibleName("Output to look at")
        self._ports.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._ports.activated.connect(self._on_port)
        self._summary = ElidedLabel()
        self._summary.setProperty("role", "muted")
        self._pills = QWidget()
        self._pill_row = QHBoxLayout(self._pills)
        self._pill_row.setContentsMargins(0, 0, 0, 0)
        self._pill_row.setSpacing(2)
        self._pill_group = QButtonGroup(self)
        self._pill_group.buttonClicked.connect(self._on_pill)
        self._banner = Banner()
        self._banner.pressed.connect(self._run)
        self._empty = EmptyState()
        self._empty.pressed.connect(self._run)
        self._about = AboutNode()
        self._stack = QStackedWidget()
        # A view that was looked at before must not keep the monitor from becoming smaller.
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._stack.setMinimumSize(220, 110)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._about)
        self._is_narrow: bool | None = None
        self._lay_out()
        self.setAccessibleName("Node monitor")
        self._trainings.listed.connect(self._on_runs)
        self._show()

    def _lay_out(self) -> None:
        self._head = QGridLayout()
        self._head.setContentsMargins(14, 8, 14, 4)
        self._head.setHorizontalSpacing(10)
        self._head.setVerticalSpacing(4)
        named = QHBoxLayout()
        named.setSpacing(8)
        named.addWidget(self._title)
        named.addWidget(self._ports)
        self._named = QWidget()
        self._named.setLayout(named)
        named.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addWidget(self._banner)
        layout.addWidget(self._stack, 1)
        self._place(narrow=False)
        self.setMinimumSize(260, 150)  # what is wider than that in its head gives way

    # -- what is shown

    def show_node(
        self, document_id: str, document: Document | None, node_id: str | None, status: NodeStatus | None = None
    ) -> None:
        """Show a node.

        Args:
            document_id: Its workflow, as the engine calls it.
            document: Its workflow.
            node_id: The node; None: no node is selected, or several are.
            status: What is known of it.
        """
        if document_id != self._document_id:
            self._forget_views()
        is_other = (document_id, node_id or "") != (self._document_id, self._node)
        self._document_id, self._document, self._node = document_id, document, node_id or ""
        before, self._status = self._status, status or NodeStatus()
        if is_other or before.shown_key != self._status.shown_key:
            self._inspect(keep_port=not is_other)
        elif before.outputs != self._status.outputs or before.outdated != self._status.outdated:
            self._ask_about()
        self._show()

    def set_workflow(self, title: str) -> None:
        """Say in the title which workflow the node belongs to."""
        if title != self._workflow:
            self._workflow = title
            self._show()

    def retitle(self) -> None:
        """Take note that nodes may be called otherwise now."""
        self._show()

    def status_changed(self, status: NodeStatus) -> None:
        """Show another status of the node that is shown."""
        self.show_node(self._document_id, self._document, self._node or None, status)

    @property
    def current_view(self) -> str:
        """The name of the view that is to be seen; empty where there is only a message."""
        checked = self._pill_group.checkedButton()
        return str(checked.property("view")) if checked and self._stack.currentWidget() is not self._empty else ""

    @property
    def offered_views(self) -> tuple[str, ...]:
        """The names of the views there are to choose among, the most fitting first."""
        return self._offered

    def view(self, name: str) -> Any:
        """Return the widget of a view that has been seen already."""
        return self._about if name == ABOUT else self._views[name]

    def choose_view(self, name: str) -> None:
        """Show this one of the offered views."""
        if name in self._offered:
            self._chosen[self._type, self._port.name if self._port else ""] = name
            self._show()

    def choose_port(self, name: str) -> None:
        """Show this output."""
        place = self._ports.findData(name)
        if place >= 0:
            self._ports.setCurrentIndex(place)
            self._on_port(place)

    # -- what is known of the node

    @property
    def _type(self) -> str:
        record = self._document.nodes.get(self._node) if self._document else None
        return record.type if record else ""

    @property
    def _class(self) -> type[Node] | None:
        return self._catalog.get(self._type)

    @property
    def _port(self) -> Port | None:
        node_class = self._class
        if node_class is None or not node_class.output_ports:
            return None
        return node_class.output_port(self._ports.currentData() or "") or node_class.output_ports[0]

    def _inspect(self, *, keep_port: bool) -> None:
        """Ask for all that is shown of a result besides the views' own questions."""
        self._pending.drop_all()
        self._inspected, self._columns = None, {}
        node_class = self._class
        ports = node_class.output_ports if node_class else ()
        before = self._ports.currentData() if keep_port else None
        self._ports.clear()
        for port in ports:
            self._ports.addItem(port.title, port.name)
            self._ports.setItemData(self._ports.count() - 1, port.help, Qt.ItemDataRole.ToolTipRole)
        self._ports.setCurrentIndex(max(0, self._ports.findData(before)) if ports else -1)
        self._ports.setVisible(len(ports) > 1)
        if not self._node:
            return
        self._ask_about()
        if self._status.shown_key:
            self._ask_columns()

    def _ask_about(self) -> None:
        """Ask what there is to say of the node; what was said before is of former settings."""
        self._inspected = None
        question = InspectQuestion(document=self._document_id, node=self._node)
        self._pending.put("inspect", self._asks.ask(question, self._on_inspected))

    def _kind(self, port: Port) -> str:
        """Return what travels through an output: of some nodes, their setting says it."""
        known = self._document.node_type(self._node) if self._document is not None else None
        found = known.output_port(port.name) if known is not None else None
        return str(found.kind) if found is not None else port.kind

    def _ask_columns(self) -> None:
        port = self._port
        if port is not None and self._kind(port) == "table" and port.name not in self._columns and self._status.shown_key:
            question = TableQuestion(document=self._document_id, node=self._node, port=port.name)
            self._pending.put(port.name, self._asks.ask(question, partial(self._on_columns, port.name)))

    def _on_columns(self, port: str, answer: TableAnswer | Problem) -> None:
        self._columns[port] = () if isinstance(answer, Problem) else answer.columns
        self._show()

    def _on_inspected(self, answer: InspectAnswer | Problem) -> None:
        if not isinstance(answer, Problem):
            self._inspected = answer
        self._show()

    def _on_port(self, _: int) -> None:
        self._ask_columns()
        self._show()

    def _on_runs(self) -> None:
        if self._type == LEARNER:
            self._show()

    # -- choosing

    def _fitting(self) -> tuple[str, ...]:
        """Return the views of this output, the most fitting first; empty while that is not known."""
        port, node_class = self._port, self._class
        if not self._status.shown_key:
            training = self._type == LEARNER and self._trainings.latest(self._document_id, self._node) is not None
            return (LEARNING, ABOUT) if training else ()
        if port is None or node_class is None:
            return (ABOUT,)
        own = {SCORER: (CONFUSION,), LEARNER: (LEARNING,)}.get(self._type, ())
        is_first = port is node_class.output_ports[0] or (self._type, port.name) == (LEARNER, "history")
        usual: tuple[str, ...]
        kind = self._kind(port)
        if kind == "network":
            usual = (NETWORK,)
        elif kind in ("figure", "model"):
            usual = (FIGURES,)
        elif kind == "variables":
            usual = (TABLE,)
        elif port.name not in self._columns:
            usual = () if not own else (TABLE, STATISTICS)
        else:
            has_images = any(column.kind == "image" for column in self._columns[port.name])
            usual = (IMAGES, TABLE, STATISTICS) if has_images else (TABLE, STATISTICS)
        if not usual:
            return ()
        drawn = (FIGURES,) if node_class.views is not Node.views and FIGURES not in usual and not own else ()
        found = (*own, *usual) if is_first else (*usual, *own)
        return (*found, *drawn, ABOUT)

    def _show(self) -> None:
        """Bring everything up to date."""
        title = self._document.title(self._node) if self._document and self._type else ""
        place = f"{self._workflow} · " if self._workflow and title else ""
        port = self._port
        several = self._class is not None and len(self._class.output_ports) > 1
        self._title.setText(
            place + title if several or port is None else f"{place}{title} · {port.title.lower()}" if title else ""
        )
        self._summary.setText(self._summary_text())
        offered = self._fitting()
        self._offer(offered)
        self._banner.tell(self._status, bool(self._status.shown_key) and bool(self._node))
        if not offered:
            self._empty.tell(self._status, title, bool(self._node), is_known=self._class is not None)
            self._stack.setCurrentWidget(self._empty)
            return
        wanted = self._chosen.get((self._type, port.name if port else ""), offered[0])
        name = wanted if wanted in offered else offered[0]
        for button in self._pill_group.buttons():
            button.setChecked(button.property("view") == name)
        if name == ABOUT:
            self._about.show_node(self._status, self._inspected, self._class)
            self._stack.setCurrentWidget(self._about)
        else:
            view = self._made(name)
            if view.property("shows") != (what := (self._node, port.name if port else "", self._status.shown_key or "")):
                view.setProperty("shows", what)
                view.show_output(*what)
            self._stack.setCurrentWidget(view)
        self.shown.emit(name)

    def _summary_text(self) -> str:
        """`54 000 rows · 3 columns · 28 × 28 × 1`."""
        port = self._port
        if port is None:
            return ""
        outputs = self._inspected.outputs if self._inspected else ()
        measured = next((output.text for output in outputs if output.port == port.name), "")
        told = "" if self._status.outdated else measured  # a result of earlier settings says nothing of the present ones
        text = (told or self._status.outputs.get(port.name, "")).replace(" x ", " × ")
        shape = (
            None
            if self._status.outdated
            else next((c.shape for c in self._columns.get(port.name, ()) if c.kind == "image" and c.shape), None)
        )
        return text + (f" · {' × '.join(map(str, shape))}" if shape else "")

    def _offer(self, names: tuple[str, ...]) -> None:
        """Offer a pill for each view."""
        if names == self._offered:
            return
        self._offered = names
        had_focus = self._pills.isAncestorOf(focused) if (focused := self.focusWidget()) else False
        for button in self._pill_group.buttons():
            self._pill_group.removeButton(button)
            self._pill_row.removeWidget(button)
            button.hide()
            button.deleteLater()
        for name in names:
            pill = QPushButton("" if name == ABOUT else name)
            pill.setCheckable(True)
            pill.setProperty("role", "pill")
            pill.setProperty("view", name)
            pill.setAccessibleName(name)
            if name == ABOUT:
                pill.setToolTip(f"{ABOUT}: times, warnings, what to do")
                pill.setIcon(look().icon("mdi6.information-outline", look().colors.muted))
                pill.setIconSize(QSize(16, 16))
            self._pill_group.addButton(pill)
            self._pill_row.addWidget(pill)
            pill.show()
            if had_focus and name == names[0]:
                pill.setFocus()

    def _on_pill(self, button: QAbstractButton) -> None:
        self.choose_view(str(button.property("view")))

    # -- views, made when they are wanted first

    def _made(self, name: str) -> Any:
        if name not in self._views:
            view = make_view(name, ViewContext(self._asks, self._document_id, self._trainings, self._title_of, self._sides))
            for signal, slot in self._listened:
                if hasattr(view, signal):
                    getattr(view, signal).connect(slot)
            self._views[name] = view
            self._stack.addWidget(view)
        return self._views[name]

    def _title_of(self, node: str) -> str:
        return self._document.title(node) if self._document and node in self._document.nodes else node

    @property
    def _listened(self) -> Sequence[tuple[str, Any]]:
        """Signals that some views have, and who hears them."""
        return (
            ("statistics_wanted", self._on_statistics),
            ("stop_requested", self.stop_requested),
            ("layer_wanted", self._on_layer),
        )

    def _on_layer(self, layer: str) -> None:
        if self._document is not None:
            self._origin.find(self._document_id, self._document, (self._node, layer), self.node_pointed_at.emit)

    def _on_statistics(self, _: str) -> None:
        self.choose_view(STATISTICS)

    def _forget_views(self) -> None:
        """Forget all views: they belong to one workflow."""
        for view in self._views.values():
            self._stack.removeWidget(view)
            view.deleteLater()
        self._views.clear()

    def _run(self) -> None:
        if self._node:
            self.run_requested.emit(self._node)

    # -- layout

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the choice of views below the title where it is narrow."""
        super().resizeEvent(event)
        self._place(narrow=self.width() < NARROW)

    def _place(self, *, narrow: bool) -> None:
        if narrow == self._is_narrow:
            return
        self._is_narrow = narrow
        for widget in (self._named, self._pills, self._summary):
            self._head.removeWidget(widget)
        self._head.addWidget(self._named, 0, 0, Qt.AlignmentFlag.AlignLeft)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if narrow:
            self._head.addWidget(self._summary, 0, 1, right)
            self._head.addWidget(self._pills, 1, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        else:
            self._head.addWidget(self._pills, 0, 1, Qt.AlignmentFlag.AlignLeft)
            self._head.addWidget(self._summary, 0, 2, right)
        self._head.setColumnStretch(0, 0)
        self._head.setColumnStretch(1, 1)
