"""Help: keyboard shortcuts and the mouse, the description of a node type, what this program is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox

from app import __version__
from app.editor.actions import ActionRow
from app.editor.desk import Desk
from app.editor.docks import Docks
from app.editor.keymap import Keymap

ABOUT = """<h3>Layerloom {version}</h3>
<p>A visual workbench for deep learning on images and tables.</p>
<p>Networks: Keras and TensorFlow. Tables: polars. Window: Qt. Canvas: NodeGraphQt. Drawings: matplotlib.</p>
<p>MIT licence.</p>"""


class HelpCommands:
    """What explains the program.

    Args:
        desk: The selected node, and the catalog.
        docks: Where descriptions are shown.
        keymap: Returns the keys of the window's actions, which are shown and changed.
    """

    def __init__(self, desk: Desk, docks: Docks, keymap: Callable[[], Keymap]) -> None:
        self._desk, self._docks, self._keymap = desk, docks, keymap

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        return [
            ActionRow(
                "node.help", "&Description", self.show_selected, ["Shift+F1"], "mdi6.information-outline", self._desk.has_one,
                popups={"node": (4, 1)},
            ),
            ActionRow(
                "help.shortcuts", "&Keyboard shortcuts and mouse...", self.show_shortcuts, ["F1", "Ctrl+?"],
                "mdi6.keyboard-outline", hint="All keys and mouse gestures; keys can be changed there",
            ),
            ActionRow("help.about", "&About Layerloom", self.show_about, group=2),
        ]  # fmt: skip

    def show_shortcuts(self) -> None:
        """Open the overview of all keys and of the mouse, where keys can be changed."""
        from app.editor.panels.shortcuts import ShortcutsDialog

        dialog = ShortcutsDialog(self._keymap(), self._desk.window)
        dialog.exec()
        dialog.deleteLater()

    def show_type(self, node_type: str) -> None:
        """Show the description of a node type, with all its settings."""
        found = self._desk.services.catalog.get(node_type)
        if found is not None:
            self._docks.show("help")  # which describes the selected node
            self._docks.help.show_type(found)

    def show_selected(self) -> None:
        """Show the description of the selected node's type."""
        workspace = self._desk.current
        nodes = self._desk.selected_nodes
        if workspace and nodes:
            self.show_type(workspace.document.nodes[nodes[0]].type)

    def show_about(self) -> None:
        """Say what this program is."""
        QMessageBox.about(self._desk.window, "About Layerloom", ABOUT.format(version=__version__))
