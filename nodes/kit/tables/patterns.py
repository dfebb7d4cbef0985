"""Wildcard and regular expression patterns, as several nodes ask for them.

Both become one dialect, that of Rust's `regex` crate, which polars uses: its time grows with the length of the text
only, so no pattern can hang a workflow.
"""

from __future__ import annotations

import re
from typing import Literal

import polars as pl

from nodes.errors import NodeError


def full_match(
    pattern: str, kind: Literal["wildcard", "regex"], *, case_sensitive: bool = True, setting: str | None = None
) -> str:
    """Return a regular expression for polars's `str.contains` that is true where the whole text fits `pattern`.

    Args:
        pattern: With `*` for any text and `?` for one character, or a regular expression.
        kind: Which of the two it is.
        case_sensitive: Whether `a` and `A` differ.
        setting: The setting that holds the pattern, for the error.

    Raises:
        NodeError: If the pattern is empty, or not a regular expression.
    """
    if not pattern:
        raise NodeError("The pattern is empty.", "Enter a pattern; * alone fits everything.", setting=setting)
    if kind == "wildcard":
        pattern = "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in pattern)
    flags = "s" if case_sensitive else "si"
    expression = f"^(?{flags}:{pattern})$"
    try:
        pl.Series([""]).str.contains(expression)
    except pl.exceptions.ComputeError as error:
        reason = next((line for line in str(error).splitlines() if line.startswith("error:")), "it is too large")
        raise NodeError(
            f"'{pattern}' is not a regular expression ({reason.removeprefix('error: ')}).",
            "Correct the pattern, or use a wildcard pattern instead.",
            setting=setting,
        ) from error
    return expression
