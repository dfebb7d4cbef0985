"""Wildcard patterns mean what Python's fnmatch means by * and ?, and take every other character literally."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.errors import NodeError
from nodes.kit.tables.patterns import full_match

TEXT = st.text(alphabet="ab.*?[](){}|\\^$+-#&~ \n\té€", max_size=8)


@given(text=TEXT.filter(bool))
def test_a_text_fits_itself(text):
    assert pl.Series([text]).str.contains(full_match(text, "wildcard")).item()


@given(pattern=TEXT.filter(bool), text=TEXT)
def test_a_wildcard_is_any_text_or_any_one_character(pattern, text):
    meant = re.fullmatch("".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in pattern), text, re.DOTALL)

    assert pl.Series([text]).str.contains(full_match(pattern, "wildcard")).item() == (meant is not None)


def test_a_regular_expression_that_is_none_is_explained():
    with pytest.raises(NodeError, match=r"'a\(' is not a regular expression \(unclosed group\)") as caught:
        full_match("a(", "regex", setting="pattern")

    assert caught.value.setting == "pattern"


def test_a_regular_expression_that_would_take_too_much_memory_is_refused():
    with pytest.raises(NodeError, match="not a regular expression"):
        full_match("a{1000}{1000}{1000}", "regex")
