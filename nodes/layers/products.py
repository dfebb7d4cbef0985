"""Products of tensors: of matrices, and by an equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from nodes.base import NodeError, setting
from nodes.kit.layers.dtypes import common_dtype
from nodes.kit.layers.operations import JoiningOperation, Numbers, array_of, common_batch, keras_operation
from nodes.kit.layers.shape_checks import FLOAT_TYPES, require_dtype
from nodes.values.network import TensorSpec

T = TypeVar("T")


class MatrixProduct(JoiningOperation):
    """Multiply two tensors as matrices, example by example: the last dimension of the first with the last but one of the second.

    Dimensions before those are a batch of matrices and must be equal. Numbers that are typed in can stand for the second tensor.

    Example: attention by hand: weights of 10 x 10 times values of 10 x 16 give 10 x 16.
    """

    id = "keras.matrix_product"
    title = "Keras Matrix Product Layer"
    icon = "mdi6.matrix"
    keywords = ("MatrixProduct", "matmul", "x @ y", "product", "batch_dot", "linear", "ops", "TFOpLambda")
    kind = "MatrixProduct"

    numbers: Numbers = setting(
        (), "Numbers", "A matrix for the second tensor, row by row; empty: the second tensor is connected."
    )
    columns: int = setting(1, "Columns", "How many columns that matrix has.", ge=1, advanced=True)

    transpose_first: bool = setting(False, "Exchange rows and columns of the first", "Before they are multiplied.", advanced=True)
    transpose_second: bool = setting(
        False, "Exchange rows and columns of the second", "Before they are multiplied.", advanced=True
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Matmul")(name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return both factors."""
        factors: list[Any] = list(tensors)
        if len(factors) == 1:
            factors.append(array_of(self.numbers, (-1, self.columns), "float32"))
        swapped = (self.transpose_first, self.transpose_second)
        return [_exchanged(factor) if swap else factor for factor, swap in zip(factors, swapped, strict=True)], {}

    def made(self, given: Sequence[TensorSpec]) -> TensorSpec:
        """Return (..., rows of the first, columns of the second)."""
        for tensor in given:
            require_dtype(tensor, FLOAT_TYPES)
        first, second = self._turned(given[0], self.transpose_first), self._turned(self._second(given), self.transpose_second)
        if len(first.shape) < 1 or len(second.shape) < 1:
            raise self._unfit(first, second)
        if len(given) == 1:  # one matrix for all
            if first.shape[-1] not in (None, second.shape[0]):
                raise self._unfit(first, second)
            return TensorSpec((*first.shape[:-1], second.shape[1]), common_dtype([first.dtype, "float32"]), first.batch)
        if len(first.shape) < 2 or len(first.shape) != len(second.shape):
            raise self._unfit(first, second)
        inner = {n for n in (first.shape[-1], second.shape[-2]) if n is not None}
        before = zip(first.shape[:-2], second.shape[:-2], strict=True)
        if len(inner) > 1 or any(None not in pair and pair[0] != pair[1] and 1 not in pair for pair in before):
            raise self._unfit(first, second)
        outer = [b if a == 1 else a if b in (1, None) else b for a, b in zip(first.shape[:-2], second.shape[:-2], strict=True)]
        shape = (*outer, first.shape[-2], second.shape[-1])
        return TensorSpec(shape, common_dtype([first.dtype, second.dtype]), common_batch(given))

    def _second(self, given: Sequence[TensorSpec]) -> TensorSpec:
        if len(given) > 2 or (len(given) == 2) == bool(self.numbers):
            raise NodeError("The product is of two tensors, or of one and typed numbers.", "Connect two, or type numbers.")
        if len(given) == 2:
            return given[1]
        if len(self.numbers) % self.columns:
            raise NodeError("The numbers do not fill the columns.", "Give as many for each row.", setting="numbers")
        return TensorSpec((len(self.numbers) // self.columns, self.columns))

    @staticmethod
    def _turned(tensor: TensorSpec, turn: bool) -> TensorSpec:
        """A factor with rows and columns exchanged, where that is wanted."""
        if not turn or len(tensor.shape) < 2:
            return tensor
        return replace(tensor, shape=(*tensor.shape[:-2], tensor.shape[-1], tensor.shape[-2]))

    @staticmethod
    def _unfit(first: TensorSpec, second: TensorSpec) -> NodeError:
        return NodeError(
            f"Matrices of {first.describe()} and {second.describe()} cannot be multiplied.",
            "The last dimension of the first must be the last but one of the second, and those before equal.",
        )


def _exchanged(factor: Any) -> Any:
    import keras

    return keras.ops.swapaxes(factor, -1, -2)


class Einsum(JoiningOperation):
    """Multiply tensors and add up, by an equation that names each dimension with a letter (Einstein's summation).

    Letters that do not come out are summed over. The first letter of each tensor is the batch, and stays.

    Example: `bqd,bkd->bqk` with queries of 10 x 16 and keys of 10 x 16 gives the scores of attention, 10 x 10.
    """

    id = "keras.einsum"
    title = "Keras Einsum Layer"
    icon = "mdi6.sigma"
    keywords = ("Einsum", "Einstein", "contraction", "tensordot", "ops", "TFOpLambda")
    kind = "Einsum"

    equation: str = setting(
        "ab,ab->ab", "Equation", "Letters of each input with commas between, an arrow, letters of what comes out."
    )

    def operation(self, name: str, inputs: Sequence[TensorSpec]) -> Any:
        """Return Keras's operation."""
        return keras_operation("numpy", "Einsum")(self.equation.replace(" ", ""), name=name)

    def keras_call(self, roles: Sequence[str], tensors: Sequence[T]) -> tuple[list[Any], dict[str, Any]]:
        """Return the tensors one by one."""
        return list(tensors), {}

    def made(self, given: Sequence[TensorSpec]) -> TensorSpec:
        """Return the dimensions of the letters behind the arrow."""
        for tensor in given:
            require_dtype(tensor, FLOAT_TYPES)
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        terms = left.split(",")
        letters = "".join([*terms, right])
        if not arrow or not letters.isalpha() or not letters.isascii() or len(set(right)) < len(right):
            raise self._wrong("It is no equation of letters, commas and an arrow.")
        if len(terms) != len(given):
            raise self._wrong(f"It has {len(terms)} inputs, but {len(given)} are connected.")
        batch = {term[:1] for term in terms} | {right[:1]}
        if len(batch) > 1:
            raise self._wrong("The first letter of every part is the batch: it must be the same.")
        sizes: dict[str, int | None] = {}
        for term, tensor in zip(terms, given, strict=True):
            if len(term) != len(tensor.shape) + 1 or len(set(term)) < len(term):
                raise self._wrong(f"'{term}' does not name the batch and the dimensions of {tensor.describe()}.")
            for letter, size in zip(term[1:], tensor.shape, strict=True):
                known = sizes.get(letter)
                if known is not None and size is not None and known != size:
                    raise self._wrong(f"The letter '{letter}' is of size {known} and {size}.")
                sizes[letter] = known if size is None else size
        unknown = set(right[1:]) - set(sizes)
        if unknown:
            raise self._wrong(f"No input has the letter '{min(unknown)}'.")
        dtype = common_dtype([tensor.dtype for tensor in given])
        return TensorSpec(tuple(sizes[letter] for letter in right[1:]), dtype, common_batch(given))

    def _wrong(self, what: str) -> NodeError:
        return NodeError(what, "Write it as bqd,bkd->bqk.", setting="equation")
