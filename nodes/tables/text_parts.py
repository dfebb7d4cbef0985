"""Text replaced, and taken apart by regular expressions: String Replacer, String Splitter (Regex)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import polars as pl

from nodes.base import Columns, NodeError, setting
from nodes.kit.tables.elementwise import Elementwise, ElementwiseColumns, refuse_existing
from nodes.values.table import TableSpec


class StringReplacer(ElementwiseColumns):
    """Replace what fits a pattern, in text: the whole cell, or every place.

    A pattern is a text as it stands, with wildcards (`*` any text, `?` one character), or a regular expression, whose groups
    are `$1`, `$2` in the replacement. Categories become text.

    Example: the regular expression `^.*/([^/]+)/[^/]+$`, replacement `$1` and the whole cell turn a path into its folder.
    """

    id = "tables.string_replacer"
    title = "String Replacer"
    icon = "mdi6.find-replace"
    keywords = ("replace", "search and replace", "regex", "wildcard", "str.replace", "substitute")
    accepts = ("category",)

    columns: list[str] = setting([], "Columns", "The text or categories to change.", columns=Columns("table", ("category",)))
    pattern: str = setting("_", "Pattern", "What to look for.")
    kind: Literal["literal", "wildcard", "regex"] = setting(
        "literal",
        "Pattern type",
        "How the pattern is meant.",
        choices={
            "literal": "As it stands.",
            "wildcard": "* is any text, ? one character.",
            "regex": "A regular expression.",
        },
    )
    replacement: str = setting(" ", "Replacement", "What comes in its place.")
    replace: Literal["all", "whole"] = setting(
        "all",
        "Replace",
        "What is replaced.",
        choices={"all": "Every place that fits.", "whole": "The whole cell, if it fits as a whole."},
    )
    case_sensitive: bool = setting(True, "Case sensitive", "Whether capital and small letters differ.")

    def converted(self, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The text with its replacements."""
        text = cell.cast(pl.String)
        if self.kind == "regex":
            pattern = self.pattern
        elif self.kind == "wildcard":
            stars = ".*" if self.replace == "whole" else ".*?"
            pattern = "".join({"*": stars, "?": "."}.get(letter) or re.escape(letter) for letter in self.pattern)
        else:
            pattern = re.escape(self.pattern)
        if not self.pattern:
            raise NodeError("The pattern is empty.", "Enter one.", setting="pattern")
        flags = "s" if self.case_sensitive else "si"
        found = f"(?{flags}:{pattern})" if self.replace == "all" else f"^(?{flags}:{pattern})$"
        _check(found, self.pattern)
        # A dollar means a group only where the pattern is a regular expression.
        # (To polars, `$1_b` is a group of the name 1_b, of which there is none.)
        regex = self.kind == "regex"
        new = re.sub(r"\$(\d+)", r"${\1}", self.replacement) if regex else self.replacement.replace("$", "$$")
        return text.str.replace_all(found, new)


class StringSplitterRegex(Elementwise):
    r"""Take text apart by the groups of a regular expression: a column for each group.

    A group is what stands in round brackets; one with a name, `(?<year>\d+)`, names its column. The whole cell must fit the
    expression, else all its groups are missing (and, if you say so, it is an error).

    Example: `(?<class>[a-z]+)_(?<number>\d+)\.png` makes the columns `class` and `number` of `cat_0042.png`.
    """

    id = "tables.string_splitter_regex"
    title = "String Splitter (Regex)"
    icon = "mdi6.format-letter-matches"
    keywords = ("Regex Split", "capture groups", "extract", "str.extract_groups", "parse text", "label from file name")

    column: str | None = setting(None, "Column", "The text to split.", columns=Columns("table", ("category",)))
    pattern: str = setting("(.*)", "Pattern", "The regular expression, with a group for each new column.", min_length=1)
    case_sensitive: bool = setting(True, "Case sensitive", "Whether capital and small letters differ.")
    if_no_match: Literal["missing", "fail"] = setting(
        "missing",
        "If a cell does not fit",
        "What becomes of its groups.",
        choices={"missing": "They are missing.", "fail": "The node stops with an error."},
    )

    def new_columns(self, table: TableSpec) -> Mapping[str, pl.Expr]:
        """A column for each group."""
        table.require(self.column, "category", setting="column")
        expression = f"^(?{'s' if self.case_sensitive else 'si'}:{self.pattern})$"
        _check(expression, self.pattern)
        dtype = pl.LazyFrame({"t": [""]}).select(pl.col("t").str.extract_groups(expression)).collect_schema()["t"]
        assert isinstance(dtype, pl.Struct)
        groups = [field.name for field in dtype.fields]
        if not groups:
            raise NodeError("The pattern has no group.", "Put what is to become a column in round brackets.", setting="pattern")
        text = pl.col(str(self.column)).cast(pl.String)
        made: dict[str, pl.Expr] = {}
        for number, group in enumerate(groups, 1):
            name = f"{self.column} {group}" if group.isdecimal() else group
            refuse_existing(table, name, "pattern")
            made[name] = text.str.extract(expression, number)
        return made

    def check(self, before: pl.DataFrame, after: pl.DataFrame, start: int) -> None:
        """Where it is asked for, every cell must fit."""
        if self.if_no_match == "missing":
            return
        text = before[str(self.column)].cast(pl.String)
        expression = f"^(?{'s' if self.case_sensitive else 'si'}:{self.pattern})$"
        wrong = (~text.str.contains(expression)).fill_null(False)
        if wrong.any():
            row = int(wrong.arg_max() or 0)
            message = f"'{text[row]}' in row {start + row + 1} does not fit the pattern."
            raise NodeError(message, "Correct the pattern, or make such cells missing.", setting="if_no_match")


def _check(expression: str, shown: str) -> None:
    """Refuse what is no regular expression.

    Raises:
        NodeError: Saying why.
    """
    try:
        pl.Series([""]).str.contains(expression)
    except pl.exceptions.ComputeError as error:
        told = next((line for line in str(error).splitlines() if line.startswith("error:")), "it is too large")
        raise NodeError(
            f"'{shown}' is not a regular expression ({told.removeprefix('error: ')}).", "Correct it.", setting="pattern"
        ) from error
