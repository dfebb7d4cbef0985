"""What the command palette finds: actions, nodes of the workflow, its settings, node types to add, files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.editor.panels.palette import Entry, type_entry
from app.folders import examples
from app.shelves import OTHER_SHELF, shelf_color

if TYPE_CHECKING:
    from app.editor.window import MainWindow
    from app.editor.workspace import Workspace


def entries(window: MainWindow) -> list[Entry]:
    """Everything that can be found now, in the order in which equally good matches are shown."""
    window.actions_table.refresh()
    found = [*_actions(window)]
    if workspace := window.current:
        found += [*_nodes(window, workspace), *_settings(window, workspace)]
    return [*found, *_node_types(window), *_files(window)]


def _actions(window: MainWindow) -> Iterator[Entry]:
    table = window.actions_table
    for row in table.rows.values():
        if row.id != "help.palette" and table[row.id].isEnabled():
            title = table[row.id].text().replace("&", "").removesuffix("...")
            icon = row.icon or "mdi6.chevron-right"
            yield Entry("Action", title, table[row.id].trigger, row.menu.title(), icon, row.keys, hint=row.hint)


def _nodes(window: MainWindow, workspace: Workspace) -> Iterator[Entry]:
    for node_id, record in workspace.document.nodes.items():
        node_type = window.services.catalog.about.get(record.type)
        icon = node_type.icon if node_type else "mdi6.puzzle-outline"
        color = shelf_color(node_type.shelf) if node_type else OTHER_SHELF
        go = partial(window.go_to, workspace, node_id)
        yield Entry("Node", workspace.document.title(node_id), go, node_id, icon, color=color)


def _settings(window: MainWindow, workspace: Workspace) -> Iterator[Entry]:
    """The settings of the selected node."""
    for node_id in window.selected_nodes[:1]:
        node_type = window.services.catalog.get(workspace.document.nodes[node_id].type)
        title = workspace.document.title(node_id)
        for name, info in node_type.model_fields.items() if node_type else ():
            edit = partial(window.edit_setting, name)
            yield Entry("Setting", info.title or name, edit, title, "mdi6.tune-variant", hint=info.description or "")


def _node_types(window: MainWindow) -> Iterator[Entry]:
    for node_type in window.services.catalog.about.values():
        yield type_entry(node_type, partial(window.edits.add_node, node_type.id))


def _files(window: MainWindow) -> Iterator[Entry]:
    for path in map(Path, window.services.preferences.values.recent_files):
        yield Entry("Recent file", path.name, partial(window.files.open, path), str(path.parent), "mdi6.file-outline")
    for path in examples():
        yield Entry("Example", path.name, partial(window.files.open_example, path), icon="mdi6.book-open-outline")
