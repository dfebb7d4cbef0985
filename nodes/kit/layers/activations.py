"""Keras's activation functions by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from nodes.kit.layers.options import described

Activation = Literal[
    "linear", "relu", "softmax", "sigmoid", "tanh", "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid",
    "hard_silu", "hard_tanh", "leaky_relu", "log_sigmoid", "log_softmax", "mish", "relu6", "selu", "silu", "soft_shrink",
    "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink",
]  # fmt: skip
"""Keras's activation functions by name. Not among them: `threshold`, which has no defaults and so cannot be given by
name, and `glu`, which halves the last dimension while Keras goes on to announce the full one."""

ACTIVATION_CHOICES: Mapping[str, str] = {
    "linear": "x: no activation.",
    "relu": "max(x, 0).",
    "softmax": "Positive values that add up to 1 over the last axis: class probabilities.",
    "sigmoid": "1 / (1 + exp(-x)): between 0 and 1.",
    "tanh": "Hyperbolic tangent: between -1 and 1.",
    "celu": "max(x, 0) + min(exp(x) - 1, 0): an ELU that is smooth everywhere.",
    "elu": "x above 0, exp(x) - 1 below.",
    "exponential": "exp(x).",
    "gelu": "x times the normal distribution's share below x.",
    "hard_shrink": "0 between -0.5 and 0.5, else x.",
    "hard_sigmoid": "x / 6 + 0.5, cut off at 0 and 1 (in Keras 2 the slope was 0.2).",
    "hard_silu": "x times hard_sigmoid(x); also called hard_swish.",
    "hard_tanh": "x, cut off at -1 and 1.",
    "leaky_relu": "x above 0, 0.2 x below.",
    "log_sigmoid": "log(sigmoid(x)).",
    "log_softmax": "log(softmax(x)) over the last axis.",
    "mish": "x times tanh(softplus(x)).",
    "relu6": "min(max(x, 0), 6).",
    "selu": "A scaled ELU whose outputs keep mean 0 and variance 1.",
    "silu": "x times sigmoid(x); also called swish.",
    "soft_shrink": "x moved towards 0 by 0.5; 0 where it would cross it.",
    "softplus": "log(exp(x) + 1).",
    "softsign": "x / (|x| + 1).",
    "sparse_plus": "0 below -1, x above 1, a parabola between.",
    "sparse_sigmoid": "(x + 1) / 2, cut off at 0 and 1.",
    "sparsemax": "As softmax, but small probabilities become exactly 0.",
    "squareplus": "(x + sqrt(x^2 + 4)) / 2.",
    "tanh_shrink": "x - tanh(x).",
}


ACTIVATION_ALIASES: Mapping[str, str] = {"swish": "silu", "hard_swish": "hard_silu"}


def read_activation(given: Any) -> str:
    """Return an activation function as a Keras file gives it: its name. ValueError if it is not known."""
    name = "linear" if given is None else given
    if isinstance(name, str):
        name = ACTIVATION_ALIASES.get(name, name)
        if name in get_args(Activation):
            return name
    raise ValueError(f"the activation {described(given)} is not one of Keras's functions")
