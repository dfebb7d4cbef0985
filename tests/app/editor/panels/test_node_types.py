"""Node types in lists: found by what a person types, mistakes included."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.editor.panels.node_types import NodeTypeSearch
from tests.catalog import CATALOG

SEARCH = NodeTypeSearch(CATALOG)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("max pool", "keras.max_pooling_1d"),
        ("Keras Convolution 2D Layer", "keras.conv_2d"),
        ("MaxPool2D", "keras.max_pooling_2d"),
        ("fully connected", "keras.dense"),
        ("confusion", "scoring.scorer"),
        ("network learnr", "networks.learner"),
        ("dorpout", "keras.dropout"),
        ("partitoining", "tables.partitioning"),
        ("flaten", "keras.flatten"),
    ],
)
def test_finds_by_title_keyword_and_with_mistakes(typed: str, first: str) -> None:
    assert SEARCH.rows(typed)[0].key == first


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("read excel", "readers.excel"),
        ("resize pictures", "images.resizer"),
        ("remove duplicates", "tables.duplicate_row_filter"),
        ("one hot", "tables.one_to_many"),
        ("test set", "tables.partitioning"),
        ("new column", "tables.math_formula"),
        ("mean and standard deviation", "tables.statistics"),
        ("min max scaling", "tables.normalizer"),
        ("loss", "networks.learner"),
        ("EarlyStopping", "networks.learner"),
        ("model.predict", "networks.executor"),
    ],
)
def test_everyday_words_find_their_node_among_the_first_three(typed: str, wanted: str) -> None:
    assert wanted in [row.key for row in SEARCH.rows(typed)[:3]]


def test_nodes_of_one_shelf_that_stand_together_have_icons_of_their_own() -> None:
    seen: dict[tuple[str, str], list[str]] = {}
    for key, about in CATALOG.about.items():
        if about.shelf.startswith("Tables"):
            seen.setdefault((about.shelf, about.icon), []).append(key)
    assert not {place: keys for place, keys in seen.items() if len(keys) > 1}


def test_nonsense_finds_nothing() -> None:
    assert SEARCH.rows("qqxyzzy") == []


def test_every_word_must_fit() -> None:
    kinds, dimensions = ("average", "max"), (1, 2, 3)
    assert {row.key for row in SEARCH.rows("pooling global")} == {
        f"keras.global_{kind}_pooling_{n}d" for kind in kinds for n in dimensions
    }


@settings(max_examples=30)
@given(st.sampled_from(sorted(CATALOG)))
def test_every_node_is_the_first_hit_for_its_own_title(node_type: str) -> None:
    titles = [CATALOG[row.key].title for row in SEARCH.rows(CATALOG[node_type].title)[:3]]
    assert CATALOG[node_type].title in titles


@settings(max_examples=30)
@given(st.text(max_size=30))
def test_spans_lie_inside_the_titles(typed: str) -> None:
    for row in SEARCH.rows(typed):
        assert all(0 <= start < end <= len(row.title) for start, end in row.spans)
