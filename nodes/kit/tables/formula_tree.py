"""The tree of an expression as polars writes it in JSON: its parts, and what is changed in it before it is computed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

import polars as pl

Tree = Any
"""A node of polars's tree of an expression, as JSON has it: a mapping of one key, or a word."""
BY_ROW = frozenset(
    {"Sql", "StringExpr", "TemporalExpr", "Abs", "Sign", "Pow", "Coalesce", "Ceil", "Floor", "Log", "Exp", "FillNull"}
)
"""Functions that look at one row at a time, wherever they stand; others are left to polars within windows."""


def as_meant(tree: Tree, name: str, what: Tree) -> Tree:
    """Return a function of text as the help tells it, where polars's SQL differs: REGEXP_REPLACE replaces all matches, `$1` is a
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


def searched_by(tree: Tree) -> list[Tree]:
    """Return the arguments of STRPOS, which polars reads as `COALESCE(find(...) + 1, 0)`; none for anything else."""
    kind, inside = parted(tree)
    if kind == "BinaryExpr" and parted(inside["left"])[0] == "Function":
        function = inside["left"]["Function"]
        if "Find" in json.dumps(function["function"]):
            return list(function["input"])
    return []


def _groups(replacement: str) -> str:
    """A replacement of polars's, in which every $ that a person wrote is doubled, with $1 and ${name} as groups."""
    return re.sub(r"\$\$(\$\$)?(\d+|\{\w+\})", lambda m: m[0][2:] if m[1] else "${" + m[2].strip("{}") + "}", replacement)


def parted(tree: Tree) -> tuple[str, Any]:
    """Return the kind of a node of the tree, and what is in it."""
    if isinstance(tree, str):
        return tree, None
    ((kind, inside),) = tree.items()
    return kind, inside


def as_expression(tree: Tree) -> pl.Expr:
    """Return a tree as polars computes it."""
    return pl.Expr.deserialize(io.BytesIO(json.dumps(tree).encode()), format="json")


def plain_literal(tree: Tree) -> Tree:
    """Return a literal without a Decimal, in whose digits polars would reckon on; JSON has no infinite number."""
    if tree["Literal"] == {"Dyn": {"Float": None}}:
        text = {"Literal": {"Scalar": {"String": "inf"}}}
        return {"Cast": {"expr": text, "dtype": {"Literal": "Float64"}, "options": "Strict"}}
    scalar = tree["Literal"].get("Scalar") if isinstance(tree["Literal"], dict) else None
    if not isinstance(scalar, dict) or "Decimal" not in scalar:
        return tree
    digits, _, scale = scalar["Decimal"]
    if scale == 0:
        return {"Literal": {"Scalar": {"Int128": digits}}} if abs(digits) >= 2**63 else {"Literal": {"Dyn": {"Int": digits}}}
    # Read from its digits: a division by a power of ten would round once more.
    return {"Literal": {"Scalar": {"Float64": float(f"{digits}e-{scale}")}}}


def as_constant(cells: pl.Series) -> Tree:
    """Return one cell as a part of the tree."""
    return json.loads(pl.lit(cells).first().meta.serialize(format="json"))


def written_numbers(tree: Tree) -> Iterator[Any]:
    """Yield the numbers beyond 64 bits, or with decimals, that are written in an expression: Decimal and float, also of lists."""
    waiting = [tree]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting += current
        elif isinstance(current, dict):
            literal = current.get("Literal")
            if isinstance(literal, dict) and "Series" in literal:
                cells = pl.select(as_expression(current).alias("\0")).to_series().explode()
                yield from cells.drop_nulls() if cells.dtype.is_float() or cells.dtype.is_decimal() else ()
            elif isinstance(literal, dict) and "Decimal" in (literal.get("Scalar") or {}):
                digits, _, scale = literal["Scalar"]["Decimal"]
                yield Decimal(digits).scaleb(-scale, Context(prec=60))
            else:
                waiting += current.values()


def is_expression(tree: Tree) -> bool:
    """Return whether a part of the tree is an expression of the kinds that are walked."""
    return isinstance(tree, dict) and any(
        key in tree for key in ("Column", "Literal", "BinaryExpr", "Function", "Ternary", "Cast")
    )


def parts_of(tree: Tree) -> Iterator[Tree]:
    """Yield the expressions that an expression is made of."""
    kind, inside = parted(tree)
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


def looks_at_its_row(tree: Tree) -> bool:
    """Return whether an expression looks at one row at a time."""
    kind, inside = parted(tree)
    if kind == "Function":
        name, what = parted(inside["function"])
        known = name in BY_ROW or (name == "Boolean" and what in ("IsNull", "IsNotNull", "Not"))
        return known and all(map(looks_at_its_row, parts_of(tree)))
    return kind in ("Column", "Literal") or (
        kind in ("BinaryExpr", "Ternary", "Cast") and all(map(looks_at_its_row, parts_of(tree)))
    )


def has_window(tree: Tree) -> bool:
    """Return whether a window is in it."""
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


def names_column(tree: Tree) -> bool:
    """Return whether an expression names a column."""
    return "Column" in tree or any(map(names_column, parts_of(tree)))


def with_large_sums(tree: Tree, schema: pl.Schema, dtype: str = "Int128") -> Tree:
    """Return the tree with sums and products of whole numbers in Int128, which holds those of any table of Int64, or in another
    type."""
    if isinstance(tree, list):
        return [with_large_sums(each, schema, dtype) for each in tree]
    if not isinstance(tree, dict):
        return tree
    made = {key: with_large_sums(value, schema, dtype) for key, value in tree.items()}
    if "Agg" in made and isinstance(made["Agg"], dict) and "Sum" in made["Agg"]:
        return {"Agg": {"Sum": _large(made["Agg"]["Sum"], schema, dtype)}}
    if "op" in made and made["op"] == "Multiply":  # of SUM(7): the number times that of the rows
        return {**made, "left": _large(made["left"], schema, dtype)}
    function = made.get("Function")
    if function and isinstance(function["function"], dict):
        name, inside = parted(function["function"])
        if name == "CumSum" or (name == "Sql" and inside == {"Binary": "Mul"}):
            return {"Function": {**function, "input": [_large(function["input"][0], schema, dtype), *function["input"][1:]]}}
    return made


def _large(tree: Tree, schema: pl.Schema, large: str) -> Tree:
    """Whole numbers, and truths, in a type that holds more of them."""
    dtype = pl.LazyFrame(schema=schema).select(as_expression(tree).alias("\0")).collect_schema()["\0"]
    if dtype.is_integer() or isinstance(dtype, pl.Boolean):
        return {"Cast": {"expr": tree, "dtype": {"Literal": large}, "options": "NonStrict"}}
    return tree
