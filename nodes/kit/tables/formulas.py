"""What an expression that polars has read is computed by: step by step, in types that hold the results.

Polars reads the text; its tree is walked here, so that arithmetic and comparisons are those of `exact`, and everything else
(text, dates, windows) is polars's own, on columns of Int64 and Float64. What does not fit is carried along, not raised at once:
`CASE WHEN x < 1000 THEN x * x ELSE 0 END` is right for every x. Aggregates are computed with Int128, and need no guard.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from nodes.base import NodeError
from nodes.kit.tables import exact

Tree = Any
"""A node of polars's tree of an expression, as JSON has it: a mapping of one key, or a word."""

ARITHMETIC = {"Plus": "+", "Minus": "-", "Mul": "*", "Div": "/", "IntDiv": "//", "Rem": "%"}
BY_ROW = frozenset(
    {"Sql", "StringExpr", "TemporalExpr", "Abs", "Sign", "Pow", "Coalesce", "Ceil", "Floor", "Log", "Exp", "FillNull"}
)
"""Functions that look at one row at a time, wherever they stand; others are left to polars within windows."""
COMMON = frozenset({"Coalesce", "MaxHorizontal", "MinHorizontal", "FillNull"})
"""Functions whose arguments get a type in common."""
DECIMAL_ALIKE = (pl.Float32, pl.Float16, pl.Decimal)
"""Types whose cells look different as Float64: 0.1 of Float32 is 0.10000000149."""


@dataclass(frozen=True)
class Fault:
    """Where a step could not be computed, and why.

    Attributes:
        cells: Mask of the rows; one cell stands for all rows.
        why: What is wrong in a row of that number (0 for all rows).
        remedy: What to do.
    """

    cells: pl.Series
    why: Callable[[int], str]
    remedy: str = "Whole numbers hold 64 bits: write 1.0 * x to compute with decimals."


@dataclass(frozen=True)
class StepResult:
    """What a step gave.

    Attributes:
        cells: A cell per row, or one for all; numbers are Int64, Int128 or Float64.
        faults: Where it could not be computed; the cells are missing there.
        raw: The same as the table has it, if it is a column of the table.
        is_literal: Whether the text spells the value itself.
    """

    cells: pl.Series
    faults: tuple[Fault, ...] = ()
    raw: pl.Series | None = None
    is_literal: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it can be reckoned with."""
        return self.cells.dtype.is_numeric() or isinstance(self.cells.dtype, pl.Boolean | pl.Null)

    @property
    def text(self) -> pl.Series:
        """The cells as text shows them: Float32 and Decimal as they are in the table."""
        return self.raw if self.raw is not None and self.raw.dtype in DECIMAL_ALIKE else self.cells


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
        made = _TreeWalk(frame).value(json.loads(self.expression.meta.serialize(format="json")))
        made = narrowed(replace(made, cells=_long(made.cells, frame.height)))
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


class Unfit(Exception):
    """An aggregate rests on cells that could not be computed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__("a step could not be computed")
        self.fault = fault


def first_fault(made: StepResult) -> Fault | None:
    """Return the fault of the first row that could not be computed; None if there is none."""
    faults = [fault for fault in made.faults if fault.cells.any()]
    return min(faults, key=lambda fault: int(fault.cells.arg_max() or 0)) if faults else None


def refuse_faults(made: StepResult, start: int) -> None:
    """Refuse results where a row could not be computed.

    Raises:
        NodeError: Naming the first such row and what is wrong.
    """
    fault = first_fault(made)
    if fault is not None:
        raise _refused(fault, start)


def narrowed(made: StepResult) -> StepResult:
    """Return the outcome with whole numbers as Int64; where they do not fit is a fault."""
    cells = made.cells
    if cells.dtype.is_integer() and cells.dtype != pl.Int64:
        fitting = cells.cast(pl.Int64, strict=False)
        if fitting.null_count() > cells.null_count():
            fault = Fault(cells.is_not_null() & fitting.is_null(), lambda row: f"{_at(cells, row)} is beyond 64 bits")
            return replace(made, cells=fitting, faults=(*made.faults, fault))
        return replace(made, cells=fitting)
    return made


def either(condition: StepResult, yes: StepResult, no: StepResult) -> StepResult:
    """Return `yes` where the condition is true, else `no`; only the faults of what is taken count."""
    taken = condition.cells.fill_null(False)
    cells = _polars(lambda c, y, n: pl.when(c).then(y).otherwise(n), taken, *_in_common([yes.cells, no.cells]))
    faults = [*condition.faults]
    faults += [replace(fault, cells=_both(fault.cells, taken)) for fault in yes.faults]
    faults += [replace(fault, cells=_both(fault.cells, ~taken)) for fault in no.faults]
    return StepResult(cells, tuple(faults))


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
            parts = [part for part in _parts(current) if id(part) not in self._known]
            if parts:
                waiting += parts
            else:
                waiting.pop()
                if id(current) not in self._known:
                    self._known[id(current)] = self._step(current)
        return self._known[id(tree)]

    def _step(self, tree: Tree) -> StepResult:
        """What a part of the tree gives whose own parts are known."""
        kind, inside = _parted(tree)
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
            return _arithmetic(a, b, ARITHMETIC[op])
        both_truths = a.cells.dtype == b.cells.dtype == pl.Boolean
        if numbers and not both_truths and (op in exact.COMPARISONS or op in ("EqValidity", "NotEqValidity")):
            return _comparison(a, b, op)
        made = self._by_polars(tree, list(places), [a, b])
        if op in ("And", "Or") and isinstance(made.cells.dtype, pl.Boolean):
            # What the other side decides alone needs no more.
            return replace(made, faults=tuple(replace(f, cells=_both(f.cells, made.cells.is_null())) for f in made.faults))
        if op in ARITHMETIC:
            return _spans(a, b, made, ARITHMETIC[op])
        return made

    def _function(self, tree: Tree, function: Tree, inputs: list[Tree]) -> StepResult:
        name, inside = _parted(function)
        if name == "Sql" and isinstance(inside, dict) and "Binary" in inside:
            return self._binary(tree, inside["Binary"], {("input", n): part for n, part in enumerate(inputs)})
        parts = self._values(inputs)
        if parts is None or name == "Range":  # of ROW_NUMBER: the rows' number, which is no column of one row
            return self._over_rows(tree)
        if name == "Sql" and inside == "ToFloat" and parts[0].is_number:
            return StepResult(parts[0].cells.cast(pl.Float64), parts[0].faults)
        if name == "Boolean" and isinstance(inside, dict) and "IsIn" in inside and parts[0].cells.dtype.is_numeric():
            parts[1] = _among(parts[0], parts[1])
        if name == "Abs" and parts[0].cells.dtype.is_integer():
            # The smallest whole number has no positive one.
            parts[0] = replace(parts[0], cells=parts[0].cells.cast(pl.Int128))
        if name == "TemporalExpr" and isinstance(inside, dict) and inside.get("TimeStamp") == "Nanoseconds":
            return StepResult(_nanoseconds(parts[0].cells), parts[0].faults)
        if name in COMMON:
            cells = _in_common([part.cells for part in parts])
            parts = [replace(part, cells=each, raw=None) for part, each in zip(parts, cells, strict=True)]
        tree = _as_meant(tree, name, inside)
        places = [("input", n) for n in range(len(parts))]
        made = self._by_polars(tree, places, parts, as_text=name == "StringExpr")
        if name == "FillNull":
            for argument in _searched(inputs[0]):
                made = either(StepResult(self._known[id(argument)].cells.is_null()), StepResult(made.cells.clear(1)), made)
        if name == "Abs" and made.cells.dtype == pl.Int128:
            return _narrow_step(made, parts[0], "the absolute value of {}")
        return made

    def _cast(self, tree: Tree, inside: Tree) -> StepResult:
        parts = self._values([inside["expr"]])
        if parts is None:
            return self._over_rows(tree)
        strict = inside["options"] == "Strict"
        loose = {"Cast": {**inside, "options": "NonStrict"}}
        made = self._by_polars(loose, [("expr",)], parts, as_text=True, normal=False)
        before, after = parts[0].text, made.cells
        if strict:
            lost = _both(before.is_not_null(), after.is_null())
            if before.dtype.is_float() and after.dtype.is_float():
                lost = lost | (before.is_finite() & ~after.is_finite()).fill_null(False)
            if lost.any():
                fault = Fault(
                    lost,
                    lambda row: f"'{_at(before, row)}' cannot be made {_kind(after.dtype)}",
                    "TRY_CAST makes such cells missing.",
                )
                made = replace(made, faults=(*made.faults, fault))
        return replace(made, cells=_widened(after))

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
        kind, inside = _parted(tree)
        inside = {key: list(value) if isinstance(value, list) else value for key, value in inside.items()}
        frame = self._frame
        for place, part in zip(places, parts, strict=True):
            holder: Any = inside
            for key in place[:-1]:
                holder = holder[key]
            original = holder[place[-1]]
            if part.is_literal and _plain_literal(original) is original:
                continue
            cells = part.text if as_text else part.cells
            name = original["Column"] if "Column" in original else f"\0{len(frame.columns)}"
            if len(cells) == 1 != frame.height:
                holder[place[-1]] = _constant(cells)
            else:
                frame = frame.with_columns(cells.alias(name))
                holder[place[-1]] = {"Column": name}
        made = frame.select(_expression({kind: inside}).alias("\0")).to_series()
        return StepResult(_widened(made) if normal else made, tuple(fault for part in parts for fault in part.faults))

    def _over_rows(self, tree: Tree) -> StepResult:
        """What polars makes of an aggregate or a window: of columns of cells that are computed row by row before."""
        columns: dict[str, pl.Series] = {}
        in_window = _has_window(tree)
        prepared = self._prepared(tree, columns, in_window=in_window, top=True)
        frame = self._frame.with_columns(**columns) if columns else self._frame
        made = frame.select(_expression(_with_large_sums(prepared, frame.schema)).alias("\0")).to_series()
        return StepResult(_widened(made))

    def _prepared(self, tree: Tree, columns: dict[str, pl.Series], *, in_window: bool, top: bool = False) -> Tree:
        """The tree with computed columns in the place of what looks at one row at a time."""
        if isinstance(tree, list):
            return [self._prepared(each, columns, in_window=in_window) for each in tree]
        if not isinstance(tree, dict):
            return tree
        if "Literal" in tree:
            return _plain_literal(tree)
        if not top and _is_expression(tree) and _names(tree) and (_by_row(tree) or not in_window):
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


# ---------------------------------------------------------------------------------------------------------------- one step


def _arithmetic(a: StepResult, b: StepResult, sign: str) -> StepResult:
    """Sum, difference, product, quotient or remainder of numbers; true is 1, false 0."""
    x, y = _number(a.cells), _number(b.cells)
    faults = (*a.faults, *b.faults)
    wrong: pl.Series | None = None
    if sign == "/":
        made = x.cast(pl.Float64) / y.cast(pl.Float64)
    elif sign == "//":
        made, wrong = exact.quotient(x, y)
    elif sign == "%":
        made = exact.remainder(x, y)
    elif x.dtype.is_float() or y.dtype.is_float():
        made = exact.SUMS[sign](x.cast(pl.Float64), y.cast(pl.Float64))  # type: ignore[index]
    else:
        made, wrong = exact.reckoned(x, y, sign)  # type: ignore[arg-type]
    if wrong is not None and wrong.any():
        faults += (Fault(wrong, lambda row: f"{_at(x, row)} {sign} {_at(y, row)} is no whole number of 64 bits"),)
    return StepResult(made, faults)


def _comparison(a: StepResult, b: StepResult, op: str) -> StepResult:
    """A comparison of numbers by value; Float32 meets a written number in Float32."""
    x, y = _met(a, b), _met(b, a)
    faults = (*a.faults, *b.faults)
    if op not in exact.COMPARISONS:
        same = exact.compared(x, y, "Eq").fill_null(False) | (x.is_null() & y.is_null())
        return StepResult(same if op == "EqValidity" else ~same, faults)
    return StepResult(exact.compared(x, y, op), faults)


def _met(a: StepResult, other: StepResult) -> pl.Series:
    """The cells as they are compared with the others."""
    cells = _number(a.cells)
    if a.is_literal and other.raw is not None and other.raw.dtype == pl.Float32:
        return cells.cast(pl.Float32).cast(pl.Float64)
    return cells


def _among(part: StepResult, among: StepResult) -> StepResult:
    """A list of values as cells of numbers are looked for in it."""
    listed = among.cells
    if not isinstance(listed.dtype, pl.List) or len(listed) != 1 or not _inner(listed).is_numeric():
        return among
    values = listed.explode()
    if part.cells.dtype.is_float():
        single = part.raw is not None and part.raw.dtype == pl.Float32
        values = (values.cast(pl.Float32) if single else values).cast(pl.Float64)
    elif not values.dtype.is_integer():
        # A number with decimals is no whole number.
        real = values.cast(pl.Float64)
        values = real.filter(real.is_null() | (real == real.floor())).cast(part.cells.dtype, strict=False)
    else:
        values = values.cast(part.cells.dtype, strict=False)
    return StepResult(values.implode(), among.faults)


def _spans(a: StepResult, b: StepResult, made: StepResult, sign: str) -> StepResult:
    """A sum, difference or product of times, unless it has wrapped."""
    if sign not in exact.SUMS or not made.cells.dtype.is_temporal():
        return made
    wrong = exact.spans_that_wrapped(a.cells, b.cells, made.cells, sign)  # type: ignore[arg-type]
    if wrong is None:
        return made
    fault = Fault(
        wrong,
        lambda row: f"{_at(a.cells, row)} {sign} {_at(b.cells, row)} is more than a span of time can be",
        "Choose another unit of time.",
    )
    return replace(made, faults=(*made.faults, fault))


def _narrow_step(made: StepResult, part: StepResult, words: str) -> StepResult:
    """A result of Int128 as Int64; where it does not fit is a fault."""
    fitting = narrowed(StepResult(made.cells))
    faults = tuple(replace(f, why=lambda row: f"{words.format(_at(part.cells, row))} is beyond 64 bits") for f in fitting.faults)
    return StepResult(fitting.cells, (*made.faults, *faults))


def _nanoseconds(cells: pl.Series) -> pl.Series:
    """Nanoseconds since 1970 as Int128: those of the year 9999 are beyond 64 bits."""
    if isinstance(cells.dtype, pl.Date):
        cells = cells.cast(pl.Datetime("us"))
    scale = {"ms": 10**6, "us": 10**3, "ns": 1}[getattr(cells.dtype, "time_unit", "ns")]
    return exact.reckoned(cells.to_physical().cast(pl.Int128), pl.Series([scale]), "*")[0]


# ------------------------------------------------------------------------------------------------------------------- cells


def _number(cells: pl.Series) -> pl.Series:
    """Truths and missing cells as whole numbers."""
    return cells if cells.dtype.is_numeric() else cells.cast(pl.Int64)


def _widened(cells: pl.Series) -> pl.Series:
    dtype = exact.widened(cells.dtype)
    return cells if dtype == cells.dtype else cells.cast(dtype)


def _in_common(cells: Sequence[pl.Series]) -> list[pl.Series]:
    """Columns of numbers in the type that they have in common; others as they are."""
    numbers = [each.dtype for each in cells if each.dtype.is_numeric()]
    common = exact.exact_common(numbers) if len(set(numbers)) > 1 else None
    return [each.cast(common) if common is not None and each.dtype.is_numeric() else each for each in cells]


def _both(a: pl.Series, b: pl.Series) -> pl.Series:
    made: pl.Series = a & b
    return made.fill_null(False)


def _long(cells: pl.Series, height: int) -> pl.Series:
    """One cell for all rows as a cell per row."""
    if len(cells) == height or len(cells) != 1:
        return cells
    return cells.new_from_index(0, height) if height else cells.clear()


def _polars(made: Callable[..., pl.Expr], *cells: pl.Series) -> pl.Series:
    """An expression of columns, each of one length or of a single cell."""
    height = next((len(each) for each in cells if len(each) != 1), 1)
    frame = pl.DataFrame({str(n): _long(each, height) for n, each in enumerate(cells)})
    return frame.select(made(*(pl.col(name) for name in frame.columns)).alias("\0")).to_series()


def _at(cells: pl.Series, row: int) -> Any:
    """The cell of a row."""
    return cells[row if len(cells) > row else 0]


def _inner(cells: pl.Series) -> pl.DataType:
    inner: pl.DataType | type[pl.DataType] = cells.dtype.inner  # type: ignore[attr-defined]
    return inner() if isinstance(inner, type) else inner


def _kind(dtype: pl.DataType) -> str:
    """A type, as a message names what something cannot be made."""
    if dtype.is_integer():
        return f"a whole number ({type(dtype).__name__})"
    return "a number" if dtype.is_numeric() else f"{type(dtype).__name__}"


def _refused(fault: Fault, start: int) -> NodeError:
    row = int(fault.cells.arg_max() or 0)
    return NodeError(f"Row {start + row + 1} cannot be computed: {fault.why(row)}.", fault.remedy)


# -------------------------------------------------------------------------------------------------------------------- tree


def _as_meant(tree: Tree, name: str, what: Tree) -> Tree:
    """A function of text that the help tells otherwise than polars's SQL: REGEXP_REPLACE replaces all matches, and `$1` is a
    group; STRPOS looks for plain text."""
    if name != "StringExpr" or not isinstance(what, dict):
        return tree
    inputs = tree["Function"]["input"]
    if what.get("Replace", {}).get("literal") is False:
        value = {"Literal": {"Scalar": {"String": _groups(inputs[2]["Literal"]["Scalar"]["String"])}}}
        function = {"StringExpr": {"Replace": {"n": -1, "literal": False}}}
        return {"Function": {"input": [*inputs[:2], value], "function": function}}
    if "Find" in what:
        return {"Function": {"input": inputs, "function": {"StringExpr": {"Find": {"literal": True, "strict": True}}}}}
    return tree


def _searched(tree: Tree) -> list[Tree]:
    """The arguments of STRPOS, which polars reads as `COALESCE(find(...) + 1, 0)`; none for anything else."""
    kind, inside = _parted(tree)
    if kind == "BinaryExpr" and _parted(inside["left"])[0] == "Function":
        function = inside["left"]["Function"]
        if "Find" in json.dumps(function["function"]):
            return list(function["input"])
    return []


def _groups(replacement: str) -> str:
    """A replacement of polars's, in which every $ that a person wrote is doubled, with $1 and ${name} as groups."""
    return re.sub(r"\$\$(\$\$)?(\d+|\{\w+\})", lambda m: m[0][2:] if m[1] else "${" + m[2].strip("{}") + "}", replacement)


def _parted(tree: Tree) -> tuple[str, Any]:
    """The kind of a node of the tree, and what is in it."""
    if isinstance(tree, str):
        return tree, None
    ((kind, inside),) = tree.items()
    return kind, inside


def _expression(tree: Tree) -> pl.Expr:
    return pl.Expr.deserialize(io.BytesIO(json.dumps(tree).encode()), format="json")


def _literal(tree: Tree) -> StepResult:
    """A written value; numbers with decimals, and whole ones that 128 bits do not hold, as Float64."""
    return StepResult(_widened(pl.select(_expression(_plain_literal(tree)).alias("\0")).to_series()), is_literal=True)


def _plain_literal(tree: Tree) -> Tree:
    """A literal without a Decimal, in whose digits polars would reckon on; JSON has no infinite number."""
    if tree["Literal"] == {"Dyn": {"Float": None}}:
        text = {"Literal": {"Scalar": {"String": "inf"}}}
        return {"Cast": {"expr": text, "dtype": {"Literal": "Float64"}, "options": "Strict"}}
    scalar = tree["Literal"].get("Scalar") if isinstance(tree["Literal"], dict) else None
    if not isinstance(scalar, dict) or "Decimal" not in scalar:
        return tree
    digits, _, scale = scalar["Decimal"]
    if scale == 0 and abs(digits) < exact.WIDE:
        return {"Literal": {"Scalar": {"Int128": digits}}} if abs(digits) >= 2**63 else {"Literal": {"Dyn": {"Int": digits}}}
    # Read from its digits: a division by a power of ten would round once more.
    return {"Literal": {"Scalar": {"Float64": float(f"{digits}e-{scale}")}}}


def _constant(cells: pl.Series) -> Tree:
    """One cell as a part of the tree."""
    return json.loads(pl.lit(cells).first().meta.serialize(format="json"))


def _is_expression(tree: Tree) -> bool:
    return isinstance(tree, dict) and any(
        key in tree for key in ("Column", "Literal", "BinaryExpr", "Function", "Ternary", "Cast")
    )


def _parts(tree: Tree) -> Iterator[Tree]:
    """The expressions that an expression is made of."""
    kind, inside = _parted(tree)
    match kind:
        case "BinaryExpr":
            yield from (inside["left"], inside["right"])
        case "Function":
            yield from inside["input"]
        case "Ternary":
            yield from (inside["predicate"], inside["truthy"], inside["falsy"])
        case "Cast":
            yield inside["expr"]
        case "Alias":
            yield inside[0]


def _by_row(tree: Tree) -> bool:
    """Whether an expression looks at one row at a time."""
    kind, inside = _parted(tree)
    if kind == "Function":
        name, what = _parted(inside["function"])
        known = name in BY_ROW or (name == "Boolean" and what in ("IsNull", "IsNotNull", "Not"))
        return known and all(map(_by_row, _parts(tree)))
    return kind in ("Column", "Literal") or (kind in ("BinaryExpr", "Ternary", "Cast") and all(map(_by_row, _parts(tree))))


def _has_window(tree: Tree) -> bool:
    """Whether a window is in it."""
    waiting = [tree]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            if "Over" in current:
                return True
            waiting += current.values()
        elif isinstance(current, list):
            waiting += current
    return False


def _names(tree: Tree) -> bool:
    """Whether an expression names a column."""
    return "Column" in tree or any(map(_names, _parts(tree)))


def _with_large_sums(tree: Tree, schema: pl.Schema) -> Tree:
    """The tree with sums and products of whole numbers in Int128, which holds those of any table."""
    if isinstance(tree, list):
        return [_with_large_sums(each, schema) for each in tree]
    if not isinstance(tree, dict):
        return tree
    made = {key: _with_large_sums(value, schema) for key, value in tree.items()}
    if "Agg" in made and isinstance(made["Agg"], dict) and "Sum" in made["Agg"]:
        return {"Agg": {"Sum": _large(made["Agg"]["Sum"], schema)}}
    function = made.get("Function")
    if function and isinstance(function["function"], dict):
        name, inside = _parted(function["function"])
        if name == "CumSum" or (name == "Sql" and inside == {"Binary": "Mul"}):
            return {"Function": {**function, "input": [_large(function["input"][0], schema), *function["input"][1:]]}}
    return made


def _large(tree: Tree, schema: pl.Schema) -> Tree:
    """Whole numbers, and truths, as Int128."""
    dtype = pl.LazyFrame(schema=schema).select(_expression(tree).alias("\0")).collect_schema()["\0"]
    if dtype.is_integer() or isinstance(dtype, pl.Boolean):
        return {"Cast": {"expr": tree, "dtype": {"Literal": "Int128"}, "options": "NonStrict"}}
    return tree
