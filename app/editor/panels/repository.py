"""The node repository: every kind of node by shelf, found by typing, dragged to the canvas or added with Enter.

Knows the catalog; knows neither documents nor the canvas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QPainter, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QStackedWidget, QTreeView, QVBoxLayout, QWidget

from app.editor.look import look
from app.editor.panels.node_card import NodeCard
from app.editor.panels.node_types import MIME_TYPE, NodeTypeSearch, type_row
from app.editor.panels.rows import ROW, Index, ListRow, RowDelegate, RowList, SearchField, tile_pixmap
from app.editor.plain_label import PlainLabel
from app.editor.visible_text import plain_tip
from app.shelves import Shelf, shelf_color, shelves
from nodes.catalog import Catalog, NodeType

RECENT = "Recently used"
BROKEN = "Not loaded"
MOST_RECENT = 6
_GHOST = 56


class NodeRepository(QWidget):
    """The dock on the left.

    Args:
        catalog: The node types, and the plug-ins that could not be imported.
    """

    node_chosen = Signal(str)
    """A node of this type is wanted: double-clicked, or Enter was pressed."""
    help_requested = Signal(str)
    """The help of this node type is wanted."""

    def __init__(self, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAccessibleName("Node repository")
        self._catalog = catalog
        self._search = NodeTypeSearch(catalog.about)
        self._recent: list[str] = []
        self.field = SearchField(f"Search {len(catalog)} nodes")
        self.tree = ShelfTree(catalog)
        self.results = ResultList(catalog)
        self._nothing = PlainLabel("No node fits.\nTry fewer or other words.")
        self._nothing.setProperty("role", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._pages = QStackedWidget()
        for page in (self.tree, self.results, self._nothing):
            self._pages.addWidget(page)
        self.card = NodeCard()
        self.card.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 12, 4, 12)
        layout.setSpacing(10)
        layout.addWidget(self.field)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.card)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.tree.chosen.connect(self.node_chosen)
        self.results.chosen.connect(self.node_chosen)
        self.card.more_requested.connect(self.help_requested)
        self.tree.selectionModel().currentChanged.connect(self._describe)
        self.results.selectionModel().currentChanged.connect(self._describe)

    def set_recent(self, types: Sequence[str]) -> None:
        """Say which node types were used last, the latest first; unknown ones are left out."""
        recent = [t for t in types if t in self._catalog][:MOST_RECENT]
        if recent != self._recent:
            self._recent = recent
            self.tree.set_recent(recent)

    def focus_search(self) -> None:
        """Put the cursor into the search field, its text selected."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_shelf(self, path: str) -> None:
        """Open a shelf, bring it to the top, and give it the focus."""
        self.field.clear()
        self.tree.show_shelf(path)
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def expanded(self) -> list[str]:
        """Return the shelves that are open, to be remembered."""
        return self.tree.open_shelves()

    def set_expanded(self, paths: Iterable[str]) -> None:
        """Open just these shelves."""
        self.tree.open_only(paths)

    def eventFilter(self, watched: object, event: object) -> bool:
        """Go from the search field into the list by arrows, and take the first hit by Enter."""
        if watched is not self.field or not isinstance(event, QKeyEvent) or event.type() != QKeyEvent.Type.KeyPress:
            return False
        searching = bool(self.field.text().strip())
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._into_list(searching)
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and searching:
            self.results.choose_current()
            return True
        return False

    def _into_list(self, searching: bool) -> None:
        if searching:
            self.results.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.tree.setFocus(Qt.FocusReason.TabFocusReason)
            if not self.tree.currentIndex().isValid():
                self.tree.setCurrentIndex(self.tree.model().index(0, 0))

    def _find(self, text: str) -> None:
        if not text.strip():
            self._pages.setCurrentWidget(self.tree)
            self._describe(self.tree.currentIndex())
            return
        rows = self._search.rows(text)
        self.results.set_rows(rows)
        self._pages.setCurrentWidget(self.results if rows else self._nothing)
        if not rows:
            self.card.hide()

    def _describe(self, index: QModelIndex) -> None:
        row: ListRow | None = index.data(ROW) if index.isValid() else None
        if row is not None and row.key is not None and row.key in self._catalog:
            self.card.show_type(self._catalog.about[row.key])
        elif row is not None and row.key is not None and row.key in self._catalog.failures:
            reason = self._catalog.failures[row.key]
            self.card.show_message(
                f"{row.key} could not be loaded", f"{reason}\n\nMend or uninstall that package, then start again."
            )
        else:
            self.card.hide()


class ResultList(RowList):
    """The flat list while searching; its rows can be dragged."""

    def __init__(self, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent, height=30)
        self._catalog = catalog
        self.setAccessibleName("Nodes that fit")
        self.delegate.active = True
        self.setDragEnabled(True)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag the selected node type."""
        key = self.current_key
        if key is not None and key in self._catalog:
            drag_type(self._catalog.about[key], self)


class ShelfTree(QTreeView):
    """The shelves with their node types, the recently used ones first, and what could not be loaded last."""

    chosen = Signal(str)
    """Id of the node type that was double-clicked, or on which Enter was pressed."""

    def __init__(self, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rows")
        self.setAccessibleName("Nodes by shelf")
        self._catalog = catalog
        self._items = QStandardItemModel(self)
        self.setModel(self._items)
        delegate = RowDelegate(self, 25)
        delegate.elide = Qt.TextElideMode.ElideMiddle  # names of a shelf begin alike, and differ in their ends
        self.setItemDelegate(delegate)
        self.setHeaderHidden(True)
        self.setIndentation(14)
        self.setMouseTracking(True)
        self.setUniformRowHeights(True)
        self.setAnimated(False)
        self.setDragEnabled(True)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        for shelf in shelves(catalog.about.values()):
            self._items.appendRow(_shelf_item(shelf, top=True))
        if catalog.failures:
            self._items.appendRow(_failures_item(catalog.failures))
        for number in range(self._items.rowCount()):
            self.expand(self._items.index(number, 0))
        self.doubleClicked.connect(self._on_double_clicked)
        self.clicked.connect(self._on_clicked)
        look().changed.connect(self.viewport().update)

    def set_recent(self, types: Sequence[str]) -> None:
        """Show these node types in a group above the shelves; no group if there are none."""
        first = self._items.item(0)
        if first is not None and _row(first).key == RECENT:
            group = first
            group.removeRows(0, group.rowCount())
        elif types:
            group = _item(ListRow(RECENT, RECENT, "icon", icon="mdi6.history", bold=True))
            self._items.insertRow(0, group)
            self.expand(group.index())
        else:
            return
        for node_type in types:
            group.appendRow(_type_item(self._catalog.about[node_type]))
        if not types:
            self._items.removeRow(0)

    def open_shelves(self) -> list[str]:
        """Return the keys of the groups that are open."""
        return [_row(item).key or "" for item in self._groups() if self.isExpanded(item.index())]

    def show_shelf(self, key: str) -> None:
        """Open the group with this key, and bring it to the top."""
        for item in self._groups():
            if _row(item).key == key:
                self.setExpanded(item.index(), True)
                self.setCurrentIndex(item.index())
                self.scrollTo(item.index(), QTreeView.ScrollHint.PositionAtTop)

    def open_only(self, keys: Iterable[str]) -> None:
        """Open the groups with these keys, close the others."""
        wanted = set(keys)
        for item in self._groups():
            self.setExpanded(item.index(), _row(item).key in wanted)

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Draw a chevron beside what can be opened, and no lines."""
        if self._items.hasChildren(index):
            name = "mdi6.chevron-down" if self.isExpanded(index) else "mdi6.chevron-right"
            middle = rect.center().y() + 1
            box = QRect(rect.right() - 16, middle - 8, 16, 16)
            look().icon(name, look().colors.muted).paint(painter, box)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses a node, and opens or closes a shelf."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            if self._items.hasChildren(index):
                self.setExpanded(index, not self.isExpanded(index))
            else:
                self._on_double_clicked(index)
        else:
            super().keyPressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag the selected node type."""
        row: ListRow | None = self.currentIndex().data(ROW)
        if row is not None and row.key is not None and row.key in self._catalog:
            drag_type(self._catalog.about[row.key], self)

    def _groups(self) -> list[QStandardItem]:
        """Return all items that have children."""
        found = []
        waiting = [self._items.item(n) for n in range(self._items.rowCount())]
        while waiting:
            item = waiting.pop(0)
            if item.rowCount():
                found.append(item)
                waiting += [item.child(n) for n in range(item.rowCount())]
        return found

    def _on_double_clicked(self, index: QModelIndex) -> None:
        key = index.data(ROW).key
        if key in self._catalog:
            self.chosen.emit(key)

    def _on_clicked(self, index: QModelIndex) -> None:
        """Open or close a shelf by a click anywhere on it."""
        if self._items.hasChildren(index):
            self.setExpanded(index, not self.isExpanded(index))


def drag_type(node_class: NodeType, source: QWidget) -> None:
    """Drag a node type, with its tile as a ghost under the pointer, until it is dropped."""
    drag = QDrag(source)
    drag.setMimeData(mime_data(node_class.id))
    drag.setPixmap(_ghost(node_class, source.devicePixelRatioF()))
    drag.setHotSpot(QPoint(_GHOST // 2, _GHOST // 2))
    drag.exec(Qt.DropAction.CopyAction)


def mime_data(node_type: str) -> QMimeData:
    """Return what is dropped when a node of this type is dragged."""
    data = QMimeData()
    data.setData(MIME_TYPE, QByteArray(node_type.encode()))
    return data


def _ghost(node_class: NodeType, ratio: float) -> QPixmap:
    tile = tile_pixmap(shelf_color(node_class.shelf), node_class.icon, _GHOST, ratio)
    ghost = QPixmap(tile.size())
    ghost.setDevicePixelRatio(ratio)
    ghost.fill(Qt.GlobalColor.transparent)
    painter = QPainter(ghost)
    painter.setOpacity(0.85)
    painter.drawPixmap(0, 0, tile)
    painter.end()
    return ghost


def _row(item: QStandardItem) -> ListRow:
    row: ListRow = item.data(ROW)
    return row


def _item(row: ListRow) -> QStandardItem:
    item = QStandardItem(row.title)
    item.setData(row, ROW)
    item.setToolTip(plain_tip(row.tip))
    item.setEditable(False)
    item.setAccessibleText(row.data(Qt.ItemDataRole.AccessibleTextRole))
    item.setDragEnabled(False)
    return item


def _shelf_item(shelf: Shelf, *, top: bool) -> QStandardItem:
    item = _item(ListRow(shelf.title, shelf.path, "square", shelf_color(shelf.path), faded=not top, bold=top))
    for part in shelf.parts.values():
        item.appendRow(_shelf_item(part, top=False))
    for node_class in shelf.types:
        item.appendRow(_type_item(node_class))
    return item


def _type_item(node_class: NodeType) -> QStandardItem:
    flat = type_row(node_class)
    item = _item(ListRow(flat.title, flat.key, "square", flat.color, faded=True, tip=flat.tip))
    item.setDragEnabled(True)
    return item


def _failures_item(failures: Mapping[str, str]) -> QStandardItem:
    colors = look().colors
    group = _item(ListRow(BROKEN, BROKEN, "icon", colors.wrong, icon="mdi6.alert-circle-outline", bold=True))
    for name, reason in failures.items():
        group.appendRow(_item(ListRow(name, name, "icon", colors.ready, icon="mdi6.alert-outline", detail=reason, tip=reason)))
    return group
