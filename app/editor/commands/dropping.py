"""Dropping: files and folders from elsewhere become open workflows, or nodes that read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRect

from app.document.dropped_files import Dropped, understood
from app.document.editing import Point
from app.document.geometry import TILE
from app.document.model import FORMAT
from app.document.placing import free_spot, place_new, spot_behind
from app.editor.commands.files import FileCommands
from app.editor.config.paths import stored_path
from app.editor.desk import Desk
from app.editor.workspace import Workspace
from nodes.wording import counted

MOST_NODES = 24
"""More nodes than these at once are rather a mistake than a wish."""
_HEAD = 4096
_KEY = "dropped files"


class DropCommands:
    """Takes what is dropped on the window.

    Args:
        desk: The workflow in front.
        files: Opens workflows.
    """

    def __init__(self, desk: Desk, files: FileCommands) -> None:
        self._desk, self._files = desk, files

    def take(self, paths: Sequence[Path], at: QPoint) -> None:
        """Open the workflows, and add nodes that read the other files.

        Args:
            paths: What was dropped.
            at: Where, on the screen: there the first node stands, if that is on the canvas.
        """
        data = [path for path in paths if not _is_workflow(path)]
        for path in paths:
            if path not in data:
                self._files.open(path)
        if data:
            self._add(self._desk.current or self._files.new(), data, at)

    def _add(self, workspace: Workspace, paths: Sequence[Path], at: QPoint) -> None:
        types = self._desk.services.catalog.about
        found = understood(paths, types, lambda path: stored_path(str(path), workspace.folder))
        told = list(found.told)
        if found.unknown:
            names = ", ".join(path.name for path in found.unknown[:3]) + (", …" if len(found.unknown) > 3 else "")
            told.append(f"No node reads {names}.")
        if len(found.nodes) > MOST_NODES:
            told = [f"That would be {counted(len(found.nodes), 'node')}. Drop the folder, or fewer files at once."]
        elif found.nodes:
            label = types[found.nodes[0].node_type].title if len(found.nodes) == 1 else counted(len(found.nodes), "node")
            added: list[str] = []
            with workspace.document.step(f"Add {label}"):
                for node in found.nodes:
                    added += self._chain(workspace, node, self._spot(workspace, at))
            workspace.canvas.show_new(added)
        if told:
            self._desk.say(" ".join(told), "warning" if found.unknown else "info", key=_KEY)

    def _chain(self, workspace: Workspace, node: Dropped | None, spot: Point) -> list[str]:
        """Add a node and those behind it."""
        document, added = workspace.document, list[str]()
        while node is not None:
            place = spot_behind(document, added[-1]) if added else spot
            new = place_new(document, node.node_type, place, node.settings)
            if added:
                first, then = (document.types[document.nodes[n].type] for n in (added[-1], new))
                document.connect(f"{added[-1]}.{first.output_ports[0].name}", f"{new}.{then.input_ports[0].name}")
            added.append(new)
            node = node.feeds
        return added

    def _spot(self, workspace: Workspace, at: QPoint) -> Point:
        canvas = workspace.canvas
        place = canvas.scene_position(at) if QRect(QPoint(), canvas.size()).contains(canvas.mapFromGlobal(at)) else None
        middle = canvas.free_place() if place is None else place
        return free_spot(workspace.document, (middle.x() - TILE / 2, middle.y() - TILE / 2))


def _is_workflow(path: Path) -> bool:
    """Return whether a file is a workflow: by its name, or, as any JSON file may be one, by how it begins."""
    if path.name.endswith(".workflow.json"):
        return True
    if path.suffix.lower() != ".json":
        return False
    try:
        with path.open("rb") as file:
            return f'"{FORMAT}"'.encode() in file.read(_HEAD)
    except OSError:
        return False
