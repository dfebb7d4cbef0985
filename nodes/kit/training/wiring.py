"""What a network is trained on: the columns of its inputs and targets, weights of rows and classes, and how it is compiled.

Shared by the nodes that take steps of training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Columns, Job, NodeError, setting
from nodes.kit.networks.binding import FEEDABLE, Binding
from nodes.kit.networks.feeding import TensorColumns, bind_inputs, check_batch_size
from nodes.kit.training.losses import CustomLoss
from nodes.kit.training.targets import Target, TargetColumns, bind_targets
from nodes.kit.training.training import BatchLayout
from nodes.values.network import NetworkSpec, Tensor
from nodes.values.table import TableSpec, describe_dtype

if TYPE_CHECKING:
    import keras

Precision = Literal["network", "float32", "mixed_float16", "mixed_bfloat16"]

PRECISIONS: Mapping[str, str] = {
    "network": "As each layer says (its number type).",
    "float32": "All layers in 32 bits.",
    "mixed_float16": "Layers compute in float16 and keep weights in float32; the loss is scaled so that gradients do not vanish. "
    "For NVIDIA cards since 2017.",
    "mixed_bfloat16": "The same in bfloat16, which needs no scaling. For cards since 2020 and recent processors.",
}

PROBABILITY_LOSSES = (
    "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "KLDivergence",
)  # fmt: skip
BINARY_PROBABILITY_LOSSES = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
TRANSPARENT = ("Flatten", "Reshape", "Permute", "Dropout", "Identity", "Cropping1D", "Cropping2D", "Cropping3D")
"""Layers behind which the values are what they were before."""


class InputColumns(TensorColumns):
    """Columns that fill one input of the network."""

    columns: list[str] = setting(
        [],
        "Columns",
        "Columns that fill it, in this order; empty: the only one that fits.",
        columns=Columns("training", FEEDABLE),
    )


@dataclass(frozen=True)
class Wiring:
    """Which columns go where, and whether the network fixes its batch size."""

    inputs: Sequence[Binding]
    targets: Sequence[Target]
    fixed_batch: bool

    @property
    def bindings(self) -> list[Binding]:
        """Inputs, then targets."""
        return [*self.inputs, *(target.binding for target in self.targets)]

    @property
    def columns(self) -> list[str]:
        """All columns in use, each once."""
        weights = [target.weight for target in self.targets if target.weight]
        return list(dict.fromkeys(column for binding in [*self.bindings, *weights] for column in binding.columns))

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return any(target.weight for target in self.targets)

    def layout(self, weighted: bool) -> BatchLayout:
        """How the arrays of a block become Keras's: inputs, targets, and a weight per target if there are any."""
        dtypes = [binding.dtype for binding in self.bindings] + ["float32"] * (len(self.targets) if weighted else 0)
        return BatchLayout(tuple(dtypes), len(self.inputs), len(self.targets))

    def with_classes(self, network: NetworkSpec) -> NetworkSpec:
        """The network, knowing what its outputs' classes are called."""
        known = {str(target.tensor): target.classes for target in self.targets if target.classes}
        return replace(network, classes={**network.classes, **known})

    def scripts(self) -> dict[str, str]:
        """The losses that are scripts: setting -> source."""
        return scripts_of([target.entry for target in self.targets])


def wire(
    network: NetworkSpec, table: TableSpec, inputs: Sequence[TensorColumns], targets: Sequence[TargetColumns], batch_size: int
) -> Wiring:
    """Bind columns to a network's inputs and outputs.

    Raises:
        NodeError: If they do not fit, or the network fixes another batch size.
    """
    fixed = check_batch_size(network, batch_size, "batch_size")
    bound = bind_inputs(network, table, inputs)
    taken = [column for binding in bound for column in binding.columns]
    return Wiring(bound, bind_targets(network, table, targets, taken), fixed)


def scripts_of(targets: Sequence[TargetColumns]) -> dict[str, str]:
    """The losses that are scripts: setting -> source."""
    return {f"targets.{n}.loss.script": t.loss.script for n, t in enumerate(targets) if isinstance(t.loss, CustomLoss)}


def differences(training: TableSpec, validation: TableSpec, columns: Sequence[str]) -> Iterator[NodeError]:
    """Columns of the training data that the validation data do not have, or have differently."""
    for column in columns:
        wanted, found = training.schema[column], validation.schema.get(column)
        if found is None:
            yield NodeError(
                f"The validation table has no column '{column}', which is trained on.",
                "Prepare the validation data just as the training data.",
            )
        elif found != wanted:
            yield NodeError(
                f"Column '{column}' is {describe_dtype(wanted)} in the training table, but {describe_dtype(found)} in the "
                "validation table" + (", with other classes." if type(found) is type(wanted) else "."),
                "Prepare the validation data just as the training data.",
            )
        elif training.class_names(column) != validation.class_names(column):
            yield NodeError(
                f"Column '{column}' has other classes in the validation table than in the training table.",
                "Use one Category to Number for both, by its mapping.",
            )


# ------------------------------------------------------------------------------------------------- loss and last activation


def activation_of(network: NetworkSpec, tensor: Tensor) -> str | None:
    """The activation whose values a tensor has, by Keras's name (`linear`: none); None where it cannot be told."""
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


def loss_warnings(network: NetworkSpec, wiring: Wiring) -> Iterator[str]:
    """Losses that can be computed, but hardly mean what was meant, given the last layer's activation."""
    for target in wiring.targets:
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


# -------------------------------------------------------------------------------------------------------------- compiling


def with_precision(network: NetworkSpec, precision: Precision) -> NetworkSpec:
    """The same network computing in another precision; its outputs stay in 32 bits, as losses need them."""
    if precision == "network":
        return network
    outputs = {tensor.layer for tensor in network.outputs}
    changed = []
    for layer in network.layers:
        now = str(layer.config.get("dtype") or "float32")
        if layer.kind != "InputLayer" and (now == "float32" or now.startswith("mixed_")):
            wanted = "float32" if layer.name in outputs else precision
            changed.append(replace(layer, config={**layer.config, "dtype": wanted}))
    return network.with_layers(changed)


def needs_loss_scale(network: NetworkSpec) -> bool:
    """Whether gradients would vanish in 16 bits unless the loss is scaled up."""
    return any(layer.config.get("dtype") == "mixed_float16" for layer in network.layers)


@dataclass(frozen=True)
class LossScale:
    """How the loss of a float16 network is scaled (`keras.optimizers.LossScaleOptimizer`)."""

    initial_scale: float = 2.0**15
    dynamic_growth_steps: int = 2000


def compile_model(
    model: keras.Model,
    network: NetworkSpec,
    targets: Sequence[Target],
    optimizer: keras.Optimizer,
    job: Job,
    *,
    scale: LossScale | None = None,
    metrics: bool = True,
) -> None:
    """Compile a model for training.

    Args:
        model: Built of `network`.
        network: In the precision that it computes in.
        targets: Loss and metrics per output.
        optimizer: As built.
        job: For losses that are scripts.
        scale: Of the loss, where it is needed.
        metrics: Whether anything but the loss is computed.

    Raises:
        NodeError: If a script fails.
    """
    import keras

    if needs_loss_scale(network):
        # Gradients of 16 bits vanish unless the loss is scaled up; Keras does so only for a global policy.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, **vars(scale or LossScale()))
    extra: dict[str, Any] = {}
    if metrics:
        extra["metrics"] = [
            [metric.build(name, t.width) for metric, name in zip(t.entry.metrics, t.metric_names(), strict=True)] for t in targets
        ]
        if any(t.entry.weighted_metrics for t in targets):
            extra["weighted_metrics"] = [
                [
                    metric.build(name.removeprefix("weighted_"), t.width)
                    for metric, name in zip(t.entry.weighted_metrics, t.weighted_metric_names(), strict=True)
                ]
                for t in targets
            ]
    # XLA makes convolutions on CPUs slower, and needs a compilation for every size of the last batch; where it is asked for,
    # the step of training is compiled by `nodes.kit.training.training`.
    model.compile(
        optimizer=optimizer,
        loss=[target.entry.loss.build(job, f"{target.where}.loss") for target in targets],
        loss_weights=[target.entry.loss_weight for target in targets],
        jit_compile=False,
        **extra,
    )
