"""The node reference: every node has its page, every link leads somewhere, and what people wrote stands in it as text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest

from app.reference.__main__ import main
from app.reference.site import write_reference
from nodes.base import Job, Node, Port, Specs, Values, setting
from nodes.catalog import Catalog
from nodes.declaration.declared import settings_of
from nodes.values.table import Table

EXAMPLE = Path("workflows/fashion_mnist_cnn.workflow.json")


class Page(HTMLParser):
    """Links, ids, text and the elements that must be closed."""

    VOID = ("meta", "link", "input", "br", "img", "col")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[name] for name in ("href", "src") if name in given]
        self.ids += [given["id"]] if "id" in given else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    write_reference(folder, Catalog.load(plugins=False), [EXAMPLE])
    return folder, {path: Page(path) for path in sorted(folder.rglob("*.html"))}


def test_every_node_has_a_page_that_says_all_it_is(site):
    folder, pages = site
    for node_id, node_class in Catalog.load(plugins=False).items():
        text = pages[folder / "nodes" / f"{node_id}.html"].text
        assert node_class.title in text
        for declared in settings_of(node_class):
            assert declared.label in text
        for port in (*node_class.input_ports, *node_class.output_ports):
            assert port.title in text


def test_every_link_leads_to_a_page_and_a_place_in_it_and_none_elsewhere(site):
    _, pages = site
    for path, page in pages.items():
        assert not page.open
        assert len(page.ids) == len(set(page.ids))
        for link in page.links:
            assert "://" not in link
            target, _, place = link.partition("#")
            there = (path.parent / target).resolve() if target else path
            assert there.is_file(), link
            assert not place or place in pages[there].ids, link


def test_the_search_knows_every_node_by_its_keywords(site):
    folder, _ = site
    text = (folder / "nodes.js").read_text()
    known = {entry["id"]: entry for entry in json.loads(re.fullmatch(r"const NODES = (.*);\n", text, re.S)[1])}
    assert set(known) == set(Catalog.load(plugins=False))
    assert "dl keras network learner" in known["networks.learner"]["words"]


def test_a_node_s_page_names_the_examples_that_use_it(site):
    folder, pages = site
    assert EXAMPLE.name in pages[folder / "nodes" / "networks.learner.html"].text
    assert EXAMPLE.name not in pages[folder / "nodes" / "tables.pivot.html"].text


def test_what_a_plug_in_writes_is_text(tmp_path):
    class Evil(Node):
        """Give <script>alert(1)</script> & more.

        Example: wire it to `<b>` anything.
        """

        id: ClassVar[str] = "plug_in.evil"
        title: ClassVar[str] = "<img src=x onerror=alert(1)>"
        shelf: ClassVar[str] = "Own <b>"
        output_ports: ClassVar[tuple[Port, ...]] = (Port("table", "table", "T<i>"),)
        text: str = setting("</p><script>", "<u>Text", "<script>")

        def configure(self, specs: Specs):
            return {"table": None}

        def execute(self, values: Values, job: Job):
            return {"table": Table.of(None)}

    write_reference(tmp_path, Catalog({Evil.id: Evil}))
    for path in tmp_path.rglob("*.html"):
        page = path.read_text()
        assert "<script>" not in page
        assert "<img" not in page
        assert "<u>" not in page
    assert '<p class="example"><b>Example:</b> wire it to <code>&lt;b&gt;</code>' in path.read_text()


def test_the_command_line_says_where_the_first_page_is(tmp_path, capsys):
    assert main([str(tmp_path / "new" / "folder")]) == 0
    assert str(tmp_path / "new" / "folder" / "index.html") in capsys.readouterr().out


def test_pages_are_in_order_for_those_who_hear_them(site):
    """One title, headings without gaps, a language, a word for every picture, and a way past the search."""
    folder, _ = site
    for path in sorted(folder.rglob("*.html")):
        text = path.read_text()
        outline = Outline.of(text)
        assert outline.language == "en", path
        assert outline.levels[0] == 1, path
        assert outline.levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(outline.levels)), path
        assert not outline.silent, path
        assert 'href="#content" class="skip"' in text.replace('class="skip" href="#content"', 'href="#content" class="skip"')
        assert "<main" in text


class Outline(HTMLParser):
    """What a screen reader finds its way by."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.language = ""
        self.silent: list[str] = []

    @classmethod
    def of(cls, page: str) -> Outline:
        found = cls()
        found.feed(page)
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "html":
            self.language = about.get("lang") or ""
        if tag == "img" and not about.get("alt"):
            self.silent.append(str(about.get("src"))[:40])
        if tag == "svg" and about.get("aria-hidden") != "true" and not about.get("aria-label"):
            self.silent.append("svg")
