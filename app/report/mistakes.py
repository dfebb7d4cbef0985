"""The most telling mistakes of a Scorer: rows whose class was predicted wrongly, those first that it was surest of.

Where no probabilities are in the table, one row of each confusion comes first, the most frequent confusion before all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nodes.base import NodeError
from nodes.kit.scoring.class_cells import compared_names, named_cells
from nodes.values.table import Table

if TYPE_CHECKING:
    import polars as pl

    from nodes.base import Node

MOST = 14
"""So many mistakes are shown."""


@dataclass(frozen=True)
class Mistakes:
    """Rows that were predicted wrongly.

    Attributes:
        rows: Some of them, the most telling first.
        captions: What each was, and what it was taken for.
        count: How many there are in all.
        by_confidence: Whether those come first that were predicted with the highest probability.
    """

    rows: Table
    captions: list[str]
    count: int
    by_confidence: bool


def mistakes(scorer: Node | None, table: Table) -> Mistakes | None:
    """Return the mistakes in what a Scorer compared; None if there are none, or its columns cannot be compared any more."""
    import polars as pl

    actual, predicted = getattr(scorer, "actual_column", None), getattr(scorer, "predicted_column", None)
    if actual not in table.columns or predicted not in table.columns:
        return None
    frame = table.frame([actual, predicted])
    try:
        names = compared_names(table.spec, actual, predicted)
        pairs = pl.DataFrame({"was": named_cells(frame[actual], names[0]), "for": named_cells(frame[predicted], names[1])})
    except NodeError:
        return None
    wrong = pairs.with_row_index("row").filter(pl.col("was") != pl.col("for"))
    if wrong.is_empty():
        return None
    surest = _confidences(table, wrong)
    if surest is not None:
        wrong = wrong.with_columns(surest).sort("confidence", descending=True, nulls_last=True)
    else:
        wrong = wrong.with_columns(nth=pl.int_range(pl.len()).over("was", "for"), often=pl.len().over("was", "for"))
        wrong = wrong.sort(["nth", "often", "row"], descending=[False, True, False])
    shown = wrong.head(MOST)
    sure = shown["confidence"].to_list() if surest is not None else [None] * shown.height
    captions = [
        f"{was}, taken for {taken}" + (f" ({100 * share:.0f} %)" if share is not None else "")
        for was, taken, share in zip(shown["was"], shown["for"], sure, strict=True)
    ]
    return Mistakes(table.take(shown["row"].to_numpy()), captions, wrong.height, surest is not None)


def _confidences(table: Table, wrong: pl.DataFrame) -> pl.Series | None:
    """Return the probability of what each row was taken for; None unless each of those classes has one column of it."""
    import polars as pl

    columns = {}
    for name in wrong["for"].unique().drop_nulls().to_list():
        # `P (label=Bag)`, `Bag (probability)`, `probability_Bag`: the class as a whole word of the name, and no other column's
        whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        fitting = [c for c, dtype in table.schema.items() if dtype.is_float() and whole.search(c.replace("_", " "))]
        if len(fitting) != 1:
            return None
        columns[name] = fitting[0]
    if not columns:
        return None
    frame = table.take(wrong["row"].to_numpy()).frame(list(dict.fromkeys(columns.values())))
    by_class = {name: frame[column].to_list() for name, column in columns.items()}
    values = [by_class[name][row] if name is not None else None for row, name in enumerate(wrong["for"])]
    found = pl.Series("confidence", values, dtype=pl.Float64)
    return found if found.drop_nulls().is_between(0, 1).all() else None
