"""The canvas: a view of a `Document` on NodeGraphQt. Gestures become commands; commands move the picture."""

from app.editor.canvas.canvas import Canvas
from app.editor.canvas.dropping import NODE_MIME
from app.editor.canvas.selection import Hit, Selection

__all__ = ["NODE_MIME", "Canvas", "Hit", "Selection"]
