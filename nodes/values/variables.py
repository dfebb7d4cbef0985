"""Variables: named scalars that travel along a wire, and that settings of the nodes behind it can be bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nodes.errors import NodeError
from nodes.wording import counted

if TYPE_CHECKING:
    import polars as pl

ScalarType = Literal["boolean", "integer", "number", "text", "path"]
"""What a variable on a wire can be."""
Scalar = bool | int | float | str
VARIABLES = "variables"
"""The input that every node has: variables come in by it, and may give values to the node's settings."""

_SHOWN = 3
_LONGEST = 24
_FITS = 2**63


@dataclass(frozen=True)
class VariablesSpec:
    """What is known of variables before there are any.

    Attributes:
        types: By name, in order.
        values: Of those whose values are known already.
    """

    types: Mapping[str, ScalarType]
    values: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether all values are known."""
        return all(name in self.values for name in self.types)

    def describe(self) -> str:
        """Return `epochs = 10 · path`, as an edge shows it."""
        if not self.types:
            return counted(0, "variable")
        if len(self.types) > _SHOWN:
            return counted(len(self.types), "variable")
        return " · ".join(f"{name} = {in_short(self.values[name])}" if name in self.values else name for name in self.types)

    def schema(self) -> pl.Schema:
        """Return the columns of a table with a row of these."""
        import polars as pl

        dtypes: Mapping[str, Any] = {"boolean": pl.Boolean, "integer": pl.Int64, "number": pl.Float64}
        return pl.Schema({name: dtypes.get(kind, pl.String) for name, kind in self.types.items()})


@dataclass(frozen=True)
class Variables:
    """Named scalars.

    Attributes:
        types: By name, in order.
        values: By name; whole numbers hold 64 bits.
    """

    types: Mapping[str, ScalarType]
    values: Mapping[str, Scalar]

    @property
    def spec(self) -> VariablesSpec:
        """Everything is known of them."""
        return VariablesSpec(self.types, self.values)

    def row(self) -> pl.DataFrame:
        """Return them as a table of one row."""
        import polars as pl

        return pl.DataFrame({name: [self.values[name]] for name in self.types}, schema=self.spec.schema())


def in_short(value: Scalar) -> str:
    """Return a value as an edge or a dialog shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def scalar_type(dtype: pl.DataType) -> ScalarType | None:
    """Return what a cell of this type is as a variable; None if it is no scalar."""
    import polars as pl

    if isinstance(dtype, pl.Boolean):
        return "boolean"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    is_text = isinstance(dtype, pl.String | pl.Enum | pl.Categorical) or dtype.is_temporal()
    return "text" if is_text else None


def scalar_of(cell: Any, kind: ScalarType, name: str, setting: str | None = None) -> Scalar:
    """Return a cell of a table, or of JSON, as a variable of this type. Moments are texts as in ISO 8601.

    Raises:
        NodeError: If it is missing, or does not fit.
    """
    if cell is None:
        raise NodeError(f"Variable '{name}' has no value: the cell is missing.", "Fill it in before this node.", setting=setting)
    if kind == "boolean":
        return bool(cell)
    if kind == "integer":
        if not -_FITS <= int(cell) < _FITS:
            message = f"Variable '{name}' is {cell}, which does not fit into 64 bits."
            raise NodeError(message, "Make it a number or a text.", setting=setting)
        return int(cell)
    if kind == "number":
        return float(cell)
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


DEFAULTS: Mapping[ScalarType, Scalar] = {"boolean": False, "integer": 0, "number": 0.0, "text": "", "path": ""}
"""What stands for a value that is missing, where the person wants that."""


def variable_name(text: str) -> str:
    """Return the name that a variable made of a column, or of a name in a file, has: `petal length` gives `petal_length`."""
    made = "".join(letter if letter.isalnum() else "_" for letter in text.strip())
    return made if made and not made[0].isdigit() else f"_{made}"


def why_no_name(name: str) -> str | None:
    """Return why a variable cannot be called so, as the rest of a sentence; None if it can."""
    if name.isidentifier():
        return None
    return "begins with a digit" if name[:1].isdigit() else "has something else than letters, digits and _ in it"


def scalar_to_json(value: Scalar) -> bool | str:
    """Return a value in a form that every JSON has: numbers as text, since some are none in JSON."""
    if isinstance(value, bool):
        return value
    return value if isinstance(value, str) else repr(value)


def scalar_from_json(stored: bool | str, kind: ScalarType) -> Scalar:
    """Return the value that `scalar_to_json` wrote."""
    if kind == "integer":
        return int(stored)
    return float(stored) if kind == "number" else stored
