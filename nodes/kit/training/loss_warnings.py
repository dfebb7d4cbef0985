"""Losses that can be computed, but hardly mean what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nodes.kit.training.data_binding import TrainingBinding
from nodes.values.network import NetworkSpec, Tensor

PROBABILITY_LOSSES = (
    "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "KLDivergence",
)  # fmt: skip
BINARY_PROBABILITY_LOSSES = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
TRANSPARENT = ("Flatten", "Reshape", "Permute", "Dropout", "Identity", "Cropping1D", "Cropping2D", "Cropping3D")
"""Layers behind which the values are what they were before."""


def activation_of(network: NetworkSpec, tensor: Tensor) -> str | None:
    """Return the activation whose values a tensor has, by Keras's name (`linear`: none); None where it cannot be told."""
    for _ in network.calls:
        layer = network.layer(tensor.layer)
        if layer.kind in TRANSPARENT:
            call = next(c for c in network.calls if (c.layer, c.index) == (tensor.layer, tensor.call))
            tensor = call.inputs[0]
            continue
        if layer.kind == "Softmax":
            return "softmax"
        if "activation" not in layer.config:
            return None
        found = layer.config["activation"]
        if isinstance(found, Mapping):
            found = found.get("class_name") if isinstance(found.get("class_name"), str) else "?"
        return "linear" if found is None else str(found).lower()
    return None


def loss_warnings(network: NetworkSpec, binding: TrainingBinding) -> Iterator[str]:
    """Find losses that can be computed, but hardly mean what was meant, given the last layer's activation."""
    for target in binding.targets:
        loss, activation = target.entry.loss, activation_of(network, target.tensor)
        if loss.kind in PROBABILITY_LOSSES and target.width == 1:
            yield (
                f"{loss.kind} tells several classes apart, but '{target.tensor.layer}' puts out one number, so nothing is"
                " learned: give the layer a unit per class, or choose BinaryCrossentropy."
            )
            continue
        name, from_logits = target.tensor.layer, bool(getattr(loss, "from_logits", False))
        probabilities = loss.kind in PROBABILITY_LOSSES
        if loss.kind not in PROBABILITY_LOSSES + BINARY_PROBABILITY_LOSSES or activation is None:
            continue
        if from_logits and activation in ("softmax", "sigmoid"):
            yield (
                f"The loss of '{name}' applies {activation} (from logits), which the layer does already: "
                "take one of the two away."
            )
        elif not from_logits and activation in ("linear", "relu", "tanh", "elu", "leaky_relu", "leakyrelu", "selu", "softplus"):
            wanted = "softmax" if probabilities else "sigmoid"
            remedy = f"give the layer {wanted}" + (", or the loss 'From logits'." if hasattr(loss, "from_logits") else ".")
            yield f"{loss.kind} compares probabilities, but the activation of '{name}' is {activation}: {remedy}"
        elif not from_logits and probabilities and activation == "sigmoid":
            yield f"The classes of '{name}' exclude each other under {loss.kind}: sigmoid does not know that, softmax does."
        elif not from_logits and not probabilities and activation == "softmax" and target.width == 1:
            yield f"Softmax over a single number is always 1: give '{name}' sigmoid."
