"""Occlusion: how much less likely a class gets when a part of the image is covered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job, NodeError, Specs, setting
from nodes.kit.inspection.attribution import AttributionNode, AttributionTask, Explainer, map_column_setting
from nodes.kit.inspection.inference import Arrays, graph_function
from nodes.kit.layers.windows import Pair
from nodes.values.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Occlusion(AttributionNode):
    """Cover an image patch by patch, and show where that lowers the probability of a class most (Zeiler & Fergus, 2014).

    It needs no gradients, and what it shows is what it says: the fall of the probability. Every pixel gets the mean over the
    patches that cover it; the last patches lie at the edge. Positive where the patch hid signs of the class, negative where it
    hid what spoke against it. The network is applied once for each place of the patch: small strides take long. KNIME has no
    such node.

    Example: for images of 28 x 28 pixels, a patch of 6 x 6 with stride 2 is laid at 12 x 12 places; of a 7, covering the
    crossbar makes it less likely.
    """

    id = "inspection.occlusion"
    title = "Occlusion"
    icon = "mdi6.square-opacity"
    keywords = (
        "occlusion sensitivity", "cover", "mask", "patch", "explain", "explainable AI", "XAI", "attribution", "heat map",
    )  # fmt: skip

    patch_size: Pair = setting((4, 4), "Patch size", "Height and width of what is covered, in pixels.")
    strides: Pair = setting((2, 2), "Strides", "Step from patch to patch, down and across.")
    fill: Literal["value", "mean"] = setting(
        "value",
        "Fill with",
        "What the patch covers the image with.",
        choices={"value": "A number.", "mean": "The mean of each channel of the image."},
    )
    fill_value: float = setting(
        0.0, "Value", "As the network gets it: 0 is mostly black.", shown_if={"fill": "value"}, allow_inf_nan=False
    )
    score: Literal["probability", "before softmax"] = setting(
        "probability",
        "Score",
        "Which number is watched: it falls where something that matters is covered.",
        choices={
            "probability": "What the network puts out.",
            "before softmax": "The score without the softmax or sigmoid at the end.",
        },
    )
    column: str = map_column_setting("occlusion")

    def check(self, task: AttributionTask, specs: Specs) -> None:
        """Refuse a patch that is larger than the image, or strides that leave pixels between patches."""
        for size, patch in zip(task.shape, self.patch_size, strict=False):
            if patch > size:
                raise NodeError(
                    f"The patch of {' x '.join(map(str, self.patch_size))} is larger than the image of "
                    f"{task.shape[0]} x {task.shape[1]}.",
                    "Make it smaller.",
                    setting="patch_size",
                )
        if any(step > patch for step, patch in zip(self.strides, self.patch_size, strict=True)):
            raise NodeError(
                "With steps larger than the patch, pixels are never covered.", "Make them smaller.", setting="strides"
            )
        count = math.prod(len(_starts(*one)) for one in zip(task.shape[:2], self.patch_size, self.strides, strict=True))
        if count > MANY:
            specs.warn(f"The network is applied {count} times to each row: this takes long.")

    def explainer(self, network: Network, task: AttributionTask, job: Job) -> Explainer:
        """Return what covers the image."""
        return _Covered(network, task, job, self)


MANY = 2000


def _starts(size: int, patch: int, stride: int) -> list[int]:
    """Where patches begin along one dimension: every `stride` pixels, and so that the last one ends at the edge."""
    starts = list(range(0, size - patch + 1, stride))
    return starts if starts[-1] == size - patch else [*starts, size - patch]


class _Covered(Explainer):
    """The fall of scores where patches are covered."""

    def __init__(self, network: Network, task: AttributionTask, job: Job, node: Occlusion) -> None:

        super().__init__(network, task, job)
        self._node = node

        def scores(tensors: list[Any], covered: Any, numbers: Any) -> Any:
            given = [covered if n == task.explained else tensor for n, tensor in enumerate(tensors)]
            return task.scores.of(self.call(given)[0], numbers)

        self._scores = graph_function(scores)

    def maps(self, arrays: Arrays, numbers: NDArray[Any]) -> NDArray[Any]:
        """Do as `Explainer.maps`."""
        import numpy as np

        node, place, moved = self._node, self.task.explained, self.task.binding.moves_channels
        tensors = [self.as_tensor(array) for array in arrays]
        image = np.asarray(arrays[place])
        image = image if image.dtype.kind == "f" else image.astype(np.float32)
        if node.fill == "mean":
            filling = image.mean(axis=(2, 3) if moved else (1, 2), keepdims=True)
        else:
            filling = np.full((1, 1, 1, 1), node.fill_value, image.dtype)
        height, width, _ = self.task.shape
        whole = np.asarray(self._scores(tensors, self.as_tensor(image), numbers), np.float64)
        falls = np.zeros((len(image), height, width))
        counts = np.zeros((height, width))
        patch_height, patch_width = node.patch_size
        for top in _starts(height, patch_height, node.strides[0]):
            for left in _starts(width, patch_width, node.strides[1]):
                self.job.check_cancelled()
                rows, columns = slice(top, top + patch_height), slice(left, left + patch_width)
                covered = image.copy()
                window = (slice(None), slice(None), rows, columns) if moved else (slice(None), rows, columns)
                covered[window] = filling
                fall = whole - np.asarray(self._scores(tensors, self.as_tensor(covered), numbers), np.float64)
                falls[:, rows, columns] += fall[:, None, None]
                counts[rows, columns] += 1
        made: NDArray[Any] = (falls / counts)[..., None]
        return made
