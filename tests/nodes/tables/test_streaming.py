"""Nodes that read a table piece by piece: no piece is longer than it should be, and the pieces give what the whole gives."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nodes.base import Node, Value
from nodes.catalog import Catalog
from nodes.values.table import Table, cell_bytes
from tests.support import RecordingJob, run

ROWS, BATCH_BYTES = 400, 1400
R = np.random.default_rng(0)


def _with_gaps(cells: Iterable[Any], share: float = 0.5) -> list[Any]:
    """Some cells missing, and a gap that is longer than a piece."""
    gone = R.random(ROWS) < share
    gone[30:250] = True
    return [None if g else c for c, g in zip(cells, gone, strict=True)]


FRAME = pl.DataFrame(
    {
        "x": _with_gaps(R.normal(size=ROWS), 0.1),
        "y": R.normal(size=ROWS).round(3),
        "n": _with_gaps(R.integers(0, 100, ROWS).tolist()),
        "class": pl.Series(R.integers(0, 3, ROWS), dtype=pl.Int32),
        "text": _with_gaps([f"{c}/{i}.png" for i, c in enumerate(R.choice(["a", "b", "c"], ROWS))], 0.1),
        "digits": [str(i) for i in range(ROWS)],
        "letter": R.choice(["a", "b", "c"], ROWS),
        "kind": pl.Series(R.choice(["u", "v"], ROWS), dtype=pl.Enum(["u", "v", "w"])),
        "flag": _with_gaps((R.random(ROWS) < 0.5).tolist(), 0.1),
        "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=i) for i in range(ROWS)],
        "iso": [str(datetime.date(2024, 1, 1) + datetime.timedelta(days=i)) for i in range(ROWS)],
        "vector": pl.Series(R.normal(size=(ROWS, 3)), dtype=pl.Array(pl.Float64, 3)),
        "list": [[1] * (i % 3) for i in range(ROWS)],
    }
)
TABLE = Table.of(FRAME, {"class": ("zero", "one", "two")})
RULES = Table.of(pl.DataFrame({"if": ["x > 0", "TRUE"], "then": ["'more'", "'less'"]}))


@cache
def _catalog() -> Mapping[str, type[Node]]:
    return Catalog.load()


def _of(node: str, port: str, **settings: Any) -> Value:
    """What another node puts out, for the second input of one that is tested."""
    made: Value = run(_catalog()[node].model_validate(settings), {"table": TABLE})[port]
    return made


@cache
def _second(name: str) -> Mapping[str, Value]:
    """The other inputs of some nodes."""
    numbers = {"columns": ["x", "y"]}
    match name:
        case "scaling":
            return {"model": _of("tables.normalizer", "model", **numbers)}
        case "mapping":
            return {"mapping": _of("tables.category_to_number", "mapping", columns=["letter"])}
        case "classes":
            return {"mapping": _of("tables.category_to_number", "mapping", columns=["class"])}
        case "tree":
            return {"model": _of("learning.decision_tree", "model", target="letter", columns=["x", "y", "kind"], max_depth=3)}
        case "pca":
            return {"model": _of("learning.pca", "model", columns=["y", "vector"])}
        case "rules":
            return {"rules": RULES}
    raise KeyError(name)


def _filled(method: str, *columns: str, **more: Any) -> tuple[str, dict[str, Any], str]:
    return "tables.missing_value", {"treatments": [{"columns": list(columns), "method": method, **more}]}, ""


CRITERIA = {"criteria": [{"column": "x", "operator": ">", "value": 0.5}, {"operator": "first n", "value": 300}]}
STREAMING: list[tuple[str, dict[str, Any], str]] = [
    ("tables.row_filter", CRITERIA, ""),
    ("tables.row_splitter", CRITERIA, ""),
    ("tables.table_splitter", CRITERIA, ""),
    ("tables.rule_based_row_filter", {"condition": "x > 0 AND letter = 'a'"}, ""),
    ("tables.column_filter", {"included": ["x", "text"], "unknown": "exclude"}, ""),
    ("tables.column_splitter", {"columns": ["x"]}, ""),
    ("tables.column_renamer", {"names": [{"column": "x", "new_name": "z"}]}, ""),
    ("tables.column_resorter", {"last": ["x"]}, ""),
    ("tables.table_cropper", {"first_row": 20, "last_row": 350}, ""),
    ("tables.shuffle", {}, ""),
    ("tables.row_sampling", {}, ""),
    ("tables.bootstrap_sampling", {}, ""),
    ("tables.partitioning", {}, ""),
    ("tables.math_formula", {"expression": "x * 2 + n"}, ""),
    ("tables.string_manipulation", {"expression": "UPPER(text)"}, ""),
    ("tables.rule_engine", {"rules": [{"condition": "x > 0", "outcome": "'more'"}]}, ""),
    ("tables.rule_engine_dictionary", {"condition": "if", "outcome": "then"}, "rules"),
    ("tables.rule_engine_dictionary", {"condition": "if", "outcome": "then", "plain": True}, "rules"),
    ("tables.type_converter", {"columns": ["x", "n"]}, ""),
    ("tables.number_to_string", {"columns": ["x", "flag"]}, ""),
    ("tables.string_to_number", {"columns": ["digits"], "dtype": "Int64"}, ""),
    ("tables.double_to_integer", {"columns": ["x"]}, ""),
    ("tables.number_rounder", {"columns": ["x"]}, ""),
    ("tables.normalizer", {"columns": ["x", "n"]}, ""),
    ("tables.normalizer", {"columns": ["x", "n"], "method": "z-score"}, ""),
    ("tables.normalizer", {"columns": ["x", "n"], "method": "decimal scaling"}, ""),
    ("tables.normalizer_apply", {}, "scaling"),
    ("tables.denormalizer", {}, "scaling"),
    _filled("fixed", "n", value=1),
    *(_filled(method, "x", "n") for method in ("mean", "min", "max", "linear", "average")),
    *(_filled(method, "x", "text") for method in ("previous", "next", "remove row")),
    _filled("rounded mean", "n"),
    _filled("moving average", "x", "n", before=3, after=2),
    ("tables.category_to_number", {"columns": ["text", "kind"], "max_categories": 1000}, ""),
    ("tables.category_to_number", {"columns": ["letter"]}, "mapping"),
    ("tables.number_to_category", {"columns": ["class"]}, ""),
    ("tables.number_to_category", {"columns": ["class"]}, "classes"),
    ("tables.one_to_many", {"columns": ["letter", "kind", "class"]}, ""),
    ("tables.many_to_one", {"columns": ["x", "y"], "method": "maximum"}, ""),
    ("tables.domain_calculator", {"columns": ["letter", "class"]}, ""),
    ("tables.numeric_binner", {"columns": ["x", "n"]}, ""),
    ("tables.numeric_binner", {"columns": ["x"], "method": "manual", "edges": [-1, 0, 1]}, ""),
    ("tables.constant_value_column", {"constants": [{"name": "source", "value": "here"}]}, ""),
    ("tables.cell_splitter", {"column": "text", "separator": "/"}, ""),
    ("tables.cell_splitter", {"column": "text", "separator": "[/.]", "regex": True, "count": 2}, ""),
    ("tables.column_combiner", {"columns": ["text", "n"]}, ""),
    ("tables.column_merger", {"primary": "x", "secondary": "y"}, ""),
    ("tables.string_replacer", {"columns": ["text"], "pattern": "/"}, ""),
    ("tables.string_splitter_regex", {"column": "text", "pattern": r"(\w)/(\d+)\.png"}, ""),
    ("tables.datetime_part_extractor", {"column": "day", "prefix": "its "}, ""),
    ("tables.datetime_to_string", {"columns": ["day"]}, ""),
    ("tables.string_to_datetime", {"columns": ["iso"], "dtype": "date"}, ""),
    ("tables.create_collection", {"columns": ["x", "y"]}, ""),
    ("tables.split_collection", {"column": "vector"}, ""),
    ("tables.ungroup", {"columns": ["list"]}, ""),
    ("tables.unpivot", {"on": ["x", "y"], "index": ["text"]}, ""),
    ("tables.unpivot", {"on": ["x", "n"], "index": ["text"], "skip_missing": True}, ""),
    ("tables.difference", {"columns": ["y", "day"], "n": 150}, ""),
    ("tables.lag_column", {"column": "y", "lag": 2, "lag_interval": -120}, ""),
    ("learning.predictor", {}, "tree"),
    ("learning.pca_apply", {}, "pca"),
]
"""A node that works on rows one by one, or from the top to the bottom; its settings, and its second input."""


def assert_short(height: int, dtypes: Iterable[pl.DataType]) -> None:
    """A piece is not the whole table, and of about so many bytes (a node may look back at some rows before it)."""
    assert height < ROWS
    assert height * sum(map(cell_bytes, dtypes)) <= 3 * BATCH_BYTES


@dataclass
class StrictJob(RecordingJob):
    """A job that takes short pieces only."""

    def stream(self, batches: Iterable[pl.DataFrame]) -> Table:
        def looked_at() -> Iterator[pl.DataFrame]:
            for piece in batches:
                assert_short(piece.height, piece.schema.values())
                yield piece

        return super().stream(looked_at())


@pytest.mark.parametrize(("node", "settings", "second"), STREAMING, ids=lambda v: v if isinstance(v, str) else "")
def test_a_table_is_read_piece_by_piece(node, settings, second, monkeypatch):
    made = _catalog()[node].model_validate(settings)
    inputs = {"table": TABLE, **(_second(second) if second else {})}
    whole = run(made, inputs)
    whole_of_table = Table.frame

    def frame(self: Table, columns: Any = None) -> pl.DataFrame:
        assert_short(self.height, [self.schema[c] for c in (self.columns if columns is None else columns)])
        return whole_of_table(self, columns)

    with monkeypatch.context() as patch:
        for module in ("nodes.values.table", "nodes.kit.tables.elementwise"):
            patch.setattr(f"{module}.BATCH_BYTES", BATCH_BYTES)
        patch.setattr(Table, "frame", frame)
        pieces = run(made, inputs, job=StrictJob(Path()))

    for port, value in whole.items():
        if port == "values":
            continue  # figures as text, which may differ in the last digit
        by_pieces, at_once = pieces[port].frame(), value.frame()
        for column in at_once.columns:
            if at_once[column].dtype.is_float():
                np.testing.assert_allclose(by_pieces[column].to_numpy(), at_once[column].to_numpy(), rtol=1e-12, atol=1e-12)
            else:
                assert by_pieces[column].equals(at_once[column]), column
