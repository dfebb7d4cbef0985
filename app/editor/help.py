"""What the Help menu shows: keyboard shortcuts, the description of a node type, what this program is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox

from app import __version__

if TYPE_CHECKING:
    from app.editor.window import MainWindow

ABOUT = """<h3>Layerloom {version}</h3>
<p>A visual workbench for deep learning on images and tables.</p>
<p>Networks: Keras and TensorFlow. Tables: polars. Window: Qt. Canvas: NodeGraphQt. Drawings: matplotlib.</p>
<p>MIT licence.</p>"""


class Help:
    """What explains the program, for a window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def show_shortcuts(self) -> None:
        """The overview of all shortcuts."""
        from app.editor.panels.shortcuts import ShortcutsDialog

        ShortcutsDialog(self._window.actions_table.rows.values(), self._window).exec()

    def show_type(self, node_type: str) -> None:
        """The description of a node type, with all its settings."""
        found = self._window.services.catalog.get(node_type)
        if found is not None:
            self._window.help_view.show_type(found)
            self._window.show_dock("help")

    def show_selected(self) -> None:
        """The description of the selected node's type."""
        workspace = self._window.current
        nodes = self._window.selected_nodes
        if workspace and nodes:
            self.show_type(workspace.document.nodes[nodes[0]].type)

    def show_about(self) -> None:
        """What this program is."""
        QMessageBox.about(self._window, "About Layerloom", ABOUT.format(version=__version__))
