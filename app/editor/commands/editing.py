"""Editing: what the Edit menu does to the workflow in front. Each edit is one step of its undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QApplication

from app.document import clipboard
from app.document.editing import Document, Point
from app.document.geometry import TILE
from app.document.joining import delete_and_join
from app.document.model import Annotation
from app.document.pasted_table import NODE_TYPE, TooLarge, pasted_table
from app.document.placing import free_spot, place_new
from app.document.problems import DocumentError
from app.editor.actions import ActionRow
from app.editor.desk import Desk
from app.editor.workspace import Workspace

MARGIN = 40.0
"""Between the nodes and the edge of the box that is put behind them."""


class EditCommands:
    """Undo, the clipboard, names and notes, annotation boxes, variables.

    Args:
        desk: The workflow in front, and what is selected in it.
        new: Opens an empty workflow; for what is pasted where none is open.
    """

    def __init__(self, desk: Desk, new: Callable[[], Workspace]) -> None:
        self._desk, self._new = desk, new

    def rows(self) -> list[ActionRow]:
        """Return the declared actions."""
        return [*self._undo_rows(), *self._clipboard_rows(), *self._node_rows()]

    def _undo_rows(self) -> list[ActionRow]:
        return [
            ActionRow(
                "edit.undo", "&Undo", self.undo, ["Ctrl+Z"], "mdi6.undo", self._can_undo, name=self._undo_name, toolbar=1,
            ),
            ActionRow(
                "edit.redo", "&Redo", self.redo, ["Ctrl+Shift+Z", "Ctrl+Y"], "mdi6.redo", self._can_redo,
                name=self._redo_name, toolbar=1,
            ),
        ]  # fmt: skip

    def _clipboard_rows(self) -> list[ActionRow]:
        row, selected = partial(ActionRow, on_canvas=True, group=2), self._has_selection
        return [
            row("edit.cut", "Cu&t", self.cut, ["Ctrl+X"], "mdi6.content-cut", selected, popups={"node": (2, 3)}),
            row(
                "edit.copy", "&Copy", self.copy, ["Ctrl+C"], "mdi6.content-copy", selected,
                popups={"node": (2, 4), "box": (1, 1)},
            ),
            row("edit.paste", "&Paste", self.paste, ["Ctrl+V"], "mdi6.content-paste", popups={"canvas": (1, 2)}),
            row(
                "edit.duplicate", "&Duplicate", self.duplicate, ["Ctrl+D"], enabled=selected,
                popups={"node": (2, 5), "box": (1, 2)},
            ),
            row(
                "edit.delete", "De&lete", self.delete, ["Del", "Backspace"], "mdi6.delete-outline", selected,
                hint="Delete; what was before and behind is wired together",
                popups={"node": (2, 6), "wire": (1, 1), "box": (1, 3)},
            ),
            row(
                "edit.delete_apart", "Delete, leave a &gap", self.delete_apart, ["Shift+Del"], enabled=selected,
                hint="Delete with all wires; what was before and behind is not wired together", popups={"node": (2, 7)},
            ),
            row(
                "edit.select_all", "Select &all", self.select_all, ["Ctrl+A"], enabled=self._desk.is_open,
                popups={"canvas": (2, 1)},
            ),
        ]  # fmt: skip

    def _node_rows(self) -> list[ActionRow]:
        row, desk = partial(ActionRow, group=3), self._desk
        return [
            row(
                "edit.connect", "Connect the &selected nodes", self.connect, ["Ctrl+L"], enabled=desk.has_several,
                popups={"node": (3, 1)},
            ),
            row(
                "edit.rename", "Re&name", self.rename, ["F2"], enabled=desk.has_one, on_canvas=True,
                hint="Give the node a name", popups={"node": (2, 1)},
            ),
            row(
                "edit.note", "&Edit the note", self.edit_note, ["Alt+F2"], enabled=desk.has_one,
                hint="The text below the node", popups={"node": (2, 2)},
            ),
            row(
                "edit.annotate", "Add an annotation &box", self.annotate, ["Ctrl+Shift+B", "Ctrl+G"], "mdi6.card-text-outline",
                desk.is_open, popups={"node": (3, 2), "canvas": (1, 3)},
            ),
            ActionRow(
                "edit.variables", "Workflow &variables...", self.show_variables, ["Ctrl+Alt+V"], enabled=desk.is_open, group=4,
            ),
        ]  # fmt: skip

    # -- undo

    def undo(self) -> None:
        """Take the last step back."""
        if workspace := self._desk.current:
            workspace.document.undo()

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        if workspace := self._desk.current:
            workspace.document.redo()

    def _undo_name(self) -> str:
        """`Undo Move 3 nodes`."""
        label = self._undo_label
        return f"Undo {label}" if label else "Undo"

    def _redo_name(self) -> str:
        """`Redo Move 3 nodes`."""
        label = self._redo_label
        return f"Redo {label}" if label else "Redo"

    def _can_undo(self) -> bool:
        return self._undo_label is not None

    def _can_redo(self) -> bool:
        return self._redo_label is not None

    @property
    def _undo_label(self) -> str | None:
        return self._desk.current.document.undo_label if self._desk.current else None

    @property
    def _redo_label(self) -> str | None:
        return self._desk.current.document.redo_label if self._desk.current else None

    # -- the clipboard

    def copy(self) -> None:
        """Copy the selected nodes and annotations as text."""
        if workspace := self._desk.current:
            chosen = workspace.canvas.selection()
            if chosen.nodes or chosen.annotations:
                QApplication.clipboard().setText(clipboard.copy(workspace.document, chosen.nodes, chosen.annotations))

    def cut(self) -> None:
        """Copy, then delete."""
        self.copy()
        self.delete_apart("Cut")

    def paste(self) -> None:
        """Paste nodes that were copied here or in another window; of a table of a spreadsheet a Table Creator is made."""
        workspace = self._desk.current or self._new()
        text = QApplication.clipboard().text()
        if not text:
            return
        center = workspace.canvas.visible_center()
        try:
            pasted = clipboard.paste(workspace.document, text, (center.x(), center.y()))
        except DocumentError:
            pasted = self._paste_table(workspace.document, text, (center.x(), center.y()))
        if pasted:
            workspace.canvas.select(pasted)

    def _paste_table(self, document: Document, text: str, at: Point) -> list[str]:
        """A Table Creator with the table that is on the clipboard; none where there is no table."""
        try:
            table = pasted_table(text)
        except TooLarge as error:
            self._desk.say(str(error))
            return []
        if table is None:
            self._desk.say(
                "There are no nodes on the clipboard, and no table. Copy nodes on the canvas, or cells of a spreadsheet."
            )
            return []
        self._desk.say(table.summary)
        return [place_new(document, NODE_TYPE, free_spot(document, at), table.settings)]

    def duplicate(self) -> None:
        """Add copies of the selected nodes beside them, fed by the same wires."""
        if workspace := self._desk.current:
            chosen = workspace.canvas.selection()
            if chosen.nodes or chosen.annotations:
                workspace.canvas.select(clipboard.duplicate(workspace.document, chosen.nodes, chosen.annotations))

    def delete(self) -> None:
        """Delete what is selected, and wire what was before it to what was behind it, where the kinds fit."""
        if workspace := self._desk.current:
            chosen = workspace.canvas.selection()
            if chosen:
                delete_and_join(workspace.document, chosen.nodes, chosen.connections, chosen.annotations)

    def delete_apart(self, label: str = "") -> None:
        """Delete what is selected with all its wires."""
        if workspace := self._desk.current:
            chosen = workspace.canvas.selection()
            if chosen.nodes or chosen.connections or chosen.annotations:
                workspace.document.delete(chosen.nodes, chosen.connections, chosen.annotations, label)

    def select_all(self) -> None:
        """Select everything on the canvas."""
        if canvas := self._desk.canvas:
            canvas.select_all()

    def _has_selection(self) -> bool:
        """Tell whether anything is selected, be it a wire or a box."""
        if (canvas := self._desk.canvas) is None:
            return False
        chosen = canvas.selection()
        return bool(chosen.nodes or chosen.connections or chosen.annotations)

    # -- nodes, boxes, variables

    def connect(self) -> None:
        """Wire the selected nodes to each other."""
        if canvas := self._desk.canvas:
            canvas.connect_selection()

    def rename(self) -> None:
        """Edit the selected node's name on the canvas."""
        if (canvas := self._desk.canvas) and self._desk.selected_nodes:
            canvas.rename(self._desk.selected_nodes[0])

    def edit_note(self) -> None:
        """Edit the note below the selected node on the canvas."""
        if (canvas := self._desk.canvas) and self._desk.selected_nodes:
            canvas.edit_note(self._desk.selected_nodes[0])

    def annotate(self) -> None:
        """Put a coloured box behind the selected nodes, or into the middle of the view."""
        workspace = self._desk.current
        if workspace is None:
            return
        nodes = self._desk.selected_nodes
        if nodes:
            places = [workspace.document.view(n).position for n in nodes]
            left, top = min(x for x, _ in places) - MARGIN, min(y for _, y in places) - 2 * MARGIN
            right, bottom = max(x for x, _ in places) + TILE + MARGIN, max(y for _, y in places) + TILE + 1.5 * MARGIN
        else:
            center = workspace.canvas.visible_center()
            left, top, right, bottom = center.x() - 160, center.y() - 90, center.x() + 160, center.y() + 90
        key = workspace.document.add_annotation(Annotation(text="Note", position=(left, top), size=(right - left, bottom - top)))
        workspace.canvas.edit_annotation(key)

    def show_variables(self) -> None:
        """Open the variables, the name and the description of the workflow in front."""
        from app.editor.panels.variables_dialog import VariablesDialog

        if workspace := self._desk.current:
            VariablesDialog(workspace.document, self._desk.window).exec()
