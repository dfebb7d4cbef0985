"""Receptive fields, reckoned from a network's graph: which places of the input each place of a tensor can depend on.

Along each spatial dimension a tensor's places i see an interval [low(i), high(i)] of the input's places, which may reach
beyond its edges where there is padding. As layers slide with fixed steps, this is periodic: low(i + period) = low(i) + shift.
So a few numbers say all of it, exactly, also for upsampling and transposed convolutions, where neighbours see differently much.
What lies at the edges, where padding is seen instead, is told place by place, where the sizes are known
(Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill, 2019, has the case of period 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from nodes.values.network import Call, LayerSpec, NetworkSpec, Shape, Tensor

Interval = tuple[int, int] | None
"""First and last place; None: nothing is seen."""


@dataclass(frozen=True)
class Axis:
    """What the places of a tensor see along one dimension.

    Attributes:
        period: After so many places everything repeats ...
        shift: ... so many places further in the input.
        seen: The interval of each place from 0 to period - 1.
        placed: Whether it is known where the intervals lie; if not, only their lengths and distances are.
        real: For each place that there is: what it sees within the input, and whether it looks beyond the edge of the input or
            of a tensor on the way, at padding; None where the sizes are not known.
    """

    period: int = 1
    shift: int = 1
    seen: tuple[Interval, ...] = ((0, 0),)
    placed: bool = True
    real: tuple[tuple[Interval, bool], ...] | None = None

    def at(self, place: int) -> Interval:
        """Return the interval that a place sees, as if there were no edges."""
        turns, rest = divmod(place, self.period)
        seen = self.seen[rest]
        return None if seen is None else (seen[0] + turns * self.shift, seen[1] + turns * self.shift)

    @property
    def size(self) -> int:
        """How many places of the input one place sees at most."""
        return max((high - low + 1 for low, high in filter(None, self.seen)), default=0)

    @property
    def jump(self) -> Fraction:
        """How far the intervals of neighbours are apart, on average."""
        return Fraction(self.shift, self.period)

    @property
    def beyond(self) -> float | None:
        """The share of places that look beyond an edge; None where it is not known."""
        return sum(outside for _, outside in self.real) / max(len(self.real), 1) if self.real is not None else None

    def through(self, taps: Taps, size: int | None) -> Axis:
        """Return what the `size` places behind a layer see."""
        turns = self.period // math.gcd(self.period, taps.shift)
        seen = [_hull(self.at(place) for place in taps.at(n)) for n in range(taps.period * turns)]
        placed = self.placed and taps.placed
        real = None
        if placed and size is not None and self.real is not None:
            real = tuple(self._seen_by(taps.at(n), taps.clamped) for n in range(size))
        made = Axis(taps.period * turns, taps.shift * turns * self.shift // self.period, tuple(seen), placed, real)
        return made._simplest()

    def _seen_by(self, looked_at: Sequence[int], clamped: bool) -> tuple[Interval, bool]:
        """What a place really sees that looks at these places, and whether some of them are not there."""
        assert self.real is not None
        there = [self.real[n] for n in looked_at if 0 <= n < len(self.real)]
        outside = any(out for _, out in there) or (len(there) < len(looked_at) and not clamped)
        return _hull(interval for interval, _ in there), outside

    def beside(self, other: Axis) -> Axis | None:
        """Return what places see that see through both; None where the two drift apart."""
        if self.jump != other.jump:
            return None
        period = math.lcm(self.period, other.period)
        seen = [_hull((self.at(n), other.at(n))) for n in range(period)]
        real = None
        if self.real is not None and other.real is not None:
            pairs = zip(self.real, other.real, strict=True)
            real = tuple((_hull((mine[0], its[0])), mine[1] or its[1]) for mine, its in pairs)
        made = Axis(period, self.shift * period // self.period, tuple(seen), self.placed and other.placed, real)
        return made._simplest()

    def _simplest(self) -> Axis:
        """The same with the least period."""
        for period in range(1, self.period):
            if self.period % period == 0 and self.shift * period % self.period == 0:
                made = Axis(period, self.shift * period // self.period, self.seen[:period], self.placed, self.real)
                if all(made.at(n) == self.seen[n] for n in range(self.period)):
                    return made
        return self


@dataclass(frozen=True)
class Taps:
    """Which places of its input a layer's places look at, along one dimension.

    Attributes:
        period: After so many places ...
        shift: ... the same ones, so many further.
        at: The places that a place from 0 on looks at.
        placed: Whether they are known, or only up to an offset.
        clamped: Whether the edge's place stands for those beyond it.
    """

    period: int
    shift: int
    at: Callable[[int], Sequence[int]]
    placed: bool = True
    clamped: bool = False


def _hull(intervals: Any) -> Interval:
    known = [interval for interval in intervals if interval is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


Reach = tuple[Axis, ...] | Literal["whole", "unknown", "nothing"]
"""What a tensor's places see: an interval along each spatial dimension; the whole input; what is not known; not this input."""


def receptive_fields(network: NetworkSpec, source: Tensor) -> dict[Tensor, Reach]:
    """Return what the places of every tensor see of one input.

    Args:
        network: The network; neither weights nor Keras are needed.
        source: One of its inputs, a sequence, image or volume.

    Returns:
        Tensor -> what it sees. Only what reaches it through windows of places is told as intervals; behind layers that mix all
        places it is "whole", behind layers that move places about, such as Reshape, "unknown".
    """
    kinds = {layer.name: layer for layer in network.layers}
    places = _sizes(network.tensor(source).shape, network.channels_first)
    start = tuple(Axis(real=None if n is None else tuple(((i, i), False) for i in range(n))) for n in places)
    found: dict[Tensor, Reach] = {}
    for call in network.calls:
        layer = _unwrapped(kinds[call.layer])
        if not call.inputs:
            reach: Reach = start if Tensor(call.layer, call.index) == source else "nothing"
        else:
            reach = _through(network, layer, call, [found[tensor] for tensor in call.inputs])
        for number in range(len(call.outputs)):
            found[Tensor(call.layer, call.index, number)] = reach
    return found


# ------------------------------------------------------------------------------------------------------- layer by layer

SAME_PLACES = (
    "Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "AlphaDropout", "GaussianNoise", "GaussianDropout", "BatchNormalization", "Rescaling", "Identity", "ActivityRegularization",
    "Masking", "AutoContrast", "Normalization",
)  # fmt: skip
"""Layers whose places look at the same place only, when the network is applied."""
ELEMENTWISE = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
MIXING = ("Flatten", "GroupNormalization", "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention")
"""Layers whose places look at all places."""


def _through(network: NetworkSpec, layer: LayerSpec, call: Call, given: Sequence[Reach]) -> Reach:
    """What comes out of a call sees, by what goes in does."""
    for words in ("unknown", "whole"):
        if words in given:
            return words
    axes = [reach for reach in given if not isinstance(reach, str)]
    if not axes:
        return "nothing"
    return _through_windows(network, layer, call, axes)


def _through_windows(network: NetworkSpec, layer: LayerSpec, call: Call, axes: Sequence[tuple[Axis, ...]]) -> Reach:
    """As `_through`, where all inputs that matter see intervals."""
    shape = network.tensor(call.inputs[0]).shape
    first = network.channels_first
    if layer.kind in ELEMENTWISE or layer.kind == "Concatenate":
        return _merged(network, layer, call, axes, first)
    if len(call.inputs) > 1 or len(axes[0]) != len(shape) - 1:
        return "unknown"
    if layer.kind.startswith("Global") or layer.kind in MIXING:
        return "whole"
    if _keeps_places(layer, shape, first):
        return axes[0]
    sizes, made = (_sizes(s, first) for s in (shape, call.outputs[0].shape))
    taps = _taps(layer, sizes, made)
    if taps is None:
        return "unknown"
    return tuple(axis.through(one, size) for axis, one, size in zip(axes[0], taps, made, strict=True))


def _merged(network: NetworkSpec, layer: LayerSpec, call: Call, axes: Sequence[tuple[Axis, ...]], first: bool) -> Reach:
    """Several tensors place by place."""
    shapes = [network.tensor(tensor).shape for tensor in call.inputs]
    if layer.kind == "Concatenate":
        axis = int(layer.config.get("axis", -1))
        if (axis - 1 if axis > 0 else axis % len(shapes[0])) != (0 if first else len(shapes[0]) - 1):
            return "unknown"
    elif len({_sizes(shape, first) for shape in shapes}) > 1:
        return "unknown"  # one of them is repeated along a dimension
    made = list(axes[0])
    for other in axes[1:]:
        for n, (mine, its) in enumerate(zip(made, other, strict=True)):
            both = mine.beside(its)
            if both is None:
                return "unknown"
            made[n] = both
    return tuple(made)


def _sizes(shape: Shape, first: bool) -> Shape:
    return shape[1:] if first else shape[:-1]


def _unwrapped(layer: LayerSpec) -> LayerSpec:
    """The layer inside of a spectral normalization, which looks at the same places."""
    inner = layer.config.get("layer")
    if layer.kind == "SpectralNormalization" and isinstance(inner, Mapping):
        return replace(layer, kind=str(inner["class_name"]), config=inner["config"])
    return layer


def _keeps_places(layer: LayerSpec, shape: Shape, first: bool) -> bool:
    """Whether every place looks at itself only."""
    channels = 0 if first else len(shape) - 1
    if layer.kind in SAME_PLACES:
        return str(layer.config.get("activation")) not in ("softmax", "log_softmax") or not first
    if layer.kind.startswith("Random"):  # at work only while training
        return True
    if layer.kind == "Dense":
        return not first
    if layer.kind == "EinsumDense":
        return _is_placewise(str(layer.config.get("equation", "")), len(shape), channels)
    if layer.kind in ("Softmax", "LayerNormalization", "UnitNormalization", "RMSNormalization"):
        axis = layer.config.get("axis", -1)
        axes = [axis] if isinstance(axis, int) else list(axis)
        return {n - 1 if n > 0 else n % len(shape) for n in axes} == {channels}
    return False


def _is_placewise(equation: str, rank: int, channels: int) -> bool:
    """Whether an equation such as `abcd,de->abce` keeps all of the example's dimensions but the channels."""
    given, _, made = equation.partition("->")
    given = given.partition(",")[0]
    if "." in equation or len(given) != rank + 1 or len(made) != rank + 1:
        return False
    return all(g == m for n, (g, m) in enumerate(zip(given[1:], made[1:], strict=True)) if n != channels) and (
        given[channels + 1] not in made or given[channels + 1] == made[channels + 1]
    )


def _taps(layer: LayerSpec, sizes: Shape, made: Shape) -> tuple[Taps, ...] | None:
    """How a layer looks at its input, along each dimension; None where that is not known."""
    kind = layer.kind.rstrip("123D") if layer.kind[-1:] == "D" else layer.kind
    if kind == "UpSampling":
        how = str(layer.config.get("interpolation", "nearest"))
        factors = _numbers(layer, "size", len(sizes), 2)
        return tuple(_enlarged(factor, how == "bilinear") for factor in factors) if how in ("nearest", "bilinear") else None
    if kind in ("ZeroPadding", "Cropping", "CenterCrop"):
        return _shifted(kind, layer, sizes, made)
    return _windows(kind, layer, sizes, made)


def _numbers(layer: LayerSpec, name: str, spatial: int, default: Any = 1) -> tuple[int, ...]:
    """A setting with a number for each dimension."""
    value = layer.config.get(name)
    value = default if value is None else value
    return (value,) * spatial if isinstance(value, int) else tuple(value)


def _windows(kind: str, layer: LayerSpec, sizes: Shape, made: Shape) -> tuple[Taps, ...] | None:
    """Convolutions and pooling."""
    config, spatial = layer.config, len(sizes)

    def numbers(name: str, default: Any = 1) -> tuple[int, ...]:
        return _numbers(layer, name, spatial, default)

    if kind in ("Conv", "DepthwiseConv", "SeparableConv", "MaxPooling", "AveragePooling"):
        pools = kind.endswith("Pooling")
        width = numbers("pool_size", 2) if pools else numbers("kernel_size")
        step = numbers("strides", width) if pools else numbers("strides")
        gaps = (1,) * spatial if pools else numbers("dilation_rate")
        padding = str(config.get("padding", "valid"))
        each = zip(sizes, width, step, gaps, strict=True)
        return tuple(_window(size, reach, stride, gap, padding) for size, reach, stride, gap in each)
    if layer.kind.startswith("Conv") and layer.kind.endswith("Transpose"):
        step, padding = numbers("strides"), str(config.get("padding", "valid"))
        widths = zip(numbers("kernel_size"), numbers("dilation_rate"), strict=True)
        return tuple(
            _reverse(out, width, stride, gap, padding) for out, (width, gap), stride in zip(made, widths, step, strict=True)
        )
    return None


def _shifted(kind: str, layer: LayerSpec, sizes: Shape, made: Shape) -> tuple[Taps, ...] | None:
    """What is added or cut off at the beginning of each dimension moves all places."""
    if kind == "CenterCrop":
        both = list(zip(sizes, made, strict=True))
        known = [(n - m) // 2 for n, m in both if n is not None and m is not None and m <= n]
        return tuple(map(_moved, known)) if len(known) == len(both) else None
    spans = layer.config.get("padding" if kind == "ZeroPadding" else "cropping", 1)
    ends = [spans] * len(sizes) if isinstance(spans, int) else [spans] if len(sizes) == 1 else list(spans)
    starts = [end if isinstance(end, int) else end[0] for end in ends]
    return tuple(_moved(-start if kind == "ZeroPadding" else start) for start in starts)


def _moved(start: int) -> Taps:
    return Taps(1, 1, lambda place: (place + start,))


def _window(size: int | None, width: int, stride: int, gap: int, padding: str) -> Taps:
    """A window that slides: place i looks at i * stride - before + gap * t."""
    reach = gap * (width - 1) + 1
    before, placed = 0, True
    if padding == "causal":
        before = reach - 1
    elif padding == "same":
        added = reach - 1 if stride == 1 else 0
        if stride > 1 and size is None:
            placed = reach <= 1
        elif size is not None:
            added = max((-(-size // stride) - 1) * stride + reach - size, 0)
        before = added // 2
    return Taps(1, stride, lambda place: [place * stride - before + gap * t for t in range(width)], placed)


def _reverse(made: int | None, width: int, stride: int, gap: int, padding: str) -> Taps:
    """A window laid into the output: place o looks at the i with i * stride + gap * t = o + cut for a t of the window."""
    reach = gap * (width - 1) + 1
    cut = 0
    if padding == "same":  # as the convolution whose gradient it is would be padded
        size = made if made is not None else stride
        cut = max((-(-size // stride) - 1) * stride + reach - size, 0) // 2

    def at(place: int) -> list[int]:
        rests = [place + cut - gap * t for t in range(width)]
        return [rest // stride for rest in rests if rest % stride == 0]

    return Taps(stride, 1, at)


def _enlarged(factor: int, between: bool) -> Taps:
    """Repeated pixels, or values between the middles of two."""

    def at(place: int) -> list[int]:
        if not between:
            return [place // factor]
        middle = Fraction(2 * place + 1, 2 * factor) - Fraction(1, 2)
        return sorted({math.floor(middle), math.ceil(middle)})

    return Taps(factor, 1, at, clamped=between)
