"""JSON as programs write it: no value is lost, at whatever depth kinds differ."""

import json
import math

import polars as pl
import pytest

from nodes.base import NodeError
from nodes.readers.json_table import JsonReader
from tests.real.readers.conftest import Read


@pytest.fixture
def json_read(tmp_path):
    def read(content, **settings):
        (tmp_path / "f.json").write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return Read(JsonReader(path="f.json", **settings), tmp_path)

    return read


def in_lines(records):
    return "".join(f"{json.dumps(record)}\n" for record in records)


MIXED = [
    ([{"b": 1}, {"b": {"c": 2}}, {"b": [3]}, {"b": "x"}, {"b": None}, {}], "a.b", ["1", '{"c": 2}', "[3]", "x", None, None]),
    ([[1, "x"], [{"b": 1}], [None, 2.5], None], "a", [["1", "x"], ['{"b": 1}'], [None, "2.5"], None]),
    ([[{"b": 1}, {"b": "x"}], [3]], "a", [['{"b": 1}', '{"b": "x"}'], ["3"]]),
    ([{"b": [{"c": 1}]}, {"b": [{"c": [1]}]}], "a.b", [[{"c": "1"}], [{"c": "[1]"}]]),
    ([1, True], "a", ["1", "true"]),
    ([1, "x", 2.5, None], "a", ["1", "x", "2.5", None]),
    ([2**53 + 1, 0.5], "a", ["9007199254740993", "0.5"]),
    ([2**200, 1], "a", [str(2**200), "1"]),
]


@pytest.mark.parametrize(("cells", "column", "expected"), MIXED)
def test_kinds_side_by_side_become_text(json_read, cells, column, expected):
    records = [{"a": cell, "n": number} for number, cell in enumerate(cells)]
    for content in (records, in_lines(records)):
        made = json_read(content)
        assert made.frame[column].to_list() == expected
        assert made.frame["n"].to_list() == list(range(len(cells)))
        assert made.says(f"'{column.removesuffix('.c')}" , "as text") == "nested"  # fmt: skip


def test_numbers_stay_numbers(json_read):
    records = [{"a": 2**63 - 1, "b": 1, "c": 2**100, "d": True}, {"a": -(2**63) + 1, "b": 0.5, "c": 1, "d": None}]
    for content in (records, in_lines(records)):
        made = json_read(content)
        assert made.frame.schema == {"a": pl.Int64, "b": pl.Float64, "c": pl.Int128, "d": pl.Boolean}
        assert made.frame.to_dicts() == records
        assert not made.told


def test_what_is_no_json_but_written_all_the_same(json_read):
    for content in ('[{"a": NaN}, {"a": 1.5}, {"a": -Infinity}]', '{"a": NaN}\n{"a": 1.5}\n{"a": -Infinity}\n'):
        cells = json_read(content).frame["a"].to_list()
        assert math.isnan(cells[0])
        assert cells[1:] == [1.5, -math.inf]
    late = json_read('{"a": 1.5}\n' * 20_000 + '{"a": NaN}\n', scanned_rows=10).frame["a"]
    assert late.len() == 20_001
    assert math.isnan(late[20_000])


@pytest.mark.parametrize("open_close", ["[]", "{}"])
@pytest.mark.parametrize("lines", [False, True])
def test_five_hundred_levels(json_read, open_close, lines):
    inner = "[" * 500 + "]" * 500 if open_close == "[]" else '{"b":' * 500 + "1" + "}" * 500
    text = f'{{"a": {inner}, "n": 1}}'
    made = json_read(f'{text}\n{{"n": 2}}\n' if lines else f'[{text}, {{"n": 2}}]')
    assert made.frame["n"].to_list() == [1, 2]
    cell = made.frame.select(pl.exclude("n")).to_series()[0]
    while isinstance(cell, pl.Series | list):
        cell = cell[0]
    found = json.loads(cell)
    depth = 0
    while found not in ([], 1):
        found, depth = (found[0] if isinstance(found, list) else found["b"]), depth + 1
    assert depth > 400
    assert any("because of its depth" in message for message in made.told)


def test_more_levels_than_python_reads(json_read):
    with pytest.raises(NodeError, match="nested too deeply"):
        json_read('[{"a": ' + "[" * 100_000 + "]" * 100_000 + "}]")


def test_what_comes_late_in_lines_is_told(json_read):
    for late, words in (({"a": "x"}, "'\"x\"' in column 'a', which is no Int64"), ({"a": 2.5}, "'2.5'"),
                        ({"a": 1, "b": 5}, "'5' in column 'b', which the first rows do not have")):  # fmt: skip
        text = in_lines([{"a": 1}] * 20 + [late] + [{"a": 3}])
        with pytest.raises(NodeError) as caught:
            json_read(text, scanned_rows=5)
        assert "Row 21" in caught.value.message
        assert words in caught.value.message
        assert caught.value.setting == "scanned_rows"
        made = json_read(text, scanned_rows=5, on_misfit="missing")
        assert made.frame.height == 22
        assert made.frame["a"][21] == 3
        assert "1 cell does not fit" in made.warned[0]
    null = json_read(in_lines([{"a": None}] * 20 + [{"a": {"b": 1}}]), scanned_rows=5)
    assert null.frame["a"][20] == '{"b": 1}'


def test_numbers_too_large_are_not_infinite(json_read):
    with pytest.raises(NodeError, match="too large"):
        json_read('[{"a": 1e400}]')
    with pytest.raises(NodeError, match="which is no Float64"):
        json_read('{"a": 1e400}\n{"a": 1.5}\n')


def test_halves_of_characters(json_read):
    for content in ('[{"a": "\\ud800x"}, {"a": "\\ud83d\\ude00"}]', '{"a": "\\ud800x"}\n{"a": "\\ud83d\\ude00"}\n'):
        assert json_read(content).frame["a"].to_list() == ["\ufffdx", "😀"]


def test_lines_that_are_none_are_named(json_read):
    for line, words in (("{", "no JSON"), ("3", "no record"), ("[1]", "no record")):
        with pytest.raises(NodeError, match=f"Line 3 of .* is {words}"):
            json_read('{"a": 1}\n{"a": 2}\n' + line + '\n{"a": 4}\n')


def test_a_mark_at_the_beginning_of_lines(json_read):
    assert json_read("\ufeff" + in_lines([{"a": 1}, {"a": 2}])).rows() == [(1,), (2,)]


def test_workflows_of_the_first_version_keep_their_meaning():
    assert JsonReader.migrate({}, 1) == {"on_misfit": "missing"}
