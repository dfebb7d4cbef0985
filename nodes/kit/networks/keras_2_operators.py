"""Operators of TensorFlow in models of Keras 2, by the names that Keras 3 has for them.

`TFOpLambda` and `SlicingOpLambda` (2.4 to 2.15) name a function of TensorFlow and its arguments, `TensorFlowOpLayer` (2.0 to
2.3) an operation of its graphs. Both are data: a name is looked for in a table, and is not one of code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nodes.errors import NodeError
from nodes.kit.networks.operators import REMEDY, Operator
from nodes.values.network import Tensor

LAMBDAS = ("TFOpLambda", "SlicingOpLambda")
GRAPH_OPERATION = "TensorFlowOpLayer"
CONSTANT = "_CONSTANT_VALUE"
"""What stands for the name of a layer where the first argument is a number."""


class _Function(NamedTuple):
    """What Keras 3 calls a function of TensorFlow, and the arguments of both, the first one first."""

    kind: str
    arguments: Mapping[str, str]
    fixed: Mapping[str, Any] = {}


def _two(kind: str) -> _Function:
    return _Function(kind, {"x": "x1", "y": "x2"})


def _reduced(kind: str) -> _Function:
    names = {"input_tensor": "x", "axis": "axis", "keepdims": "keepdims", "keep_dims": "keepdims", "input": "x"}
    return _Function(kind, names)


def _one(kind: str, first: str = "x", **fixed: Any) -> _Function:
    return _Function(kind, {first: "x"}, fixed)


_TWO = {
    "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "truediv": "TrueDivide", "divide": "TrueDivide",
    "pow": "Power", "floordiv": "FloorDivide", "floormod": "Mod", "mod": "Mod", "maximum": "Maximum", "minimum": "Minimum",
    "equal": "Equal", "not_equal": "NotEqual", "greater": "Greater", "greater_equal": "GreaterEqual", "less": "Less",
    "less_equal": "LessEqual", "logical_and": "LogicalAnd", "logical_or": "LogicalOr", "logical_xor": "LogicalXor",
    "atan2": "Arctan2",
}  # fmt: skip
_ONE = {
    "abs": "Absolute", "sqrt": "Sqrt", "square": "Square", "exp": "Exp", "log": "Log", "negative": "Negative", "sign": "Sign",
    "reciprocal": "Reciprocal", "rsqrt": "Rsqrt", "log1p": "Log1p", "expm1": "Expm1", "floor": "Floor", "ceil": "Ceil",
    "round": "Round", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Arcsin", "acos": "Arccos", "atan": "Arctan",
    "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "asinh": "Arcsinh", "acosh": "Arccosh", "atanh": "Arctanh", "erf": "Erf",
    "erfinv": "Erfinv", "logical_not": "LogicalNot", "is_nan": "Isnan", "is_finite": "Isfinite", "is_inf": "Isinf",
    "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign",
}  # fmt: skip
_REDUCED = {
    "reduce_mean": "Mean", "reduce_sum": "Sum", "reduce_max": "Max", "reduce_min": "Min", "reduce_prod": "Prod",
    "reduce_std": "Std", "reduce_variance": "Var", "reduce_any": "Any", "reduce_all": "All", "reduce_logsumexp": "Logsumexp",
    "argmax": "Argmax", "argmin": "Argmin", "count_nonzero": "CountNonzero",
}  # fmt: skip

_FUNCTIONS: Mapping[str, _Function] = {
    **{f"math.{name}": _two(kind) for name, kind in _TWO.items()},
    **{name: _two(kind) for name, kind in _TWO.items()},
    **{f"__operators__.{name}": _two(_TWO[name]) for name in ("add", "truediv", "eq", "ne") if name in _TWO},
    "__operators__.eq": _two("Equal"),
    "__operators__.ne": _two("NotEqual"),
    **{f"math.{name}": _one(kind) for name, kind in _ONE.items()},
    **{name: _one(kind) for name, kind in _ONE.items()},
    **{f"math.{name}": _reduced(kind) for name, kind in _REDUCED.items()},
    **{f"compat.v1.{name}": _reduced(kind) for name, kind in _REDUCED.items()},
    **{name: _reduced(kind) for name, kind in _REDUCED.items()},
    "nn.relu": _one("Relu", "features"),
    "nn.relu6": _one("Relu6", "features"),
    "nn.selu": _one("Selu", "features"),
    "nn.elu": _one("Elu", "features"),
    "nn.sigmoid": _one("Sigmoid"),
    "nn.tanh": _one("Tanh"),
    "nn.softplus": _one("Softplus", "features"),
    "nn.softsign": _one("Softsign", "features"),
    "nn.silu": _one("Silu", "features"),
    "nn.swish": _one("Silu", "features"),
    "nn.softmax": _Function("Softmax", {"logits": "x", "axis": "axis"}),
    "nn.log_softmax": _Function("LogSoftmax", {"logits": "x", "axis": "axis"}),
    "nn.gelu": _Function("Gelu", {"features": "x", "approximate": "approximate"}, {"approximate": False}),
    "nn.leaky_relu": _Function("LeakyRelu", {"features": "x", "alpha": "negative_slope"}),
    "identity": _one("Copy", "input"),
    "stop_gradient": _one("StopGradient", "input"),
    "zeros_like": _one("ZerosLike", "input"),
    "ones_like": _one("OnesLike", "input"),
    "clip_by_value": _Function("Clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "concat": _Function("Concatenate", {"values": "xs", "axis": "axis"}),
    "stack": _Function("Stack", {"values": "x", "axis": "axis"}),
    "split": _Function("Split", {"value": "x", "num_or_size_splits": "indices_or_sections", "axis": "axis"}),
    "linalg.matmul": _Function(
        "Matmul", {"a": "x1", "b": "x2", "transpose_a": "transpose_first", "transpose_b": "transpose_second"}
    ),
    "reshape": _Function("Reshape", {"tensor": "x", "shape": "newshape"}),
    **dict.fromkeys(("transpose", "compat.v1.transpose"), _Function("Transpose", {"a": "x", "perm": "axes"})),
    "cast": _Function("Cast", {"x": "x", "dtype": "dtype"}),
    "expand_dims": _Function("ExpandDims", {"input": "x", "axis": "axis"}),
    **dict.fromkeys(
        ("squeeze", "compat.v1.squeeze"), _Function("Squeeze", {"input": "x", "axis": "axis", "squeeze_dims": "axis"})
    ),
    "where": _Function("Where", {"condition": "condition", "x": "x1", "y": "x2"}),
    **dict.fromkeys(
        ("pad", "compat.v1.pad"),
        _Function("Pad", {"tensor": "x", "paddings": "pad_width", "mode": "mode", "constant_values": "constant_values"}),
    ),
    **dict.fromkeys(("gather", "compat.v1.gather"), _Function("Take", {"params": "x", "indices": "indices", "axis": "axis"})),
    "tile": _Function("Tile", {"input": "x", "multiples": "repeats"}),
    "reverse": _Function("Flip", {"tensor": "x", "axis": "axis"}),
    "math.cumsum": _Function("Cumsum", {"x": "x", "axis": "axis"}, {"axis": 0}),
    "one_hot": _Function("OneHot", {"indices": "x", "depth": "num_classes"}),
    "__operators__.getitem": _Function("GetItem", {"tensor": "x", "slice_spec": "key"}),
}
"""A function of TensorFlow -> what Keras 3 calls it."""

_WITHOUT_EFFECT = {
    "name": None, "conjugate": False, "validate_indices": None, "batch_dims": 0, "num": None, "output_type": "int64",
    "exclusive": False, "reverse": False, "on_value": None, "off_value": None, "adjoint_a": False, "adjoint_b": False,
    "a_is_sparse": False, "b_is_sparse": False, "reduction_indices": None, "transpose_a": False, "transpose_b": False,
    "dtype": None,
}  # fmt: skip
"""Arguments that change nothing at these values; `name` never does."""


def lambda_operator(entry: Mapping[str, Any], call: Sequence[Any]) -> Operator:
    """Return the operator of a `TFOpLambda` or `SlicingOpLambda` layer.

    Args:
        entry: The layer in the config.
        call: One of its calls: `[name, call, output, arguments]`, or a list of such.

    Raises:
        NodeError: If there is no such operator in Keras 3, or it is called otherwise.
    """
    name = str(entry["config"]["function"])
    function = _FUNCTIONS.get(name)
    if function is None:
        raise _unknown(entry, f"tf.{name}")
    several = bool(call) and isinstance(call[0], list)
    entries = call if several else [call]
    firsts = [given[2] if given[0] == CONSTANT else Tensor(str(given[0]), int(given[1]), int(given[2])) for given in entries]
    first, *_ = function.arguments.values()
    arguments: dict[str, Any] = {**function.fixed, first: firsts if several else firsts[0]}
    for key, value in (entries[0][3] if len(entries[0]) > 3 else {}).items():
        if key in function.arguments:
            if value is not None or key != "constant_values":
                arguments[function.arguments[key]] = _value(value)
        elif key != "name" and _WITHOUT_EFFECT.get(key, "") != value and key not in ("output_type",):
            raise _unknown(entry, f"tf.{name} with '{key}' = {value!r:.40}")
    return _mended(Operator(function.kind, arguments), entry)


def _value(given: Any) -> Any:
    """An argument with tensors as `Tensor` and slices as Python has them."""
    if isinstance(given, Mapping):
        if given.get("class_name") == "__ellipsis__":
            return Ellipsis
        if set(given) == {"start", "stop", "step"}:
            return slice(given["start"], given["stop"], given["step"])
        return given
    if isinstance(given, list):
        if len(given) == 3 and isinstance(given[0], str) and all(type(number) is int for number in given[1:]):
            return given[2] if given[0] == CONSTANT else Tensor(given[0], given[1], given[2])
        return [_value(one) for one in given]
    return given


def _mended(operator: Operator, entry: Mapping[str, Any]) -> Operator:
    """Where TensorFlow means another thing by an argument than Keras 3."""
    given = dict(operator.arguments)
    if operator.kind == "Split" and isinstance(sizes := given.get("indices_or_sections"), list):
        if -1 in sizes:
            raise _unknown(entry, "tf.split with a size of -1")
        given["indices_or_sections"] = [sum(sizes[: n + 1]) for n in range(len(sizes) - 1)]
    if operator.kind in ("Argmax", "Argmin", "Take") and given.get("axis") is None:
        given["axis"] = 0
    if operator.kind == "Concatenate" and isinstance(given["xs"], Tensor):
        given["xs"] = [given["xs"]]
    return Operator(operator.kind, given)


def _unknown(entry: Mapping[str, Any], what: str) -> NodeError:
    return NodeError(f"Layer '{entry['config'].get('name', '')}' is the operator {what}, which Layerloom does not know.", REMEDY)


# ------------------------------------------------------------------------------------------------------ operations of graphs

_GRAPH: Mapping[str, tuple[str, tuple[str, ...], Mapping[str, str]]] = {
    **{
        name: (kind, ("x1", "x2"), {})
        for name, kind in {
            "Add": "Add", "AddV2": "Add", "Sub": "Subtract", "Mul": "Multiply", "RealDiv": "TrueDivide", "Div": "TrueDivide",
            "Pow": "Power", "FloorDiv": "FloorDivide", "FloorMod": "Mod", "Maximum": "Maximum", "Minimum": "Minimum",
            "Equal": "Equal", "NotEqual": "NotEqual", "Greater": "Greater", "GreaterEqual": "GreaterEqual", "Less": "Less",
            "LessEqual": "LessEqual", "LogicalAnd": "LogicalAnd", "LogicalOr": "LogicalOr", "BiasAdd": "Add",
        }.items()
    },
    **{
        name: (kind, ("x",), {})
        for name, kind in {
            "Abs": "Absolute", "Sqrt": "Sqrt", "Square": "Square", "Exp": "Exp", "Log": "Log", "Neg": "Negative", "Sign": "Sign",
            "Reciprocal": "Reciprocal", "Rsqrt": "Rsqrt", "Log1p": "Log1p", "Expm1": "Expm1", "Floor": "Floor", "Ceil": "Ceil",
            "Round": "Round", "Sin": "Sin", "Cos": "Cos", "Tan": "Tan", "Tanh": "Tanh", "Erf": "Erf", "Sigmoid": "Sigmoid",
            "Relu": "Relu", "Relu6": "Relu6", "Elu": "Elu", "Selu": "Selu", "Softplus": "Softplus", "Softsign": "Softsign",
            "Softmax": "Softmax", "LogSoftmax": "LogSoftmax", "Identity": "Copy", "LogicalNot": "LogicalNot",
            "StopGradient": "StopGradient", "ZerosLike": "ZerosLike", "OnesLike": "OnesLike", "IsNan": "Isnan",
        }.items()
    },
    **{
        name: (kind, ("x", "axis"), {"keep_dims": "keepdims"})
        for name, kind in {
            "Mean": "Mean", "Sum": "Sum", "Max": "Max", "Min": "Min", "Prod": "Prod", "Any": "Any", "All": "All",
            "ArgMax": "Argmax", "ArgMin": "Argmin",
        }.items()
    },
    "LeakyRelu": ("LeakyRelu", ("x",), {"alpha": "negative_slope"}),
    "Reshape": ("Reshape", ("x", "newshape"), {}),
    "Transpose": ("Transpose", ("x", "axes"), {}),
    "ExpandDims": ("ExpandDims", ("x", "axis"), {}),
    "Squeeze": ("Squeeze", ("x",), {"squeeze_dims": "axis"}),
    "ClipByValue": ("Clip", ("x", "x_min", "x_max"), {}),
    "MatMul": ("Matmul", ("x1", "x2"), {"transpose_a": "transpose_first", "transpose_b": "transpose_second"}),
    "BatchMatMulV2": ("Matmul", ("x1", "x2"), {"adj_x": "transpose_first", "adj_y": "transpose_second"}),
    "Pad": ("Pad", ("x", "pad_width"), {}),
    "PadV2": ("Pad", ("x", "pad_width", "constant_values"), {}),
    "Tile": ("Tile", ("x", "repeats"), {}),
    "GatherV2": ("Take", ("x", "indices", "axis"), {}),
    "SelectV2": ("Where", ("condition", "x1", "x2"), {}),
    "Cumsum": ("Cumsum", ("x", "axis"), {}),
}  # fmt: skip
"""An operation of TensorFlow's graphs -> Keras 3's class, its arguments in their order, and which attributes are further ones."""
_NEUTRAL = ("T", "Tidx", "Tdim", "Tshape", "Tperm", "Tpaddings", "Tmultiples", "Tparams", "Tindices", "Taxis", "N", "data_format",
            "batch_dims", "output_type", "Index", "_output_shapes", "_grappler_relu", "exclusive", "reverse")  # fmt: skip
_DTYPES = {"DT_FLOAT": "float32", "DT_HALF": "float16", "DT_DOUBLE": "float64", "DT_INT32": "int32", "DT_INT64": "int64",
           "DT_UINT8": "uint8", "DT_INT8": "int8", "DT_BOOL": "bool"}  # fmt: skip
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def graph_operator(entry: Mapping[str, Any], call: Sequence[Any]) -> Operator:
    """Return the operator of a `TensorFlowOpLayer`: a node of one of TensorFlow's graphs, with constants among its inputs.

    Args:
        entry: The layer in the config.
        call: One of its calls: a list of `[name, call, output, arguments]`.

    Raises:
        NodeError: If there is no such operator in Keras 3.
    """
    config = entry["config"]
    node = config["node_def"]
    if not isinstance(node, Mapping):
        raise _unknown(entry, "of an early TensorFlow 2, written as text")
    name, attributes = str(node["op"]), {key: _attribute(value) for key, value in (node.get("attr") or {}).items()}
    tensors = [Tensor(str(given[0]), int(given[1]), int(given[2])) for given in call]
    inputs: list[Any] = list(tensors)
    for place, value in sorted((config.get("constants") or {}).items(), key=lambda pair: int(pair[0])):
        inputs.insert(int(place), value)
    if name == "StridedSlice":
        return Operator("GetItem", {"x": inputs[0], "key": _strided(inputs[1:], attributes)})
    if name == "ConcatV2":
        return Operator("Concatenate", {"xs": inputs[:-1], "axis": inputs[-1]})
    if name == "Pack":
        return Operator("Stack", {"x": inputs, "axis": attributes.get("axis", 0)})
    if name == "Split":
        return Operator("Split", {"x": inputs[1], "indices_or_sections": attributes["num_split"], "axis": inputs[0]})
    if name == "Cast":
        return Operator("Cast", {"x": inputs[0], "dtype": _DTYPES.get(str(attributes["DstT"]))})
    if name not in _GRAPH:
        raise _unknown(entry, name)
    kind, arguments, further = _GRAPH[name]
    given = dict(zip(arguments, inputs, strict=True)) | {further[k]: v for k, v in attributes.items() if k in further}
    odd = next((key for key, value in attributes.items() if key not in further and key not in _NEUTRAL and value), None)
    if odd is not None:
        raise _unknown(entry, f"{name} with '{odd}'")
    return Operator(kind, given)


def _attribute(value: Any) -> Any:
    """An attribute of a graph's node: `{"b": true}`, `{"i": "2"}`, `{"type": "DT_FLOAT"}`, `{"list": {"i": ["1"]}}`."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return value if not isinstance(value, Mapping) else None
    ((form, inner),) = value.items()
    if form == "i":
        return int(inner)
    if form == "list":
        return [int(number) for number in (inner or {}).get("i", [])]
    return inner


def _strided(given: Sequence[Any], attributes: Mapping[str, Any]) -> list[Any]:
    """What `x[...]` had between the brackets, from TensorFlow's lists and bit masks."""
    begins, ends, strides = ([one] if isinstance(one, int) else list(one) for one in given)
    begin, end, ellipsis, new, shrink = (int(attributes.get(mask) or 0) for mask in _MASKS)
    key: list[Any] = []
    for place, (start, stop, step) in enumerate(zip(begins, ends, strides, strict=True)):
        bit = 1 << place
        if ellipsis & bit:
            key.append(Ellipsis)
        elif new & bit:
            key.append(None)
        elif shrink & bit:
            key.append(start)
        else:
            key.append(slice(None if begin & bit else start, None if end & bit else stop, None if step == 1 else step))
    return key
