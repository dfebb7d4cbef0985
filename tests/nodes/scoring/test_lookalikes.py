"""Truth values are classes; classes that are written in two ways are warned of."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nodes.scoring.classifier_comparison import ClassifierComparison
from nodes.scoring.scorer import Scorer
from nodes.tables.category_to_number import CategoryToNumber
from nodes.tables.chosen_rows import ReferenceRowFilter
from nodes.tables.joiner import Joiner, JoinKey
from nodes.tables.value_lookup import ValueLookup
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run


def scored(actual: list[object], predicted: list[object]) -> tuple[dict[str, object], list[str]]:
    job = RecordingJob(Path())
    table = Table.of(pl.DataFrame({"a": actual, "p": predicted}))
    made = run(Scorer(actual_column="a", predicted_column="p"), {"table": table}, job=job)
    return made["statistics"].frame().row(-1, named=True), [
        text for text in job.warnings if "count as different" in text or "No predicted" in text
    ]


def test_truth_values_are_classes() -> None:
    table = Table.of(pl.DataFrame({"a": [True, False, True, None], "p": [True, True, True, False]}))
    node = Scorer(actual_column="a", predicted_column="p")
    promised = configure(node, {"table": table})
    made = run(node, {"table": table})
    assert made["confusion"].spec.schema == promised["confusion"].schema
    assert made["confusion"].frame().rows() == [("false", 0, 1), ("true", 0, 2)]
    texts = table.with_columns(pl.DataFrame({"p": ["true", "true", "true", "false"]}))
    assert run(node, {"table": texts})["statistics"].frame().row(-1, named=True)["Accuracy"] == pytest.approx(2 / 3)


def test_truth_values_become_numbers_and_keep_their_names() -> None:
    table = Table.of(pl.DataFrame({"a": [True, None, True]}))
    node = CategoryToNumber(columns=["a"], suffix=None)
    made = run(node, {"table": table})
    assert made["table"].frame()["a"].to_list() == [1, None, 1]
    assert made["table"].spec.class_names("a") == ("false", "true") == configure(node, {"table": table})["table"].class_names("a")
    assert made["mapping"].frame().rows() == [("a", "false", 0), ("a", "true", 1)]


@pytest.mark.parametrize(
    ("actual", "predicted", "cause"),
    [
        ([">50K.", "<=50K."], [">50K", "<=50K"], "a mark at the end"),
        ([" cat", "dog"], ["cat", "dog"], "blanks"),
        (["Cat", "dog"], ["cat", "dog"], "capital letters"),
        (["1.0", "2.0"], ["1", "2"], "how a number is written"),
        (["'a'", "b"], ["a", "b"], "quotes"),
        (["True", "False"], ["1", "0"], "truth values written in another way"),
    ],
)
def test_classes_written_in_two_ways_are_warned_of_with_the_cause(
    actual: list[object], predicted: list[object], cause: str
) -> None:
    _, warnings = scored(actual, predicted)
    assert [cause in text and str(actual[0]) in text for text in warnings] == [True]
    job = RecordingJob(Path())
    table = Table.of(pl.DataFrame({"a": actual, "p": predicted}))
    run(ClassifierComparison(actual_column="a", predicted_column="p"), {"table": table, "table_2": table}, job=job)
    assert any(cause in text for text in job.warnings)


@pytest.mark.parametrize(
    ("actual", "predicted"),
    [(["a", "b"], ["b", "a"]), (["a", "b"], ["c", "a"]), (["a", "b", "A"], ["A", "a", "b"]), ([1, 2], [2, 1])],
)
def test_other_classes_are_not_warned_of(actual: list[object], predicted: list[object]) -> None:
    assert scored(actual, predicted)[1] == []


def test_columns_without_a_class_in_common_are_warned_of() -> None:
    _, warnings = scored(["cat", "dog"], ["red", "blue"])
    assert len(warnings) == 1
    assert "right columns" in warnings[0]


@pytest.mark.parametrize(
    ("left", "right", "cause"),
    [
        (["a ", "b"], ["a", "b"], "blanks"),
        (["A"], ["a"], "capital letters"),
        (["1.0", "2"], ["1", "2"], "how a number is written"),
        ([">50K."], [">50K"], "a mark at the end"),
        (["a", "b"], ["a", "b"], None),
        (["a", "c", None], ["a", "b"], None),
        ([1, 2], [1, 3], None),
    ],
)
def test_keys_without_a_partner_that_look_like_others_are_warned_of(left: list, right: list, cause: str | None) -> None:
    """In a join, a filter by reference and a look-up alike."""
    mine, other = Table.of(pl.DataFrame({"k": left})), Table.of(pl.DataFrame({"k": right, "v": right}))
    nodes = (
        (Joiner(on=[JoinKey(left="k", right="k")]), {"left": mine, "right": other}),
        (ReferenceRowFilter(column="k", reference="k"), {"table": mine, "reference": other}),
        (ValueLookup(column="k", key="k", values=["v"]), {"table": mine, "dictionary": other}),
    )
    for node, inputs in nodes:
        job = RecordingJob(Path())
        run(node, inputs, job=job)
        if cause is None:
            assert job.warnings == []
        else:
            assert job.warnings[0].startswith(
                f"Keys that differ only in {cause} count as different: '{left[0]}' and '{right[0]}'."
            )
