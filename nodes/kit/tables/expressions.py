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
from decimal import Decimal
from itertools import pairwise

import polars as pl

from nodes.base import NodeError
from nodes.kit.tables import exact
from nodes.kit.tables.expression_limits import refuse_excess
from nodes.kit.tables.formulas import Formula
from nodes.values.table import TableSpec, describe_dtype

HELP = (
    'Columns are written by name, in double quotes if it is not a plain word: "petal length". Text stands in single quotes. '
    "There are + - * / // %, = <> < <= > >=, AND OR NOT, IN (...), LIKE, BETWEEN, IS NULL, || to join text, ~ for regular "
    "expressions, CASE WHEN ... THEN ... ELSE ... END, CAST(x AS DOUBLE), and the functions of polars's SQL. "
    "Whole numbers are computed in 64 bits, whatever the type of the column, and what does not fit is an error that names the "
    "row; on the way to the result, and where they are compared, they are exact up to 37 digits, written ones too. Columns of "
    "Decimal are compared by all digits. All other numbers are Float64, and / always gives such. // leaves the decimals out "
    "(towards 0), % has the sign of the "
    "first; by 0 both are missing. A missing cell makes the result missing, but CONCAT, GREATEST and LEAST, and figures of a "
    "whole column, leave it out; GREATEST, LEAST, MIN and MAX leave NaN out too, which else counts as the largest number. ROUND "
    "takes a half to the even neighbour. REGEXP_REPLACE replaces all matches, and $1 is the first group."
)
QUERIES = re.compile(r"\bselect\b|\(\s*(?:from|table|with|values)\b|\bread_\w+|\bunnest\b", re.IGNORECASE)
TOKENS = re.compile(r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | [^\W\d]\w* | .""", re.VERBOSE | re.DOTALL)
OTHER_QUOTES = re.compile(r"""[$\\`#]|--|/\*|'''|["]{3}|\[""")
"""What might make quotes mean something else to polars than to `TOKENS`: other strings ($$, E'', ...) and comments."""
LONG_NUMBERS = re.compile(r"(?<![\w.])\d{16,}(?![\w.])")
MOST_TOKENS = 60
"""Of a longer expression, the part that does not suit the columns is not looked for."""
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
OVER_ROWS = (
    "avg", "corr", "count", "covar_pop", "covar_samp", "first", "first_value", "lag", "last", "last_value", "lead", "max",
    "median", "min", "quantile_cont", "quantile_disc", "rank", "dense_rank", "row_number", "stddev", "sum", "variance",
)  # fmt: skip
"""Functions that look at several rows."""
WORDS = frozenset({"and", "or", "not", "in", "when", "then", "else", "between", "like", "ilike", "is", "as", "interval"})
"""Those of them that are no functions."""
SYNONYMS: Mapping[str, str] = {
    "average": "AVG", "mean": "AVG", "std": "STDDEV", "len": "LENGTH", "strip": "TRIM", "nvl": "COALESCE", "iif": "IF",
    "col_mean": "AVG", "col_stddev": "STDDEV", "col_sum": "SUM", "col_min": "MIN", "col_max": "MAX", "col_median": "MEDIAN",
    "uppercase": "UPPER", "lowercase": "LOWER", "capitalize": "INITCAP", "indexof": "STRPOS", "join": "CONCAT",
    "regexreplace": "REGEXP_REPLACE", "regexmatcher": "REGEXP_LIKE", "substring_index": "SPLIT_PART", "ismissing": "x IS NULL",
    "isnull": "x IS NULL", "isna": "x IS NULL", "missing": "x IS NULL", "toint": "CAST(x AS BIGINT)", "int": "CAST(x AS BIGINT)",
    "todouble": "CAST(x AS DOUBLE)", "float": "CAST(x AS DOUBLE)", "string": "CAST(x AS VARCHAR)", "str": "CAST(x AS VARCHAR)",
    "year": "EXTRACT(YEAR FROM x)", "month": "EXTRACT(MONTH FROM x)", "day": "EXTRACT(DAY FROM x)",
}  # fmt: skip
"""What KNIME, spreadsheets and Python call a function -> what it is here."""
HABITS: tuple[tuple[str, str], ...] = (
    (r"[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]", "Write plain quotes: \" around the name of a column, ' around text."),
    (r"[\u00d7\u00f7\u2212\u2013\u00b7]", "Write * / + and -."),
    (r"^\s*=", "Leave the first = out."),
    (r"\*\*|\^", "Powers are written POW(x, 2)."),
    (r"&&", "Write AND."),
    (r"\bMISSING\b", "Write x IS NULL, or x IS NOT NULL."),
    (r"\bMATCHES\b", "For regular expressions there is x ~ 'pattern'."),
    (r"\bCONTAINS\b(?!\s*\()", "Write x LIKE '%part%'."),
    (r"=>", "What comes of a condition stands in a setting of its own, or after THEN."),
    (r"\bCASE\b(?!.*\bEND\b)|\bCASE\b(?!\s+WHEN\b)(?!.*\bWHEN\b)", "Write CASE WHEN x > 0 THEN 1 ELSE 0 END."),
    (r"\?", "Write IF(condition, one, other)."),
    (r"!(?!=)", "Write NOT."),
    (r"[{}]|\[[^\W\d]", "A column is written by its name, or in double quotes."),
    (r";", "Arguments are separated by commas."),
)  # fmt: skip
"""What people write who come from KNIME, spreadsheets or Python -> what to write here. Looked at where polars finds a fault."""
KNIME = re.compile(r"\$\$(?P<row>ROWID|ROWINDEX|ROWCOUNT)\$\$|\$\$\{.*?\}\$\$|\$(?P<column>[^$\n]+)\$")
KNIME_ROWS: Mapping[str, str] = {
    "ROWID": "Number the rows with a RowID node before, and name its column.",
    "ROWINDEX": "Write ROW_NUMBER() OVER () - 1.",
    "ROWCOUNT": "Write COUNT(*).",
}


def parsed(text: str, table: TableSpec, setting: str) -> Formula:
    """Return the formula that a text spells.

    Raises:
        NodeError: If it is none, is too much for polars, names no column of the table, or does not suit the columns' types;
            the place is marked.
    """
    if not text.strip():
        raise NodeError("There is no expression.", "Enter one.", setting=setting)
    refuse_excess(text, _blanked(text) if _plainly_quoted(text) else text, setting)
    _refuse_queries(text, table, setting)
    _refuse_knime(text, table, setting)
    try:
        expression = pl.sql_expr(text)
        unknown = next((c for c in expression.meta.root_names() if c not in table.schema), None)
    except pl.exceptions.PolarsError as error:
        digits = re.search(r"numeric literal -?([\d.]+) needs more", str(error))
        fault = _too_many_digits(text, digits[1], setting) if digits else _fault(text, error, table, setting)
        raise fault from error
    if unknown is not None:
        raise _no_column(text, unknown, table, setting)
    _refuse_figures_in_figures(expression, setting)
    _refuse_two_words(text, expression, table, setting)
    formula = Formula(expression)
    _refuse_rounded_numbers(text, formula, setting)
    try:
        formula.dtype(table.schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _misfit(text, error, table, setting) from error
    return formula


def by_row(text: str) -> bool:
    """Return whether each row's value depends on that row alone, so that a long table can be worked on piece by piece.

    (`Expr.meta.is_row_separable` of polars 2.1 calls `x - AVG(x)` separable.)
    """
    words = [token for token in TOKENS.findall(text) if not token.isspace()]
    calls = {word.lower() for word, after in pairwise(words) if after == "(" and re.match(r"[\w\"]", word)}
    return calls <= ROW_BY_ROW


def marked(text: str, start: int, end: int) -> str:
    """Return `at character 5: a + ▸*◂ b`, with the faulty part between marks."""
    if start >= len(text):
        return f"at its end: {text}▸◂"
    return f"at character {start + 1}: {text[:start]}▸{text[start:end]}◂{text[end:]}"


def quoted(column: str) -> str:
    """Return a column's name as an expression has it."""
    plain = re.fullmatch(r"[^\W\d]\w*", column) is not None
    return column if plain else '"' + column.replace('"', '""') + '"'


def reason(error: BaseException) -> str:
    """Return the first line of polars's message, without a full stop."""
    return (str(error).strip().splitlines() or ["it cannot be computed"])[0].rstrip(". ")


def in_words(error: BaseException) -> str:
    """Return what polars has against the types or the cells of columns, for a person; its own words where these are not known."""
    told = reason(error)
    for pattern, words in REFUSALS:
        found = re.search(pattern, told)
        if found:
            return words.format(*(_dtype_in_words(group) for group in found.groups("")))
    return told


REFUSALS: tuple[tuple[str, str], ...] = (
    (r"arithmetic on dtypes (.+?) and (.+?) is not allowed", "one cannot reckon with {0} and {1}"),
    (r"^([-+*/%]) not allowed on (.+?) and (.+?)$", "{0} is not for {1} and {2}"),
    (r"`bit(?:and|or|xor)` operation not supported for dtype `(.+?)`", "AND and OR join what is true or false, not {0}"),
    (r"`mean` operation not supported for dtype `(.+?)`", "AVG is not for {0}"),
    (r"`(\w+)` operation not supported for dtype `(.+?)`", "'{0}' is not for {1}"),
    (r"expected `?(\w+)`?(?: type)?, got:? `?(.+?)`? for series with name `(.+?)`", "column '{2}' is {1}, but {0} is needed"),
    (r"expected `?(\w+)`?(?: type)?, got:? `?(.+?)`?$", "{0} is needed, not {1}"),
    (r"cannot compare string with numeric type \((.+?)\)", "text cannot be compared with {0}"),
    (r"cannot compare 'date/datetime/time' to a string value", "a time cannot be compared with text"),
    (r"cannot compare (.+?) with (.+?)$", "{0} cannot be compared with {1}"),
    (r"cannot check for (.+?) values in List\((.+?)\) data", "{0} cannot be among {1}"),
    (r"operation not supported for dtype `(.+?)`", "this is not for {0}"),
    (r"the name 'value' passed", "it stands for several columns, but one is computed"),
    (
        r"conversion from `.+?` to `(.+?)` failed in column '(.+?)' for (\d+) out of (\d+) values: \[(.+?)[,\]]",
        "{2} of {3} cells of '{1}' are not {0}, such as {4}",
    ),
)
"""Patterns of polars's messages -> words; what is found in a type's place is named by `_dtype_in_words`."""


def _dtype_in_words(name: str) -> str:
    """`i64` and its like for a person; any other word as it is."""
    words = {"str": "text", "String": "text", "cat": "a category", "enum": "a category", "bool": "true or false"}
    words |= {"date": "a date", "null": "a missing cell", "binary": "bytes", "time": "a time of day"}
    if name in words:
        return words[name]
    if re.fullmatch(r"[iu]\d+|dyn int|U?Int\d+", name):
        return "a whole number"
    if re.fullmatch(r"f\d+|dyn float|Float\d+|decimal.*", name):
        return "a number"
    starts = {
        "datetime": "a date and time",
        "duration": "a span of time",
        "list": "a list",
        "array": "an array",
        "enum": "a category",
    }
    return next((word for start, word in starts.items() if name.startswith(f"{start}[")), name)


def _blanked(text: str) -> str:
    """The text with what stands in quotes blanked out, as long as it was."""
    return "".join(t if t[0] not in "'\"" or len(t) == 1 else " " * len(t) for t in TOKENS.findall(text))


def _plainly_quoted(text: str) -> bool:
    """Whether nobody can read the text's quotes in another way than `TOKENS`; a letter before one, as in E'', could change it."""
    tokens = TOKENS.findall(text)
    return not OTHER_QUOTES.search(text) and not any(q[0] in "'\"" and re.search(r"[\w&]$", t) for t, q in pairwise(tokens))


def _refuse_queries(text: str, table: TableSpec, setting: str) -> None:
    """Words in plain quotes ask for nothing; where there may be other quotes, they count all the same.

    Raises:
        NodeError: If the text holds a query.
    """
    plain = _blanked(text) if _plainly_quoted(text) else text
    for query in QUERIES.finditer(plain):
        # Polars reads files only where a table is meant, after words that are found here: a column may be named read_time.
        if not (query[0] in table.schema and query[0].lower().startswith("read_")):
            place = marked(text, query.start(), query.end())
            raise NodeError(f"An expression cannot contain a query {place}.", "Take it out.", setting=setting)


def _refuse_knime(text: str, table: TableSpec, setting: str) -> None:
    """Raises:
    NodeError: If the text names columns, rows or variables as KNIME does.
    """
    found = KNIME.search(_blanked(text))
    if found is None:
        return
    place = marked(text, *found.span())
    if found["row"]:
        raise NodeError(f"{found[0]} is KNIME's {place}.", KNIME_ROWS[found["row"]], setting=setting)
    if found["column"] is None:
        remedy = "Put the variable in place of the whole setting, or in a column (Constant Value Column Appender)."
        raise NodeError(f"{found[0]} is KNIME's {place}.", remedy, setting=setting)
    ours = re.sub(KNIME, lambda m: quoted(_nearest(m["column"], table) or m["column"]) if m["column"] else m[0], text)
    raise NodeError(f"Columns are written without $ here {place}.", f"Write {ours}", setting=setting)


def _refuse_two_words(text: str, expression: pl.Expr, table: TableSpec, setting: str) -> None:
    """In SQL, `petal length` is the column petal under the name length: a person means something else.

    Raises:
        NodeError: If a word follows another with nothing between them.
    """
    if expression.meta.eq(expression.meta.undo_aliases()):
        return
    tokens = [t for t in TOKENS.finditer(text) if not t[0].isspace()]
    if len(tokens) < 2 or tokens[-2][0].lower() == "as" or not _plainly_quoted(text):
        return
    place = marked(text, *tokens[-1].span())
    remedy = _quotes_missing(text, table) or 'Put an operator between them, or double quotes around a name with a space: "x y".'
    raise NodeError(f"Two words follow each other {place}.", remedy, setting=setting)


def _refuse_figures_in_figures(expression: pl.Expr, setting: str) -> None:
    """SQL knows no SUM(x - AVG(x)) OVER (...), and polars cannot tell what it makes of it.

    Raises:
        NodeError: If a figure of several rows stands within another one that has OVER.
    """
    try:
        expression.meta.serialize(format="json")
    except pl.exceptions.PolarsError as error:
        raise NodeError(
            "A figure of several rows, such as AVG(x), cannot stand within another one that has OVER.",
            "Compute the inner one in a column before.",
            setting=setting,
        ) from error


def _refuse_rounded_numbers(text: str, formula: Formula, setting: str) -> None:
    """Written whole numbers are exact.

    Raises:
        NodeError: If one is too large for that, or polars has rounded it.
    """
    for number in formula.numbers:
        if isinstance(number, Decimal) and number == number.to_integral_value() and abs(number) >= exact.WIDE:
            raise _too_many_digits(text, str(abs(int(number))), setting)
        if isinstance(number, float) and abs(number) >= exact.EXACT:
            lost = next((d for d in LONG_NUMBERS.findall(text) if float(d) == abs(number) != int(d)), None)
            if lost:
                raise NodeError(
                    f"In one list with a number that has an exponent, {lost} becomes {number:.0f} {_marked_number(text, lost)}.",
                    "Write the other without an exponent: 1000 for 1e3.",
                    setting=setting,
                )


def _too_many_digits(text: str, digits: str, setting: str) -> NodeError:
    place = _marked_number(text, digits)
    remedy = "Write it with an exponent, as 1.5e40, to compute with decimals."
    return NodeError(f"A whole number has at most 37 digits, and one with decimals 38 {place}.", remedy, setting=setting)


def _marked_number(text: str, digits: str) -> str:
    start = max(text.find(digits), 0)
    return marked(text, start, start + len(digits))


def _nearest(name: str, table: TableSpec) -> str | None:
    """The column that a name may mean."""
    same = next((c for c in table.schema if c.lower().strip() == name.lower().strip()), None)
    return same or next(iter(difflib.get_close_matches(name, list(table.schema), n=1)), None)


def _no_column(text: str, unknown: str, table: TableSpec, setting: str) -> NodeError:
    """That a column is not there, and which may be meant."""
    near = _nearest(unknown, table)
    habit = next((remedy for pattern, remedy in HABITS if re.fullmatch(pattern, unknown, re.IGNORECASE)), None)
    if habit:
        return NodeError(f"The expression is wrong {marked(text, *_place(text, unknown))}.", habit, setting=setting)
    remedy = f"Did you mean {quoted(near)}?" if near else "Text stands in single quotes, columns in double ones."
    return NodeError(
        f"There is no column '{unknown}' {marked(text, *_place(text, unknown))}.",
        _quotes_missing(text, table) or remedy,
        setting=setting,
    )


def _quotes_missing(text: str, table: TableSpec) -> str | None:
    """What to do where the name of a column needs double quotes and has none."""
    plain = _blanked(text)
    for column in sorted(table.schema, key=len, reverse=True):
        if quoted(column) != column and column.strip() and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", plain):
            return f"Put the column's name in double quotes: {quoted(column)}"
    # Columns that are named like a word of SQL: order, end, date.
    for column in dict.fromkeys(t for t in TOKENS.findall(text) if t in table.schema):
        named = "".join(f'"{t}"' if t == column else t for t in TOKENS.findall(text))
        try:
            pl.sql_expr(column)
        except pl.exceptions.PolarsError:
            return f"Put the column's name in double quotes: {named}"
    return None


def _place(text: str, word: str) -> tuple[int, int]:
    """Where a word, or a quoted name, stands."""
    for token in TOKENS.finditer(text):
        if token[0].lower() == word.lower() or token[0] == '"' + word.replace('"', '""') + '"':
            return token.span()
    return 0, len(text)


def _misfit(text: str, error: BaseException, table: TableSpec, setting: str) -> NodeError:
    """That an expression does not suit the columns' types, and which part of it."""
    if type(error).__name__ == "StructFieldNotFoundError":
        remedy = _quotes_missing(text, table) or 'A name with a dot stands in double quotes: "x.y".'
        return NodeError(f"There is no such column {marked(text, *_place(text, '.'))}.", remedy, setting=setting)
    part = _unsuitable_part(text, table)
    place = f" {marked(text, *part)}" if part else ""
    named = set(TOKENS.findall(text[slice(*part)] if part else text))
    columns = [c for c in table.schema if c in named or quoted(c) in named]
    types = ", ".join(f"{quoted(c)} is {describe_dtype(table.schema[c])}" for c in columns)
    dtypes = [table.schema[c] for c in columns]
    if any(d.is_temporal() for d in dtypes) and "string" in str(error):
        remedy = "Write a date as DATE('2025-12-31'), a time as TIMESTAMP '2025-12-31 12:00:00'."
    elif any(isinstance(d, pl.String | pl.Enum | pl.Categorical) for d in dtypes):
        remedy = "CAST(x AS DOUBLE) makes a number of text, CAST(x AS VARCHAR) text of a category; || joins text."
    elif any(d.is_numeric() for d in dtypes):
        remedy = "CAST(x AS VARCHAR) makes text of a number; numbers stand without quotes."
    else:
        remedy = "Choose another column or function."
    told = f"{in_words(error)} ({types})" if types else in_words(error)
    return NodeError(f"The expression does not suit the columns{place}: {told}.", remedy, setting=setting)


def _unsuitable_part(text: str, table: TableSpec) -> tuple[int, int] | None:
    """Where the shortest part stands that is an expression of its own and does not suit the columns either."""
    tokens = [t.span() for t in TOKENS.finditer(text) if not t[0].isspace()]
    if len(tokens) > MOST_TOKENS:
        return None
    for length in range(1, len(tokens) + 1):
        for first in range(len(tokens) - length + 1):
            start, end = tokens[first][0], tokens[first + length - 1][1]
            # What stands alone there need not be what it is in the whole: a query is read by polars nowhere.
            if text.count("(", start, end) != text.count(")", start, end) or QUERIES.search(text, start, end):
                continue
            try:
                expression = pl.sql_expr(f"(\n{text[start:end]}\n)")
            except pl.exceptions.PolarsError:
                continue
            if set(expression.meta.root_names()) <= set(table.schema):
                try:
                    Formula(expression).dtype(table.schema)
                except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
                    return start, end
    return None


def _fault(text: str, error: Exception, table: TableSpec, setting: str) -> NodeError:
    """What is wrong with a text that polars cannot read, and where."""
    told = str(error)
    function = re.search(r"unsupported function '([^']+)'", told)
    if function:
        place = marked(text, *_place(text, function[1]))
        return NodeError(f"There is no function '{function[1]}' {place}.", _function_remedy(function[1]), setting=setting)
    call = re.search(r"given name and arguments: `(\w+)\(|^(\w+) (?:expects|requires)", told)
    if call:
        name = call[1] or call[2]
        several = {"MAX": "The largest of several columns is GREATEST(x, y).", "MIN": "The smallest is LEAST(x, y)."}
        what = told.splitlines()[0] if call[2] else f"{name} does not take these"
        place = marked(text, *_place(text, name))
        return NodeError(f"The arguments are wrong {place} ({what}).", several.get(name, "Correct them."), setting=setting)
    missing = _quotes_missing(text, table)
    unclosed = _not_closed(text)
    if unclosed and not missing:
        start, end, what = unclosed
        doubled = text[start] == "'" and text.count("'") > 1
        remedy = "A quote inside a text is written twice: 'it''s'." if doubled else "Correct it."
        return NodeError(f"The expression is wrong {marked(text, start, end)} ({what}).", remedy, setting=setting)
    plain = _blanked(text)
    for pattern, remedy in HABITS if not missing else ():
        habit = re.search(pattern, plain, re.IGNORECASE | re.DOTALL)
        if habit:
            return NodeError(f"The expression is wrong {marked(text, *habit.span())}.", remedy, setting=setting)
    stopped = _stopped(text, told)
    if stopped is None:
        return NodeError(f"The expression is wrong: {reason(error)}.", missing or "Correct it.", setting=setting)
    start, end, what = stopped
    comma = re.search(r"\d,\d", plain)
    remedy = missing or ("Decimals have a point: 1.5." if comma and text[start:end] == "," else "Correct it.")
    return NodeError(f"The expression is wrong {marked(text, start, end)}{what}.", remedy, setting=setting)


def _stopped(text: str, told: str) -> tuple[int, int, str] | None:
    """Where polars stopped reading, the end of what it found there, and what it expected; None where it does not tell."""
    unexpected = re.search(r"found unexpected token '(.+?)'\)|found '(.+?)' clause\)", told)
    if unexpected:
        return *_place(text, unexpected[1] or unexpected[2]), ""
    try:
        # Only the parser of whole queries tells where it stopped. Nothing is run.
        pl.SQLContext(rows=pl.LazyFrame()).execute("SELECT (\n" + text + "\n) FROM rows")  # noqa: S608 - parsed only
    except pl.exceptions.PolarsError as error:
        found = re.search(r"parser error: (.*?)(?:, found: (.*?))? at Line: (\d+), Column: (\d+)", str(error), re.DOTALL)
    else:
        found = None
    if found is None:
        return None
    lines = text.split("\n")
    line, column = int(found[3]) - 2, int(found[4]) - 1
    start = len(text) if line >= len(lines) else sum(len(each) + 1 for each in lines[:line]) + column
    token = TOKENS.match(text, start)
    what = found[1].replace("Expected: ", "expected ").rstrip(".")
    # The last bracket is not the person's.
    what = "an operator is missing before it" if what == "expected )" else what
    return start, token.end() if token else start, f" ({what})"


def _not_closed(text: str) -> tuple[int, int, str] | None:
    """A quote or a bracket that has no partner: where it is, and what is wrong with it."""
    opened: list[int] = []
    for token in TOKENS.finditer(text):
        if token[0] in ("'", '"'):
            return token.start(), len(text), "this quote is never closed"
        if token[0] == "(":
            opened.append(token.start())
        elif token[0] == ")":
            if not opened:
                return *token.span(), "this bracket closes none"
            opened.pop()
    return (opened[-1], opened[-1] + 1, "this bracket is never closed") if opened else None


def _function_remedy(name: str) -> str:
    """Which function may be meant."""
    if name.lower() in SYNONYMS:
        return f"Write {SYNONYMS[name.lower()]}."
    near = difflib.get_close_matches(name.lower(), [*(ROW_BY_ROW - WORDS), *OVER_ROWS], n=1)
    return f"Did you mean {near[0].upper()}?" if near else "Look at the functions of polars's SQL."


EXAMPLES: Mapping[str, str] = {
    "number": '("petal length" - AVG("petal length")) / STDDEV("petal length")',
    "text": "UPPER(SPLIT_PART(path, '/', -2))",
    "rule": "x > 0.5 AND label IN ('a', 'b')",
}
"""One for the help of each node."""
