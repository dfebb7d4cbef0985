"""The help of every node, made from its declaration."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from pydantic.fields import FieldInfo

from app.node_help import docstring_html, node_help
from nodes.base import Columns, Node, Port, setting
from nodes.declaration.declared import settings_of
from nodes.declaration.shapes import shape_of
from nodes.declaration.wording import shown, words_for
from nodes.kit.layers.windows import Pair, Span
from tests.catalog import CATALOG

EMPTY = {"br"}


class Strict(HTMLParser):
    """Fails where tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@cache
def page_of(node_class: type[Node]) -> str:
    return node_help(node_class)


@pytest.mark.parametrize("node_class", CATALOG.values(), ids=str)
def test_it_tells_all_there_is(node_class: type[Node]) -> None:
    page = page_of(node_class)
    parser = Strict()
    parser.feed(page)
    assert not parser.open
    text = unescape(re.sub(r"<[^>]+>", "", page))
    assert node_class.title in text
    for port in (*node_class.input_ports, *node_class.output_ports):
        assert port.title in text
    for declared in settings_of(node_class):
        assert declared.name in text
        assert declared.label in text
    assert all(" ".join(word.split()) in text for word in node_class.keywords)


@pytest.mark.parametrize("node_class", CATALOG.values(), ids=str)
def test_the_example_is_a_node_of_a_workflow(node_class: type[Node]) -> None:
    found = re.search(r"<pre>(.*)</pre>", page_of(node_class), re.DOTALL)
    assert found
    record = json.loads(unescape(found[1]))
    assert record["type"] == node_class.id
    if "…" not in found[1]:
        node_class.model_validate(record.get("settings", {}))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ((int, Field(1, ge=1)), "whole number from 1"),
        ((float | None, Field(None, gt=0, lt=1)), "number above 0 below 1, or empty"),
        ((Literal["valid", "same"], Field("valid")), "valid or same"),
        ((tuple[int, int], Field((1, 1))), "2 × whole number"),
        ((Pair, Field((1, 1))), "2 × whole number from 1"),
        ((tuple[Span, Span], Field(((0, 0), (0, 0)))), "2 × 2 × whole number from 0"),
        (
            (tuple[Annotated[float, Field(gt=0)] | None, ...], Field(())),
            "list of: number above 0, or empty",
        ),
        ((list[str], Field([])), "list of: text"),
        ((dict[str, float], Field({})), "number by name"),
        ((bool, Field(True)), "yes or no"),
        ((str, Field("", min_length=1)), "text of at least 1 character"),
        ((str, Field("", max_length=8)), "text of at most 8 characters"),
        ((str, Field("", min_length=1, max_length=1)), "text of 1 character"),
        ((str | None, Field(None, min_length=1)), "text of at least 1 character, or empty"),
        ((float, Field(1.0, ge=0, le=1e12)), "number from 0 to 1e12"),
    ],
)
def test_types_in_words(field: tuple[Any, FieldInfo], words: str) -> None:
    annotation, constraints = field
    assert words_for(shape_of(annotation, constraints.metadata)) == words


class Example(Node):
    """Do this *or that*, not `2 *x* 3` nor 2 * 3 * 4.

    Example: with the mode b and two limits.
    """

    id = "test.example"
    title = "Example"
    shelf = "Scripting"
    keywords = ("word",)
    output_ports = (Port("table", "table", "Table", "Rows."),)

    limit: int = setting(1, "Limit", "How many.", ge=1, group="More", shown_if={"mode": ["b", "c"], "on": True})
    mode: Literal["a", "b", "c"] = setting("a", "Way", "Which one.", choices={"a": "First.", "b": "Second.", "c": "Third."})
    on: bool = setting(True, "Switched on", "Whether it is.")
    column: str | None = setting(None, "Column", "Where.", columns=Columns())
    several: list[Literal["x", "y"]] = setting([], "Several", "Which ones.", choices={"x": "One.", "y": "Other."})
    script: str = setting("first\nsecond", "Script", "Text.", advanced=True)


def test_a_node_in_words() -> None:
    page = node_help(Example)

    assert "<p>Do this <i>or that</i>, not <code>2 *x* 3</code> nor 2 * 3 * 4.</p>" in page
    assert '<p class="example"><b>Example:</b> with the mode b and two limits.</p>' in page
    assert "<p>Only if <b>Way</b> is b or c, and <b>Switched on</b> is on.</p>" in page
    facts = re.findall(r"<p class='facts'>(.*?)</p>", page)
    assert facts == [
        "one of these · default a",
        "yes or no · default on",
        "a column, or empty · default empty",
        "any of these · default empty",
        "text · default first … · advanced",
        "whole number from 1 · default 1",
    ]


def test_the_example_of_a_workflow_shows_what_counts() -> None:
    found = re.search(r"<pre>(.*)</pre>", node_help(Example), re.DOTALL)

    assert found
    assert json.loads(unescape(found[1]))["settings"] == {"mode": "a", "on": True, "several": []}


def test_values_in_words() -> None:
    assert [shown(v) for v in (None, True, (2, 2), [], ["a", "b"], 0.5)] == ["empty", "on", "2 × 2", "empty", "a, b", "0.5"]
    assert [shown(v) for v in (0.0, 1e12, -2.5e7, "one\ntwo")] == ["0.0", "1e12", "-2.5e07", "one …"]


def test_docstrings_become_paragraphs_lists_and_code() -> None:
    html = docstring_html("One <b>.\n\n    - first `x`\n    - second\n\n    Last\n    line.")
    assert html == "<p>One &lt;b&gt;.</p>\n<ul><li>first <code>x</code></li><li>second</li></ul>\n<p>Last line.</p>"


def test_it_needs_no_qt() -> None:
    code = "import sys, app.node_help; sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
