"""The expression language of Math Formula, String Manipulation, Rule Engine and their kin: that of SQL, as polars reads it.

Why this one: polars parses it (`pl.sql_expr`) into the very expressions that all other nodes compute with, in its own
threads and without Python; people know it from databases; and it cannot run code, unlike Python. A language of our own, or
KNIME's, would have to be written and kept. What polars lacks is added here: the place of a fault is marked, columns and
types are checked before anything runs, and queries are refused, since polars would open files (`read_csv`) while parsing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from nodes.base import NodeError
from nodes.values.table import TableSpec

if TYPE_CHECKING:
    import polars as pl

HELP = (
    'Columns are written by name, in double quotes if it is not a plain word: "petal length". Text stands in single quotes. '
    "There are + - * / // %, = <> < <= > >=, AND OR NOT, IN (...), LIKE, BETWEEN, IS NULL, || to join text, ~ for regular "
    "expressions, CASE WHEN ... THEN ... ELSE ... END, CAST(x AS DOUBLE), and the functions of polars's SQL."
)
QUERIES = re.compile(r"\bselect\b|\(\s*(?:from|table|with|values)\b|\bread_\w+|\bunnest\b", re.IGNORECASE)
TOKENS = re.compile(r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | [^\W\d]\w* | .""", re.VERBOSE | re.DOTALL)
ROW_BY_ROW = frozenset({
    "abs", "acos", "acosd", "asin", "asind", "atan", "atan2", "atan2d", "atand", "cbrt", "ceil", "ceiling", "cos", "cosd",
    "cot", "cotd", "degrees", "div", "exp", "floor", "ln", "log", "log10", "log1p", "log2", "mod", "pi", "pow", "power",
    "radians", "round", "sign", "sin", "sind", "sqrt", "tan", "tand", "bit_and", "bit_count", "bit_length", "bit_not",
    "bit_or", "bit_xor", "char_length", "character_length", "concat", "concat_ws", "contains", "ends_with", "initcap",
    "left", "length", "lower", "lpad", "ltrim", "normalize", "octet_length", "regexp_like", "regexp_replace", "replace",
    "reverse", "right", "rpad", "rtrim", "split_part", "starts_with", "strpos", "strptime", "substr", "substring",
    "timestamp", "trim", "upper", "case", "cast", "coalesce", "extract", "date", "date_part", "datetime", "strftime", "time",
    "try_cast", "greatest", "if", "ifnull", "least", "nullif", "in", "and", "or", "not", "when", "then", "else", "between",
    "like", "ilike", "is", "as", "interval", "array_contains", "array_get", "array_length", "array_max", "array_mean",
    "array_min", "array_reverse", "array_sum", "array_to_string",
})  # fmt: skip
"""Functions (and words before a bracket) whose value depends on the row alone. Any other may look at the whole column."""


def parsed(text: str, table: TableSpec, setting: str) -> pl.Expr:
    """The expression that a text spells.

    Raises:
        NodeError: If it is none, names no column of the table, or does not suit the columns' types; the place is marked.
    """
    import polars as pl

    if not text.strip():
        raise NodeError("There is no expression.", "Enter one.", setting=setting)
    query = QUERIES.search(text)
    if query:
        raise NodeError(
            f"An expression cannot contain a query {marked(text, query.start(), query.end())}.", "Take it out.", setting=setting
        )
    try:
        expression = pl.sql_expr(text)
        unknown = next((c for c in expression.meta.root_names() if c not in table.schema), None)
    except pl.exceptions.PolarsError as error:
        raise _fault(text, error, setting) from error
    if unknown is not None:
        near = difflib.get_close_matches(unknown, list(table.schema), n=1)
        remedy = f"Did you mean {quoted(near[0])}?" if near else "Text stands in single quotes, columns in double ones."
        place = _place(text, unknown)
        raise NodeError(f"There is no column '{unknown}' {marked(text, *place)}.", remedy, setting=setting)
    try:
        # One row of missing cells: some types are found not to fit only where there is something to compute.
        pl.DataFrame(schema=table.schema).clear(1).with_columns(expression.alias("value"))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise NodeError(f"The expression does not suit the columns: {reason(error)}.", "Change it.", setting=setting) from error
    return expression


def dtype_of(expression: pl.Expr, table: TableSpec) -> pl.DataType:
    """The type of an expression's values."""
    import polars as pl

    return pl.LazyFrame(schema=table.schema).with_columns(expression.alias("\0")).collect_schema()["\0"]


def by_row(text: str) -> bool:
    """Whether each row's value depends on that row alone, so that a long table can be worked on piece by piece.

    (`Expr.meta.is_row_separable` of polars 2.1 calls `x - AVG(x)` separable.)
    """
    words = [token for token in TOKENS.findall(text) if not token.isspace()]
    calls = {word.lower() for word, after in pairwise(words) if after == "(" and re.match(r"[\w\"]", word)}
    return calls <= ROW_BY_ROW


def marked(text: str, start: int, end: int) -> str:
    """`at character 5: a + ▸*◂ b`, with the faulty part between marks."""
    if start >= len(text):
        return f"at its end: {text}▸◂"
    return f"at character {start + 1}: {text[:start]}▸{text[start:end]}◂{text[end:]}"


def quoted(column: str) -> str:
    """A column's name as an expression has it."""
    plain = re.fullmatch(r"[^\W\d]\w*", column) is not None
    return column if plain else '"' + column.replace('"', '""') + '"'


def reason(error: BaseException) -> str:
    """The first line of polars's message, without a full stop."""
    return (str(error).strip().splitlines() or ["it cannot be computed"])[0].rstrip(". ")


def _place(text: str, word: str) -> tuple[int, int]:
    """Where a word, or a quoted name, stands."""
    for token in TOKENS.finditer(text):
        if token[0].lower() == word.lower() or token[0] == '"' + word.replace('"', '""') + '"':
            return token.span()
    return 0, len(text)


def _fault(text: str, error: Exception, setting: str) -> NodeError:
    """What is wrong with a text that polars cannot read, and where."""
    import polars as pl

    function = re.search(r"unsupported function '([^']+)'", str(error))
    if function:
        place = marked(text, *_place(text, function[1]))
        return NodeError(
            f"There is no function '{function[1]}' {place}.", "Look at the functions of polars's SQL.", setting=setting
        )
    found = None
    try:
        # Only the parser of whole queries tells where it stopped. Nothing is run.
        pl.SQLContext(rows=pl.LazyFrame()).execute("SELECT (\n" + text + "\n) FROM rows")  # noqa: S608 - parsed only
    except pl.exceptions.PolarsError as told:
        found = re.search(r"parser error: (.*?)(?:, found: (.*?))? at Line: (\d+), Column: (\d+)", str(told), re.DOTALL)
    if found is None:
        return NodeError(f"The expression is wrong: {reason(error)}.", "Correct it.", setting=setting)
    lines = text.split("\n")
    line, column = int(found[3]) - 2, int(found[4]) - 1
    start = len(text) if line >= len(lines) else sum(len(each) + 1 for each in lines[:line]) + column
    token = TOKENS.match(text, start)
    place = marked(text, start, token.end() if token else start)
    what = found[1].replace("Expected: ", "expected ").rstrip(".")
    return NodeError(f"The expression is wrong {place} ({what}).", "Correct it.", setting=setting)


EXAMPLES: Mapping[str, str] = {
    "number": '("petal length" - AVG("petal length")) / STDDEV("petal length")',
    "text": "UPPER(SPLIT_PART(path, '/', -2))",
    "rule": "x > 0.5 AND label IN ('a', 'b')",
}
"""One for the help of each node."""
