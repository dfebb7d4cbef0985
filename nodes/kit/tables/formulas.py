"""What an expression that polars has read is computed by: step by step, in types that hold the results.

Polars reads the text; its tree is walked here, so that arithmetic and comparisons are those of `exact`, and everything else
(text, dates, windows) is polars's own, on columns of Int64 and Float64. What does not fit is carried along, not raised at once:
`CASE WHEN x < 1000 THEN x * x ELSE 0 END` is right for every x. Aggregates are computed with Int128, and need no guard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import polars as pl

from nodes.base import NodeError
from nodes.kit.tables import exact
from nodes.kit.tables.formula_steps import (
    Fault,
    StepResult,
    Unfit,
    both,
    cell_at,
    checked_spans,
    comparison_of,
    computed_with,
    either,
    first_fault,
    in_common,
    kind_in_words,
    lengthened,
    looked_among,
    nanoseconds,
    narrow_step,
    narrowed,
    sums_that_fit,
    undecided,
    widened_cells,
)
from nodes.kit.tables.formula_tree import (
    Tree,
    as_constant,
    as_expression,
    as_meant,
    has_window,
    is_expression,
    looks_at_its_row,
    names_column,
    parted,
    parts_of,
    plain_literal,
    searched_by,
    with_large_sums,
    written_numbers,
)

ARITHMETIC = {"Plus": "+", "Minus": "-", "Mul": "*", "Multiply": "*", "Div": "/", "IntDiv": "//", "Rem": "%"}
"""Multiply is polars's own, in what it makes of SUM(7)."""
COMMON = frozenset({"Coalesce", "MaxHorizontal", "MinHorizontal", "FillNull"})
"""Functions whose arguments get a type in common."""


@dataclass(frozen=True)
class Formula:
    """An expression, ready to be computed for tables of the columns that it names.

    Attributes:
        expression: What polars reads in the text.
        steps: What is done with the result, one after the other.
    """

    expression: pl.Expr
    steps: tuple[Callable[[StepResult], StepResult], ...] = field(default=())

    @property
    def columns(self) -> list[str]:
        """The columns that it names."""
        return list(dict.fromkeys(self.expression.meta.root_names()))

    @property
    def numbers(self) -> Iterator[Decimal | float]:
        """The numbers written in it that are beyond 64 bits or have decimals."""
        return written_numbers(self._tree)

    @property
    def _tree(self) -> Tree:
        return json.loads(self.expression.meta.serialize(format="json"))

    def dtype(self, schema: pl.Schema) -> pl.DataType:
        """Return the type of the results.

        Raises:
            polars.exceptions.PolarsError: If the expression does not suit the columns.
        """
        names = self.columns if not self.expression.meta.has_multiple_outputs() else list(schema)
        # A column that a constant can stand beside; the others of a wide table would take long.
        looked_at = {"\1": pl.Null(), **{name: schema[name] for name in names if name in schema}}
        return self.outcome(pl.DataFrame(schema=looked_at).clear(1)).cells.dtype

    def then(self, step: Callable[[StepResult], StepResult]) -> Formula:
        """Return the same with one more step."""
        return replace(self, steps=(*self.steps, step))

    def outcome(self, frame: pl.DataFrame) -> StepResult:
        """Return the results for the rows of a frame, and where there is none; whole numbers are Int64.

        Raises:
            polars.exceptions.PolarsError: If the expression does not suit the columns.
            Unfit: If an aggregate rests on cells that could not be computed.
        """
        if not self.expression.meta.has_multiple_outputs() and self.columns:
            frame = frame.select(name for name in self.columns)
        made = _TreeWalk(frame).value(self._tree)
        made = narrowed(replace(made, cells=lengthened(made.cells, frame.height)))
        for step in self.steps:
            made = step(made)
        return made

    def computed(self, frame: pl.DataFrame, start: int = 0) -> pl.Series:
        """Return the results for the rows of a frame.

        Args:
            frame: The rows.
            start: The number, from 0, of the first row.

        Raises:
            NodeError: If a row could not be computed, naming the row and what is wrong.
            polars.exceptions.PolarsError: If polars could not compute it.
        """
        try:
            made = self.outcome(frame)
        except Unfit as error:
            raise _refused(error.fault, start) from error
        refuse_faults(made, start)
        return made.cells


def refuse_faults(made: StepResult, start: int) -> None:
    """Refuse results where a row could not be computed.

    Raises:
        NodeError: Naming the first such row and what is wrong.
    """
    fault = first_fault(made)
    if fault is not None:
        raise _refused(fault, start)


class _TreeWalk:
    """The walk over the tree for the rows of one frame."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._known: dict[int, StepResult] = {}

    def value(self, tree: Tree) -> StepResult:
        """What a part of the tree gives.

        Parts are computed before what they are parts of: chains of hundreds of operators would exhaust the stack.
        """
        waiting = [tree]
        while waiting:
            current = waiting[-1]
            parts = [part for part in parts_of(current) if id(part) not in self._known]
            if parts:
                waiting += parts
            else:
                waiting.pop()
                if id(current) not in self._known:
                    self._known[id(current)] = self._step(current)
        return self._known[id(tree)]

    def _step(self, tree: Tree) -> StepResult:
        """What a part of the tree gives whose own parts are known."""
        kind, inside = parted(tree)
        match kind:
            case "Column":
                made = self._column(inside)
            case "Literal":
                made = _literal(tree)
            case "Alias":
                made = self._known[id(inside[0])]
            case "BinaryExpr":
                made = self._binary(tree, inside["op"], {("left",): inside["left"], ("right",): inside["right"]})
            case "Function":
                made = self._function(tree, inside["function"], inside["input"])
            case "Ternary":
                made = self._ternary(tree, inside)
            case "Cast":
                made = self._cast(tree, inside)
            case _:
                made = self._over_rows(tree)
        return made

    def _column(self, name: str) -> StepResult:
        raw = self._frame.get_column(name)
        dtype = exact.widened(raw.dtype)
        return StepResult(raw.cast(dtype) if dtype != raw.dtype else raw, raw=raw)

    def _values(self, trees: Sequence[Tree]) -> list[StepResult] | None:
        """What parts of the tree give; None if one has neither a cell per row nor one for all."""
        made = [self._known[id(tree)] for tree in trees]
        fits = all(len(each.cells) in (1, self._frame.height) for each in made)
        return made if fits else None

    def _ternary(self, tree: Tree, inside: Tree) -> StepResult:
        parts = self._values([inside["predicate"], inside["truthy"], inside["falsy"]])
        return either(*parts) if parts else self._over_rows(tree)

    def _binary(self, tree: Tree, op: str, places: Mapping[tuple[Any, ...], Tree]) -> StepResult:
        sides = self._values(list(places.values()))
        if sides is None:
            return self._over_rows(tree)
        a, b = sides
        numbers = a.is_number and b.is_number and not (a.cells.dtype == b.cells.dtype == pl.Null)
        if numbers and op in ARITHMETIC:
            return computed_with(a, b, ARITHMETIC[op])
        both_truths = a.cells.dtype == b.cells.dtype == pl.Boolean
        if numbers and not both_truths and (op in exact.COMPARISONS or op in ("EqValidity", "NotEqValidity")):
            return comparison_of(a, b, op)
        made = self._by_polars(tree, list(places), [a, b])
        if op in ("And", "Or") and isinstance(made.cells.dtype, pl.Boolean):
            return replace(made, faults=(*undecided(a.faults, b, op == "Or"), *undecided(b.faults, a, op == "Or")))
        if op in ARITHMETIC:
            return checked_spans(a, b, made, ARITHMETIC[op])
        return made

    def _function(self, tree: Tree, function: Tree, inputs: list[Tree]) -> StepResult:
        name, inside = parted(function)
        if name == "Sql" and isinstance(inside, dict) and "Binary" in inside:
            return self._binary(tree, inside["Binary"], {("input", n): part for n, part in enumerate(inputs)})
        parts = self._values(inputs)
        if parts is None or name == "Range":  # of ROW_NUMBER: the rows' number, which is no column of one row
            return self._over_rows(tree)
        if name == "Sql" and inside == "ToFloat" and parts[0].is_number:
            return StepResult(parts[0].cells.cast(pl.Float64), parts[0].faults)
        if name in ("Boolean", "Sql") and isinstance(inside, dict) and "IsIn" in inside and parts[0].cells.dtype.is_numeric():
            parts = list(looked_among(*parts))
        if name == "Abs" and parts[0].cells.dtype.is_integer():
            # The smallest whole number has no positive one.
            parts[0] = replace(parts[0], cells=parts[0].cells.cast(pl.Int128))
        if name == "TemporalExpr" and isinstance(inside, dict) and inside.get("TimeStamp") == "Nanoseconds":
            return StepResult(nanoseconds(parts[0].cells), parts[0].faults)
        if name in COMMON:
            cells = in_common([part.cells for part in parts])
            parts = [replace(part, cells=each, raw=None) for part, each in zip(parts, cells, strict=True)]
        tree = as_meant(tree, name, inside)
        places = [("input", n) for n in range(len(parts))]
        made = self._by_polars(tree, places, parts, as_text=name == "StringExpr")
        if name == "FillNull":
            for argument in searched_by(inputs[0]):
                made = either(StepResult(self._known[id(argument)].cells.is_null()), StepResult(made.cells.clear(1)), made)
        if name == "Abs" and made.cells.dtype == pl.Int128:
            return narrow_step(made, parts[0], "the absolute value of {}")
        return made

    def _cast(self, tree: Tree, inside: Tree) -> StepResult:
        if "OfExpr" in inside["dtype"]:
            # Of a sum of one written number: the type that it has in polars.
            return self._known[id(inside["expr"])]
        parts = self._values([inside["expr"]])
        if parts is None:
            return self._over_rows(tree)
        strict = inside["options"] == "Strict"
        loose = {"Cast": {**inside, "options": "NonStrict"}}
        made = self._by_polars(loose, [("expr",)], parts, as_text=True, normal=False)
        before, after = parts[0].text, made.cells
        if strict:
            lost = both(before.is_not_null(), after.is_null())
            if before.dtype.is_float() and after.dtype.is_float():
                lost = lost | (before.is_finite() & ~after.is_finite()).fill_null(False)
            if lost.any():
                fault = Fault(
                    lost,
                    lambda row: f"'{cell_at(before, row)}' cannot be made {kind_in_words(after.dtype)}",
                    "TRY_CAST makes such cells missing.",
                )
                made = replace(made, faults=(*made.faults, fault))
        return replace(made, cells=widened_cells(after))

    def _by_polars(
        self,
        tree: Tree,
        places: Sequence[tuple[Any, ...]],
        parts: Sequence[StepResult],
        *,
        as_text: bool = False,
        normal: bool = True,
    ) -> StepResult:
        """What polars makes of parts that are computed.

        Args:
            tree: What to compute.
            places: Where in it the parts stand.
            parts: What they are.
            as_text: Whether numbers are taken as text shows them.
            normal: Whether numbers become Int64 or Float64.
        """
        kind, inside = parted(tree)
        inside = {key: list(value) if isinstance(value, list) else value for key, value in inside.items()}
        frame = self._frame
        for place, part in zip(places, parts, strict=True):
            holder: Any = inside
            for key in place[:-1]:
                holder = holder[key]
            original = holder[place[-1]]
            if part.is_literal and plain_literal(original) is original:
                continue
            cells = part.text if as_text else part.cells
            name = original["Column"] if "Column" in original else f"\0{len(frame.columns)}"
            if len(cells) == 1 != frame.height:
                holder[place[-1]] = as_constant(cells)
            else:
                frame = frame.with_columns(cells.alias(name))
                holder[place[-1]] = {"Column": name}
        made = frame.select(as_expression({kind: inside}).alias("\0")).to_series()
        return StepResult(widened_cells(made) if normal else made, tuple(fault for part in parts for fault in part.faults))

    def _over_rows(self, tree: Tree) -> StepResult:
        """What polars makes of an aggregate or a window: of columns of cells that are computed row by row before."""
        columns: dict[str, pl.Series] = {}
        in_window = has_window(tree)
        prepared = self._prepared(tree, columns, in_window=in_window, top=True)
        frame = self._frame.with_columns(**columns) if columns else self._frame
        summed = with_large_sums(prepared, frame.schema)
        made = frame.select(as_expression(summed).alias("\0")).to_series()
        if made.dtype == pl.Int128 and summed != prepared:
            # Sums of Int64 fit; those of larger numbers wrap, which their size in Float64 tells.
            rough = frame.select(as_expression(with_large_sums(prepared, frame.schema, "Float64")).alias("\0")).to_series()
            return sums_that_fit(made, rough)
        return StepResult(widened_cells(made))

    def _prepared(self, tree: Tree, columns: dict[str, pl.Series], *, in_window: bool, top: bool = False) -> Tree:
        """The tree with computed columns in the place of what looks at one row at a time."""
        if isinstance(tree, list):
            return [self._prepared(each, columns, in_window=in_window) for each in tree]
        if not isinstance(tree, dict):
            return tree
        if "Literal" in tree:
            return plain_literal(tree)
        if not top and is_expression(tree) and names_column(tree) and (looks_at_its_row(tree) or not in_window):
            made = self.value(tree)
            if len(made.cells) == self._frame.height:
                for fault in made.faults:
                    if fault.cells.any():
                        raise Unfit(fault)
                name = tree["Column"] if "Column" in tree else f"\0{len(columns)} of rows"
                columns[name] = made.cells
                return {"Column": name}
        if "Function" in tree:
            inside = tree["Function"]
            return {"Function": {**inside, "input": self._prepared(inside["input"], columns, in_window=in_window)}}
        return {key: self._prepared(value, columns, in_window=in_window) for key, value in tree.items()}


def _refused(fault: Fault, start: int) -> NodeError:
    row = int(fault.cells.arg_max() or 0)
    return NodeError(f"Row {start + row + 1} cannot be computed: {fault.why(row)}.", fault.remedy)


def _literal(tree: Tree) -> StepResult:
    """A written value; numbers with decimals, and whole ones that 128 bits do not hold, as Float64."""
    cells = widened_cells(pl.select(as_expression(plain_literal(tree)).alias("\0")).to_series())
    written = pl.select(as_expression(tree).alias("\0")).to_series() if cells.dtype == pl.Float64 else None
    return StepResult(cells, raw=written, is_literal=True)
