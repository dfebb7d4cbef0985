"""SQLite's loose types: any cell may be of any type, so a column's type is asked of its cells, and what does not fit is told.

What is here knows SQL and dtypes, no connection. A statement's columns are called c0, c1, ... within the statements made of it,
whatever they are called themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

KINDS = ("integer", "real", "text", "blob", "large")
"""What `typeof` gives, and `large`: whole numbers that Float64 does not hold."""
_SAMPLES = {"Int64": "0", "Float64": "0.5", "String": "''", "Binary": "x''"}


def kinds_statement(statement: str, columns: int, rows: int, asked: Sequence[int]) -> str:
    """Return the question which kinds of cells stand in the first rows: 0 or 1 for each column asked for and each of `KINDS`."""
    questions = [_large(n) if kind == "large" else f"typeof(c{n}) = '{kind}'" for n in asked for kind in KINDS]
    told = ", ".join(f"coalesce(max({question}), 0)" for question in questions)
    return f"WITH r({_names(columns)}) AS (SELECT * FROM ({statement}) LIMIT {rows}) SELECT {told} FROM r"  # noqa: S608


def dtype_of(kinds: Mapping[str, bool]) -> pl.DataType | None:
    """Return the type that holds all cells of some kinds; None where there are none.

    Args:
        kinds: Each of `KINDS` -> whether there are such cells.
    """
    there = {kind for kind in KINDS[:4] if kinds[kind]}
    if not there:
        return None
    if "blob" in there:
        return pl.Binary()
    if "text" in there:
        return pl.String()
    if there == {"integer"}:
        return pl.Int64()
    return pl.String() if "integer" in there and kinds["large"] else pl.Float64()


def reason(kinds: Mapping[str, bool]) -> str:
    """Return why a column is one of text or bytes though not all of its cells are; empty where they are of one kind."""
    there = [kind for kind in KINDS[:4] if kinds[kind]]
    if len(there) < 2 or (there == ["integer", "real"] and not kinds["large"]):
        return ""
    if there == ["integer", "real"]:
        return "as text because of whole numbers too large for decimal ones"
    return f"as {'bytes' if kinds['blob'] else 'text'} because of cells of the types {', '.join(there)}"


def typed_statement(statement: str, dtypes: Sequence[pl.DataType]) -> str:
    """Return a statement whose cells are all of their column's type; its first row, which is to be dropped, says which that is.

    Behind the columns stands how many cells of the row do not fit: they are missing.
    """
    first = ", ".join(f"{_SAMPLES[str(dtype)]} AS c{n}" for n, dtype in enumerate(dtypes))
    cells = ", ".join(_cell(n, dtype) for n, dtype in enumerate(dtypes))
    # SQLite takes sums of up to a thousand terms.
    terms = [f"({misfit(n, dtype)})" for n, dtype in enumerate(dtypes)]
    wrong = " + ".join(f"({' + '.join(terms[n : n + 100])})" for n in range(0, len(terms), 100))
    names = _names(len(dtypes))
    return f"WITH r({names}) AS ({statement}) SELECT {first}, 0 AS misfits UNION ALL SELECT {cells}, {wrong} FROM r"  # noqa: S608


def misfit_statement(statement: str, columns: int, column: int, dtype: pl.DataType, most: int) -> str:
    """Return the question where cells of a column do not fit: (number of the row from 1, text, how many there are)."""
    names = _names(columns)
    return (
        f"WITH r({names}) AS ({statement}), n AS (SELECT row_number() OVER () AS n, * FROM r) "  # noqa: S608
        f"SELECT n, quote(c{column}), count(*) OVER () FROM n WHERE {misfit(column, dtype)} LIMIT {most}"
    )


def misfit(column: int, dtype: pl.DataType) -> str:
    """Return the condition under which a cell does not fit."""
    kind = f"typeof(c{column})"
    if dtype == pl.Int64:
        return f"{kind} NOT IN ('integer', 'null')"
    if dtype == pl.Float64:
        return f"{kind} NOT IN ('integer', 'real', 'null') OR {_large(column)}"
    return f"{kind} = 'blob'" if dtype == pl.String else "0"


def _cell(column: int, dtype: pl.DataType) -> str:
    kind = {"Int64": "INTEGER", "Float64": "REAL", "String": "TEXT", "Binary": "BLOB"}[str(dtype)]
    return f"CASE WHEN NOT ({misfit(column, dtype)}) THEN CAST(c{column} AS {kind}) END"


def _large(column: int) -> str:
    # What rounds up to 2**63 is no INTEGER any more: its CAST gives the largest one, as if nothing had been lost.
    real = f"CAST(c{column} AS REAL)"
    return f"(typeof(c{column}) = 'integer' AND ({real} >= 9223372036854775808.0 OR CAST({real} AS INTEGER) <> c{column}))"


def _names(columns: int) -> str:
    return ", ".join(f"c{n}" for n in range(columns))
