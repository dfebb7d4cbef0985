"""Grad-CAM: which parts of an image the last convolutions see as signs of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodes.base import Job, Layers, NodeError, Specs, setting
from nodes.kit.inspection.attribution import AttributionNode, AttributionTask, Explainer, Score, map_column_setting, score_setting
from nodes.kit.inspection.inference import FLOATS, Arrays, graph_function
from nodes.kit.networks.inputs import resolve_tensor
from nodes.values.network import Network, NetworkSpec, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray


class GradCAM(AttributionNode):
    """Show in which parts of an image a network finds signs of a class (Grad-CAM, Selvaraju et al., 2017).

    Each feature map of a layer is weighted by the mean gradient of the class's score over it, and the weighted sum, without what
    is negative, is enlarged to the image. The last layer that still has places gives the coarse map that the paper shows; earlier
    ones give finer and less telling maps. A map that is 0 everywhere says that nothing in that layer speaks for the class.
    KNIME has no such node.

    Example: after a Keras Network Reader with a network for photographs and a folder of images, Grad-CAM for the predicted class
    with the overlays appended: of a dog and a cat, the part with the animal that was named glows.
    """

    id = "inspection.grad_cam"
    title = "Grad-CAM"
    icon = "mdi6.image-filter-center-focus-weak"
    keywords = (
        "GradCAM", "class activation map", "CAM", "heat map", "explain", "explainable AI", "XAI", "attention map", "attribution",
    )  # fmt: skip

    layer: str | None = setting(
        None,
        "Layer",
        "Whose feature maps are looked at; empty: the last that has height and width.",
        layers=Layers("network", "tensors"),
    )
    score: Score = score_setting("paper")
    only_positive: bool = setting(
        True, "Only what speaks for it", "Leave out what speaks against the class, as the paper does.", advanced=True
    )
    column: str = map_column_setting("grad-cam")

    def check(self, task: AttributionTask, specs: Specs) -> None:
        """Refuse a network without a layer that has height and width."""
        self._tensor(task.scores.network)

    def explainer(self, network: Network, task: AttributionTask, job: Job) -> Explainer:
        """Return what weighs the feature maps."""
        return _Weighed(network, task, job, self._tensor(network.spec), self.only_positive)

    def _tensor(self, network: NetworkSpec) -> Tensor:
        """The tensor of feature maps."""
        if self.layer:
            tensor = resolve_tensor(network, self.layer, "layer")
            spec = network.tensor(tensor)
            if len(spec.shape) != 3 or spec.dtype not in FLOATS:
                raise NodeError(
                    f"What comes out of '{self.layer}' is {spec.describe()}, which are no feature maps.",
                    "Choose a convolution or pooling layer.",
                    setting="layer",
                )
            return tensor
        for call in reversed(network.calls):
            spec = call.outputs[0]
            places = spec.shape[1:] if network.channels_first else spec.shape[:-1]
            if call.inputs and len(spec.shape) == 3 and places != (1, 1) and spec.dtype in FLOATS:
                return Tensor(call.layer, call.index)
        raise NodeError("No layer of the network has height and width.", "Use Saliency or Occlusion.", setting="layer")


class _Weighed(Explainer):
    """Feature maps, weighted by the gradients of scores."""

    def __init__(self, network: Network, task: AttributionTask, job: Job, tensor: Tensor, only_positive: bool) -> None:
        import tensorflow as tf

        super().__init__(network, task, job, [tensor])
        first = network.spec.channels_first
        dtype = tf.float64 if task.binding.dtype == "float64" else tf.float32
        # A map is enlarged in one go, from the middles of its places, as `tf.image.resize` has it.
        size = task.shape[:2]

        def weighed(tensors: list[Any], numbers: Any) -> Any:
            given = list(tensors)
            given[task.explained] = tf.cast(given[task.explained], dtype)
            with tf.GradientTape() as tape:
                tape.watch(given[task.explained])  # else nothing is recorded where all layers are frozen
                raw, *more = self.call(given)
                maps = more[0] if more else raw
                scores = task.scores.of(raw, numbers)
            gradients = tape.gradient(scores, maps, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            maps, gradients = (tf.cast(t, dtype) for t in (maps, gradients))
            if first:
                maps, gradients = (tf.transpose(t, (0, 2, 3, 1)) for t in (maps, gradients))
            weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
            made = tf.reduce_sum(maps * weights, axis=-1, keepdims=True)
            return tf.image.resize(tf.nn.relu(made) if only_positive else made, size)

        self._weighed = graph_function(weighed)

    def maps(self, arrays: Arrays, numbers: NDArray[Any]) -> NDArray[Any]:
        """Do as `Explainer.maps`."""
        import numpy as np

        return np.asarray(self._weighed([self.as_tensor(array) for array in arrays], numbers))
