"""Class Extractor: the most probable class of every row, with its name where it is known."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from nodes.base import NodeError
from nodes.scoring.class_extractor import ClassExtractor
from nodes.values import table as tables
from nodes.values.table import Table
from tests.support import RecordingJob, configure, run

NAMES = ("cat", "dog", "owl")
ROWS = [[0.1, 0.7, 0.2], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]


def probabilities(rows: list[list[float] | None] = ROWS, names: tuple[str, ...] | None = NAMES) -> Table:  # type: ignore[assignment]
    frame = pl.DataFrame({"id": range(len(rows)), "p": pl.Series(rows, dtype=pl.Array(pl.Float32, 3))})
    return Table.of(frame, {"p": names} if names else None)


def predicted(node: ClassExtractor, table: Table, job: RecordingJob | None = None) -> pl.DataFrame:
    return run(node, {"table": table}, job=job)["table"].frame()


def test_the_most_probable_class_with_its_name_and_probability():
    out = predicted(ClassExtractor(columns=["p"]), probabilities())

    assert out.columns == ["id", "p", "prediction", "probability"]
    assert out.schema["prediction"] == pl.Enum(NAMES)
    assert out.schema["probability"] == pl.Float32
    assert out["prediction"].to_list() == ["dog", "cat", "owl"]
    assert out["probability"].to_list() == pytest.approx([0.7, 0.5, 0.5])


def test_without_names_the_class_number():
    out = predicted(ClassExtractor(columns=["p"]), probabilities(names=None))

    assert out.schema["prediction"] == pl.Int32
    assert out["prediction"].to_list() == [1, 0, 2]


def test_names_can_be_given_or_come_from_another_column():
    table = probabilities().with_columns(pl.DataFrame({"true": pl.Series(["x", "y", "z"], dtype=pl.Enum(["x", "y", "z"]))}))

    given = predicted(ClassExtractor(columns=["p"], class_names=["i", "j", "k"], class_column="true"), table)
    other = predicted(ClassExtractor(columns=["p"], class_column="true"), table)

    assert given["prediction"].to_list() == ["j", "i", "k"]
    assert other["prediction"].to_list() == ["y", "x", "z"]


def test_several_number_columns_are_named_by_themselves():
    table = Table.of(pl.DataFrame({"cat": [0.4, 0.9], "dog": [0.6, 0.1]}))

    out = predicted(ClassExtractor(columns=["cat", "dog"]), table)

    assert out["prediction"].to_list() == ["dog", "cat"]


def test_the_top_k_agree_with_numpy_and_the_first_of_equals_wins():
    generator = np.random.default_rng(0)
    rows = generator.integers(0, 4, (200, 3)) / 4
    table = probabilities(rows.tolist(), None)

    out = predicted(ClassExtractor(columns=["p"], top_k=3), table)

    order = np.argsort(-rows, axis=1, kind="stable")
    for k, suffix in enumerate(("", "_2", "_3")):
        assert out[f"prediction{suffix}"].to_list() == order[:, k].tolist()
        assert out[f"probability{suffix}"].to_list() == np.take_along_axis(rows, order, 1)[:, k].tolist()
    assert out["prediction"].to_list() == predicted(ClassExtractor(columns=["p"]), table)["prediction"].to_list()


def test_an_unsure_prediction_is_missing_but_its_probability_is_told():
    out = predicted(ClassExtractor(columns=["p"], threshold=0.7), probabilities())

    assert out["prediction"].to_list() == ["dog", None, None], "0.7 is not below 0.7, in single precision too"
    assert out["probability"].null_count() == 0


@pytest.mark.parametrize("bad", [None, [0.5, math.nan, 0.5], [None, 0.5, 0.5]])
def test_rows_with_undefined_probabilities_get_no_prediction(bad, tmp_path):
    job = RecordingJob(tmp_path)

    out = predicted(ClassExtractor(columns=["p"], top_k=2), probabilities([bad, ROWS[0]]), job)

    assert out.row(0)[2:] == (None, None, None, None)
    assert out["prediction"].to_list()[1] == "dog"
    assert job.warnings == ["1 row has missing or undefined probabilities: not predicted."]


def test_a_missing_number_among_several_columns_is_undefined_too(tmp_path):
    table = Table.of(pl.DataFrame({"a": [0.5, None], "b": [1, 1]}))

    assert predicted(ClassExtractor(columns=["a", "b"]), table)["prediction"].to_list() == ["b", None]


def test_a_single_probability_is_that_of_the_second_class():
    table = Table.of(pl.DataFrame({"p": pl.Series([[0.75], [0.25], [0.5]], dtype=pl.Array(pl.Float32, 1))}), {"p": ("no", "yes")})

    out = predicted(ClassExtractor(columns=["p"]), table)

    assert out["prediction"].to_list() == ["yes", "no", "no"]
    assert out["probability"].to_list() == [0.75, 0.75, 0.5]


def test_probabilities_can_be_removed():
    out = predicted(ClassExtractor(columns=["p"], remove_columns=True, prediction_name="p"), probabilities())

    assert out.columns == ["id", "p", "probability"]


def test_a_long_table_is_worked_on_piece_by_piece(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_BYTES", 64)

    out = predicted(ClassExtractor(columns=["p"]), probabilities(ROWS * 20))

    assert out["prediction"].to_list() == ["dog", "cat", "owl"] * 20


def test_an_empty_table_gives_empty_predictions():
    assert predicted(ClassExtractor(columns=["p"], top_k=2), probabilities([])).height == 0


@pytest.mark.parametrize(
    ("settings", "setting", "message"),
    [
        ({"columns": ["p", "id"]}, "columns", "one array with a number per class"),
        ({"columns": ["image"]}, "columns", "an image 1 x 1 x 1"),
        ({"columns": ["p"], "class_names": ["a"]}, "class_names", "1 class names for 3 probabilities"),
        ({"columns": ["p"], "class_names": ["a", "b", "a"]}, "class_names", "Two classes are called 'a'"),
        ({"columns": ["p"], "class_column": "id"}, "class_column", "not known"),
        ({"columns": ["p"], "top_k": 4}, "top_k", "only 3 classes, not 4"),
        ({"columns": ["p"], "prediction_name": "id"}, "prediction_name", "two columns 'id'"),
        ({"columns": ["p"], "prediction_name": "a", "probability_name": "a"}, "prediction_name", "two columns 'a'"),
    ],
)
def test_mistakes_are_found_before_running(settings, setting, message):
    image = pl.Series([[[[0]]]] * 3, dtype=pl.Array(pl.UInt8, (1, 1, 1)))
    table = probabilities().with_columns(pl.DataFrame({"image": image}))

    with pytest.raises(NodeError, match=message) as caught:
        configure(ClassExtractor(**settings), {"table": table})

    assert caught.value.setting == setting
    assert caught.value.remedy


def test_the_only_array_is_taken_where_no_column_is_chosen():
    table = probabilities()
    assert (
        run(ClassExtractor(columns=[]), {"table": table})["table"]
        .frame()
        .equals(run(ClassExtractor(columns=["p"]), {"table": table})["table"].frame())
    )


def test_of_two_arrays_one_has_to_be_chosen():
    table = probabilities()
    twice = table.with_columns(table.frame(["p"]).rename({"p": "q"}))
    with pytest.raises(NodeError, match="No column is chosen"):
        configure(ClassExtractor(columns=[]), {"table": twice})
