"""Initializers as settings: how the first values of a weight are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from nodes.base import setting
from nodes.errors import NodeError
from nodes.kit.layers.options import KerasOption, dimensions, options_by_kind, read_option, require_matrix

SEED = setting(
    None, "Random seed", "Makes the random numbers the same every time; empty leaves that to the whole run's seed.", ge=0
)


class InitializerOption(KerasOption):
    """How the first values of a weight are chosen."""

    module = "keras.initializers"


class SeededInitializer(InitializerOption):
    """An initializer that draws random numbers."""

    seed: int | None = SEED


class ConstantInitializer(InitializerOption):
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
        """Refuse axes that do not exist."""
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


class IdentityInitializer(InitializerOption):
    """The identity matrix times a factor; for matrices only."""

    kind: Literal["Identity"] = "Identity"
    gain: float = setting(1.0, "Gain", "The value on the diagonal.")

    def check(self, shape: tuple[int, ...], setting: str, dtype: str = "float32") -> None:
        """Refuse all but a matrix, which alone has a diagonal."""
        require_matrix(self.kind, shape, setting)


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
        """Refuse a vector, which has nothing to be orthogonal to."""
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
        """Refuse all but kernels with a wave for each frequency and one input channel."""
        if len(shape) != 3 or shape[1] != 1:
            raise NodeError(
                f"STFT fills kernels of (length, 1, frequencies), not a weight of {dimensions(shape)}.",
                "Choose another initializer.",
                setting=setting,
            )


Initializer = Annotated[
    GlorotUniform | GlorotNormal | HeUniform | HeNormal | LecunUniform | LecunNormal | Zeros | Ones | ConstantInitializer
    | RandomUniform | RandomNormal | TruncatedNormal | VarianceScaling | Orthogonal | IdentityInitializer
    | STFT,
    Field(discriminator="kind"),
]  # fmt: skip


INITIALIZER_ALIASES: Mapping[str, str] = {
    "zero": "Zeros", "one": "Ones", "uniform": "RandomUniform", "normal": "RandomNormal", "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
}  # fmt: skip


def read_initializer(given: Any) -> InitializerOption | None:
    """Return an initializer as a Keras file gives it: a name, or a class with its arguments. ValueError if it is not known."""
    if isinstance(given, Mapping) and given.get("class_name") == "VarianceScaling":
        config = dict(given.get("config") or {})
        if config.get("distribution") == "normal":  # Keras 2's name
            config["distribution"] = "truncated_normal"
        given = {**given, "config": config}
    return read_option(given, options_by_kind(Initializer, InitializerOption), INITIALIZER_ALIASES)


def _require_axis(kind: str, axis: int, shape: tuple[int, ...], setting: str) -> None:
    if not -len(shape) <= axis < len(shape):
        raise NodeError(
            f"{kind} is along axis {axis}, but the weight has {dimensions(shape)}.",
            "Choose axes that there are.",
            setting=setting,
        )
