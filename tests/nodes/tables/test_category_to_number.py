"""Category to Number: class names become class numbers, the same ones for training and test data."""

from __future__ import annotations

import polars as pl
import pytest

from nodes.base import NodeError
from nodes.tables.category_to_number import CategoryToNumber
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

SHOES = pl.Enum(["boot", "sandal", "sneaker"])


def shoes(*names: str | None) -> Table:
    return Table.of(pl.DataFrame({"label": pl.Series(names, dtype=SHOES), "id": range(len(names))}))


def texts(*names: str | None) -> Table:
    return Table.of(pl.DataFrame({"label": pl.Series(names, dtype=pl.String)}))


def test_categories_are_numbered_in_their_own_order_and_keep_their_names():
    out = run(CategoryToNumber(columns=["label"]), {"table": shoes("sneaker", "boot")})

    assert out["table"].columns == ["label", "id", "label (to number)"]
    assert out["table"].frame()["label (to number)"].to_list() == [2, 0]
    assert out["table"].spec.class_names("label (to number)") == ("boot", "sandal", "sneaker")
    assert out["mapping"].frame().rows() == [("label", "boot", 0), ("label", "sandal", 1), ("label", "sneaker", 2)]


def test_without_a_suffix_the_column_is_replaced_where_it_stands():
    out = run(CategoryToNumber(columns=["label"], suffix=None), {"table": shoes("sandal")})

    assert out["table"].columns == ["label", "id"]
    assert out["table"].schema["label"] == pl.Int32


@pytest.mark.parametrize(("order", "numbers"), [("first appearance", [0, 1, 0, 2]), ("sorted", [2, 0, 2, 1])])
def test_text_is_numbered_in_the_chosen_order(order, numbers):
    out = run(CategoryToNumber(columns=["label"], order=order), {"table": texts("z", "a", "z", "m")})

    assert out["table"].frame()["label (to number)"].to_list() == numbers
    assert out["table"].spec.class_names("label (to number)") is None, "a spec cannot promise names that only the rows know"


def test_integers_are_sorted_by_value_not_by_digits():
    table = Table.of(pl.DataFrame({"n": [10, 9, 100]}))

    out = run(CategoryToNumber(columns=["n"], order="sorted"), {"table": table})

    assert out["table"].frame()["n (to number)"].to_list() == [1, 0, 2]


def test_growing_categories_are_numbered_like_text():
    table = Table.of(pl.DataFrame({"c": pl.Series(["b", "a", None], dtype=pl.Categorical)}))

    out = run(CategoryToNumber(columns=["c"], order="sorted"), {"table": table})

    assert out["table"].frame()["c (to number)"].to_list() == [1, 0, None]


def test_start_and_increment_shift_the_numbers_which_then_are_no_class_numbers():
    out = run(CategoryToNumber(columns=["label"], start=5, increment=-2), {"table": shoes("boot", "sneaker")})

    assert out["table"].frame()["label (to number)"].to_list() == [5, 1]
    assert out["table"].spec.class_names("label (to number)") is None


def test_missing_cells_stay_missing_unless_they_are_given_a_number():
    kept = run(CategoryToNumber(columns=["label"]), {"table": shoes(None, "boot")})
    mapped = run(CategoryToNumber(columns=["label"], map_missing_to=-1), {"table": shoes(None, "boot")})

    assert kept["table"].frame()["label (to number)"].to_list() == [None, 0]
    assert mapped["table"].frame()["label (to number)"].to_list() == [-1, 0]
    assert ("label", None, -1) in mapped["mapping"].frame().rows()
    assert mapped["table"].spec.class_names("label (to number)") is None, "-1 is no class"


def test_the_mapping_gives_other_data_the_same_numbers(tmp_path):
    train = run(CategoryToNumber(columns=["label"]), {"table": texts("cat", "dog")})
    job = RecordingJob(tmp_path)

    test = run(CategoryToNumber(columns=["label"]), {"table": texts("dog", "owl", None), "mapping": train["mapping"]}, job=job)

    assert test["table"].frame()["label (to number)"].to_list() == [1, None, None]
    assert test["mapping"].frame().equals(train["mapping"].frame())
    assert job.warnings == ["The mapping does not know the category of 1 cell of column 'label': missing in the output."]


def test_unknown_categories_can_get_a_default_number_but_missing_ones_do_not():
    train = run(CategoryToNumber(columns=["label"]), {"table": texts("cat")})

    test = run(
        CategoryToNumber(columns=["label"], default_value=99), {"table": texts("owl", None, "cat"), "mapping": train["mapping"]}
    )

    assert test["table"].frame()["label (to number)"].to_list() == [99, None, 0]


def test_a_mapping_for_missing_cells_travels_along():
    train = run(CategoryToNumber(columns=["label"], map_missing_to=7), {"table": texts("cat")})

    test = run(CategoryToNumber(columns=["label"]), {"table": texts(None, "cat"), "mapping": train["mapping"]})

    assert test["table"].frame()["label (to number)"].to_list() == [7, 0]


def test_an_empty_table_has_no_categories_but_those_of_its_type():
    assert run(CategoryToNumber(columns=["label"]), {"table": shoes()})["mapping"].height == 3
    assert run(CategoryToNumber(columns=["label"]), {"table": texts()})["mapping"].height == 0


@pytest.mark.parametrize(
    ("settings", "setting", "message"),
    [
        ({"columns": []}, "columns", "No column is chosen"),
        ({"columns": ["lable"]}, "columns", "no column 'lable'"),
        ({"columns": ["label"], "max_categories": 2}, "max_categories", "3 categories, more than the 2"),
        ({"columns": ["label"], "increment": 0}, "increment", "one number"),
        ({"columns": ["label"], "suffix": "2"}, "suffix", "already a column 'label2'"),
        ({"columns": ["label"], "start": 2**31 - 2}, "increment", "too large"),
    ],
)
def test_mistakes_are_found_before_running(settings, setting, message):
    table = shoes("boot").with_columns(pl.DataFrame({"label2": [1]}))

    with pytest.raises(NodeError, match=message) as caught:
        configure(CategoryToNumber(**settings), {"table": table})

    assert caught.value.setting == setting
    assert caught.value.remedy


def test_too_many_texts_are_an_error_when_they_are_seen():
    with pytest.raises(NodeError, match="3 categories, more than the 2"):
        run(CategoryToNumber(columns=["label"], max_categories=2), {"table": texts("a", "b", "c")})


def test_a_table_that_is_no_mapping_is_refused():
    with pytest.raises(NodeError, match="is no mapping"):
        configure(CategoryToNumber(columns=["label"]), {"table": texts("a"), "mapping": texts("a")})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("label", "a", 0), ("label", "a", 1)], "'a' of column 'label' twice"),
        ([("label", "a", None)], "no number"),
        ([("label", "a", 2**40)], "too large"),
        ([("other", "a", 0)], "knows nothing of column 'label'"),
    ],
)
def test_a_broken_mapping_is_refused(rows, message):
    schema = {"column": pl.String, "category": pl.String, "number": pl.Int64}
    mapping = Table.of(pl.DataFrame(rows, schema=schema, orient="row"))

    with pytest.raises(NodeError, match=message):
        run(CategoryToNumber(columns=["label"]), {"table": texts("a"), "mapping": mapping})


def test_true_and_false_are_categories_whether_they_occur_or_not():
    frame = pl.DataFrame({"ill": [True, None, True]})
    made = run(CategoryToNumber(columns=["ill"]), {"table": Table.of(frame)})
    assert made["table"].frame()["ill (to number)"].to_list() == [1, None, 1]
    assert made["table"].classes == {"ill (to number)": ("false", "true")}
    assert made["mapping"].frame().rows() == [("ill", "false", 0), ("ill", "true", 1)]
    again = run(CategoryToNumber(columns=["ill"], suffix=None), {"table": Table.of(frame), "mapping": made["mapping"]})
    assert again["table"].frame()["ill"].to_list() == [1, None, 1]
