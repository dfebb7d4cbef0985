"""Operations on every number of a tensor by itself: functions, arithmetic, limits, choices, other number types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeVar

from nodes.base import NodeError, Port, setting
from nodes.kit.layers.base import Layer
from nodes.kit.layers.dtypes import as_float, common_dtype
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.operation_names import ARITHMETIC, FUNCTIONS, MODULES, ArithmeticName, FunctionName
from nodes.kit.layers.operations import (
    Numbers,
    OperandOperation,
    UnaryOperation,
    array_of,
    broadcast,
    common_batch,
    keras_operation,
    operand_port,
    operand_tensor_setting,
)
from nodes.kit.layers.shape_checks import FLOAT_TYPES, require_dtype
from nodes.values.network import Shape, TensorSpec

T = TypeVar("T")


class ElementwiseFunction(UnaryOperation):
    """Put every number through a function such as a square root or a logarithm.

    These are Keras's operations; for the activation functions that networks use between layers there is the Activation Layer.
    Whole numbers become floating-point ones where the function's results are none.

    Example: after a Dense Layer that gives the logarithm of a variance, the function exp gives the variance itself, as a
    variational autoencoder needs it.
    """

    id = "keras.elementwise_function"
    title = "Keras Elementwise Function Layer"
    icon = "mdi6.function"
    keywords = ("ElementwiseFunction", "keras.ops", "TFOpLambda", "ops", "function", *FUNCTIONS)
    kind = "ElementwiseFunction"

    function: FunctionName = setting(
        "abs", "Function", "What every number goes through.", choices={name: what for name, (_, what, _) in FUNCTIONS.items()}
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        kind = FUNCTIONS[self.function][0]
        more = {"approximate": True} if kind == "Gelu" else {}
        return keras_operation(MODULES.get(kind, "numpy"), kind)(**more, name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape as it came, of the type that the function gives."""
        rule = FUNCTIONS[self.function][2]
        if rule == "only float":
            require_dtype(given, FLOAT_TYPES)
        dtype = {"bool": "bool", "keeps": given.dtype, "square": "int32" if given.dtype == "bool" else given.dtype}.get(rule)
        return TensorSpec(given.shape, dtype or as_float(given.dtype), given.batch)


TRUTHS = ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "and", "or", "xor")
MERGE_LAYERS = {
    "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "maximum": "Maximum", "minimum": "Minimum",
}  # fmt: skip


def numbers_setting(label: str, default: Numbers, help: str) -> Any:
    """Declare plain numbers that stand for a tensor."""
    return setting(default, label, help, min_length=1)


class Arithmetic(OperandOperation):
    """Compute with each number of a tensor and a plain number, or with the numbers of two tensors.

    Two tensors have the same number of dimensions; dimensions of 1 are stretched. Several numbers instead of a second tensor
    stand beside each other along the last dimension, one for each of its places. Comparisons give true and false.

    Example: pixels from 0 to 255, "Divide" and the number 255 give pixels from 0 to 1 inside of the network, so that whoever
    applies it need not know of it.
    """

    id = "keras.arithmetic"
    title = "Keras Arithmetic Layer"
    icon = "mdi6.calculator-variant-outline"
    keywords = (
        "Arithmetic",
        "ops",
        "x + y",
        "x * 2",
        "x / 255",
        "plus",
        "minus",
        "times",
        "divide",
        "power",
        "compare",
        "greater",
        "TFOpLambda",
    )
    kind = "Arithmetic"
    input_ports = (
        Port("network", "network", "x", "The tensor to compute with."),
        operand_port("second", "y"),
    )

    input_tensor: str | None = operand_tensor_setting("network", "Tensor x")
    second_tensor: str | None = operand_tensor_setting("second", "Tensor y")
    function: ArithmeticName = setting(
        "add", "Operation", "What is computed.", choices={name: what for name, (_, what) in ARITHMETIC.items()}
    )
    number: Numbers = numbers_setting(
        "Number", (1.0,), "What stands for y where nothing is connected: one number, or one for each place of the last dimension."
    )
    reverse: bool = setting(False, "Exchanged", "The number stands for x, and the tensor for y: 1 - tensor, say.", advanced=True)
    number_shape: tuple[int, ...] = setting(
        (), "Shape of the numbers", "Where there are numbers along several dimensions: their sizes.", advanced=True
    )
    number_type: str | None = setting(
        None, "Type of the numbers", "Such as float32; empty: as Python takes them, so that they fit the tensor.", advanced=True
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", ARITHMETIC[self.function][0])(name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return both sides."""
        given = self.by_port(roles, tensors)
        if "second" in given:
            return [given["network"], given["second"]], {}
        number = array_of(self.number, self.number_shape, self.number_type)
        return ([number, given["network"]] if self.reverse else [given["network"], number]), {}

    def of_ports(self, given: Mapping[str, TensorSpec]) -> TensorSpec:
        """Return the common shape of both sides."""
        first, second = given["network"], given.get("second")
        if second is not None:
            shape = broadcast([first.shape, second.shape])
            return TensorSpec(shape, self._dtype([first.dtype, second.dtype], ()), common_batch([first, second]))
        numbers = self.number_shape or ((len(self.number),) if len(self.number) > 1 else ())
        if len(numbers) > len(first.shape):
            raise NodeError(
                f"There are numbers along {len(numbers)} dimensions, but the tensor is {first.describe()}.",
                "Give fewer numbers.",
                setting="number",
            )
        padded = (1,) * (len(first.shape) - len(numbers)) + tuple(numbers)
        typed = [self.number_type] if self.number_type else ["float32"] if numbers and self._fractions() else []
        plain = () if typed else self.number
        return TensorSpec(broadcast([first.shape, padded]), self._dtype([first.dtype, *typed], plain), first.batch)

    def _fractions(self) -> bool:
        return any(isinstance(number, float) for number in self.number)

    def _dtype(self, dtypes: Sequence[str], numbers: Sequence[float]) -> str:
        if self.function in TRUTHS:
            return "bool"
        made = common_dtype(dtypes, numbers)
        return as_float(made) if self.function in ("divide", "arctan2") else "int32" if made == "bool" and self.function in (
            "power", "floor_divide", "mod"
        ) else made  # fmt: skip

    def simplest(self, inputs: Sequence[TensorSpec]) -> Layer:
        """Return a merge layer for two tensors of one type and rank, and Rescaling for one number, where these do the same."""
        floats = {tensor.dtype for tensor in inputs}
        if len(floats) > 1 or not floats <= {"float32"}:
            return self
        if len(inputs) == 2:
            kind = MERGE_LAYERS.get(self.function)
            alike = len(inputs[0].shape) == len(inputs[1].shape) > 0
            return layer_class(kind).from_config({}, "") if kind and alike else self
        if len(self.number) > 1 or self.number_shape or self.number_type not in (None, "float32"):
            return self
        number = float(self.number[0])
        scaled = {
            ("add", False): (1.0, number),
            ("add", True): (1.0, number),
            ("subtract", False): (1.0, -number),
            ("subtract", True): (-1.0, number),
            ("multiply", False): (number, 0.0),
            ("multiply", True): (number, 0.0),
        }.get((self.function, self.reverse))
        if self.function == "divide" and not self.reverse and number:
            scaled = (1 / number, 0.0)
        return layer_class("Rescaling").from_config({"scale": scaled[0], "offset": scaled[1]}, "") if scaled else self


class Clip(UnaryOperation):
    """Hold every number within limits: what is below the least becomes that, what is above the most likewise.

    Example: after a layer that predicts coordinates from 0 to 1, the limits 0 and 1.
    """

    id = "keras.clip"
    title = "Keras Clip Layer"
    icon = "mdi6.arrow-collapse-vertical"
    keywords = ("Clip", "clamp", "limit", "clip_by_value", "ops", "TFOpLambda")
    kind = "Clip"

    x_min: float = setting(0.0, "Least", "What is below becomes this.")
    x_max: float = setting(1.0, "Most", "What is above becomes this.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Clip")(self.x_min, self.x_max, name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the shape as it came."""
        if self.x_min > self.x_max:
            raise NodeError("The least is larger than the most.", "Exchange them.", setting="x_min")
        require_dtype(given, FLOAT_TYPES)
        return given


CastType = Literal[
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"
]


class Cast(UnaryOperation):
    """Turn the numbers of a tensor into another number type.

    Floating-point numbers lose what is behind the point when they become whole ones; true is 1.

    Example: after an Arithmetic Layer that compares (true and false), float32, so that the result can be multiplied with.
    """

    id = "keras.cast"
    title = "Keras Cast Layer"
    icon = "mdi6.swap-horizontal-bold"
    keywords = ("Cast", "dtype", "type", "convert", "ops", "TFOpLambda")
    kind = "Cast"

    to: CastType = setting("float32", "Number type", "What the numbers become.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("core", "Cast")(self.to, name=name)

    def made(self, given: TensorSpec) -> TensorSpec:
        """Return the same shape of the other type."""
        return TensorSpec(given.shape, self.to, given.batch)


class Choose(OperandOperation):
    """Take each number from one of two tensors, as a third one says: where that is true from the first, else from the second.

    Instead of a tensor there can be a plain number. All tensors have the same number of dimensions; those of 1 are stretched.

    Example: the condition is an Arithmetic Layer that tells where pixels are greater than 0.5, one side the image, the other
    the number 0: what is dark becomes black.
    """

    id = "keras.choose"
    title = "Keras Choose Layer"
    icon = "mdi6.call-split"
    keywords = ("Choose", "where", "select", "condition", "if", "mask", "ops", "TFOpLambda")
    kind = "Choose"
    input_ports = (
        Port("network", "network", "Condition", "True, or not 0, where the first side is taken."),
        operand_port("first", "If true"),
        operand_port("second", "If false"),
    )
    numbers: ClassVar[Mapping[str, str]] = {"first": "first_number", "second": "second_number"}

    input_tensor: str | None = operand_tensor_setting("network", "Condition tensor")
    first_tensor: str | None = operand_tensor_setting("first", "If-true tensor")
    second_tensor: str | None = operand_tensor_setting("second", "If-false tensor")
    first_number: float = setting(1.0, "Number if true", "Where nothing is connected there.")
    second_number: float = setting(0.0, "Number if false", "Where nothing is connected there.")

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Where")(name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return the condition and both sides."""
        given = self.by_port(roles, tensors)
        return [given["network"], *(given.get(port, getattr(self, number)) for port, number in self.numbers.items())], {}

    def of_ports(self, given: Mapping[str, TensorSpec]) -> TensorSpec:
        """Return the common shape."""
        shape: Shape = broadcast([tensor.shape for tensor in given.values()])
        sides = [given[port] for port in self.numbers if port in given]
        plain = [getattr(self, number) for port, number in self.numbers.items() if port not in given]
        return TensorSpec(shape, common_dtype([side.dtype for side in sides], plain), common_batch(list(given.values())))
