"""Finding: the command palette, and what it finds: actions, nodes of the workflow, its settings, node types to add, files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from app.editor.actions import ActionRow, ActionTable
from app.editor.commands.adding import AddCommands
from app.editor.commands.files import FileCommands
from app.editor.commands.nodes import NodeCommands
from app.editor.desk import Desk
from app.editor.panels.palette import CommandPalette, PaletteEntry, type_entry
from app.editor.workspace import Workspace
from app.folders import examples
from app.shelves import OTHER_SHELF, shelf_color
from nodes.declaration.declared import settings_of


class FindCommands:
    """The palette, and what else finds something by what is typed.

    Args:
        desk: The workflow in front, the catalog, recent files.
        files: Opens files that were found.
        nodes: Goes to nodes and settings that were found.
        adding: Adds nodes of types that were found.
        actions: Returns the actions of the window.
    """

    def __init__(
        self,
        desk: Desk,
        files: FileCommands,
        nodes: NodeCommands,
        adding: AddCommands,
        actions: Callable[[], ActionTable],
    ) -> None:
        self._desk, self._files, self._nodes, self._adding, self._actions = desk, files, nodes, adding, actions
        self.palette = CommandPalette(desk.window)
        self.palette.add_provider(self.entries)
        self.palette.chosen.connect(self._to_canvas)

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        return [
            ActionRow(
                "edit.find", "&Find a node...", self.palette.open, ["Ctrl+F"], "mdi6.magnify", self._desk.is_open,
                on_canvas=True, group=3,
            ),
            ActionRow(
                "help.palette", "&Find a node, an action, a setting...", self.palette.open, ["Ctrl+P"], "mdi6.magnify",
            ),
        ]  # fmt: skip

    def _to_canvas(self) -> None:
        """Give the canvas the focus: what was chosen is done there, or leads elsewhere by itself."""
        if canvas := self._desk.canvas:
            canvas.setFocus()

    def entries(self) -> list[PaletteEntry]:
        """Return everything that can be found now, in the order in which equally good matches are shown."""
        found = [*self._action_entries()]
        if workspace := self._desk.current:
            found += [*self._node_entries(workspace), *self._setting_entries(workspace)]
        return [*found, *self._type_entries(), *self._file_entries()]

    def _action_entries(self) -> Iterator[PaletteEntry]:
        table = self._actions()
        table.refresh()
        for row in table.rows.values():
            if row.id != "help.palette" and table[row.id].isEnabled():
                title = table[row.id].text().replace("&", "").removesuffix("...")
                icon, key = row.icon or "mdi6.chevron-right", table.key(row.id)
                yield PaletteEntry("Action", title, table[row.id].trigger, row.menu.title(), icon, key, hint=row.hint)

    def _node_entries(self, workspace: Workspace) -> Iterator[PaletteEntry]:
        for node_id, record in workspace.document.nodes.items():
            node_type = self._desk.services.catalog.about.get(record.type)
            icon = node_type.icon if node_type else "mdi6.puzzle-outline"
            color = shelf_color(node_type.shelf) if node_type else OTHER_SHELF
            go = partial(self._nodes.go_to, workspace, node_id)
            yield PaletteEntry("Node", workspace.document.title(node_id), go, node_id, icon, color=color)

    def _setting_entries(self, workspace: Workspace) -> Iterator[PaletteEntry]:
        """Yield the settings of the selected node."""
        for node_id in self._desk.selected_nodes[:1]:
            node_type = self._desk.services.catalog.get(workspace.document.nodes[node_id].type)
            title = workspace.document.title(node_id)
            for declared in settings_of(node_type) if node_type else ():
                edit = partial(self._nodes.edit_setting, declared.name)
                yield PaletteEntry("Setting", declared.label, edit, title, "mdi6.tune-variant", hint=declared.help)

    def _type_entries(self) -> Iterator[PaletteEntry]:
        for node_type in self._desk.services.catalog.about.values():
            yield type_entry(node_type, partial(self._adding.add_node, node_type.id))

    def _file_entries(self) -> Iterator[PaletteEntry]:
        for path in map(Path, self._desk.services.preferences.values.recent_files):
            yield PaletteEntry("Recent file", path.name, partial(self._files.open, path), str(path.parent), "mdi6.file-outline")
        for path in examples():
            yield PaletteEntry("Example", path.name, partial(self._files.open_example, path), icon="mdi6.book-open-outline")
