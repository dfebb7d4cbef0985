"""The number type of what several tensors and plain numbers make together, by the rules of Keras (which are JAX's)."""

from __future__ import annotations

from collections.abc import Iterable

FLOATS = ("bfloat16", "float16", "float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")


def common_dtype(dtypes: Iterable[str], numbers: Iterable[float] = ()) -> str:
    """Return the type of a result.

    Args:
        dtypes: Of tensors.
        numbers: Plain numbers beside them: they make floating-point of whole ones, but do not widen what is of their kind.
    """
    given = set(dtypes)
    plain = list(numbers)
    floats = given & set(FLOATS)
    if floats:
        return floats.pop() if len(floats) == 1 else "float64" if "float64" in floats else "float32"
    if any(isinstance(n, float) for n in plain):
        return "float32"
    signed, unsigned = _widest(given, SIGNED), _widest(given, UNSIGNED)
    if signed is None and unsigned is None:
        return "int32" if any(not isinstance(n, bool) for n in plain) else "bool"
    if signed is None or unsigned is None:
        return SIGNED[signed] if signed is not None else UNSIGNED[unsigned or 0]
    if unsigned == len(UNSIGNED) - 1:
        return "float32"  # no whole number holds both
    return SIGNED[max(signed, unsigned + 1)]


def _widest(dtypes: set[str], family: tuple[str, ...]) -> int | None:
    return max((family.index(dtype) for dtype in dtypes if dtype in family), default=None)


def as_float(dtype: str) -> str:
    """Return the type that a function gives whose results are no whole numbers."""
    return dtype if dtype in FLOATS else "float32"
