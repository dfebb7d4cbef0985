"""Compiling a model for training: its precision, losses, metrics and optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from nodes.base import Job
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operations import Operation
from nodes.kit.training.targets import BoundTarget
from nodes.values.network import NetworkSpec

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


def with_precision(network: NetworkSpec, precision: Precision) -> NetworkSpec:
    """Return the same network computing in another precision; its outputs stay in 32 bits, as losses need them."""
    if precision == "network":
        return network
    outputs = {tensor.layer for tensor in network.outputs}
    changed = []
    for layer in network.layers:
        now = str(layer.config.get("dtype") or "float32")
        if _computes(layer.kind) and (now == "float32" or now.startswith("mixed_")):
            wanted = "float32" if layer.name in outputs else precision
            changed.append(replace(layer, config={**layer.config, "dtype": wanted}))
    return network.with_layers(changed)


def _computes(kind: str) -> bool:
    """Whether a layer has a number type of its own: what is fed has one that is given, and operations take what comes."""
    return kind != "InputLayer" and not issubclass(layer_class(kind), Operation)


def needs_loss_scale(network: NetworkSpec) -> bool:
    """Return whether gradients would vanish in 16 bits unless the loss is scaled up."""
    return any(layer.config.get("dtype") == "mixed_float16" for layer in network.layers)


@dataclass(frozen=True)
class LossScale:
    """How the loss of a float16 network is scaled (`keras.optimizers.LossScaleOptimizer`)."""

    initial_scale: float = 2.0**15
    dynamic_growth_steps: int = 2000


def compile_model(
    model: keras.Model,
    network: NetworkSpec,
    targets: Sequence[BoundTarget],
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
    # the step of training is compiled by `nodes.kit.training.loop`.
    model.compile(
        optimizer=optimizer,
        loss=[target.entry.loss.build(job, f"{target.where}.loss") for target in targets],
        loss_weights=[target.entry.loss_weight for target in targets],
        jit_compile=False,
        **extra,
    )
