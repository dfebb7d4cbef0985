"""Variables are typed, replaceable, and may stand for a setting or inside its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.document.model import Variable
from app.document.variables import resolve, values_of

VARIABLES = [
    Variable(name="epochs", type="integer", value=12),
    Variable(name="rate", type="number", value=0.002),
    Variable(name="fast", type="boolean", value=False),
    Variable(name="data", type="path", value="../data"),
    Variable(name="output", type="path", value="output", relative_to="start"),
    Variable(name="word", value="x"),
]


def given(**texts: str) -> tuple[dict[str, object], list[str]]:
    values, problems = values_of(VARIABLES, texts, folder=Path("/flows/a"), start=Path("/home/me"))
    return dict(values), [str(p) for p in problems]


def test_declared_values_hold_and_paths_start_where_they_say() -> None:
    values, problems = given()
    assert problems == []
    assert values == {"epochs": 12, "rate": 0.002, "fast": False, "data": "/flows/data", "output": "/home/me/output", "word": "x"}


def test_given_values_are_read_as_the_variable_s_type() -> None:
    values, problems = given(epochs="3", rate="1e-2", fast="TRUE", data="here", word="7")
    assert problems == []
    assert values["epochs"] == 3
    assert values["rate"] == 0.01
    assert values["fast"] is True
    assert values["data"] == "/home/me/here"  # what is typed on the command line is meant from there
    assert values["word"] == "7"


def test_wrong_values_and_names_are_problems() -> None:
    _, problems = given(epochs="many", fast="perhaps", epohcs="3")
    assert any("'epochs' is integer, and 'many' is not" in p for p in problems)
    assert any("'fast' is boolean" in p for p in problems)
    assert any("no variable 'epohcs'. Did you mean 'epochs'?" in p for p in problems)


def test_settings_refer_to_variables_as_wholes_and_in_texts() -> None:
    settings = {
        "epochs": {"variable": "epochs"},
        "file": "${data}/train-${epochs}.gz",
        "plain": "costs $${epochs}",
        "deep": {"optimizer": [{"variable": "rate"}, "${word}"]},
        "not a reference": {"variable": "epochs", "other": 1},
    }
    resolved, problems = resolve(settings, {"epochs": 12, "data": "/d", "rate": 0.5, "word": "w"}, "node")
    assert problems == []
    assert resolved == {
        "epochs": 12,
        "file": "/d/train-12.gz",
        "plain": "costs ${epochs}",
        "deep": {"optimizer": [0.5, "w"]},
        "not a reference": {"variable": "epochs", "other": 1},
    }


def test_a_reference_to_nothing_is_a_problem_of_its_node() -> None:
    resolved, (problem,) = resolve({"a": "${dta}", "b": 1}, {"data": "/d"}, "node")
    assert resolved == {"b": 1}
    assert (problem.node, problem.setting) == ("node", "a")
    assert "Did you mean 'data'?" in str(problem)


@pytest.mark.parametrize(
    ("value", "words"),
    [("a\0b", "the character NUL"), ("~nosuchuser/x", "no user 'nosuchuser'"), ("\ud800", "half a character")],
)
def test_what_can_be_no_path_is_a_problem_of_its_variable(tmp_path: Path, value: str, words: str) -> None:
    values, problems = values_of([Variable(name="p", type="path", value=value)], {}, folder=tmp_path, start=tmp_path)
    assert values == {}
    assert "'p'" in problems[0].message
    assert words in problems[0].message


def test_a_number_too_large_to_be_one_is_not_taken_for_infinity(tmp_path: Path) -> None:
    big = Variable(name="n", type="number", value=10**400)
    assert values_of([big], {}, folder=tmp_path, start=tmp_path)[1]
    assert values_of([big], {"n": "-inf"}, folder=tmp_path, start=tmp_path)[0] == {"n": float("-inf")}


def test_one_mistake_is_one_problem(tmp_path: Path) -> None:
    """A given value that is none leaves the declared one, so that no node complains, too."""
    declared = [Variable(name="trees", type="integer", value=10), Variable(name="where", type="path", value="here")]
    values, problems = values_of(declared, {"trees": "abc", "where": "a\0b"}, folder=tmp_path, start=tmp_path)
    assert values == {"trees": 10, "where": str(tmp_path / "here")}
    assert [p.message.partition(" is")[0] for p in problems] == ["Variable 'trees'", "Variable 'where'"]
