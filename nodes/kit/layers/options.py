"""The objects that layers share: initializers, regularizers, constraints and activations.

Each is a small settings model whose `kind` is the Keras class, and can be written as Keras's own JSON and read back
from it. Reading accepts the spellings of Keras 2 and 3 and refuses everything that is not one of these classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, cast, get_args

from pydantic import Field, ValidationError, model_validator

from nodes.base import Settings, setting
from nodes.declaration.mistakes import in_one_line
from nodes.errors import NodeError
from nodes.wording import counted

KERAS_MODULES = ("keras", "keras.activations", "keras.constraints", "keras.initializers", "keras.layers", "keras.regularizers")
"""Where a Keras file may say that a class of it lives."""

SEED = setting(
    None, "Random seed", "Makes the random numbers the same every time; empty leaves that to the whole run's seed.", ge=0
)


class KerasOption(Settings):
    """An object of Keras that is one of a layer's arguments."""

    module: ClassVar[str]
    renamed: ClassVar[Mapping[str, str]] = {}
    """Arguments of older Keras versions -> today's names."""

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """NodeError if this cannot be used on numbers of `shape` (0: not known) and `dtype`, as the layer's `setting`."""

    def to_config(self) -> dict[str, Any]:
        """As Keras serializes it, in plain JSON."""
        fields = self.model_dump(mode="json")
        return {"module": self.module, "class_name": fields.pop("kind"), "config": fields, "registered_name": None}


# ---------------------------------------------------------------------------------------------------------- initializers


class InitializerOption(KerasOption):
    """How the first values of a weight are chosen."""

    module = "keras.initializers"


class SeededInitializer(InitializerOption):
    """An initializer that draws random numbers."""

    seed: int | None = SEED


class Constant(InitializerOption):
    """Every value the same."""

    kind: Literal["Constant"] = "Constant"
    value: float = setting(0.0, "Value", "The value of every weight.")


class FanInitializer(SeededInitializer):
    """An initializer whose spread depends on how many numbers go into and out of each neuron.

    Which axes of the weight count as its inputs and outputs is known of kernels; einsum layers work it out themselves.
    """

    input_axes: tuple[int, ...] | None = setting(
        None, "Input axes", "The axes of the weight that are its inputs; empty: all but the last. Only with the output axes."
    )
    output_axes: tuple[int, ...] | None = setting(
        None, "Output axes", "The axes of the weight that are its outputs; empty: the last. Only with the input axes."
    )

    @model_validator(mode="after")
    def _has_both_axes(self) -> Self:
        if (self.input_axes is None) != (self.output_axes is None):
            raise ValueError("the input axes and the output axes are given together, or not at all")
        return self

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """The axes must exist."""
        for axis in (*(self.input_axes or ()), *(self.output_axes or ())):
            _require_axis(type(self).__name__, axis, shape, setting)


class GlorotNormal(FanInitializer):
    """Normal, cut off at two standard deviations, with stddev = sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""

    kind: Literal["GlorotNormal"] = "GlorotNormal"


class GlorotUniform(FanInitializer):
    """Uniform within +-sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""

    kind: Literal["GlorotUniform"] = "GlorotUniform"


class HeNormal(FanInitializer):
    """Normal, cut off at two standard deviations, with stddev = sqrt(2 / fan_in) (He et al., 2015)."""

    kind: Literal["HeNormal"] = "HeNormal"


class HeUniform(FanInitializer):
    """Uniform within +-sqrt(6 / fan_in) (He et al., 2015)."""

    kind: Literal["HeUniform"] = "HeUniform"


class LecunNormal(FanInitializer):
    """Normal, cut off at two standard deviations, with stddev = sqrt(1 / fan_in) (Klambauer et al., 2017)."""

    kind: Literal["LecunNormal"] = "LecunNormal"


class LecunUniform(FanInitializer):
    """Uniform within +-sqrt(3 / fan_in) (Klambauer et al., 2017)."""

    kind: Literal["LecunUniform"] = "LecunUniform"


class Identity(InitializerOption):
    """The identity matrix times a factor; for matrices only."""

    kind: Literal["Identity"] = "Identity"
    gain: float = setting(1.0, "Gain", "The value on the diagonal.")

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """Only a matrix has a diagonal."""
        _require_matrix(self.kind, shape, setting)


class Ones(InitializerOption):
    """Every value one."""

    kind: Literal["Ones"] = "Ones"


class Zeros(InitializerOption):
    """Every value zero."""

    kind: Literal["Zeros"] = "Zeros"


class Orthogonal(SeededInitializer):
    """A random orthogonal matrix (Saxe et al., 2013); needs weights with at least two dimensions."""

    kind: Literal["Orthogonal"] = "Orthogonal"
    gain: float = setting(1.0, "Gain", "A factor on the matrix.")

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """A vector has nothing to be orthogonal to."""
        if len(shape) < 2:
            raise NodeError("Orthogonal cannot be used on a vector.", "Choose another initializer.", setting=setting)


class RandomNormal(SeededInitializer):
    """Normally distributed."""

    kind: Literal["RandomNormal"] = "RandomNormal"
    mean: float = setting(0.0, "Mean", "Mean of the distribution.")
    stddev: float = setting(0.05, "Standard deviation", "Standard deviation of the distribution.", gt=0)


class TruncatedNormal(SeededInitializer):
    """Normally distributed; what is more than two standard deviations from the mean is drawn again."""

    kind: Literal["TruncatedNormal"] = "TruncatedNormal"
    mean: float = setting(0.0, "Mean", "Mean of the distribution before it is cut off.")
    stddev: float = setting(0.05, "Standard deviation", "Standard deviation of the distribution before it is cut off.", gt=0)


class RandomUniform(SeededInitializer):
    """Uniformly distributed."""

    kind: Literal["RandomUniform"] = "RandomUniform"
    minval: float = setting(-0.05, "Smallest", "Lower end of the range.")
    maxval: float = setting(0.05, "Largest", "Upper end of the range; above the lower end.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.minval >= self.maxval:
            raise ValueError(f"the smallest value ({self.minval:g}) must be below the largest ({self.maxval:g})")
        return self


class VarianceScaling(FanInitializer):
    """The general form of the Glorot, He and LeCun initializers: variance = scale / fan."""

    kind: Literal["VarianceScaling"] = "VarianceScaling"
    scale: float = setting(1.0, "Scale", "A factor on the variance.", gt=0)
    mode: Literal["fan_in", "fan_out", "fan_avg"] = setting(
        "fan_in",
        "Mode",
        "What the variance is divided by.",
        choices={"fan_in": "The number of inputs.", "fan_out": "The number of outputs.", "fan_avg": "The mean of both."},
    )
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = setting(
        "truncated_normal",
        "Distribution",
        "Which distribution the values are drawn from.",
        choices={
            "truncated_normal": "Normal, cut off at two standard deviations.",
            "untruncated_normal": "Normal.",
            "uniform": "Uniform.",
        },
    )


Window = Literal[
    "hann", "hamming", "barthann", "bartlett", "blackman", "blackmanharris", "bohman", "boxcar", "cosine", "flattop", "lanczos",
    "nuttall", "parzen", "triang",
]  # fmt: skip
"""The window functions of SciPy that need no parameter."""

WINDOW_CHOICES: Mapping[str, str] = {
    "hann": "A raised cosine that ends at zero: the usual choice.",
    "hamming": "A raised cosine that ends a little above zero.",
    "barthann": "Between Bartlett and Hann.",
    "bartlett": "A triangle that ends at zero.",
    "blackman": "Three cosine terms: little leaks, peaks are wider.",
    "blackmanharris": "Four cosine terms: next to nothing leaks.",
    "bohman": "Two half cosines, one laid over the other.",
    "boxcar": "All ones: no window.",
    "cosine": "Half a cosine wave.",
    "flattop": "Keeps the height of peaks exactly.",
    "lanczos": "The middle of a sinc function.",
    "nuttall": "Four cosine terms, by Nuttall.",
    "parzen": "A piecewise cubic.",
    "triang": "A triangle that ends above zero.",
}

Scaling = Literal["density", "spectrum"]

SCALING_CHOICES: Mapping[str, str] = {
    "density": "By the square root of the window's sum of squares.",
    "spectrum": "By the window's sum.",
}


class STFT(InitializerOption):
    """The waves of a short-time Fourier transform, for kernels of shape (frame length, 1, frequencies)."""

    kind: Literal["STFT"] = "STFT"
    side: Literal["real", "imag"] = setting(
        "real",
        "Side",
        "Which part of the complex waves.",
        choices={"real": "The cosines.", "imag": "The negative sines."},
    )
    window: Window | None = setting("hann", "Window", "What fades each frame in and out; empty: nothing.", choices=WINDOW_CHOICES)
    scaling: Scaling | None = setting(
        "density", "Scaling", "What the window is divided by; empty: nothing.", choices=SCALING_CHOICES
    )
    periodic: bool = setting(False, "Periodic", "Takes the window as one period of a wave that goes on.")

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """It has a wave for each frequency, and one input channel."""
        if len(shape) != 3 or shape[1] != 1:
            raise NodeError(
                f"STFT fills kernels of (length, 1, frequencies), not a weight of {dimensions(shape)}.",
                "Choose another initializer.",
                setting=setting,
            )


Initializer = Annotated[
    GlorotUniform | GlorotNormal | HeUniform | HeNormal | LecunUniform | LecunNormal | Zeros | Ones | Constant
    | RandomUniform | RandomNormal | TruncatedNormal | VarianceScaling | Orthogonal | Identity
    | STFT,
    Field(discriminator="kind"),
]  # fmt: skip

# ---------------------------------------------------------------------------------------------------------- regularizers


class RegularizerOption(KerasOption):
    """What is added to the loss for large values."""

    module = "keras.regularizers"


class L1(RegularizerOption):
    """l1 times the sum of the absolute values."""

    kind: Literal["L1"] = "L1"
    renamed = {"l": "l1"}
    l1: float = setting(0.01, "L1", "Factor on the sum of the absolute values; KNIME's default is 0.0000001.", ge=0)


class L2(RegularizerOption):
    """l2 times the sum of the squares."""

    kind: Literal["L2"] = "L2"
    renamed = {"l": "l2"}
    l2: float = setting(0.01, "L2", "Factor on the sum of the squares; KNIME's default is 0.0000001.", ge=0)


class L1L2(RegularizerOption):
    """Both together."""

    kind: Literal["L1L2"] = "L1L2"
    l1: float = setting(0.0, "L1", "Factor on the sum of the absolute values.", ge=0)
    l2: float = setting(0.0, "L2", "Factor on the sum of the squares.", ge=0)


class OrthogonalRegularizer(RegularizerOption):
    """Factor times the mean absolute cosine between the rows (or columns) of a matrix; for matrices only."""

    kind: Literal["OrthogonalRegularizer"] = "OrthogonalRegularizer"
    factor: float = setting(0.01, "Factor", "Factor on the sum that is added to the loss.", ge=0)
    mode: Literal["rows", "columns"] = setting(
        "rows",
        "Mode",
        "What is to become orthogonal.",
        choices={"rows": "The rows to each other.", "columns": "The columns to each other."},
    )

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """Only a matrix has rows and columns; and there must be two of them at least."""
        _require_matrix(self.kind, shape, setting)
        if shape[0 if self.mode == "rows" else 1] == 1:
            raise NodeError(
                f"{self.kind} compares {self.mode} with each other, but there is one only: the loss would be no number.",
                f"Choose the mode '{'columns' if self.mode == 'rows' else 'rows'}', or another regularizer.",
                setting=setting,
            )
        if dtype != "float32":
            raise NodeError(
                f"Keras computes {self.kind} in float32 only, not in {dtype}.",
                "Choose the number type float32, or another regularizer.",
                setting=setting,
            )


Regularizer = Annotated[L1 | L2 | L1L2 | OrthogonalRegularizer, Field(discriminator="kind")]

# ----------------------------------------------------------------------------------------------------------- constraints


class ConstraintOption(KerasOption):
    """What weights are forced to after every step of training."""

    module = "keras.constraints"

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """The axis must exist."""
        axis = getattr(self, "axis", 0)
        if not -len(shape) <= axis < len(shape):
            raise NodeError(
                f"{type(self).__name__} is along axis {axis}, but the weight has {dimensions(shape)}.",
                "Choose axis 0.",
                setting=f"{setting}.axis",
            )


class MaxNorm(ConstraintOption):
    """The norm of each neuron's incoming weights stays below a limit."""

    kind: Literal["MaxNorm"] = "MaxNorm"
    renamed = {"m": "max_value"}
    max_value: float = setting(2.0, "Largest norm", "Limit of the norm.", gt=0)
    axis: int = setting(0, "Axis", "Axis of the weight along which norms are taken; 0 for a dense layer.")


class MinMaxNorm(ConstraintOption):
    """The norm of each neuron's incoming weights stays between two limits."""

    kind: Literal["MinMaxNorm"] = "MinMaxNorm"
    min_value: float = setting(0.0, "Smallest norm", "Lower limit of the norm.", ge=0)
    max_value: float = setting(1.0, "Largest norm", "Upper limit of the norm; above the lower one.", gt=0)
    rate: float = setting(1.0, "Rate", "How much of the way into the limits is gone at each step.", ge=0, le=1)
    axis: int = setting(0, "Axis", "Axis of the weight along which norms are taken; 0 for a dense layer.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min_value >= self.max_value:
            raise ValueError(f"the smallest norm ({self.min_value:g}) must be below the largest ({self.max_value:g})")
        return self


class NonNeg(ConstraintOption):
    """Negative weights become zero."""

    kind: Literal["NonNeg"] = "NonNeg"


class UnitNorm(ConstraintOption):
    """The norm of each neuron's incoming weights is one."""

    kind: Literal["UnitNorm"] = "UnitNorm"
    axis: int = setting(0, "Axis", "Axis of the weight along which norms are taken; 0 for a dense layer.")


Constraint = Annotated[MaxNorm | MinMaxNorm | NonNeg | UnitNorm, Field(discriminator="kind")]

# ----------------------------------------------------------------------------------------------------------- activations

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

# --------------------------------------------------------------------------------------------------------------- reading

ACTIVATION_ALIASES: Mapping[str, str] = {"swish": "silu", "hard_swish": "hard_silu"}
INITIALIZER_ALIASES: Mapping[str, str] = {
    "zero": "Zeros", "one": "Ones", "uniform": "RandomUniform", "normal": "RandomNormal", "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
}  # fmt: skip
Option = TypeVar("Option", bound=KerasOption)

INITIALIZER_IGNORED = frozenset({"dtype"})  # Keras 2 wrote it; the weight's dtype decides


def read_initializer(given: Any) -> InitializerOption | None:
    """An initializer as a Keras file gives it: a name, or a class with its arguments. ValueError if it is not known."""
    if isinstance(given, Mapping) and given.get("class_name") == "VarianceScaling":
        config = dict(given.get("config") or {})
        if config.get("distribution") == "normal":  # Keras 2's name
            config["distribution"] = "truncated_normal"
        given = {**given, "config": config}
    return _read(given, _classes(Initializer, InitializerOption), INITIALIZER_ALIASES)


def read_regularizer(given: Any) -> RegularizerOption | None:
    """A regularizer as a Keras file gives it. ValueError if it is not known."""
    return _read(given, _classes(Regularizer, RegularizerOption), {"l1_l2": "L1L2"})


def read_constraint(given: Any) -> ConstraintOption | None:
    """A constraint as a Keras file gives it. ValueError if it is not known."""
    return _read(
        given, _classes(Constraint, ConstraintOption), {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"}
    )


def read_activation(given: Any) -> str:
    """An activation function as a Keras file gives it: its name. ValueError if it is not known."""
    name = "linear" if given is None else given
    if isinstance(name, str):
        name = ACTIVATION_ALIASES.get(name, name)
        if name in get_args(Activation):
            return name
    raise ValueError(f"the activation {_named(given)} is not one of Keras's functions")


def _classes(union: Any, base: type[Option]) -> dict[str, type[Option]]:
    """The classes of a union by their kind."""
    return {c.model_fields["kind"].default: c for c in get_args(get_args(union)[0]) if issubclass(c, base)}


def _read(given: Any, classes: Mapping[str, type[Option]], aliases: Mapping[str, str]) -> Option | None:
    """An object of one of these classes, as a Keras file gives it; None stays None."""
    if given is None:
        return None
    names = {_snake_free(kind): kind for kind in classes} | {_snake_free(a): kind for a, kind in aliases.items()}
    name, config = given, cast(Any, {})
    if isinstance(given, Mapping):
        name, config = given.get("class_name"), given.get("config") or {}
        if given.get("module") not in (None, *KERAS_MODULES) or given.get("registered_name") not in (None, name):
            raise ValueError(f"{_named(given)} is not a class of Keras")
    kind = names.get(_snake_free(name)) if isinstance(name, str) else None
    if kind is None or not isinstance(config, Mapping):
        raise ValueError(f"{_named(given)} is not one of {', '.join(classes)}")
    found = classes[kind]
    values = {found.renamed.get(k, k): v for k, v in config.items() if k not in INITIALIZER_IGNORED}
    for key in [k for k, v in values.items() if k not in found.model_fields and v is None]:
        del values[key]
    try:
        return found.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"{kind}: {in_one_line(found, values, error)}") from error


def dimensions(shape: Sequence[int | None]) -> str:
    """`1 dimension`, `3 dimensions`."""
    return counted(len(shape), "dimension")


def _require_matrix(kind: str, shape: tuple[int, ...], setting: str) -> None:
    if len(shape) != 2:
        raise NodeError(
            f"{kind} works on matrices only, but is used on a weight of {dimensions(shape)}.",
            "Choose another one.",
            setting=setting,
        )


def _require_axis(kind: str, axis: int, shape: tuple[int, ...], setting: str) -> None:
    if not -len(shape) <= axis < len(shape):
        raise NodeError(
            f"{kind} is along axis {axis}, but the weight has {dimensions(shape)}.",
            "Choose axes that there are.",
            setting=setting,
        )


def _snake_free(name: str) -> str:
    """`glorot_uniform` and `GlorotUniform` are one name."""
    return name.replace("_", "").lower()


def _named(given: Any) -> str:
    """What a file asked for, in a message."""
    if isinstance(given, Mapping):
        module, name = given.get("module"), given.get("class_name")
        return f"'{module}.{name}'" if module else f"'{name}'"
    return f"'{given}'"
