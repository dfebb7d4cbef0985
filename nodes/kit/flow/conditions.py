"""Expressions of variables: the language is that of Math Formula, and the variables are a table of one row."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nodes.base import NodeError
from nodes.kit.tables.expressions import in_words, parsed
from nodes.kit.tables.formulas import Formula
from nodes.values.table import TableSpec, describe_dtype
from nodes.values.variables import Scalar, ScalarType, Variables, VariablesSpec, scalar_of, scalar_type

HELP = (
    "Variables are written by name, text stands in single quotes. There are + - * / // %, = <> < <= > >=, AND OR NOT, IN (...), "
    "LIKE, BETWEEN, || to join text, CASE WHEN ... THEN ... ELSE ... END, and the functions of polars's SQL, as in Math Formula."
)


def expression_type(text: str, variables: VariablesSpec, setting: str) -> ScalarType:
    """Return what an expression of variables gives.

    Raises:
        NodeError: If it is none, or gives nothing that a variable can be.
    """
    table = _table(variables)
    dtype = _parsed(text, table, setting).dtype(table.schema)
    kind = scalar_type(dtype)
    if kind is None:
        message = f"The result is {describe_dtype(dtype)}, which no variable can be."
        raise NodeError(message, "Let it give a number, a text, or true or false.", setting=setting)
    return kind


def expression_value(text: str, variables: Variables, setting: str, name: str) -> Scalar:
    """Return the value of an expression of variables.

    Raises:
        NodeError: If it cannot be computed, or is missing.
    """
    table = _table(variables.spec)
    try:
        cell = _parsed(text, table, setting).computed(_with_row(variables.row()))[0]
    except pl.exceptions.PolarsError as error:
        message = f"The expression cannot be computed: {in_words(error)}."
        raise NodeError(message, "Look at the variables that it names.", setting=setting) from error
    if cell is None:
        raise NodeError(f"The expression of '{name}' has no value.", "COALESCE gives it one.", setting=setting)
    return scalar_of(cell, expression_type(text, variables.spec, setting), name, setting)


def check_condition(text: str, variables: VariablesSpec, setting: str) -> None:
    """Refuse a condition that is none, or gives something else than true or false.

    Raises:
        NodeError: Saying what is wrong with it.
    """
    kind = expression_type(text, variables, setting)
    if kind != "boolean":
        raise NodeError(f"The condition is a {kind}, not true or false.", "Compare it with something.", setting=setting)


def holds(text: str, variables: Variables, setting: str) -> bool:
    """Return whether a condition on variables is true."""
    check_condition(text, variables.spec, setting)
    return bool(expression_value(text, variables, setting, "condition"))


def known_value(text: str, variables: VariablesSpec, setting: str, name: str) -> Mapping[str, Scalar]:
    """Return the value of an expression by its name, if those of all variables that it names are known; else nothing."""
    needed = _parsed(text, _table(variables), setting).columns
    if any(column not in variables.values for column in needed if column in variables.types):
        return {}
    known = {n: kind for n, kind in variables.types.items() if n in variables.values}
    return {name: expression_value(text, Variables(known, variables.values), setting, name)}


_ROW = "\0row"
"""A column that keeps a table without variables from having no row."""


def _with_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.Series(_ROW, [0])) if frame.width else pl.DataFrame({_ROW: [0]})


def _table(variables: VariablesSpec) -> TableSpec:
    return TableSpec(variables.schema(), 1)


def _parsed(text: str, table: TableSpec, setting: str) -> Formula:
    try:
        return parsed(text, table, setting)
    except NodeError as error:
        if "The table has" in error.remedy or "column" in error.message:
            remedy = error.remedy.replace("The table has", "The variables are").replace("column", "variable")
            raise NodeError(error.message.replace("column", "variable"), remedy, setting=setting) from error
        raise
