"""The options of layers with a kernel and a bias: how weights begin, and what keeps them small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodes.base import setting
from nodes.declaration.setting import MISSING
from nodes.kit.layers.activations import ACTIVATION_CHOICES
from nodes.kit.layers.base import UnaryLayer
from nodes.kit.layers.constraints import Constraint
from nodes.kit.layers.initializers import GlorotUniform, Initializer, InitializerOption, Zeros
from nodes.kit.layers.regularizers import Regularizer
from nodes.values.network import WeightSpec

FORM_OF_THE_KERNEL = (
    "It gives a layer other weights than its shapes say, for a network that is built and trained already; such a network is "
    "changed in a script."
)
LORA: Mapping[str, str] = dict.fromkeys(("lora_rank", "lora_alpha", "quantization_config"), FORM_OF_THE_KERNEL)
"""What dense, einsum and embedding layers have no settings for, and why."""


def initializer_setting(weight: str, default: InitializerOption) -> Any:
    """Declare how the first values of `weight` are chosen."""
    label, help = f"{weight} initializer", f"How the first values of the {weight.lower()} are chosen."
    return setting(default, label, help, group="Advanced", advanced=True)


def regularizer_setting(weight: str) -> Any:
    """Declare what `weight` adds to the loss."""
    label, help = f"{weight} regularizer", f"What large values of the {weight.lower()} add to the loss; empty: nothing."
    return setting(None, label, help, group="Advanced", advanced=True)


def constraint_setting(weight: str) -> Any:
    """Declare what `weight` is forced to."""
    label, help = f"{weight} constraint", f"What the {weight.lower()} is forced to after every step of training; empty: nothing."
    return setting(None, label, help, group="Advanced", advanced=True)


def activation_setting(start: Any = MISSING) -> Any:
    """Declare a layer's activation function, and that of a layer which a person adds."""
    help = "What every output goes through. Functions with numbers to choose (a slope, a limit) are layers of their own."
    return setting("linear", "Activation function", help, choices=ACTIVATION_CHOICES, start=start)


class BiasedLayer(UnaryLayer):
    """A layer that may add a learned bias to its outputs."""

    use_bias: bool = setting(True, "Use bias", "Adds a learned number to every output.", group="Advanced")
    bias_initializer: Initializer = initializer_setting("Bias", Zeros())
    bias_regularizer: Regularizer | None = regularizer_setting("Bias")
    bias_constraint: Constraint | None = constraint_setting("Bias")
    activity_regularizer: Regularizer | None = regularizer_setting("Output")

    def with_bias(self, *weights: WeightSpec, size: int) -> tuple[WeightSpec, ...]:
        """Return these weights, and the bias if it is used."""
        return (*weights, self.weight("bias", (size,))) if self.use_bias else weights


class KernelLayer(BiasedLayer):
    """A layer that multiplies its input with a kernel."""

    kernel_initializer: Initializer = initializer_setting("Kernel", GlorotUniform())
    kernel_regularizer: Regularizer | None = regularizer_setting("Kernel")
    kernel_constraint: Constraint | None = constraint_setting("Kernel")
