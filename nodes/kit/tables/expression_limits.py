"""Limits of an expression: what polars would crash on, take minutes for, or fill the memory with is refused before it sees it.

Polars walks expressions by recursion, without an eye on the stack: a chain of 450 operators ends the process. Its optimizer
takes time that grows with the square of their number, and it computes what names no column at once, even where only the
type is asked for. The limits lie far above what people write by hand, and below what fails on a stack of 512 KB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nodes.base import NodeError
from nodes.wording import grouped

MOST_CHARACTERS = 50_000
MOST_OPERATORS = 200
"""Each +, AND, LIKE, WHEN and so on; commas are none, so that lists may be long."""
MOST_RULES = 1_000
"""Rules become a chain: 1 000 take two seconds to check, and ten times as many the whole stack."""
LONGEST_PADDING = 10_000
"""Characters that LPAD and RPAD may fill up to."""

OPERATORS = re.compile(r"[-+*/%|=<>~!^&]+|\b(?:and|or|xor|not|like|ilike|rlike|regexp|between|is|in|when|div)\b", re.IGNORECASE)
PADDING = re.compile(r"\b[lr]pad\s*\(", re.IGNORECASE)
COLUMN = re.compile(r'[^\W\d]\w*|"(?:[^"]|"")+"')


def refuse_excess(text: str, blanked: str, setting: str) -> None:
    """Refuse an expression that is too much for polars.

    Args:
        text: The expression.
        blanked: The same with blanks for what stands in quotes.
        setting: The setting that holds it.

    Raises:
        NodeError: If it is too long, has too many operators, or makes texts of a length that is not small and known.
    """
    if len(text) > MOST_CHARACTERS:
        raise NodeError(
            f"The expression has {grouped(len(text))} characters; {grouped(MOST_CHARACTERS)} are allowed.",
            "Put long lists into a table, and use Value Lookup or Reference Row Filter.",
            setting=setting,
        )
    operators = sum(1 for _ in OPERATORS.finditer(blanked))
    if operators > MOST_OPERATORS:
        raise NodeError(
            f"The expression has {grouped(operators)} operators; {grouped(MOST_OPERATORS)} are allowed.",
            "Write x IN (1, 2, 3) for a chain of OR, and CONCAT(a, b, c) for one of ||; "
            "or compute in several nodes, each with a part.",
            setting=setting,
        )
    for call in PADDING.finditer(blanked):
        arguments = list(_arguments(text, blanked, call.end()))
        length = arguments[1].strip() if len(arguments) > 1 else ""
        if not length:  # polars says what is missing
            continue
        if length.isdecimal() and len(length) < 20 and int(length) <= LONGEST_PADDING:
            continue
        if not COLUMN.fullmatch(length):
            raise NodeError(
                f"{call[0].rstrip(' (').upper()} fills up to a number from 0 to {grouped(LONGEST_PADDING)}, "
                f"or to that of a column; here it is {length[:40]}.",
                "Give a smaller number, or compute the length in a column before.",
                setting=setting,
            )


def _arguments(text: str, blanked: str, start: int) -> Iterator[str]:
    """The arguments of the call whose bracket ends at `start`; what is never closed ends with the text."""
    depth, begin = 0, start
    for position in range(start, len(blanked)):
        sign = blanked[position]
        if sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif sign == ")" or (sign == "," and not depth):
            yield text[begin:position]
            begin = position + 1
            if sign == ")":
                return
    yield text[begin:]
