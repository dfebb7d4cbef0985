"""What the mouse does on the canvas, and which keys are the canvas's own, in words; the overview of shortcuts shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explained:
    """One thing that mouse or keys do.

    Attributes:
        title: What they do.
        how: What the person does with the mouse, or the keys, in Qt's notation.
        gesture: The name of the class of that gesture, for what is dragged.
    """

    title: str
    how: str
    gesture: str = ""


MOUSE = (
    Explained("Wire two nodes", "Drag from port to port", "PullWire"),
    Explained("Choose what comes next", "Drag a port into empty space", "PullWire"),
    Explained("Take a wire off, or put its end elsewhere", "Drag the wire", "PullWire"),
    Explained("Cut all wires that a line crosses", "Alt+Shift+drag", "Slice"),
    Explained("Select what is in a rectangle", "Drag on empty space", "RubberBand"),
    Explained("Select in addition", "Shift+click, Ctrl+click"),
    Explained("Move what is selected", "Drag a node", "Move"),
    Explained("Move along one axis only", "Shift+drag a node", "Move"),
    Explained("Move without steps", "Alt+drag a node", "Move"),
    Explained("Put a node between two others", "Drop it on their wire", "Move"),
    Explained("Change the size of an annotation box", "Drag its edge", "Resize"),
    Explained("Move the view", "Middle button, Space+drag", "Pan"),
    Explained("Move the view sideways", "Shift+wheel"),
    Explained("Zoom", "Wheel, pinch"),
    Explained("Configure a node", "Double click"),
    Explained("Rename a node, edit its note", "Double click on the text"),
    Explained("Add a node", "Double click on empty space"),
)
"""The mouse on the canvas."""

KEYS = (
    Explained("Add a node here", "Space"),
    Explained("Configure the selected node", "Return"),
    Explained("Drop what is being dragged, or the selection", "Esc"),
    Explained("Move what is selected to the left", "Left"),
    Explained("Move what is selected to the right", "Right"),
    Explained("Move what is selected up", "Up"),
    Explained("Move what is selected down", "Down"),
    Explained("Move what is selected by a pixel to the left", "Shift+Left"),
    Explained("Move what is selected by a pixel to the right", "Shift+Right"),
    Explained("Move what is selected by a pixel up", "Shift+Up"),
    Explained("Move what is selected by a pixel down", "Shift+Down"),
    Explained("Go to the next node on the left", "Ctrl+Left"),
    Explained("Go to the next node on the right", "Ctrl+Right"),
    Explained("Go to the next node above", "Ctrl+Up"),
    Explained("Go to the next node below", "Ctrl+Down"),
    Explained("Go to the next node as one reads", "Alt+Right"),
    Explained("Go to the node before as one reads", "Alt+Left"),
    Explained("Leave the canvas", "Tab"),
    Explained("Leave the canvas backwards", "Shift+Tab"),
)
"""Keys of the canvas that are no action's."""
