"""What TensorFlow's own errors mean, in words for the person at the canvas. It knows their texts, not TensorFlow."""

from __future__ import annotations

import re

from nodes.errors import NodeError

_MARKS = re.compile(r"\x1b\[\d*m|\{\{[^{}]*\}\}|\[Op:[^\]]*\](?: name:)?")
_PLACE = re.compile(r"indices\S* = (-?\d+) is not in \[0, (\d+)\)")
_LAYER = re.compile(r"functional[^/\s]*/([\w.>-]+?)(?:_\d+)?/")
_CLASS = re.compile(r"when calling (\w+)\.call\(\)")
_FRAME = re.compile(
    r"\s*(File \"|Detected at node|Graph execution error|Exception encountered|Arguments received|Traceback)|\s{2,}|$"
)
_ROOT = "tensorflow."
"""What the modules of its errors begin with."""


def worded(error: BaseException) -> NodeError | None:
    """Return what an error of TensorFlow's means; None of another error."""
    if not type(error).__module__.startswith(_ROOT):
        return None
    text = _MARKS.sub("", str(error))
    where = next((f" in layer '{found[1]}'" for found in [_LAYER.search(text)] if found), "")
    where = where or next((f" in a layer of the class {found[1]}" for found in [_CLASS.search(text)] if found), "")
    if found := _PLACE.search(text):
        return NodeError(
            f"A number is looked up{where} that is not there: {found[1]}, of 0 to {int(found[2]) - 1}.",
            "Make the layer's table larger (an Embedding Layer's input dimension), or see to it that the layers before it, and "
            "the columns that go in, give no such numbers.",
        )
    if type(error).__name__ == "ResourceExhaustedError":
        return NodeError(
            f"The memory of the device does not suffice{where}.",
            "Make the batch size smaller, use smaller images, or a smaller network.",
        )
    detail = next((line.strip() for line in text.splitlines() if not _FRAME.match(line)), type(error).__name__)
    return NodeError(f"TensorFlow cannot compute this{where}: {detail.rstrip('.')}.", "The log has the details.")
