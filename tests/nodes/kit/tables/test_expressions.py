"""Math Formula, String Manipulation, Rule Engine, Rule-based Row Filter, and the language they share."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base import NodeError
from nodes.kit.tables.expression_limits import MOST_OPERATORS, MOST_RULES
from nodes.kit.tables.expressions import by_row, parsed
from nodes.tables.math_formula import MathFormula
from nodes.tables.rule_based_row_filter import RuleBasedRowFilter
from nodes.tables.rule_engine import RuleEngine
from nodes.tables.string_manipulation import StringManipulation
from nodes.values import table as tables
from nodes.values.table import Table
from nodes.wording import grouped
from tests.support import configure, run

FRAME = pl.DataFrame(
    {
        "x": [1.0, 2.0, 6.0, None],
        "n": [1, 2, 3, 4],
        "my text": ["a/b.png", "c/d.png", None, "e"],
        "label": pl.Series(["cat", "dog", "cat", None], dtype=pl.Enum(["cat", "dog"])),
        "flag": [True, False, None, True],
    }
)
SOURCE = Table.of(FRAME)


def computed(node: object) -> pl.Series:
    return run(node, {"table": SOURCE})["table"].frame()["new column"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formula", "expression"),
    [
        ("x * 2 + n", pl.col("x") * 2 + pl.col("n")),
        ("(x - AVG(x)) / STDDEV(x)", (pl.col("x") - pl.col("x").mean()) / pl.col("x").std()),
        ("x / SUM(x) OVER (PARTITION BY label)", pl.col("x") / pl.col("x").sum().over("label")),
        ("CASE WHEN n > 2 THEN 0 ELSE n END", pl.when(pl.col("n") > 2).then(0).otherwise(pl.col("n"))),
        ("LENGTH(\"my text\")", pl.col("my text").str.len_chars()),
        ("COALESCE(x, 0) >= 2", pl.col("x").fill_null(0) >= 2),
        ("1.5", pl.lit(1.5)),
        ("MAX(n)", pl.col("n").max()),
    ],
)  # fmt: skip
def test_formulas_are_what_polars_computes(formula, expression):
    by_hand = FRAME.with_columns(expression.alias("new column"))["new column"]

    assert computed(MathFormula(expression=formula)).to_list() == by_hand.to_list()


@pytest.mark.parametrize(
    ("expression", "cells"),
    [
        ("UPPER(SPLIT_PART(\"my text\", '/', 1))", ["A", "C", None, "E"]),
        ("'it''s ' || CAST(label AS VARCHAR)", ["it's cat", "it's dog", "it's cat", None]),
        ("REGEXP_REPLACE(COALESCE(\"my text\", '?'), '[a-c]/', '')", ["b.png", "d.png", "?", "e"]),
        ("n", ["1", "2", "3", "4"]),
    ],
)
def test_text(expression, cells):
    assert computed(StringManipulation(expression=expression)).to_list() == cells


@settings(max_examples=25)
@given(st.integers(1, 40), st.sampled_from(["n + 1", "n - AVG(n)", "MAX(n) - n", "3", "SUM(n) OVER (ORDER BY n)"]))
def test_pieces_give_what_the_whole_table_gives(height, formula):
    long = Table.of(pl.DataFrame({"n": range(height)}))
    node = MathFormula(expression=formula)

    whole = run(node, {"table": long})["table"].frame()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "BATCH_BYTES", 16)
        patch.setattr("nodes.kit.tables.elementwise.BATCH_BYTES", 16)
        pieces = run(node, {"table": long})["table"].frame()

    assert pieces.equals(whole)


@pytest.mark.parametrize(
    ("text", "alone"),
    [("x + 1", True), ("ABS(x) * (x + 1)", True), ("x IN (1, 2)", True), ("AVG(x)", False), ("x - avg (x)", False),
     ("RANK() OVER (ORDER BY x)", False), ("\"avg\"(x)", False), ("UPPER('avg(x)')", True), ("no_such(x)", False)],
)  # fmt: skip
def test_what_looks_at_a_row_alone(text, alone):
    assert by_row(text) is alone


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no expression"),
        ("x + * n", r"at character 5: x \+ ▸\*◂ n"),
        ("x +", r"at its end: x \+▸◂"),
        ("(x + n", r"at character 1: ▸\(◂x \+ n \(this bracket is never closed"),
        ("x + n) * (2", r"at character 6: x \+ n▸\)◂ \* \(2 \(this bracket closes none"),
        ("n LIKE 'a", "at character 8: n LIKE ▸'a◂ .this quote is never closed"),
        ("x n", "Two words follow each other at character 3: x ▸n◂"),
        ("5x", "Two words follow each other at character 2: 5▸x◂"),
        ("x, n", r"at character 2: x▸,◂ n"),
        ("n + ROUND(x, 1, 2)", r"at character 5: n \+ ▸ROUND◂\(x, 1, 2\) \(ROUND expects 1-2 arguments"),
        ("x\n+ )", r"at character 5: x\n\+ ▸\)◂"),
        ("x n n", "▸n◂"),
        ("'abc", "wrong at character 1"),
        ("y + 1", "no column 'y' at character 1: ▸y◂"),
        ('x + "my test"', "no column 'my test' at character 5"),
        ("FOO(x)", "no function 'foo' at character 1: ▸FOO◂"),
        ("UPPER(x)", r"at character 1: ▸UPPER\(x\)◂: column 'x' is a number, but text is needed"),
        ("(n + 2) * LENGTH(n)", r"at character 11: \(n \+ 2\) \* ▸LENGTH\(n\)◂"),
        ('n + "my text"', "one cannot reckon with a whole number and text"),
        ('x > 1 AND "my text"', "AND and OR join what is true or false, not text"),
        ("x = 'a'", "text cannot be compared with a number"),
    ],
)
def test_the_fault_is_marked(text, message):
    with pytest.raises(NodeError, match=message) as caught:
        parsed(text, SOURCE.spec, "expression")
    assert caught.value.setting == "expression"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ('"my test"', 'Did you mean "my text"?'), ("LABEL", "Did you mean label?"), ("AVGG(x)", "Did you mean AVG?"),
        ("uper(label)", "Did you mean UPPER?"), ("mean(x)", "Write AVG."), ("isMissing(x)", "Write x IS NULL."),
        ("$x$ + $my text$", 'Write x + "my text"'), ("$N$ > 1", "Write n > 1"), ("$$ROWCOUNT$$ - n", "Write COUNT(*)."),
        ("$$ROWINDEX$$", "Write ROW_NUMBER() OVER () - 1."), ("$${Ivar}$$", "Put the variable in place of the whole setting"),
        ("LENGTH(my text)", 'Put the column\'s name in double quotes: "my text"'), ("order + n", 'in double quotes: "order" + n'),
        ("my text", 'double quotes: "my text"'), ("x ** 2", "POW(x, 2)"), ("x ^ 2", "POW(x, 2)"), ("flag && flag", "Write AND."),
        ("!flag", "Write NOT."), ("MISSING x", "IS NULL"), ("x IS MISSING", "IS NULL"), ("=x + 1", "Leave the first = out."),
        ("1,5 * x", "Decimals have a point: 1.5."), ("IF(flag; 1; 0)", "separated by commas"), ("x => 1", "after THEN"),
        ("\u201cx\u201d + 1", "Write plain quotes"), ("label MATCHES 'a'", "x ~ 'pattern'"), ("CASE WHEN flag THEN 1", "END"),
        ("MAX(x, n)", "GREATEST(x, y)"), ("label = \"cat\"", "Text stands in single quotes"), ("[x] + 1", "by its name"),
        ("day > '2024-01-01'", "DATE('2025-12-31')"), ("n.x", "A name with a dot"), ("n + \"my text\"", "CAST(x AS DOUBLE)"),
    ],
)  # fmt: skip
def test_what_to_write_is_said(wrong, remedy):
    table = Table.of(FRAME.with_columns(pl.lit(1).alias("order"), pl.date(2024, 1, pl.col("n")).alias("day")))

    with pytest.raises(NodeError) as caught:
        parsed(wrong, table.spec, "expression")

    assert remedy in str(caught.value.remedy)
    assert "\u25b8" in caught.value.message


def test_what_is_proposed_works():
    table = Table.of(pl.DataFrame({"day": [date(2025, 12, 31), date(2026, 1, 1)], "order": [1, 2], "t": ["3", "x"]}))
    for expression, cells in (
        ("ROW_NUMBER() OVER () - 1", [0, 1]),
        ("COUNT(*)", [2, 2]),
        ('POW("order", 2)', [1, 4]),
        ("IF(day > DATE('2025-12-31'), 1, 0)", [0, 1]),
        ("TRY_CAST(t AS BIGINT)", [3, None]),
        ("EXTRACT(YEAR FROM day)", [2025, 2026]),
    ):
        made = run(MathFormula(expression=expression, column="new"), {"table": table})["table"].frame()
        assert made["new"].to_list() == cells, expression


def test_words_of_a_query_can_be_text_or_names():
    frame = pl.DataFrame({"read_time": [1, 2], "select": [3, 4], "s": ["select me", "it's read_x"]})
    for expression, cells in (
        ("read_time * 2", [2, 4]),
        ('"select" + 1', [4, 5]),
        ("CASE WHEN s = 'select me' THEN 1 ELSE 0 END", [1, 0]),
        ("CASE WHEN s = 'it''s read_x' THEN 1 ELSE 0 END", [0, 1]),
    ):
        made = run(MathFormula(expression=expression), {"table": Table.of(frame)})["table"].frame()
        assert made["new column"].to_list() == cells


@pytest.mark.parametrize(
    "query",
    [
        "(SELECT MAX(a) FROM read_csv('{file}'))", "n IN (\nselect a FROM read_csv('{file}'))", "(FROM read_csv('{file}'))",
        "$$ ' $$ || (SELECT a FROM read_csv('{file}')) || $$ ' $$", "E'\\' || (SELECT a FROM read_csv('{file}'))",
        "(WITH t AS (TABLE x) TABLE t)", "EXISTS (SELECT 1)", "UNNEST(x)", "read_csv('{file}')",
        "E'\\'' || (SELECT a FROM read_csv('{file}')) || 'a'", "'a' || (SELECT 'b')", '"a" || (SELECT 1) || "a"',
        "-- '\n(SELECT 1) -- '", "/* ' */ (SELECT 1) /* ' */", "x = 'a' OR n IN (SELECT 1)", "'it' || (SELECT 1) || 'it'",
    ],
)  # fmt: skip
def test_a_query_is_refused_before_polars_reads_it(query, tmp_path, monkeypatch):
    read: list[str] = []
    monkeypatch.setattr(pl, "sql_expr", read.append)

    with pytest.raises(NodeError, match="cannot contain a query"):
        parsed(query.format(file=tmp_path / "secret.csv"), SOURCE.spec, "expression")

    assert not read


def test_results_of_another_kind_are_refused():
    with pytest.raises(NodeError, match="not a number"):
        configure(MathFormula(expression="'a'"), {"table": SOURCE})
    with pytest.raises(NodeError, match=r"Row 1 cannot be computed: 'a/b\.png' cannot be made a number") as caught:
        run(MathFormula(expression='CAST("my text" AS DOUBLE)'), {"table": SOURCE})
    assert "TRY_CAST" in str(caught.value.remedy)
    assert computed(MathFormula(expression="x / 4", convert_to_int=True)).to_list() == [0, 0, 2, None]


# ---------------------------------------------------------------------------------------------------------------------- rules


def ruled(*rules: tuple[str, str], **more: object) -> pl.Series:
    node = RuleEngine(rules=[{"condition": c, "outcome": o} for c, o in rules], column="new column", **more)  # type: ignore[arg-type, list-item]
    return computed(node)


def test_the_first_rule_that_is_true_decides():
    chosen = ruled(("n >= 3", "'big'"), ("x > 1", '"my text"'), ("TRUE", "'rest'"))
    assert chosen.to_list() == ["rest", "c/d.png", "big", "big"]
    assert ruled(("flag", "1")).to_list() == [1, None, None, 1]
    assert ruled(("NOT flag", "0.5"), ("label = 'cat'", "n")).to_list() == [1.0, 0.5, 3.0, None]
    assert ruled(("x > AVG(x)", "1"), ("TRUE", "0")).to_list() == [0, 0, 1, 0]


def test_outcomes_can_be_categories():
    assert ruled(("n > 2", "'b'"), ("TRUE", "'a'"), as_category=True).dtype == pl.Enum(["b", "a"])
    with pytest.raises(NodeError, match="rule 1 is no text"):
        ruled(("TRUE", '"my text"'), as_category=True)


@pytest.mark.parametrize(
    ("rules", "setting"),
    [
        ([], "rules"),
        ([("n", "1")], "rules.0.condition"),
        ([("n > 1", "1"), ("TRUE", "'a'")], "rules.1.outcome"),
        ([("n > ", "1")], "rules.0.condition"),
        ([("TRUE", "q")], "rules.0.outcome"),
    ],
)
def test_mistakes_in_rules_are_found(rules, setting):
    with pytest.raises(NodeError) as caught:
        configure(RuleEngine(rules=[{"condition": c, "outcome": o} for c, o in rules]), {"table": SOURCE})
    assert caught.value.setting == setting


def test_rows_by_a_rule():
    for condition, kept in (("x > 1", [2, 3]), ("n > AVG(n)", [3, 4]), ("TRUE", [1, 2, 3, 4]), ("label <> 'cat'", [2])):
        made = run(RuleBasedRowFilter(condition=condition), {"table": SOURCE})
        assert made["true"].frame()["n"].to_list() == kept
        assert made["false"].frame()["n"].to_list() == [n for n in range(1, 5) if n not in kept]
    with pytest.raises(NodeError, match="not true or false"):
        configure(RuleBasedRowFilter(condition="n"), {"table": SOURCE})


# ---------------------------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("||".join(["'a'"] * 450), "449 operators"),
        (" OR ".join(f"n = {i}" for i in range(1000)), f"{grouped(1_999)} operators"),
        ("+".join(["x"] * 20_000), "characters|operators"),
        ("CASE " + " ".join(f"WHEN n = {i} THEN {i}" for i in range(500)) + " END", f"{grouped(1_000)} operators"),
        ("n IN (" + ", ".join(str(10**9 + i) for i in range(10_000)) + ")", "characters"),
        ("LPAD('a', 3000000000, 'b')", "LPAD fills up to a number"),
        ("rpad ('a,(', 3000000000, 'b')", "RPAD fills up to a number"),
        ("LPAD('a', 30000 * 100000, 'b')", "LPAD fills up to a number"),
        ("LPAD('a', COALESCE(n, 3000000000), 'b')", "LPAD fills up to a number"),
        ("UPPER(LPAD(RPAD('a', 5, '('), 10001, ')'))", "10001"),
        ("LPAD('a', " + "9" * 5000 + ", 'b')", "LPAD fills up to a number"),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_would_end_the_process_or_fill_the_memory_is_refused_in_words(text, words):
    with pytest.raises(NodeError, match=words) as caught:
        parsed(text, SOURCE.spec, "expression")
    assert caught.value.setting == "expression"
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "||".join(["'a'"] * MOST_OPERATORS),
        " AND ".join(["n = 1"] * (MOST_OPERATORS // 2)),
        "n IN (" + ", ".join(map(str, range(5_000))) + ")",
        "CONCAT(" + ", ".join(['"my text"'] * 1_000) + ")",
        "'" + "+-*/ and or " * 1_000 + "'",
        "LPAD('a', 10000, 'b')",
        "LPAD('a', n, 'b')",
        "LPAD(\"my text\", 3, ',')",
    ],
    ids=range(8),
)
def test_what_a_person_may_write_is_computed_within_the_limits(text):
    assert len(parsed(text, SOURCE.spec, "expression").computed(FRAME)) == FRAME.height


@given(st.sampled_from(["+", "||", " OR ", " AND ", "*", " - "]), st.integers(2, 3_000))
@settings(max_examples=30)
def test_a_chain_of_any_length_is_read_or_refused(operator, terms):
    term = {"||": "'a'", " OR ": "flag", " AND ": "flag", "*": "x"}.get(operator, "n")
    try:
        expression = parsed(operator.join([term] * terms), SOURCE.spec, "expression")
    except NodeError as error:
        assert "operators" in error.message or "characters" in error.message
        assert terms > MOST_OPERATORS
    else:
        expression.computed(FRAME)
        assert terms <= MOST_OPERATORS + 1


def test_more_rules_than_a_chain_can_hold_are_refused():
    rules = [{"condition": f"n = {i}", "outcome": str(i)} for i in range(MOST_RULES + 1)]

    with pytest.raises(NodeError, match=f"{grouped(1_001)} rules"):
        configure(RuleEngine(rules=rules), {"table": SOURCE})
