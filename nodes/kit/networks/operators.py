"""Operators in a model's config: what Keras 3 calls an operation, as one of our layers that does the same.

Keras 2's (`TFOpLambda`, operators of TensorFlow's graphs) come here by the names that Keras 3 has for them
(`keras_2_operators.py`). Each is found by its name in a table: nothing that a file names is ever looked up as code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nodes.errors import NodeError
from nodes.kit.layers.base import Layer
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operation_names import ARITHMETIC, FUNCTIONS, REDUCTIONS
from nodes.values.network import Tensor

REMEDY = "Build the part in Keras from layers and operations that are in the node repository, and save it again."


@dataclass(frozen=True)
class StoredConstant:
    """An array that a config has as an argument: its numbers one after the other."""

    numbers: tuple[float, ...]
    shape: tuple[int, ...]
    dtype: str | None


@dataclass(frozen=True)
class Operator:
    """An operator, called by the name that Keras 3 has for its class.

    Attributes:
        kind: The class.
        arguments: All arguments by name: of the class and of the call.
    """

    kind: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class ReadOperator:
    """A layer that does what an operator did, and the tensors it is applied to; roles as `Call` has them."""

    node: Layer
    tensors: tuple[Tensor, ...]
    roles: tuple[str, ...] = ()


class _NoLayer(Exception):
    """Why an operator cannot be read; ends a sentence that names it."""


def read_operator(operator: Operator, name: str) -> ReadOperator:
    """Return the layer for an operator.

    Raises:
        NodeError: If there is none.
    """
    try:
        return _READERS.get(operator.kind, _unknown)(operator.kind, dict(operator.arguments))
    except _NoLayer as error:
        raise NodeError(f"'{name}' is the operation {operator.kind}, {error}.", REMEDY) from error
    except (KeyError, TypeError, ValueError) as error:
        raise NodeError(
            f"'{name}' is the operation {operator.kind} with arguments that Layerloom does not know.", REMEDY
        ) from error


CALL_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    **{kind: ("x1", "x2") for kind, _ in ARITHMETIC.values()},
    "Divide": ("x1", "x2"),
    "Matmul": ("x1", "x2"),
    "Where": ("condition", "x1", "x2"),
    "GetItem": ("x", "key"),
    "Take": ("x", "indices"),
    "Concatenate": ("xs",),
    "Pad": ("x", "constant_values"),
    "StopGradient": ("variable",),
}
"""The arguments of an operation's call, in their order; of others `x`."""


def constant_of(value: Any, dtype: str | None) -> StoredConstant:
    """Return an array that stands in a config as nested lists. ValueError if the lists are not of one length."""
    if not isinstance(value, list):
        return StoredConstant((value,), (), dtype)
    parts = [constant_of(one, dtype) for one in value]
    if not parts or len({part.shape for part in parts}) > 1:
        raise ValueError("an array has rows of different lengths")
    return StoredConstant(tuple(n for part in parts for n in part.numbers), (len(parts), *parts[0].shape), dtype)


# ---------------------------------------------------------------------------------------------------------------- readers


def _unknown(_: str, given: dict[str, Any]) -> ReadOperator:
    raise _NoLayer("which is not one of those that Layerloom knows")


def _node(kind: str, **config: Any) -> Layer:
    return layer_class(kind).from_config(config, kind)


def _tensor(arguments: Mapping[str, Any], *names: str) -> Tensor:
    value = next((arguments[name] for name in names if name in arguments), None)
    if not isinstance(value, Tensor):
        raise _NoLayer("which is applied to something that no layer makes")
    return value


def _unary(kind: str, **config: Any) -> Callable[[str, dict[str, Any]], ReadOperator]:
    """A reader of an operation on one tensor without arguments that matter."""

    def read(_: str, given: dict[str, Any]) -> ReadOperator:
        _refuse_others(given, "x", "variable")
        return ReadOperator(_node(kind, **config), (_tensor(given, "x", "variable"),))

    return read


def _refuse_others(given: Mapping[str, Any], *known: str) -> None:
    """_NoLayer if there is an argument that nobody looks at."""
    for name, value in given.items():
        if name not in known and value is not None and value is not False:
            raise _NoLayer(f"which has the argument '{name}' = {value!r:.60}, which Layerloom does not know")


def _axis(value: Any) -> int:
    """An axis other than the batch's."""
    if isinstance(value, StoredConstant) and len(value.numbers) == 1:
        value = int(value.numbers[0])
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, int) or isinstance(value, bool):
        raise _NoLayer("which has no axis that Layerloom knows")
    if value == 0:
        raise _NoLayer("which computes along the batch: each row would depend on the others")
    return value


def _axes(value: Any) -> list[int]:
    if isinstance(value, StoredConstant):
        value = [int(number) for number in value.numbers]
    if value is None:
        raise _NoLayer("which computes over all axes, the batch too: each row would depend on the others")
    return [_axis(axis) for axis in (value if isinstance(value, list | tuple) else [value])]


def _number(value: Any) -> float:
    if isinstance(value, StoredConstant) and len(value.numbers) == 1:
        value = value.numbers[0]
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _NoLayer("which has no number where Layerloom needs one")
    return value


def _arithmetic(function: str) -> Callable[[str, dict[str, Any]], ReadOperator]:
    def read(_: str, given: dict[str, Any]) -> ReadOperator:
        _refuse_others(given, "x1", "x2")
        sides = [given["x1"], given["x2"]]
        tensors = tuple(side for side in sides if isinstance(side, Tensor))
        if not tensors:
            raise _NoLayer("which is applied to something that no layer makes")
        if len(tensors) == 2:
            return ReadOperator(_node("Arithmetic", function=function), tensors)
        reverse = isinstance(sides[1], Tensor)
        numbers = _numbers(sides[0 if reverse else 1])
        config = {"number": numbers.numbers, "number_shape": _along(numbers.shape), "number_type": numbers.dtype}
        return ReadOperator(_node("Arithmetic", function=function, reverse=reverse, **config), tensors)

    return read


def _along(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of numbers without the dimensions of 1 at its front, which stand for the batch or are stretched anyway."""
    sizes = list(shape)
    while sizes and sizes[0] == 1:
        sizes.pop(0)
    return tuple(sizes)


def _numbers(value: Any) -> StoredConstant:
    """A number, nested lists of them or an array. _NoLayer if it is none."""
    if isinstance(value, StoredConstant):
        return value
    if isinstance(value, bool | int | float):
        return StoredConstant((value,), (), None)
    if isinstance(value, list):
        return constant_of(value, None)
    raise _NoLayer("which has no numbers where Layerloom needs some")


def _reduction(function: str) -> Callable[[str, dict[str, Any]], ReadOperator]:
    def read(_: str, given: dict[str, Any]) -> ReadOperator:
        _refuse_others(given, "x", "axis", "keepdims")
        axes = _axes(given.get("axis"))
        return ReadOperator(
            _node("Reduce", function=function, axes=axes, keepdims=bool(given.get("keepdims"))), (_tensor(given, "x"),)
        )

    return read


def _clip(_: str, given: dict[str, Any]) -> ReadOperator:
    limits = {name: float(_number(given[name])) for name in ("x_min", "x_max")}
    return ReadOperator(_node("Clip", **limits), (_tensor(given, "x"),))


def _slice(_: str, given: dict[str, Any]) -> ReadOperator:
    key = given["key"]
    parts = list(key) if isinstance(key, list | tuple) else [key]
    if not parts:
        raise _NoLayer("which takes nothing")
    if parts[0] == slice(None):
        parts = parts[1:]
    elif parts[0] is not Ellipsis:
        raise _NoLayer("which takes a part of the batch: each row would depend on the others")
    if not all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts):
        raise _NoLayer("which takes places that a tensor names")
    slicer: Any = layer_class("Slice")
    return ReadOperator(_node("Slice", parts=slicer.text_of(parts or [slice(None)])), (_tensor(given, "x"),))


def _listed(given: Mapping[str, Any], name: str) -> tuple[Tensor, ...]:
    value = given[name]
    tensors = tuple(value) if isinstance(value, list) else (value,)
    if not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise _NoLayer("which is applied to something that no layer makes")
    return tensors


def _concatenate(_: str, given: dict[str, Any]) -> ReadOperator:
    tensors = _listed(given, "xs")
    node = _node("Concatenate", axis=_axis(given["axis"])) if len(tensors) > 1 else _node("Identity")
    return ReadOperator(node, tensors)


def _stack(_: str, given: dict[str, Any]) -> ReadOperator:
    return ReadOperator(_node("Stack", axis=_axis(given["axis"])), _listed(given, "x"))


def _split(_: str, given: dict[str, Any]) -> ReadOperator:
    where = given["indices_or_sections"]
    where = list(where.numbers) if isinstance(where, StoredConstant) and where.shape else where
    config = {"places": [int(n) for n in where]} if isinstance(where, list | tuple) else {"sections": int(_number(where))}
    return ReadOperator(_node("Split", axis=_axis(given["axis"]), **config), (_tensor(given, "x"),))


def _take(_: str, given: dict[str, Any]) -> ReadOperator:
    indices = _numbers(given["indices"])
    if len(indices.shape) > 1 or isinstance(given["indices"], Tensor):
        raise _NoLayer("which takes places that are not a list of numbers")
    config = {"indices": [int(n) for n in indices.numbers], "axis": _axis(given["axis"]), "single": not indices.shape}
    return ReadOperator(_node("Gather", **config), (_tensor(given, "x"),))


def _expand(_: str, given: dict[str, Any]) -> ReadOperator:
    return ReadOperator(_node("ExpandDimensions", axis=_axis(given["axis"])), (_tensor(given, "x"),))


def _squeeze(_: str, given: dict[str, Any]) -> ReadOperator:
    axis = given.get("axis")
    axes = [] if axis is None or axis == [] else _axes(axis)
    return ReadOperator(_node("Squeeze", axes=axes), (_tensor(given, "x"),))


def _reshape(_: str, given: dict[str, Any]) -> ReadOperator:
    shape = given["newshape"]
    shape = [int(n) for n in shape.numbers] if isinstance(shape, StoredConstant) else list(shape)
    if not shape or shape[0] not in (-1, None) or not all(isinstance(n, int) for n in shape[1:]):
        raise _NoLayer("which changes the size of the batch, or gives it a fixed one")
    if len(shape) == 1:
        raise _NoLayer("which lays the rows of a batch end to end")
    return ReadOperator(_node("Reshape", target_shape=shape[1:]), (_tensor(given, "x"),))


def _transpose(_: str, given: dict[str, Any]) -> ReadOperator:
    axes = given.get("axes")
    axes = [int(n) for n in axes.numbers] if isinstance(axes, StoredConstant) else axes
    if not axes or axes[0] != 0 or not all(isinstance(n, int) for n in axes):
        raise _NoLayer("which moves the batch to another place")
    dims = [axis if axis > 0 else axis + len(axes) for axis in axes[1:]]
    return ReadOperator(_node("Permute", dims=dims), (_tensor(given, "x"),))


def _swap(_: str, given: dict[str, Any]) -> ReadOperator:
    axes = {"first": _axis(given["axis1"]), "second": _axis(given["axis2"])}
    return ReadOperator(_node("SwapDimensions", **axes), (_tensor(given, "x"),))


def _cast(_: str, given: dict[str, Any]) -> ReadOperator:
    dtype = given.get("dtype")
    if dtype is None:
        return ReadOperator(_node("Identity"), (_tensor(given, "x"),))
    return ReadOperator(_node("Cast", to=dtype), (_tensor(given, "x"),))


def _matmul(_: str, given: dict[str, Any]) -> ReadOperator:
    turned = {name: bool(given.get(name)) for name in ("transpose_first", "transpose_second")}
    first, second = given["x1"], given["x2"]
    if isinstance(second, Tensor):
        return ReadOperator(_node("MatrixProduct", **turned), (_tensor(given, "x1"), second))
    matrix = _numbers(second)
    if len(matrix.shape) != 2 or not isinstance(first, Tensor):
        raise _NoLayer("which multiplies with numbers that are no matrix")
    config = {"numbers": matrix.numbers, "columns": matrix.shape[1], **turned}
    return ReadOperator(_node("MatrixProduct", **config), (first,))


def _einsum(_: str, given: dict[str, Any]) -> ReadOperator:
    tensors = _listed(given, "operands")
    return ReadOperator(_node("Einsum", equation=given["subscripts"]), tensors)


def _where(_: str, given: dict[str, Any]) -> ReadOperator:
    ports = {"network": given["condition"], "first": given.get("x1"), "second": given.get("x2")}
    config = {f"{port}_number": float(_number(value)) for port, value in ports.items() if not isinstance(value, Tensor)}
    tensors = {port: value for port, value in ports.items() if isinstance(value, Tensor)}
    if "network" not in tensors:
        raise _NoLayer("whose condition is no tensor")
    node: Any = _node("Choose", **config)
    return ReadOperator(node, tuple(tensors.values()), node.roles(list(tensors)))


def _pad(_: str, given: dict[str, Any]) -> ReadOperator:
    widths = given["pad_width"]
    rows = (
        [[int(n) for n in widths.numbers[i : i + 2]] for i in range(0, len(widths.numbers), 2)]
        if isinstance(widths, StoredConstant)
        else widths
    )
    if not isinstance(rows, list | tuple) or list(rows[0]) != [0, 0]:
        raise _NoLayer("which adds rows to the batch")
    value = float(_number(given.get("constant_values") or 0))
    flat = [int(n) for row in rows[1:] for n in row]
    return ReadOperator(
        _node("Pad", widths=flat, mode=str(given.get("mode", "constant")).lower(), value=value), (_tensor(given, "x"),)
    )


def _tile(_: str, given: dict[str, Any]) -> ReadOperator:
    repeats = given["repeats"]
    repeats = [int(n) for n in repeats.numbers] if isinstance(repeats, StoredConstant) else list(repeats)
    if repeats[0] != 1:
        raise _NoLayer("which repeats the rows of the batch")
    return ReadOperator(_node("Tile", repeats=repeats[1:]), (_tensor(given, "x"),))


def _flip(_: str, given: dict[str, Any]) -> ReadOperator:
    return ReadOperator(_node("Flip", axes=_axes(given.get("axis"))), (_tensor(given, "x"),))


def _cumsum(_: str, given: dict[str, Any]) -> ReadOperator:
    _refuse_others(given, "x", "axis")
    return ReadOperator(_node("CumulativeSum", axis=_axis(given.get("axis"))), (_tensor(given, "x"),))


def _one_hot(_: str, given: dict[str, Any]) -> ReadOperator:
    if given.get("axis", -1) != -1 or given.get("dtype") not in (None, "float32"):
        raise _NoLayer("which puts the classes elsewhere than last, or not as float32")
    return ReadOperator(_node("OneHot", num_classes=int(_number(given["num_classes"]))), (_tensor(given, "x"),))


def _softmax(_: str, given: dict[str, Any]) -> ReadOperator:
    axis = _axis(given.get("axis", -1))
    node = _node("Activation", activation="softmax") if axis == -1 else _node("Softmax", axis=axis)
    return ReadOperator(node, (_tensor(given, "x"),))


def _activation(name: str, **expected: Any) -> Callable[[str, dict[str, Any]], ReadOperator]:
    """A reader of an activation function; with other arguments than those expected it is another function."""

    def read(_: str, given: dict[str, Any]) -> ReadOperator:
        for argument, value in given.items():
            if argument != "x" and value is not None and expected.get(argument) != value:
                raise _NoLayer(f"which has the argument '{argument}' = {value!r:.60}, for which there is no layer")
        return ReadOperator(_node("Activation", activation=name), (_tensor(given, "x"),))

    return read


def _relu(_: str, given: dict[str, Any]) -> ReadOperator:
    config = {name: given[name] for name in ("negative_slope", "max_value", "threshold") if given.get(name)}
    node = _node("ReLU", **config) if config else _node("Activation", activation="relu")
    return ReadOperator(node, (_tensor(given, "x"),))


def _elu(_: str, given: dict[str, Any]) -> ReadOperator:
    alpha = float(_number(given.get("alpha", 1.0)))
    node = _node("Activation", activation="elu") if alpha == 1 else _node("ELU", alpha=alpha)
    return ReadOperator(node, (_tensor(given, "x"),))


def _leaky_relu(_: str, given: dict[str, Any]) -> ReadOperator:
    return ReadOperator(
        _node("LeakyReLU", negative_slope=float(_number(given.get("negative_slope", 0.2)))), (_tensor(given, "x"),)
    )


def _gelu(_: str, given: dict[str, Any]) -> ReadOperator:
    approximate = given.get("approximate", True)
    node = _node("ElementwiseFunction", function="gelu_tanh") if approximate else _node("Activation", activation="gelu")
    return ReadOperator(node, (_tensor(given, "x"),))


Reader = Callable[[str, dict[str, Any]], ReadOperator]

_READERS: Mapping[str, Reader] = {
    **{kind: _unary("ElementwiseFunction", function=name) for name, (kind, _, _) in FUNCTIONS.items() if name != "gelu_tanh"},
    **{kind: _arithmetic(name) for name, (kind, _) in ARITHMETIC.items()},
    **{kind: _reduction(name) for name, (kind, _) in REDUCTIONS.items()},
    "Abs": _unary("ElementwiseFunction", function="abs"),
    "Divide": _arithmetic("divide"),
    "Amax": _reduction("max"),
    "Amin": _reduction("min"),
    "Copy": _unary("Identity"),
    "Tanh": _unary("Activation", activation="tanh"),
    "Clip": _clip, "GetItem": _slice, "Concatenate": _concatenate, "Stack": _stack, "Split": _split, "Take": _take,
    "ExpandDims": _expand, "Squeeze": _squeeze, "Reshape": _reshape, "Transpose": _transpose, "Cast": _cast,
    "Swapaxes": _swap,
    "ConvertToTensor": _cast, "Matmul": _matmul, "Einsum": _einsum, "Where": _where, "Pad": _pad, "Tile": _tile, "Flip": _flip,
    "Cumsum": _cumsum, "OneHot": _one_hot,
    "Softmax": _softmax, "ReLU": _relu, "Relu": _relu, "Elu": _elu, "LeakyRelu": _leaky_relu, "Gelu": _gelu,
    "Sigmoid": _activation("sigmoid"), "LogSoftmax": _activation("log_softmax", axis=-1), "Relu6": _activation("relu6"),
    "Selu": _activation("selu"), "Silu": _activation("silu"), "Softplus": _activation("softplus"),
    "Softsign": _activation("softsign"), "HardSigmoid": _activation("hard_sigmoid"), "HardSilu": _activation("hard_silu"),
    "HardTanh": _activation("hard_tanh"), "LogSigmoid": _activation("log_sigmoid"), "Celu": _activation("celu", alpha=1.0),
    "SoftShrink": _activation("soft_shrink", threshold=0.5), "HardShrink": _activation("hard_shrink", threshold=0.5),
    "TanhShrink": _activation("tanh_shrink"), "Squareplus": _activation("squareplus", b=4),
    "SparsePlus": _activation("sparse_plus"), "SparseSigmoid": _activation("sparse_sigmoid"),
    "Sparsemax": _activation("sparsemax", axis=-1),
}  # fmt: skip
"""Keras 3's class -> what reads it."""
KNOWN = frozenset(_READERS)
"""The operations that are read."""
