"""Saliency: which pixels, or numbers, the score of a class hangs on, by its gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job, Specs, setting
from nodes.kit.inspection.attribution import (
    AttributionNode,
    AttributionTask,
    Explainer,
    check_differentiable,
    map_column_setting,
)
from nodes.kit.inspection.inference import Arrays, graph_function
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.values.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Saliency(AttributionNode):
    """Show which pixels a network's decision hangs on: where a small change would change the score of a class most.

    The gradient of the score is computed for each pixel (Simonyan et al., 2013). It is often noisy; SmoothGrad (Smilkov et al.,
    2017) takes the mean of the gradients of noisy copies. A gradient tells what a change would do, not what a pixel
    contributes: gradient x input and, exactly, Integrated Gradients (Sundararajan et al., 2017) do, whose numbers, with the
    reduction 'sum', add up to the score of the image less that of the baseline.

    Inputs that are no images are explained too: a list of numbers gets a list of as many, a sequence an image of steps x
    channels. KNIME has no such node.

    Example: behind the Learner, with the test images, Integrated Gradients for the actual class of column `label`, and the
    overlays appended: a 4 lights up at its open top.
    """

    id = "inspection.saliency"
    title = "Saliency"
    icon = "mdi6.spotlight-beam"
    keywords = (
        "saliency map", "gradient", "SmoothGrad", "integrated gradients", "attribution", "explain", "explainable AI", "XAI",
        "gradient x input", "sensitivity",
    )  # fmt: skip
    images_only = False

    method: Literal["gradient", "gradient x input", "SmoothGrad", "Integrated Gradients"] = setting(
        "gradient",
        "Method",
        "How the map is computed.",
        choices={
            "gradient": "The gradient of the score by each number of the input.",
            "gradient x input": "The gradient times the number.",
            "SmoothGrad": "The mean gradient over copies with noise.",
            "Integrated Gradients": "The mean gradient on the way from a baseline to the input, times the way.",
        },
    )
    reduction: Literal["largest absolute", "mean absolute", "sum"] = setting(
        "largest absolute",
        "Channels",
        "How the channels of a pixel become one number. A list of numbers, or a sequence, is taken as having one channel.",
        choices={
            "largest absolute": "The largest absolute value.",
            "mean absolute": "The mean of absolute values.",
            "sum": "The sum, which tells what speaks for the class from what speaks against it.",
        },
    )
    samples: int = setting(25, "Samples", "Noisy copies of each row.", ge=1, le=10_000, shown_if={"method": "SmoothGrad"})
    noise_level: float = setting(
        0.15,
        "Noise level",
        "Standard deviation of the noise, as a share of the row's range from its smallest to its largest number.",
        ge=0,
        le=10,
        shown_if={"method": "SmoothGrad"},
    )
    seed: int | None = seed_setting(
        "Fixes the noise, which is the same for every row; empty: another one in each run.",
        most=SEEDS_32,
        shown_if={"method": "SmoothGrad"},
    )
    steps: int = setting(
        50,
        "Steps",
        "Points on the way from the baseline to the input.",
        ge=1,
        le=10_000,
        shown_if={"method": "Integrated Gradients"},
    )
    baseline: float = setting(
        0.0,
        "Baseline",
        "The number that stands for nothing, such as black, as the network gets it.",
        shown_if={"method": "Integrated Gradients"},
        allow_inf_nan=False,
    )
    column: str = map_column_setting("saliency")

    @property
    def reproducible(self) -> bool:
        """Only noise without a seed is not."""
        return self.method != "SmoothGrad" or self.seed is not None

    def check(self, task: AttributionTask, specs: Specs) -> None:
        """Refuse an input that has no gradient."""
        check_differentiable(task, specs.network())

    def explainer(self, network: Network, task: AttributionTask, job: Job) -> Explainer:
        """Return what computes the gradients."""
        return _Gradients(network, task, job, self)


MOST_GAP = 0.05
"""So far, of the scores' differences, may contributions be from what they add up to before it is told."""


class _Gradients(Explainer):
    """Gradients of scores by the explained input."""

    def __init__(self, network: Network, task: AttributionTask, job: Job, node: Saliency) -> None:
        import random

        import tensorflow as tf

        super().__init__(network, task, job)
        self._node = node
        self._seed = random.SystemRandom().getrandbits(32) if node.seed is None else node.seed

        def gradient(tensors: list[Any], explained: Any, numbers: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(explained)
                given = [explained if n == task.explained else tensor for n, tensor in enumerate(tensors)]
                scores = task.scores.of(self.call(given)[0], numbers)
            return tape.gradient(scores, explained, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        self._gradient = graph_function(gradient)
        self._score = graph_function(
            lambda tensors, explained, numbers: task.scores.of(
                self.call([explained if n == task.explained else tensor for n, tensor in enumerate(tensors)])[0], numbers
            )
        )
        self._gap, self._way = 0.0, 0.0

    def maps(self, arrays: Arrays, numbers: NDArray[Any]) -> NDArray[Any]:
        """Do as `Explainer.maps`, by the node's method."""
        import numpy as np
        import tensorflow as tf

        node, place = self._node, self.task.explained
        tensors = [self.as_tensor(array) for array in arrays]
        exact = tf.float64 if self.task.binding.dtype == "float64" else tf.float32
        given = np.asarray(arrays[place]).astype(exact.as_numpy_dtype)

        def gradient(explained: NDArray[Any]) -> NDArray[Any]:
            self.job.check_cancelled()
            return np.asarray(self._gradient(tensors, tf.convert_to_tensor(explained, exact), numbers))

        if node.method == "SmoothGrad":
            flat = given.reshape(len(given), -1)
            spread = (flat.max(axis=1) - flat.min(axis=1)).reshape(-1, *[1] * (given.ndim - 1)) * node.noise_level
            random = np.random.default_rng(self._seed)
            noises = (random.standard_normal(given.shape[1:], np.float32) for _ in range(node.samples))
            made = sum((gradient(given + spread * noise) for noise in noises), np.zeros_like(given)) / node.samples
        elif node.method == "Integrated Gradients":
            way = given - node.baseline
            shares = ((n + 0.5) / node.steps for n in range(node.steps))
            made = sum((gradient(node.baseline + way * share) for share in shares), np.zeros_like(given)) / node.steps * way
            scores = [np.asarray(self._score(tensors, tf.convert_to_tensor(at, exact), numbers)) for at in (given, given - way)]
            self._note_gap(made.reshape(len(made), -1).sum(axis=1), scores[0] - scores[1])
        else:
            made = gradient(given)
            if node.method == "gradient x input":
                made = made * given
        return self._reduced(self.per_place(made))

    def _note_gap(self, sums: NDArray[Any], differences: NDArray[Any]) -> None:
        """Remember how far attributions are from what they add up to (completeness)."""
        import numpy as np

        self._gap += float(np.abs(sums - differences).sum())
        self._way += float(np.abs(differences).sum())

    def finish(self) -> None:
        """Tell if the steps were too few."""
        if self._gap > MOST_GAP * max(self._way, 1e-12):
            self.job.warn(
                f"Contributions add up to what they explain only to {self._gap / max(self._way, 1e-12):.0%} (on average):"
                f" take more steps than {self._node.steps}."
            )

    def _reduced(self, values: NDArray[Any]) -> NDArray[Any]:
        """One number for each pixel."""
        import numpy as np

        if not self.task.image:
            values = values if self._node.reduction == "sum" else np.abs(values)
            return values.reshape(-1, *self.task.shape)
        if self._node.reduction == "sum":
            return np.asarray(values.sum(axis=-1, keepdims=True))
        absolute = np.abs(values)
        reduced = absolute.max if self._node.reduction == "largest absolute" else absolute.mean
        return np.asarray(reduced(axis=-1, keepdims=True))
