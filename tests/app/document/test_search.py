"""Search finds what was meant: ranked, over all node types, in spite of typos, and says which letters matched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.search import Candidate, Index, find
from nodes.catalog import Catalog
from tests.sampling import sampled

FEW = [
    Candidate(
        "conv", "Keras Convolution 2D Layer", ["keras.conv_2d", "filter"], "Learns small pictures and looks where they are."
    ),
    Candidate("pool", "Keras Max Pooling 2D Layer", ["keras.max_pooling_2d"], "Keep the largest value of every window."),
    Candidate("dense", "Keras Dense Layer", ["keras.dense", "fully connected"], "Each output sees all inputs."),
    Candidate("csv", "CSV Reader", ["readers.csv", "table"], "Reads a table from a text file."),
    Candidate("read", "Read Images from Folder", ["readers.folder"], "Pictures, one class per folder."),
    Candidate("spread", "Spread Out", [], ""),
]


def names(query: str) -> list[str]:
    return [found.item for found in find(query, FEW)]


@pytest.fixture(scope="module")
def catalog_index() -> Index[str]:
    return Index(Candidate(i, c.title, [i, *c.keywords], c.description()) for i, c in Catalog.load(plugins=False).items())


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("csv", "csv"),
        ("CSV  reader", "csv"),
        ("dense", "dense"),
        ("layer dense", "dense"),
        ("fully", "dense"),
        ("filter", "conv"),
        ("conv_2d", "conv"),
        ("window", "pool"),
        ("kmp", "pool"),
        ("maxpool", "pool"),
        ("denes", "dense"),
        ("dnese", "dense"),
        ("convoltion", "conv"),
        ("convvolution", "conv"),
        ("konvolution 2d", "conv"),
        ("poolign", "pool"),
        ("imagse foldr", "read"),
    ],
)
def test_what_was_meant_is_found_first(query: str, first: str) -> None:
    assert names(query)[0] == first


def test_better_matches_come_first() -> None:
    # the title begins so, a word of it does, a keyword does, within a word
    assert names("read") == ["read", "csv", "spread"]
    ranked = [
        Candidate(7, "Unrelated", ["x"], "here is pooling"),
        Candidate(6, "Poling Typo"),
        Candidate(5, "Parts Of One Object Like Ingredients Nearly Gone"),
        Candidate(4, "Other", ["pooling"]),
        Candidate(3, "Max Pooling"),
        Candidate(2, "Pooling Layer"),
        Candidate(1, "Pooling"),
    ]
    assert [found.item for found in find("pooling", ranked)] == [1, 2, 3, 4, 7, 5, 6]


def test_nonsense_finds_nothing_and_nothing_finds_all_in_their_order() -> None:
    assert names("zzzzqqq") == []
    assert names("dense zzzzqqq") == []
    assert names("  ") == ["conv", "pool", "dense", "csv", "read", "spread"]
    assert names("$$") == []


def test_short_words_allow_no_typos() -> None:
    assert names("cvs") == []


def test_the_letters_that_matched_are_told() -> None:
    def parts(query: str) -> list[str]:
        found = find(query, FEW)[0]
        title = next(c.title for c in FEW if c.item == found.item)
        return [title[a:b] for a, b in found.spans]

    assert parts("keras con") == ["Keras Con"]
    assert parts("2d conv") == ["Conv", "2D"]
    assert parts("kmp2") == ["K", "M", "P", "2"]
    assert parts("denes") == ["Dense"]
    assert parts("window") == []


@pytest.mark.parametrize("count", [40, pytest.param(None, marks=pytest.mark.exhaustive)])
def test_every_node_type_is_found_by_its_title_its_id_and_its_title_with_a_typo(
    catalog_index: Index[str], count: int | None
) -> None:
    catalog = Catalog.load(plugins=False)
    for node_id, node_type in sampled(catalog.items(), count or len(catalog)):
        assert catalog_index.find(node_type.title)[0].item in {i for i, c in catalog.items() if c.title == node_type.title}
        assert node_id in [found.item for found in catalog_index.find(node_id)]
        word = max(re.findall(r"\w+", node_type.title), key=len)
        for swapped in (
            (word[0] + word[2] + word[1] + word[3:], word[:2] + word[3:], word[:-2] + "x" + word[-2:]) if len(word) > 4 else ()
        ):
            assert node_id in [found.item for found in catalog_index.find(node_type.title.replace(word, swapped))]


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_can_be_searched_for_and_in(query: str, title: str) -> None:
    for found in find(query, [Candidate(1, title, [title], title)]):
        assert all(0 <= a < b <= len(title) for a, b in found.spans)
        assert all(first[1] < second[0] for first, second in zip(found.spans, found.spans[1:], strict=False))


@given(st.text(min_size=1, max_size=12))
def test_a_title_is_found_by_itself(title: str) -> None:
    if title.split() and title.casefold() == title.lower():
        assert [found.item for found in find(title, [Candidate(1, " ".join(title.split()))])] == [1]
